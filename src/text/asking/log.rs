//! What is kept of an answer, and who may see it: who asked, and the owner of the vectorizer's source.

use serde_json::{Value as Json, json};

use super::answering::{Asker, Spent};
use super::sources::Sources;
use crate::pg::error::{Error, INTERNAL, Result, UNDEFINED_ANSWER};
use crate::pg::settings::{self, Retention};
use crate::pg::text::{Prose, Text};
use crate::pg::{role, statement, tables};
use algo_text::asking::{Message, Why};

/// The most old answers that each new one deletes.
const PRUNED: i64 = 100;

/// What is kept.
pub struct Entry<'a> {
    pub asker: &'a Asker,
    pub question: &'a str,
    pub history: &'a [Message],
    pub rewritten: &'a str,
    pub sources: &'a Sources,
    pub reply: Option<&'a str>,
    pub answer: Option<&'a str>,
    pub citations: &'a Json,
    pub refused: usize,
    pub why: Option<Why>,
    pub spent: &'a Spent,
    pub seconds: f64,
}

impl Entry<'_> {
    /// Keeps it with the transaction, and deletes a few that are too old. Gives its number.
    pub fn keep(&self) -> Result<i64> {
        let caller = role::current();
        let Asker {
            target,
            request,
            generator,
            wording,
            ..
        } = self.asker;
        let history = self
            .history
            .iter()
            .map(|message| json!({"role": message.role.name(), "content": message.content}));
        let search = json!({
            "k": request.k, "mode": request.mode.name(), "rerank": request.rerank, "filter": request.filter,
        });
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let prose = |text: &str| Prose::from(text);
        let parameters = [
            target.vectorizer.id.into(),
            target.vectorizer.name.as_str().into(),
            caller.into(),
            self.question.into(),
            kept_json(&history.collect()).into(),
            prose(self.rewritten).into(),
            search.into(),
            self.sources.retrieved().into(),
            kept_json(&self.sources.sent()).into(),
            wording.reference().into(),
            generator.reference().into(),
            self.reply.map(prose).into(),
            self.answer.map(prose).into(),
            kept_json(self.citations).into(),
            i32::try_from(self.refused).unwrap_or(i32::MAX).into(),
            self.why.map(Why::name).into(),
            count(self.spent.prompt_tokens).into(),
            count(self.spent.answer_tokens).into(),
            i32::try_from(self.spent.calls).unwrap_or(i32::MAX).into(),
            self.spent.cost.into(),
            self.seconds.into(),
            self.spent.seconds.into(),
        ];
        let id: Option<i64> = tables::as_owner(|| {
            let id = tables::write_returning(
                "INSERT INTO assay.answer (vectorizer_id, vectorizer, asked_by, question, history, rewritten, search, retrieved, sources, prompt, model,
    reply, answer, citations, refused, reason, prompt_tokens, answer_tokens, calls, cost, seconds, model_seconds)
VALUES ($1, $2, $3::pg_catalog.oid, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) RETURNING id",
                &parameters,
            )?;
            prune_some()?;
            Ok(id)
        })?;
        id.ok_or_else(|| Error::new(INTERNAL, "an answer was not kept"))
    }
}

/// JSON as it can be kept: without zero bytes, which no `jsonb` holds.
fn kept_json(value: &Json) -> Json {
    match value {
        Json::String(text) if text.contains('\0') => Json::String(text.replace('\0', "\u{fffd}")),
        Json::Array(values) => values.iter().map(kept_json).collect(),
        Json::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), kept_json(value)))
            .collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

/// Deletes a few answers that are too old, whosever they are: how long they are kept is a setting of superusers. As the tables' owner.
fn prune_some() -> Result<()> {
    let Retention::Seconds(seconds) = settings::answer_retention() else {
        return Ok(());
    };
    statement::run(
        "DELETE FROM assay.answer WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT a.ctid FROM assay.answer AS a
    WHERE a.asked_at OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $1))
    ORDER BY a.asked_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        &[f64::from(seconds).into(), PRUNED.into()],
    )
}

/// An answer that was kept.
pub struct Kept {
    pub vectorizer: i64,
    pub answer: Option<String>,
    pub citations: Vec<Json>,
    /// What the model was told.
    pub sources: Vec<String>,
}

/// Which answers a role may see, which is parameter 2.
pub const SEEN: &str = "(pg_catalog.pg_has_role($2::pg_catalog.oid, a.asked_by::pg_catalog.oid, 'USAGE') OR EXISTS (
    SELECT FROM assay.vectorizer AS v JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) v.source
    WHERE v.id OPERATOR(pg_catalog.=) a.vectorizer_id AND pg_catalog.pg_has_role($2::pg_catalog.oid, c.relowner, 'USAGE')))";

/// The answer of this number, if the caller may see it. Returns ML037 otherwise.
pub fn open(id: i64) -> Result<Kept> {
    let caller = role::current();
    let mut kept = None;
    tables::as_owner(|| {
        statement::read(
            &format!(
                "SELECT a.vectorizer_id, a.answer, a.citations::pg_catalog.text, a.sources::pg_catalog.text FROM assay.answer AS a
WHERE a.id OPERATOR(pg_catalog.=) $1 AND {SEEN}"
            ),
            &[id.into(), caller.into()],
            &mut |row| {
                let sources = values(&row.require::<Text>(4)?)?;
                let text = |source: &Json| source["text"].as_str().map(str::to_owned);
                kept = Some(Kept {
                    vectorizer: row.require(1)?,
                    answer: row.get::<Text>(2)?.map(String::from),
                    citations: values(&row.require::<Text>(3)?)?,
                    sources: sources.iter().filter_map(text).collect(),
                });
                Ok(())
            },
        )
    })?;
    kept.ok_or_else(|| missing(id))
}

/// The error of an answer that is not there, or that the caller may not see.
pub fn missing(id: i64) -> Error {
    Error::new(UNDEFINED_ANSWER, format!("answer {id} does not exist"))
        .hint("SELECT id, question FROM assay.answers shows the answers that you may see.")
}

fn values(json: &str) -> Result<Vec<Json>> {
    serde_json::from_str(json).map_err(|_| Error::new(INTERNAL, "a stored answer cannot be read"))
}

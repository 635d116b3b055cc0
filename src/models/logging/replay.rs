//! `replay_prediction(id)`: scores what was kept of a logged decision again, by the version that decided.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use pgrx::spi::quote_literal;
use serde_json::Value as Json;

use super::{manages, require_tables};
use crate::models::cache;
use crate::models::registry::{self, Privilege, Version};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INTERNAL, NOT_KEPT, Result, UNDEFINED_DECISION, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::{role, tables};

result_row! {
    /// A logged decision beside what the version says now of what it saw then.
    struct ReplayRow {
        model: String,
        version: i32,
        key: Json,
        at: TimestampWithTimeZone,
        decision: Option<String>,
        score: f64,
        replayed_score: Option<f64>,
        identical: bool,
    }
}

/// A logged decision.
struct Decision {
    version: Version,
    key: Json,
    at: TimestampWithTimeZone,
    decision: Option<String>,
    score: f64,
    class: Option<i32>,
    has_inputs: bool,
}

fn unknown(id: i64) -> Error {
    Error::new(UNDEFINED_DECISION, format!("logged decision {id} does not exist"))
        .hint("SELECT id, key, decision FROM assay.predictions shows those that you may see.")
}

/// A decision that the caller may see.
fn find(id: i64) -> Result<Decision> {
    struct Stored {
        batch: i64,
        model: i64,
        at: TimestampWithTimeZone,
        score: f64,
        class: Option<i32>,
        decision: Option<String>,
        key: Json,
        has_inputs: bool,
    }
    let stored = catalog::find(c"prediction", c"prediction_pkey", &[Key::BigInt(1, id)], |row| {
        Ok(Some(Stored {
            batch: row.require(2)?,
            model: row.require(3)?,
            at: row.require(4)?,
            score: row.require(5)?,
            class: row.get(6)?,
            decision: row.get(7)?,
            key: row.json(8, "the decision's key")?,
            has_inputs: row.get::<crate::pg::json::Jsonb>(12)?.is_some(),
        }))
    })?
    .ok_or_else(|| unknown(id))?;
    let model = registry::by_id(stored.model)?.ok_or_else(|| unknown(id))?;
    let batch = catalog::find(
        c"prediction_batch",
        c"prediction_batch_pkey",
        &[Key::BigInt(1, stored.batch)],
        |row| Ok(Some((row.require::<i32>(4)?, row.get::<pgrx::pg_sys::Oid>(6)?))),
    )?;
    let (version, logged_by) = batch.ok_or_else(|| unknown(id))?;
    registry::require(&model, Privilege::Predict)?;
    if !manages(&model)? && !logged_by.is_some_and(role::acts_for) {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for logged decision {id} of model \"{}\"", model.name),
        )
        .hint("It takes the privilege manage, or the rights of the role that logged it."));
    }
    Ok(Decision {
        version: Version { model, version },
        key: stored.key,
        at: stored.at,
        decision: stored.decision,
        score: stored.score,
        class: stored.class,
        has_inputs: stored.has_inputs,
    })
}

impl Decision {
    /// The score that the version gives now to the features that were kept.
    fn score_again(&self, id: i64) -> Result<Option<f64>> {
        let classes = cache::scorer(&self.version)?
            .model()
            .answer
            .classes()
            .map_or(0, <[_]>::len);
        let reference = quote_literal(self.version.reference());
        let score = match (classes, self.class) {
            (3.., Some(class)) => format!(
                "(assay.predict_proba_row({reference}, inputs))[{}]",
                i64::from(class) + 1
            ),
            _ => format!("assay.predict_row({reference}, inputs)"),
        };
        let text = format!("SELECT {score} FROM assay.prediction WHERE id OPERATOR(pg_catalog.=) {id}");
        let mut found = None;
        tables::as_owner(|| {
            Query::new(&text)?.run(&mut |row| {
                match row.value(0) {
                    Value::Number(number) => found = Some(number),
                    _ => return Err(Error::new(INTERNAL, "the features that were kept give no score")),
                }
                Ok(())
            })
        })?;
        Ok(found)
    }
}

/// `replay_prediction(id)`.
#[pg_extern(sql = false)]
fn replay_prediction(id: Option<i64>) -> SetOf<ReplayRow> {
    let replay = || -> Result<ReplayRow> {
        require_tables()?;
        let id = required("id", id)?;
        let decision = find(id)?;
        if !decision.has_inputs {
            return Err(
                Error::new(NOT_KEPT, format!("the features of logged decision {id} were not kept"))
                    .hint("assay.log_predictions keeps them with inputs => true, or with reasons."),
            );
        }
        let replayed_score = decision.score_again(id)?;
        Ok(ReplayRow {
            model: decision.version.model.name,
            version: decision.version.version,
            key: decision.key,
            at: decision.at,
            decision: decision.decision,
            score: decision.score,
            identical: replayed_score == Some(decision.score),
            replayed_score,
        })
    };
    set_of([or_raise(replay())])
}

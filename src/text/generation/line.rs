//! What was submitted, as `run_queue` works at it: what one role has submitted to one version of a model is a line. The model is asked as the role that
//! submitted, with that one's key and in that one's name, whoever works at the queue.

use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use super::generator::{Completion, Generator};
use super::manner::Manner;
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::text::{Prose, Text};
use crate::pg::{identity, role, statement, tables};
use crate::text::queue::{Blame, Item, Line, is_free};
use algo_text::endpoint::chat::Message;

/// How often an item is tried that fails by itself, and one that fails with its model or its server: with the waits between, ten times are an hour and a half.
const TRIES: i32 = 3;
const TRIES_OF_LINE: i32 = 10;

/// What one role has submitted to one version of a model.
pub struct Submitted {
    role: Oid,
    model: String,
}

/// Something that was submitted.
pub struct Generation {
    ids: [i64; 1],
    attempts: u32,
    prompt: String,
    schema: Option<String>,
    options: String,
}

impl Item for Generation {
    fn ids(&self) -> &[i64] {
        &self.ids
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// The lines that the caller may work for: those of roles that it may act for.
pub fn mine() -> Result<Vec<Submitted>> {
    // Until ALTER EXTENSION UPDATE has run, there is no such table.
    if !tables::exists(c"generation") {
        return Ok(Vec::new());
    }
    let mut lines = Vec::new();
    tables::as_owner(|| {
        statement::write(
            "SELECT DISTINCT g.submitted_by::pg_catalog.oid, g.model FROM assay.generation AS g
WHERE g.finished_at IS NULL AND g.next_at OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp() ORDER BY 1, 2",
            &[],
            &mut |row| {
                let model: Text = row.require(2)?;
                lines.push(Submitted {
                    role: row.require(1)?,
                    model: model.into(),
                });
                Ok(())
            },
        )
    })?;
    lines.retain(|line| role::acts_for(line.role));
    Ok(lines)
}

impl Line for Submitted {
    type Item = Generation;
    type Made = Completion;
    /// Each is a call of its own, and what is paid for is kept at once.
    const BATCH: i32 = 1;

    fn claim(&self, lease: i64, most: i32, alone: bool) -> Result<Vec<Generation>> {
        // All are worked at by themselves.
        if alone {
            return Ok(Vec::new());
        }
        let claim = format!(
            "WITH due AS (
    SELECT g.id FROM assay.generation AS g
    WHERE g.finished_at IS NULL AND g.submitted_by::pg_catalog.oid OPERATOR(pg_catalog.=) $1 AND g.model OPERATOR(pg_catalog.=) $4
        AND g.next_at OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp() AND {}
    ORDER BY g.next_at, g.id LIMIT $3 FOR UPDATE OF g SKIP LOCKED)
UPDATE assay.generation AS g SET lease = $2, attempts = g.attempts OPERATOR(pg_catalog.+) 1
FROM due WHERE g.id OPERATOR(pg_catalog.=) due.id
RETURNING g.id, g.attempts, g.prompt, g.schema::pg_catalog.text, g.options::pg_catalog.text",
            is_free("g")
        );
        let parameters: [Parameter; 4] = [self.role.into(), lease.into(), most.into(), self.model.as_str().into()];
        let mut items = Vec::new();
        tables::as_owner(|| {
            // A queue grows and shrinks faster than statistics of it: it is read in the order of its index, however long it is taken to be.
            for name in [c"enable_seqscan", c"enable_bitmapscan", c"enable_sort"] {
                identity::set(name, "off")?;
            }
            statement::write(&claim, &parameters, &mut |row| {
                let attempts: i32 = row.require(2)?;
                items.push(Generation {
                    ids: [row.require(1)?],
                    attempts: u32::try_from(attempts).unwrap_or(0),
                    prompt: row.require::<Text>(3)?.into(),
                    schema: row.get::<Text>(4)?.map(String::from),
                    options: row.require::<Text>(5)?.into(),
                });
                Ok(())
            })
        })?;
        Ok(items)
    }

    fn require_ready(&self) -> Result<()> {
        identity::on_behalf_of(self.role, || Generator::opened(&self.model).map(drop))
    }

    fn make(&self, items: &[&Generation]) -> Result<Completion> {
        let [item] = items else {
            return Err(Error::new(INTERNAL, "what was submitted is worked at one by one"));
        };
        let manner = item.manner()?;
        let messages = [Message::user(item.prompt.as_str())];
        identity::on_behalf_of(self.role, || {
            Generator::opened(&self.model)?.complete(&messages, &manner)
        })
    }

    fn keep(&self, items: &[&Generation], completion: &Completion) -> Result<()> {
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        change(
            "UPDATE assay.generation AS g SET lease = NULL, answer = $2, prompt_tokens = $3, answer_tokens = $4, cost = $5, error = NULL, failed_at = NULL,
    finished_at = pg_catalog.clock_timestamp()",
            vec![
                ids_of(items).into(),
                completion.text.as_str().into(),
                count(completion.prompt_tokens).into(),
                count(completion.answer_tokens).into(),
                completion.cost.into(),
            ],
        )
    }

    fn postpone(&self, ids: Vec<i64>, seconds: f64) -> Result<()> {
        change(
            "UPDATE assay.generation AS g SET lease = NULL, attempts = GREATEST(g.attempts OPERATOR(pg_catalog.-) 1, 0),
    next_at = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $2)",
            vec![ids.into(), seconds.into()],
        )
    }

    /// Each try costs something: it is given up in the end.
    fn fail(&self, ids: Vec<i64>, why: &str, seconds: f64, blame: Blame) -> Result<()> {
        let tries = match blame {
            Blame::Item => TRIES,
            Blame::Line => TRIES_OF_LINE,
        };
        change(
            "UPDATE assay.generation AS g SET lease = NULL, error = $3, failed_at = now.at,
    next_at = now.at OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $2),
    finished_at = CASE WHEN g.attempts OPERATOR(pg_catalog.>=) $4 THEN now.at END
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS now",
            vec![ids.into(), seconds.into(), Prose::from(why).into(), tries.into()],
        )
    }

    fn end(&self) -> Result<()> {
        Ok(())
    }
}

impl Generation {
    /// How the model is to answer, which was looked at when it was submitted.
    fn manner(&self) -> Result<Manner> {
        let read = |json: &str| -> Result<Json> {
            serde_json::from_str(json).map_err(|_| Error::new(INTERNAL, "what was submitted cannot be read"))
        };
        let schema = self.schema.as_deref().map(read).transpose()?;
        Manner::of_json(read(&self.options)?, schema)
    }
}

fn ids_of(items: &[&Generation]) -> Vec<i64> {
    items.iter().flat_map(|item| item.ids).collect()
}

fn change(statement: &str, parameters: Vec<Parameter>) -> Result<()> {
    tables::as_owner(|| {
        statement::run(
            &format!("{statement} WHERE g.id OPERATOR(pg_catalog.=) ANY ($1)"),
            &parameters,
        )
    })
}

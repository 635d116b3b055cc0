//! `prune_predictions(model, older_than)`: what is too old to be kept goes, on its owner's word alone.

use pgrx::datum::Interval;
use pgrx::pg_extern;

use super::require_tables;
use crate::models::registry::{self, Entry, Privilege};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{DEPENDENT_OBJECTS, Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, tables};

/// Returns an error where decisions of a model were logged, or of one of its versions: they could not be told from which they came.
pub fn require_none_logged(model: &Entry, version: Option<i32>) -> Result<()> {
    if !tables::exists(c"prediction_batch") {
        return Ok(());
    }
    let mut rows = 0_i64;
    let mut keys = vec![Key::BigInt(2, model.id)];
    keys.extend(version.map(|version| Key::Int(4, version)));
    catalog::find::<()>(c"prediction_batch", c"prediction_batch_model_idx", &keys, |row| {
        if row.require::<String>(3)? == "decisions" {
            rows += row.require::<i64>(9)?;
        }
        Ok(None)
    })?;
    if rows == 0 {
        return Ok(());
    }
    let what = match version {
        Some(version) => format!("version {version} of model \"{}\"", model.name),
        None => format!("model \"{}\"", model.name),
    };
    Err(Error::new(
        DEPENDENT_OBJECTS,
        format!("{what} cannot be dropped: decisions of it are logged"),
    )
    .detail(format!(
        "They are {rows}. Without the model none of them can be explained."
    ))
    .hint("assay.prune_predictions(model, older_than) deletes those that need not be kept any more."))
}

/// Returns an error for an age that is negative.
pub fn check_age(argument: &str, age: &Interval) -> Result<()> {
    match age.is_negative() {
        false => Ok(()),
        true => Err(
            Error::new(INVALID_PARAMETER, format!("argument \"{argument}\" is negative"))
                .hint("Give the age from which on decisions are deleted, such as '25 months'."),
        ),
    }
}

/// Deletes decisions of a model that are older than so much, the oldest first and at most so many; and, once none of them is left, labels that are as old
/// and of no decision, and batches that are empty. Gives how many decisions.
pub fn prune(model: &Entry, older_than: &Interval, most: Option<i64>) -> Result<i64> {
    const OLD: &str = "model_id OPERATOR(pg_catalog.=) $1
      AND at OPERATOR(pg_catalog.<) (pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) $2::pg_catalog.interval)";
    let old = match most {
        None => OLD.to_string(),
        Some(most) => format!(
            "ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT ctid FROM assay.prediction WHERE {OLD} ORDER BY at LIMIT {most}))"
        ),
    };
    tables::as_owner(|| {
        tables::allow_memory();
        tables::join_at_once();
        let pruned: Option<i64> = tables::write_returning(
            &format!(
                "WITH gone AS (DELETE FROM assay.prediction WHERE {old} RETURNING batch_id),
counts AS (SELECT batch_id, pg_catalog.count(*) AS rows FROM gone GROUP BY batch_id),
batches AS (
    UPDATE assay.prediction_batch AS b
    SET rows = b.rows OPERATOR(pg_catalog.-) counts.rows,
        bytes = pg_catalog.int8(b.bytes::pg_catalog.float8 OPERATOR(pg_catalog.*) (b.rows OPERATOR(pg_catalog.-) counts.rows)::pg_catalog.float8
            OPERATOR(pg_catalog./) GREATEST(b.rows, 1)::pg_catalog.float8)
    FROM counts WHERE b.id OPERATOR(pg_catalog.=) counts.batch_id)
SELECT COALESCE(pg_catalog.sum(rows), 0)::bigint FROM counts"
            ),
            &[model.id.into(), (*older_than).into()],
        )?;
        let pruned = pruned.unwrap_or(0);
        if most.is_some_and(|most| pruned >= most) {
            return Ok(pruned);
        }
        tables::write(
            "DELETE FROM assay.prediction_label AS l WHERE l.model_id OPERATOR(pg_catalog.=) $1
               AND l.recorded_at OPERATOR(pg_catalog.<) (pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) $2::pg_catalog.interval)
               AND NOT EXISTS (SELECT FROM assay.prediction AS p
                               WHERE p.key OPERATOR(pg_catalog.=) l.key AND p.model_id OPERATOR(pg_catalog.=) l.model_id)",
            &[model.id.into(), (*older_than).into()],
        )?;
        tables::write(
            "DELETE FROM assay.prediction_batch AS b WHERE b.model_id OPERATOR(pg_catalog.=) $1 AND CASE
                 WHEN b.content OPERATOR(pg_catalog.=) 'decisions' THEN b.rows OPERATOR(pg_catalog.=) 0
                 ELSE NOT EXISTS (SELECT FROM assay.prediction_label AS l WHERE l.model_id OPERATOR(pg_catalog.=) b.model_id) END",
            &[model.id.into()],
        )?;
        Ok(pruned)
    })
}

/// `prune_predictions(model, older_than)`.
#[pg_extern(sql = false)]
fn prune_predictions(model: Option<Text>, older_than: Option<Interval>) -> i64 {
    read_only::require_writable(c"assay.prune_predictions()");
    or_raise((|| {
        require_tables()?;
        let model = required("model", model.as_deref())?;
        let older_than = required("older_than", older_than)?;
        check_age("older_than", &older_than)?;
        prune(&registry::open(model, Privilege::Own)?, &older_than, None)
    })())
}

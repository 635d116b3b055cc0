//! `record_labels(model, query, key)`: what came of logged decisions.

use std::ffi::CStr;

use pgrx::{pg_extern, pg_sys};
use serde::Deserialize;

use super::keyed::{self, Keyed, Selection};
use super::{manages, require_tables, visible_batches};
use crate::models::cache;
use crate::models::judging::pass::ReadTarget;
use crate::models::predict::column_named;
use crate::models::registry::{self, Privilege, Version};
use crate::pg::catalog::{self, Key};
use crate::pg::cell::Parameter;
use crate::pg::compute::Reporter;
use crate::pg::error::{
    Error, INSUFFICIENT_PRIVILEGE, INTERNAL, Result, SERIALIZATION_FAILURE, UNSUITABLE_ROWS, advise, or_raise,
};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::spool::Spool;
use crate::pg::text::Text;
use crate::pg::{processor, read_only, role, settings, snapshot, tables};
use algo::metrics::evaluation::Actual;
use algo::monitor::Monitor;

/// Rows between two looks at the monitor, and between two reports.
const LOOK: u64 = 16;
const REPORT: u64 = 4096;

/// So many labels are looked up one by one, where the planner thinks that best.
const FEW: u64 = 5000;

/// Labels as they are put aside.
const COLUMNS: [(&CStr, pg_sys::Oid); 3] = [
    (c"key", keyed::JSONB),
    (c"label", pg_sys::TEXTOID),
    (c"value", pg_sys::FLOAT8OID),
];

/// Labels that were read.
struct Labels {
    keyed: Keyed,
    spool: Spool,
    /// Rows whose label is NULL.
    missing: u64,
}

/// What came of writing labels.
#[derive(Deserialize)]
struct Written {
    added: i64,
    /// Labels that are not those of a logged decision, or, of those who do not manage the model, not recorded.
    others: i64,
    /// A key that has two labels.
    twice: Option<String>,
}

/// Reads the labels of a query. Returns `ML007` for one that the version does not know.
fn read(version: &Version, text: &str, key: Vec<String>, statement: &Foreground) -> Result<Labels> {
    let mut reporter = Reporter::new();
    let scorer = cache::scorer(version)?;
    let answer = &scorer.model().answer;
    let target = version.target("recording labels")?;
    let inner = Query::new(text)?;
    let place = column_named(inner.columns(), &target, "the target of the model")?;
    let target_reader = ReadTarget::of(answer, &target, &inner.columns()[place])?;
    let keyed = Selection::new(vec![target]).of(&inner, key)?;
    drop(inner);
    let (mut spool, mut missing, mut rows) = (Spool::new(&COLUMNS), 0, 0_u64);
    let (what, expected) = (
        format!("recording labels of {}", version.model.name),
        keyed.query.expected_rows(),
    );
    keyed.query.run(&mut |row| {
        keyed.check_key(row)?;
        let values: [Parameter; 2] = match target_reader.read(&row.value(0))? {
            None => {
                missing += 1;
                return Ok(());
            }
            Some(Actual::Number(number)) => [None::<Text>.into(), number.into()],
            Some(Actual::Class(class)) => {
                let labels = answer.classes().unwrap_or_default();
                let label = labels.get(class as usize).map(|label| label.text());
                [label.as_deref().into(), None::<f64>.into()]
            }
        };
        spool.push(row, &[keyed.key()], &values)?;
        rows += 1;
        if rows.is_multiple_of(LOOK) {
            statement.check()?;
        }
        if rows.is_multiple_of(REPORT) {
            reporter.rows(&what, rows, expected);
        }
        Ok(())
    })?;
    reporter.finish();
    Ok(Labels { keyed, spool, missing })
}

impl Labels {
    /// Adds the labels that are new or other than those recorded before, which they replace. Returns an error where a key has two.
    /// `own` is the condition of those that are recorded; `None` for all.
    fn write(&self, version: &Version, caller: pg_sys::Oid, own: Option<&str>, began: f64) -> Result<Written> {
        let model: i64 = version.model.id;
        let key: Vec<Text> = self
            .keyed
            .key_names()
            .iter()
            .map(|name| Text::from(name.as_str()))
            .collect();
        let batch: Option<i64> = tables::write_returning(
            "INSERT INTO assay.prediction_batch (model_id, content, logged_by, logged_at, key_columns, rows, bytes, cpu_seconds)
             VALUES ($1, 'labels', $2::pg_catalog.regrole, pg_catalog.clock_timestamp(), $3, 0, 0, 0) RETURNING id",
            &[model.into(), caller.into(), key.into()],
        )?;
        let batch = batch.ok_or_else(|| Error::new(INTERNAL, "a batch of labels has no number"))?;
        let (condition, other) = match own {
            None => ("true", format!("NOT {}", logged("true"))),
            Some(own) => (own, format!("NOT ({own})")),
        };
        let written: Option<Text> = self.spool.read(
            &format!(
                "WITH batch AS (SELECT b.logged_at FROM assay.prediction_batch AS b WHERE b.id OPERATOR(pg_catalog.=) $2),
n AS MATERIALIZED (
    SELECT r.key, pg_catalog.min(r.label COLLATE \"C\") AS label, pg_catalog.min(r.value) AS value, pg_catalog.count(*) AS rows,
           pg_catalog.min(r.label COLLATE \"C\") OPERATOR(pg_catalog.<>) pg_catalog.max(r.label COLLATE \"C\")
           OR pg_catalog.min(r.value) OPERATOR(pg_catalog.<>) pg_catalog.max(r.value) AS differs
    FROM new_rows AS r GROUP BY r.key),
new AS (SELECT n.key, n.label, n.value FROM n WHERE {condition}),
changed AS (
    UPDATE assay.prediction_label AS o SET replaced_at = batch.logged_at FROM new, batch
    WHERE o.model_id OPERATOR(pg_catalog.=) $1 AND o.key OPERATOR(pg_catalog.=) new.key AND o.replaced_at IS NULL
      AND (o.label OPERATOR(pg_catalog.=) new.label OR o.value OPERATOR(pg_catalog.=) new.value) IS NOT TRUE),
added AS (
    INSERT INTO assay.prediction_label (batch_id, model_id, recorded_at, value, label, key)
    SELECT $2, $1, batch.logged_at, new.value, new.label, new.key FROM new, batch
    WHERE NOT EXISTS (
        SELECT FROM assay.prediction_label AS o
        WHERE o.model_id OPERATOR(pg_catalog.=) $1 AND o.key OPERATOR(pg_catalog.=) new.key AND o.replaced_at IS NULL
          AND (o.label OPERATOR(pg_catalog.=) new.label OR o.value OPERATOR(pg_catalog.=) new.value))
    RETURNING 1)
SELECT pg_catalog.jsonb_build_object(
    'added', (SELECT pg_catalog.count(*) FROM added),
    'others', (SELECT COALESCE(pg_catalog.sum(n.rows), 0) FROM n WHERE {other}),
    'twice', (SELECT n.key::pg_catalog.text FROM n WHERE n.differs LIMIT 1))::pg_catalog.text"
            ),
            &[model.into(), batch.into()],
        )?;
        let written: Written = (written.as_deref())
            .and_then(|written| serde_json::from_str(written).ok())
            .ok_or_else(|| Error::new(INTERNAL, "recording labels tells nothing"))?;
        if let Some(key) = &written.twice {
            return Err(Error::new(UNSUITABLE_ROWS, "the query has two labels for one key")
                .detail(format!("The key is {key}."))
                .hint("Give each key one row; a label that was wrong is corrected by a later call."));
        }
        tables::write(
            "UPDATE assay.prediction_batch SET rows = $2, bytes = $2 OPERATOR(pg_catalog.*) 120, cpu_seconds = $3 WHERE id OPERATOR(pg_catalog.=) $1",
            &[
                batch.into(),
                written.added.into(),
                (processor::seconds() - began).into(),
            ],
        )?;
        Ok(written)
    }
}

/// The condition that a decision about the key of a label `n` is logged, in a batch `b` of which `visible` holds.
fn logged(visible: &str) -> String {
    let batch = match visible {
        "true" => String::new(),
        visible => format!(
            " AND EXISTS (SELECT FROM assay.prediction_batch AS b WHERE b.id OPERATOR(pg_catalog.=) p.batch_id AND {visible})"
        ),
    };
    format!(
        "EXISTS (SELECT FROM assay.prediction AS p WHERE p.key OPERATOR(pg_catalog.=) n.key AND p.model_id OPERATOR(pg_catalog.=) $1{batch})"
    )
}

/// The condition by which those who do not manage the model record a label `n`: the decisions about its key are all theirs.
fn own_keys() -> String {
    let own = visible_batches(false);
    format!("{} AND NOT {}", logged(&own), logged(&format!("({own}) IS NOT TRUE")))
}

fn record(reference: &str, query: &str, key: Vec<String>) -> Result<i64> {
    let (began, statement) = (processor::seconds(), Foreground::new()?);
    let version = registry::resolve(reference, Privilege::Predict)?;
    let (caller, manages) = (role::current(), manages(&version.model)?);
    // Of the role that calls, not of the one that writes.
    let own = (!manages).then(own_keys);
    let labels = read(&version, query, key, &statement)?;
    if labels.spool.rows() == 0 {
        tell_of_missing(labels.missing);
        return Ok(0);
    }
    let before = newest(version.model.id)?;
    let Written { added, others, .. } = tables::as_owner(|| {
        tables::allow_memory();
        if labels.spool.rows() > FEW {
            tables::join_at_once();
        }
        // Of two that record at once the second sees what the first has recorded.
        tables::lock_object(c"prediction_label", pg_sys::Oid::from(version.model.id as u32));
        if snapshot::is_kept() && snapshot::with_latest(|| newest(version.model.id))? != before {
            return Err(Error::new(
                SERIALIZATION_FAILURE,
                format!(
                    "labels of model \"{}\" were recorded since this transaction began",
                    version.model.name
                ),
            )
            .hint("Run the transaction again."));
        }
        labels.write(&version, caller, own.as_deref(), began)
    })?;
    tell_of_missing(labels.missing);
    let rows = labels.spool.rows();
    if !manages && others == rows as i64 {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for labels of model \"{}\"", version.model.name),
        )
        .detail("The role has logged all decisions about none of these keys.")
        .hint("Ask the owner for the privilege manage."));
    }
    if others > 0 {
        let name = &version.model.name;
        let (what, detail) = match manages {
            true => (
                format!("{others} of {rows} labels are of keys that no logged decision of model \"{name}\" has"),
                "They are kept for decisions that are logged later, and were made before.",
            ),
            false => (
                format!("{others} of {rows} labels of model \"{name}\" are not recorded"),
                "The role has not logged all decisions about their keys itself.",
            ),
        };
        let hint = "Keys are the same only where columns have the same names, and values the same types.";
        advise(what, Some(detail.into()), Some(hint.into()));
    }
    Ok(added)
}

/// The newest call that recorded labels of a model, as the active snapshot sees it.
fn newest(model: i64) -> Result<Option<i64>> {
    let mut newest = None;
    catalog::find::<()>(
        c"prediction_batch",
        c"prediction_batch_model_idx",
        &[Key::BigInt(2, model)],
        |row| {
            if row.require::<String>(3)? == "labels" {
                newest = newest.max(Some(row.require::<i64>(1)?));
            }
            Ok(None)
        },
    )?;
    Ok(newest)
}

fn tell_of_missing(missing: u64) {
    if missing > 0 {
        advise(
            format!("{missing} rows have no label and are left out"),
            None,
            Some("A label that is NULL is one that is not known yet.".into()),
        );
    }
}

/// `record_labels(model, query, key)`.
#[pg_extern(sql = false)]
fn record_labels(model: Option<Text>, query: Option<Text>, key: Option<Vec<Option<Text>>>) -> i64 {
    read_only::require_writable(c"assay.record_labels()");
    or_raise((|| {
        require_tables()?;
        let reference = required("model", model.as_deref())?;
        let query = required("query", query.as_deref())?;
        let key = keyed::key_columns(key)?;
        settings::with_exact_numbers(|| record(reference, query, key))
    })())
}

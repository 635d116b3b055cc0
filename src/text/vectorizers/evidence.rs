//! How far vectors may lag behind their rows, as a promise of the reliability floor: a check of kind `embedding_lag`, and a service level of its results.

use pgrx::datum::Interval;
use pgrx::pg_sys::Oid;
use serde_json::json;

use super::definition::Vectorizer;
use super::names;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::text::Text;
use crate::pg::{relation, statement, tables};

/// The share of the time in which what is promised holds, and the window.
const OBJECTIVE: f64 = 0.99;
const PERIOD: &str = "30 days";

/// The name of a vectorizer's check.
fn check_name(name: &str) -> String {
    format!("embeddings of {name} are current")
}

/// Adds the check and the service level, as the caller.
pub fn promise(id: i64, source: Oid, name: &str, max_lag: Interval) -> Result<()> {
    let text: Option<Text> = tables::read(
        "SELECT CASE WHEN $1 OPERATOR(pg_catalog.>) '0'::pg_catalog.interval THEN $1::pg_catalog.text END",
        &[max_lag.into()],
    )?;
    let text = text.ok_or_else(|| {
        Error::new(INVALID_PARAMETER, "argument \"max_lag\" is out of range")
            .hint("It is an interval above 0, such as 5 minutes.")
    })?;
    let arguments = json!({ "vectorizer": names::qualified(source, name), "max_lag": text.to_string() });
    let check = check_name(name);
    statement::write(
        "SELECT assay.add_check(relation => $1::pg_catalog.oid::pg_catalog.regclass, kind => 'embedding_lag', args => $2, name => $3)",
        &[source.into(), arguments.into(), check.as_str().into()],
        &mut |_| Ok(()),
    )?;
    let target = relation::name_of(source).unwrap_or_default();
    let mut level: Option<i64> = None;
    statement::write(
        "SELECT assay.add_sla(target => $1, sli => 'freshness', objective => $2, period => $3, options => $4)",
        &[
            target.into(),
            OBJECTIVE.into(),
            PERIOD.into(),
            json!({ "checks": [check] }).into(),
        ],
        &mut |row| {
            level = row.get(1)?;
            Ok(())
        },
    )?;
    tables::as_owner(|| {
        statement::run(
            "UPDATE assay.vectorizer SET max_lag = $2, sla_id = $3 WHERE id OPERATOR(pg_catalog.=) $1",
            &[id.into(), max_lag.into(), level.into()],
        )
    })
}

/// Takes both away, where they are there yet.
pub fn withdraw(vectorizer: &Vectorizer) -> Result<()> {
    statement::write(
        "SELECT assay.drop_check(c.check_id)
FROM assay.checks AS c WHERE c.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid::pg_catalog.regclass AND c.name OPERATOR(pg_catalog.=) $2",
        &[vectorizer.source.into(), check_name(&vectorizer.name).into()],
        &mut |_| Ok(()),
    )?;
    let level: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            "UPDATE assay.vectorizer AS v SET max_lag = NULL, sla_id = NULL FROM assay.vectorizer AS o
WHERE v.id OPERATOR(pg_catalog.=) $1 AND o.id OPERATOR(pg_catalog.=) v.id RETURNING o.sla_id",
            &[vectorizer.id.into()],
        )
    })?;
    statement::write(
        "SELECT assay.drop_sla(s.id) FROM assay.slas AS s WHERE s.id OPERATOR(pg_catalog.=) $1",
        &[level.into()],
        &mut |_| Ok(()),
    )
}

/// `embedding_lag(vectorizer)`: for how many seconds the oldest change has waited.
#[pgrx::pg_extern(sql = false)]
fn embedding_lag(vectorizer: Option<Text>) -> Option<f64> {
    or_raise((|| {
        let vectorizer = names::argument(vectorizer)?;
        tables::as_owner(|| {
            tables::read(
                "SELECT GREATEST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.min(q.queued_at)), 0)::pg_catalog.float8
FROM assay.vectorizer_queue AS q WHERE q.vectorizer_id OPERATOR(pg_catalog.=) $1",
                &[vectorizer.id.into()],
            )
        })
    })())
}

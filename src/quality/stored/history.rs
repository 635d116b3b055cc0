//! The history of checks: what `run_checks` and `assert_checks` found, kept for `assay.history_retention`.

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::{Value as Json, json};

use super::table::StoredCheck;
use crate::pg::attempt::attempt_to_write;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, notice, or_raise};
use crate::pg::reads::Reads;
use crate::pg::settings::{self, Retention};
use crate::pg::text::Prose;
use crate::pg::{read_only, role, tables};
use crate::quality::engine::result::CheckResult;
use crate::reliability::survive;

/// Rows that one statement adds.
const TOGETHER: usize = 1000;
/// The most rows of a role that a run prunes; the next run goes on.
const PRUNED: i64 = 10_000;

/// Results on their way into the history.
#[derive(Default)]
pub struct Journal {
    entries: Vec<Json>,
    roles: Vec<Oid>,
}

impl Journal {
    /// Adds the results of a check, and what it took of the processor.
    pub fn add(&mut self, stored: &StoredCheck, reads: &Reads, results: &[CheckResult], cpu_seconds: f64) {
        if !self.roles.contains(&stored.runs_as) {
            self.roles.push(stored.runs_as);
        }
        // JSON has no NaN and no infinities; PostgreSQL reads them from texts.
        let number = |number: Option<f64>| number.map(|number| number.to_string());
        let relation = stored.found().map(Oid::to_u32);
        let source = if matches!(stored.check.spec.kind, "recency" | "embedding_lag") {
            "freshness"
        } else {
            "check"
        };
        self.entries.extend(results.iter().map(|result| {
            json!({
                "check_id": result.check_id, "name": result.name, "kind": result.kind, "relation": stored.relation.to_u32(),
                "relation_name": result.relation, "column_name": result.column_name, "segment": result.segment,
                "status": result.status.name(), "severity": result.severity.name(), "metric": result.metric,
                "value": number(result.value), "threshold": result.threshold, "rows_evaluated": result.rows_evaluated,
                "rows_failed": result.rows_failed, "null_rows": result.null_rows, "duration_ms": number(result.duration_ms),
                "message": result.message, "ran_as": stored.runs_as.to_u32(), "added_by": stored.added_by.to_u32(),
                "reads": reads.relations, "shareable": reads.shareable, "cpu_seconds": cpu_seconds,
                "source": source, "asset_relation": relation, "summary": result.failure(),
            })
        }));
    }

    /// The results, as JSON.
    pub fn entries(&self) -> &[Json] {
        &self.entries
    }

    /// Keeps the failures as issues though the transaction is about to be rolled back. What passed says nothing of the rows that stay, and closes none.
    pub fn outlive(self, at: TimestampWithTimeZone) -> Result<()> {
        let is_failure = |entry: &Json| matches!(entry["status"].as_str(), Some("fail" | "error" | "warn"));
        survive::keep(self.entries.into_iter().filter(is_failure).collect(), at)
    }

    /// Writes them, and prunes what is older than `assay.history_retention` of those roles that they ran as whose rights the caller has:
    /// others' is not for it to say how long. Where nothing can be written a NOTICE says so.
    pub fn write(&self, at: TimestampWithTimeZone) -> Result<()> {
        let retention = settings::history_retention();
        if self.entries.is_empty() || retention == Retention::Nothing {
            return Ok(());
        }
        if let Some(reason) = read_only::reason() {
            notice(
                format!("the results are not kept in the history: {reason}"),
                Some("Checks of kind anomaly that watch their own runs do not learn from this one.".into()),
            );
            return Ok(());
        }
        let insert = insert();
        tables::as_owner(|| {
            for entries in self.entries.chunks(TOGETHER) {
                let rows = Json::from(entries.to_vec()).to_string();
                tables::write(&insert, &[Prose::from(rows).into(), at.into()])?;
            }
            Ok(())
        })?;
        if let Retention::Seconds(seconds) = retention {
            for role in self.roles.iter().copied().filter(|&role| role::acts_for(role)) {
                // Another run may be at the same rows: whoever comes second leaves them, and a later run comes again.
                let _left = attempt_to_write(|| {
                    tables::as_owner(|| {
                        tables::write(
                            PRUNE,
                            &[role.into(), f64::from(seconds).into(), PRUNED.into(), at.into()],
                        )
                    })
                })?;
            }
        }
        Ok(())
    }
}

/// Most results pass, by the same condition as most, and ran as who added their check: that goes without saying, and takes no room.
const INSERT: &str = "INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, column_name, segment,
    status, severity, metric, value, threshold, rows_evaluated, rows_failed, null_rows, duration_ms, message, ran_as, added_by,
    reads, shareable, cpu_seconds)
SELECT $2::pg_catalog.timestamptz, r.check_id, r.name, r.kind, r.relation::pg_catalog.regclass, r.relation_name, r.column_name, r.segment,
    r.status, r.severity, r.metric, r.value,
    CASE WHEN (r.status OPERATOR(pg_catalog.<>) 'pass') OR (r.threshold OPERATOR(pg_catalog.<>) 'error_if >0') THEN r.threshold END,
    r.rows_evaluated, r.rows_failed, r.null_rows, r.duration_ms, r.message, r.ran_as::pg_catalog.regrole,
    CASE WHEN r.added_by OPERATOR(pg_catalog.<>) r.ran_as THEN r.added_by::pg_catalog.regrole END, r.reads::pg_catalog.regclass[], r.shareable, r.cpu_seconds
FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(check_id bigint, name pg_catalog.text, kind pg_catalog.text,
    relation pg_catalog.oid, relation_name pg_catalog.text, column_name pg_catalog.text, segment pg_catalog.jsonb,
    status pg_catalog.text, severity pg_catalog.text, metric pg_catalog.text, value pg_catalog.float8, threshold pg_catalog.text,
    rows_evaluated bigint, rows_failed bigint, null_rows bigint, duration_ms pg_catalog.float8, message pg_catalog.text,
    ran_as pg_catalog.oid, added_by pg_catalog.oid, reads pg_catalog.oid[], shareable boolean, cpu_seconds pg_catalog.float8)";

/// The statement that adds results. Until ALTER EXTENSION UPDATE has run there is nowhere to keep what they took of the processor.
fn insert() -> String {
    match tables::has_column(c"quality_history", c"cpu_seconds") {
        true => INSERT.into(),
        false => INSERT
            .replace(", cpu_seconds pg_catalog.float8", "")
            .replace(", r.cpu_seconds", "")
            .replace(", cpu_seconds", ""),
    }
}

const PRUNE: &str = "DELETE FROM assay.quality_history WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT ctid FROM assay.quality_history
    WHERE ran_as::pg_catalog.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
      AND run_at OPERATOR(pg_catalog.<) ($4::pg_catalog.timestamptz OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $2))
    ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED))";

/// `prune_history(older_than)`.
#[pg_extern(sql = false)]
fn prune_history(older_than: Option<Interval>) -> i64 {
    read_only::require_writable(c"assay.prune_history()");
    or_raise((|| {
        let seconds = match (&older_than, settings::history_retention()) {
            (Some(interval), _) if interval.is_negative() => {
                return Err(Error::new(INVALID_PARAMETER, "argument \"older_than\" is negative")
                    .hint("Give the age from which on results are deleted, such as '30 days'."));
            }
            (None, Retention::Forever) => return Ok(0),
            (None, Retention::Seconds(seconds)) => f64::from(seconds),
            (Some(_), _) | (None, Retention::Nothing) => 0.0,
        };
        let caller = role::current();
        let pruned = tables::as_owner(|| {
            tables::write_returning(
                "WITH gone AS (
    DELETE FROM assay.quality_history
    WHERE run_at OPERATOR(pg_catalog.<) (pg_catalog.statement_timestamp()
            OPERATOR(pg_catalog.-) COALESCE($1::pg_catalog.interval, pg_catalog.make_interval(secs => $2)))
      AND pg_catalog.pg_has_role($3::pg_catalog.oid, ran_as::pg_catalog.oid, 'USAGE')
    RETURNING 1)
SELECT pg_catalog.count(*) FROM gone",
                &[older_than.into(), seconds.into(), caller.into()],
            )
        })?;
        Ok(pruned.unwrap_or(0))
    })())
}

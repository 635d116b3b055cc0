//! The table of issues: one statement opens and counts up to a thousand, one closes.

use pgrx::datum::TimestampWithTimeZone;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::finding::{Failure, Findings, Key};
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::tables;
use crate::pg::text::{Prose, Text};

/// Issues that one statement changes.
const TOGETHER: usize = 1000;

/// The numbers of issues that changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// New ones, those found again shortly after they were closed, and those that became worse.
    pub opened: Vec<i64>,
    pub closed: Vec<i64>,
}

impl Changes {
    fn add(&mut self, more: Option<Text>) -> Result<()> {
        let more: Changes = serde_json::from_str(more.as_deref().unwrap_or("{}"))
            .map_err(|problem| Error::new(INTERNAL, format!("issues that changed cannot be read: {problem}")))?;
        self.opened.extend(more.opened);
        self.closed.extend(more.closed);
        Ok(())
    }
}

/// What tells an issue from others, as JSON that statements read.
fn key(asset: i64, key: &Key) -> Json {
    json!({
        "asset_id": asset, "kind": key.source, "check_id": key.check_id.unwrap_or(0), "subject": key.subject,
        "segment_key": key.segment,
    })
}

/// Opens issues, or counts failures in those that are open.
pub fn open(failures: &[Failure], assets: &[i64], at: TimestampWithTimeZone, changes: &mut Changes) -> Result<()> {
    let rows: Vec<Json> = failures
        .iter()
        .zip(assets)
        .map(|(failure, asset)| row(failure, *asset))
        .collect();
    tables::as_owner(|| {
        for rows in rows.chunks(TOGETHER) {
            let rows = Json::from(rows.to_vec()).to_string();
            let mild: Option<Text> = tables::write_returning(LOCK, &[Prose::from(rows.as_str()).into()])?;
            changes.add(tables::write_returning(
                OPEN,
                &[Prose::from(rows).into(), at.into(), mild.into()],
            )?)?;
        }
        Ok(())
    })
}

fn row(failure: &Failure, asset: i64) -> Json {
    let finding = &failure.finding;
    let mut row = key(asset, &failure.key);
    if let Json::Object(row) = &mut row {
        let more = [
            ("asset_name", json!(failure.asset.label())),
            ("segment", json!(finding.segment)),
            ("severity", json!(failure.severity)),
            ("times", json!(failure.times)),
            ("message", json!(failure.message())),
            ("ran_as", json!(finding.ran_as)),
            ("added_by", json!(finding.added_by)),
            ("reads", json!(failure.reads())),
            ("shareable", json!(finding.shareable)),
            ("survived", json!(finding.survived)),
        ];
        row.extend(more.into_iter().map(|(name, value)| (name.to_string(), value)));
    }
    row
}

/// Counts passes in open issues, and closes those that have passed as often as they should.
pub fn close(findings: &Findings, at: TimestampWithTimeZone, changes: &mut Changes) -> Result<()> {
    let ids = Json::from_iter(findings.checks.iter().copied()).to_string();
    if !findings.checks.is_empty() {
        tables::as_owner(|| {
            let open: Option<Text> = tables::write_returning(HAVE_OPEN, &[Text::from(ids).into()])?;
            let Some(open) = open else { return Ok(()) };
            let not_passed: Vec<Json> = findings
                .not_passed
                .iter()
                .map(|(check, segment)| json!({"check_id": check, "segment_key": segment}))
                .collect();
            let not_passed = Json::from(not_passed).to_string();
            changes.add(tables::write_returning(
                CLOSE_CHECKS,
                &[open.into(), at.into(), Prose::from(not_passed).into()],
            )?)
        })?;
    }
    let mut passes = Vec::new();
    for (asset, pass) in &findings.passes {
        if let Some(id) = asset.id()? {
            passes.push(key(id, pass));
        }
    }
    if passes.is_empty() {
        return Ok(());
    }
    tables::as_owner(|| {
        let passes = Prose::from(Json::from(passes).to_string());
        changes.add(tables::write_returning(CLOSE_OTHERS, &[passes.into(), at.into()])?)
    })
}

/// Closes the issues of a check.
pub fn close_check(check: i64, at: TimestampWithTimeZone, changes: &mut Changes) -> Result<()> {
    tables::as_owner(|| changes.add(tables::write_returning(CLOSE_CHECK, &[check.into(), at.into()])?))
}

/// Locks the open issues that failures are about, and those that they may open again, in one order for all sessions; gives the numbers of the open
/// ones that are no errors yet.
const LOCK: &str = "SELECT COALESCE(pg_catalog.jsonb_agg(l.id) FILTER (WHERE l.is_mild), '[]')::pg_catalog.text FROM (
    SELECT i.id, (i.status OPERATOR(pg_catalog.=) 'open') AND (i.severity OPERATOR(pg_catalog.=) 'warn') AS is_mild
    FROM assay.issue AS i
    WHERE i.id OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT c.id
        FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS f(asset_id bigint, kind pg_catalog.text, check_id bigint,
            subject pg_catalog.text, segment_key pg_catalog.text)
        CROSS JOIN LATERAL (
            SELECT i.id FROM assay.issue AS i
            WHERE (i.asset_id OPERATOR(pg_catalog.=) f.asset_id) AND (i.kind OPERATOR(pg_catalog.=) f.kind)
              AND (COALESCE(i.check_id, 0) OPERATOR(pg_catalog.=) f.check_id) AND (i.subject OPERATOR(pg_catalog.=) f.subject)
              AND (i.segment_key OPERATOR(pg_catalog.=) f.segment_key)
            ORDER BY i.status OPERATOR(pg_catalog.=) 'open' DESC, i.ended_at DESC, i.id DESC LIMIT 1) AS c))
    ORDER BY i.asset_id, i.kind, i.check_id, i.subject, i.segment_key, i.id
    FOR UPDATE OF i) AS l";

/// Where an issue of the same was closed within a day it is opened again: what comes and goes is one issue. Of one that does so often that is told
/// the third time, and then not any more; nor of what somebody has called expected or false. A failure that is older than the pass that closed its issue
/// comes late, from a process that kept it beside others; it is counted, and opens nothing.
const OPEN: &str = "WITH found AS MATERIALIZED (
    SELECT f.* FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS f(asset_id bigint, kind pg_catalog.text, check_id bigint,
        subject pg_catalog.text, segment_key pg_catalog.text, asset_name pg_catalog.text, segment pg_catalog.jsonb,
        severity pg_catalog.text, times bigint, message pg_catalog.text, ran_as pg_catalog.oid, added_by pg_catalog.oid,
        reads pg_catalog.oid[], shareable boolean, survived boolean)
), reopened AS (
    UPDATE assay.issue AS i
    SET status = CASE WHEN i.ended_at OPERATOR(pg_catalog.>) $2 THEN 'closed' ELSE 'open' END,
        ended_at = CASE WHEN i.ended_at OPERATOR(pg_catalog.>) $2 THEN i.ended_at END,
        passes = CASE WHEN i.ended_at OPERATOR(pg_catalog.>) $2 THEN i.passes ELSE 0 END,
        reopenings = CASE WHEN i.ended_at OPERATOR(pg_catalog.>) $2 THEN i.reopenings ELSE i.reopenings OPERATOR(pg_catalog.+) 1 END,
        triage = CASE WHEN (i.ended_at OPERATOR(pg_catalog.<=) $2) AND (i.triage OPERATOR(pg_catalog.=) 'fixed') THEN NULL ELSE i.triage END,
        occurrences = i.occurrences OPERATOR(pg_catalog.+) f.times, last_seen_at = GREATEST(i.last_seen_at, $2),
        severity = CASE WHEN f.severity OPERATOR(pg_catalog.=) 'error' THEN f.severity ELSE i.severity END, message = f.message,
        ran_as = f.ran_as, added_by = f.added_by, reads = f.reads::pg_catalog.regclass[], shareable = f.shareable, survived = f.survived
    FROM found AS f
    WHERE (i.status OPERATOR(pg_catalog.=) 'closed') AND (i.id OPERATOR(pg_catalog.=) (
        SELECT c.id FROM assay.issue AS c
        WHERE (c.asset_id OPERATOR(pg_catalog.=) f.asset_id) AND (c.kind OPERATOR(pg_catalog.=) f.kind)
          AND (COALESCE(c.check_id, 0) OPERATOR(pg_catalog.=) f.check_id) AND (c.subject OPERATOR(pg_catalog.=) f.subject)
          AND (c.segment_key OPERATOR(pg_catalog.=) f.segment_key)
        ORDER BY c.status OPERATOR(pg_catalog.=) 'open' DESC, c.ended_at DESC, c.id DESC LIMIT 1))
      AND (i.ended_at OPERATOR(pg_catalog.>=) ($2 OPERATOR(pg_catalog.-) '24 hours'::pg_catalog.interval))
    RETURNING i.id, i.asset_id, i.kind, COALESCE(i.check_id, 0) AS check_id, i.subject, i.segment_key, i.reopenings, i.triage, i.status
), counted AS (
    INSERT INTO assay.issue AS i (asset_id, asset_name, kind, check_id, subject, segment, segment_key, severity, occurrences, started_at,
        last_seen_at, message, ran_as, added_by, reads, shareable, survived)
    SELECT f.asset_id, f.asset_name, f.kind, CASE WHEN f.check_id OPERATOR(pg_catalog.<>) 0 THEN f.check_id END, f.subject, f.segment,
        f.segment_key, f.severity, f.times, $2, $2, f.message, f.ran_as, f.added_by, f.reads::pg_catalog.regclass[], f.shareable, f.survived
    FROM found AS f
    WHERE NOT EXISTS (
        SELECT FROM reopened AS r
        WHERE (r.asset_id OPERATOR(pg_catalog.=) f.asset_id) AND (r.kind OPERATOR(pg_catalog.=) f.kind)
          AND (r.check_id OPERATOR(pg_catalog.=) f.check_id) AND (r.subject OPERATOR(pg_catalog.=) f.subject)
          AND (r.segment_key OPERATOR(pg_catalog.=) f.segment_key))
    ORDER BY f.asset_id, f.kind COLLATE pg_catalog.\"C\", f.check_id, f.subject COLLATE pg_catalog.\"C\", f.segment_key COLLATE pg_catalog.\"C\"
    ON CONFLICT (asset_id, kind, COALESCE(check_id, 0), subject, segment_key) WHERE (status OPERATOR(pg_catalog.=) 'open')
    DO UPDATE SET passes = 0, occurrences = i.occurrences OPERATOR(pg_catalog.+) excluded.occurrences,
        last_seen_at = GREATEST(i.last_seen_at, excluded.last_seen_at),
        severity = CASE WHEN excluded.severity OPERATOR(pg_catalog.=) 'error' THEN excluded.severity ELSE i.severity END,
        message = excluded.message, ran_as = excluded.ran_as, added_by = excluded.added_by, reads = excluded.reads,
        shareable = excluded.shareable, survived = excluded.survived
    RETURNING i.id, i.severity, i.triage, i.xmax OPERATOR(pg_catalog.=) '0'::pg_catalog.xid AS is_new
)
SELECT pg_catalog.jsonb_build_object('opened', COALESCE(
    (SELECT pg_catalog.jsonb_agg(o.id ORDER BY o.id)
     FROM (SELECT r.id, r.triage FROM reopened AS r
        WHERE (r.status OPERATOR(pg_catalog.=) 'open') AND (r.reopenings OPERATOR(pg_catalog.<=) 3)
        UNION ALL SELECT c.id, c.triage FROM counted AS c
        WHERE c.is_new OR (c.severity OPERATOR(pg_catalog.=) 'error') AND (c.id OPERATOR(pg_catalog.=) ANY (ARRAY(
            SELECT m.id::bigint FROM pg_catalog.jsonb_array_elements_text($3::pg_catalog.jsonb) AS m(id))))) AS o
     WHERE (o.triage OPERATOR(pg_catalog.=) ANY ('{expected,false_positive}')) IS NOT TRUE), '[]'))::pg_catalog.text";

/// Of checks those that have an open issue.
const HAVE_OPEN: &str = "SELECT pg_catalog.jsonb_agg(DISTINCT i.check_id)::pg_catalog.text
FROM assay.issue AS i
WHERE (i.status OPERATOR(pg_catalog.=) 'open') AND (i.check_id OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT c.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS c(id))))";

/// Counts passes of checks. One that is older than the last failure says nothing.
const CLOSE_CHECKS: &str = "WITH passed AS (
    UPDATE assay.issue AS i
    SET passes = i.passes OPERATOR(pg_catalog.+) 1, status = CASE WHEN t.is_over THEN 'closed' ELSE 'open' END,
        ended_at = CASE WHEN t.is_over THEN $2 END
    FROM (
        SELECT i.id, (i.triage OPERATOR(pg_catalog.=) 'fixed' OR (i.passes OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.>=) COALESCE(q.passes_to_close, 1))
            IS TRUE AS is_over
        FROM assay.issue AS i
        LEFT JOIN assay.quality_check AS q ON q.id OPERATOR(pg_catalog.=) i.check_id
        WHERE (i.status OPERATOR(pg_catalog.=) 'open') AND (i.kind OPERATOR(pg_catalog.=) ANY ('{check,freshness}'))
          AND (i.last_seen_at OPERATOR(pg_catalog.<=) $2)
          AND (i.check_id OPERATOR(pg_catalog.=) ANY (ARRAY(
            SELECT c.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS c(id))))
          AND NOT EXISTS (
            SELECT FROM pg_catalog.jsonb_to_recordset($3::pg_catalog.jsonb) AS n(check_id bigint, segment_key pg_catalog.text)
            WHERE (n.check_id OPERATOR(pg_catalog.=) i.check_id) AND (n.segment_key OPERATOR(pg_catalog.=) i.segment_key))
        ORDER BY i.asset_id, i.kind, i.check_id, i.subject, i.segment_key, i.id
        FOR UPDATE OF i) AS t
    WHERE (i.id OPERATOR(pg_catalog.=) t.id) AND (i.status OPERATOR(pg_catalog.=) 'open')
    RETURNING i.id, i.status
)
SELECT pg_catalog.jsonb_build_object('closed', COALESCE(pg_catalog.jsonb_agg(p.id ORDER BY p.id), '[]'))::pg_catalog.text
FROM passed AS p WHERE p.status OPERATOR(pg_catalog.=) 'closed'";

const CLOSE_OTHERS: &str = "WITH passed AS (
    UPDATE assay.issue AS i SET passes = i.passes OPERATOR(pg_catalog.+) 1, status = 'closed', ended_at = $2
    FROM (
        SELECT i.id
        FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS p(asset_id bigint, kind pg_catalog.text, check_id bigint,
            subject pg_catalog.text, segment_key pg_catalog.text)
        JOIN assay.issue AS i ON (i.asset_id OPERATOR(pg_catalog.=) p.asset_id) AND (i.kind OPERATOR(pg_catalog.=) p.kind)
            AND (i.subject OPERATOR(pg_catalog.=) p.subject) AND (i.segment_key OPERATOR(pg_catalog.=) p.segment_key)
        WHERE (i.status OPERATOR(pg_catalog.=) 'open') AND (i.check_id IS NULL)
        ORDER BY i.asset_id, i.kind, i.subject, i.segment_key, i.id
        FOR UPDATE OF i) AS t
    WHERE (i.id OPERATOR(pg_catalog.=) t.id) AND (i.status OPERATOR(pg_catalog.=) 'open')
    RETURNING i.id
)
SELECT pg_catalog.jsonb_build_object('closed', COALESCE(pg_catalog.jsonb_agg(p.id ORDER BY p.id), '[]'))::pg_catalog.text FROM passed AS p";

const CLOSE_CHECK: &str = "WITH over AS (
    UPDATE assay.issue AS i SET status = 'closed', ended_at = $2
    WHERE (i.check_id OPERATOR(pg_catalog.=) $1) AND (i.status OPERATOR(pg_catalog.=) 'open')
    RETURNING i.id
)
SELECT pg_catalog.jsonb_build_object('closed', COALESCE(pg_catalog.jsonb_agg(o.id ORDER BY o.id), '[]'))::pg_catalog.text FROM over AS o";

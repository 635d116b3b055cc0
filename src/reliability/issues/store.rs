//! The table of issues: one statement opens and counts up to a thousand, one closes.

use std::collections::BTreeMap;

use pgrx::datum::TimestampWithTimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::finding::{Failure, Findings, Key, Severity, Source};
use crate::pg::cell::Parameter;
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
        let more: Changes = read(more)?;
        self.opened.extend(more.opened);
        self.closed.extend(more.closed);
        Ok(())
    }
}

/// What a statement gives, as JSON.
fn read<T: DeserializeOwned>(json: Option<Text>) -> Result<T> {
    serde_json::from_str(json.as_deref().unwrap_or("{}"))
        .map_err(|problem| Error::new(INTERNAL, format!("issues that changed cannot be read: {problem}")))
}

/// What tells an issue from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct IssueKey {
    asset_id: i64,
    kind: Source,
    /// 0 for none.
    check_id: i64,
    subject: String,
    segment_key: String,
}

impl IssueKey {
    fn of(asset: i64, key: &Key) -> IssueKey {
        IssueKey {
            asset_id: asset,
            kind: key.source,
            check_id: key.check_id.unwrap_or(0),
            subject: key.subject.clone(),
            segment_key: key.segment.clone(),
        }
    }
}

/// The issues that failures are about, by what may become of them. Nobody else changes them until this transaction ends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Locked {
    /// Open ones that are no errors yet.
    mild: Vec<i64>,
    /// Those that were closed shortly before.
    over: Vec<Over>,
}

#[derive(Debug, Deserialize)]
struct Over {
    id: i64,
    #[serde(flatten)]
    key: IssueKey,
}

/// A failure on its way into the table.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    key: IssueKey,
    /// The issue of the same that was closed shortly before.
    over: Option<i64>,
    asset_name: String,
    segment: Option<&'a Json>,
    severity: Severity,
    times: u64,
    message: Option<String>,
    ran_as: u32,
    added_by: Option<u32>,
    reads: Vec<u32>,
    shareable: bool,
    survived: bool,
}

impl<'a> Row<'a> {
    fn of(failure: &'a Failure, asset: i64) -> Row<'a> {
        let finding = &failure.finding;
        Row {
            key: IssueKey::of(asset, &failure.key),
            over: None,
            asset_name: failure.asset.label(),
            segment: finding.segment.as_ref(),
            severity: failure.severity,
            times: failure.times,
            message: failure.message(),
            ran_as: finding.ran_as,
            added_by: finding.added_by,
            reads: failure.reads(),
            shareable: finding.shareable,
            survived: finding.survived,
        }
    }
}

/// Rows as a parameter that statements read with `jsonb_to_recordset`.
fn rows(rows: &[impl Serialize]) -> Result<Parameter> {
    let rows = serde_json::to_string(rows)
        .map_err(|problem| Error::new(INTERNAL, format!("issues cannot be written: {problem}")))?;
    Ok(Prose::from(rows).into())
}

/// Opens issues, or counts failures in those that are open.
pub fn open(failures: &[Failure], assets: &[i64], at: TimestampWithTimeZone, changes: &mut Changes) -> Result<()> {
    let found = failures.iter().zip(assets);
    let mut found: Vec<Row<'_>> = found.map(|(failure, asset)| Row::of(failure, *asset)).collect();
    tables::as_owner(|| {
        for found in found.chunks_mut(TOGETHER) {
            let Locked { mild, over } = read(tables::write_returning(LOCK, &[rows(found)?, at.into()])?)?;
            let over: BTreeMap<IssueKey, i64> = over.into_iter().map(|over| (over.key, over.id)).collect();
            for row in &mut *found {
                row.over = over.get(&row.key).copied();
            }
            changes.add(tables::write_returning(OPEN, &[rows(found)?, at.into(), mild.into()])?)?;
        }
        Ok(())
    })
}

/// Counts passes in open issues, and closes those that have passed as often as they should.
pub fn close(findings: &Findings, at: TimestampWithTimeZone, changes: &mut Changes) -> Result<()> {
    if !findings.checks.is_empty() {
        tables::as_owner(|| {
            let checks: Vec<i64> = findings.checks.iter().copied().collect();
            let not_passed = findings
                .not_passed
                .iter()
                .map(|(check, segment)| format!("{check}:{segment}"));
            let not_passed: Map<String, Json> = not_passed.map(|key| (key, Json::Bool(true))).collect();
            let not_passed = Prose::from(Json::from(not_passed).to_string());
            let passed: Option<Vec<i64>> =
                tables::write_returning(PASSED, &[checks.into(), at.into(), not_passed.into()])?;
            match passed {
                None => Ok(()),
                Some(passed) => changes.add(tables::write_returning(CLOSE_PASSED, &[passed.into(), at.into()])?),
            }
        })?;
    }
    let mut passes = Vec::new();
    for (asset, pass) in &findings.passes {
        if let Some(id) = asset.id()? {
            passes.push(IssueKey::of(id, pass));
        }
    }
    if passes.is_empty() {
        return Ok(());
    }
    tables::as_owner(|| changes.add(tables::write_returning(CLOSE_OTHERS, &[rows(&passes)?, at.into()])?))
}

/// Closes the issues of a check.
pub fn close_check(check: i64, at: TimestampWithTimeZone, changes: &mut Changes) -> Result<()> {
    tables::as_owner(|| changes.add(tables::write_returning(CLOSE_CHECK, &[check.into(), at.into()])?))
}

/// Locks the open issues that failures are about, and those that they may open again, in one order for all sessions.
const LOCK: &str = "SELECT pg_catalog.jsonb_build_object(
    'mild', COALESCE(pg_catalog.jsonb_agg(l.id) FILTER (WHERE l.is_open AND (l.severity OPERATOR(pg_catalog.=) 'warn')), '[]'),
    'over', COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', l.id, 'asset_id', l.asset_id, 'kind', l.kind,
            'check_id', COALESCE(l.check_id, 0), 'subject', l.subject, 'segment_key', l.segment_key))
        FILTER (WHERE NOT l.is_open AND (l.ended_at OPERATOR(pg_catalog.>=) ($2 OPERATOR(pg_catalog.-) '24 hours'::pg_catalog.interval))),
        '[]'))::pg_catalog.text
FROM (
    SELECT i.id, i.asset_id, i.kind, i.check_id, i.subject, i.segment_key, i.status OPERATOR(pg_catalog.=) 'open' AS is_open, i.severity, i.ended_at
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
        reads pg_catalog.oid[], shareable boolean, survived boolean, over bigint)
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
    WHERE (i.id OPERATOR(pg_catalog.=) f.over) AND (i.status OPERATOR(pg_catalog.=) 'closed')
      AND NOT EXISTS (
        SELECT FROM assay.issue AS o
        WHERE (o.asset_id OPERATOR(pg_catalog.=) f.asset_id) AND (o.kind OPERATOR(pg_catalog.=) f.kind)
          AND (COALESCE(o.check_id, 0) OPERATOR(pg_catalog.=) f.check_id) AND (o.subject OPERATOR(pg_catalog.=) f.subject)
          AND (o.segment_key OPERATOR(pg_catalog.=) f.segment_key) AND (o.status OPERATOR(pg_catalog.=) 'open'))
    RETURNING i.id, i.reopenings, i.triage, i.status
), counted AS (
    INSERT INTO assay.issue AS i (asset_id, asset_name, kind, check_id, subject, segment, segment_key, severity, occurrences, started_at,
        last_seen_at, message, ran_as, added_by, reads, shareable, survived)
    SELECT f.asset_id, f.asset_name, f.kind, CASE WHEN f.check_id OPERATOR(pg_catalog.<>) 0 THEN f.check_id END, f.subject, f.segment,
        f.segment_key, f.severity, f.times, $2, $2, f.message, f.ran_as, f.added_by, f.reads::pg_catalog.regclass[], f.shareable, f.survived
    FROM found AS f
    WHERE NOT EXISTS (
        SELECT FROM reopened AS r WHERE r.id OPERATOR(pg_catalog.=) f.over)
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
        WHERE c.is_new OR (c.severity OPERATOR(pg_catalog.=) 'error') AND (c.id OPERATOR(pg_catalog.=) ANY ($3))) AS o
     WHERE (o.triage OPERATOR(pg_catalog.=) ANY ('{expected,false_positive}')) IS NOT TRUE), '[]'))::pg_catalog.text";

/// Open issues of checks that have passed. A pass that is older than the last failure says nothing. What has not passed is an object, as keys of that
/// are found in no time whatever the planner thinks of it.
const PASSED: &str = "SELECT pg_catalog.array_agg(i.id)
FROM assay.issue AS i
WHERE (i.status OPERATOR(pg_catalog.=) 'open') AND (i.kind OPERATOR(pg_catalog.=) ANY ('{check,freshness}'))
  AND (i.last_seen_at OPERATOR(pg_catalog.<=) $2) AND (i.check_id OPERATOR(pg_catalog.=) ANY ($1))
  AND NOT ((SELECT $3::pg_catalog.jsonb) OPERATOR(pg_catalog.?) pg_catalog.concat(i.check_id, ':', i.segment_key))";

/// Counts passes in issues that are open still.
const CLOSE_PASSED: &str = "WITH passed AS (
    UPDATE assay.issue AS i
    SET passes = i.passes OPERATOR(pg_catalog.+) 1, status = CASE WHEN t.is_over THEN 'closed' ELSE 'open' END,
        ended_at = CASE WHEN t.is_over THEN $2 END
    FROM (
        SELECT i.id, (i.triage OPERATOR(pg_catalog.=) 'fixed' OR (i.passes OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.>=) COALESCE(q.passes_to_close, 1))
            IS TRUE AS is_over
        FROM assay.issue AS i
        LEFT JOIN assay.quality_check AS q ON q.id OPERATOR(pg_catalog.=) i.check_id
        WHERE (i.id OPERATOR(pg_catalog.=) ANY ($1)) AND (i.status OPERATOR(pg_catalog.=) 'open')
          AND (i.last_seen_at OPERATOR(pg_catalog.<=) $2)
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

//! The issues of incidents: who may name them, and which incident they belong to.

use serde::Deserialize;
use serde_json::Value as Json;

use super::incident::read_object;
use crate::pg::error::{Error, INVALID_PARAMETER, NULL_ELEMENT, Result, UNDEFINED_ISSUE, WRONG_STATE};
use crate::pg::text::Prose;
use crate::pg::{cell::Parameter, tables};

/// The most issues of a call.
const MOST: usize = 10_000;

/// Issues that a call names, each once, in the order in which it names them.
pub fn named(issues: Option<Vec<Option<i64>>>) -> Result<Vec<i64>> {
    let issues = issues.unwrap_or_default();
    if issues.len() > MOST {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("argument \"issues\" has {} elements", issues.len()),
        )
        .hint(format!(
            "Give at most {MOST} at a time; assay.add_to_incident adds more."
        )));
    }
    let issues: Option<Vec<i64>> = issues.into_iter().collect();
    let mut issues = issues.ok_or_else(|| {
        Error::new(NULL_ELEMENT, "argument \"issues\" has a NULL element").hint("Leave it out of the array.")
    })?;
    let mut seen = std::collections::HashSet::new();
    issues.retain(|issue| seen.insert(*issue));
    Ok(issues)
}

/// Numbers as a parameter that statements read with `jsonb_array_elements_text`.
pub fn numbers(issues: &[i64]) -> Parameter {
    Prose::from(Json::from(issues.to_vec()).to_string()).into()
}

#[derive(Deserialize)]
struct Missing {
    issue: Option<i64>,
}

/// Returns an error with ML025 for the first of the issues that the caller may not know of.
pub fn require_visible(issues: &[i64]) -> Result<()> {
    if issues.is_empty() {
        return Ok(());
    }
    // As the caller: the view asks who that is.
    let missing: Option<Missing> = read_object(
        "SELECT pg_catalog.jsonb_build_object('issue', (
    SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) WITH ORDINALITY AS n(id, place)
    WHERE NOT EXISTS (SELECT FROM assay.issues AS s WHERE s.id OPERATOR(pg_catalog.=) n.id::bigint)
    ORDER BY n.place LIMIT 1))::pg_catalog.text",
        &[numbers(issues)],
    )?;
    match missing.and_then(|missing| missing.issue) {
        None => Ok(()),
        Some(issue) => Err(Error::new(UNDEFINED_ISSUE, format!("issue {issue} does not exist"))
            .hint("assay.issues lists those that you may see.")),
    }
}

/// Keeps issues from being changed by others until this transaction ends. Issues are locked before incidents, in one order for all sessions.
pub fn lock(issues: &[i64]) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "SELECT FROM assay.issue AS s
WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
ORDER BY s.asset_id, s.kind, s.check_id, s.subject, s.segment_key, s.id FOR UPDATE",
            &[numbers(issues)],
        )
    })
}

/// The same for the issues of an incident.
pub fn lock_of(incident: i64) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "SELECT FROM assay.issue AS s WHERE s.incident_id OPERATOR(pg_catalog.=) $1 ORDER BY s.asset_id, s.kind, s.check_id, s.subject, s.segment_key, s.id FOR UPDATE",
            &[incident.into()],
        )
    })
}

#[derive(Deserialize)]
struct Taken {
    issue: i64,
    incident: i64,
    status: String,
}

/// Returns an error with ML027 for the first of locked issues that belongs to an active incident, which stays as it is until this transaction ends.
pub fn require_free(issues: &[i64]) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "SELECT FROM assay.incident AS i
WHERE i.id OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT s.incident_id FROM assay.issue AS s
    WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))))
ORDER BY i.id FOR SHARE",
            &[numbers(issues)],
        )?;
        let taken: Option<Taken> = read_object(
            "SELECT pg_catalog.jsonb_build_object('issue', s.id, 'incident', i.id, 'status', i.status)::pg_catalog.text
FROM assay.issue AS s JOIN assay.incident AS i ON i.id OPERATOR(pg_catalog.=) s.incident_id
WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
  AND i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}')
ORDER BY s.id LIMIT 1",
            &[numbers(issues)],
        )?;
        match taken {
            None => Ok(()),
            Some(Taken {
                issue,
                incident,
                status,
            }) => Err(Error::new(
                WRONG_STATE,
                format!("issue {issue} belongs to incident {incident} already"),
            )
            .detail(format!("Incident {incident} is {status}."))
            .hint("assay.split_incident takes it out of that one, assay.merge_incidents makes one of two.")),
        }
    })
}

/// Lets issues belong to an incident.
pub fn move_to(incident: i64, issues: &[i64]) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "UPDATE assay.issue SET incident_id = $1
WHERE id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS n(id)))",
            &[incident.into(), numbers(issues)],
        )
    })
}

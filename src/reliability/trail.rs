//! The audit trail of incidents, which is only ever added to.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use serde_json::{Value as Json, json};

use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, or_raise};
use crate::pg::text::Prose;
use crate::pg::{role, tables};

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Declared,
    Acknowledged,
    Mitigated,
    Resolved,
    Cancelled,
    Reopened,
    /// Another incident became part of it, or it of another.
    Merged,
    /// Some of its issues became an incident of their own.
    Split,
    Annotated,
    /// Its severity, owner, lead, title or root.
    Changed,
    IssueAdded,
    IssueClosed,
    Escalated,
}

impl Kind {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Declared => "declared",
            Kind::Acknowledged => "acknowledged",
            Kind::Mitigated => "mitigated",
            Kind::Resolved => "resolved",
            Kind::Cancelled => "cancelled",
            Kind::Reopened => "reopened",
            Kind::Merged => "merged",
            Kind::Split => "split",
            Kind::Annotated => "annotated",
            Kind::Changed => "changed",
            Kind::IssueAdded => "issue_added",
            Kind::IssueClosed => "issue_closed",
            Kind::Escalated => "escalated",
        }
    }
}

/// The name of the actor of what policies do.
const POLICY: &str = "assay";

/// Who did something.
#[derive(Debug, Clone)]
pub struct Actor(String);

impl Actor {
    /// The role that calls, by the name that it has now.
    pub fn caller() -> Actor {
        Actor(role::name_of(role::current()))
    }

    /// Nobody: what was set of all incidents of a kind.
    pub fn policy() -> Actor {
        Actor(POLICY.into())
    }

    pub fn name(&self) -> &str {
        &self.0
    }
}

/// An event on its way into the trail.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    pub incident: i64,
    pub kind: Kind,
    pub note: Option<&'a str>,
    /// An object. Whoever takes part in the incident reads it, who need not see each of its assets: it holds numbers of issues and incidents,
    /// severities and owners, but no names of assets.
    pub details: Json,
}

/// Writes events in their order.
pub fn record_all(actor: &Actor, events: &[Event<'_>], at: TimestampWithTimeZone) -> Result<()> {
    /// Rows that one statement adds.
    const TOGETHER: usize = 1000;
    tables::as_owner(|| {
        for events in events.chunks(TOGETHER) {
            let rows: Vec<Json> = events
                .iter()
                .map(|event| {
                    json!({"incident": event.incident, "kind": event.kind.name(), "note": event.note, "details": event.details})
                })
                .collect();
            tables::write(
                "INSERT INTO assay.incident_event (incident_id, at, actor, kind, note, details)
SELECT (r.row OPERATOR(pg_catalog.->>) 'incident')::bigint, $2, $3, r.row OPERATOR(pg_catalog.->>) 'kind',
    r.row OPERATOR(pg_catalog.->>) 'note', r.row OPERATOR(pg_catalog.->) 'details'
FROM pg_catalog.jsonb_array_elements($1::pg_catalog.jsonb) WITH ORDINALITY AS r(row, place)
ORDER BY r.place",
                &[
                    Prose::from(Json::from(rows).to_string()).into(),
                    at.into(),
                    actor.name().into(),
                ],
            )?;
        }
        Ok(())
    })
}

/// Writes one event, done by the role that calls.
pub fn record(incident: i64, kind: Kind, note: Option<&str>, details: Json, at: TimestampWithTimeZone) -> Result<()> {
    let event = Event {
        incident,
        kind,
        note,
        details,
    };
    record_all(&Actor::caller(), &[event], at)
}

/// Before a statement that would change the trail.
fn keep_event(_fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise(Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        "the audit trail of incidents cannot be changed",
    )
    .hint("assay.annotate(incident, note) adds to it.")))
}

entry::per_row!(keep_event, keep_event_wrapper, pg_finfo_keep_event_wrapper);

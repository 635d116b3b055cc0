//! The states of an incident, and what people may do to it in which of them.

use pgrx::datum::TimestampWithTimeZone;
use serde::Deserialize;

use super::incident::Incident;
use crate::pg::error::{Error, Result, WRONG_STATE};
use crate::pg::tables;
use crate::reliability::trail::Kind;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has taken it on yet.
    Open,
    Acknowledged,
    /// Its effect is over, its cause may not be.
    Mitigated,
    Resolved,
    /// It was none, or is part of another.
    Cancelled,
}

impl Status {
    #[cfg(test)]
    const ALL: [Status; 5] = [
        Status::Open,
        Status::Acknowledged,
        Status::Mitigated,
        Status::Resolved,
        Status::Cancelled,
    ];

    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Acknowledged => "acknowledged",
            Status::Mitigated => "mitigated",
            Status::Resolved => "resolved",
            Status::Cancelled => "cancelled",
        }
    }

    /// Whether there is still something to do.
    pub fn is_active(self) -> bool {
        match self {
            Status::Open | Status::Acknowledged | Status::Mitigated => true,
            Status::Resolved | Status::Cancelled => false,
        }
    }

    /// The event by which an incident came here; an open one may have been declared or opened again.
    fn event(self) -> Option<Kind> {
        match self {
            Status::Open => None,
            Status::Acknowledged => Some(Kind::Acknowledged),
            Status::Mitigated => Some(Kind::Mitigated),
            Status::Resolved => Some(Kind::Resolved),
            Status::Cancelled => Some(Kind::Cancelled),
        }
    }
}

/// What people do to an incident that changes its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Acknowledge,
    Mitigate,
    Resolve,
    Cancel,
    Reopen,
}

impl Act {
    pub const ALL: [Act; 5] = [Act::Acknowledge, Act::Mitigate, Act::Resolve, Act::Cancel, Act::Reopen];

    /// The states from which it leads on.
    pub fn from(self) -> &'static [Status] {
        use Status::{Acknowledged, Cancelled, Mitigated, Open, Resolved};
        match self {
            Act::Acknowledge => &[Open],
            Act::Mitigate => &[Open, Acknowledged],
            Act::Resolve => &[Open, Acknowledged, Mitigated],
            Act::Cancel => &[Open, Acknowledged, Mitigated],
            Act::Reopen => &[Mitigated, Resolved, Cancelled],
        }
    }

    /// The state to which it leads. What is opened again is still with who had taken it on.
    pub fn to(self, is_taken_on: bool) -> Status {
        match self {
            Act::Acknowledge => Status::Acknowledged,
            Act::Mitigate => Status::Mitigated,
            Act::Resolve => Status::Resolved,
            Act::Cancel => Status::Cancelled,
            Act::Reopen if is_taken_on => Status::Acknowledged,
            Act::Reopen => Status::Open,
        }
    }

    /// Whether who does it has taken the incident on by that.
    pub fn takes_on(self) -> bool {
        match self {
            Act::Acknowledge | Act::Mitigate | Act::Resolve => true,
            Act::Cancel | Act::Reopen => false,
        }
    }

    pub fn event(self) -> Kind {
        match self {
            Act::Acknowledge => Kind::Acknowledged,
            Act::Mitigate => Kind::Mitigated,
            Act::Resolve => Kind::Resolved,
            Act::Cancel => Kind::Cancelled,
            Act::Reopen => Kind::Reopened,
        }
    }

    /// What the function does, and its name in SQL.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Act::Acknowledge => ("acknowledged", "acknowledge"),
            Act::Mitigate => ("mitigated", "mitigate"),
            Act::Resolve => ("resolved", "resolve"),
            Act::Cancel => ("cancelled", "cancel"),
            Act::Reopen => ("opened again", "reopen_incident"),
        }
    }

    /// Returns an error with ML027 where it does not go with the state of the incident, which says who had brought it there, and when.
    pub fn require(self, incident: &Incident) -> Result<()> {
        if let (Act::Reopen, Some(whole)) = (self, incident.merged_into) {
            return Err(Error::new(
                WRONG_STATE,
                format!("incident {} is part of incident {whole}", incident.id),
            )
            .hint(format!(
                "assay.split_incident({whole}, issues, title) takes issues out of that one."
            )));
        }
        if self.from().contains(&incident.status) {
            return Ok(());
        }
        let (done, status) = (self.words().0, incident.status.name());
        let problem = match self.to(incident.acknowledged_at.is_some()) == incident.status {
            true => format!("incident {} is {status} already", incident.id),
            false => format!("incident {} is {status}, and cannot be {done}", incident.id),
        };
        Err(wrong(incident, problem))
    }
}

/// Returns an error with ML027 where there is nothing to do any more.
pub fn require_active(incident: &Incident) -> Result<()> {
    match incident.status.is_active() {
        true => Ok(()),
        false => Err(wrong(
            incident,
            format!("incident {} is {}", incident.id, incident.status.name()),
        )),
    }
}

/// The error of an incident's state, with who had brought it there.
fn wrong(incident: &Incident, problem: String) -> Error {
    let error = Error::new(WRONG_STATE, problem);
    let error = match incident.status.event().and_then(|kind| last(incident.id, kind)) {
        Some(told) => error.detail(told),
        None => error,
    };
    let possible: Vec<String> = Act::ALL
        .into_iter()
        .filter(|act| act.from().contains(&incident.status) && (incident.merged_into.is_none()))
        .map(|act| format!("assay.{}", act.words().1))
        .collect();
    match (possible.as_slice(), incident.merged_into) {
        (_, Some(whole)) => error.hint(format!("It is part of incident {whole} since then.")),
        ([], None) => error,
        (possible, None) => error.hint(format!("What can be done to it now: {}.", possible.join(", "))),
    }
}

/// Who did something to an incident last, and when; nothing where that cannot be read, for it is told with another error.
fn last(incident: i64, kind: Kind) -> Option<String> {
    let told = tables::as_owner(|| {
        tables::write_returning::<crate::pg::text::Text>(
            "SELECT pg_catalog.format('Done by \"%s\" at %s.', e.actor, e.at)
FROM assay.incident_event AS e
WHERE e.incident_id OPERATOR(pg_catalog.=) $1 AND e.kind OPERATOR(pg_catalog.=) $2
ORDER BY e.id DESC LIMIT 1",
            &[incident.into(), kind.name().into()],
        )
    });
    told.ok().flatten().map(String::from)
}

/// Writes an incident's new state.
pub fn write(incident: i64, act: Act, to: Status, by: &str, at: TimestampWithTimeZone) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "UPDATE assay.incident SET status = $2,
    acknowledged_at = CASE WHEN $3 THEN COALESCE(acknowledged_at, $5) ELSE acknowledged_at END,
    acknowledged_by = CASE WHEN $3 THEN COALESCE(acknowledged_by, $4) ELSE acknowledged_by END,
    mitigated_at = CASE WHEN $2 OPERATOR(pg_catalog.=) ANY ('{mitigated,resolved}') THEN COALESCE(mitigated_at, $5)
                        WHEN $2 OPERATOR(pg_catalog.=) ANY ('{open,acknowledged}') THEN NULL
                        ELSE mitigated_at END,
    ended_at = CASE WHEN $2 OPERATOR(pg_catalog.=) ANY ('{resolved,cancelled}') THEN $5 ELSE NULL END
WHERE id OPERATOR(pg_catalog.=) $1",
            &[
                incident.into(),
                to.name().into(),
                act.takes_on().into(),
                by.into(),
                at.into(),
            ],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_but_the_first_is_reached_and_every_active_one_ends() {
        for status in Status::ALL {
            let is_reached = Act::ALL
                .iter()
                .any(|act| [true, false].into_iter().any(|taken| act.to(taken) == status));
            assert!(is_reached, "{status:?}");
            let ends = [Act::Resolve, Act::Cancel]
                .iter()
                .all(|act| act.from().contains(&status));
            assert_eq!(ends, status.is_active(), "{status:?}");
        }
    }

    #[test]
    fn no_act_leads_where_it_came_from() {
        for act in Act::ALL {
            for from in act.from() {
                assert!(
                    [true, false].into_iter().all(|taken| act.to(taken) != *from),
                    "{act:?} from {from:?}"
                );
            }
        }
    }
}

//! An incident as the table has it, and who may do what to it.

use pgrx::datum::TimestampWithTimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::state::Status;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_INCIDENT};
use crate::pg::text::Text;
use crate::pg::{role, snapshot, tables};
use crate::reliability::clock;

/// How bad an incident is; the worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
}

impl Severity {
    const ALL: [Severity; 4] = [Severity::Sev1, Severity::Sev2, Severity::Sev3, Severity::Sev4];

    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Sev1 => "sev1",
            Severity::Sev2 => "sev2",
            Severity::Sev3 => "sev3",
            Severity::Sev4 => "sev4",
        }
    }

    /// The severity of an argument. Returns an error with 22023 for another text.
    pub fn named(name: &str) -> Result<Severity> {
        Severity::ALL
            .into_iter()
            .find(|severity| severity.name() == name)
            .ok_or_else(|| {
                Error::new(INVALID_PARAMETER, format!("severity \"{name}\" does not exist"))
                    .hint("It is sev1, the worst, sev2, sev3 or sev4.")
            })
    }
}

/// An incident.
#[derive(Debug, Deserialize)]
pub struct Incident {
    pub id: i64,
    pub title: String,
    /// Whether the title names the root, which not everybody may see who sees the incident.
    pub names_root: bool,
    pub severity: Severity,
    pub status: Status,
    pub owner: Option<String>,
    pub lead: Option<String>,
    pub acknowledged_at: Option<TimestampWithTimeZone>,
    pub merged_into: Option<i64>,
    /// The last of its times: nothing happens to it before that.
    latest: TimestampWithTimeZone,
}

/// Reads one row as an object of JSON.
pub fn read_object<T: DeserializeOwned>(
    statement: &str,
    parameters: &[crate::pg::cell::Parameter],
) -> Result<Option<T>> {
    let Some(object) = tables::write_returning::<Text>(statement, parameters)? else {
        return Ok(None);
    };
    let row = serde_json::from_str(&object);
    row.map(Some)
        .map_err(|problem| Error::new(INTERNAL, format!("assay's own tables cannot be read: {problem}")))
}

/// The incident, which nobody else changes until this transaction ends.
pub fn lock(id: i64) -> Result<Incident> {
    let found = tables::as_owner(|| {
        read_object(
            "SELECT pg_catalog.jsonb_build_object('id', i.id, 'title', i.title, 'names_root', i.names_root, 'severity', i.severity,
    'status', i.status, 'owner', (SELECT o.name FROM assay.owner AS o WHERE o.id OPERATOR(pg_catalog.=) i.owner_id),
    'lead', (SELECT o.name FROM assay.owner AS o WHERE o.id OPERATOR(pg_catalog.=) i.lead_id),
    'acknowledged_at', i.acknowledged_at, 'merged_into', i.merged_into,
    'latest', GREATEST(i.declared_at, i.acknowledged_at, i.mitigated_at, i.ended_at))::pg_catalog.text
FROM assay.incident AS i WHERE i.id OPERATOR(pg_catalog.=) $1 FOR UPDATE OF i",
            &[id.into()],
        )
    })?;
    found.ok_or_else(|| unknown(id))
}

fn unknown(id: i64) -> Error {
    Error::new(UNDEFINED_INCIDENT, format!("incident {id} does not exist"))
        .hint("assay.incidents lists those that you may see.")
}

/// What a role wants to do to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// To change it, and who works on it.
    Act,
    /// To end it, or to say more of what it is about: who declared it may, too.
    End,
    /// To add to its notes.
    Annotate,
}

#[derive(Debug, Deserialize)]
struct Rights {
    takes_part: bool,
    is_own: bool,
    may_act: bool,
}

/// Returns an error with ML026 for an incident that the caller may not know of, and with 42501 where it may not do what it wants.
pub fn require(id: i64, want: Want) -> Result<()> {
    // As the caller: the view asks who that is.
    let rights: Option<Rights> = read_object(
        "SELECT pg_catalog.jsonb_build_object('takes_part', v.takes_part, 'is_own', v.is_own, 'may_act', v.may_act)::pg_catalog.text
FROM assay_internal.visible_incident AS v WHERE v.id OPERATOR(pg_catalog.=) $1",
        &[id.into()],
    )?;
    let rights = rights.ok_or_else(|| unknown(id))?;
    let may = match want {
        Want::Act => rights.may_act,
        Want::End => rights.may_act || rights.is_own,
        Want::Annotate => rights.takes_part,
    };
    if may {
        return Ok(());
    }
    let needed = match want {
        Want::Act => "It takes the role of its owner, of its lead, or the owner of the database.",
        Want::End => {
            "It takes the role that declared it, that of its owner or of its lead, or the owner of the database."
        }
        Want::Annotate => {
            "It takes the role that declared it, leads it, or owns it or one of its assets, or the owner of the database."
        }
    };
    Err(Error::new(INSUFFICIENT_PRIVILEGE, format!("permission denied for incident {id}")).hint(needed))
}

/// When something happens.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Given by hand.
    given: Option<TimestampWithTimeZone>,
}

impl Moment {
    /// The moment of an argument `at`; NULL for now. Only who acts for the database's owner may say another one, for times are what response is judged
    /// by. Returns an error with 42501 or 22023.
    pub fn of(given: Option<TimestampWithTimeZone>) -> Result<Moment> {
        if given.is_some() && !role::is_steward() {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                "permission denied to say when something happened to an incident",
            )
            .detail("How soon incidents are dealt with is judged by these times.")
            .hint("Leave out \"at\", or ask the owner of the database."));
        }
        if let Some(at) = given {
            clock::of("at", at)?;
        }
        Ok(Moment { given })
    }

    /// The clock's time, or the one that was given.
    pub fn time(self) -> Result<TimestampWithTimeZone> {
        self.given.map_or_else(snapshot::clock, Ok)
    }

    /// The same for something that happens to an incident, which is never before what has happened to it: a clock that was set back stands still.
    pub fn after(self, incident: &Incident) -> Result<TimestampWithTimeZone> {
        let (at, latest) = (self.time()?, incident.latest);
        if i64::from(at) >= i64::from(latest) {
            return Ok(at);
        }
        match self.given {
            None => Ok(latest),
            Some(_) => Err(Error::new(
                INVALID_PARAMETER,
                format!("argument \"at\" is before what is known of incident {}", incident.id),
            )
            .hint("Give a moment after the last change of its state, as assay.incidents has it.")),
        }
    }

    /// What the trail says of a time that was given by hand: when that was.
    pub fn note_in(self, details: &mut serde_json::Value) -> Result<()> {
        if self.given.is_some()
            && let Some(details) = details.as_object_mut()
        {
            let now = serde_json::to_value(snapshot::clock()?)
                .map_err(|problem| Error::new(INTERNAL, format!("the clock cannot be read: {problem}")))?;
            details.insert("said_at".into(), now);
        }
        Ok(())
    }
}

/// The most characters of a note.
const LONGEST_NOTE: usize = 20_000;
/// The most characters of a title.
const LONGEST_TITLE: usize = 200;

/// Returns an error with 22023 for a note that is too long.
pub fn check_note(note: Option<&str>) -> Result<()> {
    let length = note.map_or(0, |note| note.chars().count());
    match length <= LONGEST_NOTE {
        true => Ok(()),
        false => Err(Error::new(INVALID_PARAMETER, "argument \"note\" is too long")
            .detail(format!("It has {length} characters."))
            .hint(format!(
                "At most {LONGEST_NOTE} are kept: say the rest where it links to."
            ))),
    }
}

/// Returns an error with 22023 unless a title is one line that is neither blank nor long.
pub fn check_title(title: &str) -> Result<()> {
    let length = title.chars().count();
    let problem = if title.trim().is_empty() {
        "is blank".to_string()
    } else if length > LONGEST_TITLE {
        format!("has {length} characters")
    } else if let Some(unseen) = crate::pg::names::unseen(title) {
        format!("contains the invisible character U+{:04X}", u32::from(unseen))
    } else {
        return Ok(());
    };
    Err(Error::new(INVALID_PARAMETER, format!("the incident's title {problem}"))
        .hint(format!("Say in at most {LONGEST_TITLE} characters what it is about.")))
}

//! `change_incident`, `add_to_incident`, `merge_incidents` and `split_incident`: what an incident is about, and who works on it.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use serde_json::{Map, Value as Json, json};

use super::declare::{Declaration, owner_id};
use super::incident::{self, Incident, Moment, Severity, Want, check_note, check_title};
use super::issues;
use super::state::{self, Status};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_ISSUE, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, tables};
use crate::reliability::outbox;
use crate::reliability::trail::{self, Actor, Event, Kind};

/// What is to become different. NULL leaves a thing as it is.
struct Change {
    severity: Option<Severity>,
    owner: Option<Text>,
    lead: Option<Text>,
    title: Option<Text>,
}

impl Change {
    /// What changes of an incident, from what to what.
    fn details(&self, incident: &Incident) -> Map<String, Json> {
        let mut details = Map::new();
        let mut add = |what: &str, from: Option<&str>, to: Option<&str>| {
            if let Some(to) = to.filter(|to| Some(*to) != from) {
                details.insert(what.into(), json!({"from": from, "to": to}));
            }
        };
        add(
            "severity",
            Some(incident.severity.name()),
            self.severity.map(Severity::name),
        );
        add("owner", incident.owner.as_deref(), self.owner.as_deref());
        add("lead", incident.lead.as_deref(), self.lead.as_deref());
        // Whoever takes part reads the trail, and need not see the root.
        let title = Some(incident.title.as_str()).filter(|_| !incident.names_root);
        add("title", title, self.title.as_deref());
        details
    }
}

/// `change_incident(incident, severity, owner, lead, title, at)`.
#[pg_extern(sql = false)]
fn change_incident(
    incident: Option<i64>,
    severity: Option<Text>,
    owner: Option<Text>,
    lead: Option<Text>,
    title: Option<Text>,
    at: Option<TimestampWithTimeZone>,
) {
    read_only::require_writable(c"assay.change_incident()");
    or_raise((|| {
        let (id, moment) = (required("incident", incident)?, Moment::of(at)?);
        title.as_deref().map(check_title).transpose()?;
        let severity = severity.map(|severity| Severity::named(&severity)).transpose()?;
        let change = Change {
            severity,
            owner,
            lead,
            title,
        };
        let (owner, lead) = (owner_id(change.owner.clone())?, owner_id(change.lead.clone())?);
        incident::require(id, Want::Act)?;
        let locked = incident::lock(id)?;
        state::require_active(&locked)?;
        let details = change.details(&locked);
        if details.is_empty() {
            return Ok(());
        }
        let at = moment.after(&locked)?;
        tables::as_owner(|| {
            tables::write(
                "UPDATE assay.incident SET severity = COALESCE($2, severity), owner_id = COALESCE($3, owner_id),
    lead_id = COALESCE($4, lead_id), title = COALESCE($5, title), names_root = names_root AND $5 IS NULL
WHERE id OPERATOR(pg_catalog.=) $1",
                &[
                    id.into(),
                    change.severity.map(Severity::name).into(),
                    owner.into(),
                    lead.into(),
                    change.title.into(),
                ],
            )
        })?;
        let mut details = Json::Object(details);
        moment.note_in(&mut details)?;
        trail::record(id, Kind::Changed, None, details, at)?;
        outbox::incidents_changed(&[id], Kind::Changed, at)
    })());
}

/// Issues of an argument, of which there must be some.
fn some_issues(argument: Option<Vec<Option<i64>>>) -> Result<Vec<i64>> {
    let named = issues::named(argument)?;
    match named.is_empty() {
        false => Ok(named),
        true => Err(Error::new(INVALID_PARAMETER, "argument \"issues\" is empty").hint("Name the issues.")),
    }
}

/// `add_to_incident(incident, issues, at)`.
#[pg_extern(sql = false)]
fn add_to_incident(incident: Option<i64>, issues: Option<Vec<Option<i64>>>, at: Option<TimestampWithTimeZone>) {
    read_only::require_writable(c"assay.add_to_incident()");
    or_raise((|| {
        let (id, named, moment) = (required("incident", incident)?, some_issues(issues)?, Moment::of(at)?);
        incident::require(id, Want::End)?;
        issues::require_visible(&named)?;
        issues::lock(&named)?;
        let locked = incident::lock(id)?;
        state::require_active(&locked)?;
        issues::require_free(&named)?;
        let at = moment.after(&locked)?;
        issues::move_to(id, &named)?;
        let mut details = json!({"issues": named});
        moment.note_in(&mut details)?;
        trail::record(id, Kind::IssueAdded, None, details, at)?;
        outbox::incidents_changed(&[id], Kind::IssueAdded, at)
    })());
}

/// `merge_incidents(incident, duplicate, note, at)`.
#[pg_extern(sql = false)]
fn merge_incidents(
    incident: Option<i64>,
    duplicate: Option<i64>,
    note: Option<Text>,
    at: Option<TimestampWithTimeZone>,
) {
    read_only::require_writable(c"assay.merge_incidents()");
    or_raise((|| {
        let (id, duplicate) = (required("incident", incident)?, required("duplicate", duplicate)?);
        let moment = Moment::of(at)?;
        check_note(note.as_deref())?;
        incident::require(id, Want::Act)?;
        incident::require(duplicate, Want::Act)?;
        if id == duplicate {
            return Err(
                Error::new(INVALID_PARAMETER, format!("incident {id} cannot be merged into itself"))
                    .hint("Name two incidents."),
            );
        }
        issues::lock_of(duplicate)?;
        // In the order of their numbers, so that two merges do not wait for each other.
        let first = incident::lock(id.min(duplicate))?;
        let second = incident::lock(id.max(duplicate))?;
        state::require_active(&first)?;
        state::require_active(&second)?;
        let (at, other) = (moment.after(&first)?, moment.after(&second)?);
        let at = if i64::from(at) < i64::from(other) { other } else { at };
        merge(id, duplicate, at)?;
        let mut into = json!({"into": id});
        let mut of = json!({"duplicate": duplicate});
        moment.note_in(&mut into)?;
        moment.note_in(&mut of)?;
        let event = |incident: i64, details: Json| Event {
            incident,
            kind: Kind::Merged,
            note: note.as_deref(),
            details,
        };
        trail::record_all(&Actor::caller(), &[event(duplicate, into), event(id, of)], at)?;
        outbox::incidents_changed(&[duplicate, id], Kind::Merged, at)
    })());
}

/// Makes a locked incident part of another: its issues move, it is cancelled, and the whole began when the earlier of the two did.
fn merge(id: i64, duplicate: i64, at: TimestampWithTimeZone) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "UPDATE assay.issue SET incident_id = $1 WHERE incident_id OPERATOR(pg_catalog.=) $2",
            &[id.into(), duplicate.into()],
        )?;
        tables::write(
            "UPDATE assay.incident AS i SET started_at = LEAST(i.started_at, d.started_at)
FROM assay.incident AS d
WHERE i.id OPERATOR(pg_catalog.=) $1 AND d.id OPERATOR(pg_catalog.=) $2",
            &[id.into(), duplicate.into()],
        )?;
        tables::write(
            "UPDATE assay.incident SET status = $3, ended_at = $4, merged_into = $1 WHERE id OPERATOR(pg_catalog.=) $2",
            &[id.into(), duplicate.into(), Status::Cancelled.name().into(), at.into()],
        )
    })
}

/// `split_incident(incident, issues, title, severity, at)`.
#[pg_extern(sql = false)]
fn split_incident(
    incident: Option<i64>,
    issues: Option<Vec<Option<i64>>>,
    title: Option<Text>,
    severity: Option<Text>,
    at: Option<TimestampWithTimeZone>,
) -> i64 {
    read_only::require_writable(c"assay.split_incident()");
    or_raise((|| {
        let (id, named, title) = (
            required("incident", incident)?,
            some_issues(issues)?,
            required("title", title)?,
        );
        check_title(&title)?;
        let severity = severity.map(|severity| Severity::named(&severity)).transpose()?;
        let moment = Moment::of(at)?;
        incident::require(id, Want::Act)?;
        issues::require_visible(&named)?;
        issues::lock(&named)?;
        let locked = incident::lock(id)?;
        state::require_active(&locked)?;
        require_of(&locked, &named)?;
        require_rest(&locked, &named)?;
        let at = moment.after(&locked)?;
        let part = Declaration {
            title: &title,
            severity: severity.unwrap_or(locked.severity),
            issues: &named,
            owner: None,
            lead: None,
            root: None,
            started_at: None,
        };
        let new = part.write(at)?;
        let mut declared = part.details();
        let mut split = json!({"issues": named, "into": new});
        moment.note_in(&mut declared)?;
        moment.note_in(&mut split)?;
        if let Some(declared) = declared.as_object_mut() {
            declared.insert("from".into(), id.into());
        }
        let event = |incident: i64, kind: Kind, details: Json| Event {
            incident,
            kind,
            note: None,
            details,
        };
        let events = [event(id, Kind::Split, split), event(new, Kind::Declared, declared)];
        trail::record_all(&Actor::caller(), &events, at)?;
        outbox::incidents_changed(&[id], Kind::Split, at)?;
        outbox::incidents_changed(&[new], Kind::Declared, at)?;
        Ok(new)
    })())
}

/// Returns an error with 22023 where an incident that a policy declared would have no issue any more: none would be closed, so that nothing would
/// end it. What a person declared is about more than issues.
fn require_rest(incident: &Incident, named: &[i64]) -> Result<()> {
    let is_left: Option<bool> = tables::as_owner(|| {
        tables::write_returning(
            "SELECT NOT i.by_policy OR EXISTS (
    SELECT FROM assay.issue AS s
    WHERE s.incident_id OPERATOR(pg_catalog.=) i.id
      AND s.id OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS n(id))))
FROM assay.incident AS i WHERE i.id OPERATOR(pg_catalog.=) $1",
            &[incident.id.into(), issues::numbers(named)],
        )
    })?;
    match is_left {
        Some(false) => Err(Error::new(
            INVALID_PARAMETER,
            format!("argument \"issues\" has all issues of incident {}", incident.id),
        )
        .hint("A policy declared it of these. assay.change_incident gives it another title, severity or owner.")),
        Some(true) | None => Ok(()),
    }
}

/// Returns an error with ML025 for the first of locked issues that does not belong to the incident.
fn require_of(incident: &Incident, named: &[i64]) -> Result<()> {
    let stranger: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            "SELECT s.id FROM assay.issue AS s
WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($2::pg_catalog.jsonb) AS n(id)))
  AND (s.incident_id OPERATOR(pg_catalog.=) $1) IS NOT TRUE
ORDER BY s.id LIMIT 1",
            &[incident.id.into(), issues::numbers(named)],
        )
    })?;
    match stranger {
        None => Ok(()),
        Some(issue) => Err(Error::new(
            UNDEFINED_ISSUE,
            format!("issue {issue} does not belong to incident {}", incident.id),
        )
        .hint("assay.issues says to which incident an issue belongs.")),
    }
}

//! A plan put into effect: incidents are declared, joined and brought together, in a few statements however many there are.

use std::collections::{BTreeMap, HashMap, HashSet};

use pgrx::datum::TimestampWithTimeZone;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::incident::{Severity, read_object};
use super::issues::numbers;
use super::plan::{Gathering, Situation};
use super::state::Status;
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::text::Prose;
use crate::pg::{snapshot, tables};
use crate::reliability::outbox;
use crate::reliability::trail::{self, Actor, Event, Kind};

/// Rows as a parameter that statements read with `jsonb_to_recordset`.
fn rows(rows: Vec<Json>) -> Parameter {
    Prose::from(Json::from(rows).to_string()).into()
}

/// What the trail says of issues: their numbers, of the first thousand.
pub fn details_of(issues: &[i64]) -> Json {
    const LISTED: usize = 1000;
    match issues.get(..LISTED) {
        Some(first) if issues.len() > LISTED => json!({"issues": first, "more": issues.len() - LISTED}),
        _ => json!({"issues": issues}),
    }
}

/// Puts a plan into effect. Gives false, and does nothing, where somebody has acted on an incident since the plan was made.
pub fn apply(situation: &Situation, mut gatherings: Vec<Gathering>, at: TimestampWithTimeZone) -> Result<bool> {
    let is_as_planned = tables::as_owner(|| {
        leave_what_others_hold(situation, &mut gatherings)?;
        gatherings.retain(Gathering::changes_something);
        hold(situation, &gatherings)
    })?;
    if !is_as_planned {
        return Ok(false);
    }
    let numbered = tables::as_owner(|| {
        let numbered = declare(situation, gatherings, at)?;
        write(&numbered, at)?;
        Ok(numbered)
    })?;
    record(situation, &numbered, at)?;
    Ok(true)
}

#[derive(Deserialize, Default)]
struct Held {
    ids: Vec<i64>,
}

/// Locks older issues that a new incident would take along, and those of incidents that become part of another. Whoever holds such a row may be
/// waiting for this transaction: it is left where it is. Under REPEATABLE READ one that somebody has changed could not even be looked at.
fn leave_what_others_hold(situation: &Situation, gatherings: &mut [Gathering]) -> Result<()> {
    let new: HashSet<i64> = situation
        .issues
        .iter()
        .filter(|issue| issue.is_new)
        .map(|issue| issue.id)
        .collect();
    let older: Vec<i64> = gatherings
        .iter()
        .flat_map(|one| one.issues.iter().copied())
        .filter(|id| !new.contains(id))
        .collect();
    let duplicates: Vec<i64> = gatherings
        .iter()
        .flat_map(|one| one.duplicates.iter().copied())
        .collect();
    let mut free: HashSet<i64> = HashSet::new();
    let mut whole: HashSet<i64> = HashSet::new();
    let is_alone = older.is_empty() && duplicates.is_empty();
    if !snapshot::is_kept() && !is_alone {
        tables::write(
            "SELECT FROM assay.issue AS s
WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
FOR UPDATE SKIP LOCKED",
            &[numbers(&older)],
        )?;
        let held: Option<Held> = read_object(
            "WITH held AS MATERIALIZED (
    SELECT s.id, s.incident_id, s.status FROM assay.issue AS s
    WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
    FOR UPDATE SKIP LOCKED)
SELECT pg_catalog.jsonb_build_object('ids', COALESCE(pg_catalog.jsonb_agg(h.id), '[]'))::pg_catalog.text
FROM held AS h
WHERE h.status OPERATOR(pg_catalog.=) 'open' AND NOT EXISTS (
    SELECT FROM assay.incident AS i
    WHERE i.id OPERATOR(pg_catalog.=) h.incident_id AND i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}'))",
            &[numbers(&older)],
        )?;
        free.extend(held.unwrap_or_default().ids);
        let held: Option<Held> = read_object(
            "WITH held AS MATERIALIZED (
    SELECT s.id FROM assay.issue AS s
    WHERE s.incident_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
    FOR UPDATE SKIP LOCKED)
SELECT pg_catalog.jsonb_build_object('ids', COALESCE(pg_catalog.jsonb_agg(n.id::bigint), '[]'))::pg_catalog.text
FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)
WHERE NOT EXISTS (SELECT FROM assay.issue AS s
                  WHERE s.incident_id OPERATOR(pg_catalog.=) n.id::bigint AND NOT EXISTS (SELECT FROM held AS h WHERE h.id OPERATOR(pg_catalog.=) s.id))",
            &[numbers(&duplicates)],
        )?;
        whole.extend(held.unwrap_or_default().ids);
    }
    for gathering in gatherings {
        gathering.issues.retain(|id| new.contains(id) || free.contains(id));
        gathering.duplicates.retain(|id| whole.contains(id));
    }
    Ok(())
}

#[derive(Deserialize)]
struct States {
    states: HashMap<i64, Status>,
}

/// Keeps others from acting on the incidents until this transaction ends. Whether they stand as they did when the plan was made.
fn hold(situation: &Situation, gatherings: &[Gathering]) -> Result<bool> {
    let touched = |one: &Gathering| {
        one.incident
            .into_iter()
            .chain(one.duplicates.iter().copied())
            .collect::<Vec<_>>()
    };
    let touched: HashSet<i64> = gatherings.iter().flat_map(touched).collect();
    if touched.is_empty() {
        return Ok(true);
    }
    let ids: Vec<i64> = touched.iter().copied().collect();
    let states: Option<States> = read_object(
        "WITH held AS MATERIALIZED (
    SELECT i.id, i.status FROM assay.incident AS i
    WHERE i.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
    ORDER BY i.id FOR UPDATE)
SELECT pg_catalog.jsonb_build_object('states', pg_catalog.jsonb_object_agg(h.id, h.status))::pg_catalog.text FROM held AS h",
        &[numbers(&ids)],
    )?;
    let states = states.map(|states| states.states).unwrap_or_default();
    let planned = situation
        .incidents
        .iter()
        .filter(|incident| touched.contains(&incident.id));
    Ok(planned
        .into_iter()
        .all(|incident| states.get(&incident.id) == Some(&incident.status)))
}

#[derive(Deserialize, Default)]
struct Declared {
    #[serde(default)]
    incidents: HashMap<i64, i64>,
}

/// Declares the incidents that are not there yet; gives each gathering with its incident. The title names the root and what failed there.
fn declare(
    situation: &Situation,
    gatherings: Vec<Gathering>,
    at: TimestampWithTimeZone,
) -> Result<Vec<(i64, Gathering)>> {
    let relations: HashMap<i64, Option<i64>> = situation
        .assets
        .iter()
        .map(|asset| (asset.id, asset.relation))
        .collect();
    let assets: HashMap<i64, i64> = situation.issues.iter().map(|issue| (issue.id, issue.asset)).collect();
    let is_there = |issue: &i64, root: i64| {
        assets.get(issue).is_some_and(|asset| {
            let relation = relations.get(&root).copied().flatten();
            *asset == root || relation.is_some() && relations.get(asset).copied().flatten() == relation
        })
    };
    let new: Vec<Json> = gatherings
        .iter()
        .filter(|one| one.incident.is_none())
        .map(|one| {
            let told = one.issues.iter().find(|issue| is_there(issue, one.root));
            json!({"root": one.root, "severity": one.severity.map(Severity::name), "issues": one.issues, "told": told})
        })
        .collect();
    let declared: Declared = match new.is_empty() {
        true => Declared::default(),
        false => read_object(DECLARE, &[rows(new), at.into()])?.unwrap_or_default(),
    };
    gatherings
        .into_iter()
        .map(|one| {
            let id = one.incident.or_else(|| declared.incidents.get(&one.root).copied());
            id.map(|id| (id, one))
                .ok_or_else(|| Error::new(INTERNAL, "an incident could not be declared"))
        })
        .collect()
}

const DECLARE: &str = "WITH declared AS (
    INSERT INTO assay.incident (title, severity, by_policy, names_root, owner_id, root_id, declared_at, started_at)
    SELECT pg_catalog.left(CASE WHEN s.id IS NULL THEN pg_catalog.concat(COALESCE(a.label, 'Something'), ' fails')
                                ELSE pg_catalog.concat(s.asset_name, ': ', s.subject) END, 200),
           r.severity, true, true,
           (SELECT w.owner_id FROM assay_internal.asset_owner AS w WHERE w.asset_id OPERATOR(pg_catalog.=) r.root
            ORDER BY COALESCE(pg_catalog.starts_with(w.min_severity, 'sev') AND (w.min_severity OPERATOR(pg_catalog.<) r.severity), false), w.owner_id
            LIMIT 1),
           a.id, $2, LEAST($2, (
               SELECT pg_catalog.min(x.started_at) FROM assay.issue AS x
               WHERE x.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text(r.issues) AS n(id)))))
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(root bigint, severity pg_catalog.text, issues pg_catalog.jsonb, told bigint)
    LEFT JOIN assay.issue AS s ON s.id OPERATOR(pg_catalog.=) r.told
    LEFT JOIN assay_internal.asset_now AS a ON a.id OPERATOR(pg_catalog.=) r.root
    ORDER BY r.root
    RETURNING id, root_id)
SELECT pg_catalog.jsonb_build_object('incidents', pg_catalog.jsonb_object_agg(d.root_id, d.id))::pg_catalog.text FROM declared AS d";

/// Writes what becomes of issues and incidents.
fn write(numbered: &[(i64, Gathering)], at: TimestampWithTimeZone) -> Result<()> {
    let mut moved = Vec::new();
    let mut merged = Vec::new();
    let mut changed = Vec::new();
    for (id, one) in numbered {
        moved.extend(one.issues.iter().map(|issue| json!({"issue": issue, "incident": id})));
        merged.extend(
            one.duplicates
                .iter()
                .map(|duplicate| json!({"duplicate": duplicate, "incident": id})),
        );
        if one.incident.is_some() && (one.severity.is_some() || one.is_back) {
            let severity = one.severity.map(Severity::name);
            changed.push(json!({"incident": id, "severity": severity, "is_back": one.is_back}));
        }
    }
    let statements: [(&str, Vec<Json>); 3] = [(MOVE, moved), (MERGE, merged), (CHANGE, changed)];
    for (statement, list) in statements {
        if !list.is_empty() {
            tables::write(statement, &[rows(list), at.into()])?;
        }
    }
    Ok(())
}

const MOVE: &str = "UPDATE assay.issue AS s SET incident_id = r.incident
FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(issue bigint, incident bigint)
WHERE s.id OPERATOR(pg_catalog.=) r.issue AND $2 IS NOT NULL";

/// What is part of another incident is cancelled, its issues go along, and the whole began when the earliest of them did.
const MERGE: &str = "WITH pair AS MATERIALIZED (
    SELECT r.duplicate, r.incident
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(duplicate bigint, incident bigint)
), moved AS (
    UPDATE assay.issue AS s SET incident_id = p.incident FROM pair AS p WHERE s.incident_id OPERATOR(pg_catalog.=) p.duplicate
), whole AS (
    UPDATE assay.incident AS i SET started_at = LEAST(i.started_at, e.started_at)
    FROM (SELECT p.incident, pg_catalog.min(d.started_at) AS started_at
          FROM pair AS p JOIN assay.incident AS d ON d.id OPERATOR(pg_catalog.=) p.duplicate GROUP BY p.incident) AS e
    WHERE i.id OPERATOR(pg_catalog.=) e.incident)
UPDATE assay.incident AS i SET status = 'cancelled', merged_into = p.incident, ended_at = GREATEST($2, i.declared_at, i.acknowledged_at, i.mitigated_at)
FROM pair AS p WHERE i.id OPERATOR(pg_catalog.=) p.duplicate";

const CHANGE: &str = "UPDATE assay.incident AS i SET severity = COALESCE(r.severity, i.severity),
    status = CASE WHEN NOT r.is_back THEN i.status WHEN i.acknowledged_at IS NULL THEN 'open' ELSE 'acknowledged' END,
    mitigated_at = CASE WHEN r.is_back THEN NULL ELSE i.mitigated_at END
FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(incident bigint, severity pg_catalog.text, is_back boolean)
WHERE i.id OPERATOR(pg_catalog.=) r.incident AND $2 IS NOT NULL";

/// Writes all that into the trails, and hands it to the outbox.
fn record(situation: &Situation, numbered: &[(i64, Gathering)], at: TimestampWithTimeZone) -> Result<()> {
    let before: HashMap<i64, _> = situation
        .incidents
        .iter()
        .map(|incident| (incident.id, incident))
        .collect();
    let mut events = Vec::new();
    let mut told: BTreeMap<&str, (Kind, Vec<i64>)> = BTreeMap::new();
    let mut happened = |incident: i64, kind: Kind, details: Json| {
        told.entry(kind.name())
            .or_insert_with(|| (kind, Vec::new()))
            .1
            .push(incident);
        events.push(Event {
            incident,
            kind,
            note: None,
            details,
        });
    };
    for (id, one) in numbered {
        match one.incident.and_then(|id| before.get(&id)) {
            None => {
                let mut details = details_of(&one.issues);
                if let Some(details) = details.as_object_mut() {
                    details.insert("severity".into(), json!(one.severity.map(Severity::name)));
                }
                happened(*id, Kind::Declared, details);
            }
            Some(now) => {
                if !one.issues.is_empty() {
                    happened(*id, Kind::IssueAdded, details_of(&one.issues));
                }
                if one.is_back {
                    happened(*id, Kind::Reopened, json!({"from": now.status.name()}));
                }
                if let Some(severity) = one.severity {
                    let change = json!({"severity": {"from": now.severity.name(), "to": severity.name()}});
                    happened(*id, Kind::Changed, change);
                }
            }
        }
        for duplicate in &one.duplicates {
            happened(*duplicate, Kind::Merged, json!({"into": id}));
            happened(*id, Kind::Merged, json!({"duplicate": duplicate}));
        }
    }
    trail::record_all(&Actor::policy(), &events, at)?;
    for (kind, incidents) in told.into_values() {
        outbox::incidents_changed(&incidents, kind, at)?;
    }
    Ok(())
}

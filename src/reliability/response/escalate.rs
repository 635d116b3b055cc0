//! What is to happen because time has passed: whoever is to know that nobody has acted is told.
//!
//! A limit is counted from when the incident was declared, or reopened, in the working hours of the policy's calendar; a step's wait is counted on
//! from there in the same hours. Each step is taken once, by whichever call comes first; what fell due while nobody called is made up for in order.

use std::collections::{HashMap, HashSet};

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use pgrx::spi::quote_literal;
use serde_json::{Value as Json, json};

use super::policy::{self, Policy, Target};
use super::{SECOND, calendar, read_json, read_one, rotation};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use crate::pg::{read_only, role, snapshot, tables};
use crate::reliability::outbox::{self, Escalated};
use crate::reliability::trail::{self, Actor, Event, Kind};
use crate::reliability::{asset, clock, incidents};
use algo::reliability::working_time::WorkingTime;

/// What else time brings, beside escalation, to everybody's things.
const STEPS: [fn(TimestampWithTimeZone) -> Result<()>; 4] = [
    |_| asset::remember_all(),
    incidents::declare_left,
    outbox::tell_burns,
    outbox::forget_old,
];

/// Steps that one statement records.
const TOGETHER: usize = 1000;

/// What can be late.
const CAUSES: [&str; 2] = ["acknowledge", "resolve"];

/// An incident that is not over.
struct Active {
    id: i64,
    severity: String,
    is_open: bool,
    /// When the clock began to run, in microseconds since 2000.
    since: i64,
    owner: Option<i64>,
    lead: Option<i64>,
}

/// A step that is due, and was not taken yet.
struct Due<'a> {
    incident: &'a Active,
    cause: &'static str,
    /// From 1.
    step: usize,
    at: i64,
    tell: &'a [String],
}

/// The incidents that are not over, of those severities that have a policy.
fn active(policies: &[Policy]) -> Result<Vec<Active>> {
    let severities: Vec<String> = policies.iter().map(|policy| policy.severity.clone()).collect();
    let sql = format!(
        "SELECT i.id, i.severity, i.status OPERATOR(pg_catalog.=) 'open',
    (EXTRACT(epoch FROM c.since OPERATOR(pg_catalog.-) '2000-01-01 00:00:00+00'::pg_catalog.timestamptz)
        OPERATOR(pg_catalog.*) 1000000)::bigint, i.owner_id, i.lead_id
FROM assay.incident AS i
JOIN assay_internal.incident_clock AS c ON c.incident_id OPERATOR(pg_catalog.=) i.id
WHERE i.status OPERATOR(pg_catalog.=) ANY ('{{open,acknowledged,mitigated}}') AND i.merged_into IS NULL
  AND i.severity OPERATOR(pg_catalog.=) ANY ({}::pg_catalog.text[])",
        quote_literal(format!("{{{}}}", severities.join(",")))
    );
    let mut found = Vec::new();
    read(&sql, &mut |row| {
        let text = |column: usize| match row.value(column) {
            Value::Text(text) => text.into_owned(),
            _ => String::new(),
        };
        let number = |column: usize| row.number(column).map(|number| number as i64);
        found.push(Active {
            id: number(0).unwrap_or(0),
            severity: text(1),
            is_open: row.number(2) == Some(1.0),
            since: number(3).unwrap_or(0),
            owner: number(4),
            lead: number(5),
        });
        Ok(())
    })?;
    Ok(found)
}

/// Reads rows as the owner of assay's tables, as they are now.
fn read(sql: &str, receive: &mut dyn FnMut(&crate::pg::query_row::Row<'_>) -> Result<()>) -> Result<()> {
    snapshot::with_own(|_| tables::as_owner(|| Query::new(sql)?.run(receive)))
}

/// The steps that were taken since the clock of their incident began to run.
fn taken(incidents: &[Active]) -> Result<HashSet<(i64, bool, usize)>> {
    let since: HashMap<i64, i64> = incidents.iter().map(|incident| (incident.id, incident.since)).collect();
    let mut found = HashSet::new();
    read(
        "SELECT e.incident_id, e.cause OPERATOR(pg_catalog.=) 'acknowledge', e.step,
    (EXTRACT(epoch FROM e.at OPERATOR(pg_catalog.-) '2000-01-01 00:00:00+00'::pg_catalog.timestamptz) OPERATOR(pg_catalog.*) 1000000)::bigint
FROM assay.escalation AS e
JOIN assay.incident AS i ON i.id OPERATOR(pg_catalog.=) e.incident_id
WHERE i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}')",
        &mut |row| {
            let number = |column: usize| row.number(column).unwrap_or(0.0);
            let id = number(0) as i64;
            if since.get(&id).is_some_and(|since| number(3) as i64 >= *since) {
                found.insert((id, number(1) == 1.0, number(2) as usize));
            }
            Ok(())
        },
    )?;
    Ok(found)
}

/// Whether the caller may take the steps of everybody's incidents: acts for the owner of the database, or may add rows to the table of them.
fn may_all() -> Result<bool> {
    if role::is_steward() {
        return Ok(true);
    }
    let caller = role::current();
    let granted: Option<bool> = read_one(
        "SELECT pg_catalog.has_table_privilege($1::pg_catalog.oid, 'assay.escalation', 'INSERT')",
        &[caller.into()],
    )?;
    Ok(granted == Some(true))
}

/// Returns an error with 42501 unless it is now: since the transaction began, and no later than the clock has it. Who could say another time would tell
/// people that nobody has acted in time, and have the trails say when.
fn require_now(at: TimestampWithTimeZone) -> Result<()> {
    if (snapshot::transaction_start()..=i64::from(snapshot::clock()?)).contains(&i64::from(at)) {
        return Ok(());
    }
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        "permission denied to escalate incidents at another time than now",
    )
    .hint("Leave out \"at\", or ask the owner of the database."))
}

/// The incidents in which the caller takes part.
fn own() -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    snapshot::with_own(|_| {
        Query::new("SELECT v.id FROM assay_internal.visible_incident AS v WHERE v.takes_part")?.run(&mut |row| {
            found.extend(row.number(0).map(|id| id as i64));
            Ok(())
        })
    })?;
    Ok(found)
}

/// The working time of each calendar that policies name, from the first incident's beginning until `at`.
fn working_times(policies: &[Policy], incidents: &[Active], at: i64) -> Result<HashMap<String, WorkingTime>> {
    /// Incidents may be open for years; before that, no hours are looked up.
    const LONGEST: i64 = 10 * 366 * 86_400 * SECOND;
    let mut found = HashMap::new();
    for policy in policies {
        let Some(name) = &policy.calendar else { continue };
        let of_policy = incidents.iter().filter(|incident| incident.severity == policy.severity);
        let Some(since) = of_policy
            .map(|incident| incident.since)
            .min()
            .filter(|since| *since <= at)
        else {
            continue;
        };
        let since = since.max(at.saturating_sub(LONGEST));
        let hours = calendar::working_time(name, since, at)?;
        // Two policies may share a calendar, and one of them look further back.
        let entry = found.entry(name.clone()).or_insert((since, WorkingTime::default()));
        if entry.1 == WorkingTime::default() || since < entry.0 {
            *entry = (since, hours);
        }
    }
    Ok(found.into_iter().map(|(name, (_, hours))| (name, hours)).collect())
}

/// The steps that are due at `at`, in the order in which they fell due.
fn due<'a>(policies: &'a [Policy], incidents: &'a [Active], at: i64) -> Result<Vec<Due<'a>>> {
    let taken = taken(incidents)?;
    let hours = working_times(policies, incidents, at)?;
    let policies: HashMap<&str, &Policy> = policies
        .iter()
        .map(|policy| (policy.severity.as_str(), policy))
        .collect();
    let mut found = Vec::new();
    for incident in incidents {
        let Some(policy) = policies.get(incident.severity.as_str()) else {
            continue;
        };
        let limits = [policy.acknowledge.filter(|_| incident.is_open), policy.resolve];
        for (cause, limit) in CAUSES.into_iter().zip(limits) {
            let Some(limit) = limit else { continue };
            for (place, step) in policy.steps.iter().enumerate() {
                let wait = ((limit + step.after) * SECOND as f64) as i64;
                let reached = match &policy.calendar {
                    None => incident.since.checked_add(wait),
                    Some(calendar) => hours.get(calendar).and_then(|hours| hours.after(incident.since, wait)),
                };
                // A later step falls due no earlier.
                let Some(reached) = reached.filter(|reached| *reached <= at) else {
                    break;
                };
                if !taken.contains(&(incident.id, cause == CAUSES[0], place + 1)) {
                    found.push(Due {
                        incident,
                        cause,
                        step: place + 1,
                        at: reached,
                        tell: &step.tell,
                    });
                }
            }
        }
    }
    found.sort_by_key(|due| (due.at, due.incident.id, due.cause, due.step));
    Ok(found)
}

/// Who is meant by what steps say, by name and number.
struct People {
    names: HashMap<i64, String>,
    by_name: HashMap<String, i64>,
    on_call: HashMap<String, i64>,
}

impl People {
    fn read(at: TimestampWithTimeZone) -> Result<People> {
        let names: HashMap<String, i64> = read_json(
            "SELECT pg_catalog.json_object_agg(o.name, o.id)::pg_catalog.text FROM assay.owner AS o",
            &[],
        )?;
        let on_call = rotation::on_call(None, at)?;
        Ok(People {
            names: names.iter().map(|(name, id)| (*id, name.clone())).collect(),
            by_name: names,
            on_call: on_call
                .into_iter()
                .map(|on_call| (on_call.rotation, on_call.owner))
                .collect(),
        })
    }

    /// Whom a step tells. Who is gone, or was never there, is nobody.
    fn of(&self, due: &Due<'_>) -> Vec<i64> {
        let mut found: Vec<i64> = Vec::new();
        for text in due.tell {
            let one = match Target::read(text) {
                None => None,
                Some(Target::Owner) => due.incident.owner,
                Some(Target::Lead) => due.incident.lead.or(due.incident.owner),
                Some(Target::Rotation(name)) => self.on_call.get(&name).copied(),
                Some(Target::Named { name, .. }) => self.by_name.get(&name).copied(),
            };
            found.extend(one.filter(|one| !found.contains(one)));
        }
        found
    }

    fn names(&self, owners: &[i64]) -> Vec<String> {
        owners
            .iter()
            .filter_map(|owner| self.names.get(owner).cloned())
            .collect()
    }
}

/// Records steps, and gives the places of those that nobody else has recorded meanwhile.
fn record(rows: &[Json], at: TimestampWithTimeZone) -> Result<HashSet<usize>> {
    let places: Vec<usize> = read_json(
        "WITH r AS MATERIALIZED (
    SELECT r.place, r.incident, r.cause, r.step, r.told, z.zero OPERATOR(pg_catalog.+) (r.due OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval) AS due_at,
           z.zero OPERATOR(pg_catalog.+) (r.since OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval) AS since
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(place integer, incident bigint, cause pg_catalog.text, step integer,
         due pg_catalog.float8, since pg_catalog.float8, told pg_catalog.text[])
    CROSS JOIN (SELECT '2000-01-01 00:00:00+00'::pg_catalog.timestamptz AS zero) AS z),
written AS (
    INSERT INTO assay.escalation AS e (incident_id, cause, step, due_at, at, told)
    SELECT r.incident, r.cause, r.step, r.due_at, $2, r.told FROM r ORDER BY r.incident, r.cause, r.step
    ON CONFLICT (incident_id, cause, step) DO UPDATE SET due_at = excluded.due_at, at = excluded.at, told = excluded.told
        WHERE e.at OPERATOR(pg_catalog.<) (
            SELECT x.since FROM r AS x WHERE x.incident OPERATOR(pg_catalog.=) e.incident_id LIMIT 1)
    RETURNING incident_id, cause, step)
SELECT pg_catalog.json_agg(r.place)::pg_catalog.text FROM r
JOIN written AS w ON w.incident_id OPERATOR(pg_catalog.=) r.incident AND w.cause OPERATOR(pg_catalog.=) r.cause AND w.step OPERATOR(pg_catalog.=) r.step",
        &[Prose::from(Json::from(rows.to_vec()).to_string()).into(), at.into()],
    )?;
    Ok(places.into_iter().collect())
}

result_row! {
    /// A step that was taken.
    struct EscalateRow {
        incident: i64,
        severity: String,
        cause: String,
        step: i32,
        due_at: Option<TimestampWithTimeZone>,
        told: Vec<Text>,
    }
}

/// Takes the steps that are due, and gives them.
fn escalate_all(at: TimestampWithTimeZone, may_all: bool) -> Result<Vec<EscalateRow>> {
    let policies = policy::all()?;
    if policies.is_empty() {
        return Ok(Vec::new());
    }
    let mut incidents = active(&policies)?;
    if !may_all {
        let own = own()?;
        incidents.retain(|incident| own.contains(&incident.id));
    }
    let due = due(&policies, &incidents, i64::from(at))?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let people = People::read(at)?;
    let mut rows = Vec::new();
    for due in due.chunks(TOGETHER) {
        let steps: Vec<Escalated> = (due.iter())
            .map(|due| Escalated {
                incident: due.incident.id,
                cause: due.cause,
                step: due.step,
                due_at: due.at,
                owners: people.of(due),
            })
            .collect();
        let told: Vec<Vec<String>> = steps.iter().map(|step| people.names(&step.owners)).collect();
        let to_record = due.iter().zip(&told).enumerate().map(|(place, (due, told))| {
            json!({"place": place, "incident": due.incident.id, "cause": due.cause, "step": due.step, "due": due.at,
                "since": due.incident.since, "told": told})
        });
        let written = record(&to_record.collect::<Vec<_>>(), at)?;
        let mut taken = Vec::with_capacity(written.len());
        let mut events = Vec::with_capacity(written.len());
        for (place, step) in steps
            .into_iter()
            .enumerate()
            .filter(|(place, _)| written.contains(place))
        {
            let due_at = TimestampWithTimeZone::try_from(step.due_at).ok();
            events.push(Event {
                incident: step.incident,
                kind: Kind::Escalated,
                note: None,
                details: json!({"cause": step.cause, "step": step.step, "told": told[place]}),
            });
            rows.push(EscalateRow {
                incident: step.incident,
                severity: due[place].incident.severity.clone(),
                cause: step.cause.into(),
                step: step.step as i32,
                due_at,
                told: told[place].iter().map(|name| Text::from(name.as_str())).collect(),
            });
            taken.push(step);
        }
        trail::record_all(&Actor::policy(), &events, at)?;
        outbox::escalated(&taken, at)?;
    }
    Ok(rows)
}

/// `escalate(at)`.
#[pg_extern(sql = false)]
fn escalate(at: Option<TimestampWithTimeZone>) -> SetOf<EscalateRow> {
    read_only::require_writable(c"assay.escalate()");
    let rows = || {
        let at = required("at", at)?;
        clock::of("at", at)?;
        let may_all = may_all()?;
        if !may_all {
            require_now(at)?;
        }
        let rows = escalate_all(at, may_all)?;
        if may_all {
            for step in STEPS {
                step(at)?;
            }
        }
        Ok(rows)
    };
    set_of(or_raise(rows()))
}

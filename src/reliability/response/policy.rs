//! Policies: how soon incidents of a severity are to be dealt with, and who is told when they are not.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{LONGEST, calendar, read_json, require_steward, rotation, seconds};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, parse, required};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};
use crate::reliability::owner;

const SEVERITIES: [&str; 4] = ["sev1", "sev2", "sev3", "sev4"];
/// The most steps of a policy.
const STEPS: usize = 20;
/// The most whom a step tells.
const TOLD: usize = 10;

/// Of which issues an incident is declared at once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AutoDeclare {
    /// Those of products of at least this priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    /// Those of at least this severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Priority {
    P1,
    P2,
    P3,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Warn,
    Error,
}

/// A step as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    after: String,
    tell: Tell,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Tell {
    One(String),
    Many(Vec<String>),
}

impl Tell {
    fn names(&self) -> Vec<String> {
        match self {
            Tell::One(name) => vec![name.clone()],
            Tell::Many(names) => names.clone(),
        }
    }
}

/// Whom a step tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Who owns the incident.
    Owner,
    /// Who leads the work on it; without one, who owns it.
    Lead,
    /// Who is on call.
    Rotation(String),
    /// A person or a team.
    Named { name: String, is_team: bool },
}

impl Target {
    /// Reads `owner`, `lead`, `rotation:NAME`, `team:NAME`, `person:NAME`.
    pub fn read(text: &str) -> Option<Target> {
        match text.split_once(':') {
            None if text == "owner" => Some(Target::Owner),
            None if text == "lead" => Some(Target::Lead),
            None => None,
            Some((kind, name)) => {
                let name = name.trim().to_string();
                match kind.trim() {
                    "rotation" => Some(Target::Rotation(name)),
                    "team" => Some(Target::Named { name, is_team: true }),
                    "person" => Some(Target::Named { name, is_team: false }),
                    _ => None,
                }
            }
        }
    }

    /// As it is written.
    fn text(&self) -> String {
        match self {
            Target::Owner => "owner".into(),
            Target::Lead => "lead".into(),
            Target::Rotation(name) => format!("rotation:{name}"),
            Target::Named { name, is_team: true } => format!("team:{name}"),
            Target::Named { name, is_team: false } => format!("person:{name}"),
        }
    }

    /// Returns an error unless it is there.
    fn check(&self) -> Result<()> {
        match self {
            Target::Owner | Target::Lead => Ok(()),
            Target::Rotation(name) => rotation::named(name).map(drop),
            Target::Named { name, is_team } => match owner::named(name)?.is_team == *is_team {
                true => Ok(()),
                false => Err(Error::new(
                    INVALID_PARAMETER,
                    format!("\"{name}\" is a {}", if *is_team { "person" } else { "team" }),
                )
                .hint("Write person:NAME or team:NAME as assay.owners has it.")),
            },
        }
    }
}

fn refused(problem: String, found: String) -> Error {
    Error::new(INVALID_PARAMETER, format!("steps: {problem}"))
        .detail(format!("It is {found}."))
        .hint("Write them as [{\"after\": \"0 minutes\", \"tell\": \"owner\"}, {\"after\": \"30 minutes\", \"tell\": [\"rotation:NAME\", \"lead\"]}], in the order of time; tell names owner, lead, rotation:NAME, team:NAME or person:NAME.")
}

/// Steps as they are kept. Without any, the owner is told when a limit has passed.
fn steps(json: Option<Jsonb>) -> Result<Json> {
    let Some(json) = json else {
        return Ok(serde_json::json!([{"after": "0 minutes", "tell": ["owner"]}]));
    };
    let json = json.read("argument \"steps\"")?;
    let steps: Vec<Step> = parse("steps", json.clone())?;
    if steps.is_empty() || steps.len() > STEPS {
        return Err(refused(format!("there must be 1 to {STEPS}"), json.to_string()));
    }
    let mut kept = Vec::with_capacity(steps.len());
    for step in &steps {
        let names = step.tell.names();
        if names.is_empty() || names.len() > TOLD {
            return Err(refused(
                format!("a step tells 1 to {TOLD}"),
                Json::from(names).to_string(),
            ));
        }
        let targets = names.iter().map(|name| {
            let target = Target::read(name).ok_or_else(|| refused("nobody is meant".into(), name.clone()))?;
            target.check()?;
            Ok(target.text())
        });
        kept.push(serde_json::json!({"after": step.after, "tell": targets.collect::<Result<Vec<String>>>()?}));
    }
    let kept = Json::from(kept);
    let after = waits(&kept)?;
    if let Some(wrong) = after.iter().position(|seconds| !(0.0..=LONGEST).contains(seconds)) {
        return Err(refused("after is out of range".into(), steps[wrong].after.clone()));
    }
    if let Some(pair) = after.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(refused(
            "a step comes after a later one".into(),
            steps[pair + 1].after.clone(),
        ));
    }
    Ok(kept)
}

/// After how many seconds each step is taken, with a day of 24 hours.
fn waits(steps: &Json) -> Result<Vec<f64>> {
    read_json(
        "SELECT pg_catalog.json_agg(EXTRACT(epoch FROM (s.step OPERATOR(pg_catalog.->>) 'after')::pg_catalog.interval) ORDER BY s.place)::pg_catalog.text
FROM pg_catalog.jsonb_array_elements($1::pg_catalog.jsonb) WITH ORDINALITY AS s(step, place)",
        &[steps.clone().into()],
    )
}

/// A policy as escalation reads it: times in seconds.
#[derive(Debug, Deserialize)]
pub struct Policy {
    pub severity: String,
    pub acknowledge: Option<f64>,
    pub resolve: Option<f64>,
    pub calendar: Option<String>,
    pub steps: Vec<PolicyStep>,
}

#[derive(Debug, Deserialize)]
pub struct PolicyStep {
    pub after: f64,
    pub tell: Vec<String>,
}

/// The policies that limit something.
pub fn all() -> Result<Vec<Policy>> {
    read_json(
        "SELECT pg_catalog.json_agg(pg_catalog.json_build_object('severity', p.severity, 'acknowledge', EXTRACT(epoch FROM p.ack_within),
    'resolve', EXTRACT(epoch FROM p.resolve_within), 'calendar', p.calendar, 'steps', (
        SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
                   'after', EXTRACT(epoch FROM (s.step OPERATOR(pg_catalog.->>) 'after')::pg_catalog.interval),
                   'tell', s.step OPERATOR(pg_catalog.->) 'tell') ORDER BY s.place), '[]')
        FROM pg_catalog.jsonb_array_elements(p.steps) WITH ORDINALITY AS s(step, place))))::pg_catalog.text
FROM assay.response_policy AS p WHERE p.ack_within IS NOT NULL OR p.resolve_within IS NOT NULL",
        &[],
    )
}

/// `incident_policy(severity, ack_within, resolve_within, auto_declare, calendar, steps)`.
#[pg_extern(sql = false)]
fn incident_policy(
    severity: Option<Text>,
    ack_within: Option<Interval>,
    resolve_within: Option<Interval>,
    auto_declare: Option<Jsonb>,
    calendar: Option<Text>,
    steps: Option<Jsonb>,
) {
    read_only::require_writable(c"assay.incident_policy()");
    or_raise((|| {
        let severity = String::from(required("severity", severity)?);
        if !SEVERITIES.contains(&severity.as_str()) {
            return Err(Error::new(INVALID_PARAMETER, format!("\"{severity}\" is no severity"))
                .hint("It is sev1, the worst, to sev4."));
        }
        let limit = |name: &str, within: &Option<Interval>| {
            within.as_ref().map(|within| seconds(name, within, 0.0)).transpose()
        };
        let [acknowledge, resolve] = [
            limit("ack_within", &ack_within)?,
            limit("resolve_within", &resolve_within)?,
        ];
        if acknowledge > resolve && resolve.is_some() {
            return Err(Error::new(
                INVALID_PARAMETER,
                "argument \"ack_within\" is longer than \"resolve_within\"",
            )
            .hint("Whoever resolves an incident has taken it on: give the limits the other way round."));
        }
        let has_limit = ack_within.is_some() || resolve_within.is_some();
        if !has_limit && (calendar.is_some() || steps.is_some()) {
            return Err(Error::new(
                INVALID_PARAMETER,
                "a policy without a limit has neither calendar nor steps",
            )
            .hint("Set ack_within or resolve_within: steps begin when it has passed."));
        }
        let auto_declare: Option<AutoDeclare> = match auto_declare {
            None => None,
            some => Some(parse("auto_declare", object("auto_declare", some)?)?),
        };
        require_steward("incident policies")?;
        if let Some(calendar) = &calendar
            && !calendar::exists(calendar)?
        {
            return Err(calendar::undefined(calendar));
        }
        let steps = match has_limit {
            true => self::steps(steps)?,
            false => Json::Array(Vec::new()),
        };
        let auto_declare = auto_declare
            .map(|auto| {
                serde_json::to_value(auto).map_err(|problem| crate::pg::options::invalid("auto_declare", &problem))
            })
            .transpose()?;
        let by = role::name_of(role::current());
        tables::as_owner(|| {
            match has_limit || auto_declare.is_some() {
            false => tables::write(
                "DELETE FROM assay.response_policy WHERE severity OPERATOR(pg_catalog.=) $1",
                &[severity.into()],
            ),
            true => tables::write(
                "INSERT INTO assay.response_policy (severity, ack_within, resolve_within, calendar, auto_declare, steps, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (severity) DO UPDATE SET ack_within = excluded.ack_within, resolve_within = excluded.resolve_within, calendar = excluded.calendar,
    auto_declare = excluded.auto_declare, steps = excluded.steps, changed_by = excluded.changed_by, changed_at = excluded.changed_at",
                &[
                    severity.into(),
                    ack_within.into(),
                    resolve_within.into(),
                    calendar.into(),
                    auto_declare.into(),
                    steps.into(),
                    by.as_str().into(),
                ],
            ),
        }
        })
    })());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_step_tells_is_read_as_it_is_written() {
        for text in [
            "owner",
            "lead",
            "rotation:platform",
            "team:data",
            "person:Anna: the second",
        ] {
            assert_eq!(Target::read(text).unwrap().text(), text);
        }
        for wrong in ["", "Owner", "everybody", "role:ann", ":x"] {
            assert_eq!(Target::read(wrong), None, "{wrong}");
        }
    }
}

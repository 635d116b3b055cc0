//! Rotations: who is on call in turn.
//!
//! Shifts are counted on a clock on the wall of the rotation's time zone: one of a week that begins on Monday at nine begins at nine in summer, too,
//! and the shift in which clocks change is an hour longer or shorter.

use pgrx::datum::{Interval, Range, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::spi::quote_literal;
use serde::Deserialize;

use super::{query_json, read_one, require_steward, seconds, session_time_zone};
use crate::pg::error::{
    DEPENDENT_OBJECTS, Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, LIMIT_EXCEEDED, Result, UNDEFINED_OWNER,
    or_raise,
};
use crate::pg::options::{required, texts};
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, tables, time_zone};
use crate::reliability::clock;
use crate::reliability::maintenance::bounds;
use crate::reliability::owner::{self, Owner};

/// The most people of a rotation.
const PEOPLE: usize = 1000;
/// The shortest shift, in seconds.
const SHORTEST: f64 = 3600.0;

/// Who is on call: of whom, and from when until when, in microseconds since 2000.
#[derive(Debug, Clone, Deserialize)]
pub struct OnCall {
    pub rotation: String,
    pub owner: i64,
    person: String,
    since: i64,
    until: i64,
}

/// Who is on call at a time, of the rotation of a name or of all. Nobody is before a rotation begins.
pub fn on_call(rotation: Option<&str>, at: TimestampWithTimeZone) -> Result<Vec<OnCall>> {
    let at = i64::from(at);
    let named = rotation.map_or(String::from("true"), |name| {
        format!("r.name OPERATOR(pg_catalog.=) {}", quote_literal(name))
    });
    query_json(&format!(
        "SELECT pg_catalog.json_agg(pg_catalog.json_build_object('rotation', r.name, 'owner', p.id, 'person', p.name,
    'since', (EXTRACT(epoch FROM COALESCE(pg_catalog.lower(v.during), GREATEST(t.begins, n.ended)) OPERATOR(pg_catalog.-) z.zero)
        OPERATOR(pg_catalog.*) 1000000)::bigint,
    'until', (EXTRACT(epoch FROM COALESCE(pg_catalog.upper(v.during), LEAST(t.ends, n.begins)) OPERATOR(pg_catalog.-) z.zero)
        OPERATOR(pg_catalog.*) 1000000)::bigint) ORDER BY r.name)::pg_catalog.text
FROM assay.rotation AS r
CROSS JOIN (SELECT '2000-01-01 00:00:00+00'::pg_catalog.timestamptz AS zero, '2000-01-01 00:00:00+00'::pg_catalog.timestamptz
    OPERATOR(pg_catalog.+) ('1 microsecond'::pg_catalog.interval OPERATOR(pg_catalog.*) {at}::pg_catalog.float8) AS at) AS z
CROSS JOIN LATERAL (
    SELECT EXTRACT(epoch FROM r.shift)::bigint AS seconds, pg_catalog.timezone(r.time_zone, r.starts_at) AS begins,
           pg_catalog.cardinality(r.people) AS people) AS l
CROSS JOIN LATERAL (
    SELECT s.turn, s.begins, s.ends FROM (
        SELECT c.turn,
               pg_catalog.timezone(r.time_zone, l.begins OPERATOR(pg_catalog.+) pg_catalog.make_interval(
                   secs => (c.turn OPERATOR(pg_catalog.*) l.seconds)::pg_catalog.float8)) AS begins,
               pg_catalog.timezone(r.time_zone, l.begins OPERATOR(pg_catalog.+) pg_catalog.make_interval(
                   secs => ((c.turn OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.*) l.seconds)::pg_catalog.float8)) AS ends
        FROM (SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.timezone(r.time_zone, z.at) OPERATOR(pg_catalog.-) l.begins)
                  OPERATOR(pg_catalog./) l.seconds)::bigint OPERATOR(pg_catalog.+) (d.step OPERATOR(pg_catalog.-) 1) AS turn
              FROM pg_catalog.generate_series(0, 2) AS d(step)) AS c) AS s
    WHERE s.turn OPERATOR(pg_catalog.>=) 0 AND s.begins OPERATOR(pg_catalog.<=) z.at
      AND s.ends OPERATOR(pg_catalog.>) z.at
    ORDER BY s.turn LIMIT 1) AS t
LEFT JOIN LATERAL (
    SELECT o.person_id, o.during FROM assay.rotation_override AS o
    WHERE o.rotation_id OPERATOR(pg_catalog.=) r.id AND o.during OPERATOR(pg_catalog.@>) z.at
    ORDER BY o.id DESC LIMIT 1) AS v ON true
CROSS JOIN LATERAL (
    SELECT pg_catalog.max(pg_catalog.upper(o.during)) FILTER (WHERE pg_catalog.upper(o.during) OPERATOR(pg_catalog.<=) z.at) AS ended,
           pg_catalog.min(pg_catalog.lower(o.during)) FILTER (WHERE pg_catalog.lower(o.during) OPERATOR(pg_catalog.>) z.at) AS begins
    FROM assay.rotation_override AS o WHERE o.rotation_id OPERATOR(pg_catalog.=) r.id) AS n
CROSS JOIN LATERAL (
    SELECT w.id, w.name FROM (
        SELECT v.person_id AS id, 0 AS place WHERE v.person_id IS NOT NULL
        UNION ALL
        SELECT r.people[((t.turn OPERATOR(pg_catalog.+) g.step) OPERATOR(pg_catalog.%) l.people)::integer OPERATOR(pg_catalog.+) 1], g.step OPERATOR(pg_catalog.+) 1
        FROM pg_catalog.generate_series(0, l.people OPERATOR(pg_catalog.-) 1) AS g(step)) AS x
    JOIN assay.owner AS w ON w.id OPERATOR(pg_catalog.=) x.id
    ORDER BY x.place LIMIT 1) AS p
WHERE {named}"
    ))
}

/// The error of a rotation that is not there.
fn undefined(name: &str) -> Error {
    Error::new(UNDEFINED_OWNER, format!("rotation \"{name}\" does not exist"))
        .hint("SELECT name FROM assay.rotations lists them; assay.add_rotation adds one.")
}

/// The number of the rotation of a name. Returns an error with ML023 where there is none.
pub fn named(name: &str) -> Result<i64> {
    let found: Option<i64> = query_json(&format!(
        "SELECT r.id::pg_catalog.text FROM assay.rotation AS r WHERE r.name OPERATOR(pg_catalog.=) {}",
        quote_literal(name)
    ))?;
    found.ok_or_else(|| undefined(name))
}

/// A person by name. Returns an error for a team.
fn person(name: &str) -> Result<Owner> {
    let owner = owner::named(name)?;
    match owner.is_team {
        false => Ok(owner),
        true => Err(Error::new(INVALID_PARAMETER, format!("\"{name}\" is a team"))
            .hint("On call is one person at a time: name the people of the team.")),
    }
}

/// `add_rotation(name, people, starts_at, shift, time_zone)`.
#[pg_extern(sql = false)]
fn add_rotation(
    name: Option<Text>,
    people: Option<Vec<Option<Text>>>,
    starts_at: Option<TimestampWithTimeZone>,
    shift: Option<Interval>,
    time_zone: Option<Text>,
) {
    read_only::require_writable(c"assay.add_rotation()");
    or_raise((|| {
        let name = required("name", name)?;
        names::check("rotation's name", &name)?;
        let people = required("people", texts("people", people)?)?;
        let starts_at = required("starts_at", starts_at)?;
        let shift = required("shift", shift)?;
        seconds("shift", &shift, SHORTEST)?;
        if people.is_empty() || people.len() > PEOPLE {
            return Err(
                Error::new(LIMIT_EXCEEDED, format!("a rotation has 1 to {PEOPLE} people"))
                    .detail(format!("Of \"{name}\" there are {}.", people.len()))
                    .hint("Name them in the order of their turns; who comes twice has two turns."),
            );
        }
        clock::of("starts_at", starts_at)?;
        let time_zone = time_zone.map_or_else(session_time_zone, |zone| Ok(String::from(zone)))?;
        require_steward("rotations")?;
        time_zone::require(&time_zone)?;
        let people: Vec<String> = (people.iter())
            .map(|name| Ok(person(name)?.id.to_string()))
            .collect::<Result<_>>()?;
        let caller = role::current();
        tables::as_owner(|| {
            tables::write(
                "INSERT INTO assay.rotation AS r (name, people, starts_at, shift, time_zone, added_by)
VALUES ($1, $2::bigint[], $3, $4, $5, $6::pg_catalog.oid)
ON CONFLICT (name) DO UPDATE SET people = excluded.people, starts_at = excluded.starts_at, shift = excluded.shift, time_zone = excluded.time_zone",
                &[
                    name.into(),
                    format!("{{{}}}", people.join(",")).into(),
                    starts_at.into(),
                    shift.into(),
                    time_zone.as_str().into(),
                    caller.into(),
                ],
            )
        })
    })());
}

/// `drop_rotation(name)`.
#[pg_extern(sql = false)]
fn drop_rotation(name: Option<Text>) {
    read_only::require_writable(c"assay.drop_rotation()");
    or_raise((|| {
        let name = required("name", name)?;
        require_steward("rotations")?;
        named(&name)?;
        let user: Option<Text> = read_one(
            "SELECT p.severity FROM assay.response_policy AS p
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(p.steps) AS s(step)
WHERE (s.step OPERATOR(pg_catalog.->) 'tell') OPERATOR(pg_catalog.@>) pg_catalog.to_jsonb($1::pg_catalog.text) ORDER BY 1 LIMIT 1",
            &[format!("rotation:{name}").into()],
        )?;
        if let Some(severity) = user {
            return Err(Error::new(DEPENDENT_OBJECTS, format!("rotation \"{name}\" is in use"))
                .detail(format!(
                    "Escalation of incidents of severity {severity} tells who is on call in it."
                ))
                .hint("Give that policy other steps first: assay.incident_policy sets them."));
        }
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.rotation_override AS o USING assay.rotation AS r
WHERE o.rotation_id OPERATOR(pg_catalog.=) r.id AND r.name OPERATOR(pg_catalog.=) $1",
                &[name.clone().into()],
            )?;
            tables::write(
                "DELETE FROM assay.rotation WHERE name OPERATOR(pg_catalog.=) $1",
                &[name.into()],
            )
        })
    })());
}

/// Whether the caller acts for one of a rotation's people.
fn takes_turns(rotation: i64) -> Result<bool> {
    let caller = role::current();
    let found: Option<bool> = read_one(
        "SELECT true FROM assay.rotation AS r
JOIN assay.owner AS o ON o.id OPERATOR(pg_catalog.=) ANY (r.people)
WHERE r.id OPERATOR(pg_catalog.=) $1 AND pg_catalog.pg_has_role($2::pg_catalog.oid, o.role::pg_catalog.oid, 'USAGE') LIMIT 1",
        &[rotation.into(), caller.into()],
    )?;
    Ok(found.is_some())
}

/// `override_rotation(rotation, person, during)`.
#[pg_extern(sql = false)]
fn override_rotation(
    rotation: Option<Text>,
    person: Option<Text>,
    during: Option<Range<TimestampWithTimeZone>>,
) -> i64 {
    read_only::require_writable(c"assay.override_rotation()");
    or_raise((|| {
        let rotation = required("rotation", rotation)?;
        let name = required("person", person)?;
        let (from, to) = bounds("shift", required("during", during)?)?;
        let id = named(&rotation)?;
        let person = self::person(&name)?;
        if !role::is_steward() && !takes_turns(id)? {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                format!("permission denied for rotation \"{rotation}\""),
            )
            .hint("It takes the role of one of its people, or the rights of the database's owner."));
        }
        let by = role::name_of(role::current());
        let added: Option<i64> = read_one(
            "INSERT INTO assay.rotation_override (rotation_id, person_id, during, said_by)
VALUES ($1, $2, pg_catalog.tstzrange($3, $4), $5) RETURNING id",
            &[id.into(), person.id.into(), from.into(), to.into(), by.as_str().into()],
        )?;
        Ok(added.unwrap_or(0))
    })())
}

result_row! {
    /// Who is on call.
    struct OnCallRow {
        rotation: String,
        person: String,
        since: Option<TimestampWithTimeZone>,
        until: Option<TimestampWithTimeZone>,
    }
}

/// `on_call_at(rotation, at)`.
#[pg_extern(sql = false)]
fn on_call_at(rotation: Option<Text>, at: Option<TimestampWithTimeZone>) -> SetOf<OnCallRow> {
    let rows = || -> Result<Vec<OnCallRow>> {
        let at = required("at", at)?;
        clock::of("at", at)?;
        if let Some(rotation) = &rotation {
            named(rotation)?;
        }
        let found = on_call(rotation.as_deref(), at)?.into_iter();
        let rows = found.map(|on_call| OnCallRow {
            rotation: on_call.rotation,
            person: on_call.person,
            since: TimestampWithTimeZone::try_from(on_call.since).ok(),
            until: TimestampWithTimeZone::try_from(on_call.until).ok(),
        });
        Ok(rows.collect())
    };
    set_of(or_raise(rows()))
}

//! Calendars of working hours.

use pgrx::datum::{Date, Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::spi::quote_literal;

use super::hours::Hours;
use super::{LONGEST, SECOND, query_json, read_one, require_steward, session_time_zone};
use crate::pg::error::{
    DEPENDENT_OBJECTS, Error, INVALID_PARAMETER, LIMIT_EXCEEDED, NULL_ELEMENT, Result, UNDEFINED_OWNER, or_raise,
};
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, tables, time_zone};
use crate::reliability::clock;
use algo::reliability::working_time::WorkingTime;

/// The most holidays of a calendar.
const HOLIDAYS: usize = 10_000;
/// The most days of which working hours are looked up at once.
const DAYS: f64 = 3.0 * 366.0;

/// The error of a calendar that is not there.
pub fn undefined(name: &str) -> Error {
    Error::new(UNDEFINED_OWNER, format!("calendar \"{name}\" does not exist"))
        .hint("SELECT name FROM assay.calendars lists them; assay.add_calendar adds one.")
}

pub fn exists(name: &str) -> Result<bool> {
    query_json(&format!(
        "SELECT 'true' FROM assay.business_calendar AS c WHERE c.name OPERATOR(pg_catalog.=) {}",
        quote_literal(name)
    ))
}

/// The working time of a calendar between two instants, in microseconds since 2000; a day more on either side.
pub fn working_time(name: &str, since: i64, until: i64) -> Result<WorkingTime> {
    let stretches: Vec<(i64, i64)> = query_json(&format!(
        "SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
    (EXTRACT(epoch FROM pg_catalog.timezone(c.time_zone, d.day OPERATOR(pg_catalog.+) pg_catalog.split_part(h.hours, '-', 1)::pg_catalog.interval)
        OPERATOR(pg_catalog.-) c.zero) OPERATOR(pg_catalog.*) 1000000)::bigint,
    (EXTRACT(epoch FROM pg_catalog.timezone(c.time_zone, d.day OPERATOR(pg_catalog.+) pg_catalog.split_part(h.hours, '-', 2)::pg_catalog.interval)
        OPERATOR(pg_catalog.-) c.zero) OPERATOR(pg_catalog.*) 1000000)::bigint))::pg_catalog.text
FROM (SELECT b.time_zone, b.hours, b.holidays, '2000-01-01 00:00:00+00'::pg_catalog.timestamptz AS zero
      FROM assay.business_calendar AS b WHERE b.name OPERATOR(pg_catalog.=) {name}) AS c
CROSS JOIN LATERAL pg_catalog.generate_series(
    (pg_catalog.timezone(c.time_zone, c.zero OPERATOR(pg_catalog.+) ('1 microsecond'::pg_catalog.interval OPERATOR(pg_catalog.*) {since}::pg_catalog.float8))::pg_catalog.date
        OPERATOR(pg_catalog.-) 1)::pg_catalog.timestamp,
    (pg_catalog.timezone(c.time_zone, c.zero OPERATOR(pg_catalog.+) ('1 microsecond'::pg_catalog.interval OPERATOR(pg_catalog.*) {until}::pg_catalog.float8))::pg_catalog.date
        OPERATOR(pg_catalog.+) 1)::pg_catalog.timestamp, '1 day'::pg_catalog.interval) AS d(day)
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(
    c.hours OPERATOR(pg_catalog.->) ('{{mon,tue,wed,thu,fri,sat,sun}}'::pg_catalog.text[])[EXTRACT(isodow FROM d.day)::integer]) AS h(hours)
WHERE d.day::pg_catalog.date OPERATOR(pg_catalog.<>) ALL (c.holidays)",
        name = quote_literal(name),
    ))?;
    Ok(WorkingTime::new(stretches))
}

/// The days of an argument, as texts that PostgreSQL reads.
fn holidays(days: Option<Vec<Option<Date>>>) -> Result<Vec<Text>> {
    let days = days.unwrap_or_default();
    if days.len() > HOLIDAYS {
        return Err(
            Error::new(LIMIT_EXCEEDED, format!("a calendar has more than {HOLIDAYS} holidays"))
                .detail(format!("There are {}.", days.len()))
                .hint("Leave out those of years that are over."),
        );
    }
    let mut texts = Vec::with_capacity(days.len());
    for day in days {
        let day = day.ok_or_else(|| {
            Error::new(NULL_ELEMENT, "argument \"holidays\" has a NULL element").hint("Leave it out of the array.")
        })?;
        if day.is_infinity() || day.is_neg_infinity() || !(1..=9999).contains(&day.year()) {
            return Err(Error::new(
                INVALID_PARAMETER,
                "argument \"holidays\" has a day that is out of range",
            )
            .hint("Write days of the years 1 to 9999."));
        }
        let text = format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
        texts.push(Text::from(text));
    }
    texts.sort_unstable();
    texts.dedup();
    Ok(texts)
}

/// `add_calendar(name, hours, time_zone, holidays)`.
#[pg_extern(sql = false)]
fn add_calendar(
    name: Option<Text>,
    hours: Option<Jsonb>,
    time_zone: Option<Text>,
    holidays: Option<Vec<Option<Date>>>,
) {
    read_only::require_writable(c"assay.add_calendar()");
    or_raise((|| {
        let name = required("name", name)?;
        names::check("calendar's name", &name)?;
        let hours = Hours::read(&required("hours", hours)?.read("argument \"hours\"")?)?;
        let holidays = self::holidays(holidays)?;
        let time_zone = time_zone.map_or_else(session_time_zone, |zone| Ok(String::from(zone)))?;
        require_steward("calendars")?;
        time_zone::require(&time_zone)?;
        let caller = role::current();
        tables::as_owner(|| {
            tables::write(
                "INSERT INTO assay.business_calendar AS c (name, time_zone, hours, holidays, added_by)
VALUES ($1, $2, $3, $4::pg_catalog.date[], $5::pg_catalog.oid)
ON CONFLICT (name) DO UPDATE SET time_zone = excluded.time_zone, hours = excluded.hours, holidays = excluded.holidays",
                &[
                    name.into(),
                    time_zone.as_str().into(),
                    hours.kept().into(),
                    holidays.into(),
                    caller.into(),
                ],
            )
        })
    })());
}

/// `drop_calendar(name)`.
#[pg_extern(sql = false)]
fn drop_calendar(name: Option<Text>) {
    read_only::require_writable(c"assay.drop_calendar()");
    or_raise((|| {
        let name = required("name", name)?;
        require_steward("calendars")?;
        let user: Option<Text> = read_one(
            "SELECT severity FROM assay.response_policy WHERE calendar OPERATOR(pg_catalog.=) $1 ORDER BY severity LIMIT 1",
            &[name.clone().into()],
        )?;
        if let Some(severity) = user {
            return Err(Error::new(DEPENDENT_OBJECTS, format!("calendar \"{name}\" is in use"))
                .detail(format!(
                    "Times of incidents of severity {severity} are counted in its hours."
                ))
                .hint("Give that policy another calendar first: assay.incident_policy sets it."));
        }
        let dropped: Option<bool> = read_one(
            "DELETE FROM assay.business_calendar WHERE name OPERATOR(pg_catalog.=) $1 RETURNING true",
            &[name.clone().into()],
        )?;
        dropped.map(drop).ok_or_else(|| undefined(&name))
    })());
}

/// `working_time(calendar, since, until)`.
#[pg_extern(sql = false)]
fn working_time_between(
    calendar: Option<Text>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
) -> Option<Interval> {
    or_raise((|| {
        let (Some(calendar), Some(since), Some(until)) = (calendar, since, until) else {
            return Ok(None);
        };
        let (since, until) = (clock::of("since", since)?, clock::of("until", until)?);
        if !exists(&calendar)? {
            return Err(undefined(&calendar));
        }
        if until.saturating_sub(since) as f64 / SECOND as f64 > 10.0 * LONGEST {
            return Err(Error::new(
                INVALID_PARAMETER,
                "there are more than ten years between \"since\" and \"until\"",
            )
            .hint("Count year by year."));
        }
        let worked = match until > since {
            true => working_time(&calendar, since, until)?.between(since, until),
            false => 0,
        };
        Interval::new(0, 0, worked).map(Some).map_err(|problem| {
            Error::new(
                INVALID_PARAMETER,
                format!("the working time is out of range: {problem}"),
            )
        })
    })())
}

/// `add_working_time(calendar, start, duration)`.
#[pg_extern(sql = false)]
fn add_working_time(
    calendar: Option<Text>,
    start: Option<TimestampWithTimeZone>,
    duration: Option<Interval>,
) -> Option<TimestampWithTimeZone> {
    or_raise((|| {
        let (Some(calendar), Some(start), Some(duration)) = (calendar, start, duration) else {
            return Ok(None);
        };
        let start = clock::of("start", start)?;
        let duration = (super::seconds("duration", &duration, 0.0)? * SECOND as f64) as i64;
        if !exists(&calendar)? {
            return Err(undefined(&calendar));
        }
        let at = after(&calendar, start, duration)?.ok_or_else(|| {
            Error::new(INVALID_PARAMETER, format!("calendar \"{calendar}\" has no such time"))
                .detail("In the three years from \"start\" on it has fewer working hours than \"duration\".")
                .hint("Look at its hours and holidays: assay.calendars shows them.")
        })?;
        TimestampWithTimeZone::try_from(at)
            .map(Some)
            .map_err(|problem| Error::new(INVALID_PARAMETER, format!("the time is out of range: {problem:?}")))
    })())
}

/// `deadline(calendar, start, duration)`: what an incident's limits are counted by. For views, which no calendar or limit is to make fail.
#[pg_extern(sql = false)]
fn deadline(
    calendar: Option<Text>,
    start: Option<TimestampWithTimeZone>,
    duration: Option<Interval>,
) -> Option<TimestampWithTimeZone> {
    or_raise((|| {
        let (Some(start), Some(duration)) = (start.filter(TimestampWithTimeZone::is_finite), duration) else {
            return Ok(None);
        };
        let Ok(seconds) = super::seconds("duration", &duration, 0.0) else {
            return Ok(None);
        };
        let (start, duration) = (i64::from(start), (seconds * SECOND as f64) as i64);
        let at = match calendar {
            None => start.checked_add(duration),
            Some(calendar) if clock::is_known(start) => after(&calendar, start, duration)?,
            Some(_) => None,
        };
        Ok(at.and_then(|at| TimestampWithTimeZone::try_from(at).ok()))
    })())
}

/// The first instant by which a duration of a calendar's working time has passed since `start`; `None` where three years have not as much.
fn after(calendar: &str, start: i64, duration: i64) -> Result<Option<i64>> {
    /// Most calendars have a week with at least a sixth of its hours, and few a fortnight of holidays.
    const MOSTLY: [i64; 2] = [6, 14 * 86_400 * SECOND];
    let longest = (DAYS * 86_400.0) as i64 * SECOND;
    let [times, more] = MOSTLY;
    let nearer = duration.saturating_mul(times).saturating_add(more).min(longest);
    for length in [nearer, longest] {
        let until = start.saturating_add(length);
        if let Some(at) = working_time(calendar, start, until)?.after(start, duration) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

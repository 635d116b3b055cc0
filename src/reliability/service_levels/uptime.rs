//! `uptime`: 1 minus the time in incidents, of which overlaps count once.

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;

use super::level::{self, text, time, whole};
use super::scope::{self, Scope};
use super::terms::Grade;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::{required, texts};
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::reliability::clock;
use crate::reliability::target::Target;
use algo::reliability::intervals::Span;
use algo::reliability::{Uptime, uptime as reckon};

/// The severities of incidents in which something is down, where none are named.
pub const GRAVE: [&str; 2] = ["sev1", "sev2"];

/// An asset's number, or else a data product's.
pub type Numbers = (Option<i64>, Option<i64>);

/// The uptime of each target, in their order, and how many incidents there were in it.
pub fn of(targets: &[Numbers], window: Span, severities: &[String]) -> Result<Vec<(Uptime, i64)>> {
    let scopes = targets.iter().enumerate();
    let scopes: Vec<Scope> = scopes
        .map(|(key, &(asset, product))| Scope { key, asset, product })
        .collect();
    let mut incidents: Vec<Vec<Span>> = scopes.iter().map(|_| Vec::new()).collect();
    let mut maintenance: Vec<Vec<Span>> = scopes.iter().map(|_| Vec::new()).collect();
    let place = |key: Option<i64>| {
        let key = key.and_then(|key| usize::try_from(key).ok());
        key.filter(|&key| key < targets.len())
    };
    let with = scope::with(&scopes);
    level::read(&format!("{with}\n{}", scope::INCIDENTS), &mut |row| {
        let is_meant = text(row, 4).is_some_and(|severity| severities.contains(&severity));
        let span = Span::new(
            time(row, 2).unwrap_or(window.to),
            time(row, 3).map_or(window.to, |to| to.min(window.to)),
        );
        if let (Some(place), true) = (place(whole(row, 0)), is_meant && !span.within(window).is_empty()) {
            algo::room::push(&mut incidents[place], span)?;
        }
        Ok(())
    })?;
    level::read(&format!("{with}\n{}", scope::MAINTENANCE), &mut |row| {
        if let (Some(place), Some(from), Some(to)) = (place(whole(row, 0)), time(row, 1), time(row, 2)) {
            algo::room::push(&mut maintenance[place], Span::new(from, to))?;
        }
        Ok(())
    })?;
    let pairs = incidents.into_iter().zip(maintenance);
    Ok(pairs
        .map(|(incidents, maintenance)| {
            let count = incidents.len() as i64;
            (reckon(window, incidents, maintenance), count)
        })
        .collect())
}

/// The window of two arguments. Returns an error with 22023 where it is empty.
pub fn window(from: TimestampWithTimeZone, to: TimestampWithTimeZone) -> Result<Span> {
    let window = Span::new(clock::of("from", from)?, clock::of("to", to)?);
    match window.is_empty() {
        false => Ok(window),
        true => Err(
            Error::new(INVALID_PARAMETER, "argument \"to\" is not after argument \"from\"")
                .hint("Give a span of time, such as now() - interval '30 days' and now()."),
        ),
    }
}

/// Severities of incidents as callers name them: the grave ones where they name none.
fn severities(names: Option<Vec<Option<Text>>>) -> Result<Vec<String>> {
    let all = [Grade::Sev1, Grade::Sev2, Grade::Sev3, Grade::Sev4].map(Grade::name);
    let Some(names) = texts("severities", names)? else {
        return Ok(GRAVE.map(String::from).into());
    };
    if names.is_empty() {
        return Err(Error::new(INVALID_PARAMETER, "argument \"severities\" has no element")
            .hint(format!("Name some of: {}.", all.join(", "))));
    }
    match names.iter().find(|name| !all.contains(&name.as_str())) {
        None => Ok(names),
        Some(unknown) => Err(
            Error::new(INVALID_PARAMETER, "argument \"severities\" has an unknown element")
                .detail(format!("It is \"{unknown}\"."))
                .hint(format!("Expected is one of: {}.", all.join(", "))),
        ),
    }
}

result_row! {
    /// The uptime of a target.
    struct UptimeRow {
        uptime: Option<f64>,
        down: Interval,
        maintenance: Interval,
        incidents: i64,
    }
}

/// `uptime(target, from, to, severities)`.
#[pg_extern(sql = false)]
fn uptime(
    target: Option<Text>,
    from: Option<TimestampWithTimeZone>,
    to: Option<TimestampWithTimeZone>,
    severities: Option<Vec<Option<Text>>>,
) -> SetOf<UptimeRow> {
    let row = || -> Result<UptimeRow> {
        let target = Target::named(&required("target", target)?)?;
        let window = window(required("from", from)?, required("to", to)?)?;
        let severities = self::severities(severities)?;
        if !target.is_visible()? {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                format!("permission denied for {}", target.label()),
            )
            .hint("It takes a right on it, such as SELECT."));
        }
        let found = of(&[target.known()?], window, &severities)?;
        let (uptime, incidents) = found.into_iter().next().unwrap_or((reckon(window, vec![], vec![]), 0));
        Ok(UptimeRow {
            uptime: uptime.share(),
            down: Interval::from_micros(uptime.down),
            maintenance: Interval::from_micros(uptime.maintenance),
            incidents,
        })
    };
    set_of([or_raise(row())])
}

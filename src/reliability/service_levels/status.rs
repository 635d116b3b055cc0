//! `sla_status`: how each service level stands.

use std::collections::HashMap;

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::level::{self, Level};
use super::standing::{Burn, Standing, standing};
use super::terms::number;
use super::{alarms, evidence};
use crate::pg::error::{Error, INTERNAL, Result, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::reliability::clock;

result_row! {
    /// How a service level stands.
    struct StatusRow {
        id: i64,
        target: String,
        sli: String,
        objective: f64,
        period: String,
        counted_by: String,
        window_start: TimestampWithTimeZone,
        window_end: TimestampWithTimeZone,
        counted_from: TimestampWithTimeZone,
        good: i64,
        bad: i64,
        unknown: i64,
        excluded: i64,
        total: i64,
        attained: Option<f64>,
        met: Option<bool>,
        budget_left: Option<f64>,
        budget_left_time: Option<Interval>,
        burn_rate: Option<f64>,
        burn_rate_short: Option<f64>,
        fast_burn: bool,
        alarm_since: Option<TimestampWithTimeZone>,
        burn_rates: Json,
    }
}

/// A point in time as PostgreSQL has it.
pub fn timestamp(at: i64) -> Result<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(at).map_err(|_| {
        Error::new(INTERNAL, "a point in time is out of range").hint("Ask for a time between 4713 BC and 294276 AD.")
    })
}

/// How levels stand at a point in time, in their order.
pub fn judge(levels: &[Level], at: i64) -> Result<Vec<Standing>> {
    let known = evidence::known(levels, at)?;
    let pairs = levels.iter().zip(known);
    Ok(pairs.map(|(level, known)| standing(level, known, at)).collect())
}

/// Burn rates as JSON.
pub fn burn_rates(burns: &[Burn]) -> Json {
    let entry = |burn: &Burn| {
        json!({
            "long": number(burn.pair.long), "short": number(burn.pair.short), "factor": number(burn.pair.factor),
            "long_rate": burn.long.map(number), "short_rate": burn.short.map(number), "fast_burn": burn.is_fast,
        })
    };
    burns.iter().map(entry).collect()
}

/// `sla_status(at)`.
#[pg_extern(sql = false)]
fn sla_status(at: Option<TimestampWithTimeZone>) -> SetOf<StatusRow> {
    let rows = || -> Result<Vec<StatusRow>> {
        let at = clock::of("at", required("at", at)?)?;
        let mut levels = Vec::new();
        let mut labels = Vec::new();
        for level in level::all(at)? {
            // It is seen by who may see what it is about: here, for tables are read as their owner.
            if let Some(target) = level.target()?
                && target.is_visible()?
            {
                labels.push(target.label());
                levels.push(level);
            }
        }
        let alarms = alarms::open(at)?;
        let standings = judge(&levels, at)?;
        let all = levels.iter().zip(labels).zip(standings);
        all.map(|((level, label), standing)| row(level, label, standing, &alarms))
            .collect()
    };
    set_of(or_raise(rows()))
}

fn row(level: &Level, target: String, standing: Standing, alarms: &HashMap<i64, i64>) -> Result<StatusRow> {
    let counts = standing.counts;
    let objective = level.objective.share();
    let first = standing.burns.first();
    Ok(StatusRow {
        id: level.id,
        target,
        sli: level.indicator.name().into(),
        objective,
        period: level.period.text(),
        counted_by: level.terms.by().name().into(),
        window_start: timestamp(level.window.from)?,
        window_end: timestamp(level.window.to)?,
        counted_from: timestamp(standing.counted.from)?,
        good: counts.good,
        bad: counts.bad,
        unknown: counts.unknown,
        excluded: counts.excluded,
        total: counts.total(),
        attained: standing.attained,
        met: standing.attained.map(|attained| attained >= objective),
        budget_left: standing.budget_left,
        budget_left_time: standing
            .time_left
            .map(|left| Interval::from_micros(left.round() as i64)),
        burn_rate: first.and_then(|burn| burn.long),
        burn_rate_short: first.and_then(|burn| burn.short),
        fast_burn: standing.is_fast_burn(),
        alarm_since: alarms.get(&level.id).map(|&since| timestamp(since)).transpose()?,
        burn_rates: burn_rates(&standing.burns),
    })
}

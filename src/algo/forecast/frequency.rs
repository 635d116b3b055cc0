//! The time between two values of a series: a step of the clock, or of the calendar.

use super::calendar::{DAY, first_of, length_of, month_of, split, weekday};
use crate::coded::coded;

/// The time between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// So many microseconds: all that has no calendar, days and weeks among them.
    Clock(i64),
    /// From Monday to Friday.
    BusinessDays,
    /// So many months, at this day of the month, or at its last where it has fewer: 31 is always the last.
    Months {
        /// 3 for a quarter, 12 for a year.
        count: i64,
        /// From 1 to 31.
        day: i64,
    },
}

coded!(Frequency {
    0 => Clock(step),
    1 => BusinessDays,
    2 => Months { count, day },
});

/// Units by name, with their microseconds.
const CLOCK: [(&str, &str, i64); 6] = [
    ("second", "s", 1_000_000),
    ("minute", "min", 60_000_000),
    ("hour", "h", 3_600_000_000),
    ("day", "d", DAY),
    ("week", "w", 7 * DAY),
    ("microsecond", "us", 1),
];

/// Units by name, with their months.
const MONTHS: [(&str, &str, i64); 3] = [("month", "ms", 1), ("quarter", "qs", 3), ("year", "ys", 12)];

impl Frequency {
    /// The frequency of a name: a unit, or a number of them. The day of months is not known yet: 0.
    pub fn named(name: &str) -> Option<Frequency> {
        let name = name.trim().to_ascii_lowercase();
        let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count: i64 = match digits {
            0 => 1,
            digits => name[..digits].parse().ok().filter(|&count| count > 0)?,
        };
        let unit = name[digits..].trim_start();
        let is = |long: &str, short: &str| unit == long || unit == short || unit.strip_suffix('s') == Some(long);
        let by_name = |&(long, short, size): &(&str, &str, i64)| is(long, short).then_some(size);
        if is("business day", "b") || is("business_day", "b") {
            return (count == 1).then_some(Frequency::BusinessDays);
        }
        match unit {
            "daily" => return Some(Frequency::Clock(DAY)),
            "hourly" => return Some(Frequency::Clock(DAY / 24)),
            "weekly" => return Some(Frequency::Clock(7 * DAY)),
            "monthly" => return Some(Frequency::Months { count: 1, day: 0 }),
            "quarterly" => return Some(Frequency::Months { count: 3, day: 0 }),
            "yearly" => return Some(Frequency::Months { count: 12, day: 0 }),
            _ => (),
        }
        if let Some(size) = CLOCK.iter().find_map(by_name) {
            return Some(Frequency::Clock(size.checked_mul(count)?));
        }
        let count = MONTHS.iter().find_map(by_name)?.checked_mul(count)?;
        (count <= 12_000).then_some(Frequency::Months { count, day: 0 })
    }

    /// Its name, as [`Frequency::named`] reads it.
    pub fn name(&self) -> String {
        let many = |count: i64, unit: &str| match count {
            1 => unit.to_string(),
            count => format!("{count} {unit}s"),
        };
        match *self {
            Frequency::BusinessDays => "business day".into(),
            Frequency::Months { count, .. } => {
                let (unit, _, size) = MONTHS
                    .iter()
                    .rev()
                    .find(|(.., size)| count % size == 0)
                    .unwrap_or(&MONTHS[0]);
                many(count / size, unit)
            }
            Frequency::Clock(step) => {
                let order = [4, 3, 2, 1, 0, 5].map(|index| CLOCK[index]);
                let (unit, _, size) = order
                    .into_iter()
                    .find(|(.., size)| step % size == 0)
                    .unwrap_or(CLOCK[5]);
                many(step / size, unit)
            }
        }
    }

    /// The step that holds a time, counted from somewhere. Times of one step become one.
    pub fn step_of(&self, time: i64, anchor: i64) -> i64 {
        match *self {
            // To the nearest step, for clocks are not exact.
            Frequency::Clock(step) => time
                .saturating_sub(anchor)
                .saturating_add(step / 2)
                .div_euclid(step.max(1)),
            Frequency::BusinessDays => {
                let day = split(time).0;
                let (week, of_week) = ((day + 5).div_euclid(7), weekday(day));
                week * 5 + of_week.min(4)
            }
            Frequency::Months { count, .. } => month_of(split(time).0)
                .0
                .saturating_sub(month_of(split(anchor).0).0)
                .div_euclid(count.max(1)),
        }
    }

    /// The time of a step, the inverse of [`Frequency::step_of`].
    pub fn time_of(&self, step: i64, anchor: i64) -> i64 {
        match *self {
            Frequency::Clock(size) => anchor.saturating_add(step.saturating_mul(size)),
            Frequency::BusinessDays => {
                let day = step.div_euclid(5) * 7 - 5 + step.rem_euclid(5);
                day.saturating_mul(DAY).saturating_add(split(anchor).1)
            }
            Frequency::Months { count, day } => {
                let (anchor_day, of_day) = split(anchor);
                let month = month_of(anchor_day).0.saturating_add(step.saturating_mul(count));
                // Beyond some hundred thousand years nobody asks.
                let month = month.clamp(-3_000_000, 3_000_000);
                let day = first_of(month) + day.min(length_of(month)).max(1) - 1;
                day.saturating_mul(DAY).saturating_add(of_day)
            }
        }
    }

    /// Lengths of seasons that are usual, in steps, the shortest first.
    pub fn seasons(&self) -> Vec<usize> {
        match *self {
            Frequency::BusinessDays => vec![5],
            Frequency::Months { count, .. } => match 12 % count == 0 && count < 12 {
                true => vec![(12 / count) as usize],
                false => Vec::new(),
            },
            Frequency::Clock(step) if step == DAY => vec![7, 365],
            Frequency::Clock(step) if step == 7 * DAY => vec![52],
            Frequency::Clock(step) => [60_000_000, 3_600_000_000, DAY, 7 * DAY]
                .into_iter()
                .filter(|cycle| cycle % step == 0 && cycle / step > 3)
                .map(|cycle| (cycle / step) as usize)
                .collect(),
        }
    }

    /// Whether stored bytes are sound.
    pub(super) fn is_sound(&self) -> bool {
        match *self {
            Frequency::Clock(step) => step > 0,
            Frequency::BusinessDays => true,
            Frequency::Months { count, day } => (1..=12_000).contains(&count) && (1..=31).contains(&day),
        }
    }

    /// The frequency of times that ascend, each once; `None` for less than two. Calendars come first: months at one day (or always the last),
    /// then days from Monday to Friday, then the distance that most neighbours have.
    pub fn of(times: &[i64]) -> Option<Frequency> {
        let (first, last) = (*times.first()?, *times.last()?);
        if first == last {
            return None;
        }
        let same_clock = times.iter().all(|time| split(*time).1 == split(first).1);
        if same_clock {
            if let Some(months) = months(times) {
                return Some(months);
            }
            if is_business(times) {
                return Some(Frequency::BusinessDays);
            }
        }
        Some(Frequency::Clock(usual_distance(times)))
    }

    /// The same frequency, with the day of the month that times have.
    pub fn at(self, times: &[i64]) -> Frequency {
        match self {
            Frequency::Months { count, day: 0 } => Frequency::Months {
                count,
                day: day_of_month(times).unwrap_or_else(|| times.last().map_or(1, |time| month_of(split(*time).0).1)),
            },
            other => other,
        }
    }
}

/// The day of the month that all times have, as far as their months have it: 31 where each is its month's last.
fn day_of_month(times: &[i64]) -> Option<i64> {
    let dates = || times.iter().map(|time| month_of(split(*time).0));
    if dates().all(|(month, day)| day == length_of(month)) {
        return Some(31);
    }
    let day = dates().map(|(_, day)| day).max()?;
    dates()
        .all(|(month, of)| of == day.min(length_of(month)))
        .then_some(day)
}

/// The months between times, if there is a day of the month that all of them have.
fn months(times: &[i64]) -> Option<Frequency> {
    let day = day_of_month(times)?;
    let month = |time: &i64| month_of(split(*time).0).0;
    let distances = times.windows(2).map(|pair| month(&pair[1]) - month(&pair[0]));
    let count = distances.fold(0, greatest_common_divisor);
    (1..=12_000)
        .contains(&count)
        .then_some(Frequency::Months { count, day })
}

/// Whether times are days from Monday to Friday, with no gap that is usual in weekly data, and over some weekend.
fn is_business(times: &[i64]) -> bool {
    let day = |time: i64| split(time).0;
    let neighbours = times.windows(2).filter(|pair| day(pair[1]) - day(pair[0]) == 1).count();
    let weekends = times
        .windows(2)
        .filter(|pair| weekday(day(pair[1])) < weekday(day(pair[0])));
    times.iter().all(|time| weekday(day(*time)) < 5) && 2 * neighbours >= times.len() - 1 && weekends.count() > 0
}

/// The distance that is most frequent between neighbours, the smaller of equals; or a part of it that all distances are multiples of, when that is not
/// much smaller: some values may be missing every time.
fn usual_distance(times: &[i64]) -> i64 {
    let mut distances: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    distances.sort_unstable();
    let runs = distances.chunk_by(|a, b| a == b);
    let usual = runs.fold((0, 0), |best: (usize, i64), run| match run.len() > best.0 {
        true => (run.len(), run[0]),
        false => best,
    });
    let common = distances.iter().copied().fold(0, greatest_common_divisor);
    match usual.0 * 2 <= distances.len() && common > 0 && usual.1 / common <= 12 {
        true => common,
        false => usual.1,
    }
    .max(1)
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    match b {
        0 => a.abs(),
        b => greatest_common_divisor(b, a % b),
    }
}

//! Parts of dates and timestamps, on the proleptic Gregorian calendar, in UTC.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Clock, Feature, Kind};
use super::step::{Codes, Place, Step, Training, Transform};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::parameters::{Range, Value, any, hyperparameters, one_of, refuse};

/// Days from 2000-01-01 that have a date in PostgreSQL, and more.
const MOST_DAYS: f64 = 2.2e9;
const SECONDS: f64 = 86_400.0;

/// A part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The year.
    Year,
    /// 1 to 4.
    Quarter,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 (Monday) to 7.
    DayOfWeek,
    /// 1 to 366.
    DayOfYear,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// Whether it is Saturday or Sunday.
    Weekend,
    /// The time itself: days (seconds of a timestamp) since 2000-01-01.
    Epoch,
}

coded!(Part {
    0 => Year,
    1 => Quarter,
    2 => Month,
    3 => Day,
    4 => DayOfWeek,
    5 => DayOfYear,
    6 => Hour,
    7 => Minute,
    8 => Weekend,
    9 => Epoch,
});

impl Part {
    const ALL: [Part; 10] = [
        Part::Year,
        Part::Quarter,
        Part::Month,
        Part::Day,
        Part::DayOfWeek,
        Part::DayOfYear,
        Part::Hour,
        Part::Minute,
        Part::Weekend,
        Part::Epoch,
    ];

    fn name(self) -> &'static str {
        match self {
            Part::Year => "year",
            Part::Quarter => "quarter",
            Part::Month => "month",
            Part::Day => "day",
            Part::DayOfWeek => "day_of_week",
            Part::DayOfYear => "day_of_year",
            Part::Hour => "hour",
            Part::Minute => "minute",
            Part::Weekend => "weekend",
            Part::Epoch => "epoch",
        }
    }

    /// The least value, and how many there are before it comes again; `None` for what does not come again.
    fn period(self) -> Option<(f64, f64)> {
        match self {
            Part::Year | Part::Weekend | Part::Epoch => None,
            Part::Quarter => Some((1.0, 4.0)),
            Part::Month => Some((1.0, 12.0)),
            Part::Day => Some((1.0, 31.0)),
            Part::DayOfWeek => Some((1.0, 7.0)),
            Part::DayOfYear => Some((1.0, 366.0)),
            Part::Hour => Some((0.0, 24.0)),
            Part::Minute => Some((0.0, 60.0)),
        }
    }

    /// Whether times that are days have it.
    fn is_of_days(self) -> bool {
        !matches!(self, Part::Hour | Part::Minute)
    }
}

impl Value for Vec<Part> {
    fn read(json: &Json) -> Option<Vec<Part>> {
        let named = |name: &str| Part::ALL.into_iter().find(|part| part.name() == name);
        match json {
            Json::String(name) => Some(vec![named(name)?]),
            json => json.as_array()?.iter().map(|name| named(name.as_str()?)).collect(),
        }
    }

    fn is_in(&self, _: Range) -> bool {
        true
    }

    fn allowed(_: Range) -> String {
        format!("a list of {}", one_of(&Part::ALL.map(Part::name)))
    }

    fn show(&self) -> String {
        json!(self.iter().map(|part| part.name()).collect::<Vec<_>>()).to_string()
    }
}

hyperparameters! {
    /// Which parts a time is taken into.
    pub struct DateTimeParams {
        /// Which parts; none: year, month, day, day_of_week, and of timestamps hour.
        parts: Vec<Part> = Vec::new(), any(), from "PostgreSQL's `extract`";
        /// Whether parts that come again are two features, sine and cosine, in which the last is near the first.
        cyclic: bool = false, any(), from "assay";
    }
    together DateTimeParams::check_parts
}

impl DateTimeParams {
    fn check_parts(&self) -> Result<()> {
        let repeats = (1..self.parts.len()).any(|place| self.parts[..place].contains(&self.parts[place]));
        match repeats {
            true => refuse("parts", self.parts.show(), "a list without repetitions"),
            false => Ok(()),
        }
    }
}

/// The step.
pub struct DateTime;

/// The parts that a time is taken into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    parts: Vec<Part>,
    cyclic: bool,
    /// Whether times are seconds, not days.
    in_seconds: bool,
}

impl Step for DateTime {
    const KEY: &'static str = "datetime";
    const MAIN: Option<&'static str> = Some("parts");
    const PLACE: Place = Place::Parts;
    const ABOUT: &'static str = "parts of dates and timestamps; those of timestamptz are in UTC";
    const GIVES: &'static str = "a number for each part, `name.part`; cyclic: `name.part_sin` and `name.part_cos`";
    type Parameters = DateTimeParams;
    type Fitted = Parts;

    fn takes(_: &DateTimeParams, kind: &Kind) -> bool {
        matches!(kind, Kind::Time(_))
    }

    fn fit(params: &DateTimeParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Parts> {
        monitor.check()?;
        let in_seconds = match training.feature.kind {
            Kind::Time(clock) => clock == Clock::Seconds,
            _ => return Err(Error::Internal("parts are of times")),
        };
        let usual = [Part::Year, Part::Month, Part::Day, Part::DayOfWeek, Part::Hour];
        let parts: &[Part] = if params.parts.is_empty() { &usual } else { &params.parts };
        let parts: Vec<Part> = parts
            .iter()
            .copied()
            .filter(|part| in_seconds || part.is_of_days())
            .collect();
        if parts.is_empty() {
            return Err(Error::data(
                format!(
                    "column \"{}\" is a date, which has no hours and minutes",
                    training.feature.name
                ),
                "name other parts of it",
            ));
        }
        Ok(Parts {
            parts,
            cyclic: params.cyclic,
            in_seconds,
        })
    }
}

/// Year, month and day of a day since 2000-01-01, by the algorithm of Hinnant ("chrono-compatible low-level date algorithms"), and its place in
/// the year.
fn civil(days: i64) -> (i64, i64, i64, i64) {
    let shifted = days + 730_425;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let in_year = if month <= 2 {
        of_year - 305
    } else {
        of_year + 60 + i64::from(is_leap)
    };
    (year, month, day, in_year)
}

impl Parts {
    /// How many features a part is.
    fn features(&self, part: Part) -> usize {
        1 + usize::from(self.cyclic && part.period().is_some())
    }
}

impl Transform for Parts {
    fn width(&self) -> usize {
        self.parts.iter().map(|part| self.features(*part)).sum()
    }

    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        let days = if self.in_seconds {
            (value / SECONDS).floor()
        } else {
            value.floor()
        };
        if days.is_nan() || days.abs() > MOST_DAYS {
            return out.fill(f64::NAN);
        }
        let days = days as i64;
        let second = if self.in_seconds {
            value - days as f64 * SECONDS
        } else {
            0.0
        };
        let (year, month, day, in_year) = civil(days);
        // 2000-01-01 was a Saturday.
        let weekday = (days + 5).rem_euclid(7) + 1;
        let mut next = out.iter_mut();
        for &part in &self.parts {
            let number = match part {
                Part::Year => year as f64,
                Part::Quarter => ((month - 1) / 3 + 1) as f64,
                Part::Month => month as f64,
                Part::Day => day as f64,
                Part::DayOfWeek => weekday as f64,
                Part::DayOfYear => in_year as f64,
                Part::Hour => (second / 3600.0).floor(),
                Part::Minute => (second / 60.0).floor() % 60.0,
                Part::Weekend => f64::from(u8::from(weekday > 5)),
                Part::Epoch => value,
            };
            match part.period().filter(|_| self.cyclic) {
                None => next.by_ref().take(1).for_each(|out| *out = number),
                Some((least, period)) => {
                    let (sine, cosine) = (TAU * (number - least) / period).sin_cos();
                    next.by_ref()
                        .zip([sine, cosine])
                        .take(2)
                        .for_each(|(out, number)| *out = number);
                }
            }
        }
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        let features = |part: &Part| {
            let name = format!("{}.{}", input.name, part.name());
            match (self.features(*part), part) {
                (1, Part::Weekend) => vec![Feature::flag(name)],
                (1, _) => vec![Feature::number(name)],
                _ => vec![
                    Feature::number(format!("{name}_sin")),
                    Feature::number(format!("{name}_cos")),
                ],
            }
        };
        self.parts.iter().flat_map(features).collect()
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        codes == 0 && (1..=Part::ALL.len()).contains(&self.parts.len())
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.name()).collect();
        Map::from_iter([("parts".into(), json!(parts)), ("cyclic".into(), json!(self.cyclic))])
    }

    fn memory(&self) -> usize {
        self.parts.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        // Of PostgreSQL: SELECT extract(doy FROM date '2000-01-01' + days), ...
        for (days, expected) in [
            (0, (2000, 1, 1, 1)),
            (59, (2000, 2, 29, 60)),
            (60, (2000, 3, 1, 61)),
            (365, (2000, 12, 31, 366)),
            (366, (2001, 1, 1, 1)),
            (424, (2001, 2, 28, 59)),
            (425, (2001, 3, 1, 60)),
            (-1, (1999, 12, 31, 365)),
            (-36_524, (1900, 1, 1, 1)),
            (36_584, (2100, 3, 1, 60)),
        ] {
            assert_eq!(civil(days), expected, "{days}");
        }
    }

    #[test]
    fn parts_are_those_of_the_time() {
        let parts = |in_seconds, cyclic, value: f64| {
            let parts = Parts {
                parts: Part::ALL.to_vec(),
                cyclic,
                in_seconds,
            };
            let mut out = vec![0.0; parts.width()];
            parts.apply([value, 0.0], &mut out);
            out
        };
        // 2024-02-29 17:45:30, a Thursday.
        let seconds = 8825.0 * SECONDS + 17.0 * 3600.0 + 45.0 * 60.0 + 30.0;
        assert_eq!(
            parts(true, false, seconds),
            [2024.0, 1.0, 2.0, 29.0, 4.0, 60.0, 17.0, 45.0, 0.0, seconds]
        );
        assert_eq!(parts(false, false, -1.0)[..6], [1999.0, 4.0, 12.0, 31.0, 5.0, 365.0]);
        let cyclic = parts(true, true, 6.0 * 3600.0);
        assert_eq!(cyclic.len(), 17);
        assert!(
            (cyclic[11] - 1.0).abs() < 1e-12 && cyclic[12].abs() < 1e-12,
            "6 o'clock is a quarter: {cyclic:?}"
        );
        assert!(parts(true, false, f64::NAN).iter().all(|part| part.is_nan()));
        assert!(parts(true, true, 1e300).iter().all(|part| part.is_nan()));
    }
}

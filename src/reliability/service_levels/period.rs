//! The window of a service level: one that rolls, or one of the calendar.

use super::terms::{self, DAY, HOUR};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};

/// A window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Period {
    /// The last so many seconds.
    Rolling(f64),
    Calendar(Unit),
}

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    const ALL: [Unit; 5] = [Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year];

    fn name(self) -> &'static str {
        match self {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        }
    }

    /// About how long it is.
    fn seconds(self) -> f64 {
        match self {
            Unit::Day => DAY,
            Unit::Week => 7.0 * DAY,
            Unit::Month => 30.0 * DAY,
            Unit::Quarter => 91.0 * DAY,
            Unit::Year => 365.0 * DAY,
        }
    }
}

impl Period {
    /// As a caller writes it: a unit of the calendar, or an interval. Returns an error with 22023 for another one.
    pub fn read(text: &str) -> Result<Period> {
        let text = text.trim();
        if let Some(unit) = Unit::ALL.into_iter().find(|unit| unit.name() == text) {
            return Ok(Period::Calendar(unit));
        }
        let seconds = terms::seconds("period", text).map_err(|error| {
            error.hint("Write days or hours, such as '30 days', or day, week, month, quarter or year of the calendar.")
        })?;
        if !(HOUR..=366.0 * DAY).contains(&seconds) || seconds.fract() != 0.0 {
            return Err(Error::new(INVALID_PARAMETER, "argument \"period\" is out of range")
                .detail(format!("It is \"{text}\"."))
                .hint("It must be from an hour to 366 days, or day, week, month, quarter or year."));
        }
        Ok(Period::Rolling(seconds))
    }

    /// As it is stored.
    pub fn text(self) -> String {
        match self {
            Period::Calendar(unit) => unit.name().into(),
            Period::Rolling(seconds) => {
                let units = [("days", DAY), ("hours", HOUR), ("minutes", 60.0), ("seconds", 1.0)];
                let fitting = units.into_iter().find(|(_, unit)| seconds % unit == 0.0);
                let (name, unit) = fitting.unwrap_or(("seconds", 1.0));
                format!("{} {name}", seconds / unit)
            }
        }
    }

    /// How long it is; of the calendar's about.
    pub fn seconds(self) -> f64 {
        match self {
            Period::Rolling(seconds) => seconds,
            Period::Calendar(unit) => unit.seconds(),
        }
    }

    /// As it was stored; `None` for what no release has stored.
    pub fn stored(text: &str) -> Option<Period> {
        if let Some(unit) = Unit::ALL.into_iter().find(|unit| unit.name() == text) {
            return Some(Period::Calendar(unit));
        }
        let (count, name) = text.split_once(' ')?;
        let unit = match name {
            "days" => DAY,
            "hours" => HOUR,
            "minutes" => 60.0,
            "seconds" => 1.0,
            _ => return None,
        };
        let seconds = count.parse::<f64>().ok()? * unit;
        (seconds > 0.0 && seconds <= 366.0 * DAY).then_some(Period::Rolling(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_period_means_what_it_did() {
        for seconds in [3600.0, 5400.0, 86_400.0, 30.0 * DAY, 3661.0] {
            let period = Period::Rolling(seconds);
            assert_eq!(Period::stored(&period.text()), Some(period));
        }
        for unit in Unit::ALL {
            assert_eq!(Period::stored(unit.name()), Some(Period::Calendar(unit)));
        }
        for text in ["", "30", "30 fortnights", "-1 days", "1e9 days", "NaN days", "months"] {
            assert_eq!(Period::stored(text), None, "{text}");
        }
        assert_eq!(Period::Rolling(30.0 * DAY).text(), "30 days");
    }
}

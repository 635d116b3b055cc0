//! Which checks the profile of a column suggests.

use serde_json::{Map, Value as Json, json};

use super::constraint::Condition;
use crate::quality::value;
use algo::block::Kind;
use algo::profile::page::{percent, short_number};
use algo::profile::{Calendar, ColumnProfile, Meaning, Notation, Point, Report, iso_date};
use algo::quality::outlook::{self, Bounds};
use algo::scan::PlanColumn;

/// Rows below which nothing is suggested.
pub const FEWEST_ROWS: u64 = 30;

/// A check that may be worth having.
pub struct Proposal {
    pub kind: &'static str,
    pub column: Option<String>,
    pub args: Json,
    /// Why.
    pub reason: String,
    /// What a constraint would say.
    pub condition: Option<Condition>,
    /// The share of today's rows that may fail it.
    pub tolerance: f64,
}

/// The share of rows that may fail what is suggested; keys, presence and bounds hold for all rows or not at all.
pub const TOLERANCE: f64 = 0.05;

/// What is known of a column.
struct Column<'a> {
    name: &'a str,
    kind: Kind,
    profile: &'a ColumnProfile,
    report: Report,
    present: u64,
}

/// The checks that a column suggests. Of each group one is wanted: the first that all rows pass, or the one that fewest fail.
/// `today` is the day from 2000-01-01.
pub fn of_column(column: &PlanColumn, profile: &ColumnProfile, today: i64) -> Vec<Vec<Proposal>> {
    let report = profile.report();
    let present = report.rows - report.nulls;
    if present < FEWEST_ROWS || report.meaning == Meaning::Constant {
        return Vec::new();
    }
    let column = Column {
        name: &column.name,
        kind: column.kind,
        profile,
        report,
        present,
    };
    let groups = [
        column.presence().into_iter().collect(),
        column.uniqueness().into_iter().collect(),
        column.content(),
        column.recency(today).into_iter().collect(),
    ];
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

impl Column<'_> {
    fn proposal(&self, kind: &'static str, args: Json, reason: String, condition: Option<Condition>) -> Proposal {
        Proposal {
            kind,
            column: Some(self.name.to_owned()),
            args,
            reason,
            condition,
            tolerance: TOLERANCE,
        }
    }

    /// The same of what holds for all rows or not at all.
    fn exact_proposal(&self, kind: &'static str, args: Json, reason: String, condition: Option<Condition>) -> Proposal {
        Proposal {
            tolerance: 0.0,
            ..self.proposal(kind, args, reason, condition)
        }
    }

    fn presence(&self) -> Option<Proposal> {
        let (rows, nulls) = (self.report.rows, self.report.nulls);
        if nulls == 0 {
            let reason = format!("none of {rows} rows is NULL");
            return Some(self.exact_proposal("not_null", json!({}), reason, Some(Condition::NotNull)));
        }
        let least = outlook::least_present(self.present, rows)?;
        let reason = format!(
            "{} of {rows} rows are NULL; the share of values may fall to {least} before this fails",
            percent(nulls, rows)
        );
        Some(self.proposal("not_null_proportion", json!({ "at_least": least }), reason, None))
    }

    fn uniqueness(&self) -> Option<Proposal> {
        /// Characters of a key that an index can hold for certain.
        const LONGEST: u64 = 600;
        let identifies = matches!(
            self.report.meaning,
            Meaning::Identifier
                | Meaning::Formatted(Notation::Uuid | Notation::Email | Notation::Iban | Notation::HexHash)
        );
        let all = self.report.distinct * (1.0 + self.report.distinct_error) >= self.present as f64;
        let short = self
            .report
            .details
            .lengths
            .is_none_or(|lengths| lengths.characters.greatest <= LONGEST);
        if !(identifies && all) {
            return None;
        }
        let reason = format!("{} values, no two of them the same", self.present);
        Some(self.exact_proposal("unique", json!({}), reason, short.then_some(Condition::Unique)))
    }

    fn content(&self) -> Vec<Proposal> {
        match self.kind {
            Kind::Integer | Kind::Float | Kind::Numeric => self.numbers().into_iter().collect(),
            Kind::Date | Kind::Timestamp | Kind::TimestampTz => self.times().into_iter().collect(),
            Kind::Interval => self.durations().into_iter().collect(),
            Kind::Text => self.texts(),
            // Types that have no other values.
            _ => Vec::new(),
        }
    }

    fn numbers(&self) -> Option<Proposal> {
        match self.report.meaning {
            // It grows with the rows.
            Meaning::Identifier => return None,
            Meaning::Boolean => return self.accepted(2),
            _ => {}
        }
        let (least, greatest) = (number(self.report.min.as_ref()?)?, number(self.report.max.as_ref()?)?);
        let Bounds { low, high } = outlook::bounds(least, greatest, self.kind == Kind::Integer)?;
        let values = format!("values from {} to {}", short_number(least), short_number(greatest));
        const ROOM: &str = "leave as much room again, for tomorrow's extremes but not for another unit";
        let reason = if (low, high) == (Some(0.0), Some(1.0)) {
            format!("{values}, as shares have; a percentage among them would be found")
        } else if least >= 0.0 {
            format!("{values}, none below 0; above, the bounds {ROOM}")
        } else if greatest <= 0.0 {
            format!("{values}, none above 0; below, the bounds {ROOM}")
        } else {
            format!("{values}; the bounds {ROOM}")
        };
        let mut args = Map::new();
        let mut conditions = Vec::new();
        for (key, sign, bound) in [("min_value", ">=", low), ("max_value", "<=", high)] {
            if let Some(bound) = bound {
                let bound = plain(bound);
                conditions.push((sign, bound.to_string()));
                args.insert(key.into(), bound);
            }
        }
        Some(self.exact_proposal(
            "accepted_range",
            args.into(),
            reason,
            Some(Condition::Range(conditions)),
        ))
    }

    fn times(&self) -> Option<Proposal> {
        let (calendar, first) = (self.report.details.calendar?, self.first_day()?);
        let earlier = iso_date(first - calendar.span as i64);
        let (year, _) = earlier.split_once('-')?;
        if year.len() != 4 || earlier.ends_with("BC") || calendar.span < 2 {
            return None;
        }
        let day = format!("{year}-01-01");
        let reason = format!(
            "the first day is {}; the bound leaves the {} days of all values before it, and finds placeholders such as 0001-01-01",
            iso_date(first),
            calendar.span
        );
        let condition = Condition::Range(vec![(">=", format!("'{day}'"))]);
        Some(self.exact_proposal("accepted_range", json!({ "min_value": day }), reason, Some(condition)))
    }

    fn first_day(&self) -> Option<i64> {
        self.profile.day_of(self.report.min.as_ref()?)
    }

    fn durations(&self) -> Option<Proposal> {
        let not_negative = matches!(self.report.min, Some(Point::Integer(least)) if least >= 0);
        not_negative.then(|| {
            let condition = Condition::Range(vec![(">=", "'00:00:00'".into())]);
            self.exact_proposal(
                "accepted_range",
                json!({ "min_value": "00:00:00" }),
                "none is negative".into(),
                Some(condition),
            )
        })
    }

    /// Only these values, when each of them occurs often enough that there hardly are others.
    fn accepted(&self, most: usize) -> Option<Proposal> {
        /// Rows of the rarest value: rarer ones may be as many as were never seen (Good, 1953).
        const RAREST: u64 = 5;
        let mut values = self.profile.values(most)?;
        let rarest = values.iter().map(|(_, rows)| *rows).min()?;
        if rarest < RAREST {
            return None;
        }
        values.sort_by(|(a, _), (b, _)| a.order(b));
        let values: Vec<Json> = values
            .iter()
            .map(|(point, _)| value::json(self.kind, &value::of_point(point)))
            .collect();
        let reason = format!(
            "{} values, and each of them has at least {rarest} of {} rows, so another one is unlikely",
            values.len(),
            self.report.rows
        );
        let condition = Condition::In(values.clone());
        Some(self.exact_proposal("accepted_values", json!({ "values": values }), reason, Some(condition)))
    }

    fn texts(&self) -> Vec<Proposal> {
        /// More levels are a list that changes.
        const LEVELS: usize = 50;
        if matches!(self.report.meaning, Meaning::Category | Meaning::Boolean)
            && let Some(accepted) = self.accepted(LEVELS)
        {
            return vec![accepted];
        }
        let mut group: Vec<Proposal> = formats(self.report.meaning)
            .iter()
            .map(|format| {
                let reason = format!("the values are of the format {format}");
                self.proposal("valid_format", json!({ "format": format }), reason, None)
            })
            .collect();
        let shapes = self.report.details.shapes.as_ref();
        if let Some([(mask, _)]) = shapes.map(|shapes| shapes.masks.as_slice())
            && let Some(regex) = outlook::regex_of_mask(mask)
        {
            let reason = format!("every value looks like {mask}, with 9 for a digit, and A and a for a letter");
            let condition = Condition::Matches(regex.clone());
            group.push(self.proposal("matches_regex", json!({ "regex": regex }), reason, Some(condition)));
        }
        if let (true, Some(lengths)) = (group.is_empty(), self.report.details.lengths) {
            let length = lengths.characters;
            if length.least == length.greatest && length.least > 1 {
                let reason = format!("every value has {} characters", length.least);
                let args = json!({ "min_value": length.least, "max_value": length.least });
                group.push(self.proposal("length_between", args, reason, Some(Condition::Length(length.least))));
            } else if lengths.empty + lengths.blank == 0 {
                let reason = "no value is empty".to_owned();
                group.push(self.proposal("not_empty", json!({}), reason, Some(Condition::NotEmpty)));
            }
        }
        group
    }

    /// That new rows go on coming, where they came day by day until now.
    fn recency(&self, today: i64) -> Option<Proposal> {
        const FEWEST_DAYS: u64 = 7;
        let Calendar { step, filled, gap, .. } = self.report.details.calendar?;
        let last = self.profile.day_of(self.report.max.as_ref()?)?;
        let gap = gap.map_or(0, |(first, last)| last - first + 1);
        let age = today - last;
        if step > 1 || filled < FEWEST_DAYS || !(0..=gap + 2).contains(&age) {
            return None;
        }
        let days = 2 * (gap + 1) + 1;
        let reason = format!(
            "the last of {filled} days is {} days ago, and the longest time without a row was {gap} days; the interval leaves room for twice as many",
            age.max(0)
        );
        let args = json!({ "datepart": "day", "interval": days.max(age + 2) });
        Some(self.proposal("recency", args, reason, None))
    }
}

/// The formats of `valid_format` that a meaning may be, the narrowest first.
fn formats(meaning: Meaning) -> &'static [&'static str] {
    match meaning {
        Meaning::NumberAsText => &["integer", "number"],
        Meaning::DateAsText(Notation::DateYmdDash) => &["iso_date"],
        Meaning::TimestampAsText => &["iso_timestamp"],
        Meaning::TimeAsText => &["time"],
        Meaning::Formatted(format) => match format {
            Notation::Email => &["email"],
            Notation::Url => &["url"],
            Notation::Uuid => &["uuid"],
            Notation::IpAddress => &["ipv4", "ip"],
            Notation::MacAddress => &["mac_address"],
            Notation::Iban => &["iban"],
            Notation::CardNumber => &["credit_card"],
            Notation::Json => &["json"],
            Notation::CountryCode => &["country_code"],
            Notation::PostalCode => &["us_zip"],
            Notation::Phone => &["phone_e164"],
            _ => &[],
        },
        _ => &[],
    }
}

fn number(point: &Point) -> Option<f64> {
    match point {
        Point::Integer(integer) => Some(*integer as f64),
        Point::Number(number) => Some(*number),
        Point::Text(_) => None,
    }
}

/// A whole number without a decimal point.
fn plain(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Json::from(number as i64)
    } else {
        Json::from(number)
    }
}

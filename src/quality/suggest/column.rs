//! Which checks the profile of a column suggests.

use serde_json::{Map, Value as Json, json};

use super::constraint::Condition;
use super::proposal::{Proposal, TOLERANCE};
use super::stand_ins;
use crate::quality::value;
use algo::block::Kind;
use algo::page::number::{percent, short_number};
use algo::profile::{Calendar, ColumnProfile, Meaning, NonFinite, Notation, Point, Report, iso_date};
use algo::quality::outlook::{self, Bounds};
use algo::scan::PlanColumn;

/// More levels are a list that changes.
const LEVELS: usize = 50;

/// Rows below which nothing is suggested.
pub const FEWEST_ROWS: u64 = 30;

/// The share of a key's values that are different when a load has brought some of them twice, and the share of rows that these are.
pub const NEARLY_ALL: f64 = 0.9;
pub const REPEATED_ROWS: f64 = 2.0 * (1.0 - NEARLY_ALL);

/// What is known of a column.
pub struct Column<'a> {
    pub name: &'a str,
    pub kind: Kind,
    /// Without what looks faulty.
    pub profile: &'a ColumnProfile,
    pub report: Report,
    /// Values that do not look faulty.
    pub present: u64,
    /// Rows without a value.
    pub nulls: u64,
    /// What looks faulty.
    pub looks_faulty: Option<String>,
    /// Whether something may be faulty, be it certain or not.
    pub is_suspicious: bool,
    /// Whether it is the first of the source.
    pub is_first: bool,
}

impl<'a> Column<'a> {
    /// The column of a profile, and of another profile of it without what looks faulty.
    pub fn new(
        column: &'a PlanColumn,
        profile: &'a ColumnProfile,
        cleaned: Option<&'a ColumnProfile>,
        looks_faulty: Option<String>,
    ) -> Column<'a> {
        let nulls = profile.nulls();
        let profile = cleaned.unwrap_or(profile);
        let report = profile.report();
        Column {
            name: &column.name,
            kind: column.kind,
            profile,
            present: report.rows - report.nulls,
            report,
            nulls,
            looks_faulty,
            is_suspicious: false,
            is_first: false,
        }
    }

    /// Whether there are too few values, or too few different ones, to say anything.
    pub fn says_nothing(&self) -> bool {
        self.present < FEWEST_ROWS || self.report.meaning == Meaning::Constant
    }

    /// The checks that it suggests. Of each group one is wanted: the first that all rows pass, or the one that fewest fail. `today` is the day
    /// from 2000-01-01.
    pub fn proposals(&self, today: i64) -> Vec<Vec<Proposal>> {
        if self.says_nothing() {
            let stand_ins = self.looks_faulty.is_some().then(|| stand_ins::proposals(self));
            return stand_ins.into_iter().collect();
        }
        let groups = [
            self.presence().into_iter().collect(),
            self.uniqueness().into_iter().collect(),
            self.content(),
            self.stand_ins(),
            self.recency(today).into_iter().collect(),
        ];
        groups
            .into_iter()
            .filter(|group: &Vec<Proposal>| !group.is_empty())
            .collect()
    }

    /// That no value stands for none, where no form of texts says so.
    fn stand_ins(&self) -> Vec<Proposal> {
        let has_form = |proposal: &Proposal| ["valid_format", "matches_regex"].contains(&proposal.kind);
        match self.kind {
            Kind::Text if self.texts().iter().any(has_form) => Vec::new(),
            _ => stand_ins::proposals(self),
        }
    }

    /// Whether the profile is that of all values, and each of them is finite: what follows from its extremes holds on all rows.
    pub fn is_whole(&self) -> bool {
        self.looks_faulty.is_none() && self.report.non_finite == NonFinite::default()
    }

    /// The share of rows that have a value which looks faulty.
    fn faulty(&self) -> f64 {
        (self.report.nulls.saturating_sub(self.nulls)) as f64 / self.report.rows.max(1) as f64
    }

    fn proposal(&self, kind: &'static str, args: Json, reason: String, condition: Option<Condition>) -> Proposal {
        Proposal {
            condition,
            tolerance: TOLERANCE + self.faulty(),
            ..Proposal::new(kind, Some(self.name), args, reason)
        }
    }

    /// The same of what holds for all rows that do not look faulty, or not at all.
    fn exact_proposal(&self, kind: &'static str, args: Json, reason: String, condition: Option<Condition>) -> Proposal {
        Proposal {
            // A quotient of the same counts may differ in its last digit.
            tolerance: self.faulty() * (1.0 + 1e-9),
            ..self.proposal(kind, args, reason, condition)
        }
    }

    fn presence(&self) -> Option<Proposal> {
        let (rows, nulls) = (self.report.rows, self.nulls);
        if nulls == 0 {
            let reason = format!("none of {rows} rows is NULL");
            let not_null = Proposal {
                tolerance: 0.0,
                ..self.exact_proposal("not_null", json!({}), reason, Some(Condition::NotNull))
            };
            return Some(not_null.known_to_hold(true));
        }
        let least = outlook::least_present(rows - nulls, rows)?;
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
        let (most, present) = (
            self.report.distinct * (1.0 + self.report.distinct_error),
            self.present as f64,
        );
        let is_unique = identifies && most >= present;
        let is_key = self.is_key_by_design() && most >= NEARLY_ALL * present;
        if !(is_unique || is_key) {
            return None;
        }
        let short = self
            .report
            .details
            .lengths
            .is_none_or(|lengths| lengths.characters.greatest <= LONGEST);
        let reason = match is_unique {
            true => format!("{} values, no two of them the same", self.present),
            false => format!("{} values, which look like those of a key", self.present),
        };
        let unique = self.exact_proposal("unique", json!({}), reason, short.then_some(Condition::Unique));
        Some(Proposal {
            tolerance: unique.tolerance + if is_key { REPEATED_ROWS } else { 0.0 },
            ..unique
        })
    }

    /// Whether `unique` is suggested.
    pub fn is_key(&self) -> bool {
        !self.says_nothing() && self.uniqueness().is_some()
    }

    /// Whether the values are meant to be different, be they so or not.
    fn is_key_by_design(&self) -> bool {
        match self.report.meaning {
            Meaning::Formatted(Notation::Uuid | Notation::Iban | Notation::HexHash) => true,
            Meaning::Identifier | Meaning::Number if self.kind == Kind::Integer => {
                self.is_called_key() || self.repeats_less_than_chance()
            }
            Meaning::Identifier | Meaning::Text => self.is_called_key(),
            _ => false,
        }
    }

    /// Whether its name and place are those of a key.
    fn is_called_key(&self) -> bool {
        let name = self.name.to_lowercase();
        let last = name.rsplit(['_', ' ', '-']).next().unwrap_or_default();
        let is_key = ["id", "key", "uuid", "guid", "pk"].contains(&last);
        is_key && (self.is_first || last == name)
    }

    /// Whether whole numbers repeat five times less than numbers drawn by chance from their range would.
    fn repeats_less_than_chance(&self) -> bool {
        const FEWEST: f64 = 20.0;
        let range = self
            .report
            .min
            .as_ref()
            .and_then(number)
            .zip(self.report.max.as_ref().and_then(number));
        range.is_some_and(|(least, greatest)| {
            let (rows, span) = (self.present as f64, greatest - least + 1.0);
            let expected = rows - span * -(-rows / span).exp_m1();
            let excess = rows - self.report.distinct.min(rows);
            expected >= FEWEST && excess * 5.0 <= expected
        })
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
        let condition = Some(Condition::Range(conditions));
        let range = self.exact_proposal("accepted_range", args.into(), reason, condition);
        Some(range.known_to_hold(self.is_whole()))
    }

    fn times(&self) -> Option<Proposal> {
        /// Days behind the last one, at least: fifty years.
        const ROOM: i64 = 18_262;
        let (span, first) = (self.report.details.calendar?.span as i64, self.first_day()?);
        let last = self.profile.day_of(self.report.max.as_ref()?)?;
        let (low, high) = (first_of_year(first - span)?, first_of_year(last + span.max(ROOM))?);
        if span < 2 {
            return None;
        }
        let reason = format!(
            "the days are {} to {}; the bounds leave as much time before them, and as much or fifty years after, and find placeholders such as 0001-01-01 and 9999-12-31",
            iso_date(first),
            iso_date(last)
        );
        let condition = Condition::Range(vec![(">=", format!("'{low}'")), ("<=", format!("'{high}'"))]);
        let args = json!({ "min_value": low, "max_value": high });
        let range = self.exact_proposal("accepted_range", args, reason, Some(condition));
        Some(range.known_to_hold(self.is_whole()))
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
        let accepted = self.exact_proposal("accepted_values", json!({ "values": values }), reason, Some(condition));
        Some(accepted.known_to_hold(self.is_whole()))
    }

    fn texts(&self) -> Vec<Proposal> {
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

    /// How the days of a column of times lie, where rows came day by day until now.
    pub fn running(&self, today: i64) -> Option<Calendar> {
        const FEWEST_DAYS: u64 = 7;
        let calendar = self.report.details.calendar?;
        let gap = longest_gap(&calendar);
        let age = self.age(today)?;
        (calendar.step == 1 && calendar.filled >= FEWEST_DAYS && (0..=gap + 2).contains(&age)).then_some(calendar)
    }

    /// Days since the last one.
    fn age(&self, today: i64) -> Option<i64> {
        Some(today - self.profile.day_of(self.report.max.as_ref()?)?)
    }

    /// That new rows go on coming, where they came day by day until now.
    fn recency(&self, today: i64) -> Option<Proposal> {
        let (calendar, age) = (self.running(today)?, self.age(today)?);
        let gap = longest_gap(&calendar);
        let days = 2 * (gap + 1) + 1;
        let reason = format!(
            "the last of {} days is {age} days ago, and the longest time without a row was {gap} days; the interval leaves room for twice as many",
            calendar.filled
        );
        let args = json!({ "datepart": "day", "interval": days.max(age + 2) });
        Some(self.proposal("recency", args, reason, None))
    }

    /// Whether its values are numbers that something measures or counts.
    pub fn is_measured(&self) -> bool {
        self.kind.is_number() && self.report.meaning == Meaning::Number && !self.says_nothing()
    }

    /// Whether a list of its values is suggested.
    pub fn is_closed(&self) -> bool {
        matches!(self.report.meaning, Meaning::Category | Meaning::Boolean) && self.accepted(LEVELS).is_some()
    }

    /// A check that holds on all rows that do not look faulty.
    pub fn holding(&self, kind: &'static str, args: Json, reason: String) -> Proposal {
        self.exact_proposal(kind, args, reason, None)
    }
}

/// Days in a row without one.
pub fn longest_gap(calendar: &Calendar) -> i64 {
    calendar.gap.map_or(0, |(first, last)| last - first + 1)
}

/// The first day of a day's year, for years of four digits.
fn first_of_year(day: i64) -> Option<String> {
    let date = iso_date(day);
    let (year, _) = date.split_once('-')?;
    (year.len() == 4 && !date.ends_with("BC")).then(|| format!("{year}-01-01"))
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

//! What is promised, and how it is measured: the options of a service level, complete and checked, as they are stored.

use pgrx::spi::quote_literal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::period::Period;
use crate::pg::attempt::attempt;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::options;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::time_zone;
use algo::reliability::budget::{Objective, Unknown};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 24.0 * HOUR;
/// The most names of checks, tags or kinds, and pairs of windows.
const NAMES: usize = 100;
/// The most bytes of each of them.
const LONGEST_NAME: usize = 1000;
/// The most bytes of a duration or a time: what is longer is not even read.
const LONGEST_TIME: usize = 100;
const PAIRS: usize = 4;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indicator {
    /// That data are recent, by checks of recency.
    Freshness,
    /// How many results of checks are no failures.
    ErrorRate,
    /// That there is no grave incident.
    Availability,
    /// That nothing is missing, by checks of NULLs and numbers of rows.
    Completeness,
    /// That loads do not take too long.
    Latency,
    /// That a metric of a model keeps a limit.
    Performance,
}

impl Indicator {
    pub const ALL: [Indicator; 6] = [
        Indicator::Freshness,
        Indicator::ErrorRate,
        Indicator::Availability,
        Indicator::Completeness,
        Indicator::Latency,
        Indicator::Performance,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Indicator::Freshness => "freshness",
            Indicator::ErrorRate => "error_rate",
            Indicator::Availability => "availability",
            Indicator::Completeness => "completeness",
            Indicator::Latency => "latency",
            Indicator::Performance => "performance",
        }
    }

    pub fn of_name(name: &str) -> Option<Indicator> {
        Indicator::ALL.into_iter().find(|indicator| indicator.name() == name)
    }

    /// The kinds of checks that tell of it where none are named; `None` for all of them, and where it is not told by checks.
    fn kinds(self) -> Option<&'static [&'static str]> {
        match self {
            Indicator::Freshness => Some(&["recency", "embedding_lag"]),
            Indicator::Completeness => Some(&[
                "not_null",
                "not_null_proportion",
                "not_empty",
                "row_count_between",
                "row_count_ratio",
                "equal_rowcount",
                "null_share_by_segment",
                "no_gaps",
            ]),
            Indicator::ErrorRate | Indicator::Availability | Indicator::Latency | Indicator::Performance => None,
        }
    }

    pub fn is_told_by_checks(self) -> bool {
        match self {
            Indicator::Freshness | Indicator::ErrorRate | Indicator::Completeness => true,
            Indicator::Availability | Indicator::Latency | Indicator::Performance => false,
        }
    }

    /// The kind of issues that say that it is bad while they are open.
    pub fn issues(self) -> Option<&'static str> {
        match self {
            Indicator::Freshness => Some("freshness"),
            Indicator::Performance => Some("performance"),
            Indicator::ErrorRate | Indicator::Availability | Indicator::Completeness | Indicator::Latency => None,
        }
    }

    /// What of its options it takes beside those that all take.
    fn options(self) -> &'static [&'static str] {
        match self {
            Indicator::Freshness => &["by", "valid_for", "checks", "tags", "kinds", "severity", "max_age"],
            Indicator::ErrorRate | Indicator::Completeness => {
                &["by", "valid_for", "checks", "tags", "kinds", "severity"]
            }
            Indicator::Availability => &["severities"],
            Indicator::Latency => &["by", "valid_for", "max_duration"],
            Indicator::Performance => &["by", "valid_for", "metric", "at_least", "at_most"],
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Slices,
    Occurrences,
}

impl By {
    pub fn name(self) -> &'static str {
        match self {
            By::Slices => "slices",
            By::Occurrences => "occurrences",
        }
    }
}

/// From which severity on a result is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Failures are bad, warnings good.
    Error,
    Warn,
}

/// A severity of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
}

impl Grade {
    pub fn name(self) -> &'static str {
        match self {
            Grade::Sev1 => "sev1",
            Grade::Sev2 => "sev2",
            Grade::Sev3 => "sev3",
            Grade::Sev4 => "sev4",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OfUnknown {
    Bad,
    LeftOut,
}

/// Two windows, in seconds, by both of which a burn has to be fast, and how fast that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub long: f64,
    pub short: f64,
    pub factor: f64,
}

/// The options. Durations are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    by: Option<By>,
    slice: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_for: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severities: Option<Vec<Grade>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    time_zone: Option<String>,
    unknown: Option<OfUnknown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    burn: Option<Vec<Pair>>,
}

impl Terms {
    pub fn by(&self) -> By {
        self.by.unwrap_or(By::Slices)
    }

    /// The length of a slice, in microseconds.
    pub fn slice(&self) -> i64 {
        micros(self.slice.unwrap_or(300.0))
    }

    /// How long a result speaks, in microseconds.
    pub fn valid_for(&self) -> i64 {
        micros(self.valid_for.unwrap_or(DAY))
    }

    pub fn warnings_are_bad(&self) -> bool {
        self.severity == Some(Severity::Warn)
    }

    pub fn severities(&self) -> &[Grade] {
        self.severities.as_deref().unwrap_or(&[Grade::Sev1, Grade::Sev2])
    }

    pub fn unknown(&self) -> Unknown {
        match self.unknown {
            Some(OfUnknown::LeftOut) => Unknown::LeftOut,
            Some(OfUnknown::Bad) | None => Unknown::Bad,
        }
    }

    pub fn pairs(&self) -> &[Pair] {
        self.burn.as_deref().unwrap_or(&[])
    }

    /// What a caller gave, complete and checked. Durations are written as numbers of seconds or as intervals.
    pub fn read(indicator: Indicator, mut given: Json, period: Period, objective: Objective) -> Result<Terms> {
        if let Json::Object(entries) = &given {
            /// What all take.
            const COMMON: [&str; 5] = ["slice", "time_zone", "unknown", "from", "burn"];
            let known = Terms::names();
            for name in entries.keys().filter(|name| known.contains(&name.as_str())) {
                if !COMMON.contains(&name.as_str()) && !indicator.options().contains(&name.as_str()) {
                    let fitting = COMMON.iter().chain(indicator.options());
                    let fitting: Vec<String> = fitting.map(|name| format!("\"{name}\"")).collect();
                    return Err(refused(
                        &format!("option \"{name}\" does not go with {}", indicator.name()),
                        None,
                        &format!("Expected is one of: {}.", fitting.join(", ")),
                    ));
                }
            }
        }
        for name in ["slice", "valid_for", "max_age", "max_duration"] {
            resolve(name, given.get_mut(name))?;
        }
        if let Some(Json::Array(pairs)) = given.get_mut("burn") {
            for pair in pairs {
                for name in ["long", "short"] {
                    resolve(name, pair.get_mut(name))?;
                }
            }
        }
        let mut terms: Terms = options::parse("options", given)?;
        terms.complete(indicator, period, objective)?;
        terms.check(indicator, period, objective)?;
        Ok(terms)
    }

    /// The names of all options, so that one that does not fit is told from one that is not known.
    fn names() -> [&'static str; 17] {
        [
            "by",
            "slice",
            "valid_for",
            "checks",
            "tags",
            "kinds",
            "severity",
            "max_age",
            "severities",
            "max_duration",
            "metric",
            "at_least",
            "at_most",
            "time_zone",
            "unknown",
            "from",
            "burn",
        ]
    }

    /// Fills in what was not given: what is stored keeps what it means.
    fn complete(&mut self, indicator: Indicator, period: Period, objective: Objective) -> Result<()> {
        let by = match indicator {
            Indicator::Freshness | Indicator::Availability => By::Slices,
            Indicator::ErrorRate | Indicator::Completeness | Indicator::Latency | Indicator::Performance => {
                By::Occurrences
            }
        };
        self.by.get_or_insert(by);
        self.slice.get_or_insert(300.0);
        if indicator != Indicator::Availability {
            self.valid_for.get_or_insert(DAY);
        } else {
            self.severities.get_or_insert_with(|| vec![Grade::Sev1, Grade::Sev2]);
        }
        if indicator.is_told_by_checks() {
            self.severity.get_or_insert(Severity::Error);
            if self.checks.is_none() && self.tags.is_none() && self.kinds.is_none() {
                let names = |kinds: &[&str]| kinds.iter().map(|kind| kind.to_string()).collect();
                self.kinds = indicator.kinds().map(names);
            }
        }
        let zone = self.time_zone.take().unwrap_or_else(|| "UTC".into());
        self.time_zone = Some(zone);
        self.unknown.get_or_insert(OfUnknown::Bad);
        // Of the budget of the whole period, 2 % in an hour, or 5 % in six: for 30 days rates of 14.4 and 6.
        let pair = |long: f64, share: f64| Pair {
            long,
            short: long / 12.0,
            factor: (share * period.seconds() / long).min(objective.fastest_burn()),
        };
        let usual = [pair(HOUR, 0.02), pair(6.0 * HOUR, 0.05)];
        let fitting = || usual.into_iter().filter(|pair| pair.factor >= 1.0).collect();
        self.burn.get_or_insert_with(fitting);
        if let Some(from) = &self.from {
            self.from = Some(point_in_time(from)?);
        }
        Ok(())
    }

    fn check(&self, indicator: Indicator, period: Period, objective: Objective) -> Result<()> {
        if let Some(zone) = &self.time_zone {
            time_zone::require(zone)?;
        }
        let slice = self.slice() / SECOND;
        if !(60..=86_400).contains(&slice) || 86_400 % slice != 0 || self.slice() % SECOND != 0 {
            return Err(out_of_range(
                "slice",
                self.slice.unwrap_or(0.0),
                "from a minute to a day, a whole part of a day",
            ));
        }
        for (name, value) in [
            ("valid_for", self.valid_for),
            ("max_age", self.max_age),
            ("max_duration", self.max_duration),
        ] {
            if let Some(value) = value
                && !(1.0..=366.0 * DAY).contains(&value)
            {
                return Err(out_of_range(name, value, "from a second to 366 days"));
            }
        }
        for (name, list) in [("checks", &self.checks), ("tags", &self.tags), ("kinds", &self.kinds)] {
            if list.as_ref().is_some_and(|list| list.is_empty() || list.len() > NAMES) {
                return Err(refused(
                    &format!("option \"{name}\" has no element, or more than {NAMES}"),
                    None,
                    "Leave it out to count all.",
                ));
            }
        }
        let lists = [&self.checks, &self.tags, &self.kinds];
        let names = lists.into_iter().flatten().flatten().chain(&self.metric);
        if let Some(long) = names.into_iter().find(|name| name.len() > LONGEST_NAME) {
            return Err(refused(
                &format!("a name among the options is longer than {LONGEST_NAME} bytes"),
                Some(format!("It has {}.", long.len())),
                "Name checks, tags, kinds and metrics as they are named.",
            ));
        }
        if self
            .severities
            .as_ref()
            .is_some_and(|list| list.is_empty() || list.len() > 4)
        {
            return Err(refused(
                "option \"severities\" has no element, or more than 4",
                None,
                "Name the severities of incidents that make it unavailable, such as [\"sev1\", \"sev2\"].",
            ));
        }
        self.check_indicator(indicator)?;
        self.check_burn(period, objective)
    }

    /// Whether what the indicator cannot do without is said.
    fn check_indicator(&self, indicator: Indicator) -> Result<()> {
        let missing = |name: &str, hint: &str| refused(&format!("option \"{name}\" is missing"), None, hint);
        match indicator {
            Indicator::Latency if self.max_duration.is_none() => {
                return Err(missing(
                    "max_duration",
                    "Say how long a load may take, such as {\"max_duration\": \"2 hours\"}.",
                ));
            }
            Indicator::Performance if self.metric.as_ref().is_none_or(|metric| metric.trim().is_empty()) => {
                return Err(missing(
                    "metric",
                    "Name a metric that assay.record_measurement keeps, such as {\"metric\": \"roc_auc\", \"at_least\": 0.7}.",
                ));
            }
            Indicator::Performance if self.at_least.is_none() && self.at_most.is_none() => {
                return Err(missing("at_least", "Give at_least, at_most or both as the limit."));
            }
            Indicator::Performance if self.at_least > self.at_most && self.at_most.is_some() => {
                return Err(refused(
                    "option \"at_least\" is above option \"at_most\"",
                    None,
                    "No value is within these limits: give them the other way round.",
                ));
            }
            Indicator::Freshness
            | Indicator::ErrorRate
            | Indicator::Availability
            | Indicator::Completeness
            | Indicator::Latency
            | Indicator::Performance => {}
        }
        Ok(())
    }

    /// Whether the pairs of windows can tell a fast burn.
    fn check_burn(&self, period: Period, objective: Objective) -> Result<()> {
        if self.pairs().len() > PAIRS {
            return Err(refused(
                &format!("option \"burn\" has more than {PAIRS} elements"),
                None,
                "One or two pairs of windows tell a fast burn from a slow one.",
            ));
        }
        for pair in self.pairs() {
            let is_in_order = pair.short >= 60.0 && pair.short <= pair.long && pair.long <= period.seconds();
            if !is_in_order {
                return Err(refused(
                    "the windows of option \"burn\" are out of range",
                    Some(format!("They are {} and {} seconds.", pair.long, pair.short)),
                    "The short one is a minute at least, the long one no shorter than it and no longer than the period.",
                ));
            }
            if !(1.0..=objective.fastest_burn() * (1.0 + 1e-9)).contains(&pair.factor) {
                return Err(out_of_range(
                    "factor",
                    pair.factor,
                    &format!(
                        "from 1 to {:.3}, the rate at which nothing is good",
                        objective.fastest_burn()
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// A number as people write it: a whole one without a fraction.
pub fn number(number: f64) -> Json {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => Json::from(number as i64),
        false => Json::from(number),
    }
}

/// Seconds as microseconds.
pub fn micros(seconds: f64) -> i64 {
    (seconds * SECOND as f64).round() as i64
}

fn refused(problem: &str, detail: Option<String>, hint: &str) -> Error {
    let error = Error::new(INVALID_PARAMETER, problem).hint(hint);
    match detail {
        Some(detail) => error.detail(detail),
        None => error,
    }
}

fn out_of_range(name: &str, value: f64, allowed: &str) -> Error {
    refused(
        &format!("option \"{name}\" is out of range"),
        Some(format!("The value is {value}.")),
        &format!("It must be {allowed}."),
    )
}

/// Puts the number of seconds in the place of an interval that is written as a text.
fn resolve(name: &str, value: Option<&mut Json>) -> Result<()> {
    if let Some(value) = value
        && let Some(text) = value.as_str()
    {
        *value = Json::from(seconds(name, text)?);
    }
    Ok(())
}

/// The seconds of an interval. Returns an error with 22023 for what is none, and for months, which differ in length.
pub fn seconds(name: &str, text: &str) -> Result<f64> {
    let wrong = || {
        refused(
            &format!("\"{name}\" is no duration of a fixed length"),
            Some(format!("It is \"{text}\".")),
            "Write days, hours, minutes or seconds, such as '30 days'; months differ in length.",
        )
    };
    if text.len() > LONGEST_TIME {
        return Err(wrong());
    }
    let literal = format!("{}::pg_catalog.interval", quote_literal(text));
    let read = || {
        let mut found = (f64::NAN, 0.0);
        Query::new(&format!(
            "SELECT extract(epoch FROM {literal})::pg_catalog.float8, extract(year FROM {literal})::pg_catalog.float8 OPERATOR(pg_catalog.+) extract(month FROM {literal})::pg_catalog.float8"
        ))?
        .run(&mut |row| {
            if let (Value::Number(seconds), Value::Number(months)) = (row.value(0), row.value(1)) {
                found = (seconds, months);
            }
            Ok(())
        })?;
        Ok(found)
    };
    match attempt(read)? {
        Ok((seconds, 0.0)) if seconds.is_finite() => Ok(seconds),
        _ => Err(wrong()),
    }
}

/// A point in time as a text that says the same in every session.
fn point_in_time(text: &str) -> Result<String> {
    let wrong = || {
        refused(
            "option \"from\" is no point in time",
            Some(format!("It is \"{text}\".")),
            "Write it as '2026-01-01 00:00 UTC', of the years 1 to 9999.",
        )
    };
    if text.len() > LONGEST_TIME {
        return Err(wrong());
    }
    let literal = format!("{}::pg_catalog.timestamptz", quote_literal(text));
    let read = || {
        let mut found = None;
        Query::new(&format!(
            "SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', {literal}), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
WHERE {literal} OPERATOR(pg_catalog.>=) '0001-01-01 00:00:00+00'::pg_catalog.timestamptz AND {literal} OPERATOR(pg_catalog.<) '10000-01-01 00:00:00+00'::pg_catalog.timestamptz"
        ))?
        .run(&mut |row| {
            if let Value::Text(text) = row.value(0) {
                found = Some(text.into_owned());
            }
            Ok(())
        })?;
        Ok(found)
    };
    attempt(read)?.ok().flatten().ok_or_else(wrong)
}

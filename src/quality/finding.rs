//! What a check has found, in its relation or in one segment, and the status that follows.

use serde_json::{Map, Value as Json};

use crate::quality::spec::{Severity, Spec};
use algo::stats::binomial::at_least;
use algo::stats::multiple::benjamini_hochberg;
use algo::stats::proportion::wilson;

/// How it stands with a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pass,
    Warn,
    Fail,
    /// It could not run, so nothing is known.
    Error,
    /// There was too little to judge.
    Skipped,
}

impl Status {
    /// As users read it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::Error => "error",
            Status::Skipped => "skipped",
        }
    }

    /// Its place among all from the best to the worst.
    pub fn rank(self) -> u8 {
        match self {
            Status::Pass => 0,
            Status::Skipped => 1,
            Status::Warn => 2,
            Status::Fail => 3,
            Status::Error => 4,
        }
    }
}

/// How a finding becomes a status.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Verdict {
    /// By the number of failing rows.
    #[default]
    Counted,
    /// By whether a figure is as demanded.
    Holds(bool),
    /// It could not be found out.
    Unknown,
    /// There was too little to judge.
    TooLittle,
}

/// What has been found.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    pub segment: Option<Json>,
    pub metric: &'static str,
    pub value: Option<f64>,
    /// What the value is compared with; without one, the check's own conditions on failing rows.
    pub threshold: Option<String>,
    pub rows: Option<u64>,
    pub failed: Option<u64>,
    pub nulls: Option<u64>,
    pub sample: Option<Json>,
    pub verdict: Verdict,
    pub message: Option<String>,
    /// The confidence interval of the share of failing rows.
    pub interval: Option<(f64, f64)>,
    /// How likely so many failing rows are when the share that is let pass holds, corrected for the number of segments.
    pub p_value: Option<f64>,
}

/// A segment as people write one: `region=north day=2026-01-01`.
pub fn segment_text(segment: &Map<String, Json>) -> String {
    let values = segment.iter().map(|(column, value)| match value {
        Json::String(text) => format!("{column}={text}"),
        value => format!("{column}={value}"),
    });
    values.collect::<Vec<_>>().join(" ")
}

impl Finding {
    /// A check that could not run.
    pub fn error(message: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Unknown,
            message: Some(message.into()),
            ..Finding::default()
        }
    }

    /// A check of segments where there is none: a check that is not heard of would be taken for one that passes.
    pub fn no_segments() -> Finding {
        Finding {
            metric: "rows",
            value: Some(0.0),
            rows: Some(0),
            verdict: Verdict::TooLittle,
            message: Some("there are no rows, and so no segments".into()),
            ..Finding::default()
        }
    }

    /// A check that compares a figure.
    pub fn figure(metric: &'static str, value: Option<f64>, threshold: String, holds: bool) -> Finding {
        Finding {
            metric,
            value,
            threshold: Some(threshold),
            verdict: Verdict::Holds(holds),
            ..Finding::default()
        }
    }

    /// What was found, and in which segment.
    pub fn described(&self) -> Option<String> {
        let message = self.message.as_ref()?;
        Some(match self.segment.as_ref().and_then(Json::as_object) {
            Some(segment) => format!("{}: {message}", segment_text(segment)),
            None => message.clone(),
        })
    }

    /// Says more.
    pub fn add_message(&mut self, more: &str) {
        self.message = Some(match self.message.take() {
            Some(message) => format!("{message}; {more}"),
            None => more.to_string(),
        });
    }

    /// The share of failing rows.
    pub fn fraction(&self) -> Option<f64> {
        match (self.failed, self.rows) {
            (Some(failed), Some(rows)) => Some(if rows == 0 { 0.0 } else { failed as f64 / rows as f64 }),
            _ => None,
        }
    }

    /// Below this, chance alone explains a share of failing rows above the one that is let pass.
    const SIGNIFICANT: f64 = 0.05;

    /// What it means for its check.
    pub fn status(&self, spec: &Spec) -> Status {
        let failing = match spec.severity {
            Severity::Error => Status::Fail,
            Severity::Warn => Status::Warn,
        };
        match &self.verdict {
            Verdict::Unknown => return Status::Error,
            Verdict::TooLittle => return Status::Skipped,
            Verdict::Holds(true) => return Status::Pass,
            Verdict::Holds(false) => return failing,
            Verdict::Counted => {}
        }
        // What has counted nothing has found nothing out.
        let Some(failed) = self.failed else {
            return Status::Error;
        };
        let rows = self.rows.unwrap_or(0);
        let passes = 1.0 - self.fraction().unwrap_or(0.0) >= spec.mostly - 1e-12;
        if spec.mostly < 1.0 && !passes && self.p_value.is_some_and(|p| p > Finding::SIGNIFICANT) {
            // More rows fail than may, but so few rows do not show that.
            return Status::Warn;
        }
        let error = match spec.error_if {
            Some(threshold) => threshold.is_met(failed, rows),
            None => failed > 0,
        };
        let warn = spec.warn_if.is_some_and(|threshold| threshold.is_met(failed, rows));
        match (passes && spec.mostly < 1.0, error, warn) {
            (false, true, _) => failing,
            (_, _, true) => Status::Warn,
            _ => Status::Pass,
        }
    }

    /// What the status was decided by.
    pub fn threshold(&self, spec: &Spec) -> String {
        if let Some(threshold) = &self.threshold {
            return threshold.clone();
        }
        let mut parts = vec![match spec.error_if {
            Some(threshold) => format!("error_if {threshold}"),
            None => "error_if >0".to_string(),
        }];
        if let Some(threshold) = spec.warn_if {
            parts.push(format!("warn_if {threshold}"));
        }
        if spec.mostly < 1.0 {
            parts.push(format!("mostly {}", spec.mostly));
        }
        parts.join(", ")
    }
}

/// The confidence of the interval around a share of failing rows.
const CONFIDENCE: f64 = 0.95;

/// Gives each share of failing rows its interval, and segments the evidence that more fail than may.
pub fn add_evidence(spec: &Spec, findings: &mut [Finding]) {
    for finding in findings.iter_mut() {
        if let (Some(failed), Some(rows @ 1..)) = (finding.failed, finding.rows)
            && failed <= rows
        {
            finding.interval = Some(wilson(failed, rows, CONFIDENCE));
        }
    }
    if spec.mostly >= 1.0 || spec.group_by.is_empty() {
        return;
    }
    let allowed = 1.0 - spec.mostly;
    let p_values: Vec<f64> = findings
        .iter()
        .map(|finding| match (finding.failed, finding.rows) {
            (Some(failed), Some(rows)) => at_least(failed, rows, allowed),
            _ => f64::NAN,
        })
        .collect();
    for (finding, p_value) in findings.iter_mut().zip(benjamini_hochberg(&p_values)) {
        finding.p_value = Some(p_value).filter(|p| !p.is_nan());
    }
}

/// The metrics whose figures are ages in seconds. Their findings say the age itself in their message, for people.
pub const AGES: [&str; 2] = ["age_seconds", "freshness"];

/// How old the latest point in time is, in a sentence.
pub fn describe_latest(seconds: f64) -> String {
    if seconds < 0.0 {
        format!("the latest is {} in the future", age(-seconds))
    } else {
        format!("the latest is {} old", age(seconds))
    }
}

/// An age in seconds as PostgreSQL writes an interval of days and hours; in whole seconds from a minute on.
pub fn age(seconds: f64) -> String {
    const DAY: f64 = 86_400.0;
    if !seconds.is_finite() {
        return "infinity".into();
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = match seconds.abs() {
        short if short < 60.0 => (short * 1e3).round() / 1e3,
        long => long.round(),
    };
    let (days, rest) = ((seconds / DAY).floor(), seconds % DAY);
    let (hours, minutes, seconds) = ((rest / 3600.0).floor(), (rest % 3600.0 / 60.0).floor(), rest % 60.0);
    let width = if seconds.fract() == 0.0 { 2 } else { 6 };
    let places = if seconds.fract() == 0.0 { 0 } else { 3 };
    let time = format!("{sign}{hours:02}:{minutes:02}:{seconds:0width$.places$}");
    match days {
        0.0 => time,
        1.0 if rest == 0.0 => format!("{sign}1 day"),
        days if rest == 0.0 => format!("{sign}{days} days"),
        1.0 => format!("{sign}1 day {time}"),
        days => format!("{sign}{days} days {time}"),
    }
}

/// A number with six digits, or the whole ones, for people.
pub fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    if !(1e-6..1e15).contains(&number.abs()) {
        let text = format!("{number:.5e}");
        return match text.split_once('e') {
            Some((digits, exponent)) => format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.')),
            None => text,
        };
    }
    let unit = 10_f64.powf((5.0 - number.abs().log10().floor()).clamp(0.0, 15.0));
    ((number * unit).round() / unit).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        let numbers = [
            (0.0, "0"),
            (12.5, "12.5"),
            (-1.0 / 3.0, "-0.333333"),
            (123_456_789.4, "123456789"),
            (1e300, "1e300"),
            (-3.040_704_278e307, "-3.0407e307"),
            (2.5e-200, "2.5e-200"),
        ];
        for (number, expected) in numbers {
            assert_eq!(short(number), expected);
        }
    }

    #[test]
    fn ages_read_as_intervals() {
        let ages = [
            (0.0, "00:00:00"),
            (0.25, "00:00:00.250"),
            (59.5, "00:00:59.500"),
            (60.4, "00:01:00"),
            (86_399.7, "1 day"),
            (93_784.0, "1 day 02:03:04"),
            (354_900.0, "4 days 02:35:00"),
            (-7200.0, "-02:00:00"),
            (f64::INFINITY, "infinity"),
        ];
        for (seconds, text) in ages {
            assert_eq!(age(seconds), text, "{seconds}");
        }
        assert_eq!(describe_latest(7200.0), "the latest is 02:00:00 old");
        assert_eq!(describe_latest(-7200.0), "the latest is 02:00:00 in the future");
    }
}

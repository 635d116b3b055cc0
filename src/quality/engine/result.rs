//! Findings as rows of `assay.check_result`.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use super::run::Outcome;
use crate::pg::cell::Parameter;
use crate::pg::result_row::result_row;
use crate::pg::role;
use crate::pg::text::Prose;
use crate::quality::finding::{AGES, Finding, Status};
use crate::quality::kinds::check::{Check, Malformed};
use crate::quality::spec::{Severity, Spec};

result_row! {
    /// A row of `assay.check_result`: what a check found, in its relation or in one segment.
    pub struct CheckResult {
        check_id: Option<i64>,
        name: String,
        kind: String,
        relation: String,
        column_name: Option<String>,
        segment: Option<Json>,
        status: Status,
        severity: Severity,
        metric: Option<&'static str>,
        value: Option<f64>,
        threshold: Option<String>,
        rows_evaluated: Option<i64>,
        rows_failed: Option<i64>,
        fraction_failed: Option<f64>,
        null_rows: Option<i64>,
        sample: Option<Json>,
        duration_ms: Option<f64>,
        message: Option<Prose>,
        fraction_low: Option<f64>,
        fraction_high: Option<f64>,
        p_value: Option<f64>,
        role: String,
        snapshot_at: TimestampWithTimeZone,
    }
}

impl From<Status> for Parameter {
    fn from(status: Status) -> Self {
        status.name().into()
    }
}

impl From<Severity> for Parameter {
    fn from(severity: Severity) -> Self {
        severity.name().into()
    }
}

impl CheckResult {
    /// A result without figures.
    fn plain(name: String, kind: String, relation: String, role: String, snapshot_at: TimestampWithTimeZone) -> Self {
        CheckResult {
            check_id: None,
            name,
            kind,
            relation,
            column_name: None,
            segment: None,
            status: Status::Error,
            severity: Severity::default(),
            metric: None,
            value: None,
            threshold: None,
            rows_evaluated: None,
            rows_failed: None,
            fraction_failed: None,
            null_rows: None,
            sample: None,
            duration_ms: None,
            message: None,
            fraction_low: None,
            fraction_high: None,
            p_value: None,
            role,
            snapshot_at,
        }
    }

    fn new(spec: &Spec, relation: &str, finding: Finding, role: &str, at: TimestampWithTimeZone) -> Self {
        let count = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok());
        let status = finding.status(spec);
        // Nothing was decided when it could not run.
        let decided = status != Status::Error;
        CheckResult {
            check_id: spec.id,
            column_name: spec.column.clone(),
            status,
            severity: spec.severity,
            metric: decided.then_some(finding.metric),
            value: finding.value,
            threshold: decided.then(|| finding.threshold(spec)),
            rows_evaluated: count(finding.rows),
            rows_failed: count(finding.failed),
            fraction_failed: finding.fraction(),
            null_rows: count(finding.nulls),
            fraction_low: finding.interval.map(|(low, _)| low),
            fraction_high: finding.interval.map(|(_, high)| high),
            p_value: finding.p_value,
            segment: finding.segment,
            sample: finding.sample,
            message: finding.message.map(Prose::from),
            ..CheckResult::plain(spec.name.clone(), spec.kind.into(), relation.into(), role.into(), at)
        }
    }

    /// The results of one check that ran as a role, one per segment.
    pub fn of(check: &Check, relation: &str, outcome: Outcome, role: Oid, at: TimestampWithTimeZone) -> Vec<Self> {
        let role = role::name_of(role);
        let milliseconds = outcome.milliseconds;
        let findings = outcome.findings.into_iter();
        findings
            .map(|finding| CheckResult {
                duration_ms: Some(milliseconds),
                ..CheckResult::new(&check.spec, relation, finding, &role, at)
            })
            .collect()
    }

    /// The result of what is no check.
    pub fn malformed(check: Malformed, relation: &str, at: TimestampWithTimeZone) -> Self {
        let role = role::name_of(role::current());
        CheckResult {
            column_name: check.column,
            message: Some(check.problem.into()),
            ..CheckResult::plain(check.name, check.kind, relation.into(), role, at)
        }
    }

    /// What everybody may see of a check's results: one, with the worst of their statuses. Segments are values, and so are figures.
    pub fn without_figures(results: Vec<Self>) -> Option<Self> {
        let worst = results.into_iter().max_by_key(|result| result.status.rank())?;
        Some(CheckResult {
            check_id: worst.check_id,
            status: worst.status,
            severity: worst.severity,
            ..CheckResult::plain(worst.name, worst.kind, worst.relation, worst.role, worst.snapshot_at)
        })
    }

    /// Whether it is one that a load must not pass with.
    pub fn is_failure(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Error)
    }

    /// The age that was found, in words.
    fn age(&self) -> Option<&str> {
        let is_age = self.metric.is_some_and(|metric| AGES.contains(&metric)) && self.value.is_some();
        self.message.as_deref().filter(|_| is_age)
    }

    /// The result in one sentence.
    pub fn describe(&self) -> String {
        let segment = self.segment.as_ref();
        let segment = segment
            .map(|segment| format!(" in {}", short(segment)))
            .unwrap_or_default();
        self.sentence(&segment, self.sample.as_ref())
    }

    /// What failed, in a sentence without the segment and values of rows; `None` of what did not.
    pub fn failure(&self) -> Option<String> {
        match self.status {
            Status::Warn | Status::Fail | Status::Error => {
                // An error's message may end as a sentence does.
                Some(format!("{}.", self.sentence("", None).trim_end_matches('.')))
            }
            Status::Pass | Status::Skipped => None,
        }
    }

    fn sentence(&self, segment: &str, sample: Option<&Json>) -> String {
        let (name, status) = (&self.name, self.status);
        // The caller may see no more of it.
        if self.metric.is_none() && self.message.is_none() {
            return format!("\"{name}\": {}.", status.name());
        }
        let what = match (&self.message, self.rows_failed, self.rows_evaluated) {
            (Some(message), ..) if status == Status::Error => format!("could not run: {message}"),
            (_, Some(failed), Some(rows)) => format!("{failed} of {rows} rows fail"),
            _ => {
                let value = self.value.map_or("nothing".to_string(), |value| value.to_string());
                let figure = || format!("{} is {value}", self.metric.unwrap_or("it"));
                format!(
                    "{}, but must be {}",
                    self.age().map_or_else(figure, str::to_string),
                    self.threshold.as_deref().unwrap_or("otherwise")
                )
            }
        };
        // Failing values speak for themselves; what else a sample holds, the message says.
        let are_values =
            |sample: &&Json| matches!(sample.as_array(), Some(values) if values.iter().all(|v| !v.is_object()));
        let sample = sample.filter(are_values);
        let sample = sample
            .map(|sample| format!(", such as {}", short(sample)))
            .unwrap_or_default();
        let message = match &self.message {
            Some(message) if status != Status::Error && self.age().is_none() => format!(" ({message})"),
            _ => String::new(),
        };
        format!("\"{name}\"{segment}: {what}{sample}{message}.")
    }
}

/// A JSON value short enough for a message.
fn short(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

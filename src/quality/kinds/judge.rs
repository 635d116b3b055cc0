//! From what a pass has counted to findings.

use std::cmp::Ordering;

use hashbrown::HashMap;
use serde_json::{Value as Json, json};

use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result};
use crate::pg::intake;
use crate::pg::query::Query;
use crate::pg::types::Value;
use crate::quality::finding::{Finding, Verdict};
use crate::quality::grouping::Grouping;
use crate::quality::kinds::compile::Figure;
use crate::quality::kinds::rule::{Between, Rule};
use crate::quality::kinds::statement::{Answer, Found};
use crate::quality::pass::Answers;
use crate::quality::spec::check::Check;
use algo::block::Kind;
use algo::profile::Point;
use algo::scan::{Constant, MOST_SEGMENTS, Measure, Segment, Tally, key};
use algo::stats::binomial::at_least;
use algo::stats::multiple::benjamini_hochberg;
use algo::stats::proportion::wilson;

/// The confidence of the interval around a share of failing rows.
const CONFIDENCE: f64 = 0.95;

/// What a question found in one segment, or in all rows.
pub struct Counted<'a> {
    pub segment: Option<&'a Segment>,
    pub tally: &'a Tally,
}

/// A value as JSON: a number or boolean where it is one, else its text.
pub fn value_json(kind: Kind, value: &Constant) -> Json {
    match (kind, value) {
        (Kind::Bool, Constant::Integer(value)) => Json::Bool(*value != 0),
        (Kind::Integer, Constant::Integer(value)) => Json::from(*value),
        (_, Constant::Number(number)) if number.is_finite() => Json::from(*number),
        (kind, value) => Json::String(intake::written_in_json(kind, value)),
    }
}

/// What a question found, its segments in the order of their values. Errs with 54000 when there are more than are counted.
pub fn counted(answers: &Answers, question: usize) -> Result<Vec<Counted<'_>>> {
    let (tallies, overflowed) = answers.tallies(question);
    if overflowed {
        return Err(Error::new(
            LIMIT_EXCEEDED,
            format!("there are more segments than can be counted: more than {MOST_SEGMENTS}, or fewer whose figures take more than 40 MB"),
        )
        .hint("Group by fewer columns, or by coarser ones."));
    }
    let mut counted: Vec<Counted<'_>> = tallies
        .into_iter()
        .filter(|(segment, tally)| segment.is_none() || tally.rows > 0)
        .map(|(segment, tally)| Counted { segment, tally })
        .collect();
    counted.sort_by(|a, b| match (a.segment, b.segment) {
        (Some(a), Some(b)) => {
            let pairs = a.iter().zip(b);
            pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| compare(a, b)))
        }
        _ => Ordering::Equal,
    });
    Ok(counted)
}

/// The order of a segment's values: NULL first.
fn compare(one: &Option<Constant>, other: &Option<Constant>) -> Ordering {
    match (one, other) {
        (Some(Constant::Integer(one)), Some(Constant::Integer(other))) => one.cmp(other),
        (Some(Constant::Number(one)), Some(Constant::Number(other))) => one.total_cmp(other),
        (Some(Constant::Text(one)), Some(Constant::Text(other))) => one.cmp(other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// Findings of a check that counts failing rows.
///
/// The kind is that of the values that fail; `None` where they are not known, but only a condition that they do not meet.
pub fn rows(check: &Check, counted: &[Counted<'_>], grouping: &Grouping, kind: Option<Kind>) -> Vec<Finding> {
    let finding = |counted: &Counted<'_>| {
        let tally = counted.tally;
        let shown = |kind| tally.sample().map(|value| value_json(kind, value)).collect();
        let sample: Vec<Json> = kind.map(shown).unwrap_or_default();
        Finding {
            segment: counted.segment.map(|segment| grouping.json(segment)),
            metric: "rows_failed",
            value: Some(tally.failed as f64),
            rows: Some(tally.rows),
            failed: Some(tally.failed),
            // For not_null the NULLs are what fails.
            nulls: Some(if check.kind == "not_null" {
                tally.failed
            } else {
                tally.nulls
            }),
            sample: (!sample.is_empty()).then_some(Json::Array(sample)),
            ..Finding::default()
        }
    };
    let mut findings: Vec<Finding> = counted.iter().map(finding).collect();
    add_evidence(check, &mut findings);
    findings
}

/// Gives each share of failing rows its interval, and segments the evidence that more fail than may.
pub fn add_evidence(check: &Check, findings: &mut [Finding]) {
    for finding in findings.iter_mut() {
        if let (Some(failed), Some(rows @ 1..)) = (finding.failed, finding.rows)
            && failed <= rows
        {
            finding.interval = Some(wilson(failed, rows, CONFIDENCE));
        }
    }
    if check.mostly >= 1.0 || check.group_by.is_empty() {
        return;
    }
    let allowed = 1.0 - check.mostly;
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

/// Findings of a check that compares a figure.
pub fn figure(counted: &Counted<'_>, figure: &Figure, grouping: &Grouping, kind: Kind) -> Result<Finding> {
    let tally = counted.tally;
    let between = |metric: &'static str, value: Option<f64>, between: &Between| match value {
        Some(value) => Finding::figure(metric, Some(value), between.told(), between.contains(value)),
        None => Finding {
            metric,
            threshold: Some(between.told()),
            verdict: Verdict::TooLittle,
            message: Some("there are too few values for this figure".into()),
            ..Finding::default()
        },
    };
    let moments = match tally.measure() {
        Measure::Moments(moments, sum) => Some((moments, sum)),
        _ => None,
    };
    let profile = match tally.measure() {
        Measure::Profile(profile) => Some(profile.report()),
        _ => None,
    };
    let mut finding = match figure {
        Figure::Rows(bounds) => between("rows", Some(tally.rows as f64), bounds),
        Figure::Present(bounds) => {
            let present = (tally.rows > 0).then(|| (tally.rows - tally.failed) as f64 / tally.rows as f64);
            between("not_null_fraction", present, bounds)
        }
        Figure::Mean(bounds) => between("mean", moments.and_then(|(moments, _)| moments.mean()), bounds),
        Figure::Sum(bounds) => {
            let sum = moments
                .filter(|(moments, _)| moments.count() > 0)
                .map(|(_, sum)| sum.value());
            between("sum", sum, bounds)
        }
        Figure::Stddev(bounds) => between("stddev", moments.and_then(|(moments, _)| moments.stddev()), bounds),
        Figure::Distinct(bounds) => {
            let distinct = profile.as_ref().map(|report| report.distinct);
            between("distinct_count", distinct, bounds)
        }
        Figure::Quantile(q, bounds) => {
            let quantile = match tally.measure() {
                Measure::Profile(profile) => profile.quantile(*q),
                _ => None,
            };
            between("quantile", quantile, bounds)
        }
        Figure::MostCommon(top, accepted) => {
            let most: Vec<(Constant, u64)> = profile
                .iter()
                .flat_map(|report| &report.top)
                .take(*top)
                .map(|(point, n)| (constant(point), *n))
                .collect();
            let holds = most.iter().all(|(value, _)| accepted.contains(value));
            let rows = most.first().map(|(_, rows)| *rows as f64);
            let mut finding = Finding::figure("rows_of_most_common", rows, format!("top {top} in value_set"), holds);
            let listed: Vec<Json> = most
                .iter()
                .map(|(value, rows)| json!({ "value": value_json(kind, value), "rows": rows }))
                .collect();
            finding.sample = Some(Json::Array(listed));
            if most.is_empty() {
                finding.verdict = Verdict::TooLittle;
                finding.message = Some("there is no value".into());
            }
            finding
        }
        Figure::Latest(interval) => latest(tally, interval, kind)?,
    };
    finding.segment = counted.segment.map(|segment| grouping.json(segment));
    finding.rows = Some(tally.rows);
    finding.nulls = Some(if matches!(figure, Figure::Present(_)) {
        tally.failed
    } else {
        tally.nulls
    });
    Ok(finding)
}

fn constant(point: &Point) -> Constant {
    match point {
        Point::Integer(integer) => Constant::Integer(*integer),
        Point::Number(number) => Constant::Number(*number),
        Point::Text(text) => Constant::Text(text.clone()),
    }
}

/// How long ago the latest point in time was, in seconds, and whether that is within the interval.
fn latest(tally: &Tally, interval: &str, kind: Kind) -> Result<Finding> {
    let threshold = format!("within {}", interval.trim_end_matches("::pg_catalog.interval"));
    let Measure::Latest(Some(latest)) = tally.measure() else {
        let mut finding = Finding::figure("age_seconds", None, threshold, false);
        finding.message = Some("there is no value, so none is recent".into());
        return Ok(finding);
    };
    let at = intake::written(kind, &Constant::Integer(*latest));
    let type_name = match kind {
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        _ => "timestamptz",
    };
    let literal = format!("{}::pg_catalog.{type_name}", pgrx::spi::quote_literal(&at));
    let mut finding = Finding::figure("age_seconds", None, threshold, false);
    let sql = format!(
        "SELECT extract(epoch FROM pg_catalog.now() - {literal})::pg_catalog.float8, {literal} >= pg_catalog.now() - {interval}"
    );
    Query::new(&sql)?.run(&mut |row| {
        if let (Value::Number(age), Value::Number(recent)) = (row.value(0), row.value(1)) {
            finding.value = Some(age);
            finding.verdict = Verdict::Holds(recent != 0.0);
        }
        Ok(())
    })?;
    finding.sample = Some(json!({ "latest": at }));
    Ok(finding)
}

/// How many values repeat, in one sentence.
fn duplicates_told(check: &Check, found: &Found) -> Option<String> {
    if !matches!(check.rule, Rule::Unique | Rule::UniqueCombination(_)) {
        return None;
    }
    let number = |name: &str| found.sample.as_ref()?[name].as_u64();
    Some(format!(
        "{} values occur more than once, in {} rows: {} too many",
        number("duplicated_values")?,
        number("rows_involved")?,
        number("excess_rows")?
    ))
}

/// Findings of a check that a statement answers, beside what the shared pass counted. Errs when they are not of the same segments.
pub fn statement(
    check: &Check,
    counted: &[Counted<'_>],
    answer: &Answer,
    grouping: &Grouping,
    by_rows: bool,
) -> Result<Vec<Finding>> {
    // Values that are equal may be written in several ways, so they are compared as values.
    let mut by_segment: HashMap<Box<[u8]>, Vec<&Found>> = HashMap::new();
    for found in &answer.found {
        let segment = grouping.segment(&found.segment)?;
        by_segment.entry(key(&segment)).or_default().push(found);
    }
    let mut finding = |counted: &Counted<'_>| {
        let segment = counted.segment.map(key).unwrap_or_default();
        let found = by_segment
            .remove(&segment)
            .and_then(|found| found.into_iter().cloned().reduce(Found::and));
        let tally = counted.tally;
        let mut finding = Finding {
            segment: counted.segment.map(|segment| grouping.json(segment)),
            metric: answer.metric,
            value: Some(found.as_ref().and_then(|found| found.value).unwrap_or(0.0)),
            rows: Some(tally.rows),
            failed: by_rows.then(|| found.as_ref().map_or(0, |found| found.failed)),
            // The shared pass asks whether the column is NULL, where there is one.
            nulls: check.column.as_ref().map(|_| tally.failed),
            message: found.as_ref().and_then(|found| duplicates_told(check, found)),
            sample: found.and_then(|found| found.sample),
            ..Finding::default()
        };
        if !by_rows {
            let holds = finding.value == Some(tally.rows as f64);
            finding.threshold = Some(format!("= {}", tally.rows));
            finding.verdict = Verdict::Holds(holds);
        }
        finding
    };
    let mut findings: Vec<Finding> = counted.iter().map(&mut finding).collect();
    if let Some(segment) = by_segment.into_values().flatten().map(|found| &found.segment).next() {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("a segment was found that the shared pass did not see: {segment:?}"),
        )
        .hint("Conditions must say the same of a row whenever they are asked."));
    }
    add_evidence(check, &mut findings);
    Ok(findings)
}

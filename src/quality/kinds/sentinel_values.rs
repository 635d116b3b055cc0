//! `sentinel_values`: values that stand for something else than themselves, such as -999, 9999, 'N/A' or 1900-01-01.
//!
//! Numbers and points in time are found by how they lie among the others (see [`algo::quality::sentinels`]), in a profile that the shared pass
//! makes; a second pass counts them. Texts are those that people and programs write for nothing, which the shared pass tests itself.

use serde::Deserialize;
use serde_json::Value as Json;

use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::common::literal::constants;
use super::common::regex;
use super::common::rows;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition, SHARED_SCAN};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::{Finding, add_evidence, short};
use crate::quality::grouping::Grouping;
use crate::quality::pass::{Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::{Needs, Spec};
use crate::quality::value;
use algo::accumulator::Accumulator;
use algo::block::Kind;
use algo::profile::ColumnProfile;
use algo::quality::sentinels::words::{CODE, WORDS};
use algo::quality::sentinels::{self, Found, Side};
use algo::scan::{Constant, Measure, Test};

pub static SENTINEL_VALUES: CheckKind = CheckKind {
    name: "sentinel_values",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read::<SentinelValues>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentinelValues {
    /// More values that are sentinels, wherever they lie.
    #[serde(default)]
    values: Vec<Json>,
    /// Values that are meant.
    #[serde(default)]
    ignore: Vec<Json>,
}

impl SentinelValues {
    /// The test of texts that are written for nothing.
    fn test_of_texts(&self, is_code_meant: bool) -> Result<Test> {
        let text = |value: &Json| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let ignored: Vec<String> = self.ignore.iter().map(|value| text(value).to_lowercase()).collect();
        let words = WORDS.into_iter().filter(|&word| !(is_code_meant && word == CODE));
        let words = words.filter(|word| !ignored.iter().any(|ignored| ignored == word));
        let mut patterns: Vec<String> = words.map(regex::literal).collect();
        patterns.extend(
            self.values
                .iter()
                .filter(|value| !value.is_null())
                .map(|value| regex::literal(&text(value))),
        );
        let pattern = format!(r"(?i)^\s*(?:{})\s*$", patterns.join("|"));
        Ok(Test::Matches {
            pattern: regex::compiled(pattern, "values")?,
            negated: true,
        })
    }

    /// The test of numbers and points in time, once it is known what was found; `None` when nothing was.
    fn test_of_numbers(&self, found: &Found, column: &OutputColumn) -> Result<Option<Test>> {
        let ignored = constants(&self.ignore, column)?;
        let mut values = constants(&self.values, column)?;
        values.extend(found.sentinels.iter().map(|sentinel| value::of_point(&sentinel.value)));
        values.retain(|value| !ignored.contains(value));
        Ok((!values.is_empty()).then_some(Test::Accepted { values, negated: true }))
    }

    fn plan_texts<'a>(&'a self, planner: &mut Planner<'a, '_>, column: &'a OutputColumn) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let test = self.test_of_texts(false)?;
        let input = planner.input(column);
        let inquiry = planner.ask(Some(input), test, move |answer| {
            if is_code(spec, source, column, answer)? {
                return count(spec, source, column, self.test_of_texts(true)?);
            }
            rows::findings(spec, answer, Some(Kind::Text))
        })?;
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Answered(Box::new(move |answer| {
                let is_code = is_code(spec, source, column, answer)?;
                fails(spec, column, self.test_of_texts(is_code)?)
            })),
        })
    }

    fn plan_numbers<'a>(&'a self, planner: &mut Planner<'a, '_>, column: &'a OutputColumn) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let input = planner.input(column);
        let inquiry = planner.ask(Some(input), Test::Profile, move |answer| {
            let found = find(answer)?;
            let Some(test) = self.test_of_numbers(&found, column)? else {
                return none_found(spec, answer);
            };
            let mut findings = count(spec, source, column, test)?;
            let message = self.describe(&found, column)?;
            for finding in findings.iter_mut().filter(|finding| finding.failed > Some(0)) {
                finding.message.clone_from(&message);
            }
            Ok(findings)
        })?;
        let explanation =
            format!("values that repeat and lie apart from all others, by the profile that the {SHARED_SCAN} makes");
        Ok(Plan {
            means: Means::SecondPass(inquiry, explanation),
            failing_rows: FailingRows::Answered(Box::new(move |answer| {
                match self.test_of_numbers(&find(answer)?, column)? {
                    Some(test) => fails(spec, column, test),
                    None => Ok(RowCondition::Alone("false".into())),
                }
            })),
        })
    }

    /// What was found, for people; `None` where all of it was given.
    fn describe(&self, found: &Found, column: &OutputColumn) -> Result<Option<String>> {
        let kind = intake::kind_of(column.type_oid);
        let ignored = constants(&self.ignore, column)?;
        let written = |constant: &Constant| match value::json(kind, constant) {
            Json::String(text) => text,
            other => other.to_string(),
        };
        let end = |number: f64| match value::json_on_scale(kind, number) {
            Json::String(text) => text,
            _ => short(number),
        };
        let sentences = found.sentinels.iter().filter_map(|sentinel| {
            let constant = value::of_point(&sentinel.value);
            let place = match (sentinel.side, found.others) {
                _ if ignored.contains(&constant) => return None,
                (Side::Below, Some((low, high))) => {
                    format!("lies apart below the others, {} to {}", end(low), end(high))
                }
                (Side::Above, Some((low, high))) => {
                    format!("lies apart above the others, {} to {}", end(low), end(high))
                }
                (Side::Among, _) | (_, None) => "is ten times as frequent as any other value".into(),
            };
            Some(format!("{} {place}", written(&constant)))
        });
        let sentences: Vec<String> = sentences.collect();
        Ok((!sentences.is_empty()).then(|| sentences.join("; ")))
    }
}

impl Assertion for SentinelValues {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let suits = |kind: Kind| kind.is_number() || kind.is_time() || kind == Kind::Text;
        let column = planner.column_of(suits, "a number, date, timestamp or text")?;
        match intake::kind_of(column.type_oid) {
            Kind::Text => self.plan_texts(planner, column),
            _ => self.plan_numbers(planner, column),
        }
    }
}

/// What lies apart from the values of all segments together.
fn find(answer: &Answer<'_>) -> Result<Found> {
    let profiles = answer.measures(|measure| match measure {
        Measure::Profile(profile) => Some(&**profile),
        _ => None,
    })?;
    match profiles.as_slice() {
        [] => Ok(Found::default()),
        [single] => Ok(sentinels::find(single)),
        [first, others @ ..] => {
            let mut all: ColumnProfile = (*first).clone();
            others.iter().try_for_each(|profile| all.merge(profile))?;
            Ok(sentinels::find(&all))
        }
    }
}

fn none_found(spec: &Spec, answer: &Answer<'_>) -> Result<Vec<Finding>> {
    let mut findings = answer.findings(|_| {
        Ok(Finding {
            metric: "rows_failed",
            value: Some(0.0),
            failed: Some(0),
            ..Finding::default()
        })
    })?;
    add_evidence(spec, &mut findings);
    Ok(findings)
}

/// The second pass: the rows that fail a test.
fn count(spec: &Spec, source: &Source, column: &OutputColumn, test: Test) -> Result<Vec<Finding>> {
    let mut pass = Pass::default();
    let grouping = Grouping::new(&spec.group_by, source)?;
    let question = ask(spec, column, test, Some(&grouping), &mut pass);
    let answers = pass.run(source)?;
    let answer = Answer::new(&answers, question, &grouping)?;
    rows::findings(spec, &answer, Some(intake::kind_of(column.type_oid)))
}

/// Asks a pass for the rows that fail a test; gives the question's number.
fn ask(spec: &Spec, column: &OutputColumn, test: Test, grouping: Option<&Grouping>, pass: &mut Pass) -> usize {
    let groups = grouping.map(|grouping| grouping.groups.as_slice()).unwrap_or_default();
    let question = Question {
        column: Some(pass.column(column)),
        filter: spec.filter.as_deref().map(|filter| pass.condition(filter)),
        grouping: groups.iter().map(|group| pass.group(group)).collect(),
        test,
    };
    pass.ask(question)
}

/// The condition that a row q fails a test.
fn fails(spec: &Spec, column: &OutputColumn, test: Test) -> Result<RowCondition> {
    let mut pass = Pass::default();
    let question = ask(spec, column, test, None, &mut pass);
    pass.row_fails(question).map(RowCondition::Alone)
}

/// Whether "NA" is a code here, as that of Namibia: at least half of the texts are two capital letters.
fn is_code(spec: &Spec, source: &Source, column: &OutputColumn, answer: &Answer<'_>) -> Result<bool> {
    let mut samples = answer.segments.iter().flat_map(|segment| segment.tally.sample());
    if !samples.any(|value| matches!(value, Constant::Text(text) if text == "NA")) {
        return Ok(false);
    }
    let mut pass = Pass::default();
    let question = ask(spec, column, Test::Profile, None, &mut pass);
    let answers = pass.run(source)?;
    let ungrouped = Grouping::default();
    let answer = Answer::new(&answers, question, &ungrouped)?;
    let is_code = answer.segments.iter().any(|segment| match segment.tally.measure() {
        Measure::Profile(profile) => {
            let texts = profile.rows() - profile.nulls();
            let shapes = profile.report().details.shapes;
            let masks = shapes.map(|shapes| shapes.masks).unwrap_or_default();
            masks.iter().any(|(mask, rows)| mask == "AA" && 2 * rows >= texts)
        }
        _ => false,
    });
    Ok(is_code)
}

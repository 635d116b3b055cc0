//! `within_n_stdevs` and `outliers`: that values are near to what is usual, in all rows or in their segment. The shared pass says what that is; a
//! second one finds the others.

mod segments;

use serde::Deserialize;

use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::{Finding, Verdict, short};
use crate::quality::grouping::Grouping;
use crate::quality::kinds::answer::Answer;
use crate::quality::kinds::assertion::{Assertion, CheckKind};
use crate::quality::kinds::common::rows;
use crate::quality::kinds::common::statement::Parts;
use crate::quality::kinds::plan::{FailingRows, Means, Plan, Planner, RowCondition, SHARED_SCAN};
use crate::quality::pass::{Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::{Needs, Spec};
use algo::block::{Form, Kind};
use algo::scan::{Bound, Constant, Measure, Test};

pub static WITHIN_N_STDEVS: CheckKind = CheckKind {
    name: "within_n_stdevs",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(WithinNStdevs::problem)?)),
};

pub static OUTLIERS: CheckKind = CheckKind {
    name: "outliers",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(Outliers::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithinNStdevs {
    #[serde(default = "three")]
    sigma_threshold: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outliers {
    /// How many times the distance between the quartiles a value may be outside of them (Tukey, 1977).
    #[serde(default = "fence")]
    multiplier: f64,
}

fn three() -> f64 {
    3.0
}
fn fence() -> f64 {
    1.5
}

impl WithinNStdevs {
    fn problem(&self) -> Option<&'static str> {
        let sound = self.sigma_threshold > 0.0;
        (!sound).then_some("sigma_threshold must be above 0")
    }

    /// The bounds of usual values; `None` of too few.
    fn bounds(&self, measure: &Measure) -> Option<(f64, f64)> {
        let Measure::Moments(moments, _) = measure else {
            return None;
        };
        let (mean, distance) = (moments.mean()?, self.sigma_threshold * moments.stddev()?);
        Some((mean - distance, mean + distance))
    }
}

impl Outliers {
    fn problem(&self) -> Option<&'static str> {
        let sound = self.multiplier >= 0.0;
        (!sound).then_some("multiplier must be at least 0")
    }

    /// The bounds of usual values; `None` of too few.
    fn bounds(&self, measure: &Measure) -> Option<(f64, f64)> {
        let Measure::Profile(profile) = measure else {
            return None;
        };
        let (low, high) = (profile.quantile(0.25)?, profile.quantile(0.75)?);
        let distance = self.multiplier * (high - low);
        Some((low - distance, high + distance))
    }
}

impl Assertion for WithinNStdevs {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let suits = |kind: Kind| kind.is_number() || kind == Kind::Bool;
        let column = planner.column_of(suits, "a number or boolean")?;
        let explanation = format!(
            "values further than {} standard deviations from the mean, both of which the {SHARED_SCAN} gives",
            self.sigma_threshold
        );
        plan(planner, column, Test::Moments, explanation, |measure| {
            self.bounds(measure)
        })
    }
}

impl Assertion for Outliers {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(Kind::is_number, "a number")?;
        let explanation = format!(
            "values further than {} times the distance of the quartiles from them, which the {SHARED_SCAN} gives",
            self.multiplier
        );
        plan(planner, column, Test::Profile, explanation, |measure| {
            self.bounds(measure)
        })
    }
}

/// A check of the values outside of bounds that the shared pass gives.
fn plan<'a>(
    planner: &mut Planner<'a, '_>,
    column: &'a OutputColumn,
    test: Test,
    explanation: String,
    bounds: impl Fn(&Measure) -> Option<(f64, f64)> + Copy + 'a,
) -> Result<Plan<'a>> {
    let (spec, source) = (planner.spec, planner.source);
    let usual = move |answer: &Answer<'_>| bounds(answer.segments.first()?.tally.measure());
    let usual_by_segment = move |answer: &Answer<'_>| -> Vec<Option<(f64, f64)>> {
        let segments = answer.segments.iter();
        segments.map(|segment| bounds(segment.tally.measure())).collect()
    };
    let parts = Parts::new(spec, source)?;
    let input = planner.input(column);
    let inquiry = planner.ask(Some(input), test, move |answer| {
        if !spec.group_by.is_empty() {
            return segments::findings(spec, column, &parts, answer, &usual_by_segment(answer));
        }
        match usual(answer) {
            Some(bounds) => second_pass(spec, source, column, bounds),
            None => Ok(vec![too_little()]),
        }
    })?;
    Ok(Plan {
        means: Means::SecondPass(inquiry, explanation),
        failing_rows: FailingRows::Answered(Box::new(move |answer| {
            if !spec.group_by.is_empty() {
                let condition = segments::condition(column, answer, &usual_by_segment(answer));
                return Ok(RowCondition::Alone(condition));
            }
            let condition = match usual(answer) {
                Some(bounds) => {
                    let mut pass = Pass::default();
                    let question = ask_outside(spec, column, bounds, &mut pass);
                    pass.row_fails(question)?
                }
                None => "false".into(),
            };
            Ok(RowCondition::Alone(condition))
        })),
    })
}

fn too_little() -> Finding {
    Finding {
        verdict: Verdict::TooLittle,
        message: Some("there are too few values to tell what is usual".into()),
        ..Finding::default()
    }
}

fn describe((low, high): (f64, f64)) -> String {
    format!("usual values are between {} and {}", short(low), short(high))
}

/// Asks a pass for the values outside of bounds; gives the question's number.
fn ask_outside(spec: &Spec, column: &OutputColumn, (low, high): (f64, f64), pass: &mut Pass) -> usize {
    let is_integer = matches!(intake::kind_of(column.type_oid).form(), Form::Integers);
    let end = |value: f64, whole: f64| {
        let value = if is_integer {
            Constant::Integer(whole as i64)
        } else {
            Constant::Number(value)
        };
        Some(Bound { value, strict: false })
    };
    let question = Question {
        column: Some(pass.column(column)),
        filter: spec.filter.as_deref().map(|filter| pass.condition(filter)),
        grouping: Vec::new(),
        test: Test::Range {
            low: end(low, low.ceil()),
            high: end(high, high.floor()),
        },
    };
    pass.ask(question)
}

fn second_pass(spec: &Spec, source: &Source, column: &OutputColumn, bounds: (f64, f64)) -> Result<Vec<Finding>> {
    let mut pass = Pass::default();
    let question = ask_outside(spec, column, bounds, &mut pass);
    let answers = pass.run(source)?;
    let ungrouped = Grouping::default();
    let answer = Answer::new(&answers, question, &ungrouped)?;
    let mut findings = rows::findings(spec, &answer, Some(intake::kind_of(column.type_oid)))?;
    for finding in &mut findings {
        finding.message = Some(describe(bounds));
    }
    Ok(findings)
}

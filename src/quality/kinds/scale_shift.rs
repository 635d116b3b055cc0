//! `scale_shift`: that the numbers of no segment, or of a part of one, are those of the others times a constant factor.

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::quality::finding::{Finding, Verdict, add_evidence, short};
use crate::quality::spec::{Needs, Spec};
use algo::block::Kind;
use algo::quality::scale_shift::{self, Extent, Params, ScaleShift as Shift};
use algo::scan::{Measure, Test};

pub static SCALE_SHIFT: CheckKind = CheckKind {
    name: "scale_shift",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(ScaleShift::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScaleShift {
    /// The fewest rows of a segment that is tested.
    #[serde(default = "fifty")]
    min_rows: u64,
}

fn fifty() -> u64 {
    50
}

impl ScaleShift {
    fn problem(&self) -> Option<&'static str> {
        (self.min_rows < 20).then_some("min_rows must be at least 20")
    }
}

impl Assertion for ScaleShift {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, column) = (planner.spec, planner.column_of(Kind::is_number, "a number")?);
        let input = planner.input(column);
        let inquiry = planner.ask(Some(input), Test::Scale, |answer| findings(spec, answer, self.min_rows))?;
        let number = value_of(column);
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Answered(Box::new(move |answer| {
                condition(answer, self.min_rows, &number).map(RowCondition::Alone)
            })),
        })
    }
}

/// The numbers of each segment, and what is on another scale, by the places of segments.
fn shifts(answer: &Answer<'_>, min_rows: u64) -> Result<(Vec<u64>, Vec<Shift>)> {
    let tallies = answer.measures(|measure| match measure {
        Measure::Scale(scale) => Some(&**scale),
        _ => None,
    })?;
    let params = Params {
        min_rows,
        ..Params::default()
    };
    let rows = tallies.iter().map(|tally| tally.rows()).collect();
    Ok((rows, scale_shift::find_shifts(&tallies, &params)?))
}

/// The condition that a row q has a number on another scale. Numbers are compared as the shared pass had them.
fn condition(answer: &Answer<'_>, min_rows: u64, number: &str) -> Result<String> {
    let (_, shifts) = shifts(answer, min_rows)?;
    let one = |shift: &Shift| {
        let (low, high) = shift.magnitudes;
        // On an edge the pass rounds up, by a part in 10^10.
        let within = format!(
            "pg_catalog.abs(({number})::pg_catalog.float8) >= {:e}::pg_catalog.float8 AND pg_catalog.abs(({number})::pg_catalog.float8) < {:e}::pg_catalog.float8",
            low * (1.0 - 1e-10),
            high * (1.0 - 1e-10)
        );
        match answer.segments.get(shift.segment).and_then(|segment| segment.values) {
            Some(values) => format!("({} AND {within})", answer.grouping.condition(values)),
            None => format!("({within})"),
        }
    };
    match shifts.as_slice() {
        [] => Ok("false".into()),
        shifts => Ok(format!("({})", shifts.iter().map(one).collect::<Vec<_>>().join(" OR "))),
    }
}

/// One finding per segment.
fn findings(spec: &Spec, answer: &Answer<'_>, min_rows: u64) -> Result<Vec<Finding>> {
    let (numbers, shifts) = shifts(answer, min_rows)?;
    let mut findings: Vec<Finding> = answer
        .segments
        .iter()
        .map(|segment| answer.sound_segment(segment, "factor", 1.0))
        .collect();
    for (finding, numbers) in findings.iter_mut().zip(numbers) {
        if numbers < min_rows {
            finding.verdict = Verdict::TooLittle;
            finding.value = None;
            finding.message = Some(format!(
                "{numbers} numbers are too few to judge by: min_rows is {min_rows}"
            ));
        }
    }
    for shift in &shifts {
        let finding = &mut findings[shift.segment];
        finding.value = Some(shift.factor);
        finding.failed = Some(shift.rows);
        finding.sample = Some(json!({
            "factor": shift.factor, "between": shift.name, "rows": shift.rows, "of_whole_segment": shift.extent == Extent::Whole,
            "factor_low": shift.interval.0, "factor_high": shift.interval.1, "explained": shift.confidence,
        }));
        finding.message = Some(describe(shift));
    }
    add_evidence(spec, &mut findings);
    Ok(findings)
}

/// A shift in one sentence.
fn describe(shift: &Shift) -> String {
    let times = if shift.factor >= 1.0 {
        format!("{} times", short(shift.factor))
    } else {
        format!("1/{} of", short(1.0 / shift.factor))
    };
    let name = shift.name.map(|name| format!(" ({name})")).unwrap_or_default();
    match shift.extent {
        Extent::Whole => format!("its numbers are {times} those of the other segments{name}"),
        Extent::Part => format!("{} of its numbers are {times} the others{name}", shift.rows),
    }
}

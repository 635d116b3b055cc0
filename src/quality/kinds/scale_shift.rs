//! `scale_shift`: that the numbers of no segment, or of a part of one, are those of the others times a constant factor.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::{Finding, Verdict, add_evidence, short};
use crate::quality::grouping::{Group, Grouping};
use crate::quality::pass::{Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::{Needs, Spec};
use algo::block::Kind;
use algo::quality::scale_shift::{self, Cluster, Extent, Params, QUANTILES, ScaleShift as Shift, ScaleTally, Split};
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
        let search = Search {
            spec,
            source: planner.source,
            column,
            min_rows: self.min_rows,
        };
        let input = planner.input(column);
        let mut inquiry = planner.ask(Some(input), Test::Scale, move |answer| search.findings(answer))?;
        let is_time = |column: &&OutputColumn| {
            matches!(
                intake::kind_of(column.type_oid),
                Kind::Date | Kind::Timestamp | Kind::TimestampTz
            )
        };
        let time = planner
            .source
            .columns()
            .iter()
            .find(is_time)
            .filter(|_| spec.group_by.is_empty());
        // A name that cannot be asked for is none to look at.
        if let Some(month) = time.and_then(|time| Group::new(&format!("month({})", time.name), planner.source).ok()) {
            planner.ask_also(&mut inquiry, input, month, Test::Scale);
        }
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Answered(Box::new(move |answer| {
                search.condition(answer).map(RowCondition::Alone)
            })),
        })
    }
}

/// What is needed to look for other scales, once the rows are read.
#[derive(Clone, Copy)]
struct Search<'a> {
    spec: &'a Spec,
    source: &'a Source,
    column: &'a OutputColumn,
    min_rows: u64,
}

/// What is on another scale.
#[derive(Default)]
struct Found {
    /// By the places of segments.
    in_segments: Vec<Shift>,
    /// By the places of the periods that nobody asked for.
    in_periods: Vec<Shift>,
}

/// The most segments whose clusters are looked at once more.
const MOST_SPLITS: usize = 50;

fn tallies<'p>(answer: &Answer<'p>) -> Result<Vec<&'p ScaleTally>> {
    answer.measures(|measure| match measure {
        Measure::Scale(scale) => Some(&**scale),
        _ => None,
    })
}

impl Search<'_> {
    fn find(&self, answer: &Answer<'_>) -> Result<Found> {
        let params = Params {
            min_rows: self.min_rows,
            ..Params::default()
        };
        let of_segments = tallies(answer)?;
        let mut found = Found {
            in_segments: scale_shift::find_shifts(&of_segments, &params)?,
            ..Found::default()
        };
        let splits = scale_shift::find_splits(&of_segments, &params, &found.in_segments);
        if !splits.is_empty() {
            found
                .in_segments
                .extend(self.conversions(answer, &splits[..splits.len().min(MOST_SPLITS)])?);
            found.in_segments.sort_by_key(|shift| shift.segment);
        }
        if let (Some(also), []) = (&answer.also, found.in_segments.as_slice()) {
            let shifts = scale_shift::find_shifts(&tallies(also)?, &params)?;
            // Months differ; only a known factor is no whim of a season.
            let is_unit = |shift: &Shift| shift.extent == Extent::Whole && shift.name.is_some();
            found.in_periods = shifts.into_iter().filter(is_unit).collect();
        }
        Ok(found)
    }

    /// The splits of which one side is the other in another unit. Reads the rows once more, for the quantiles of either side.
    fn conversions(&self, answer: &Answer<'_>, splits: &[Split]) -> Result<Vec<Shift>> {
        let mut pass = Pass::default();
        let mut ask = |split: &Split, magnitudes| {
            let within = self.within(answer, split.segment, magnitudes);
            let filter = format!("{}{within}", self.spec.filter_and());
            let question = Question {
                column: Some(pass.column(self.column)),
                filter: Some(pass.condition(&filter)),
                grouping: Vec::new(),
                test: Test::Profile,
            };
            pass.ask(question)
        };
        let questions: Vec<[usize; 2]> = splits
            .iter()
            .map(|split| [split.low, split.high].map(|side| ask(split, side)))
            .collect();
        let answers = pass.run(self.source)?;
        let ungrouped = Grouping::default();
        let mut shifts = Vec::new();
        for (split, [low, high]) in splits.iter().zip(questions) {
            let low = cluster(&Answer::new(&answers, low, &ungrouped)?);
            let high = cluster(&Answer::new(&answers, high, &ungrouped)?);
            if let (Some(low), Some(high)) = (low, high) {
                shifts.extend(scale_shift::shift_of(split, &low, &high));
            }
        }
        Ok(shifts)
    }

    /// The condition that a row q is of a segment and has a number within magnitudes. Numbers are compared as the shared pass had them.
    fn within(&self, answer: &Answer<'_>, segment: usize, (low, high): (f64, f64)) -> String {
        let number = value_of(self.column);
        // On an edge the pass rounds up, by a part in 10^10.
        let within = format!(
            "pg_catalog.abs(({number})::pg_catalog.float8) >= {:e}::pg_catalog.float8 AND pg_catalog.abs(({number})::pg_catalog.float8) < {:e}::pg_catalog.float8",
            low * (1.0 - 1e-10),
            high * (1.0 - 1e-10)
        );
        match answer.segments.get(segment).and_then(|segment| segment.values) {
            Some(values) => format!("({} AND {within})", answer.grouping.condition(values)),
            None => format!("({within})"),
        }
    }

    /// The condition that a row q has a number on another scale.
    fn condition(&self, answer: &Answer<'_>) -> Result<String> {
        let found = self.find(answer)?;
        let in_segments = found
            .in_segments
            .iter()
            .map(|shift| self.within(answer, shift.segment, shift.magnitudes));
        let mut conditions: Vec<String> = in_segments.collect();
        if let Some(also) = &answer.also {
            let in_periods = found
                .in_periods
                .iter()
                .map(|shift| self.within(also, shift.segment, shift.magnitudes));
            conditions.extend(in_periods);
        }
        match conditions.as_slice() {
            [] => Ok("false".into()),
            conditions => Ok(format!("({})", conditions.join(" OR "))),
        }
    }

    /// One finding per segment.
    fn findings(&self, answer: &Answer<'_>) -> Result<Vec<Finding>> {
        let found = self.find(answer)?;
        let mut findings: Vec<Finding> = answer
            .segments
            .iter()
            .map(|segment| answer.sound_segment(segment, "factor", 1.0))
            .collect();
        for (finding, tally) in findings.iter_mut().zip(tallies(answer)?) {
            let (numbers, min_rows) = (tally.rows(), self.min_rows);
            if numbers < min_rows {
                finding.verdict = Verdict::TooLittle;
                finding.value = None;
                finding.message = Some(format!(
                    "{numbers} numbers are too few to judge by: min_rows is {min_rows}"
                ));
            }
        }
        for shift in &found.in_segments {
            let finding = &mut findings[shift.segment];
            finding.value = Some(shift.factor);
            finding.failed = Some(shift.rows);
            finding.sample = Some(sample(shift));
            finding.message = Some(describe(shift, "segments"));
        }
        if let (Some(also), Some(finding), Some(first)) = (&answer.also, findings.first_mut(), found.in_periods.first())
        {
            finding.value = Some(first.factor);
            finding.failed = Some(found.in_periods.iter().map(|shift| shift.rows).sum());
            let period = |shift: &Shift| also.segments.get(shift.segment).and_then(|segment| also.json(segment));
            let samples = found.in_periods.iter().map(|shift| {
                let mut sample = sample(shift);
                if let Json::Object(sample) = &mut sample {
                    sample.insert("period".into(), period(shift).into());
                }
                sample
            });
            finding.sample = Some(Json::Array(samples.collect()));
            let sentence = |shift: &Shift| {
                format!(
                    "in {}: {}",
                    period(shift).unwrap_or_default(),
                    describe(shift, "months")
                )
            };
            finding.message = Some(found.in_periods.iter().map(sentence).collect::<Vec<_>>().join("; "));
        }
        add_evidence(self.spec, &mut findings);
        Ok(findings)
    }
}

/// The numbers on one side of a split.
fn cluster(answer: &Answer<'_>) -> Option<Cluster> {
    let tally = answer.segments.first()?.tally;
    let Measure::Profile(profile) = tally.measure() else {
        return None;
    };
    let quantiles: Option<Vec<f64>> = QUANTILES.iter().map(|&share| profile.quantile(share)).collect();
    Some(Cluster {
        rows: tally.rows,
        distinct: profile.report().distinct,
        quantiles: quantiles?,
    })
}

/// A shift as evidence.
fn sample(shift: &Shift) -> Json {
    let mut sample = json!({
        "factor": shift.factor, "between": shift.name, "rows": shift.rows, "of_whole_segment": shift.extent == Extent::Whole,
        "factor_low": shift.interval.0, "factor_high": shift.interval.1, "explained": shift.confidence,
    });
    if let (Json::Object(sample), true) = (&mut sample, shift.summand != 0.0) {
        sample.insert("summand".into(), shift.summand.into());
    }
    sample
}

/// A shift in one sentence; what the segments that were compared are called.
fn describe(shift: &Shift, segments: &str) -> String {
    let times = if shift.factor == 1.0 {
        String::new()
    } else if shift.factor > 1.0 {
        format!("{} times ", short(shift.factor))
    } else {
        format!("1/{} of ", short(1.0 / shift.factor))
    };
    let summand = match shift.summand {
        summand if summand > 0.0 => format!(" plus {}", short(summand)),
        summand if summand < 0.0 => format!(" less {}", short(-summand)),
        _ => String::new(),
    };
    let name = shift.name.map(|name| format!(" ({name})")).unwrap_or_default();
    match shift.extent {
        Extent::Whole => format!("its numbers are {times}those of the other {segments}{name}"),
        Extent::Part => format!("{} of its numbers are {times}the others{summand}{name}", shift.rows),
    }
}

//! `scale_shift`: that the numbers of no segment, or of a part of one, are those of the others times a constant factor.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition, SHARED_SCAN};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::{Finding, Verdict, add_evidence, short};
use crate::quality::grouping::{Group, Grouping};
use crate::quality::pass::{Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::{Needs, Spec};
use algo::block::Kind;
use algo::quality::scale_shift::{
    self, Cluster, Extent, Of, Params, QUANTILES, ScaleShift as Shift, ScaleTally, Side, Split,
};
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
        let is_time = |column: &&OutputColumn| {
            matches!(
                intake::kind_of(column.type_oid),
                Kind::Date | Kind::Timestamp | Kind::TimestampTz
            )
        };
        let time = planner.source.columns().iter().find(is_time);
        let search = Search {
            spec,
            source: planner.source,
            column,
            time: time.filter(|_| spec.group_by.is_empty()),
            min_rows: self.min_rows,
        };
        let input = planner.input(column);
        let mut inquiry = planner.ask(Some(input), Test::Scale, move |answer| search.findings(answer))?;
        if let Some(month) = search.period("month") {
            planner.ask_also(&mut inquiry, input, month, Test::Scale);
        }
        Ok(Plan {
            means: Means::SharedScanOrMore(inquiry, search.explanation()),
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
    /// The points in time by which numbers are compared where nobody asked for segments.
    time: Option<&'a OutputColumn>,
    min_rows: u64,
}

/// What is on another scale.
struct Found {
    /// By the places of segments.
    in_segments: Vec<Shift>,
    /// In periods that nobody asked for, where there is nothing in segments.
    in_periods: Vec<Period>,
}

/// A period whose numbers are on another scale.
struct Period {
    shift: Shift,
    json: Json,
    /// The condition that a row q is of it.
    condition: String,
}

/// The most segments whose clusters are looked at once more, so that a second pass takes no longer than a few checks do.
const MOST_SPLITS: usize = 20;
/// The months from which on they are compared; days where there are fewer.
const MONTHS: usize = 3;

fn tallies<'p>(answer: &Answer<'p>) -> Result<Vec<&'p ScaleTally>> {
    answer.measures(|measure| match measure {
        Measure::Scale(scale) => Some(&**scale),
        _ => None,
    })
}

impl Search<'_> {
    /// The periods of the time, unless its name is one that cannot be asked for.
    fn period(&self, length: &str) -> Option<Group> {
        let name = format!("{length}({})", self.time?.name);
        Group::new(&name, self.source).ok()
    }

    /// When the rows are read again.
    fn explanation(&self) -> String {
        let clusters = format!(
            "a second pass over the rows reads quantiles where the {SHARED_SCAN} finds numbers in two clusters, of {MOST_SPLITS} segments at most"
        );
        match self.time {
            Some(_) => format!("{clusters}, and compares days where there are fewer than {MONTHS} months"),
            None => clusters,
        }
    }

    fn params(&self) -> Params {
        Params {
            min_rows: self.min_rows,
            ..Params::default()
        }
    }

    fn find(&self, answer: &Answer<'_>) -> Result<Found> {
        let of_segments = tallies(answer)?;
        let in_segments = scale_shift::find_shifts(&of_segments, &self.params())?;
        let mut splits = scale_shift::find_splits(&of_segments, &self.params(), &in_segments);
        splits.truncate(MOST_SPLITS);
        let in_months = match &answer.also {
            Some(months) if in_segments.is_empty() => self.periods(months)?,
            Some(_) | None => Vec::new(),
        };
        let has_few_months = answer
            .also
            .as_ref()
            .is_some_and(|months| months.segments.len() < MONTHS);
        let days = self
            .period("day")
            .filter(|_| has_few_months && in_segments.is_empty() && in_months.is_empty());
        let (converted, in_days) = self.look_again(answer, &splits, days)?;
        let in_segments = scale_shift::with_conversions(in_segments, converted);
        let in_periods = if in_months.is_empty() { in_days } else { in_months };
        Ok(Found {
            in_periods: if in_segments.is_empty() { in_periods } else { Vec::new() },
            in_segments,
        })
    }

    /// The periods whose numbers are the others' in another unit.
    fn periods(&self, answer: &Answer<'_>) -> Result<Vec<Period>> {
        let shifts = scale_shift::find_shifts(&tallies(answer)?, &self.params())?;
        // Periods differ; only a known factor is no whim of a season.
        let is_unit = |shift: &Shift| shift.extent == Extent::Whole && shift.name.is_some();
        let period = |shift: Shift| Period {
            json: answer.json(&answer.segments[shift.segment]).unwrap_or_default(),
            condition: self.within(answer, shift.segment, Of::Segment, shift.magnitudes),
            shift,
        };
        Ok(shifts.into_iter().filter(is_unit).map(period).collect())
    }

    /// Reads the rows once more: for the quantiles of either side of splits, of which one may be the other in another unit, and by days.
    fn look_again(
        &self,
        answer: &Answer<'_>,
        splits: &[Split],
        days: Option<Group>,
    ) -> Result<(Vec<Shift>, Vec<Period>)> {
        let mut pass = Pass::default();
        let mut ask = |split: &Split, side: Side| {
            let within = self.within(answer, split.segment, side.of, side.magnitudes);
            let filter = format!("{}{within}", self.spec.filter_and());
            let question = Question {
                column: Some(pass.column(self.column)),
                filter: Some(pass.condition(&filter)),
                grouping: Vec::new(),
                test: Test::Profile,
            };
            pass.ask(question)
        };
        let sides: Vec<[usize; 2]> = splits
            .iter()
            .map(|split| [split.low, split.high].map(|side| ask(split, side)))
            .collect();
        let days = days.map(|day| {
            let question = Question {
                column: Some(pass.column(self.column)),
                filter: self.spec.filter.as_deref().map(|filter| pass.condition(filter)),
                grouping: vec![pass.group(&day)],
                test: Test::Scale,
            };
            (pass.ask(question), Grouping { groups: vec![day] })
        });
        let answers = pass.run(self.source)?;
        let ungrouped = Grouping::default();
        let mut shifts = Vec::new();
        for (split, [low, high]) in splits.iter().zip(sides) {
            let low = cluster(&Answer::new(&answers, low, &ungrouped)?);
            let high = cluster(&Answer::new(&answers, high, &ungrouped)?);
            if let (Some(low), Some(high)) = (low, high) {
                shifts.extend(scale_shift::shift_of(split, &low, &high));
            }
        }
        let in_days = match days {
            // Days that nobody asked for do no harm where they are too many.
            Some((question, grouping)) => match Answer::new(&answers, question, &grouping) {
                Ok(answer) => self.periods(&answer)?,
                Err(_) => Vec::new(),
            },
            None => Vec::new(),
        };
        Ok((shifts, in_days))
    }

    /// The condition that a row q is of a segment, or of the others, and has a number within magnitudes. Numbers are compared as the shared pass
    /// had them.
    fn within(&self, answer: &Answer<'_>, segment: usize, of: Of, (low, high): (f64, f64)) -> String {
        let number = value_of(self.column);
        // On an edge the pass rounds up, by a part in 10^10.
        let within = format!(
            "pg_catalog.abs(({number})::pg_catalog.float8) >= {:e}::pg_catalog.float8 AND pg_catalog.abs(({number})::pg_catalog.float8) < {:e}::pg_catalog.float8",
            low * (1.0 - 1e-10),
            high * (1.0 - 1e-10)
        );
        let belongs = answer
            .segments
            .get(segment)
            .and_then(|segment| segment.values)
            .map(|values| answer.grouping.condition(values));
        match (belongs, of) {
            (Some(belongs), Of::Segment) => format!("({belongs} AND {within})"),
            (Some(belongs), Of::OtherSegments) => format!("(({belongs}) IS NOT TRUE AND {within})"),
            (None, _) => format!("({within})"),
        }
    }

    /// The condition that a row q has a number on another scale.
    fn condition(&self, answer: &Answer<'_>) -> Result<String> {
        let found = self.find(answer)?;
        let in_segments = found
            .in_segments
            .iter()
            .map(|shift| self.within(answer, shift.segment, Of::Segment, shift.magnitudes));
        let in_periods = found.in_periods.iter().map(|period| period.condition.clone());
        let conditions: Vec<String> = in_segments.chain(in_periods).collect();
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
        if let (Some(finding), Some(first)) = (findings.first_mut(), found.in_periods.first()) {
            finding.value = Some(first.shift.factor);
            finding.failed = Some(found.in_periods.iter().map(|period| period.shift.rows).sum());
            finding.sample = Some(found.in_periods.iter().map(Period::sample).collect());
            let told = found.in_periods.iter().take(MOST_TOLD).map(Period::describe);
            let more = found.in_periods.len().saturating_sub(MOST_TOLD);
            let more = (more > 0).then(|| format!("and in {more} more"));
            finding.message = Some(told.chain(more).collect::<Vec<_>>().join("; "));
        }
        add_evidence(self.spec, &mut findings);
        Ok(findings)
    }
}

/// The most periods that a message has.
const MOST_TOLD: usize = 3;

impl Period {
    /// As evidence.
    fn sample(&self) -> Json {
        let mut sample = sample(&self.shift);
        if let Json::Object(sample) = &mut sample {
            sample.insert("period".into(), self.json.clone());
        }
        sample
    }

    /// In one sentence.
    fn describe(&self) -> String {
        format!("in {}: {}", self.json, describe(&self.shift, "periods"))
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
        Extent::Whole => format!("its numbers are {times}those of the other {segments}{summand}{name}"),
        Extent::Part => format!("{} of its numbers are {times}the others{summand}{name}", shift.rows),
    }
}

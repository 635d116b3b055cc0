//! States of every kind, and what they answer.

use std::ops::Range;
use std::rc::Rc;

use super::Answer;
use crate::block::Kind as Cell;
use crate::clustering::k_means::ClustersPass;
use crate::hash::hash_u64;
use crate::judging::curves::{ClassScores, Curves};
use crate::judging::numbers::NumberBins;
use crate::judging::scored_rows::{ScoredRow, ScoredRows};
use crate::judging::scores::Scores;
use crate::label::Label;
use crate::linear::gram::Gram;
use crate::metrics::curve::CurvePoint;
use crate::metrics::evaluation::{Actual, Scored};
use crate::metrics::{Inputs, Metric, Ranking, Tally};
use crate::monitor::Unwatched;
use crate::packed::{self, PackPlan, Reading, ReadingPlan, SurveyPlan};
use crate::scan::{Bound, Constant, Measure, Plan, PlanCheck, PlanColumn, Scan, Test};
use crate::state::{Kind, State};
use crate::sums::{self, Layout, What};
use crate::task::Answer as Task;
use crate::training_set::TargetKind;
use crate::{drift, profile};

/// Everything that a state answers.
pub(super) fn answers(state: &State) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut add = |name: String, number: f64| answers.push(Answer::new(name, number));
    match state {
        State::Metric(_) => add("value".into(), state.finish(&Unwatched).unwrap().unwrap_or(f64::NAN)),
        State::Gram(gram) => {
            let moments = gram.moments();
            for i in 0..=moments.width() {
                add(format!("mean {i}"), moments.mean(i));
                (0..=i).for_each(|j| add(format!("product {i} {j}"), moments.product(i, j)));
            }
        }
        State::Curves(curves) => {
            for class in curves.classes() {
                let point = |point: &CurvePoint| (point.true_positives * 1_000 + point.false_positives) as f64;
                for (place, found) in class.scores.points().iter().enumerate() {
                    add(format!("{} point {place}", class.label), point(found));
                    add(format!("{} threshold {place}", class.label), found.threshold);
                }
            }
            for (place, bin) in curves.numbers().map_or(&[][..], NumberBins::bins).iter().enumerate() {
                add(format!("bin {place} predicted"), bin.predicted);
                add(format!("bin {place} actual"), bin.actual);
                add(format!("bin {place} rows"), bin.rows as f64);
                add(format!("bin {place} deviations"), bin.deviations);
            }
        }
        State::Survey(survey) => {
            add("rows".into(), survey.rows() as f64);
            add(format!("survey {}", hash_of(&format!("{:?}", survey.stored()))), 1.0);
        }
        State::Packed(packer) => {
            add("rows".into(), packer.rows() as f64);
            add(
                format!("packed {}", hash_of(&format!("{:?}", packer.write(Vec::new())))),
                1.0,
            );
        }
        State::Sums(partial) => {
            let sums = partial.sums().unwrap();
            add("trained".into(), sums.trained() as f64);
            add("counted".into(), sums.counted() as f64);
        }
        State::ScoredRows(rows) => of_scored_rows(rows, &mut add),
        State::Scan(scan) => {
            let scan = scan.settled(&Unwatched).unwrap();
            for (place, profile) in scan.profiles().iter().enumerate() {
                of_profile(&format!("profile {place}"), &profile.report(), &mut add);
            }
            for check in 0..scan.plan().checks.len() {
                for (place, tally) in scan.tallies(check).iter().enumerate() {
                    let name = format!("check {check} segment {place}");
                    add(format!("{name} rows"), tally.rows as f64);
                    add(format!("{name} nulls"), tally.nulls as f64);
                    add(format!("{name} failed"), tally.failed as f64);
                    tally
                        .sample()
                        .for_each(|value| add(format!("{name} sample {value:?}"), 1.0));
                    of_measure(&name, tally.measure(), &mut add);
                }
            }
        }
    }
    answers
}

fn of_scored_rows(rows: &ScoredRows, add: &mut impl FnMut(String, f64)) {
    add("rows".into(), rows.count() as f64);
    add("unlabelled".into(), rows.unlabelled() as f64);
    add("unseen".into(), rows.unseen() as f64);
    add("looked at".into(), rows.seen().rows() as f64);
    rows.coverage()
        .metrics()
        .into_iter()
        .for_each(|(name, value)| add(name.into(), value));
    let labels = (0..i64::from(rows.classes())).map(Label::Number).collect();
    let mut scored = Scored::new(&match rows.classes() {
        0 => Task::Number,
        _ => Task::Classes(labels),
    });
    let mut extra = vec![Vec::new(); 1];
    rows.append_to(&mut scored, &mut extra, &Unwatched).unwrap();
    let (actual, scores): (Vec<f64>, &[f64]) = match &scored {
        Scored::Classes {
            actual, probabilities, ..
        } => (actual.iter().map(|&class| f64::from(class)).collect(), probabilities),
        Scored::Numbers { actual, predicted } => (actual.clone(), predicted),
    };
    let columns = [("actual", &actual[..]), ("score", scores), ("extra", &extra[0])];
    for (name, values) in columns {
        (values.iter().enumerate()).for_each(|(place, &value)| add(format!("{name} {place}"), value));
    }
}

fn of_profile(name: &str, report: &profile::Report, add: &mut impl FnMut(String, f64)) {
    let numbers = [
        ("rows", Some(report.rows as f64)),
        ("nulls", Some(report.nulls as f64)),
        ("distinct", Some(report.distinct)),
        ("mean", report.mean),
        ("stddev", report.stddev),
        ("median", report.quantiles.map(|quantiles| quantiles[3])),
        ("zeros", report.zeros.map(|rows| rows as f64)),
    ];
    for (what, number) in numbers {
        add(format!("{name} {what}"), number.unwrap_or(f64::NAN));
    }
    add(format!("{name} means {}", report.meaning.name()), 1.0);
    report
        .top
        .iter()
        .for_each(|(point, rows)| add(format!("{name} {point:?}"), *rows as f64));
}

fn of_measure(name: &str, measure: &Measure, add: &mut impl FnMut(String, f64)) {
    match measure {
        Measure::None => {}
        Measure::Latest(latest) => add(
            format!("{name} latest"),
            latest.map_or(f64::NAN, |latest| latest as f64),
        ),
        Measure::Moments(moments, sum) => {
            add(format!("{name} mean"), moments.mean().unwrap_or(f64::NAN));
            add(format!("{name} sum"), sum.value());
        }
        Measure::Profile(profile) => of_profile(name, &profile.report(), add),
        Measure::Distribution(distribution) => add(format!("{name} distributed"), distribution.rows() as f64),
        Measure::Formats(formats) => {
            let judged = crate::quality::mixed_formats::find_conflicts(&[formats], &Default::default());
            add(format!("{name} formats {}", hash_of(&format!("{judged:?}"))), 1.0);
        }
        Measure::Scale(scale) => {
            add(format!("{name} scaled"), scale.rows() as f64);
            add(format!("{name} negative"), scale.negatives() as f64);
        }
        Measure::Extremes(extremes) => add(
            format!("{name} from {:?} to {:?}", extremes.least(), extremes.greatest()),
            1.0,
        ),
        Measure::Occurring(occurring) => {
            let counted = occurring.values().iter();
            counted.for_each(|(value, rows)| add(format!("{name} {value:?}"), *rows as f64));
        }
    }
}

fn hash_of(text: &str) -> u64 {
    crate::hash::hash_bytes(0, text.as_bytes())
}

/// States of every kind by name: of some rows, of none, and merged from two.
pub(super) fn states() -> Vec<(String, State)> {
    let mut states = Vec::new();
    let mut add = |name: &str, make: &dyn Fn(Range<u64>) -> State| {
        states.push((name.to_string(), make(0..60)));
        states.push((format!("{name}_empty"), make(0..0)));
        let mut merged = make(0..20);
        merged.merge(&make(20..60), &Unwatched).unwrap();
        states.push((format!("{name}_merged"), merged));
    };
    for kind in Kind::all() {
        match kind.code {
            1..64 => add(kind.name, &|rows| metric(kind.name.parse().unwrap(), rows)),
            64 => add("linear_statistics", &gram),
            65 => {
                add("scan_of_profiles", &|rows| profiles(rows, 20));
                add("scan_of_checks", &checks);
                // So many rows that profiles and distributions are sketches.
                add("scan_of_sketches", &|rows| {
                    profiles(rows.start * 150..rows.end * 150, 2_000)
                });
                add("scan_of_many_checks", &|rows| checks(rows.start * 50..rows.end * 50));
                add("scan_of_values", &values);
            }
            66 => {
                add("curves_of_classes", &curves_of_classes);
                add("curves_of_numbers", &curves_of_numbers);
            }
            67 => add("survey", &|rows| reading(&survey_plan(), rows)),
            68 => add("packed", &|rows| reading(&pack_plan(), rows)),
            69 => {
                add("sums", &|rows| reading(&sum_plan(What::Tally), rows));
                let clusters = sum_plan(What::Clusters(ClustersPass::of_golden_files()));
                add("sums_of_clusters", &|rows| reading(&clusters, rows));
            }
            70 => {
                add("scored_rows_of_two_classes", &|rows| scored_rows(2, rows));
                add("scored_rows_of_classes", &|rows| scored_rows(3, rows));
                add("scored_rows_of_numbers", &|rows| scored_rows(0, rows));
            }
            code => panic!("kind {code} has no golden file: add one here"),
        }
    }
    states
}

fn scored_rows(classes: u32, rows: Range<u64>) -> State {
    let mut scored = ScoredRows::new(classes, 0);
    for at in rows {
        let number = (hash_u64(7, at) % 1000) as f64 / 1024.0;
        let (actual, scores) = match classes {
            0 => (Actual::Number((at % 10) as f64), vec![10.0 * number]),
            2 => (Actual::Class((at % 2) as u32), vec![1.0 - number, number]),
            classes => (
                Actual::Class((at % u64::from(classes)) as u32),
                vec![number, 0.25, 0.75 - number],
            ),
        };
        let row = ScoredRow {
            classes,
            unseen: u32::from(at % 4 == 0),
            actual: (at % 9 > 0).then_some(actual),
            scores,
            interval: (classes == 0).then_some([10.0 * number - 1.0, 10.0 * number + 1.0]),
            compared: Some((at % 5 == 0).then_some(at as u32)),
            extra: vec![(at % 3) as f64],
        };
        scored.push(&row).unwrap();
    }
    State::from(scored)
}

fn metric(metric: Metric, rows: Range<u64>) -> State {
    let mut tally = Tally::new(metric);
    for row in rows {
        let draw = |seed| hash_u64(seed, row);
        let label = |class: u64| match metric as usize % 4 {
            0 => Label::Bool(class % 2 == 1),
            1 => Label::Number(class as i64),
            2 => Label::Enum(class as u32, format!("e{class}")),
            _ => Label::Text(format!("class {class}")),
        };
        match metric.inputs() {
            Inputs::LabelAndScore => tally.push_score(&label(draw(1) % 2), (draw(2) % 20) as f64),
            Inputs::LabelAndProbability => tally.push_score(&label(draw(1) % 2), (draw(2) % 101) as f64 / 100.0),
            Inputs::Labels => tally.push_labels(&label(draw(1) % 2), &label(draw(2) % 2)),
            Inputs::Numbers => tally.push_numbers(1.0 + (draw(1) % 90) as f64, (draw(2) % 100) as f64 / 7.0),
        }
        .unwrap();
    }
    State::from(tally)
}

fn curves_of_classes(rows: Range<u64>) -> State {
    let draw = |seed, row| (hash_u64(seed, row) % 1000) as f64 / 1000.0;
    let row = |row| (draw(1, row) < draw(2, row), draw(2, row));
    let ranking = Ranking::of(rows.map(row), &Unwatched).unwrap();
    State::from(Curves::Classes(vec![ClassScores {
        label: "true".into(),
        scores: Scores::of(&ranking, &Unwatched).unwrap(),
    }]))
}

fn curves_of_numbers(rows: Range<u64>) -> State {
    let draw = |seed, row| (hash_u64(seed, row) % 1000) as f64 / 8.0;
    let predicted: Vec<f64> = rows.clone().map(|row| draw(1, row)).collect();
    let actual: Vec<f64> = rows.map(|row| draw(1, row) + draw(2, row)).collect();
    State::from(Curves::Numbers(
        NumberBins::of(&actual, &predicted, &Unwatched).unwrap(),
    ))
}

fn gram(rows: Range<u64>) -> State {
    let mut gram = Gram::new(3).unwrap();
    for row in rows {
        let draw = |seed| (hash_u64(seed, row) % 1000) as f64 / 8.0;
        gram.push(&[draw(1), draw(2), draw(3)], draw(4)).unwrap();
    }
    State::from(gram)
}

/// Rows of a number, a text and a class, as a plan has it.
fn reading(plan: &ReadingPlan, rows: Range<u64>) -> State {
    let row = |row| {
        let draw = |seed| (hash_u64(seed, row) % 1000) as f64 / 8.0;
        let text = ["a", "b", "c"][draw(2) as usize % 3];
        [
            packed::Cell::Number(draw(1)),
            packed::Cell::Text(text),
            packed::Cell::Number((draw(1) as u64 % 2) as f64),
        ]
    };
    match plan.clone().begin(&Unwatched).unwrap() {
        Reading::Survey(mut survey) => {
            rows.map(row)
                .for_each(|cells| survey.push(|column| cells[column]).unwrap());
            State::from(Rc::new(survey))
        }
        Reading::Pack(mut packer) => {
            rows.map(row)
                .for_each(|cells| packer.push(|column| cells[column]).unwrap());
            State::from(Rc::new(packer))
        }
        Reading::Sum(mut partial) => {
            let summing = partial.filling().unwrap();
            rows.map(row)
                .for_each(|cells| summing.push(|column| cells[column]).unwrap());
            State::from(partial)
        }
    }
}

fn survey_plan() -> ReadingPlan {
    ReadingPlan::Survey(SurveyPlan::new(1, &[false, true, false], (2, TargetKind::Classes(2))))
}

fn sum_plan(what: What) -> ReadingPlan {
    ReadingPlan::Sum(sums::Plan {
        layout: Layout::of_golden_files(),
        what,
    })
}

fn pack_plan() -> ReadingPlan {
    ReadingPlan::Pack(PackPlan::of_golden_files())
}

const CELLS: [Cell; 16] = [
    Cell::Bool,
    Cell::Integer,
    Cell::Float,
    Cell::Numeric,
    Cell::Date,
    Cell::Timestamp,
    Cell::TimestampTz,
    Cell::Time,
    Cell::Interval,
    Cell::Text,
    Cell::Enum,
    Cell::Uuid,
    Cell::Json,
    Cell::Array,
    Cell::Bytes,
    Cell::Other,
];

fn columns() -> Vec<PlanColumn> {
    let column = |kind| PlanColumn {
        name: format!("{kind:?}"),
        type_name: "t".into(),
        kind,
    };
    CELLS.map(column).to_vec()
}

/// Of rows whose numbers are as many as `numbers`.
fn scan(plan: Plan, rows: Range<u64>, numbers: u64) -> State {
    let mut scan = Scan::new(plan).unwrap();
    for row in rows {
        let fill = |block: &mut [crate::block::BlockColumn]| {
            for (seed, column) in block.iter_mut().enumerate() {
                let draw = hash_u64(seed as u64, row);
                let number = (draw % numbers) as i64 - 7;
                match column.kind() {
                    _ if draw % 11 == 3 => column.push_null(),
                    Cell::Bool => column.push_integer(number & 1),
                    Cell::Integer | Cell::Date | Cell::Time => column.push_integer(number),
                    Cell::Timestamp | Cell::TimestampTz | Cell::Interval => column.push_integer(number * 3_600_000_000),
                    Cell::Float | Cell::Numeric => column.push_number(number as f64 / 4.0),
                    Cell::Text => column.push_text(&format!("Name {number}, 2024-02-{:02}", draw % 29))?,
                    Cell::Enum => column.push_text(["low", "middle", "high"][(draw % 3) as usize])?,
                    Cell::Uuid => column.push_text(&format!("123e4567-e89b-12d3-a456-{:012}", draw % (2 * numbers)))?,
                    Cell::Json => column.push_text(&format!("{{\"a\": [{number}]}}"))?,
                    Cell::Array => column.push_text(&format!("{{{number},NULL}}"))?,
                    Cell::Bytes => column.push_text(&format!("\\x{:02x}", draw % 256))?,
                    Cell::Other => column.push_text(&format!("({number},7)"))?,
                }
            }
            Ok(())
        };
        scan.push(fill, &Unwatched).unwrap();
    }
    scan.flush(&Unwatched).unwrap();
    State::from(scan)
}

/// The profile of each kind of column, among so many.
fn profiles(rows: Range<u64>, shared_by: usize) -> State {
    let plan = Plan {
        columns: columns(),
        profiled: (0..CELLS.len()).collect(),
        shared_by,
        ..Plan::default()
    };
    scan(plan, rows, if shared_by > 20 { 4_500 } else { 30 })
}

/// Every test, of all rows and of those that a condition selects in each segment.
fn checks(rows: Range<u64>) -> State {
    let bound = |value| Some(Bound { value, strict: true });
    let tests = [
        Test::NotNull,
        Test::NotEmpty,
        Test::Accepted {
            values: vec![Constant::Integer(1), Constant::Integer(2)],
            negated: false,
        },
        Test::Accepted {
            values: vec![Constant::Text("low".into())],
            negated: true,
        },
        Test::Range {
            low: bound(Constant::Number(0.5)),
            high: None,
        },
        Test::Matches {
            pattern: "^N.*7".into(),
            negated: false,
        },
        Test::Format { format: "uuid".into() },
        Test::Length {
            low: Some(1),
            high: Some(18),
        },
        Test::True,
        Test::Rows,
        Test::Latest,
        Test::Moments,
        Test::Profile,
        Test::Distribution(drift::Limits::for_columns(2_000)),
        Test::Formats,
        Test::Scale,
    ];
    scan_of_tests(&tests, rows)
}

/// What tests of releases after the first ask.
fn values(rows: Range<u64>) -> State {
    let occurring = |values: &[Constant]| Test::Occurring {
        values: values.to_vec(),
    };
    let tests = [
        Test::Extremes,
        occurring(&[Constant::Integer(1), Constant::Integer(200)]),
        occurring(&[Constant::Number(0.25), Constant::Number(-1.0)]),
        occurring(&[Constant::Text("low".into()), Constant::Text("high".into())]),
    ];
    scan_of_tests(&tests, rows)
}

/// Each test of the columns that it suits, by itself and of the rows that a condition selects in each segment.
fn scan_of_tests(tests: &[Test], rows: Range<u64>) -> State {
    let mut checks = Vec::new();
    for test in tests {
        let suitable: Vec<usize> = (0..CELLS.len())
            .filter(|&column| test.suits(Some(CELLS[column])))
            .collect();
        for grouping in [None, Some(0)] {
            let check = |&column: &usize| PlanCheck {
                column: Some(column).filter(|_| *test != Test::Rows),
                filter: grouping.map(|_| 0),
                grouping,
                test: test.clone(),
            };
            checks.extend(suitable.iter().take(3).map(check));
        }
    }
    scan(
        Plan {
            columns: columns(),
            groupings: vec![vec![10]],
            checks,
            ..Plan::default()
        },
        rows,
        200,
    )
}

//! States of every kind, to begin with.

use std::rc::Rc;

use crate::state;
use algo::block::Kind as CellKind;
use algo::drift;
use algo::judging::scored_rows::{ScoredRow, ScoredRows};
use algo::label::Label;
use algo::linear::Gram;
use algo::metrics::evaluation::Actual;
use algo::metrics::{Inputs, Metric, Tally};
use algo::monitor::Unwatched;
use algo::packed::{Cell, Survey, SurveyPlan};
use algo::scan::{Bound, Constant, Plan, PlanCheck, PlanColumn, Scan, Test};
use algo::state::{Kind, State};
use algo::training_set::TargetKind;

/// Inputs of states of every kind, without rows, with some, and with so many that sketches begin.
pub fn states() -> Vec<Vec<u8>> {
    let mut states = Vec::new();
    for rows in [0, 12, 3_000] {
        for kind in Kind::all() {
            match kind.name.parse::<Metric>() {
                Ok(metric) if rows <= 12 => {
                    let mut tally = Tally::new(metric);
                    (0..rows).for_each(|row| push_metric(&mut tally, metric.inputs(), row));
                    states.push(State::from(tally));
                }
                Ok(_) => {}
                Err(_) if kind.name == "linear statistics" => {
                    let mut gram = Gram::new(3).expect("three columns are not too many");
                    (0..rows).for_each(|row| {
                        gram.push(&[row as f64, (row % 3) as f64, 1.0], (row % 5) as f64)
                            .expect("there is room for a row")
                    });
                    states.push(State::from(gram));
                }
                Err(_) if kind.name == "a survey of rows" => states.push(State::from(Rc::new(survey(rows as u64)))),
                Err(_) if kind.name == "scored rows" && rows <= 12 => {
                    states.extend([0, 2, 3].map(|classes| State::from(scored_rows(classes, rows))));
                }
                Err(_) => states.extend(plans().into_iter().map(|plan| State::from(scan(plan, rows)))),
            }
        }
    }
    let inputs = states
        .iter()
        .map(|state| state::input_of(&state.to_bytes().expect("it is small")));
    inputs.chain([packed()]).collect()
}

/// A survey of rows of a number, a text and a class.
fn survey(rows: u64) -> Survey {
    let plan = SurveyPlan::new(1, &[false, true, false], (2, TargetKind::Classes(2)));
    let mut survey = Survey::new(&plan);
    for row in 0..rows {
        let text = ["a", "b", ""][row as usize % 3];
        let cells = [
            Cell::Number(row as f64),
            Cell::Text(text),
            Cell::Number((row % 2) as f64),
        ];
        survey.push(|column| cells[column]).expect("there is room for a row");
    }
    survey
}

/// Two buckets of packed rows of two columns: two rows and none.
fn packed() -> Vec<u8> {
    let kind = Kind::all()
        .find(|kind| kind.name == "packed rows")
        .expect("there is such a kind");
    let head = [7_u64, 2, 2, 2, 99].map(u64::to_le_bytes).concat();
    let sizes = [2_u32, 0].map(u32::to_le_bytes).concat();
    let targets = [0.0_f32, 1.0].map(f32::to_le_bytes).concat();
    [&[kind.code], &head[..], &sizes, &[1, 2, 3, 4], &targets].concat()
}

fn scored_rows(classes: u32, rows: u64) -> ScoredRows {
    let mut scored = ScoredRows::new(classes, 0);
    for row in 0..rows {
        let number = row as f64 / 16.0;
        let (actual, scores) = match classes {
            0 => (Actual::Number(number), vec![number + 1.0]),
            2 => (Actual::Class((row % 2) as u32), vec![1.0 - number, number]),
            classes => (
                Actual::Class((row % u64::from(classes)) as u32),
                vec![number; classes as usize],
            ),
        };
        let row = ScoredRow {
            classes,
            unseen: 1,
            actual: (row % 5 > 0).then_some(actual),
            scores,
            interval: (classes == 0).then_some([number, number + 2.0]),
            compared: Some((row % 3 == 0).then_some(row as u32)),
            extra: vec![1.0],
        };
        scored.push(&row).expect("there is room for a row");
    }
    scored
}

fn push_metric(tally: &mut Tally, inputs: Inputs, row: u64) {
    let label = |class: u64| Label::Text(format!("class {class}"));
    match inputs {
        Inputs::LabelAndScore => tally.push_score(&label(row % 2), row as f64),
        Inputs::LabelAndProbability => tally.push_score(&label(row % 2), (row % 10) as f64 / 10.0),
        Inputs::Labels => tally.push_labels(&label(row % 3), &label(row % 2)),
        Inputs::Numbers => tally.push_numbers(row as f64, (row % 7) as f64),
    }
    .expect("the row suits the metric");
}

const CELLS: [CellKind; 16] = [
    CellKind::Bool,
    CellKind::Integer,
    CellKind::Float,
    CellKind::Numeric,
    CellKind::Date,
    CellKind::Timestamp,
    CellKind::TimestampTz,
    CellKind::Time,
    CellKind::Interval,
    CellKind::Text,
    CellKind::Enum,
    CellKind::Uuid,
    CellKind::Json,
    CellKind::Array,
    CellKind::Bytes,
    CellKind::Other,
];

/// A profile of each kind of column, and each test of a check with and without segments, on each kind that it suits.
pub fn plans() -> Vec<Plan> {
    let column = |kind| PlanColumn {
        name: "c".into(),
        type_name: "t".into(),
        kind,
    };
    let mut plans = Vec::new();
    for kind in CELLS {
        plans.push(Plan {
            columns: vec![column(kind)],
            profiled: vec![0],
            ..Plan::default()
        });
    }
    for test in tests() {
        for kind in CELLS.into_iter().filter(|&kind| test.suits(Some(kind))).take(3) {
            for grouping in [None, Some(0)] {
                let check = PlanCheck {
                    column: Some(0),
                    filter: grouping.map(|_| 1),
                    grouping,
                    test: test.clone(),
                };
                let columns = vec![column(kind), column(CellKind::Bool), column(CellKind::Text)];
                plans.push(Plan {
                    columns,
                    groupings: vec![vec![2, 1]],
                    checks: vec![check],
                    ..Plan::default()
                });
            }
        }
    }
    plans
}

fn tests() -> Vec<Test> {
    let constants = [Constant::Integer(3), Constant::Number(3.0), Constant::Text("a".into())];
    let mut tests = vec![
        Test::NotNull,
        Test::NotEmpty,
        Test::Matches {
            pattern: "^[a-z]+$".into(),
            negated: false,
        },
        Test::Format { format: "email".into() },
        Test::Length {
            low: Some(1),
            high: Some(3),
        },
        Test::True,
        Test::Rows,
        Test::Latest,
        Test::Moments,
        Test::Profile,
        Test::Distribution(drift::Limits::for_columns(10)),
        Test::Formats,
        Test::Scale,
        Test::Extremes,
    ];
    for value in constants {
        tests.push(Test::Occurring {
            values: vec![value.clone()],
        });
        tests.push(Test::Accepted {
            values: vec![value.clone()],
            negated: false,
        });
        tests.push(Test::Range {
            low: Some(Bound { value, strict: true }),
            high: None,
        });
    }
    tests
}

fn scan(plan: Plan, rows: u64) -> Scan {
    let mut scan = Scan::new(plan).expect("the plan is sound");
    for row in 0..rows as i64 {
        scan.push(
            |block| block.iter_mut().try_for_each(|column| state::push_cell(column, row)),
            &Unwatched,
        )
        .expect("the plan is sound");
    }
    scan
}

mod forests;

use super::*;
use crate::boosting::{Boosting, BoostingParams, GradientBoosting};
use crate::error::Result;
use crate::estimator::Estimator;
use crate::hash;
use crate::learner::{Learner, Unchecked};
use crate::metrics::evaluation::Scored;
use crate::monitor::Unwatched;
use crate::prepare::{ColumnKind, Heading, Plan, Prepared, Split, prepare};
use crate::state::State;
use crate::sums::{Layout, Places};
use crate::task::{Answer, Task};
use linfa::ParamGuard;
use std::rc::Rc;

/// The columns: two numbers, a category, and what is to be predicted.
const TARGET: usize = 3;
const LEVELS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A row by its number; `classes` are those of the target, none for a number.
fn row(number: u64, classes: u64) -> [Cell<'static>; 4] {
    let draw = |salt: u64| (hash::hash_u64(salt, number) % 1000) as f64 / 1000.0;
    let level = (draw(3) * 5.0) as usize;
    let sum = draw(1) * 2.0 + if level.is_multiple_of(2) { 1.0 } else { 0.0 } + draw(4) * 0.2;
    let target = match classes {
        _ if number % 97 == 5 => Cell::Missing,
        0 => Cell::Number(1e9 + sum),
        classes => Cell::Number((sum / 3.3 * classes as f64).floor().min(classes as f64 - 1.0)),
    };
    let first = match number % 13 {
        4 => Cell::Missing,
        _ => Cell::Number(draw(1)),
    };
    [first, Cell::Number(draw(2)), Cell::Text(LEVELS[level]), target]
}

fn headings() -> Vec<(usize, Heading)> {
    let kinds = [
        ("x", ColumnKind::Number),
        ("z", ColumnKind::Number),
        ("c", ColumnKind::Category),
        ("y", ColumnKind::Whole),
    ];
    let heading = |(place, (name, kind)): (usize, (&str, ColumnKind))| {
        let (name, type_name) = (name.to_string(), "any".to_string());
        (place, Heading { name, type_name, kind })
    };
    kinds.into_iter().enumerate().map(heading).collect()
}

fn plan(classes: u64) -> Plan {
    Plan {
        target: Some(TARGET),
        weight: None,
        apart: Vec::new(),
        keys: Vec::new(),
        cluster: None,
        task: if classes == 0 {
            Task::Regression
        } else {
            Task::Classification
        },
        seed: 7,
        max_categories: 100,
        spec: Default::default(),
    }
}

fn survey_plan(classes: u64, most: usize) -> SurveyPlan {
    let kind = plan(classes).task.least_target();
    let plan = SurveyPlan::new(7, &[false, false, true, false], (TARGET, kind));
    SurveyPlan { most, ..plan }
}

/// The rows of the first reading.
fn surveyed(rows: &[u64], classes: u64, most: usize) -> Surveyed {
    let mut survey = Survey::new(&survey_plan(classes, most));
    for &number in rows {
        let cells = row(number, classes);
        survey.push(|column| cells[column]).unwrap();
    }
    survey.finish(headings(), 4, |_, _| None, &Unwatched).unwrap()
}

/// How rows are read. Which of them test is told when all are there.
fn layout(prepared: &Prepared, surveyed: &Surveyed) -> Layout {
    let places = Places {
        features: &[0, 1, 2],
        target: Some(TARGET),
        weight: None,
        columns: 4,
    };
    Layout::new(prepared, &places, surveyed, 0.0, 7).unwrap()
}

/// Packs rows that were read in one order, and then in another.
fn packed(first: &[u64], second: &[u64], classes: u64, fraction: Option<f64>) -> Result<(Packed, Prepared)> {
    let mut surveyed = surveyed(first, classes, 1500);
    let prepared = prepare(surveyed.take_sample(), &plan(classes), Split::None, &Unwatched)?;
    let bins = SampleBins::learn(&prepared, 255, 7, &Unwatched)?;
    let plan = PackPlan::new(&layout(&prepared, &surveyed), &surveyed, &prepared, &bins)?;
    let mut packer = Packer::new(&plan, &Unwatched)?;
    for &number in second {
        let cells = row(number, classes);
        packer.push(|column| cells[column])?;
    }
    let packed = packer.finish(&surveyed, bins, fraction, &Unwatched)?;
    Ok((packed, prepared))
}

fn fit(params: BoostingParams, packed: &Packed) -> Boosting {
    let checked = Unchecked::<GradientBoosting>::new(params).check().unwrap();
    GradientBoosting::fit_packed(&checked, packed, &Unwatched).unwrap()
}

fn params() -> BoostingParams {
    BoostingParams {
        n_estimators: 20,
        ..BoostingParams::default()
    }
}

/// How much of a target a model tells, of the rows that test.
fn quality(model: &(impl Estimator + Sync), packed: &Packed, answer: &Answer) -> f64 {
    match score(model, answer, packed, &packed.test, &Unwatched).unwrap() {
        Scored::Numbers { actual, predicted } => {
            let mean = actual.iter().sum::<f64>() / actual.len() as f64;
            let left: f64 = actual.iter().zip(&predicted).map(|(y, p)| (y - p) * (y - p)).sum();
            1.0 - left / actual.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>()
        }
        Scored::Classes {
            actual,
            probabilities,
            classes,
        } => {
            let right = actual.iter().zip(probabilities.chunks(classes));
            let best = |p: &[f64]| (0..classes).fold(0, |best, class| if p[class] > p[best] { class } else { best });
            right.filter(|(class, p)| best(p) == **class as usize).count() as f64 / actual.len() as f64
        }
    }
}

#[test]
fn neither_sample_nor_bytes_depend_on_the_order_of_rows() {
    let straight: Vec<u64> = (0..6000).map(|row| row / 2).collect();
    let turned: Vec<u64> = straight.iter().rev().copied().collect();
    for classes in [0, 2, 4] {
        let (one, prepared) = packed(&straight, &straight, classes, Some(0.25)).unwrap();
        let (other, _) = packed(&turned, &turned, classes, Some(0.25)).unwrap();
        assert_eq!(one.bins, other.bins);
        assert_eq!((&one.train, &one.test), (&other.train, &other.test));
        assert!(
            one.train.rows() + one.test.rows() < 6000,
            "rows without a target are left out"
        );
        let (train, test) = one.divide(&prepared.train, &Unwatched).unwrap();
        assert!((test.rows() as f64 / prepared.train.rows() as f64 - 0.25).abs() < 0.05 && train.rows() > test.rows());
        let share = one.test.rows() as f64 / one.rows() as f64;
        assert!((share - 0.25).abs() < 0.03, "{share}");
        assert_eq!(fit(params(), &one), fit(params(), &other));
    }
}

#[test]
fn the_model_does_not_depend_on_threads() {
    let rows: Vec<u64> = (0..60_000).collect();
    let (packed, _) = packed(&rows, &rows, 3, None).unwrap();
    assert!(packed.train.blocks.len() > 1 && packed.test.rows() == 0);
    let early = BoostingParams {
        early_stopping_rounds: Some(3),
        subsample: 0.7,
        subsample_freq: 1,
        n_estimators: 6,
        ..BoostingParams::default()
    };
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(early.clone(), &packed))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn packed_rows_teach_what_rows_do() {
    let rows: Vec<u64> = (0..8000).collect();
    for classes in [0, 2, 4] {
        let (packed, prepared) = packed(&rows, &rows, classes, Some(0.25)).unwrap();
        let answer = prepared.answer.clone().unwrap();
        let model = fit(params(), &packed);
        let of_packed = quality(&model, &packed, &answer);
        // The same rows as values.
        let sample = surveyed(&rows, classes, 100_000).take_sample();
        let all = prepare(sample, &plan(classes), Split::Fraction(0.25), &Unwatched).unwrap();
        let checked = Unchecked::<GradientBoosting>::new(params()).check().unwrap();
        let of_values = GradientBoosting::fit(&checked, &all.train, &Unwatched).unwrap();
        let of_values = quality(&of_values, &packed, &answer);
        assert!(
            of_packed > 0.8 && of_packed > of_values - 0.02,
            "{classes}: {of_packed} {of_values}"
        );
        let mut out = vec![0.0; model.outputs()];
        model.score(&[0.5, 0.5, 1.0], &mut out);
        assert!(out.iter().all(|score| score.is_finite()));
    }
}

#[test]
fn other_rows_are_noticed() {
    let rows: Vec<u64> = (0..3000).collect();
    let others: Vec<u64> = (1..3001).collect();
    for classes in [0, 2] {
        let error = packed(&rows, &others, classes, None).err().unwrap();
        assert!(error.to_string().contains("other rows"), "{error}");
        assert!(packed(&rows, &rows[1..], classes, None).is_err());
    }
}

#[test]
fn no_class_is_missing_in_the_sample_however_few_its_rows() {
    let plan = SurveyPlan::new(1, &[false, false], (1, crate::training_set::TargetKind::Classes(2)));
    let mut survey = Survey::new(&SurveyPlan { most: 100, ..plan });
    for number in 0..20_000_u64 {
        let class = if number == 7777 || number == 13 { 1.0 } else { 0.0 };
        let cells = [Cell::Number(number as f64), Cell::Number(class)];
        survey.push(|column| cells[column]).unwrap();
    }
    let headings = headings().into_iter().take(2).collect();
    let surveyed = survey.finish(headings, 2, |_, _| None, &Unwatched).unwrap();
    let mut rows: Vec<u64> = surveyed.classes.values().copied().collect();
    rows.sort_unstable();
    assert_eq!(rows, [2, 19_998]);
    let positives = surveyed.sample.lines[1]
        .column_from(0, 0)
        .filter(|class| *class == 1.0)
        .count();
    assert_eq!(positives, 2);
    assert!(surveyed.sample.rows < 300, "{}", surveyed.sample.rows);
}

#[test]
fn many_equal_rows_are_divided_and_cut_into_blocks() {
    let mut division = order::Division {
        seed: 3,
        fraction: 0.2,
        classes: Default::default(),
        bounds: Default::default(),
    };
    let mut bucket = Block::default();
    for number in 0..150_000_u32 {
        bucket
            .push(&[1, 2, 3], if number % 3 == 0 { 1.0 } else { 0.0 })
            .unwrap();
    }
    let (train, test) = division.of(vec![bucket], &Unwatched).unwrap();
    assert!(train.blocks.len() == 2 && train.blocks.iter().all(|block| block.rows() <= MOST_ROWS));
    assert_eq!(train.rows() + test.rows(), 150_000);
    assert!((test.rows() as f64 / 150_000.0 - 0.2).abs() < 0.01);
    let positives = |blocks: &Blocks| -> f64 {
        let of_block = |block: &Block| (0..block.rows()).filter(|&row| block.target(row) == 1.0).count();
        blocks.blocks.iter().map(of_block).sum::<usize>() as f64 / blocks.rows() as f64
    };
    assert!((positives(&train) - positives(&test)).abs() < 0.01);
    // Seven bytes a row here, and the rest of the last chunks.
    assert!(train.memory() + test.memory() <= 150_000 * 7 + 3 * CHUNK * 8);
}

/// Rows divided among some, each of whom surveys and packs its own.
fn packed_by(
    shares: &[Vec<u64>],
    classes: u64,
    parts: u64,
    plan_of: impl Fn(SurveyPlan) -> SurveyPlan,
) -> Option<Packed> {
    let own = survey_plan(classes, 1500);
    let state = |state: State| State::from_bytes(&state.to_bytes().unwrap(), &Unwatched).unwrap();
    let merged = |states: Vec<State>| {
        let merge = |mut all: State, next: State| {
            all.merge(&next, &Unwatched).unwrap();
            all
        };
        states.into_iter().map(state).reduce(merge).unwrap()
    };
    let survey = |rows: &Vec<u64>| {
        let mut survey = Survey::new(&plan_of(own.clone()));
        for &number in rows {
            let cells = row(number, classes);
            survey.push(|column| cells[column]).unwrap();
        }
        // A state is checked for the number of contents of its plan, which tests have fewer of.
        survey.most = Survey::most(4);
        State::from(Rc::new(survey))
    };
    let State::Survey(mut survey) = merged(shares.iter().map(survey).collect()) else {
        return None;
    };
    Rc::make_mut(&mut survey).most = own.most;
    if !survey.is_full() {
        return None;
    }
    let mut surveyed = Rc::unwrap_or_clone(survey)
        .finish(headings(), 4, |_, _| None, &Unwatched)
        .unwrap();
    let prepared = prepare(surveyed.take_sample(), &plan(classes), Split::None, &Unwatched).unwrap();
    let bins = SampleBins::learn(&prepared, 255, 7, &Unwatched).unwrap();
    let whole = PackPlan::new(&layout(&prepared, &surveyed), &surveyed, &prepared, &bins).unwrap();
    let mut all = Packer::new(&whole, &Unwatched).unwrap();
    let parts = whole.parts(surveyed.rows, surveyed.rows * 7 / parts);
    for part in &parts {
        let pack = |rows: &Vec<u64>| {
            let mut packer = Packer::new(part, &Unwatched).unwrap();
            for &number in rows {
                let cells = row(number, classes);
                packer.push(|column| cells[column]).unwrap();
            }
            State::from(Rc::new(packer))
        };
        let State::Packed(packer) = merged(shares.iter().map(pack).collect()) else {
            return None;
        };
        all.take(part, Rc::unwrap_or_clone(packer), &Unwatched).unwrap();
    }
    Some(all.finish(&surveyed, bins, Some(0.25), &Unwatched).unwrap())
}

#[test]
fn rows_that_are_packed_by_many_are_those_packed_by_one() {
    let rows: Vec<u64> = (0..150_000).collect();
    let share = |number: u64| rows.iter().copied().filter(|row| row % 3 == number).collect::<Vec<_>>();
    let shares = [share(1), Vec::new(), share(0), share(2)];
    for classes in [0, 2] {
        let (own, _) = packed(&rows, &rows, classes, Some(0.25)).unwrap();
        for bounded in [false, true] {
            let plan_of = |plan: SurveyPlan| if bounded { plan.of_rows(140_000) } else { plan };
            let other = packed_by(&shares, classes, 3, plan_of).unwrap();
            assert_eq!((&own.train, &own.test), (&other.train, &other.test));
            assert_eq!(fit(params(), &own), fit(params(), &other));
        }
        // A bound so low that too few contents are left is noticed.
        assert!(packed_by(&shares, classes, 1, |plan| plan.of_rows(1 << 40)).is_none());
    }
}

#[test]
fn rows_of_another_plan_are_not_taken() {
    let plan = PackPlan::of_golden_files();
    let mut other = plan.clone();
    other.features.swap(0, 1);
    let mut packer = Packer::new(&plan, &Unwatched).unwrap();
    let elsewhere = || Packer::new(&other, &Unwatched).unwrap();
    assert!(packer.take(&plan, elsewhere(), &Unwatched).is_err());
    assert!(packer.merge(&elsewhere(), &Unwatched).is_err());
    // Values beyond the bins of a plan, and targets that are no class of it.
    for (record, target) in [
        ([9, 0], 0.0),
        ([0, 9], 0.0),
        ([0, 0], 2.0),
        ([0, 0], f32::NAN),
        ([0, 0], 0.5),
    ] {
        let mut hostile = Packer::new(&plan, &Unwatched).unwrap();
        hostile.buckets[0].push(&record, target).unwrap();
        assert!(packer.take(&plan, hostile, &Unwatched).is_err(), "{record:?} {target}");
    }
    assert_eq!(packer.rows(), 0);
}

#[test]
fn plans_that_contradict_themselves_are_refused() {
    let bytes = |plan: PackPlan| ReadingPlan::Pack(plan).to_bytes(&Unwatched).unwrap();
    let plan = PackPlan::of_golden_files();
    assert!(ReadingPlan::from_bytes(&bytes(plan.clone()), &Unwatched).is_ok());
    let wrong: [fn(&mut PackPlan); 8] = [
        |plan| plan.kind = TargetKind::Classes(3),
        |plan| plan.kind = TargetKind::Numbers,
        |plan| plan.bits = 60,
        |plan| plan.part = 3..9,
        |plan| plan.part = 2..2,
        |plan| plan.offset = f64::NAN,
        |plan| plan.features[1] = plan::ValueBins::Category(3),
        |plan| plan.features.clear(),
    ];
    for (number, change) in wrong.iter().enumerate() {
        let mut plan = plan.clone();
        change(&mut plan);
        assert!(ReadingPlan::from_bytes(&bytes(plan), &Unwatched).is_err(), "{number}");
    }
}

mod preprocessing;

use super::*;
use crate::fitted::Fitted;
use crate::learner::Configured;
use crate::monitor::Unwatched;
use crate::packed::{Cell, Survey, SurveyPlan, Surveyed};
use crate::prepare::{ColumnKind, Heading, Plan as Preparing, Prepared, Split, prepare};
use crate::task::Task;
use crate::training_set::TrainingSet;
use crate::{hash, learners};
use serde_json::{Value as Json, json};

mod clusters;

const LEVELS: [&str; 5] = ["a", "b", "c", "d", "e"];
/// The columns: three numbers, two categories, what is to be predicted, and a weight.
const NAMES: [&str; 7] = ["x", "z", "constant", "c", "d", "y", "w"];
const TARGET: usize = 5;
const WEIGHT: usize = 6;
const TEXTS: [bool; 7] = [false, false, false, true, true, false, false];

/// What is to be predicted.
#[derive(Clone, Copy)]
enum Targets {
    Numbers,
    Counts,
    Classes(u32),
}

/// A row by its number. Numbers in huge units, a constant one, and missing values are among them.
fn row(number: u64, targets: Targets) -> [Cell<'static>; 7] {
    let draw = |salt: u64| (hash::hash_u64(salt, number) % 10_000) as f64 / 10_000.0;
    let (x, z, level) = (draw(1), draw(2), (draw(3) * 5.0) as usize);
    let signal = 3.0 * x - 2.0 * z + [0.0, 1.0, -1.0, 0.5, 0.2][level] + draw(4);
    let missing = |salt: u64, cell: Cell<'static>| if draw(salt) < 0.1 { Cell::Missing } else { cell };
    [
        missing(11, Cell::Number(1e12 * (x - 7.0))),
        missing(12, Cell::Number(z)),
        Cell::Number(4.5),
        missing(13, Cell::Text(LEVELS[level])),
        Cell::Text(LEVELS[(draw(5) * 2.0) as usize]),
        match targets {
            Targets::Numbers => Cell::Number(1e6 + 40.0 * signal),
            Targets::Counts => Cell::Number((-2.0 * (0.4 * signal).exp() * (1.0 - draw(6)).ln()).floor()),
            Targets::Classes(2) => Cell::Number(f64::from(u8::from(signal + draw(6) > 1.5))),
            // Of the last class there are few.
            Targets::Classes(count) => {
                let share = (signal + 3.0 + 2.0 * draw(6)) / 9.0;
                Cell::Number((f64::from(count) * share.clamp(0.0, 0.999)).floor())
            }
        },
        Cell::Number((draw(7) * 4.0).floor()),
    ]
}

fn preparing(task: Task, weighted: bool, apart: &[usize]) -> Preparing {
    let weight = (!weighted).then_some(WEIGHT);
    Preparing {
        target: task.has_target().then_some(TARGET),
        weight: weighted.then_some(WEIGHT),
        apart: apart.iter().copied().chain(weight).collect(),
        keys: Vec::new(),
        cluster: None,
        task,
        seed: 7,
        max_categories: 100,
        spec: Default::default(),
    }
}

fn surveyed(rows: &[u64], case: &Case) -> Surveyed {
    let task = case.task;
    let mut survey = Survey::new(&SurveyPlan::new(7, &TEXTS, (TARGET, task.least_target())));
    for &number in rows {
        let cells = case.row(number);
        survey.push(|column| cells[column]).unwrap();
    }
    let heading = |(place, name): (usize, &str)| {
        let kind = if TEXTS[place] {
            ColumnKind::Category
        } else {
            ColumnKind::Number
        };
        let kind = if place == TARGET && task == Task::Classification {
            ColumnKind::Whole
        } else {
            kind
        };
        let (name, type_name) = (name.to_string(), "any".to_string());
        (place, Heading { name, type_name, kind })
    };
    let headings = NAMES.into_iter().enumerate().map(heading);
    survey.finish(headings.collect(), 7, |_, _| None, &Unwatched).unwrap()
}

struct Case {
    learner: Box<dyn Configured>,
    task: Task,
    targets: Targets,
    weighted: bool,
    /// Whether a feature tells the target.
    separable: bool,
    /// Columns that are no features.
    apart: &'static [usize],
}

impl Case {
    fn new(name: &str, params: Json, weighted: bool) -> Case {
        let algorithm = learners::named(name).unwrap();
        let Json::Object(params) = params else { panic!() };
        Case {
            learner: algorithm.configure(&params, 7).unwrap(),
            task: algorithm.tasks[0],
            targets: match (name, algorithm.tasks[0]) {
                ("poisson_regression", _) => Targets::Counts,
                (_, Task::Classification) => Targets::Classes(2),
                _ => Targets::Numbers,
            },
            weighted,
            separable: false,
            apart: &[],
        }
    }

    fn row(&self, number: u64) -> [Cell<'static>; 7] {
        let mut cells = row(number, self.targets);
        if self.separable {
            cells[1] = cells[TARGET];
        }
        cells
    }

    fn of_classes(self, count: u32) -> Case {
        let targets = Targets::Classes(count);
        Case { targets, ..self }
    }

    fn known(&self, rows: &[u64], fraction: f64) -> (Layout, Prepared, Surveyed) {
        let mut surveyed = surveyed(rows, self);
        let prepared = prepare(
            surveyed.take_sample(),
            &preparing(self.task, self.weighted, self.apart),
            Split::None,
            &Unwatched,
        )
        .unwrap();
        (self.layout(&prepared, &surveyed, fraction), prepared, surveyed)
    }

    fn layout(&self, prepared: &Prepared, surveyed: &Surveyed, fraction: f64) -> Layout {
        let place = |name: &str| NAMES.iter().position(|own| *own == name).unwrap();
        let features: Vec<usize> = prepared.inputs.iter().map(|input| place(&input.name)).collect();
        let places = Places {
            features: &features,
            target: self.task.has_target().then_some(TARGET),
            weight: self.weighted.then_some(WEIGHT),
            columns: 7,
        };
        Layout::new(prepared, &places, surveyed, fraction, 7).unwrap()
    }

    /// Sums of parts of the rows, each of which travels as bytes.
    fn sums(&self, plan: &Plan, rows: &[u64], parts: usize) -> Sums {
        let plan = &Plan::from_bytes(&plan.to_bytes().unwrap()).unwrap();
        let mut all = Sums::new(plan).unwrap();
        for part in rows.chunks(rows.len().div_ceil(parts)) {
            let mut summing = Summing::new(plan).unwrap();
            for &number in part {
                let cells = self.row(number);
                summing.push(|column| cells[column]).unwrap();
            }
            let bytes = postcard::to_allocvec(&summing.finish().unwrap()).unwrap();
            let sums: Sums = postcard::from_bytes(&bytes).unwrap();
            sums.validate().unwrap();
            all.merge(&sums).unwrap();
        }
        all
    }

    fn learn(&self, rows: &[u64], parts: usize, fraction: f64) -> (Box<dyn Fitted>, usize, TrainingSet) {
        let (fitted, plans, sample) = self.try_learn(rows, parts, fraction);
        (fitted.unwrap(), plans.len(), sample)
    }

    /// Also gives the plans of the passes.
    fn try_learn(
        &self,
        rows: &[u64],
        parts: usize,
        fraction: f64,
    ) -> (Result<Box<dyn Fitted>>, Vec<Plan>, TrainingSet) {
        let (layout, prepared, surveyed) = self.known(rows, fraction);
        let (train, _) = layout.divide(&prepared.train);
        let sample = match fraction > 0.0 {
            true => prepared.train.take(&train, &Unwatched).unwrap(),
            false => prepared.train,
        };
        let mut run = self.learner.course(&sample).unwrap().unwrap();
        let (mut sums, mut plans): (Option<Sums>, Vec<Plan>) = (None, Vec::new());
        loop {
            match run.next(sums.as_ref(), &sample, &Unwatched) {
                Err(error) => return (Err(error), plans, sample),
                Ok(Step::Fitted(fitted)) => return (Ok(fitted), plans, sample),
                Ok(Step::Pass(what)) => {
                    let plan = Plan {
                        layout: layout.clone(),
                        what,
                    };
                    let found = self.sums(&plan, rows, parts);
                    found.check(&plan, &surveyed).unwrap();
                    assert_eq!(found.trained(), sample.rows() as u64);
                    plans.push(plan);
                    sums = Some(found);
                }
            }
        }
    }
}

/// Whether two numbers agree to nine digits, of a scale.
fn agree(one: f64, other: f64, scale: f64) -> bool {
    (one - other).abs() <= 1e-9 * scale.max(one.abs()).max(1e-300)
}

fn margins(model: &dyn Fitted, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; model.base().len()];
    model.margin(row, &mut out);
    out
}

fn assert_alike(what: &str, summed: &dyn Fitted, held: &dyn Fitted, set: &TrainingSet) {
    if let (Some((intercepts, weights)), Some((others, other_weights))) = (summed.weights(), held.weights()) {
        let digits = |value: Option<f64>| value.unwrap_or(-1.0);
        assert_eq!(weights.len(), other_weights.len(), "{what}");
        for (one, other) in weights.iter().zip(other_weights) {
            assert_eq!((one.feature, one.level), (other.feature, other.level), "{what}");
            // A weight of a constant is nothing; that of others is told apart by its standard error.
            let scale = other.standard_error.unwrap_or(0.0);
            assert!(
                agree(one.weight, other.weight, scale),
                "{what}: weight {} {}",
                one.weight,
                other.weight
            );
            // Newton's method takes them from second derivatives where scores are up to 1e-5 from those at the end.
            let (one, other) = (digits(one.standard_error), digits(other.standard_error));
            assert!((one - other).abs() <= 1e-5 * other.abs(), "{what}: error {one} {other}");
        }
        for (one, other) in intercepts.iter().zip(others) {
            assert!(
                agree(one.value, other.value, 1.0),
                "{what}: intercept {} {}",
                one.value,
                other.value
            );
        }
    }
    let mut encoded = vec![0.0; set.frame.width()];
    for row in (0..set.rows()).step_by(37) {
        set.frame.encode_row(row, &mut encoded);
        for (one, other) in margins(summed, &encoded).iter().zip(margins(held, &encoded)) {
            assert!(agree(*one, other, 1.0), "{what}: row {row}: {one} {other}");
        }
    }
    for (one, other) in summed.base().iter().zip(held.base()) {
        assert!(agree(*one, *other, 1.0), "{what}: base {one} {other}");
    }
}

#[test]
fn sums_teach_what_rows_do() {
    let rows: Vec<u64> = (0..4000).collect();
    for weighted in [false, true] {
        for (name, params, passes) in [
            ("linear_regression", json!({}), 1..=1),
            ("linear_regression", json!({"fit_intercept": false}), 1..=4),
            ("linear_regression", json!({"reference": "first"}), 1..=1),
            ("ridge", json!({"alpha": 30}), 1..=1),
            ("ridge", json!({"alpha": 30, "standardize": false}), 1..=4),
            ("lasso", json!({"alpha": 0.5}), 1..=1),
            ("elastic_net", json!({"alpha": 0.2, "l1_ratio": 0.3}), 1..=1),
            ("elastic_net", json!({"alpha": 0.2, "l1_ratio": 0}), 1..=1),
            ("naive_bayes", json!({}), 1..=1),
            ("logistic_regression", json!({}), 2..=6),
            (
                "logistic_regression",
                json!({"C": 0.01, "class_weight": "balanced"}),
                2..=6,
            ),
            ("logistic_regression", json!({"penalty": "none"}), 2..=6),
            ("pca", json!({"num_components": 3}), 1..=1),
            ("poisson_regression", json!({}), 2..=6),
            ("poisson_regression", json!({"alpha": 0.1, "standardize": false}), 2..=6),
            (
                "poisson_regression",
                json!({"alpha": 1e-3, "fit_intercept": false}),
                2..=8,
            ),
            // The space, and clusters that are those of the sample, which has all rows.
            ("k_means", json!({"k": 4, "tol": 0}), 2..=2),
            ("k_means", json!({"k": 3, "tol": 0, "standardize": false}), 2..=2),
        ] {
            let what = format!("{name} {params} {weighted}");
            let case = Case::new(name, params, weighted);
            assert!(case.learner.sums(case.task.least_target()), "{what}");
            for parts in [1, 3] {
                let (summed, needed, sample) = case.learn(&rows, parts, 0.0);
                let (held, _) = case.learner.fit(&sample, &Unwatched).unwrap();
                assert!(passes.contains(&needed), "{what}: {needed} passes");
                assert_alike(&what, &*summed, &*held, &sample);
                summed.validate(&levels(&sample), &Unwatched).unwrap();
            }
        }
    }
}

#[test]
fn sums_teach_more_than_two_classes() {
    let rows: Vec<u64> = (0..4000).collect();
    for weighted in [false, true] {
        for (classes, params) in [
            (3, json!({})),
            (3, json!({"C": 0.01, "class_weight": "balanced"})),
            (3, json!({"penalty": "none", "reference": "first"})),
            (5, json!({"fit_intercept": false, "standardize": false, "C": 5})),
            // Of the last classes there are few rows, or of one none.
            (16, json!({})),
        ] {
            let what = format!("{classes} {params} {weighted}");
            let case = Case::new("logistic_regression", params, weighted).of_classes(classes);
            for parts in [1, 3] {
                let (summed, needed, sample) = case.learn(&rows, parts, 0.0);
                let (held, _) = case.learner.fit(&sample, &Unwatched).unwrap();
                assert!((2..=8).contains(&needed), "{what}: {needed} passes");
                assert_alike(&what, &*summed, &*held, &sample);
                summed.validate(&levels(&sample), &Unwatched).unwrap();
            }
        }
    }
}

#[test]
fn classes_that_a_line_separates_come_to_an_end() {
    let rows: Vec<u64> = (0..600).collect();
    for (params, ends) in [(json!({"penalty": "none"}), false), (json!({"C": 1e3}), true)] {
        let mut case = Case::new("logistic_regression", params, false).of_classes(3);
        case.separable = true;
        let (summed, plans, sample) = case.try_learn(&rows, 2, 0.0);
        assert!(plans.len() < 40, "{}", plans.len());
        match (summed, case.learner.fit(&sample, &Unwatched)) {
            (Ok(summed), Ok((held, _))) if ends => assert_alike("separable", &*summed, &*held, &sample),
            (Err(summed), Err(held)) if !ends => assert_eq!(summed.to_string(), held.to_string()),
            (summed, _) => panic!("{:?}", summed.err()),
        }
    }
}

#[test]
fn counts_below_zero_are_an_error() {
    let case = Case::new("poisson_regression", json!({}), false);
    let rows: Vec<u64> = (0..500).collect();
    let (_, plans, _) = case.try_learn(&rows, 1, 0.0);
    let mut summing = Summing::new(&plans[1]).unwrap();
    let mut cells = case.row(3);
    cells[TARGET] = Cell::Number(-2.0);
    let error = summing
        .push(|column| cells[column])
        .and_then(|()| summing.finish())
        .unwrap_err();
    assert!(error.to_string().contains("a count is below 0"), "{error}");
}

fn levels(set: &TrainingSet) -> Vec<usize> {
    set.frame
        .columns()
        .iter()
        .map(|column| column.levels().unwrap_or(0))
        .collect()
}

#[test]
fn rows_to_test_are_told_by_their_content() {
    // Each row thrice.
    let rows: Vec<u64> = (0..6000).map(|row| row % 2000).collect();
    let mut turned = rows.clone();
    turned.reverse();
    for name in ["ridge", "logistic_regression", "naive_bayes"] {
        let case = Case::new(name, json!({}), false);
        let (layout, prepared, surveyed) = case.known(&rows, 0.25);
        let (train, test) = layout.divide(&prepared.train);
        assert_eq!(train.len() + test.len(), rows.len());
        assert!(
            (test.len() as f64 / rows.len() as f64 - 0.25).abs() < 0.03,
            "{}",
            test.len()
        );
        // What trains here trains there.
        let sample = prepared.train.take(&train, &Unwatched).unwrap();
        let (one, _, _) = case.learn(&rows, 1, 0.25);
        let (other, _, _) = case.learn(&turned, 1, 0.25);
        let (held, _) = case.learner.fit(&sample, &Unwatched).unwrap();
        assert_alike(name, &*one, &*other, &sample);
        assert_alike(name, &*one, &*held, &sample);
        // Copies are drawn one by one: some are on both sides.
        let copies = |rows: &[u32]| -> std::collections::HashSet<u64> {
            let value = |row: &u32| prepared.train.frame.columns()[0].encoded(*row as usize).to_bits();
            rows.iter().map(value).collect()
        };
        assert!(copies(&train).intersection(&copies(&test)).count() > 200);
        // The model scores those that test.
        let answer = prepared.answer.clone().unwrap();
        let mut scoring = Scoring::new(
            &layout,
            (&*one as &dyn crate::estimator::Estimator, &answer),
            (test.len() as u64, true),
        )
        .unwrap();
        for &number in &turned {
            let cells = case.row(number);
            scoring.push(|column| cells[column]).unwrap();
        }
        assert_eq!(scoring.finish(&surveyed).unwrap().rows(), test.len());
    }
}

#[test]
fn other_rows_are_noticed() {
    let rows: Vec<u64> = (0..1000).collect();
    let case = Case::new("ridge", json!({}), false);
    let (layout, prepared, surveyed) = case.known(&rows, 0.0);
    let mut run = case.learner.course(&prepared.train).unwrap().unwrap();
    let Step::Pass(what) = run.next(None, &prepared.train, &Unwatched).unwrap() else {
        panic!()
    };
    let plan = Plan { layout, what };
    let all = case.sums(&plan, &rows, 1);
    all.check(&plan, &surveyed).unwrap();
    let others: Vec<u64> = (1..1001).collect();
    for rows in [&rows[1..], &others] {
        let error = case.sums(&plan, rows, 1).check(&plan, &surveyed).unwrap_err();
        assert!(error.to_string().contains("other rows"), "{error}");
    }
    let tally = Plan {
        what: What::Tally,
        ..plan.clone()
    };
    let other = case.sums(&tally, &rows, 1);
    assert!(other.check(&plan, &surveyed).is_err() && all.clone().merge(&other).is_err());
    assert!(run.next(Some(&other), &prepared.train, &Unwatched).is_err());
}

#[test]
fn levels_that_the_sample_has_not_say_nothing() {
    let case = Case::new("naive_bayes", json!({}), false);
    let rows: Vec<u64> = (0..500).collect();
    let (layout, prepared, _) = case.known(&rows, 0.0);
    let plan = Plan {
        layout,
        what: What::Tally,
    };
    let sums = |text: &'static str| {
        let mut summing = Summing::new(&plan).unwrap();
        for &number in &rows {
            let mut cells = case.row(number);
            cells[4] = Cell::Text(text);
            summing.push(|column| cells[column]).unwrap();
        }
        summing.finish().unwrap()
    };
    let run = || case.learner.course(&prepared.train).unwrap().unwrap();
    let Step::Fitted(model) = run().next(Some(&sums("nowhere")), &prepared.train, &Unwatched).unwrap() else {
        panic!()
    };
    model.validate(&levels(&prepared.train), &Unwatched).unwrap();
}

#[test]
fn damaged_bytes_are_an_error() {
    let rows: Vec<u64> = (0..300).collect();
    let named = |name: &str| Case::new(name, json!({}), false);
    for (name, case) in [
        ("ridge", named("ridge")),
        ("logistic_regression", named("logistic_regression")),
        ("three classes", named("logistic_regression").of_classes(3)),
        ("poisson_regression", named("poisson_regression")),
        ("naive_bayes", named("naive_bayes")),
        ("pca", named("pca")),
    ] {
        let (_, plans, _) = case.try_learn(&rows, 1, 0.0);
        // The first pass and one of the last.
        for pass in [0, plans.len() - 1] {
            let (_, prepared, _) = case.known(&rows, 0.0);
            assert_damage_is_noticed(name, &case, &rows, &plans, pass, &prepared);
        }
    }
}

fn assert_damage_is_noticed(name: &str, case: &Case, rows: &[u64], plans: &[Plan], pass: usize, prepared: &Prepared) {
    let plan = &plans[pass];
    let bytes = plan.to_bytes().unwrap();
    let good = case.sums(plan, rows, 1);
    let sums = postcard::to_allocvec(&good).unwrap();
    for length in 0..bytes.len() {
        assert!(Plan::from_bytes(&bytes[..length]).is_err(), "{name} {length}");
    }
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1 << (place % 8);
        // What is taken for a plan can be worked with.
        if let Ok(plan) = Plan::from_bytes(&bytes)
            && let Ok(mut summing) = Summing::new(&plan)
        {
            for &number in &rows[..20] {
                let cells = case.row(number);
                let _ = summing.push(|column| cells.get(column).copied().unwrap_or(Cell::Missing));
            }
            let _ = summing.finish();
        }
    }
    for place in (0..sums.len()).step_by(1 + sums.len() / 2000) {
        let mut bytes = sums.clone();
        bytes[place] ^= 1 << (place % 8);
        if let Ok(sums) = postcard::from_bytes::<Sums>(&bytes)
            && sums.validate().is_ok()
        {
            let mut all = good.clone();
            if all.merge(&sums).is_ok() {
                // A course that has come to this pass.
                let mut run = case.learner.course(&prepared.train).unwrap().unwrap();
                let earlier = plans[..pass].iter().map(|plan| case.sums(plan, &rows[..40], 1));
                for sums in [None].into_iter().chain(earlier.map(Some)).chain([Some(all)]) {
                    let _ = run.next(sums.as_ref(), &prepared.train, &Unwatched);
                }
            }
        }
    }
}

//! The whole family against scikit-learn, and what must hold whatever the rows.

mod classes;
mod clusters;
mod losses;
mod nist;
mod references;
mod sparse;
mod sums;
mod weights;

use std::sync::atomic::{AtomicUsize, Ordering};

use linfa::dataset::Records;
use serde_json::{Value, json};

use super::*;
use crate::accumulator::Accumulator;
use crate::design::Level;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING, UNSEEN};
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::parameters::Hyperparameters;
use crate::training_set::{Target, TrainingSet};

type Dataset = TrainingSet;

fn numbers(frame: Frame, targets: Vec<f64>) -> Dataset {
    TrainingSet::new(frame, Target::Numbers(targets))
}

/// Hyperparameters of the family.
trait Learns: Hyperparameters {
    fn fit(&self, data: &Dataset, monitor: &dyn Monitor) -> Result<LinearModel>;
}

impl Learns for RidgeParams {
    fn fit(&self, data: &Dataset, monitor: &dyn Monitor) -> Result<LinearModel> {
        super::least_squares::fit(self, data, monitor)
    }
}

impl Learns for ElasticNetParams {
    fn fit(&self, data: &Dataset, monitor: &dyn Monitor) -> Result<LinearModel> {
        super::elastic_net::fit(self, data, monitor)
    }
}

impl Learns for LogisticRegressionParams {
    fn fit(&self, data: &Dataset, monitor: &dyn Monitor) -> Result<LinearModel> {
        super::logistic::fit(self, data, monitor)
    }
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/oracle/linear.json")).unwrap()
}

/// A list of numbers, null being NaN.
fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn frame(data: &Value) -> Frame {
    let numbers = data["numbers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| Column::Number(floats(column)));
    let categories = data["codes"].as_array().unwrap().iter().map(|column| {
        let codes = floats(column)
            .into_iter()
            .map(|c| if c < 0.0 { MISSING } else { c as u32 })
            .collect::<Vec<_>>();
        let levels = codes
            .iter()
            .filter(|c| **c != MISSING)
            .max()
            .map_or(0, |most| *most as usize + 1);
        Column::Category { codes, levels }
    });
    Frame::new(numbers.chain(categories).collect()).unwrap()
}

fn dataset(part: &Value, target: &str) -> Dataset {
    numbers(frame(&part["data"]), floats(&part["data"][target]))
}

fn fit(params: impl Learns, data: &Dataset) -> Result<LinearModel> {
    params.check()?;
    params.fit(data, &Unwatched)
}

fn predictions(model: &LinearModel, frame: &Frame) -> Vec<f64> {
    let mut row = vec![0.0; frame.nfeatures()];
    let mut out = vec![0.0; model.outputs()];
    let mut all = Vec::new();
    for index in 0..frame.rows() {
        frame.encode_row(index, &mut row);
        model.score(&row, &mut out);
        all.extend_from_slice(&out);
    }
    all
}

#[track_caller]
fn assert_near(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let scale = theirs.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let allowed = tolerance * b.abs() + 1e-3 * tolerance * scale.min(1.0);
        assert!((a - b).abs() <= allowed, "{what} {index}: {a}, not {b}");
    }
}

/// Compares weights, intercepts, predictions and, where the fixture has them, standard errors and p-values.
#[track_caller]
fn assert_agrees(model: &LinearModel, data: &Dataset, oracle: &Value, tolerance: f64, what: &str) {
    let weights: Vec<f64> = model.weights().unwrap().1.iter().map(|w| w.weight).collect();
    assert_near(
        &weights,
        &floats(&oracle["weights"]),
        tolerance,
        &format!("{what}: weight"),
    );
    let intercepts: Vec<f64> = model.weights().unwrap().0.iter().map(|i| i.value).collect();
    assert_near(
        &intercepts,
        &floats(&oracle["intercept"]),
        tolerance,
        &format!("{what}: intercept"),
    );
    let predicted = predictions(model, &data.frame);
    assert_near(
        &predicted,
        &floats(&oracle["predictions"]),
        tolerance,
        &format!("{what}: prediction"),
    );
    if oracle["errors"].is_array() {
        let known = |find: fn(&Weight) -> Option<f64>, theirs: &Value| {
            let pairs = model.weights().unwrap().1.iter().zip(floats(theirs));
            pairs
                .filter_map(move |(w, theirs)| find(w).map(|ours| (ours, theirs)))
                .unzip()
        };
        // Those of an iterative fit come from second derivatives a last small step before the end.
        let tolerance = if *model.link() == Link::Identity { 1e-6 } else { 2e-5 };
        let (ours, theirs): (Vec<f64>, Vec<f64>) = known(|w| w.standard_error, &oracle["errors"]);
        assert_near(&ours, &theirs, tolerance, &format!("{what}: standard error"));
        let (ours, theirs): (Vec<f64>, Vec<f64>) = known(|w| w.p_value, &oracle["p_values"]);
        assert_near(&ours, &theirs, 10.0 * tolerance, &format!("{what}: p-value"));
    }
}

#[test]
fn least_squares_and_ridge_agree_with_scikit_learn() {
    let fixture = fixture();
    let ridge = |alpha: f64| RidgeParams::default().alpha(alpha);
    for part in ["mixed", "scales", "collinear", "short"] {
        let (part, data) = (&fixture[part], dataset(&fixture[part], "y"));
        let linear = fit(RidgeParams::least_squares(), &data).unwrap();
        assert_agrees(&linear, &data, &part["linear"], 1e-6, "linear");
        assert_agrees(&fit(ridge(1.0), &data).unwrap(), &data, &part["ridge_1"], 1e-6, "ridge");
    }
    let (part, data) = (&fixture["mixed"], dataset(&fixture["mixed"], "y"));
    let linear = fit(RidgeParams::least_squares(), &data).unwrap();
    assert!(
        linear
            .weights()
            .unwrap()
            .1
            .iter()
            .all(|w| w.standard_error.is_some() && w.p_value.is_some())
    );
    let raw = |alpha| ridge(alpha).standardize(false);
    assert_agrees(
        &fit(ridge(30.0), &data).unwrap(),
        &data,
        &part["ridge_30"],
        1e-6,
        "ridge 30",
    );
    assert_agrees(
        &fit(raw(2.5), &data).unwrap(),
        &data,
        &part["ridge_raw"],
        1e-6,
        "ridge raw",
    );
    let origin = fit(raw(2.5).fit_intercept(false), &data).unwrap();
    assert_agrees(&origin, &data, &part["ridge_origin"], 1e-6, "ridge without intercept");
    assert_eq!(origin.weights().unwrap().0[0].value, 0.0);
}

#[test]
fn logistic_agrees_with_scikit_learn() {
    let fixture = fixture();
    let params = LogisticRegressionParams::default;
    for part in ["mixed", "scales", "collinear", "short"] {
        let (part, data) = (&fixture[part], dataset(&fixture[part], "two"));
        assert_agrees(
            &fit(params(), &data).unwrap(),
            &data,
            &part["logistic"],
            1e-6,
            "logistic",
        );
    }
    let (part, data) = (&fixture["mixed"], dataset(&fixture["mixed"], "two"));
    let check = |params, name: &str| assert_agrees(&fit(params, &data).unwrap(), &data, &part[name], 1e-6, name);
    check(params().c(0.05), "logistic_strong");
    check(params().class_weight(ClassWeight::Balanced), "logistic_balanced");
    check(params().standardize(false), "logistic_raw");
    check(params().standardize(false).fit_intercept(false), "logistic_origin");
    // Without a penalty scikit-learn's levels have another common part, so predictions are what can be compared.
    let free = fit(params().penalty(Penalty::None), &data).unwrap();
    let theirs = floats(&part["logistic_none"]["predictions"]);
    assert_near(
        &predictions(&free, &data.frame),
        &theirs,
        1e-5,
        "logistic without penalty",
    );
}

#[test]
fn collinear_and_constant_columns_have_no_errors() {
    let fixture = fixture();
    let data = dataset(&fixture["collinear"], "y");
    let model = fit(RidgeParams::least_squares(), &data).unwrap();
    let known: Vec<bool> = model
        .weights()
        .unwrap()
        .1
        .iter()
        .map(|w| w.standard_error.is_some())
        .collect();
    assert_eq!(known, [false, false, true, false, false]);
    assert_eq!(model.summary().rank, 3);
    assert_eq!(model.weights().unwrap().1[4].weight, 0.0);
    // As many columns as rows leave nothing to estimate errors from.
    let short = fit(RidgeParams::least_squares(), &dataset(&fixture["short"], "y")).unwrap();
    assert!(short.weights().unwrap().1.iter().all(|w| w.standard_error.is_none()));
    assert!(short.summary().loss < 1e-20);
}

/// The design without second derivatives must end where Newton's method does.
#[test]
fn wide_designs_end_at_the_same_minimum() {
    let rows = 6_000;
    let codes: Vec<u32> = (0..rows as u32)
        .map(|i| i.wrapping_mul(2_654_435_761) >> 7 & 511)
        .collect();
    let x: Vec<f64> = (0..rows).map(|i| ((i * 37 % 101) as f64) / 50.0 - 1.0).collect();
    let target: Vec<f64> = (0..rows)
        .map(|i| {
            f64::from(u8::from(
                x[i] * 2.0 + f64::from(codes[i] % 7) / 3.0 > 1.0 + ((i % 13) as f64 - 6.0) / 4.0,
            ))
        })
        .collect();
    let frame = Frame::new(vec![Column::Number(x), Column::Category { codes, levels: 512 }]).unwrap();
    let data = numbers(frame, target);
    let model = fit(LogisticRegressionParams::default().max_iter(500), &data).unwrap();
    assert!(model.summary().converged && model.weights().unwrap().1.len() > 500);
    // At the minimum each weight is what its column's residuals add up to: the gradient is 0.
    let predicted = predictions(&model, &data.frame);
    let Column::Category { codes, .. } = &data.frame.columns()[1] else {
        panic!()
    };
    let mut sums = vec![0.0; 512];
    for (row, &code) in codes.iter().enumerate() {
        sums[code as usize] += data.target.values()[row] - predicted[2 * row + 1];
    }
    for weight in &model.weights().unwrap().1[1..] {
        let Some(Level::Code(code)) = weight.level else {
            panic!()
        };
        assert!((sums[code as usize] - weight.weight).abs() < 1e-6, "{code}");
    }
}

#[test]
fn a_weight_of_two_is_the_row_twice() {
    let fixture = fixture();
    let part = &fixture["mixed"];
    let weights = floats(&part["data"]["row_weights"]);
    let rows: Vec<u32> = (0..weights.len())
        .flat_map(|r| vec![r as u32; weights[r] as usize])
        .collect();
    let weights = Vec::from_iter(weights.iter().map(|w| *w as f32));
    for (target, sparse) in [("y", false), ("y", true), ("two", false), ("three", false)] {
        let data = dataset(part, target);
        let repeated = Vec::from_iter(rows.iter().map(|r| data.target.values()[*r as usize]));
        let repeated = numbers(data.frame.take(&rows), repeated);
        let weighted = data.weighted(weights.clone());
        let fit = |data: &Dataset| match target {
            "y" if sparse => fit(ElasticNetParams::lasso().alpha(0.1), data).unwrap(),
            "y" => fit(RidgeParams::default(), data).unwrap(),
            _ => fit(
                LogisticRegressionParams::default().class_weight(ClassWeight::Balanced),
                data,
            )
            .unwrap(),
        };
        let (once, twice) = (fit(&weighted), fit(&repeated));
        let weights = |m: &LinearModel| m.weights().unwrap().1.iter().map(|w| w.weight).collect::<Vec<_>>();
        assert_near(&weights(&once), &weights(&twice), 1e-8, target);
    }
}

/// Rows enough for several slabs and, for logistic regression, for the start from a sample.
fn many_rows() -> Dataset {
    let rows = 300_000;
    let noise = |i: usize, salt: u64| {
        let mut h = (i as u64 ^ salt << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        h = (h ^ h >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (h >> 11) as f64 / (1u64 << 53) as f64
    };
    let x: Vec<f64> = (0..rows)
        .map(|i| if i % 17 == 0 { f64::NAN } else { noise(i, 1) * 3.0 })
        .collect();
    let codes: Vec<u32> = (0..rows)
        .map(|i| {
            if i % 23 == 0 {
                MISSING
            } else {
                (noise(i, 2) * 5.0) as u32
            }
        })
        .collect();
    let value = |i: usize| x[i] * f64::from(u8::from(!x[i].is_nan())) + f64::from(codes[i] % 4);
    let target = (0..rows)
        .map(|i| f64::from(u8::from(value(i) / 3.0 > 0.3 + noise(i, 3))))
        .collect::<Vec<_>>();
    let frame = Frame::new(vec![Column::Number(x), Column::Category { codes, levels: 5 }]).unwrap();
    numbers(frame, target)
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let data = many_rows();
    let thirds = data.target.values().iter().enumerate();
    let thirds = Vec::from_iter(thirds.map(|(row, target)| if row % 7 == 0 { 2.0 } else { *target }));
    let three = numbers(data.frame.clone(), thirds);
    let fit_with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let linear = fit(RidgeParams::least_squares(), &data).unwrap();
            let lasso = fit(ElasticNetParams::lasso().alpha(0.01), &data).unwrap();
            let logistic = fit(LogisticRegressionParams::default(), &data).unwrap();
            let softmax = fit(LogisticRegressionParams::default(), &three).unwrap();
            (
                postcard::to_allocvec(&linear).unwrap(),
                postcard::to_allocvec(&softmax).unwrap(),
                postcard::to_allocvec(&lasso).unwrap(),
                postcard::to_allocvec(&logistic).unwrap(),
            )
        })
    };
    let one = fit_with(1);
    assert!(one == fit_with(2) && one == fit_with(7));
}

/// Stops at the n-th question.
struct Stopper(AtomicUsize);

impl Monitor for Stopper {
    fn check(&self) -> Result<()> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(1))
        });
        if left == Ok(0) { Err(Error::Stopped) } else { Ok(()) }
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn a_stop_is_obeyed_in_every_phase() {
    let data = many_rows();
    for questions in [0, 1, 100, 700, 1500, 2500] {
        let stopper = Stopper(AtomicUsize::new(questions));
        let params = LogisticRegressionParams::default();
        assert_eq!(
            params.fit(&data, &stopper).unwrap_err(),
            Error::Stopped,
            "after {questions}"
        );
        if questions < 1500 {
            let stopper = Stopper(AtomicUsize::new(questions));
            let params = RidgeParams::default();
            assert_eq!(
                params.fit(&data, &stopper).unwrap_err(),
                Error::Stopped,
                "after {questions}"
            );
        }
    }
}

#[test]
fn perfect_separation_ends_in_an_error_or_a_sound_model() {
    let x: Vec<f64> = (0..100).map(f64::from).collect();
    let target = Vec::from_iter(x.iter().map(|x| f64::from(u8::from(*x > 49.5))));
    let data = numbers(Frame::new(vec![Column::Number(x.clone())]).unwrap(), target.clone());
    let free = LogisticRegressionParams::default().penalty(Penalty::None);
    assert!(matches!(fit(free.clone(), &data), Err(Error::Data { .. })));
    assert!(
        fit(LogisticRegressionParams::default(), &data)
            .unwrap()
            .summary()
            .converged
    );
    // One level that only one class has, among others that both have.
    let codes: Vec<u32> = (0..100).map(|i| if i < 10 { 2 } else { i % 2 }).collect();
    let target = Vec::from_iter((0..100).map(|i| f64::from(u8::from(i % 3 == 0 && i >= 10))));
    let data = numbers(Frame::new(vec![Column::Category { codes, levels: 3 }]).unwrap(), target);
    let model = fit(free, &data).unwrap();
    assert!(predictions(&model, &data.frame)[1] < 1e-6);
}

#[test]
fn errors_say_what_is_wrong() {
    let column = || Column::Number(vec![1.0, 2.0, 3.0]);
    let data = |targets: Vec<f64>| numbers(Frame::new(vec![column()]).unwrap(), targets);
    let logistic = LogisticRegressionParams::default;
    assert!(matches!(fit(logistic(), &data(vec![1.0; 3])), Err(Error::Data { .. })));
    assert!(matches!(
        fit(logistic(), &data(vec![0.0, 0.5, 1.0])),
        Err(Error::Data { .. })
    ));
    assert!(matches!(
        fit(RidgeParams::default(), &data(vec![f64::NAN; 3])),
        Err(Error::Data { .. })
    ));
    assert!(matches!(
        fit(RidgeParams::default(), &data(vec![1.0])),
        Err(Error::Data { .. })
    ));
    let name = |error| {
        if let Err(Error::Parameter { name, .. }) = error {
            name
        } else {
            ""
        }
    };
    assert_eq!(name(RidgeParams::default().alpha(-1.0).check()), "alpha");
    let lasso = ElasticNetParams::lasso;
    assert_eq!(name(lasso().alpha(f64::NAN).check()), "alpha");
    assert_eq!(name(lasso().tol(0.0).check()), "tol");
    assert_eq!(name(lasso().max_iter(0).check()), "max_iter");
    let net = ElasticNetParams::default().l1_ratio(1.1);
    assert_eq!(name(net.check()), "l1_ratio");
    assert_eq!(name(logistic().c(0.0).check()), "C");
    assert_eq!(name(logistic().tol(f64::NAN).check()), "tol");
    assert_eq!(name(logistic().max_iter(0).check()), "max_iter");
}

#[test]
fn parameters_read_json_and_refuse_unknown_keys() {
    let read = |json: &str| {
        let mut params = LogisticRegressionParams::default();
        params.read(&serde_json::from_str(json).unwrap(), &[])?;
        Ok::<_, Error>(params)
    };
    let params = read(r#"{"C": 2.5, "penalty": "none", "class_weight": "balanced"}"#).unwrap();
    let built = LogisticRegressionParams::default().c(2.5).penalty(Penalty::None);
    assert_eq!(params, built.class_weight(ClassWeight::Balanced));
    assert_eq!(
        read(r#"{"penalty": null, "class_weight": null}"#).unwrap(),
        read(r#"{"penalty": "none"}"#).unwrap()
    );
    assert!(read(r#"{"gamma": 1}"#).unwrap_err().to_string().contains("gamma"));
}

#[test]
fn raw_weights_add_up_to_the_score() {
    let fixture = fixture();
    let data = dataset(&fixture["mixed"], "y");
    let model = fit(RidgeParams::least_squares(), &data).unwrap();
    let score = |row: &[f64]| {
        let mut out = [0.0];
        model.score(row, &mut out);
        out[0]
    };
    let row = [0.5, 90.0, 1.1, -6.0, 2.0, f64::NAN];
    let parts = model.weights().unwrap().1.iter().map(|w| match w.level {
        None => w.weight * row[w.feature],
        Some(Level::Code(code)) => w.weight * f64::from(u8::from(row[w.feature] == f64::from(code))),
        Some(Level::Missing) => w.weight * f64::from(u8::from(row[w.feature].is_nan())),
    });
    let sum = model.weights().unwrap().0[0].value + parts.sum::<f64>();
    assert!((score(&row) - sum).abs() < 1e-9 * sum.abs());
    // A missing number counts as the mean, an unseen level as none.
    let Column::Number(values) = &data.frame.columns()[0] else {
        panic!()
    };
    let present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let mean = present.iter().sum::<f64>() / present.len() as f64;
    let with = |first: f64, level: f64| score(&[first, 90.0, 1.1, -6.0, level, 1.0]);
    assert!((with(f64::NAN, 0.0) - with(mean, 0.0)).abs() < 1e-12);
    let level = model
        .weights()
        .unwrap()
        .1
        .iter()
        .find(|w| w.feature == 4 && w.level == Some(Level::Code(0)))
        .unwrap()
        .weight;
    assert!((with(mean, 0.0) - with(mean, UNSEEN) - level).abs() < 1e-12);
}

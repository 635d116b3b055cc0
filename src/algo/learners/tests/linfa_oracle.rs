//! Linfa's estimators as oracles: written by others, by other methods.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_bayes::{GaussianNb, NaiveBayes};
use linfa_elasticnet::ElasticNet;
use linfa_linear::LinearRegression;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2, Axis};

use super::*;

const ROWS: usize = 300;

/// Features of different scales, each with mean 0: linfa's penalties do not centre them.
fn features() -> Array2<f64> {
    let features = Array2::from_shape_fn((ROWS, 4), |(row, column)| {
        let angle = (row * row * (column + 1) + 7 * row) as f64;
        angle.sin() * [1.0, 5.0, 0.2, 2.0][column] + angle.cos().powi(3)
    });
    let means = features.mean_axis(Axis(0)).unwrap();
    features - means
}

/// A weighted sum of the features, and what no feature explains.
fn numbers(features: &Array2<f64>) -> Array1<f64> {
    let unexplained = Array1::from_shape_fn(ROWS, |row| 3.0 + ((row * row * row) as f64).sin());
    features.dot(&Array1::from(vec![1.5, -0.4, 2.0, 0.0])) + unexplained
}

/// Three classes that overlap.
fn classes(features: &Array2<f64>) -> Array1<usize> {
    numbers(features).mapv(|number| usize::from(number > 2.0) + usize::from(number > 4.5))
}

/// Classes as our learners take them.
fn as_target(classes: &Array1<usize>) -> Target {
    Target::Classes {
        numbers: classes.iter().map(|&class| class as f64).collect(),
        count: 3,
    }
}

/// What one of our learners predicts for the rows that it learned from.
fn ours(name: &str, params: Json, features: &Array2<f64>, target: Target) -> Vec<f64> {
    let columns = features
        .columns()
        .into_iter()
        .map(|column| Column::Number(column.to_vec()));
    let set = TrainingSet::new(Frame::new(columns.collect()).unwrap(), target);
    let learner = named(name).unwrap().configure(params.as_object().unwrap(), 1).unwrap();
    let (fitted, _) = learner.fit(&set, &Unwatched).unwrap();
    scores(&*fitted, &set.frame, &Unwatched).unwrap()
}

#[track_caller]
fn assert_near<'a>(ours: &[f64], theirs: impl IntoIterator<Item = &'a f64>, tolerance: f64) {
    let theirs: Vec<f64> = theirs.into_iter().copied().collect();
    assert_eq!(ours.len(), theirs.len());
    for (row, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!((ours - theirs).abs() <= tolerance, "{row}: {ours}, not {theirs}");
    }
}

#[test]
fn least_squares_agree_with_linfa_linear() {
    let features = features();
    let target = numbers(&features);
    let scores = ours(
        "linear_regression",
        json!({}),
        &features,
        Target::Numbers(target.to_vec()),
    );
    let rows = DatasetBase::new(features.clone(), target);
    let theirs = LinearRegression::new().fit(&rows).unwrap();
    assert_near(&scores, &theirs.predict(&features), 1e-9);
}

#[test]
fn penalized_least_squares_agree_with_linfa_elasticnet() {
    let features = features();
    let target = numbers(&features);
    let rows = DatasetBase::new(features.clone(), target.clone());
    let alpha = 0.3;
    for (name, params, l1_ratio) in [
        // A ridge's penalty is on the sum of the squares, the others' on their mean.
        (
            "ridge",
            json!({"alpha": alpha * ROWS as f64, "standardize": false}),
            0.0,
        ),
        (
            "lasso",
            json!({"alpha": alpha, "standardize": false, "tol": 1e-10}),
            1.0,
        ),
        (
            "elastic_net",
            json!({"alpha": alpha, "l1_ratio": 0.4, "standardize": false, "tol": 1e-10}),
            0.4,
        ),
    ] {
        let scores = ours(name, params, &features, Target::Numbers(target.to_vec()));
        let theirs = ElasticNet::params()
            .penalty(alpha)
            .l1_ratio(l1_ratio)
            .tolerance(1e-12)
            .max_iterations(100_000)
            .fit(&rows)
            .unwrap();
        assert_near(&scores, &theirs.predict(&features), 1e-6);
    }
}

#[test]
fn logistic_regression_agrees_with_linfa_logistic() {
    let features = features();
    let target = classes(&features);
    let scores = ours(
        "logistic_regression",
        json!({"C": 0.5, "standardize": false, "tol": 1e-8}),
        &features,
        as_target(&target),
    );
    let theirs = MultiLogisticRegression::default()
        .alpha(2.0)
        .gradient_tolerance(1e-8)
        .max_iterations(10_000)
        .fit(&DatasetBase::new(features.clone(), target))
        .unwrap();
    assert_eq!(theirs.classes(), [0, 1, 2]);
    assert_near(&scores, &theirs.predict_probabilities(&features), 1e-5);
}

#[test]
fn naive_bayes_agrees_with_linfa_bayes() {
    let features = features();
    let target = classes(&features);
    let scores = ours(
        "naive_bayes",
        json!({"var_smoothing": 0.01}),
        &features,
        as_target(&target),
    );
    let theirs = GaussianNb::params()
        .var_smoothing(0.01)
        .fit(&DatasetBase::new(features.clone(), target))
        .unwrap();
    let (probabilities, classes) = theirs.predict_proba(features.view());
    for (place, &&class) in classes.iter().enumerate() {
        let scores: Vec<f64> = scores.iter().skip(class).step_by(3).copied().collect();
        assert_near(&scores, probabilities.column(place), 1e-9);
    }
}

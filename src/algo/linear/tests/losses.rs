//! Support vector machines, quantile, Huber's and Poisson regression, robust errors and contrasts, against scikit-learn and statsmodels.

use super::*;
use crate::learner::Configured;
use crate::learners::named;

fn oracle() -> Value {
    serde_json::from_str(include_str!("../../../../tests/oracle/linear_losses.json")).unwrap()
}

fn learner(name: &str, params: Value) -> Box<dyn Configured> {
    named(name).unwrap().configure(params.as_object().unwrap(), 1).unwrap()
}

fn classes(frame: Frame, numbers: Vec<f64>, count: usize) -> Dataset {
    TrainingSet::new(frame, Target::Classes { numbers, count })
}

/// Weights and intercept, and their errors and p-values where they have such.
struct Told {
    weights: Vec<f64>,
    intercept: Vec<f64>,
    errors: Vec<f64>,
    p_values: Vec<f64>,
}

impl Told {
    fn by(fitted: &dyn Fitted) -> Told {
        let (intercepts, weights) = fitted.weights().unwrap();
        let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Told {
            weights: weights.iter().map(|w| w.weight).collect(),
            intercept: intercepts.iter().map(|i| i.value).collect(),
            errors: (intercepts.iter().map(|i| known(i.standard_error)))
                .chain(weights.iter().map(|w| known(w.standard_error)))
                .collect(),
            p_values: (intercepts.iter().map(|i| known(i.p_value)))
                .chain(weights.iter().map(|w| known(w.p_value)))
                .collect(),
        }
    }

    /// Compares with statsmodels, whose first parameter is the intercept; the level at `reference` it does not have.
    #[track_caller]
    fn assert_is(mut self, theirs: &Value, reference: usize, [tolerance, of_errors]: [f64; 2], what: &str) {
        assert_eq!(self.weights.remove(reference), 0.0, "{what}");
        assert!(self.errors.remove(reference + 1).is_nan() && self.p_values.remove(reference + 1).is_nan());
        let ours = [self.intercept, self.weights].concat();
        assert_near(
            &ours,
            &floats(&theirs["weights"]),
            tolerance,
            &format!("{what}: weight"),
        );
        assert_near(
            &self.errors,
            &floats(&theirs["errors"]),
            of_errors,
            &format!("{what}: error"),
        );
        let p_values = floats(&theirs["p_values"]);
        for (index, (ours, theirs)) in self.p_values.iter().zip(&p_values).enumerate() {
            // Far out in the tail a p-value says what the error does, many times over.
            assert!(
                (ours - theirs).abs() <= 30.0 * of_errors * theirs + 1e-12,
                "{what}: p-value {index}: {ours}, not {theirs}"
            );
        }
    }
}

/// As near as libsvm comes, which stops where its multipliers hardly change: by a share of the greatest.
#[track_caller]
fn assert_as_libsvm(ours: &[f64], theirs: &[f64], what: &str) {
    let greatest = theirs.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!(
            (ours - theirs).abs() <= 1e-4 * greatest.max(1.0),
            "{what}: {ours}, not {theirs}"
        );
    }
}

fn fit_of(name: &str, params: Value, data: &Dataset) -> Box<dyn Fitted> {
    learner(name, params).fit(data, &Unwatched).unwrap().0
}

fn answers(fitted: &dyn Fitted, frame: &Frame) -> Vec<f64> {
    let mut out = vec![0.0; frame.rows() * fitted.outputs()];
    fitted.score_rows(frame, 0..frame.rows(), &mut out);
    let mut row = vec![0.0; frame.nfeatures()];
    let mut own = vec![0.0; fitted.outputs()];
    for (index, all) in out.chunks_exact(fitted.outputs()).enumerate() {
        frame.encode_row(index, &mut row);
        fitted.score(&row, &mut own);
        assert_eq!(own, all, "row {index}");
        if let Some(scorer) = fitted.linear_scorer() {
            scorer.score(&row, &mut own);
            assert_eq!(own, all, "row {index} by the scorer");
        }
    }
    out
}

#[test]
fn machines_for_classes_agree_with_scikit_learn() {
    let oracle = oracle();
    let frame = frame(&oracle["data"]);
    let two = classes(frame.clone(), floats(&oracle["data"]["two"]), 2);
    for (name, params, tolerance) in [
        ("squared_hinge", json!({}), 1e-7),
        ("squared_hinge_strong", json!({"C": 0.02}), 1e-7),
        ("hinge", json!({"loss": "hinge"}), 1e-5),
        ("hinge_strong", json!({"loss": "hinge", "c": 0.02}), 1e-5),
    ] {
        let theirs = &oracle["svm"][name];
        let fitted = fit_of("linear_svm", params, &two);
        let told = Told::by(&*fitted);
        let intercept = [theirs["intercept"].as_f64().unwrap()];
        if tolerance > 1e-6 {
            assert_as_libsvm(&told.weights, &floats(&theirs["weights"]), name);
            assert_as_libsvm(&told.intercept, &intercept, name);
        } else {
            assert_near(&told.weights, &floats(&theirs["weights"]), tolerance, name);
            assert_near(&told.intercept, &intercept, tolerance, name);
        }
        let ours: Vec<f64> = answers(&*fitted, &frame).chunks_exact(2).map(|pair| pair[1]).collect();
        assert_near(&ours, &floats(&theirs["probabilities"]), 1e-4, name);
    }
    let origin = fit_of("linear_svm", json!({"C": 0.5, "fit_intercept": false}), &two);
    let origin = Told::by(&*origin);
    assert_near(
        &origin.weights,
        &floats(&oracle["svm"]["squared_hinge_origin"]),
        1e-6,
        "without intercept",
    );
    assert_eq!(origin.intercept, [0.0]);
    let balanced = fit_of("linear_svm", json!({"class_weight": "balanced"}), &two);
    assert_near(
        &Told::by(&*balanced).weights,
        &floats(&oracle["svm"]["balanced"]),
        1e-7,
        "balanced",
    );
}

#[test]
fn machines_for_more_classes_are_one_for_each() {
    let oracle = oracle();
    let frame = frame(&oracle["data"]);
    let three = classes(frame.clone(), floats(&oracle["data"]["three"]), 3);
    for (loss, tolerance) in [("hinge", 1e-5), ("squared_hinge", 1e-7)] {
        let theirs = &oracle["svm"][format!("{loss}_three")];
        let fitted = fit_of("linear_svm", json!({"loss": loss}), &three);
        let told = Told::by(&*fitted);
        if tolerance > 1e-6 {
            assert_as_libsvm(&told.weights, &floats(&theirs["weights"]), loss);
            assert_as_libsvm(&told.intercept, &floats(&theirs["intercept"]), loss);
        } else {
            assert_near(&told.weights, &floats(&theirs["weights"]), tolerance, loss);
            assert_near(&told.intercept, &floats(&theirs["intercept"]), tolerance, loss);
            assert_near(
                &answers(&*fitted, &frame),
                &floats(&theirs["probabilities"]),
                1e-4,
                loss,
            );
        }
    }
}

#[test]
fn machines_for_numbers_agree_with_scikit_learn() {
    let oracle = oracle();
    let data = numbers(frame(&oracle["data"]), floats(&oracle["data"]["y"]));
    for (name, params, tolerance) in [
        ("insensitive", json!({"epsilon": 5}), 1e-5),
        ("insensitive_strong", json!({"C": 0.01, "epsilon": 2}), 1e-5),
        ("absolute", json!({"C": 0.1}), 1e-5),
        (
            "squared_insensitive",
            json!({"loss": "squared_epsilon_insensitive", "C": 0.1, "epsilon": 5}),
            1e-7,
        ),
    ] {
        let theirs = &oracle["svm"][name];
        let fitted = fit_of("linear_svm", params, &data);
        let told = Told::by(&*fitted);
        let intercept = [theirs["intercept"].as_f64().unwrap()];
        if tolerance > 1e-6 {
            assert_as_libsvm(&told.weights, &floats(&theirs["weights"]), name);
            // Between two rows the intercept may lie anywhere.
            assert!(
                (told.intercept[0] - intercept[0]).abs() < 0.02,
                "{name}: {:?}, not {intercept:?}",
                told.intercept
            );
        } else {
            assert_near(&told.weights, &floats(&theirs["weights"]), tolerance, name);
            assert_near(&told.intercept, &intercept, tolerance, name);
        }
    }
}

#[test]
fn quantiles_agree_with_linear_programming_and_errors_with_statsmodels() {
    let oracle = oracle();
    let data = numbers(frame(&oracle["data"]), floats(&oracle["data"]["y"]));
    for (quantile, errors) in [(0.47, "robust"), (0.1, "robust"), (0.9, "iid")] {
        let theirs = &oracle["quantile"][format!("{quantile}_{errors}")];
        let params = json!({"quantile": quantile, "standard_errors": errors, "reference": "first"});
        let fitted = fit_of("quantile_regression", params, &data);
        Told::by(&*fitted).assert_is(theirs, 3, [1e-6, 1e-6], &format!("{quantile} {errors}"));
        let loss = fitted.criterion().unwrap();
        let predicted = answers(&*fitted, &data.frame);
        let sum: f64 = data
            .target
            .values()
            .iter()
            .zip(&predicted)
            .map(|(y, p)| loss.loss(*y, *p))
            .sum();
        assert_near(
            &[sum / data.rows() as f64],
            &[theirs["loss"].as_f64().unwrap()],
            1e-9,
            "loss",
        );
        assert_eq!(loss.name(), "pinball_loss");
    }
}

#[test]
fn huber_agrees_with_statsmodels() {
    let oracle = oracle();
    let data = numbers(frame(&oracle["data"]), floats(&oracle["data"]["y"]));
    for t in ["1.345", "0.8"] {
        let params = json!({"t": t.parse::<f64>().unwrap(), "reference": "first", "max_iter": 500, "tol": 1e-11});
        let fitted = fit_of("huber_regression", params, &data);
        Told::by(&*fitted).assert_is(&oracle["huber"][t], 3, [1e-7, 1e-7], t);
    }
}

#[test]
fn poisson_agrees_with_statsmodels() {
    let oracle = oracle();
    let data = numbers(frame(&oracle["data"]), floats(&oracle["data"]["counts"]));
    let clusters: Vec<u32> = floats(&oracle["data"]["clusters"]).iter().map(|c| *c as u32).collect();
    let data = TrainingSet {
        groups: Some(clusters),
        ..data
    };
    for (kind, params) in [
        ("classical", json!({})),
        ("HC0", json!({"standard_errors": "HC0"})),
        ("cluster", json!({"cluster": "shop"})),
    ] {
        let mut params = params;
        params["reference"] = json!("first");
        let fitted = fit_of("poisson_regression", params, &data);
        Told::by(&*fitted).assert_is(&oracle["poisson"][kind], 3, [1e-7, 2e-5], kind);
        let predicted = answers(&*fitted, &data.frame);
        assert_near(&predicted, &floats(&oracle["poisson"]["predictions"]), 1e-7, kind);
        let deviance = fitted.criterion().unwrap();
        let sum: f64 = data
            .target
            .values()
            .iter()
            .zip(&predicted)
            .map(|(y, p)| deviance.loss(*y, *p))
            .sum();
        assert_near(
            &[sum / data.rows() as f64],
            &[oracle["poisson"]["deviance"].as_f64().unwrap()],
            1e-8,
            "deviance",
        );
    }
}

#[test]
fn robust_errors_agree_with_statsmodels() {
    let oracle = oracle();
    let clusters: Vec<u32> = floats(&oracle["data"]["clusters"]).iter().map(|c| *c as u32).collect();
    for (name, target, kinds, tolerance) in [
        (
            "linear_regression",
            "y",
            &["nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster"][..],
            1e-8,
        ),
        ("logistic_regression", "two", &["nonrobust", "HC0", "cluster"][..], 2e-5),
    ] {
        let numbers = floats(&oracle["data"][target]);
        let target = match target {
            "two" => Target::Classes { numbers, count: 2 },
            _ => Target::Numbers(numbers),
        };
        let data = TrainingSet {
            groups: Some(clusters.clone()),
            ..TrainingSet::new(frame(&oracle["data"]), target)
        };
        for &kind in kinds {
            let mut params = match kind {
                "nonrobust" => json!({"reference": "first"}),
                "cluster" => json!({"reference": "first", "cluster": "shop"}),
                kind => json!({"reference": "first", "standard_errors": kind}),
            };
            if name == "logistic_regression" {
                params["penalty"] = json!("none");
            }
            let fitted = fit_of(name, params, &data);
            let theirs = &oracle[name.split('_').next().unwrap()][kind];
            Told::by(&*fitted).assert_is(theirs, 3, [1e-6, tolerance], &format!("{name} {kind}"));
        }
    }
}

#[test]
fn another_level_of_reference_is_another_way_to_say_the_same() {
    let oracle = oracle();
    let data = numbers(frame(&oracle["data"]), floats(&oracle["data"]["y"]));
    let most = fit_of("linear_regression", json!({"reference": "most_frequent"}), &data);
    Told::by(&*most).assert_is(&oracle["linear"]["most_frequent"], 4, [1e-8, 1e-8], "most frequent");
    let plain = fit_of("linear_regression", json!({}), &data);
    assert_eq!(answers(&*most, &data.frame), answers(&*plain, &data.frame));
    // Three classes, whose weights are deviations from their mean.
    let three = classes(data.frame.clone(), floats(&oracle["data"]["three"]), 3);
    let [plain, first] = [json!({}), json!({"reference": "first"})]
        .map(|params| Told::by(&*fit_of("logistic_regression", params, &three)));
    for class in 0..3 {
        let (plain, own) = (&plain.weights[class * 7..][..7], &first.weights[class * 7..][..7]);
        for level in 3..7 {
            assert!((own[level] - (plain[level] - plain[3])).abs() < 1e-12);
        }
        assert!(first.errors[3 + class * 7 + 3].is_nan() && first.errors[3 + class * 7 + 4] > 0.0);
    }
}

#[test]
fn a_row_of_weight_two_is_the_row_twice() {
    let oracle = oracle();
    let frame = frame(&oracle["data"]);
    let weights = floats(&oracle["data"]["row_weights"]);
    let rows: Vec<u32> = (0..weights.len())
        .flat_map(|r| vec![r as u32; weights[r] as usize])
        .collect();
    let of = |target: &str| floats(&oracle["data"][target]);
    for (name, params, data, tolerance) in [
        ("linear_svm", json!({}), classes(frame.clone(), of("two"), 2), 1e-8),
        (
            "linear_svm",
            json!({"loss": "hinge"}),
            classes(frame.clone(), of("two"), 2),
            1e-5,
        ),
        (
            "linear_svm",
            json!({"epsilon": 3}),
            numbers(frame.clone(), of("y")),
            1e-5,
        ),
        (
            "quantile_regression",
            json!({"quantile": 0.3}),
            numbers(frame.clone(), of("y")),
            1e-6,
        ),
        (
            "huber_regression",
            json!({"tol": 1e-11, "max_iter": 500}),
            numbers(frame.clone(), of("y")),
            1e-7,
        ),
        (
            "poisson_regression",
            json!({}),
            numbers(frame.clone(), of("counts")),
            1e-8,
        ),
    ] {
        let twice = fit_of(name, params.clone(), &data.take(&rows, &Unwatched).unwrap());
        let once = fit_of(
            name,
            params,
            &data.weighted(weights.iter().map(|w| *w as f32).collect()),
        );
        assert_near(&Told::by(&*once).weights, &Told::by(&*twice).weights, tolerance, name);
    }
}

#[test]
fn what_cannot_be_is_an_error_that_says_why() {
    let frame = Frame::new(vec![Column::Number((0..40).map(|i| f64::from(i % 7)).collect())]).unwrap();
    let target: Vec<f64> = (0..40).map(|i| f64::from(i % 5) - 1.0).collect();
    let data = numbers(frame.clone(), target);
    let two = classes(frame.clone(), (0..40).map(|i| f64::from(i % 2)).collect(), 2);
    let three = classes(frame, (0..40).map(|i| f64::from(i % 3)).collect(), 3);
    let refused = |name: &str, params: Value, data: &Dataset, what: &str| {
        let learner = named(name).unwrap().configure(params.as_object().unwrap(), 1);
        let error = learner
            .and_then(|learner| learner.fit(data, &Unwatched).map(|_| ()))
            .unwrap_err();
        assert!(format!("{error:?}").contains(what), "{name} {params}: {error:?}");
    };
    refused("linear_svm", json!({"loss": "hinge"}), &data, "for numbers");
    refused(
        "linear_svm",
        json!({"loss": "epsilon_insensitive"}),
        &two,
        "for classes",
    );
    refused("linear_svm", json!({"C": 0}), &two, "above 0");
    refused("linear_svm", json!({"epsilon": -1}), &data, "at least 0");
    refused("quantile_regression", json!({"quantile": 1}), &data, "below 1");
    refused(
        "quantile_regression",
        json!({"reference": "first", "fit_intercept": false}),
        &data,
        "fit_intercept",
    );
    refused("huber_regression", json!({"t": 0}), &data, "above 0");
    refused("poisson_regression", json!({}), &data, "a count is below 0");
    refused(
        "poisson_regression",
        json!({"standard_errors": "HC3"}),
        &two,
        "least squares",
    );
    refused(
        "logistic_regression",
        json!({"standard_errors": "HC1"}),
        &two,
        "least squares",
    );
    refused(
        "logistic_regression",
        json!({"standard_errors": "HC0"}),
        &three,
        "two classes",
    );
    refused(
        "linear_regression",
        json!({"standard_errors": "HC1", "cluster": "shop"}),
        &data,
        "cluster",
    );
    refused(
        "linear_regression",
        json!({"cluster": "shop"}),
        &data,
        "no column \\\"shop\\\"",
    );
    refused("ridge", json!({"standard_errors": "HC4"}), &data, "HC3");
    let one = TrainingSet {
        groups: Some(vec![0; 40]),
        ..data
    };
    refused(
        "linear_regression",
        json!({"cluster": "shop"}),
        &one,
        "at least two clusters",
    );
}

/// Constant, missing, equal and huge numbers, one row, separable classes: a model that answers, or an error, but never a panic.
#[test]
fn rows_of_any_kind_are_learned_or_refused() {
    let huge = |i: usize| if i.is_multiple_of(2) { 1e300 } else { -1e300 };
    let columns: [&dyn Fn(usize) -> f64; 5] = [&|_| 3.0, &|_| f64::NAN, &|i| (i % 3) as f64, &huge, &|i| {
        i as f64 * 1e-300
    }];
    let targets: [&dyn Fn(usize) -> f64; 4] = [&|_| 2.0, &|i| (i % 2) as f64, &|i| (i / 20) as f64, &|i| {
        i as f64 * 1e250
    }];
    for rows in [1, 2, 40] {
        for column in columns {
            for target in targets {
                let values = |of: &dyn Fn(usize) -> f64| (0..rows).map(of).collect::<Vec<f64>>();
                let twice = vec![Column::Number(values(column)), Column::Number(values(column))];
                let frame = Frame::new(twice).unwrap();
                let codes = values(target)
                    .iter()
                    .map(|value| f64::from(u8::from(*value > 0.5)))
                    .collect();
                let two = classes(frame.clone(), codes, 2);
                let data = numbers(frame, values(target));
                for (name, params, data) in [
                    ("linear_svm", json!({}), &two),
                    ("linear_svm", json!({"loss": "hinge"}), &two),
                    ("linear_svm", json!({}), &data),
                    ("linear_svm", json!({"loss": "squared_epsilon_insensitive"}), &data),
                    ("linear_svm", json!({"epsilon": 0.5, "C": 1e9}), &data),
                    ("quantile_regression", json!({"quantile": 0.2}), &data),
                    ("huber_regression", json!({}), &data),
                    ("poisson_regression", json!({}), &data),
                    ("linear_regression", json!({"standard_errors": "HC3"}), &data),
                ] {
                    if let Ok((fitted, _)) = learner(name, params).fit(data, &Unwatched) {
                        fitted.validate(&[0, 0], &Unwatched).unwrap();
                        let mut out = vec![0.0; fitted.outputs()];
                        fitted.score(&[column(0), 1.0], &mut out);
                        assert!(out.iter().all(|out| out.is_finite()), "{name}: {out:?}");
                    }
                }
            }
        }
    }
}

/// Rows enough for the start from a sample: what it leaves aside changes nothing.
#[test]
fn many_rows_end_at_the_minimum_whatever_the_threads() {
    let noise = |i: usize, salt: u64| crate::hash::hash_u64(salt, i as u64) as f64 / u64::MAX as f64 - 0.5;
    let rows = 200_000;
    let x: Vec<f64> = (0..rows).map(|i| noise(i, 1)).collect();
    let z: Vec<f64> = (0..rows).map(|i| noise(i, 2)).collect();
    let y: Vec<f64> = (0..rows)
        .map(|i| 3.0 * x[i] - z[i] + noise(i, 3) * (1.0 + x[i]))
        .collect();
    let two: Vec<f64> = y.iter().map(|y| f64::from(u8::from(*y > 0.1))).collect();
    let frame = Frame::new(vec![Column::Number(x), Column::Number(z)]).unwrap();
    let (data, two) = (numbers(frame.clone(), y), classes(frame, two, 2));
    for (name, params, data) in [
        ("quantile_regression", json!({"quantile": 0.3}), &data),
        ("linear_svm", json!({"loss": "hinge"}), &two),
        ("linear_svm", json!({}), &two),
        ("linear_svm", json!({"epsilon": 0.2}), &data),
        ("huber_regression", json!({}), &data),
    ] {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let fitted = pool.install(|| fit_of(name, params.clone(), data));
            fitted.encode(Vec::new(), &Unwatched).unwrap()
        };
        assert!(with(1) == with(3), "{name}");
    }
    let fitted = fit_of("quantile_regression", json!({"quantile": 0.3}), &data);
    let errors: Vec<f64> = data
        .target
        .values()
        .iter()
        .zip(answers(&*fitted, &data.frame))
        .map(|(y, p)| y - p)
        .collect();
    // At the minimum the rows' prices balance in each column, but for the three rows on the line.
    let Column::Number(x) = &data.frame.columns()[0] else {
        panic!()
    };
    for column in [&vec![1.0; rows], x] {
        let pull: f64 = errors
            .iter()
            .zip(column)
            .map(|(e, x)| if *e > 0.0 { 0.3 * x } else { -0.7 * x })
            .sum();
        assert!(pull.abs() <= 3.0, "{pull}");
    }
}

#[test]
fn a_stop_is_obeyed_by_each() {
    let data = many_rows();
    let two = classes(data.frame.clone(), data.target.values().to_vec(), 2);
    for (name, params, data) in [
        ("linear_svm", json!({}), &two),
        ("linear_svm", json!({"loss": "hinge"}), &two),
        ("quantile_regression", json!({}), &data),
        ("huber_regression", json!({}), &data),
        ("poisson_regression", json!({"standard_errors": "HC0"}), &data),
        ("linear_regression", json!({"standard_errors": "HC3"}), &data),
    ] {
        for questions in [0, 1, 500, 1200, 3000] {
            let stopper = Stopper(AtomicUsize::new(questions));
            let stopped = learner(name, params.clone()).fit(data, &stopper).map(|_| ());
            assert_eq!(stopped.unwrap_err(), Error::Stopped, "{name} after {questions}");
        }
    }
}

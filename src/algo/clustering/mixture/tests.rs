//! Gaussian mixtures against scikit-learn, and what must hold whatever the rows.

use linfa::ParamGuard;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::clustering::params::Init;
use crate::clustering::testing::{fixture, fixture_frame, floats, is_near, points};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Parts};
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING, UNSEEN};
use crate::learner::{Learner, Unchecked};
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::training_set::{Target, TrainingSet};
use crate::unsupervised::Unsupervised;

fn params(json: Json) -> GaussianMixtureParams {
    let mut params = GaussianMixtureParams::default();
    params.read(json.as_object().unwrap(), &[]).unwrap();
    params
}

fn fit(set: &TrainingSet, params: GaussianMixtureParams) -> Result<GaussianMixture> {
    GaussianMixtureLearner::fit(&Unchecked::new(params).check()?, set, &Unwatched)
}

fn of_columns(columns: Vec<Column>) -> TrainingSet {
    TrainingSet::new(Frame::new(columns).unwrap(), Target::None)
}

fn metrics(model: &GaussianMixture, set: &TrainingSet) -> Vec<f64> {
    let assessment = model.assess(set, &Unwatched).unwrap();
    assessment.metrics.into_iter().map(|metric| metric.1.unwrap()).collect()
}

fn encoded(frame: &Frame, row: usize) -> Vec<f64> {
    let mut out = vec![0.0; frame.width()];
    frame.encode_row(row, &mut out);
    out
}

#[test]
fn the_same_start_comes_to_what_scikit_learn_does() {
    let fixture = fixture();
    let set = TrainingSet::new(fixture_frame(&fixture), Target::None);
    for (ours, theirs) in [
        ("full", "full"),
        ("tied", "tied"),
        ("diagonal", "diag"),
        ("spherical", "spherical"),
    ] {
        let given = params(json!({"covariance": ours, "standardize": false, "tol": 1e-6, "max_iter": 500}));
        let model = fit(&set, given.init(Init::Given(points(&fixture["init"])))).unwrap();
        let theirs = &fixture["mixtures"][theirs];
        let near = |name: &str, own: &[f64], tolerance: f64| {
            assert!(
                is_near(own, &floats(&theirs[name]), tolerance),
                "{ours}, {name}: {own:?}, not {}",
                theirs[name]
            );
        };
        let clusters = model.clusters().unwrap();
        let means: Vec<f64> = clusters
            .iter()
            .flat_map(|cluster| cluster.centre.iter().map(|part| part.value))
            .collect();
        near("means", &means, 1e-7);
        near("weights", &model.shares(), 1e-7);
        near("covariances", &model.covariances(), 1e-6);
        let [log_likelihood, bic, aic] = metrics(&model, &set)[..] else {
            panic!()
        };
        near("log_likelihood", &[log_likelihood], 1e-9);
        near("bic", &[bic], 1e-9);
        near("aic", &[aic], 1e-9);
        let (mut labels, mut shares, mut logs) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..set.rows() {
            let (row_values, mut label, mut of_row) = (encoded(&set.frame, row), [0.0], [0.0; 4]);
            model.score(&row_values, &mut label);
            labels.push(label[0]);
            if row < 20 {
                model.transform(&row_values, &mut of_row);
                shares.extend(of_row);
                logs.push(-model.strangeness(&row_values));
            }
        }
        near("labels", &labels, 0.0);
        near("probabilities", &shares, 1e-6);
        near("log_densities", &logs, 1e-6);
        assert_eq!(
            clusters.iter().map(|cluster| cluster.rows).sum::<u64>(),
            set.rows() as u64
        );
    }
}

#[test]
fn densities_are_those_of_the_raw_numbers() {
    let fixture = fixture();
    let set = TrainingSet::new(fixture_frame(&fixture), Target::None);
    let fitted = |standardize: bool| {
        let given = params(json!({"standardize": standardize, "reg_covar": 0, "tol": 1e-9, "max_iter": 2000}));
        fit(&set, given.init(Init::Given(points(&fixture["init"])))).unwrap()
    };
    let [a, b] = [fitted(true), fitted(false)];
    assert!(
        is_near(&metrics(&a, &set), &metrics(&b, &set), 1e-3),
        "{:?} {:?}",
        metrics(&a, &set),
        metrics(&b, &set)
    );
}

#[test]
fn parts_are_the_distance_and_their_mean_the_base() {
    let fixture = fixture();
    let mut columns = fixture_frame(&fixture).columns().to_vec();
    let codes = floats(&fixture["codes"]).into_iter().map(|code| code as u32).collect();
    columns.insert(1, Column::Category { codes, levels: 3 });
    let set = of_columns(columns);
    for covariance in ["full", "tied", "diagonal", "spherical"] {
        let model = fit(
            &set,
            params(json!({"k": 3, "covariance": covariance, "reg_covar": 1e-3})),
        )
        .unwrap();
        model.validate(&[0, 3, 0, 0, 0], &Unwatched).unwrap();
        let mut sums = [0.0; 5];
        for row in 0..set.rows() {
            let (row, mut parts, mut margin) = (encoded(&set.frame, row), [0.0; 5], [0.0]);
            model.parts(&row, &mut parts);
            model.margin(&row, &mut margin);
            assert!((parts.iter().sum::<f64>() - margin[0]).abs() <= 1e-9 * margin[0].max(1.0));
            sums.iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += part / set.rows() as f64);
        }
        let explainer = model
            .explainer(&[0, 3, 0, 0, 0], Baseline::Training, &Unwatched)
            .unwrap();
        let (mut own, row) = ([0.0; 5], encoded(&set.frame, 7));
        explainer.explain(&row, 5, &mut own, &Unwatched).unwrap();
        let mut parts = [0.0; 5];
        model.parts(&row, &mut parts);
        let means: Vec<f64> = parts.iter().zip(own).map(|(part, own)| part - own).collect();
        assert!(is_near(&means, &sums, 1e-8), "{covariance}: {means:?}, not {sums:?}");
        assert!((model.base()[0] - sums.iter().sum::<f64>()).abs() < 1e-8);
        // The pass over blocks and the rows one by one say the same.
        let mut counts = vec![0; 3];
        for row in 0..set.rows() {
            let mut label = [0.0];
            model.score(&encoded(&set.frame, row), &mut label);
            counts[label[0] as usize] += 1;
        }
        assert_eq!(
            counts,
            model
                .clusters()
                .unwrap()
                .iter()
                .map(|cluster| cluster.rows)
                .collect::<Vec<_>>()
        );
        let mean = (0..set.rows())
            .map(|row| -model.strangeness(&encoded(&set.frame, row)))
            .sum::<f64>()
            / set.rows() as f64;
        assert!((mean - metrics(&model, &set)[0]).abs() < 1e-9);
    }
}

/// Rows of some normal distributions.
fn normals(rows: usize, count: usize, width: usize) -> TrainingSet {
    let value = |row: usize, column: usize| {
        let uniform = |salt: u64| {
            (crate::hash::hash_u64(salt * 100 + column as u64, row as u64) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let normal = (-2.0 * (1.0 - uniform(1)).ln()).sqrt() * (std::f64::consts::TAU * uniform(2)).cos();
        normal + 9.0 * ((row % count) * (column + 1) % 5) as f64
    };
    let column = |column| Column::Number((0..rows).map(|row| value(row, column)).collect());
    of_columns((0..width).map(column).collect())
}

#[test]
fn the_number_of_components_is_that_of_the_least_bic() {
    for count in [1, 2, 4] {
        let model = fit(&normals(3000, count, 3), GaussianMixtureParams::default()).unwrap();
        assert_eq!(model.clusters().unwrap().len(), count);
    }
}

#[test]
fn a_sample_first_comes_to_the_same_as_all_rows() {
    let set = normals(60_000, 3, 3);
    let model = fit(&set, params(json!({"k": 3, "standardize": false}))).unwrap();
    assert!(model.clusters().unwrap().iter().all(|cluster| cluster.rows == 20_000));
    for share in model.shares() {
        assert!((share - 1.0 / 3.0).abs() < 1e-6);
    }
    for (place, value) in model.covariances().into_iter().enumerate() {
        let wanted = if place % 9 % 4 == 0 { 1.0 } else { 0.0 };
        assert!((value - wanted).abs() < 0.05, "{place}: {value}");
    }
}

#[test]
fn weights_count_rows_several_times() {
    let columns = |values: &[f64]| of_columns(vec![Column::Number(values.to_vec())]);
    let twice = columns(&[1.0, 2.0, 2.0, 1.5, 9.0, 11.0, 11.0, 10.0]);
    let weighted = columns(&[1.0, 2.0, 1.5, 9.0, 11.0, 10.0]).weighted(vec![1.0, 2.0, 1.0, 1.0, 2.0, 1.0]);
    let given = || params(json!({"init": [[1], [9]], "standardize": false}));
    let [a, b] = [fit(&twice, given()).unwrap(), fit(&weighted, given()).unwrap()];
    let of = |model: &GaussianMixture, set: &TrainingSet| [model.covariances(), metrics(model, set)].concat();
    let (a, b) = (of(&a, &twice), of(&b, &weighted));
    assert!(is_near(&a, &b, 1e-9), "{a:?} {b:?}");
}

#[test]
fn few_and_odd_rows() {
    let one = of_columns(vec![Column::Number(vec![3.0])]);
    let model = fit(&one, params(json!({"k": 1}))).unwrap();
    assert!(model.strangeness(&[3.0]).is_finite());
    let twins = of_columns(vec![
        Column::Number(vec![1.0, 5.0, 1.0, 5.0, 1.0]),
        Column::Number(vec![f64::NAN; 5]),
    ]);
    let model = fit(&twins, params(json!({"k": 2}))).unwrap();
    model.validate(&[0, 0], &Unwatched).unwrap();
    for row in [[1e308, f64::NAN], [f64::NAN, f64::NAN], [-1e308, 1e308]] {
        let (mut shares, mut label, mut margin) = ([0.0; 2], [0.0], [0.0]);
        model.transform(&row, &mut shares);
        model.score(&row, &mut label);
        model.margin(&row, &mut margin);
        assert!((shares[0] + shares[1] - 1.0).abs() < 1e-12 && label[0] < 2.0 && margin[0].is_finite());
        assert!(model.strangeness(&row).is_finite());
    }
    let line = of_columns(vec![
        Column::Number(vec![1.0, 2.0, 3.0, 4.0]),
        Column::Number(vec![2.0, 4.0, 6.0, 8.0]),
    ]);
    let refused = fit(&line, params(json!({"k": 1, "reg_covar": 0})));
    assert!(matches!(refused, Err(Error::Data { .. })), "{refused:?}");
    assert!(matches!(fit(&line, params(json!({"k": 5}))), Err(Error::Data { .. })));
    assert!(matches!(
        fit(&line, params(json!({"init": [[1, 1]], "k": 2}))),
        Err(Error::Parameter { .. })
    ));
    for wrong in [
        json!({"covariance": "diag "}),
        json!({"reg_covar": "x"}),
        json!({"k": -1}),
    ] {
        assert!(
            GaussianMixtureParams::default()
                .read(wrong.as_object().unwrap(), &[])
                .is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn any_number_of_threads_gives_the_same_model() {
    let set = normals(30_000, 3, 4).weighted((0..30_000).map(|row| (row % 7) as f32 / 3.0).collect());
    for covariance in ["full", "tied", "diagonal"] {
        let bytes = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let given = params(json!({"k": 3, "covariance": covariance, "max_iter": 8}));
            let model = pool.install(|| fit(&set, given).unwrap());
            let metrics = pool.install(|| metrics(&model, &set));
            (postcard::to_allocvec(&model).unwrap(), metrics)
        };
        assert_eq!(bytes(1), bytes(3));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_bytes_never_panic(
        changes in prop::collection::vec((0.0..1.0f64, any::<u8>()), 1..5),
        covariance in prop_oneof![Just("full"), Just("tied"), Just("diagonal")],
        row in prop::collection::vec(prop_oneof![Just(f64::NAN), Just(UNSEEN), Just(-1.0), -1e9..1e9f64, 0.0..5.0f64], 2),
    ) {
        let set = of_columns(vec![
            Column::Number(vec![1.0, 2.0, 3.0, 9.0, 8.0]),
            Column::Category { codes: vec![0, 2, 1, 0, MISSING], levels: 3 },
        ]);
        let model = fit(&set, params(json!({"k": 2, "covariance": covariance}))).unwrap();
        let mut bytes = postcard::to_allocvec(&model).unwrap();
        let front = bytes.len().min(900);
        for (place, value) in &changes {
            bytes[(place * front as f64) as usize] = *value;
        }
        if let Ok(model) = postcard::from_bytes::<GaussianMixture>(&bytes) && model.validate(&[0, 3], &Unwatched).is_ok() {
            let (mut label, mut shares, mut parts) = ([0.0], vec![0.0; model.transformed()], [0.0; 2]);
            model.score(&row, &mut label);
            prop_assert!((label[0] as usize) < model.transformed());
            model.transform(&row, &mut shares);
            model.parts(&row, &mut parts);
            model.strangeness(&row);
            model.clusters().unwrap();
            model.assess(&set, &Unwatched).unwrap();
        }
    }
}

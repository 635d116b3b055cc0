//! K-means against scikit-learn, and what must hold whatever the rows.

use linfa::ParamGuard;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::clustering::params::{Count, Draw, Init};
use crate::clustering::testing::{fixture, fixture_frame, floats, is_near, points};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING, UNSEEN, UNSEEN_CODE};
use crate::learner::{Learner, Unchecked};
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::parameters::Hyperparameters;
use crate::training_set::{Target, TrainingSet};
use crate::unsupervised::Unsupervised;

fn params(json: Json) -> KMeansParams {
    let mut params = KMeansParams::default();
    params.read(json.as_object().unwrap(), &[]).unwrap();
    params
}

fn fit(set: &TrainingSet, params: KMeansParams) -> Result<KMeans> {
    KMeansLearner::fit(&Unchecked::new(params).check()?, set, &Unwatched)
}

fn of_columns(columns: Vec<Column>) -> TrainingSet {
    TrainingSet::new(Frame::new(columns).unwrap(), Target::None)
}

fn labels(model: &KMeans, frame: &Frame) -> Vec<f64> {
    let mut out = vec![f64::NAN; frame.rows()];
    model.score_rows(frame, 0..frame.rows(), &mut out);
    out
}

fn metric(model: &KMeans, set: &TrainingSet, name: &str) -> Option<f64> {
    let assessment = model.assess(set, &Unwatched).unwrap();
    assessment.metrics.iter().find(|metric| metric.0 == name).unwrap().1
}

fn centres(model: &KMeans) -> Vec<f64> {
    let clusters = model.clusters().unwrap();
    clusters
        .iter()
        .flat_map(|cluster| cluster.centre.iter().map(|part| part.value))
        .collect()
}

#[test]
fn the_same_start_comes_to_what_scikit_learn_does() {
    let fixture = fixture();
    let weights: Vec<f32> = floats(&fixture["weights"])
        .into_iter()
        .map(|weight| weight as f32)
        .collect();
    for (name, init, is_weighted, iterations) in [
        ("plain", "init", false, 300),
        ("one_iteration", "init", false, 1),
        ("weighted", "init", true, 300),
        ("empty", "far", false, 300),
    ] {
        let set = TrainingSet::new(fixture_frame(&fixture), Target::None);
        let set = if is_weighted {
            set.weighted(weights.clone())
        } else {
            set
        };
        let given = KMeansParams::default().init(Init::Given(points(&fixture[init])));
        let model = fit(&set, given.standardize(false).max_iterations(iterations)).unwrap();
        let theirs = &fixture["k_means"][name];
        assert!(
            is_near(&centres(&model), &floats(&theirs["centres"]), 1e-9),
            "{name}: {:?}",
            centres(&model)
        );
        assert_eq!(labels(&model, &set.frame), floats(&theirs["labels"]), "{name}");
        let inertia = metric(&model, &set, "inertia").unwrap();
        assert!(
            is_near(&[inertia], &[theirs["inertia"].as_f64().unwrap()], 1e-10),
            "{name}: {inertia}"
        );
        if !is_weighted {
            for metric_name in ["silhouette", "davies_bouldin"] {
                let ours = metric(&model, &set, metric_name).unwrap();
                let theirs = theirs[metric_name].as_f64().unwrap();
                assert!(
                    is_near(&[ours], &[theirs], 1e-10),
                    "{name}: {metric_name} {ours}, not {theirs}"
                );
            }
        }
    }
}

#[test]
fn levels_are_coordinates() {
    let fixture = fixture();
    let mut columns = fixture_frame(&fixture).columns().to_vec();
    let codes = floats(&fixture["codes"]).into_iter().map(|code| code as u32).collect();
    columns.insert(1, Column::Category { codes, levels: 4 });
    let set = of_columns(columns);
    let model = fit(&set, params(json!({"k": 4, "n_init": 20, "tol": 0}))).unwrap();
    let theirs = &fixture["mixed"];
    let inertia = metric(&model, &set, "inertia").unwrap();
    assert!(
        is_near(&[inertia], &[theirs["inertia"].as_f64().unwrap()], 1e-9),
        "{inertia}"
    );
    let silhouette = metric(&model, &set, "silhouette").unwrap();
    assert!(is_near(&[silhouette], &[theirs["silhouette"].as_f64().unwrap()], 1e-9));
    // The same clusters by other numbers; ours are in the order of their rows.
    let (own, other) = (labels(&model, &set.frame), floats(&theirs["labels"]));
    let mut pairs: Vec<(u32, u32)> = own.iter().zip(&other).map(|(a, b)| (*a as u32, *b as u32)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), 4);
    let clusters = model.clusters().unwrap();
    assert!(clusters.is_sorted_by(|a, b| a.rows >= b.rows));
    for (place, cluster) in clusters.iter().enumerate() {
        assert_eq!(
            cluster.rows as usize,
            own.iter().filter(|label| **label == place as f64).count()
        );
        let shares: f64 = cluster
            .centre
            .iter()
            .filter(|part| part.feature == 1)
            .map(|part| part.value)
            .sum();
        assert!((shares - 1.0).abs() < 1e-12, "the shares of levels add up to 1");
    }
    // Score, strangeness, transform, margin and parts tell the same distance, of rows with gaps and unseen levels, too.
    for row in [
        [1.0, 0.0, 9.0, -2.0, 99.0],
        [f64::NAN, f64::NAN, 9.0, f64::NAN, 1e9],
        [0.0, UNSEEN, 0.0, 0.0, 0.0],
        [0.0, 3.0, 1.0, 1.0, 1.0],
    ] {
        let (mut label, mut distances, mut margin) = ([0.0], vec![0.0; 4], [0.0]);
        model.score(&row, &mut label);
        model.transform(&row, &mut distances);
        model.margin(&row, &mut margin);
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(distances[label[0] as usize], nearest);
        assert!((model.strangeness(&row).powi(2) - margin[0]).abs() <= 1e-12 * margin[0]);
        let explainer = model
            .explainer(&[0, 4, 0, 0, 0], crate::explain::Baseline::Training, &Unwatched)
            .unwrap();
        let mut parts = [0.0; 5];
        explainer.explain(&row, 5, &mut parts, &Unwatched).unwrap();
        let sum = explainer.base()[0] + parts.iter().sum::<f64>();
        assert!((sum - margin[0]).abs() <= 1e-9 * margin[0].max(1.0));
    }
    // In the mean over the training rows a squared distance over the squared radius is 1.
    assert!((model.base()[0] - 1.0).abs() < 1e-9);
}

/// Rows around some points, in an order of their own.
fn blobs(rows: usize, count: usize, width: usize) -> TrainingSet {
    let value = |row: usize, column: usize| {
        let centre = ((row % count) * 37 + column * 11) % 29;
        let hash = crate::hash::hash_u64(column as u64, row as u64);
        centre as f64 + (hash % 1000) as f64 / 500.0
    };
    let column = |column| Column::Number((0..rows).map(|row| value(row, column)).collect());
    of_columns((0..width).map(column).collect())
}

#[test]
fn bounds_and_a_sample_come_to_the_nearest_centres() {
    let set = blobs(30_000, 6, 7);
    let model = fit(&set, params(json!({"k": 6, "seed": 3}))).unwrap();
    assert_eq!(
        model
            .clusters()
            .unwrap()
            .iter()
            .map(|cluster| cluster.rows)
            .collect::<Vec<_>>(),
        [5000; 6]
    );
    let all = labels(&model, &set.frame);
    let mut is_right = all.chunks(6).map(|chunk| {
        let mut chunk = chunk.to_vec();
        chunk.sort_by(f64::total_cmp);
        chunk == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    });
    assert!(is_right.all(|is_right| is_right));
    // Without structure, rows change their clusters for long, and bounds decide: with and without them the same.
    let value = |row: u64, column: u64| (crate::hash::hash_u64(column, row) % 10_000) as f64;
    let column = |column| Column::Number((0..4001).map(|row| value(row, column)).collect());
    let set = of_columns((0..3).map(column).collect());
    let first: Vec<Vec<f64>> = (0..9)
        .map(|row| (0..3).map(|column| value(row, column)).collect())
        .collect();
    let step = |init: Vec<Vec<f64>>, iterations: usize| {
        let given = KMeansParams::default()
            .init(Init::Given(init))
            .tolerance(0.0)
            .standardize(false);
        let model = fit(&set, given.max_iterations(iterations)).unwrap();
        centres(&model).chunks(3).map(<[f64]>::to_vec).collect::<Vec<_>>()
    };
    let (at_once, mut one_by_one) = (step(first.clone(), 40), first);
    for _ in 0..40 {
        one_by_one = step(one_by_one, 1);
    }
    assert!(is_near(&at_once.concat(), &one_by_one.concat(), 1e-9));
}

#[test]
fn the_number_of_clusters_is_suggested() {
    let suggested = |set: &TrainingSet| fit(set, KMeansParams::default()).unwrap().clusters().unwrap().len();
    // Clusters that are all as far apart from each other.
    for count in 2..=12 {
        let value = |row: usize, column: usize| {
            let is_own = row % count == column;
            let hash = crate::hash::hash_u64(column as u64, row as u64);
            20.0 * f64::from(u8::from(is_own)) + (hash % 1000) as f64 / 500.0
        };
        let column = |column| Column::Number((0..2400).map(|row| value(row, column)).collect());
        assert_eq!(suggested(&of_columns((0..count).map(column).collect())), count);
    }
    // Of five two are so near each other that scikit-learn's silhouettes, too, are greater when they are taken together: 0.886, and 0.848 apart.
    for (count, together) in [(2, 2), (3, 3), (4, 4), (5, 4)] {
        assert_eq!(suggested(&blobs(4000, count, 4)), together, "{count}");
    }
    let same = of_columns(vec![Column::Number(vec![7.0; 50])]);
    assert_eq!(
        fit(&same, KMeansParams::default()).unwrap().clusters().unwrap().len(),
        1
    );
}

#[test]
fn few_and_odd_rows() {
    let one = of_columns(vec![Column::Number(vec![3.0])]);
    let model = fit(&one, params(json!({"k": 1}))).unwrap();
    assert_eq!(
        (labels(&model, &one.frame), model.strangeness(&[3.0])),
        (vec![0.0], 0.0)
    );
    assert!(model.strangeness(&[4.0]).is_finite());
    assert_eq!(metric(&model, &one, "silhouette"), None);
    // Clusters that no row can be in are left out.
    let twins = of_columns(vec![Column::Number(vec![1.0, 5.0, 1.0, 5.0, 1.0])]);
    let model = fit(&twins, params(json!({"k": 4}))).unwrap();
    assert_eq!(centres(&model), [1.0, 5.0]);
    assert_eq!(labels(&model, &twins.frame), [0.0, 1.0, 0.0, 1.0, 0.0]);
    let gaps = of_columns(vec![
        Column::Number(vec![f64::NAN; 4]),
        Column::Number(vec![1e300, -1e300, 1e300, f64::NAN]),
        Column::Number(vec![1e-310, 2e-310, 1e-310, 1e-310]),
        Column::Category {
            codes: vec![MISSING, 0, MISSING, 0],
            levels: 1,
        },
    ]);
    let model = fit(&gaps, params(json!({"k": 2}))).unwrap();
    model.validate(&[0, 0, 0, 1], &Unwatched).unwrap();
    let both = labels(&model, &gaps.frame);
    assert!(both[0] == both[2] && both[0] != both[1]);
    assert!(model.strangeness(&[1e308, -1e308, 1.0, 0.0]).is_finite());
    let unseen = Frame::new(vec![
        Column::Number(vec![1.0]),
        Column::Number(vec![0.0]),
        Column::Number(vec![0.0]),
        Column::Category {
            codes: vec![UNSEEN_CODE],
            levels: 1,
        },
    ]);
    let assessed = model
        .assess(&TrainingSet::new(unseen.unwrap(), Target::None), &Unwatched)
        .unwrap();
    assert!(assessed.metrics[0].1.is_some_and(f64::is_finite));
}

#[test]
fn errors_say_what_is_wrong() {
    let set = blobs(20, 2, 2);
    let refused = |set: &TrainingSet, given: KMeansParams| fit(set, given).err().unwrap();
    assert!(matches!(refused(&set, params(json!({"k": 21}))), Error::Data { .. }));
    assert!(matches!(
        refused(&set, params(json!({"k": 0}))),
        Error::Parameter {
            name: "num_clusters",
            ..
        }
    ));
    assert!(matches!(
        refused(&set, params(json!({"init": [[1, 2]], "k": 2}))),
        Error::Parameter {
            name: "num_clusters",
            ..
        }
    ));
    assert!(matches!(
        refused(&set, params(json!({"init": [[1, 2, 3]]}))),
        Error::Data { .. }
    ));
    let none = of_columns(vec![Column::Number(Vec::new())]);
    assert!(matches!(refused(&none, KMeansParams::default()), Error::Data { .. }));
    let category = of_columns(vec![Column::Category {
        codes: vec![0, 1],
        levels: 2,
    }]);
    assert!(matches!(
        refused(&category, params(json!({"init": [[1]]}))),
        Error::Data { .. }
    ));
    let huge = of_columns(vec![Column::Number(vec![1e200, -1e200])]);
    assert!(matches!(
        refused(&huge, params(json!({"k": 1, "standardize": false}))),
        Error::Data { .. }
    ));
    let weightless = blobs(20, 2, 2).weighted(vec![0.0; 20]);
    assert!(matches!(
        refused(&weightless, params(json!({"k": 2}))),
        Error::Data { .. }
    ));
    for wrong in [
        json!({"init": "far"}),
        json!({"init": []}),
        json!({"init": [["a"]]}),
        json!({"k": "many"}),
        json!({"k": 1.5}),
    ] {
        assert!(
            KMeansParams::default().read(wrong.as_object().unwrap(), &[]).is_err(),
            "{wrong}"
        );
    }
    assert_eq!(params(json!({"k": "auto"})).num_clusters, Count::Auto);
    assert_eq!(
        params(json!({"n_clusters": 3, "init": "random"})).init,
        Init::Drawn(Draw::Random)
    );
}

#[test]
fn any_number_of_threads_gives_the_same_model() {
    let set = blobs(20_000, 5, 6).weighted((0..20_000).map(|row| (row % 7) as f32 / 3.0).collect());
    let bytes = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let model = pool.install(|| fit(&set, params(json!({"k": 7}))).unwrap());
        let metrics = pool.install(|| model.assess(&set, &Unwatched).unwrap());
        (postcard::to_allocvec(&model).unwrap(), format!("{metrics:?}"))
    };
    assert_eq!(bytes(1), bytes(3));
}

#[test]
fn a_row_of_weight_two_counts_as_two_rows() {
    let column = |values: &[f64]| of_columns(vec![Column::Number(values.to_vec())]);
    let twice = column(&[1.0, 2.0, 2.0, 9.0, 11.0, 11.0]);
    let weighted = column(&[1.0, 2.0, 9.0, 11.0, 50.0]).weighted(vec![1.0, 2.0, 1.0, 2.0, 0.0]);
    let given = || params(json!({"init": [[1], [9]], "standardize": false}));
    let [a, b] = [fit(&twice, given()).unwrap(), fit(&weighted, given()).unwrap()];
    assert!(is_near(&centres(&a), &centres(&b), 1e-15));
    assert_eq!(metric(&a, &twice, "inertia"), metric(&b, &weighted, "inertia"));
}

/// Stops after so many looks.
struct Impatient(std::sync::atomic::AtomicUsize);

impl Monitor for Impatient {
    fn check(&self) -> Result<()> {
        match self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) {
            0 | usize::MAX => {
                self.0.store(0, std::sync::atomic::Ordering::Relaxed);
                Err(Error::Stopped)
            }
            _ => Ok(()),
        }
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn it_stops_wherever_it_is() {
    let set = blobs(5000, 3, 3);
    let params = Unchecked::<KMeansLearner>::new(params(json!({"k": 3})))
        .check()
        .unwrap();
    for looks in [0, 5, 50, 500, 2000] {
        let stopped = KMeansLearner::fit(&params, &set, &Impatient(looks.into()));
        assert_eq!(stopped.err(), Some(Error::Stopped), "{looks}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_bytes_never_panic(
        changes in prop::collection::vec((0.0..1.0f64, any::<u8>()), 1..5),
        row in prop::collection::vec(prop_oneof![Just(f64::NAN), Just(UNSEEN), Just(-1.0), -1e9..1e9f64, 0.0..5.0f64], 2),
    ) {
        let set = of_columns(vec![
            Column::Number(vec![1.0, 2.0, 3.0, 9.0, 8.0]),
            Column::Category { codes: vec![0, 2, 1, 0, MISSING], levels: 3 },
        ]);
        let mut bytes = postcard::to_allocvec(&fit(&set, params(json!({"k": 2}))).unwrap()).unwrap();
        // What is sound is near the front; the quantiles are most of the bytes.
        let front = bytes.len().min(400);
        for (place, value) in &changes {
            bytes[(place * front as f64) as usize] = *value;
        }
        if let Ok(model) = postcard::from_bytes::<KMeans>(&bytes) && model.validate(&[0, 3], &Unwatched).is_ok() {
            let (mut label, mut distances, mut parts) = ([0.0], vec![0.0; model.transformed()], [0.0; 2]);
            model.score(&row, &mut label);
            prop_assert!((label[0] as usize) < model.transformed());
            model.transform(&row, &mut distances);
            crate::explain::Parts::parts(&model, &row, &mut parts);
            prop_assert!(model.strangeness(&row) >= 0.0);
            model.clusters().unwrap();
            model.assess(&set, &Unwatched).unwrap();
        }
    }
}

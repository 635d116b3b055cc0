//! What must hold whatever the rows, and rows that are few, equal or extreme.

use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::frame::{MISSING, UNSEEN};
use crate::isolation::grow::{mean_length, most_depth};
use crate::trees::testing::{pool, stops_wherever_asked};

#[test]
fn mean_lengths_are_those_of_the_paper() {
    // 2 H(n - 1) - 2 (n - 1) / n with harmonic numbers; the logarithm is a little less.
    for rows in [3_usize, 10, 256, 5_000] {
        let harmonic: f64 = (1..rows).map(|i| 1.0 / i as f64).sum();
        let exact = 2.0 * harmonic - 2.0 * (rows as f64 - 1.0) / rows as f64;
        assert!((mean_length(rows) - exact).abs() < 1.1 / (rows as f64 - 1.0), "{rows}");
    }
    assert_eq!([0, 1, 2].map(mean_length), [0.0, 0.0, 1.0]);
    assert!((mean_length(256) - 10.244_770_92).abs() < 1e-8);
    assert_eq!([1, 2, 3, 256, 257].map(most_depth), [1, 1, 2, 8, 9]);
}

#[test]
fn what_scores_fast_gives_the_same_to_the_bit() {
    let set = set_of(mixed(700, 3).0);
    for samples in [1, 2, 37, 256, 700] {
        let model = learn(json!({"max_samples": samples, "num_trees": 20}), &set).unwrap();
        let fast = model.scorer().unwrap();
        let mut of_rows = vec![0.0; 700];
        fast.score_rows(&set.frame, 0..700, &mut of_rows);
        for (index, fast_score) in of_rows.iter().enumerate() {
            let row = row_of(&set.frame, index);
            assert_eq!(score(&model, &row).to_bits(), fast_score.to_bits());
            assert_eq!(score(&*fast, &row), *fast_score);
        }
        let others = [[f64::NAN; 4], [1e300, -1e300, 0.5, UNSEEN], [0.0, f64::NAN, 0.1, 6.0]];
        assert!(others.iter().all(|row| score(&model, row) == score(&*fast, row)));
    }
    // Trees of very many rows are too deep.
    let numbers = (0..3_000).map(|i| f64::from(i * 7919 % 3001)).collect();
    let deep = learn(
        json!({"max_samples": 1.0, "num_trees": 2}),
        &set_of(vec![Column::Number(numbers)]),
    )
    .unwrap();
    assert!(deep.scorer().is_none() && (0.0..=1.0).contains(&score(&deep, &[5.0])));
}

#[test]
fn a_number_of_threads_does_not_matter_and_a_seed_does() {
    let set = set_of(mixed(2_000, 8).0);
    let of = |threads, seed| {
        let learn = || learn(json!({"seed": seed, "contamination": 0.1}), &set).unwrap();
        postcard::to_allocvec(&pool(threads).install(learn)).unwrap()
    };
    assert_eq!(of(1, 7), of(2, 7));
    assert_ne!(of(1, 7), of(1, 8));
}

#[test]
fn a_share_of_the_training_rows_is_above_the_bound() {
    let set = set_of(mixed(1_000, 2).0);
    let model = learn(json!({"contamination": 0.05}), &set).unwrap();
    let scores = scores(&model, &set.frame);
    let above = scores.iter().filter(|score| **score > model.bound().unwrap()).count();
    assert!((48..=50).contains(&above), "{above}");
    let assessment = model.assess(&set, &Unwatched).unwrap();
    let mean = scores.iter().sum::<f64>() / 1_000.0;
    assert_eq!(assessment.metrics[1], ("anomaly_share", Some(above as f64 / 1_000.0)));
    assert!((assessment.metrics[0].1.unwrap() - mean).abs() < 1e-12);
    let training = model.assess_training(&set, &Unwatched).unwrap();
    assert_eq!(training.metrics[1], assessment.metrics[1]);
    assert!((training.metrics[0].1.unwrap() - mean).abs() < 1e-12);
    let unbound = learn(json!({}), &set).unwrap();
    assert_eq!(unbound.bound(), None);
    assert_eq!(
        unbound.assess(&set, &Unwatched).unwrap().metrics[1],
        ("anomaly_share", None)
    );
    for wrong in [json!(0), json!(0.6), json!(-0.1), json!("some"), Json::Null] {
        let error = learn(json!({"contamination": wrong}), &set).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Parameter {
                    name: "contamination",
                    ..
                }
            ),
            "{error}"
        );
    }
    for wrong in [
        json!({"num_trees": 0}),
        json!({"max_samples": 0}),
        json!({"max_features": 1.5}),
        json!({"max_samples": 0.0}),
    ] {
        assert!(matches!(learn(wrong, &set), Err(Error::Parameter { .. })));
    }
}

#[test]
fn strange_levels_and_missing_values() {
    let mut codes: Vec<u32> = (0..400).map(|i| i % 3).collect();
    codes[17] = 3;
    codes[18] = MISSING;
    let numbers = (0..400).map(|i| f64::from(i % 20)).collect();
    let set = set_of(vec![Column::Category { codes, levels: 5 }, Column::Number(numbers)]);
    let model = learn(json!({"max_samples": 400, "num_trees": 300}), &set).unwrap();
    let usual = score(&model, &[1.0, 7.0]);
    // A level of one row, one that training did not see, and a missing value where one row has none.
    for level in [3.0, 4.0, UNSEEN, f64::NAN] {
        assert!(score(&model, &[level, 7.0]) > usual + 0.05, "{level}");
    }
    // A number that is missing in no training row says nothing.
    assert!((score(&model, &[1.0, f64::NAN]) - usual).abs() < 0.06);
}

#[test]
fn categories_of_very_many_levels() {
    let codes: Vec<u32> = (0..900).map(|i| if i % 3 == 0 { 5 } else { i }).collect();
    let set = set_of(vec![Column::Category { codes, levels: 900 }]);
    let model = learn(json!({"max_samples": 600}), &set).unwrap();
    model.validate(&[900], &Unwatched).unwrap();
    let beyond = set_of(vec![Column::Category {
        codes: vec![500, 300, 5, 299, MISSING],
        levels: 900,
    }]);
    for seed in 0..50 {
        learn(json!({"seed": seed, "num_trees": 5}), &beyond).unwrap();
    }
}

#[test]
fn rows_that_are_few_or_all_the_same() {
    let one = learn(json!({}), &set_of(vec![Column::Number(vec![3.0])])).unwrap();
    // scikit-learn's score of what cannot be told.
    assert_eq!(score(&one, &[3.0]), 0.5);
    let same = learn(
        json!({}),
        &set_of(vec![Column::Number(vec![3.0; 50]), Column::Number(vec![f64::NAN; 50])]),
    )
    .unwrap();
    assert_eq!((score(&same, &[3.0, 1.0]), score(&same, &[9.0, f64::NAN])), (0.5, 0.5));
    let two = learn(json!({}), &set_of(vec![Column::Number(vec![3.0, 4.0])])).unwrap();
    assert_eq!(score(&two, &[3.0]), 0.5);
    assert!(learn(json!({}), &set_of(vec![Column::Number(Vec::new())])).is_err());
    assert!(learn(json!({}), &set_of(Vec::new())).is_err());
}

#[test]
fn extreme_numbers_have_scores() {
    for values in [
        vec![f64::MAX, f64::MIN, 0.0, 1.0, -1.0],
        vec![5e-324, 1e-323, 0.0, -5e-324],
        vec![1.0, 1.0 + f64::EPSILON, 1.0 + 2.0 * f64::EPSILON],
    ] {
        for seed in 0..20 {
            let model = learn(
                json!({"seed": seed, "num_trees": 10}),
                &set_of(vec![Column::Number(values.clone())]),
            )
            .unwrap();
            model.validate(&[0], &Unwatched).unwrap();
            assert!(
                values
                    .iter()
                    .all(|value| (0.0..=1.0).contains(&score(&model, &[*value])))
            );
        }
    }
}

#[test]
fn rows_are_drawn_by_their_weights() {
    let numbers: Vec<f64> = (0..600).map(f64::from).collect();
    let set = set_of(vec![Column::Number(numbers)]);
    // Only the rows above 300 weigh anything: all others are beyond what trees know.
    let weights: Vec<f32> = (0..600).map(|i| if i >= 300 { 2.0 } else { 0.0 }).collect();
    let model = learn(json!({}), &set.clone().weighted(weights)).unwrap();
    assert!(score(&model, &[450.0]) < score(&model, &[100.0]) && score(&model, &[100.0]) == score(&model, &[0.0]));
    // Equal weights are none.
    let equal = learn(json!({}), &set.clone().weighted(vec![0.5; 600])).unwrap();
    assert_eq!(equal, learn(json!({}), &set).unwrap());
    assert!(learn(json!({}), &set.clone().weighted(vec![0.0; 600])).is_err());
    assert!(learn(json!({}), &set.weighted(vec![-1.0; 600])).is_err());
}

#[test]
fn each_row_is_drawn_as_often_as_others() {
    // Of 40 rows 5 are drawn for each of many trees, either way of drawing; a tree of one level of which all rows differ has one leaf a row.
    for (rows, samples) in [(40, 5), (400, 20)] {
        let numbers: Vec<f64> = (0..rows).map(f64::from).collect();
        let model = learn(
            json!({"max_samples": samples, "num_trees": 4_000}),
            &set_of(vec![Column::Number(numbers)]),
        )
        .unwrap();
        // Were the first or the last rows drawn less often, they would be stranger than the other end.
        let [first, last] = [0.0, f64::from(rows) - 1.0].map(|x| score(&model, &[x]));
        assert!((first - last).abs() < 0.02, "{first} {last}");
    }
}

#[test]
fn it_stops_when_asked() {
    let set = set_of(mixed(3_000, 4).0);
    stops_wherever_asked(100, |monitor| {
        let params = IsolationForestParams::default();
        IsolationForestLearner::fit(&Unchecked::new(params).check()?, &set, monitor).map(drop)
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Attributions add up to the logarithm of the score, and the base is the mean of the margins of the rows that trees learned from.
    #[test]
    fn attributions_and_the_base_are_the_margin(seed in 0_u64..1000) {
        let set = set_of(mixed(60, seed).0);
        let model = learn(json!({"max_samples": 60, "num_trees": 10, "seed": seed}), &set).unwrap();
        let rows: Vec<f64> = (0..60).flat_map(|index| row_of(&set.frame, index)).collect();
        let explainer = model.explainer(&MIXED, Baseline::Training, &Unwatched).unwrap();
        prop_assert!((explainer.base()[0] - model.base()[0]).abs() < 1e-9);
        let mut attributions = vec![0.0; rows.len()];
        explainer.explain(&rows, 4, &mut attributions, &Unwatched).unwrap();
        let mut mean = 0.0;
        for (row, attributions) in rows.chunks(4).zip(attributions.chunks(4)) {
            let margin = score(&model, row).log2();
            mean += margin / 60.0;
            let sum = explainer.base()[0] + attributions.iter().sum::<f64>();
            prop_assert!((sum - margin).abs() < 1e-9);
        }
        // All rows were drawn for each tree.
        prop_assert!((mean - model.base()[0]).abs() < 1e-9);
    }
}

//! Against the definition, in whatever order rows come; rows that are few, equal or extreme.

use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::frame::{MISSING, UNSEEN};
use crate::trees::testing::{MIXED, mixed, mutated_bytes, pool, stops_wherever_asked};
use crate::unsupervised::testing::features_add_up_to_margins;

/// Which rows are core rows, and the cluster of each of these as the set of its rows, by the definition.
fn by_definition(points: &[Vec<f64>], epsilon: f64, least: usize) -> (Vec<bool>, Vec<usize>) {
    let near = |a: usize, b: usize| {
        let squares = points[a].iter().zip(&points[b]).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f64>() <= epsilon * epsilon
    };
    let rows = 0..points.len();
    let is_core: Vec<bool> = (rows.clone())
        .map(|a| rows.clone().filter(|&b| near(a, b)).count() >= least)
        .collect();
    let mut clusters: Vec<usize> = rows.clone().collect();
    loop {
        let before = clusters.clone();
        for a in rows.clone() {
            for b in rows.clone() {
                if is_core[a] && is_core[b] && near(a, b) {
                    clusters[a] = clusters[a].min(clusters[b]);
                }
            }
        }
        if clusters == before {
            return (is_core, clusters);
        }
    }
}

fn columns_of(points: &[Vec<f64>]) -> Vec<Column> {
    (0..points[0].len())
        .map(|side| Column::Number(points.iter().map(|point| point[side]).collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Coordinates on a coarse grid, so that rows are equal, boxes are flat, and distances are exactly epsilon.
    #[test]
    fn clusters_are_those_of_the_definition(
        points in prop::collection::vec(prop::collection::vec(0_i32..30, 3), 1..120),
        width in 1_usize..4, epsilon in 1_u32..12, least in 1_usize..8, shuffle in 0..u64::MAX,
    ) {
        let points: Vec<Vec<f64>> =
            points.iter().map(|point| point[..width].iter().map(|&x| f64::from(x) / 2.0).collect()).collect();
        let epsilon = f64::from(epsilon) / 2.0;
        let params = json!({"epsilon": epsilon, "min_samples": least, "standardize": false});
        let (is_core, clusters) = by_definition(&points, epsilon, least);
        let set = set_of(columns_of(&points));
        let Ok(model) = learn(params.clone(), &set) else {
            prop_assert!(is_core.iter().all(|core| !core));
            return Ok(());
        };
        let ours = labels(&model, &set.frame);
        let cores = (0..points.len()).filter(|&row| is_core[row]);
        prop_assert!(are_same(cores.map(|row| (ours[row], clusters[row]))));
        for row in 0..points.len() {
            let square = |other: usize| {
                points[row].iter().zip(&points[other]).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
            };
            let cores = (0..points.len()).filter(|&other| is_core[other]);
            let nearest = cores.map(|other| (square(other), ours[other])).min_by(|a, b| a.partial_cmp(b).unwrap()).unwrap();
            let expected = if nearest.0 <= epsilon * epsilon { nearest.1 } else { None };
            prop_assert_eq!(ours[row], expected);
            prop_assert!((model.distance(&points[row]) - nearest.0.sqrt() / epsilon).abs() < 1e-12);
        }
        // In another order each row is in a cluster of the same number. Means are not the same to the last digit, which distances here do not show.
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        order.sort_by_key(|&row| (u64::from(row) + 1).wrapping_mul(shuffle | 1));
        let moved = learn(params, &set_of(set.frame.columns().iter().map(|column| column.take(&order)).collect())).unwrap();
        prop_assert_eq!(labels(&moved, &set.frame), ours);
    }
}

#[test]
fn clusters_are_numbered_by_their_rows() {
    let line = |start: f64, rows: usize| (0..rows).map(move |row| start + row as f64 / 10.0);
    let values: Vec<f64> = line(50.0, 5).chain(line(0.0, 9)).chain(line(-50.0, 5)).collect();
    let model = learn(
        json!({"epsilon": 0.2, "min_samples": 2, "standardize": false}),
        &set_of(vec![Column::Number(values)]),
    )
    .unwrap();
    assert_eq!(model.rows(), [9, 5, 5]);
    // Of the two with as many rows, the one with the least value comes first.
    assert_eq!(
        [0.0, -50.0, 50.0, 25.0].map(|x| model.cluster(&[x])),
        [Some(0), Some(1), Some(2), None]
    );
    let mut out = [0.0];
    model.score(&[25.0], &mut out);
    assert!(out[0].is_nan());
    assert_eq!(model.answer().outputs(), 1);
    // Beyond the bound a row is noise.
    assert!(model.strangeness(&[25.0]) > model.bound().unwrap() && model.strangeness(&[0.05]) < 1.0);
}

#[test]
fn numbers_are_standardised_and_levels_are_apart() {
    let number = Column::Number((0..40).map(|i| 1e6 * f64::from(i % 20)).collect());
    let codes = (0..40).map(|i| if i < 20 { 0 } else { 1 }).collect();
    let set = set_of(vec![number, Column::Category { codes, levels: 3 }]);
    let model = learn(json!({"eps": 0.5, "min_samples": 3}), &set).unwrap();
    // Two rows of different levels are the root of 2 apart.
    assert_eq!(model.rows(), [20, 20]);
    assert_ne!(model.cluster(&[0.0, 0.0]), model.cluster(&[0.0, 1.0]));
    for level in [2.0, UNSEEN, f64::NAN] {
        assert_eq!(model.cluster(&[0.0, level]), None);
    }
    // A missing number counts as the mean.
    assert!(model.cluster(&[f64::NAN, 0.0]).is_some());
}

#[test]
fn rows_that_are_none_of_a_cluster_are_an_error() {
    let set = set_of(vec![Column::Number(vec![0.0, 5.0, 10.0])]);
    let error = learn(json!({"standardize": false}), &set).unwrap_err();
    assert!(
        matches!(&error, Error::Data { detail: Some(detail), .. } if detail.contains("5 rows")),
        "{error}"
    );
    assert!(learn(json!({}), &set_of(vec![Column::Number(Vec::new())])).is_err());
    assert!(learn(json!({}), &set_of(Vec::new())).is_err());
    for wrong in [
        json!({"epsilon": 0}),
        json!({"eps": -1.0}),
        json!({"min_samples": 0}),
        json!({"min_samples": 1.5}),
    ] {
        assert!(matches!(learn(wrong, &set), Err(Error::Parameter { .. })));
    }
    // One row, or the same row again and again, is a cluster where one row is enough.
    let one = learn(json!({"min_samples": 1}), &set_of(vec![Column::Number(vec![4.0])])).unwrap();
    assert_eq!((one.cluster(&[4.0]), one.cluster(&[5.0])), (Some(0), None));
    let same = learn(
        json!({}),
        &set_of(vec![Column::Number(vec![4.0; 7]), Column::Number(vec![f64::NAN; 7])]),
    )
    .unwrap();
    assert_eq!(same.rows(), [7]);
}

#[test]
fn too_many_rows_are_an_error_that_says_how_many() {
    let set = set_of(vec![Column::Number(vec![0.0; MOST_ROWS + 1])]);
    let error = learn(json!({}), &set).unwrap_err();
    assert!(
        matches!(&error, Error::Data { detail: Some(detail), .. } if detail == "There are 200001."),
        "{error}"
    );
}

#[test]
fn extreme_numbers_have_clusters() {
    for scale in [1e-300, 1e-120, 1e150, 1e300] {
        let values = (0..30).map(|i| scale * f64::from(i % 3)).collect();
        let model = learn(json!({"epsilon": 0.1}), &set_of(vec![Column::Number(values)])).unwrap();
        assert_eq!(model.rows(), [10, 10, 10]);
        for value in [f64::MAX, f64::MIN, f64::INFINITY] {
            assert!(model.distance(&[value]).is_finite());
        }
    }
    let values = vec![1e200, -1e200];
    assert!(learn(json!({"standardize": false}), &set_of(vec![Column::Number(values)])).is_err());
}

#[test]
fn halving_ends_whatever_the_numbers() {
    // Each half has one point: boxes as deep as there are points.
    let values: Vec<f64> = (0..300).map(|i| 2.0_f64.powi(i)).collect();
    let model = learn(
        json!({"epsilon": 1.5, "min_samples": 2, "standardize": false}),
        &set_of(vec![Column::Number(values)]),
    );
    assert_eq!(model.unwrap().rows(), [2]);
    // Numbers that are neighbours among floats.
    let values: Vec<f64> = (0..20).map(|i| f64::from_bits(1.0_f64.to_bits() + i)).collect();
    let model = learn(
        json!({"epsilon": 1e-16, "min_samples": 1, "standardize": false}),
        &set_of(vec![Column::Number(values)]),
    );
    assert_eq!(model.unwrap().clusters(), 20);
}

#[test]
fn a_number_of_threads_does_not_matter() {
    let set = set_of(mixed(3_000, 8).0);
    let fit = || postcard::to_allocvec(&learn(json!({"epsilon": 0.3}), &set).unwrap()).unwrap();
    assert_eq!(pool(1).install(fit), pool(2).install(fit));
}

#[test]
fn it_stops_when_asked() {
    let set = set_of(mixed(3_000, 4).0);
    stops_wherever_asked(100, |monitor| {
        DbscanLearner::fit(&Unchecked::new(DbscanParams::default()).check()?, &set, monitor).map(drop)
    });
}

#[test]
fn rows_are_assessed() {
    let values: Vec<f64> = (0..21)
        .map(|i| f64::from(i % 2) * 10.0 + f64::from(i / 20) * 90.0)
        .collect();
    let params = json!({"epsilon": 1, "min_samples": 3, "standardize": false});
    let trained = set_of(vec![Column::Number(values)]);
    let model = learn(params, &trained).unwrap();
    let of_training = model.assess_training(&trained, &Unwatched);
    assert_eq!(of_training, model.assess(&trained, &Unwatched));
    let set = set_of(vec![Column::Number(vec![0.0, 0.5, 5.0, -3.0])]).weighted(vec![1.0, 2.0, 1.0, 4.0]);
    let assessment = model.assess(&set, &Unwatched).unwrap();
    assert_eq!(
        assessment.metrics,
        [("clusters", Some(1.0)), ("noise_share", Some(5.0 / 8.0))]
    );
    assert_eq!(assessment.decisive, None);
}

#[test]
fn mutated_bytes_never_panic() {
    let mut columns = mixed(200, 5).0;
    if let Column::Category { codes, .. } = &mut columns[3] {
        codes[0] = MISSING;
    }
    let model = learn(json!({"epsilon": 1.0}), &set_of(columns)).unwrap();
    let bytes = postcard::to_allocvec(&model).unwrap();
    let decoded: Dbscan = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(decoded, model);
    decoded.validate(&MIXED, &Unwatched).unwrap();
    for features in [&MIXED[..3], &[0, 0, 0, 0], &[0, 0, 0, 8], &[]] {
        assert!(decoded.validate(features, &Unwatched).is_err());
    }
    mutated_bytes(&[bytes], |bytes, row| match postcard::from_bytes::<Dbscan>(bytes) {
        Ok(model) if model.validate(&MIXED, &Unwatched).is_ok() => {
            model.cluster(row);
            model.strangeness(row);
            true
        }
        _ => false,
    });
}

#[test]
fn what_features_add_and_the_base_are_the_margin() {
    let set = set_of(mixed(400, 9).0);
    let model = learn(json!({"epsilon": 0.8}), &set).unwrap();
    features_add_up_to_margins(&model, &set);
}

//! What must hold whatever the rows, and rows that are few, equal or extreme.

use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::frame::UNSEEN;
use crate::trees::testing::stops_wherever_asked;
use crate::unsupervised::testing::features_add_up_to_margins;

fn model() -> (Pca, TrainingSet) {
    let set = set_of(mixed(300, 5).0);
    (learn(json!({"num_components": 3}), &set).unwrap(), set)
}

#[test]
fn directions_are_orthonormal_and_all_of_them_give_rows_back() {
    let set = set_of(mixed(200, 3).0);
    for standardize in [true, false] {
        let model = learn(json!({"standardize": standardize}), &set).unwrap();
        let components = model.components().unwrap();
        for (i, a) in components.iter().enumerate() {
            for (j, b) in components.iter().enumerate() {
                let product: f64 = a.loadings.iter().zip(&b.loadings).map(|(a, b)| a.value * b.value).sum();
                assert!(
                    (product - f64::from(u8::from(i == j))).abs() < 1e-12,
                    "{i} {j} {product}"
                );
            }
        }
        let shares: f64 = components.iter().map(|component| component.share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
        for index in 0..set.rows() {
            assert!(model.strangeness(&row_of(&set.frame, index)) < 1e-20);
        }
        // The levels of a category add up to 1, so that one direction has no variance.
        assert_eq!(components.len(), 3 + 8 - 1);
    }
}

#[test]
fn a_number_of_threads_does_not_matter() {
    let set = set_of(mixed(5_000, 8).0);
    let of = |threads| pool(threads).install(|| postcard::to_allocvec(&learn(json!({}), &set).unwrap()).unwrap());
    assert_eq!(of(1), of(2));
}

#[test]
fn more_components_than_there_are_is_an_error_and_those_without_variance_are_left_out() {
    let column = |factor: f64| Column::Number((0..5).map(|i| factor * f64::from(i)).collect());
    let set = set_of(vec![column(1.0), column(-2.0), column(3.0)]);
    assert_eq!(learn(json!({}), &set).unwrap().count(), 1);
    // Asked for, they are given.
    let three = learn(json!({"num_components": 3}), &set).unwrap();
    assert_eq!(three.count(), 3);
    assert!(three.variances()[1] < 1e-15);
    let error = learn(json!({"num_components": 4}), &set).unwrap_err();
    assert!(
        matches!(&error, Error::Data { detail: Some(detail), .. } if detail.contains("at most 3")),
        "{error}"
    );
    for share in [0.5, 1.0] {
        assert_eq!(learn(json!({"num_components": share}), &set).unwrap().count(), 1);
    }
    for wrong in [json!(0), json!(0.0), json!(1.5), json!(-1), json!("all")] {
        assert!(learn(json!({"num_components": wrong}), &set).is_err(), "{wrong}");
    }
}

#[test]
fn rows_that_do_not_differ_are_an_error() {
    for columns in [
        vec![Column::Number(vec![3.0])],
        vec![Column::Number(vec![3.0; 9]), Column::Number(vec![f64::NAN; 9])],
    ] {
        let error = learn(json!({}), &set_of(columns)).unwrap_err();
        assert_eq!(error.to_string(), "no column varies");
    }
    assert!(learn(json!({}), &set_of(vec![Column::Number(Vec::new())])).is_err());
}

#[test]
fn what_never_varied_is_left_out_where_it_varies() {
    let number = |of: fn(usize) -> f64| Column::Number((0..40).map(of).collect());
    let set = set_of(vec![
        number(|i| i as f64),
        number(|i| 2.0 * i as f64 + 1.0),
        number(|_| 4.0),
        number(|_| f64::NAN),
    ]);
    let model = learn(json!({}), &set).unwrap();
    assert!(model.strangeness(&[7.0, 15.0, 4.0, f64::NAN]) < 1e-20);
    // 3 from what was always 4, and nothing is known of the last: 9 over four coordinates.
    assert!((model.strangeness(&[7.0, 15.0, 7.0, 5.0]) - 9.0 / 4.0).abs() < 1e-12);
}

#[test]
fn extreme_numbers_have_components() {
    for scale in [1e-300, 1e-150, 1e150, 1e300] {
        let column = |step: i32| Column::Number((0..50).map(|i| scale * f64::from(i * step % 17)).collect());
        let model = learn(json!({}), &set_of(vec![column(3), column(5)])).unwrap();
        assert!((model.shares().sum::<f64>() - 1.0).abs() < 1e-12);
        for row in [[f64::MAX, f64::MIN], [f64::NAN, f64::INFINITY], [scale, 0.0]] {
            assert!(scores(&model, &row).iter().all(|score| score.is_finite()));
            assert!(model.strangeness(&row).is_finite());
        }
    }
}

#[test]
fn weights_are_rows_given_so_often() {
    let (columns, _) = mixed(60, 2);
    let weights: Vec<f32> = (0..60).map(|i| (i % 3) as f32).collect();
    let again: Vec<u32> = (0..60_u32).flat_map(|i| vec![i; (i % 3) as usize]).collect();
    let weighted = learn(json!({}), &set_of(columns.clone()).weighted(weights)).unwrap();
    let repeated = set_of(columns.iter().map(|column| column.take(&again)).collect());
    let repeated = learn(json!({}), &repeated).unwrap();
    for (a, b) in weighted.variances().iter().zip(repeated.variances()) {
        assert!((a - b).abs() < 1e-12 * a, "{a} {b}");
    }
}

#[test]
fn it_stops_when_asked() {
    let set = set_of(mixed(20_000, 4).0);
    stops_wherever_asked(40, |monitor| {
        PcaLearner::fit(&Unchecked::new(PcaParams::default()).check()?, &set, monitor).map(drop)
    });
}

#[test]
fn levels_that_training_did_not_see_are_none() {
    let (model, _) = model();
    for level in [UNSEEN, 6.0, f64::NAN] {
        assert!(
            scores(&model, &[1.0, 0.5, 0.5, level])
                .iter()
                .all(|score| score.is_finite())
        );
    }
    assert_ne!(
        scores(&model, &[1.0, 0.5, 0.5, UNSEEN]),
        scores(&model, &[1.0, 0.5, 0.5, f64::NAN])
    );
    let codes = vec![0, MISSING, 0, 0];
    let only = set_of(vec![
        Column::Category { codes, levels: 5 },
        Column::Number(vec![1.0, 2.0, 4.0, 3.0]),
    ]);
    assert_eq!(
        learn(json!({}), &only).unwrap().components().unwrap()[0].loadings.len(),
        3
    );
}

#[test]
fn mutated_bytes_never_panic() {
    let (model, _) = model();
    let bytes = postcard::to_allocvec(&model).unwrap();
    let decoded: Pca = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(decoded, model);
    decoded.validate(&MIXED, &Unwatched).unwrap();
    for features in [&MIXED[..3], &[0, 0, 0, 0], &[0, 0, 0, 8], &[]] {
        assert!(decoded.validate(features, &Unwatched).is_err());
    }
    mutated_bytes(&[bytes], |bytes, row| match postcard::from_bytes::<Pca>(bytes) {
        Ok(model) if model.validate(&MIXED, &Unwatched).is_ok() => {
            scores(&model, row);
            model.strangeness(row);
            model.components();
            true
        }
        _ => false,
    });
}

proptest! {
    /// An independent way to the error: what the components leave of the length of the deviation from the mean.
    #[test]
    fn errors_are_what_components_leave(seed in 0_u64..50, count in 1_usize..6) {
        let set = set_of(mixed(40, seed).0);
        let model = learn(json!({"num_components": count}), &set).unwrap();
        let all = learn(json!({}), &set).unwrap();
        let width = model.components().unwrap()[0].loadings.len() as f64;
        for index in 0..set.rows() {
            let row = row_of(&set.frame, index);
            let rest: f64 = scores(&all, &row)[count..].iter().map(|score| score * score).sum();
            prop_assert!((model.strangeness(&row) - rest / width).abs() < 1e-12);
        }
    }
}

#[test]
fn what_features_add_and_the_base_are_the_margin() {
    let set = set_of(mixed(400, 9).0);
    let model = learn(json!({"num_components": 2}), &set).unwrap();
    features_add_up_to_margins(&model, &set);
}

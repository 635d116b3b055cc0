//! Sums of products, which merge, and bytes of them and of models that anybody may have changed.

use linfa::dataset::Records;
use proptest::prelude::*;

use super::*;

#[test]
fn sums_of_products_give_the_model_that_rows_give() {
    let fixture = fixture();
    for part in ["scales", "collinear"] {
        let data = dataset(&fixture[part], "y");
        let mut gram = Gram::new(data.frame.nfeatures()).unwrap();
        let mut row = vec![0.0; data.frame.nfeatures()];
        for index in 0..data.frame.rows() {
            data.frame.encode_row(index, &mut row);
            gram.push(&row, data.target.values()[index]).unwrap();
        }
        gram.push(&vec![f64::NAN; row.len()], 1.0).unwrap();
        assert_eq!(
            (gram.moments().rows(), gram.moments().skipped()),
            (data.frame.rows() as u64, 1)
        );
        let linear = ridge_gram(&gram, &RidgeParams::least_squares()).unwrap();
        assert_agrees(&linear, &data, &fixture[part]["linear"], 1e-6, part);
        let ridge = ridge_gram(&gram, &RidgeParams::default()).unwrap();
        assert_agrees(&ridge, &data, &fixture[part]["ridge_1"], 1e-6, part);
    }
}

/// Pushes rows of two features, whose means are far larger than their deviations, and a target.
fn gram_of(rows: &[(f64, f64, f64)]) -> Gram {
    let mut gram = Gram::new(2).unwrap();
    rows.iter()
        .for_each(|(a, b, y)| gram.push(&[a + 1e3, b * 1e-5], *y).unwrap());
    gram
}

#[test]
fn states_that_saw_too_many_rows_do_not_merge() {
    let mut gram = gram_of(&[(1.0, 2.0, 3.0), (2.0, 3.0, 5.0)]);
    let merged = (0..70).try_for_each(|_| {
        let copy = gram.clone();
        gram.merge(&copy)
    });
    assert!(matches!(merged, Err(Error::Data { .. })));
    assert!(gram.validate().is_ok() && gram.moments().rows() < 1 << 62);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_partition_of_rows_merges_to_the_whole(
        rows in prop::collection::vec((-9.0..9.0f64, -9.0..9.0f64, -9.0..9.0f64), 2..700),
        cuts in prop::collection::vec(0.0..1.0f64, 0..5),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| (cut * rows.len() as f64) as usize).collect();
        cuts.extend([0, rows.len()]);
        cuts.sort_unstable();
        let mut merged = Gram::new(2).unwrap();
        for cut in cuts.windows(2) {
            let part = gram_of(&rows[cut[0]..cut[1]]);
            let part: Gram = postcard::from_bytes(&postcard::to_allocvec(&part).unwrap()).unwrap();
            merged.merge(&part).unwrap();
        }
        prop_assert!(merged.validate().is_ok());
        let (whole, merged) = (gram_of(&rows).moments(), merged.moments());
        prop_assert_eq!(whole.rows(), merged.rows());
        for a in 0..3 {
            prop_assert!((whole.mean(a) - merged.mean(a)).abs() <= 1e-12 * 1e3);
            for b in 0..3 {
                let scale = (whole.product(a, a) * whole.product(b, b)).sqrt();
                prop_assert!((whole.product(a, b) - merged.product(a, b)).abs() <= 1e-12 * scale.max(1e-12));
            }
        }
    }

    #[test]
    fn hostile_bytes_never_panic(
        changes in prop::collection::vec((0.0..1.0f64, any::<u8>()), 1..6),
        cut in 0.0..1.2f64,
        row in prop::collection::vec(prop_oneof![Just(f64::NAN), Just(UNSEEN), Just(-1.0), -1e9..1e9f64, 0.0..5.0f64], 6),
    ) {
        thread_local!(static MODELS: Vec<Vec<u8>> = {
            let fixture = fixture();
            let softmax = fit(LogisticRegressionParams::default(), &dataset(&fixture["mixed"], "three")).unwrap();
            let linear = fit(RidgeParams::least_squares(), &dataset(&fixture["mixed"], "y")).unwrap();
            vec![postcard::to_allocvec(&softmax).unwrap(), postcard::to_allocvec(&linear).unwrap()]
        });
        for mut bytes in MODELS.with(Clone::clone) {
            for (place, value) in &changes {
                let place = (place * bytes.len() as f64) as usize;
                bytes[place] = *value;
            }
            bytes.truncate((cut * bytes.len() as f64) as usize);
            if let Ok(model) = postcard::from_bytes::<LinearModel>(&bytes) && model.validate(&[0, 0, 0, 0, 3, 4], &Unwatched).is_ok() {
                let mut out = vec![0.0; model.outputs()];
                model.score(&row, &mut out);
            }
        }
        let mut bytes = postcard::to_allocvec(&gram_of(&[(1.0, 2.0, 3.0), (2.0, 5.0, 1.0), (4.0, 4.0, 4.0)])).unwrap();
        for (place, value) in &changes {
            let place = (place * bytes.len() as f64) as usize;
            bytes[place] = *value;
        }
        if let Ok(mut gram) = postcard::from_bytes::<Gram>(&bytes) {
            let _ = gram.push(&[1.0, 2.0], 3.0);
            let _ = gram.merge(&gram_of(&[(1.0, 2.0, 3.0)]));
            let _ = ridge_gram(&gram, &RidgeParams::least_squares());
        }
    }
}

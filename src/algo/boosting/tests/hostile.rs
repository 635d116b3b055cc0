//! Bytes that are no model: decoding, checking and scoring never panic.

use proptest::prelude::*;

use super::*;

fn models() -> Vec<Boosting> {
    let (columns, targets) = mixed(300, 14);
    [
        Objective::Regression,
        Objective::Binary,
        Objective::Multiclass { classes: 3 },
    ]
    .into_iter()
    .map(|objective| {
        let targets = match objective {
            Objective::Regression => targets.clone(),
            _ => classes(&targets, objective.trees_per_round().max(2)),
        };
        let mut params = BoostingParams::new(objective);
        params.n_estimators = 3;
        params.num_leaves = 6;
        fit(params, &dataset(columns.clone(), targets)).unwrap()
    })
    .collect()
}

#[test]
fn bytes_round_trip() {
    for model in models() {
        let bytes = postcard::to_allocvec(&model).unwrap();
        let decoded: Boosting = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(decoded, model);
        decoded.validate(&MIXED).unwrap();
        // Other columns than those it was made for.
        assert!(decoded.validate(&[0, 0, 0, 0]).is_err());
        assert!(decoded.validate(&[0, 0, 0]).is_err());
        assert!(decoded.validate(&[]).is_err());
    }
}

#[test]
fn mutated_bytes_never_panic() {
    let encoded: Vec<Vec<u8>> = models()
        .iter()
        .map(|model| postcard::to_allocvec(model).unwrap())
        .collect();
    let values = prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-1.0),
        Just(1e300),
        (0..10u32).prop_map(f64::from),
        any::<f64>()
    ];
    let strategy = (
        0..encoded.len(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        prop::collection::vec(values, 4),
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(20_000));
    let (mut valid, mut refused) = (0, 0);
    let seen = std::cell::RefCell::new((&mut valid, &mut refused));
    runner
        .run(&strategy, |(which, changes, row)| {
            let mut bytes = encoded[which].clone();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let mut seen = seen.borrow_mut();
            match postcard::from_bytes::<Boosting>(&bytes) {
                Ok(model) if model.outputs() < 1_000 && model.validate(&MIXED).is_ok() => {
                    score(&model, &row);
                    model.importance(4);
                    *seen.0 += 1;
                }
                _ => *seen.1 += 1,
            }
            Ok(())
        })
        .unwrap();
    assert!(valid > 100 && refused > 100, "both outcomes are met: {valid} {refused}");
}

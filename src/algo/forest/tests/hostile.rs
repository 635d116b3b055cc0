//! Bytes that are no model: decoding, checking and scoring never panic.

use super::*;
use crate::explain::explained_anyhow;
use crate::trees::testing::mutated_bytes;

fn models() -> Vec<RandomForest> {
    let (columns, targets) = mixed(120, 14);
    let of = |count| {
        let data = dataset(columns.clone(), targets_of(&targets, count));
        forest(json!({"n_estimators": 3, "max_leaf_nodes": 6}), count, &data).unwrap()
    };
    [0, 2, 3].map(of).to_vec()
}

#[test]
fn bytes_round_trip() {
    for model in models() {
        let bytes = postcard::to_allocvec(&model).unwrap();
        let decoded: RandomForest = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(decoded, model);
        decoded.validate(&MIXED, &Unwatched).unwrap();
        // Other columns than those it was made for.
        assert!(decoded.validate(&[0, 0, 0, 0], &Unwatched).is_err());
        assert!(decoded.validate(&[0, 0, 0], &Unwatched).is_err());
        assert!(decoded.validate(&[], &Unwatched).is_err());
    }
}

#[test]
fn mutated_bytes_never_panic() {
    let encoded: Vec<Vec<u8>> = models()
        .iter()
        .map(|model| postcard::to_allocvec(model).unwrap())
        .collect();
    mutated_bytes(&encoded, |bytes, row| {
        match postcard::from_bytes::<RandomForest>(bytes) {
            Ok(model) if model.validate(&MIXED, &Unwatched).is_ok() => {
                score(&model, row);
                explained_anyhow(&model, row);
                true
            }
            _ => false,
        }
    });
}

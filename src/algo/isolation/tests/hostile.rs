//! Bytes that are no model: decoding, checking and scoring never panic.

use super::*;
use crate::trees::testing::mutated_bytes;

#[test]
fn mutated_bytes_never_panic() {
    let model = |params| learn(params, &set_of(mixed(120, 5).0)).unwrap();
    let models = [
        model(json!({"num_trees": 3, "max_samples": 12})),
        model(json!({"num_trees": 2, "max_samples": 40})),
    ];
    let encoded = models.map(|model| {
        let bytes = postcard::to_allocvec(&model).unwrap();
        let decoded: IsolationForest = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(decoded, model);
        decoded.validate(&MIXED, &Unwatched).unwrap();
        for features in [&MIXED[..3], &[0, 0, 0, 0], &[]] {
            assert!(decoded.validate(features, &Unwatched).is_err());
        }
        bytes
    });
    mutated_bytes(&encoded, |bytes, row| {
        match postcard::from_bytes::<IsolationForest>(bytes) {
            Ok(model) if model.validate(&MIXED, &Unwatched).is_ok() => {
                let of_model = score(&model, row);
                if let Some(scorer) = model.scorer() {
                    assert_eq!(of_model.to_bits(), score(&*scorer, row).to_bits());
                }
                if let Ok(explainer) = model.explainer(&MIXED, Baseline::Training, &Unwatched) {
                    explainer.explain(row, 4, &mut [0.0; 4], &Unwatched).unwrap();
                }
                true
            }
            _ => false,
        }
    });
}

//! Packages of models, as somebody may send them to another database.

use crate::{bound, model, seeds};
use algo::exchange::package::{Description, Package};
use algo::model::Model;
use algo::monitor::Unwatched;
use serde_json::json;

/// Bytes of memory for each byte of input, at most: room is asked for as if every brace opened an object of JSON.
const EACH: usize = 1024;
const FIXED: usize = 1 << 16;

/// Packages of the models that the model's target begins with.
pub fn seeds() -> Vec<Vec<u8>> {
    let packed = |(place, model): (usize, Vec<u8>)| Package {
        description: Description {
            model: "risk".into(),
            version: 1,
            task: "classification".into(),
            algorithm: "random_forest".into(),
            params: json!({"n_estimators": 5}),
            query: "loans".into(),
            target: Some("defaulted".into()),
            rows: 100,
            features: 4,
            metrics: json!({"roc_auc": 0.75}),
            seconds: 1.0,
            cpu_seconds: Some(2.0),
            hash: "0f".repeat(32),
            trained_by: "ann".into(),
            trained_at: "2026-01-31T12:00:00Z".into(),
            statistics: json!([{"feature": "age", "summary": {}, "unseen": 0}]),
            deployed: true,
            aliases: vec!["champion".into()],
            decisions: None,
            grants: Vec::new(),
        },
        model,
        curves: (place % 2 == 0).then(|| b"a state".to_vec()),
    };
    let bytes = |package: Package| package.to_bytes(&Unwatched).expect("nobody stops the writing");
    seeds::models()
        .into_iter()
        .take(8)
        .enumerate()
        .map(packed)
        .map(bytes)
        .collect()
}

pub fn run(input: &[u8]) {
    let input = model::sealed(input);
    let Ok(package) = bound::memory(input.len(), EACH, FIXED, || Package::from_bytes(&input, &Unwatched)) else {
        return;
    };
    let bytes = package.to_bytes(&Unwatched).expect("what was read is written");
    let again = Package::from_bytes(&bytes, &Unwatched).expect("what was written is read again");
    assert_eq!(again, package, "what is read again is the same");
    // Its model is read as any.
    let _ = Model::from_bytes(&package.model, &Unwatched);
}

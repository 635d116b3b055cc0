//! Files of models that other libraries wrote, as anybody may give them to `import_model`.

use crate::bound;
use algo::exchange::{Given, lightgbm, xgboost};
use algo::model::Model;
use algo::monitor::Unwatched;
use serde_json::Value as Json;

/// Bytes of memory for each byte of input, at most.
const EACH: usize = 1024;
const FIXED: usize = 1 << 18;

/// What is said of a model.
fn read(input: &[u8]) -> algo::error::Result<Model> {
    let given = Given::default();
    match input.starts_with(b"tree") {
        true => lightgbm::read(input, &given, &Unwatched),
        false => xgboost::read(input, &given, &Unwatched),
    }
}

pub fn run(input: &[u8]) {
    let Ok(model) = bound::memory(input.len(), EACH, FIXED, || read(input)) else {
        return;
    };
    model.validate(&Unwatched).expect("what was imported is sound");
    let bytes = model.to_bytes(&Unwatched).expect("nobody stops the writing");
    let again = Model::from_bytes(&bytes, &Unwatched).expect("what was imported can be stored");
    let mut scores = vec![0.0; model.fitted.outputs()];
    let mut other = scores.clone();
    for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e-36, 1.0, 1e300] {
        let row = vec![value; again.width()];
        again.fitted.score(&row, &mut scores);
        if let Some(fast) = again.fitted.scorer() {
            fast.score(&row, &mut other);
            assert!(
                scores.iter().zip(&other).all(|(a, b)| a.to_bits() == b.to_bits()),
                "both score the same"
            );
        }
    }
    if let Ok(text) = lightgbm::write(&again, &Unwatched) {
        let _ = read(&text);
    }
}

/// The files that the tests read.
pub fn seeds() -> Vec<Vec<u8>> {
    let file: Json =
        serde_json::from_str(include_str!("../../tests/oracle/exchange_trees.json")).expect("the file is JSON");
    let cases = file["cases"].as_array().into_iter().flatten();
    let plain = cases.filter(|case| case["format"] != "xgboost ubjson");
    plain
        .filter_map(|case| case["model"].as_str())
        .map(|text| text.as_bytes().to_vec())
        .collect()
}

//! What is written is read back, and scores the same.

use super::*;
use crate::exchange::lightgbm::{read, write};

/// How many levels each input has; 0 of a number.
fn is_category(model: &Model) -> bool {
    model
        .inputs
        .iter()
        .any(|input| matches!(input.kind, InputKind::Category { .. }))
}

#[test]
fn imported_trees_are_written_and_read_back() {
    let fixture = Fixture::load();
    for case in &fixture.cases {
        let Ok(model) = case.read(&case.bytes()) else { continue };
        let text = write(&model, &Unwatched).unwrap();
        assert_eq!(text, write(&model, &Unwatched).unwrap());
        let again = read(&text, &Given::default(), &Unwatched).unwrap();
        assert_eq!(again.answer, model.answer, "{}", case.name);
        for (row, other) in fixture.rows(&model).into_iter().zip(fixture.rows(&again)) {
            // LightGBM does not tell levels that training did not see from missing values.
            if is_category(&model) && row.contains(&UNSEEN) {
                continue;
            }
            let (before, after) = (answered(&model, &row), answered(&again, &other));
            for (before, after) in before.iter().zip(&after) {
                assert!(close(*after, *before, 1e-14), "{}: {before} {after}", case.name);
            }
        }
    }
}

#[test]
fn a_file_carries_rows_with_their_scores() {
    let fixture = Fixture::load();
    let case = &fixture.cases[0];
    let model = case.read(&case.bytes()).unwrap();
    let text = String::from_utf8(write(&model, &Unwatched).unwrap()).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("assay_test_vectors:"))
        .unwrap();
    let vectors: Json = serde_json::from_str(line).unwrap();
    let (rows, scores) = (
        vectors["rows"].as_array().unwrap(),
        vectors["scores"].as_array().unwrap(),
    );
    assert_eq!((rows.len(), scores.len()), (20, 20));
    for (row, expected) in rows.iter().zip(scores) {
        let encoded: Vec<f64> = row
            .as_array()
            .unwrap()
            .iter()
            .zip(&model.inputs)
            .map(|(value, input)| match (value, &input.kind) {
                (Json::Null, _) => f64::NAN,
                (Json::String(text), InputKind::Category { levels, .. }) => {
                    levels.iter().position(|level| level == text).unwrap() as f64
                }
                (number, _) => number.as_f64().unwrap(),
            })
            .collect();
        let found = answered(&model, &encoded);
        assert_eq!(found[0], expected[1].as_f64().unwrap());
    }
}

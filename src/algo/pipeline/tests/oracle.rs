//! The same numbers, categories and texts by scikit-learn; see tests/oracle/pipeline.py.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::frame::Column;
use crate::label::Label;
use crate::pipeline::fit::{Raw, learn};
use crate::training_set::Target;

#[derive(Deserialize)]
struct Terms {
    terms: Vec<String>,
    values: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Expected {
    numbers: Vec<f64>,
    gaps: Vec<Option<f64>>,
    levels: Vec<String>,
    codes: Vec<u32>,
    binary: Vec<f64>,
    classes: Vec<f64>,
    target: Vec<f64>,
    texts: Vec<String>,
    impute: BTreeMap<String, Vec<f64>>,
    indicator: Vec<f64>,
    scale: BTreeMap<String, Vec<Option<f64>>>,
    one_hot: Vec<Vec<f64>>,
    ordinal: Vec<f64>,
    target_binary_auto: Vec<Vec<f64>>,
    target_binary_10: Vec<Vec<f64>>,
    target_number_auto: Vec<Vec<f64>>,
    target_number_0: Vec<Vec<f64>>,
    target_classes_auto: Vec<Vec<f64>>,
    polynomial: Vec<Vec<f64>>,
    quantile_bins: Vec<f64>,
    words: Terms,
    word_pairs: Terms,
    kept_words: Terms,
    common_words: Terms,
    characters: Terms,
    characters_of_words: Terms,
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("../../../../tests/oracle/pipeline.json")).unwrap()
}

/// What steps make of a column, row by row, as of new rows.
fn made(steps: Json, values: Column, kind: Kind, target: &Target) -> Vec<Vec<f64>> {
    let spec = spec(&json!({"columns": {"x": steps}}));
    let own = if kind.levels().is_some() {
        ColumnType::Category
    } else {
        ColumnType::Number
    };
    let raw = Raw {
        column: "x".into(),
        feature: Feature { name: "x".into(), kind },
        train: values.clone(),
        test: values.clone(),
        steps: spec.steps_of("x", own),
    };
    let labels: Vec<Label> = (0..target.kind().classes().unwrap_or(0) as i64)
        .map(Label::Number)
        .collect();
    let learned = learn(&spec, vec![raw], Vec::new(), (target, &labels), 253, &Unwatched).unwrap();
    let columns = learned.test;
    (0..values.len())
        .map(|row| columns.iter().map(|column| column.encoded(row)).collect())
        .collect()
}

fn numbers(steps: Json, values: &[f64]) -> Vec<Vec<f64>> {
    made(steps, Column::Number(values.to_vec()), Kind::Number, &Target::None)
}

fn near(found: &[Vec<f64>], expected: &[Vec<f64>], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (a, b) in found.iter().zip(expected) {
            let is_near = a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * b.abs().max(1.0);
            assert!(is_near, "{what}, row {row}: {a} for {b}");
        }
    }
}

fn of_one(values: &[f64]) -> Vec<Vec<f64>> {
    values.iter().map(|value| vec![*value]).collect()
}

#[test]
fn numbers_are_filled_and_scaled_as_by_scikit_learn() {
    let expected = expected();
    let gaps: Vec<f64> = expected.gaps.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    for (method, values) in &expected.impute {
        near(&numbers(json!({"impute": method}), &gaps), &of_one(values), method);
    }
    let filled = numbers(json!({"impute": {"method": "mean", "indicator": true}}), &gaps);
    let flags: Vec<f64> = filled.iter().map(|row| row[1]).collect();
    assert_eq!(flags, expected.indicator);
    for (method, values) in &expected.scale {
        let values: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        near(&numbers(json!({"scale": method}), &gaps), &of_one(&values), method);
    }
    near(
        &numbers(json!({"polynomial": 4}), &expected.numbers),
        &expected.polynomial,
        "polynomial",
    );
    let bins = numbers(json!({"quantile_bucketize": 5}), &expected.numbers);
    near(&bins, &of_one(&expected.quantile_bins), "quantile_bucketize");
}

#[test]
fn categories_are_encoded_as_by_scikit_learn() {
    let expected = expected();
    let categories = |steps: Json, target: &Target| {
        let values = Column::Category {
            codes: expected.codes.clone(),
            levels: expected.levels.len(),
        };
        let levels = Levels {
            names: expected.levels.clone().into(),
            other: false,
            added: None,
        };
        made(steps, values, Kind::Category(levels), target)
    };
    near(
        &categories(json!({"encode": "one_hot"}), &Target::None),
        &expected.one_hot,
        "one_hot",
    );
    near(
        &categories(json!({"encode": "ordinal"}), &Target::None),
        &of_one(&expected.ordinal),
        "ordinal",
    );
    let classes = |numbers: &[f64], count| Target::Classes {
        numbers: numbers.to_vec(),
        count,
    };
    let numbers = Target::Numbers(expected.target.clone());
    for (smoothing, target, values) in [
        (json!(null), &classes(&expected.binary, 2), &expected.target_binary_auto),
        (json!(10), &classes(&expected.binary, 2), &expected.target_binary_10),
        (json!(null), &numbers, &expected.target_number_auto),
        (json!(0), &numbers, &expected.target_number_0),
        (
            json!(null),
            &classes(&expected.classes, 3),
            &expected.target_classes_auto,
        ),
    ] {
        let steps = json!({"encode": {"method": "target", "smoothing": smoothing}});
        near(&categories(steps, target), values, &format!("target by {smoothing}"));
    }
}

#[test]
fn texts_are_read_as_by_scikit_learn() {
    let expected = expected();
    for (params, terms) in [
        (json!({}), &expected.words),
        (
            json!({"ngram_range": [1, 2], "sublinear_tf": true, "norm": "l1"}),
            &expected.word_pairs,
        ),
        (
            json!({"max_features": 4, "norm": null, "lowercase": false}),
            &expected.kept_words,
        ),
        (
            json!({"min_df": 2, "max_df": 0.5, "use_idf": false}),
            &expected.common_words,
        ),
        (
            json!({"analyzer": "char", "ngram_range": [2, 3], "max_features": 1000}),
            &expected.characters,
        ),
        (
            json!({"analyzer": "char_wb", "ngram_range": [3, 4], "max_features": 1000}),
            &expected.characters_of_words,
        ),
    ] {
        let spec = spec(&json!({"columns": {"x": {"tf_idf": params}}}));
        let steps = spec.steps_of("x", ColumnType::Category);
        let rows = TextRows {
            texts: &expected.texts.iter().collect(),
            counts: &vec![1; expected.texts.len()],
        };
        let fitted = steps[0].step.fit_texts(&rows, &Unwatched).unwrap();
        let text = Feature {
            name: "x".into(),
            kind: Kind::Text,
        };
        let names: Vec<String> = fitted
            .outputs([&text, &text])
            .into_iter()
            .map(|feature| feature.name)
            .collect();
        let own: Vec<String> = terms.terms.iter().map(|term| format!("x:{term}")).collect();
        assert_eq!(names, own, "{params}");
        let mut reader = fitted.text_reader().unwrap();
        let read = |text: &String| {
            let mut out = vec![0.0; fitted.width()];
            reader.read(text, &mut out, &Unwatched).unwrap();
            out
        };
        let found: Vec<Vec<f64>> = expected.texts.iter().map(read).collect();
        near(&found, &terms.values, &params.to_string());
    }
}

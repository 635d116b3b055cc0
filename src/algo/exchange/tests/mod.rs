//! Models as LightGBM and XGBoost write them score and are explained as these say; see tests/oracle/exchange_trees.py.

mod hostile;
mod written;

use serde::Deserialize;
use serde_json::Value as Json;

use super::*;
use crate::explain::Baseline;
use crate::frame::UNSEEN;
use crate::label::Label;
use crate::model::{InputKind, Model};
use crate::monitor::Unwatched;
use crate::task::Answer;

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    format: String,
    model: String,
    scores: Vec<Vec<f64>>,
    contributions: Option<Vec<Vec<f64>>>,
}

#[derive(Deserialize)]
struct Table {
    age: Vec<Option<f64>>,
    income: Vec<Option<f64>>,
    zeros: Vec<Option<f64>>,
    city: Vec<Option<String>>,
    size: Vec<Option<String>>,
}

#[derive(Deserialize)]
pub(super) struct Fixture {
    table: Table,
    pub(super) cases: Vec<Case>,
}

impl Fixture {
    pub(super) fn load() -> Fixture {
        serde_json::from_str(include_str!("../../../../tests/oracle/exchange_trees.json")).unwrap()
    }

    /// The encoded rows that a model reads.
    fn rows(&self, model: &Model) -> Vec<Vec<f64>> {
        let of = |row: usize, name: &str, kind: &InputKind| -> f64 {
            let number = |column: &[Option<f64>]| column[row].unwrap_or(f64::NAN);
            let category = |column: &[Option<String>]| match (&column[row], kind) {
                (Some(text), InputKind::Category { levels, .. }) => levels
                    .iter()
                    .position(|level| level == text)
                    .map_or(UNSEEN, |code| code as f64),
                _ => f64::NAN,
            };
            match name {
                "age" => number(&self.table.age),
                "income" => number(&self.table.income),
                "zeros" => number(&self.table.zeros),
                "city" => category(&self.table.city),
                _ => category(&self.table.size),
            }
        };
        let row = |row| {
            model
                .inputs
                .iter()
                .map(|input| of(row, &input.name, &input.kind))
                .collect()
        };
        (0..self.table.age.len()).map(row).collect()
    }
}

impl Case {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self.format.ends_with("ubjson") {
            true => base64(&self.model),
            false => self.model.clone().into_bytes(),
        }
    }

    pub(super) fn read(&self, bytes: &[u8]) -> Result<Model, Error> {
        match self.format.starts_with("lightgbm") {
            true => lightgbm::read(bytes, &Given::default(), &Unwatched),
            false => xgboost::read(bytes, &Given::default(), &Unwatched),
        }
    }

    /// XGBoost adds up in 32-bit floats.
    fn tolerance(&self) -> f64 {
        if self.format == "lightgbm" { 1e-12 } else { 1e-6 }
    }
}

/// Decodes text in base 64.
fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte));
    let bits: Vec<u8> = digits
        .flat_map(|digit| (0..6).rev().map(move |bit| (digit >> bit & 1) as u8))
        .collect();
    let whole = bits.chunks_exact(8);
    whole
        .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit))
        .collect()
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1.0)
}

/// What models of assay answer for an expected score: of two classes the probability of the second.
fn answered(model: &Model, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; model.answer.outputs()];
    model.fitted.score(row, &mut out);
    if let Some(scorer) = model.fitted.scorer() {
        let mut fast = vec![0.0; out.len()];
        scorer.score(row, &mut fast);
        assert_eq!(fast, out, "the prepared scorer gives the same bits");
    }
    match out.len() {
        2 => vec![out[1]],
        _ => out,
    }
}

#[test]
fn models_score_as_their_makers_say() {
    let fixture = Fixture::load();
    for case in &fixture.cases {
        let model = match case.read(&case.bytes()) {
            Ok(model) => model,
            Err(error) if case.name == "lightgbm zeros are missing" => {
                assert!(error.to_string().contains("takes zeros for missing values"), "{error}");
                continue;
            }
            Err(error) => panic!("{}: {error}", case.name),
        };
        model.validate(&Unwatched).unwrap();
        // What the registry keeps answers the same.
        let bytes = model.to_bytes(&Unwatched).unwrap();
        let stored = Model::from_bytes(&bytes, &Unwatched).unwrap();
        let mut largest = 0.0_f64;
        for (row, expected) in fixture.rows(&model).iter().zip(&case.scores) {
            let found = answered(&model, row);
            assert_eq!(found, answered(&stored, row), "{}", case.name);
            assert_eq!(found.len(), expected.len(), "{}", case.name);
            for (found, expected) in found.iter().zip(expected) {
                largest = largest.max((found - expected).abs());
                assert!(
                    close(*found, *expected, case.tolerance()),
                    "{}: {found} {expected}",
                    case.name
                );
            }
        }
        println!("{}: {largest:e}", case.name);
    }
}

#[test]
fn attributions_are_those_of_their_makers() {
    let fixture = Fixture::load();
    for case in &fixture.cases {
        let (Some(expected), Ok(model)) = (&case.contributions, case.read(&case.bytes())) else {
            continue;
        };
        let Ok(explainer) = model.explainer(Baseline::Training, &[], &Unwatched) else {
            // Trees of one leaf, or of leaves without rows, explain nothing.
            panic!("{} cannot be explained", case.name);
        };
        let width = model.width();
        for (row, expected) in fixture.rows(&model).iter().zip(expected) {
            let margins = explainer.base().len();
            let mut found = vec![0.0; margins * width];
            explainer.explain(row, width, &mut found, &Unwatched).unwrap();
            assert_eq!(expected.len(), margins * (width + 1), "{}", case.name);
            for (margin, expected) in expected.chunks(width + 1).enumerate() {
                let found = found[margin * width..(margin + 1) * width]
                    .iter()
                    .chain([&explainer.base()[margin]]);
                for (found, expected) in found.zip(expected) {
                    // XGBoost's are sums of 32-bit floats.
                    assert!(
                        close(*found, *expected, 5.0 * case.tolerance()),
                        "{}: {found} {expected}",
                        case.name
                    );
                }
            }
        }
    }
}

#[test]
fn levels_and_classes_may_be_given() {
    let fixture = Fixture::load();
    let named = |name: &str| fixture.cases.iter().find(|case| case.name == name).unwrap();
    let case = named("lightgbm multiclass");
    let given = |json: Json| -> Given { serde_json::from_value(json).unwrap() };
    let bytes = case.bytes();
    let plain = case.read(&bytes).unwrap();
    let turned = lightgbm::read(
        &bytes,
        &given(serde_json::json!({"classes": ["c", "a", "b"]})),
        &Unwatched,
    )
    .unwrap();
    let labels = ["a", "b", "c"].map(|label| Label::Text(label.into()));
    assert_eq!(turned.answer, Answer::Classes(labels.into()));
    for row in fixture.rows(&plain) {
        let (before, after) = (answered(&plain, &row), answered(&turned, &row));
        let expected = [before[1], before[2], before[0]];
        assert!(
            after
                .iter()
                .zip(expected)
                .all(|(after, before)| close(*after, before, 1e-15))
        );
    }
    // Of two classes the sign of the margin turns.
    for name in ["lightgbm binary", "xgboost binary"] {
        let case = named(name);
        let bytes = case.bytes();
        let given = given(serde_json::json!({"classes": [true, false], "iterations": 3}));
        let some = match name.starts_with("light") {
            true => lightgbm::read(&bytes, &given, &Unwatched).unwrap(),
            false => xgboost::read(&bytes, &given, &Unwatched).unwrap(),
        };
        assert_eq!(some.answer, Answer::Classes([false, true].map(Label::Bool).into()));
        let all = case.read(&bytes).unwrap();
        let row = &fixture.rows(&all)[0];
        let ([few], [many]) = (&answered(&some, row)[..], &answered(&all, row)[..]) else {
            panic!("one probability each")
        };
        assert!(few != many && (*few < 0.5) != (*many < 0.5), "{name}: {few} {many}");
    }
    // A code of a category without a name is its number; names may be given.
    let case = named("xgboost binary");
    let stripped = case.model.replace("\"cats\"", "\"other\"");
    let model = case.read(stripped.as_bytes()).unwrap();
    let levels = |model: &Model, place: usize| match &model.inputs[place].kind {
        InputKind::Category { levels, .. } => levels.clone(),
        other => panic!("{other:?}"),
    };
    assert!(levels(&model, 3).iter().all(|level| level.parse::<u32>().is_ok()));
    let cities = serde_json::json!({"categories": {"city": ["Bern", "Graz", "Kiel", "Linz", "Ulm"]}});
    let model = xgboost::read(stripped.as_bytes(), &given(cities), &Unwatched).unwrap();
    assert_eq!(levels(&model, 3), ["Bern", "Graz", "Kiel", "Linz", "Ulm"]);
}

#[test]
fn what_is_given_and_does_not_fit_is_refused() {
    let fixture = Fixture::load();
    let case = fixture
        .cases
        .iter()
        .find(|case| case.name == "lightgbm multiclass")
        .unwrap();
    let bytes = case.bytes();
    let given = |json: Json| -> Given { serde_json::from_value(json).unwrap() };
    let wrong = |json: Json| {
        lightgbm::read(&bytes, &given(json), &Unwatched)
            .map(drop)
            .unwrap_err()
            .to_string()
    };
    for (json, problem) in [
        (
            serde_json::json!({"classes": ["a"]}),
            "1 labels are given for 3 classes",
        ),
        (
            serde_json::json!({"classes": ["a", "a", "b"]}),
            "two classes have the same label",
        ),
        (
            serde_json::json!({"classes": ["a", 1, "b"]}),
            "the labels of the classes are of different types",
        ),
        (
            serde_json::json!({"classes": [1.5, 2, 3]}),
            "a class cannot be labelled 1.5",
        ),
        (
            serde_json::json!({"features": ["a"]}),
            "1 names are given for 5 features",
        ),
        (
            serde_json::json!({"features": ["a", "a", "b", "c", "d"]}),
            "two features are called \"a\"",
        ),
        (
            serde_json::json!({"categories": {"age": []}}),
            "levels are given for \"age\", which is no category of the model",
        ),
        (
            serde_json::json!({"categories": {"city": ["x", "x"]}}),
            "two levels of category \"city\" are \"x\"",
        ),
    ] {
        assert_eq!(wrong(json), problem);
    }
}

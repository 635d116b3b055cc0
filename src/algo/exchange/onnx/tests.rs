//! Graphs of scikit-learn, LightGBM and XGBoost against onnxruntime and their makers, and bytes that are damaged.

use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

use super::graph::Graph;
use super::*;
use crate::estimator::Estimator;
use crate::exchange::Given;
use crate::explain::Baseline;
use crate::frame::UNSEEN;
use crate::model::{InputKind, Model};
use crate::monitor::Unwatched;

/// A file of the oracle, see `tests/oracle/onnx.py`.
#[derive(Deserialize)]
struct Case {
    file: String,
    rows: Vec<Vec<Json>>,
    classes: Option<Vec<Json>>,
    onnxruntime: Vec<Vec<f64>>,
    maker: Vec<Vec<f64>>,
}

fn cases() -> BTreeMap<String, Case> {
    serde_json::from_str(include_str!("../../../../tests/oracle/onnx.json")).unwrap()
}

/// The bytes of base 64.
fn bytes_of(text: &str) -> Vec<u8> {
    let code = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let kept: Vec<u8> = four.iter().copied().filter(|byte| *byte != b'=').collect();
        let bits = kept.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(code(*byte))) << (6 * (4 - kept.len()));
        bytes.extend(&bits.to_be_bytes()[1..kept.len()]);
    }
    bytes
}

fn encoded(model: &Model, row: &[Json]) -> Vec<f64> {
    let value = |(json, input): (&Json, &crate::model::Input)| match (json, &input.kind) {
        (Json::String(text), InputKind::Category { levels, .. }) => levels
            .iter()
            .position(|level| level == text)
            .map_or(UNSEEN, |code| code as f64),
        (json, _) => json.as_f64().unwrap_or(f64::NAN),
    };
    row.iter().zip(&model.inputs).map(value).collect()
}

fn differ(a: f64, b: f64) -> f64 {
    (a - b).abs() / b.abs().max(1.0)
}

#[test]
fn graphs_score_as_onnxruntime_and_their_makers_do() {
    let (mut failures, mut trees) = (Vec::new(), Vec::new());
    for (name, case) in cases() {
        let model = match read(&bytes_of(&case.file), &Given::default(), &Unwatched) {
            Ok(model) => model,
            Err(error) => {
                failures.push(format!("{name}: {error:?}"));
                continue;
            }
        };
        // What is stored is the same.
        let stored = model.to_bytes(&Unwatched).unwrap();
        let model = Model::from_bytes(&stored, &Unwatched).unwrap();
        assert_eq!(model.to_bytes(&Unwatched).unwrap(), stored);
        let outputs = model.outputs();
        assert_eq!(outputs, case.onnxruntime[0].len(), "{name}");
        if let (Some(labels), Some(classes)) = (model.answer.classes(), &case.classes) {
            let texts: Vec<String> = classes
                .iter()
                .map(|class| class.as_str().map_or(class.to_string(), String::from))
                .collect();
            assert_eq!(
                labels.iter().map(|label| label.text()).collect::<Vec<_>>(),
                texts,
                "{name}"
            );
        }
        let scorer = model.fitted.scorer();
        let (mut of_runtime, mut of_maker) = (0_f64, 0_f64);
        for ((row, runtime), maker) in case.rows.iter().zip(&case.onnxruntime).zip(&case.maker) {
            let row = encoded(&model, row);
            let mut out = vec![f64::NAN; outputs];
            model.score(&row, &mut out);
            if let Some(scorer) = &scorer {
                let mut fast = vec![f64::NAN; outputs];
                scorer.score(&row, &mut fast);
                assert_eq!(fast, out, "{name}");
            }
            for (place, own) in out.iter().enumerate() {
                of_runtime = of_runtime
                    .max(differ(*own, runtime[place]))
                    .max(if own.is_nan() { 9.0 } else { 0.0 });
                of_maker = of_maker.max(differ(*own, maker[place]));
            }
        }
        println!("{name:36} onnxruntime {of_runtime:.1e}, its maker {of_maker:.1e}");
        if of_runtime > 1e-6 || of_maker > 1e-6 {
            failures.push(format!(
                "{name}: {of_runtime:.1e} from onnxruntime, {of_maker:.1e} from its maker"
            ));
        }
        let debug = format!("{:?}", model.fitted);
        if debug.contains("engine: Trees") {
            trees.push(name);
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    // These score by walks over the columns, whatever is done to each column before.
    for name in [
        "random forest",
        "gradient boosting of three",
        "columns of trees",
        "ordinal columns of trees",
        "scaled forest",
        "lightgbm",
        "xgboost of three",
        "hist gradient boosting",
    ] {
        assert!(trees.iter().any(|own| own == name), "{name} is not among {trees:?}");
    }
}

#[test]
fn models_are_explained_against_rows() {
    for name in ["columns of trees", "columns", "perceptron"] {
        explained(&cases()[name]);
    }
}

fn explained(case: &Case) {
    let model = read(&bytes_of(&case.file), &Given::default(), &Unwatched).unwrap();
    let rows: Vec<f64> = case.rows.iter().flat_map(|row| encoded(&model, row)).collect();
    let explainer = model.explainer(Baseline::Background(&rows), &[], &Unwatched).unwrap();
    let width = model.width();
    let margins = explainer.base().len();
    let mut out = vec![0.0; rows.len() * margins];
    explainer.explain(&rows, width, &mut out, &Unwatched).unwrap();
    for (row, out) in rows.chunks(width).zip(out.chunks(width * margins)) {
        let mut margin = vec![0.0; margins];
        model.fitted.margin(row, &mut margin);
        for (place, out) in out.chunks(width).enumerate() {
            let sum = explainer.base()[place] + out.iter().sum::<f64>();
            assert!(differ(sum, margin[place]) < 1e-9, "{sum} is not {}", margin[place]);
        }
    }
    // The file does not say how many rows came to each node.
    assert!(model.explainer(Baseline::Training, &[], &Unwatched).is_err());
}

#[test]
fn what_the_caller_says_counts() {
    let case = &cases()["logistic of words"];
    let bytes = bytes_of(&case.file);
    let given = |json: &str| serde_json::from_str::<Given>(json).unwrap();
    let model = read(
        &bytes,
        &given(r#"{"features": ["a", "b", "c", "d"], "classes": [true, false]}"#),
        &Unwatched,
    )
    .unwrap();
    assert_eq!(
        model.inputs.iter().map(|input| &input.name[..]).collect::<Vec<_>>(),
        ["a", "b", "c", "d"]
    );
    let labels: Vec<_> = model
        .answer
        .classes()
        .unwrap()
        .iter()
        .map(|label| label.text().into_owned())
        .collect();
    assert_eq!(labels, ["false", "true"]);
    // The first class of the file is now the second.
    let mut out = [0.0; 2];
    model.score(&encoded(&model, &case.rows[0]), &mut out);
    assert!(differ(out[1], case.onnxruntime[0][0]) < 1e-6);
    for wrong in [
        r#"{"features": ["a"]}"#,
        r#"{"features": ["a", "a", "b", "c"]}"#,
        r#"{"classes": [1]}"#,
    ] {
        assert!(read(&bytes, &given(wrong), &Unwatched).is_err(), "{wrong}");
    }
}

#[test]
fn damaged_files_are_refused_or_score() {
    let mut random = 7_u64;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    for (name, case) in cases() {
        let bytes = bytes_of(&case.file);
        for _ in 0..60 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(3) {
                let place = next(damaged.len());
                damaged[place] = next(256) as u8;
            }
            damaged.truncate(if next(8) == 0 {
                next(damaged.len())
            } else {
                damaged.len()
            });
            if let Ok(model) = read(&damaged, &Given::default(), &Unwatched) {
                let mut out = vec![0.0; model.outputs()];
                model.score(&vec![0.5; model.width()], &mut out);
                let stored = model.to_bytes(&Unwatched).unwrap();
                assert!(Model::from_bytes(&stored, &Unwatched).is_ok(), "{name}");
            }
        }
    }
    for bytes in [&[][..], &[0x3a, 0], &[0xff; 64]] {
        assert!(read(bytes, &Given::default(), &Unwatched).is_err());
    }
}

#[test]
fn a_graph_is_among_the_forms() {
    use crate::fitted::Form;
    assert!(
        crate::learners::IMPORTED
            .iter()
            .any(|(number, _)| *number == Graph::CODE)
    );
}

/// What a file says of itself.
fn said(bytes: &[u8], key: &str) -> Json {
    let file = super::proto::File::read(bytes).unwrap();
    serde_json::from_str(file.said(key).unwrap()).unwrap()
}

#[test]
fn what_is_written_is_read_and_scores_the_same() {
    let models = crate::model::tests::models()
        .into_iter()
        .chain(crate::pipeline::tests::models());
    let (mut written, mut refused) = (Vec::new(), Vec::new());
    for (name, model) in models {
        let bytes = match write(&model, &Unwatched) {
            Ok(bytes) => bytes,
            Err(error) => {
                assert!(
                    matches!(error, crate::error::Error::Data { detail: Some(_), .. }),
                    "{name}: {error:?}"
                );
                refused.push(name);
                continue;
            }
        };
        let again = read(&bytes, &Given::default(), &Unwatched).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(again.answer, model.answer, "{name}");
        let columns: Vec<_> = model.inputs.iter().map(|input| &input.name).collect();
        assert_eq!(
            again.inputs.iter().map(|input| &input.name).collect::<Vec<_>>(),
            columns,
            "{name}"
        );
        let (rows, scores) = (said(&bytes, "assay.test_rows"), said(&bytes, "assay.test_scores"));
        let (rows, scores) = (rows.as_array().unwrap(), scores.as_array().unwrap());
        assert_eq!((rows.len(), scores.len()), (20, 20));
        for (row, scores) in rows.iter().zip(scores) {
            let row = encoded(&again, row.as_array().unwrap());
            let mut out = vec![0.0; again.outputs()];
            again.score(&row, &mut out);
            for (own, score) in out.iter().zip(scores.as_array().unwrap()) {
                assert!(
                    differ(*own, score.as_f64().unwrap()) < 1e-12,
                    "{name}: {own} is not {score}"
                );
            }
        }
        written.push(name);
    }
    println!("written {written:?}, refused {refused:?}");
    for algorithm in [
        "ridge",
        "logistic_regression",
        "random_forest",
        "gradient_boosting",
        "decision_tree",
    ] {
        assert!(
            written.iter().any(|name| name.contains(algorithm)),
            "{algorithm} is not among {written:?}"
        );
    }
}

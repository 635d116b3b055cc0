//! Models of every learner on every kind of label and input, and what they answer.

use serde_json::json;

use super::{Answer, Exact};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::forecast::Forecaster;
use crate::frame::{Column, Frame, MISSING};
use crate::label::Label;
use crate::learners::LEARNERS;
use crate::model::tests::{ROWS, grouped, models as plain, scores};
use crate::model::{Input, InputKind, Model};
use crate::monitor::Unwatched;
use crate::task::{self, Task};
use crate::training_set::{Target, TrainingSet};
use crate::unsupervised::Unsupervised;

/// What a model is trained for.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The classes; none for numbers.
    labels: Vec<Label>,
    is_weighted: bool,
}

pub(super) fn cases(task: Task) -> Vec<Case> {
    let case = |name, is_weighted, labels| Case {
        name,
        labels,
        is_weighted,
    };
    let text = |text: &str| Label::Text(text.into());
    let enumerated = |(order, text): (usize, &str)| Label::enumerated(order as f32 - 1.5, text.into());
    match task {
        Task::Classification => vec![
            case("booleans", false, [false, true].map(Label::Bool).to_vec()),
            case("weighted_booleans", true, [false, true].map(Label::Bool).to_vec()),
            case("texts", false, ["no", "naïve, \"yes\""].map(text).to_vec()),
            case("weighted_texts_of_4", true, ["", "a", "b", "日本"].map(text).to_vec()),
            case(
                "enums_of_3",
                false,
                ["high", "low", "none"]
                    .into_iter()
                    .enumerate()
                    .map(enumerated)
                    .collect(),
            ),
            case(
                "numbers_of_5",
                false,
                [i64::MIN, -1, 0, 7, i64::MAX].map(Label::Number).to_vec(),
            ),
        ],
        Task::Regression | Task::Clustering | Task::AnomalyDetection | Task::DimensionReduction => vec![
            case("vectors", false, Vec::new()),
            case("weighted_vectors", true, Vec::new()),
        ],
        // Forecasts are of series, not of rows.
        Task::Forecasting => Vec::new(),
    }
}

/// The plain models of other tests, and those of the cases.
pub(crate) fn models() -> Vec<(String, Model)> {
    let mut models: Vec<(String, Model)> = plain()
        .into_iter()
        .map(|(name, model)| (name.replace(' ', "_"), model))
        .collect();
    models.push(("grouped_ridge".into(), grouped()));
    for algorithm in LEARNERS {
        for &task in algorithm.tasks.iter().filter(|task| task.is_of_rows()) {
            for case in cases(task) {
                let has = |name: &str| algorithm.parameters().iter().any(|parameter| parameter.name == name);
                let mut params = serde_json::Map::new();
                if has("n_estimators") {
                    params.insert("n_estimators".into(), json!(3));
                }
                if has("early_stopping_rounds") {
                    params.insert("early_stopping_rounds".into(), json!(2));
                }
                if has("epsilon") && has("min_samples") {
                    params.insert("epsilon".into(), json!(2));
                }
                let learner = algorithm.configure(&params, 1).unwrap();
                let (fitted, history) = learner.fit(&set(&case, task), &Unwatched).unwrap();
                let answer = match (fitted.unsupervised(), &case.labels[..]) {
                    (Some(unsupervised), _) => unsupervised.answer(),
                    (None, []) => task::Answer::Number,
                    (None, labels) => task::Answer::Classes(labels.to_vec()),
                };
                let means = fitted.means();
                let model = Model {
                    answer,
                    inputs: inputs(),
                    pipeline: None,
                    fitted,
                    history,
                    sample: None,
                    groups: Vec::new(),
                    calibration: None,
                    intervals: None,
                    error_model: None,
                    means,
                };
                model.validate(&Unwatched).unwrap();
                models.push((format!("{}_{}", algorithm.name, case.name), model));
            }
        }
    }
    models.extend(forecasts());
    models
}

/// Forecasts, as a registry has them.
fn forecasts() -> Vec<(String, Model)> {
    let model = |(name, fitted): (&str, Forecaster)| {
        let model = Model {
            answer: task::Answer::Forecast,
            inputs: inputs().into_iter().take(1).collect(),
            pipeline: None,
            means: None,
            fitted: Box::new(fitted),
            history: Vec::new(),
            sample: None,
            groups: Vec::new(),
            calibration: None,
            intervals: None,
            error_model: None,
        };
        model.validate(&Unwatched).unwrap();
        (format!("forecast_{name}"), model)
    };
    crate::forecast::samples::forecasters().into_iter().map(model).collect()
}

/// A number with gaps, a category with rare levels, one of two levels, and a vector of which three elements vary.
fn inputs() -> Vec<Input> {
    let levels = |levels: &[&str]| levels.iter().map(|level| level.to_string()).collect();
    let input = |name: &str, type_name: &str, kind| Input {
        name: name.into(),
        type_name: type_name.into(),
        kind,
    };
    vec![
        input("x", "numeric", InputKind::Number),
        input(
            "Größe, \"c\"",
            "text",
            InputKind::Category {
                levels: levels(&["", "a", "south-west", "日本"]),
                other: true,
            },
        ),
        input(
            "flag",
            "boolean",
            InputKind::Category {
                levels: levels(&["false", "true"]),
                other: false,
            },
        ),
        input(
            "v",
            "double precision[]",
            InputKind::Vector {
                width: 5,
                used: vec![0, 2, 4],
            },
        ),
    ]
}

fn set(case: &Case, task: Task) -> TrainingSet {
    let number = |step: usize, modulus: usize| (0..ROWS).map(|i| (i * step % modulus) as f64 / 8.0).collect::<Vec<_>>();
    let codes = |gap: usize, levels: usize| {
        let code = |i: usize| {
            if i % 11 == gap {
                MISSING
            } else {
                (i * 7 / 3 % levels) as u32
            }
        };
        (0..ROWS).map(code).collect()
    };
    let mut gaps = number(37, 101);
    gaps.iter_mut().skip(4).step_by(9).for_each(|value| *value = f64::NAN);
    let frame = Frame::new(vec![
        Column::Number(gaps),
        Column::Category {
            codes: codes(3, 5),
            levels: 5,
        },
        Column::Category {
            codes: codes(5, 2),
            levels: 2,
        },
        Column::Number(number(53, 17)),
        Column::Number(number(29, 61)),
        Column::Number(number(11, 43)),
    ]);
    let classes = case.labels.len();
    let target = match classes {
        _ if !task.has_target() => Target::None,
        0 => Target::Numbers(
            (0..ROWS)
                .map(|i| (i * 37 % 101) as f64 / 7.0 + (i % 4) as f64)
                .collect(),
        ),
        count => Target::Classes {
            numbers: (0..ROWS).map(|i| ((i * 7 + i / 13) % count) as f64).collect(),
            count,
        },
    };
    let set = TrainingSet::new(frame.unwrap(), target);
    match case.is_weighted {
        true => set.weighted((0..ROWS).map(|i| 0.5 + (i % 5) as f32 / 2.0).collect()),
        false => set,
    }
}

/// The intervals of some rows.
fn intervals(model: &Model) -> Vec<f64> {
    let mut row = vec![0.0; model.slots()];
    let mut out = vec![0.0; model.fitted.outputs()];
    let raw = model.raw_width();
    let mut all = Vec::new();
    for value in [f64::NAN, 0.0, 1.0, 2.0, 3.5] {
        row[..raw].fill(value);
        let row = model.apply(raw, &mut row);
        model.score(row, &mut out);
        all.extend(
            model
                .intervals
                .iter()
                .flat_map(|intervals| intervals.of(out[0], row, None)),
        );
    }
    all
}

/// Everything that a model answers and tells about itself.
pub(super) fn answers(model: &Model) -> Vec<Exact> {
    let mut answers = Vec::new();
    let mut add = |name: &str, numbers: &[f64]| {
        let numbers = numbers.iter().enumerate();
        answers.extend(numbers.map(|(place, number)| Exact(Answer::new(format!("{name} {place}"), *number))));
    };
    for label in model.answer.classes().unwrap_or_default() {
        add(&format!("label {label:?}"), &[1.0]);
    }
    for input in &model.inputs {
        let kind = match &input.kind {
            InputKind::Number => "number".to_string(),
            InputKind::Category { levels, other } => format!("category {levels:?} {other}"),
            InputKind::Vector { width, used } => format!("vector {width} {used:?}"),
            InputKind::Text { encoder } => format!("text {encoder:?}"),
        };
        add(&format!("input {} {} {kind}", input.name, input.type_name), &[1.0]);
    }
    add("score", &scores(model));
    if model.pipeline.is_some() {
        for (place, feature) in model.features().iter().enumerate() {
            add(&format!("feature {place} {}", feature.name), &[1.0]);
        }
    }
    if model.intervals.is_some() {
        add("interval", &intervals(model));
    }
    for (place, group) in model.groups.iter().enumerate() {
        for (metric, value) in &group.metrics {
            add(&format!("group {place} of {} rows {metric}", group.rows), &[*value]);
        }
    }
    let fitted = &model.fitted;
    if let Some(fast) = fitted.scorer() {
        let row = vec![0.0; model.width()];
        let mut out = [0, 1].map(|_| vec![0.0; fitted.outputs()]);
        fitted.score(&row, &mut out[0]);
        fast.score(&row, &mut out[1]);
        assert_eq!(out[0], out[1]);
    }
    add("base", fitted.base());
    let mut margin = vec![0.0; fitted.base().len()];
    fitted.margin(&vec![0.5; model.width()], &mut margin);
    add("margin", &margin);
    for (place, column) in fitted.importance(model.width()).into_iter().flatten().enumerate() {
        add(
            &format!("importance {place}"),
            &[column.splits as f64, column.gain, column.cover],
        );
    }
    add_weights(&**fitted, &mut add);
    if let Some(unsupervised) = fitted.unsupervised() {
        add_unsupervised(unsupervised, model.width(), &mut add);
    }
    if let Some(forecaster) = fitted.forecaster() {
        for (name, numbers) in crate::forecast::samples::answers(forecaster) {
            add(&name, &numbers);
        }
    }
    add("held-out loss", fitted.eval_losses());
    for progress in &model.history {
        add(&format!("iteration {}", progress.iteration), &[progress.loss]);
    }
    answers
}

/// The weights of the features, and their errors.
fn add_weights(fitted: &dyn Fitted, add: &mut impl FnMut(&str, &[f64])) {
    let Some((intercepts, weights)) = fitted.weights() else {
        return;
    };
    let errors = |error: Option<f64>, p: Option<f64>| [error.unwrap_or(f64::NAN), p.unwrap_or(f64::NAN)];
    for intercept in intercepts {
        add("intercept", &[intercept.value]);
        add(
            "intercept's errors",
            &errors(intercept.standard_error, intercept.p_value),
        );
    }
    for weight in weights {
        let name = format!("weight {} {} {:?}", weight.output, weight.feature, weight.level);
        add(&name, &[weight.weight]);
        add(
            &format!("{name} errors"),
            &errors(weight.standard_error, weight.p_value),
        );
    }
}

/// What a model of rows without a target tells.
fn add_unsupervised(unsupervised: &dyn Unsupervised, width: usize, add: &mut impl FnMut(&str, &[f64])) {
    let mut transformed = vec![0.0; unsupervised.transformed()];
    unsupervised.transform(&vec![0.5; width], &mut transformed);
    add("transformed", &transformed);
    add("strangeness", &[unsupervised.strangeness(&vec![0.5; width])]);
    add("strangeness of training rows", unsupervised.strangeness_quantiles());
    add("bound", &[unsupervised.bound().unwrap_or(f64::NAN)]);
    for (place, cluster) in unsupervised.clusters().into_iter().flatten().enumerate() {
        add(&format!("cluster {place}"), &[cluster.rows as f64]);
        let centre: Vec<f64> = cluster.centre.iter().map(|part| part.value).collect();
        add(&format!("centre {place}"), &centre);
    }
    for (place, component) in unsupervised.components().into_iter().flatten().enumerate() {
        add(&format!("component {place}"), &[component.variance, component.share]);
        let loadings: Vec<f64> = component.loadings.iter().map(|part| part.value).collect();
        add(&format!("loadings {place}"), &loadings);
    }
}

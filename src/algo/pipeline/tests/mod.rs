//! Pipelines learned from rows of every kind: kept by bytes, the same on any number of threads, and hostile.

mod leakage;
mod levels;
mod oracle;
mod page;
mod spec;

use serde_json::{Value as Json, json};

use super::*;
use crate::hash::hash_u64;
use crate::learners;
use crate::lines::Lines;
use crate::model::Model;
use crate::monitor::Unwatched;
use crate::prepare::{ColumnKind, ColumnValues, Heading, Plan, Prepared, ReadColumn, ReadRows, Split, prepare};
use crate::task::Task;
use crate::texts::Texts;

/// Reads a specification that is right.
pub(crate) fn spec(json: &Json) -> Spec {
    Spec::read(json.as_object().unwrap(), &["max_categories"]).unwrap()
}

/// Every step on every kind of column.
pub(crate) fn everything() -> Json {
    json!({
        "impute": "most_frequent",
        "scale": "standard",
        "types": {"category": {"encode": "one_hot"}, "time": {"datetime": {"parts": ["month", "hour", "weekend"], "cyclic": true}}},
        "columns": {
            "x": {"impute": {"method": "median", "indicator": true}, "clip": 0.05, "log": true, "polynomial": 2, "scale": "robust"},
            "z": {"quantile_bucketize": 4, "encode": "ordinal"},
            "w": {"bucketize": [10, 50], "impute": null, "encode": null},
            "c": {"impute": {"method": "constant", "value": "none"}, "encode": {"method": "target", "smoothing": 5}},
            "d": {"encode": "frequency", "scale": "max_abs"},
            "e": {"encode": {"method": "hash", "buckets": 7}},
            "review": {"tf_idf": {"ngram_range": [1, 2], "max_features": 12}}
        },
        "crosses": [["x", "v1"], ["d", "f"]]
    })
}

/// A draw for a row.
fn draw(row: u64, salt: u64) -> u64 {
    hash_u64(salt, row)
}

/// A number from 0 to 100.
fn number(row: u64, salt: u64) -> f64 {
    (draw(row, salt) % 1000) as f64 / 10.0
}

/// The same, or none.
fn gap(row: u64, salt: u64) -> f64 {
    if draw(row, salt + 50).is_multiple_of(9) {
        f64::NAN
    } else {
        number(row, salt)
    }
}

/// What there is to predict.
fn value(row: u64) -> f64 {
    number(row, 1) + 20.0 * (draw(row, 6) % 4) as f64 + number(row, 9) / 2.0
}

fn column(name: &str, type_name: &str, kind: ColumnKind, values: ColumnValues) -> Option<ReadColumn> {
    Some(ReadColumn {
        heading: Heading {
            name: name.into(),
            type_name: type_name.into(),
            kind,
        },
        non_finite: 0,
        values,
    })
}

/// A category, or a text, whose text is drawn.
fn text_column(name: &str, count: u64, of: impl Fn(u64) -> String) -> Option<ReadColumn> {
    let mut levels: Vec<String> = (0..count).map(&of).collect();
    levels.sort();
    levels.dedup();
    let code = |row: u64| match draw(row, 60) % 13 {
        0 => crate::frame::MISSING,
        _ => levels.binary_search(&of(row)).unwrap() as u32,
    };
    let values = ColumnValues::Codes {
        codes: (0..count).map(code).collect(),
        levels: levels.iter().collect::<Texts>(),
        places: None,
    };
    column(name, "text", ColumnKind::Category, values)
}

type Of = fn(u64) -> f64;

/// Rows of numbers with gaps, categories, a time and texts, with a target that depends on some of them.
pub(crate) fn rows(count: u64, is_class: bool) -> ReadRows {
    let target: Of = if is_class {
        |row| f64::from(u8::from(value(row) > 100.0))
    } else {
        value
    };
    let numbers: [(&str, &str, ColumnKind, Of); 6] = [
        ("x", "numeric", ColumnKind::Whole, |row| gap(row, 1)),
        ("z", "double precision", ColumnKind::Number, |row| gap(row, 2)),
        ("w", "double precision", ColumnKind::Number, |row| gap(row, 3)),
        ("v1", "boolean", ColumnKind::Boolean, |row| (draw(row, 4) % 2) as f64),
        ("at", "timestamp without time zone", ColumnKind::Timestamp, |row| {
            7e8 + (draw(row, 5) % 40_000_000) as f64
        }),
        ("y", "double precision", ColumnKind::Boolean, target),
    ];
    let (mut lines, mut columns) = (Vec::new(), Vec::new());
    for (name, type_name, kind, of) in numbers {
        let values = ColumnValues::Lane {
            lines: lines.len(),
            lane: 0,
        };
        let mut own = Lines::new(1);
        (0..count).for_each(|row| own.push(&[of(row)]).unwrap());
        columns.push(column(name, type_name, kind, values));
        lines.push(own);
    }
    let level = |salt: u64, of: u64| move |row: u64| format!("level {}", draw(row, salt) % of);
    let words = ["late", "fee", "charged", "twice", "bank", "card", "größe", "wrong"];
    let word = |row: u64, place: u64| words[(draw(row, 30 + place) % 8) as usize];
    let review = |row: u64| {
        (0..4 + draw(row, 20) % 4)
            .map(|place| word(row, place))
            .collect::<Vec<_>>()
            .join(" ")
    };
    columns.extend([
        text_column("c", count, level(6, 4)),
        text_column("d", count, level(7, 5)),
        text_column("e", count, level(8, 100)),
        text_column("f", count, level(9, 3)),
        text_column("review", count, review),
    ]);
    ReadRows {
        rows: count as usize,
        columns,
        lines,
    }
}

pub(crate) fn plan(json: &Json, task: Task) -> Plan {
    Plan {
        target: Some(5),
        weight: None,
        apart: Vec::new(),
        keys: Vec::new(),
        cluster: None,
        task,
        seed: 3,
        max_categories: 20,
        spec: spec(json),
    }
}

fn prepared(json: &Json, count: u64) -> Prepared {
    let plan = plan(json, Task::Classification);
    prepare(rows(count, true), &plan, Split::Fraction(0.2), &Unwatched).unwrap()
}

/// Models of weighted sums and of trees with a pipeline of every step.
pub(crate) fn models() -> Vec<(String, Model)> {
    let mut models = Vec::new();
    for (algorithm, task) in [
        ("logistic_regression", Task::Classification),
        ("gradient_boosting", Task::Classification),
        ("linear_regression", Task::Regression),
    ] {
        let rows = rows(240, task == Task::Classification);
        let prepared = prepare(rows, &plan(&everything(), task), Split::None, &Unwatched).unwrap();
        let params = if algorithm == "gradient_boosting" {
            json!({"n_estimators": 3})
        } else {
            json!({})
        };
        let learner = learners::named(algorithm)
            .unwrap()
            .configure(params.as_object().unwrap(), 1)
            .unwrap();
        let (fitted, history) = learner.fit(&prepared.train, &Unwatched).unwrap();
        let means = fitted.means();
        let model = Model {
            answer: prepared.answer.unwrap(),
            inputs: prepared.inputs,
            pipeline: prepared.pipeline,
            fitted,
            history,
            sample: prepared.sample,
            groups: Vec::new(),
            means,
            calibration: None,
            intervals: None,
            error_model: None,
        };
        model.validate(&Unwatched).unwrap();
        models.push((format!("pipeline of {algorithm}"), model));
    }
    models
}

/// What steps make of training and test rows is what they make of a row by itself, but for target encoding's training rows.
#[test]
fn a_row_by_itself_is_as_in_the_frame() {
    let read = json!({
        "columns": {
            "e": {"encode": {"method": "hash", "buckets": 7}},
            "review": {"tf_idf": {"ngram_range": [1, 2], "max_features": 12}}
        },
    });
    let raw = prepared(&read, 1500);
    let prepared = prepared(&everything(), 1500);
    let pipeline = prepared.pipeline.as_ref().unwrap();
    let width = prepared.train.frame.width();
    assert_eq!(pipeline.width(), width);
    let model = Model {
        pipeline: None,
        ..models_of(&raw)
    };
    let names: Vec<String> = pipeline
        .features(model.raw_slots())
        .into_iter()
        .map(|feature| feature.name)
        .collect();
    let raw_width = raw.train.frame.width();
    let mut row = vec![f64::NAN; pipeline.slots(raw_width)];
    let mut expected = vec![0.0; width];
    for (raw, made, is_train) in [
        (&raw.train, &prepared.train, true),
        (raw.test.as_ref().unwrap(), prepared.test.as_ref().unwrap(), false),
    ] {
        for index in 0..raw.rows() {
            raw.frame.encode_row(index, &mut row[..raw_width]);
            made.frame.encode_row(index, &mut expected);
            let found = pipeline.apply(raw_width, &mut row);
            for ((found, expected), name) in found.iter().zip(&expected).zip(&names) {
                let is_encoded = is_train && name == "c";
                assert!(
                    is_encoded || found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                    "{name}: {found} {expected}"
                );
            }
        }
    }
    for name in [
        "x is null",
        "x^2",
        "at.month_sin",
        "at.weekend",
        "v1",
        "f=level 1",
        "review:late",
        "review:late fee",
        "x*v1",
    ] {
        assert!(names.iter().any(|own| own == name), "{name} is not in {names:?}");
    }
}

fn models_of(prepared: &Prepared) -> Model {
    let (_, model) = models().remove(0);
    Model {
        inputs: prepared.inputs.clone(),
        ..model
    }
}

#[test]
fn threads_do_not_matter() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let prepared = pool.install(|| prepared(&everything(), 1200));
        (prepared.pipeline, prepared.train, prepared.test)
    };
    // By their texts, as NaN is not equal to itself.
    assert!(format!("{:?}", on(1)) == format!("{:?}", on(3)));
}

/// Columns are learned on training rows only: what test rows hold changes nothing.
#[test]
fn test_rows_teach_nothing() {
    let plan = plan(&everything(), Task::Classification);
    let learned = |strange: bool| {
        let mut read = rows(800, true);
        let rows = crate::prepare::Rows::new(rows(800, true), &plan, &Unwatched).unwrap();
        let division = rows.divide(Split::Fraction(0.25), plan.seed, &Unwatched).unwrap();
        if strange {
            let mut changed = Lines::new(1);
            let is_test = |row: usize| division.test.contains(&(row as u32));
            for (row, value) in read.lines[0].column_from(0, 0).enumerate() {
                changed.push(&[if is_test(row) { 1e6 } else { value }]).unwrap();
            }
            read.lines[0] = changed;
            if let Some(ReadColumn {
                values: ColumnValues::Codes { codes, .. },
                ..
            }) = &mut read.columns[6]
            {
                (0..codes.len())
                    .filter(|row| is_test(*row))
                    .for_each(|row| codes[row] = 0);
            }
        }
        // The same division of rows in another order, as hashes differ: order them alike.
        let rows = crate::prepare::Rows::new(read, &plan, &Unwatched).unwrap();
        rows.learn(&division, &plan, &Unwatched).unwrap().pipeline
    };
    assert_eq!(learned(false), learned(true));
}

#[test]
fn damaged_pipelines_are_refused() {
    for (name, model) in models() {
        let pipeline = model.pipeline.clone().unwrap();
        let raw: Vec<usize> = model.raw_slots().iter().map(|feature| feature.kind.codes()).collect();
        let check = |pipeline: &Pipeline| pipeline.validate(&raw, "the model", &Unwatched);
        assert!(check(&pipeline).is_ok(), "{name}");
        let far = |mut pipeline: Pipeline| {
            pipeline.stages.stages[0].inputs[1] = u32::MAX;
            pipeline
        };
        let later = |mut pipeline: Pipeline| {
            pipeline.stages.stages[0].inputs = [raw.len() as u32; 2];
            pipeline
        };
        let output = |mut pipeline: Pipeline| {
            pipeline.stages.outputs[0] = 1 << 30;
            pipeline
        };
        let statistics = |mut pipeline: Pipeline| {
            pipeline.statistics.pop();
            pipeline
        };
        let kinds = |mut pipeline: Pipeline| {
            // A step of numbers reads a category.
            let category = raw.iter().position(|codes| *codes > 0).unwrap() as u32;
            pipeline.stages.stages[0].inputs = [category; 2];
            pipeline
        };
        for change in [
            &far as &dyn Fn(Pipeline) -> Pipeline,
            &later,
            &output,
            &statistics,
            &kinds,
        ] {
            assert!(check(&change(pipeline.clone())).is_err(), "{name}");
        }
        let stages = (0..40).map(|stage| Stage {
            step: scale_of_one(),
            inputs: [if stage == 0 { 0 } else { raw.len() as u32 + stage - 1 }; 2],
        });
        let deep = Stages {
            stages: stages.collect(),
            outputs: Vec::new(),
        };
        let deep = Pipeline::new(deep, Vec::new());
        assert!(check(&deep).is_err(), "too deep");
    }
}

/// A step that changes nothing.
fn scale_of_one() -> FittedStep {
    let json = json!({"columns": {"x": {"log": true}}});
    prepared(&json, 100).pipeline.unwrap().stages()[0].step.clone()
}

/// What a step without a line of its own would forget: each is described, sound, and gives as many features as it says.
#[test]
fn every_step_is_learned_and_described() {
    let mut seen = Vec::new();
    for (_, model) in models() {
        let raw = model.raw_slots();
        let pipeline = model.pipeline.as_ref().unwrap();
        let described = pipeline.describe(raw.clone());
        assert_eq!(described.len(), pipeline.stages().len());
        assert!(described.iter().all(|(sources, _)| !sources.is_empty()));
        assert_eq!(model.features().len(), model.width());
        assert_eq!(model.sources().len(), model.width());
        let mut own: Vec<String> = pipeline.stages().iter().map(|stage| name(stage.step.step())).collect();
        let encoders = model.inputs.iter().filter_map(|input| match &input.kind {
            crate::model::InputKind::Text { encoder } => Some(name(encoder.step())),
            _ => None,
        });
        own.extend(encoders);
        seen.extend(own);
    }
    for step in STEPS {
        assert!(seen.contains(&name(step)), "{} is in no test", name(step));
        assert!(!step.about.is_empty() && !step.gives.is_empty());
    }
}

fn name(step: &StepKind) -> String {
    format!("{} {:?}", step.key, step.method)
}

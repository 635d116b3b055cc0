//! Inputs to begin with: models of every algorithm, texts of every target.

use crate::text;
use algo::calibration::{Calibration, Method, Scores};
use algo::forecast::{self, Event, ForecastParams, Forecaster, Series};
use algo::frame::{Column, Frame, MISSING};
use algo::grouped::Grouped;
use algo::intervals::Intervals;
use algo::label::Label;
use algo::learner::{Algorithm, Configured};
use algo::learners::LEARNERS;
use algo::lines::Lines;
use algo::model::{GroupMetrics, Input, InputKind, Model};
use algo::monitor::Unwatched;
use algo::parameters::Hyperparameters;
use algo::pipeline::Spec;
use algo::prepare::{ColumnKind, ColumnValues, Heading, Plan as PreparePlan, ReadColumn, ReadRows, Split, prepare};
use algo::row_sample::RowSample;
use algo::task::{Answer, Task};
use algo::training_set::{Target, TrainingSet};
use serde_json::{Map, Value};

const ROWS: usize = 90;

/// Two numbers, the second with gaps, a category, and a vector of which two elements are used.
fn frame() -> Frame {
    let number = |step: usize, of: usize| (0..ROWS).map(|i| ((i * step) % of) as f64).collect::<Vec<_>>();
    let gaps = number(53, 17)
        .into_iter()
        .enumerate()
        .map(|(i, z)| if i % 9 == 4 { f64::NAN } else { z })
        .collect();
    let codes = (0..ROWS)
        .map(|i| if i % 11 == 3 { MISSING } else { (i % 4) as u32 })
        .collect();
    let columns = vec![
        Column::Number(number(37, 101)),
        Column::Number(gaps),
        Column::Category { codes, levels: 4 },
        Column::Number(number(7, 13)),
        Column::Number(number(11, 19)),
    ];
    Frame::new(columns).expect("columns of one length are a frame")
}

fn inputs() -> Vec<Input> {
    let levels = ["a", "b", "ü"].map(String::from).to_vec();
    [
        ("x", InputKind::Number),
        ("z", InputKind::Number),
        ("c", InputKind::Category { levels, other: true }),
        (
            "v",
            InputKind::Vector {
                width: 4,
                used: vec![1, 3],
            },
        ),
    ]
    .map(|(name, kind)| Input {
        name: name.into(),
        type_name: "t".into(),
        kind,
    })
    .to_vec()
}

/// Bytes of a model of each algorithm and task, with two and with three classes, and of models with what is learned beside them.
pub fn models() -> Vec<Vec<u8>> {
    let mut models = Vec::new();
    for algorithm in LEARNERS {
        for &task in algorithm.tasks {
            match task {
                Task::Regression => models.push(model(algorithm, 0)),
                Task::Classification => models.extend([2, 3].map(|classes| model(algorithm, classes))),
                Task::Clustering | Task::AnomalyDetection | Task::DimensionReduction => {
                    models.push(unlabelled(algorithm))
                }
                // Series are not rows.
                Task::Forecasting => (),
            }
        }
    }
    models.extend(forecasts());
    models.extend(calibrated());
    models.extend(with_intervals());
    models.push(grouped());
    models.iter().map(bytes_of).chain([model_with_steps()]).collect()
}

fn bytes_of(model: &Model) -> Vec<u8> {
    model.to_bytes(&Unwatched).expect("nobody stops the writing")
}

/// A model without a target.
fn unlabelled(algorithm: &Algorithm) -> Model {
    let set = TrainingSet::new(frame(), Target::None);
    let (fitted, history) = configured(algorithm)
        .fit(&set, &Unwatched)
        .expect("the rows can be learned");
    let answer = fitted.unsupervised().expect("it has no target").answer();
    Model {
        answer,
        means: fitted.means(),
        fitted,
        history,
        ..model(named("ridge"), 0)
    }
}

/// Forecasts by each method, of series with and without seasons, events and totals.
fn forecasts() -> Vec<Model> {
    const DAY: i64 = 86_400_000_000;
    let series = |name: &str, of: i64| Series {
        key: vec![format!("\"{name}\"")],
        times: (0..60).map(|day| day * DAY).collect(),
        values: (0..60)
            .map(|day| 20.0 + (day * of % 101) as f64 + (day % 7) as f64)
            .collect(),
        regressors: vec![(0..60).map(|day| (day * 11 % 13) as f64).collect()],
    };
    let mut rare = series("rare", 1);
    rare.values = (0..60).map(|day| if day % 5 == 0 { 3.0 } else { 0.0 }).collect();
    let input = forecast::Input {
        series: vec![series("a", 37), series("b", 53), rare],
        events: vec![Event {
            name: "fair".into(),
            at: 5 * DAY,
        }],
    };
    let options = [
        "{}",
        r#"{"method": "theta"}"#,
        r#"{"method": "ets", "regressors": ["price"]}"#,
        r#"{"method": "mstl", "season_lengths": [7, 14]}"#,
        r#"{"method": "croston"}"#,
        r#"{"method": "seasonal_naive", "frequency": "month"}"#,
        r#"{"reconcile": "bottom_up"}"#,
        r#"{"reconcile": "mint"}"#,
    ];
    options
        .map(|options| {
            let given: Value = serde_json::from_str(options).expect("the options are JSON");
            let mut params = ForecastParams::default();
            params
                .read(given.as_object().expect("an object"), &[])
                .expect("the options are right");
            params.horizon = 3;
            let fitted = Forecaster {
                columns: vec!["shop".into()],
                zone: Some("Europe/Berlin".into()),
                merge: params.duplicates.into(),
                model: forecast::fit(&params, &input, &Unwatched).expect("the series can be learned"),
            };
            Model {
                answer: Answer::Forecast,
                inputs: inputs().into_iter().take(1).collect(),
                fitted: Box::new(fitted),
                history: Vec::new(),
                sample: None,
                ..model(named("ridge"), 0)
            }
        })
        .into()
}

/// Models of two and of three classes with each calibration, though of rows that they have seen.
fn calibrated() -> Vec<Model> {
    let algorithm = named("naive_bayes");
    let cases = Method::ALL.into_iter().flat_map(|method| [(method, 2), (method, 3)]);
    cases
        .map(|(method, count)| {
            let (mut model, set) = (model(algorithm, count), set(count));
            let mut probabilities = vec![0.0; ROWS * count];
            model.fitted.score_rows(&set.frame, 0..ROWS, &mut probabilities);
            let scores = Scores {
                probabilities: &probabilities,
                classes: set.target.values(),
                weights: None,
                count,
            };
            let learned = Calibration::learn(method, model.fitted.calibration_scale(), &scores, &Unwatched);
            model.calibration = Some(learned.expect("there is room"));
            model
        })
        .collect()
}

/// Regressions with intervals of one width and between quantiles, of each level of the category.
fn with_intervals() -> Vec<Model> {
    ["ridge", "gradient_boosting"]
        .map(|name| {
            let algorithm = named(name);
            let (mut model, set, learner) = (model(algorithm, 0), set(0), configured(algorithm));
            let quantile = |alpha| {
                let learner = learner.quantile(alpha).expect("the share is right")?;
                Some(learner.fit(&set, &Unwatched).expect("the rows can be learned").0)
            };
            let quantiles = quantile(0.1).zip(quantile(0.9)).map(|(low, high)| [low, high]);
            let learned = Intervals::learn(0.8, quantiles, Some(2), &*model.fitted, &set, &Unwatched);
            model.intervals = Some(learned.expect("there are enough rows").intervals);
            model
        })
        .into()
}

/// Two groups with models of their own, and one without.
fn grouped() -> Model {
    let group = |row: usize| if row < 5 { 2 } else { row as u32 % 2 };
    let key = Column::Category {
        codes: (0..ROWS).map(group).collect(),
        levels: 3,
    };
    let set = TrainingSet {
        frame: frame().with_keys(vec![key]).expect("columns of one length are a frame"),
        ..set(0)
    };
    let learner = Grouped::new(configured(named("ridge")), 20);
    let (fitted, history) = learner.fit(&set, &Unwatched).expect("the rows can be learned");
    let shop = Input {
        name: "shop".into(),
        type_name: "t".into(),
        kind: InputKind::Category {
            levels: ["a", "b", "c"].map(String::from).to_vec(),
            other: false,
        },
    };
    let metrics = GroupMetrics {
        rows: 7,
        metrics: vec![("rmse".into(), 1.5)],
    };
    Model {
        inputs: [inputs(), vec![shop]].concat(),
        fitted,
        history,
        sample: None,
        groups: vec![metrics; 3],
        ..model(named("ridge"), 0)
    }
}

fn named(name: &str) -> &'static Algorithm {
    LEARNERS
        .iter()
        .find(|algorithm| algorithm.name == name)
        .expect("it is a learner")
}

/// Steps of preprocessing on columns of every kind.
const STEPS: &str = r#"{
    "impute": "most_frequent", "scale": "standard", "types": {"category": {"encode": "one_hot"}, "time": {"datetime": {"cyclic": true}}},
    "columns": {
        "x": {"impute": {"method": "mean", "indicator": true}, "clip": 0.1, "log": true, "polynomial": 2},
        "z": {"quantile_bucketize": 3, "encode": "ordinal"},
        "c": {"impute": {"method": "constant", "value": "none"}, "encode": "target"},
        "d": {"encode": "frequency"}, "e": {"encode": "hash"}, "f": {"tf_idf": {"max_features": 4}}
    },
    "crosses": [["z", "d"]]
}"#;

/// Bytes of a weighted sum with a pipeline.
fn model_with_steps() -> Vec<u8> {
    let heading = |name: &str, kind| Heading {
        name: name.into(),
        type_name: "t".into(),
        kind,
    };
    let (mut columns, mut all) = (Vec::new(), Vec::new());
    let kinds = [
        ColumnKind::Number,
        ColumnKind::Number,
        ColumnKind::Timestamp,
        ColumnKind::Number,
    ];
    for ((name, kind), step) in ["x", "z", "at", "y"].into_iter().zip(kinds).zip([37, 53, 900_001, 29]) {
        let mut lines = Lines::new(1);
        for row in 0..ROWS {
            let value = if row % 9 == 4 && name != "y" {
                f64::NAN
            } else {
                (row * step % 100_003) as f64
            };
            lines.push(&[value]).expect("there is room for a number");
        }
        columns.push(Some(ReadColumn {
            heading: heading(name, kind),
            non_finite: 0,
            values: ColumnValues::Lane {
                lines: all.len(),
                lane: 0,
            },
        }));
        all.push(lines);
    }
    for (name, of) in [("c", 3), ("d", 4), ("e", 17), ("f", 11)] {
        let codes = (0..ROWS).map(|row| if row % 11 == 3 { MISSING } else { (row * 7 % of) as u32 });
        columns.push(Some(ReadColumn {
            heading: heading(name, ColumnKind::Category),
            non_finite: 0,
            values: ColumnValues::Codes {
                codes: codes.collect(),
                levels: (0..of).map(|level| format!("level {level} of many")).collect(),
                places: None,
            },
        }));
    }
    let steps: Value = serde_json::from_str(STEPS).expect("the steps are JSON");
    let spec = Spec::read(steps.as_object().expect("an object"), &[]).expect("the steps are right");
    let plan = PreparePlan {
        target: Some(3),
        weight: None,
        apart: Vec::new(),
        keys: Vec::new(),
        cluster: None,
        task: Task::Regression,
        seed: 1,
        max_categories: 20,
        spec,
    };
    let read = ReadRows {
        rows: ROWS,
        columns,
        lines: all,
    };
    let prepared = prepare(read, &plan, Split::None, &Unwatched).expect("the rows can be prepared");
    let learner = configured(named("ridge"));
    let (fitted, history) = learner
        .fit(&prepared.train, &Unwatched)
        .expect("the rows can be learned");
    let model = Model {
        answer: Answer::Number,
        inputs: prepared.inputs,
        pipeline: prepared.pipeline,
        fitted,
        history,
        sample: prepared.sample,
        groups: Vec::new(),
        means: None,
        calibration: None,
        intervals: None,
        error_model: None,
    };
    model.to_bytes(&Unwatched).expect("nobody stops the writing")
}

/// What keeps models small, for learners that have it.
const SMALL: [(&str, u64); 4] = [
    ("n_estimators", 2),
    ("num_leaves", 4),
    ("min_child_samples", 5),
    ("max_depth", 3),
];

/// A distance within which rows of [`frame`] have neighbours.
const NEAR: u64 = 2;

fn configured(algorithm: &Algorithm) -> Box<dyn Configured> {
    let known = algorithm.parameters();
    let params = SMALL.iter().filter(|(name, _)| known.iter().any(|p| p.name == *name));
    let mut params: Map<String, Value> = params.map(|&(name, value)| (name.to_string(), value.into())).collect();
    // Others call something else by the name epsilon.
    if algorithm.name == "dbscan" {
        params.insert("epsilon".into(), NEAR.into());
    }
    algorithm.configure(&params, 1).expect("the parameters are right")
}

/// Numbers to predict when there are no classes.
fn set(classes: usize) -> TrainingSet {
    let number = |i: usize| match classes {
        0 => ((i * 37) % 101) as f64 / 7.0 + (i % 4) as f64,
        classes => ((i * 7 + i / 13) % classes) as f64,
    };
    let numbers = (0..ROWS).map(number).collect();
    let target = match classes {
        0 => Target::Numbers(numbers),
        count => Target::Classes { numbers, count },
    };
    TrainingSet::new(frame(), target)
}

/// A regression when there are no classes.
fn model(algorithm: &Algorithm, classes: usize) -> Model {
    let label = |class| Label::Text(format!("class {class}"));
    let answer = match classes {
        0 => Answer::Number,
        count => Answer::Classes((0..count).map(label).collect()),
    };
    let set = set(classes);
    let (fitted, history) = configured(algorithm)
        .fit(&set, &Unwatched)
        .expect("the rows can be learned");
    Model {
        answer,
        inputs: inputs(),
        pipeline: None,
        fitted,
        history,
        sample: RowSample::of(&set, None),
        groups: Vec::new(),
        means: None,
        calibration: None,
        intervals: None,
        error_model: None,
    }
}

/// Inputs of texts: a byte for the reader, and what it reads.
pub fn texts() -> Vec<Vec<u8>> {
    let plan = serde_json::to_string(&crate::state_seeds::plans()[20]).expect("a plan is JSON");
    let seeds: [(text::Reader, &[&str]); 6] = [
        (text::Reader::Threshold, &[">=1.5%", "between 1 and 5", "!=0"]),
        (
            text::Reader::Regex,
            &[
                "^[a-z]+(\\d{2,3}|x)*$\nab12x",
                "(?i)\\p{Greek}.{0,100}z\nΣ und Z",
                "\\bü\\B|^$\n ü",
                "a{1000}{1000}",
            ],
        ),
        (
            text::Reader::Cells,
            &[
                "2024-02-30T10:00:00Z",
                "a@b.org\n1.234,50 €\n+49 30 123456",
                "192.168.0.1\n::1\nfe80::/10",
                "DE89370400440532013000\n978-3-16-148410-0",
            ],
        ),
        (
            text::Reader::Params,
            &[
                r#"{"n_estimators": 10, "class_weight": "balanced"}"#,
                r#"{"alpha": 1e-3, "max_iter": 100}"#,
            ],
        ),
        (text::Reader::Plan, &[&plan]),
        (
            text::Reader::Document,
            &[
                "version: 1\nchecks:\n  public.a:\n    - name: \"x: y\"\n      args: {min_value: -1.5e3, values: [a, 'b', ~]}\n      where: |\n        x > 0\n",
                r#"{"version": 1, "checks": {"public.a": [{"kind": "not_null", "column_name": "\u00fc"}]}}"#,
            ],
        ),
    ];
    seeds
        .iter()
        .flat_map(|(reader, texts)| texts.iter().map(|text| [&[*reader as u8], text.as_bytes()].concat()))
        .collect()
}

//! Models of every algorithm as bytes: kept whole, and hostile.

mod newer;

use proptest::prelude::*;
use serde_json::json;

use super::stored::{ANSWER, ENVELOPE, FITTED, HISTORY, INPUTS};
use super::*;
use crate::calibration::{Method, Scores};
use crate::envelope::{Section, seal};
use crate::frame::{Column, Frame, MISSING, UNSEEN};
use crate::grouped::Grouped;
use crate::learner::Configured;
use crate::learners::{self, LEARNERS};
use crate::metrics::evaluation;
use crate::monitor::Unwatched;
use crate::task::Task;
use crate::training_set::{Target, TargetKind, TrainingSet};

pub(crate) const ROWS: usize = 120;

/// Rows of two numbers, the second with gaps, and a category.
fn frame() -> Frame {
    let x = (0..ROWS).map(|i| ((i * 37) % 101) as f64 / 10.0).collect();
    let z = (0..ROWS)
        .map(|i| if i % 9 == 4 { f64::NAN } else { ((i * 53) % 17) as f64 })
        .collect();
    let codes = (0..ROWS)
        .map(|i| if i % 11 == 3 { MISSING } else { (i % 4) as u32 })
        .collect();
    Frame::new(vec![
        Column::Number(x),
        Column::Number(z),
        Column::Category { codes, levels: 4 },
    ])
    .unwrap()
}

/// What models of such rows read.
fn inputs() -> Vec<Input> {
    let input = |name: &str, kind| Input {
        name: name.into(),
        type_name: "double precision".into(),
        kind,
    };
    vec![
        input("x", InputKind::Number),
        input("z", InputKind::Number),
        input(
            "c",
            InputKind::Category {
                levels: ["a", "b", "c"].map(String::from).to_vec(),
                other: true,
            },
        ),
    ]
}

/// One model for each algorithm and task, with two and with three classes.
pub(crate) fn models() -> Vec<(String, Model)> {
    let mut models = Vec::new();
    for algorithm in LEARNERS {
        for &task in algorithm.tasks.iter().filter(|task| task.is_of_rows()) {
            let counts: &[usize] = if task == Task::Classification { &[2, 3] } else { &[0] };
            for &classes in counts {
                let target = |i: usize| match classes {
                    0 => ((i * 37) % 101) as f64 / 7.0 + (i % 4) as f64,
                    classes => ((i * 7 + i / 13) % classes) as f64,
                };
                let values = (0..ROWS).map(target).collect();
                let (target, answer) = match classes {
                    // What it answers is known when it is fitted.
                    _ if !task.has_target() => (Target::None, Answer::Number),
                    0 => (Target::Numbers(values), Answer::Number),
                    count => (
                        Target::Classes { numbers: values, count },
                        Answer::Classes((0..count).map(|class| Label::Number(class as i64)).collect()),
                    ),
                };
                let has = |name: &str| algorithm.parameters().iter().any(|p| p.name == name);
                let params = match (has("n_estimators"), has("epsilon") && has("min_samples")) {
                    (true, _) => json!({"n_estimators": 3}),
                    (_, true) => json!({"epsilon": 2}),
                    _ => json!({}),
                };
                let learner = algorithm.configure(params.as_object().unwrap(), 1).unwrap();
                let set = TrainingSet::new(frame(), target);
                let (fitted, history) = learner.fit(&set, &Unwatched).unwrap();
                let answer = fitted.unsupervised().map_or(answer, |model| model.answer());
                let with = |name: &str| algorithm.name == name;
                let calibration = match set.target.kind() {
                    TargetKind::Classes(count) if with("naive_bayes") || with("random_forest") => {
                        Some(calibration(&*fitted, &set, count, with("naive_bayes")))
                    }
                    _ => None,
                };
                let intervals = (classes == 0 && (with("ridge") || with("gradient_boosting"))).then(|| {
                    let quantile = |alpha| {
                        learner
                            .quantile(alpha)
                            .unwrap()
                            .map(|q| q.fit(&set, &Unwatched).unwrap().0)
                    };
                    let quantiles = quantile(0.1).zip(quantile(0.9)).map(|(low, high)| [low, high]);
                    let learned = Intervals::learn(0.8, quantiles, Some(2), &*fitted, &set, &Unwatched);
                    learned.unwrap().intervals
                });
                let error_model = match with("linear_regression") || with("decision_tree") {
                    true => {
                        let scored = evaluation::score(&*fitted, &set, &Unwatched).unwrap();
                        ErrorModel::learn(&set, &scored, &Unwatched).unwrap()
                    }
                    false => None,
                };
                let means = fitted.means();
                let model = Model {
                    answer,
                    inputs: inputs(),
                    pipeline: None,
                    fitted,
                    history,
                    sample: RowSample::of(&set, None),
                    groups: Vec::new(),
                    calibration,
                    intervals,
                    error_model,
                    means,
                };
                models.push((format!("{} of {classes} classes", algorithm.name), model));
            }
        }
    }
    models.extend(crate::pipeline::tests::models());
    models
}

/// A model of a ridge regression for each level of a column.
pub(crate) fn grouped() -> Model {
    let codes = (0..ROWS as u32).map(|row| row % 3).collect();
    let frame = frame().with_keys(vec![Column::Category { codes, levels: 3 }]);
    let values = (0..ROWS).map(|row| (row * 37 % 101) as f64 / 7.0).collect();
    let set = TrainingSet::new(frame.unwrap(), Target::Numbers(values));
    let learner = learners::named("ridge")
        .unwrap()
        .configure(&Default::default(), 1)
        .unwrap();
    let (fitted, history) = Grouped::new(learner, 20).fit(&set, &Unwatched).unwrap();
    let shop = Input {
        name: "shop".into(),
        type_name: "text".into(),
        kind: InputKind::Category {
            levels: ["a", "b", "c"].map(String::from).to_vec(),
            other: false,
        },
    };
    let metrics = |rows| GroupMetrics {
        rows,
        metrics: vec![("rmse".into(), 1.5)],
    };
    let means = fitted.means();
    Model {
        answer: Answer::Number,
        inputs: [inputs(), vec![shop]].concat(),
        pipeline: None,
        fitted,
        history,
        sample: None,
        groups: vec![metrics(10), metrics(11), metrics(12)],
        calibration: None,
        intervals: None,
        error_model: None,
        means,
    }
}

/// A calibration of scores, though of rows that the model has seen.
fn calibration(fitted: &dyn Fitted, set: &TrainingSet, count: usize, sigmoid: bool) -> Calibration {
    let mut probabilities = vec![0.0; set.rows() * count];
    fitted.score_rows(&set.frame, 0..set.rows(), &mut probabilities);
    let scores = Scores {
        probabilities: &probabilities,
        classes: set.target.values(),
        weights: None,
        count,
    };
    let method = if sigmoid { Method::Sigmoid } else { Method::Isotonic };
    Calibration::learn(method, fitted.calibration_scale(), &scores, &Unwatched).unwrap()
}

fn bytes_of(model: &Model) -> Vec<u8> {
    model.to_bytes(&Unwatched).unwrap()
}

/// Scores rows of everything that a value can be.
pub(crate) fn scores(model: &Model) -> Vec<f64> {
    let values = [f64::NAN, UNSEEN, -1.0, 0.0, 1.0, 2.0, 3.5, 1e300, -1e300];
    let raw = model.raw_width();
    let mut row = vec![0.0; model.slots()];
    let mut out = vec![0.0; model.fitted.outputs()];
    let mut all = Vec::new();
    for start in 0..values.len() {
        for (feature, value) in row[..raw].iter_mut().enumerate() {
            *value = values[(start * (feature + 1) + feature) % values.len()];
        }
        model.score(model.apply(raw, &mut row), &mut out);
        all.extend_from_slice(&out);
        if let Some(errors) = &model.error_model {
            let with_prediction = [model.applied(&row), &out].concat();
            all.extend(errors.of(&with_prediction, None));
        }
    }
    all
}

#[test]
fn bytes_keep_every_model() {
    for (name, model) in models() {
        let bytes = bytes_of(&model);
        let read = Model::from_bytes(&bytes, &Unwatched).unwrap();
        assert_eq!(format!("{read:?}"), format!("{model:?}"), "{name}");
        assert_eq!(bytes_of(&read), bytes, "{name}");
        let bits = |model: &Model| scores(model).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(&model), "{name}");
    }
}

#[test]
fn probabilities_add_up_to_one() {
    for (name, model) in models()
        .into_iter()
        .filter(|(_, model)| model.answer.classes().is_some())
    {
        for row in scores(&model).chunks(model.answer.outputs()) {
            let sum: f64 = row.iter().sum();
            assert!((sum - 1.0).abs() <= 1e-12, "{name}: {sum}");
            assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{name}: {row:?}");
        }
    }
}

#[test]
fn explanations_begin_at_the_mean_of_the_training_rows() {
    for (name, model) in models().into_iter().filter(|(_, model)| model.pipeline.is_none()) {
        let (frame, base) = (frame(), model.fitted.base());
        let (mut row, mut margin) = (vec![0.0; 3], vec![0.0; base.len()]);
        let mut means = vec![0.0; base.len()];
        for index in 0..ROWS {
            frame.encode_row(index, &mut row);
            model.fitted.margin(&row, &mut margin);
            (means.iter_mut().zip(&margin)).for_each(|(mean, margin)| *mean += margin / ROWS as f64);
        }
        // The trees of a forest learn from rows that are drawn, and take their means over these.
        let far = match ["random_forest", "isolation_forest"]
            .iter()
            .any(|forest| name.starts_with(forest))
        {
            true => 0.1,
            false => 1e-9,
        };
        for (base, mean) in base.iter().zip(&means) {
            assert!((base - mean).abs() <= far * (1.0 + mean.abs()), "{name}: {base} {mean}");
        }
        assert!(model.fitted.memory() > 0, "{name}");
    }
}

#[test]
fn models_cut_short_or_long_are_refused() {
    for (name, model) in models() {
        let mut bytes = bytes_of(&model);
        for length in (0..bytes.len()).step_by(1 + bytes.len() / 800) {
            let cut = Model::from_bytes(&bytes[..length], &Unwatched);
            assert!(matches!(cut, Err(Error::Damaged { .. })), "{name}, {length} bytes");
        }
        bytes.push(0);
        assert!(Model::from_bytes(&bytes, &Unwatched).is_err(), "{name}");
    }
}

/// Whatever a byte becomes, the model is refused or scores.
#[test]
fn no_single_byte_makes_a_model_panic() {
    for (_, model) in models() {
        let bytes = bytes_of(&model);
        // Of a large model not each byte: most are of the same kind.
        for place in (0..bytes.len()).step_by(1 + bytes.len() / 800) {
            for change in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                seal(&mut damaged);
                if let Ok(model) = Model::from_bytes(&damaged, &Unwatched) {
                    scores(&model);
                }
            }
        }
    }
}

/// A stop is heard while a model is written.
#[test]
fn writing_stops() {
    struct Stopped;
    impl Monitor for Stopped {
        fn check(&self) -> Result<()> {
            Err(Error::Stopped)
        }
        fn progress(&self, _: Progress) {}
    }
    let (_, model) = models().remove(0);
    assert!(matches!(model.to_bytes(&Stopped), Err(Error::Stopped)));
}

thread_local! {
    static MODELS: Vec<Vec<u8>> = models().iter().map(|(_, model)| bytes_of(model)).collect();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Bytes changed, taken out, repeated and put in anywhere.
    #[test]
    fn hostile_bytes_are_refused_or_score(
        which in 0_usize..17,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 1..6),
    ) {
        let mut bytes = MODELS.with(|models| models[which].clone());
        for (place, edit, value) in edits {
            let place = place.index(bytes.len());
            match edit {
                0 => bytes[place] = value,
                1 => bytes.insert(place, value),
                2 if bytes.len() > 1 => { bytes.remove(place); }
                _ => {
                    let end = (place + usize::from(value)).min(bytes.len());
                    let part = bytes[place..end].to_vec();
                    bytes.splice(place..place, part);
                }
            }
        }
        seal(&mut bytes);
        if let Ok(model) = Model::from_bytes(&bytes, &Unwatched) {
            scores(&model);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), form in 0_u16..6) {
        let whole = MODELS.with(|models| models[usize::from(form)].clone());
        let sections = ENVELOPE.open(&whole).unwrap();
        let mut with_head = ENVELOPE.begin();
        for section in [ANSWER, INPUTS] {
            let content = sections.bytes(section).unwrap();
            with_head = ENVELOPE.append(section, with_head, |head| Ok([&head[..], content].concat())).unwrap();
        }
        let content = [&form.to_le_bytes()[..], &bytes].concat();
        with_head = ENVELOPE.append(FITTED, with_head, |head| Ok([&head[..], &content].concat())).unwrap();
        prop_assert!(Model::from_bytes(&bytes, &Unwatched).is_err());
        if let Ok(model) = Model::from_bytes(&with_head, &Unwatched) {
            scores(&model);
        }
    }
}

//! Models of every algorithm as bytes: kept whole, and hostile.

use linfa::DatasetBase;
use ndarray::Array1;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::frame::{Column, MISSING, UNSEEN};
use crate::learner::{Algorithm, Learner};
use crate::monitor::Unwatched;

const ROWS: usize = 120;

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

/// One model for each algorithm and task, with two and with three classes.
pub(crate) fn models() -> Vec<(String, Model)> {
    let input = |name: &str, kind| Input {
        name: name.into(),
        type_name: "double precision".into(),
        kind,
    };
    let inputs = vec![
        input("x", InputKind::Number),
        input("z", InputKind::Number),
        input(
            "c",
            InputKind::Category {
                levels: ["a", "b", "c"].map(String::from).to_vec(),
                other: true,
            },
        ),
    ];
    let mut models = Vec::new();
    for algorithm in Algorithm::ALL {
        for &task in algorithm.tasks() {
            let counts: &[usize] = if task == Task::Regression { &[0] } else { &[2, 3] };
            for &classes in counts {
                let target = |i: usize| match classes {
                    0 => ((i * 37) % 101) as f64 / 7.0 + (i % 4) as f64,
                    classes => ((i * 7 + i / 13) % classes) as f64,
                };
                let targets = Array1::from_iter((0..ROWS).map(target));
                let params = match algorithm {
                    Algorithm::GradientBoosting | Algorithm::RandomForest => json!({"n_estimators": 3}),
                    _ => json!({}),
                };
                let learner = Learner::from_json(algorithm, params, 1).unwrap();
                let data = DatasetBase::new(frame(), targets);
                let (fitted, history) = learner.fit(&data, classes, &Unwatched).unwrap();
                let model = Model {
                    task,
                    inputs: inputs.clone(),
                    labels: (0..classes).map(|class| Label::Number(class as i64)).collect(),
                    fitted,
                    history,
                };
                models.push((format!("{} of {classes} classes", algorithm.name()), model));
            }
        }
    }
    models
}

fn bytes_of(model: &Model) -> Vec<u8> {
    model.to_bytes(&Unwatched).unwrap()
}

/// Scores rows of everything that a value can be.
pub(crate) fn scores(model: &Model) -> Vec<f64> {
    let values = [f64::NAN, UNSEEN, -1.0, 0.0, 1.0, 2.0, 3.5, 1e300, -1e300];
    let mut row = vec![0.0; model.feature_inputs().len()];
    let mut out = vec![0.0; model.fitted.outputs()];
    let mut all = Vec::new();
    for start in 0..values.len() {
        for (feature, value) in row.iter_mut().enumerate() {
            *value = values[(start * (feature + 1) + feature) % values.len()];
        }
        model.fitted.score(&row, &mut out);
        all.extend_from_slice(&out);
    }
    all
}

#[test]
fn bytes_keep_every_model() {
    let models = models();
    assert_eq!(models.len(), 17);
    for (name, model) in models {
        let bytes = bytes_of(&model);
        let read = Model::from_bytes(&bytes, &Unwatched).unwrap();
        assert_eq!(read, model, "{name}");
        assert_eq!(bytes_of(&read), bytes, "{name}");
        let bits = |model: &Model| scores(model).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(&model), "{name}");
    }
}

#[test]
fn probabilities_add_up_to_one() {
    for (name, model) in models().into_iter().filter(|(_, model)| !model.labels.is_empty()) {
        for row in scores(&model).chunks(model.labels.len()) {
            let sum: f64 = row.iter().sum();
            assert!((sum - 1.0).abs() <= 1e-12, "{name}: {sum}");
            assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{name}: {row:?}");
        }
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
        if let Ok(model) = Model::from_bytes(&bytes, &Unwatched) {
            scores(&model);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut with_head = MAGIC.to_vec();
        with_head.extend(FORMAT.to_le_bytes());
        with_head.extend(&bytes);
        prop_assert!(Model::from_bytes(&bytes, &Unwatched).is_err());
        if let Ok(model) = Model::from_bytes(&with_head, &Unwatched) {
            scores(&model);
        }
    }
}

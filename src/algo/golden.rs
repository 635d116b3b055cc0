//! Stored bytes of every release load, score, answer and merge for ever.
//!
//! `tests/format/RELEASE` has files for each kind of state and for each learner and task, and what they answer. A test reads those of all
//! releases. With `ASSAY_FREEZE=RELEASE` it first writes the folder anew, which `scripts/freeze.sh` does before a release, and nobody after.

pub(crate) mod models;
mod states;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::envelope::parts;
use crate::model::Model;
use crate::monitor::Unwatched;
use crate::state::State;

/// What is expected of the files of a release, by their names.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Expected {
    states: BTreeMap<String, Answers>,
    models: BTreeMap<String, Vec<Exact>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Answers {
    alone: Vec<Answer>,
    /// After merging with itself.
    doubled: Vec<Answer>,
}

/// A number by a name, and as a text, for JSON has no NaN and no infinities.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Answer(String, String);

impl Answer {
    fn new(name: impl Into<String>, number: f64) -> Answer {
        Answer(name.into(), format!("{number:?}"))
    }
}

/// To 1e-9: later releases and other machines may add in another order.
impl PartialEq for Answer {
    fn eq(&self, other: &Answer) -> bool {
        let [a, b]: [f64; 2] = [&self.1, &other.1].map(|number| number.parse().unwrap());
        let is_near = a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * a.abs().max(1e-3);
        self.0 == other.0 && is_near
    }
}

/// An answer to the last bit. The mathematical functions of other systems round in other ways.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Exact(Answer);

impl PartialEq for Exact {
    fn eq(&self, other: &Exact) -> bool {
        let is_same = !cfg!(all(target_arch = "x86_64", target_os = "linux")) || self.0.1 == other.0.1;
        is_same && self.0 == other.0
    }
}

fn releases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/format")
}

fn doubled(state: &State) -> State {
    let mut doubled = state.clone();
    doubled.merge(state, &Unwatched).unwrap();
    doubled
}

fn freeze(release: &Path) {
    let mut expected = Expected::default();
    for folder in ["states", "models"] {
        let _ = fs::remove_dir_all(release.join(folder));
        fs::create_dir_all(release.join(folder)).unwrap();
    }
    for (name, state) in states::states() {
        let bytes = state.to_bytes().unwrap();
        // As whoever reads it has it: sums of products are settled in bytes.
        let state = State::from_bytes(&bytes, &Unwatched).unwrap();
        fs::write(release.join("states").join(&name), bytes).unwrap();
        let all = Answers {
            alone: states::answers(&state),
            doubled: states::answers(&doubled(&state)),
        };
        assert!(expected.states.insert(name, all).is_none());
    }
    for (name, model) in models::models() {
        fs::write(release.join("models").join(&name), model.to_bytes(&Unwatched).unwrap()).unwrap();
        assert!(expected.models.insert(name, models::answers(&model)).is_none());
    }
    let expected = serde_json::to_string(&expected).unwrap().replace("],[\"", "],\n[\"");
    fs::write(release.join("expected.json"), expected + "\n").unwrap();
}

/// A state of a release: it is read, answers, is written again and merges, with those of today, too.
fn check_state(path: &Path, today: &State, expected: &Answers) {
    let bytes = fs::read(path).unwrap();
    let state = State::from_bytes(&bytes, &Unwatched).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    assert_eq!(states::answers(&state), expected.alone, "{path:?}");
    assert_eq!(states::answers(&doubled(&state)), expected.doubled, "{path:?}, merged");
    let again = state.to_bytes().unwrap();
    // Bytes of an older version are written in the newest.
    let is_newest = bytes[4..7] == again[4..7];
    assert!(!is_newest || bytes == again, "{path:?}, written again");
    let again = State::from_bytes(&again, &Unwatched).unwrap();
    assert_eq!(states::answers(&again), expected.alone, "{path:?}, written again");
    for (mut ours, theirs) in [(today.clone(), &state), (state.clone(), today)] {
        ours.merge(theirs, &Unwatched)
            .unwrap_or_else(|error| panic!("{path:?} with one of today: {error}"));
        let merged = State::from_bytes(&ours.to_bytes().unwrap(), &Unwatched);
        assert!(merged.is_ok(), "{path:?} with one of today: {merged:?}");
    }
}

/// A model of a release: it is read, scores and is written again.
fn check_model(path: &Path, expected: &[Exact]) {
    let bytes = fs::read(path).unwrap();
    let model = Model::from_bytes(&bytes, &Unwatched).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    assert_eq!(models::answers(&model), expected, "{path:?}");
    let again = model.to_bytes(&Unwatched).unwrap();
    let written = parts(&again);
    for (section, content) in parts(&bytes) {
        // A section of an older version is written in the newest.
        if let Some((_, now)) = written.iter().find(|(known, _)| *known == section) {
            assert!(*now == content, "{path:?}, section {}", section.tag.escape_ascii());
        }
    }
    let again = Model::from_bytes(&again, &Unwatched).unwrap();
    assert_eq!(models::answers(&again), expected, "{path:?}, written again");
}

#[test]
fn every_release_is_read() {
    if let Ok(release) = std::env::var("ASSAY_FREEZE") {
        freeze(&releases().join(release));
    }
    let today: BTreeMap<String, State> = states::states().into_iter().collect();
    for entry in fs::read_dir(releases()).unwrap() {
        let release = entry.unwrap().path();
        if !release.is_dir() {
            continue;
        }
        let text = fs::read_to_string(release.join("expected.json")).unwrap();
        let expected: Expected = serde_json::from_str(&text).unwrap();
        assert!(expected.states.len() > 50 && expected.models.len() > 40, "{release:?}");
        for (name, expected) in &expected.states {
            let today = today.get(name).unwrap_or_else(|| panic!("{name} is made no longer"));
            check_state(&release.join("states").join(name), today, expected);
        }
        for (name, expected) in &expected.models {
            check_model(&release.join("models").join(name), expected);
        }
    }
    assert!(
        releases().join("0.1.0/expected.json").exists(),
        "the first release is gone"
    );
}

/// What the next release will be frozen with: each learner that can be trained, on each kind of label, and each kind of state.
#[test]
fn what_is_frozen_is_of_every_kind() {
    let made: Vec<String> = models::models().into_iter().map(|(name, _)| name).collect();
    for algorithm in crate::learners::LEARNERS {
        for &task in algorithm.tasks.iter().filter(|task| task.is_of_rows()) {
            for case in models::cases(task) {
                let name = format!("{}_{}", algorithm.name, case.name);
                assert!(made.contains(&name), "{name}");
            }
        }
    }
    for (name, _) in crate::forecast::samples::forecasters() {
        assert!(made.contains(&format!("forecast_{name}")), "{name}");
    }
}

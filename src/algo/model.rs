//! A trained model: what it needs of a row, what it was learned by, and what scores. Its bytes are what the registry stores.

mod stored;
#[cfg(test)]
pub(crate) mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::error::{Error, Result};
use super::estimator::{Criterion, Estimator};
use super::explain::{self, Baseline, Explainer};
use super::fitted::Fitted;
use super::frame::Frame;
use super::intervals::Intervals;
use super::label::Label;
use super::monitor::{Monitor, Progress};
use super::monitoring::error_model::ErrorModel;
use super::pipeline::{Feature, FittedStep, Kind, Levels, Pipeline};
use super::row_sample::RowSample;
use super::summary::Summary;
use super::task::Answer;
use super::unsupervised::Unsupervised;
use crate::coded::coded;

/// A column that the model reads from a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The column's name.
    pub name: String,
    /// Its SQL type in training, for messages.
    pub type_name: String,
    /// What is read from it.
    pub kind: InputKind,
}

/// What is read from a column.
#[derive(Debug, Clone, PartialEq)]
pub enum InputKind {
    /// One number.
    Number,
    /// One category. Codes are places in `levels`; one more stands for the levels too rare to be kept, when `other` is set.
    Category {
        /// The levels of training, sorted.
        levels: Vec<String>,
        /// Whether training put rare levels together.
        other: bool,
    },
    /// A vector of numbers, of which the model uses `used`; the rest did not vary in training.
    Vector {
        /// The number of elements.
        width: u32,
        /// The elements used, counted from 0, ascending.
        used: Vec<u32>,
    },
    /// A text that is read by a step: its terms, or its bucket.
    Text {
        /// What reads it.
        encoder: FittedStep,
    },
}

coded!(InputKind {
    0 => Number,
    1 => Category { levels, other },
    2 => Vector { width, used },
    3 => Text { encoder },
});

impl InputKind {
    /// How many numbers of a row it gives.
    pub fn width(&self) -> usize {
        match self {
            InputKind::Number | InputKind::Category { .. } => 1,
            InputKind::Vector { used, .. } => used.len(),
            InputKind::Text { encoder } => encoder.width(),
        }
    }

    /// How many codes one of its numbers has, not counting missing; 0 for a number that is none.
    fn codes(&self, place: usize) -> usize {
        match self {
            InputKind::Category { levels, other } => levels.len() + usize::from(*other),
            InputKind::Number | InputKind::Vector { .. } => 0,
            InputKind::Text { encoder } => encoder.codes(place, [0, 0]),
        }
    }
}

impl Input {
    /// What its numbers are. O(size).
    pub fn features(&self) -> Vec<Feature> {
        let own = |kind| Feature {
            name: self.name.clone(),
            kind,
        };
        match &self.kind {
            InputKind::Number => vec![own(Kind::Number)],
            InputKind::Category { levels, other } => vec![own(Kind::Category(Levels {
                names: levels.clone().into(),
                other: *other,
                added: None,
            }))],
            InputKind::Vector { used, .. } => {
                let element = |element: &u32| Feature::number(format!("{}[{}]", self.name, element + 1));
                used.iter().map(element).collect()
            }
            InputKind::Text { encoder } => {
                let text = own(Kind::Text);
                encoder.outputs([&text, &text])
            }
        }
    }
}

/// A feature as its column gives it, before any step: what the training's statistics are of.
#[derive(Debug, Clone, PartialEq)]
pub struct RawFeature {
    /// Its name; of an element of a vector `name[1]`.
    pub name: String,
    /// The place of its column among the inputs.
    pub input: usize,
    /// Which element of the column's vector it is, counted from 1.
    pub element: Option<u32>,
    /// The slots of a raw row that it has.
    pub slots: Range<usize>,
}

/// A trained model.
#[derive(Debug)]
pub struct Model {
    /// What it answers.
    pub answer: Answer,
    /// The columns it reads, in the order of positional arguments.
    pub inputs: Vec<Input>,
    /// What becomes of them before they are scored; `None` when they are scored as they are.
    pub pipeline: Option<Pipeline>,
    /// What scores.
    pub fitted: Box<dyn Fitted>,
    /// The loss after each iteration of training.
    pub history: Vec<Progress>,
    /// By what rows that trained it are known again; `None` of models of 0.1.0, and where rows repeat.
    pub sample: Option<RowSample>,
    /// What makes the scores of a classification calibrated probabilities.
    pub calibration: Option<Calibration>,
    /// What makes intervals of its predictions of numbers.
    pub intervals: Option<Intervals>,
    /// What tells the errors that are to be expected of its predictions of numbers; `None` where too few rows tested it.
    pub error_model: Option<ErrorModel>,
    /// How good it is for each group that it has a model of, in the order of these; empty without groups.
    pub groups: Vec<GroupMetrics>,
    /// What each feature adds in the mean of the training rows, see [`Baseline::Means`]; `None` where margins are no sums, and of models of 0.1.0.
    pub means: Option<Vec<f64>>,
}

/// How good a model is for one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupMetrics {
    /// Rows that it was measured on.
    pub rows: u64,
    /// The metrics that are defined on them.
    pub metrics: Vec<(String, f64)>,
}

/// What errors call it.
const WHAT: &str = "the model";

impl Model {
    /// A model from elsewhere, of whose training no more is known than that it answers so. Returns an error for one that is not sound, and when stopped.
    pub fn imported(
        inputs: Vec<Input>,
        answer: Answer,
        fitted: Box<dyn Fitted>,
        monitor: &dyn Monitor,
    ) -> Result<Model> {
        let model = Model {
            answer,
            inputs,
            pipeline: None,
            fitted,
            history: Vec::new(),
            sample: None,
            calibration: None,
            intervals: None,
            error_model: None,
            groups: Vec::new(),
            means: None,
        };
        model.validate(monitor)?;
        Ok(model)
    }

    /// How many features the learner sees.
    pub fn width(&self) -> usize {
        match &self.pipeline {
            Some(pipeline) => pipeline.width(),
            None => self.raw_width(),
        }
    }

    /// How many numbers a row's columns give, before any step.
    pub fn raw_width(&self) -> usize {
        self.inputs.iter().map(|input| input.kind.width()).sum()
    }

    /// How many numbers scoring a row needs: those that its columns give, and behind them those of the pipeline, if there is one.
    pub fn slots(&self) -> usize {
        let raw = self.raw_width();
        self.pipeline.as_ref().map_or(raw, |pipeline| pipeline.slots(raw))
    }

    /// The learner's row of one of [`Model::slots`] whose first numbers the columns gave. `raw` is [`Model::raw_width`].
    #[inline]
    pub fn apply<'r>(&self, raw: usize, row: &'r mut [f64]) -> &'r [f64] {
        match &self.pipeline {
            Some(pipeline) => pipeline.apply(raw, row),
            None => row,
        }
    }

    /// The learner's row of one to which [`Model::apply`] has been applied.
    pub fn applied<'r>(&self, row: &'r [f64]) -> &'r [f64] {
        match &self.pipeline {
            Some(pipeline) => &row[row.len().saturating_sub(pipeline.width())..],
            None => row,
        }
    }

    /// The slots of a raw row. O(size).
    pub fn raw_slots(&self) -> Vec<Feature> {
        self.inputs.iter().flat_map(Input::features).collect()
    }

    /// The learner's features, in its order. O(size).
    pub fn features(&self) -> Vec<Feature> {
        let raw = self.raw_slots();
        match &self.pipeline {
            Some(pipeline) => pipeline.features(raw),
            None => raw,
        }
    }

    /// The features as their columns give them: the inputs' names, a vector's elements as `name[1]`.
    pub fn raw_features(&self) -> Vec<RawFeature> {
        let mut features = Vec::new();
        let mut at = 0;
        for (place, input) in self.inputs.iter().enumerate() {
            let feature = |name: String, element, slots| RawFeature {
                name,
                input: place,
                element,
                slots,
            };
            match &input.kind {
                InputKind::Vector { used, .. } => features.extend((at..).zip(used).map(|(slot, element)| {
                    let name = format!("{}[{}]", input.name, element + 1);
                    feature(name, Some(element + 1), slot..slot + 1)
                })),
                InputKind::Number | InputKind::Category { .. } | InputKind::Text { .. } => {
                    features.push(feature(input.name.clone(), None, at..at + input.kind.width()));
                }
            }
            at += input.kind.width();
        }
        features
    }

    /// The raw features that each of the learner's is made of, by their places. O(size).
    pub fn sources(&self) -> Vec<Vec<usize>> {
        let raw = self.raw_features();
        let mut of_slot = vec![0; self.raw_width()];
        for (place, feature) in raw.iter().enumerate() {
            of_slot[feature.slots.clone()].fill(place);
        }
        match &self.pipeline {
            None => of_slot.into_iter().map(|place| vec![place]).collect(),
            Some(pipeline) => (pipeline.sources(of_slot.len()).into_iter())
                .map(|slots| {
                    let mut places: Vec<usize> = slots.into_iter().map(|slot| of_slot[slot as usize]).collect();
                    places.dedup();
                    places
                })
                .collect(),
        }
    }

    /// The inputs that each of the learner's features is made of, by their places: one, or those of a cross. O(size).
    pub fn source_inputs(&self) -> Vec<Vec<usize>> {
        let raw = self.raw_features();
        let inputs = |places: Vec<usize>| {
            let mut inputs: Vec<usize> = places.into_iter().map(|place| raw[place].input).collect();
            inputs.dedup();
            inputs
        };
        self.sources().into_iter().map(inputs).collect()
    }

    /// What attributes the explained margins of a row of [`Model::applied`] to the learner's features. `summaries` are the distributions of the raw features
    /// in the training rows, of models that [need](Model::needs_summaries) them. Returns an error when stopped, and where what is needed is not there.
    pub fn explainer(
        &self,
        baseline: Baseline<'_>,
        summaries: &[Summary],
        monitor: &dyn Monitor,
    ) -> Result<Box<dyn Explainer>> {
        let features = self.features();
        let codes: Vec<usize> = features.iter().map(|feature| feature.kind.codes()).collect();
        let known = match (&baseline, &self.means, self.fitted.additive()) {
            (Baseline::Training, Some(means), _) => Some(means.clone()),
            (Baseline::Training, None, Some(model)) => {
                let summaries = self.pipeline.as_ref().map_or(summaries, Pipeline::statistics);
                explain::means_of_summaries(&*model, &features, summaries)
            }
            (Baseline::Training | Baseline::Means(_) | Baseline::Background(_), _, _) => None,
        };
        let baseline = known.as_deref().map_or(baseline, Baseline::Means);
        self.fitted.explainer(&codes, baseline, monitor)
    }

    /// Whether what each feature adds in the mean of the training rows is only known by the distributions of the raw features, as of models of 0.1.0.
    pub fn needs_summaries(&self) -> bool {
        self.means.is_none() && self.pipeline.is_none() && self.fitted.additive().is_some()
    }

    /// Checks all that scoring relies on. Returns an error when stopped, too. O(size).
    pub fn validate(&self, monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
        // No text of PostgreSQL has a zero byte, and what writes one as a C string would end there.
        let zero = |text: &str| text.contains('\0');
        let labels = self
            .answer
            .classes()
            .into_iter()
            .flatten()
            .filter_map(|label| match label {
                Label::Text(text) | Label::Enum(_, text) => Some(text),
                Label::Bool(_) | Label::Number(_) => None,
            });
        let metrics = self
            .groups
            .iter()
            .flat_map(|group| group.metrics.iter().map(|(name, _)| name));
        let names = self
            .inputs
            .iter()
            .flat_map(|input| [&input.name, &input.type_name])
            .chain(metrics);
        let levels = self.inputs.iter().flat_map(|input| match &input.kind {
            InputKind::Category { levels, .. } => &levels[..],
            InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => &[],
        });
        if names.chain(levels).chain(labels).any(|text| zero(text)) {
            return damaged("a text contains a zero byte");
        }
        if self.sample.as_ref().is_some_and(|sample| !sample.is_sound()) {
            return damaged("its sample of rows is out of order");
        }
        for input in &self.inputs {
            match &input.kind {
                InputKind::Vector { width, used }
                    if !used.is_sorted_by(|a, b| a < b) || used.last().is_some_and(|last| last >= width) =>
                {
                    return damaged("a vector's elements are out of range");
                }
                InputKind::Category { levels, .. } if !levels.is_sorted_by(|a, b| a < b) => {
                    return damaged("a category's levels are out of order");
                }
                InputKind::Text { encoder } if encoder.text_reader().is_none() || !encoder.is_sound([0, 0]) => {
                    return damaged("a text cannot be read");
                }
                InputKind::Number | InputKind::Category { .. } | InputKind::Vector { .. } | InputKind::Text { .. } => {}
            }
        }
        let features: Vec<usize> = self
            .inputs
            .iter()
            .flat_map(|input| (0..input.kind.width()).map(|place| input.kind.codes(place)))
            .collect();
        let features = match &self.pipeline {
            Some(pipeline) => pipeline.validate(&features, WHAT, monitor)?,
            None => features,
        };
        self.fitted.validate(&features, monitor)?;
        let groups = self.fitted.grouped().map_or(0, |grouped| grouped.groups().len());
        let metrics = self.groups.iter().flat_map(|group| &group.metrics);
        if !self.groups.is_empty() && self.groups.len() != groups
            || metrics.clone().any(|(_, value)| !value.is_finite())
        {
            return damaged("the metrics of its groups are wrong");
        }
        if self.answer.classes().is_some_and(|labels| labels.len() < 2) {
            return damaged("it has fewer than two classes");
        }
        let own = self.fitted.unsupervised().map(Unsupervised::answer);
        if self.fitted.outputs() != self.answer.outputs()
            || own.is_none() != self.answer.task().has_target()
            || own.is_some_and(|own| own != self.answer)
        {
            return damaged("its learner does not answer its task");
        }
        match (&self.calibration, self.answer.classes()) {
            (Some(calibration), Some(labels)) => calibration.validate(labels.len())?,
            (Some(_), None) => return damaged("what it answers cannot be calibrated"),
            (None, _) => {}
        }
        self.validate_numbers(&features, monitor)
    }

    /// Checks what only a model of numbers has.
    fn validate_numbers(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        if let Some(intervals) = &self.intervals {
            intervals.validate(features, monitor)?;
        }
        if let Some(errors) = &self.error_model {
            errors.validate(features, monitor)?;
        }
        match self.answer {
            Answer::Number => Ok(()),
            Answer::Classes(_)
            | Answer::Cluster { .. }
            | Answer::Strangeness
            | Answer::Forecast
            | Answer::Components { .. } => {
                if self.intervals.is_some() {
                    return Err(Error::damaged(WHAT, "what it answers has no intervals"));
                }
                if self.error_model.is_some() {
                    return Err(Error::damaged(WHAT, "what it answers has no errors of numbers"));
                }
                Ok(())
            }
        }
    }
}

/// The model's answer: what was fitted scores, and the calibration has the last word.
impl Estimator for Model {
    fn outputs(&self) -> usize {
        self.fitted.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.fitted.score(row, out);
        if let Some(calibration) = &self.calibration {
            calibration.apply(out);
        }
    }

    fn criterion(&self) -> Option<&dyn Criterion> {
        self.fitted.criterion()
    }

    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        self.fitted.score_rows(frame, rows, out);
        if let Some(calibration) = &self.calibration {
            out.chunks_exact_mut(self.outputs())
                .for_each(|scores| calibration.apply(scores));
        }
    }
}

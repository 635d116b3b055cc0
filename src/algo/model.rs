//! A trained model: what it needs of a row, what it was learned by, and what scores. Its bytes are what the registry stores.

#[cfg(test)]
pub(crate) mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::boosting::Boosting;
use super::bytes;
use super::error::{Error, Result};
use super::estimator::Estimator;
use super::forest::RandomForest;
use super::frame::Frame;
use super::label::Label;
use super::linear::LinearModel;
use super::monitor::{Monitor, Progress};
use super::naive_bayes::NaiveBayes;

/// What kind of answer a model gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of a list of labels.
    Classification,
    /// A number.
    Regression,
}

impl Task {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
        }
    }
}

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

impl InputKind {
    /// How many features it gives the learner.
    pub fn width(&self) -> usize {
        match self {
            InputKind::Number | InputKind::Category { .. } => 1,
            InputKind::Vector { used, .. } => used.len(),
        }
    }

    /// How many codes a category has, not counting missing; 0 for numbers.
    fn codes(&self) -> usize {
        match self {
            InputKind::Category { levels, other } => levels.len() + usize::from(*other),
            _ => 0,
        }
    }
}

/// What scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fitted {
    /// Least squares, ridge, lasso, elastic net, logistic.
    Linear(LinearModel),
    /// Naive Bayes.
    NaiveBayes(NaiveBayes),
    /// Gradient-boosted trees.
    Boosting(Boosting),
    /// A decision tree or a random forest.
    Forest(RandomForest),
}

impl Fitted {
    fn estimator(&self) -> &dyn Estimator {
        match self {
            Fitted::Linear(model) => model,
            Fitted::NaiveBayes(model) => model,
            Fitted::Boosting(model) => model,
            Fitted::Forest(model) => model,
        }
    }

    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        match self {
            Fitted::Linear(model) => model.validate(features),
            Fitted::NaiveBayes(model) => model.validate(features),
            Fitted::Boosting(model) => model.validate(features, monitor),
            Fitted::Forest(model) => model.validate(features, monitor),
        }
    }
}

impl Estimator for Fitted {
    fn outputs(&self) -> usize {
        self.estimator().outputs()
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        match self {
            Fitted::Linear(model) => model.score(row, out),
            Fitted::NaiveBayes(model) => model.score(row, out),
            Fitted::Boosting(model) => model.score(row, out),
            Fitted::Forest(model) => model.score(row, out),
        }
    }

    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        self.estimator().score_rows(frame, rows, out);
    }
}

/// A trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What it answers.
    pub task: Task,
    /// The columns it reads, in the order of positional arguments.
    pub inputs: Vec<Input>,
    /// The classes, sorted; empty for a regression.
    pub labels: Vec<Label>,
    /// What scores.
    pub fitted: Fitted,
    /// The loss after each iteration of training.
    pub history: Vec<Progress>,
}

/// The first bytes of every model.
const MAGIC: &[u8; 8] = b"assay\0md";
/// The version of the layout that follows.
const FORMAT: u16 = 1;
/// What errors call it.
const WHAT: &str = "the model";

impl Model {
    /// How many features the learner sees.
    pub fn width(&self) -> usize {
        self.inputs.iter().map(|input| input.kind.width()).sum()
    }

    /// The names of the features, in the learner's order: the inputs' names, a vector's elements as `name[1]`.
    pub fn feature_names(&self) -> Vec<String> {
        self.inputs
            .iter()
            .flat_map(|input| match &input.kind {
                InputKind::Vector { used, .. } => used.iter().map(|e| format!("{}[{}]", input.name, e + 1)).collect(),
                _ => vec![input.name.clone()],
            })
            .collect()
    }

    /// The input of each feature, in the learner's order.
    pub fn feature_inputs(&self) -> Vec<usize> {
        self.inputs
            .iter()
            .enumerate()
            .flat_map(|(i, input)| vec![i; input.kind.width()])
            .collect()
    }

    /// A category code of a feature, as text; `None` stands for missing.
    pub fn level_name(&self, input: usize, code: Option<u32>) -> Option<String> {
        let InputKind::Category { levels, other } = &self.inputs.get(input)?.kind else {
            return None;
        };
        match code {
            None => Some("(null)".to_string()),
            Some(code) => match levels.get(code as usize) {
                Some(level) => Some(level.clone()),
                None => other.then(|| "(other)".to_string()),
            },
        }
    }

    /// The model as bytes: a magic, a format version (little-endian), then the fields in postcard's encoding. The same model gives the same
    /// bytes on every machine. Errs when stopped, and where there is no room. O(bytes).
    pub fn to_bytes(&self, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes::encode(WHAT, self, bytes, monitor)
    }

    /// Reads bytes that may come from anywhere: whatever they hold, the result is a model that scores without panicking, or an error. Errs
    /// when stopped, too, and where there is no room. O(bytes).
    pub fn from_bytes(bytes: &[u8], monitor: &dyn Monitor) -> Result<Model> {
        let damaged = |problem: &str| Error::damaged(WHAT, problem);
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| damaged("it does not begin as a model does"))?;
        let (version, payload) = rest.split_first_chunk().ok_or_else(|| damaged("it ends too early"))?;
        match u16::from_le_bytes(*version) {
            FORMAT => {}
            other => {
                return Err(damaged(&format!(
                    "its format version is {other}, and this assay reads {FORMAT}"
                )));
            }
        }
        let model: Model = bytes::decode(WHAT, payload, monitor)?;
        model.validate(monitor)?;
        Ok(model)
    }

    /// Checks all that scoring relies on. Errs when stopped, too. O(size).
    pub fn validate(&self, monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
        // No text of PostgreSQL has a zero byte, and what writes one as a C string would end there.
        let zero = |text: &str| text.contains('\0');
        let labels = self.labels.iter().filter_map(|label| match label {
            Label::Text(text) | Label::Enum(_, text) => Some(text),
            Label::Bool(_) | Label::Number(_) => None,
        });
        let names = self.inputs.iter().flat_map(|input| [&input.name, &input.type_name]);
        let levels = self.inputs.iter().flat_map(|input| match &input.kind {
            InputKind::Category { levels, .. } => &levels[..],
            InputKind::Number | InputKind::Vector { .. } => &[],
        });
        if names.chain(levels).chain(labels).any(|text| zero(text)) {
            return damaged("a text contains a zero byte");
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
                _ => {}
            }
        }
        let features: Vec<usize> = self
            .inputs
            .iter()
            .flat_map(|input| vec![input.kind.codes(); input.kind.width()])
            .collect();
        self.fitted.validate(&features, monitor)?;
        let outputs = match self.task {
            Task::Regression if self.labels.is_empty() => 1,
            Task::Classification if self.labels.len() >= 2 => self.labels.len(),
            _ => return damaged("its labels do not fit its task"),
        };
        if self.fitted.outputs() != outputs {
            return damaged("its learner does not answer its task");
        }
        Ok(())
    }
}

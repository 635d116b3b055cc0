//! From columns as read to what a learner takes: rows without a label leave, the rest are put in an order that does not depend on how the
//! query delivered them, test rows are set aside, and columns that cannot teach anything are dropped. Each thing dropped or capped is noted.
//!
//! It is done in two halves. [`Rows`] are the rows with their target and their order, made once; what the columns teach is learned for a
//! [`Division`] of them, on its training rows only. A training gives the rows up for one division; cross-validation learns for many of the
//! same rows.

mod category;
mod classes;
mod clusters;
mod column;
mod division;
mod feature;
mod folds;
mod gather;
mod groups;
mod keys;
mod order;
mod rescore;
mod rows;
mod split;
mod target;

pub use column::{Apart, ColumnKind, ColumnValues, Heading, ReadColumn, ReadRows};
pub use division::Division;
pub use feature::Slot;
pub use folds::{FoldBy, Folds, MOST_FOLDS};
pub use rescore::{Rescored, Unfit};
pub use rows::Rows;
pub(crate) use rows::left_out;
pub use split::Split;

use serde_json::{Value as Json, json};

use crate::error::Result;
use crate::leakage::Leak;
use crate::model::Input;
use crate::monitor::Monitor;
use crate::pipeline::{Pipeline, Spec};
use crate::row_sample::RowSample;
use crate::summary::Summary;
use crate::task::{Answer, Task};
use crate::training_set::TrainingSet;

/// How the rows are to be prepared.
pub struct Plan {
    /// The target's place in the query; `None` for a task without one.
    pub target: Option<usize>,
    /// The place of the rows' weights.
    pub weight: Option<usize>,
    /// The places of columns that say how rows are divided, and are no features.
    pub apart: Vec<usize>,
    /// The places of columns that say to which group a row belongs; they come last in what the model reads.
    pub keys: Vec<usize>,
    /// The place of a column of `apart` or `keys` that says which rows are not independent of each other.
    pub cluster: Option<usize>,
    /// What is to be learned.
    pub task: Task,
    /// The seed of the order of rows, and so of their division.
    pub seed: u64,
    /// The most levels of a category that are told apart.
    pub max_categories: usize,
    /// What becomes of the columns before they are learned from.
    pub spec: Spec,
}

/// What the learner takes.
pub struct Prepared {
    /// What the model reads.
    pub inputs: Vec<Input>,
    /// What the target is; `None` without one.
    pub answer: Option<Answer>,
    /// What becomes of raw rows; `None` where they are learned from as they are.
    pub pipeline: Option<Pipeline>,
    /// Rows to learn from.
    pub train: TrainingSet,
    /// Rows to test with, when there are any.
    pub test: Option<TrainingSet>,
    /// A summary of each raw feature in the training rows.
    pub statistics: Vec<Statistic>,
    /// By what training rows are known again; `None` where they are not looked at for that, or repeat.
    pub sample: Option<RowSample>,
    /// What was dropped or capped.
    pub notes: Vec<Note>,
    /// Features that are not to be trusted.
    pub leaks: Vec<Leak>,
}

/// What a raw feature was like in training.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// Its name; of an element of a vector `name[1]`.
    pub name: String,
    /// Its distribution in the training rows.
    pub summary: Summary,
    /// Test rows with a level that no training row had.
    pub unseen: u64,
}

impl Statistic {
    /// As the registry keeps it.
    pub fn json(&self) -> Json {
        json!({"feature": self.name, "summary": self.summary, "unseen": self.unseen})
    }
}

/// Something that people should know of their rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is, with the column and the figure.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<String> for Note {
    fn from(message: String) -> Note {
        Note { message, hint: None }
    }
}

/// Rows of which nothing is set aside, and with which nothing is done yet; and what their columns give, with what is to be done with it. Returns an error for
/// rows that cannot be learned from.
pub fn prepare_unchanged(read: ReadRows, plan: &Plan, monitor: &dyn Monitor) -> Result<(Prepared, Vec<Slot>)> {
    let rows = Rows::new(read, plan, monitor)?;
    let division = rows.divide(Split::None, plan.seed, monitor)?;
    Ok(rows.into_raw(division, plan, monitor)?.into_unchanged())
}

/// Prepares the rows of a training. Returns an error for rows that cannot be learned from.
pub fn prepare(read: ReadRows, plan: &Plan, split: Split, monitor: &dyn Monitor) -> Result<Prepared> {
    let rows = Rows::new(read, plan, monitor)?;
    let division = rows.divide(split, plan.seed, monitor)?;
    rows.into_prepared(division, plan, monitor)
}

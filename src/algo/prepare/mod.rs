//! From columns as read to what a learner takes: rows without a label leave, the rest are put in an order that does not depend on how the
//! query delivered them, test rows are set aside, and columns that cannot teach anything are dropped. Each thing dropped or capped is noted.

mod alone;
mod classes;
mod column;
mod feature;
mod identifier;
mod order;
mod target;

use rayon::prelude::*;

pub use column::{ColumnKind, ColumnValues, Heading, ReadColumn, ReadRows};

use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::lines::Lines;
use crate::model::Input;
use crate::monitor::Monitor;
use crate::summary::Summary;
use crate::task::{Answer, Task};
use crate::training_set::{Target, TrainingSet};
use alone::columns_that_predict_alone;
use feature::{Division, Feature, Gathered, Numbers};
use order::Order;
use target::{NOT_READ, TargetColumn, check_trained_classes, read_target, read_weights};

/// Which rows test the model instead of training it.
#[derive(Debug, Clone, Copy)]
pub enum Split {
    /// All rows train.
    None,
    /// This fraction tests, drawn by row content and seed; class by class for a classification.
    Fraction(f64),
    /// The rows where the column (a boolean) at this place of the query is true test; where it is NULL they train.
    Column(usize),
}

/// How the rows are to be prepared.
pub struct Plan {
    /// The target's place in the query; `None` for a task without one.
    pub target: Option<usize>,
    /// The place of the rows' weights.
    pub weight: Option<usize>,
    /// What is to be learned.
    pub task: Task,
    /// Which rows test.
    pub split: Split,
    /// The seed of the order of rows, and so of their division.
    pub seed: u64,
    /// The most levels of a category that are told apart.
    pub max_categories: usize,
}

/// What the learner takes.
pub struct Prepared {
    /// What the model reads.
    pub inputs: Vec<Input>,
    /// What the target is; `None` without one.
    pub answer: Option<Answer>,
    /// Rows to learn from.
    pub train: TrainingSet,
    /// Rows to test with, when there are any.
    pub test: Option<TrainingSet>,
    /// A summary of each feature, by the feature's name.
    pub statistics: Vec<(String, Summary)>,
    /// What was dropped or capped, and what looks wrong.
    pub notes: Vec<Note>,
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

/// Prepares the rows. Returns an error for rows that cannot be learned from.
pub fn prepare(mut read: ReadRows, plan: &Plan, monitor: &dyn Monitor) -> Result<Prepared> {
    let target = plan
        .target
        .map(|place| read_target(&mut read, place, plan.task, monitor))
        .transpose()?;
    let mut notes: Vec<Note> = target.iter().filter_map(unlabelled_note).map(Note::from).collect();
    let weights = plan
        .weight
        .map(|place| read_weights(&mut read, place, target.as_ref()))
        .transpose()?;
    let tests = match plan.split {
        Split::Column(place) => Some(read.take_numbers(place).ok_or(NOT_READ)?.1),
        Split::None | Split::Fraction(_) => None,
    };
    monitor.check()?;
    let ReadRows { columns, lines, rows } = read;
    let columns: Vec<ReadColumn> = columns.into_iter().flatten().collect();
    let order = Order {
        columns: &columns,
        lines: &lines,
        target: target.as_ref(),
        weights: weights.as_deref(),
        rows,
    };
    let rows = order.divide(plan, tests.as_deref(), monitor)?;
    if rows.train.is_empty() {
        return Err(Error::data(
            "there are no rows to train on",
            "the query must give rows with a target, and not all of them may be test rows",
        ));
    }
    if let Some(target) = &target {
        check_trained_classes(&rows, target, weights.as_deref())?;
    }
    let features = gather(columns, lines, &rows, plan.max_categories, monitor)?;
    let (mut inputs, mut train, mut test, mut statistics) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for feature in features {
        notes.extend(feature.notes);
        inputs.extend(feature.input);
        for part in feature.parts {
            statistics.push((part.name, part.summary));
            train.push(part.train);
            test.push(part.test);
        }
    }
    if inputs.is_empty() {
        return Err(nothing_left(&notes));
    }
    let set = |columns: Vec<Column>, rows: &[u32]| set_of(columns, rows, target.as_ref(), weights.as_deref());
    let (train, test) = (
        set(train, &rows.train)?,
        (!rows.test.is_empty()).then(|| set(test, &rows.test)).transpose()?,
    );
    if let Some(target) = &target {
        let names: Vec<String> = statistics.iter().map(|(name, _)| name.clone()).collect();
        notes.extend(columns_that_predict_alone(
            &names,
            &target.name,
            &train,
            test.as_ref(),
            monitor,
        )?);
    }
    Ok(Prepared {
        inputs,
        answer: target.map(TargetColumn::answer),
        train,
        test,
        statistics,
        notes,
    })
}

/// How many rows have no target, if any.
fn unlabelled_note(target: &TargetColumn) -> Option<String> {
    let unlabelled = target.values.iter().filter(|value| value.is_nan()).count();
    (unlabelled > 0).then(|| {
        format!(
            "{unlabelled} rows have no value in target \"{}\" and are left out",
            target.name
        )
    })
}

/// The error of rows whose columns teach nothing.
fn nothing_left(notes: &[Note]) -> Error {
    let error = Error::data(
        "no feature is left to learn from",
        "the query must give at least one column beside the target that varies",
    );
    match notes {
        [] => error,
        notes => {
            let messages: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
            error.detail(messages.join("\n"))
        }
    }
}

/// The gathered columns of some rows, with their targets and weights.
fn set_of(
    columns: Vec<Column>,
    rows: &[u32],
    target: Option<&TargetColumn>,
    weights: Option<&[f32]>,
) -> Result<TrainingSet> {
    Ok(TrainingSet {
        frame: Frame::new(columns).ok_or(Error::Internal("columns of different lengths"))?,
        target: target.map_or(Target::None, |target| target.take(rows)),
        weights: weights.map(|weights| rows.iter().map(|&row| weights[row as usize]).collect()),
        groups: None,
    })
}

/// Gathers the columns. Lines are given up one after another, so that few numbers are held twice.
fn gather(
    columns: Vec<ReadColumn>,
    lines: Vec<Lines>,
    rows: &Division,
    max_categories: usize,
    monitor: &dyn Monitor,
) -> Result<Vec<Feature>> {
    let take = |lines: Lines| -> Result<Vec<Numbers>> {
        let (train, test) = (lines.gather(&rows.train, monitor)?, lines.gather(&rows.test, monitor)?);
        Ok(train
            .into_iter()
            .zip(test)
            .map(|(train, test)| Numbers { train, test })
            .collect())
    };
    let mut lanes: Vec<Vec<Option<Numbers>>> = Vec::with_capacity(lines.len());
    for lines in lines {
        lanes.push(take(lines)?.into_iter().map(Some).collect());
    }
    let mut gathered = Vec::with_capacity(columns.len());
    for column in columns {
        let values = match column.values {
            ColumnValues::Lane { lines, lane } => Gathered::Numbers(lanes[lines][lane].take().into_iter().collect()),
            ColumnValues::Vectors(lines) => Gathered::Numbers(take(lines)?),
            ColumnValues::Codes { codes, levels, .. } => Gathered::Codes { codes, levels },
        };
        gathered.push((column.heading, values, column.non_finite));
    }
    gathered
        .into_par_iter()
        .map(|(heading, values, non_finite)| Feature::new(heading, values, non_finite, rows, max_categories, monitor))
        .collect()
}

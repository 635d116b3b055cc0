//! What a learner learns from.

use std::ops::Range;
use std::sync::Arc;

use linfa::dataset::Records;

use super::coded::coded;
use super::error::{Error, Result};
use super::frame::{Column, Frame};
use super::monitor::Monitor;
use super::pipeline::Feature;
use super::room;

/// Rows between two looks at the monitor.
const BLOCK: u32 = 1 << 16;

/// What there is to predict.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Nothing: the learner looks at the features alone.
    None,
    /// A number for each row.
    Numbers(Vec<f64>),
    /// A class for each row, as its number.
    Classes {
        /// One per row, from 0 to `count - 1`.
        numbers: Vec<f64>,
        /// How many classes there are.
        count: usize,
    },
}

/// What kind of target there is, without its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// None.
    None,
    /// Numbers.
    Numbers,
    /// So many classes.
    Classes(usize),
}

coded!(TargetKind {
    0 => None,
    1 => Numbers,
    2 => Classes(count),
});

impl Target {
    /// Its kind.
    pub fn kind(&self) -> TargetKind {
        match self {
            Target::None => TargetKind::None,
            Target::Numbers(_) => TargetKind::Numbers,
            Target::Classes { count, .. } => TargetKind::Classes(*count),
        }
    }

    /// The number, or the class's number, of each row; none for no target.
    pub fn values(&self) -> &[f64] {
        match self {
            Target::None => &[],
            Target::Numbers(values) | Target::Classes { numbers: values, .. } => values,
        }
    }
}

impl TargetKind {
    /// How many classes there are; `None` for a target of another kind.
    pub fn classes(self) -> Option<usize> {
        match self {
            TargetKind::Classes(count) => Some(count),
            TargetKind::None | TargetKind::Numbers => None,
        }
    }
}

impl Target {
    /// That of the rows named by `rows`, in that order.
    pub fn take(&self, rows: &[u32]) -> Target {
        let of = |values: &[f64]| rows.iter().map(|&row| values[row as usize]).collect();
        match self {
            Target::None => Target::None,
            Target::Numbers(values) => Target::Numbers(of(values)),
            Target::Classes { numbers, count } => Target::Classes {
                numbers: of(numbers),
                count: *count,
            },
        }
    }
}

/// Rows to learn from, or to test a model with.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSet {
    /// The features.
    pub frame: Frame,
    /// What there is to predict.
    pub target: Target,
    /// How much each row counts; `None` when all count the same.
    pub weights: Option<Vec<f32>>,
    /// Rows of one group belong together: they are not independent of each other.
    pub groups: Option<Vec<u32>>,
    /// What the features are called, and the levels of categories, where it is known.
    pub named: Option<Arc<[Feature]>>,
}

impl TrainingSet {
    /// What the features are called; nothing where it is not known.
    pub fn features(&self) -> &[Feature] {
        self.named.as_deref().unwrap_or_default()
    }

    /// Rows that all count the same.
    pub fn new(frame: Frame, target: Target) -> TrainingSet {
        TrainingSet {
            frame,
            target,
            weights: None,
            groups: None,
            named: None,
        }
    }

    /// The same rows with weights.
    pub fn weighted(self, weights: Vec<f32>) -> TrainingSet {
        TrainingSet {
            weights: Some(weights),
            ..self
        }
    }

    /// The rows named by `rows`, in that order. Returns an error only when stopped. O(rows x columns).
    pub fn take(&self, rows: &[u32], monitor: &dyn Monitor) -> Result<TrainingSet> {
        let take = |columns: &[Column]| -> Result<Vec<Column>> {
            let column = |column: &Column| monitor.check().map(|()| column.take(rows));
            columns.iter().map(column).collect()
        };
        let (columns, keys) = (take(self.frame.columns())?, take(self.frame.keys())?);
        let frame = Frame::new(columns).and_then(|frame| frame.with_keys(keys));
        Ok(TrainingSet {
            frame: frame.ok_or(Error::Internal("columns of different lengths"))?,
            target: self.target.take(rows),
            weights: (self.weights.as_ref()).map(|weights| rows.iter().map(|&row| weights[row as usize]).collect()),
            groups: (self.groups.as_ref()).map(|groups| rows.iter().map(|&row| groups[row as usize]).collect()),
            named: self.named.clone(),
        })
    }

    /// The same rows in another order, as [`Frame::arranged`] has it.
    pub fn arranged(&self, places: &[u32], monitor: &dyn Monitor) -> Result<TrainingSet> {
        let mut order = room::filled(0_u32, places.len())?;
        for (row, &place) in (0_u32..).zip(places) {
            if row.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
            order[place as usize] = row;
        }
        Ok(TrainingSet {
            frame: self.frame.arranged(places, monitor)?,
            target: self.target.take(&order),
            weights: (self.weights.as_ref()).map(|weights| order.iter().map(|&row| weights[row as usize]).collect()),
            groups: (self.groups.as_ref()).map(|groups| order.iter().map(|&row| groups[row as usize]).collect()),
            named: self.named.clone(),
        })
    }

    /// Rows that are neighbours. O(rows x columns).
    pub fn slice(&self, rows: Range<usize>) -> TrainingSet {
        let values = || self.target.values()[rows.clone()].to_vec();
        TrainingSet {
            frame: self.frame.slice(rows.clone()),
            target: match self.target {
                Target::None => Target::None,
                Target::Numbers(_) => Target::Numbers(values()),
                Target::Classes { count, .. } => Target::Classes {
                    numbers: values(),
                    count,
                },
            },
            weights: self.weights.as_ref().map(|weights| weights[rows.clone()].to_vec()),
            groups: self.groups.as_ref().map(|groups| groups[rows.clone()].to_vec()),
            named: self.named.clone(),
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.frame.rows()
    }

    /// Its size, for learners that say beforehand how much memory they need. O(columns).
    pub fn shape(&self, threads: usize) -> Shape {
        Shape {
            rows: self.rows(),
            features: self.frame.nfeatures(),
            design_columns: self.frame.design_columns(),
            target: self.target.kind(),
            threads,
        }
    }

    /// The row's numbers that a learner of numbers or classes predicts. Returns an error for rows without a target, and when there are not as
    /// many targets as rows.
    pub fn targets(&self) -> Result<&[f64]> {
        match &self.target {
            Target::None => Err(Error::data("the rows have no target", "name the column to predict")),
            Target::Numbers(values) | Target::Classes { numbers: values, .. } => {
                if !self.frame.columns().is_empty() && values.len() != self.rows() {
                    return Err(Error::data(
                        "there are not as many targets as rows",
                        "pass one target a row",
                    ));
                }
                Ok(values)
            }
        }
    }
}

/// The size of a training set, and on how many threads it is learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Rows.
    pub rows: usize,
    /// Columns of the frame.
    pub features: usize,
    /// Columns after each level of a category has one of its own.
    pub design_columns: usize,
    /// What there is to predict.
    pub target: TargetKind,
    /// Threads.
    pub threads: usize,
}

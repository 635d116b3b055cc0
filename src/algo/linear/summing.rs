//! What linear learners sum up over rows that go by.
//!
//! Design columns are those of [`crate::design`], in units that a sample taught. Three kinds of sums are made of them: the products of all of them, from
//! which [`super::exact`] makes what the design of all rows would have given; a loss with its gradient at given weights; and the second derivatives too.

use serde::{Deserialize, Serialize};

use super::block::{BLOCK_ROWS, Block};
use super::gram::{Moments, check_width};
use super::link::{Logistic, Squared};
use super::pass::{Data, Point, Slope};
use super::products::Products;
use crate::accumulator::Accumulator;
use crate::coded::coded;
use crate::design::{Design, Encoding, NO_COLUMN, Seen};
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::monitor::Unwatched;
use crate::room;
use crate::sums::Feature;

/// Rows whose products are added up before they are centred and merged: often enough to lose no digits, seldom enough to cost nothing.
const SETTLED_ROWS: usize = 1 << 16;

/// A pass over rows for a linear learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearPass {
    /// What is known of the columns.
    pub(crate) seen: Vec<Seen>,
    /// Whether numbers are centred.
    pub(crate) centred: bool,
    /// What is taken off the target, and what it is divided by then.
    pub(crate) scale: (f64, f64),
    /// How much rows count by their class; none where all count the same.
    pub(crate) class_weights: Vec<f64>,
    pub(crate) kind: LinearKind,
}

/// What a pass sums up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LinearKind {
    /// Products of the design columns and the target. For each number there is one more column, which says where it is missing.
    Products,
    /// The loss at weights, and its negative gradient.
    Slope(RowsLoss, Point),
    /// The same and the second derivatives, for two classes.
    Curvature(Point),
}

coded!(LinearKind {
    0 => Products,
    1 => Slope(loss, point),
    2 => Curvature(point),
});

/// The loss of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RowsLoss {
    Squared,
    Logistic,
}

coded!(RowsLoss {
    0 => Squared,
    1 => Logistic,
});

/// What a pass gave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LinearSums {
    Products(Moments),
    Slope(Slope),
    /// The loss and the moments of the working residuals.
    Curvature(f64, Moments),
}

coded!(LinearSums {
    0 => Products(moments),
    1 => Slope(slope),
    2 => Curvature(loss, moments),
});

impl LinearPass {
    /// The design of the pass: a category has a level without a column, for texts that the sample does not have.
    pub(super) fn design(&self) -> Design {
        let with_unknown = |seen: &Seen| match seen {
            Seen::Number(moments) => Seen::Number(*moments),
            Seen::Category(levels) => {
                let (known, missing) = levels.split_at(levels.len().saturating_sub(1));
                Seen::Category([known, &[None], missing].concat())
            }
        };
        let mut seen: Vec<Seen> = self.seen.iter().map(with_unknown).collect();
        if self.kind == LinearKind::Products {
            let numbers = self.seen.iter().filter(|seen| matches!(seen, Seen::Number(_)));
            seen.extend(numbers.map(|_| Seen::Category(vec![Some(1.0), None, None])));
        }
        Design::of_seen(&seen, self.centred)
    }

    /// Checks that it is a pass over rows of such features and so many classes.
    pub(crate) fn validate(&self, features: &[Feature], classes: usize) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("plan of sums", problem));
        let agrees = |(seen, feature): (&Seen, &Feature)| match (seen, feature.levels()) {
            (Seen::Number(moments), None) => {
                moments.mean.is_finite() && moments.deviation.is_finite() && moments.deviation >= 0.0
            }
            (Seen::Category(weights), Some(levels)) => {
                weights.len() == levels + 1
                    && weights
                        .iter()
                        .flatten()
                        .all(|weight| weight.is_finite() && *weight >= 0.0)
            }
            (Seen::Number(_), Some(_)) | (Seen::Category(_), None) => false,
        };
        if self.seen.len() != features.len() || !self.seen.iter().zip(features).all(agrees) {
            return damaged("what it knows of columns does not fit them");
        }
        let (centre, unit) = self.scale;
        let factor = |factor: &f64| factor.is_finite() && *factor >= 0.0;
        let are_weights = self.class_weights.is_empty() || self.class_weights.len() == classes;
        if !centre.is_finite()
            || !unit.is_normal()
            || unit < 0.0
            || !are_weights
            || !self.class_weights.iter().all(factor)
        {
            return damaged("its units are wrong");
        }
        let width = self.design().width();
        check_width(width)?;
        let fits = |point: &Point| {
            point.weights.len() == width
                && point.intercept.is_finite()
                && point.weights.iter().all(|weight| weight.is_finite())
        };
        let sound = match &self.kind {
            LinearKind::Products => true,
            LinearKind::Slope(RowsLoss::Squared, point) => fits(point),
            LinearKind::Slope(RowsLoss::Logistic, point) | LinearKind::Curvature(point) => fits(point) && classes == 2,
        };
        if sound {
            Ok(())
        } else {
            damaged("its weights are not those of its columns")
        }
    }

    /// The sums of no rows. Returns an error where there is no room.
    pub(crate) fn nothing(&self) -> Result<LinearSums> {
        let width = self.design().width();
        check_width(width)?;
        room::ask(super::gram::memory_needed(width))?;
        Ok(match self.kind {
            LinearKind::Products => LinearSums::Products(Moments::new(width)),
            LinearKind::Slope(..) => LinearSums::Slope(Slope::zero(width)),
            LinearKind::Curvature(_) => LinearSums::Curvature(0.0, Moments::new(width)),
        })
    }
}

/// Rows on their way into sums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Adding {
    design: Design,
    block: Block,
    products: Products,
    /// Rows whose products are not settled.
    rows: usize,
}

impl Adding {
    /// No rows yet. Returns an error where there is no room.
    pub fn new(pass: &LinearPass) -> Result<Adding> {
        let design = pass.design();
        room::ask(Products::bytes(design.width()))?;
        Ok(Adding {
            block: Block::new(&design),
            products: no_products(pass, &design),
            design,
            rows: 0,
        })
    }

    /// Adds rows. Returns an error where there is no room.
    pub fn add(
        &mut self,
        pass: &LinearPass,
        (frame, targets, weights): (Frame, &[f64], Option<&[f64]>),
        sums: &mut LinearSums,
    ) -> Result<()> {
        let (centre, unit) = pass.scale;
        let scaled: Vec<f64>;
        let targets = match pass.scale {
            (0.0, 1.0) => targets,
            _ => {
                scaled = targets.iter().map(|target| (target - centre) / unit).collect();
                &scaled
            }
        };
        let counted: Vec<f64>;
        let weights = match (&pass.class_weights[..], weights) {
            ([], weights) => weights,
            (factors, weights) => {
                let factor = |(row, class): (usize, &f64)| {
                    factors.get(*class as usize).copied().unwrap_or(1.0) * weights.map_or(1.0, |w| w[row])
                };
                counted = targets.iter().enumerate().map(factor).collect();
                Some(&counted[..])
            }
        };
        let frame = match pass.kind {
            LinearKind::Products => with_missing(frame)?,
            LinearKind::Slope(..) | LinearKind::Curvature(_) => frame,
        };
        let data = Data::new(&self.design, &frame, targets, weights, &Unwatched)?;
        let ranges = (0..targets.len())
            .step_by(BLOCK_ROWS)
            .map(|start| start..targets.len().min(start + BLOCK_ROWS));
        match (&pass.kind, &mut *sums) {
            (LinearKind::Products, LinearSums::Products(_)) => {
                for range in ranges {
                    data.fill(&mut self.block, range, 0.0);
                    self.products.add(&self.block);
                }
            }
            (LinearKind::Slope(loss, point), LinearSums::Slope(slope)) => {
                let scorer = data.scorer(point);
                for range in ranges {
                    match loss {
                        RowsLoss::Squared => data.add_slope(&scorer, &Squared, range, slope),
                        RowsLoss::Logistic => data.add_slope(&scorer, &Logistic, range, slope),
                    }
                }
            }
            (LinearKind::Curvature(point), LinearSums::Curvature(loss, _)) => {
                let scorer = data.scorer(point);
                for range in ranges {
                    *loss += data.fill_curved(&scorer, &Logistic, &mut self.block, range);
                    self.products.add(&self.block);
                }
            }
            (
                LinearKind::Products | LinearKind::Slope(..) | LinearKind::Curvature(_),
                LinearSums::Products(_) | LinearSums::Slope(_) | LinearSums::Curvature(..),
            ) => return Err(Error::Internal("sums of another pass")),
        }
        self.rows += targets.len();
        if self.rows >= SETTLED_ROWS {
            self.settle(sums)
        } else {
            Ok(())
        }
    }

    /// Centres the products of the rows so far, and merges them.
    pub fn settle(&mut self, sums: &mut LinearSums) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        match sums {
            LinearSums::Slope(_) => Ok(()),
            LinearSums::Products(moments) | LinearSums::Curvature(_, moments) => {
                let own = Moments::from_products(&self.products, rows, 0.0, &Unwatched)?;
                self.products.clear();
                moments.merge(&own)
            }
        }
    }
}

/// No products yet; of a pass that makes none, of no columns.
fn no_products(pass: &LinearPass, design: &Design) -> Products {
    match pass.kind {
        LinearKind::Products | LinearKind::Curvature(_) => Products::new(design.numbers(), design.width()),
        LinearKind::Slope(..) => Products::new(0, 0),
    }
}

/// The same with a category for each number, which says where it is missing.
fn with_missing(frame: Frame) -> Result<Frame> {
    let mut columns = frame.columns().to_vec();
    for column in frame.columns() {
        if let Column::Number(values) = column {
            columns.push(Column::Category {
                codes: values.iter().map(|value| u32::from(!value.is_nan())).collect(),
                levels: 2,
            });
        }
    }
    Frame::new(columns).ok_or(Error::Internal("columns of different lengths"))
}

/// The places of the columns of a pass over products: of each feature that of its number and of where it is missing, or those of its levels and last of a
/// missing value.
pub(super) enum Place {
    Number { column: usize, missing: usize },
    Category(Vec<u32>),
}

/// Those of a pass over products.
pub(super) fn places(design: &Design, features: usize) -> Vec<Place> {
    let (own, extra) = design.encodings().split_at(features.min(design.encodings().len()));
    let mut missing = extra.iter().map(|encoding| match encoding {
        Encoding::Category { columns } => columns.first().map_or(0, |column| *column as usize),
        Encoding::Number { column, .. } => *column,
    });
    let place = |encoding: &Encoding| match encoding {
        Encoding::Number { column, .. } => Place::Number {
            column: *column,
            missing: missing.next().unwrap_or(0),
        },
        Encoding::Category { columns } => {
            let known = columns.len().saturating_sub(2);
            let last = columns.last().copied().unwrap_or(NO_COLUMN);
            Place::Category(columns[..known].iter().copied().chain([last]).collect())
        }
    };
    own.iter().map(place).collect()
}

impl LinearSums {
    /// Whether sizes agree, so that they can be merged.
    pub(crate) fn is_like(&self, other: &LinearSums) -> bool {
        match (self, other) {
            (LinearSums::Products(ours), LinearSums::Products(theirs))
            | (LinearSums::Curvature(_, ours), LinearSums::Curvature(_, theirs)) => ours.width() == theirs.width(),
            (LinearSums::Slope(ours), LinearSums::Slope(theirs)) => ours.weights.len() == theirs.weights.len(),
            (
                LinearSums::Products(_) | LinearSums::Slope(_) | LinearSums::Curvature(..),
                LinearSums::Products(_) | LinearSums::Slope(_) | LinearSums::Curvature(..),
            ) => false,
        }
    }
}

impl Accumulator for LinearSums {
    fn merge(&mut self, other: &Self) -> Result<()> {
        match (self, other) {
            (LinearSums::Products(ours), LinearSums::Products(theirs)) => ours.merge(theirs),
            (LinearSums::Curvature(our_loss, ours), LinearSums::Curvature(their_loss, theirs)) => {
                ours.merge(theirs)?;
                *our_loss += their_loss;
                Ok(())
            }
            (LinearSums::Slope(ours), LinearSums::Slope(theirs)) if ours.weights.len() == theirs.weights.len() => {
                ours.add(theirs);
                Ok(())
            }
            (
                LinearSums::Products(_) | LinearSums::Slope(_) | LinearSums::Curvature(..),
                LinearSums::Products(_) | LinearSums::Slope(_) | LinearSums::Curvature(..),
            ) => Err(Error::Mismatch {
                left: "sums of one kind".into(),
                right: "sums of another".into(),
            }),
        }
    }

    fn validate(&self) -> Result<()> {
        let sound = match self {
            LinearSums::Products(moments) => return moments.validate(),
            LinearSums::Curvature(loss, moments) => {
                moments.validate()?;
                loss.is_finite()
            }
            LinearSums::Slope(slope) => {
                slope.loss.is_finite()
                    && slope.intercept.is_finite()
                    && slope.weights.iter().all(|weight| weight.is_finite())
            }
        };
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("sums", "a sum is not a number"))
        }
    }

    fn memory(&self) -> usize {
        match self {
            LinearSums::Products(moments) | LinearSums::Curvature(_, moments) => moments.memory(),
            LinearSums::Slope(slope) => slope.weights.capacity() * size_of::<f64>(),
        }
    }
}

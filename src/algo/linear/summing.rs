//! What linear learners sum up over rows that go by.
//!
//! Design columns are those of [`crate::design`], in units that a sample taught. Three kinds of sums are made of them: the products of all of them, from
//! which [`super::exact`] makes what the design of all rows would have given; a loss with its gradient at given weights; and the second derivatives too.
//! The last two are those of one score, or of the scores of several classes.

use serde::{Deserialize, Serialize};

use super::class_sums::{ClassSums, pair_count};
use super::gram::{Moments, check_width, memory_needed};
use super::link::{Logistic, Loss, Squared};
use super::logistic;
use super::losses::PoissonLoss;
use super::pass::{Point, Slope};
use super::poisson::check_counts;
use crate::accumulator::Accumulator;
use crate::coded::coded;
use crate::design::{Design, Encoding, NO_COLUMN, Seen};
use crate::error::{Error, Result};
use crate::room;

/// Rows that are summed up at once, at most.
const MOST_BLOCK_ROWS: usize = 1024;

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
    /// The same by another loss.
    CurvatureOf(RowsLoss, Point),
    /// The loss of more than two classes at the weights of all but the last, whose score is 0, and its negative gradients.
    ClassSlopes(Vec<Point>),
    /// The same and the second derivatives.
    ClassCurvatures(Vec<Point>),
}

coded!(LinearKind {
    0 => Products,
    1 => Slope(loss, point),
    2 => Curvature(point),
    3 => CurvatureOf(loss, point),
    4 => ClassSlopes(points),
    5 => ClassCurvatures(points),
});

impl LinearKind {
    /// The loss at weights with its gradient and second derivatives.
    pub fn curvature(loss: RowsLoss, point: Point) -> LinearKind {
        match loss {
            RowsLoss::Logistic => LinearKind::Curvature(point),
            RowsLoss::Squared | RowsLoss::Poisson(_) => LinearKind::CurvatureOf(loss, point),
        }
    }

    /// How many classes there are, and whether second derivatives are asked for; `None` for a pass of one score.
    pub fn classes(&self) -> Option<(usize, bool)> {
        match self {
            LinearKind::ClassSlopes(points) => Some((points.len().saturating_add(1), false)),
            LinearKind::ClassCurvatures(points) => Some((points.len().saturating_add(1), true)),
            LinearKind::Products | LinearKind::Slope(..) | LinearKind::Curvature(_) | LinearKind::CurvatureOf(..) => {
                None
            }
        }
    }
}

/// The loss of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RowsLoss {
    Squared,
    Logistic,
    /// That of counts whose mean is this where the score is 0.
    Poisson(f64),
}

coded!(RowsLoss {
    0 => Squared,
    1 => Logistic,
    2 => Poisson(mean),
});

impl Loss for RowsLoss {
    fn residuals(
        &self,
        scores: &mut [f64],
        targets: &[f64],
        weights: Option<&[f64]>,
        roots: Option<&mut [f64]>,
    ) -> f64 {
        match *self {
            RowsLoss::Squared => Squared.residuals(scores, targets, weights, roots),
            RowsLoss::Logistic => Logistic.residuals(scores, targets, weights, roots),
            RowsLoss::Poisson(mean) => PoissonLoss { mean }.residuals(scores, targets, weights, roots),
        }
    }
}

impl RowsLoss {
    /// Returns an error for targets of which it is no loss.
    pub fn check(self, targets: &[f64]) -> Result<()> {
        match self {
            RowsLoss::Squared | RowsLoss::Logistic => Ok(()),
            RowsLoss::Poisson(_) => check_counts(targets),
        }
    }

    /// Whether it is a loss of rows of so many classes, 0 for numbers.
    fn suits(self, classes: usize) -> bool {
        match self {
            RowsLoss::Squared => true,
            RowsLoss::Logistic => classes == 2,
            RowsLoss::Poisson(mean) => classes == 0 && mean.is_normal() && mean > 0.0,
        }
    }
}

/// What a pass gave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LinearSums {
    Products(Moments),
    Slope(Slope),
    /// The loss and the moments of the working residuals.
    Curvature(f64, Moments),
    /// Those of each class but the last; the loss is with the first one.
    ClassSlopes(Vec<Slope>),
    /// The same and the moments of each pair of classes.
    ClassCurvatures(Vec<Slope>, Vec<Moments>),
}

coded!(LinearSums {
    0 => Products(moments),
    1 => Slope(slope),
    2 => Curvature(loss, moments),
    3 => ClassSlopes(slopes),
    4 => ClassCurvatures(slopes, pairs),
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

    /// Checks that it is a pass over rows of features with so many levels each (`None` for numbers), and so many classes.
    pub(crate) fn validate(&self, features: &[Option<usize>], classes: usize) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("plan of sums", problem));
        let agrees = |(seen, levels): (&Seen, &Option<usize>)| match (seen, levels) {
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
        let of_classes = |points: &[Point]| classes > 2 && points.len() + 1 == classes && points.iter().all(fits);
        let sound = match &self.kind {
            LinearKind::Products => true,
            LinearKind::Slope(loss, point) | LinearKind::CurvatureOf(loss, point) => fits(point) && loss.suits(classes),
            LinearKind::Curvature(point) => fits(point) && RowsLoss::Logistic.suits(classes),
            LinearKind::ClassSlopes(points) => of_classes(points),
            LinearKind::ClassCurvatures(points) => of_classes(points) && logistic::takes_newton(classes, width),
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
        room::ask(match self.kind.classes() {
            None => memory_needed(width),
            Some((classes, curved)) => ClassSums::bytes(width, classes, curved),
        })?;
        let slopes = |points: &[Point]| vec![Slope::zero(width); points.len()];
        Ok(match &self.kind {
            LinearKind::Products => LinearSums::Products(Moments::new(width)),
            LinearKind::Slope(..) => LinearSums::Slope(Slope::zero(width)),
            LinearKind::Curvature(_) | LinearKind::CurvatureOf(..) => LinearSums::Curvature(0.0, Moments::new(width)),
            LinearKind::ClassSlopes(points) => LinearSums::ClassSlopes(slopes(points)),
            LinearKind::ClassCurvatures(points) => {
                let pairs = vec![Moments::new(width); pair_count(points.len())];
                LinearSums::ClassCurvatures(slopes(points), pairs)
            }
        })
    }

    /// How many rows are to be summed up at once: so many that it takes some milliseconds.
    pub(crate) fn block_rows(&self) -> usize {
        /// Multiplications, about.
        const WORK: usize = 1 << 24;
        match self.kind.classes() {
            None => MOST_BLOCK_ROWS,
            Some((classes, curved)) => {
                let unknowns = classes.saturating_mul(self.design().width() + 1);
                let each = unknowns.saturating_mul(if curved { unknowns } else { 1 });
                (WORK / each.max(1)).clamp(16, MOST_BLOCK_ROWS)
            }
        }
    }
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
            (LinearSums::ClassSlopes(ours), LinearSums::ClassSlopes(theirs)) => are_alike(ours, theirs),
            (LinearSums::ClassCurvatures(ours, our_pairs), LinearSums::ClassCurvatures(theirs, their_pairs)) => {
                let alike = |(ours, theirs): (&Moments, &Moments)| ours.width() == theirs.width();
                are_alike(ours, theirs)
                    && our_pairs.len() == their_pairs.len()
                    && our_pairs.iter().zip(their_pairs).all(alike)
            }
            (
                LinearSums::Products(_)
                | LinearSums::Slope(_)
                | LinearSums::Curvature(..)
                | LinearSums::ClassSlopes(_)
                | LinearSums::ClassCurvatures(..),
                LinearSums::Products(_)
                | LinearSums::Slope(_)
                | LinearSums::Curvature(..)
                | LinearSums::ClassSlopes(_)
                | LinearSums::ClassCurvatures(..),
            ) => false,
        }
    }
}

fn are_alike(ours: &[Slope], theirs: &[Slope]) -> bool {
    let alike = |(ours, theirs): (&Slope, &Slope)| ours.weights.len() == theirs.weights.len();
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(alike)
}

fn add_all(ours: &mut [Slope], theirs: &[Slope]) {
    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.add(theirs));
}

impl Accumulator for LinearSums {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let is_like = self.is_like(other);
        match (self, other) {
            (LinearSums::Products(ours), LinearSums::Products(theirs)) => ours.merge(theirs),
            (LinearSums::Curvature(our_loss, ours), LinearSums::Curvature(their_loss, theirs)) => {
                ours.merge(theirs)?;
                *our_loss += their_loss;
                Ok(())
            }
            (LinearSums::Slope(ours), LinearSums::Slope(theirs)) if is_like => {
                ours.add(theirs);
                Ok(())
            }
            (LinearSums::ClassSlopes(ours), LinearSums::ClassSlopes(theirs)) if is_like => {
                add_all(ours, theirs);
                Ok(())
            }
            (LinearSums::ClassCurvatures(ours, our_pairs), LinearSums::ClassCurvatures(theirs, their_pairs))
                if is_like =>
            {
                for (ours, theirs) in our_pairs.iter_mut().zip(their_pairs) {
                    ours.merge(theirs)?;
                }
                add_all(ours, theirs);
                Ok(())
            }
            (
                LinearSums::Products(_)
                | LinearSums::Slope(_)
                | LinearSums::Curvature(..)
                | LinearSums::ClassSlopes(_)
                | LinearSums::ClassCurvatures(..),
                LinearSums::Products(_)
                | LinearSums::Slope(_)
                | LinearSums::Curvature(..)
                | LinearSums::ClassSlopes(_)
                | LinearSums::ClassCurvatures(..),
            ) => Err(Error::Mismatch {
                left: "sums of one kind".into(),
                right: "sums of another".into(),
            }),
        }
    }

    fn validate(&self) -> Result<()> {
        let finite = |slope: &Slope| {
            slope.loss.is_finite()
                && slope.intercept.is_finite()
                && slope.weights.iter().all(|weight| weight.is_finite())
        };
        let sound = match self {
            LinearSums::Products(moments) => return moments.validate(),
            LinearSums::Curvature(loss, moments) => {
                moments.validate()?;
                loss.is_finite()
            }
            LinearSums::Slope(slope) => finite(slope),
            LinearSums::ClassSlopes(slopes) => slopes.iter().all(finite),
            LinearSums::ClassCurvatures(slopes, pairs) => {
                pairs.iter().try_for_each(Moments::validate)?;
                slopes.iter().all(finite)
            }
        };
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("sums", "a sum is not a number"))
        }
    }

    fn memory(&self) -> usize {
        let of_slopes = |slopes: &[Slope]| {
            let weights: usize = slopes
                .iter()
                .map(|slope| slope.weights.capacity() * size_of::<f64>())
                .sum();
            weights + size_of_val(slopes)
        };
        match self {
            LinearSums::Products(moments) | LinearSums::Curvature(_, moments) => moments.memory(),
            LinearSums::Slope(slope) => slope.weights.capacity() * size_of::<f64>(),
            LinearSums::ClassSlopes(slopes) => of_slopes(slopes),
            LinearSums::ClassCurvatures(slopes, pairs) => {
                of_slopes(slopes) + size_of_val(&pairs[..]) + pairs.iter().map(Moments::memory).sum::<usize>()
            }
        }
    }
}

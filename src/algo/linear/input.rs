//! What learners check about their rows.

use super::pass::Point;
use crate::error::{Error, Result};
use crate::room;
use crate::training_set::TrainingSet;
use crate::unit::unit_of;

/// Targets and row weights of a training set as slices.
pub(crate) struct Input<'a> {
    pub targets: &'a [f64],
    /// `None` when all rows weigh the same.
    pub weights: Option<Vec<f64>>,
}

impl<'a> Input<'a> {
    /// Returns an error when there is no row with a weight, when lengths differ, or when a target or a weight is not a finite number (weights
    /// also not negative).
    pub fn of(set: &'a TrainingSet) -> Result<Input<'a>> {
        let targets = set.targets()?;
        if targets.is_empty() {
            return Err(Error::data(
                "there are no rows to learn from",
                "check the training query",
            ));
        }
        if targets.iter().any(|target| !target.is_finite()) {
            return Err(Error::data("a target is missing", "leave out rows without a target"));
        }
        Ok(Input {
            targets,
            weights: weights_of(set)?,
        })
    }

    /// How many rows have a weight above 0.
    pub fn rows(&self) -> u64 {
        let rows = match &self.weights {
            Some(weights) => weights.iter().filter(|w| **w > 0.0).count(),
            None => self.targets.len(),
        };
        rows as u64
    }
}

/// The weights of rows that are learned from, with or without a target; `None` when all weigh the same. Returns an error when there is no row, no row
/// with a weight, or when a weight is not a finite number of at least 0.
pub(crate) fn weights_of(set: &TrainingSet) -> Result<Option<Vec<f64>>> {
    if set.rows() == 0 && set.target.values().is_empty() {
        return Err(Error::data(
            "there are no rows to learn from",
            "check the training query",
        ));
    }
    let Some(weights) = &set.weights else {
        return Ok(None);
    };
    let rows = set.rows().max(set.target.values().len());
    let weights: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
    if weights.len() != rows || weights.iter().any(|w| !w.is_finite() || *w < 0.0) {
        return Err(Error::data(
            "a row's weight is missing or negative",
            "give each row a weight of 0 or more",
        ));
    }
    if weights.iter().all(|w| *w == 0.0) {
        return Err(Error::data(
            "no row has a weight above 0",
            "give some rows a positive weight",
        ));
    }
    Ok(Some(weights))
}

/// Targets less their mean, in units of their mean distance from it: for methods whose numbers should be neither large nor small.
pub(crate) struct Standardised {
    pub targets: Vec<f64>,
    centre: f64,
    /// Above 0.
    pub unit: f64,
}

impl Standardised {
    /// Those of the rows; not moved when not `centred`. Returns an error where there is no room.
    pub fn of(input: &Input, centred: bool) -> Result<Standardised> {
        // Sums of huge numbers are taken in a unit of their own.
        let first = unit_of(input.targets.iter().copied());
        let weight = |row: usize| input.weights.as_ref().map_or(1.0, |w| w[row]);
        let mut targets = room::with_capacity(input.targets.len())?;
        targets.extend(input.targets.iter().map(|target| target / first));
        let rows = || targets.iter().enumerate();
        let total: f64 = rows().map(|(row, _)| weight(row)).sum();
        let mean = rows().map(|(row, target)| weight(row) * target).sum::<f64>() / total;
        let distance = rows()
            .map(|(row, target)| weight(row) * (target - mean).abs())
            .sum::<f64>()
            / total;
        let centre = if centred { mean } else { 0.0 };
        let own = if distance > 0.0 && (1.0 / distance).is_finite() {
            distance
        } else {
            1.0
        };
        targets.iter_mut().for_each(|target| *target = (*target - centre) / own);
        Ok(Standardised {
            targets,
            centre: centre * first,
            unit: own * first,
        })
    }

    /// What was found for them, of the targets as they are.
    pub fn restored(&self, point: &Point) -> Point {
        Point {
            weights: point.weights.iter().map(|weight| weight * self.unit).collect(),
            intercept: point.intercept * self.unit + self.centre,
        }
    }
}

/// The weight of each class's rows. Returns an error unless the targets are class numbers without gaps, of two classes or more.
pub(crate) fn class_weights(targets: &[f64], weights: Option<&[f64]>) -> Result<Vec<f64>> {
    let mut classes: Vec<f64> = Vec::new();
    for (row, &target) in targets.iter().enumerate() {
        if target < 0.0 || target.fract() != 0.0 || target >= f64::from(u16::MAX) {
            return Err(Error::data(
                "a target is not a class number",
                "number the classes from 0",
            ));
        }
        let class = target as usize;
        if class >= classes.len() {
            classes.resize(class + 1, 0.0);
        }
        classes[class] += weights.map_or(1.0, |w| w[row]);
    }
    check_class_weights(&classes)?;
    Ok(classes)
}

/// Returns an error unless there are two classes at least, and each weighs something.
pub(crate) fn check_class_weights(classes: &[f64]) -> Result<()> {
    if classes.iter().filter(|weight| **weight > 0.0).count() < 2 {
        return Err(Error::data(
            "all rows are of one class",
            "give rows of at least two classes",
        ));
    }
    if classes.contains(&0.0) {
        return Err(Error::data("a class has no row", "number the classes without gaps"));
    }
    Ok(())
}

//! Calibration: what makes a classification's scores probabilities that come true as often as they say.
//!
//! It is learned on scores of rows that the scoring model did not learn from, and applied to the model's answer; the model itself, its margins
//! among it, stays as it is. Two classes have one curve, of the second class's score; more have one each, as one against the rest, whose values are
//! divided by their sum. A method is a file here and a line in [`Method`] and [`Curve`].

mod isotonic;
mod sigmoid;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use isotonic::Isotonic;
pub use sigmoid::Sigmoid;

use crate::coded::coded;
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// What errors call it.
const WHAT: &str = "the model's calibration";

/// How the curve is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A step function that never falls, by pooling adjacent violators.
    Isotonic,
    /// A logistic curve, as Platt's.
    Sigmoid,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 2] = [Method::Isotonic, Method::Sigmoid];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Isotonic => "isotonic",
            Method::Sigmoid => "sigmoid",
        }
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Learns a curve. Returns an error when stopped, and where there is no room.
    fn learn(self, points: Vec<Point>, monitor: &dyn Monitor) -> Result<Curve> {
        Ok(match self {
            Method::Isotonic => Curve::Isotonic(Isotonic::learn(points, monitor)?),
            Method::Sigmoid => Curve::Sigmoid(Sigmoid::learn(&points, monitor)?),
        })
    }
}

/// What a curve is a function of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The logarithm of the class's odds: of models whose scores add up before they become probabilities.
    LogOdds,
    /// The probability: of models that answer with shares of rows, which are often 0 or 1.
    Probability,
}

coded!(Scale {
    0 => LogOdds,
    1 => Probability,
});

/// Log odds are held to so much: probabilities of 0 and 1 have none.
const MOST_LOG_ODDS: f64 = 700.0;

impl Scale {
    /// The place of a class on it, from its probability and that of all others.
    #[inline]
    fn place(self, class: f64, others: f64) -> f64 {
        match self {
            Scale::Probability => class,
            Scale::LogOdds => (class / others).ln().clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS),
        }
    }
}

/// A row that teaches a curve: its place on the scale, whether it is of the class, and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The place.
    pub place: f64,
    /// Whether it is of the class.
    pub hit: bool,
    /// At least 0.
    pub weight: f64,
}

/// From a place on the scale to a probability.
#[derive(Debug, Clone, PartialEq)]
enum Curve {
    Sigmoid(Sigmoid),
    Isotonic(Isotonic),
}

coded!(Curve {
    0 => Sigmoid(curve),
    1 => Isotonic(curve),
});

impl Curve {
    #[inline]
    fn at(&self, place: f64) -> f64 {
        match self {
            Curve::Sigmoid(curve) => curve.at(place),
            Curve::Isotonic(curve) => curve.at(place),
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            Curve::Sigmoid(curve) => curve.is_sound(),
            Curve::Isotonic(curve) => curve.is_sound(),
        }
    }
}

/// Scores of rows, by a model that did not learn from them.
pub struct Scores<'a> {
    /// The probabilities of the classes, one row after the other.
    pub probabilities: &'a [f64],
    /// Each row's class.
    pub classes: &'a [f64],
    /// How much each row counts; `None` when all count the same.
    pub weights: Option<&'a [f32]>,
    /// How many classes there are, at least 2.
    pub count: usize,
}

/// What is applied to a classification's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    scale: Scale,
    /// Of the second of two classes, or of each class.
    curves: Vec<Curve>,
}

impl Calibration {
    /// Learns the curves. Returns an error when stopped, and where there is no room. O(classes x rows log rows).
    pub fn learn(method: Method, scale: Scale, scores: &Scores, monitor: &dyn Monitor) -> Result<Calibration> {
        let classes = if scores.count == 2 { 1..2 } else { 0..scores.count };
        let curves = classes.map(|class| {
            let mut points = crate::room::with_capacity(scores.classes.len())?;
            let rows = scores.probabilities.chunks_exact(scores.count).zip(scores.classes);
            for (row, (probabilities, &actual)) in rows.enumerate() {
                if row.is_multiple_of(1 << 16) {
                    monitor.check()?;
                }
                let weight = scores.weights.map_or(1.0, |weights| f64::from(weights[row]));
                if weight > 0.0 {
                    points.push(Point {
                        place: scale.place(probabilities[class], others(probabilities, class)),
                        hit: actual as usize == class,
                        weight,
                    });
                }
            }
            method.learn(points, monitor)
        });
        Ok(Calibration {
            scale,
            curves: curves.collect::<Result<_>>()?,
        })
    }

    /// Makes a row's scores calibrated probabilities, which add up to 1. Allocates nothing. O(classes log steps).
    #[inline]
    pub fn apply(&self, scores: &mut [f64]) {
        if let ([negative, positive], [curve]) = (&mut *scores, &self.curves[..]) {
            *positive = curve.at(self.scale.place(*positive, *negative));
            *negative = 1.0 - *positive;
            return;
        }
        let total: f64 = scores.iter().sum();
        let mut sum = 0.0;
        for (score, curve) in scores.iter_mut().zip(&self.curves) {
            *score = curve.at(self.scale.place(*score, (total - *score).max(0.0)));
            sum += *score;
        }
        let count = scores.len() as f64;
        for score in scores {
            // Where no class has any chance, all have the same.
            *score = if sum > 0.0 { *score / sum } else { 1.0 / count };
        }
    }

    /// Returns an error unless it can calibrate scores of so many classes. O(size).
    pub fn validate(&self, classes: usize) -> Result<()> {
        let wanted = if classes == 2 { 1 } else { classes };
        if self.curves.len() != wanted {
            return Err(Error::damaged(WHAT, "it is for another number of classes"));
        }
        match self.curves.iter().all(Curve::is_sound) {
            true => Ok(()),
            false => Err(Error::damaged(WHAT, "a curve gives no probabilities")),
        }
    }

    /// Bytes that it holds on the heap.
    pub fn memory(&self) -> usize {
        let of_curve = |curve: &Curve| match curve {
            Curve::Sigmoid(_) => 0,
            Curve::Isotonic(curve) => curve.memory(),
        };
        self.curves.capacity() * size_of::<Curve>() + self.curves.iter().map(of_curve).sum::<usize>()
    }
}

/// The probability of all classes but one.
fn others(probabilities: &[f64], class: usize) -> f64 {
    match probabilities {
        [negative, _] if class == 1 => *negative,
        all => (all.iter().sum::<f64>() - all[class]).max(0.0),
    }
}

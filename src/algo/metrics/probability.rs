//! How good probabilities of the positive class are.

use serde::{Deserialize, Serialize};

use super::sum::Sum;
use super::two_labels::TwoLabels;
use super::{MAX_ROWS, add_rows};
use crate::accumulator::Accumulator;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::label::Label;

/// What one row costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Minus the natural logarithm of the actual class's probability.
    Log,
    /// The square of what the positive class's probability is off by.
    Brier,
}

coded!(Loss {
    0 => Log,
    1 => Brier,
});

impl Loss {
    /// The cost of a row whose class was given `probability`.
    #[inline]
    fn of(self, probability: f64) -> f64 {
        match self {
            Loss::Log => -clip(probability).ln(),
            Loss::Brier => (1.0 - probability) * (1.0 - probability),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Loss::Log => "log_loss",
            Loss::Brier => "brier_score",
        }
    }
}

/// Keeps a probability as far from 0 and 1 as scikit-learn does, so that its logarithm is finite.
#[inline]
pub(super) fn clip(probability: f64) -> f64 {
    probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}

/// Returns an error on what is no probability.
#[inline]
pub(super) fn check_probability(probability: f64) -> Result<()> {
    if (0.0..=1.0).contains(&probability) {
        return Ok(());
    }
    Err(Error::data(
        format!("{probability} is not a probability"),
        "pass the positive class's probability, which is between 0 and 1",
    ))
}

/// The sum of losses of (label, probability of the positive class) rows. O(1) memory.
///
/// Which of two labels is positive may become known only later, so both answers are kept for each. A boolean's are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probability {
    loss: Loss,
    labels: TwoLabels,
    /// By the label's code.
    rows: [u64; 2],
    /// The losses if the label is the positive class; by its code. Not kept for false.
    as_positive: [Sum; 2],
    /// The losses if it is the negative class. Not kept for true.
    as_negative: [Sum; 2],
}

impl Probability {
    /// No rows.
    pub fn new(loss: Loss) -> Probability {
        Probability {
            loss,
            labels: TwoLabels::default(),
            rows: [0; 2],
            as_positive: Default::default(),
            as_negative: Default::default(),
        }
    }

    /// The loss it sums.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Adds a row. Returns an error on a probability outside 0 to 1 (and NaN), on a third label and on a label of another type.
    #[inline]
    pub fn push(&mut self, label: &Label, probability: f64) -> Result<()> {
        check_probability(probability)?;
        let code = self.labels.code(label)?;
        self.rows[code] += 1;
        if *label != Label::Bool(false) {
            self.as_positive[code].add(self.loss.of(probability));
        }
        if *label != Label::Bool(true) {
            self.as_negative[code].add(self.loss.of(1.0 - probability));
        }
        Ok(())
    }

    /// The mean loss. `None` without rows, and when only one label occurs that is no boolean, nor 0 or 1: nothing tells then whether it is
    /// the positive one.
    pub fn mean(&self) -> Option<f64> {
        let mut sum = Sum::default();
        match (self.labels.positive(), self.labels.labels()) {
            (Some(positive), _) => {
                sum.merge(&self.as_positive[positive]);
                sum.merge(&self.as_negative[1 - positive]);
            }
            (None, [only]) => match only.is_positive() {
                Some(true) => sum = self.as_positive[0],
                Some(false) => sum = self.as_negative[0],
                None => return None,
            },
            _ => return None,
        }
        Some(sum.value() / (self.rows[0] + self.rows[1]) as f64)
    }
}

impl Accumulator for Probability {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if self.loss != other.loss {
            return Err(Error::Mismatch {
                left: self.loss.name().into(),
                right: other.loss.name().into(),
            });
        }
        add_rows(self.rows[0] + self.rows[1], other.rows[0] + other.rows[1])?;
        for (theirs, ours) in self.labels.codes(&other.labels)?.into_iter().enumerate() {
            self.rows[ours] += other.rows[theirs];
            self.as_positive[ours].merge(&other.as_positive[theirs]);
            self.as_negative[ours].merge(&other.as_negative[theirs]);
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let known = self.labels.len();
        let sound = self.labels.is_sound()
            && self.rows[0]
                .checked_add(self.rows[1])
                .is_some_and(|rows| rows <= MAX_ROWS)
            && self
                .as_positive
                .iter()
                .chain(&self.as_negative)
                .all(|sum| sum.is_finite() && sum.value() >= 0.0)
            && self
                .rows
                .iter()
                .enumerate()
                .all(|(code, &rows)| (code < known) == (rows > 0));
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("sums of losses", "counts or sums do not agree"))
        }
    }

    fn memory(&self) -> usize {
        self.labels.memory()
    }
}

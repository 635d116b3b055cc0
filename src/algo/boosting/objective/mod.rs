//! Losses of numbers, by which a boosted model learns one score a row. One is a file here and a line in [`Objective::number_loss`]; what else it
//! needs (its code in stored models, its name as a hyperparameter) the compiler asks for.

mod gamma;
mod huber;
mod poisson;
mod quantile;
mod squared;
mod tweedie;

pub use gamma::Gamma;
pub use huber::Huber;
pub use poisson::Poisson;
pub use quantile::Quantile;
pub(super) use quantile::quantile;
pub use squared::SquaredError;
pub use tweedie::Tweedie;

use super::loss::Part;
use super::params::{BoostingParams, NumberObjective, Objective};
use crate::error::{Error, Result};
use crate::estimator::Criterion;
use crate::parameters::{Range, any};

/// What makes a score a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Nothing: the score is the prediction.
    Identity,
    /// The score is the prediction's logarithm.
    Log,
}

impl Link {
    /// The prediction, which is finite.
    #[inline]
    pub(super) fn predicted(self, score: f64) -> f64 {
        match self {
            Link::Identity => score,
            Link::Log => score.exp().min(f64::MAX),
        }
    }
}

/// Numbers to learn, and how much each counts.
pub struct Numbers<'a> {
    pub(super) values: &'a [f64],
    /// None when all count the same.
    pub(super) weights: Option<&'a [f32]>,
    pub(super) total_weight: f64,
}

impl Numbers<'_> {
    /// The weighted mean. O(n).
    fn mean(&self) -> f64 {
        let weight = |row: usize| self.weights.map_or(1.0, |w| f64::from(w[row]));
        let parts = self.values.iter().enumerate();
        parts.map(|(row, y)| weight(row) * (y / self.total_weight)).sum()
    }

    /// The logarithm of the mean. Returns an error when there is none.
    fn log_mean(&self) -> Result<f64> {
        match self.mean() {
            mean if mean > 0.0 => Ok(mean.ln()),
            _ => Err(Error::data(
                "the target is 0 in every row that counts",
                "give rows whose target is above 0, too",
            )),
        }
    }
}

/// A loss of a number, differentiated twice by the score.
pub trait NumberLoss: Criterion {
    /// The objective's name.
    fn objective(&self) -> &'static str;

    /// What is predicted, for the pages.
    fn about(&self) -> &'static str;

    /// Whether its parameters are ones that a fit can have had.
    fn is_sound(&self) -> bool {
        true
    }

    /// The numbers that can be learned.
    fn targets(&self) -> Range {
        any()
    }

    /// What makes a score a prediction.
    fn link(&self) -> Link {
        Link::Identity
    }

    /// The score before the first tree.
    fn first_score(&self, numbers: &Numbers) -> Result<f64>;

    /// The first and the second derivative of the loss at a score, up to a factor that both have.
    fn derivatives(&self, y: f64, score: f64) -> [f64; 2];

    /// Whether every second derivative is 1.
    fn constant_hessian(&self) -> bool {
        false
    }

    /// Of which quantile of its rows' residuals a leaf's value is, when Newton's step would mean nothing.
    fn renewal(&self) -> Option<f64> {
        None
    }

    /// Writes the first derivatives of rows that all count the same, where every second one is 1.
    fn fill_constant(&self, y: &[f64], scores: &[f64], out: &mut [f64]) -> Part {
        let (mut loss, mut largest) = (0.0, 0.0f64);
        for ((out, &score), &y) in out.iter_mut().zip(scores).zip(y) {
            *out = self.derivatives(y, score)[0];
            loss += self.loss(y, self.link().predicted(score));
            largest = largest.max(out.abs());
        }
        (loss, largest, 1.0)
    }

    /// Writes the derivatives of rows.
    fn fill(&self, y: &[f64], scores: &[f64], weights: Option<&[f32]>, out: &mut [[f32; 2]]) -> Part {
        let (mut loss, mut largest) = (0.0, (0.0f32, 0.0f32));
        for (row, ((out, &score), &y)) in out.iter_mut().zip(scores).zip(y).enumerate() {
            let weight = weights.map_or(1.0, |w| w[row]);
            loss += f64::from(weight) * self.loss(y, self.link().predicted(score));
            *out = self.derivatives(y, score).map(|derivative| weight * derivative as f32);
            largest = (largest.0.max(out[0].abs()), largest.1.max(out[1]));
        }
        (loss, f64::from(largest.0), f64::from(largest.1))
    }
}

/// The objectives of numbers, for the pages.
pub(super) fn page() -> String {
    let params = BoostingParams::default();
    let mut page = String::from(
        "### Objectives of gradient_boosting\n\n\
         What `objective` of a regression may be. A version of another than `\"regression\"` has its mean loss among its metrics, by which it is compared with the\n\
         one that is deployed; early stopping goes by it, too. With `poisson`, `gamma` and `tweedie` trees add up to the logarithm of what is predicted.\n\n\
         | objective | predicts | targets | metric |\n| --- | --- | --- | --- |\n",
    );
    for (name, objective) in NumberObjective::ALL {
        let objective = objective.with(&params);
        if let Some(loss) = objective.number_loss() {
            let (about, targets, metric) = (loss.about(), loss.targets().of("a number"), loss.name());
            page += &format!("| `{name}` | {about} | {targets} | `{metric}` |\n");
        }
    }
    page
}

impl Objective {
    /// The loss of a number; `None` for classes.
    pub(super) fn number_loss(&self) -> Option<&dyn NumberLoss> {
        match self {
            Objective::Regression => Some(&SquaredError),
            Objective::Binary | Objective::Multiclass { .. } => None,
            Objective::Huber(loss) => Some(loss),
            Objective::Quantile(loss) => Some(loss),
            Objective::Poisson(loss) => Some(loss),
            Objective::Gamma(loss) => Some(loss),
            Objective::Tweedie(loss) => Some(loss),
        }
    }

    /// What makes a score a prediction, of a number.
    #[inline]
    pub(super) fn link(&self) -> Link {
        match self {
            Objective::Regression | Objective::Binary | Objective::Multiclass { .. } => Link::Identity,
            Objective::Huber(_) | Objective::Quantile(_) => Link::Identity,
            Objective::Poisson(_) | Objective::Gamma(_) | Objective::Tweedie(_) => Link::Log,
        }
    }
}

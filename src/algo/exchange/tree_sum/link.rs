//! What makes sums of trees a prediction.

use crate::coded::coded;
use crate::exchange::MOST_CLASSES;
use crate::linear::model::softmax;
use crate::linear::probabilities;

/// What makes the sums of trees a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Link {
    /// The sum is the number.
    Identity,
    /// The sum is the number's logarithm.
    Exp,
    /// The sum is the number's square root, with the sign of the number.
    Square,
    /// The number is `1 / (1 + exp(-scale * sum))`.
    Logistic {
        /// The factor on the sum.
        scale: f64,
    },
    /// The number is `log(1 + exp(sum))`.
    Softplus,
    /// Two classes: the same is the probability of the second.
    Binary {
        /// The factor on the sum.
        scale: f64,
    },
    /// One sum for each class, of which the softmax makes probabilities.
    Softmax {
        /// How many classes there are.
        classes: usize,
    },
    /// One sum for each class, of each of which [`Link::Logistic`] makes the probability: they need not add up to 1.
    OneVsRest {
        /// How many classes there are.
        classes: usize,
        /// The factor on the sums.
        scale: f64,
    },
    /// Two classes: the sum is the probability of the second.
    Share,
    /// One sum for each class, which is its probability.
    Shares {
        /// How many classes there are.
        classes: usize,
    },
}

coded!(Link {
    0 => Identity,
    1 => Exp,
    2 => Square,
    3 => Logistic { scale },
    4 => Softplus,
    5 => Binary { scale },
    6 => Softmax { classes },
    7 => OneVsRest { classes, scale },
    8 => Share,
    9 => Shares { classes },
});

impl Link {
    /// How many sums there are: tree t adds to sum `t % sums`.
    pub fn sums(self) -> usize {
        match self {
            Link::Identity
            | Link::Exp
            | Link::Square
            | Link::Logistic { .. }
            | Link::Softplus
            | Link::Binary { .. }
            | Link::Share => 1,
            Link::Softmax { classes } | Link::OneVsRest { classes, .. } | Link::Shares { classes } => classes,
        }
    }

    /// How many classes it gives the probabilities of; `None` of a number.
    pub fn classes(self) -> Option<usize> {
        match self {
            Link::Identity | Link::Exp | Link::Square | Link::Logistic { .. } | Link::Softplus => None,
            Link::Binary { .. } | Link::Share => Some(2),
            Link::Softmax { classes } | Link::OneVsRest { classes, .. } | Link::Shares { classes } => Some(classes),
        }
    }

    /// Whether its numbers are what a link can have.
    pub(super) fn is_sound(self) -> bool {
        let scale = match self {
            Link::Logistic { scale } | Link::Binary { scale } | Link::OneVsRest { scale, .. } => scale,
            Link::Identity
            | Link::Exp
            | Link::Square
            | Link::Softplus
            | Link::Softmax { .. }
            | Link::Share
            | Link::Shares { .. } => 1.0,
        };
        scale.is_finite()
            && scale > 0.0
            && self
                .classes()
                .is_none_or(|classes| (2..=MOST_CLASSES).contains(&classes))
    }

    /// Writes the prediction of the one sum.
    #[inline]
    pub(super) fn of_one(self, sum: f64, out: &mut [f64]) {
        let number = match self {
            Link::Exp => sum.exp(),
            Link::Square => sum * sum.abs(),
            Link::Logistic { scale } => probabilities(scale * sum)[1],
            Link::Softplus => sum.max(0.0) + (-sum.abs()).exp().ln_1p(),
            Link::Binary { scale } => return out.copy_from_slice(&probabilities(scale * sum)),
            Link::Share => {
                // Rounding, or a file that is wrong, may leave the range of probabilities.
                let sum = sum.clamp(0.0, 1.0);
                return out.copy_from_slice(&[1.0 - sum, sum]);
            }
            Link::Identity | Link::Softmax { .. } | Link::OneVsRest { .. } | Link::Shares { .. } => sum,
        };
        out[0] = number;
    }

    /// Makes the prediction of the sums of classes, in their place.
    #[inline]
    pub(super) fn of_classes(self, sums: &mut [f64]) {
        match self {
            Link::Softmax { .. } => softmax(sums),
            Link::OneVsRest { scale, .. } => sums.iter_mut().for_each(|sum| *sum = probabilities(scale * *sum)[1]),
            Link::Shares { .. } => {
                sums.iter_mut().for_each(|sum| *sum = sum.clamp(0.0, 1.0));
                let (all, even) = (sums.iter().sum::<f64>(), 1.0 / sums.len() as f64);
                sums.iter_mut()
                    .for_each(|sum| *sum = if all > 0.0 { *sum / all } else { even });
            }
            Link::Identity
            | Link::Exp
            | Link::Square
            | Link::Logistic { .. }
            | Link::Softplus
            | Link::Binary { .. }
            | Link::Share => {}
        }
    }
}

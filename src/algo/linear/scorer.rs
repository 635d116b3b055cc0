//! A linear model laid out for scoring many rows.

use super::model::{LinearModel, Link};
use super::predictor::Term;
use crate::algo::estimator::Estimator;

/// One feature's share of the score, everything it needs side by side.
#[derive(Debug, Clone, Copy)]
struct Share {
    weight: f64,
    centre: f64,
    imputed: f64,
    start: u32,
    /// The levels of a category; [`NUMBER`] for a number.
    levels: u32,
}

const NUMBER: u32 = u32::MAX;

/// A fitted model with its terms in one list. Gives the same scores as the model, to the bit.
#[derive(Debug, Clone)]
pub struct Scorer {
    model: LinearModel,
    intercept: f64,
    /// None for several linear scores, which the model computes itself.
    shares: Option<Vec<Share>>,
}

impl Scorer {
    /// Lays out `model`, which has passed [`LinearModel::validate`] if it was decoded. O(size of the model).
    pub fn new(model: LinearModel) -> Scorer {
        let predictor = model.predictor();
        let share = |term: &Term| {
            Some(match *term {
                Term::Number { start, centre, imputed } => Share {
                    weight: predictor.table()[start],
                    centre,
                    imputed,
                    start: 0,
                    levels: NUMBER,
                },
                Term::Category { start, levels } => Share {
                    weight: 0.0,
                    centre: 0.0,
                    imputed: 0.0,
                    start: u32::try_from(start).ok()?,
                    levels: u32::try_from(levels).ok().filter(|&levels| levels != NUMBER)?,
                },
            })
        };
        let shares = match model.link() {
            Link::Softmax => None,
            Link::Identity | Link::Logistic => predictor.terms().iter().map(share).collect(),
        };
        Scorer {
            intercept: predictor.intercept(),
            shares,
            model,
        }
    }

    #[inline]
    fn linear(&self, shares: &[Share], row: &[f64]) -> f64 {
        let table = self.model.predictor().table();
        let mut sum = self.intercept;
        for (share, &value) in shares.iter().zip(row) {
            if share.levels == NUMBER {
                let value = if value.is_finite() { value } else { share.imputed };
                sum += share.weight * (value - share.centre);
            } else {
                // The cast saturates: whatever comes is a level, or unseen.
                let level = if value.is_nan() {
                    share.levels as usize
                } else {
                    value as usize
                };
                if value.is_nan() || level < share.levels as usize {
                    sum += table[share.start as usize + level];
                }
            }
        }
        sum
    }
}

impl Estimator for Scorer {
    fn outputs(&self) -> usize {
        self.model.outputs()
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        match &self.shares {
            Some(shares) => self.model.finish(self.linear(shares, row), out),
            None => self.model.score(row, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use linfa::ParamGuard;
    use linfa::traits::Fit;
    use ndarray::Array1;

    use super::*;
    use crate::algo::frame::{Column, Frame, MISSING, UNSEEN};
    use crate::algo::linear::{LogisticRegressionParams, RidgeParams};
    use crate::algo::monitor::{Unwatched, Watched};

    #[test]
    fn scores_are_those_of_the_model_to_the_bit() {
        let rows = 60;
        let numbers = (0..rows)
            .map(|r| if r % 9 == 0 { f64::NAN } else { f64::from(r * 7 % 13) })
            .collect();
        let codes = (0..rows as u32)
            .map(|r| if r % 11 == 0 { MISSING } else { r % 3 })
            .collect();
        let columns = vec![Column::Number(numbers), Column::Category { codes, levels: 3 }];
        let frame = Frame::new(columns).unwrap();
        let targets: Array1<f64> = (0..rows).map(|r| f64::from(u8::from(r * r % 7 < 3))).collect();
        let data = linfa::DatasetBase::new(frame, targets);
        let logistic = LogisticRegressionParams::default().check().unwrap();
        let ridge = RidgeParams::default().check().unwrap();
        let models = [
            Watched::new(logistic, &Unwatched).fit(&data).unwrap(),
            Watched::new(ridge, &Unwatched).fit(&data).unwrap(),
        ];
        for model in models {
            let scorer = Scorer::new(model.clone());
            for number in [0.0, -3.5, f64::NAN, UNSEEN] {
                for level in [0.0, 1.0, 2.0, 3.0, f64::NAN, UNSEEN] {
                    let (mut ours, mut theirs) = ([0.0; 2], [0.0; 2]);
                    scorer.score(&[number, level], &mut ours[..scorer.outputs()]);
                    model.score(&[number, level], &mut theirs[..model.outputs()]);
                    assert_eq!(ours.map(f64::to_bits), theirs.map(f64::to_bits), "{number} {level}");
                }
            }
        }
    }
}

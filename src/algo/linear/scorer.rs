//! A linear model laid out for scoring many rows.

use super::model::{LinearModel, Link};
use super::predictor::{LANES, Term, total};
use crate::estimator::Estimator;

/// A number's share of the score, everything it needs side by side. What is no number has the weight 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Share {
    weight: f64,
    centre: f64,
    imputed: f64,
}

/// A category's share of the score: its part of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Category {
    feature: usize,
    start: usize,
    levels: u32,
}

/// A fitted model with one linear score, laid out for scoring. Gives the same scores as the model, to the bit, whether a row is there as
/// a whole or its numbers are added where they are. O(features) a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    link: Link,
    intercept: f64,
    /// One a feature.
    shares: Vec<Share>,
    categories: Vec<Category>,
    table: Vec<f64>,
}

/// What has been added up of a row's numbers. The features have to be added in their order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum([f64; LANES]);

impl Scorer {
    /// Lays out `model`, which has passed [`LinearModel::validate`] if it was decoded; `None` for several linear scores, which the model
    /// computes itself. O(size of the model).
    pub fn new(model: &LinearModel) -> Option<Scorer> {
        if !model.is_single() {
            return None;
        }
        let predictor = model.predictor();
        let (terms, table) = (predictor.terms(), predictor.table());
        let mut scorer = Scorer {
            link: model.link().clone(),
            intercept: predictor.intercept(),
            shares: vec![Share::default(); terms.len()],
            categories: Vec::new(),
            table: table.to_vec(),
        };
        for (feature, term) in terms.iter().enumerate() {
            match *term {
                Term::Number { start, centre, imputed } => {
                    scorer.shares[feature] = Share {
                        weight: table[start],
                        centre,
                        imputed,
                    };
                }
                Term::Category { start, levels } => scorer.categories.push(Category {
                    feature,
                    start,
                    levels: u32::try_from(levels).ok()?,
                }),
            }
        }
        Some(scorer)
    }

    /// Adds the features `first` and following, as `number` reads them; what is not finite is missing, and a category adds nothing.
    #[inline(always)]
    pub fn add<T>(&self, sum: Sum, first: usize, values: &[T], number: impl Fn(&T) -> f64) -> Sum {
        let shares = &self.shares[first..first + values.len()];
        // Feature f belongs to lane f % LANES.
        let mut lanes = turned(sum.0, first % LANES);
        let ((values, last_values), (shares, last_shares)) = (values.as_chunks::<LANES>(), shares.as_chunks::<LANES>());
        for (values, shares) in values.iter().zip(shares) {
            for lane in 0..LANES {
                lanes[lane] += shares[lane].of(number(&values[lane]));
            }
        }
        for (lane, sum) in lanes.iter_mut().enumerate().take(LANES - 1) {
            if let Some((value, share)) = last_values.get(lane).zip(last_shares.get(lane)) {
                *sum += share.of(number(value));
            }
        }
        Sum(turned(lanes, (LANES - first % LANES) % LANES))
    }

    /// Turns the sum of a row's numbers, and the categories of the encoded row, into outputs.
    #[inline(always)]
    pub fn finish(&self, sum: Sum, row: &[f64], out: &mut [f64]) {
        let mut levels = 0.0;
        for category in &self.categories {
            let value = row[category.feature];
            // The cast saturates: whatever comes is a level, or unseen. A missing value stands behind the levels.
            let level = if value.is_nan() { category.levels } else { value as u32 };
            if value.is_nan() || level < category.levels {
                levels += self.table[category.start + level as usize];
            }
        }
        self.link.finish(self.intercept + total(sum.0) + levels, out);
    }
}

/// The lanes from number `first` on, and then those before it. As values, so that they stay in registers.
#[inline(always)]
fn turned([a, b, c, d]: [f64; LANES], first: usize) -> [f64; LANES] {
    match first {
        0 => [a, b, c, d],
        1 => [b, c, d, a],
        2 => [c, d, a, b],
        _ => [d, a, b, c],
    }
}

impl Share {
    #[inline(always)]
    fn of(&self, value: f64) -> f64 {
        let value = if value.is_finite() { value } else { self.imputed };
        self.weight * (value - self.centre)
    }
}

impl Estimator for Scorer {
    fn outputs(&self) -> usize {
        self.link.outputs(1)
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        let sum = self.add(Sum::default(), 0, row, |value| *value);
        self.finish(sum, row, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Column, Frame, MISSING, UNSEEN};
    use crate::linear::{LogisticRegressionParams, RidgeParams, least_squares, logistic};
    use crate::monitor::Unwatched;
    use crate::training_set::{Target, TrainingSet};

    #[test]
    fn scores_are_those_of_the_model_to_the_bit() {
        let rows = 60;
        let numbers: Vec<f64> = (0..rows)
            .map(|r| if r % 9 == 0 { f64::NAN } else { f64::from(r * 7 % 13) })
            .collect();
        let codes = (0..rows as u32)
            .map(|r| if r % 11 == 0 { MISSING } else { r % 3 })
            .collect();
        let more = |by: f64| {
            Column::Number(
                numbers
                    .iter()
                    .enumerate()
                    .map(|(r, x)| x * by + (r % 5) as f64)
                    .collect(),
            )
        };
        let category = Column::Category { codes, levels: 3 };
        let columns = vec![
            Column::Number(numbers.clone()),
            category,
            more(0.3),
            more(-1.7),
            more(1e6),
            more(1e-6),
        ];
        let frame = Frame::new(columns).unwrap();
        let targets = (0..rows).map(|r| f64::from(u8::from(r * r % 7 < 3))).collect();
        let data = TrainingSet::new(frame, Target::Numbers(targets));
        let classes = LogisticRegressionParams::default();
        let ridge = RidgeParams::default();
        let models = [
            logistic::fit(&classes, &data, &Unwatched).unwrap(),
            least_squares::fit(&ridge, &data, &Unwatched).unwrap(),
        ];
        for model in models {
            let scorer = Scorer::new(&model).unwrap();
            for number in [0.0, -3.5, f64::NAN, UNSEEN] {
                for level in [0.0, 1.0, 2.0, 3.0, f64::NAN, UNSEEN] {
                    let (mut ours, mut theirs) = ([0.0; 2], [0.0; 2]);
                    let row = [number, level, 0.1, number / 3.0, 7e5, f64::NAN];
                    scorer.score(&row, &mut ours[..scorer.outputs()]);
                    model.score(&row, &mut theirs[..model.outputs()]);
                    assert_eq!(ours.map(f64::to_bits), theirs.map(f64::to_bits), "{number} {level}");
                    for (first, second) in [(1, 2), (3, 5), (0, 6), (4, 4)] {
                        let mut sum = Sum::default();
                        for part in [0..first, first..second, second..row.len()] {
                            sum = scorer.add(sum, part.start, &row[part], |value| *value);
                        }
                        scorer.finish(sum, &row, &mut ours[..scorer.outputs()]);
                        assert_eq!(
                            ours.map(f64::to_bits),
                            theirs.map(f64::to_bits),
                            "in parts at {first}, {second}"
                        );
                    }
                }
            }
        }
    }
}

//! Losses: their first score, their gradients, their value. All sums are over fixed chunks of rows, added in order.

use std::borrow::Cow;

use rayon::prelude::*;

use super::objective::{NumberLoss, Numbers, quantile};
use super::packing::Gradients;
use super::params::{BoostingParams, ClassWeight, Objective};
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// Rows of one task.
const CHUNK: usize = 32_768;

/// Targets and weights of some rows.
pub(super) struct Targets<'a> {
    objective: Objective,
    values: Cow<'a, [f64]>,
    /// None when all are 1.
    weights: Option<Vec<f32>>,
    total_weight: f64,
}

impl<'a> Targets<'a> {
    /// Checks the targets and weighs the rows. `class_weights` is off for validation rows. O(n).
    pub(super) fn new(
        params: &BoostingParams,
        objective: Objective,
        values: &'a [f64],
        weights: Option<&[f32]>,
        class_weights: bool,
    ) -> Result<Self> {
        let number_loss = objective.number_loss();
        let classes = match number_loss {
            Some(_) => 0,
            None => objective.outputs(),
        };
        if values.iter().any(|y| !y.is_finite()) {
            return Err(Error::data(
                "a target is missing or not finite",
                "leave rows without a target out",
            ));
        }
        if classes > 0
            && values
                .iter()
                .any(|y| y.fract() != 0.0 || *y < 0.0 || *y >= classes as f64)
        {
            return Err(Error::data(
                format!("a target is no class from 0 to {}", classes - 1),
                "number the classes from 0",
            ));
        }
        if let Some(loss) = number_loss {
            check_numbers(loss, values)?;
        }
        if weights.is_some_and(|w| w.len() != values.len() || w.iter().any(|w| !(*w >= 0.0 && w.is_finite()))) {
            return Err(Error::data(
                "a row's weight is missing, negative or not finite",
                "give one weight of at least 0 a row",
            ));
        }
        let mut by_class = vec![1.0f64; classes];
        if class_weights && classes > 0 {
            let mut counts = vec![0usize; classes];
            values.iter().for_each(|y| counts[*y as usize] += 1);
            by_class = weights_of_classes(params, objective, &counts);
        }
        let all_one = by_class.iter().all(|w| *w == 1.0) && weights.is_none_or(|w| w.iter().all(|w| *w == 1.0));
        let weights: Option<Vec<f32>> = (!all_one).then(|| {
            let class_weight = |y: f64| by_class.get(y as usize).map_or(1.0, |w| *w as f32);
            values
                .iter()
                .enumerate()
                .map(|(i, y)| class_weight(*y) * weights.map_or(1.0, |w| w[i]))
                .collect()
        });
        let total_weight = weights
            .as_ref()
            .map_or(values.len() as f64, |w| w.iter().map(|w| f64::from(*w)).sum());
        if total_weight > 0.0 && total_weight.is_finite() {
            Ok(Targets {
                objective,
                values: Cow::Borrowed(values),
                weights,
                total_weight,
            })
        } else {
            Err(Error::data(
                "no row has a weight above 0",
                "give at least one row with a weight",
            ))
        }
    }

    /// Puts the rows in another order: the row that was `order[i]` becomes row i. O(n).
    pub(super) fn reorder(&mut self, order: &[u32]) {
        self.values = order.iter().map(|&row| self.values[row as usize]).collect();
        self.weights = self
            .weights
            .take()
            .map(|w| order.iter().map(|&row| w[row as usize]).collect());
    }

    /// The sum of the weights.
    pub(super) fn total_weight(&self) -> f64 {
        self.total_weight
    }

    /// Whether every hessian is 1.
    pub(super) fn constant_hessian(&self) -> bool {
        self.weights.is_none() && self.objective.number_loss().is_some_and(NumberLoss::constant_hessian)
    }

    /// The scores before the first tree: the mean, the log odds, or the logarithms of the class shares. O(n).
    pub(super) fn first_scores(&self) -> Result<Vec<f64>> {
        if let Some(loss) = self.objective.number_loss() {
            let numbers = Numbers {
                values: &self.values,
                weights: self.weights.as_deref(),
                total_weight: self.total_weight,
            };
            return Ok(vec![loss.first_score(&numbers)?]);
        }
        let weight = |row: usize| self.weights.as_ref().map_or(1.0, |w| f64::from(w[row]));
        let mut shares = vec![0.0; self.objective.trees_per_round().max(2)];
        self.values
            .iter()
            .enumerate()
            .for_each(|(row, y)| shares[*y as usize] += weight(row) / self.total_weight);
        scores_of_shares(self.objective, &shares)
    }

    /// The quantile of what the scores leave of some rows' targets. O(rows), with weights O(rows log rows).
    pub(super) fn residual_quantile(&self, scores: &[f64], rows: &[u32], alpha: f64) -> f64 {
        let weight = |row: usize| self.weights.as_ref().map_or(1.0, |w| w[row]);
        let residual = |&row: &u32| {
            let row = row as usize;
            (self.values[row] - scores[row], weight(row))
        };
        let mut residuals: Vec<(f64, f32)> = rows.iter().map(residual).collect();
        quantile(&mut residuals, alpha, self.weights.is_some())
    }

    /// The weighted sum of losses over the rows listed (all when none) and the sum of their weights. O(rows x classes).
    pub(super) fn loss(&self, scores: &[f64], rows: Option<&[u32]>, monitor: &dyn Monitor) -> Result<(f64, f64)> {
        let width = self.objective.trees_per_round();
        let of_row = |row: usize| {
            let weight = self.weights.as_ref().map_or(1.0, |w| f64::from(w[row]));
            let (y, scores) = (self.values[row], &scores[row * width..(row + 1) * width]);
            (weight * loss_of_row(self.objective, y, scores), weight)
        };
        let add = |a: (f64, f64), b: (f64, f64)| (a.0 + b.0, a.1 + b.1);
        let count = rows.map_or(self.values.len(), <[u32]>::len);
        let parts: Vec<(f64, f64)> = (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                monitor.check()?;
                let places = chunk * CHUNK..((chunk + 1) * CHUNK).min(count);
                Ok(places
                    .map(|place| of_row(rows.map_or(place, |rows| rows[place] as usize)))
                    .fold((0.0, 0.0), add))
            })
            .collect::<Result<_>>()?;
        Ok(parts.into_iter().fold((0.0, 0.0), add))
    }
}

/// How much a row of each class counts, by the number of rows of each.
pub(super) fn weights_of_classes(params: &BoostingParams, objective: Objective, counts: &[usize]) -> Vec<f64> {
    let mut weights = vec![1.0f64; counts.len()];
    if params.class_weight == Some(ClassWeight::Balanced) {
        let share = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        let weight = |&count: &usize| if count > 0 { share / count as f64 } else { 1.0 };
        weights = counts.iter().map(weight).collect();
    }
    if objective == Objective::Binary {
        weights[1] *= params.scale_pos_weight;
    }
    weights
}

/// The scores before the first tree where classes have these shares of the weight. Returns an error where only one has any.
pub(super) fn scores_of_shares(objective: Objective, shares: &[f64]) -> Result<Vec<f64>> {
    if shares.iter().filter(|share| **share > 0.0).count() < 2 {
        return Err(Error::data(
            "all rows are of one class",
            "train on rows of at least two classes",
        ));
    }
    if objective == Objective::Binary {
        return Ok(vec![(shares[1] / shares[0]).ln()]);
    }
    Ok(shares.iter().map(|share| share.max(1e-15).ln()).collect())
}

/// The loss of a row at its scores, one for each tree of a round.
pub(super) fn loss_of_row(objective: Objective, y: f64, scores: &[f64]) -> f64 {
    match (objective.number_loss(), scores) {
        (Some(loss), _) => loss.loss(y, objective.link().predicted(scores[0])),
        (None, &[score]) => softplus(if y > 0.5 { -score } else { score }),
        (None, scores) => {
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most - scores[y as usize] + scores.iter().map(|s| (s - most).exp()).sum::<f64>().ln()
        }
    }
}

/// The derivatives of the softmax's cross-entropy by the score of one of `classes` classes, whose probability is `p`; `is_own` says whether it is the
/// row's own. The diagonal of the hessian is a lower bound of the curvature that matters; LightGBM scales it so.
#[inline]
pub(super) fn derivatives_of_class(classes: usize, p: f32, is_own: bool, weight: f32) -> [f32; 2] {
    let factor = classes as f32 / (classes as f32 - 1.0);
    let hit = if is_own { 1.0 } else { 0.0 };
    [weight * (p - hit), weight * factor * p * (1.0 - p)]
}

/// Returns an error for numbers that a loss cannot learn.
fn check_numbers(loss: &dyn NumberLoss, values: &[f64]) -> Result<()> {
    let allowed = loss.targets();
    let refused: Vec<f64> = values.iter().copied().filter(|&y| !allowed.holds(y)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let name = loss.objective();
    let least = refused.iter().copied().fold(f64::INFINITY, f64::min);
    Err(Error::data(
        format!("objective \"{name}\" learns {}", allowed.of("a number")),
        "leave rows with another target out, or choose another objective",
    )
    .detail(format!(
        "{} of {} rows have another; the least is {least}.",
        refused.len(),
        values.len()
    )))
}

/// ln(1 + e^x) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The derivatives of the loss, round after round.
pub(super) struct Derivatives<'a> {
    pub(super) targets: Targets<'a>,
    pub(super) gradients: Gradients,
    /// The largest absolute gradient and the largest hessian.
    pub(super) largest: (f64, f64),
    /// Rows x classes, for the softmax.
    probabilities: Vec<f32>,
}

/// What a chunk of rows adds: its loss, its largest absolute gradient, its largest hessian.
pub(super) type Part = (f64, f64, f64);

impl<'a> Derivatives<'a> {
    pub(super) fn new(targets: Targets<'a>) -> Self {
        let rows = targets.values.len();
        let probabilities = match targets.objective {
            Objective::Multiclass { classes } => vec![0.0; rows * classes],
            _ => Vec::new(),
        };
        let gradients = Gradients::zeros(rows, targets.constant_hessian());
        Derivatives {
            targets,
            gradients,
            largest: (0.0, 0.0),
            probabilities,
        }
    }

    /// Looks at the scores (rows x trees a round) at the end of a round; returns the sum of weighted losses. Returns an error when the loss is
    /// no longer finite. O(n x classes).
    pub(super) fn update(&mut self, scores: &[f64], monitor: &dyn Monitor) -> Result<f64> {
        let targets = &self.targets;
        let weights = |index: usize| targets.weights.as_ref().map(|w| &w[index * CHUNK..]);
        let number_loss = targets.objective.number_loss();
        let part = |index: usize, y: &[f64], scores: &[f64], out: &mut [[f32; 2]]| match number_loss {
            Some(loss) => loss.fill(y, scores, weights(index), out),
            None => logistic(y, scores, weights(index), out),
        };
        let parts: Vec<Part> = match (&mut self.gradients, targets.objective) {
            (_, Objective::Multiclass { classes }) => {
                let chunks = self
                    .probabilities
                    .par_chunks_mut(CHUNK * classes)
                    .zip(scores.par_chunks(CHUNK * classes));
                chunks
                    .zip(targets.values.par_chunks(CHUNK))
                    .enumerate()
                    .map(|(index, ((out, scores), y))| {
                        monitor.check()?;
                        Ok((softmax(y, scores, weights(index), classes, out), 0.0, 0.0))
                    })
                    .collect::<Result<_>>()?
            }
            (Gradients::Constant(out), _) => {
                let chunks = out
                    .par_chunks_mut(CHUNK)
                    .zip(scores.par_chunks(CHUNK))
                    .zip(targets.values.par_chunks(CHUNK));
                chunks
                    .map(|((out, scores), y)| {
                        monitor.check()?;
                        Ok(number_loss.map_or_else(Part::default, |loss| loss.fill_constant(y, scores, out)))
                    })
                    .collect::<Result<_>>()?
            }
            (Gradients::Pairs(out), _) => {
                let chunks = out
                    .par_chunks_mut(CHUNK)
                    .zip(scores.par_chunks(CHUNK))
                    .zip(targets.values.par_chunks(CHUNK));
                chunks
                    .enumerate()
                    .map(|(index, ((out, scores), y))| {
                        monitor.check()?;
                        Ok(part(index, y, scores, out))
                    })
                    .collect::<Result<_>>()?
            }
        };
        self.finish(parts)
    }

    /// Makes the gradients those of the trees of `class`. Only the softmax has more than one class of trees.
    pub(super) fn select(&mut self, class: usize, monitor: &dyn Monitor) -> Result<()> {
        let (Objective::Multiclass { classes }, Gradients::Pairs(out)) = (self.targets.objective, &mut self.gradients)
        else {
            return Ok(());
        };
        let targets = &self.targets;
        let chunks = out
            .par_chunks_mut(CHUNK)
            .zip(self.probabilities.par_chunks(CHUNK * classes));
        let parts: Vec<Part> = chunks
            .enumerate()
            .map(|(index, (out, probabilities))| {
                monitor.check()?;
                let mut largest = (0.0f32, 0.0f32);
                for (place, (out, probabilities)) in out.iter_mut().zip(probabilities.chunks_exact(classes)).enumerate()
                {
                    let row = index * CHUNK + place;
                    let weight = targets.weights.as_ref().map_or(1.0, |w| w[row]);
                    let is_own = targets.values[row] as usize == class;
                    *out = derivatives_of_class(classes, probabilities[class], is_own, weight);
                    largest = (largest.0.max(out[0].abs()), largest.1.max(out[1]));
                }
                Ok((0.0, f64::from(largest.0), f64::from(largest.1)))
            })
            .collect::<Result<_>>()?;
        self.finish(parts).map(|_| ())
    }

    fn finish(&mut self, parts: Vec<Part>) -> Result<f64> {
        let (loss, largest) = finite(&parts)?;
        self.largest = largest;
        Ok(loss)
    }
}

/// The sum of losses, the largest absolute gradient and the largest hessian. Returns an error when one is no longer finite.
pub(super) fn finite(parts: &[Part]) -> Result<(f64, (f64, f64))> {
    let sum = parts
        .iter()
        .fold((0.0, 0.0f64, 0.0f64), |s, p| (s.0 + p.0, s.1.max(p.1), s.2.max(p.2)));
    if sum.0.is_finite() && sum.1.is_finite() && sum.2.is_finite() {
        Ok((sum.0, (sum.1, sum.2)))
    } else {
        Err(Error::data(
            "the loss grew beyond all numbers",
            "lower learning_rate, or scale the target",
        ))
    }
}

/// Rows whose losses go into one logarithm.
const FACTORS: usize = 8;

/// Log-loss of labels 0 and 1. With q the probability given to the true class, the gradient is -(1 - q) towards it and the
/// hessian q (1 - q).
pub(super) fn logistic(y: &[f64], scores: &[f64], weights: Option<&[f32]>, out: &mut [[f32; 2]]) -> Part {
    let (mut loss, mut largest) = (0.0, (0.0f32, 0.0f32));
    for (index, ((out, scores), y)) in out
        .chunks_mut(FACTORS)
        .zip(scores.chunks(FACTORS))
        .zip(y.chunks(FACTORS))
        .enumerate()
    {
        let mut right = [1.0f32; FACTORS];
        for (((right, out), score), y) in right.iter_mut().zip(&mut *out).zip(scores).zip(y) {
            let sign = if *y > 0.5 { 1.0f32 } else { -1.0 };
            let odds = exp(-(*score as f32) * sign);
            let q = 1.0 / (1.0 + odds);
            let wrong = odds * q;
            *right = q;
            *out = [-sign * wrong, q * wrong];
        }
        match weights {
            // One logarithm of eight factors: each is at least e^-87.
            None => loss -= right.iter().map(|q| f64::from(*q)).product::<f64>().ln(),
            Some(weights) => {
                for ((out, q), weight) in out.iter_mut().zip(right).zip(&weights[index * FACTORS..]) {
                    loss -= f64::from(*weight) * f64::from(q).ln();
                    *out = [out[0] * weight, out[1] * weight];
                }
            }
        }
        for pair in out.iter() {
            largest = (largest.0.max(pair[0].abs()), largest.1.max(pair[1]));
        }
    }
    (loss, f64::from(largest.0), f64::from(largest.1))
}

/// Writes the class probabilities of rows; returns the sum of weighted losses.
pub(super) fn softmax(y: &[f64], scores: &[f64], weights: Option<&[f32]>, classes: usize, out: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (row, (out, scores)) in out
        .chunks_exact_mut(classes)
        .zip(scores.chunks_exact(classes))
        .enumerate()
    {
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        out.iter_mut()
            .zip(scores)
            .for_each(|(out, score)| *out = exp((score - most) as f32));
        let sum: f32 = out.iter().sum();
        let true_class = y[row] as usize;
        let weight = weights.map_or(1.0, |w| f64::from(w[row]));
        loss += weight * (most - scores[true_class] + f64::from(sum).ln());
        out.iter_mut().for_each(|p| *p /= sum);
    }
    loss
}

/// e^x to a relative error of 2e-7, in operations that exist for vectors: 2^n by the exponent bits, the rest by a Taylor polynomial
/// on |r| <= ln(2) / 2. Held to e^-87 .. e^87.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    // ln(2) in two parts, the first with few bits so that its product with n is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let power = (shifted.to_bits() as i32)
        .wrapping_sub(MAGIC.to_bits() as i32)
        .wrapping_add(127)
        << 23;
    p * f32::from_bits(power as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn the_exponential_is_close() {
        for i in -8_600..=8_600 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}");
        }
        assert!(exp(-1000.0) > 0.0 && exp(1000.0).is_finite());
    }

    #[test]
    fn logistic_gradients_are_the_differences_of_the_loss() {
        let y: Vec<f64> = (0..19).map(|i| f64::from(i % 2)).collect();
        let scores: Vec<f64> = (0..19).map(|i| f64::from(i) / 3.0 - 3.0).collect();
        let weights: Vec<f32> = (0..19).map(|i| 0.5 + i as f32).collect();
        for weights in [None, Some(&weights[..])] {
            let params = BoostingParams::default();
            let targets = Targets::new(&params, Objective::Binary, &y, weights, true).unwrap();
            let mut out = vec![[0.0; 2]; 19];
            let (loss, ..) = logistic(&y, &scores, weights, &mut out);
            assert!((loss - targets.loss(&scores, None, &Unwatched).unwrap().0).abs() < 1e-5 * loss);
            for row in 0..19 {
                let shifted = |by: f64| {
                    let mut scores = scores.clone();
                    scores[row] += by;
                    targets.loss(&scores, None, &Unwatched).unwrap().0
                };
                let slope = (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
                let curve = (shifted(1e-3) + shifted(-1e-3) - 2.0 * shifted(0.0)) / 1e-6;
                assert!((slope - f64::from(out[row][0])).abs() < 1e-5, "{row}: {slope} {out:?}");
                assert!((curve - f64::from(out[row][1])).abs() < 1e-3, "{row}: {curve} {out:?}");
            }
        }
    }
}

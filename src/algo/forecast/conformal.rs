//! Intervals by split conformal prediction, each step ahead its own: V. Vovk, A. Gammerman and G. Shafer, "Algorithmic Learning in a Random World" (2005); K.
//! Stankevičiūtė, A. M. Alaa and M. van der Schaar, "Conformal time-series forecasting" (2021). The scores are absolute errors of rolling origins over the
//! series' own scale, pooled over series; how a series differs from the others at a step counts as much as it has errors of its own.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::model::FURTHEST;
use super::rolling::Errors;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;
use crate::sort::sort_by;

/// The most scores that are kept of a step: its quantiles.
const KEPT: usize = 1000;

/// Scores that are sorted between two looks at the monitor.
const SORTED: usize = 1 << 17;

/// The series' own errors count as much as the pool's when there are so many that do not overlap.
const OWN: f64 = 6.0;

/// The scores of series of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pool {
    steps: Vec<Scores>,
    /// The median of scales over mean absolute values: for series that have no scale.
    pub relative_scale: f64,
}

/// The scores of one step, ascending.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Scores {
    kept: Vec<f32>,
    /// How many there were before only quantiles were kept.
    count: usize,
}

/// Errors of one series, for its pool.
pub(super) struct OwnErrors<'a> {
    pub errors: &'a Errors,
    pub scale: f64,
}

impl OwnErrors<'_> {
    /// Those at a step, where there are any that can be scaled.
    fn ahead(&self, step: usize) -> Option<&[f32]> {
        let ahead = self.errors.ahead(step);
        (self.scale > 0.0 && !ahead.is_empty()).then_some(ahead)
    }
}

impl Pool {
    /// Learns from the errors of series, each of its own scale. Also gives, for each series, by what its errors differ from the pool's at each step.
    pub(super) fn learn(series: &[OwnErrors], horizon: usize, monitor: &dyn Monitor) -> Result<(Pool, Vec<Vec<f32>>)> {
        let steps = (0..horizon)
            .into_par_iter()
            .map(|step| Scores::learn(series, step, monitor));
        let learned: Vec<Option<(Scores, Vec<f32>)>> = steps.collect::<Result<_>>()?;
        let mut factors = vec![Vec::new(); series.len()];
        let mut steps = Vec::with_capacity(horizon);
        for (scores, of_step) in learned.into_iter().map_while(|learned| learned) {
            monitor.check()?;
            for (factors, factor) in factors.iter_mut().zip(of_step) {
                if !factor.is_nan() {
                    factors.push(factor);
                }
            }
            steps.push(scores);
        }
        let pool = Pool {
            steps,
            relative_scale: 0.0,
        };
        Ok((pool, factors))
    }

    /// Half the width of an interval at a level for each of the next steps, over the scale. Empty where nothing is known.
    pub(super) fn half_widths(&self, factors: &[f32], horizon: usize, level: f64) -> Result<Vec<f64>> {
        // Of all steps, so that how far is looked ahead changes no step's width.
        let quantiles = self
            .steps
            .iter()
            .map(|scores| scores.quantile(level))
            .collect::<Result<Vec<f64>>>()?;
        let last = factors.last().copied().unwrap_or(1.0);
        let factor = |step: usize| f64::from(factors.get(step).copied().unwrap_or(last));
        let own = quantiles
            .iter()
            .enumerate()
            .map(|(step, quantile)| quantile * factor(step))
            .collect();
        let mut widths = ascending(own);
        if let (Some(&first), Some(&end)) = (widths.first(), widths.last()) {
            // Beyond what was tried they grow on as they grew.
            let known = widths.len();
            let growth = match known > 1 && first > 0.0 {
                true => ((end / first).ln() / (known as f64).ln()).clamp(0.0, 1.0),
                false => 0.5,
            };
            widths.extend((known..horizon).map(|step| end * ((step + 1) as f64 / known as f64).powf(growth)));
        }
        widths.truncate(horizon);
        Ok(widths)
    }

    pub(super) fn is_sound(&self) -> bool {
        let is_ascending = |scores: &Scores| {
            !scores.kept.is_empty()
                && scores.kept.len() <= KEPT
                && scores.kept.len() <= scores.count
                && scores.count <= isize::MAX as usize
                && scores.kept.iter().all(|score| score.is_finite() && *score >= 0.0)
                && scores.kept.is_sorted()
        };
        self.steps.len() <= FURTHEST
            && self.steps.iter().all(is_ascending)
            && self.relative_scale >= 0.0
            && self.relative_scale.is_finite()
    }

    pub(super) fn memory(&self) -> usize {
        self.steps
            .iter()
            .map(|scores| size_of::<Scores>() + scores.kept.len() * size_of::<f32>())
            .sum()
    }
}

/// The mean of a series' scores over the pool's, drawn towards 1 where it has few.
fn factor(own: f64, pooled: f64, count: f64) -> f64 {
    match pooled > 0.0 {
        true => ((count * own / pooled + OWN) / (count + OWN)).max(0.1),
        false => 1.0,
    }
}

impl Scores {
    /// What series' errors at a step come to, and by what those of each differ from the pool's: NaN where it has none. `None` where no series has any.
    fn learn(series: &[OwnErrors], step: usize, monitor: &dyn Monitor) -> Result<Option<(Scores, Vec<f32>)>> {
        let (mut total, mut known, mut count) = (0.0, 0.0, 0);
        let mut factors = room::with_capacity(series.len())?;
        for own in series {
            monitor.check()?;
            let mean = own.ahead(step).map(|errors| {
                let sum: f64 = errors.iter().map(|error| f64::from(*error)).sum();
                count += errors.len();
                sum / errors.len() as f64 / own.scale
            });
            if let Some(mean) = mean {
                total += mean;
                known += 1.0;
            }
            factors.push(mean.map_or(f32::NAN, |mean| mean as f32));
        }
        if count == 0 {
            return Ok(None);
        }
        let pooled = total / known;
        let mut scores: Vec<f32> = room::with_capacity(count)?;
        for (own, factor_or_mean) in series.iter().zip(&mut factors) {
            monitor.check()?;
            let Some(errors) = own.ahead(step) else { continue };
            let weight = errors.len() as f64 / (step + 1) as f64;
            let factor = factor(f64::from(*factor_or_mean), pooled, weight);
            *factor_or_mean = factor as f32;
            scores.extend(
                errors
                    .iter()
                    .map(|error| (f64::from(*error) / own.scale / factor) as f32),
            );
        }
        sort_by(&mut scores, SORTED, f32::total_cmp, monitor)?;
        Ok(Some((Scores::of(scores), factors)))
    }

    /// The quantiles of scores that ascend.
    fn of(mut scores: Vec<f32>) -> Scores {
        let count = scores.len();
        if count > KEPT {
            let last = (count - 1) as f64 / (KEPT - 1) as f64;
            scores = (0..KEPT)
                .map(|index| scores[(index as f64 * last).round() as usize])
                .collect();
        }
        Scores { kept: scores, count }
    }

    /// The score that so large a share of new ones does not exceed. Beyond the largest the tail is taken as normal.
    fn quantile(&self, level: f64) -> Result<f64> {
        let rank = level * (self.count + 1) as f64;
        let largest = f64::from(self.kept.last().copied().unwrap_or(0.0));
        let count = self.count as f64;
        if rank > count {
            return Ok(largest * two_sided(level)? / two_sided(count / (count + 1.0))?);
        }
        let place = ((rank - 1.0) / (count - 1.0).max(1.0) * (self.kept.len() - 1) as f64).max(0.0);
        let below = self.kept[place.floor() as usize];
        let above = self.kept[(place.ceil() as usize).min(self.kept.len() - 1)];
        Ok(f64::from(below) + (f64::from(above) - f64::from(below)) * place.fract())
    }
}

/// What the absolute value of a standard normal number does not exceed with a probability.
pub(super) fn two_sided(level: f64) -> Result<f64> {
    let normal = Normal::new(0.0, 1.0).map_err(|_| Error::Internal("there is a standard normal distribution"))?;
    Ok(normal.inverse_cdf(0.5 + level / 2.0))
}

/// The nearest numbers that do not descend, by merging neighbours that do.
fn ascending(values: Vec<f64>) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::with_capacity(values.len());
    for value in values {
        let mut block = (value, 1);
        while let Some(before) = blocks.last().filter(|before| before.0 > block.0) {
            let count = before.1 + block.1;
            block = (
                (before.0 * before.1 as f64 + block.0 * block.1 as f64) / count as f64,
                count,
            );
            blocks.pop();
        }
        blocks.push(block);
    }
    blocks
        .into_iter()
        .flat_map(|(value, count)| std::iter::repeat_n(value, count))
        .collect()
}

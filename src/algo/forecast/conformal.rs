//! Intervals by split conformal prediction, each step ahead its own: V. Vovk, A. Gammerman and G. Shafer, "Algorithmic Learning in a Random World" (2005); K.
//! Stankevičiūtė, A. M. Alaa and M. van der Schaar, "Conformal time-series forecasting" (2021). The scores are absolute errors of rolling origins over the
//! series' own scale, pooled over series; how a series differs from the others at a step counts as much as it has errors of its own.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::error::{Error, Result};

/// The most scores that are kept of a step: its quantiles.
const KEPT: usize = 1000;

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
    /// For each step ahead.
    pub ahead: &'a [Vec<f32>],
    pub scale: f64,
}

impl Pool {
    /// Learns from the errors of series, each of its own scale. Also gives, for each series, by what its errors differ from the pool's at each step.
    pub(super) fn learn(series: &[OwnErrors], horizon: usize) -> (Pool, Vec<Vec<f32>>) {
        let mut factors = vec![Vec::new(); series.len()];
        let mut steps = Vec::with_capacity(horizon);
        for step in 0..horizon {
            let ahead = |own: &OwnErrors| {
                own.ahead
                    .get(step)
                    .filter(|errors| !errors.is_empty() && own.scale > 0.0)
                    .cloned()
            };
            let means: Vec<Option<(f64, f64)>> = series
                .iter()
                .map(|own| {
                    let errors = ahead(own)?;
                    let count = errors.len() as f64;
                    Some((
                        errors.iter().map(|error| f64::from(*error)).sum::<f64>() / count / own.scale,
                        count,
                    ))
                })
                .collect();
            let known: Vec<f64> = means.iter().flatten().map(|(mean, _)| *mean).collect();
            if known.is_empty() {
                break;
            }
            let pooled = known.iter().sum::<f64>() / known.len() as f64;
            let mut scores: Vec<f32> = Vec::new();
            for ((own, mean), factors) in series.iter().zip(&means).zip(&mut factors) {
                let Some((mean, count)) = mean else { continue };
                let factor = factor(*mean, pooled, count / (step + 1) as f64);
                factors.push(factor as f32);
                scores.extend(
                    own.ahead[step]
                        .iter()
                        .map(|error| (f64::from(*error) / own.scale / factor) as f32),
                );
            }
            steps.push(Scores::of(scores));
        }
        let pool = Pool {
            steps,
            relative_scale: 0.0,
        };
        (pool, factors)
    }

    /// Half the width of an interval at a level for each of the next steps, over the scale. Empty where nothing is known.
    pub(super) fn half_widths(&self, factors: &[f32], horizon: usize, level: f64) -> Result<Vec<f64>> {
        let steps = self.steps.iter().take(horizon);
        let quantiles = steps
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
        Ok(widths)
    }

    pub(super) fn is_sound(&self) -> bool {
        let is_ascending = |scores: &Scores| {
            !scores.kept.is_empty()
                && scores.kept.len() <= scores.count
                && scores.kept.iter().all(|score| score.is_finite() && *score >= 0.0)
                && scores.kept.is_sorted()
        };
        self.steps.iter().all(is_ascending) && self.relative_scale >= 0.0 && self.relative_scale.is_finite()
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
    fn of(mut scores: Vec<f32>) -> Scores {
        scores.sort_unstable_by(f32::total_cmp);
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

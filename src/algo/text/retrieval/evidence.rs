//! How sure a mean over questions is: intervals of percentiles of the bootstrap over questions (Efron 1979), and for two searches of the same
//! questions the difference of each, with the p-value of a randomisation test that changes their signs at random (Smucker, Allan and Carterette,
//! "A comparison of statistical significance tests for information retrieval evaluation", CIKM 2007).

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// How often is drawn.
const DRAWS: usize = 2_000;
/// How sure an interval is.
const CONFIDENCE: f64 = 0.95;
/// Random numbers between two looks at the monitor.
const BLOCK: usize = 1 << 17;

/// A mean over questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// It.
    pub value: f64,
    /// What it may as well be, for other questions of the same kind.
    pub interval: [f64; 2],
}

/// The difference of two searches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The mean of the differences.
    pub difference: Mean,
    /// How likely a difference as great is where there is none.
    pub p_value: f64,
}

/// The mean of values, one per question; `None` without any. The same seed draws the same.
pub fn mean(values: &[f64], seed: u64, monitor: &dyn Monitor) -> Result<Option<Mean>> {
    if values.is_empty() {
        return Ok(None);
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut means = draws(values.len(), monitor, || {
        let drawn = values.iter().map(|_| values[below(&mut random, values.len())]);
        average(drawn, values.len())
    })?;
    means.sort_unstable_by(f64::total_cmp);
    Ok(Some(Mean {
        value: average(values.iter().copied(), values.len()),
        interval: [(1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0].map(|share| quantile(&means, share)),
    }))
}

/// The difference of two searches, first less second, of the values of the same questions; `None` without any.
pub fn compare(a: &[f64], b: &[f64], seed: u64, monitor: &dyn Monitor) -> Result<Option<Evidence>> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let Some(difference) = mean(&differences, seed, monitor)? else {
        return Ok(None);
    };
    let mut random = Xoshiro256PlusPlus::seed_from_u64(crate::hash::seeded(seed));
    let means = draws(differences.len(), monitor, || {
        let mut signs = 0;
        let turned = differences.iter().enumerate().map(|(place, difference)| {
            if place % 64 == 0 {
                signs = random.next_u64();
            }
            if (signs >> (place % 64)) & 1 == 0 {
                *difference
            } else {
                -*difference
            }
        });
        average(turned, differences.len())
    })?;
    // Sums of the same numbers differ by rounding.
    let as_great = difference.value.abs() * (1.0 - 1e-9);
    let beyond = means.iter().filter(|mean| mean.abs() >= as_great).count();
    Ok(Some(Evidence {
        difference,
        // What was found counts as one of the draws, so that it is never 0.
        p_value: (beyond + 1) as f64 / (DRAWS + 1) as f64,
    }))
}

/// Draws so often, each of so many random numbers.
fn draws(questions: usize, monitor: &dyn Monitor, mut draw: impl FnMut() -> f64) -> Result<Vec<f64>> {
    let mut means = room::with_capacity(DRAWS)?;
    let mut work = BLOCK;
    for _ in 0..DRAWS {
        if work >= BLOCK {
            monitor.check()?;
            work = 0;
        }
        work += questions;
        means.push(draw());
    }
    Ok(means)
}

/// A random number below `count` (Lemire 2019, without the rejection, whose bias of count / 2^64 nobody can see).
fn below(random: &mut Xoshiro256PlusPlus, count: usize) -> usize {
    ((u128::from(random.next_u64()) * count as u128) >> 64) as usize
}

fn average(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.sum::<f64>() / count as f64
}

/// A quantile of sorted values, between two of them by their distance (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

//! Where k-means begins: centres drawn from the rows, far from each other (k-means++: Arthur and Vassilvitskii, 2007; of several candidates the one that leaves
//! least, as scikit-learn draws).
//!
//! Of many rows a sample is drawn, and Lloyd's iterations on the sample come before those on all rows (Bradley and Fayyad, "Refining initial points for k-means
//! clustering", 1998): its centres are already about where those of all rows are, for a small part of the work, so that several starts are affordable.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::lloyd::{Clusters, Rows, Stop, lloyd, square};
use super::params::Draw;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::Monitor;
use crate::room;

/// Rows of a sample: so many per cluster, within these bounds.
const ROWS_PER_CLUSTER: usize = 1000;
const FEWEST: usize = 1 << 12;
const MOST: usize = 1 << 16;
/// Numbers of a sample, at most, unless that were fewer than some rows per cluster.
const NUMBERS: usize = 1 << 22;
const LEAST_PER_CLUSTER: usize = 20;

/// A draw of random numbers.
pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// From 0 to below 1.
    pub fn fraction(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of the first `count` whole numbers.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.fraction() * count as f64) as usize).min(count.saturating_sub(1))
    }
}

/// How many rows a sample for so many clusters has.
pub(crate) fn sample_size(rows: usize, clusters: usize, width: usize) -> usize {
    let usual = (clusters.saturating_mul(ROWS_PER_CLUSTER)).clamp(FEWEST, MOST);
    let most = (NUMBERS / width.max(1)).max(clusters.saturating_mul(LEAST_PER_CLUSTER));
    usual.min(most).min(rows)
}

/// So many rows, spread evenly: one is drawn of each stretch. In their order.
pub(crate) fn spread_rows(rows: usize, count: usize, dice: &mut Dice) -> Vec<u32> {
    let edge = |place: usize| (place as u128 * rows as u128 / count.max(1) as u128) as usize;
    (0..count)
        .map(|place| (edge(place) + dice.below(edge(place + 1) - edge(place))) as u32)
        .collect()
}

/// A sample of rows: all of them where they are few.
pub(crate) struct Sample {
    pub frame: Frame,
    pub weights: Option<Vec<f64>>,
}

impl Sample {
    /// Of so many rows.
    pub fn draw(rows: Rows<'_>, count: usize, dice: &mut Dice) -> Result<Sample> {
        let chosen = spread_rows(rows.frame.rows(), count, dice);
        rows.monitor.check()?;
        Ok(Sample {
            frame: rows.frame.take(&chosen),
            weights: (rows.weights).map(|weights| chosen.iter().map(|row| weights[*row as usize]).collect()),
        })
    }

    /// Its rows in the space of others.
    pub fn rows<'a>(&'a self, of: Rows<'a>) -> Rows<'a> {
        Rows {
            frame: &self.frame,
            weights: self.weights.as_deref(),
            ..of
        }
    }
}

/// The coordinates of all rows, one row after the other.
pub(crate) fn points(rows: Rows<'_>) -> Result<Vec<f64>> {
    /// Rows between two looks at the monitor.
    const LOOK: usize = 1 << 10;
    let width = rows.space.width();
    let mut points = room::zeros(rows.frame.rows() * width)?;
    for (block, out) in points.chunks_mut((LOOK * width).max(1)).enumerate() {
        rows.monitor.check()?;
        let first = block * LOOK;
        rows.space.points_of(rows.frame, first..first + out.len() / width, out);
    }
    Ok(points)
}

/// The best of several starts on a sample, each with Lloyd's iterations.
pub(crate) fn on_sample(
    rows: Rows<'_>,
    count: usize,
    draw: Draw,
    starts: usize,
    stop: Stop,
    dice: &mut Dice,
) -> Result<Clusters> {
    let points = points(rows)?;
    let mut best: Option<Clusters> = None;
    for _ in 0..starts {
        let centres = match draw {
            Draw::PlusPlus => plus_plus(&points, rows, count, dice)?,
            Draw::Random => at_random(&points, rows, count, dice),
        };
        let found = lloyd(rows, centres, stop, false)?;
        if best.as_ref().is_none_or(|best| found.inertia < best.inertia) {
            best = Some(found);
        }
    }
    best.ok_or(Error::Internal("k-means without a start"))
}

/// Rows drawn by their weights, each once while there are others.
fn at_random(points: &[f64], rows: Rows<'_>, count: usize, dice: &mut Dice) -> Vec<f64> {
    let width = rows.space.width();
    let mut weights: Vec<f64> = (0..rows.frame.rows()).map(|row| rows.weight(row)).collect();
    let mut centres = Vec::with_capacity(count * width);
    for _ in 0..count {
        let row = drawn(&weights, weights.iter().sum(), dice);
        centres.extend_from_slice(&points[row * width..(row + 1) * width]);
        weights[row] = 0.0;
    }
    centres
}

/// A row drawn by what rows weigh, which is `total` together.
fn drawn(weights: &[f64], total: f64, dice: &mut Dice) -> usize {
    let mut rest = dice.fraction() * total;
    let mut last = 0;
    for (row, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        rest -= weight;
        last = row;
        if rest < 0.0 {
            break;
        }
    }
    last
}

/// Greedy k-means++. O(rows x centres x candidates x width).
fn plus_plus(points: &[f64], rows: Rows<'_>, count: usize, dice: &mut Dice) -> Result<Vec<f64>> {
    let width = rows.space.width().max(1);
    let candidates = 2 + (count as f64).ln() as usize;
    let weights: Vec<f64> = (0..rows.frame.rows()).map(|row| rows.weight(row)).collect();
    let first = drawn(&weights, weights.iter().sum(), dice);
    let point = |row: usize| &points[row * width..(row + 1) * width];
    let mut centres = room::with_capacity(count * width)?;
    centres.extend_from_slice(point(first));
    // Squared distances from the nearest centre so far, and the same with each candidate.
    let mut nearest = vec![f64::INFINITY; weights.len()];
    approach(points, point(first), &mut nearest, rows.monitor)?;
    let (mut tried, mut best) = (nearest.clone(), nearest.clone());
    let mut chances = vec![0.0; weights.len()];
    for _ in 1..count {
        rows.monitor.check()?;
        for ((chance, weight), square) in chances.iter_mut().zip(&weights).zip(&nearest) {
            *chance = weight * square;
        }
        let total: f64 = chances.iter().sum();
        let mut least = (f64::INFINITY, first);
        for _ in 0..candidates {
            let row = drawn(&chances, total, dice);
            tried.copy_from_slice(&nearest);
            approach(points, point(row), &mut tried, rows.monitor)?;
            let rest: f64 = tried.iter().zip(&weights).map(|(square, weight)| square * weight).sum();
            if rest < least.0 {
                least = (rest, row);
                std::mem::swap(&mut tried, &mut best);
            }
        }
        nearest.copy_from_slice(&best);
        centres.extend_from_slice(point(least.1));
    }
    Ok(centres)
}

/// Lowers squared distances to those from one more centre.
fn approach(points: &[f64], centre: &[f64], squares: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
    /// Numbers between two looks at the monitor.
    const LOOK: usize = 1 << 18;
    let rows = (LOOK / centre.len()).max(1);
    for (points, squares) in points.chunks(rows * centre.len()).zip(squares.chunks_mut(rows)) {
        monitor.check()?;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for (point, least) in points.chunks_exact(centre.len()).zip(squares) {
                    *least = least.min(square(point, centre));
                }
            },
        );
    }
    Ok(())
}

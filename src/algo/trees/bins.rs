//! Quantised columns: every value becomes a bin, one byte.
//!
//! Bins of numbers hold about equally many rows, and a value that is frequent enough has a bin of its own (the greedy
//! rule of Ke et al., "LightGBM", 2017). Their bounds lie half way between neighbouring values of the training rows.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::frame::{Column, Frame, MISSING};
use crate::monitor::Monitor;

/// At most so many rows are looked at to find the bounds of bins.
const SAMPLE: usize = 200_000;

/// The most levels of a category; the bin after them is for missing values, and one code is kept for unseen levels.
pub(crate) const MAX_LEVELS: usize = 254;

/// Rows between two looks at the monitor.
const BLOCK: usize = 65_536;

/// How the values of one column map to bins. The last bin is always the one of missing values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bins {
    /// Value `x` has the first bin whose bound is at least `x`. The last bound is [`f64::MAX`].
    Number { bounds: Vec<f64> },
    /// A level's code is its bin.
    Category { levels: usize },
}

impl Bins {
    /// The bin of missing values: the number of all other bins.
    pub(crate) fn missing(&self) -> usize {
        match self {
            Bins::Number { bounds } => bounds.len(),
            Bins::Category { levels } => *levels,
        }
    }

    /// A value that has a bin, as an encoded row holds it: none for the bin of missing values, which is NaN.
    pub(crate) fn value(&self, bin: u8) -> f64 {
        match self {
            Bins::Number { bounds } => bounds.get(usize::from(bin)).copied().unwrap_or(f64::NAN),
            Bins::Category { levels } if usize::from(bin) < *levels => f64::from(bin),
            Bins::Category { .. } => f64::NAN,
        }
    }

    /// The number of bins, the one of missing values among them.
    pub(crate) fn len(&self) -> usize {
        self.missing() + 1
    }

    /// The bins of all columns of `frame`, as [`Quantised::new`] learns them. O(columns x s log s) for s rows looked at.
    pub(crate) fn of_frame(frame: &Frame, max_bin: usize, seed: u64, monitor: &dyn Monitor) -> Result<Vec<Bins>> {
        let sample = sample(frame.rows(), seed);
        let bins = frame.columns().par_iter().map(|column| {
            monitor.check()?;
            Bins::learn(column, &sample, max_bin)
        });
        bins.collect()
    }

    /// Learns the bins of `column` from `sample`, the rows looked at. O(s log s) for s rows.
    fn learn(column: &Column, sample: &[u32], max_bin: usize) -> Result<Self> {
        match column {
            Column::Number(values) => {
                // Adding 0 makes one zero of the two.
                let seen = sample
                    .iter()
                    .map(|&row| values[row as usize] + 0.0)
                    .filter(|x| x.is_finite());
                let mut seen: Vec<f64> = seen.collect();
                seen.sort_unstable_by(f64::total_cmp);
                Ok(Bins::Number {
                    bounds: bounds(&seen, max_bin),
                })
            }
            Column::Category { levels, .. } if *levels <= MAX_LEVELS => Ok(Bins::Category { levels: *levels }),
            Column::Category { levels, .. } => Err(Error::data(
                format!("a category has {levels} levels, but trees take at most {MAX_LEVELS}"),
                "put rare levels together, or exclude the column",
            )),
        }
    }

    /// The bin of every row of `column`. O(n log bins).
    fn assign(&self, column: &Column, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(column.len());
        // `missing()` is at most 255 by construction.
        let missing = self.missing() as u8;
        match (self, column) {
            (Bins::Number { bounds }, Column::Number(values)) => {
                let finder = Finder::new(bounds);
                for block in values.chunks(BLOCK) {
                    monitor.check()?;
                    out.extend(
                        block
                            .iter()
                            .map(|&x| if x.is_finite() { finder.find(x) } else { missing }),
                    );
                }
            }
            (Bins::Category { levels }, Column::Category { codes, .. }) => {
                for block in codes.chunks(BLOCK) {
                    monitor.check()?;
                    if block.iter().any(|&code| code != MISSING && code as usize >= *levels) {
                        return Err(Error::data(
                            "a category's code is beyond its levels",
                            "this is a defect: report it",
                        ));
                    }
                    out.extend(
                        block
                            .iter()
                            .map(|&code| if code == MISSING { missing } else { code as u8 }),
                    );
                }
            }
            _ => return Err(Error::data("a column changed its kind", "this is a defect: report it")),
        }
        Ok(out)
    }
}

/// Upper bounds of at most `max_bin` bins over sorted `values`; always at least one, the last [`f64::MAX`]. O(n).
fn bounds(values: &[f64], max_bin: usize) -> Vec<f64> {
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    for run in values.chunk_by(|a, b| a == b) {
        distinct.push((run[0], run.len()));
    }
    let mut bounds = Vec::new();
    if distinct.len() <= max_bin {
        bounds.extend(distinct.windows(2).map(|pair| middle(pair[0].0, pair[1].0)));
    } else {
        // A value with at least a bin's share of the rows has a bin of its own; the others share what is left evenly.
        let share = values.len() as f64 / max_bin as f64;
        let heavy = |count: usize| count as f64 >= share;
        let own = distinct.iter().filter(|d| heavy(d.1)).count();
        let mut bins_left = max_bin - own;
        let mut rows_left: usize = distinct.iter().filter(|d| !heavy(d.1)).map(|d| d.1).sum();
        let mut target = rows_left as f64 / bins_left.max(1) as f64;
        let mut held = 0;
        for pair in distinct.windows(2) {
            let ((value, count), (next, next_count)) = (pair[0], pair[1]);
            held += count;
            if !heavy(count) {
                rows_left -= count;
            }
            let full = held as f64 >= target;
            let before_heavy = heavy(next_count) && held as f64 >= (target * 0.5).max(1.0);
            if !(heavy(count) || full || before_heavy) {
                continue;
            }
            bounds.push(middle(value, next));
            if bounds.len() + 1 == max_bin {
                break;
            }
            held = 0;
            if !heavy(count) {
                bins_left = bins_left.saturating_sub(1);
                target = rows_left as f64 / bins_left.max(1) as f64;
            }
        }
    }
    bounds.push(f64::MAX);
    bounds
}

/// A number `m` with `a <= m < b`, half way if there is one.
fn middle(a: f64, b: f64) -> f64 {
    let m = a / 2.0 + b / 2.0;
    if m >= a && m < b { m } else { a }
}

/// Finds bins: a table over equal steps of the value says where to begin, a short search ends it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finder {
    bounds: Vec<f64>,
    low: f64,
    scale: f64,
    /// For each step the range of bins that its values may have.
    steps: Vec<(u8, u8)>,
}

const STEPS: usize = 1024;

impl Finder {
    /// Finds among bounds, of which there is at least one.
    pub(crate) fn new(bounds: &[f64]) -> Self {
        // The last bound is the largest number there is and says nothing of the column's range.
        let inner = &bounds[..bounds.len() - 1];
        let (low, high) = match (inner.first(), inner.last()) {
            (Some(low), Some(high)) if (high - low).is_finite() && high > low => (*low, *high),
            _ => {
                return Finder {
                    bounds: bounds.to_vec(),
                    low: 0.0,
                    scale: 0.0,
                    steps: vec![(0, inner.len() as u8)],
                };
            }
        };
        let scale = (STEPS - 2) as f64 / (high - low);
        if !scale.is_finite() {
            return Finder {
                bounds: bounds.to_vec(),
                low: 0.0,
                scale: 0.0,
                steps: vec![(0, inner.len() as u8)],
            };
        }
        // Which step a bound falls into is computed just as for values, and the computation never decreases; so a value in a
        // step after a bound's lies above that bound, and one in a step before it lies below.
        let mut finder = Finder {
            bounds: bounds.to_vec(),
            low,
            scale,
            steps: vec![(u8::MAX, 0); STEPS],
        };
        let step_of: Vec<usize> = inner.iter().map(|&b| finder.step(b)).collect();
        for step in 0..STEPS {
            let first = step_of.partition_point(|&s| s < step);
            let last = step_of.partition_point(|&s| s <= step);
            finder.steps[step] = (first as u8, last as u8);
        }
        finder
    }

    #[inline]
    fn step(&self, x: f64) -> usize {
        ((x - self.low) * self.scale + 1.0) as usize
    }

    /// The bin of the finite number `x`.
    #[inline]
    pub(crate) fn find(&self, x: f64) -> u8 {
        let (mut first, last) = self.steps[self.step(x).min(self.steps.len() - 1)];
        if last - first > 8 {
            let range = &self.bounds[first as usize..last as usize];
            return first + range.partition_point(|&bound| bound < x) as u8;
        }
        // Most steps hold no more than one bound.
        while first < last && self.bounds[first as usize] < x {
            first += 1;
        }
        first
    }
}

/// All columns of a frame in bins.
pub(crate) struct Quantised {
    pub(crate) rows: usize,
    pub(crate) bins: Vec<Bins>,
    /// One byte a row for each column.
    pub(crate) columns: Vec<Vec<u8>>,
}

impl Quantised {
    /// Bins all columns of `frame`. The same frame and seed give the same bins. O(rows x columns x log bins).
    pub(crate) fn new(frame: &Frame, max_bin: usize, seed: u64, monitor: &dyn Monitor) -> Result<Self> {
        let rows = frame.rows();
        let sample = sample(rows, seed);
        let binned: Vec<(Bins, Vec<u8>)> = frame
            .columns()
            .par_iter()
            .map(|column| {
                monitor.check()?;
                let bins = Bins::learn(column, &sample, max_bin)?;
                monitor.check()?;
                let bytes = bins.assign(column, monitor)?;
                Ok((bins, bytes))
            })
            .collect::<Result<_>>()?;
        let (bins, columns) = binned.into_iter().unzip();
        Ok(Quantised { rows, bins, columns })
    }

    /// Puts the rows in another order: the row that was `order[i]` becomes row i. O(rows x columns).
    pub(crate) fn reorder(&mut self, order: &[u32], monitor: &dyn Monitor) -> Result<()> {
        self.columns.par_iter_mut().try_for_each(|column| {
            monitor.check()?;
            *column = order.iter().map(|&row| column[row as usize]).collect();
            Ok(())
        })
    }
}

/// All rows, or [`SAMPLE`] of them in order: one drawn from each of so many equal stretches.
fn sample(rows: usize, seed: u64) -> Vec<u32> {
    if rows <= SAMPLE {
        return (0..rows as u32).collect();
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let at = |i: usize| (i as u64 * rows as u64 / SAMPLE as u64) as u32;
    (0..SAMPLE)
        .map(|i| at(i) + (random.next_u64() % u64::from(at(i + 1) - at(i))) as u32)
        .collect()
}

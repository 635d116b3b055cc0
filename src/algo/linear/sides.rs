//! Kinks of many rows: a sample tells on which side of its kink nearly every row will lie, and what a row costs on one side is linear. So the method
//! that looks at kinks has few rows to look at, and the result is that of all of them: the others' sides are checked, and rows that lie on the other one
//! are taken in (Portnoy and Koenker 1997, section 5).

use rayon::prelude::*;

use super::block::{BLOCK_ROWS, walk};
use super::kinks::{Kink, Minimum, Problem};
use super::pass::{Data, Point, Slope};
use crate::error::{Error, Result};
use crate::room;

/// A sample is each so many-th row.
const STRIDE: usize = 16;
/// The fewest rows of a sample, and the fewest for each design column.
const SAMPLE_ROWS: usize = 8_192;
const SAMPLE_ROWS_PER_COLUMN: usize = 64;
/// How exact the sample's minimum is.
const SAMPLE_TOLERANCE: f64 = 1e-4;
/// The share of rows whose sides the sample does not tell.
const UNSURE: usize = 10;
/// How often rows are taken in before all are looked at.
const ROUNDS: usize = 5;
/// Kinks of a row at most.
const SIDES: usize = 2;

/// A sum of kinks over all rows.
pub(crate) struct Sides<'a, K> {
    /// The rows, those of weight 0 among them.
    pub data: Data<'a>,
    /// The kinks of a row, as many of each.
    pub kinks: K,
    /// How many: 1 or 2.
    pub sides: usize,
    /// One a design column.
    pub penalty: &'a [f64],
    pub intercept: bool,
    pub max_iterations: usize,
    /// How large the duality gap may be, as a share of the minimum.
    pub tolerance: f64,
}

/// The minimum, and what it is without the penalty.
pub(crate) struct Found {
    pub minimum: Minimum,
    pub loss: f64,
}

impl<K: Fn(usize) -> [Kink; SIDES] + Sync> Sides<'_, K> {
    /// Minimises. O(rows x width^2).
    pub fn minimise(&self) -> Result<Found> {
        let counts = |row: usize| self.data.weights.is_none_or(|w| w[row] > 0.0);
        let rows = self.data.targets.len();
        let mut counted: Vec<u32> = room::with_capacity(rows)?;
        counted.extend((0..rows).filter(|row| counts(*row)).map(|row| row as u32));
        let sample = SAMPLE_ROWS.max(SAMPLE_ROWS_PER_COLUMN * self.penalty.len());
        let minimum = if counted.len() < STRIDE * sample {
            self.solve(&counted, &self.nothing(), 1.0, self.tolerance)?
        } else {
            self.by_sample(&counted)?
        };
        let loss = self.loss(&minimum.point)?;
        Ok(Found { minimum, loss })
    }

    fn nothing(&self) -> Slope {
        Slope {
            loss: 0.0,
            weights: vec![0.0; self.penalty.len()],
            intercept: 0.0,
        }
    }

    fn by_sample(&self, counted: &[u32]) -> Result<Minimum> {
        let sample: Vec<u32> = counted.iter().copied().step_by(STRIDE).collect();
        let share = sample.len() as f64 / counted.len() as f64;
        let start = self.solve(&sample, &self.nothing(), share, SAMPLE_TOLERANCE)?;
        let (sides, distances) = self.look(&start.point)?;
        let mut sorted: Vec<f64> = room::with_capacity(counted.len())?;
        sorted.extend(counted.iter().map(|&row| distances[row as usize]));
        let place = counted.len() / UNSURE;
        let (_, &mut near, _) = sorted.select_nth_unstable_by(place, f64::total_cmp);
        drop(sorted);
        let mut is_sure: Vec<bool> = distances.iter().map(|distance| *distance > near).collect();
        let mut iterations = start.iterations;
        for _ in 0..ROUNDS {
            let unsure: Vec<u32> = counted.iter().copied().filter(|row| !is_sure[*row as usize]).collect();
            let linear = self.linear(&sides, &is_sure)?;
            let minimum = self.solve(&unsure, &linear, 1.0, self.tolerance)?;
            iterations += minimum.iterations;
            let (now, _) = self.look(&minimum.point)?;
            let mut wrong = 0;
            for &row in counted {
                let row = row as usize;
                if is_sure[row] && now[row] != sides[row] {
                    is_sure[row] = false;
                    wrong += 1;
                }
            }
            if wrong == 0 {
                return Ok(Minimum { iterations, ..minimum });
            }
        }
        self.solve(counted, &self.nothing(), 1.0, self.tolerance)
    }

    /// Minimises over some rows and what is linear, the penalty times a share.
    fn solve(&self, rows: &[u32], linear: &Slope, share: f64, tolerance: f64) -> Result<Minimum> {
        let data = &self.data;
        let penalty: Vec<f64> = self.penalty.iter().map(|penalty| penalty * share).collect();
        let mut kinks = room::with_capacity(rows.len().saturating_mul(self.sides))?;
        kinks.extend(
            rows.iter()
                .flat_map(|&row| (self.kinks)(row as usize).into_iter().take(self.sides)),
        );
        let all = rows.len() == data.targets.len();
        let frame;
        let targets: Vec<f64>;
        let data = if all {
            *data
        } else {
            frame = data.frame.take(rows);
            targets = room::zeros(rows.len())?;
            Data::new(data.design, &frame, &targets, None, data.monitor)?
        };
        let problem = Problem {
            data,
            kinks,
            sides: self.sides,
            linear,
            penalty: &penalty,
            intercept: self.intercept,
            max_iterations: self.max_iterations,
            tolerance,
        };
        problem.minimise()
    }

    /// On which side of its kinks each row lies, a bit each, and how far it is from the nearest.
    fn look(&self, point: &Point) -> Result<(Vec<u8>, Vec<f64>)> {
        let rows = self.data.targets.len();
        let (mut sides, mut distances) = (room::filled(0_u8, rows)?, room::zeros(rows)?);
        let scorer = self.data.scorer(point);
        let blocks = sides
            .par_chunks_mut(BLOCK_ROWS)
            .zip(distances.par_chunks_mut(BLOCK_ROWS))
            .enumerate();
        blocks.try_for_each(|(block, (sides, distances))| {
            self.data.monitor.check()?;
            let first = block * BLOCK_ROWS;
            let mut scores = [0.0; BLOCK_ROWS];
            scorer.scores(first..first + sides.len(), &mut scores[..sides.len()]);
            for (index, (side, distance)) in sides.iter_mut().zip(distances).enumerate() {
                *distance = f64::INFINITY;
                for (bit, kink) in (self.kinks)(first + index).iter().take(self.sides).enumerate() {
                    let error = kink.error(scores[index]);
                    *side |= u8::from(error > 0.0) << bit;
                    *distance = distance.min(error.abs());
                }
            }
            Ok::<_, Error>(())
        })?;
        Ok((sides, distances))
    }

    /// What rows whose sides are sure cost: the negative gradient.
    fn linear(&self, sides: &[u8], is_sure: &[bool]) -> Result<Slope> {
        let (data, nothing) = (&self.data, self.nothing());
        let slabs = data.rows().slabs(size_of_val(self.penalty), |ranges| {
            let mut slope = nothing.clone();
            let mut factors = [0.0; BLOCK_ROWS];
            walk(ranges, data.monitor, |range| {
                let factors = &mut factors[..range.len()];
                for (factor, row) in factors.iter_mut().zip(range.clone()) {
                    *factor = 0.0;
                    let counts = is_sure[row] && data.weights.is_none_or(|w| w[row] > 0.0);
                    for (bit, kink) in (self.kinks)(row).iter().take(self.sides).enumerate().filter(|_| counts) {
                        let price = if sides[row] >> bit & 1 == 1 {
                            kink.high
                        } else {
                            kink.low
                        };
                        *factor += kink.sign * price;
                        slope.loss += price * kink.target;
                    }
                }
                slope.intercept += factors.iter().sum::<f64>();
                data.add_products(factors, range, &mut slope.weights);
            })?;
            Ok(slope)
        })?;
        let mut total = nothing.clone();
        slabs.iter().for_each(|slab| total.add(slab));
        Ok(total)
    }

    /// What all rows cost.
    fn loss(&self, point: &Point) -> Result<f64> {
        let scorer = self.data.scorer(point);
        let slabs = self.data.rows().slabs(1, |ranges| {
            let mut sum = 0.0;
            walk(ranges, self.data.monitor, |range| {
                let mut scores = [0.0; BLOCK_ROWS];
                let scores = &mut scores[..range.len()];
                scorer.scores(range.clone(), scores);
                for (row, score) in range.zip(scores) {
                    if self.data.weights.is_none_or(|w| w[row] > 0.0) {
                        let kinks = (self.kinks)(row);
                        sum += kinks
                            .iter()
                            .take(self.sides)
                            .map(|kink| kink.cost(kink.error(*score)))
                            .sum::<f64>();
                    }
                }
            })?;
            Ok(sum)
        })?;
        Ok(slabs.iter().sum())
    }
}

//! Passes over the training rows: scores, losses, gradients and curvatures of a linear model.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::block::{BLOCK_ROWS, Block, Rows, level_column, walk};
use super::gram::Moments;
use super::link::Loss;
use super::products::Products;
use super::triangle::Triangle;
use crate::design::{Design, Encoding, NO_COLUMN};
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::monitor::Monitor;
use crate::room;

/// Encoded rows with what is to be learned from them.
#[derive(Clone, Copy)]
pub(crate) struct Data<'a> {
    pub design: &'a Design,
    pub frame: &'a Frame,
    pub targets: &'a [f64],
    pub weights: Option<&'a [f64]>,
    pub monitor: &'a dyn Monitor,
}

/// A linear function of design columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub weights: Vec<f64>,
    pub intercept: f64,
}

impl Point {
    /// The point `length` times `step` further.
    pub fn moved(&self, step: &Point, length: f64) -> Point {
        let weights = self
            .weights
            .iter()
            .zip(&step.weights)
            .map(|(weight, step)| weight + length * step)
            .collect();
        Point {
            weights,
            intercept: self.intercept + length * step.intercept,
        }
    }
}

/// The loss at a point and its negative gradient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Slope {
    pub loss: f64,
    /// One a design column.
    pub weights: Vec<f64>,
    pub intercept: f64,
}

impl Slope {
    /// That of no rows.
    pub fn zero(width: usize) -> Slope {
        Slope {
            loss: 0.0,
            weights: vec![0.0; width],
            intercept: 0.0,
        }
    }

    /// Adds the loss and gradient of other rows.
    pub fn add(&mut self, other: &Slope) {
        self.loss += other.loss;
        self.intercept += other.intercept;
        self.weights.iter_mut().zip(&other.weights).for_each(|(a, b)| *a += b);
    }
}

impl<'a> Data<'a> {
    /// Returns an error when the lengths of the parts do not agree.
    pub fn new(
        design: &'a Design,
        frame: &'a Frame,
        targets: &'a [f64],
        weights: Option<&'a [f64]>,
        monitor: &'a dyn Monitor,
    ) -> Result<Data<'a>> {
        let rows = frame.columns().first().map_or(targets.len(), Column::len);
        if rows != targets.len() || weights.is_some_and(|w| w.len() != rows) || !design.fits(frame) {
            return Err(Error::data(
                "features, targets and weights differ in length",
                "pass one target a row",
            ));
        }
        Ok(Data {
            design,
            frame,
            targets,
            weights,
            monitor,
        })
    }

    /// All rows.
    pub fn rows(&self) -> Rows {
        Rows {
            rows: self.targets.len(),
            stride: 1,
        }
    }

    /// The centred products of the design columns and the target. O(rows x (numbers^2 + numbers x categories)).
    pub fn moments(&self) -> Result<Moments> {
        let shift = self.target_mean()?;
        let products = self.products(self.rows(), |block, range| {
            self.fill(block, range, shift);
            0.0
        })?;
        Moments::from_products(&products.0, self.targets.len(), shift, self.monitor)
    }

    /// Encodes the rows of a block, their targets less `shift`.
    pub fn fill(&self, block: &mut Block, range: Range<usize>, shift: f64) {
        let roots = &mut block.roots[..range.len()];
        match self.weights {
            Some(weights) => roots
                .iter_mut()
                .zip(&weights[range.clone()])
                .for_each(|(root, weight)| *root = weight.sqrt()),
            None => roots.fill(1.0),
        }
        let mut targets = [0.0; BLOCK_ROWS];
        for ((scaled, target), root) in targets.iter_mut().zip(&self.targets[range.clone()]).zip(&block.roots) {
            *scaled = (target - shift) * root;
        }
        block.fill(self.design, self.frame, range, &targets);
    }

    /// The triangle of rows `(1, design columns, target)`, each times the root of its weight; without an intercept the first number is 0. The
    /// target is less `shift`. O(rows x width^2), levels being columns like others.
    pub fn triangle(&self, intercept: bool, shift: f64) -> Result<Triangle> {
        let (numbers, width) = (self.design.numbers(), self.design.width() + 2);
        let slabs = self.rows().slabs(Triangle::bytes(width), |ranges| {
            let (mut block, mut triangle) = (Block::new(self.design), Triangle::new(width));
            let mut rows = vec![0.0; BLOCK_ROWS * width];
            walk(ranges, self.monitor, |range| {
                self.fill(&mut block, range, shift);
                let rows = &mut rows[..block.rows * width];
                for (index, row) in rows.chunks_exact_mut(width).enumerate() {
                    let dense = &block.dense[index * block.dense_width..(index + 1) * block.dense_width];
                    row.fill(0.0);
                    row[0] = if intercept { dense[numbers] } else { 0.0 };
                    row[1..=numbers].copy_from_slice(&dense[..numbers]);
                    row[width - 1] = dense[numbers + 1];
                    let levels = &block.levels[index * block.categories..(index + 1) * block.categories];
                    for level in levels.iter().filter(|level| **level != NO_COLUMN) {
                        row[1 + *level as usize] = dense[numbers];
                    }
                }
                triangle.push(rows);
            })?;
            Ok(triangle)
        })?;
        let mut all = Triangle::new(width);
        for slab in &slabs {
            self.monitor.check()?;
            all.merge(slab);
        }
        Ok(all)
    }

    /// The mean squared value that a linear function takes on the first rows, weights left aside. O(features).
    pub fn mean_square(&self, point: &Point) -> f64 {
        const ROWS: usize = 4096;
        let rows = self.targets.len().min(ROWS);
        let scorer = self.scorer(point);
        let mut sum = 0.0;
        for start in (0..rows).step_by(BLOCK_ROWS) {
            let range = start..rows.min(start + BLOCK_ROWS);
            let mut scores = [0.0; BLOCK_ROWS];
            let scores = &mut scores[..range.len()];
            scorer.scores(range, scores);
            sum += scores.iter().map(|score| score * score).sum::<f64>();
        }
        sum / rows.max(1) as f64
    }

    /// The loss at `point` and its weighted moments: those of the design columns and the working residual, with the second
    /// derivatives of the loss as weights, so that a Newton step is their least squares solution.
    pub fn curvature(&self, point: &Point, loss: &impl Loss, rows: Rows) -> Result<(f64, Moments)> {
        let scorer = self.scorer(point);
        let (products, loss) = self.products(rows, |block, range| self.fill_curved(&scorer, loss, block, range))?;
        let moments = Moments::from_products(&products, self.targets.len(), 0.0, self.monitor)?;
        Ok((loss, moments))
    }

    /// Encodes the rows of a block with the second derivatives of the loss as weights and their working residuals as targets; gives the loss.
    pub fn fill_curved(&self, scorer: &Scorer, loss: &impl Loss, block: &mut Block, range: Range<usize>) -> f64 {
        let mut scores = [0.0; BLOCK_ROWS];
        let scores = &mut scores[..range.len()];
        scorer.scores(range.clone(), scores);
        let (targets, weights) = (&self.targets[range.clone()], self.weights.map(|w| &w[range.clone()]));
        let sum = loss.residuals(scores, targets, weights, Some(&mut block.roots));
        for (residual, root) in scores.iter_mut().zip(&block.roots) {
            *residual = if *root > 0.0 { *residual / root } else { 0.0 };
        }
        block.fill(self.design, self.frame, range, scores);
        sum
    }

    /// Adds the loss of the rows of a block and its negative gradient.
    pub fn add_slope(&self, scorer: &Scorer, loss: &impl Loss, range: Range<usize>, slope: &mut Slope) {
        let mut scores = [0.0; BLOCK_ROWS];
        let scores = &mut scores[..range.len()];
        scorer.scores(range.clone(), scores);
        let (targets, weights) = (&self.targets[range.clone()], self.weights.map(|w| &w[range.clone()]));
        slope.loss += loss.residuals(scores, targets, weights, None);
        slope.intercept += scores.iter().sum::<f64>();
        self.add_products(scores, range, &mut slope.weights);
    }

    /// The loss at `point` and its negative gradient. O(rows x features).
    pub fn slope(&self, point: &Point, loss: &impl Loss, rows: Rows) -> Result<Slope> {
        let (width, scorer) = (self.design.width(), self.scorer(point));
        let slabs = rows.slabs(width * size_of::<f64>(), |ranges| {
            let mut slope = Slope::zero(width);
            walk(ranges, self.monitor, |range| {
                self.add_slope(&scorer, loss, range, &mut slope)
            })?;
            Ok(slope)
        })?;
        let mut slabs = slabs.into_iter();
        let mut total = slabs.next().unwrap_or_else(|| Slope::zero(width));
        slabs.for_each(|slab| total.add(&slab));
        Ok(total)
    }

    /// The sum of the rows' weights, and those of the design columns. O(rows x features).
    pub fn column_sums(&self) -> Result<(f64, Vec<f64>)> {
        let width = self.design.width();
        let slabs = self.rows().slabs(width * size_of::<f64>(), |ranges| {
            let mut sums = vec![0.0; width];
            walk(ranges, self.monitor, |range| {
                let ones = [1.0; BLOCK_ROWS];
                let weights = self.weights.map_or(&ones[..range.len()], |w| &w[range.clone()]);
                self.add_products(weights, range, &mut sums);
            })?;
            Ok(sums)
        })?;
        let mut sums = vec![0.0; width];
        for slab in &slabs {
            sums.iter_mut().zip(slab).for_each(|(a, b)| *a += b);
        }
        Ok((self.total_weight(), sums))
    }

    /// The sum of the rows' weights.
    pub fn total_weight(&self) -> f64 {
        self.weights
            .map_or(self.targets.len() as f64, |weights| weights.iter().sum())
    }

    /// The linear scores of all rows at `point`. O(rows x features).
    pub fn scores(&self, point: &Point) -> Result<Vec<f64>> {
        let mut scores: Vec<f64> = room::zeros(self.targets.len())?;
        let scorer = self.scorer(point);
        let blocks = scores.par_chunks_mut(BLOCK_ROWS).enumerate();
        blocks.try_for_each(|(block, scores)| {
            self.monitor.check()?;
            let start = block * BLOCK_ROWS;
            scorer.scores(start..start + scores.len(), scores);
            Ok::<_, Error>(())
        })?;
        Ok(scores)
    }

    /// Makes ready to compute linear scores at `point`.
    pub fn scorer(&self, point: &Point) -> Scorer<'a> {
        let parts = self
            .frame
            .columns()
            .iter()
            .zip(self.design.encodings())
            .filter_map(|parts| match parts {
                (
                    Column::Number(values),
                    &Encoding::Number {
                        column,
                        mean,
                        centre,
                        inverse,
                    },
                ) => {
                    let weight = point.weights[column] * inverse;
                    Some(Part::Number {
                        values,
                        weight,
                        centre,
                        mean,
                    })
                }
                (Column::Category { codes, .. }, Encoding::Category { columns }) => {
                    let weight = |&column: &u32| point.weights.get(column as usize).copied().unwrap_or(0.0);
                    Some(Part::Category {
                        codes,
                        table: columns.iter().map(weight).collect(),
                    })
                }
                // Ruled out by Design::fits.
                _ => None,
            });
        Scorer {
            intercept: point.intercept,
            parts: parts.collect(),
        }
    }

    /// Adds to `sums`, one a design column, the sum of the column times `factors` over the rows of `range`.
    pub fn add_products(&self, factors: &[f64], range: Range<usize>, sums: &mut [f64]) {
        for (column, encoding) in self.frame.columns().iter().zip(self.design.encodings()) {
            match (column, encoding) {
                (
                    Column::Number(values),
                    Encoding::Number {
                        column,
                        mean,
                        centre,
                        inverse,
                    },
                ) => {
                    // Four sums at a time: additions in one chain would wait for each other.
                    let values = &values[range.clone()];
                    let mut lanes = [0.0; 4];
                    let (heads, tails) = (factors.chunks_exact(4), values.chunks_exact(4));
                    let rest = heads.remainder().iter().zip(tails.remainder());
                    let rest: f64 = rest.map(|(factor, &x)| factor * (imputed(x, *mean) - centre)).sum();
                    for (factors, values) in heads.zip(tails) {
                        for ((lane, factor), &x) in lanes.iter_mut().zip(factors).zip(values) {
                            *lane += factor * (imputed(x, *mean) - centre);
                        }
                    }
                    sums[*column] += ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest) * inverse;
                }
                (Column::Category { codes, .. }, Encoding::Category { columns }) => {
                    for (factor, &code) in factors.iter().zip(&codes[range.clone()]) {
                        let level = level_column(columns, code);
                        if level != NO_COLUMN {
                            sums[level as usize] += factor;
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The weighted mean of the targets.
    pub fn target_mean(&self) -> Result<f64> {
        self.monitor.check()?;
        let mut sums = (0.0, 0.0);
        for (index, block) in self.targets.chunks(BLOCK_ROWS).enumerate() {
            let start = index * BLOCK_ROWS;
            let block = match self.weights {
                Some(weights) => {
                    let weights = &weights[start..start + block.len()];
                    (
                        weights.iter().sum::<f64>(),
                        weights.iter().zip(block).map(|(w, y)| w * y).sum::<f64>(),
                    )
                }
                None => (block.len() as f64, block.iter().sum::<f64>()),
            };
            sums = (sums.0 + block.0, sums.1 + block.1);
        }
        Ok(if sums.0 > 0.0 { sums.1 / sums.0 } else { 0.0 })
    }

    /// The moments of the design columns with rows weighted by the squares of what `roots` gives for a range of rows; the target is 0.
    pub fn squares(&self, roots: impl Fn(&mut Block, Range<usize>) -> [f64; BLOCK_ROWS] + Sync) -> Result<Moments> {
        let (products, _) = self.products(self.rows(), |block, range| {
            let found = roots(block, range.clone());
            block.roots.copy_from_slice(&found);
            block.fill(self.design, self.frame, range, &[0.0; BLOCK_ROWS]);
            0.0
        })?;
        Moments::from_products(&products, self.targets.len(), 0.0, self.monitor)
    }

    /// Sums products over blocks that `fill` fills; the second result is the sum of what it returns.
    pub(super) fn products(
        &self,
        rows: Rows,
        fill: impl Fn(&mut Block, Range<usize>) -> f64 + Sync,
    ) -> Result<(Products, f64)> {
        let (numbers, width) = (self.design.numbers(), self.design.width());
        let slabs = rows.slabs(Products::bytes(width), |ranges| {
            let (mut block, mut products, mut sum) = (Block::new(self.design), Products::new(numbers, width), 0.0);
            walk(ranges, self.monitor, |range| {
                sum += fill(&mut block, range);
                products.add(&block);
            })?;
            Ok((products, sum))
        })?;
        let mut slabs = slabs.into_iter();
        let mut total = slabs.next().unwrap_or_else(|| (Products::new(numbers, width), 0.0));
        for (products, sum) in slabs {
            total.0.merge(&products, self.monitor)?;
            total.1 += sum;
        }
        Ok(total)
    }
}

/// The number, or what stands for it when it is missing.
#[inline]
fn imputed(x: f64, mean: f64) -> f64 {
    if x.is_nan() { mean } else { x }
}

/// Computes the linear scores of training rows at one point.
pub(crate) struct Scorer<'a> {
    intercept: f64,
    parts: Vec<Part<'a>>,
}

/// What one frame column adds to the scores.
enum Part<'a> {
    Number {
        values: &'a [f64],
        weight: f64,
        centre: f64,
        mean: f64,
    },
    /// The last place of the table is for missing values.
    Category { codes: &'a [u32], table: Vec<f64> },
}

impl Scorer<'_> {
    /// Writes the scores of the rows of `range`. O(range x features).
    pub fn scores(&self, range: Range<usize>, scores: &mut [f64]) {
        scores.fill(self.intercept);
        for part in &self.parts {
            match part {
                &Part::Number {
                    values,
                    weight,
                    centre,
                    mean,
                } => {
                    for (score, &x) in scores.iter_mut().zip(&values[range.clone()]) {
                        *score += weight * (imputed(x, mean) - centre);
                    }
                }
                Part::Category { codes, table } => {
                    for (score, &code) in scores.iter_mut().zip(&codes[range.clone()]) {
                        *score += table[(code as usize).min(table.len() - 1)];
                    }
                }
            }
        }
    }
}

//! What the losses of several classes sum up over rows: gradients by class, and products by pair of classes.

use std::ops::Range;

use super::block::{BLOCK_ROWS, Block};
use super::gram::Moments;
use super::pass::{Data, Scorer, Slope};
use super::products::Products;
use super::softmax::{add_residuals, probabilities};
use crate::design::Design;
use crate::error::Result;
use crate::monitor::Monitor;

/// The pairs of classes, in the order in which their products are kept.
pub(crate) fn pairs(outputs: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..outputs).flat_map(|a| (0..=a).map(move |b| (a, b)))
}

/// How many pairs there are.
pub(crate) fn pair_count(outputs: usize) -> usize {
    outputs.saturating_mul(outputs.saturating_add(1)) / 2
}

/// Sums over rows of the loss by the scores of all classes but the last, whose score is 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassSums {
    /// The negative gradient by each class but the last; the loss is with the first one.
    slopes: Vec<Slope>,
    /// For each pair of classes the products weighted with the second derivative by their scores, `p_a (1 - p_a)` or `p_a p_b`; none where they are not
    /// asked for.
    products: Vec<Products>,
    block: Block,
    scaled: Vec<f64>,
    chances: Vec<f64>,
}

impl ClassSums {
    /// No rows yet. `curved` asks for second derivatives.
    pub fn new(design: &Design, classes: usize, curved: bool) -> ClassSums {
        let (width, outputs) = (design.width(), classes.saturating_sub(1));
        let products = pairs(outputs).filter(|_| curved);
        let block = Block::new(design);
        ClassSums {
            slopes: vec![Slope::zero(width); outputs],
            products: products.map(|_| Products::new(design.numbers(), width)).collect(),
            scaled: vec![0.0; block.dense.len()],
            chances: vec![0.0; classes * BLOCK_ROWS],
            block,
        }
    }

    /// Bytes that one of these holds, about.
    pub fn bytes(width: usize, classes: usize, curved: bool) -> usize {
        let products = if curved {
            pair_count(classes.saturating_sub(1))
        } else {
            0
        };
        let slopes = classes
            .saturating_mul(width + BLOCK_ROWS)
            .saturating_mul(size_of::<f64>());
        products.saturating_mul(Products::bytes(width)).saturating_add(slopes)
    }

    /// Adds the rows of a block.
    pub fn add(&mut self, data: &Data, scorers: &[Scorer], range: Range<usize>) {
        let loss = probabilities(data, scorers, range.clone(), &mut self.chances);
        if let Some(first) = self.slopes.first_mut() {
            first.loss += loss;
        }
        if !self.products.is_empty() {
            self.add_products(data, range.clone());
        }
        add_residuals(data, range, &mut self.chances, &mut self.slopes);
    }

    fn add_products(&mut self, data: &Data, range: Range<usize>) {
        let block = &mut self.block;
        block.fill(data.design, data.frame, range.clone(), &[0.0; BLOCK_ROWS]);
        let weights = data.weights.map(|weights| &weights[range.clone()]);
        let mut roots = [0.0; BLOCK_ROWS];
        for ((a, b), products) in pairs(self.slopes.len()).zip(&mut self.products) {
            let of = |class: usize| &self.chances[class * BLOCK_ROWS..][..range.len()];
            for (row, (root, (left, right))) in roots.iter_mut().zip(of(a).iter().zip(of(b))).enumerate() {
                let other = if a == b { 1.0 - right } else { *right };
                *root = (weights.map_or(1.0, |w| w[row]) * left * other).sqrt();
            }
            let rows = block.dense.chunks_exact(block.dense_width);
            for ((scaled, row), root) in self.scaled.chunks_exact_mut(block.dense_width).zip(rows).zip(&roots) {
                let values = scaled.iter_mut().zip(row);
                values.for_each(|(scaled, value)| *scaled = value * root);
            }
            products.add_scaled(block, &self.scaled, &roots);
        }
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &ClassSums, monitor: &dyn Monitor) -> Result<()> {
        self.slopes
            .iter_mut()
            .zip(&other.slopes)
            .for_each(|(ours, theirs)| ours.add(theirs));
        for (ours, theirs) in self.products.iter_mut().zip(&other.products) {
            ours.merge(theirs, monitor)?;
        }
        Ok(())
    }

    /// The sums over `rows` rows, which are forgotten: the gradients, and the moments of each pair.
    pub fn take(&mut self, rows: usize, monitor: &dyn Monitor) -> Result<(Vec<Slope>, Vec<Moments>)> {
        let mut pairs = Vec::with_capacity(self.products.len());
        for products in &mut self.products {
            pairs.push(Moments::from_products(products, rows, 0.0, monitor)?);
            products.clear();
        }
        let nothing = self
            .slopes
            .iter()
            .map(|slope| Slope::zero(slope.weights.len()))
            .collect();
        Ok((std::mem::replace(&mut self.slopes, nothing), pairs))
    }
}

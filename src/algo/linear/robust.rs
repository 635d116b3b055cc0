//! Standard errors that do not take every row's noise to be alike and independent: White's, with the corrections of MacKinnon and White (1985), and
//! of clusters of rows (Liang and Zeger 1986), as in statsmodels.

use rayon::prelude::*;

use super::block::{BLOCK_ROWS, Block};
use super::cholesky::dot;
use super::clusters;
use super::covariance::{Covariance, Meat, Reported};
use super::equations::{Equations, Variances};
use super::link::Loss;
use super::model::Errors;
use super::pass::{Data, Point};
use crate::design::NO_COLUMN;
use crate::error::{Error, Result};
use crate::parameters::{Value, choices, refuse};
use crate::room;
use crate::training_set::{Shape, TrainingSet};

choices! {
    /// Of what standard errors are made.
    pub enum StandardErrors {
        /// Rows that are independent, with the variance that the model says.
        Classical = "classical",
        /// White's: each row's variance is its squared residual.
        Hc0 = "HC0",
        /// The same times rows over degrees of freedom.
        Hc1 = "HC1",
        /// Squared residuals over one less the row's leverage.
        Hc2 = "HC2",
        /// Squared residuals over the square of that, as if each row had been left out.
        Hc3 = "HC3",
    }
}

impl StandardErrors {
    /// Returns an error for corrections that are made for least squares, asked for of another model.
    pub fn check_likelihood(self) -> Result<()> {
        match self {
            StandardErrors::Classical | StandardErrors::Hc0 => Ok(()),
            StandardErrors::Hc1 | StandardErrors::Hc2 | StandardErrors::Hc3 => refuse(
                "standard_errors",
                self.show(),
                "\"classical\" or \"HC0\", for the corrections of the others are made for least squares",
            ),
        }
    }
}

/// Returns an error for corrections of single rows where rows are not independent.
pub(crate) fn check_errors(kind: StandardErrors, cluster: Option<&str>) -> Result<()> {
    match (kind, cluster) {
        (StandardErrors::Classical, _) | (_, None) => Ok(()),
        (kind, Some(_)) => refuse(
            "standard_errors",
            kind.show(),
            "left out where cluster is given, for those of clusters need no correction of single rows",
        ),
    }
}

/// Whether errors are not the classical ones.
pub(crate) fn is_robust(kind: StandardErrors, clusters: Option<&[u32]>) -> bool {
    clusters.is_some() || kind != StandardErrors::Classical
}

/// The cluster of each row, where a column of them is named. Returns an error where the rows do not have it.
pub(crate) fn clusters_of<'a>(cluster: Option<&str>, set: &'a TrainingSet) -> Result<Option<&'a [u32]>> {
    match (cluster, &set.groups) {
        (None, _) => Ok(None),
        (Some(_), Some(groups)) => Ok(Some(groups)),
        (Some(cluster), None) => Err(Error::data(
            format!("the rows have no column \"{cluster}\" of clusters"),
            "name a column of the query as cluster",
        )),
    }
}

/// Bytes that errors take because of the rows, at most.
pub(crate) fn memory(kind: StandardErrors, cluster: Option<&str>, shape: &Shape) -> usize {
    let each = match (kind, cluster) {
        (_, Some(_)) => clusters::ROW_BYTES,
        (StandardErrors::Hc2 | StandardErrors::Hc3, None) => size_of::<f64>(),
        (StandardErrors::Classical | StandardErrors::Hc0 | StandardErrors::Hc1, None) => 0,
    };
    shape.rows.saturating_mul(each)
}

/// A fit of which robust errors are wanted.
pub(crate) struct Fit<'a, L> {
    pub data: Data<'a>,
    pub point: &'a Point,
    pub loss: &'a L,
    pub equations: &'a Equations,
    /// Rows with a weight.
    pub rows: u64,
    /// The cluster of each row, when rows of one are not independent.
    pub clusters: Option<&'a [u32]>,
    pub kind: StandardErrors,
}

impl<L: Loss> Fit<'_, L> {
    /// The errors. p-values are those of the normal distribution. O(rows x width^2 + width^3).
    pub fn errors(&self, reported: &Reported) -> Result<Errors> {
        let monitor = self.data.monitor;
        let inverse = self.equations.inverse(monitor)?;
        let freedom = self.equations.freedom(&inverse);
        let left = self.rows as f64 - freedom;
        let meat = match self.clusters {
            Some(of_rows) => {
                let (meat, count) = clusters::squares(&self.data, (self.point, self.loss), of_rows, &self.means())?;
                let (rows, count) = (self.rows as f64, count as f64);
                meat.times(count / (count - 1.0) * ((rows - 1.0) / left))
            }
            None => {
                let meat = self.of_rows(&inverse)?;
                match self.kind {
                    StandardErrors::Hc1 => meat.times(self.rows as f64 / left),
                    StandardErrors::Classical | StandardErrors::Hc0 | StandardErrors::Hc2 | StandardErrors::Hc3 => meat,
                }
            }
        };
        let covariance = Covariance::sandwich(&inverse, &meat, self.equations.weight(), monitor)?;
        let variances: Variances = self.equations.variances_of(&covariance, reported, freedom, monitor)?;
        Ok(Errors::of_likelihood(variances))
    }

    /// The columns' means that gradients are taken from: none without an intercept.
    fn means(&self) -> Vec<f64> {
        let means = self.equations.means().iter();
        let used = f64::from(u8::from(self.equations.has_intercept()));
        means.map(|mean| mean * used).collect()
    }

    /// The squares of the rows' gradients.
    fn of_rows(&self, inverse: &[f64]) -> Result<Meat> {
        let (means, data, width) = (self.means(), &self.data, self.data.design.width());
        let scorer = data.scorer(self.point);
        let corrections = self.corrections(inverse, &means)?;
        let moments = data.squares(|_, range| {
            let mut scores = [0.0; BLOCK_ROWS];
            let own = &mut scores[..range.len()];
            scorer.scores(range.clone(), own);
            let weights = data.weights.map(|w| &w[range.clone()]);
            self.loss.residuals(own, &data.targets[range.clone()], weights, None);
            if let Some(corrections) = &corrections {
                own.iter_mut()
                    .zip(&corrections[range])
                    .for_each(|(score, by)| *score *= by);
            }
            scores
        })?;
        let weight = moments.weight();
        let apart: Vec<f64> = (means.iter().enumerate())
            .map(|(column, mean)| moments.mean(column) - mean)
            .collect();
        let mut square = vec![0.0; width * width];
        for (i, row) in square.chunks_exact_mut(width.max(1)).enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                *value = moments.product(i, j) + weight * apart[i] * apart[j];
            }
        }
        Ok(Meat {
            square,
            with_one: apart.iter().map(|apart| weight * apart).collect(),
            one: weight,
        })
    }

    /// What each row's residual is multiplied by, for what the row itself took from it. O(rows x width^2), blocks in parallel.
    fn corrections(&self, inverse: &[f64], means: &[f64]) -> Result<Option<Vec<f64>>> {
        let power = match self.kind {
            StandardErrors::Hc2 => 0.5,
            StandardErrors::Hc3 => 1.0,
            StandardErrors::Classical | StandardErrors::Hc0 | StandardErrors::Hc1 => return Ok(None),
        };
        let data = &self.data;
        let mut corrections = room::zeros(data.targets.len())?;
        let blocks = corrections.par_chunks_mut(BLOCK_ROWS).enumerate();
        let workspace = || (Block::new(data.design), vec![0.0; data.design.width()]);
        blocks.try_for_each_init(workspace, |(block, row), (number, corrections)| {
            let first = number * BLOCK_ROWS;
            block.fill(
                data.design,
                data.frame,
                first..first + corrections.len(),
                &[0.0; BLOCK_ROWS],
            );
            for (index, correction) in corrections.iter_mut().enumerate() {
                data.monitor.check()?;
                centred(block, index, means, row);
                let weight = data.weights.map_or(1.0, |w| w[first + index]);
                let leverage = weight * self.leverage(row, inverse);
                // A row that is fitted whatever it says has no residual, and tells nothing.
                if leverage < 1.0 - 1e-12 {
                    *correction = (1.0 - leverage).powf(-power);
                }
            }
            Ok::<_, Error>(())
        })?;
        Ok(Some(corrections))
    }

    /// How much a row of weight 1 moves its own fitted value.
    fn leverage(&self, row: &[f64], inverse: &[f64]) -> f64 {
        let rows = inverse.chunks_exact(row.len().max(1)).zip(row);
        let along: f64 = rows.map(|(of_column, value)| value * dot(of_column, row)).sum();
        let mean = if self.equations.has_intercept() {
            1.0 / self.equations.weight()
        } else {
            0.0
        };
        along + mean
    }
}

/// A row of design columns less their means.
fn centred(block: &Block, index: usize, means: &[f64], row: &mut [f64]) {
    let numbers = block.dense_width - 2;
    row.iter_mut().zip(means).for_each(|(value, mean)| *value = -mean);
    let dense = &block.dense[index * block.dense_width..][..numbers];
    row.iter_mut().zip(dense).for_each(|(value, number)| *value += number);
    for &level in &block.levels[index * block.categories..(index + 1) * block.categories] {
        if level != NO_COLUMN {
            row[level as usize] += 1.0;
        }
    }
}

//! Standard errors that do not take every row's noise to be alike and independent: White's, with the corrections of MacKinnon and White (1985), and
//! of clusters of rows (Liang and Zeger 1986), as in statsmodels.

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};

use super::block::{BLOCK_ROWS, Block, Rows, walk};
use super::cholesky::dot;
use super::covariance::{Covariance, Meat, Reported};
use super::equations::{Equations, Variances};
use super::link::Loss;
use super::model::Errors;
use super::pass::{Data, Point};
use crate::design::{Encoding, NO_COLUMN};
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::parameters::{Value, choices, refuse};
use crate::room;
use crate::training_set::TrainingSet;

/// Clusters whose sums are multiplied out in one go.
const CHUNK_CLUSTERS: usize = 1024;

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
            Some(clusters) => {
                let (meat, count) = self.of_clusters(clusters)?;
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
        let power = match self.kind {
            StandardErrors::Hc2 => 0.5,
            StandardErrors::Hc3 => 1.0,
            StandardErrors::Classical | StandardErrors::Hc0 | StandardErrors::Hc1 => 0.0,
        };
        let moments = data.squares(|block, range| {
            let mut scores = [0.0; BLOCK_ROWS];
            let own = &mut scores[..range.len()];
            scorer.scores(range.clone(), own);
            let weights = data.weights.map(|w| &w[range.clone()]);
            self.loss.residuals(own, &data.targets[range.clone()], weights, None);
            if power > 0.0 {
                block.roots.fill(1.0);
                block.fill(data.design, data.frame, range.clone(), &[0.0; BLOCK_ROWS]);
                let mut row = vec![0.0; width];
                for (index, score) in own.iter_mut().enumerate() {
                    let weight = weights.map_or(1.0, |w| w[index]);
                    centred(block, index, &means, &mut row);
                    let leverage = weight * self.leverage(&row, inverse);
                    // A row that is fitted whatever it says has no residual, and tells nothing.
                    *score = if leverage < 1.0 - 1e-12 {
                        *score / (1.0 - leverage).powf(power)
                    } else {
                        0.0
                    };
                }
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

    /// The squares of the clusters' gradients, and how many clusters there are.
    fn of_clusters(&self, clusters: &[u32]) -> Result<(Meat, usize)> {
        let data = &self.data;
        if clusters.len() != data.targets.len() {
            return Err(Error::Internal("each row has a cluster"));
        }
        let (means, width) = (self.means(), data.design.width());
        let counted = |row: usize| data.weights.is_none_or(|w| w[row] > 0.0);
        let most = clusters.iter().max().map_or(0, |most| *most as usize + 1);
        let mut is_there = vec![false; most];
        for (row, &cluster) in clusters.iter().enumerate() {
            is_there[cluster as usize] |= counted(row);
        }
        let count = is_there.iter().filter(|there| **there).count();
        if count < 2 {
            return Err(Error::data(
                "standard errors by cluster need at least two clusters",
                "name a column with more values as cluster, or leave it out",
            ));
        }
        // The last of a cluster's sums is that of the residuals.
        let mut sums: Vec<f64> = room::zeros(most.saturating_mul(width + 1))?;
        self.add_gradients(clusters, &mut sums)?;
        let size = width + 1;
        let mut square = vec![0.0; size * size];
        for chunk in sums.chunks_mut(CHUNK_CLUSTERS * size) {
            data.monitor.check()?;
            for sums in chunk.chunks_exact_mut(size) {
                let one = sums[width];
                sums.iter_mut().zip(&means).for_each(|(sum, mean)| *sum -= mean * one);
            }
            let rows = MatRef::from_row_major_slice(&*chunk, chunk.len() / size, size);
            matmul(
                MatMut::from_row_major_slice_mut(&mut square, size, size),
                BlockStructure::TriangularLower,
                Accum::Add,
                rows.transpose(),
                BlockStructure::Rectangular,
                rows,
                BlockStructure::Rectangular,
                1.0,
                Par::Seq,
            );
        }
        let at = |i: usize, j: usize| square[i.max(j) * size + i.min(j)];
        let meat = Meat {
            square: (0..width)
                .flat_map(|i| (0..width).map(move |j| (i, j)))
                .map(|(i, j)| at(i, j))
                .collect(),
            with_one: (0..width).map(|i| at(width, i)).collect(),
            one: at(width, width),
        };
        Ok((meat, count))
    }

    /// Adds each row's gradient to its cluster's.
    fn add_gradients(&self, clusters: &[u32], sums: &mut [f64]) -> Result<()> {
        let (data, size) = (&self.data, self.data.design.width() + 1);
        let scorer = data.scorer(self.point);
        let Rows { rows, .. } = data.rows();
        let mut ranges = (0..rows)
            .step_by(BLOCK_ROWS)
            .map(|start| start..rows.min(start + BLOCK_ROWS));
        walk(&mut ranges, data.monitor, |range| {
            let mut scores = [0.0; BLOCK_ROWS];
            let scores = &mut scores[..range.len()];
            scorer.scores(range.clone(), scores);
            let weights = data.weights.map(|w| &w[range.clone()]);
            self.loss.residuals(scores, &data.targets[range.clone()], weights, None);
            let clusters = &clusters[range.clone()];
            let mut add =
                |index: usize, column: usize, value: f64| sums[clusters[index] as usize * size + column] += value;
            for (index, score) in scores.iter().enumerate() {
                add(index, size - 1, *score);
            }
            for (column, encoding) in data.frame.columns().iter().zip(data.design.encodings()) {
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
                        for (index, (score, &x)) in scores.iter().zip(&values[range.clone()]).enumerate() {
                            let x = if x.is_nan() { *mean } else { x };
                            add(index, *column, score * (x - centre) * inverse);
                        }
                    }
                    (Column::Category { codes, .. }, Encoding::Category { columns }) => {
                        for (index, (score, &code)) in scores.iter().zip(&codes[range.clone()]).enumerate() {
                            let level = super::block::level_column(columns, code);
                            if level != NO_COLUMN {
                                add(index, level as usize, *score);
                            }
                        }
                    }
                    // Ruled out by Design::fits.
                    (Column::Number(_), Encoding::Category { .. })
                    | (Column::Category { .. }, Encoding::Number { .. }) => {}
                }
            }
        })
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

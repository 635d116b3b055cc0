//! The densities of components, of blocks of rows.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::shape::Shapes;
use crate::design::NO_COLUMN;
use crate::frame::{Column, Frame};
use crate::linear::exp;
use crate::space::{Axis, Space};

/// Rows of a block.
pub(super) const ROWS: usize = 256;

/// A mixture of normal distributions.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    /// The components' shares of all rows.
    pub weights: Vec<f64>,
    /// One mean after the other.
    pub means: Vec<f64>,
    pub shapes: Shapes,
}

impl Mixture {
    /// How many components there are.
    pub fn count(&self) -> usize {
        self.weights.len()
    }

    /// The mean of a component.
    pub fn mean(&self, component: usize) -> &[f64] {
        let width = self.shapes.width;
        &self.means[component * width..(component + 1) * width]
    }

    /// The logarithm of a component's share and density at its mean.
    pub fn peak(&self, component: usize) -> f64 {
        self.weights[component].ln() + self.shapes.logs[component]
            - 0.5 * self.shapes.width as f64 * std::f64::consts::TAU.ln()
    }
}

/// Rows as columns of coordinates, levels among them.
pub(super) struct Block {
    pub rows: usize,
    pub width: usize,
    /// For each coordinate [`ROWS`] numbers.
    pub coordinates: Vec<f64>,
}

impl Block {
    /// Room for rows of a space.
    pub fn new(space: &Space) -> Block {
        Block {
            rows: 0,
            width: space.width(),
            coordinates: vec![0.0; ROWS * space.width()],
        }
    }

    /// Fills it with rows of a frame.
    pub fn fill(&mut self, space: &Space, frame: &Frame, rows: Range<usize>) {
        self.rows = rows.len();
        self.coordinates[ROWS * space.numbers()..].fill(0.0);
        for (column, axis) in frame.columns().iter().zip(space.axes()) {
            match (column, axis) {
                (Column::Number(values), Axis::Number { column, .. }) => {
                    axis.write(
                        &values[rows.clone()],
                        &mut self.coordinates[*column as usize * ROWS..][..ROWS],
                    );
                }
                (column, Axis::Category { .. }) => {
                    for (place, row) in rows.clone().enumerate() {
                        let level = axis.place(column.encoded(row));
                        if level != NO_COLUMN {
                            self.coordinates[level as usize * ROWS + place] = 1.0;
                        }
                    }
                }
                // Ruled out by Space::fits.
                (Column::Category { .. }, Axis::Number { .. }) => {}
            }
        }
    }

    /// Writes the differences from a mean, coordinate by coordinate; those of rows that there are not are 0.
    pub fn differences(&self, mean: &[f64], out: &mut [f64]) {
        let columns = self.coordinates.chunks_exact(ROWS).zip(out.chunks_exact_mut(ROWS));
        for ((values, out), mean) in columns.zip(mean) {
            for (out, value) in out[..self.rows].iter_mut().zip(values) {
                *out = value - mean;
            }
            out[self.rows..].fill(0.0);
        }
    }
}

/// What densities of a block are computed in.
pub(super) struct Densities {
    /// For each component [`ROWS`] numbers: the logarithm of its share and density, then the probability that the row came from it.
    pub of_components: Vec<f64>,
    /// The logarithm of each row's density.
    pub logs: Vec<f64>,
    /// Differences from a mean, and the same whitened.
    pub differences: Vec<f64>,
    whitened: Vec<f64>,
}

impl Densities {
    /// Room for a block of so many coordinates.
    pub fn new(components: usize, width: usize) -> Densities {
        Densities {
            of_components: vec![0.0; components * ROWS],
            logs: vec![0.0; ROWS],
            differences: vec![0.0; width * ROWS],
            whitened: vec![0.0; width * ROWS],
        }
    }

    /// The logarithm of each component's share and density. O(rows x components x width^2), without matrices O(rows x components x width).
    pub fn joint(&mut self, block: &Block, mixture: &Mixture) {
        let width = block.width;
        for (component, out) in self.of_components.chunks_exact_mut(ROWS).enumerate() {
            block.differences(mixture.mean(component), &mut self.differences);
            let whitened = match mixture.shapes.matrix(component) {
                Some(matrix) => {
                    matmul(
                        MatMut::from_column_major_slice_mut(&mut self.whitened, ROWS, width),
                        Accum::Replace,
                        MatRef::from_column_major_slice(&self.differences, ROWS, width),
                        MatRef::from_row_major_slice(matrix, width, width).transpose(),
                        1.0,
                        Par::Seq,
                    );
                    &self.whitened
                }
                None => {
                    let columns = self.differences.chunks_exact_mut(ROWS);
                    for (column, inverse) in columns.zip(mixture.shapes.inverses(component)) {
                        column.iter_mut().for_each(|value| *value *= inverse);
                    }
                    &self.differences
                }
            };
            let peak = mixture.peak(component);
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    out.fill(0.0);
                    for column in whitened.chunks_exact(ROWS) {
                        out.iter_mut()
                            .zip(column)
                            .for_each(|(sum, value)| *sum += value * value);
                    }
                    out.iter_mut().for_each(|out| *out = peak - 0.5 * *out);
                },
            );
        }
    }

    /// The logarithm of each row's density, and the probabilities of the components.
    pub fn probabilities(&mut self) {
        let Densities {
            of_components, logs, ..
        } = self;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                logs.fill(f64::NEG_INFINITY);
                for column in of_components.chunks_exact(ROWS) {
                    logs.iter_mut()
                        .zip(column)
                        .for_each(|(most, log)| *most = if *log > *most { *log } else { *most });
                }
                let mut sums = [0.0; ROWS];
                for column in of_components.chunks_exact_mut(ROWS) {
                    for ((log, most), sum) in column.iter_mut().zip(&*logs).zip(&mut sums) {
                        *log = exp(*log - most);
                        *sum += *log;
                    }
                }
                for column in of_components.chunks_exact_mut(ROWS) {
                    column.iter_mut().zip(&sums).for_each(|(share, sum)| *share /= sum);
                }
                logs.iter_mut().zip(&sums).for_each(|(log, sum)| *log += sum.ln());
            },
        );
    }

    /// Makes the probability of the most probable component 1, of several as probable the first, and the others 0. Gives the components.
    pub fn harden(&mut self, rows: usize, chosen: &mut [u32]) {
        for (row, chosen) in chosen.iter_mut().enumerate().take(rows) {
            let mut best = (0, f64::NEG_INFINITY);
            for (component, share) in self.of_components[row..].iter().step_by(ROWS).enumerate() {
                if *share > best.1 {
                    best = (component, *share);
                }
            }
            *chosen = best.0 as u32;
            for (component, share) in self.of_components[row..].iter_mut().step_by(ROWS).enumerate() {
                *share = f64::from(u8::from(component == best.0));
            }
        }
    }
}

//! A linear map of vectors, and its derivative.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::matrix::{Right, transposed};
use super::options::{Kind, Options};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// A linear map from vectors of a width to others.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    pub(super) width: usize,
    pub(super) form: Form,
}

/// How the map is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// A matrix, row by row.
    Full(Vec<f32>),
    /// What is there, and added to it `up` times `down`: `up` has a row of `rank` numbers for each number of a vector, `down` `rank` rows of a vector's width.
    LowRank { rank: usize, up: Vec<f32>, down: Vec<f32> },
}

/// A map, ready to be applied.
pub(super) enum Ready {
    Full(Right),
    LowRank { up: Right, down: Right },
}

impl Map {
    /// The map that changes nothing.
    pub fn identity(width: usize, options: &Options) -> Result<Map> {
        let form = match options.kind {
            Kind::Linear => {
                if width > Options::WIDEST {
                    return Err(Error::data(
                        format!("vectors of {width} numbers are too wide for a matrix"),
                        "choose the kind low_rank",
                    )
                    .detail(format!("At most {} can be learned so.", Options::WIDEST)));
                }
                let mut matrix = room::filled(0.0, width * width)?;
                matrix.iter_mut().step_by(width + 1).for_each(|number| *number = 1.0);
                Form::Full(matrix)
            }
            Kind::LowRank => {
                let rank = options.rank.min(width);
                // One of the two is random, so that they do not stay alike, and the other zero, so that nothing is changed yet.
                let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed as u64);
                let mut down = room::filled(0.0, rank * width)?;
                let scale = 1.0 / (width as f64).sqrt();
                down.iter_mut()
                    .for_each(|number| *number = (scale * normal(&mut random)) as f32);
                Form::LowRank {
                    rank,
                    up: room::filled(0.0, width * rank)?,
                    down,
                }
            }
        };
        Ok(Map { width, form })
    }

    /// The numbers of a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The map, ready to be applied.
    pub(super) fn ready(&self) -> Result<Ready> {
        let width = self.width;
        Ok(match &self.form {
            Form::Full(matrix) => Ready::Full(Right::of_columns(width, width, matrix)?),
            Form::LowRank { rank, up, down } => Ready::LowRank {
                up: Right::of_columns(*rank, width, up)?,
                down: Right::of_columns(width, *rank, down)?,
            },
        })
    }

    /// The numbers that are learned.
    pub(super) fn parameters(&mut self) -> Vec<&mut [f32]> {
        match &mut self.form {
            Form::Full(matrix) => vec![matrix],
            Form::LowRank { up, down, .. } => vec![up, down],
        }
    }

    /// What is on the diagonal of each list of numbers when nothing is changed.
    pub(super) fn rest(&self) -> &'static [f32] {
        match self.form {
            Form::Full(_) => &[1.0],
            Form::LowRank { .. } => &[0.0, 0.0],
        }
    }

    /// The derivatives of a loss by the numbers that are learned, from those by the images of vectors.
    pub(super) fn gradients(&self, vectors: &[f32], by_images: &[f32], monitor: &dyn Monitor) -> Result<Vec<Vec<f32>>> {
        let width = self.width;
        match &self.form {
            Form::Full(_) => Ok(vec![outer((by_images, width), (vectors, width), monitor)?]),
            Form::LowRank { rank, up, down } => {
                // What is between `down` and `up`, and the derivatives by it.
                let between = Right::of_columns(width, *rank, down)?.times(vectors, monitor)?;
                let by_between = Right::of_rows(width, *rank, up)?.times(by_images, monitor)?;
                Ok(vec![
                    outer((by_images, width), (&between, *rank), monitor)?,
                    outer((&by_between, *rank), (vectors, width), monitor)?,
                ])
            }
        }
    }
}

impl Ready {
    /// Puts the images of a few vectors in their places, on this thread.
    pub(super) fn apply_here(&self, vectors: &mut [f32]) -> Result<()> {
        let mut images = room::filled(0.0, vectors.len())?;
        match self {
            Ready::Full(matrix) => {
                matrix.times_here(vectors, &mut images);
                vectors.copy_from_slice(&images);
            }
            Ready::LowRank { up, down } => {
                let mut between = room::filled(0.0, vectors.len() / down.terms() * up.terms())?;
                down.times_here(vectors, &mut between);
                up.times_here(&between, &mut images);
                vectors
                    .iter_mut()
                    .zip(&images)
                    .for_each(|(number, image)| *number += image);
            }
        }
        Ok(())
    }

    /// The images of vectors, one after the other.
    pub(super) fn apply(&self, vectors: &[f32], monitor: &dyn Monitor) -> Result<Vec<f32>> {
        match self {
            Ready::Full(matrix) => matrix.times(vectors, monitor),
            Ready::LowRank { up, down } => {
                let mut images = up.times(&down.times(vectors, monitor)?, monitor)?;
                images
                    .par_iter_mut()
                    .zip(vectors)
                    .for_each(|(image, number)| *image += number);
                Ok(images)
            }
        }
    }
}

/// The sum over rows of the products of each number of one with each of the other: a matrix.
fn outer(ones: (&[f32], usize), others: (&[f32], usize), monitor: &dyn Monitor) -> Result<Vec<f32>> {
    let rows = others.0.len() / others.1.max(1);
    let right = Right::of_rows(rows, others.1, others.0)?;
    right.times(&transposed(ones.0, ones.1)?, monitor)
}

/// A random number of about the standard normal distribution: twelve uniform ones together.
fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let uniform = |bits: u64| (bits >> 11) as f64 / (1_u64 << 53) as f64;
    (0..12).map(|_| uniform(random.next_u64())).sum::<f64>() - 6.0
}

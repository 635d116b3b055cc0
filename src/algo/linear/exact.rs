//! From products in the units of a sample to those of the design of all rows: as if it had been known before the rows were read.
//!
//! A missing number counted as the sample's mean; it is to count as that of all rows. Where `m` is 1 in the rows that lack a number and `u` is what its
//! mean is away from the sample's, the number's column is to be what it is and `u m`: a sum of two columns whose products with all others are known. So
//! nothing is approximate, and no row is read twice.

use super::gram::Moments;
use super::summing::{LinearPass, Place, places};
use crate::design::{self, Seen};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::Monitor;

/// Rows of a matrix that are worked on between two looks at the monitor.
const CHUNK_ROWS: usize = 64;

/// What is known of the columns of a sample, with scales that rows which it does not have can be computed in, too.
pub(crate) fn workable(frame: &Frame, weights: Option<&[f64]>, monitor: &dyn Monitor) -> Result<Vec<Seen>> {
    let seen = Seen::of(frame, weights, monitor)?;
    Ok(seen.into_iter().map(Seen::workable).collect())
}

/// A column of the design, made of columns of the pass.
struct Sum {
    column: usize,
    /// Another that is added so many times.
    added: Option<(usize, f64)>,
    factor: f64,
    mean: f64,
}

/// What all rows showed, and the moments of the columns of its design; `centred` as for [`Design::learn`].
pub(crate) fn of_products(
    pass: &LinearPass,
    wide: &Moments,
    centred: bool,
    monitor: &dyn Monitor,
) -> Result<(Vec<Seen>, Moments)> {
    let design = pass.design();
    if wide.width() != design.width() {
        return Err(Error::Internal("sums of another pass"));
    }
    let (scale, total) = (design.raw_factors(), wide.weight());
    let (mut numbers, mut levels, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (place, known) in places(&design, pass.seen.len()).into_iter().zip(&pass.seen) {
        match (place, known) {
            (Place::Number { column, missing }, Seen::Number(of_sample)) => {
                let present = 1.0 - wide.mean(missing);
                let away = if present > 0.0 {
                    wide.mean(column) / present
                } else {
                    0.0
                };
                let square = wide.product(column, column)
                    + 2.0 * away * wide.product(column, missing)
                    + away * away * wide.product(missing, missing);
                let scale = scale[column];
                let back = if scale > 0.0 { 1.0 / scale } else { 0.0 };
                let moments = design::Moments {
                    mean: of_sample.mean + away * back,
                    deviation: (square.max(0.0) / total).sqrt() * back,
                };
                let inverse = moments.inverse(centred);
                numbers.push(Sum {
                    column,
                    added: Some((missing, away)),
                    factor: inverse * back,
                    mean: if centred { 0.0 } else { moments.mean * inverse },
                });
                seen.push(Seen::Number(moments));
            }
            (Place::Category(columns), Seen::Category(_)) => {
                let mut weights = Vec::with_capacity(columns.len());
                for column in columns {
                    let mean = wide.mean(column as usize);
                    weights.push((mean > 0.0).then_some(mean * total));
                    if mean > 0.0 {
                        levels.push(Sum {
                            column: column as usize,
                            added: None,
                            factor: 1.0,
                            mean,
                        });
                    }
                }
                seen.push(Seen::Category(weights));
            }
            (Place::Number { .. }, Seen::Category(_)) | (Place::Category(_), Seen::Number(_)) => {
                return Err(Error::Internal("sums of another pass"));
            }
        }
    }
    let columns: Vec<Sum> = numbers.into_iter().chain(levels).collect();
    let (centre, unit) = pass.scale;
    let moments = wide.combined(&columns, centre / unit, monitor)?;
    Ok((seen, moments))
}

/// The error of numbers whose squares leave the range of a float, though those of the sample do not.
pub(crate) fn too_far() -> Error {
    Error::data(
        "some numbers are too far from those of the other rows to be summed up",
        "leave out or cap extreme values in the query, or raise assay.pack_rows so that the rows are held",
    )
}

impl Moments {
    /// Returns an error for products that no rows can have (Cauchy 1821): of sums that were made elsewhere, and of which equations would be solved. O(width^2).
    fn check_products(&self) -> Result<()> {
        let columns = self.width() + 1;
        let squares: Vec<f64> = (0..columns).map(|column| self.product(column, column)).collect();
        for a in 0..columns {
            for b in 0..a {
                let most = (squares[a] * squares[b]).sqrt();
                let rounding = 1e-6 * (self.weight() * squares[a].max(squares[b])).sqrt();
                if self.product(a, b).abs() > 1.000_001 * most + rounding {
                    return Err(Error::damaged("sums", "their products contradict each other"));
                }
            }
        }
        Ok(())
    }

    /// The moments of sums of columns, and of the target, whose mean is `shift` more. O(width^2).
    fn combined(&self, columns: &[Sum], shift: f64, monitor: &dyn Monitor) -> Result<Moments> {
        let target = Sum {
            column: self.width(),
            added: None,
            factor: 1.0,
            mean: self.mean(self.width()) + shift,
        };
        let all: Vec<&Sum> = columns.iter().chain([&target]).collect();
        let mut products = Vec::with_capacity(all.len() * (all.len() + 1) / 2);
        for (row, a) in all.iter().enumerate() {
            if row % CHUNK_ROWS == 0 {
                monitor.check()?;
            }
            for b in &all[..=row] {
                let with = |column: usize| {
                    self.product(column, b.column)
                        + b.added
                            .map_or(0.0, |(added, times)| times * self.product(column, added))
                };
                let sum = with(a.column) + a.added.map_or(0.0, |(added, times)| times * with(added));
                products.push(if a.factor == 0.0 || b.factor == 0.0 {
                    0.0
                } else {
                    a.factor * b.factor * sum
                });
            }
        }
        let means: Vec<f64> = all.iter().map(|sum| sum.mean).collect();
        if products.iter().chain(&means).any(|number| !number.is_finite()) {
            return Err(too_far());
        }
        let moments = self.of_columns(means, products);
        moments.check_products()?;
        Ok(moments)
    }
}

//! Clusters: k-means and Gaussian mixtures.
//!
//! They are our own because others are slower than what people have today: with 8 clusters of 800,000 rows of 20 numbers linfa's k-means takes 6 to 9
//! times what scikit-learn's does and its Gaussian mixture 3.2 times, neither takes weights, can be stopped, or says how many clusters there are, and
//! the one uses threads that are not ours.
//!
//! | file | idea |
//! |---|---|
//! | `block`, `nearest` | rows as tiles, and the nearest centre of each by vector instructions |
//! | `lloyd` | Lloyd's iterations over the rows that may have changed their cluster |
//! | `sums` | what the rows of clusters add up to |
//! | `course` | where centres go next |
//! | `start` | where they begin: k-means++ on a sample |
//! | `points` | the same distances, row by row, for what is fitted |
//! | `spread`, `quality` | inertia, Davies-Bouldin, silhouettes |
//! | `k_means` | the learner and what it fits |
//! | `mixture` | the same of Gaussian mixtures |

mod block;
mod course;
pub mod k_means;
mod lloyd;
pub mod mixture;
mod nearest;
pub mod params;
mod points;
mod quality;
mod spread;
mod start;
mod sums;
#[cfg(test)]
mod testing;

use crate::design::{Design, Encoding};
use crate::error::Result;
use crate::frame::Frame;
use crate::monitor::Monitor;
use crate::space::{Space, Units};

/// Rows on which silhouettes are measured, at most: it takes all pairs of them.
const SILHOUETTE_ROWS: usize = 3000;

/// The space that distances between the rows of a frame are measured in, and the mean variance of its coordinates.
fn space_of(frame: &Frame, weights: Option<&[f64]>, standardize: bool, monitor: &dyn Monitor) -> Result<(Space, f64)> {
    space_by(&Design::learn(frame, weights, true, monitor)?, frame, standardize)
}

/// The same by a design, whose rows may be others.
fn space_by(design: &Design, frame: &Frame, standardize: bool) -> Result<(Space, f64)> {
    let units = if standardize { Units::Standard } else { Units::Centred };
    let of_number = |encoding: &Encoding| match encoding {
        Encoding::Number { inverse, .. } if *inverse == 0.0 => 0.0,
        Encoding::Number { .. } if standardize => 1.0,
        Encoding::Number { inverse, .. } => inverse.powi(-2),
        Encoding::Category { .. } => 0.0,
    };
    let of_numbers: f64 = design.encodings().iter().map(of_number).sum();
    let shares = &design.means()[design.numbers()..];
    let of_levels: f64 = shares.iter().map(|share| share * (1.0 - share)).sum();
    let variance = (of_numbers + of_levels) / design.width().max(1) as f64;
    Ok((Space::of(design, frame, units)?, variance))
}

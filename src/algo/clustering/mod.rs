//! Clusters: k-means and Gaussian mixtures.
//!
//! They are our own because others are slower than what people have today: with 8 clusters of 800,000 rows of 20 numbers linfa's k-means takes 6 to 9
//! times what scikit-learn's does and its Gaussian mixture 3.2 times, neither takes weights, can be stopped, or says how many clusters there are, and
//! the one uses threads that are not ours.
//!
//! | file | idea |
//! |---|---|
//! | `space` | what distances are measured in: standardised numbers, and a coordinate per level |
//! | `block`, `nearest` | rows as tiles, and the nearest centre of each by vector instructions |
//! | `lloyd` | Lloyd's iterations over the rows that may have changed their cluster |
//! | `start` | where they begin: k-means++ on a sample |
//! | `points` | the same distances, row by row, for what is fitted |
//! | `spread`, `quality` | inertia, Davies-Bouldin, silhouettes |
//! | `k_means` | the learner and what it fits |
//! | `mixture` | the same of Gaussian mixtures |

mod block;
pub mod k_means;
mod lloyd;
pub mod mixture;
mod nearest;
pub mod params;
mod points;
mod quality;
pub(crate) mod space;
mod spread;
mod start;
#[cfg(test)]
mod testing;

use rayon::prelude::*;

use crate::error::Result;
use crate::frame::Frame;
use crate::monitor::Monitor;
use crate::unsupervised;

/// Rows on which silhouettes are measured, at most: it takes all pairs of them.
const SILHOUETTE_ROWS: usize = 3000;

/// Training rows whose strangeness is kept as quantiles, at most.
const STRANGENESS_ROWS: usize = 1 << 16;

/// The quantiles of the strangeness of rows, of so many of them at most, evenly spread.
fn strangeness_of(frame: &Frame, monitor: &dyn Monitor, of: impl Fn(&[f64]) -> f64 + Sync) -> Result<Vec<f64>> {
    /// Rows between two looks at the monitor.
    const BLOCK: usize = 256;
    let count = frame.rows().min(STRANGENESS_ROWS);
    let row_at = |place: usize| (place as u128 * frame.rows() as u128 / count as u128) as usize;
    let mut all = crate::room::zeros(count)?;
    all.par_chunks_mut(BLOCK).enumerate().try_for_each(|(block, out)| {
        monitor.check()?;
        let mut row = vec![f64::NAN; frame.width()];
        for (place, out) in (block * BLOCK..).zip(out) {
            frame.encode_row(row_at(place), &mut row);
            *out = of(&row);
        }
        Ok(())
    })?;
    unsupervised::quantiles(all, monitor)
}

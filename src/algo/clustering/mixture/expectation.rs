//! The EM algorithm (Dempster, Laird and Rubin, 1977): how much rows belong to components, then the components of these, and so on.

use rayon::prelude::*;

use super::density::{Block, Densities, Mixture, ROWS};
use super::moments::Moments;
use super::shape::Covariance;
use crate::clustering::lloyd::Rows;
use crate::error::Result;
use crate::monitor::Progress;
use crate::room;

/// When iterations end, and what is added to variances.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub iterations: usize,
    /// When the mean logarithm of the density has changed by less.
    pub tolerance: f64,
    pub added: f64,
}

/// How much rows belong to components.
enum Belonging<'a> {
    /// Each to one.
    Labels(&'a [u32]),
    /// By probabilities.
    Shares(&'a Mixture),
    /// Each to the most probable.
    MostProbable(&'a Mixture),
}

/// A mixture after iterations.
pub(super) struct Fitted {
    pub mixture: Mixture,
    /// The mean logarithm of the density before the last step.
    pub log_density: f64,
}

/// What a pass over all rows gives.
struct Pass {
    moments: Moments,
    /// Of each row the most probable component, where that was asked for.
    chosen: Vec<u32>,
}

/// Sums about means over all rows, slabs in parallel. O(rows x components x width^2), without matrices O(rows x components x width).
fn pass(rows: Rows<'_>, belonging: &Belonging<'_>, means: &[f64], covariance: Covariance) -> Result<Pass> {
    let width = rows.space.width();
    let components = means.len() / width.max(1);
    let slabs = rows
        .slabs(Moments::bytes(covariance, components, width))
        .into_par_iter()
        .map(|slab| {
            let mut moments = Moments::new(covariance, components, width)?;
            let (mut block, mut densities) = (Block::new(rows.space), Densities::new(components, width));
            let (mut scaled, mut chosen) = (vec![0.0; width * ROWS], Vec::new());
            for start in slab.clone().step_by(ROWS) {
                rows.monitor.check()?;
                let end = (start + ROWS).min(slab.end);
                block.fill(rows.space, rows.frame, start..end);
                match belonging {
                    Belonging::Labels(labels) => {
                        densities.of_components.fill(0.0);
                        for (row, label) in labels[start..end].iter().enumerate() {
                            densities.of_components[*label as usize * ROWS + row] = 1.0;
                        }
                    }
                    Belonging::Shares(mixture) | Belonging::MostProbable(mixture) => {
                        densities.joint(&block, mixture);
                        densities.probabilities();
                    }
                }
                if let Belonging::MostProbable(_) = belonging {
                    let mut of_block = [0; ROWS];
                    densities.harden(end - start, &mut of_block);
                    chosen.extend_from_slice(&of_block[..end - start]);
                }
                for row in start..end {
                    moments.weight += rows.weight(row);
                    moments.log_density += rows.weight(row) * densities.logs[row - start];
                }
                add(
                    rows,
                    start..end,
                    &block,
                    means,
                    &mut densities,
                    &mut moments,
                    &mut scaled,
                )?;
            }
            Ok(Pass { moments, chosen })
        });
    let mut all = Pass {
        moments: Moments::new(covariance, components, width)?,
        chosen: room::with_capacity(if matches!(belonging, Belonging::MostProbable(_)) {
            rows.frame.rows()
        } else {
            0
        })?,
    };
    for slab in slabs.collect::<Result<Vec<Pass>>>()? {
        all.moments.merge(&slab.moments, rows.monitor)?;
        all.chosen.extend_from_slice(&slab.chosen);
    }
    Ok(all)
}

/// Adds the rows of a block to the components by their shares and weights.
fn add(
    rows: Rows<'_>,
    range: std::ops::Range<usize>,
    block: &Block,
    means: &[f64],
    densities: &mut Densities,
    moments: &mut Moments,
    scaled: &mut [f64],
) -> Result<()> {
    for (component, mean) in means.chunks_exact(block.width).enumerate() {
        rows.monitor.check()?;
        let shares = &mut densities.of_components[component * ROWS..(component + 1) * ROWS];
        shares[range.len()..].fill(0.0);
        if let Some(weights) = rows.weights {
            shares
                .iter_mut()
                .zip(&weights[range.clone()])
                .for_each(|(share, weight)| *share *= weight);
        }
        block.differences(mean, &mut densities.differences);
        moments.add(component, &densities.differences, shares, scaled);
    }
    Ok(())
}

/// The mixture whose components are clusters.
pub(super) fn of_clusters(
    rows: Rows<'_>,
    labels: &[u32],
    centres: &[f64],
    covariance: Covariance,
    added: f64,
) -> Result<Mixture> {
    let moments = pass(rows, &Belonging::Labels(labels), centres, covariance)?.moments;
    moments.mixture(centres, added, rows.monitor)
}

/// Iterations from a mixture. Tells the monitor of each when `is_told`.
pub(super) fn improve(rows: Rows<'_>, mut mixture: Mixture, stop: Stop, is_told: bool) -> Result<Fitted> {
    let mut log_density = f64::NEG_INFINITY;
    for iteration in 0..stop.iterations {
        let moments = pass(
            rows,
            &Belonging::Shares(&mixture),
            &mixture.means,
            mixture.shapes.covariance,
        )?
        .moments;
        mixture = moments.mixture(&mixture.means, stop.added, rows.monitor)?;
        let now = moments.log_density / moments.weight;
        if is_told {
            rows.monitor.progress(Progress {
                iteration: iteration + 1,
                iterations: stop.iterations,
                loss: -now,
            });
        }
        let change = now - log_density;
        log_density = now;
        if change.abs() < stop.tolerance {
            break;
        }
    }
    Ok(Fitted { mixture, log_density })
}

/// What a mixture makes of rows.
pub(super) struct Described {
    /// The mean logarithm of the density.
    pub log_density: f64,
    /// Of each row the most probable component.
    pub chosen: Vec<u32>,
    /// For each coordinate the mean of its part of the squared Mahalanobis distance from the most probable component.
    pub parts: Vec<f64>,
}

/// Describes rows by a mixture. As much work as one iteration.
pub(super) fn describe(rows: Rows<'_>, mixture: &Mixture) -> Result<Described> {
    let Pass { moments, chosen } = pass(
        rows,
        &Belonging::MostProbable(mixture),
        &mixture.means,
        mixture.shapes.covariance,
    )?;
    Ok(Described {
        log_density: moments.log_density / moments.weight,
        chosen,
        parts: moments.distance_parts(&mixture.shapes, rows.monitor)?,
    })
}

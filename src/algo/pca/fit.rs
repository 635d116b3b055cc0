//! What is learned of the centred products of the columns.

use super::directions::Directions;
use super::model::Pca;
use super::{MOST_COLUMNS, PcaParams};
use crate::design::{Design, Encoding};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::linear::input::weights_of;
use crate::linear::{Data, Moments};
use crate::monitor::{Monitor, Progress};
use crate::room;
use crate::space::{Space, Units};
use crate::training_set::TrainingSet;
use crate::unsupervised::quantiles_of;

/// Learns from the rows. O(rows x columns^2 + columns^3).
pub(super) fn fit(params: &PcaParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Pca> {
    let (frame, weights) = (&set.frame, weights_of(set)?);
    let design = Design::learn(frame, weights.as_deref(), true, monitor)?;
    check_width(&design)?;
    let space = Space::of(&design, frame, params.units())?;
    let targets = room::zeros(frame.rows())?;
    let moments = Data::new(&design, frame, &targets, weights.as_deref(), monitor)?.moments()?;
    drop(targets);
    let rows = match &weights {
        Some(weights) => weights.iter().filter(|weight| **weight > 0.0).count(),
        None => frame.rows(),
    };
    let scales = scales(&design, params.standardize);
    let pca = of_moments(params, &moments, (&scales, rows), space, monitor)?;
    learned(pca, &design, frame, monitor)
}

impl PcaParams {
    pub(super) fn units(&self) -> Units {
        match self.standardize {
            true => Units::Standard,
            false => Units::Centred,
        }
    }
}

/// Returns an error for a design with more columns than eigenvectors are found of.
pub(super) fn check_width(design: &Design) -> Result<()> {
    if design.width() <= MOST_COLUMNS {
        return Ok(());
    }
    Err(Error::data(
        format!("pca takes at most {MOST_COLUMNS} columns"),
        "leave some out with \"exclude\", or make a category's levels fewer with \"preprocess\"",
    )
    .detail(format!(
        "There are {}, a level of a category being a column.",
        design.width()
    )))
}

/// With the means of the columns, and the errors of rows.
pub(super) fn learned(mut pca: Pca, design: &Design, frame: &Frame, monitor: &dyn Monitor) -> Result<Pca> {
    pca.learn_means(design);
    monitor.progress(Progress {
        iteration: 1,
        iterations: 1,
        loss: pca.error(),
    });
    let quantiles = quantiles_of(frame, monitor, |row| pca.reconstruction_error(row))?;
    pca.learn_quantiles(quantiles);
    Ok(pca)
}

/// What a coordinate is, in units of the design's columns, which are standardised.
pub(super) fn scales(design: &Design, standardize: bool) -> Vec<f64> {
    let mut scales = vec![1.0; design.width()];
    if !standardize {
        for encoding in design.encodings() {
            if let Encoding::Number { column, inverse, .. } = encoding {
                // Constant numbers have no products.
                scales[*column] = if *inverse > 0.0 { 1.0 / inverse } else { 0.0 };
            }
        }
    }
    scales
}

/// The components of columns whose centred products are known, each column times its scale.
pub(super) fn of_moments(
    params: &PcaParams,
    moments: &Moments,
    (scales, rows): (&[f64], usize),
    space: Space,
    monitor: &dyn Monitor,
) -> Result<Pca> {
    let width = moments.width();
    // The greatest scale is the unit, so that no square leaves the range of a float.
    let unit = scales.iter().fold(0.0_f64, |most, scale| most.max(*scale));
    let unit = if unit > 0.0 { unit } else { 1.0 };
    let degrees = match moments.weight() > 1.0 {
        true => moments.weight() - 1.0,
        false => moments.weight(),
    };
    let covariance = |i: usize, j: usize| (scales[i] / unit) * (scales[j] / unit) * moments.product(i, j) / degrees;
    let total: f64 = (0..width).map(|column| covariance(column, column)).sum();
    if total.is_nan() || total <= 0.0 {
        return Err(Error::data(
            "no column varies",
            "give at least two rows that differ in some column",
        ));
    }
    let found = Directions::of(width, covariance, monitor)?;
    let count = found.count(params.num_components, rows)?;
    let loadings = found.loadings(count, monitor)?;
    let variances = &found.variances[..count];
    // What the components leave of each column's variance.
    let left = loadings.chunks_exact(count).enumerate().map(|(column, loadings)| {
        let explained = loadings.iter().zip(variances).map(|(v, variance)| v * v * variance);
        (covariance(column, column) - explained.sum::<f64>()).max(0.0)
    });
    let square = unit * unit;
    // Means over the rows divide by all of the weight.
    let mean = square * degrees / moments.weight() / width as f64;
    let mut left_out = vec![0.0; space.features()];
    for (left, column) in left.zip(space.columns()) {
        left_out[column.feature] += left * mean;
    }
    let variances = variances.iter().map(|variance| variance * square).collect();
    Ok(Pca::new(space, loadings, variances, total * square, left_out))
}

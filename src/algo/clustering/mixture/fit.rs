//! The learner of Gaussian mixtures.

use super::choose;
use super::expectation::{Fitted, Stop, improve, of_clusters};
use super::model::GaussianMixture;
use super::moments::Moments;
use super::shape::Covariance;
use crate::clustering::k_means::{from_rows, given};
use crate::clustering::lloyd::{self, Clusters, Rows, lloyd};
use crate::clustering::params::{Count, Draw, Init};
use crate::clustering::space_of;
use crate::clustering::start::{Dice, Sample, sample_size};
use crate::error::{Error, Result};
use crate::learner::{Checked, Learner};
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::parameters::{any, at_least, hyperparameters, refuse};
use crate::task::Task;
use crate::training_set::{Shape, TrainingSet};

hyperparameters! {
    /// Hyperparameters of Gaussian mixtures.
    pub struct GaussianMixtureParams {
        /// How many components there are; `"auto"` takes the number from 1 to 9 with the least BIC on up to 5,000 rows.
        num_components or "n_components" or "k": Count = Count::Auto, at_least(1.0), from "assay";
        /// Whether components have covariances of their own, share one, or have none between columns.
        covariance or "covariance_type": Covariance = Covariance::Full, any(), from "scikit-learn";
        /// Whether numbers are brought to a standard deviation of 1 first.
        standardize or "standardize_features": bool = true, any(), from "BigQuery";
        /// Where the centres of k-means begin, whose clusters are the first components: at rows far from each other, at any rows, or at given points, whose
        /// order is then that of the components.
        init: Init = Init::Drawn(Draw::PlusPlus), any(), from "scikit-learn";
        /// How many starts are tried; the one with the greatest likelihood counts. Of many rows they are tried on a sample.
        n_init: usize = 1, at_least(1.0), from "scikit-learn";
        /// What is added to each variance.
        reg_covariance or "reg_covar": f64 = 1e-6, at_least(0.0), from "scikit-learn";
        /// It ends when the mean log likelihood of a row changes by less.
        tolerance or "tol": f64 = 1e-3, at_least(0.0), from "scikit-learn";
        /// The most iterations, on the sample as on all rows.
        max_iterations or "max_iter": usize = 100, at_least(1.0), from "scikit-learn";
        /// The seed of every draw.
        seed or "random_state": u64 = 0, any(), from "LightGBM";
    }
    together Self::check_both
}

impl GaussianMixtureParams {
    /// Centres that are given are as many as components are asked for.
    fn check_both(&self) -> Result<()> {
        match (&self.init, self.num_components) {
            (Init::Given(points), Count::Of(count)) if points.len() != count => {
                refuse("num_components", count, "the number of centres in \"init\"")
            }
            (Init::Given(_) | Init::Drawn(_), Count::Auto | Count::Of(_)) => Ok(()),
        }
    }

    /// The most components that they may come to.
    fn most_components(&self) -> usize {
        match (&self.init, self.num_components) {
            (Init::Given(points), _) => points.len(),
            (Init::Drawn(_), Count::Of(count)) => count,
            (Init::Drawn(_), Count::Auto) => choose::MOST,
        }
    }

    fn stop(&self) -> Stop {
        Stop {
            iterations: self.max_iterations,
            tolerance: self.tolerance,
            added: self.reg_covariance,
        }
    }
}

/// The most columns of covariances that are matrices, levels counted: what is made of a block of rows is not stopped in between.
const MOST_COLUMNS: usize = 1_000;
/// Starts of k-means for each mixture.
const STARTS: usize = 5;
/// A sample for mixtures is as large as one for so many times as many clusters.
const SAMPLE: usize = 4;

/// The learner.
pub struct GaussianMixtureLearner;

impl Learner for GaussianMixtureLearner {
    const NAME: &'static str = "gaussian_mixture";
    const TASKS: &'static [Task] = &[Task::Clustering];
    const ABOUT: &'static str =
        "several normal distributions, each row from the most probable, as scikit-learn's `GaussianMixture`";
    type Parameters = GaussianMixtureParams;
    type Fitted = GaussianMixture;

    fn more_pages() -> String {
        format!(
            "Components are counted from 0, the one with most weight first; with given centres in their order. A missing number counts as the mean, and each\n\
             level of a category is a coordinate of its own, 0 or 1. Densities are those of the numbers as they are, standardised or not. `\"auto\"` tries up to\n\
             {} components on up to {} rows.\n",
            choose::MOST,
            choose::ROWS
        )
    }

    fn memory(params: &GaussianMixtureParams, shape: &Shape) -> usize {
        let sample = sample_size(shape.rows, SAMPLE * params.most_components(), shape.design_columns);
        shape.rows * (4 * size_of::<u32>() + size_of::<f64>())
            + sample * (2 * shape.design_columns + 8) * size_of::<f64>()
            + crate::unsupervised::JUDGED.min(shape.rows) * 2 * size_of::<f64>()
    }

    fn design_memory(params: &GaussianMixtureParams, shape: &Shape) -> usize {
        let moments = Moments::bytes(params.covariance, params.most_components(), shape.design_columns);
        let blocks = (3 * shape.design_columns + params.most_components()) * super::density::ROWS * size_of::<f64>();
        // The sums of slabs, and mixtures in some forms.
        moments
            .saturating_mul(8)
            .max(64 << 20)
            .saturating_add(shape.threads.saturating_mul(blocks))
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<GaussianMixture> {
        let frame = &set.frame;
        if frame.rows() == 0 {
            return Err(Error::data(
                "there are no rows to learn from",
                "check the training query",
            ));
        }
        let weights = weights_of(set)?;
        let (space, variance) = space_of(frame, weights.as_deref(), params.standardize, monitor)?;
        if space.width() > MOST_COLUMNS && params.covariance.matrices(1) > 0 {
            return Err(Error::data(
                format!("gaussian_mixture takes at most {MOST_COLUMNS} columns, unless the covariance is diagonal or spherical"),
                "take \"covariance\" \"diagonal\", leave some out with \"exclude\", or make a category's levels fewer with \"preprocess\"",
            )
            .detail(format!(
                "There are {}, a level of a category being a column.",
                space.width()
            )));
        }
        let rows = Rows {
            space: &space,
            frame,
            weights: weights.as_deref(),
            monitor,
        };
        // As scikit-learn's k-means that its mixtures begin with.
        let first = lloyd::Stop {
            iterations: 300,
            shift: 1e-4 * variance,
            is_relaxed: matches!(params.init, Init::Drawn(_)),
        };
        let fitted = match &params.init {
            Init::Given(points) => {
                let clusters = lloyd(rows, given(&space, points)?, first, false)?;
                from_clusters(rows, &clusters, params, true)?
            }
            Init::Drawn(draw) => drawn(rows, params, *draw, first)?,
        };
        GaussianMixture::of(rows, fitted.mixture, matches!(params.init, Init::Given(_)))
    }
}

/// A mixture from clusters.
fn from_clusters(rows: Rows<'_>, clusters: &Clusters, params: &GaussianMixtureParams, is_told: bool) -> Result<Fitted> {
    let Clusters { centres, labels, .. } = clusters;
    let mixture = of_clusters(rows, labels, centres, params.covariance, params.reg_covariance)?;
    improve(rows, mixture, params.stop(), is_told)
}

/// A mixture that begins at rows: of many with that which is best on a sample.
fn drawn(rows: Rows<'_>, params: &GaussianMixtureParams, draw: Draw, first: lloyd::Stop) -> Result<Fitted> {
    let mut dice = Dice::new(params.seed);
    let count = match params.num_components {
        Count::Of(count) => count,
        Count::Auto => choose::count(rows, params.covariance, draw, (first, params.stop()), &mut dice)?,
    };
    let all = rows.frame.rows();
    let size = sample_size(all, SAMPLE * count, rows.space.width());
    let sample = match 2 * size >= all {
        true => None,
        false => Some(Sample::draw(rows, size, &mut dice)?),
    };
    let start = sample.as_ref().map_or(rows, |sample| sample.rows(rows));
    let mut best: Option<Fitted> = None;
    for _ in 0..params.n_init {
        let clusters = from_rows(start, count, (draw, STARTS), first, false, &mut dice)?;
        let fitted = from_clusters(start, &clusters, params, sample.is_none())?;
        if best.as_ref().is_none_or(|best| fitted.log_density > best.log_density) {
            best = Some(fitted);
        }
    }
    let best = best.ok_or(Error::Internal("a mixture without a start"))?;
    match sample {
        None => Ok(best),
        Some(_) => improve(rows, best.mixture, params.stop(), true),
    }
}

//! The learner of k-means.

use super::by_sums::ByPasses;
use super::choose;
use super::model::KMeans;
use crate::clustering::block::Block;
use crate::clustering::lloyd::{Clusters, Rows, Stop, lloyd};
use crate::clustering::params::{Count, Draw, Init};
use crate::clustering::space_of;
use crate::clustering::start::{Dice, Sample, on_sample, sample_size};
use crate::error::{Error, Result};
use crate::learner::{Checked, Learner};
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::parameters::{any, at_least, hyperparameters, refuse};
use crate::room;
use crate::space::Space;
use crate::sums::Course;
use crate::task::Task;
use crate::training_set::{Shape, TargetKind, TrainingSet};

hyperparameters! {
    /// Hyperparameters of k-means.
    pub struct KMeansParams {
        /// How many clusters there are; `"auto"` takes the number from 2 to 12 with the greatest mean silhouette on up to 2,000 rows.
        num_clusters or "n_clusters" or "k": Count = Count::Auto, at_least(1.0), from "BigQuery";
        /// Whether numbers are brought to a standard deviation of 1 before distances are taken.
        standardize or "standardize_features": bool = true, any(), from "BigQuery";
        /// Where the centres begin: at rows far from each other, at any rows, or at given points, whose order is then that of the clusters.
        init: Init = Init::Drawn(Draw::PlusPlus), any(), from "scikit-learn";
        /// How often centres are drawn; the draw with the least inertia counts. Of many rows this is tried on a sample.
        n_init: usize = 5, at_least(1.0), from "scikit-learn";
        /// The most iterations, on the sample as on all rows.
        max_iterations or "max_iter": usize = 300, at_least(1.0), from "BigQuery";
        /// How far the centres may still move when it ends: the sum of the squares, over the mean variance of the columns.
        tolerance or "tol": f64 = 1e-4, at_least(0.0), from "scikit-learn";
        /// The seed of every draw.
        seed or "random_state": u64 = 0, any(), from "LightGBM";
    }
    together Self::check_both
}

impl KMeansParams {
    /// Centres that are given are as many as clusters are asked for.
    fn check_both(&self) -> Result<()> {
        match (&self.init, self.num_clusters) {
            (Init::Given(points), Count::Of(count)) if points.len() != count => {
                refuse("num_clusters", count, "the number of centres in \"init\"")
            }
            (Init::Given(_) | Init::Drawn(_), Count::Auto | Count::Of(_)) => Ok(()),
        }
    }
}

/// The learner.
pub struct KMeansLearner;

impl Learner for KMeansLearner {
    const NAME: &'static str = "k_means";
    const TASKS: &'static [Task] = &[Task::Clustering];
    const ABOUT: &'static str = "clusters around centres, each row in that of the nearest, as scikit-learn's `KMeans`";
    type Parameters = KMeansParams;
    type Fitted = KMeans;

    fn more_pages() -> String {
        format!(
            "Clusters are counted from 0, the largest first; with given centres in their order. A missing number counts as the mean, and each level of a\n\
             category is a coordinate of its own, 0 or 1. Clusters that no row is in are left out. `\"auto\"` tries up to {} clusters on up to {} rows.\n",
            choose::MOST,
            choose::ROWS
        )
    }

    fn memory(params: &KMeansParams, shape: &Shape) -> usize {
        let count = most_clusters(params);
        let sample = sample_size(shape.rows, count, shape.design_columns);
        // Labels and bounds, labels once more, weights, and a sample in two forms with what the start keeps of each row.
        shape.rows * (4 * size_of::<u32>() + size_of::<f64>())
            + sample * (2 * shape.design_columns + 8) * size_of::<f64>()
            + crate::unsupervised::JUDGED.min(shape.rows) * 2 * size_of::<f64>()
    }

    fn design_memory(params: &KMeansParams, shape: &Shape) -> usize {
        let points = most_clusters(params).saturating_mul(shape.design_columns * size_of::<f64>());
        // The sums of slabs, centres in some forms, and a block per thread.
        points
            .saturating_mul(12)
            .max(64 << 20)
            .saturating_add(shape.threads * 2 * Block::bytes(shape.design_columns))
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<KMeans> {
        let frame = &set.frame;
        if frame.rows() == 0 {
            return Err(Error::data(
                "there are no rows to learn from",
                "check the training query",
            ));
        }
        let weights = weights_of(set)?;
        let (space, variance) = space_of(frame, weights.as_deref(), params.standardize, monitor)?;
        let rows = Rows {
            space: &space,
            frame,
            weights: weights.as_deref(),
            monitor,
        };
        let clusters = match &params.init {
            Init::Given(points) => lloyd(rows, given(&space, points)?, stop(params, variance), true)?,
            Init::Drawn(_) => found(params, rows, variance, true)?,
        };
        let is_given = matches!(params.init, Init::Given(_));
        KMeans::of(rows, clusters, is_given)
    }

    fn sums(_: &KMeansParams, _: TargetKind) -> bool {
        true
    }

    fn course(params: &KMeansParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        let course = ByPasses::new(params, sample)?;
        Ok(course.map(|course| Box::new(course) as Box<dyn Course>))
    }
}

/// When iterations end, in a space of which the mean variance of its coordinates is given.
pub(super) fn stop(params: &KMeansParams, variance: f64) -> Stop {
    Stop {
        iterations: params.max_iterations,
        shift: params.tolerance * variance,
        is_relaxed: matches!(params.init, Init::Drawn(_)),
    }
}

/// Clusters whose centres begin at rows.
pub(super) fn found(params: &KMeansParams, rows: Rows<'_>, variance: f64, is_told: bool) -> Result<Clusters> {
    let draw = match params.init {
        Init::Drawn(draw) => draw,
        Init::Given(_) => return Err(Error::Internal("given centres are not drawn")),
    };
    let (stop, mut dice) = (stop(params, variance), Dice::new(params.seed));
    let count = match params.num_clusters {
        Count::Of(count) => count,
        Count::Auto => choose::count(rows, draw, stop, &mut dice)?,
    };
    from_rows(rows, count, (draw, params.n_init), stop, is_told, &mut dice)
}

/// The most clusters that the hyperparameters may come to.
pub(super) fn most_clusters(params: &KMeansParams) -> usize {
    match (&params.init, params.num_clusters) {
        (Init::Given(points), _) => points.len(),
        (Init::Drawn(_), Count::Of(count)) => count,
        (Init::Drawn(_), Count::Auto) => choose::MOST,
    }
}

/// Returns an error unless given centres are points of rows of so many features and categories among them.
pub(super) fn check_given((features, categories): (usize, usize), points: &[Vec<f64>]) -> Result<()> {
    if let Some(wrong) = points.iter().find(|point| point.len() != features) {
        return Err(Error::data(
            "a centre of \"init\" has not one number per feature",
            "give one number per feature, in the order of the query's columns",
        )
        .detail(format!(
            "It has {} numbers, and there are {features} features.",
            wrong.len()
        )));
    }
    if categories > 0 {
        return Err(Error::data(
            "\"init\" gives centres, but a feature is a category",
            "leave \"init\" out, or leave out columns that are no numbers",
        ));
    }
    Ok(())
}

/// Given centres as points of the space, one after the other.
pub(in crate::clustering) fn given(space: &Space, points: &[Vec<f64>]) -> Result<Vec<f64>> {
    let features = space.features();
    check_given((features, space.categories()), points)?;
    let mut centres = room::zeros(points.len() * features)?;
    for (given, centre) in points.iter().zip(centres.chunks_exact_mut(features.max(1))) {
        space.point(given, centre);
    }
    Ok(centres)
}

/// Clusters that begin at rows: at those that are best on a sample.
pub(in crate::clustering) fn from_rows(
    rows: Rows<'_>,
    count: usize,
    (draw, starts): (Draw, usize),
    stop: Stop,
    is_told: bool,
    dice: &mut Dice,
) -> Result<Clusters> {
    let all = rows.frame.rows();
    if count > all {
        return Err(Error::data(
            "there are fewer rows than clusters",
            "ask for fewer clusters, or give more rows",
        )
        .detail(format!("There are {all} rows, and \"num_clusters\" is {count}.")));
    }
    let size = sample_size(all, count, rows.space.width());
    // A start on half of the rows saves nothing.
    let start = match 2 * size >= all {
        true => on_sample(rows, count, draw, starts, stop, dice)?,
        false => {
            let sample = Sample::draw(rows, size, dice)?;
            on_sample(sample.rows(rows), count, draw, starts, stop, dice)?
        }
    };
    lloyd(rows, start.centres, stop, is_told)
}

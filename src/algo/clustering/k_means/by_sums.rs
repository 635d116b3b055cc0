//! K-means of rows that are not held: Lloyd's iterations, each a pass over them.
//!
//! The first pass tells the space that distances are measured in. Then clusters are found in the sample, so that few passes are left from there; given centres
//! begin where they are, and each of their iterations is a pass. A cluster that all rows leave gets one of the rows that are farthest from their centres, which
//! passes keep.

use super::fit::{KMeansParams, check_given, found, given, most_clusters, stop};
use super::model::KMeans;
use super::summing::{ClustersPass, ClustersSums, MOST_NUMBERS};
use crate::clustering::course;
use crate::clustering::lloyd::{Rows, Stop};
use crate::clustering::params::{Count, Init};
use crate::clustering::space_by;
use crate::design::{Design, Seen};
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::linear::exact::too_far;
use crate::linear::input::weights_of;
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::naive_bayes::Tally;
use crate::space::MOST;
use crate::sums::{Course, Step, Sums, Total, What};
use crate::training_set::TrainingSet;

/// The share of a coordinate's variance that the square of its mean changes by rounding, at most: rows may be added up in another order each time.
const ROUNDING: f64 = 1e-24;

/// A pass for the space, one for each iteration, and one for the model.
pub(super) struct ByPasses {
    params: KMeansParams,
    moving: Option<Moving>,
}

/// Centres on their way.
struct Moving {
    pass: ClustersPass,
    course: course::Course,
    stop: Stop,
    iteration: usize,
    /// A sum of squares below which centres have not moved.
    rounding: f64,
    /// Whether the centres stay where they are.
    is_last: bool,
}

impl ByPasses {
    /// `None` where the sample has fewer rows than there are to be clusters, where these have too many coordinates, and for numbers whose squares are none.
    pub fn new(params: &KMeansParams, sample: &TrainingSet) -> Result<Option<ByPasses>> {
        let weights = weights_of(sample)?;
        let seen = Seen::of(&sample.frame, weights.as_deref(), &Unwatched)?;
        let wide = Seen::width(&seen).max(seen.len());
        let has_rows = match (&params.init, params.num_clusters) {
            (Init::Given(points), _) => {
                let columns = sample.frame.columns();
                let categories = columns
                    .iter()
                    .filter(|column| matches!(column, Column::Category { .. }));
                check_given((columns.len(), categories.count()), points)?;
                true
            }
            (Init::Drawn(_), Count::Of(count)) => count <= sample.rows(),
            (Init::Drawn(_), Count::Auto) => true,
        };
        let is_small = most_clusters(params).saturating_mul(wide) <= MOST_NUMBERS;
        Ok(
            (has_rows && is_small && wide > 0 && Seen::are_usual(&seen)).then(|| ByPasses {
                params: params.clone(),
                moving: None,
            }),
        )
    }

    /// What the first pass told: the space, and where the centres begin.
    fn begin(&self, tally: &Tally, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Moving> {
        let seen = tally.seen();
        if !Seen::are_usual(&seen) {
            return Err(too_far());
        }
        let (space, variance) = space_by(&Design::of_seen(&seen, true), &sample.frame, self.params.standardize)?;
        let weights = weights_of(sample)?;
        let rows = Rows {
            space: &space,
            frame: &sample.frame,
            weights: weights.as_deref(),
            monitor,
        };
        let centres = match &self.params.init {
            Init::Given(points) => given(&space, points)?,
            Init::Drawn(_) => found(&self.params, rows, variance, false)?.centres,
        };
        if !ClustersPass::holds(&space, centres.len() / space.width().max(1)) {
            return Err(Error::Internal("centres that cannot be summed up"));
        }
        let stop = stop(&self.params, variance);
        Ok(Moving {
            rounding: ROUNDING * variance * centres.len() as f64,
            pass: ClustersPass { space, centres },
            course: course::Course::new(stop),
            stop,
            iteration: 0,
            is_last: false,
        })
    }
}

impl Moving {
    /// Moves the centres by what the rows around them add up to. Whether the model may be made of that.
    fn step(&mut self, sums: &ClustersSums, monitor: &dyn Monitor) -> Result<bool> {
        self.iteration += 1;
        let (mut of, width) = (sums.of.clone(), self.pass.space.width());
        let inertia = of.inertia(width);
        let is_full = of.empty().is_empty() || sums.farthest.is_empty();
        let is_same = is_full && sums.moved(&self.pass.centres) <= self.rounding;
        let farthest = |_| Ok(sums.farthest.clone());
        let step = self.course.step(
            &self.pass.centres,
            (&mut of, inertia, is_same),
            farthest,
            self.iteration,
        )?;
        monitor.progress(Progress {
            iteration: self.iteration,
            iterations: self.stop.iterations,
            loss: inertia,
        });
        self.is_last = step.is_last;
        if step.is_settled {
            return Ok(true);
        }
        // No row is farther out, so no centre need be. Sums that were made elsewhere may say anything.
        let bounded = |value: f64| match value.is_finite() {
            true => Ok(value.clamp(-MOST, MOST)),
            false => Err(Error::damaged("sums", "a centre is not a number")),
        };
        self.pass.centres = step.centres.into_iter().map(bounded).collect::<Result<_>>()?;
        Ok(false)
    }
}

impl Course for ByPasses {
    fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step> {
        let now = match (sums.map(Sums::total), self.moving.take()) {
            (None, _) => return Ok(Step::Pass(What::Tally)),
            (Some(Total::Tally(tally)), None) => self.begin(tally, sample, monitor)?,
            (Some(Total::Clusters(sums)), Some(mut now)) => {
                if now.is_last || now.step(sums, monitor)? {
                    let is_given = matches!(self.params.init, Init::Given(_));
                    let model = KMeans::of_sums(now.pass, sums, (&sample.frame, monitor), is_given)?;
                    return Ok(Step::Fitted(Box::new(model)));
                }
                now
            }
            (Some(Total::Tally(_) | Total::Linear(_) | Total::Clusters(_) | Total::Steps(_)), _) => {
                return Err(Error::Internal("a learner was given sums that it did not ask for"));
            }
        };
        let what = What::Clusters(now.pass.clone());
        self.moving = Some(now);
        Ok(Step::Pass(what))
    }
}

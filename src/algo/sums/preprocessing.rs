//! Steps of preprocessing, learned from all rows: their form, and what sums do not tell (quantiles, levels), is that of the sample; then pass by pass what
//! sums over all rows tell.

use super::steps::StepsPass;
use super::{Layout, Plan, Sums, Total, What};
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::monitor::Monitor;
use crate::pipeline::{self, Feature, Learned, Pipeline, Raw, Relearning, Spec};
use crate::prepare::{Prepared, Slot};
use crate::task::Answer;

/// Steps on their way to being learned.
pub struct Preprocessing {
    relearning: Relearning,
    /// What the columns give.
    features: Vec<Feature>,
    /// That with which nothing is done yet.
    layout: Layout,
}

impl Preprocessing {
    /// Learns the steps of `spec` from the rows of a sample that train. `slots` are what its columns give, of which a learner tells so many levels apart, and
    /// `layout` says how all rows are read. `None` where what is to be summed up is too much. Returns an error for steps that cannot be learned.
    pub fn new(
        prepared: &Prepared,
        slots: Vec<Slot>,
        (spec, most): (&Spec, usize),
        layout: &Layout,
        monitor: &dyn Monitor,
    ) -> Result<Option<Preprocessing>> {
        let features: Vec<Feature> = slots.iter().map(|slot| slot.feature.clone()).collect();
        let columns = prepared.train.frame.columns();
        let raws = slots.into_iter().zip(columns).map(|(slot, train)| Raw {
            column: slot.column,
            feature: slot.feature,
            test: Column::empty(train.levels().unwrap_or(0)),
            train: train.clone(),
            steps: slot.steps,
        });
        let classes = prepared.answer.as_ref().and_then(Answer::classes);
        let target = (&prepared.train.target, classes.unwrap_or_default());
        let learned = pipeline::learn(spec, raws.collect(), Vec::new(), target, most, monitor)?;
        let Learned { pipeline, steps, .. } = learned;
        let stages = pipeline.into_stages();
        let relearning = Relearning::new(stages, steps, features.clone(), monitor)?;
        Ok(relearning.map(|relearning| Preprocessing {
            relearning,
            features,
            layout: layout.clone(),
        }))
    }

    /// How rows are read, with the steps as far as they are learned.
    pub fn layout(&self) -> Layout {
        self.layout.with_steps(self.relearning.steps().clone())
    }

    /// The next pass; `None` where all is learned.
    pub fn next(&self) -> Result<Option<Plan>> {
        let Some(wanted) = self.relearning.next() else {
            return Ok(None);
        };
        let layout = self.layout();
        Ok(Some(Plan {
            what: What::Steps(StepsPass::of(&layout, &wanted)?),
            layout,
        }))
    }

    /// Learns from what a pass gave.
    pub fn take(&mut self, sums: &Sums) -> Result<()> {
        match sums.total() {
            Total::Steps(totals) => self.relearning.take(totals),
            Total::Tally(_) | Total::Linear(_) | Total::Clusters(_) => Err(Error::Internal("sums of another pass")),
        }
    }

    /// Makes the rows of the sample what is learned from. Returns an error where there is no room. O(sample).
    pub fn finish(self, prepared: &mut Prepared, monitor: &dyn Monitor) -> Result<Layout> {
        let layout = self.layout();
        let columns = layout.learned(&prepared.train, false, monitor)?;
        let stages = self.relearning.steps().stages().clone();
        let features = stages.features(self.features);
        let statistics = pipeline::summaries(&features, &columns, monitor)?;
        let frame = |columns| Frame::new(columns).ok_or(Error::Internal("columns of different lengths"));
        prepared.train.frame = frame(columns)?;
        prepared.train.named = Some(features.into());
        if let Some(test) = &mut prepared.test {
            test.frame = frame(layout.learned(test, true, monitor)?)?;
            test.named.clone_from(&prepared.train.named);
        }
        prepared.pipeline = Some(Pipeline::new(stages, statistics));
        Ok(layout)
    }
}

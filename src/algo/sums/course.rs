//! A learner as a sequence of passes.

use super::{Sums, What};
use crate::error::Result;
use crate::fitted::Fitted;
use crate::learner::Recorder;
use crate::monitor::{Monitor, Progress};
use crate::training_set::TrainingSet;

/// What is next.
pub enum Step {
    /// A pass over the rows.
    Pass(What),
    /// Nothing: all is learned.
    Fitted(Box<dyn Fitted>),
}

/// What learns from sums.
pub trait Course: Send {
    /// Takes the sums of the pass that was asked for last (none at first), and says what is next. `sample` are those rows of the sample that train. Looks at
    /// the monitor every few milliseconds, and tells it of each iteration.
    fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step>;
}

/// A course with the losses on the way.
pub struct Run {
    course: Box<dyn Course>,
    /// The loss after each iteration.
    pub history: Vec<Progress>,
}

impl Run {
    /// From its beginning.
    pub fn new(course: Box<dyn Course>) -> Run {
        Run {
            course,
            history: Vec::new(),
        }
    }

    /// As [`Course::next`].
    pub fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step> {
        let recorder = Recorder::new(monitor);
        let step = self.course.next(sums, sample, &recorder);
        self.history.extend(recorder.history());
        step
    }
}

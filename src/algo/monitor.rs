//! How a long computation is watched and stopped from outside.

use serde::{Deserialize, Serialize};

use super::error::Result;

/// Where a learner is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Iterations done (boosting rounds, Newton steps, trees).
    pub iteration: usize,
    /// The most iterations there can be.
    pub iterations: usize,
    /// The training loss after this iteration.
    pub loss: f64,
}

/// Handed to every learner. Both methods are called from any thread, so an implementation never talks to PostgreSQL.
pub trait Monitor: Sync {
    /// Returns [`super::error::Error::Stopped`] once the computation should end. Cheap: an atomic load. A loop calls it
    /// at least every few milliseconds of work.
    fn check(&self) -> Result<()>;

    /// Told after each iteration.
    fn progress(&self, progress: Progress);
}

/// Never stops, reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

/// Passes the wish to stop on, and tells nothing.
pub(crate) struct Quiet<'m>(pub &'m dyn Monitor);

impl Monitor for Quiet<'_> {
    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn progress(&self, _: Progress) {}
}

impl Monitor for Unwatched {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn progress(&self, _: Progress) {}
}

/// A look at a monitor once for so much work, so that looking takes no time.
pub struct Pace<'m> {
    monitor: &'m dyn Monitor,
    work: usize,
}

impl<'m> Pace<'m> {
    /// Work between two looks: the unit is about that of reading a byte, some nanoseconds and at worst a hundred microseconds.
    const WORK: usize = 256;

    /// Looks at `monitor`.
    pub fn new(monitor: &'m dyn Monitor) -> Self {
        Pace { monitor, work: 0 }
    }

    /// Says that so much work is about to be done. Returns an error once the computation should end.
    #[inline]
    pub fn spend(&mut self, work: usize) -> Result<()> {
        self.work += work;
        if self.work < Self::WORK {
            return Ok(());
        }
        self.work = 0;
        self.monitor.check()
    }
}

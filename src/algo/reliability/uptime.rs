//! Uptime: what is left of time without incidents.

use super::intervals::{Span, Spans};

/// How long of a window what was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uptime {
    pub window: i64,
    /// In incidents, outside of maintenance. What overlaps is counted once.
    pub down: i64,
    pub maintenance: i64,
}

/// The uptime of a window, by spans that may overlap each other and its ends.
pub fn uptime(window: Span, incidents: Vec<Span>, maintenance: Vec<Span>) -> Uptime {
    let maintenance = Spans::union_of(maintenance).within(window);
    let down = Spans::union_of(incidents).within(window).without(&maintenance);
    Uptime {
        window: window.length(),
        down: down.length(),
        maintenance: maintenance.length(),
    }
}

impl Uptime {
    /// The share of the time that counts; `None` where none does.
    pub fn share(self) -> Option<f64> {
        let counted = self.window - self.maintenance;
        (counted > 0).then(|| 1.0 - self.down as f64 / counted as f64)
    }
}

//! Where centres go next: to the means of their rows, and farther where they keep going the same way.
//!
//! Where clusters are not apart, centres creep to where they end by steps that hardly differ. A longer step in the same direction (successive
//! over-relaxation) comes to as little inertia in about half of the iterations. A step that led to more inertia is taken back.

/// How much farther than the means centres go at first, as a share of the way to these; how it grows; and the most.
const FIRST: f64 = 1.0;
const GROWTH: f64 = 1.2;
const MOST: f64 = 2.0;

/// The steps of centres.
pub(super) struct Course {
    /// Whether steps may be longer than to the means.
    is_relaxed: bool,
    /// The way from the centres to the means, the last time.
    way: Vec<f64>,
    beyond: f64,
    /// The means that the last step went beyond.
    means: Option<Vec<f64>>,
    least: f64,
}

impl Course {
    /// Of centres that may go beyond the means, or may not.
    pub fn new(is_relaxed: bool) -> Course {
        Course {
            is_relaxed,
            way: Vec::new(),
            beyond: 0.0,
            means: None,
            least: f64::INFINITY,
        }
    }

    /// Whether the centres are where the last step's means were.
    pub fn is_at_means(&self) -> bool {
        self.means.is_none()
    }

    /// The means to go back to, where going beyond them has led to more inertia.
    pub fn back(&mut self, inertia: f64) -> Option<Vec<f64>> {
        if inertia > self.least && self.means.is_some() {
            (self.way, self.beyond) = (Vec::new(), 0.0);
            return self.means.take();
        }
        self.least = self.least.min(inertia);
        None
    }

    /// Where centres go whose rows have these means.
    pub fn next(&mut self, centres: &[f64], means: Vec<f64>) -> Vec<f64> {
        if !self.is_relaxed {
            return means;
        }
        let way: Vec<f64> = means.iter().zip(centres).map(|(mean, centre)| mean - centre).collect();
        let together: f64 = way.iter().zip(&self.way).map(|(a, b)| a * b).sum();
        self.beyond = match together > 0.0 {
            true => (self.beyond * GROWTH).clamp(FIRST, MOST),
            false => 0.0,
        };
        self.way = way;
        if self.beyond == 0.0 {
            self.means = None;
            return means;
        }
        let next = means.iter().zip(&self.way).map(|(mean, way)| mean + self.beyond * way);
        let next = next.collect();
        self.means = Some(means);
        next
    }
}

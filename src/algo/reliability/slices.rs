//! Good, bad and unknown, counted by slices of time or by occurrences.

use super::evidence::{Evidence, Finding, Verdict};
use super::intervals::{Span, Spans};

/// How much there is of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub good: i64,
    pub bad: i64,
    /// Of which there is no evidence.
    pub unknown: i64,
    /// What was under maintenance, and is in none of the others.
    pub excluded: i64,
}

impl Counts {
    /// What counts.
    pub fn total(self) -> i64 {
        self.good + self.bad + self.unknown
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        counts.fold(Counts::default(), |sum, counts| Counts {
            good: sum.good + counts.good,
            bad: sum.bad + counts.bad,
            unknown: sum.unknown + counts.unknown,
            excluded: sum.excluded + counts.excluded,
        })
    }
}

/// Slices of time of one length, numbered from 0 at the point that time is counted from. The same slices are looked at whenever one asks.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    length: i64,
}

impl Grid {
    /// Slices of at least one unit of time.
    pub fn new(length: i64) -> Grid {
        Grid { length: length.max(1) }
    }

    pub fn length(self) -> i64 {
        self.length
    }

    /// The slices that begin and end within a span, by their numbers.
    pub fn within(self, span: Span) -> Span {
        Span::new(self.up(span.from), self.down(span.to))
    }

    /// The last slices that ended by a point in time: as many as make up a duration.
    pub fn last(self, duration: i64, at: i64) -> Span {
        let to = self.down(at);
        Span::new(to.saturating_sub(self.up(duration).max(1)), to)
    }

    /// The slices that a span has a part in.
    fn touched(self, span: Span) -> Span {
        Span::new(self.down(span.from), self.up(span.to))
    }

    fn down(self, at: i64) -> i64 {
        at.div_euclid(self.length)
    }

    fn up(self, at: i64) -> i64 {
        at.div_euclid(self.length) + i64::from(at.rem_euclid(self.length) > 0)
    }
}

/// Which slices are what. A slice is bad where it was bad at any time of it, else good where it was good at any time, else unknown; time under
/// maintenance does not count, and a slice that is under maintenance all the time is excluded.
#[derive(Debug, Clone, Default)]
pub struct Slices {
    good: Spans,
    bad: Spans,
    excluded: Spans,
}

impl Slices {
    pub fn new(grid: Grid, evidence: Evidence, maintenance: &Spans) -> Slices {
        let (good, bad) = evidence.into_spans();
        let bad = bad.without(maintenance).map(|span| grid.touched(span));
        let good = good.without(maintenance).map(|span| grid.touched(span)).without(&bad);
        Slices {
            good,
            bad,
            excluded: maintenance.map(|span| grid.within(span)),
        }
    }

    /// How many of the slices of these numbers are what.
    pub fn count(&self, numbers: Span) -> Counts {
        let good = self.good.length_within(numbers);
        let bad = self.bad.length_within(numbers);
        let excluded = self.excluded.length_within(numbers);
        Counts {
            good,
            bad,
            unknown: numbers.length() - good - bad - excluded,
            excluded,
        }
    }
}

/// How many results within a span are what.
pub fn count_occurrences(findings: &[Finding], window: Span, maintenance: &Spans) -> Counts {
    let mut counts = Counts::default();
    for finding in findings.iter().filter(|finding| window.contains(finding.at)) {
        if maintenance.contains(finding.at) {
            counts.excluded += 1;
            continue;
        }
        match finding.verdict {
            Verdict::Good => counts.good += 1,
            Verdict::Bad => counts.bad += 1,
            Verdict::Unknown => counts.unknown += 1,
        }
    }
    counts
}

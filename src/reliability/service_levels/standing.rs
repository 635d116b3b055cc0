//! How a service level stands: what of its window was good, what is left of its budget, and how fast that burns.

use super::evidence::Known;
use super::level::Level;
use super::terms::{self, By, Indicator, Pair};
use algo::reliability::budget::is_fast_burn;
use algo::reliability::evidence::Evidence;
use algo::reliability::intervals::Span;
use algo::reliability::slices::{Counts, Grid, Slices, count_occurrences};

/// A budget's burn rates by a long and a short window; `None` where nothing counts in it.
pub struct Burn {
    pub pair: Pair,
    pub long: Option<f64>,
    pub short: Option<f64>,
    pub is_fast: bool,
}

pub struct Standing {
    /// The part of the window that counts.
    pub counted: Span,
    pub counts: Counts,
    pub attained: Option<f64>,
    /// What is left of the budget, as a share of it.
    pub budget_left: Option<f64>,
    /// The same in microseconds; `None` where occurrences are counted.
    pub time_left: Option<f64>,
    pub burns: Vec<Burn>,
}

impl Standing {
    pub fn is_fast_burn(&self) -> bool {
        self.burns.iter().any(|burn| burn.is_fast)
    }
}

/// From when on a level counts, unless that was said: absence of incidents since there is somebody who could have declared one; else since it was
/// added, or since something is known of before.
fn begin(level: &Level, known: &Known) -> i64 {
    match (level.from, level.indicator) {
        (Some(from), _) => from,
        (None, Indicator::Availability) => level.known_since,
        (
            None,
            Indicator::Freshness
            | Indicator::ErrorRate
            | Indicator::Completeness
            | Indicator::Latency
            | Indicator::Performance,
        ) => {
            let results = known.sources.iter().filter_map(|source| source.first());
            let first = results.map(|finding| finding.at);
            let first = first.chain(known.bad.iter().map(|span| span.from)).min();
            first.map_or(level.added_at, |first| first.min(level.added_at))
        }
    }
}

/// How a level stands at a point in time.
pub fn standing(level: &Level, known: Known, at: i64) -> Standing {
    let since = Span::new(begin(level, &known), at);
    let counted = Span::new(since.from.max(level.window.from), level.until(at));
    match level.terms.by() {
        By::Slices => by_slices(level, known, since, counted),
        By::Occurrences => by_occurrences(level, &known, since, counted),
    }
}

/// `since`: the time that counts up to now, whatever the window; `counted`: its part in the window.
fn by_slices(level: &Level, known: Known, since: Span, counted: Span) -> Standing {
    let grid = Grid::new(level.terms.slice());
    let mut evidence = Evidence::default();
    for source in &known.sources {
        evidence.add(source, level.terms.valid_for());
    }
    if level.indicator == Indicator::Availability {
        evidence.add_good(since);
    }
    for span in known.bad {
        evidence.add_bad(span);
    }
    let slices = Slices::new(grid, evidence, &known.maintenance);
    let counts = slices.count(grid.within(counted));
    let unknown = level.terms.unknown();
    // The budget is that of the whole window, also of what is to come of it.
    let all = grid.within(level.window);
    let left_out = counts.total() - counts.counted(unknown);
    let total = all.length() - slices.count(all).excluded - left_out;
    let burns = burns(level, |window| {
        slices.count(grid.last(window, since.to).within(grid.within(since)))
    });
    Standing {
        counted,
        counts,
        attained: counts.attained(unknown),
        budget_left: counts.budget_share_left(total, level.objective, unknown),
        time_left: Some(counts.budget_left(total, level.objective, unknown) * grid.length() as f64),
        burns,
    }
}

fn by_occurrences(level: &Level, known: &Known, since: Span, counted: Span) -> Standing {
    let count = |window: Span| -> Counts {
        let sources = known.sources.iter();
        sources
            .map(|source| count_occurrences(source, window, &known.maintenance))
            .sum()
    };
    let counts = count(counted);
    let unknown = level.terms.unknown();
    let total = counts.counted(unknown);
    let burns = burns(level, |window| {
        let begin = since.to.saturating_sub(window);
        count(Span::new(begin, since.to).within(since))
    });
    Standing {
        counted,
        counts,
        attained: counts.attained(unknown),
        budget_left: counts.budget_share_left(total, level.objective, unknown),
        time_left: None,
        burns,
    }
}

/// The burn rates, by what is counted in the last so many microseconds.
fn burns(level: &Level, count: impl Fn(i64) -> Counts) -> Vec<Burn> {
    let (objective, unknown) = (level.objective, level.terms.unknown());
    let burn = |pair: &Pair| {
        let (long, short) = (count(terms::micros(pair.long)), count(terms::micros(pair.short)));
        Burn {
            pair: *pair,
            long: long.burn_rate(objective, unknown),
            short: short.burn_rate(objective, unknown),
            is_fast: is_fast_burn(long, short, pair.factor, objective, unknown),
        }
    };
    level.terms.pairs().iter().map(burn).collect()
}

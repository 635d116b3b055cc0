//! Error budgets and burn rates, as in chapter 5 of Google's Site Reliability Workbook ("Alerting on SLOs", 2018).
//!
//! An objective of 99 % leaves 1 % of what counts as a budget. What burns it at a rate of 1 has just used it up at the end of the period. A fast
//! burn is told by two windows: the long one shows that it matters, the short one that it goes on.

use super::slices::Counts;

/// What becomes of that of which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// It counts, and is not good.
    #[default]
    Bad,
    /// It does not count.
    LeftOut,
}

/// A share that is to be good, above 0 and below 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective(f64);

impl Objective {
    /// `None` for a share that leaves no budget, or nothing to keep.
    pub fn new(share: f64) -> Option<Objective> {
        (share > 0.0 && share < 1.0).then_some(Objective(share))
    }

    pub fn share(self) -> f64 {
        self.0
    }

    /// The share that need not be good: of 0.95, which is no number of the machine's, 0.05.
    pub fn tolerance(self) -> f64 {
        let tolerance = 1.0 - self.0;
        let rounded = (tolerance * 1e12).round() / 1e12;
        if rounded > 0.0 { rounded } else { tolerance }
    }

    /// The rate at which the budget burns when nothing is good: there is no faster one.
    pub fn fastest_burn(self) -> f64 {
        1.0 / self.tolerance()
    }
}

impl Counts {
    /// What counts, and how much of it is not good.
    fn judged(self, unknown: Unknown) -> (i64, i64) {
        match unknown {
            Unknown::Bad => (self.total(), self.bad + self.unknown),
            Unknown::LeftOut => (self.good + self.bad, self.bad),
        }
    }

    /// How much counts.
    pub fn counted(self, unknown: Unknown) -> i64 {
        self.judged(unknown).0
    }

    /// The share that was good; `None` where nothing counts.
    pub fn attained(self, unknown: Unknown) -> Option<f64> {
        let (total, _) = self.judged(unknown);
        (total > 0).then(|| self.good as f64 / total as f64)
    }

    /// How many times faster the budget burns than it may; `None` where nothing counts.
    pub fn burn_rate(self, objective: Objective, unknown: Unknown) -> Option<f64> {
        let (total, spent) = self.judged(unknown);
        (total > 0).then(|| spent as f64 / total as f64 / objective.tolerance())
    }

    /// How much of the budget of `total` is left, in what is counted, below 0 where more was spent.
    pub fn budget_left(self, total: i64, objective: Objective, unknown: Unknown) -> f64 {
        objective.tolerance() * total as f64 - self.judged(unknown).1 as f64
    }

    /// The same as a share of the budget; `None` where there is none.
    pub fn budget_share_left(self, total: i64, objective: Objective, unknown: Unknown) -> Option<f64> {
        let budget = objective.tolerance() * total as f64;
        (budget > 0.0).then(|| self.budget_left(total, objective, unknown) / budget)
    }
}

/// Whether a budget burns fast: by both windows at least `factor` times faster than it may, with something that was bad in the long one. That nothing is
/// known alone is no alarm.
pub fn is_fast_burn(long: Counts, short: Counts, factor: f64, objective: Objective, unknown: Unknown) -> bool {
    // A rate of 14.4 that is computed as 14.399999999999999 is one.
    let is_fast = |counts: Counts| {
        counts
            .burn_rate(objective, unknown)
            .is_some_and(|rate| rate >= factor * (1.0 - 1e-9))
    };
    long.bad > 0 && is_fast(long) && is_fast(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(good: i64, bad: i64, unknown: i64) -> Counts {
        Counts {
            good,
            bad,
            unknown,
            excluded: 7,
        }
    }

    /// The workbook's figures: 99.9 % of 30 days leave 43.2 minutes; 2 % of them in an hour are a rate of 14.4.
    #[test]
    fn the_figures_of_the_workbook() {
        let objective = Objective::new(0.999).unwrap();
        let minutes = 30 * 24 * 60;
        assert!((counts(minutes, 0, 0).budget_left(minutes, objective, Unknown::Bad) - 43.2).abs() < 1e-9);
        let hour = counts(60_000 - 864, 864, 0);
        assert!((hour.burn_rate(objective, Unknown::Bad).unwrap() - 14.4).abs() < 1e-9);
        assert_eq!(Objective::new(0.95).unwrap().fastest_burn(), 20.0);
        assert!(is_fast_burn(hour, hour, 14.4, objective, Unknown::Bad));
        assert!(!is_fast_burn(hour, counts(1000, 14, 0), 14.4, objective, Unknown::Bad));
        assert!((objective.fastest_burn() - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_known_is_not_good_and_no_alarm() {
        let objective = Objective::new(0.9).unwrap();
        let silent = counts(0, 0, 12);
        assert_eq!(silent.attained(Unknown::Bad), Some(0.0));
        assert_eq!(silent.attained(Unknown::LeftOut), None);
        assert!(!is_fast_burn(silent, silent, 5.0, objective, Unknown::Bad));
        let some = counts(6, 1, 3);
        assert_eq!(some.attained(Unknown::Bad), Some(0.6));
        assert_eq!(some.attained(Unknown::LeftOut), Some(6.0 / 7.0));
        // 0.1 of 10 is a budget of 1, of which 4, or 1, are spent.
        assert!((some.budget_share_left(10, objective, Unknown::Bad).unwrap() + 3.0).abs() < 1e-12);
        assert!(some.budget_share_left(10, objective, Unknown::LeftOut).unwrap().abs() < 1e-12);
        assert_eq!(some.budget_share_left(0, objective, Unknown::Bad), None);
    }

    #[test]
    fn an_objective_leaves_a_budget() {
        for share in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(Objective::new(share), None);
        }
    }
}

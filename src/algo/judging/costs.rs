//! Where a threshold belongs, by what a false alarm and a miss cost and by how many cases people can look at.
//!
//! The cost of a threshold is a sum over rows, so that its interval follows from the variance of the rows' costs; and what one threshold saves
//! over another is a sum over the rows that lie between them. Both take constant time a threshold, from running sums.

use super::calibration::LEVEL;
use super::scores::Scores;
use crate::error::Result;
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;
use crate::stats::proportion::normal_quantile;

/// What a mistake costs.
#[derive(Debug, Clone, Copy)]
pub enum Cost<'a> {
    /// The same in every row.
    Constant(f64),
    /// That of each row.
    Rows(&'a [f64]),
}

impl Cost<'_> {
    fn of(&self, row: usize) -> f64 {
        match self {
            Cost::Constant(cost) => *cost,
            Cost::Rows(costs) => costs[row],
        }
    }
}

/// Rows of one score, by class: how many, what they cost when they are mistaken, and the squares of that.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    score: f64,
    counts: [u64; 2],
    costs: [Sum; 2],
    squares: [Sum; 2],
}

/// Scored rows with what mistakes cost, the highest scores first.
#[derive(Debug, Clone, Default)]
pub struct CostSteps {
    steps: Vec<Step>,
}

impl CostSteps {
    /// Of rows with the number of their class (1 is positive), the probability of the positive class, and what a false alarm and a miss cost.
    /// Returns an error when stopped, and where there is no room. O(n log n).
    pub fn of_rows(
        actual: &[u32],
        scores: impl Iterator<Item = f64>,
        false_alarm: Cost<'_>,
        miss: Cost<'_>,
        monitor: &dyn Monitor,
    ) -> Result<CostSteps> {
        let mut rows: Vec<(f64, usize, f64)> = room::with_capacity(actual.len())?;
        rows.extend(scores.zip(actual).enumerate().map(|(row, (score, &class))| {
            let positive = class == 1;
            let cost = if positive { miss.of(row) } else { false_alarm.of(row) };
            (score + 0.0, usize::from(positive), cost)
        }));
        // By all, so that the sums do not depend on the order of rows.
        let order = |a: &(f64, usize, f64), b: &(f64, usize, f64)| {
            b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2))
        };
        sort::sort_in_parallel_by(&mut rows, &order, monitor)?;
        let mut steps: Vec<Step> = Vec::new();
        for (score, class, cost) in rows {
            if steps.last().is_none_or(|step| step.score != score) {
                room::push(
                    &mut steps,
                    Step {
                        score,
                        ..Step::default()
                    },
                )?;
            }
            if let Some(step) = steps.last_mut() {
                step.counts[class] += 1;
                step.costs[class].add(cost);
                step.squares[class].add_square(cost);
            }
        }
        Ok(CostSteps { steps })
    }

    /// Of scores that were kept, with constant costs.
    pub fn of_scores(scores: &Scores, false_alarm: f64, miss: f64) -> CostSteps {
        let costs = [false_alarm, miss];
        let steps = scores.steps().iter().rev().map(|kept| {
            let mut step = Step {
                score: kept.lowest,
                counts: kept.counts,
                ..Step::default()
            };
            for (class, &cost) in costs.iter().enumerate() {
                let rows = kept.counts[class] as f64;
                step.costs[class].add(rows * cost);
                step.squares[class].add(rows * cost * cost);
            }
            step
        });
        CostSteps { steps: steps.collect() }
    }
}

/// An amount with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// The amount.
    pub value: f64,
    /// Its interval; `None` for fewer than two rows.
    pub interval: Option<(f64, f64)>,
}

/// What happens when rows from a score on are called positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operating {
    /// The score; infinite when no row is called positive.
    pub threshold: f64,
    /// Positive rows called positive.
    pub true_positives: u64,
    /// Negative rows called positive.
    pub false_positives: u64,
    /// Negative rows called negative.
    pub true_negatives: u64,
    /// Positive rows called negative.
    pub false_negatives: u64,
    /// What the mistakes among the rows cost together.
    pub cost: Amount,
    /// How much less that is than at the present threshold.
    pub saving: Amount,
    /// How much less than when no row is called positive.
    pub over_nobody: Amount,
    /// How much less than when all are.
    pub over_everybody: Amount,
    /// Whether it costs least, of those with at most so many positive calls as capacity allows.
    pub chosen: bool,
    /// Whether it is the present threshold.
    pub current: bool,
}

impl Operating {
    /// How many rows are called positive.
    pub fn flagged(&self) -> u64 {
        self.true_positives + self.false_positives
    }
}

/// Running sums at a threshold.
#[derive(Debug, Clone, Copy)]
struct Running {
    threshold: f64,
    /// Rows called positive, by class.
    called: [u64; 2],
    cost: f64,
    /// The squared costs of false alarms, and those of misses.
    squares: [f64; 2],
}

/// The sums at every threshold, the highest first; the present one is among them. The last calls all rows positive. Empty without rows.
fn running(rows: &CostSteps, current: f64) -> Result<Vec<Running>> {
    let (mut missed, mut missed_squares) = (Sum::default(), Sum::default());
    for step in &rows.steps {
        missed.merge(&step.costs[1]);
        missed_squares.merge(&step.squares[1]);
    }
    if rows.steps.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = room::with_capacity(rows.steps.len() + 2)?;
    let nobody = Running {
        threshold: f64::INFINITY,
        called: [0, 0],
        cost: missed.value(),
        squares: [0.0, missed_squares.value()],
    };
    all.push(nobody);
    let (mut alarms, mut alarm_squares) = (Sum::default(), Sum::default());
    let (mut found, mut found_squares) = (Sum::default(), Sum::default());
    let mut called = [0, 0];
    for step in &rows.steps {
        if all.last().is_some_and(|last: &Running| last.threshold > current) && step.score < current {
            // No row has the present threshold as its score.
            let last = all[all.len() - 1];
            all.push(Running {
                threshold: current,
                ..last
            });
        }
        called = [called[0] + step.counts[0], called[1] + step.counts[1]];
        alarms.merge(&step.costs[0]);
        alarm_squares.merge(&step.squares[0]);
        found.merge(&step.costs[1]);
        found_squares.merge(&step.squares[1]);
        all.push(Running {
            threshold: step.score,
            called,
            cost: alarms.value() + (missed.value() - found.value()).max(0.0),
            squares: [
                alarm_squares.value(),
                (missed_squares.value() - found_squares.value()).max(0.0),
            ],
        });
    }
    if all[all.len() - 1].threshold > current {
        let last = all[all.len() - 1];
        all.push(Running {
            threshold: current,
            ..last
        });
    }
    Ok(all)
}

/// What happens at each threshold. More than `limit` (at least 4) are thinned evenly by place; among those that stay are the present one, the one that
/// costs least within `capacity`, nobody and everybody. Returns an error where there is no room. The highest come first. Empty without rows. Of equally cheap ones that with the fewest positive calls is chosen.
pub fn thresholds(rows: &CostSteps, current: f64, capacity: Option<u64>, limit: usize) -> Result<Vec<Operating>> {
    let all = running(rows, current)?;
    let Some(last) = all.last() else {
        return Ok(Vec::new());
    };
    let totals = last.called;
    let present = all
        .iter()
        .position(|point| point.threshold <= current)
        .unwrap_or(all.len() - 1);
    let allowed = |point: &Running| capacity.is_none_or(|capacity| point.called[0] + point.called[1] <= capacity);
    let mut chosen = 0;
    for (place, point) in all.iter().enumerate() {
        if allowed(point) && point.cost < all[chosen].cost {
            chosen = place;
        }
    }
    let everybody = all
        .iter()
        .position(|point| point.called == totals)
        .unwrap_or(all.len() - 1);
    let compare = Compare {
        rows: totals[0] + totals[1],
    };
    let operating = |place: usize| {
        let point = &all[place];
        Operating {
            threshold: point.threshold,
            true_positives: point.called[1],
            false_positives: point.called[0],
            true_negatives: totals[0] - point.called[0],
            false_negatives: totals[1] - point.called[1],
            cost: compare.cost(point),
            saving: compare.saving(&all[present], point),
            over_nobody: compare.saving(&all[0], point),
            over_everybody: compare.saving(&all[everybody], point),
            chosen: place == chosen,
            current: place == present,
        }
    };
    let shown = places(all.len(), limit.max(4), [0, chosen, present, everybody]);
    Ok(shown.into_iter().map(operating).collect())
}

/// At most `limit` places of so many, ascending, those of `kept` among them and the others spread evenly.
fn places(count: usize, limit: usize, kept: [usize; 4]) -> Vec<usize> {
    if count <= limit {
        return (0..count).collect();
    }
    let free = limit - kept.len();
    let mut places: Vec<usize> = (1..=free).map(|place| place * (count - 1) / (free + 1)).collect();
    places.extend(kept);
    places.sort_unstable();
    places.dedup();
    places
}

/// What amounts of so many rows are known to.
struct Compare {
    rows: u64,
}

impl Compare {
    fn amount(&self, value: f64, squares: f64, least: f64) -> Amount {
        let rows = self.rows as f64;
        let interval = (self.rows > 1).then(|| {
            let variance = ((squares - value * value / rows) / (rows - 1.0)).max(0.0) * rows;
            let half = normal_quantile(LEVEL) * variance.sqrt();
            ((value - half).max(least), value + half)
        });
        Amount { value, interval }
    }

    fn cost(&self, point: &Running) -> Amount {
        self.amount(point.cost, point.squares[0] + point.squares[1], 0.0)
    }

    /// Of the same rows: only those between the two thresholds differ.
    fn saving(&self, before: &Running, after: &Running) -> Amount {
        let apart = |class: usize| (before.squares[class] - after.squares[class]).abs();
        self.amount(before.cost - after.cost, apart(0) + apart(1), f64::NEG_INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn draw(seed: u64, row: u64) -> f64 {
        crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64
    }

    struct Cases {
        actual: Vec<u32>,
        scores: Vec<f64>,
        alarms: Vec<f64>,
        misses: Vec<f64>,
    }

    fn cases(rows: u64) -> Cases {
        let score = |row| (draw(1, row) * 50.0).floor() / 50.0;
        Cases {
            actual: (0..rows).map(|row| u32::from(draw(2, row) < score(row))).collect(),
            scores: (0..rows).map(score).collect(),
            alarms: (0..rows).map(|row| 10.0 + draw(3, row)).collect(),
            misses: (0..rows).map(|row| 100.0 * draw(4, row)).collect(),
        }
    }

    impl Cases {
        fn steps(&self) -> CostSteps {
            let (alarm, miss) = (Cost::Rows(&self.alarms), Cost::Rows(&self.misses));
            CostSteps::of_rows(&self.actual, self.scores.iter().copied(), alarm, miss, &Unwatched).unwrap()
        }

        /// What each row costs at a threshold.
        fn costs(&self, threshold: f64) -> Vec<f64> {
            let rows = 0..self.actual.len();
            rows.map(|row| match (self.actual[row], self.scores[row] >= threshold) {
                (0, true) => self.alarms[row],
                (1, false) => self.misses[row],
                _ => 0.0,
            })
            .collect()
        }
    }

    /// The sum of numbers and half of its interval, the plain way.
    fn plain(numbers: &[f64]) -> (f64, f64) {
        let rows = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        let variance = numbers.iter().map(|x| (x - sum / rows).powi(2)).sum::<f64>() / (rows - 1.0);
        (sum, normal_quantile(LEVEL) * (variance * rows).sqrt())
    }

    #[test]
    fn costs_and_savings_are_those_of_the_rows() {
        let cases = cases(400);
        let found = thresholds(&cases.steps(), 0.43, None, 1000).unwrap();
        assert_eq!(found.len(), 52);
        let close = |amount: Amount, numbers: &[f64], what: &str| {
            let (sum, half) = plain(numbers);
            assert!((amount.value - sum).abs() < 1e-8, "{what}: {amount:?} {sum}");
            let (_, high) = amount.interval.unwrap();
            assert!((high - amount.value - half).abs() < 1e-8, "{what}");
        };
        let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        for point in &found {
            let costs = cases.costs(point.threshold);
            close(point.cost, &costs, "cost");
            close(point.saving, &apart(&cases.costs(0.43), &costs), "saving");
            close(
                point.over_nobody,
                &apart(&cases.costs(f64::INFINITY), &costs),
                "over nobody",
            );
            close(
                point.over_everybody,
                &apart(&cases.costs(0.0), &costs),
                "over everybody",
            );
        }
        let least = found.iter().map(|point| point.cost.value).fold(f64::INFINITY, f64::min);
        let chosen: Vec<_> = found.iter().filter(|point| point.chosen).collect();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].cost.value, least);
        assert_eq!(found.iter().filter(|point| point.current).count(), 1);
    }

    #[test]
    fn capacity_bounds_the_positive_calls() {
        let cases = cases(400);
        let found = thresholds(&cases.steps(), 0.5, Some(40), 1000).unwrap();
        let chosen = found.iter().find(|point| point.chosen).unwrap();
        assert!(chosen.flagged() <= 40);
        let allowed = found.iter().filter(|point| point.flagged() <= 40);
        let least = allowed.map(|point| point.cost.value).fold(f64::INFINITY, f64::min);
        assert_eq!(chosen.cost.value, least);
        let none = thresholds(&cases.steps(), 0.5, Some(0), 1000).unwrap();
        assert!(none.iter().find(|point| point.chosen).unwrap().threshold.is_infinite());
    }

    #[test]
    fn few_thresholds_are_shown_the_decisive_ones_among_them() {
        let cases = cases(400);
        let all = thresholds(&cases.steps(), 0.43, None, 1000).unwrap();
        let few = thresholds(&cases.steps(), 0.43, None, 10).unwrap();
        assert!(few.len() <= 10 && few.iter().all(|point| all.contains(point)));
        assert!(few.iter().any(|point| point.chosen) && few.iter().any(|point| point.current));
        assert!(few[0].threshold.is_infinite() && few[few.len() - 1].true_negatives == 0);
        assert!(few.is_sorted_by(|a, b| a.threshold > b.threshold));
    }

    #[test]
    fn kept_scores_cost_what_their_rows_do() {
        let cases = cases(400);
        let rows = cases
            .actual
            .iter()
            .zip(&cases.scores)
            .map(|(&class, &score)| (class == 1, score));
        let ranking = crate::metrics::Ranking::of(rows, &Unwatched).unwrap();
        let scores = Scores::of(&ranking, &Unwatched).unwrap();
        let (alarm, miss) = (Cost::Constant(3.0), Cost::Constant(20.0));
        let exact = CostSteps::of_rows(&cases.actual, cases.scores.iter().copied(), alarm, miss, &Unwatched).unwrap();
        let kept = thresholds(&CostSteps::of_scores(&scores, 3.0, 20.0), 0.5, None, 1000).unwrap();
        for (kept, exact) in kept.iter().zip(thresholds(&exact, 0.5, None, 1000).unwrap()) {
            assert_eq!(kept.true_positives, exact.true_positives);
            assert!((kept.cost.value - exact.cost.value).abs() < 1e-9);
        }
    }

    #[test]
    fn a_threshold_beyond_all_scores_is_shown_too() {
        let cases = cases(50);
        let high = thresholds(&cases.steps(), 1.0, None, 1000).unwrap();
        assert!(high[1].current && high[1].flagged() == 0 && high[1].threshold == 1.0);
        let shifted: Vec<f64> = cases.scores.iter().map(|score| 0.2 + score / 2.0).collect();
        let (alarm, miss) = (Cost::Constant(1.0), Cost::Constant(1.0));
        let steps = CostSteps::of_rows(&cases.actual, shifted.into_iter(), alarm, miss, &Unwatched).unwrap();
        let low = thresholds(&steps, 0.1, None, 1000).unwrap();
        assert!(low[low.len() - 1].current && low[low.len() - 1].threshold == 0.1);
        assert!(thresholds(&CostSteps::default(), 0.5, None, 100).unwrap().is_empty());
    }
}

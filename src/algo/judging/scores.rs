//! The scores of rows of two classes in order, from which every curve is drawn.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::metrics::Ranking;
use crate::metrics::curve::CurvePoint;
use crate::metrics::ranking::Tie;
use crate::monitor::Monitor;
use crate::room;

/// Rows whose scores are equal, or neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The least of their scores.
    pub lowest: f64,
    /// The sum of their scores.
    pub sum: f64,
    /// How many rows are negative, and how many positive.
    pub counts: [u64; 2],
}

impl Step {
    /// The rows of one score, of which those of the class `positive` are positive.
    fn of(tie: Tie, positive: usize) -> Step {
        let counts = [tie.counts[1 - positive], tie.counts[positive]];
        Step {
            lowest: tie.score,
            sum: tie.score * (counts[0] + counts[1]) as f64,
            counts,
        }
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.counts[0] + self.counts[1]
    }

    /// The mean of its scores; of equal ones exactly that score, which dividing their sum may miss by the last digit.
    pub fn mean(&self) -> f64 {
        let rows = self.rows() as f64;
        if self.sum == self.lowest * rows {
            return self.lowest;
        }
        self.sum / rows
    }

    /// Adds rows whose scores are not below.
    pub fn add(&mut self, other: &Step) {
        self.sum += other.sum;
        self.counts[0] += other.counts[0];
        self.counts[1] += other.counts[1];
    }
}

/// Steps on their way to fewer.
struct Reducing {
    limit: usize,
    totals: [f64; 2],
    below: [u64; 2],
    steps: Vec<Step>,
    /// Into which of the fewer steps each of them belongs.
    places: Vec<usize>,
    /// Whether there were too many.
    is_reduced: bool,
}

impl Reducing {
    fn new(totals: [u64; 2], limit: usize) -> Reducing {
        Reducing {
            limit: limit.max(1),
            totals: totals.map(|total| total as f64),
            below: [0, 0],
            steps: Vec::new(),
            places: Vec::new(),
            is_reduced: false,
        }
    }

    /// Adds a step whose scores are above the others'.
    fn push(&mut self, step: Step) {
        let share = |class: usize| match self.totals[class] > 0.0 {
            true => self.below[class] as f64 / self.totals[class],
            false => 0.0,
        };
        let whole = self.totals.iter().filter(|total| **total > 0.0).count() as f64;
        let part = (share(0) + share(1)) / whole;
        let place = ((part * self.limit as f64) as usize).min(self.limit - 1);
        self.below = [self.below[0] + step.counts[0], self.below[1] + step.counts[1]];
        if self.is_reduced {
            return self.join(&step, place);
        }
        self.steps.push(step);
        self.places.push(place);
        if self.steps.len() > self.limit {
            self.is_reduced = true;
            let (steps, places) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.places));
            steps
                .iter()
                .zip(places)
                .for_each(|(step, place)| self.join(step, place));
        }
    }

    fn join(&mut self, step: &Step, place: usize) {
        match (self.steps.last_mut(), self.places.last()) {
            (Some(open), Some(&last)) if last == place => open.add(step),
            _ => {
                self.steps.push(*step);
                self.places.push(place);
            }
        }
    }
}

/// Scored rows of two classes, in steps of ascending scores. Each step has a row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scores {
    steps: Vec<Step>,
}

impl Scores {
    /// A step for each distinct score. Returns an error when stopped, and where there is no room. O(n log n), and O(n) where scores are in order.
    pub fn of(ranking: &Ranking, monitor: &dyn Monitor) -> Result<Scores> {
        let positive = ranking.known_positive().unwrap_or(1);
        let mut steps = room::with_capacity(ranking.distinct())?;
        ranking.ascending(monitor, |tie| steps.push(Step::of(tie, positive)))?;
        Ok(Scores { steps })
    }

    /// The steps, ascending.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How many rows are negative, and how many positive.
    pub fn totals(&self) -> [u64; 2] {
        self.steps
            .iter()
            .fold([0, 0], |sum, step| [sum[0] + step.counts[0], sum[1] + step.counts[1]])
    }

    /// What [`Scores::of`] gives, [reduced](Scores::reduced), in one pass that holds no more than `limit` steps.
    pub fn reduced_of(ranking: &Ranking, limit: usize, monitor: &dyn Monitor) -> Result<Scores> {
        let positive = ranking.known_positive().unwrap_or(1);
        let totals = ranking.totals();
        let mut steps = Reducing::new([totals[1 - positive], totals[positive]], limit);
        ranking.ascending(monitor, |tie| steps.push(Step::of(tie, positive)))?;
        Ok(Scores { steps: steps.steps })
    }

    /// The same in at most `limit` steps, so that the shares of both classes grow by about as much in each; unchanged where there are no more.
    pub fn reduced(self, limit: usize) -> Scores {
        let mut steps = Reducing::new(self.totals(), limit);
        self.steps.into_iter().for_each(|step| steps.push(step));
        Scores { steps: steps.steps }
    }

    /// The rows of both. Rows of wide steps stay together.
    pub fn merged(&self, other: &Scores) -> Scores {
        let mut all: Vec<Step> = self.steps.iter().chain(&other.steps).copied().collect();
        all.sort_by(|a, b| a.lowest.total_cmp(&b.lowest));
        let mut steps: Vec<Step> = Vec::with_capacity(all.len());
        for step in all {
            match steps.last_mut() {
                Some(open) if open.lowest == step.lowest => open.add(&step),
                _ => steps.push(step),
            }
        }
        Scores { steps }
    }

    /// Whether it can have been made of rows: hostile bytes may say otherwise.
    pub fn is_sound(&self) -> bool {
        let sum = self.steps.iter().try_fold(0_u64, |sum, step| {
            sum.checked_add(step.counts[0])?.checked_add(step.counts[1])
        });
        sum.is_some_and(|rows| rows <= 1 << 61)
            && self.steps.is_sorted_by(|a, b| a.lowest < b.lowest)
            && self
                .steps
                .iter()
                .all(|step| step.rows() > 0 && step.lowest.is_finite() && step.sum.is_finite())
    }

    /// What happens at each threshold, from the highest: the first calls no row positive, the last all. Empty without rows.
    pub fn points(&self) -> Vec<CurvePoint> {
        let totals = self.totals();
        let mut called = [0, 0];
        let mut points = Vec::with_capacity(self.steps.len() + 1);
        let point = |threshold: f64, called: [u64; 2]| CurvePoint {
            threshold,
            true_positives: called[1],
            false_positives: called[0],
            true_negatives: totals[0] - called[0],
            false_negatives: totals[1] - called[1],
        };
        if !self.steps.is_empty() {
            points.push(point(f64::INFINITY, called));
        }
        for step in self.steps.iter().rev() {
            called = [called[0] + step.counts[0], called[1] + step.counts[1]];
            points.push(point(step.lowest, called));
        }
        points
    }

    /// How many rows of each class have a score in each of so many parts of the range from 0 to 1.
    pub fn distribution(&self, parts: usize) -> Vec<[u64; 2]> {
        let mut counts = vec![[0, 0]; parts];
        for step in &self.steps {
            let part = ((step.mean() * parts as f64) as usize).min(parts.saturating_sub(1));
            if let Some(count) = counts.get_mut(part) {
                count[0] += step.counts[0];
                count[1] += step.counts[1];
            }
        }
        counts
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.steps.capacity() * size_of::<Step>()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::metrics::curve::roc_curve;
    use crate::monitor::Unwatched;

    /// Rows with scores of up to `distinct` values, the higher the likelier positive.
    pub(in crate::judging) fn ranking(rows: u64, distinct: u64) -> Ranking {
        let draw = |seed, row| crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64;
        let row = |row| {
            let score = (draw(1, row) * distinct as f64).floor() / distinct as f64;
            (draw(2, row) < score, score)
        };
        Ranking::of((0..rows).map(row), &Unwatched).unwrap()
    }

    #[test]
    fn points_are_those_of_the_roc_curve() {
        let ranking = ranking(500, 40);
        let scores = Scores::of(&ranking, &Unwatched).unwrap();
        assert_eq!(scores.points(), roc_curve(&ranking, None, &Unwatched).unwrap());
    }

    #[test]
    fn fewer_steps_are_points_of_the_same_curve() {
        let ranking = ranking(20_000, 1 << 40);
        let scores = Scores::of(&ranking, &Unwatched).unwrap();
        let exact = scores.points();
        let reduced = scores.clone().reduced(500);
        assert!(reduced.steps().len() <= 500 && reduced.steps().len() > 450);
        assert_eq!(reduced.totals(), scores.totals());
        assert!(reduced.points().iter().all(|point| exact.contains(point)));
        let area = |points: &[CurvePoint]| -> f64 {
            points
                .windows(2)
                .map(|pair| {
                    let width = pair[1].false_positive_rate() - pair[0].false_positive_rate();
                    width * (pair[1].recall() + pair[0].recall()) / 2.0
                })
                .sum()
        };
        assert!((area(&reduced.points()) - area(&exact)).abs() < 1e-4);
        assert_eq!(reduced.clone().reduced(500), reduced);
        for limit in [1, 7, 500, 40_000] {
            let at_once = Scores::reduced_of(&ranking, limit, &Unwatched).unwrap();
            assert_eq!(at_once, scores.clone().reduced(limit));
        }
        assert!(reduced.is_sound());
    }

    #[test]
    fn merged_scores_have_the_rows_of_both() {
        let all = Scores::of(&ranking(300, 25), &Unwatched).unwrap();
        let mut halves = [Scores::default(), Scores::default()];
        for (place, step) in all.steps().iter().enumerate() {
            halves[place % 2].steps.push(*step);
        }
        assert_eq!(halves[0].merged(&halves[1]), all);
        assert_eq!(all.merged(&all).totals(), all.totals().map(|total| 2 * total));
    }

    #[test]
    fn one_class_and_no_rows_have_curves_without_points_to_divide_by() {
        let positive = Ranking::of([(true, 0.5), (true, 0.25)].into_iter(), &Unwatched).unwrap();
        let scores = Scores::of(&positive, &Unwatched).unwrap();
        assert_eq!(scores.totals(), [0, 2]);
        let none = Scores::of(&Ranking::default(), &Unwatched).unwrap();
        assert!(none.points().is_empty() && none.is_sound());
        assert_eq!(scores.distribution(4), [[0, 0], [0, 1], [0, 1], [0, 0]]);
    }
}

//! What is kept of how a version scored the rows that it was judged on: so little that it is read with every page and chart, so much that
//! every curve can be drawn from it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::numbers::NumberBins;
use super::scores::Scores;
use crate::accumulator::Accumulator;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::estimator::Criterion;
use crate::label::Label;
use crate::metrics::Ranking;
use crate::metrics::evaluation::{self, Decided, Scored, Table};
use crate::monitor::Monitor;

/// The most steps of all classes together: some 15 kB.
const STEPS: usize = 500;
/// The most classes that have curves, one against the rest.
const MOST_CLASSES: usize = 20;
/// The most rows, so that sums of counts fit.
const MOST_ROWS: u64 = 1 << 61;
/// The most bytes of a label: longer ones are cut off.
const LABEL_BYTES: usize = 100;

/// The scores of one class against the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The class, as people write it; cut off where it is very long.
    pub label: String,
    /// Its probabilities.
    pub scores: Scores,
}

/// The scores of rows beside what they were.
#[derive(Debug, Clone, PartialEq)]
pub enum Curves {
    /// Of two classes the positive one; of more each against the rest.
    Classes(Vec<ClassScores>),
    /// Predicted numbers and actual ones.
    Numbers(NumberBins),
}

coded!(Curves {
    0 => Classes(classes),
    1 => Numbers(bins),
});

impl Curves {
    /// Of scored rows; `labels` are the classes of the model. `None` without rows, and for more classes than are kept. Returns an error when
    /// stopped, and where there is no room. O(n log n) for each class.
    pub fn of(scored: &Scored, labels: &[Label], monitor: &dyn Monitor) -> Result<Option<Curves>> {
        let (actual, probabilities) = match (scored, scored.classes()) {
            (Scored::Numbers { actual, predicted }, _) => {
                let bins = NumberBins::of(actual, predicted, monitor)?;
                // Numbers so large that their sums overflow have no curves.
                return Ok((!bins.bins().is_empty() && bins.is_sound()).then_some(Curves::Numbers(bins)));
            }
            (Scored::Classes { .. }, Some(classes)) => classes,
            (Scored::Classes { .. }, None) => return Ok(None),
        };
        if actual.is_empty() || labels.len() > MOST_CLASSES {
            return Ok(None);
        }
        let scores = judged_classes(labels).map(|class| {
            let ranking = evaluation::rank(actual, probabilities, class, monitor)?;
            scores_of(&ranking, labels, monitor)
        });
        Ok(Some(Curves::of_classes(labels, scores.collect::<Result<Vec<_>>>()?)))
    }

    fn of_classes(labels: &[Label], scores: Vec<Scores>) -> Curves {
        let classes = judged_classes(labels).zip(scores).map(|(class, scores)| ClassScores {
            label: shortened(&labels[class].text()),
            scores,
        });
        Curves::Classes(classes.collect())
    }

    /// The metrics of scored rows, as [`Scored::metrics`] gives them, and their curves: of classes the scores are put in order once for both.
    /// Returns an error as both do.
    pub fn with_metrics(
        scored: &Scored,
        labels: &[Label],
        threshold: f64,
        criterion: Option<&dyn Criterion>,
        monitor: &dyn Monitor,
    ) -> Result<(Table, Option<Curves>)> {
        let Some((actual, probabilities)) = scored.classes().filter(|_| labels.len() <= MOST_CLASSES) else {
            let metrics = scored.metrics(threshold, criterion, monitor)?;
            return Ok((metrics, Curves::of(scored, labels, monitor)?));
        };
        let (judged, scores) = evaluation::judge_and(
            actual,
            probabilities,
            Decided::From(threshold),
            |ranking| scores_of(ranking, labels, monitor),
            monitor,
        )?;
        let curves = (!actual.is_empty()).then(|| Curves::of_classes(labels, scores));
        Ok((judged.table, curves))
    }

    /// How many rows there are; the most of any class, which are as many in each.
    pub fn rows(&self) -> u64 {
        match self {
            Curves::Classes(classes) => {
                let rows = classes.iter().map(|class| class.scores.totals());
                rows.map(|[negative, positive]| negative + positive).max().unwrap_or(0)
            }
            Curves::Numbers(bins) => bins.rows(),
        }
    }

    /// The classes with their scores; none for numbers.
    pub fn classes(&self) -> &[ClassScores] {
        match self {
            Curves::Classes(classes) => classes,
            Curves::Numbers(_) => &[],
        }
    }

    /// Predicted and actual numbers; `None` for classes.
    pub fn numbers(&self) -> Option<&NumberBins> {
        match self {
            Curves::Classes(_) => None,
            Curves::Numbers(bins) => Some(bins),
        }
    }
}

/// The classes that have scores: of two the positive one, of more each against the rest.
fn judged_classes(labels: &[Label]) -> Range<usize> {
    if labels.len() == 2 { 1..2 } else { 0..labels.len() }
}

/// The scores of one of the classes, in its part of the steps.
fn scores_of(ranking: &Ranking, labels: &[Label], monitor: &dyn Monitor) -> Result<Scores> {
    Scores::reduced_of(ranking, STEPS / judged_classes(labels).len().max(1), monitor)
}

/// A label of at most so many bytes.
fn shortened(label: &str) -> String {
    if label.len() <= LABEL_BYTES {
        return label.to_string();
    }
    let end = label.floor_char_boundary(LABEL_BYTES);
    format!("{}…", &label[..end])
}

impl Accumulator for Curves {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let mismatch = || {
            Err(Error::Mismatch {
                left: "curves of some classes".into(),
                right: "curves of others".into(),
            })
        };
        let rows = self.rows().saturating_add(other.rows());
        if rows > MOST_ROWS {
            return Err(Error::data("there are too many rows to count", "merge fewer states"));
        }
        match (self, other) {
            (Curves::Classes(ours), Curves::Classes(theirs)) => {
                let same = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| a.label == b.label);
                if !same {
                    return mismatch();
                }
                let steps = STEPS / ours.len().max(1);
                for (ours, theirs) in ours.iter_mut().zip(theirs) {
                    ours.scores = ours.scores.merged(&theirs.scores).reduced(steps);
                }
                Ok(())
            }
            (Curves::Numbers(ours), Curves::Numbers(theirs)) => {
                ours.merge(theirs);
                Ok(())
            }
            (Curves::Classes(_), Curves::Numbers(_)) | (Curves::Numbers(_), Curves::Classes(_)) => mismatch(),
        }
    }

    fn validate(&self) -> Result<()> {
        let sound = match self {
            Curves::Classes(classes) => {
                classes.len() <= MOST_CLASSES
                    && classes.iter().all(|class| {
                        class.label.len() <= LABEL_BYTES + '…'.len_utf8()
                            && class.scores.steps().len() <= STEPS
                            && class.scores.is_sound()
                    })
            }
            Curves::Numbers(bins) => bins.is_sound(),
        };
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("curves", "scores or counts do not agree"))
        }
    }

    fn memory(&self) -> usize {
        match self {
            Curves::Classes(classes) => classes
                .iter()
                .map(|class| size_of::<ClassScores>() + class.label.capacity() + class.scores.memory())
                .sum(),
            Curves::Numbers(bins) => bins.memory(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;
    use crate::state::State;

    fn labels(count: usize) -> Vec<Label> {
        (0..count as i64).map(Label::Number).collect()
    }

    /// Rows of so many classes with probabilities that tell something of them.
    fn scored(rows: u64, classes: usize) -> Scored {
        let draw = |seed, row| crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64;
        let (mut actual, mut probabilities) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let weights: Vec<f64> = (0..classes as u64).map(|class| 0.05 + draw(class + 1, row)).collect();
            let sum: f64 = weights.iter().sum();
            let at = draw(99, row);
            let mut below = 0.0;
            let class = weights.iter().position(|weight| {
                below += weight / sum;
                at < below
            });
            actual.push(class.unwrap_or(classes - 1) as u32);
            probabilities.extend(weights.iter().map(|weight| weight / sum));
        }
        Scored::Classes {
            actual,
            probabilities,
            classes,
        }
    }

    fn numbers(rows: u64) -> Scored {
        let draw = |seed, row| crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64;
        Scored::Numbers {
            actual: (0..rows)
                .map(|row| 100.0 * draw(1, row) + 10.0 * draw(2, row))
                .collect(),
            predicted: (0..rows).map(|row| 100.0 * draw(1, row) + 5.0).collect(),
        }
    }

    #[test]
    fn they_take_less_than_20_kb() {
        for scored in [scored(50_000, 2), scored(20_000, 20), numbers(50_000)] {
            let classes = scored.classes().map_or(0, |(_, probabilities)| probabilities.ncols());
            let curves = Curves::of(&scored, &labels(classes), &Unwatched).unwrap().unwrap();
            assert_eq!(curves.validate(), Ok(()));
            let bytes = State::from(curves.clone()).to_bytes().unwrap();
            assert!(bytes.len() < 20_000, "{}", bytes.len());
            assert_eq!(State::from_bytes(&bytes, &Unwatched), Ok(State::from(curves)));
        }
    }

    #[test]
    fn two_classes_have_one_curve_and_more_have_one_each() {
        let of = |classes| {
            Curves::of(&scored(300, classes), &labels(classes), &Unwatched)
                .unwrap()
                .unwrap()
        };
        assert_eq!(of(2).classes().len(), 1);
        assert_eq!(of(2).classes()[0].label, "1");
        assert_eq!(of(3).classes().len(), 3);
        assert!(of(3).numbers().is_none());
        assert_eq!(Curves::of(&scored(300, 21), &labels(21), &Unwatched), Ok(None));
        assert_eq!(Curves::of(&scored(0, 2), &labels(2), &Unwatched), Ok(None));
    }

    #[test]
    fn merging_keeps_all_rows_and_the_bound() {
        let mut curves = Curves::of(&scored(5_000, 2), &labels(2), &Unwatched).unwrap().unwrap();
        let other = Curves::of(&scored(3_000, 2), &labels(2), &Unwatched).unwrap().unwrap();
        curves.merge(&other).unwrap();
        let totals = curves.classes()[0].scores.totals();
        assert_eq!(totals[0] + totals[1], 8_000);
        assert_eq!(curves.validate(), Ok(()));
        let three = Curves::of(&scored(300, 3), &labels(3), &Unwatched).unwrap().unwrap();
        assert!(curves.merge(&three).is_err());
        let mut numbers_of = Curves::of(&numbers(900), &[], &Unwatched).unwrap().unwrap();
        assert!(numbers_of.merge(&curves).is_err());
        let again = numbers_of.clone();
        numbers_of.merge(&again).unwrap();
        assert_eq!(numbers_of.numbers().unwrap().rows(), 1_800);
        assert_eq!(numbers_of.validate(), Ok(()));
    }

    #[test]
    fn metrics_and_curves_are_those_of_each_alone() {
        for (scored, classes) in [(scored(400, 2), 2), (scored(400, 3), 3), (numbers(400), 0)] {
            let (table, curves) = Curves::with_metrics(&scored, &labels(classes), 0.5, None, &Unwatched).unwrap();
            assert_eq!(table, scored.metrics(0.5, None, &Unwatched).unwrap());
            assert_eq!(curves, Curves::of(&scored, &labels(classes), &Unwatched).unwrap());
        }
    }

    #[test]
    fn long_labels_are_cut_off_between_characters() {
        let label = "ä".repeat(80);
        assert_eq!(shortened(&label).len(), 100 + '…'.len_utf8());
        assert_eq!(shortened("short"), "short");
    }
}

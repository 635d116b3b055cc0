//! How well scores put one class above the other.

use serde::{Deserialize, Serialize};

use super::area::Area;
use super::sum::Sum;
use super::two_labels::TwoLabels;
use super::{MAX_ROWS, add_rows};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::label::Label;
use crate::monitor::{Monitor, Unwatched};
use crate::room;
use crate::sort;

/// From this number of plain scores on, and at each fourfold of it, equal ones are looked for.
const FOLD_ROWS: usize = 1 << 16;

/// Rows of one score: a tie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tie {
    pub(crate) score: f64,
    /// How many rows each class has, by its code.
    pub(crate) counts: [u64; 2],
}

/// (label, score) pairs, exact with ties, for the area under the ROC curve, average precision and the curves themselves.
///
/// A score takes 8 bytes; when most scores repeat, a distinct one takes 24 and its repetitions none. Counts are integers until the
/// last division, so an answer is the same to the bit in whatever order rows came.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ranking {
    labels: TwoLabels,
    /// Scores of each class, by its code, in no order.
    plain: [Vec<f64>; 2],
    /// Counted scores, ascending, each once.
    ties: Vec<Tie>,
}

impl Ranking {
    /// Of rows, each with whether it is of the positive class and its score; the scores are put in order, in parallel, so that what needs them so
    /// finds them so. O(n log n). Returns an error on a score that is NaN, when stopped, and where there is no room.
    pub(crate) fn of(rows: impl Iterator<Item = (bool, f64)> + Clone, monitor: &dyn Monitor) -> Result<Ranking> {
        let mut counts = [0, 0];
        rows.clone()
            .for_each(|(positive, _)| counts[usize::from(positive)] += 1);
        let [mut negative, mut positive] = [room::with_capacity(counts[0])?, room::with_capacity(counts[1])?];
        for (row, (is_positive, score)) in rows.enumerate() {
            if row.is_multiple_of(FOLD_ROWS) {
                monitor.check()?;
            }
            check_score(score)?;
            // Makes -0 the 0 that it equals.
            if is_positive { &mut positive } else { &mut negative }.push(score + 0.0);
        }
        let mut ranking = Ranking::default();
        for (is_positive, mut scores) in [(false, negative), (true, positive)] {
            if !scores.is_empty() {
                sort::sort_in_parallel(&mut scores, monitor)?;
                let code = ranking.labels.code(&Label::Bool(is_positive))?;
                ranking.plain[code] = scores;
            }
        }
        Ok(ranking)
    }

    /// Adds a row. Amortised O(1), sorting aside. Returns an error on a score that is NaN, on a third label and on a label of another type.
    #[inline]
    pub fn push(&mut self, label: &Label, score: f64) -> Result<()> {
        check_score(score)?;
        let code = self.labels.code(label)?;
        // Makes -0 the 0 that it equals.
        room::push(&mut self.plain[code], score + 0.0)
    }

    /// Whether so many scores have come that [`Ranking::fold`] may pay: their number is a power of four.
    #[inline]
    pub fn is_due(&self) -> bool {
        let rows = self.plain_rows();
        rows.is_power_of_two() && self.grew(rows - 1)
    }

    fn plain_rows(&self) -> usize {
        self.plain[0].len() + self.plain[1].len()
    }

    /// Whether the number of plain scores has passed a power of four since there were `before`.
    #[inline]
    fn grew(&self, before: usize) -> bool {
        let now = self.plain_rows();
        now >= FOLD_ROWS && now.ilog2() / 2 != before.max(1).ilog2() / 2 && now >= self.ties.len() / 2
    }

    /// Counts equal scores where that saves memory. Returns an error when stopped, and where there is no room. O(n log n).
    #[cold]
    pub fn fold(&mut self, monitor: &dyn Monitor) -> Result<()> {
        for scores in &mut self.plain {
            sort::sort(scores, monitor)?;
        }
        let mut distinct = 0;
        visit(self.plain.each_ref().map(Vec::as_slice), &self.ties, |_| distinct += 1);
        let (added, rows) = (distinct - self.ties.len(), self.plain_rows());
        // A tie is three times as large as a plain score; half of the memory should be saved.
        if added.saturating_mul(6) > rows {
            return Ok(());
        }
        let mut ties = room::with_capacity(distinct)?;
        visit(self.plain.each_ref().map(Vec::as_slice), &self.ties, |tie| {
            ties.push(tie)
        });
        self.ties = ties;
        self.plain = Default::default();
        Ok(())
    }

    /// Calls `each` with every distinct score, ascending. Returns an error when stopped, and where there is no room. O(n log n), and a copy of the
    /// plain scores; O(n) where they are in order.
    pub(crate) fn ascending(&self, monitor: &dyn Monitor, each: impl FnMut(Tie)) -> Result<()> {
        let mut copies: [Vec<f64>; 2] = Default::default();
        let mut plain = [&self.plain[0][..], &self.plain[1][..]];
        for (copy, scores) in copies.iter_mut().zip(&mut plain) {
            monitor.check()?;
            if scores.is_sorted() {
                continue;
            }
            room::reserve(copy, scores.len())?;
            copy.extend_from_slice(scores);
            sort::sort(copy, monitor)?;
            *scores = copy;
        }
        visit(plain, &self.ties, each);
        Ok(())
    }

    /// How many distinct scores there are, at most: one more for a curve's point at infinity.
    pub(crate) fn distinct(&self) -> usize {
        self.plain_rows() + self.ties.len() + 1
    }

    /// The code of the positive class, when both classes occur.
    pub(super) fn positive(&self) -> Option<usize> {
        self.labels.positive()
    }

    /// The code of the positive class, also when only one class occurs of which it is known whether it is positive.
    pub(crate) fn known_positive(&self) -> Option<usize> {
        match self.labels.labels() {
            [only] => only.is_positive().map(|positive| usize::from(!positive)),
            _ => self.positive(),
        }
    }

    /// How many rows each class has, by its code.
    pub(crate) fn totals(&self) -> [u64; 2] {
        let mut totals = [self.plain[0].len() as u64, self.plain[1].len() as u64];
        for tie in &self.ties {
            totals[0] += tie.counts[0];
            totals[1] += tie.counts[1];
        }
        totals
    }

    /// The labels of the negative and the positive class, when both occur.
    pub fn classes(&self) -> Option<(&Label, &Label)> {
        let positive = self.positive()?;
        let labels = self.labels.labels();
        Some((&labels[1 - positive], &labels[positive]))
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.totals().iter().sum()
    }

    /// The area under the ROC curve: how often a random positive row has a higher score than a random negative one, ties counting
    /// half (Mann and Whitney 1947). `None` unless both classes occur. O(n log n).
    pub fn roc_auc(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        let Some(positive) = self.positive() else {
            return Ok(None);
        };
        let totals = self.totals();
        let (mut below, mut twice_won) = (0_u64, 0_u128);
        self.ascending(monitor, |tie| {
            let (positives, negatives) = (tie.counts[positive], tie.counts[1 - positive]);
            twice_won += u128::from(positives) * (2 * u128::from(below) + u128::from(negatives));
            below += negatives;
        })?;
        let pairs = u128::from(totals[0]) * u128::from(totals[1]);
        Ok(Some(twice_won as f64 / 2.0 / pairs as f64))
    }

    /// [`Ranking::roc_auc`] with its variance, that of the placements of rows among those of the other class (DeLong, DeLong and Clarke-Pearson
    /// 1988). The variance is `None` unless each class has two rows.
    pub fn roc_auc_with_variance(&self, monitor: &dyn Monitor) -> Result<Option<(f64, Option<f64>)>> {
        let Some(positive) = self.positive() else {
            return Ok(None);
        };
        let totals = self.totals();
        let mut area = Area::new([totals[1 - positive], totals[positive]]);
        self.ascending(monitor, |tie| {
            area.add([tie.counts[1 - positive], tie.counts[positive]])
        })?;
        Ok(area.value())
    }

    /// Average precision: the mean of the precisions at each threshold, weighted by the recall gained there, without interpolation,
    /// as scikit-learn defines it. `None` unless both classes occur. O(n log n).
    pub fn average_precision(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        let Some(positive) = self.positive() else {
            return Ok(None);
        };
        let totals = self.totals();
        let mut left = totals;
        let mut sum = Sum::default();
        self.ascending(monitor, |tie| {
            let predicted = left[0] + left[1];
            sum.add(tie.counts[positive] as f64 * (left[positive] as f64 / predicted as f64));
            left[0] -= tie.counts[0];
            left[1] -= tie.counts[1];
        })?;
        Ok(Some(sum.value() / totals[positive] as f64))
    }
}

/// Returns an error on a score that is NaN.
#[inline]
pub(crate) fn check_score(score: f64) -> Result<()> {
    match score.is_nan() {
        false => Ok(()),
        true => Err(Error::data(
            "a score is NaN",
            "leave such rows out, or make the score NULL",
        )),
    }
}

/// Merges sorted scores of two classes and sorted ties, and calls `each` with every distinct score, ascending.
fn visit(plain: [&[f64]; 2], ties: &[Tie], mut each: impl FnMut(Tie)) {
    let (mut at, mut tie) = ([0, 0], 0);
    loop {
        let heads = [
            plain[0].get(at[0]),
            plain[1].get(at[1]),
            ties.get(tie).map(|tie| &tie.score),
        ];
        let Some(score) = heads.into_iter().flatten().copied().reduce(f64::min) else {
            return;
        };
        let mut counts = [0, 0];
        if let Some(counted) = ties.get(tie)
            && counted.score == score
        {
            counts = counted.counts;
            tie += 1;
        }
        for code in 0..2 {
            while plain[code].get(at[code]) == Some(&score) {
                at[code] += 1;
                counts[code] += 1;
            }
        }
        each(Tie { score, counts });
    }
}

impl Accumulator for Ranking {
    fn merge(&mut self, other: &Self) -> Result<()> {
        add_rows(self.rows(), other.rows())?;
        let codes = self.labels.codes(&other.labels)?;
        let before = self.plain_rows();
        for (&code, scores) in codes.iter().zip(&other.plain) {
            room::reserve(&mut self.plain[code], scores.len())?;
            self.plain[code].extend_from_slice(scores);
        }
        if !other.ties.is_empty() {
            // A class without a code has no rows.
            let swapped = codes.first() == Some(&1);
            let theirs: Vec<Tie> = (other.ties.iter())
                .map(|tie| Tie {
                    score: tie.score,
                    counts: if swapped {
                        [tie.counts[1], tie.counts[0]]
                    } else {
                        tie.counts
                    },
                })
                .collect();
            self.ties = merge_ties(&self.ties, &theirs);
        }
        if self.grew(before) {
            self.fold(&Unwatched)?;
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let sound_score = |score: f64| !(score.is_nan() || score == 0.0 && score.is_sign_negative());
        let mut totals = self.plain.each_ref().map(|scores| Some(scores.len() as u64));
        for (code, total) in totals.iter_mut().enumerate() {
            for tie in &self.ties {
                *total = total.and_then(|total| total.checked_add(tie.counts[code]));
            }
        }
        let [Some(first), Some(second)] = totals else {
            return Err(Error::damaged("ranking", "its counts are too large"));
        };
        let sound = self.labels.is_sound()
            && first.checked_add(second).is_some_and(|rows| rows <= MAX_ROWS)
            && (self.labels.len() == 2 || second == 0)
            && (self.labels.len() >= 1 || first == 0)
            && self.plain.iter().flatten().all(|&score| sound_score(score))
            && self
                .ties
                .iter()
                .all(|tie| sound_score(tie.score) && tie.counts != [0, 0])
            && self.ties.is_sorted_by(|a, b| a.score < b.score)
            && (self.labels.len() < 2 || (first > 0 && second > 0));
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("ranking", "scores or counts do not agree"))
        }
    }

    fn memory(&self) -> usize {
        self.labels.memory()
            + (self.plain[0].capacity() + self.plain[1].capacity()) * size_of::<f64>()
            + self.ties.capacity() * size_of::<Tie>()
    }
}

/// The ties of both lists, ascending, with the counts of equal scores added.
fn merge_ties(left: &[Tie], right: &[Tie]) -> Vec<Tie> {
    let mut merged = Vec::with_capacity(left.len().max(right.len()));
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let take_left = match (l.peek(), r.peek()) {
            (None, None) => return merged,
            (Some(a), Some(b)) if a.score == b.score => {
                merged.push(Tie {
                    score: a.score,
                    counts: [a.counts[0] + b.counts[0], a.counts[1] + b.counts[1]],
                });
                l.next();
                r.next();
                continue;
            }
            (Some(a), Some(b)) => a.score < b.score,
            (left, _) => left.is_some(),
        };
        merged.extend(if take_left { l.next() } else { r.next() });
    }
}

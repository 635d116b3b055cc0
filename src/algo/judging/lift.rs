//! How many more of the positive rows are met when the rows with the highest scores come first.

use super::calibration::LEVEL;
use super::scores::{Scores, Step};
use crate::stats::proportion::wilson;

/// Rows of neighbouring ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lift {
    /// How many rows.
    pub rows: u64,
    /// How many of them are positive.
    pub positives: u64,
    /// Their least and their greatest score.
    pub lowest: f64,
    /// The mean of their scores.
    pub mean: f64,
    /// Wilson's interval of the share of positive rows.
    pub interval: (f64, f64),
    /// Rows of this and the bins before.
    pub rows_so_far: u64,
    /// Positive rows of this and the bins before.
    pub positives_so_far: u64,
    /// The share of all rows that are positive.
    pub base: f64,
    /// How many rows are positive altogether.
    pub all_positives: u64,
}

impl Lift {
    /// The share of rows that are positive.
    pub fn rate(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }

    /// How many times as many rows are positive as of all; `None` where none is.
    pub fn lift(&self) -> Option<f64> {
        (self.base > 0.0).then(|| self.rate() / self.base)
    }

    /// The same of this and the bins before.
    pub fn lift_so_far(&self) -> Option<f64> {
        (self.base > 0.0).then(|| self.positives_so_far as f64 / self.rows_so_far as f64 / self.base)
    }

    /// The share of all positive rows that are in this or the bins before; `None` where there is none.
    pub fn gain(&self) -> Option<f64> {
        (self.all_positives > 0).then(|| self.positives_so_far as f64 / self.all_positives as f64)
    }
}

/// Rows in so many bins of about as many rows, the highest scores first. Rows of one score stay together, so that bins may be fewer.
pub fn table(scores: &Scores, bins: usize) -> Vec<Lift> {
    let totals = scores.totals();
    let all = totals[0] + totals[1];
    let mut found: Vec<(usize, Step)> = Vec::new();
    let mut before = 0_u64;
    for step in scores.steps().iter().rev() {
        let place = (u128::from(before) * bins as u128 / u128::from(all.max(1))) as usize;
        match found.last_mut() {
            Some((open, bin)) if *open == place => {
                bin.add(step);
                bin.lowest = step.lowest;
            }
            _ => found.push((place, *step)),
        }
        before += step.rows();
    }
    let mut so_far = [0, 0];
    let bins = found.into_iter().map(|(_, bin)| {
        so_far = [so_far[0] + bin.rows(), so_far[1] + bin.counts[1]];
        Lift {
            rows: bin.rows(),
            positives: bin.counts[1],
            lowest: bin.lowest,
            mean: bin.mean(),
            interval: wilson(bin.counts[1], bin.rows(), LEVEL),
            rows_so_far: so_far[0],
            positives_so_far: so_far[1],
            base: totals[1] as f64 / all as f64,
            all_positives: totals[1],
        }
    });
    bins.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::scores::tests::ranking;
    use crate::monitor::Unwatched;

    #[test]
    fn bins_add_up_to_all_rows() {
        let scores = Scores::of(&ranking(1000, 1 << 40), &Unwatched).unwrap();
        let table = table(&scores, 10);
        assert_eq!(table.len(), 10);
        assert!(table.iter().all(|bin| bin.rows == 100));
        let last = table[9];
        assert_eq!(last.rows_so_far, 1000);
        assert_eq!(last.gain(), Some(1.0));
        assert!((last.lift_so_far().unwrap() - 1.0).abs() < 1e-12);
        assert!(table[0].lift().unwrap() > 1.5);
        assert!(table.is_sorted_by(|a, b| a.lowest > b.lowest));
    }

    #[test]
    fn rows_of_one_score_stay_together() {
        let scores = Scores::of(&ranking(1000, 3), &Unwatched).unwrap();
        let table = table(&scores, 10);
        assert_eq!(table.len(), 3);
        assert_eq!(table.iter().map(|bin| bin.rows).sum::<u64>(), 1000);
    }

    #[test]
    fn without_positive_rows_there_is_no_lift() {
        let scores = Scores::of(&crate::metrics::Ranking::default(), &Unwatched).unwrap();
        assert!(table(&scores, 10).is_empty());
    }
}

//! The receiver operating characteristic and precision against recall, threshold by threshold.

use super::ranking::Ranking;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// What happens when every row that scores at least `threshold` is called positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// The least score that is called positive; infinity when none is.
    pub threshold: f64,
    /// Positive rows called positive.
    pub true_positives: u64,
    /// Negative rows called positive.
    pub false_positives: u64,
    /// Negative rows called negative.
    pub true_negatives: u64,
    /// Positive rows called negative.
    pub false_negatives: u64,
}

impl CurvePoint {
    /// The share of positive rows that are called so, also known as the true positive rate.
    pub fn recall(&self) -> f64 {
        share(self.true_positives, self.false_negatives)
    }

    /// The share of negative rows that are called positive.
    pub fn false_positive_rate(&self) -> f64 {
        share(self.false_positives, self.true_negatives)
    }

    /// The share of rows called positive that are. 1 when none is called so, as at the end of scikit-learn's curve.
    pub fn precision(&self) -> f64 {
        if self.true_positives + self.false_positives == 0 {
            1.0
        } else {
            share(self.true_positives, self.false_positives)
        }
    }
}

fn share(part: u64, rest: u64) -> f64 {
    part as f64 / (part + rest) as f64
}

/// The ROC curve: a point at infinity, where no row is positive, and one a distinct score, descending; as scikit-learn's with
/// `drop_intermediate=False`. With `points` at most so many (but at least 2), spread evenly over the curve, the first and the last
/// among them. Empty unless both classes occur. Returns an error when stopped, and where there is no room. O(n log n).
pub fn roc_curve(ranking: &Ranking, points: Option<usize>, monitor: &dyn Monitor) -> Result<Vec<CurvePoint>> {
    let mut curve = thresholds(ranking, monitor)?;
    if let Some(first) = curve.first() {
        let none = CurvePoint {
            threshold: f64::INFINITY,
            true_positives: 0,
            false_positives: 0,
            true_negatives: first.true_negatives + first.false_positives,
            false_negatives: first.false_negatives + first.true_positives,
        };
        curve.insert(0, none);
    }
    Ok(thin(curve, points))
}

/// Precision against recall: one point a distinct score, descending. scikit-learn's curve is the same in the opposite order, with
/// one more point (precision 1, recall 0) that has no threshold. `points` as for [`roc_curve`]. Empty unless both classes occur.
pub fn precision_recall_curve(
    ranking: &Ranking,
    points: Option<usize>,
    monitor: &dyn Monitor,
) -> Result<Vec<CurvePoint>> {
    Ok(thin(thresholds(ranking, monitor)?, points))
}

fn thresholds(ranking: &Ranking, monitor: &dyn Monitor) -> Result<Vec<CurvePoint>> {
    let Some(positive) = ranking.positive() else {
        return Ok(Vec::new());
    };
    let totals = ranking.totals();
    let mut called = totals;
    let mut curve = room::with_capacity(ranking.distinct())?;
    ranking.ascending(monitor, |tie| {
        curve.push(CurvePoint {
            threshold: tie.score,
            true_positives: called[positive],
            false_positives: called[1 - positive],
            true_negatives: totals[1 - positive] - called[1 - positive],
            false_negatives: totals[positive] - called[positive],
        });
        called[0] -= tie.counts[0];
        called[1] -= tie.counts[1];
    })?;
    curve.reverse();
    Ok(curve)
}

fn thin(curve: Vec<CurvePoint>, points: Option<usize>) -> Vec<CurvePoint> {
    let Some(points) = points
        .map(|points| points.max(2))
        .filter(|&points| points < curve.len())
    else {
        return curve;
    };
    let (last, gaps) = (curve.len() - 1, points - 1);
    (0..points)
        .map(|point| curve[(point * last + gaps / 2) / gaps])
        .collect()
}

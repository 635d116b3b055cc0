//! Whether groups are treated alike: what a decision does to each, and how far they are apart.

use rayon::prelude::*;

use super::calibration::LEVEL;
use crate::error::Result;
use crate::metrics::Ranking;
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::stats::proportion::{normal_quantile, wilson};

/// Bins of the expected calibration error.
const BINS: usize = 10;

/// What is measured of each group. Names are fairlearn's and scikit-learn's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupMetric {
    /// The share of rows that are called positive.
    SelectionRate,
    /// The share of positive rows that are called positive.
    TruePositiveRate,
    /// The share of negative rows that are called positive.
    FalsePositiveRate,
    /// The share of rows called positive that are.
    Precision,
    /// The share of rows that are called what they are.
    Accuracy,
    /// The share of rows that are positive.
    BaseRate,
    /// The mean probability of the positive class.
    MeanPrediction,
    /// How far the mean probability is above the share of positive rows.
    CalibrationGap,
    /// The mean distance of probabilities from what came true, in ten bins as wide.
    ExpectedCalibrationError,
    /// The area under the ROC curve.
    RocAuc,
}

impl GroupMetric {
    /// Every metric, in their order.
    pub const ALL: [GroupMetric; 10] = [
        GroupMetric::SelectionRate,
        GroupMetric::TruePositiveRate,
        GroupMetric::FalsePositiveRate,
        GroupMetric::Precision,
        GroupMetric::Accuracy,
        GroupMetric::BaseRate,
        GroupMetric::MeanPrediction,
        GroupMetric::CalibrationGap,
        GroupMetric::ExpectedCalibrationError,
        GroupMetric::RocAuc,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            GroupMetric::SelectionRate => "selection_rate",
            GroupMetric::TruePositiveRate => "true_positive_rate",
            GroupMetric::FalsePositiveRate => "false_positive_rate",
            GroupMetric::Precision => "precision",
            GroupMetric::Accuracy => "accuracy",
            GroupMetric::BaseRate => "base_rate",
            GroupMetric::MeanPrediction => "mean_prediction",
            GroupMetric::CalibrationGap => "calibration_gap",
            GroupMetric::ExpectedCalibrationError => "expected_calibration_error",
            GroupMetric::RocAuc => "roc_auc",
        }
    }
}

/// A metric of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Which.
    pub metric: GroupMetric,
    /// How many rows it is of: of true_positive_rate the positive ones, and so on.
    pub rows: u64,
    /// Its value; `None` where it is not defined.
    pub value: Option<f64>,
    /// A 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// A group, as a decision treats it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// How many rows it has.
    pub rows: u64,
    /// Its metrics, in the order of [`GroupMetric::ALL`].
    pub measured: Vec<Measured>,
}

/// Sums over a group's rows.
#[derive(Default)]
struct Sums {
    /// Rows by actual class and by what they are called.
    cells: [[u64; 2]; 2],
    probability: Sum,
    probability_squares: Sum,
    gap: Sum,
    gap_squares: Sum,
    /// The probabilities in bins as wide, less what came true.
    bins: [Sum; BINS],
}

impl Sums {
    fn of(rows: impl Iterator<Item = (bool, f64)>, threshold: f64, monitor: &dyn Monitor) -> Result<Sums> {
        let mut sums = Sums::default();
        for (row, (positive, probability)) in rows.enumerate() {
            if row.is_multiple_of(1 << 16) {
                monitor.check()?;
            }
            sums.cells[usize::from(positive)][usize::from(probability >= threshold)] += 1;
            let gap = probability - f64::from(u8::from(positive));
            sums.probability.add(probability);
            sums.probability_squares.add_square(probability);
            sums.gap.add(gap);
            sums.gap_squares.add_square(gap);
            // As in the calibration curve: what is on an edge is in the bin below it.
            let above = ((probability * BINS as f64) as usize).min(BINS);
            let is_edge = probability <= above as f64 / BINS as f64;
            sums.bins[above.saturating_sub(usize::from(is_edge)).min(BINS - 1)].add(gap);
        }
        Ok(sums)
    }

    fn merge(&mut self, other: &Sums) {
        for (ours, theirs) in self.cells.iter_mut().flatten().zip(other.cells.iter().flatten()) {
            *ours += theirs;
        }
        self.probability.merge(&other.probability);
        self.probability_squares.merge(&other.probability_squares);
        self.gap.merge(&other.gap);
        self.gap_squares.merge(&other.gap_squares);
        for (ours, theirs) in self.bins.iter_mut().zip(&other.bins) {
            ours.merge(theirs);
        }
    }

    fn rows(&self) -> u64 {
        self.cells.iter().flatten().sum()
    }

    /// The mean distance of the bins' probabilities from what came true.
    fn calibration_error(&self) -> Option<f64> {
        let rows = self.rows() as f64;
        let off: f64 = self.bins.iter().map(|bin| bin.value().abs()).sum();
        (rows > 0.0).then(|| off / rows)
    }
}

/// Groups, and all rows together.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// All rows.
    pub overall: Group,
    /// Each group.
    pub groups: Vec<Group>,
}

impl Groups {
    /// Of rows, each with whether it is positive and the probability that it is, and of the rows of each group. Returns an error when stopped, on
    /// a probability that is NaN, and where there is no room. O(n log n); groups in parallel.
    pub fn of(
        row: impl Fn(u32) -> (bool, f64) + Sync + Copy,
        rows: u32,
        groups: &[Vec<u32>],
        threshold: f64,
        monitor: &dyn Monitor,
    ) -> Result<Groups> {
        let overall = || Ranking::of((0..rows).map(row), monitor)?.roc_auc_with_variance(monitor);
        let each = || {
            let measured = groups.par_iter().map(|group| {
                let rows = group.iter().map(|&place| row(place));
                let sums = Sums::of(rows.clone(), threshold, monitor)?;
                let area = Ranking::of(rows, monitor)?.roc_auc_with_variance(monitor)?;
                Ok((sums, area))
            });
            measured.collect::<Result<Vec<(Sums, Area)>>>()
        };
        let (area, measured) = rayon::join(overall, each);
        let (area, measured) = (area?, measured?);
        let mut all = Sums::default();
        measured.iter().for_each(|(sums, _)| all.merge(sums));
        Ok(Groups {
            overall: Group::new(&all, area),
            groups: measured.iter().map(|(sums, area)| Group::new(sums, *area)).collect(),
        })
    }
}

/// The area under the ROC curve with its variance; `None` where they are not defined.
type Area = Option<(f64, Option<f64>)>;

impl Group {
    fn new(sums: &Sums, area: Area) -> Group {
        let [[true_negatives, false_positives], [false_negatives, true_positives]] = sums.cells;
        let (negatives, positives) = (true_negatives + false_positives, false_negatives + true_positives);
        let (rows, selected) = (negatives + positives, false_positives + true_positives);
        let share = |metric, part: u64, rows: u64| Measured {
            metric,
            rows,
            value: (rows > 0).then(|| part as f64 / rows as f64),
            interval: (rows > 0).then(|| wilson(part, rows, LEVEL)),
        };
        let around = |value: f64, variance: f64, least: f64| {
            let half = normal_quantile(LEVEL) * variance.max(0.0).sqrt();
            ((value - half).max(least), (value + half).min(1.0))
        };
        let mean = |metric, sum: &Sum, squares: &Sum, least: f64| {
            let count = rows as f64;
            let value = (rows > 0).then(|| sum.value() / count);
            let variance = (rows > 1).then(|| sum.squared_deviations(squares, rows) / (count - 1.0) / count);
            Measured {
                metric,
                rows,
                value,
                interval: value
                    .zip(variance)
                    .map(|(value, variance)| around(value, variance, least)),
            }
        };
        let measured = GroupMetric::ALL.map(|metric| match metric {
            GroupMetric::SelectionRate => share(metric, selected, rows),
            GroupMetric::TruePositiveRate => share(metric, true_positives, positives),
            GroupMetric::FalsePositiveRate => share(metric, false_positives, negatives),
            GroupMetric::Precision => share(metric, true_positives, selected),
            GroupMetric::Accuracy => share(metric, true_positives + true_negatives, rows),
            GroupMetric::BaseRate => share(metric, positives, rows),
            GroupMetric::MeanPrediction => mean(metric, &sums.probability, &sums.probability_squares, 0.0),
            GroupMetric::CalibrationGap => mean(metric, &sums.gap, &sums.gap_squares, -1.0),
            GroupMetric::ExpectedCalibrationError => Measured {
                metric,
                rows,
                value: sums.calibration_error(),
                interval: None,
            },
            GroupMetric::RocAuc => Measured {
                metric,
                rows,
                value: area.map(|(area, _)| area),
                interval: area.and_then(|(area, variance)| Some(around(area, variance?, 0.0))),
            },
        });
        Group {
            rows,
            measured: measured.to_vec(),
        }
    }

    /// The value of a metric.
    pub fn value(&self, metric: GroupMetric) -> Option<f64> {
        let found = self.measured.iter().find(|measured| measured.metric == metric);
        found.and_then(|measured| measured.value)
    }
}

/// A demand on decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// Groups are called positive as often.
    DemographicParity,
    /// Positive rows of all groups are called so as often.
    EqualOpportunity,
    /// Positive rows are, and negative rows are.
    EqualizedOdds,
}

impl Criterion {
    /// Every demand.
    pub const ALL: [Criterion; 3] = [
        Criterion::DemographicParity,
        Criterion::EqualOpportunity,
        Criterion::EqualizedOdds,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Criterion::DemographicParity => "demographic_parity",
            Criterion::EqualOpportunity => "equal_opportunity",
            Criterion::EqualizedOdds => "equalized_odds",
        }
    }

    /// What has to be alike.
    const fn metrics(self) -> &'static [GroupMetric] {
        match self {
            Criterion::DemographicParity => &[GroupMetric::SelectionRate],
            Criterion::EqualOpportunity => &[GroupMetric::TruePositiveRate],
            Criterion::EqualizedOdds => &[GroupMetric::TruePositiveRate, GroupMetric::FalsePositiveRate],
        }
    }
}

/// How far groups are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Apart {
    /// The greatest difference: 0 is alike.
    pub difference: Option<f64>,
    /// The least ratio: 1 is alike.
    pub ratio: Option<f64>,
}

/// How far groups are apart by a demand, as fairlearn has it: without a reference the least from the greatest, with one each from it. Groups in
/// which a metric is not defined do not count.
pub fn apart(criterion: Criterion, groups: &[&Group], reference: Option<&Group>) -> Apart {
    let mut all = Apart {
        difference: None,
        ratio: None,
    };
    for &metric in criterion.metrics() {
        let values: Vec<f64> = groups.iter().filter_map(|group| group.value(metric)).collect();
        let Some(found) = of_values(&values, reference.map(|group| group.value(metric))) else {
            continue;
        };
        all.difference = greater(all.difference, found.difference, f64::max);
        all.ratio = greater(all.ratio, found.ratio, f64::min);
    }
    all
}

fn greater(a: Option<f64>, b: Option<f64>, choose: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(choose(a, b)),
        (a, b) => a.or(b),
    }
}

/// `None` where there is nothing to compare.
fn of_values(values: &[f64], reference: Option<Option<f64>>) -> Option<Apart> {
    let least = values.iter().copied().reduce(f64::min)?;
    let greatest = values.iter().copied().reduce(f64::max)?;
    let ratio = |low: f64, high: f64| (high > 0.0).then(|| low / high);
    Some(match reference {
        None => Apart {
            difference: Some(greatest - least),
            ratio: ratio(least, greatest),
        },
        Some(reference) => {
            let reference = reference?;
            let ratios = values
                .iter()
                .filter_map(|&value| ratio(value.min(reference), value.max(reference)));
            Apart {
                difference: Some((greatest - reference).abs().max((least - reference).abs())),
                ratio: ratios.reduce(f64::min),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn group(rows: &[(bool, f64)]) -> Group {
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let row = |place: u32| rows[place as usize];
        let groups = Groups::of(row, rows.len() as u32, &[all], 0.5, &Unwatched).unwrap();
        assert_eq!(groups.groups[0], groups.overall);
        groups.overall
    }

    #[test]
    fn metrics_are_of_their_own_rows() {
        let group = group(&[(true, 0.9), (true, 0.4), (false, 0.6), (false, 0.2), (false, 0.1)]);
        let found = |metric: GroupMetric| group.measured.iter().find(|found| found.metric == metric).unwrap();
        let share = |metric, rows, value: f64| {
            assert_eq!(found(metric).rows, rows, "{metric:?}");
            assert!((found(metric).value.unwrap() - value).abs() < 1e-12, "{metric:?}");
        };
        share(GroupMetric::SelectionRate, 5, 0.4);
        share(GroupMetric::TruePositiveRate, 2, 0.5);
        share(GroupMetric::FalsePositiveRate, 3, 1.0 / 3.0);
        share(GroupMetric::Precision, 2, 0.5);
        share(GroupMetric::Accuracy, 5, 0.6);
        share(GroupMetric::BaseRate, 5, 0.4);
        share(GroupMetric::MeanPrediction, 5, 0.44);
        share(GroupMetric::CalibrationGap, 5, 0.04);
        share(GroupMetric::RocAuc, 5, 5.0 / 6.0);
        for measured in &group.measured {
            if let (Some(value), Some((low, high))) = (measured.value, measured.interval) {
                assert!(low <= value && value <= high, "{measured:?}");
            }
        }
    }

    #[test]
    fn groups_are_apart_as_fairlearn_has_it() {
        // Selection rates 0.75, 0.5 and 0.25; all true positive rates 1; false positive rates 0.5, 0.5 and 0.
        let groups = [
            group(&[(true, 0.9), (true, 0.9), (false, 0.9), (false, 0.1)]),
            group(&[
                (true, 0.9),
                (true, 0.6),
                (false, 0.9),
                (false, 0.1),
                (false, 0.6),
                (false, 0.1),
                (false, 0.1),
                (false, 0.1),
            ]),
            group(&[(true, 0.9), (false, 0.1), (false, 0.1), (false, 0.1)]),
        ];
        let all: Vec<&Group> = groups.iter().collect();
        let between = apart(Criterion::DemographicParity, &all, None);
        assert_eq!((between.difference, between.ratio), (Some(0.5), Some(0.25 / 0.75)));
        let to_second = apart(Criterion::DemographicParity, &all, Some(&groups[1]));
        assert_eq!((to_second.difference, to_second.ratio), (Some(0.25), Some(0.5)));
        let odds = apart(Criterion::EqualizedOdds, &all, None);
        assert_eq!((odds.difference, odds.ratio), (Some(0.5), Some(0.0)));
        let opportunity = apart(Criterion::EqualOpportunity, &all, None);
        assert_eq!((opportunity.difference, opportunity.ratio), (Some(0.0), Some(1.0)));
    }

    #[test]
    fn groups_without_positive_rows_do_not_count_for_what_needs_them() {
        let groups = [
            group(&[(true, 0.9), (false, 0.1)]),
            group(&[(false, 0.9), (false, 0.1)]),
        ];
        assert_eq!(groups[1].value(GroupMetric::TruePositiveRate), None);
        assert_eq!(groups[1].value(GroupMetric::RocAuc), None);
        let all: Vec<&Group> = groups.iter().collect();
        assert_eq!(apart(Criterion::EqualOpportunity, &all, None).difference, Some(0.0));
        assert_eq!(apart(Criterion::EqualOpportunity, &[], None).difference, None);
    }
}

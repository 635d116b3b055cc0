//! Whether groups are treated alike: what a decision does to each. How far they are apart tells [`super::apart`].

use rayon::prelude::*;

use super::calibration::LEVEL;
use crate::error::Result;
use crate::metrics::area::Area;
use crate::metrics::check_score;
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;
use crate::stats::proportion::{Share, normal_quantile, wilson};

/// Bins of the expected calibration error.
const BINS: usize = 10;
/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

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
    /// Of a share of rows, how many have what it is the share of.
    pub part: Option<u64>,
}

impl Measured {
    /// The counts of a share of rows, where there are some.
    pub fn share(&self) -> Option<Share> {
        let part = self.part.filter(|_| self.rows > 0)?;
        Some(Share { part, rows: self.rows })
    }
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
            if row.is_multiple_of(BLOCK) {
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
    /// Of rows, each with whether it is positive and the probability that it is, by the rows of each group; no row is in two. Returns an error when
    /// stopped, on a probability that is NaN, and where there is no room. O(n log n): the rows are put in order once for all groups.
    pub fn of(
        row: impl Fn(u32) -> (bool, f64) + Sync + Copy,
        groups: &[Vec<u32>],
        threshold: f64,
        monitor: &dyn Monitor,
    ) -> Result<Groups> {
        let sums = || {
            let sums = groups
                .par_iter()
                .map(|group| Sums::of(group.iter().map(|&place| row(place)), threshold, monitor));
            sums.collect::<Result<Vec<Sums>>>()
        };
        let (areas, sums) = rayon::join(|| Areas::of(row, groups, monitor), sums);
        let (areas, sums) = (areas?, sums?);
        let mut all = Sums::default();
        sums.iter().for_each(|sums| all.merge(sums));
        Ok(Groups {
            overall: Group::new(&all, areas.overall.value()),
            groups: (sums.iter().zip(&areas.groups))
                .map(|(sums, area)| Group::new(sums, area.value()))
                .collect(),
        })
    }
}

/// The areas under the ROC curves of all rows and of each group.
struct Areas {
    overall: Area,
    groups: Vec<Area>,
}

/// A row's probability, and twice the number of its group, one more where it is positive.
type Ranked = (f64, u32);

fn class_of(row: &Ranked) -> usize {
    (row.1 & 1) as usize
}

fn group_of(row: &Ranked) -> usize {
    (row.1 >> 1) as usize
}

impl Areas {
    fn of(row: impl Fn(u32) -> (bool, f64), groups: &[Vec<u32>], monitor: &dyn Monitor) -> Result<Areas> {
        let mut ranked: Vec<Ranked> = room::with_capacity(groups.iter().map(Vec::len).sum())?;
        let mut totals = vec![[0_u64; 2]; groups.len()];
        for (number, (group, totals)) in groups.iter().zip(&mut totals).enumerate() {
            for &place in group {
                if ranked.len().is_multiple_of(BLOCK) {
                    monitor.check()?;
                }
                let (positive, probability) = row(place);
                check_score(probability)?;
                totals[usize::from(positive)] += 1;
                // Makes -0 the 0 that it equals.
                ranked.push((probability + 0.0, (number as u32) << 1 | u32::from(positive)));
            }
        }
        sort::sort_in_parallel_by(&mut ranked, &|a: &Ranked, b: &Ranked| a.0.total_cmp(&b.0), monitor)?;
        let (overall, groups) = rayon::join(
            || Areas::overall(&ranked, &totals, monitor),
            || Areas::of_groups(&ranked, &totals, monitor),
        );
        Ok(Areas {
            overall: overall?,
            groups: groups?,
        })
    }

    fn overall(ranked: &[Ranked], totals: &[[u64; 2]], monitor: &dyn Monitor) -> Result<Area> {
        let all = totals.iter().fold([0, 0], |sum, of| [sum[0] + of[0], sum[1] + of[1]]);
        let mut area = Area::new(all);
        each_tie(ranked, monitor, |tie| {
            let mut counts = [0, 0];
            tie.iter().for_each(|row| counts[class_of(row)] += 1);
            area.add(counts);
        })?;
        Ok(area)
    }

    fn of_groups(ranked: &[Ranked], totals: &[[u64; 2]], monitor: &dyn Monitor) -> Result<Vec<Area>> {
        let mut areas: Vec<Area> = totals.iter().map(|&totals| Area::new(totals)).collect();
        let mut counts = vec![[0_u64; 2]; totals.len()];
        each_tie(ranked, monitor, |tie| {
            if let [row] = tie {
                let mut one = [0, 0];
                one[class_of(row)] = 1;
                return areas[group_of(row)].add(one);
            }
            tie.iter().for_each(|row| counts[group_of(row)][class_of(row)] += 1);
            for row in tie {
                let counts = std::mem::take(&mut counts[group_of(row)]);
                if counts != [0, 0] {
                    areas[group_of(row)].add(counts);
                }
            }
        })?;
        Ok(areas)
    }
}

/// Calls `each` with the rows of each probability, ascending. Returns an error when stopped.
fn each_tie(ranked: &[Ranked], monitor: &dyn Monitor, mut each: impl FnMut(&[Ranked])) -> Result<()> {
    let mut seen = 0;
    for tie in ranked.chunk_by(|a, b| a.0 == b.0) {
        if seen >= BLOCK {
            monitor.check()?;
            seen = 0;
        }
        seen += tie.len();
        each(tie);
    }
    Ok(())
}

impl Group {
    fn new(sums: &Sums, area: Option<(f64, Option<f64>)>) -> Group {
        let [[true_negatives, false_positives], [false_negatives, true_positives]] = sums.cells;
        let (negatives, positives) = (true_negatives + false_positives, false_negatives + true_positives);
        let (rows, selected) = (negatives + positives, false_positives + true_positives);
        let share = |metric, part: u64, rows: u64| Measured {
            metric,
            rows,
            value: (rows > 0).then(|| part as f64 / rows as f64),
            interval: (rows > 0).then(|| wilson(part, rows, LEVEL)),
            part: Some(part),
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
                part: None,
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
                part: None,
            },
            GroupMetric::RocAuc => Measured {
                metric,
                rows,
                value: area.map(|(area, _)| area),
                interval: area.and_then(|(area, variance)| Some(around(area, variance?, 0.0))),
                part: None,
            },
        });
        Group {
            rows,
            measured: measured.to_vec(),
        }
    }

    /// A metric.
    pub fn measured(&self, metric: GroupMetric) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.metric == metric)
    }

    /// The value of a metric.
    pub fn value(&self, metric: GroupMetric) -> Option<f64> {
        self.measured(metric).and_then(|measured| measured.value)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::metrics::Ranking;
    use crate::monitor::Unwatched;

    /// All rows as one group, called positive from 0.5 on.
    pub(in crate::judging) fn group(rows: &[(bool, f64)]) -> Group {
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let row = |place: u32| rows[place as usize];
        let groups = Groups::of(row, &[all], 0.5, &Unwatched).unwrap();
        assert_eq!(groups.groups[0], groups.overall);
        groups.overall
    }

    #[test]
    fn metrics_are_of_their_own_rows() {
        let group = group(&[(true, 0.9), (true, 0.4), (false, 0.6), (false, 0.2), (false, 0.1)]);
        let share = |metric, rows, value: f64| {
            let found = group.measured(metric).unwrap();
            assert_eq!(found.rows, rows, "{metric:?}");
            assert!((found.value.unwrap() - value).abs() < 1e-12, "{metric:?}");
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

    /// One order of all rows gives each group the area that its rows alone have, however many scores are equal.
    #[test]
    fn areas_of_groups_are_those_of_their_rows_alone() {
        let draw = |seed, row: u32| crate::hash::hash_u64(seed, u64::from(row)) as f64 / u64::MAX as f64;
        for levels in [3.0, 50.0, 1e12] {
            let row = |place: u32| {
                let score = (draw(1, place) * levels).floor() / levels;
                (draw(2, place) < score, score)
            };
            let mut groups = vec![Vec::new(); 5];
            (0..4000).for_each(|place| groups[(draw(3, place) * 4.0) as usize].push(place));
            let found = Groups::of(row, &groups, 0.5, &Unwatched).unwrap();
            let alone = |rows: &[u32]| {
                let ranking = Ranking::of(rows.iter().map(|&place| row(place)), &Unwatched).unwrap();
                ranking.roc_auc_with_variance(&Unwatched).unwrap()
            };
            let all: Vec<u32> = (0..4000).collect();
            for (group, rows) in std::iter::once((&found.overall, &all)).chain(found.groups.iter().zip(&groups)) {
                let area = group.measured(GroupMetric::RocAuc).unwrap();
                let expected = alone(rows);
                assert_eq!(area.value, expected.map(|(area, _)| area));
                let half = expected
                    .and_then(|(_, variance)| variance)
                    .map(|variance| normal_quantile(LEVEL) * variance.sqrt());
                assert_eq!(
                    area.interval.map(|(low, _)| low),
                    area.value.zip(half).map(|(area, half)| area - half)
                );
            }
        }
    }

    #[test]
    fn a_probability_that_is_none_is_an_error() {
        assert!(Groups::of(|_| (true, f64::NAN), &[vec![0]], 0.5, &Unwatched).is_err());
    }
}

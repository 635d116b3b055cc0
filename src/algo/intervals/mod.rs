//! Intervals around predictions that hold the true number as often as they say, whatever the model and the distribution, as long as rows to come
//! are like the rows that they were learned from (Vovk et al., "Algorithmic Learning in a Random World", 2005).
//!
//! They are learned on rows that the model did not learn from. By split conformal prediction an interval is the prediction plus and minus what
//! enough of these rows' errors are within; by conformalised quantile regression it is two quantiles learned like the model, moved by as much as
//! enough of the rows ask for (Romano et al., "Conformalized Quantile Regression", 2019): wide where the target varies, narrow where it does not.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::bytes;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::learners;
use crate::monitor::Monitor;
use crate::sort;
use crate::training_set::TrainingSet;

/// What errors call them.
const WHAT: &str = "the model's intervals";

/// Groups at most.
const MOST_GROUPS: usize = 10_000;

/// Rows between two looks at the monitor: even forests of large trees score so many within a few tens of milliseconds.
const LOOK: usize = 64;

/// Rows sorted between two looks at it.
const RUN: usize = 1 << 19;

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As wide for one row as for another.
    Split,
    /// Between two quantiles.
    Quantile,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 2] = [Method::Split, Method::Quantile];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Split => "split",
            Method::Quantile => "quantile",
        }
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The intervals of a model.
#[derive(Debug)]
pub struct Intervals {
    /// How often the true number is inside.
    pub level: f64,
    /// By how much they go beyond the prediction, or the quantiles.
    correction: f64,
    groups: Option<Groups>,
    /// What predicts the lower and the upper quantile; `None` where the prediction itself is the middle.
    pub quantiles: Option<[Box<dyn Fitted>; 2]>,
}

/// Groups of rows that have a correction of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Groups {
    /// The feature that tells them.
    feature: u32,
    /// Its values, ascending, missing last, each with its correction.
    corrections: Vec<(f64, f64)>,
}

/// As they are stored: quantiles by the number of their form and their bytes.
#[derive(Serialize, Deserialize)]
struct Stored {
    level: f64,
    correction: f64,
    groups: Option<Groups>,
    quantiles: Vec<(u16, Vec<u8>)>,
}

/// Where the values of two groups stand to each other: by their numbers; missing values, all alike, are last.
fn by_value(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// The place, counted from 1, of the score that is the correction of so many rows; `None` when they are too few.
fn place(rows: usize, level: f64) -> Option<usize> {
    // A product such as 0.9 x 10 may come out just above the whole number that it is.
    let place = ((rows + 1) as f64 * level - 1e-9).ceil() as usize;
    (1..=rows).contains(&place).then_some(place)
}

/// The fewest rows that tell a correction of a level.
pub fn fewest_rows(level: f64) -> usize {
    let least = ((level - 1e-9) / (1.0 - level)).floor() as usize;
    (least.saturating_sub(1)..)
        .find(|&rows| place(rows, level).is_some())
        .unwrap_or(least)
}

/// What learning them found.
pub struct Learned {
    /// The intervals.
    pub intervals: Intervals,
    /// How many groups have too few rows for a correction of their own, and have that of all rows.
    pub small_groups: usize,
}

impl Intervals {
    /// Learns the corrections on rows from which neither `model` nor `quantiles` has learned. `feature` tells the groups that have their own. Returns
    /// an error for too few rows or too many groups, and when stopped. O(rows x (model + log rows)).
    pub fn learn(
        level: f64,
        quantiles: Option<[Box<dyn Fitted>; 2]>,
        feature: Option<usize>,
        model: &dyn Estimator,
        set: &TrainingSet,
        monitor: &dyn Monitor,
    ) -> Result<Learned> {
        let mut intervals = Intervals {
            level,
            correction: 0.0,
            groups: None,
            quantiles,
        };
        let mut scores = intervals.scores(feature, model, set, monitor)?;
        let too_few = || {
            let wanted = fewest_rows(level);
            Error::data(
                format!("intervals of level {level} need at least {wanted} rows to be learned from"),
                "give more rows, a larger fraction, or a lower level",
            )
            .detail(format!(
                "There are {}, from which the model itself does not learn.",
                scores.len()
            ))
        };
        let wanted = place(scores.len(), level).ok_or_else(too_few)?;
        sort::sort_by(&mut scores, RUN, |a, b| a.1.total_cmp(&b.1), monitor)?;
        intervals.correction = scores[wanted - 1].1;
        let mut small_groups = 0;
        if let Some(feature) = feature {
            let by_group = |a: &(f64, f64), b: &(f64, f64)| by_value(a.0, b.0).then(a.1.total_cmp(&b.1));
            sort::sort_by(&mut scores, RUN, by_group, monitor)?;
            let mut corrections = Vec::new();
            for group in scores.chunk_by(|a, b| by_value(a.0, b.0).is_eq()) {
                match place(group.len(), level) {
                    Some(wanted) => corrections.push((group[0].0, group[wanted - 1].1)),
                    None => small_groups += 1,
                }
            }
            if corrections.len() > MOST_GROUPS {
                return Err(Error::data(
                    format!("there are {} groups with intervals of their own", corrections.len()),
                    "group by a column of fewer values",
                )
                .detail(format!("At most {MOST_GROUPS} are allowed.")));
            }
            intervals.groups = Some(Groups {
                feature: feature as u32,
                corrections,
            });
        }
        Ok(Learned {
            intervals,
            small_groups,
        })
    }

    /// The group of each row, and by how much its number is outside of what there is without a correction; less than 0 inside.
    fn scores(
        &self,
        feature: Option<usize>,
        model: &dyn Estimator,
        set: &TrainingSet,
        monitor: &dyn Monitor,
    ) -> Result<Vec<(f64, f64)>> {
        let mut row = vec![f64::NAN; set.frame.width()];
        let mut scores = crate::room::with_capacity(set.rows())?;
        for (index, &y) in set.targets()?.iter().enumerate() {
            if index.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            set.frame.encode_row(index, &mut row);
            let mut value = [f64::NAN];
            model.score(&row, &mut value);
            let [low, high] = self.around(value[0], &row, self.quantiles());
            let group = feature.map_or(0.0, |feature| row[feature]);
            scores.push((group, (low - y).max(y - high)));
        }
        Ok(scores)
    }

    /// The estimators of the quantiles.
    fn quantiles(&self) -> Option<[&dyn Estimator; 2]> {
        let [low, high] = self.quantiles.as_ref()?;
        Some([&**low as &dyn Estimator, &**high as &dyn Estimator])
    }

    /// What the correction is added to.
    #[inline]
    fn around(&self, value: f64, row: &[f64], quantiles: Option<[&dyn Estimator; 2]>) -> [f64; 2] {
        let Some(quantiles) = quantiles else {
            return [value, value];
        };
        let [low, high] = quantiles.map(|quantile| {
            let mut out = [f64::NAN];
            quantile.score(row, &mut out);
            out[0]
        });
        // Quantiles that were learned apart may cross.
        [low.min(high), low.max(high)]
    }

    /// The interval of an encoded row for which the model predicts `value`. `quantiles` score as [`Intervals::quantiles`] do, faster where that can be.
    #[inline]
    pub fn of(&self, value: f64, row: &[f64], quantiles: Option<[&dyn Estimator; 2]>) -> [f64; 2] {
        let [low, high] = self.around(value, row, quantiles.or_else(|| self.quantiles()));
        let correction = self.correction_of(row);
        let (lower, upper) = (low - correction, high + correction);
        if lower <= upper {
            return [lower, upper];
        }
        // The quantiles are further apart than the rows ask for, by more than they are apart here.
        let middle = low + (high - low) / 2.0;
        [middle, middle]
    }

    /// The correction of a row's group, or that of all rows.
    #[inline]
    fn correction_of(&self, row: &[f64]) -> f64 {
        let own = self.groups.as_ref().and_then(|groups| {
            let value = row[groups.feature as usize];
            let found = groups.corrections.binary_search_by(|group| by_value(group.0, value));
            found.ok().map(|place| groups.corrections[place].1)
        });
        own.unwrap_or(self.correction)
    }

    /// Appends their bytes. Returns an error when stopped, and where there is no room.
    pub fn encode(&self, what: &'static str, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let quantiles = self.quantiles.iter().flatten();
        let quantiles = quantiles.map(|quantile| Ok((quantile.form(), quantile.encode(Vec::new(), monitor)?)));
        let stored = Stored {
            level: self.level,
            correction: self.correction,
            groups: self.groups.clone(),
            quantiles: quantiles.collect::<Result<_>>()?,
        };
        bytes::encode(what, &stored, bytes, monitor)
    }

    /// Reads bytes that may come from anywhere; what they hold is not checked yet, see [`Intervals::validate`].
    pub fn decode(what: &'static str, bytes: &[u8], monitor: &dyn Monitor) -> Result<Intervals> {
        let stored: Stored = bytes::decode(what, bytes, monitor)?;
        let quantiles = stored.quantiles.iter();
        let quantiles = quantiles.map(|(form, bytes)| learners::decode(*form, bytes, monitor));
        let mut quantiles = quantiles.collect::<Result<Vec<_>>>()?;
        let quantiles = match (quantiles.pop(), quantiles.pop(), quantiles.pop()) {
            (None, ..) => None,
            (Some(high), Some(low), None) => Some([low, high]),
            _ => return Err(Error::damaged(WHAT, "the number of quantiles is wrong")),
        };
        Ok(Intervals {
            level: stored.level,
            correction: stored.correction,
            groups: stored.groups,
            quantiles,
        })
    }

    /// Checks all that scoring relies on. Returns an error when stopped, too. O(size).
    pub fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
        if !(self.level > 0.0 && self.level < 1.0 && self.correction.is_finite()) {
            return damaged("a number is out of range");
        }
        if let Some(Groups { feature, corrections }) = &self.groups
            && (*feature as usize >= features.len()
                || !corrections.is_sorted_by(|a, b| by_value(a.0, b.0).is_lt())
                || corrections.iter().any(|group| !group.1.is_finite()))
        {
            return damaged("its groups are out of order");
        }
        for quantile in self.quantiles.iter().flatten() {
            quantile.validate(features, monitor)?;
            if quantile.outputs() != 1 {
                return damaged("a quantile is no number");
            }
        }
        Ok(())
    }

    /// Bytes that they hold on the heap.
    pub fn memory(&self) -> usize {
        let groups = self
            .groups
            .as_ref()
            .map_or(0, |groups| groups.corrections.capacity() * 16);
        groups
            + self
                .quantiles
                .iter()
                .flatten()
                .map(|quantile| quantile.memory())
                .sum::<usize>()
    }
}

/// Of rows with known numbers, how many are inside their intervals, and how wide these are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    rows: u64,
    inside: u64,
    width: f64,
}

impl Coverage {
    /// Of the rows of a set. Returns an error when stopped. O(rows x model).
    pub fn of(
        intervals: &Intervals,
        model: &dyn Estimator,
        set: &TrainingSet,
        monitor: &dyn Monitor,
    ) -> Result<Coverage> {
        let mut coverage = Coverage::default();
        let mut row = vec![f64::NAN; set.frame.width()];
        for (index, &y) in set.targets()?.iter().enumerate() {
            if index.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            set.frame.encode_row(index, &mut row);
            let mut value = [f64::NAN];
            model.score(&row, &mut value);
            coverage.push(y, intervals.of(value[0], &row, None));
        }
        Ok(coverage)
    }

    /// Adds a row.
    pub fn push(&mut self, y: f64, [lower, upper]: [f64; 2]) {
        self.rows += 1;
        self.inside += u64::from(lower <= y && y <= upper);
        self.width += upper - lower;
    }

    /// Adds the rows of another pass.
    pub fn merge(&mut self, other: &Coverage) {
        self.rows = self.rows.saturating_add(other.rows);
        self.inside = self.inside.saturating_add(other.inside);
        self.width += other.width;
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether no more rows are inside than there are.
    pub fn is_sound(&self) -> bool {
        self.inside <= self.rows
    }

    /// Its metrics: the share inside, and the mean width. None without rows.
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        if self.rows == 0 {
            return Vec::new();
        }
        let rows = self.rows as f64;
        vec![
            ("interval_coverage", self.inside as f64 / rows),
            ("interval_width", self.width / rows),
        ]
    }
}

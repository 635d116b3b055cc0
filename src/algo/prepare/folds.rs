//! Folds: each part of the rows tests once a model that learned from others.

use super::column::Apart;
use super::division::Division;
use super::groups::Groups;
use super::rows::Rows;
use super::target::NOT_READ;
use crate::error::{Error, Result};
use crate::frame::MISSING;
use crate::monitor::Monitor;
use crate::sort;

/// The most folds.
pub const MOST_FOLDS: usize = 1000;
/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;
/// The fold of rows that always train.
const NONE: u32 = u32::MAX;

/// What folds go by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FoldBy {
    /// Rows are drawn by content and seed; class by class for a classification.
    Random,
    /// Rows with one value in the column at this place are in one fold.
    Group(usize),
    /// Rows are in the order of the column at this place: each fold tests a later part, and learns from rows that are more than `gap` earlier.
    Time {
        /// The column's place.
        place: usize,
        /// In its unit.
        gap: f64,
    },
    /// Each value of the column at this place is a fold.
    Column(usize),
}

/// The folds of some rows.
pub struct Folds<'a> {
    rows: &'a Rows,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// The fold of each row, in canonical order, and how many there are.
    Assigned(Vec<u32>, usize),
    /// The moments of the rows of the query, and for each fold those from which its test rows begin and end, and before which it learns.
    Times(&'a [f64], Vec<Window>),
}

/// A fold's part of the time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    first: f64,
    /// The first that is later.
    end: f64,
    gap: f64,
}

impl Rows {
    /// Divides the rows into folds. Returns an error where there are too few rows, groups or moments for them.
    pub fn folds(&self, by: FoldBy, folds: usize, seed: u64, monitor: &dyn Monitor) -> Result<Folds<'_>> {
        let rows = self.order().len();
        if rows < folds {
            return Err(Error::data(
                format!("there are {rows} rows for {folds} folds"),
                "ask for fewer folds, or give more rows with a target",
            ));
        }
        let kind = match by {
            FoldBy::Random => Kind::Assigned(self.drawn_folds(folds, monitor)?, folds),
            FoldBy::Group(place) => {
                let groups = Groups::of(self, place, seed, monitor)?;
                let of_groups = groups.folds(folds)?;
                let of_rows = groups.of_rows.iter().map(|&group| of_groups[group as usize]).collect();
                Kind::Assigned(of_rows, folds)
            }
            FoldBy::Time { place, gap } => {
                let Some(Apart::Numbers(times)) = self.apart(place) else {
                    return Err(NOT_READ);
                };
                Kind::Times(times, self.windows(place, times, gap, folds, monitor)?)
            }
            FoldBy::Column(place) => {
                let (of_rows, folds) = self.folds_of_values(place, monitor)?;
                Kind::Assigned(of_rows, folds)
            }
        };
        Ok(Folds { rows: self, kind })
    }

    /// Deals the rows of each class to the folds in turn, going on where the class before ended: so folds differ by one row at most, and so do their
    /// rows of each class.
    fn drawn_folds(&self, folds: usize, monitor: &dyn Monitor) -> Result<Vec<u32>> {
        let strata = self.strata();
        let stratum = |row: u32| strata.as_ref().map_or(0, |strata| strata[row as usize] as usize);
        let mut starts = vec![0_usize; 1];
        for rows in self.order().chunks(BLOCK) {
            monitor.check()?;
            for &row in rows {
                if starts.len() < stratum(row) + 2 {
                    starts.resize(stratum(row) + 2, 0);
                }
                starts[stratum(row) + 1] += 1;
            }
        }
        (1..starts.len()).for_each(|next| starts[next] += starts[next - 1]);
        let mut of_rows = Vec::with_capacity(self.order().len());
        for rows in self.order().chunks(BLOCK) {
            monitor.check()?;
            of_rows.extend(rows.iter().map(|&row| {
                let next = &mut starts[stratum(row)];
                *next += 1;
                ((*next - 1) % folds) as u32
            }));
        }
        Ok(of_rows)
    }

    /// The parts of the time, as scikit-learn's TimeSeriesSplit has them: the last folds of one more than there are. Rows of one moment are never
    /// divided: a part begins with the first row of its moment.
    fn windows(
        &self,
        place: usize,
        times: &[f64],
        gap: f64,
        folds: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Window>> {
        let known = self.order().iter().map(|&row| times[row as usize]);
        let mut known: Vec<f64> = known.filter(|time| !time.is_nan()).collect();
        sort::sort(&mut known, monitor)?;
        let part = known.len() / (folds + 1);
        let firsts: Vec<f64> = (0..folds)
            .filter_map(|fold| known.get(known.len().saturating_sub((folds - fold) * part)).copied())
            .collect();
        let too_few = || {
            Error::data(
                format!(
                    "column \"{}\" has too few different values for {folds} folds",
                    self.apart_name(place)
                ),
                "ask for fewer folds, or order by a column of more moments",
            )
        };
        let distinct = firsts.is_sorted_by(|a, b| a < b);
        let earliest = known.first().copied().unwrap_or(f64::NAN);
        if part == 0 || firsts.len() < folds || !distinct || firsts[0] <= earliest {
            return Err(too_few());
        }
        if earliest >= firsts[0] - gap {
            return Err(Error::data(
                format!(
                    "no row of column \"{}\" is earlier than the first fold by more than the gap",
                    self.apart_name(place)
                ),
                "make the gap shorter, or ask for fewer folds",
            ));
        }
        let ends = firsts.iter().skip(1).copied().chain([f64::INFINITY]);
        let windows = firsts.iter().zip(ends).map(|(&first, end)| Window { first, end, gap });
        Ok(windows.collect())
    }

    /// The fold of each row by the values of a column, in their order; a row without one always trains.
    fn folds_of_values(&self, place: usize, monitor: &dyn Monitor) -> Result<(Vec<u32>, usize)> {
        let order = || self.order().iter().map(|&row| row as usize);
        let (places, count) = match self.apart(place).ok_or(NOT_READ)? {
            Apart::Numbers(numbers) => {
                let known = order().map(|row| numbers[row]).filter(|number| !number.is_nan());
                let mut values: Vec<f64> = known.map(|number| number + 0.0).collect();
                sort::sort(&mut values, monitor)?;
                values.dedup();
                let place = |number: f64| values.partition_point(|value| *value < number) as u32;
                let places: Vec<u32> = order()
                    .map(|row| {
                        if numbers[row].is_nan() {
                            NONE
                        } else {
                            place(numbers[row])
                        }
                    })
                    .collect();
                (places, values.len())
            }
            Apart::Codes { codes, levels } => {
                let mut used = vec![false; levels.len()];
                order()
                    .filter(|&row| codes[row] != MISSING)
                    .for_each(|row| used[codes[row] as usize] = true);
                let mut ranked: Vec<usize> = (0..levels.len()).filter(|&code| used[code]).collect();
                monitor.check()?;
                ranked.sort_by_key(|&code| levels.get(code));
                let mut places = vec![NONE; levels.len()];
                ranked.iter().zip(0..).for_each(|(&code, place)| places[code] = place);
                let of_rows = order().map(|row| places.get(codes[row] as usize).copied().unwrap_or(NONE));
                (of_rows.collect(), ranked.len())
            }
        };
        monitor.check()?;
        let name = self.apart_name(place);
        if count < 2 {
            return Err(Error::data(
                format!("column \"{name}\" has {count} different values, and each is a fold"),
                "name a column with a value for each fold",
            ));
        }
        if count > MOST_FOLDS {
            return Err(Error::data(
                format!("column \"{name}\" has {count} different values, and each is a fold"),
                "put rows of several values together with group(column)",
            ));
        }
        Ok((places, count))
    }
}

impl Folds<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Assigned(_, folds) => *folds,
            Kind::Times(_, windows) => windows.len(),
        }
    }

    /// Which rows train and which test in a fold; some may do neither. Rows without a value in the column that folds go by always train.
    pub fn division(&self, fold: usize, monitor: &dyn Monitor) -> Result<Division> {
        let mut division = Division::default();
        for (rows, start) in self.rows.order().chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            monitor.check()?;
            for (&row, place) in rows.iter().zip(start..) {
                let tests = match &self.kind {
                    Kind::Assigned(folds, _) => Some(folds[place] as usize == fold),
                    Kind::Times(times, windows) => windows[fold].tests(times[row as usize]),
                };
                match tests {
                    Some(true) => division.test.push(row),
                    Some(false) => division.train.push(row),
                    None => {}
                }
            }
        }
        Ok(division)
    }
}

impl Window {
    /// Whether a row of a moment tests, or else trains; `None` for neither.
    fn tests(&self, time: f64) -> Option<bool> {
        match time {
            time if time.is_nan() => Some(false),
            time if time >= self.first && time < self.end => Some(true),
            time if time < self.first - self.gap => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

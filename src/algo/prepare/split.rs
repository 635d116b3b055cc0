//! Rows divided once: which of them test the model instead of training it.

use super::column::Apart;
use super::division::Division;
use super::groups::Groups;
use super::rows::Rows;
use super::target::NOT_READ;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::sort;
use crate::split;

/// Which rows test the model instead of training it.
#[derive(Debug, Clone, Copy)]
pub enum Split {
    /// All rows train.
    None,
    /// This fraction tests, drawn by row content and seed; class by class for a classification.
    Fraction(f64),
    /// The rows where the column (a boolean) at this place of the query is true test; where it is NULL they train. It is set apart.
    Column(usize),
    /// The last rows in the order of the column at this place (numbers), about this fraction of those that have a value: rows of one value stay on
    /// one side. Where it is NULL they train. It is set apart.
    Latest(usize, f64),
    /// About this fraction tests, drawn by value and seed: rows of one value in the column at this place stay on one side. A row without a value is
    /// drawn by itself. It is set apart.
    Group(usize, f64),
}

impl Rows {
    /// The division that a split makes, of the rows with a target.
    pub fn divide(&self, split: Split, seed: u64, monitor: &dyn Monitor) -> Result<Division> {
        let is_test: Vec<bool> = match split {
            Split::None => {
                return Ok(Division {
                    train: self.order().to_vec(),
                    test: Vec::new(),
                });
            }
            Split::Fraction(fraction) => {
                let classes = self.strata();
                split::test_rows(self.order(), classes.as_deref(), fraction, monitor)?
            }
            Split::Column(place) => match self.apart(place) {
                Some(Apart::Numbers(tests)) => tests.iter().map(|&test| test == 1.0).collect(),
                Some(Apart::Codes { .. }) | None => return Err(NOT_READ),
            },
            Split::Latest(place, fraction) => {
                let Some(Apart::Numbers(times)) = self.apart(place) else {
                    return Err(NOT_READ);
                };
                let first = self.first_of_latest(place, times, fraction, monitor)?;
                times.iter().map(|&time| time >= first).collect()
            }
            Split::Group(place, fraction) => {
                let groups = Groups::of(self, place, seed, monitor)?;
                let tests = groups.test(split::test_share(self.order().len(), fraction));
                let mut is_test = vec![false; self.count()];
                for (&row, &group) in self.order().iter().zip(&groups.of_rows) {
                    is_test[row as usize] = tests[group as usize];
                }
                is_test
            }
        };
        monitor.check()?;
        let rows = self.order().iter().copied();
        let (train, test) = rows.partition(|&row| !is_test[row as usize]);
        Ok(Division { train, test })
    }

    /// The moment from which on rows test: of the two nearest to the fraction that do not divide rows of one moment the nearer one.
    fn first_of_latest(&self, place: usize, times: &[f64], fraction: f64, monitor: &dyn Monitor) -> Result<f64> {
        let known = self.order().iter().map(|&row| times[row as usize]);
        let mut known: Vec<f64> = known.filter(|time| !time.is_nan()).collect();
        sort::sort(&mut known, monitor)?;
        let wanted = split::test_share(known.len(), fraction).max(1);
        let Some(&cut) = known.len().checked_sub(wanted).and_then(|first| known.get(first)) else {
            return Err(Error::data(
                format!("column \"{}\" is NULL in every row", self.apart_name(place)),
                "name a column by which rows can be ordered",
            ));
        };
        let from = known.partition_point(|time| *time < cut);
        let after = known.partition_point(|time| *time <= cut);
        let rows = |start: usize| (known.len() - start).abs_diff(wanted);
        match known.get(after) {
            Some(&next) if from == 0 || rows(after) < rows(from) => Ok(next),
            _ if from > 0 => Ok(cut),
            _ => Err(Error::data(
                format!("column \"{}\" has one value in all rows", self.apart_name(place)),
                "name a column by which rows can be ordered",
            )),
        }
    }
}

//! Which rows train and which test.

use super::column::Apart;
use super::rows::Rows;
use super::target::NOT_READ;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::split;

/// Which rows train and which test: places of rows of the query, each list in the order in which the learner sees them. Whoever makes one takes
/// rows of [`Rows::order`], in that order, so that what is learned does not depend on how the query gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Division {
    /// Rows that train.
    pub train: Vec<u32>,
    /// Rows that test.
    pub test: Vec<u32>,
}

/// Which rows test the model instead of training it.
#[derive(Debug, Clone, Copy)]
pub enum Split {
    /// All rows train.
    None,
    /// This fraction tests, drawn by row content and seed; class by class for a classification.
    Fraction(f64),
    /// The rows where the column (a boolean) at this place of the query is true test; where it is NULL they train. It is set apart.
    Column(usize),
}

impl Rows {
    /// The division that a split makes, of the rows with a target.
    pub fn divide(&self, split: Split, monitor: &dyn Monitor) -> Result<Division> {
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
        };
        monitor.check()?;
        let rows = self.order().iter().copied();
        let (train, test) = rows.partition(|&row| !is_test[row as usize]);
        Ok(Division { train, test })
    }
}

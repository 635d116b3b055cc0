//! How often each of some values occurs.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::test::Constant;
use crate::block::{BlockColumn, Cells};
use crate::error::{Error, Result};

/// Rows by value, of values that are given beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Occurring {
    /// In order, each once.
    values: Vec<(Constant, u64)>,
}

impl Occurring {
    /// Of values that have not occurred yet.
    pub fn new(values: &[Constant]) -> Occurring {
        let mut values: Vec<(Constant, u64)> = values.iter().map(|value| (positive_zero(value), 0)).collect();
        values.sort_by(|(one, _), (other, _)| compare(one, other));
        values.dedup_by(|(one, _), (other, _)| compare(one, other).is_eq());
        Occurring { values }
    }

    /// The values with their rows, in order.
    pub fn values(&self) -> &[(Constant, u64)] {
        &self.values
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        let texts = self.values.iter().filter_map(|(value, _)| value.text()).map(str::len);
        texts.sum::<usize>() + self.values.capacity() * size_of::<(Constant, u64)>()
    }

    /// Adds the cells of some rows.
    pub fn push(&mut self, column: &BlockColumn, rows: impl Iterator<Item = usize>) {
        match column.cells() {
            Cells::Integers(cells) => rows.for_each(|row| self.count(|value| value.integer().cmp(&Some(cells[row])))),
            Cells::Numbers(cells) => rows.for_each(|row| {
                let cell = cells[row] + 0.0;
                self.count(|value| value.number().map_or(Ordering::Less, |number| number.total_cmp(&cell)));
            }),
            Cells::Texts(texts) => rows.for_each(|row| self.count(|value| value.text().cmp(&Some(texts.get(row))))),
        }
    }

    fn count(&mut self, order: impl Fn(&Constant) -> Ordering) {
        if let Ok(place) = self.values.binary_search_by(|(value, _)| order(value)) {
            self.values[place].1 += 1;
        }
    }

    /// Adds what was counted of the same values in other rows. Returns an error where they are others.
    pub fn merge(&mut self, other: &Occurring) -> Result<()> {
        let same = self.values.len() == other.values.len();
        let mut pairs = self.values.iter().zip(&other.values);
        if !same || !pairs.all(|((value, _), (of_other, _))| compare(value, of_other).is_eq()) {
            return Err(Error::damaged("scan", "rows of different values were counted"));
        }
        for ((_, rows), (_, more)) in self.values.iter_mut().zip(&other.values) {
            *rows = rows.saturating_add(*more);
        }
        Ok(())
    }

    /// Whether it can be what so many rows gave of these values.
    pub fn is_sound(&self, values: &[Constant], rows: u64) -> bool {
        let expected = Occurring::new(values).values;
        let mut pairs = self.values.iter().zip(&expected);
        let counted = self
            .values
            .iter()
            .try_fold(0_u64, |sum, (_, rows)| sum.checked_add(*rows));
        self.values.len() == expected.len()
            && pairs.all(|((value, _), (expected, _))| compare(value, expected).is_eq())
            && counted.is_some_and(|counted| counted <= rows)
    }
}

/// As cells are compared: a negative zero is a zero.
fn positive_zero(value: &Constant) -> Constant {
    match value {
        Constant::Number(number) => Constant::Number(number + 0.0),
        Constant::Integer(_) | Constant::Text(_) => value.clone(),
    }
}

/// The order of values of one form.
fn compare(one: &Constant, other: &Constant) -> Ordering {
    match (one.number(), other.number()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => (one.integer(), one.text()).cmp(&(other.integer(), other.text())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_counted_once_whatever_its_sign_of_zero() {
        let values = [Constant::Number(2.0), Constant::Number(-0.0), Constant::Number(0.0)];
        let mut counted = Occurring::new(&values);
        counted.count(|value| value.number().map_or(Ordering::Less, |number| number.total_cmp(&0.0)));
        assert_eq!(
            counted.values(),
            [(Constant::Number(0.0), 1), (Constant::Number(2.0), 0)]
        );
        assert!(counted.is_sound(&values, 1) && !counted.is_sound(&values, 0) && !counted.is_sound(&values[..1], 1));
        let mut merged = Occurring::new(&values);
        assert!(merged.merge(&counted).is_ok() && merged == counted);
        assert!(merged.merge(&Occurring::new(&values[..1])).is_err());
    }
}

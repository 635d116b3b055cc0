//! The least and the greatest value of a column, in PostgreSQL's order: infinities are values, and NaN is above all numbers.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::test::Constant;
use crate::block::Form;

/// The least and the greatest value; nothing without values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Extremes {
    ends: Option<(Constant, Constant)>,
}

impl Extremes {
    /// The least value.
    pub fn least(&self) -> Option<&Constant> {
        self.ends.as_ref().map(|(least, _)| least)
    }

    /// The greatest value.
    pub fn greatest(&self) -> Option<&Constant> {
        self.ends.as_ref().map(|(_, greatest)| greatest)
    }

    /// Adds integers.
    pub fn push_integers(&mut self, integers: impl Iterator<Item = i64>) {
        let ends = integers.fold(None, |ends: Option<(i64, i64)>, integer| {
            let (least, greatest) = ends.unwrap_or((integer, integer));
            Some((least.min(integer), greatest.max(integer)))
        });
        self.add(ends.map(|(least, greatest)| (Constant::Integer(least), Constant::Integer(greatest))));
    }

    /// Adds numbers.
    pub fn push_numbers(&mut self, numbers: impl Iterator<Item = f64>) {
        let ends = numbers.fold(None, |ends: Option<(f64, f64)>, number| {
            let (least, greatest) = ends.unwrap_or((number, number));
            let least = if order(number, least).is_lt() { number } else { least };
            let greatest = if order(number, greatest).is_gt() {
                number
            } else {
                greatest
            };
            Some((least, greatest))
        });
        self.add(ends.map(|(least, greatest)| (Constant::Number(least), Constant::Number(greatest))));
    }

    /// Adds what other rows had.
    pub fn merge(&mut self, other: &Extremes) {
        self.add(other.ends.clone());
    }

    fn add(&mut self, other: Option<(Constant, Constant)>) {
        let Some((low, high)) = other else { return };
        match &mut self.ends {
            Some((least, greatest)) => {
                if compare(&low, least).is_lt() {
                    *least = low;
                }
                if compare(&high, greatest).is_gt() {
                    *greatest = high;
                }
            }
            ends @ None => *ends = Some((low, high)),
        }
    }

    /// Whether it can be that of a column of this form.
    pub fn is_sound(&self, form: Option<Form>) -> bool {
        self.ends.as_ref().is_none_or(|(least, greatest)| {
            let of_form = |value: &Constant| Some(value.form()) == form && value.text().is_none();
            of_form(least) && of_form(greatest) && compare(least, greatest).is_le()
        })
    }
}

/// The order of two values of one column.
fn compare(one: &Constant, other: &Constant) -> Ordering {
    match (one.number(), other.number()) {
        (Some(one), Some(other)) => order(one, other),
        _ => one.integer().cmp(&other.integer()),
    }
}

/// The order of numbers: NaN is above all others, and equals itself.
fn order(one: f64, other: f64) -> Ordering {
    one.partial_cmp(&other)
        .unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[f64]) -> Extremes {
        let mut extremes = Extremes::default();
        extremes.push_numbers(numbers.iter().copied());
        extremes
    }

    #[test]
    fn they_are_those_of_postgresql() {
        assert_eq!(of(&[]).least(), None);
        let extremes = of(&[2.0, -1.0, f64::INFINITY, 3.0]);
        assert_eq!(extremes.least(), Some(&Constant::Number(-1.0)));
        assert_eq!(extremes.greatest(), Some(&Constant::Number(f64::INFINITY)));
        let extremes = of(&[f64::NAN, 5.0]);
        assert_eq!(extremes.least(), Some(&Constant::Number(5.0)));
        assert!(matches!(extremes.greatest(), Some(Constant::Number(greatest)) if greatest.is_nan()));
        assert!(extremes.is_sound(Some(Form::Numbers)) && !extremes.is_sound(Some(Form::Integers)));
    }

    #[test]
    fn merging_gives_those_of_all_rows() {
        let mut merged = of(&[3.0, 4.0]);
        merged.merge(&of(&[]));
        merged.merge(&of(&[9.0, 3.5]));
        assert_eq!(merged, of(&[3.0, 4.0, 9.0, 3.5]));
        let mut integers = Extremes::default();
        integers.push_integers([5, i64::MIN, 7].into_iter());
        assert_eq!(integers.least(), Some(&Constant::Integer(i64::MIN)));
        assert_eq!(integers.greatest(), Some(&Constant::Integer(7)));
    }
}

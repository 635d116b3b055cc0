//! A column's values as classes.

use hashbrown::HashMap;

use super::column::{ColumnKind, ColumnValues};
use crate::error::Result;
use crate::frame::MISSING;
use crate::label::Label;
use crate::monitor::Monitor;

/// Values between two looks at the monitor.
const BLOCK: usize = 1 << 15;

/// Rows as classes: the distinct labels in no order, and a code for each row, [`MISSING`] for NULL.
pub struct Classes {
    /// The labels.
    pub labels: Vec<Label>,
    /// One per row.
    pub codes: Vec<u32>,
}

impl Classes {
    /// Of a category. `None` for a column of other values.
    pub fn of_category(values: ColumnValues) -> Option<Classes> {
        let ColumnValues::Codes { codes, levels, places } = values else {
            return None;
        };
        let text = |place: usize| levels.get(place).to_string();
        let labels = match places {
            None => (0..levels.len()).map(|place| Label::Text(text(place))).collect(),
            Some(places) => (0..)
                .zip(places)
                .map(|(place, order)| Label::enumerated(order, text(place)))
                .collect(),
        };
        Some(Classes { labels, codes })
    }

    /// Of numbers. `None` for a type, or a number, that cannot be a class. Returns an error only when stopped.
    pub fn of_numbers(kind: ColumnKind, numbers: &[f64], monitor: &dyn Monitor) -> Result<Option<Classes>> {
        let is_boolean = match kind {
            ColumnKind::Boolean => true,
            ColumnKind::Whole => false,
            ColumnKind::Number
            | ColumnKind::Date
            | ColumnKind::Timestamp
            | ColumnKind::Category
            | ColumnKind::Vector => return Ok(None),
        };
        let mut dictionary = HashMap::<u64, u32>::new();
        let mut labels = Vec::new();
        let mut codes = Vec::with_capacity(numbers.len());
        for (index, &number) in numbers.iter().enumerate() {
            if index % BLOCK == 0 {
                monitor.check()?;
            }
            if number.is_nan() {
                codes.push(MISSING);
                continue;
            }
            let label = match is_boolean {
                true => Label::Bool(number != 0.0),
                false if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 => {
                    Label::Number(number as i64)
                }
                false => return Ok(None),
            };
            // -0.0 is 0.
            let code = *dictionary.entry((number + 0.0).to_bits()).or_insert_with(|| {
                labels.push(label);
                labels.len() as u32 - 1
            });
            codes.push(code);
        }
        Ok(Some(Classes { labels, codes }))
    }

    /// The same with the labels in their order.
    pub fn sorted(self) -> Classes {
        let mut order: Vec<u32> = (0..self.labels.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| self.labels[a as usize].cmp(&self.labels[b as usize]));
        let mut new_codes = vec![0; order.len()];
        order
            .iter()
            .zip(0..)
            .for_each(|(&old, new)| new_codes[old as usize] = new);
        // The code of a missing value is beyond all of them.
        let new_code = |&code: &u32| new_codes.get(code as usize).copied().unwrap_or(MISSING);
        let codes = self.codes.iter().map(new_code).collect();
        let mut labels: Vec<Option<Label>> = self.labels.into_iter().map(Some).collect();
        let labels = order.iter().filter_map(|&old| labels[old as usize].take()).collect();
        Classes { labels, codes }
    }
}

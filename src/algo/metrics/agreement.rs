//! How often predicted labels are the actual ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::confusion::{Average, Confusion};
use super::two_labels::{same_type, text_memory};
use super::{MAX_ROWS, add_rows};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::label::Label;

/// The most distinct labels.
const MAX_LABELS: usize = 1000;

/// Counts of (actual, predicted) label pairs. Memory grows with the distinct pairs, not with the rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Agreement {
    /// Labels and their codes, in the order they were met.
    codes: BTreeMap<Label, u32>,
    /// Rows by the codes of the actual and the predicted label.
    pairs: BTreeMap<(u32, u32), u64>,
}

impl Agreement {
    /// Adds a row. O(log of the number of labels). Returns an error on label 1,001 and on a label of another type.
    #[inline]
    pub fn push(&mut self, actual: &Label, predicted: &Label) -> Result<()> {
        let pair = (self.code(actual)?, self.code(predicted)?);
        *self.pairs.entry(pair).or_insert(0) += 1;
        Ok(())
    }

    #[inline]
    fn code(&mut self, label: &Label) -> Result<u32> {
        match self.codes.get(label) {
            Some(&code) => Ok(code),
            None => self.admit(label),
        }
    }

    #[cold]
    fn admit(&mut self, label: &Label) -> Result<u32> {
        if let Some((first, _)) = self.codes.first_key_value() {
            same_type(first, label)?;
        }
        if self.codes.len() == MAX_LABELS {
            return Err(Error::data(
                format!("there are more than {MAX_LABELS} distinct labels"),
                "these metrics compare classes; use rmse or mae for numbers",
            ));
        }
        let code = self.codes.len() as u32;
        self.codes.insert(label.clone(), code);
        Ok(code)
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.pairs.values().sum()
    }

    /// The confusion matrix without its zeros: (actual, predicted, rows), in the order of labels.
    pub fn cells(&self) -> Vec<(&Label, &Label, u64)> {
        let mut labels: Vec<(&Label, u32)> = self.codes.iter().map(|(label, &code)| (label, code)).collect();
        labels.sort_unstable_by_key(|&(_, code)| code);
        let label = |code: u32| labels[code as usize].0;
        let mut cells: Vec<_> = self
            .pairs
            .iter()
            .map(|(&(a, p), &rows)| (label(a), label(p), rows))
            .collect();
        cells.sort_unstable();
        cells
    }

    /// The confusion matrix over classes in the order of labels, and how it becomes one number: with two labels the second is the
    /// positive class; true and 1 are, even alone; with more, classes are averaged. `None` when only one other label occurs:
    /// nothing tells then whether it is the positive one.
    pub fn confusion(&self) -> (Confusion, Option<Average>) {
        let mut place = vec![0; self.codes.len()];
        for (order, &code) in self.codes.values().enumerate() {
            place[code as usize] = order;
        }
        let first = self.codes.first_key_value().map(|(label, _)| label);
        // Of a boolean both classes are known, and of 0 and 1 when no other label occurs.
        let alone = first.filter(|_| self.codes.len() == 1).and_then(Label::is_positive);
        if alone == Some(true) {
            place[0] = 1;
        }
        let classes = if alone.is_some() { 2 } else { place.len() };
        let cells = self
            .pairs
            .iter()
            .map(|(&(a, p), &rows)| (place[a as usize], place[p as usize], rows));
        let average = match classes {
            0 | 1 => None,
            2 => Some(Average::Class(1)),
            _ => Some(Average::Macro),
        };
        (Confusion::new(classes, cells), average)
    }
}

impl Accumulator for Agreement {
    fn merge(&mut self, other: &Self) -> Result<()> {
        add_rows(self.rows(), other.rows())?;
        let mut ours = vec![0; other.codes.len()];
        for (label, &theirs) in &other.codes {
            ours[theirs as usize] = self.code(label)?;
        }
        for (&(actual, predicted), rows) in &other.pairs {
            *self
                .pairs
                .entry((ours[actual as usize], ours[predicted as usize]))
                .or_insert(0) += rows;
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let mut met = vec![false; self.codes.len().min(MAX_LABELS)];
        for &code in self.codes.values() {
            if let Some(met) = met.get_mut(code as usize) {
                *met = true;
            }
        }
        let first = self.codes.keys().next();
        let sound = self.codes.len() <= MAX_LABELS
            && met.into_iter().all(|met| met)
            && first.is_none_or(|first| self.codes.keys().all(|label| same_type(first, label).is_ok()))
            && self.pairs.keys().all(|&(a, p)| (a.max(p) as usize) < self.codes.len())
            && (self.pairs.values().try_fold(0_u64, |sum, &rows| sum.checked_add(rows)))
                .is_some_and(|rows| rows <= MAX_ROWS);
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("counts of labels", "labels or counts do not agree"))
        }
    }

    /// Estimated: the leaves of a B-tree are at least half full.
    fn memory(&self) -> usize {
        let codes =
            self.codes.len() * 2 * size_of::<(Label, u32)>() + self.codes.keys().map(text_memory).sum::<usize>();
        codes + self.pairs.len() * 2 * size_of::<((u32, u32), u64)>()
    }
}

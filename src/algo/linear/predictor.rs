//! Scoring of raw rows: preprocessing folded into the weights.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::coded::coded;
use crate::design::{Design, Encoding, NO_COLUMN};
use crate::error::{Error, Result};
use crate::exchange::{Head, LinearOutline, TermOutline};
use crate::formula::Expression;
use crate::frame::{Column, Frame};

/// Numbers are added up in so many sums that take turns: additions that wait for each other are what a score would take longest for.
pub(super) const LANES: usize = 4;

/// The sum of the sums.
#[inline]
pub(super) fn total(lanes: [f64; LANES]) -> f64 {
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}

/// A linear function of an encoded row, with the preprocessing folded in. O(features x outputs) a row, no allocation.
///
/// Numbers contribute `weight * (x - centre)`. Keeping the centre, instead of folding it into the intercept, keeps the digits of
/// columns whose mean is far larger than their deviation (timestamps). Categories contribute a looked-up number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearPredictor {
    outputs: usize,
    /// One an output.
    intercepts: Vec<f64>,
    /// One a feature.
    terms: Vec<Term>,
    /// Groups of `outputs` numbers. A number has one group: its weight. A category has one for each code, then one for a missing
    /// value.
    table: Vec<f64>,
}

/// How a feature contributes; `start` is its first place in the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Term {
    Number { start: usize, centre: f64, imputed: f64 },
    Category { start: usize, levels: usize },
}

coded!(Term {
    0 => Number { start, centre, imputed },
    1 => Category { start, levels },
});

impl LinearPredictor {
    /// Folds the preprocessing of `design` into `weights`, which are on the design's scale: `design.width()` an output, one output
    /// after the other. `intercepts` go with the design's columns as they are, that is, centred.
    pub fn fold(design: &Design, weights: &[f64], intercepts: &[f64]) -> LinearPredictor {
        let (outputs, width) = (intercepts.len(), design.width());
        let mut table = Vec::new();
        let terms = design.encodings().iter().map(|encoding| {
            let start = table.len();
            match encoding {
                Encoding::Number {
                    column,
                    mean,
                    centre,
                    inverse,
                } => {
                    table.extend((0..outputs).map(|output| weights[output * width + column] * inverse));
                    Term::Number {
                        start,
                        centre: *centre,
                        imputed: *mean,
                    }
                }
                Encoding::Category { columns } => {
                    for &column in columns {
                        let weight = |o| {
                            if column == NO_COLUMN {
                                0.0
                            } else {
                                weights[o * width + column as usize]
                            }
                        };
                        table.extend((0..outputs).map(weight));
                    }
                    Term::Category {
                        start,
                        levels: columns.len() - 1,
                    }
                }
            }
        });
        let terms = terms.collect();
        LinearPredictor {
            outputs,
            intercepts: intercepts.to_vec(),
            terms,
            table,
        }
    }

    /// How each feature contributes.
    pub(super) fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The weights that terms point into.
    pub(super) fn table(&self) -> &[f64] {
        &self.table
    }

    /// The outputs of a row that contributes nothing.
    pub(super) fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The first output of a row that contributes nothing.
    pub(super) fn intercept(&self) -> f64 {
        self.intercepts.first().copied().unwrap_or(0.0)
    }

    /// The same for those who write it in another format.
    pub(super) fn outline(&self, head: Head) -> LinearOutline {
        let group = |place: usize| self.table[place..place + self.outputs].to_vec();
        let term = |term: &Term| match *term {
            Term::Number { start, centre, imputed } => TermOutline::Number {
                weights: group(start),
                centre,
                imputed,
            },
            Term::Category { start, levels } => TermOutline::Category {
                codes: (0..=levels).map(|code| group(start + code * self.outputs)).collect(),
            },
        };
        LinearOutline {
            intercepts: self.intercepts.clone(),
            terms: self.terms.iter().map(term).collect(),
            head,
        }
    }

    /// How many linear functions this is.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The first output as an expression; `levels` says how many named levels each column has.
    pub(super) fn expression(&self, levels: &[usize]) -> Expression {
        let mut terms = vec![Expression::Number(self.intercept())];
        for (column, term) in self.terms.iter().enumerate() {
            terms.push(match *term {
                Term::Number { start, centre, imputed } => Expression::Linear {
                    column,
                    missing: imputed,
                    centre,
                    weight: self.table[start],
                },
                Term::Category { start, levels: codes } => {
                    let named = levels.get(column).copied().unwrap_or(0).min(codes);
                    let of = |code: usize| self.table[start + code * self.outputs];
                    Expression::Levels {
                        column,
                        weights: (0..named).map(of).collect(),
                        missing: of(codes),
                        // Rare levels have a code of their own where there are such.
                        other: if named < codes { of(named) } else { 0.0 },
                    }
                }
            });
        }
        Expression::Sum(terms)
    }

    /// The first output for an encoded row: for models with one output. A missing number counts as the training mean, a level that
    /// training did not see as no level at all. Numbers and levels are added up apart, as the scorer prepared for many rows does.
    #[inline]
    pub fn score(&self, row: &[f64]) -> f64 {
        let (mut numbers, mut levels) = ([0.0; LANES], 0.0);
        for (feature, (term, &value)) in self.terms.iter().zip(row).enumerate() {
            let Some((place, factor)) = term.place(value, self.outputs) else {
                continue;
            };
            match term {
                Term::Number { .. } => numbers[feature % LANES] += self.table[place] * factor,
                Term::Category { .. } => levels += self.table[place],
            }
        }
        self.intercept() + total(numbers) + levels
    }

    /// Every output for an encoded row, as [`LinearPredictor::score`].
    pub fn scores(&self, row: &[f64], out: &mut [f64]) {
        out.iter_mut()
            .zip(&self.intercepts)
            .for_each(|(out, intercept)| *out = *intercept);
        for (term, &value) in self.terms.iter().zip(row) {
            if let Some((place, factor)) = term.place(value, self.outputs) {
                let group = &self.table[place..place + self.outputs];
                out.iter_mut()
                    .zip(group)
                    .for_each(|(out, weight)| *out += weight * factor);
            }
        }
    }

    /// Every output for some rows of a frame, one row after the other, as [`LinearPredictor::scores`] for each: column by column.
    pub fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        if self.outputs == 1 {
            return self.score_rows_once(frame, rows, out);
        }
        for group in out.chunks_exact_mut(self.outputs) {
            group.copy_from_slice(&self.intercepts);
        }
        for (term, column) in self.terms.iter().zip(frame.columns()) {
            match (term, column) {
                (&Term::Number { start, centre, imputed }, Column::Number(values)) => {
                    let values = values[rows.clone()].iter();
                    let factors = values.map(|&value| if value.is_finite() { value } else { imputed } - centre);
                    let weights = &self.table[start..start + self.outputs];
                    for (group, factor) in out.chunks_exact_mut(self.outputs).zip(factors) {
                        (group.iter_mut().zip(weights)).for_each(|(out, weight)| *out += weight * factor);
                    }
                }
                _ => {
                    for (group, row) in out.chunks_exact_mut(self.outputs).zip(rows.clone()) {
                        if let Some((place, factor)) = term.place(column.encoded(row), self.outputs) {
                            let weights = &self.table[place..place + self.outputs];
                            (group.iter_mut().zip(weights)).for_each(|(out, weight)| *out += weight * factor);
                        }
                    }
                }
            }
        }
    }

    /// [`LinearPredictor::score_rows`] for one output: with sums that take turns, and one for the levels, as [`LinearPredictor::score`].
    fn score_rows_once(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let count = rows.len();
        let mut sums = vec![0.0; (LANES + 1) * count];
        for (feature, (term, column)) in self.terms.iter().zip(frame.columns()).enumerate() {
            let lane = match term {
                Term::Number { .. } => feature % LANES,
                Term::Category { .. } => LANES,
            };
            let sums = &mut sums[lane * count..][..count];
            match (term, column) {
                (&Term::Number { start, centre, imputed }, Column::Number(values)) => {
                    let weight = self.table[start];
                    for (sum, &value) in sums.iter_mut().zip(&values[rows.clone()]) {
                        *sum += weight * (if value.is_finite() { value } else { imputed } - centre);
                    }
                }
                _ => {
                    for (sum, row) in sums.iter_mut().zip(rows.clone()) {
                        if let Some((place, factor)) = term.place(column.encoded(row), 1) {
                            *sum += self.table[place] * factor;
                        }
                    }
                }
            }
        }
        for (row, out) in out.iter_mut().enumerate().take(count) {
            let numbers = std::array::from_fn(|lane| sums[lane * count + row]);
            *out = self.intercept() + total(numbers) + sums[LANES * count + row];
        }
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        self.terms.capacity() * size_of::<Term>()
            + (self.table.capacity() + self.intercepts.capacity()) * size_of::<f64>()
    }

    /// Checks every size, so that scoring rows of `features.len()` values cannot panic. `features[i]` is 0 for a number and the
    /// number of levels for a category.
    pub fn validate(&self, features: &[usize]) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("linear model", problem));
        if self.outputs == 0 || self.intercepts.len() != self.outputs || self.terms.len() != features.len() {
            return damaged("sizes do not agree");
        }
        let mut next = 0usize;
        for (term, &levels) in self.terms.iter().zip(features) {
            let (start, groups) = match *term {
                Term::Number { start, centre, imputed } => {
                    if levels != 0 || !centre.is_finite() || !imputed.is_finite() {
                        return damaged("a number's term");
                    }
                    (start, 1)
                }
                Term::Category { start, levels: own } => {
                    if own != levels || own >= NO_COLUMN as usize {
                        return damaged("a category's levels");
                    }
                    (start, own + 1)
                }
            };
            let end = groups
                .checked_mul(self.outputs)
                .and_then(|length| start.checked_add(length));
            match end {
                Some(end) if start == next && end <= self.table.len() => next = end,
                _ => return damaged("the weights' places"),
            }
        }
        if next != self.table.len() || !self.table.iter().chain(&self.intercepts).all(|w| w.is_finite()) {
            return damaged("the weights");
        }
        Ok(())
    }
}

impl Term {
    /// Where in the table a value's group is and what it is multiplied by; `None` when it contributes nothing.
    #[inline]
    pub(super) fn place(self, value: f64, outputs: usize) -> Option<(usize, f64)> {
        match self {
            Term::Number { start, centre, imputed } => {
                let value = if value.is_finite() { value } else { imputed };
                Some((start, value - centre))
            }
            Term::Category { start, levels } => {
                // Negative and fractional codes do not occur; the cast saturates, so that whatever comes stays in the table.
                let slot = if value.is_nan() { levels } else { value as usize };
                let seen = value.is_nan() || slot < levels;
                seen.then(|| (start + slot * outputs, 1.0))
            }
        }
    }
}

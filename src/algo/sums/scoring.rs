//! A model's answers to some of the rows.

use super::Layout;
use super::layout::{Reader, is_among};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::metrics::evaluation::{Actual, Scored};
use crate::packed::{Cell, Surveyed};
use crate::task::Answer;

/// Rows that are scored, about, at most: what metrics are of more changes in no digit that is looked at.
const MOST_SCORED: f64 = 1_000_000.0;

/// Rows with a model's scores: those that test, or where none do those that trained; of very many a share, which is drawn.
pub struct Scoring<'m, E: ?Sized> {
    reader: Reader,
    model: &'m E,
    scored: Scored,
    scores: Vec<f64>,
    has_classes: bool,
    has_test: bool,
    share: f64,
}

impl<'m, E: Estimator + ?Sized> Scoring<'m, E> {
    /// No rows yet. `rows` is how many there are on the side that is scored: that of rows that test, or that of those that train.
    /// Returns an error where there is no room.
    pub fn new(
        layout: &Layout,
        (model, answer): (&'m E, &Answer),
        (rows, has_test): (u64, bool),
    ) -> Result<Scoring<'m, E>> {
        Ok(Scoring {
            reader: Reader::new(layout)?,
            scored: Scored::new(answer),
            scores: vec![0.0; model.outputs()],
            model,
            has_classes: layout.classes() > 0,
            has_test,
            share: MOST_SCORED / rows.max(1) as f64,
        })
    }

    /// Rows so far that have a target.
    pub fn rows(&self) -> u64 {
        self.reader.rows
    }

    /// Scores a row, if it is one to be scored. Returns an error where there is no room. O(model).
    #[inline]
    pub fn push<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Result<()> {
        let Some(row) = self.reader.read(cell)? else {
            return Ok(());
        };
        if row.tests != self.has_test || !is_among(row.draw, self.share) {
            return Ok(());
        }
        self.model.score(row.values, &mut self.scores);
        let actual = match self.has_classes {
            true => Actual::Class(row.target as u32),
            false => Actual::Number(row.target),
        };
        self.scored.push(actual, &self.scores)
    }

    /// The rows that were scored. Returns an error for rows that are not those of the survey.
    pub fn finish(self, surveyed: &Surveyed) -> Result<Scored> {
        surveyed.check_rows(self.reader.rows, self.reader.sum)?;
        if self.scored.rows() == 0 {
            return Err(Error::data(
                "there are no rows to test on",
                "give more rows, or a greater test_fraction",
            ));
        }
        Ok(self.scored)
    }
}

//! Labelled rows scored one by one, wherever their values come from: a query's rows here, or a function's arguments where the rows are.

use std::rc::Rc;

use super::pass::{LeftOut, ReadTarget};
use crate::models::scorer::Scorer;
use crate::pg::error::Result;
use crate::pg::reader::Value;
use algo::metrics::evaluation::Actual;

/// Scores rows with room that is used again.
pub struct RowScorer {
    pub scorer: Rc<Scorer>,
    encoded: Vec<f64>,
    scores: Vec<f64>,
}

impl RowScorer {
    /// Ready for the first row.
    pub fn new(scorer: Rc<Scorer>) -> RowScorer {
        RowScorer {
            encoded: scorer.empty_row(),
            scores: vec![0.0; scorer.outputs()],
            scorer,
        }
    }

    /// Reads a row's target, and its inputs where it has one. Returns an error for a label that the model does not know.
    #[inline]
    pub fn read<'v>(
        &mut self,
        read_target: &ReadTarget,
        target: &Value<'_>,
        input: impl Fn(usize) -> Value<'v>,
    ) -> Result<(Option<Actual>, LeftOut)> {
        let mut left_out = LeftOut::default();
        let actual = read_target.read(target)?;
        if actual.is_none() {
            left_out.unlabelled = 1;
            return Ok((None, left_out));
        }
        for place in 0..self.scorer.model().inputs.len() {
            let is_known = self.scorer.encode(place, &input(place), &mut self.encoded)?;
            left_out.unseen += u64::from(!is_known);
        }
        Ok((actual, left_out))
    }

    /// The row that was read, as its columns give it.
    pub fn raw(&self) -> &[f64] {
        self.scorer.raw(&self.encoded)
    }

    /// Scores the row that was read. Gives the interval around the predicted number, of a model that has them.
    #[inline]
    pub fn score(&mut self) -> (&[f64], Option<[f64; 2]>) {
        self.scorer.score(&mut self.encoded, &mut self.scores);
        let interval = self.scorer.interval(&self.encoded, self.scores[0]);
        (&self.scores, interval)
    }
}

/// A row's target as one number, by which rows are compared with those that trained the model.
pub fn as_number(actual: Actual) -> f64 {
    match actual {
        Actual::Class(class) => f64::from(class),
        Actual::Number(number) => number,
    }
}

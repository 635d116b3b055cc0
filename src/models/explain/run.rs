//! The rows of a query, explained.

use std::rc::Rc;

use super::explanation::{TRAINING, against_rows, against_training, class_named, class_of};
use crate::models::keyed_rows::{Block, KeyedRows, Receive};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::kept::Shared;
use crate::pg::options::{self, required};
use crate::pg::text::Text;
use algo::explain::{Direction, Explained, Folded, Side};
use algo::monitor::Monitor;

/// What threads are reported to be doing.
pub const EXPLAINING: &str = "explaining";

/// What is to be explained, as a call names it.
pub struct Run {
    pub rows: KeyedRows,
    pub folded: Rc<Folded>,
    /// The name of the baseline.
    pub baseline: String,
    /// The class that is named.
    pub class: Option<usize>,
}

/// Says the class whose margin explains a row, and its side.
pub type SideOf<'s> = dyn Fn(&Explained, usize) -> Result<(Option<usize>, Side)> + 's;

/// Which attributions of each row are told of: at most so many, of one side.
pub struct Wanted<'w> {
    pub top_k: usize,
    pub direction: Direction,
    pub side: &'w SideOf<'w>,
}

/// An attribution of a row, and what tells of the row.
pub struct Ranked<'b, 'k> {
    pub key: Shared,
    pub rank: i32,
    pub input: usize,
    pub attribution: f64,
    pub class: Option<usize>,
    pub base_value: f64,
    pub margin: f64,
    /// How far base value and attributions are from the margin.
    pub error: f64,
    block: &'b mut Block<'k>,
    row: usize,
}

impl Ranked<'_, '_> {
    /// The value of the input, as its type writes it.
    pub fn value(&mut self) -> Option<String> {
        self.block.written(self.row, self.input)
    }
}

impl Run {
    /// Checks the arguments that all have. Returns the errors of [`open`], of the baseline's query, and of a class that there is not.
    pub fn new(model: Option<Text>, query: Option<Text>, class: Option<Text>, baseline: Option<Text>) -> Result<Run> {
        let rows = KeyedRows::new(model, query)?;
        let (version, scorer) = (&rows.version, &rows.scorer);
        let class = class_named(version, scorer.model(), class.as_deref())?;
        let (folded, baseline) = match baseline {
            None => (against_training(version, scorer)?, TRAINING.to_string()),
            Some(query) => (against_rows(version, scorer, &query)?, query.into()),
        };
        Ok(Run {
            rows,
            folded,
            baseline,
            class,
        })
    }

    /// The class whose margin explains a row, and its side.
    pub fn side(&self, explained: &Explained, row: usize) -> Result<(Option<usize>, Side)> {
        let class = class_of(self.rows.model(), self.class, explained, row);
        Ok((class, super::explanation::side_of(&self.folded, class)?))
    }

    /// The names of the classes and of the inputs, made once for all rows.
    pub fn names(&self) -> (Vec<Shared>, Vec<Shared>) {
        let model = self.rows.model();
        let labels = model.answer.classes().into_iter().flatten();
        let inputs = model.inputs.iter().map(|input| Shared::text(Some(&input.name)));
        (
            labels.map(|label| Shared::text(Some(&label.to_string()))).collect(),
            inputs.collect(),
        )
    }

    /// Hands the attributions of each row of the query to `tell`, the largest first.
    pub fn rank(
        &self,
        key: &[String],
        wanted: &Wanted<'_>,
        tell: &mut dyn FnMut(Ranked<'_, '_>) -> Result<()>,
    ) -> Result<()> {
        self.over(key, &mut |explained, mut block| {
            serve_interrupts();
            for row in 0..explained.rows() {
                let (class, side) = (wanted.side)(&explained, row)?;
                let (key, base_value) = (block.key(row), self.folded.base(side));
                let (margin, error) = (explained.margin(row, side), explained.error(row, side, base_value));
                let largest = explained.largest(row, side, wanted.top_k, wanted.direction);
                for (rank, (input, attribution)) in (1..).zip(largest) {
                    tell(Ranked {
                        key,
                        rank,
                        input,
                        attribution,
                        class,
                        base_value,
                        margin,
                        error,
                        block: &mut block,
                        row,
                    })?;
                }
            }
            Ok(())
        })
    }

    /// Explains each row of the query, and hands the rows to `receive` in the query's order, in blocks. `key` names the columns that tell rows apart.
    pub fn over(&self, key: &[String], receive: &mut Receive<'_, Explained>) -> Result<()> {
        let (model, folded) = (self.rows.model(), &*self.folded);
        let work = |rows: &[f64], monitor: &dyn Monitor| folded.explain(model, rows, monitor);
        self.rows.each_block(key, (EXPLAINING, self.numbers()), &work, receive)
    }

    /// How many attributions a row has, of all margins.
    pub fn numbers(&self) -> usize {
        self.rows.model().width() * self.folded.explainer().base().len()
    }
}

/// The columns of a key. Returns an error for none.
pub fn checked_key(key: Option<Vec<Option<Text>>>) -> Result<Vec<String>> {
    let key = required("key", options::texts("key", key)?)?;
    if key.is_empty() {
        return Err(Error::new(INVALID_PARAMETER, "argument \"key\" names no column")
            .hint("Name the columns of the query that tell its rows apart, such as '{customer_id}'."));
    }
    Ok(key)
}

//! The rows of a query, explained in blocks on threads while the next ones are read.

use std::collections::VecDeque;
use std::rc::Rc;

use pgrx::spi::quote_identifier;

use super::explanation::{TRAINING, against_rows, against_training, class_named, class_of};
use crate::models::inspect::open;
use crate::models::judging::pass::input_places;
use crate::models::logging::json_object;
use crate::models::predict::column_named;
use crate::models::registry::{Privilege, Version};
use crate::models::request;
use crate::models::scorer::Scorer;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::kept::{Keeper, Kept, Shared};
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::stream::{Line, stream};
use crate::pg::text::Text;
use algo::explain::{Direction, Explained, Folded, Side};
use algo::model::Model;
use algo::monitor::Monitor;
use algo::room;

/// Rows of a block, at most.
const BLOCK: usize = 2048;
/// Attributions of a block, at most, but for those of one row.
const MOST_NUMBERS: usize = 1 << 20;

/// Makes something of a block of rows of the learner.
pub type Work<'w, R> = dyn Fn(&[f64], &dyn Monitor) -> algo::error::Result<R> + Sync + 'w;
/// Takes what was made of a block, with what the query gave of its rows.
pub type Receive<'r, R> = dyn FnMut(R, Block<'_>) -> Result<()> + 'r;

/// What is to be explained, as a call names it.
pub struct Run {
    pub version: Version,
    pub scorer: Rc<Scorer>,
    pub folded: Rc<Folded>,
    /// The name of the baseline.
    pub baseline: String,
    /// The class that is named.
    pub class: Option<usize>,
    query: String,
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

/// What the query gave of rows that were explained.
pub struct Block<'b> {
    keeper: &'b mut Keeper,
    kept: Kept,
}

impl Block<'_> {
    /// The key of a row.
    pub fn key(&mut self, row: usize) -> Shared {
        self.keeper.value(&self.kept, row, 0)
    }

    /// The value of an input of a row, as its type writes it.
    pub fn written(&mut self, row: usize, input: usize) -> Option<String> {
        self.keeper.written(&self.kept, row, input + 1)
    }
}

impl Run {
    /// Checks the arguments that all have. Returns the errors of [`open`], of the baseline's query, and of a class that there is not.
    pub fn new(model: Option<Text>, query: Option<Text>, class: Option<Text>, baseline: Option<Text>) -> Result<Run> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let query = required("query", query)?.into();
        let class = class_named(&version, scorer.model(), class.as_deref())?;
        let (folded, baseline) = match baseline {
            None => (against_training(&version, &scorer)?, TRAINING.to_string()),
            Some(query) => (against_rows(&version, &scorer, &query)?, query.into()),
        };
        Ok(Run {
            version,
            scorer,
            folded,
            baseline,
            class,
            query,
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.scorer.model()
    }

    /// The class whose margin explains a row, and its side.
    pub fn side(&self, explained: &Explained, row: usize) -> Result<(Option<usize>, Side)> {
        let class = class_of(self.model(), self.class, explained, row);
        Ok((class, super::explanation::side_of(&self.folded, class)?))
    }

    /// The names of the classes and of the inputs, made once for all rows.
    pub fn names(&self) -> (Vec<Shared>, Vec<Shared>) {
        let model = self.model();
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
        let (model, folded) = (self.model(), &*self.folded);
        self.each_block(key, &|rows, monitor| folded.explain(model, rows, monitor), receive)
    }

    /// The same with what `work` makes of each block of rows of the learner, on threads.
    pub fn each_block<R: Send>(&self, key: &[String], work: &Work<'_, R>, receive: &mut Receive<'_, R>) -> Result<()> {
        request::carry_out(|reporter, statement| {
            let query = self.columns(key)?;
            let model = self.model();
            let what = format!("explaining by {}", self.version.reference());
            let explain = |raw: Vec<f64>, monitor: &dyn Monitor| {
                let rows = learners_rows(model, &raw, monitor)?;
                drop(raw);
                work(&rows, monitor)
            };
            let drive = |line: &mut Line<'_, Vec<f64>, R>| {
                let mut reading = Reading::new(&self.scorer, &query, self.rows_of_a_block());
                let mut rows = 0_u64;
                query.run(&mut |row| {
                    reading.push(row)?;
                    rows += 1;
                    if rows.is_multiple_of(16) {
                        statement.check()?;
                    }
                    match reading.is_full() {
                        true => reading.send(line, receive),
                        false => Ok(()),
                    }
                })?;
                reading.send(line, receive)?;
                line.finish(&mut |result| reading.hand_over(result, receive))
            };
            stream(&what, reporter, statement, explain, drive)
        })
    }

    /// The names of all columns of the query, each once.
    pub fn all_columns(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for column in Query::new(&self.query)?.columns() {
            if !names.contains(&column.name) {
                names.push(column.name.clone());
            }
        }
        Ok(names)
    }

    /// So many rows that their attributions take no more than some megabytes.
    fn rows_of_a_block(&self) -> usize {
        let of_row = self.model().width() * self.folded.explainer().base().len();
        (MOST_NUMBERS / of_row.max(1)).clamp(1, BLOCK)
    }

    /// The query with its key as JSON, and then the model's inputs in their order. What its own text is wrong in is told of that text.
    fn columns(&self, key: &[String]) -> Result<Query> {
        let query = Query::new(&self.query)?;
        let inputs = input_places(&self.scorer, query.columns(), &self.version.reference())?;
        let column = |place: usize| format!("q.c{}", place + 1);
        let mut parts = Vec::with_capacity(key.len());
        for name in key {
            let place = column_named(query.columns(), name, "a column of the key")?;
            parts.push((name, column(place)));
        }
        let names: Vec<String> = (0..query.columns().len())
            .map(|place| quote_identifier(format!("c{}", place + 1)))
            .collect();
        let inputs: Vec<String> = inputs.into_iter().map(|place| format!(", {}", column(place))).collect();
        Query::new(&format!(
            "SELECT {}{} FROM (\n{}\n) AS q({})",
            json_object(&parts),
            inputs.concat(),
            query.statement(),
            names.join(", ")
        ))
    }
}

/// What the learner sees of raw rows.
pub(super) fn learners_rows(model: &Model, raw: &[f64], monitor: &dyn Monitor) -> algo::error::Result<Vec<f64>> {
    let (width, own) = (model.raw_width(), model.width());
    let mut slots = vec![f64::NAN; model.slots()];
    let mut rows = room::with_capacity(raw.len() / width.max(1) * own)?;
    for (number, raw) in raw.chunks_exact(width.max(1)).enumerate() {
        if number.is_multiple_of(64) {
            monitor.check()?;
        }
        slots[..width].copy_from_slice(raw);
        rows.extend_from_slice(model.apply(width, &mut slots));
    }
    Ok(rows)
}

/// Rows being read, and those on their way through the threads.
struct Reading<'r> {
    scorer: &'r Scorer,
    keeper: Keeper,
    /// The block that is filled.
    kept: Kept,
    raw: Vec<f64>,
    rows: usize,
    /// How many fill it.
    most: usize,
    /// One row, encoded.
    row: Vec<f64>,
    /// The blocks whose rows are being explained.
    waiting: VecDeque<Kept>,
}

impl<'r> Reading<'r> {
    fn new(scorer: &'r Scorer, query: &Query, most: usize) -> Reading<'r> {
        let keeper = Keeper::new(query.columns());
        Reading {
            kept: keeper.empty(),
            keeper,
            raw: Vec::new(),
            rows: 0,
            most,
            row: scorer.empty_row(),
            waiting: VecDeque::new(),
            scorer,
        }
    }

    fn push(&mut self, row: &crate::pg::query_row::Row<'_>) -> Result<()> {
        for input in 0..self.scorer.model().inputs.len() {
            self.scorer.encode(input, &row.value(input + 1), &mut self.row)?;
        }
        let raw = self.scorer.raw(&self.row);
        room::reserve(&mut self.raw, raw.len())?;
        self.raw.extend_from_slice(raw);
        self.keeper.keep(row, &mut self.kept);
        self.rows += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows == self.most
    }

    /// Sends what was read to the threads, if anything was.
    fn send<R>(&mut self, line: &mut Line<'_, Vec<f64>, R>, receive: &mut Receive<'_, R>) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let empty = self.keeper.empty();
        self.waiting.push_back(std::mem::replace(&mut self.kept, empty));
        self.rows = 0;
        let raw = std::mem::take(&mut self.raw);
        self.raw = room::with_capacity(raw.len())?;
        line.push(raw, &mut |result| self.hand_over(result, receive))
    }

    fn hand_over<R>(&mut self, result: R, receive: &mut Receive<'_, R>) -> Result<()> {
        let Some(kept) = self.waiting.pop_front() else {
            return Ok(());
        };
        let keeper = &mut self.keeper;
        receive(result, Block { keeper, kept })
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

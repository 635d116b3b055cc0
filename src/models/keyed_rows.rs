//! The rows of a query with their keys, in blocks that threads work on while the next ones are read.

use std::collections::VecDeque;
use std::rc::Rc;

use pgrx::spi::quote_identifier;

use super::inspect::open;
use super::judging::pass::input_places;
use super::logging::json_object;
use super::predict::column_named;
use super::registry::{Privilege, Version};
use super::request;
use super::scorer::Scorer;
use crate::pg::error::Result;
use crate::pg::kept::{Keeper, Kept, Shared};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::stream::{Line, stream};
use crate::pg::text::Text;
use algo::model::Model;
use algo::monitor::Monitor;
use algo::room;

/// Rows of a block, at most.
const BLOCK: usize = 2048;
/// Numbers made of a block, at most, but for those of one row.
const MOST_NUMBERS: usize = 1 << 20;

/// Makes something of a block of rows of the learner.
pub type Work<'w, R> = dyn Fn(&[f64], &dyn Monitor) -> algo::error::Result<R> + Sync + 'w;
/// Takes what was made of a block, with what the query gave of its rows.
pub type Receive<'r, R> = dyn FnMut(R, Block<'_>) -> Result<()> + 'r;

/// A model, and the query whose rows it is to look at.
pub struct KeyedRows {
    pub version: Version,
    pub scorer: Rc<Scorer>,
    pub query: String,
}

/// What the query gave of a block of rows.
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

impl KeyedRows {
    /// Of the arguments of a call. Returns the errors of [`open`].
    pub fn new(model: Option<Text>, query: Option<Text>) -> Result<KeyedRows> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        Ok(KeyedRows {
            version,
            scorer,
            query: required("query", query)?.into(),
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.scorer.model()
    }

    /// Hands what `work` makes of each block of rows of the learner, on threads, to `receive`, in the query's order. `key` names the columns that tell
    /// rows apart, `doing` what is reported to be done by the model, and `numbers` is how many are made of a row.
    pub fn each_block<R: Send>(
        &self,
        key: &[String],
        (doing, numbers): (&str, usize),
        work: &Work<'_, R>,
        receive: &mut Receive<'_, R>,
    ) -> Result<()> {
        // So many that what is made of them takes no more than some megabytes.
        let most = (MOST_NUMBERS / numbers.max(1)).clamp(1, BLOCK);
        request::carry_out(|reporter, statement| {
            let query = self.columns(key)?;
            let model = self.model();
            let what = format!("{doing} by {}", self.version.reference());
            let of_block = |raw: Vec<f64>, monitor: &dyn Monitor| {
                let rows = learners_rows(model, &raw, monitor)?;
                drop(raw);
                work(&rows, monitor)
            };
            let drive = |line: &mut Line<'_, Vec<f64>, R>| {
                let mut reading = Reading::new(&self.scorer, &query, most);
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
            stream(&what, reporter, statement, of_block, drive)
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
pub fn learners_rows(model: &Model, raw: &[f64], monitor: &dyn Monitor) -> algo::error::Result<Vec<f64>> {
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
    /// The blocks whose rows are worked on.
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

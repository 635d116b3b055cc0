//! Rows in, sums out.

use super::layout::{Reader, Row, columns_of};
use super::{Plan, Sums, Total, What};
use crate::accumulator::Accumulator;
use crate::clustering::k_means;
use crate::error::{Error, Result};
use crate::frame::{Column, Frame, UNSEEN};
use crate::linear::adding as linear;
use crate::naive_bayes::Tally;
use crate::packed::Cell;
use crate::room;

/// Rows that are summed up at once.
const BLOCK_ROWS: usize = 1024;

/// Sums that rows are pushed into: a block of them is held, no more.
#[derive(Debug, Clone, PartialEq)]
pub struct Summing {
    plan: Plan,
    reader: Reader,
    sums: Sums,
    columns: Vec<Column>,
    targets: Vec<f64>,
    /// None where the rows have no weights.
    weights: Vec<f64>,
    block_rows: usize,
    adding: Adding,
}

/// What blocks of rows go through on their way into sums.
#[derive(Debug, Clone, PartialEq)]
enum Adding {
    None,
    Linear(Box<linear::Adding>),
    Clusters(Box<k_means::Adding>),
}

impl Summing {
    /// No rows yet. Returns an error for a plan that cannot be, and where there is no room.
    pub fn new(plan: &Plan) -> Result<Summing> {
        plan.validate()?;
        let adding = match &plan.what {
            What::Tally | What::Steps(_) => Adding::None,
            What::Linear(pass) => Adding::Linear(Box::new(linear::Adding::new(pass)?)),
            What::Clusters(pass) => Adding::Clusters(Box::new(k_means::Adding::new(pass)?)),
        };
        let reader = Reader::new(&plan.layout)?;
        Ok(Summing {
            columns: columns_of(&reader.levels),
            reader,
            sums: Sums::new(plan)?,
            targets: Vec::new(),
            weights: Vec::new(),
            block_rows: match &plan.what {
                What::Tally => BLOCK_ROWS.max(Tally::block_rows(plan.layout.classes())),
                What::Linear(pass) => pass.block_rows(),
                What::Clusters(pass) => pass.block_rows(),
                What::Steps(_) => BLOCK_ROWS,
            },
            adding,
            plan: plan.clone(),
        })
    }

    /// Rows so far that have a target.
    pub fn rows(&self) -> u64 {
        self.reader.rows
    }

    /// Adds a row; `cell` gives what stands in a column. Rows without a target, and those that test, are left out. Returns an error for a row that the
    /// sample did not show to be possible, and where there is no room.
    #[inline]
    pub fn push<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Result<()> {
        let Some(row) = self.reader.read(cell)?.filter(|row| !row.tests) else {
            return Ok(());
        };
        let Row {
            values,
            slots,
            target,
            weight,
            draw,
            ..
        } = row;
        // What goes by steps is added row by row.
        if let (What::Steps(pass), Total::Steps(totals)) = (&self.plan.what, &mut self.sums.total) {
            pass.add(totals, slots, (target, draw));
            self.sums.trained += 1;
            self.sums.counted += u64::from(weight > 0.0);
            return Ok(());
        }
        for (column, value) in self.columns.iter_mut().zip(values) {
            match column.levels() {
                // The last code is that of all levels which the sample does not have.
                Some(levels) if *value == UNSEEN => column.push((levels - 1) as f64)?,
                Some(_) | None => column.push(*value)?,
            }
        }
        room::push(&mut self.targets, target)?;
        if self.plan.layout.has_weights() {
            room::push(&mut self.weights, weight)?;
        }
        self.sums.trained += 1;
        self.sums.counted += u64::from(weight > 0.0);
        if self.targets.len() >= self.block_rows {
            self.add_block()?;
        }
        Ok(())
    }

    fn add_block(&mut self) -> Result<()> {
        let columns = std::mem::replace(&mut self.columns, columns_of(&self.reader.levels));
        let frame = Frame::new(columns).ok_or(Error::Internal("columns of different lengths"))?;
        let weights = self.plan.layout.has_weights().then_some(&self.weights[..]);
        match (&self.plan.what, &mut self.sums.total, &mut self.adding) {
            (What::Tally, Total::Tally(tally), _) => {
                let classes = self.plan.layout.classes();
                // Without classes all rows are of one.
                let zeros: Vec<f64>;
                let targets = match classes {
                    0 => {
                        zeros = room::zeros(self.targets.len())?;
                        &zeros
                    }
                    _ => &self.targets,
                };
                tally.merge(&Tally::of_block(&frame, targets, weights, classes.max(1))?)?;
            }
            (What::Linear(pass), Total::Linear(sums), Adding::Linear(adding)) => {
                adding.add(pass, (frame, &self.targets, weights), sums)?;
            }
            // No row is held for it.
            (What::Steps(_), Total::Steps(_), _) => {}
            (What::Clusters(pass), Total::Clusters(sums), Adding::Clusters(adding)) => {
                adding.add(pass, (&frame, weights), sums);
            }
            (What::Tally | What::Linear(_) | What::Clusters(_) | What::Steps(_), _, _) => {
                return Err(Error::Internal("sums of another pass"));
            }
        }
        self.targets.clear();
        self.weights.clear();
        Ok(())
    }

    /// The sums of the rows so far. Returns an error where there is no room.
    pub fn finish(&mut self) -> Result<Sums> {
        self.add_block()?;
        if let (Total::Linear(sums), Adding::Linear(adding)) = (&mut self.sums.total, &mut self.adding) {
            adding.settle(sums)?;
        }
        let mut sums = self.sums.clone();
        // What was merged counted its own.
        sums.rows += self.reader.rows;
        sums.hashes = sums.hashes.wrapping_add(self.reader.sum);
        Ok(sums)
    }

    /// How many columns a row has.
    pub fn width(&self) -> usize {
        self.plan.layout.width()
    }

    /// Adds the sums of other rows of the same plan.
    pub(super) fn merge(&mut self, other: &Sums) -> Result<()> {
        self.sums.merge(other)
    }

    /// Bytes held on the heap, about.
    pub(super) fn memory(&self) -> usize {
        let rows = self.targets.capacity() * (self.columns.len() + 2) * size_of::<f64>();
        let adding = match &self.adding {
            Adding::None => 0,
            Adding::Linear(adding) => adding.memory(),
            Adding::Clusters(adding) => adding.memory(),
        };
        self.sums.memory() + rows + adding
    }
}

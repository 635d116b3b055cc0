//! Rows that have come, a block of them, worked off column by column and check by check.

use super::pattern::Patterns;
use super::plan::{Plan, PlanCheck};
use super::ready::Ready;
use super::segments::Groups;
use super::tally::Tally;
use super::test::{Outcome, PASS};
use super::{GROUP, MOST_BYTES, PROFILE, Scan, is_true, share_memory, tally_at};
use crate::block::{BlockColumn, Form, ROWS};
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::profile::Sizes;

/// What a scan needs while rows come, and no longer.
#[derive(Debug, Clone, Default)]
pub(super) struct Work {
    pub block: Vec<BlockColumn>,
    ready: Vec<Ready>,
    patterns: Patterns,
    /// The columns of texts, whose blocks may be full before the others.
    texts: Vec<usize>,
    /// Rows of the block.
    pub rows: usize,
    /// Bytes of the segments and their tallies.
    pub segment_bytes: usize,
}

impl Work {
    /// Whether it is ready for rows.
    #[inline]
    pub fn is_ready(&self, plan: &Plan) -> bool {
        self.block.len() == plan.columns.len() && self.ready.len() == plan.checks.len()
    }

    /// Makes ready for rows what bytes do not hold.
    pub fn prepare(&mut self, plan: &Plan, monitor: &dyn Monitor) -> Result<()> {
        (self.ready, self.patterns) = plan.ready(monitor)?;
        let block = plan.columns.iter().map(|column| BlockColumn::new(column.kind));
        self.block = block.collect();
        let is_text = |&column: &usize| plan.columns[column].kind.form() == Form::Texts;
        self.texts = (0..plan.columns.len()).filter(is_text).collect();
        Ok(())
    }

    /// Whether the block has as many rows, or as much text, as it should hold.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.rows >= ROWS || self.texts.iter().any(|&column| self.block[column].is_full())
    }

    /// Bytes held on the heap, but for what is compiled.
    pub fn memory(&self) -> usize {
        self.block.iter().map(BlockColumn::memory).sum()
    }
}

/// The rows of a block on their way into the checks.
struct Rows<'b> {
    count: usize,
    block: &'b [BlockColumn],
    /// Of each grouping.
    groups: Vec<Groups>,
    /// Of the profiles that checks make.
    sizes: Sizes,
}

impl Scan {
    /// Works off the rows that have been gathered. After an error, the scan is of no further use.
    pub fn flush(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let count = std::mem::take(&mut self.work.rows);
        if count == 0 {
            return Ok(());
        }
        self.rows += count as u64;
        let mut pace = Pace::new(monitor);
        let mut block = std::mem::take(&mut self.work.block);
        for (&column, profile) in self.plan.profiled.iter().zip(&mut self.profiles) {
            pace.spend(PROFILE)?;
            profile.push(&block[column]);
        }
        let mut groups = Vec::with_capacity(self.segments.len());
        for (columns, segments) in self.plan.groupings.iter().zip(&mut self.segments) {
            pace.spend(count)?;
            self.work.segment_bytes -= segments.memory();
            let columns: Vec<&BlockColumn> = columns.iter().map(|&column| &block[column]).collect();
            groups.push(segments.groups(&columns));
            self.work.segment_bytes += segments.memory();
        }
        let rows = Rows {
            count,
            block: &block,
            groups,
            sizes: self.plan.sizes(),
        };
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(count);
        for place in 0..self.plan.checks.len() {
            self.check(place, &rows, &mut outcomes, &mut pace)?;
        }
        block.iter_mut().for_each(BlockColumn::clear);
        self.work.block = block;
        if self.segments.iter().any(super::Segments::overflowed) {
            self.clear_overflowed();
        }
        Ok(())
    }

    /// Adds the rows of a block to a check.
    fn check(&mut self, place: usize, rows: &Rows<'_>, outcomes: &mut Vec<Outcome>, pace: &mut Pace<'_>) -> Result<()> {
        let work = &mut self.work;
        let (check, ready, tallies) = (&self.plan.checks[place], &work.ready[place], &mut self.tallies[place]);
        let column = check.column.map(|column| &rows.block[column]);
        if let (Some(column), Ready::Nothing, None, None) = (column, ready, check.filter, check.grouping) {
            pace.spend(rows.count)?;
            return tallies[0].push_unjudged(column);
        }
        match column {
            Some(column) => ready.outcomes(&mut work.patterns, column, outcomes, pace)?,
            None => {
                outcomes.clear();
                outcomes.resize(rows.count, PASS);
            }
        }
        let Some(grouping) = check.grouping else {
            return match chosen(check, rows.block, 0..rows.count as u32) {
                None => tallies[0].push_all(column, outcomes),
                Some(among) => tallies[0].push(column, outcomes, &among),
            };
        };
        let before = tallies.len();
        for (place, among) in &rows.groups[grouping] {
            // As often as memory may grow.
            if work.segment_bytes > MOST_BYTES {
                self.segments[grouping].give_up();
            }
            if self.segments[grouping].overflowed() {
                break;
            }
            pace.spend(GROUP + among.len())?;
            tally_at(tallies, *place, &mut work.segment_bytes, || {
                self.plan.tally(check, rows.sizes)
            });
            add(&mut tallies[*place], &mut work.segment_bytes, |tally| {
                match chosen(check, rows.block, among.iter().copied()) {
                    None => tally.push(column, outcomes, among),
                    Some(among) => tally.push(column, outcomes, &among),
                }
            })?;
        }
        if tallies.len() > before {
            work.segment_bytes -= share_memory(check, tallies);
        }
        Ok(())
    }
}

/// Changes a tally, and counts the bytes that it takes.
fn add(tally: &mut Tally, bytes: &mut usize, change: impl FnOnce(&mut Tally) -> Result<()>) -> Result<()> {
    *bytes -= tally.memory();
    change(tally)?;
    *bytes += tally.memory();
    Ok(())
}

/// Of some rows, those that a check's condition selects; `None` for all of them.
fn chosen(check: &PlanCheck, block: &[BlockColumn], rows: impl Iterator<Item = u32>) -> Option<Vec<u32>> {
    let filter = &block[check.filter?];
    Some(rows.filter(|&row| is_true(filter, row as usize)).collect())
}

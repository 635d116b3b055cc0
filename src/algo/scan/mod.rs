//! One pass over the rows of a relation that answers everything asked of it at once: the profiles of its columns, and any number of
//! checks with their segments.
//!
//! Rows come one by one and are gathered into blocks; each block is then gone through column by column and check by check. The
//! pass is an accumulator like any other, so parallel workers share it, and its bytes can be kept and merged with those of other
//! rows.

mod plan;
mod rows;
mod segments;
mod tally;
mod test;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use plan::{Plan, PlanCheck, PlanColumn};
pub use rows::RowTests;
pub use segments::{MOST_SEGMENTS, Segment, Segments, cell, key};
pub use tally::{Measure, Tally};
pub use test::{Bound, Constant, Test, compile};

use self::test::{Outcome, PASS, Ready};
use super::accumulator::Accumulator;
use super::block::{BlockColumn, Cells, Form, ROWS};
use super::error::{Error, Result};
use super::profile::{ColumnProfile, Sizes};

/// What the sketches of profiles draw from.
const SEED: u64 = 0x0a55_a7ed;

/// The most bytes of the tallies of all segments; with more, segments are given up.
const MOST_BYTES: usize = 40 << 20;

/// A pass over rows: see the module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Scan {
    plan: Plan,
    rows: u64,
    /// Those of the profiled columns.
    profiles: Vec<ColumnProfile>,
    segments: Vec<Segments>,
    /// Those of each check: one, or with a grouping one a segment.
    tallies: Vec<Vec<Tally>>,
    #[serde(skip)]
    work: Work,
}

/// What a scan needs while rows come, and no longer.
#[derive(Debug, Clone, Default)]
struct Work {
    block: Vec<BlockColumn>,
    ready: Vec<Ready>,
    /// The columns of texts, whose blocks may be full before the others.
    texts: Vec<usize>,
    /// Rows of the block.
    rows: usize,
    /// Bytes of the tallies of segments.
    segment_bytes: usize,
}

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.settled(), other.settled());
        ours.plan == theirs.plan
            && ours.rows == theirs.rows
            && ours.profiles == theirs.profiles
            && ours.segments == theirs.segments
            && ours.tallies == theirs.tallies
    }
}

impl Scan {
    /// A pass that has seen no row. Errs when the plan contradicts itself, or a pattern does not compile.
    pub fn new(plan: Plan) -> Result<Scan> {
        plan.validate()?;
        let tallies = |check: &PlanCheck| match check.grouping {
            Some(_) => Vec::new(),
            None => vec![plan.tally(check)],
        };
        let sizes = Sizes::for_columns(plan.profiled.len().max(plan.shared_by));
        let profile = |&column: &usize| ColumnProfile::new(plan.columns[column].kind, sizes, SEED ^ column as u64);
        let mut scan = Scan {
            rows: 0,
            profiles: plan.profiled.iter().map(profile).collect(),
            segments: vec![Segments::default(); plan.groupings.len()],
            tallies: plan.checks.iter().map(tallies).collect(),
            work: Work::default(),
            plan,
        };
        scan.prepare()?;
        Ok(scan)
    }

    /// Makes ready for rows what bytes do not hold.
    fn prepare(&mut self) -> Result<()> {
        if self.work.block.len() == self.plan.columns.len() && self.work.ready.len() == self.plan.checks.len() {
            return Ok(());
        }
        let plan = &self.plan;
        self.work.ready = plan.ready()?;
        self.work.block = plan
            .columns
            .iter()
            .map(|column| BlockColumn::new(column.kind))
            .collect();
        let is_text = |&column: &usize| plan.columns[column].kind.form() == Form::Texts;
        self.work.texts = (0..plan.columns.len()).filter(is_text).collect();
        self.work.segment_bytes = self.segment_bytes();
        Ok(())
    }

    fn segment_bytes(&self) -> usize {
        let checks = self.plan.checks.iter().zip(&self.tallies);
        let grouped = checks.filter(|(check, _)| check.grouping.is_some());
        grouped.flat_map(|(_, tallies)| tallies).map(Tally::memory).sum()
    }

    /// Forgets the tallies of a grouping whose segments are given up.
    fn clear_overflowed(&mut self) {
        for (check, tallies) in self.plan.checks.iter().zip(&mut self.tallies) {
            if check
                .grouping
                .is_some_and(|grouping| self.segments[grouping].overflowed())
            {
                tallies.clear();
            }
        }
        self.work.segment_bytes = self.segment_bytes();
    }

    /// What it looks at.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes a row: `fill` gives each column, in order, its cell.
    #[inline]
    pub fn push(&mut self, fill: impl FnOnce(&mut [BlockColumn]) -> Result<()>) -> Result<()> {
        self.prepare()?;
        fill(&mut self.work.block)?;
        self.work.rows += 1;
        let work = &self.work;
        if work.rows >= ROWS || work.texts.iter().any(|&column| work.block[column].is_full()) {
            self.flush();
        }
        Ok(())
    }

    /// Works off the rows that have been gathered.
    pub fn flush(&mut self) {
        let rows = std::mem::take(&mut self.work.rows);
        if rows == 0 {
            return;
        }
        self.rows += rows as u64;
        let mut block = std::mem::take(&mut self.work.block);
        for (&column, profile) in self.plan.profiled.iter().zip(&mut self.profiles) {
            profile.push(&block[column]);
        }
        let groups: Vec<Vec<(usize, Vec<u32>)>> = self
            .plan
            .groupings
            .iter()
            .zip(&mut self.segments)
            .map(|(columns, segments)| {
                let columns: Vec<&BlockColumn> = columns.iter().map(|&column| &block[column]).collect();
                segments.groups(&columns)
            })
            .collect();
        let bytes = &mut self.work.segment_bytes;
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(rows);
        let checks = self.plan.checks.iter().zip(&self.work.ready);
        for ((check, ready), tallies) in checks.zip(&mut self.tallies) {
            let column = check.column.map(|column| &block[column]);
            if let (Some(column), Ready::Nothing, None, None) = (column, ready, check.filter, check.grouping) {
                tallies[0].push_unjudged(column);
                continue;
            }
            match column {
                Some(column) => ready.outcomes(column, &mut outcomes),
                None => {
                    outcomes.clear();
                    outcomes.resize(rows, PASS);
                }
            }
            let chosen = |row: u32| check.filter.is_none_or(|filter| is_true(&block[filter], row as usize));
            match check.grouping {
                Some(grouping) => {
                    let before = tallies.len();
                    for (place, among) in &groups[grouping] {
                        while tallies.len() <= *place {
                            tallies.push(self.plan.tally(check));
                            *bytes += tallies[tallies.len() - 1].memory();
                        }
                        let tally = &mut tallies[*place];
                        *bytes -= tally.memory();
                        match check.filter {
                            None => tally.push(column, &outcomes, among),
                            Some(_) => {
                                let among: Vec<u32> = among.iter().copied().filter(|&row| chosen(row)).collect();
                                tally.push(column, &outcomes, &among);
                            }
                        }
                        *bytes += tally.memory();
                    }
                    if tallies.len() > before {
                        *bytes -= share_memory(check, tallies);
                    }
                    if *bytes > MOST_BYTES {
                        self.segments[grouping].give_up();
                    }
                }
                None if check.filter.is_none() => tallies[0].push_all(column, &outcomes),
                None => {
                    let among: Vec<u32> = (0..rows as u32).filter(|&row| chosen(row)).collect();
                    tallies[0].push(column, &outcomes, &among);
                }
            }
        }
        block.iter_mut().for_each(BlockColumn::clear);
        self.work.block = block;
        if self.segments.iter().any(Segments::overflowed) {
            self.clear_overflowed();
        }
    }

    /// The same with no rows left to work off.
    pub fn settled(&self) -> std::borrow::Cow<'_, Scan> {
        if self.work.rows == 0 {
            return std::borrow::Cow::Borrowed(self);
        }
        let mut scan = self.clone();
        scan.flush();
        std::borrow::Cow::Owned(scan)
    }

    /// How many rows it has seen.
    pub fn rows(&self) -> u64 {
        self.rows + self.work.rows as u64
    }

    /// Puts the columns of another pass over the same rows beside those of this one. Both have profiles only, and are settled. Errs when
    /// the numbers of rows differ.
    pub fn beside(mut self, other: Scan) -> Result<Scan> {
        let checks = self.plan.checks.len() + other.plan.checks.len();
        if self.rows != other.rows || checks > 0 || self.plan.shared_by != other.plan.shared_by {
            return Err(Error::Mismatch {
                left: format!("the profiles of {} rows", self.rows),
                right: format!("those of {} rows", other.rows),
            });
        }
        let width = self.plan.columns.len();
        self.plan
            .profiled
            .extend(other.plan.profiled.iter().map(|column| column + width));
        self.plan.columns.extend(other.plan.columns);
        self.profiles.extend(other.profiles);
        self.work = Work::default();
        Ok(self)
    }

    /// The profiles, in the order of the plan's profiled columns. Of a settled scan.
    pub fn profiles(&self) -> &[ColumnProfile] {
        &self.profiles
    }

    /// What a check has counted: one tally, or one a segment of its grouping. Of a settled scan.
    pub fn tallies(&self, check: usize) -> &[Tally] {
        &self.tallies[check]
    }

    /// The segments of a grouping. Of a settled scan.
    pub fn segments(&self, grouping: usize) -> &Segments {
        &self.segments[grouping]
    }
}

/// Lets the segments of a check share the memory that a distribution takes; gives how many bytes that frees.
fn share_memory(check: &PlanCheck, segments: &mut [Tally]) -> usize {
    let Test::Distribution(limits) = check.test else {
        return 0;
    };
    let limits = limits.shared_by(segments.len());
    let shrink = |tally: &mut Tally| {
        let before = tally.memory();
        tally.shrink(limits);
        before.saturating_sub(tally.memory())
    };
    segments.iter_mut().map(shrink).sum()
}

fn is_true(column: &BlockColumn, row: usize) -> bool {
    // NULL is 0 there.
    matches!(column.cells(), Cells::Integers(integers) if integers[row] != 0)
}

impl Accumulator for Scan {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if self.plan != other.plan {
            return Err(self.plan.mismatch(&other.plan));
        }
        self.flush();
        let other = other.settled();
        self.rows += other.rows;
        for (ours, theirs) in self.profiles.iter_mut().zip(&other.profiles) {
            ours.merge(theirs)?;
        }
        let places: Vec<Vec<u32>> = self
            .segments
            .iter_mut()
            .zip(&other.segments)
            .map(|(a, b)| a.merge(b))
            .collect();
        let tallies = self.tallies.iter_mut().zip(&other.tallies);
        for (check, (ours, theirs)) in self.plan.checks.iter().zip(tallies) {
            for (index, theirs) in theirs.iter().enumerate() {
                let place = match check.grouping {
                    Some(grouping) => match places[grouping].get(index) {
                        Some(&place) => place as usize,
                        None => continue,
                    },
                    None => index,
                };
                while ours.len() <= place {
                    ours.push(self.plan.tally(check));
                }
                ours[place].merge(theirs)?;
            }
            if check.grouping.is_some() {
                share_memory(check, ours);
            }
        }
        self.clear_overflowed();
        if self.work.segment_bytes > MOST_BYTES {
            self.segments.iter_mut().for_each(Segments::give_up);
            self.clear_overflowed();
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        self.plan.validate()?;
        let plan = &self.plan;
        let fail = |problem: &str| Err(Error::damaged("scan", problem));
        if self.segments.len() != plan.groupings.len() || self.tallies.len() != plan.checks.len() || self.rows > 1 << 53
        {
            return fail("its parts do not agree with its plan");
        }
        if self.profiles.len() != plan.profiled.len() {
            return fail("its profiles do not agree with its plan");
        }
        for (&column, profile) in plan.profiled.iter().zip(&self.profiles) {
            profile.validate()?;
            if profile.kind() != plan.columns[column].kind || profile.rows() != self.rows {
                return fail("a profile does not agree with its column");
            }
        }
        for (columns, segments) in plan.groupings.iter().zip(&self.segments) {
            segments.validate(columns.len())?;
        }
        for (check, tallies) in plan.checks.iter().zip(&self.tallies) {
            let counted = match check.grouping {
                Some(grouping) => tallies.len() <= self.segments[grouping].values().len(),
                None => tallies.len() == 1,
            };
            let rows = tallies.iter().try_fold(0u64, |sum, tally| sum.checked_add(tally.rows));
            if !counted
                || rows.is_none_or(|rows| rows > self.rows)
                || tallies.iter().any(|t| !t.is_sound(&check.test, plan.kind(check)))
            {
                return fail("the counts of a check do not agree");
            }
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        let block: usize = self.work.block.iter().map(BlockColumn::memory).sum();
        let segments: usize = self.segments.iter().map(Segments::memory).sum();
        let tallies = self.tallies.iter().flatten().map(Tally::memory);
        let profiles = self
            .profiles
            .iter()
            .map(|profile| size_of::<ColumnProfile>() + profile.memory());
        block + segments + profiles.sum::<usize>() + tallies.sum::<usize>()
    }
}

//! One pass over the rows of a relation that answers everything asked of it at once: the profiles of its columns, and any number of
//! checks with their segments.
//!
//! Rows come one by one and are gathered into blocks; each block is then gone through column by column and check by check. The
//! pass is an accumulator like any other, so parallel workers share it, and its bytes can be kept and merged with those of other
//! rows.

pub mod cells;
mod extremes;
mod occurring;
mod pattern;
mod plan;
mod ready;
mod rows;
mod segments;
mod simulation;
mod tally;
mod test;
mod work;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use extremes::Extremes;
pub use occurring::Occurring;
pub use pattern::compile;
pub use plan::{Plan, PlanCheck, PlanColumn};
pub use rows::RowTests;
pub use segments::{MOST_SEGMENTS, Segment, Segments, cell, key};
pub use tally::{Measure, Tally};
pub use test::{Bound, Constant, Test};

use self::work::Work;
use super::accumulator::Accumulator;
use super::block::{BlockColumn, Cells};
use super::error::{Error, Result};
use super::monitor::{Monitor, Pace, Unwatched};
use super::profile::{ColumnProfile, Sizes};
use super::quality::{MAX_ROWS, count_rows};

/// What the sketches of profiles draw from.
const SEED: u64 = 0x0a55_a7ed;

/// Work of a group of rows in a block, and of a profile, besides that of the rows: see [`Pace`].
const GROUP: usize = 16;
const PROFILE: usize = 256;

/// The most bytes of all segments and their tallies; with more, segments are given up.
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

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        let (Ok(ours), Ok(theirs)) = (self.settled(&Unwatched), other.settled(&Unwatched)) else {
            return false;
        };
        ours.plan == theirs.plan
            && ours.rows == theirs.rows
            && ours.profiles == theirs.profiles
            && ours.segments == theirs.segments
            && ours.tallies == theirs.tallies
    }
}

impl Scan {
    /// A pass that has seen no row. Returns an error when the plan contradicts itself.
    pub fn new(plan: Plan) -> Result<Scan> {
        plan.validate()?;
        let check_sizes = plan.sizes();
        let tallies = |check: &PlanCheck| match check.grouping {
            Some(_) => Vec::new(),
            None => vec![plan.tally(check, check_sizes)],
        };
        let sizes = Sizes::for_columns(plan.profiled.len().max(plan.shared_by));
        let profile = |&column: &usize| ColumnProfile::new(plan.columns[column].kind, sizes, SEED ^ column as u64);
        Ok(Scan {
            rows: 0,
            profiles: plan.profiled.iter().map(profile).collect(),
            segments: vec![Segments::default(); plan.groupings.len()],
            tallies: plan.checks.iter().map(tallies).collect(),
            work: Work::default(),
            plan,
        })
    }

    /// Bytes of the segments and their tallies. O(tallies).
    fn segment_bytes(&self) -> usize {
        let checks = self.plan.checks.iter().zip(&self.tallies);
        let grouped = checks.filter(|(check, _)| check.grouping.is_some());
        let tallies = grouped.flat_map(|(_, tallies)| tallies).map(Tally::memory);
        tallies.sum::<usize>() + self.segments.iter().map(Segments::memory).sum::<usize>()
    }

    /// Forgets the tallies of the groupings whose segments are given up.
    fn clear_overflowed(&mut self) {
        for (check, tallies) in self.plan.checks.iter().zip(&mut self.tallies) {
            if check
                .grouping
                .is_some_and(|grouping| self.segments[grouping].overflowed())
            {
                *tallies = Vec::new();
            }
        }
        self.work.segment_bytes = self.segment_bytes();
    }

    /// What it looks at.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes a row: `fill` gives each column, in order, its cell. Returns an error when a pattern does not compile, and as `monitor` says.
    #[inline]
    pub fn push(&mut self, fill: impl FnOnce(&mut [BlockColumn]) -> Result<()>, monitor: &dyn Monitor) -> Result<()> {
        if !self.work.is_ready(&self.plan) {
            self.work.prepare(&self.plan, monitor)?;
            self.work.segment_bytes = self.segment_bytes();
        }
        fill(&mut self.work.block)?;
        self.work.rows += 1;
        if self.work.is_full() {
            self.flush(monitor)
        } else {
            Ok(())
        }
    }

    /// The same with no rows left to work off.
    pub fn settled(&self, monitor: &dyn Monitor) -> Result<std::borrow::Cow<'_, Scan>> {
        if self.work.rows == 0 {
            return Ok(std::borrow::Cow::Borrowed(self));
        }
        let mut scan = self.clone();
        scan.flush(monitor)?;
        Ok(std::borrow::Cow::Owned(scan))
    }

    /// How many rows it has seen.
    pub fn rows(&self) -> u64 {
        self.rows + self.work.rows as u64
    }

    /// Adds the columns of another pass over the same rows to those of this one. Both have profiles only, and are settled. Returns an error when
    /// the numbers of rows differ.
    pub fn join_columns(mut self, other: Scan) -> Result<Scan> {
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

impl Scan {
    /// [`Accumulator::merge`] under a monitor. After an error, the scan is of no further use.
    pub fn merge_watched(&mut self, other: &Scan, monitor: &dyn Monitor) -> Result<()> {
        if self.plan != other.plan {
            return Err(self.plan.mismatch(&other.plan));
        }
        self.flush(monitor)?;
        let other = other.settled(monitor)?;
        let mut pace = Pace::new(monitor);
        self.rows = count_rows(self.rows, other.rows)?;
        for (ours, theirs) in self.profiles.iter_mut().zip(&other.profiles) {
            pace.spend(PROFILE)?;
            ours.merge(theirs)?;
        }
        let merge = |(ours, theirs): (&mut Segments, &Segments)| ours.merge(theirs);
        let places: Vec<Vec<u32>> = self.segments.iter_mut().zip(&other.segments).map(merge).collect();
        self.clear_overflowed();
        let sizes = self.plan.sizes();
        let tallies = self.tallies.iter_mut().zip(&other.tallies);
        for (check, (ours, theirs)) in self.plan.checks.iter().zip(tallies) {
            let Some(grouping) = check.grouping else {
                pace.spend(PROFILE)?;
                ours.iter_mut()
                    .zip(theirs)
                    .try_for_each(|(ours, theirs)| ours.merge(theirs))?;
                continue;
            };
            let bytes = &mut self.work.segment_bytes;
            for (&place, theirs) in places[grouping].iter().zip(theirs) {
                if self.segments[grouping].overflowed() {
                    break;
                }
                pace.spend(GROUP)?;
                tally_at(ours, place as usize, bytes, || self.plan.tally(check, sizes));
                let ours = &mut ours[place as usize];
                *bytes -= ours.memory();
                ours.merge(theirs)?;
                *bytes += ours.memory();
                if *bytes > MOST_BYTES {
                    self.segments[grouping].give_up();
                }
            }
            *bytes -= share_memory(check, ours);
        }
        self.clear_overflowed();
        Ok(())
    }
}

/// Makes the tallies of a check reach as far as the segment at `place`, and counts their bytes.
fn tally_at(tallies: &mut Vec<Tally>, place: usize, bytes: &mut usize, make: impl Fn() -> Tally) {
    while tallies.len() <= place {
        let tally = make();
        *bytes += tally.memory();
        tallies.push(tally);
    }
}

impl Accumulator for Scan {
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.merge_watched(other, &Unwatched)
    }

    fn validate(&self) -> Result<()> {
        self.plan.validate()?;
        let plan = &self.plan;
        let fail = |problem: &str| Err(Error::damaged("scan", problem));
        if self.segments.len() != plan.groupings.len()
            || self.tallies.len() != plan.checks.len()
            || self.rows > MAX_ROWS
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
        let block = self.work.memory();
        let segments: usize = self.segments.iter().map(Segments::memory).sum();
        let tallies = self.tallies.iter().flatten().map(Tally::memory);
        let profiles = self
            .profiles
            .iter()
            .map(|profile| size_of::<ColumnProfile>() + profile.memory());
        block + segments + profiles.sum::<usize>() + tallies.sum::<usize>()
    }
}

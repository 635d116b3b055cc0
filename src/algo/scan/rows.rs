//! The tests of a plan on one row at a time, for those who want the rows that fail.

use super::is_true;
use super::pattern::Patterns;
use super::plan::Plan;
use super::ready::Ready;
use super::test::FAIL;
use crate::block::BlockColumn;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};

/// The checks of a plan, ready for rows.
pub struct RowTests {
    plan: Plan,
    ready: Vec<Ready>,
    patterns: Patterns,
    row: Vec<BlockColumn>,
    outcomes: Vec<u8>,
}

impl RowTests {
    /// Returns an error when the plan contradicts itself, or a pattern does not compile.
    pub fn new(plan: Plan, monitor: &dyn Monitor) -> Result<RowTests> {
        plan.validate()?;
        let (ready, patterns) = plan.ready(monitor)?;
        Ok(RowTests {
            ready,
            patterns,
            row: plan
                .columns
                .iter()
                .map(|column| BlockColumn::new(column.kind))
                .collect(),
            outcomes: Vec::new(),
            plan,
        })
    }

    /// Whether a row fails one of the checks; `fill` gives each column its cell.
    pub fn fails(
        &mut self,
        fill: impl FnOnce(&mut [BlockColumn]) -> Result<()>,
        monitor: &dyn Monitor,
    ) -> Result<bool> {
        let mut pace = Pace::new(monitor);
        fill(&mut self.row)?;
        let mut fails = false;
        for (check, ready) in self.plan.checks.iter().zip(&self.ready) {
            let Some(column) = check.column else { continue };
            if check.filter.is_some_and(|filter| !is_true(&self.row[filter], 0)) {
                continue;
            }
            ready.outcomes(&mut self.patterns, &self.row[column], &mut self.outcomes, &mut pace)?;
            fails |= self.outcomes.first() == Some(&FAIL);
        }
        self.row.iter_mut().for_each(BlockColumn::clear);
        Ok(fails)
    }
}

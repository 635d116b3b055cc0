//! What a pass over rows looks at: its columns, which of them are profiled, the checks, and what rows are grouped by.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::pattern::Patterns;
use super::ready::Ready;
use super::tally::Tally;
use super::test::Test;
use crate::block::Kind;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::profile::Sizes;
use crate::room;

/// The most columns that a pass takes.
const MOST_COLUMNS: usize = 2_000;
/// The most checks that a pass answers.
const MOST_CHECKS: usize = 100_000;

/// A pass over rows. Two passes merge when their plans are equal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What each row has, in the order in which it comes.
    pub columns: Vec<PlanColumn>,
    /// The columns that are profiled, by place.
    #[serde(default)]
    pub profiled: Vec<usize>,
    /// Among how many profiled columns memory is shared, when other passes over the same rows have some of them.
    #[serde(default)]
    pub shared_by: usize,
    /// What rows are grouped by: each the places of some columns.
    #[serde(default)]
    pub groupings: Vec<Vec<usize>>,
    /// The checks.
    #[serde(default)]
    pub checks: Vec<PlanCheck>,
}

/// A column of a pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanColumn {
    /// Its name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// What its cells mean.
    pub kind: Kind,
}

/// A check that a pass answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCheck {
    /// The column that it looks at; none where the row as such is all it needs.
    #[serde(default)]
    pub column: Option<usize>,
    /// A column of booleans: only rows where it is true count.
    #[serde(default)]
    pub filter: Option<usize>,
    /// Which grouping gives its segments.
    #[serde(default)]
    pub grouping: Option<usize>,
    /// What it asks.
    pub test: Test,
}

impl Plan {
    /// The error of merging passes of two plans: it names the first column that differs.
    pub(super) fn mismatch(&self, other: &Plan) -> Error {
        let columns = self.columns.iter().zip(&other.columns);
        let place = columns.take_while(|(ours, theirs)| ours == theirs).count();
        if place == self.columns.len().max(other.columns.len()) {
            return Error::Mismatch {
                left: "a scan".into(),
                right: "one of the same columns with other profiles or checks".into(),
            };
        }
        let describe = |plan: &Plan| match plan.columns.get(place) {
            Some(column) => format!(
                "whose column {} is \"{}\" ({})",
                place + 1,
                column.name,
                column.type_name
            ),
            None => format!("without a column {}", place + 1),
        };
        Error::Mismatch {
            left: format!("a scan {}", describe(self)),
            right: format!("one {}", describe(other)),
        }
    }

    /// The kind of the column that a check looks at.
    pub(super) fn kind(&self, check: &PlanCheck) -> Option<Kind> {
        check.column.map(|column| self.columns[column].kind)
    }

    /// An empty tally of a check; the sizes are those of [`Plan::sizes`].
    pub(super) fn tally(&self, check: &PlanCheck, sizes: Sizes) -> Tally {
        Tally::new(&check.test, self.kind(check), sizes)
    }

    /// The sizes of the profiles that checks make: all of them together stay within the memory of a table's. O(checks).
    pub(super) fn sizes(&self) -> Sizes {
        let profiles = self.checks.iter().filter(|check| check.test == Test::Profile).count();
        Sizes::for_columns(profiles)
    }

    /// Its tests made ready for their columns, and the patterns among them. Returns an error when one does not compile.
    pub(super) fn ready(&self, monitor: &dyn Monitor) -> Result<(Vec<Ready>, Patterns)> {
        let (mut places, mut patterns) = (HashMap::new(), Vec::new());
        let mut tests = room::with_capacity(self.checks.len())?;
        for check in &self.checks {
            let form = self.kind(check).map(Kind::form);
            tests.push(Ready::new(&check.test, form, |pattern| {
                *places.entry(pattern).or_insert_with(|| {
                    patterns.push(pattern);
                    patterns.len() - 1
                })
            })?);
        }
        Ok((tests, Patterns::new(&patterns, monitor)?))
    }

    /// Checks that every place named is there, and that each test suits its column.
    pub fn validate(&self) -> Result<()> {
        let width = self.columns.len();
        let fail = |problem: String| Err(Error::damaged("plan of a scan", problem));
        if width > MOST_COLUMNS || self.checks.len() > MOST_CHECKS || self.groupings.len() > MOST_CHECKS {
            return fail(format!("{width} columns and {} checks are too many", self.checks.len()));
        }
        let mut places = self.profiled.iter().chain(self.groupings.iter().flatten());
        if let Some(place) = places.find(|&&place| place >= width) {
            return fail(format!("there is no column {place}"));
        }
        if !self.profiled.is_sorted_by(|a, b| a < b) || self.groupings.iter().any(Vec::is_empty) {
            return fail("profiled columns are out of order, or a grouping has no column".into());
        }
        for (index, check) in self.checks.iter().enumerate() {
            let grouped = check.grouping.is_none_or(|grouping| grouping < self.groupings.len());
            let filtered = check
                .filter
                .is_none_or(|filter| self.columns.get(filter).is_some_and(|c| c.kind == Kind::Bool));
            let kind = match check.column {
                Some(column) => self.columns.get(column).map(|column| Some(column.kind)),
                None => Some(None),
            };
            if !(grouped && filtered && kind.is_some_and(|kind| check.test.suits(kind))) {
                return fail(format!("check {index} does not suit the columns"));
            }
        }
        Ok(())
    }
}

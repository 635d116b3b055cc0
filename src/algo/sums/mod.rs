//! Learning from sums: rows go by and are forgotten, whatever their number.
//!
//! A learner asks for a pass ([`What`]) over all rows; the [`Sums`] that it gives are what it learns from, and it asks for another or has learned
//! ([`Course`]). A [`Plan`] says what is read of a row and what is summed up. It can be sent anywhere, and the sums of parts of the rows are merged: so
//! rows may be read where they lie. What columns are like (levels, scales to compute in) is known of a sample before.
//!
//! | file | idea |
//! |---|---|
//! | `layout` | where a row's values stand, and how they become what a learner sees |
//! | `division` | which rows train and which test, told by the row alone |
//! | `summing` | rows in, sums out |
//! | `course` | a learner as a sequence of passes |
//! | `steps` | what goes by steps of preprocessing, summed up |
//! | `preprocessing` | these steps learned from all rows, pass by pass |
//! | `partial` | sums of parts, made where these are |
//! | `scoring` | a model's answers to some of the rows |
//!
//! What linear learners sum up is in `linear::summing`, what k-means does in `clustering::k_means`; naive Bayes' [`Tally`] is its own.

mod course;
mod division;
mod layout;
mod partial;
mod preprocessing;
mod scoring;
mod steps;
mod summing;
#[cfg(test)]
mod tests;

pub use course::{Course, Run, Step};
pub use division::Division;
pub(crate) use layout::Reader;
pub use layout::{Feature, Layout, Places};
pub use partial::Partial;
pub use preprocessing::Preprocessing;
pub use scoring::Scoring;
pub use summing::Summing;

use serde::{Deserialize, Serialize};

use layout::columns_of;
use steps::StepsPass;

use crate::accumulator::Accumulator;
use crate::clustering::k_means::{ClustersPass, ClustersSums};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::hash;
use crate::linear::summing::{LinearPass, LinearSums};
use crate::naive_bayes::Tally;
use crate::pipeline::Totals;
use crate::room;

/// What is summed up.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The moments of each number and the frequencies of each level, by class.
    Tally,
    /// What a linear model is learned from.
    Linear(LinearPass),
    /// What clusters around centres are learned from.
    Clusters(ClustersPass),
    /// What steps of preprocessing are learned from.
    Steps(StepsPass),
}

coded!(What {
    0 => Tally,
    1 => Linear(pass),
    2 => Clusters(pass),
    3 => Steps(pass),
});

/// What is read of rows, and what is summed up of those that train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is read.
    pub layout: Layout,
    /// What is summed up.
    pub what: What,
}

impl Plan {
    /// As bytes, to be sent.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        postcard::to_allocvec(self).map_err(|_| Error::Internal("a plan of sums is no bytes"))
    }

    /// From bytes that may be anything.
    pub fn from_bytes(bytes: &[u8]) -> Result<Plan> {
        let damaged = |error: postcard::Error| Error::damaged("plan of sums", error.to_string());
        let (plan, rest): (Plan, &[u8]) = postcard::take_from_bytes(bytes).map_err(damaged)?;
        if !rest.is_empty() {
            return Err(Error::damaged("plan of sums", "there are bytes behind it"));
        }
        plan.validate()?;
        Ok(plan)
    }

    /// Checks what summing relies on.
    pub fn validate(&self) -> Result<()> {
        self.layout.validate()?;
        match &self.what {
            What::Tally => Ok(()),
            What::Linear(pass) => pass.validate(&self.layout.levels()?, self.layout.classes()),
            What::Clusters(pass) => pass.validate(&self.layout.levels()?),
            What::Steps(pass) => pass.validate(&self.layout),
        }
    }

    /// By what sums of the same plan are known.
    fn hash(&self) -> Result<u64> {
        Ok(hash::hash_bytes(0, &self.to_bytes()?))
    }

    /// No sums yet. Returns an error where there is no room.
    fn nothing(&self) -> Result<Total> {
        Ok(match &self.what {
            What::Tally => {
                let (columns, classes) = (columns_of(&self.layout.levels()?), self.layout.classes().max(1));
                room::ask(Tally::bytes(&columns, classes))?;
                Total::Tally(Tally::nothing(&columns, classes))
            }
            What::Linear(pass) => Total::Linear(pass.nothing()?),
            What::Clusters(pass) => Total::Clusters(pass.nothing()?),
            What::Steps(pass) => Total::Steps(pass.nothing()?),
        })
    }
}

/// Sums over rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// The hash of the plan.
    plan: u64,
    /// Rows with a target, and the sum of their hashes, by which they are known again.
    rows: u64,
    hashes: u64,
    /// Rows that train, and those of them with a weight above 0.
    trained: u64,
    counted: u64,
    total: Total,
}

/// What was summed up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Total {
    Tally(Tally),
    Linear(LinearSums),
    Clusters(ClustersSums),
    Steps(Vec<Totals>),
}

coded!(Total {
    0 => Tally(tally),
    1 => Linear(sums),
    2 => Clusters(sums),
    3 => Steps(totals),
});

impl Sums {
    /// Those of no rows. Returns an error where there is no room.
    pub fn new(plan: &Plan) -> Result<Sums> {
        Ok(Sums {
            plan: plan.hash()?,
            rows: 0,
            hashes: 0,
            trained: 0,
            counted: 0,
            total: plan.nothing()?,
        })
    }

    /// Returns an error unless they are of this plan, and of the rows of a survey.
    pub fn check(&self, plan: &Plan, surveyed: &crate::packed::Surveyed) -> Result<()> {
        let sizes = plan.nothing()?;
        if self.plan != plan.hash()? || !self.total.is_like(&sizes) {
            return Err(Error::damaged("sums", "they are those of another plan"));
        }
        surveyed.check_rows(self.rows, self.hashes)
    }

    /// Rows that train.
    pub fn trained(&self) -> u64 {
        self.trained
    }

    /// Rows that train and have a weight above 0.
    pub(crate) fn counted(&self) -> u64 {
        self.counted
    }

    /// What was summed up.
    pub(crate) fn total(&self) -> &Total {
        &self.total
    }
}

impl Total {
    /// Whether sizes agree, so that they can be merged.
    fn is_like(&self, other: &Total) -> bool {
        match (self, other) {
            (Total::Tally(ours), Total::Tally(theirs)) => ours.is_like(theirs),
            (Total::Linear(ours), Total::Linear(theirs)) => ours.is_like(theirs),
            (Total::Clusters(ours), Total::Clusters(theirs)) => ours.is_like(theirs),
            (Total::Steps(ours), Total::Steps(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours.is_like(theirs))
            }
            (Total::Tally(_) | Total::Linear(_) | Total::Clusters(_) | Total::Steps(_), _) => false,
        }
    }
}

impl Accumulator for Sums {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let mismatch = || Error::Mismatch {
            left: "sums of one plan".into(),
            right: "sums of another".into(),
        };
        if self.plan != other.plan || !self.total.is_like(&other.total) {
            return Err(mismatch());
        }
        let add = |ours: u64, theirs: u64| {
            ours.checked_add(theirs).ok_or_else(|| {
                Error::data(
                    "the states together say that they saw more rows than can be counted",
                    "merge states of rows only once",
                )
            })
        };
        let rows = add(self.rows, other.rows)?;
        match (&mut self.total, &other.total) {
            (Total::Tally(ours), Total::Tally(theirs)) => ours.merge(theirs)?,
            (Total::Linear(ours), Total::Linear(theirs)) => ours.merge(theirs)?,
            (Total::Clusters(ours), Total::Clusters(theirs)) => ours.merge(theirs)?,
            (Total::Steps(ours), Total::Steps(theirs)) => {
                ours.iter_mut()
                    .zip(theirs)
                    .try_for_each(|(ours, theirs)| ours.merge(theirs))?;
            }
            (Total::Tally(_) | Total::Linear(_) | Total::Clusters(_) | Total::Steps(_), _) => return Err(mismatch()),
        }
        self.rows = rows;
        self.hashes = self.hashes.wrapping_add(other.hashes);
        // No more than the rows.
        self.trained = add(self.trained, other.trained)?;
        self.counted = add(self.counted, other.counted)?;
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        if self.trained > self.rows || self.counted > self.trained {
            return Err(Error::damaged("sums", "more rows train than there are"));
        }
        match &self.total {
            Total::Tally(tally) => tally.validate(),
            Total::Linear(sums) => sums.validate(),
            Total::Clusters(sums) => {
                sums.validate()?;
                match sums.rows() == Some((self.trained, self.counted)) {
                    true => Ok(()),
                    false => Err(Error::damaged("sums", "their clusters have other rows")),
                }
            }
            Total::Steps(totals) => totals.iter().try_for_each(Totals::validate),
        }
    }

    fn memory(&self) -> usize {
        match &self.total {
            Total::Tally(tally) => tally.memory(),
            Total::Linear(sums) => sums.memory(),
            Total::Clusters(sums) => sums.memory(),
            Total::Steps(totals) => totals.iter().map(|totals| totals.memory() + size_of::<Totals>()).sum(),
        }
    }
}

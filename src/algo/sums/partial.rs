//! Sums of some of the rows, made where they are: they take rows, are merged, and sent.

use super::{Plan, Summing, Sums};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};

/// Sums of some of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Partial {
    /// They take rows.
    Filling(Box<Summing>),
    /// They come from bytes, and take none.
    Done(Sums),
}

impl Partial {
    /// Those of no rows yet. Returns an error for a plan that cannot be, and where there is no room.
    pub fn new(plan: &Plan) -> Result<Partial> {
        Ok(Partial::Filling(Box::new(Summing::new(plan)?)))
    }

    /// The sums of the rows so far.
    pub fn sums(&self) -> Result<Sums> {
        match self {
            Partial::Filling(summing) => summing.clone().finish(),
            Partial::Done(sums) => Ok(sums.clone()),
        }
    }

    /// What takes rows. Returns an error where none are taken.
    pub fn filling(&mut self) -> Result<&mut Summing> {
        match self {
            Partial::Filling(summing) => Ok(summing),
            Partial::Done(_) => Err(Error::data(
                "sums of other rows take no row",
                "merge them with the sums of this row by assay.merge_states",
            )),
        }
    }

    /// Adds what another saw. Returns an error for sums of another plan.
    pub(crate) fn merge(&mut self, other: &Partial) -> Result<()> {
        match self {
            Partial::Filling(summing) => summing.merge(&other.sums()?),
            Partial::Done(sums) => sums.merge(&other.sums()?),
        }
    }

    /// Bytes held on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Partial::Filling(summing) => size_of::<Summing>() + summing.memory(),
            Partial::Done(sums) => sums.memory(),
        }
    }
}

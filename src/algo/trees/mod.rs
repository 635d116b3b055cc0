//! What all learners of trees share: quantised columns, parting rows, and trees as flat arrays.
//!
//! | file | idea |
//! |---|---|
//! | `bins` | values to bytes |
//! | `partition` | the rows of a node, parted between its children |
//! | `tree` | trees in flat arrays, walked and checked |

pub(crate) mod bins;
pub(crate) mod partition;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod tree;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};

/// What trees make of one column.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Importance {
    /// How many splits are by this column.
    pub splits: usize,
    /// The sum of their gains.
    pub gain: f64,
    /// The sum of their covers: what the rows that they split weigh (in boosted trees their hessians).
    pub cover: f64,
}

/// Errs with [`Error::Parameter`] unless `holds`.
pub(crate) fn demand(holds: bool, name: &'static str, value: impl ToString, allowed: &'static str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::Parameter {
            name,
            value: value.to_string(),
            allowed,
        })
    }
}

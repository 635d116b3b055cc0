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

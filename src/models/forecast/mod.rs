//! Forecasts in SQL: series in, a stored version out, and what comes next.
//!
//! | file | idea |
//! |---|---|
//! | `rows` | the rows of a query as series |
//! | `train` | `train` of a forecast |
//! | `ahead` | `forecast`: the numbers to come, with their intervals |
//! | `evaluate` | how far off they were, by how far ahead they looked |

mod ahead;
pub mod evaluate;
mod rows;
mod train;

pub use ahead::{Expected, expected};

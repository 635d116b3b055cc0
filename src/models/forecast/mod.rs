//! Forecasts in SQL: series in, a stored version out, and what comes next.
//!
//! | file | idea |
//! |---|---|
//! | `rows` | the rows of a query as series |
//! | `train` | `train` of a forecast |
//! | `ahead` | `forecast`: the numbers to come, with their intervals |
//! | `anomalies` | `detect_anomalies`: rows that are far from what was forecast of them |
//! | `evaluate` | how far off they were, by how far ahead they looked |

mod ahead;
pub mod anomalies;
pub mod evaluate;
mod rows;
mod train;

pub use ahead::{Expected, expected};

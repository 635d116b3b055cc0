//! Judging models and deciding by them.

mod curves;
pub(super) mod decision;
mod elsewhere;
pub mod evaluate;
pub mod fairness;
pub mod judged;
mod judged_row;
pub mod pass;
mod row_scorer;
pub mod segments;
mod tables;
mod thresholds;

//! Judging models and deciding by them.

mod curves;
pub(super) mod decision;
pub mod evaluate;
pub mod fairness;
pub mod judged;
pub mod pass;
pub mod segments;
mod tables;
mod thresholds;

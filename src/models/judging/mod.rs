//! Judging models and deciding by them.

mod curves;
mod decision;
mod evaluate;
pub mod fairness;
pub mod pass;
mod segments;
mod tables;
mod thresholds;

//! The kinds of checks.

pub mod anomaly;
pub mod compile;
pub mod condition;
pub mod judge;
pub mod near_duplicates;
pub mod proof;
pub mod rule;
pub mod segments;
pub mod statement;

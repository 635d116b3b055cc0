//! Statistics of tests and intervals, shared by checks and by drift.

pub mod binomial;
pub mod chi_square;
pub mod kolmogorov;
pub mod mover;
pub mod multiple;
pub mod proportion;

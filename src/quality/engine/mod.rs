//! Running checks: planned together, run in one pass, and apart where one fails.

pub mod results;
pub mod run;
pub mod validate;

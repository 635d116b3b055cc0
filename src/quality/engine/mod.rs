//! Running checks: planned together, answered by one pass, and apart where one of them fails.

pub mod result;
pub mod rights;
pub mod run;
mod validate;

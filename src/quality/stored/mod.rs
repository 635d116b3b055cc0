//! Checks that belong to a relation: added, run, asserted, explained, and their history.

pub mod add;
pub mod explain;
pub mod failing;
pub mod history;
pub mod reads;
pub mod run;
pub mod table;

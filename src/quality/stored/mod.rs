//! Checks that belong to a relation: added, changed, run, asserted, explained, exported and imported; their history, and its summary.

mod accept;
mod add;
mod change;
mod explain;
mod export;
mod failing;
mod history;
mod import;
pub mod latest;
mod run;
pub mod summary;
mod table;

//! Checks that belong to a relation: added, run, asserted, explained, and their history.

mod accept;
mod add;
mod explain;
mod failing;
mod history;
mod run;
mod table;
pub mod target;

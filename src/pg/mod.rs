//! The only floor that knows datums, memory contexts, the executor and snapshots. All `unsafe` lives here, in small functions.

pub mod arguments;
pub mod attempt;
pub mod catalog;
mod codes;
pub mod compute;
pub mod entry;
pub mod error;
pub mod fields;
pub mod foreground;
pub mod identity;
pub mod intake;
pub mod json;
mod memory;
pub mod names;
pub mod options;
pub mod progress;
pub mod query;
mod read_only;
pub mod relation;
pub mod rowset;
pub mod settings;
pub mod simplify;
pub mod site;
pub mod state;
pub mod types;
pub mod whole_row;

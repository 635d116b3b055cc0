//! Vectorizers: the chunks and vectors of a table's texts, kept current while the table changes.
//!
//! A vectorizer reads a column of its source, an ordinary table, and keeps what comes of it in its store, another ordinary table. Triggers on the
//! source say which rows have changed: with consistency `transaction` their chunks are embedded before the statement ends, with `queue` their keys
//! are noted and `assay.run_queue` embeds them later. In either case [`refresh`] looks at each row as it is then, and does no more than what is missing.
//! Source and store are read and written as the source's owner, whoever wrote the row.

mod alter;
mod create;
pub mod definition;
mod drop;
pub mod embedding;
mod evidence;
mod known;
pub mod names;
mod pieces;
pub mod queue;
mod refresh;
pub mod source;
pub mod space;
pub mod store;
mod store_rows;
mod triggers;

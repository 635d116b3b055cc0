//! Texts in SQL: chunks, embedders, vectorizers, search, how good it is, endpoints, answers of models, prompts, answers with citations, personal data, corpora,
//! training sets, adapters, and questions that become SQL.

mod adapters;
mod asking;
mod chunks;
mod corpora;
pub mod datasets;
mod embedders;
mod endpoints;
mod generation;
mod pii;
mod prompts;
mod queue;
mod retrieval;
mod search;
mod to_sql;
mod vectorizers;
mod vocabulary;
mod words;

pub use pii::kinds_of as pii_kinds;

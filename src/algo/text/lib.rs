//! Texts: pieces of them, numbers that stand for them, and how well they are found. Pure Rust, without PostgreSQL and without `unsafe`; a crate of its
//! own beside the rest of the mathematics, whose errors, monitors and room it uses, so that either compiles without the other.
#![forbid(unsafe_code)]

use algo::{dictionary, error, hash, monitor, room, sort, texts};

pub mod adapter;
pub mod analyze;
pub mod asking;
pub mod bert;
pub mod bm25;
pub mod chunk;
pub mod contradiction;
pub mod corpus;
#[cfg(test)]
mod cranfield;
pub mod dataset;
pub mod embedder;
pub mod endpoint;
pub mod fusion;
pub mod image;
pub mod json_schema;
pub mod language;
mod lexicon;
pub mod nearest;
pub mod pii;
pub mod prompt;
pub mod retrieval;
mod safetensors;
pub mod shingles;
pub mod task;
pub mod template;
pub mod tf_idf;
pub mod to_sql;
pub mod vectorizer;
pub mod word_vectors;
pub mod wordpiece;
pub mod words;

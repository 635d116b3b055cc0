//! Texts: pieces of them, numbers that stand for them, and how well they are found. Pure Rust, without PostgreSQL and without `unsafe`; a crate of its
//! own beside the rest of the mathematics, whose errors, monitors and room it uses, so that either compiles without the other.
#![forbid(unsafe_code)]

use algo::{error, monitor, room};

pub mod embedder;

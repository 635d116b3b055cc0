//! Texts: pieces of them, numbers that stand for them, and how well they are found.

pub mod embedder;

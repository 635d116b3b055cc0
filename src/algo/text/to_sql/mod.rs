//! Questions to SQL, as far as it needs no database: which relations a question is about, what a model is told of them, and whether two results are the same.

pub mod prompt;
pub mod relevance;
pub mod same;

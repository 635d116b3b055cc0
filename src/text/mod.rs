//! Texts in SQL: chunks, embedders, vectorizers, search, how good it is, and endpoints.

mod embedders;
mod retrieval;
mod search;
mod vectorizers;

//! Texts in SQL: chunks, embedders, vectorizers, search, how good it is, and endpoints.

mod embedders;
mod vectorizers;

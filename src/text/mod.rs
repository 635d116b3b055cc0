//! Texts in SQL: chunks, embedders, vectorizers, search, how good it is, and endpoints.

mod chunks;
mod embedders;
mod endpoints;
mod retrieval;
mod search;
mod vectorizers;
mod vocabulary;
mod words;

//! Adapters: what is learned on top of an embedder from questions with texts that answer them.
//!
//! | file | idea |
//! |---|---|
//! | `query` | rows of a query become pairs |
//! | `train` | `train_adapter` |

mod query;
mod train;

//! Answers in words, by models that answer elsewhere.
//!
//! | file | idea |
//! |---|---|
//! | `generator` | a model of the registry, ready to answer |
//! | `manner` | how it is to answer: options and a schema |
//! | `outgoing` | the one place where all messages pass before they leave |
//! | `generate` | `generate` |
//! | `submit` | `submit`, `prune_generations` |
//! | `line` | what was submitted, as `run_queue` works at it |

mod generate;
mod generator;
pub mod line;
mod manner;
mod outgoing;
mod submit;

pub use generator::{Completion, Generator};
pub use manner::Manner;

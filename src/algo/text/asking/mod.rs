//! Answers to questions from what a search has found, as far as that can be said without a model and without a database: which conversations are taken,
//! how what was found is told to a model so that it stays data, which words a model has really quoted, and how much of an answer they carry.
//!
//! | file | idea |
//! |---|---|
//! | `conversation` | what was said before a question |
//! | `harmless` | texts without what a model or a terminal would act upon |
//! | `fence` | the marks between which texts are data |
//! | `passages` | which chunks a model is told, and in which order |
//! | `likeness` | how much of two texts is the same |
//! | `quote` | where quoted words stand in a text |
//! | `reply` | what a model has to answer, and what of it holds |
//! | `support` | how many sentences of an answer its sources carry |
//! | `agreement` | whether an answer is the one that was expected |

mod agreement;
mod conversation;
mod fence;
mod harmless;
mod likeness;
mod passages;
mod quote;
mod reply;
mod support;
#[cfg(test)]
mod tests;

pub use agreement::{Agreement, agreement};
pub use conversation::{Message, Speaker, parse, question, recent, rewritten, transcript};
pub use fence::Fence;
pub use harmless::harmless;
pub use passages::{Fate, Passage, Selection, cut, select};
pub use quote::{Place, Plain};
pub use reply::{Citation, Fault, Reply, Verdict, Why, read, schema, visible, weigh};
pub use support::{Support, sentences, support};

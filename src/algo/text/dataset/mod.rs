//! Training sets for models that answer: conversations, filtered, without duplicates, balanced, split by group, and the lines in which trainers read them.

mod build;
mod conversation;
mod format;
mod options;
#[cfg(test)]
mod tests;

pub use build::{Builder, Built, Candidate, Cleaned, Counts, Part, Row};
pub use conversation::{Conversation, Message, Problem, Role};
pub use format::Format;
pub use options::{Columns, Compared, FailingChecks, Options, Pii};

//! The one error type of the mathematics. Every variant carries what the SQL floor needs to write a message, a detail
//! and a hint; nothing here knows PostgreSQL.

use std::borrow::Cow;

use thiserror::Error;

/// Why a piece of mathematics could not give an answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// The caller asked to stop; see [`crate::monitor::Monitor`].
    #[error("stopped on request")]
    Stopped,
    /// A hyperparameter is out of its range.
    #[error("parameter \"{name}\" is {value}, but must be {allowed}")]
    Parameter {
        name: &'static str,
        value: String,
        allowed: Cow<'static, str>,
    },
    /// There is no hyperparameter of that name.
    #[error("unknown key \"{name}\"")]
    UnknownParameter { name: String, known: Vec<&'static str> },
    /// The rows cannot answer the question asked of them (one class only, no rows, nothing that varies).
    #[error("{problem}")]
    Data {
        problem: String,
        detail: Option<String>,
        hint: &'static str,
    },
    /// A promise that one part made to another does not hold.
    #[error("{0}")]
    Internal(&'static str),
    /// Serialized bytes (a model, a state) are not what this version writes.
    #[error("{what} is damaged: {problem}")]
    Damaged { what: &'static str, problem: String },
    /// Serialized bytes hold what only a newer version knows.
    #[error("{what} was made by a newer assay: {found}")]
    Newer { what: &'static str, found: String },
    /// Two states cannot be merged, because they were made for different things.
    #[error("cannot merge {left} with {right}")]
    Mismatch { left: String, right: String },
    /// More memory would be needed than may be held.
    #[error("{needed} bytes are needed, but only {allowed} are allowed")]
    Memory { needed: usize, allowed: usize },
    /// The system has no more memory for this process; see [`crate::room`].
    #[error("out of memory for {needed} bytes")]
    OutOfMemory { needed: usize },
}

impl Error {
    /// Short for [`Error::Data`].
    pub fn data(problem: impl Into<String>, hint: &'static str) -> Self {
        Error::Data {
            problem: problem.into(),
            detail: None,
            hint,
        }
    }

    /// Adds what was found, as a sentence, to an error of rows.
    pub fn detail(mut self, found: String) -> Self {
        if let Error::Data { detail, .. } = &mut self {
            *detail = Some(found);
        }
        self
    }

    /// Short for [`Error::Damaged`].
    pub fn damaged(what: &'static str, problem: impl Into<String>) -> Self {
        Error::Damaged {
            what,
            problem: problem.into(),
        }
    }

    /// Short for [`Error::Newer`]; `found` says what this version does not know.
    pub fn newer(what: &'static str, found: impl Into<String>) -> Self {
        Error::Newer {
            what,
            found: found.into(),
        }
    }
}

/// The result of everything on the mathematics floor.
pub type Result<T> = std::result::Result<T, Error>;

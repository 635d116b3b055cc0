//! What every kind of check is made of.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::plan::{Plan, Planner};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::options;
use crate::quality::spec::Needs;

/// A kind of check, as the table has it.
#[derive(Debug)]
pub struct CheckKind {
    /// As users write it.
    pub name: &'static str,
    /// What a check of it must name, and may.
    pub needs: Needs,
    /// Reads the arguments. Returns an error with 22023 for one that is unknown, missing or out of range.
    pub parse: fn(Arguments<'_>) -> Result<Box<dyn Assertion>>,
}

/// What a check asserts: its kind with the arguments that were given.
pub trait Assertion: Debug + Send {
    /// Asks the shared pass, and says what becomes of the answer. Returns an error where the check does not suit the source. Reads no row.
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>>;

    /// The expression in SQL among its arguments. [`Planner::expression`] asks for it, and nothing else should run it.
    fn expression(&self) -> Option<&str> {
        None
    }

    /// The relation or query among its arguments. [`Planner::other`] opens it, and nothing else should.
    fn other_relation(&self) -> Option<&str> {
        None
    }
}

/// The arguments that a check was given for its kind.
pub struct Arguments<'w> {
    /// The name of the kind.
    pub kind: &'static str,
    /// The column that the check names.
    pub column: Option<&'w str>,
    /// The arguments as an object.
    pub json: Json,
}

impl Arguments<'_> {
    /// Reads them as what a kind takes.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        options::parse(&format!("arguments of {}", self.kind), self.json)
    }

    /// The same, where `problem` finds what the types of arguments cannot say.
    pub fn read_sound<T: DeserializeOwned>(self, problem: impl Fn(&T) -> Option<&'static str>) -> Result<T> {
        let kind = self.kind;
        let read = self.read()?;
        match problem(&read) {
            Some(problem) => Err(out_of_range(kind, problem)),
            None => Ok(read),
        }
    }

    /// For a kind that takes none: returns an error with 22023 when one is given.
    pub fn none(self) -> Result<()> {
        match self.json.as_object().and_then(|args| args.keys().next()) {
            Some(key) => Err(Error::new(
                INVALID_PARAMETER,
                format!("unknown key \"{key}\": {} takes no arguments", self.kind),
            )
            .hint("Besides arguments a check has: name, where, group_by, mostly, warn_if, error_if, severity, tags.")),
            None => Ok(()),
        }
    }
}

/// The error of arguments that contradict each other, or are beyond what a kind takes.
pub fn out_of_range(kind: &str, problem: &str) -> Error {
    Error::new(INVALID_PARAMETER, format!("arguments of {kind} are out of range")).hint(format!("{problem}."))
}

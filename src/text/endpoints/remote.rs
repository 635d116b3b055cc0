//! A version in the registry that answers elsewhere.

use super::WRAPPER;
use crate::models::registry::{self, Privilege};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::identity;
use algo_text::embedder::Kind;
use algo_text::endpoint::definition::Definition;
use algo_text::task::Task;

/// A remote model that the caller may use.
pub struct Remote {
    /// How users write it, with its version.
    pub reference: String,
    /// The hash of what is known of it.
    pub hash: String,
    pub definition: Definition,
}

impl Remote {
    /// The version that a reference names, for a caller who may use it. Returns an error where it does not answer with what `task` says, or not elsewhere.
    pub fn open(reference: &str, task: Task) -> Result<Remote> {
        let version = registry::resolve(reference, Privilege::Predict)?;
        let reference = version.reference();
        if version.algorithm()? != Kind::Remote.name() {
            return Err(
                Error::new(WRONG_TASK, format!("model \"{reference}\" does not answer elsewhere")).hint(format!(
                    "It takes one of assay.register_remote, which names a server of {WRAPPER}; assay.embed serves those that are here."
                )),
            );
        }
        let bytes = version.bytes(&Foreground::new()?)?;
        let definition = Definition::from_bytes(&bytes).map_err(|error| registry::unreadable(&version, error))?;
        if definition.task != task {
            return Err(Error::new(
                WRONG_TASK,
                format!(
                    "model \"{reference}\" is registered for {}, not for {}",
                    definition.task.name(),
                    task.name()
                ),
            )
            .hint(format!("Register one with task => '{}'.", task.name())));
        }
        Ok(Remote {
            reference,
            hash: version.hash()?,
            definition,
        })
    }
}

/// Returns 42501 where code runs that a relation brought along: it does not spend its reader's money, nor tell anybody what that one reads.
pub fn require_free() -> Result<()> {
    match identity::is_restricted() {
        false => Ok(()),
        true => Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            "an endpoint cannot be called within a security-restricted operation",
        )
        .detail("Indexes, materialized views and stored checks are among them.")
        .hint("Call it in a statement of its own, and keep what it answers.")),
    }
}

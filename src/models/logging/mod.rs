//! Logged decisions: `log_predictions` keeps what was decided, `record_labels` what came of it, and `performance` says how well a model holds.
//!
//! Decisions and labels meet by their key, a JSON object of columns that identify a row for good. A label belongs to the decisions about its key
//! that were made before it was recorded; recorded anew it takes the place of the one before, which is kept.

mod group;
mod keyed;
mod limit;
mod log;
mod logged;
mod performance;
mod policy;
mod prune;
mod reasons;
mod record;
mod replay;

pub use keyed::json_object;
pub use prune::require_none_logged;

use super::registry::{Entry, Privilege};
use crate::pg::error::{Error, Result, UPDATE_ASSAY};
use crate::pg::{role, tables};

/// Returns an error where the schema is that of a release that has no such tables.
fn require_tables() -> Result<()> {
    match tables::exists(c"prediction") {
        true => Ok(()),
        false => Err(Error::new(
            crate::pg::error::UNDEFINED_TABLE,
            "table assay.prediction does not exist",
        )
        .detail(UPDATE_ASSAY)
        .hint("ALTER EXTENSION assay UPDATE makes it.")),
    }
}

/// Whether the caller may see what others logged of a model, and record labels for it.
fn manages(model: &Entry) -> Result<bool> {
    super::registry::may(model, Privilege::Manage)
}

/// The condition of SQL that chooses the batches, named `b`, that the caller may see.
fn visible_batches(manages: bool) -> String {
    match manages {
        true => "true".into(),
        false => format!(
            "pg_catalog.pg_has_role({}::pg_catalog.oid, b.logged_by::pg_catalog.oid, 'USAGE')",
            role::current().to_u32()
        ),
    }
}

//! What a check says besides what its kind demands: its name, the rows it is about, and when it warns or fails.

mod bounds;
pub mod declaration;
pub mod entry;
mod needs;

use algo::quality::threshold::Threshold;
use serde::Deserialize;

pub use self::bounds::{Bounds, NO_BOUND, OUT_OF_ORDER};
pub use self::needs::{Need, Needs};
use crate::pg::error::Result;
use crate::pg::query_row::OutputColumn;
use crate::quality::source::Source;

/// What a failing check is to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A failure.
    #[default]
    Error,
    /// No more than a warning.
    Warn,
}

impl Severity {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warn => "warn",
        }
    }
}

/// What a check says, found to make sense by itself; whether it suits its relation is seen when it runs.
#[derive(Debug)]
pub struct Spec {
    /// The key of a stored one.
    pub id: Option<i64>,
    pub name: String,
    /// The name of its kind.
    pub kind: &'static str,
    pub column: Option<String>,
    /// A condition in SQL: only rows where it is true count.
    pub filter: Option<String>,
    pub group_by: Vec<String>,
    pub mostly: f64,
    pub warn_if: Option<Threshold>,
    pub error_if: Option<Threshold>,
    pub severity: Severity,
    pub tags: Vec<String>,
    /// What somebody has said of what a stored one finds.
    pub acceptance: Option<Acceptance>,
}

/// That what a check finds from a moment on is the new normal. Both are literals of PostgreSQL's type timestamptz.
#[derive(Debug, Clone, Deserialize)]
pub struct Acceptance {
    #[serde(rename = "accepted_from")]
    pub from: String,
    /// When that was said.
    #[serde(rename = "accepted_at")]
    pub at: String,
}

impl Spec {
    /// The column that it names. Returns an error with 42703 when there is none of that name.
    pub fn column<'s>(&self, source: &'s Source) -> Result<&'s OutputColumn> {
        source.require_column(self.column.as_deref().unwrap_or_default())
    }

    /// Its condition on rows in SQL with AND behind it; nothing without one.
    pub fn filter_and(&self) -> String {
        let filter = self.filter.as_ref();
        filter.map(|filter| format!("(\n{filter}\n) AND ")).unwrap_or_default()
    }
}

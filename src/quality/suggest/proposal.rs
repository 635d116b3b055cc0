//! A check that may be worth having.

use serde_json::{Value as Json, json};

use super::constraint::Condition;

/// The share of rows that may fail what is suggested; keys, presence and bounds hold for all rows or not at all, but for those that look faulty.
pub const TOLERANCE: f64 = 0.05;

/// A check that may be worth having.
pub struct Proposal {
    pub kind: &'static str,
    pub column: Option<String>,
    pub args: Json,
    /// Columns whose values make segments.
    pub group_by: Vec<String>,
    /// Why.
    pub reason: String,
    /// What a constraint would say.
    pub condition: Option<Condition>,
    /// The share of today's rows that may fail it.
    pub tolerance: f64,
    /// Whether what it finds looks faulty: another unit or convention.
    pub finds_faults: bool,
    /// Whether all rows are known to pass it, so that it need not run.
    pub holds: bool,
}

impl Proposal {
    /// One of all rows, or of a column, that holds on all of today's rows.
    pub fn new(kind: &'static str, column: Option<&str>, args: Json, reason: impl Into<String>) -> Proposal {
        Proposal {
            kind,
            column: column.map(str::to_owned),
            args,
            group_by: Vec::new(),
            reason: reason.into(),
            condition: None,
            tolerance: 0.0,
            finds_faults: false,
            holds: false,
        }
    }

    /// The same of what is known to hold on all rows, if it is.
    pub fn known_to_hold(self, holds: bool) -> Proposal {
        Proposal { holds, ..self }
    }

    /// The same of what looks faulty wherever it fails.
    pub fn finding_faults(self) -> Proposal {
        Proposal {
            finds_faults: true,
            ..self
        }
    }

    /// The same in each segment that the values of a column make, if one is given.
    pub fn by(self, segment: Option<&str>) -> Proposal {
        Proposal {
            group_by: segment.into_iter().map(str::to_owned).collect(),
            ..self
        }
    }

    /// As a check is written.
    pub fn definition(&self, mostly: f64) -> Json {
        let mut definition = json!({ "kind": self.kind, "args": self.args });
        if let Some(column) = &self.column {
            definition["column_name"] = json!(column);
        }
        if !self.group_by.is_empty() {
            definition["group_by"] = json!(self.group_by);
        }
        if mostly < 1.0 {
            definition["mostly"] = json!(mostly);
        }
        definition
    }
}

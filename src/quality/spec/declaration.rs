//! How a check is written in JSON, and how that becomes what it says.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Need, Needs, Severity, Spec};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::options;
use algo::quality::threshold::Threshold;

/// A check as it is written; keys that are none of these are arguments of its kind.
#[derive(Debug, Deserialize)]
pub struct Declaration {
    pub kind: String,
    #[serde(alias = "column")]
    pub column_name: Option<String>,
    #[serde(default)]
    pub(super) args: Map<String, Json>,
    pub(super) name: Option<String>,
    #[serde(rename = "where")]
    pub(super) filter: Option<String>,
    pub(super) group_by: Option<Names>,
    pub(super) mostly: Option<f64>,
    pub(super) warn_if: Option<String>,
    pub(super) error_if: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) tags: Option<Names>,
    #[serde(flatten)]
    more: Map<String, Json>,
}

/// One name, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "wrong type, expected a name or an array of names")]
pub enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    /// The names; none where nothing was given.
    pub fn list(names: Option<Names>) -> Vec<String> {
        match names {
            None => Vec::new(),
            Some(Names::One(name)) => vec![name],
            Some(Names::Many(names)) => names,
        }
    }
}

fn invalid<T>(message: String, hint: &str) -> Result<T> {
    Err(Error::new(INVALID_PARAMETER, message).hint(hint))
}

impl Declaration {
    /// Reads a check from JSON.
    pub fn parse(check: Json) -> Result<Declaration> {
        if !check.is_object() {
            return Err(Error::new(INVALID_PARAMETER, "a check is no JSON object")
                .detail(format!("It is {check}."))
                .hint("Write it as {\"kind\": \"not_null\", \"column_name\": \"id\"}."));
        }
        options::parse("check", check)
    }

    /// Takes the arguments of its kind out: those within args and those beside it.
    pub fn take_arguments(&mut self) -> Result<Json> {
        let mut args = std::mem::take(&mut self.args);
        for (key, value) in std::mem::take(&mut self.more) {
            if args.insert(key.clone(), value).is_some() {
                return invalid(
                    format!("argument \"{key}\" is given twice"),
                    "Give it once, within args or beside it.",
                );
            }
        }
        Ok(Json::Object(args))
    }

    /// Returns an error unless a column is named where a kind needs one, and none where it takes none.
    pub fn require_column(&self, kind: &str, needs: &Needs) -> Result<()> {
        match (needs.column, &self.column_name) {
            (Need::Required, None) => invalid(format!("{kind} needs a column"), "Name it with column_name."),
            (Need::Refused, Some(column)) => invalid(
                format!("{kind} is not about one column, but \"{column}\" is named"),
                "Leave column_name out.",
            ),
            (Need::Required, Some(_)) | (Need::Refused, None) | (Need::Optional, _) => Ok(()),
        }
    }

    /// What it says, as a check of a kind with these needs.
    pub fn spec(self, kind: &'static str, needs: &Needs) -> Result<Spec> {
        let group_by = Names::list(self.group_by);
        let mostly = self.mostly.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&mostly) {
            return invalid(
                format!("mostly is {mostly}"),
                "It is the share of rows that must pass: between 0 and 1.",
            );
        }
        match needs.segments {
            Need::Required if group_by.is_empty() => {
                return invalid(format!("{kind} needs segments"), "Name their columns with group_by.");
            }
            Need::Refused if !group_by.is_empty() => {
                return invalid(format!("{kind} has no segments"), "Leave group_by out.");
            }
            Need::Required | Need::Optional | Need::Refused => {}
        }
        if needs.filter == Need::Refused && self.filter.is_some() {
            return invalid(format!("{kind} is not about rows"), "Leave where out.");
        }
        if !needs.counts_rows
            && (mostly < 1.0 || self.warn_if.is_some() || self.error_if.as_deref().is_some_and(|t| t != ">0"))
        {
            return invalid(
                format!("{kind} does not count failing rows"),
                "Leave mostly, warn_if and error_if out; severity says whether it fails or warns.",
            );
        }
        let threshold = |text: Option<String>| {
            let parsed = text.as_deref().map(Threshold::parse).transpose();
            parsed.map_err(|error| Error::from(error).state(INVALID_PARAMETER))
        };
        Ok(Spec {
            id: None,
            name: self
                .name
                .unwrap_or_else(|| default_name(kind, self.column_name.as_deref(), &group_by)),
            kind,
            column: self.column_name,
            filter: self.filter,
            group_by,
            mostly,
            warn_if: threshold(self.warn_if)?,
            error_if: threshold(self.error_if)?,
            severity: self.severity.unwrap_or_default(),
            tags: Names::list(self.tags),
            acceptance: None,
        })
    }
}

/// As dbt names its tests: the kind, and what it is about.
pub fn default_name(kind: &str, column: Option<&str>, group_by: &[String]) -> String {
    let about = column.map(|column| format!("_{column}")).unwrap_or_default();
    match group_by {
        [] => format!("{kind}{about}"),
        names => format!("{kind}{about}_by_{}", names.join("_")),
    }
}

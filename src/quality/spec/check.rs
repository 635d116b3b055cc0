//! A check as it was asked for: what it demands, of which rows, and when it warns or fails.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::options;
use crate::pg::query;
use crate::quality::kinds::near_duplicates;
use crate::quality::kinds::rule::{Columns, Rule};
use algo::quality::threshold::Threshold;

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

/// A check, read and found to make sense by itself; whether it suits its relation is seen when it runs.
#[derive(Debug, Clone)]
pub struct Check {
    /// The key of a stored one.
    pub id: Option<i64>,
    pub name: String,
    pub kind: &'static str,
    pub column: Option<String>,
    pub rule: Rule,
    /// A condition in SQL: only rows where it is true count.
    pub filter: Option<String>,
    pub group_by: Vec<String>,
    pub mostly: f64,
    pub warn_if: Option<Threshold>,
    pub error_if: Option<Threshold>,
    pub severity: Severity,
    pub tags: Vec<String>,
}

/// What a check is written as; keys that are none of these are arguments of its kind.
#[derive(Debug, Clone, Deserialize)]
pub struct Written {
    kind: String,
    #[serde(alias = "column")]
    column_name: Option<String>,
    #[serde(default)]
    args: Map<String, Json>,
    name: Option<String>,
    #[serde(rename = "where")]
    filter: Option<String>,
    group_by: Option<Names>,
    mostly: Option<f64>,
    warn_if: Option<String>,
    error_if: Option<String>,
    severity: Option<Severity>,
    tags: Option<Names>,
    #[serde(flatten)]
    more: Map<String, Json>,
}

/// One name, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn list(names: Option<Names>) -> Vec<String> {
        match names {
            None => Vec::new(),
            Some(Names::One(name)) => vec![name],
            Some(Names::Many(names)) => names,
        }
    }
}

/// The most checks that one call takes.
const MOST_CHECKS: usize = 100_000;

/// What was given as a check and is none: what can be read of it, and what is wrong.
pub struct Malformed {
    pub name: String,
    pub kind: String,
    pub column: Option<String>,
    pub problem: String,
}

impl Malformed {
    fn new(place: usize, written: &Json, problem: String) -> Malformed {
        let text = |key: &str| written.get(key).and_then(Json::as_str).map(str::to_string);
        let (kind, column) = (text("kind"), text("column_name").or_else(|| text("column")));
        let name = text("name").or_else(|| Some(default_name(kind.as_deref()?, column.as_deref(), &[])));
        Malformed {
            name: name.unwrap_or_else(|| format!("check {place}")),
            kind: kind.unwrap_or_else(|| "unknown".into()),
            column,
            problem,
        }
    }
}

impl Check {
    /// Reads a list of checks. What is none of them stands in its place; returns an error when there is no list, or too long a one.
    pub fn parse_all(checks: Json) -> Result<Vec<std::result::Result<Check, Malformed>>> {
        let Json::Array(checks) = checks else {
            return Err(Error::new(INVALID_PARAMETER, "argument \"checks\" is no JSON array")
                .hint("Write it as '[{\"kind\": \"not_null\", \"column_name\": \"id\"}]'."));
        };
        if checks.len() > MOST_CHECKS {
            return Err(
                Error::new(INVALID_PARAMETER, format!("there are more than {MOST_CHECKS} checks"))
                    .hint("Divide them among several calls."),
            );
        }
        let one = |(index, written): (usize, Json)| match Check::parse(written.clone()) {
            Ok(check) => Ok(Ok(check)),
            Err(error) if error.is_cancel() => Err(error),
            Err(error) => Ok(Err(Malformed::new(index + 1, &written, error.told()))),
        };
        checks.into_iter().enumerate().map(one).collect()
    }

    /// Reads a check from JSON.
    pub fn parse(check: Json) -> Result<Check> {
        let check = Check::read(check)?;
        check.require_expressions()?;
        Ok(check)
    }

    /// The same without a look at its SQL: that of a stored check was parsed when it was added, under settings that need not be those of now.
    pub fn read(check: Json) -> Result<Check> {
        if !check.is_object() {
            return Err(Error::new(INVALID_PARAMETER, "a check is no JSON object")
                .detail(format!("It is {check}."))
                .hint("Write it as {\"kind\": \"not_null\", \"column_name\": \"id\"}."));
        }
        Check::new(options::parse("check", check)?)
    }

    fn new(written: Written) -> Result<Check> {
        let invalid = |message: String, hint: &str| Err(Error::new(INVALID_PARAMETER, message).hint(hint));
        let mut args = written.args;
        for (key, value) in written.more {
            if args.insert(key.clone(), value).is_some() {
                return invalid(
                    format!("argument \"{key}\" is given twice"),
                    "Give it once, within args or beside it.",
                );
            }
        }
        let (kind, columns, rule) = Rule::parse(&written.kind, Json::Object(args))?;
        match (columns, &written.column_name) {
            (Columns::One, None) => {
                return invalid(format!("{kind} needs a column"), "Name it with column_name.");
            }
            (Columns::None, Some(column)) => {
                return invalid(
                    format!("{kind} is not about one column, but \"{column}\" is named"),
                    "Leave column_name out.",
                );
            }
            _ => {}
        }
        if let Rule::Anomaly(anomaly) = &rule {
            anomaly.check_column(written.column_name.as_deref())?;
        }
        if let Rule::NearDuplicates(similarity) = &rule
            && written.column_name.is_some() != similarity.columns.is_empty()
        {
            return Err(near_duplicates::ambiguous());
        }
        let group_by = Names::list(written.group_by);
        let mostly = written.mostly.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&mostly) {
            return invalid(
                format!("mostly is {mostly}"),
                "It is the share of rows that must pass: between 0 and 1.",
            );
        }
        if rule.needs_segments() && group_by.is_empty() {
            return invalid(format!("{kind} needs segments"), "Name their columns with group_by.");
        }
        if !rule.takes_segments() && !group_by.is_empty() {
            return invalid(format!("{kind} has no segments"), "Leave group_by out.");
        }
        if !rule.takes_filter() && written.filter.is_some() {
            return invalid(format!("{kind} is not about rows"), "Leave where out.");
        }
        if !rule.counts_rows()
            && (mostly < 1.0 || written.warn_if.is_some() || written.error_if.as_deref().is_some_and(|t| t != ">0"))
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
        Ok(Check {
            id: None,
            name: written
                .name
                .unwrap_or_else(|| default_name(kind, written.column_name.as_deref(), &group_by)),
            kind,
            column: written.column_name,
            rule,
            filter: written.filter,
            group_by,
            mostly,
            warn_if: threshold(written.warn_if)?,
            error_if: threshold(written.error_if)?,
            severity: written.severity.unwrap_or_default(),
            tags: Names::list(written.tags),
        })
    }
}

impl Check {
    /// Returns an error with 22023 where what should be an expression in SQL is none.
    fn require_expressions(&self) -> Result<()> {
        if let Some(filter) = &self.filter {
            query::require_expression(filter)?;
        }
        if let Rule::ExpressionIsTrue(expression) = &self.rule {
            match &self.column {
                // dbt's form for a column: the expression goes on from its name.
                Some(_) => query::require_expression(&format!("c {}", expression.expression))?,
                None => query::require_expression(&expression.expression)?,
            }
        }
        Ok(())
    }

    /// Whether a part of it is an expression in SQL, which runs whatever functions it names.
    pub fn has_expression(&self) -> bool {
        self.filter.is_some() || matches!(self.rule, Rule::ExpressionIsTrue(_))
    }
}

/// As dbt names its tests: the kind, and what it is about.
fn default_name(kind: &str, column: Option<&str>, group_by: &[String]) -> String {
    let about = column.map(|column| format!("_{column}")).unwrap_or_default();
    match group_by {
        [] => format!("{kind}{about}"),
        names => format!("{kind}{about}_by_{}", names.join("_")),
    }
}

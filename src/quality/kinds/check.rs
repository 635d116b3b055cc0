//! A check: what it says, and what it asserts.

use serde_json::Value as Json;

use super::assertion::{Arguments, Assertion, CheckKind};
use super::kind_of_name;
use super::plan::{Plan, Planner};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::expression;
use crate::pg::foreground::Foreground;
use crate::quality::pass::Pass;
use crate::quality::source::Source;
use crate::quality::spec::Spec;
use crate::quality::spec::declaration::{Declaration, default_name};
use algo::monitor::Monitor;

/// A check, read and found to make sense by itself; whether it suits its relation is seen when it is planned.
#[derive(Debug)]
pub struct Check {
    pub spec: Spec,
    kind: &'static CheckKind,
    assertion: Box<dyn Assertion>,
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
    fn new(place: usize, declaration: &Json, problem: String) -> Malformed {
        let text = |key: &str| declaration.get(key).and_then(Json::as_str).map(str::to_string);
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
        let monitor = Foreground::new()?;
        let one = |(index, declaration): (usize, Json)| {
            monitor.check()?;
            match Check::parse(declaration.clone()) {
                Ok(check) => Ok(Ok(check)),
                Err(error) if error.is_cancel() => Err(error),
                Err(error) => Ok(Err(Malformed::new(index + 1, &declaration, error.sentences()))),
            }
        };
        checks.into_iter().enumerate().map(one).collect()
    }

    /// Reads a check from JSON. Returns an error with 22023 where it makes no sense, or what should be an expression in SQL is none.
    pub fn parse(check: Json) -> Result<Check> {
        let check = Check::read(check)?;
        if let Some(filter) = &check.spec.filter {
            expression::require_expression(filter)?;
        }
        match (check.assertion.expression(), &check.spec.column) {
            (None, _) => {}
            (Some(expression), None) => expression::require_expression(expression)?,
            // dbt's form for a column: the expression goes on from its name.
            (Some(expression), Some(_)) => expression::require_expression(&format!("c {expression}"))?,
        }
        Ok(check)
    }

    /// The same without a look at its SQL: that of a stored check was parsed when it was added, under settings that need not be those of now.
    pub fn read(check: Json) -> Result<Check> {
        let mut declaration = Declaration::parse(check)?;
        let args = declaration.take_arguments()?;
        let kind = kind_of_name(&declaration.kind)?;
        let assertion = (kind.parse)(Arguments {
            kind: kind.name,
            column: declaration.column_name.as_deref(),
            json: args,
        })?;
        declaration.require_column(kind.name, &kind.needs)?;
        Ok(Check {
            spec: declaration.spec(kind.name, &kind.needs)?,
            kind,
            assertion,
        })
    }

    /// Plans it: adds what it asks to the pass. Returns an error where it does not suit the source. Reads no row.
    pub fn plan<'a>(&'a self, source: &'a Source, pass: &mut Pass) -> Result<Plan<'a>> {
        let assertion = &*self.assertion;
        assertion.plan(&mut Planner {
            spec: &self.spec,
            source,
            pass,
            expression: assertion.expression(),
            other_relation: assertion.other_relation(),
        })
    }

    /// Whether a part of it is an expression in SQL, which runs whatever functions it names.
    pub fn has_expression(&self) -> bool {
        self.spec.filter.is_some() || self.assertion.expression().is_some()
    }

    /// Whether it reads a relation besides its own.
    pub fn reads_another_relation(&self) -> bool {
        self.assertion.other_relation().is_some()
    }

    /// Whether it says of each row whether it fails.
    pub fn counts_rows(&self) -> bool {
        self.kind.needs.counts_rows
    }
}

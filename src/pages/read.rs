//! What views and functions of assay show the caller, read as the caller would read it: one query, read-only, each row as JSON.

use serde_json::{Map, Value as Json};

use crate::pg::attempt::attempt;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::query::Query;
use crate::pg::reader::Value;

/// A row.
pub struct Row(Map<String, Json>);

/// The rows of a query.
pub fn rows(query: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let all = format!("SELECT pg_catalog.to_jsonb(q)::pg_catalog.text FROM (\n{query}\n) AS q");
    Query::new(&all)?.run(&mut |row| {
        serve_interrupts();
        if let Value::Text(text) = row.value(0) {
            let row = serde_json::from_str(&text).map_err(|problem| {
                Error::new(INTERNAL, "a row of a page cannot be read").detail(format!("The problem is: {problem}."))
            })?;
            rows.push(Row(row));
        }
        Ok(())
    })?;
    Ok(rows)
}

/// The rows of a query, or why there are none: what of a page cannot be had is said on it, and the rest is shown.
pub fn attempted(query: &str) -> Result<std::result::Result<Vec<Row>, String>> {
    attempt(|| rows(query))
}

/// Whether the schema has a function or view `assay.<name>`: until ALTER EXTENSION UPDATE has run, it is that of an older release.
pub fn is_known(name: &str) -> Result<bool> {
    let name = crate::pages::literal(name);
    let found = rows(&format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.proname OPERATOR(pg_catalog.=) {name} AND p.pronamespace OPERATOR(pg_catalog.=) 'assay'::pg_catalog.regnamespace)
OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relname OPERATOR(pg_catalog.=) {name} AND c.relnamespace OPERATOR(pg_catalog.=) 'assay'::pg_catalog.regnamespace) AS known"
    ))?;
    Ok(found.first().is_some_and(|row| row.flag("known")))
}

impl Row {
    /// A value as JSON has it; `Null` for none.
    pub fn json(&self, column: &str) -> &Json {
        self.0.get(column).unwrap_or(&Json::Null)
    }

    /// A value as people read it.
    pub fn text(&self, column: &str) -> Option<String> {
        text(self.json(column))
    }

    /// A number. JSON has those that are not finite as texts.
    pub fn number(&self, column: &str) -> Option<f64> {
        number(self.json(column))
    }

    /// A count.
    pub fn count(&self, column: &str) -> Option<i64> {
        self.json(column).as_i64()
    }

    /// Whether it is true.
    pub fn flag(&self, column: &str) -> bool {
        self.json(column).as_bool() == Some(true)
    }

    /// The texts of an array.
    pub fn texts(&self, column: &str) -> Vec<String> {
        self.json(column)
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect()
    }
}

/// A value of JSON as people read it.
pub fn text(json: &Json) -> Option<String> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A number of JSON, or one that is written as a text.
pub fn number(json: &Json) -> Option<f64> {
    match json {
        Json::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}

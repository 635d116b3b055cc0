//! What constraints would demand of a table, as SQL, and which it has already.

use pgrx::spi::{quote_identifier, quote_literal};
use serde_json::Value as Json;

use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::quality::kinds::unique::FORBIDS_NULL;
use crate::quality::source::Source;

/// What a constraint says about a column.
pub enum Condition {
    NotNull,
    Unique,
    /// Comparisons, all of which hold: an operator and a literal.
    Range(Vec<(&'static str, String)>),
    /// One of these values.
    In(Vec<Json>),
    /// A regular expression.
    Matches(String),
    /// So many characters.
    Length(u64),
    NotEmpty,
}

/// A relation that may have constraints.
pub struct Table {
    /// The beginning of a statement that adds one; `None` for the rows of a query.
    alter: Option<String>,
    is_partitioned: bool,
    /// Columns that cannot be NULL.
    not_null: Vec<String>,
    /// Columns that no row stores, as PostgreSQL has them from 18 on, and no index holds.
    computed: Vec<String>,
}

impl Table {
    /// What constraints on the rows of a source would stand on. `None` for views and foreign tables, which enforce none.
    pub fn of(source: &Source) -> Result<Option<Table>> {
        if !source.is_relation() {
            return Ok(Some(Table {
                alter: None,
                is_partitioned: false,
                not_null: Vec::new(),
                computed: Vec::new(),
            }));
        }
        let relation = quote_literal(&source.text);
        let mut kind = String::new();
        let (mut not_null, mut computed) = (Vec::new(), Vec::new());
        let sql = format!(
            "SELECT c.relkind::pg_catalog.text, a.attname::pg_catalog.text, {FORBIDS_NULL}, a.attgenerated = 'v'
FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.oid = {relation}::pg_catalog.regclass"
        );
        Query::new(&sql)?.run(&mut |row| {
            if let Value::Text(text) = row.value(0) {
                kind = text.into_owned();
            }
            let Value::Text(name) = row.value(1) else {
                return Ok(());
            };
            for (column, columns) in [(2, &mut not_null), (3, &mut computed)] {
                if row.value(column) == Value::Number(1.0) {
                    columns.push(name.to_string());
                }
            }
            Ok(())
        })?;
        let table = Table {
            alter: Some(format!("ALTER TABLE {} ", source.text)),
            is_partitioned: kind == "p",
            not_null,
            computed,
        };
        Ok(["r", "p"].contains(&kind.as_str()).then_some(table))
    }

    /// Whether it demands already what a constraint would say. What an index proves is known from the check itself.
    pub fn demands(&self, column: &str, condition: &Condition) -> bool {
        match condition {
            Condition::NotNull => self.not_null.iter().any(|name| name == column),
            Condition::Unique
            | Condition::Range(_)
            | Condition::In(_)
            | Condition::Matches(_)
            | Condition::Length(_)
            | Condition::NotEmpty => false,
        }
    }

    /// The constraint as SQL: a statement that adds it to the table, or for the rows of a query what a table of them would declare. `None` where
    /// there can be none.
    pub fn constraint(&self, column: &str, condition: &Condition) -> Option<String> {
        let name = quote_identifier(column);
        let literal = |value: &Json| match value {
            Json::String(text) => quote_literal(text),
            other => other.to_string(),
        };
        let check = |condition: String| format!("CHECK ({condition})");
        let constraint = match condition {
            Condition::NotNull => {
                return Some(match &self.alter {
                    Some(alter) => format!("{alter}ALTER COLUMN {name} SET NOT NULL"),
                    None => "NOT NULL".into(),
                });
            }
            // On partitions together only with the columns of the partition's key.
            Condition::Unique if self.is_partitioned || self.computed.iter().any(|name| name == column) => return None,
            Condition::Unique => format!("UNIQUE ({name})"),
            Condition::Range(ends) => {
                let ends: Vec<String> = ends.iter().map(|(sign, end)| format!("{name} {sign} {end}")).collect();
                check(ends.join(" AND "))
            }
            Condition::In(values) => check(format!(
                "{name} IN ({})",
                values.iter().map(literal).collect::<Vec<_>>().join(", ")
            )),
            Condition::Matches(regex) => check(format!("{name} ~ {}", quote_literal(regex))),
            Condition::Length(length) => check(format!("length({name}) = {length}")),
            Condition::NotEmpty => check(format!("{name} <> ''")),
        };
        Some(match &self.alter {
            Some(alter) => format!("{alter}ADD {constraint}"),
            None => constraint,
        })
    }
}

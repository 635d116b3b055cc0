//! A user's query whose rows are told apart by key columns, with what is read of each row besides.

use pgrx::pg_sys;
use pgrx::spi::{quote_identifier, quote_literal};

use crate::models::predict::column_named;
use crate::pg::error::{DUPLICATE_COLUMN, Error, INVALID_PARAMETER, NULL_ELEMENT, Result};
use crate::pg::options;
use crate::pg::query::Query;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::reader::Value;
use crate::pg::text::Text;

/// The most columns of a key, and of what is kept to slice by.
const MOST_COLUMNS: usize = 50;
/// Columns of one call of `jsonb_build_object`, which takes two arguments for each and a hundred in all.
const TOGETHER: usize = 40;

/// Columns of the query, and expressions of its rows, which are named `q`.
pub struct Selection {
    columns: Vec<String>,
    expressions: Vec<String>,
}

/// The query that gives, for each row of a user's, some of its columns, then expressions.
pub struct Keyed {
    pub query: Query,
    /// How many columns come before the expressions.
    columns: usize,
    key: Vec<String>,
}

/// The names of a key's columns.
pub fn key_columns(key: Option<Vec<Option<Text>>>) -> Result<Vec<String>> {
    let names = names("key", options::required("key", key).map(Some)?)?;
    match names.is_empty() {
        true => Err(Error::new(INVALID_PARAMETER, "argument \"key\" names no column")
            .hint("Name the columns that identify a row for good, such as key => '{customer_id}'.")),
        false => Ok(names),
    }
}

/// The names of columns in an array; none for NULL. Returns an error for a name that is there twice, and for too many.
pub fn names(argument: &str, given: Option<Vec<Option<Text>>>) -> Result<Vec<String>> {
    let names = options::texts(argument, given)?.unwrap_or_default();
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            return Err(Error::new(
                DUPLICATE_COLUMN,
                format!("argument \"{argument}\" names column \"{name}\" twice"),
            )
            .hint("Name each column once."));
        }
    }
    match names.len() {
        ..=MOST_COLUMNS => Ok(names),
        more => Err(Error::new(
            INVALID_PARAMETER,
            format!("argument \"{argument}\" names {more} columns"),
        )
        .hint(format!("It may name {MOST_COLUMNS}."))),
    }
}

/// Columns of a row named `q` as an object of JSON, in SQL.
pub fn object_of(columns: &[String]) -> String {
    object(columns, |name| format!("q.{}", quote_identifier(name)))
}

/// The same of a key. JSON holds a timestamp with time zone in the session's time zone: keys are the same in all of them.
fn object_of_key(key: &[String], columns: &[OutputColumn]) -> String {
    let has_zone = |name: &str| {
        let mut named = columns.iter().filter(|column| column.name == name);
        named.any(|column| column.type_oid == pg_sys::TIMESTAMPTZOID)
    };
    object(key, |name| match has_zone(name) {
        true => format!("pg_catalog.timezone('UTC', q.{})", quote_identifier(name)),
        false => format!("q.{}", quote_identifier(name)),
    })
}

fn object(columns: &[String], value: impl Fn(&str) -> String) -> String {
    let members: Vec<(&String, String)> = columns.iter().map(|name| (name, value(name))).collect();
    json_object(&members)
}

/// Members of an object of JSON, each a name and an expression of its value, in SQL.
pub fn json_object(columns: &[(&String, String)]) -> String {
    if columns.is_empty() {
        return "'{}'::pg_catalog.jsonb".into();
    }
    let part = |columns: &[(&String, String)]| {
        let pairs: Vec<String> = (columns.iter())
            .map(|(name, value)| format!("{}, {value}", quote_literal(name)))
            .collect();
        format!("pg_catalog.jsonb_build_object({})", pairs.join(", "))
    };
    let parts: Vec<String> = columns.chunks(TOGETHER).map(part).collect();
    parts.join(" OPERATOR(pg_catalog.||) ")
}

impl Selection {
    /// The key, of columns of a query; behind it come `columns` as they are. Returns an error for a column that the query does not have.
    pub fn new(columns: Vec<String>) -> Selection {
        Selection {
            columns,
            expressions: Vec::new(),
        }
    }

    /// Adds an expression, and gives its place behind the key.
    pub fn add(&mut self, expression: String) -> usize {
        self.expressions.push(expression);
        self.expressions.len() - 1
    }

    /// The query. `inner` is the user's own.
    pub fn of(self, inner: &Query, key: Vec<String>) -> Result<Keyed> {
        for name in &key {
            column_named(inner.columns(), name, "part of the key")?;
        }
        let object = object_of_key(&key, inner.columns());
        let is_null: Vec<String> = key
            .iter()
            .map(|name| format!("q.{} IS NULL", quote_identifier(name)))
            .collect();
        let columns = self.columns.iter().map(|name| format!("q.{}", quote_identifier(name)));
        let all: Vec<String> = columns
            .chain([object, is_null.join(" OR ")])
            .chain(self.expressions)
            .collect();
        let text = format!("SELECT {} FROM (\n{}\n) AS q", all.join(", "), inner.statement());
        Ok(Keyed {
            query: Query::new(&text)?,
            columns: self.columns.len(),
            key,
        })
    }
}

impl Keyed {
    /// The columns that were selected as they are.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.query.columns()[..self.columns]
    }

    /// The place of the key, a value of type jsonb.
    pub fn key(&self) -> usize {
        self.columns
    }

    /// The place of an expression.
    pub fn expression(&self, number: usize) -> usize {
        self.columns + 2 + number
    }

    /// The names of the key's columns.
    pub fn key_names(&self) -> &[String] {
        &self.key
    }

    /// Returns an error for a row whose key is not complete.
    pub fn check_key(&self, row: &Row<'_>) -> Result<()> {
        match row.value(self.columns + 1) {
            Value::Number(0.0) => Ok(()),
            _ => Err(Error::new(
                NULL_ELEMENT,
                match &self.key[..] {
                    [name] => format!("key column \"{name}\" is NULL in a row"),
                    names => format!("one of the key columns {} is NULL in a row", names.join(", ")),
                },
            )
            .hint("A key identifies a row for good: leave rows without one out of the query.")),
        }
    }
}

/// The type of a column of JSON.
pub const JSONB: pg_sys::Oid = pg_sys::JSONBOID;

//! What a text names that something is said of: a table, a view, a column, a function.

use pgrx::pg_sys::Oid;

use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, SqlState, UNDEFINED_COLUMN, UNDEFINED_TABLE};
use crate::pg::{relation, role, routine};

/// PostgreSQL's own code for a function that is not there.
const UNDEFINED_FUNCTION: SqlState = SqlState(b"42883");

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    Relation(Oid),
    /// A column, with its number and its name.
    Column(Oid, i16, String),
    Routine(Oid),
}

/// The relation of a name, with its schema or found by the search path.
pub fn relation_of(name: &str) -> Option<Oid> {
    let parts = relation::name_parts(name)?;
    let found = match parts.as_slice() {
        [only] => relation::by_search_path(only),
        [_, _] => relation::of_name(name),
        _ => None,
    };
    found.filter(|oid| relation::has_rows(*oid))
}

/// The object of a name. Returns an error where there is none.
pub fn resolve(name: &str) -> Result<Object> {
    if name.contains('(') {
        return routine::of_signature(name).map(Object::Routine).ok_or_else(|| {
            Error::new(UNDEFINED_FUNCTION, format!("function {name} does not exist"))
                .hint("Write it with the types of its arguments, such as net(numeric).")
        });
    }
    if let Some(oid) = relation_of(name) {
        return Ok(Object::Relation(oid));
    }
    let undefined = || {
        Error::new(UNDEFINED_TABLE, format!("there is no table or view \"{name}\""))
            .hint("Name a table, a view, or one of their columns as in SQL: schema.table.column.")
    };
    let mut parts = relation::name_parts(name).ok_or_else(undefined)?;
    let column = parts.pop().ok_or_else(undefined)?;
    let quoted: Vec<String> = parts.iter().map(|part| relation::quoted(part)).collect();
    let oid = relation_of(&quoted.join(".")).ok_or_else(undefined)?;
    let number = relation::column_number(oid, &column).ok_or_else(|| {
        let table = relation::name_of(oid).unwrap_or_default();
        Error::new(
            UNDEFINED_COLUMN,
            format!("column \"{column}\" of {table} does not exist"),
        )
        .hint("Name one of its columns.")
    })?;
    Ok(Object::Column(oid, number, column))
}

impl Object {
    /// Whose it is.
    fn owner(&self) -> Option<Oid> {
        match self {
            Object::Relation(oid) | Object::Column(oid, _, _) => relation::owner(*oid),
            Object::Routine(oid) => routine::owner(*oid),
        }
    }

    /// Returns an error unless the caller acts for its owner.
    pub fn require_own(&self, name: &str) -> Result<()> {
        match self.owner().is_some_and(role::acts_for) {
            true => Ok(()),
            false => Err(
                Error::new(INSUFFICIENT_PRIVILEGE, format!("permission denied to describe {name}"))
                    .hint("It takes the rights of its owner."),
            ),
        }
    }
}

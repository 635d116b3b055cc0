//! What statements give that are run as the owner of assay's tables.

use pgrx::{FromDatum, IntoDatum};
use serde::de::DeserializeOwned;

use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::tables;
use crate::pg::text::Text;

/// One value, which is JSON as a text; without a row, or for NULL, an empty one.
pub fn read_json<T: DeserializeOwned + Default>(statement: &str, parameters: &[Parameter]) -> Result<T> {
    let json: Option<Text> = read_one(statement, parameters)?;
    json.map_or_else(|| Ok(T::default()), |json| read(&json))
}

/// One value.
pub fn read_one<T: FromDatum + IntoDatum>(statement: &str, parameters: &[Parameter]) -> Result<Option<T>> {
    tables::as_owner(|| tables::write_returning(statement, parameters))
}

/// What a query that only reads gives in its only row, which is JSON as a text. It works on a standby, too; values stand in it as literals.
pub fn query_json<T: DeserializeOwned + Default>(sql: &str) -> Result<T> {
    let mut json: Option<String> = None;
    tables::as_owner(|| {
        Query::new(sql)?.run(&mut |row| {
            if let Value::Text(text) = row.value(0) {
                json = Some(text.into_owned());
            }
            Ok(())
        })
    })?;
    json.map_or_else(|| Ok(T::default()), |json| read(&json))
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|problem| Error::new(INTERNAL, format!("assay's own tables cannot be read: {problem}")))
}

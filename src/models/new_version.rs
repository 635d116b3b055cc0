//! A new version's row in the registry, whatever made the version.

use pgrx::datum::Interval;
use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use super::deployment;
use crate::pg::cell::Parameter;
use crate::pg::error::{DUPLICATE_OBJECT, Error, LIMIT_EXCEEDED, Result, megabytes};
use crate::pg::text::JsonB;
use crate::pg::{role, statement, tables};

/// The most bytes of a model: what PostgreSQL holds in one value, with room for the statement that stores it.
pub const MOST_BYTES: usize = 1_000_000_000;

/// The error of a model that is too large to be stored.
pub fn too_large(model: &str, bytes: usize, hint: &str) -> Error {
    Error::new(LIMIT_EXCEEDED, format!("model \"{model}\" is too large to be stored"))
        .detail(format!(
            "It has {}, and at most {} are allowed.",
            megabytes(bytes),
            megabytes(MOST_BYTES)
        ))
        .hint(hint)
}

/// Which number a version is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// The one after the highest that was ever given.
    Next,
    /// This one, which is higher than any that was ever given.
    Above(i32),
    /// This one, which the version has where it comes from; no version of the model has it here.
    Copied(i32),
}

impl Number {
    /// The number that is asked for.
    fn wanted(self) -> Option<i32> {
        match self {
            Number::Next => None,
            Number::Above(number) | Number::Copied(number) => Some(number),
        }
    }
}

/// What the registry keeps of a version. See the comments of `assay.model_version`.
pub struct NewVersion<'a> {
    pub model: &'a str,
    pub task: &'a str,
    pub algorithm: &'a str,
    pub params: Json,
    pub query: &'a str,
    pub target: Option<&'a str>,
    pub rows: i64,
    pub features: i32,
    pub metrics: Json,
    pub duration: Interval,
    pub hash: &'a str,
    pub statistics: Json,
    pub bytes: Vec<u8>,
    pub curves: Option<Vec<u8>>,
    pub cpu_seconds: f64,
}

impl NewVersion<'_> {
    /// Adds the version to the model, which is made where there is none of that name and belongs to the caller then; gives the version's number.
    pub fn add(self) -> Result<i32> {
        self.add_as(Number::Next)
    }

    /// As [`NewVersion::add`], with a number. Returns 42710 for one that was given before.
    pub fn add_as(self, number: Number) -> Result<i32> {
        let (model, curves, cpu_seconds) = (self.model, self.curves, self.cpu_seconds);
        let made_by = role::current();
        tables::as_owner(|| {
            let version = take_number(model, made_by, number)?;
            let values = vec![
                model.into(),
                version.into(),
                self.task.into(),
                self.algorithm.into(),
                JsonB(self.params).into(),
                self.query.into(),
                self.target.into(),
                self.rows.into(),
                self.features.into(),
                JsonB(self.metrics).into(),
                self.duration.into(),
                self.hash.into(),
                role::name_of(made_by).as_str().into(),
                JsonB(self.statistics).into(),
                self.bytes.into(),
            ];
            insert(values, curves)?;
            keep_cpu_seconds(model, version, cpu_seconds)?;
            Ok(version)
        })
    }
}

/// Gives the version its number, and makes the model where there is none of that name. The row's lock makes those who add to one name take turns from here to
/// their commits.
fn take_number(model: &str, made_by: Oid, number: Number) -> Result<i32> {
    let mut taken = (1, false);
    statement::write(
        "INSERT INTO assay.model AS m (name, owner, last_version) VALUES ($1, $2, COALESCE($3, 1))
         ON CONFLICT (name) DO UPDATE SET last_version = CASE WHEN $3 IS NULL THEN m.last_version OPERATOR(pg_catalog.+) 1
                                                              WHEN $4 THEN GREATEST(m.last_version, $3)
                                                              WHEN $3 OPERATOR(pg_catalog.>) m.last_version THEN $3
                                                              ELSE 0 END
         RETURNING last_version, (xmax::pg_catalog.text OPERATOR(pg_catalog.=) '0')",
        &[
            model.into(),
            made_by.into(),
            number.wanted().into(),
            matches!(number, Number::Copied(_)).into(),
        ],
        &mut |row| {
            taken = (row.require(1)?, row.require(2)?);
            Ok(())
        },
    )?;
    let (last, is_new) = taken;
    if last == 0 {
        return Err(Error::new(
            DUPLICATE_OBJECT,
            format!(
                "version {} of model \"{model}\" cannot be made",
                number.wanted().unwrap_or(0)
            ),
        )
        .detail("That number, or a higher one, was given before, and no number is given twice.")
        .hint("Leave \"version\" out for the next number."));
    }
    if is_new {
        deployment::forget_strays(model)?;
    }
    Ok(number.wanted().unwrap_or(last))
}

/// Keeps what a training took of the processor. Until ALTER EXTENSION UPDATE has run there is no such column.
fn keep_cpu_seconds(model: &str, version: i32, seconds: f64) -> Result<()> {
    if !tables::has_column(c"model_version", c"cpu_seconds") {
        return Ok(());
    }
    tables::write(
        "UPDATE assay.model_version SET cpu_seconds = $3
         WHERE version OPERATOR(pg_catalog.=) $2
           AND model_id OPERATOR(pg_catalog.=) (SELECT m.id FROM assay.model AS m WHERE m.name OPERATOR(pg_catalog.=) $1)",
        &[model.into(), version.into(), seconds.into()],
    )
}

/// Adds the row of a version. The model is named first.
fn insert(mut values: Vec<Parameter>, curves: Option<Vec<u8>>) -> Result<()> {
    // Until ALTER EXTENSION UPDATE has run there is no such column.
    let (column, value) = if tables::has_column(c"model_version", c"curves") {
        values.push(curves.into());
        (", curves", ", $16")
    } else {
        ("", "")
    };
    tables::write(
        &format!(
            "INSERT INTO assay.model_version
                 (model_id, version, task, algorithm, params, query, target, rows, features, metrics, duration, hash,
                  trained_by, statistics, bytes{column})
             SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15{value}
             FROM assay.model WHERE name OPERATOR(pg_catalog.=) $1"
        ),
        &values,
    )
}

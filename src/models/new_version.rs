//! A new version's row in the registry, whatever made the version.

use pgrx::datum::Interval;
use serde_json::Value as Json;

use super::deployment;
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, LIMIT_EXCEEDED, Result, megabytes};
use crate::pg::text::JsonB;
use crate::pg::{role, tables};

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
        let (model, curves, cpu_seconds) = (self.model, self.curves, self.cpu_seconds);
        let made_by = role::current();
        tables::as_owner(|| {
            // The row's lock makes those who add to one name take turns from here to their commits.
            let version: Option<i32> = tables::write_returning(
                "INSERT INTO assay.model AS m (name, owner, last_version) VALUES ($1, $2, 1)
                 ON CONFLICT (name) DO UPDATE SET last_version = m.last_version OPERATOR(pg_catalog.+) 1
                 RETURNING last_version",
                &[model.into(), made_by.into()],
            )?;
            let version = version.unwrap_or(1);
            if version == 1 {
                deployment::forget_strays(model)?;
            }
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

//! What queries read: that of a training, and those whose rows were scored and logged.

use std::collections::{BTreeMap, BTreeSet};

use crate::models::registry::Version;
use crate::pg::catalog::{self, Key};
use crate::pg::cell::Parameter;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::text::Prose;
use crate::pg::{references, relation, tables};
use pgrx::pg_sys::Oid;
use serde_json::{Value as Json, json};

/// A table or view that a query reads.
pub struct Source {
    pub relation: Oid,
    pub name: String,
    /// The columns that it reads, by name; `None` where that is not known.
    pub columns: Option<Vec<String>>,
}

/// The tables and views that a query reads, those below views and in the bodies of functions included, as far as these are written as SQL.
pub fn read_by(query: &str) -> Result<Vec<Source>> {
    let (reads, derivation) = Query::reads_columns(query)?;
    let mut columns: BTreeMap<u32, BTreeSet<i16>> =
        reads.relations.into_iter().map(|oid| (oid, BTreeSet::new())).collect();
    if let Some(derivation) = &derivation {
        for (oid, column) in derivation
            .reads()
            .into_iter()
            .chain(references::read_by(&derivation.functions)?)
        {
            columns.entry(oid).or_default().insert(column);
        }
    }
    let source = |(oid, numbers): (u32, BTreeSet<i16>)| {
        let relation = Oid::from(oid);
        let name = relation::name_of(relation).filter(|_| relation::has_rows(relation))?;
        let names = || numbers.into_iter().filter(|&number| number > 0);
        let columns = derivation.is_some().then(|| {
            names()
                .filter_map(|number| relation::column_name(relation, number))
                .collect()
        });
        Some(Source {
            relation,
            name,
            columns,
        })
    };
    Ok(columns.into_iter().filter_map(source).collect())
}

/// Sources as JSON that a statement reads.
fn as_parameter(sources: &[Source]) -> Parameter {
    let row =
        |source: &Source| json!({"relation": source.relation.to_u32(), "name": source.name, "columns": source.columns});
    Prose::from(Json::Array(sources.iter().map(row).collect()).to_string()).into()
}

/// Keeps the tables and views that the training query of a version reads, with their names and columns. Until
/// ALTER EXTENSION UPDATE has run there is nowhere to keep them.
pub fn record(model: &str, version: i32, query: &str) -> Result<()> {
    if !tables::exists(c"model_source") {
        return Ok(());
    }
    let sources = read_by(query)?;
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.model_source (model_id, version, relation, relation_name, columns)
SELECT m.id, $2, s.relation::pg_catalog.regclass, s.name, s.columns
FROM assay.model AS m, pg_catalog.jsonb_to_recordset($3::pg_catalog.jsonb) AS s(relation pg_catalog.oid, name pg_catalog.text, columns pg_catalog.text[])
WHERE m.name OPERATOR(pg_catalog.=) $1",
            &[model.into(), version.into(), as_parameter(&sources)],
        )
    })
}

/// Keeps what the query of a call that logged decisions reads: with its batch, and once for the version. To be called as the tables' owner.
pub fn record_batch(batch: i64, version: &Version, sources: &[Source]) -> Result<()> {
    if !tables::exists(c"prediction_source") {
        return Ok(());
    }
    let sources = || as_parameter(sources);
    tables::write(
        "UPDATE assay.prediction_batch SET reads = ARRAY(
    SELECT s.relation::pg_catalog.regclass
    FROM pg_catalog.jsonb_to_recordset($2::pg_catalog.jsonb) AS s(relation pg_catalog.oid))
WHERE id OPERATOR(pg_catalog.=) $1",
        &[batch.into(), sources()],
    )?;
    // Two calls at once may both find nothing: a row that is there twice says the same.
    tables::write(
        "INSERT INTO assay.prediction_source (model_id, version, relation, relation_name, columns)
SELECT $1, $2, s.relation::pg_catalog.regclass, s.name, s.columns
FROM pg_catalog.jsonb_to_recordset($3::pg_catalog.jsonb) AS s(relation pg_catalog.oid, name pg_catalog.text, columns pg_catalog.text[])
WHERE NOT EXISTS (
    SELECT FROM assay.prediction_source AS o
    WHERE o.model_id OPERATOR(pg_catalog.=) $1 AND o.version OPERATOR(pg_catalog.=) $2
      AND o.relation::pg_catalog.oid OPERATOR(pg_catalog.=) s.relation AND o.relation_name OPERATOR(pg_catalog.=) s.name
      AND COALESCE(o.columns, ARRAY[NULL::pg_catalog.text]) OPERATOR(pg_catalog.=) COALESCE(s.columns, ARRAY[NULL::pg_catalog.text]))",
        &[version.model.id.into(), version.version.into(), sources()],
    )
}

/// The tables and views that the training query of a version read, as far as they are there; none of versions that 0.1.0 trained.
pub fn of(version: &Version) -> Result<Vec<Oid>> {
    let mut found = Vec::new();
    if !tables::exists(c"model_source") {
        return Ok(found);
    }
    let keys = [Key::BigInt(1, version.model.id), Key::Int(2, version.version)];
    catalog::find::<()>(c"model_source", c"model_source_pkey", &keys, |row| {
        found.push(row.require(3)?);
        Ok(None)
    })?;
    found.retain(|&oid| relation::name_of(oid).is_some());
    Ok(found)
}

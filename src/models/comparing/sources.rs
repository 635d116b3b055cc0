//! What a training query read.

use crate::models::registry::Version;
use crate::pg::catalog::{self, Key};
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::{relation, tables};
use pgrx::pg_sys::Oid;

/// Keeps the tables and views that the training query of a version reads, those below views included, with their names. Until
/// ALTER EXTENSION UPDATE has run there is nowhere to keep them.
pub fn record(model: &str, version: i32, query: &str) -> Result<()> {
    if !tables::exists(c"model_source") {
        return Ok(());
    }
    let reads = Query::reads(query)?;
    tables::as_owner(|| {
        for oid in reads.relations.into_iter().map(Oid::from) {
            let Some(name) = relation::name_of(oid) else { continue };
            tables::write(
                "INSERT INTO assay.model_source (model_id, version, relation, relation_name)
                 SELECT id, $2, $3::pg_catalog.oid, $4 FROM assay.model WHERE name OPERATOR(pg_catalog.=) $1",
                &[model.into(), version.into(), oid.into(), name.as_str().into()],
            )?;
        }
        Ok(())
    })
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

//! Which vectorizer a name means: as of tables, a name by itself is looked for in the schemas of the search path, by the schema of the vectorizer's source.

use pgrx::pg_sys::Oid;

use super::definition::Vectorizer;
use crate::pg::error::{Error, Result, UNDEFINED_VECTORIZER};
use crate::pg::text::Text;
use crate::pg::{relation, statement, tables};
use crate::text::search::{exclusions, postings};

/// The vectorizer of a name: `docs`, or `public.docs`, in quotes where SQL needs them.
pub fn resolve(name: &str) -> Result<Vectorizer> {
    let found = match find(name)? {
        Some(id) => Vectorizer::by_id(id)?,
        None => None,
    };
    found.ok_or_else(|| {
        Error::new(UNDEFINED_VECTORIZER, format!("vectorizer \"{name}\" does not exist"))
            .hint("SELECT schema, name FROM assay.vectorizers lists them; one whose schema is not in the search path is named with it.")
    })
}

fn find(name: &str) -> Result<Option<i64>> {
    let parts = relation::name_parts(name);
    if let Some([schema, name]) = parts.as_deref()
        && let Some(id) = in_schema(schema, name)?
    {
        return Ok(Some(id));
    }
    let unquoted = match parts.as_deref() {
        Some([only]) => Some(only.as_str()),
        Some(_) | None => None,
    };
    // A name that SQL would fold or not take is found as it is, too.
    for candidate in unquoted.into_iter().chain([name]) {
        for schema in relation::search_path() {
            if let Some(id) = in_schema(&schema, candidate)? {
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}

/// The vectorizer of this name whose source is in a schema.
pub fn in_schema(schema: &str, name: &str) -> Result<Option<i64>> {
    tables::as_owner(|| {
        tables::read(
            "SELECT v.id FROM assay.vectorizer AS v
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) v.source
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE v.name OPERATOR(pg_catalog.=) $2 AND n.nspname OPERATOR(pg_catalog.=) $1 ORDER BY v.id LIMIT 1",
            &[schema.into(), name.into()],
        )
    })
}

/// The name of a vectorizer's schema and its own, as SQL writes them.
pub fn qualified(source: Oid, name: &str) -> String {
    let schema = relation::schema_of(source).unwrap_or_default();
    format!("{}.{}", relation::quoted(&schema), relation::quoted(name))
}

/// Forgets vectorizers whose sources are gone, with what is queued for them.
pub fn forget_orphans() -> Result<()> {
    tables::as_owner(|| {
        let mut orphans: Vec<i64> = Vec::new();
        statement::write(
            "DELETE FROM assay.vectorizer AS v
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) v.source) RETURNING v.id",
            &[],
            &mut |row| {
                orphans.push(row.require(1)?);
                Ok(())
            },
        )?;
        orphans.into_iter().try_for_each(forget_rows)
    })
}

/// Deletes what assay's own tables have about a vectorizer besides its row. As their owner.
pub fn forget_rows(id: i64) -> Result<()> {
    for table in ["vectorizer_space", "vectorizer_queue"] {
        let delete = format!("DELETE FROM assay.{table} WHERE vectorizer_id OPERATOR(pg_catalog.=) $1");
        statement::run(&delete, &[id.into()])?;
    }
    exclusions::forget(id)?;
    postings::forget(id)
}

/// A name as an argument.
pub fn argument(name: Option<Text>) -> Result<Vectorizer> {
    resolve(&crate::pg::options::required("vectorizer", name)?)
}

//! Versions that vectorizers need: vectors are compared with those of the same embedder alone, and texts cut by its tokens.

use super::registry::{Entry, Version};
use crate::pg::cell::Parameter;
use crate::pg::error::{DEPENDENT_OBJECTS, Error, Result};
use crate::pg::text::Text;
use crate::pg::{statement, tables};

/// So many are named.
const NAMED: usize = 5;

/// Keeps a model from being dropped, or a version of it, until the transaction ends. Whoever is dropping it is waited for: look at it again, with the latest snapshot.
pub fn hold(version: &Version) -> Result<()> {
    tables::as_owner(|| {
        tables::write_returning::<i64>(
            "SELECT m.id FROM assay.model AS m WHERE m.id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE",
            &[version.model.id.into()],
        )
        .map(drop)
    })
}

/// Returns an error where a vectorizer or an adapter needs a model, or one of its versions.
pub fn require_unused(model: &Entry, version: Option<i32>) -> Result<()> {
    let condition = "m.id OPERATOR(pg_catalog.=) $1 AND ($2 IS NULL OR r.version OPERATOR(pg_catalog.=) $2)";
    let what = match version {
        Some(version) => format!("version {version} of model \"{}\"", model.name),
        None => format!("model \"{}\"", model.name),
    };
    let parameters = || [model.id.into(), version.into()];
    require(&what, condition, &parameters())?;
    // With a model its own adapters go.
    let own = "$2 IS NULL AND a.model_id OPERATOR(pg_catalog.=) m.id";
    require_no_adapter(&what, condition, own, &parameters())
}

/// Returns an error where a vectorizer needs a model of a role.
pub fn require_none_used(role: pgrx::pg_sys::Oid, name: &str) -> Result<()> {
    let condition = "m.owner::pg_catalog.oid OPERATOR(pg_catalog.=) $1";
    let what = format!("a model of role \"{name}\"");
    require(&what, condition, &[role.into()])?;
    let own = "o.owner::pg_catalog.oid OPERATOR(pg_catalog.=) $1";
    require_no_adapter(&what, condition, own, &[role.into()])
}

/// Returns an error where an adapter is on top of a version that the condition says of m, a model, and r, a version; unless it goes, too, as `own` says of a, its
/// version, and o, its model.
fn require_no_adapter(what: &str, condition: &str, own: &str, parameters: &[Parameter]) -> Result<()> {
    let query = format!(
        "SELECT DISTINCT pg_catalog.format('%s@%s', o.name, a.version) COLLATE \"C\" AS name
FROM assay.model AS m
JOIN assay.model_version AS r ON r.model_id OPERATOR(pg_catalog.=) m.id
JOIN assay.model_version AS a ON a.algorithm OPERATOR(pg_catalog.=) 'adapter'
    AND (a.params OPERATOR(pg_catalog.->>) 'base') OPERATOR(pg_catalog.=) pg_catalog.format('%s@%s', m.name, r.version)
JOIN assay.model AS o ON o.id OPERATOR(pg_catalog.=) a.model_id
WHERE {condition} AND ({own}) IS NOT TRUE ORDER BY 1"
    );
    let users = named(&query, parameters)?;
    if users.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        DEPENDENT_OBJECTS,
        format!("{what} cannot be dropped: an adapter is on top of it"),
    )
    .detail(format!("It is needed by {}.", listed(&users)))
    .hint("Drop these first by assay.drop_model."))
}

/// Some names, and how many more there are.
fn listed(names: &[String]) -> String {
    let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn require(what: &str, condition: &str, parameters: &[Parameter]) -> Result<()> {
    if !tables::exists(c"vectorizer_space") {
        return Ok(());
    }
    let users = users(condition, parameters)?;
    if users.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        DEPENDENT_OBJECTS,
        format!("{what} cannot be dropped: a vectorizer needs it"),
    )
    .detail(format!("It is needed by {}.", listed(&users)))
    .hint("Give these another one by assay.alter_vectorizer, and wait until that serves, or drop them by assay.drop_vectorizer."))
}

/// The names of vectorizers that need a version that the condition says of m, a model, and r, a version: for the vectors that serve or are being built, or to cut
/// texts. What served before is kept by nobody; where its embedder is gone, there is no way back to it.
fn users(condition: &str, parameters: &[Parameter]) -> Result<Vec<String>> {
    let query = format!(
        "SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, v.name) COLLATE \"C\" AS name
FROM assay.model AS m
JOIN assay.model_version AS r ON r.model_id OPERATOR(pg_catalog.=) m.id
JOIN assay.vectorizer AS v ON (v.chunking OPERATOR(pg_catalog.->>) 'strategy')
        OPERATOR(pg_catalog.=) pg_catalog.format('tokens(%s@%s)', m.name, r.version)
    OR EXISTS (
        SELECT FROM assay.vectorizer_space AS s
        WHERE s.vectorizer_id OPERATOR(pg_catalog.=) v.id AND s.state OPERATOR(pg_catalog.<>) 'previous'
            AND s.embedding OPERATOR(pg_catalog.=) pg_catalog.format('%s@%s', m.name, r.version))
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) v.source
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE {condition} ORDER BY 1"
    );
    named(&query, parameters)
}

/// The names that a query gives.
fn named(query: &str, parameters: &[Parameter]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    tables::as_owner(|| {
        statement::write(query, parameters, &mut |row| {
            names.push(row.require::<Text>(1)?.into());
            Ok(())
        })
    })?;
    Ok(names)
}

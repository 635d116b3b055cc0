//! The store: an ordinary table beside the source, with a row for each chunk.

use serde::Deserialize;
use serde_json::Value as Json;

use super::source::KeyColumn;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::options;
use crate::pg::text::Text;
use crate::pg::{relation, statement, tables};
use algo_text::analyze::Language;

/// The store's own columns. A key column of one of these names gets another one in the store.
const OWN: [&str; 6] = ["chunk_id", "seq", "chunk", "start_pos", "end_pos", "content_hash"];
/// The most numbers of a vector that pgvector's types hold, and that its indexes take.
const LONGEST_VECTOR: usize = 16_000;
const LONGEST_INDEXED: usize = 2_000;
const LONGEST_INDEXED_HALF: usize = 4_000;

/// How vectors are kept, and indexed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indexing {
    /// The type; pgvector's `vector` where that is installed, unless said.
    #[serde(rename = "type")]
    kind: Option<ColumnKind>,
    /// The index's method.
    #[serde(default)]
    method: Method,
    /// The distance that the index is for.
    #[serde(default)]
    distance: Distance,
    /// hnsw: links of a vector.
    m: Option<u32>,
    /// hnsw: candidates while the index is built.
    ef_construction: Option<u32>,
    /// ivfflat: lists.
    lists: Option<u32>,
    /// The language whose endings text search takes off words.
    language: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ColumnKind {
    Vector,
    Halfvec,
    Float4,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    #[default]
    None,
    Hnsw,
    Ivfflat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Distance {
    #[default]
    Cosine,
    L2,
    InnerProduct,
}

/// The schema of the extension `vector`, quoted; `None` where it is not installed.
fn pgvector() -> Result<Option<String>> {
    let schema: Option<Text> = tables::as_owner(|| {
        tables::read(
            "SELECT pg_catalog.quote_ident(n.nspname)
FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
WHERE e.extname OPERATOR(pg_catalog.=) 'vector'",
            &[],
        )
    })?;
    Ok(schema.map(String::from))
}

impl Indexing {
    /// Reads the argument `indexing`.
    pub fn read(options: Json) -> Result<Indexing> {
        let indexing: Indexing = options::parse("indexing", options)?;
        let strangers = [
            (indexing.m.is_some(), Method::Hnsw, "m"),
            (indexing.ef_construction.is_some(), Method::Hnsw, "ef_construction"),
            (indexing.lists.is_some(), Method::Ivfflat, "lists"),
        ];
        for (is_given, method, key) in strangers {
            if is_given && indexing.method != method {
                return Err(refused(
                    format!("indexing: key \"{key}\" is not one of this method"),
                    "m and ef_construction are those of hnsw, lists is that of ivfflat.",
                ));
            }
        }
        if let Some(language) = &indexing.language {
            Language::of(language)?;
        }
        Ok(indexing)
    }

    /// The type of a column for vectors of so many numbers, as SQL writes it.
    pub fn column_type(&self, width: usize) -> Result<String> {
        let schema = pgvector()?;
        let kind = self.kind.unwrap_or(match schema {
            Some(_) if width <= LONGEST_VECTOR => ColumnKind::Vector,
            Some(_) | None => ColumnKind::Float4,
        });
        let name = match kind {
            ColumnKind::Float4 => return Ok("pg_catalog.float4[]".into()),
            ColumnKind::Vector => "vector",
            ColumnKind::Halfvec => "halfvec",
        };
        let Some(schema) = schema else {
            return Err(refused(
                format!("indexing: there is no type {name}"),
                "CREATE EXTENSION vector first, or leave \"type\" out: vectors are then kept as float4[].",
            ));
        };
        if width > LONGEST_VECTOR {
            return Err(refused(
                format!("indexing: a {name} has at most {LONGEST_VECTOR} numbers, not {width}"),
                "Leave \"type\" out.",
            ));
        }
        let type_name = format!("{schema}.{name}");
        let is_there: Option<bool> = tables::as_owner(|| {
            tables::read(
                "SELECT pg_catalog.to_regtype($1) IS NOT NULL",
                &[type_name.as_str().into()],
            )
        })?;
        match is_there {
            Some(true) => Ok(format!("{type_name}({width})")),
            Some(false) | None => Err(refused(
                format!("indexing: there is no type {name}"),
                "halfvec came with pgvector 0.7: ALTER EXTENSION vector UPDATE.",
            )),
        }
    }

    /// The statement that makes the index of a column of this type; `None` where none is asked for.
    pub fn statement(&self, store: &str, column: &str, column_type: &str, width: usize) -> Result<Option<String>> {
        let method = match self.method {
            Method::None => return Ok(None),
            Method::Hnsw => "hnsw",
            Method::Ivfflat => "ivfflat",
        };
        let Some((schema, base)) = column_type.rsplit_once('(').and_then(|(name, _)| name.rsplit_once('.')) else {
            return Err(refused(
                format!("indexing: there is no index of method {method}"),
                "CREATE EXTENSION vector first, or leave \"method\" out: vectors are then searched exactly.",
            ));
        };
        let most = match base {
            "halfvec" => LONGEST_INDEXED_HALF,
            _ => LONGEST_INDEXED,
        };
        if width > most {
            return Err(refused(
                format!("indexing: an index takes at most {most} numbers of a {base}, not {width}"),
                "{\"type\": \"halfvec\"} takes up to 4,000; without \"method\", vectors are searched exactly.",
            ));
        }
        let distance = match self.distance {
            Distance::Cosine => "cosine",
            Distance::L2 => "l2",
            Distance::InnerProduct => "ip",
        };
        let options = [
            ("m", self.m),
            ("ef_construction", self.ef_construction),
            ("lists", self.lists),
        ];
        let options: Vec<String> = options
            .iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name} = {value}")))
            .collect();
        let with = match options.is_empty() {
            true => String::new(),
            false => format!(" WITH ({})", options.join(", ")),
        };
        Ok(Some(format!(
            "CREATE INDEX ON {store} USING {method} ({} {schema}.{base}_{distance}_ops){with}",
            relation::quoted(column)
        )))
    }
}

fn refused(problem: String, hint: &str) -> Error {
    Error::new(INVALID_PARAMETER, problem).hint(hint)
}

/// The names of the key's columns in the store: those that they have in the source, unless the store has a column of that name for itself.
pub fn key_names(key: &[KeyColumn]) -> Vec<String> {
    let is_taken = |name: &str| OWN.contains(&name) || name.starts_with("embedding");
    let rename = |name: &str| match is_taken(name) {
        true => format!("source_{name}"),
        false => name.to_string(),
    };
    let mut names: Vec<String> = Vec::with_capacity(key.len());
    for column in key {
        let mut name = rename(&column.name);
        while names.contains(&name) || key.iter().any(|other| other.name == name && other.name != column.name) {
            name = format!("source_{name}");
        }
        names.push(name);
    }
    names
}

/// Makes the store, as its owner.
pub fn create(name: &str, key: &[KeyColumn], source: &str, column_type: &str) -> Result<()> {
    let names: Vec<String> = key_names(key).iter().map(|name| relation::quoted(name)).collect();
    let columns: Vec<String> = names
        .iter()
        .zip(key)
        .map(|(name, column)| format!("    {name} {} NOT NULL,\n", column.declaration))
        .collect();
    // Chunks change places in one statement, in whose middle two may have one place.
    statement::run(
        &format!(
            "CREATE TABLE {name} (
    chunk_id pg_catalog.int8 GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
{}    seq pg_catalog.int4 NOT NULL,
    chunk pg_catalog.text NOT NULL,
    start_pos pg_catalog.int4 NOT NULL,
    end_pos pg_catalog.int4 NOT NULL,
    content_hash pg_catalog.bytea NOT NULL,
    embedding {column_type},
    UNIQUE ({}, seq) DEFERRABLE
)",
            columns.concat(),
            names.join(", ")
        ),
        &[],
    )?;
    keep_in_rows(name, "embedding")?;
    let comment = format!("Chunks of {source} and their vectors, kept current by assay.");
    statement::run(
        &format!("COMMENT ON TABLE {name} IS {}", pgrx::spi::quote_literal(comment)),
        &[],
    )
}

/// Adds a column for another space, as the store's owner.
pub fn add_column(store: &str, column: &str, column_type: &str) -> Result<()> {
    statement::run(
        &format!(
            "ALTER TABLE {store} ADD COLUMN {} {column_type}",
            relation::quoted(column)
        ),
        &[],
    )?;
    keep_in_rows(store, column)
}

/// Keeps vectors where their rows are as long as they fit, and texts elsewhere: a search looks at all vectors and few texts.
fn keep_in_rows(store: &str, column: &str) -> Result<()> {
    statement::run(
        &format!(
            "ALTER TABLE {store} ALTER COLUMN {} SET STORAGE MAIN",
            relation::quoted(column)
        ),
        &[],
    )
}

/// Takes the column of a space away, as the store's owner.
pub fn drop_column(store: &str, column: &str) -> Result<()> {
    statement::run(
        &format!("ALTER TABLE {store} DROP COLUMN IF EXISTS {}", relation::quoted(column)),
        &[],
    )
}

/// The names of the key's columns in a store, whose names the source may have changed since: they follow the chunk's number.
pub fn key_columns(store: pgrx::pg_sys::Oid, count: usize) -> Vec<String> {
    let numbers = relation::column_numbers(store);
    let names = numbers.into_iter().skip(1).take(count);
    names
        .filter_map(|number| relation::column_name(store, number))
        .take_while(|name| !OWN.contains(&name.as_str()))
        .collect()
}

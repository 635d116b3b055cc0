//! A vectorizer, as search sees it.

use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use crate::pg::error::Result;
use crate::pg::identity::{Settings, as_role};
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::text::vectorizers::definition::Vectorizer;
use crate::text::vectorizers::names::resolve;
use crate::text::vectorizers::source::Layout;
use crate::text::vectorizers::space::Space;
use crate::text::vectorizers::store::key_columns;
use algo_text::analyze::Language;
use algo_text::nearest::Distance;

/// What is searched.
pub struct Target {
    /// The vectorizer.
    pub vectorizer: Vectorizer,
    /// What it reads of its source.
    pub layout: Layout,
    /// The source, as SQL names it.
    pub source: String,
    /// The table of chunks, as SQL names it.
    pub store: String,
    /// The columns of the source's key in the table of chunks.
    pub store_key: Vec<String>,
    /// By what vectors are near.
    pub distance: Distance,
    /// The language of its words.
    pub language: Language,
    /// Whether its vectors have an index.
    pub is_indexed: bool,
    /// Into how many lists an index of method ivfflat divides them.
    pub lists: usize,
}

impl Target {
    /// The vectorizer of a name. Returns ML035 where there is none.
    pub fn of(name: &str) -> Result<Target> {
        Target::of_vectorizer(resolve(name)?)
    }

    /// A vectorizer that was found.
    pub fn of_vectorizer(vectorizer: Vectorizer) -> Result<Target> {
        let layout = vectorizer.layout()?;
        let store_key = key_columns(vectorizer.store, layout.key.len());
        if store_key.len() != layout.key.len() {
            return Err(vectorizer.broken("the primary key of its source has other columns"));
        }
        let said = |key: &str| vectorizer.indexing.get(key).and_then(Json::as_str);
        Ok(Target {
            source: vectorizer.source_name()?,
            store: vectorizer.store_name()?,
            store_key,
            distance: Distance::of(said("distance").unwrap_or("cosine"))?,
            language: language(&vectorizer.indexing)?,
            is_indexed: !matches!(said("method"), None | Some("none")),
            lists: lists(&vectorizer.indexing),
            layout,
            vectorizer,
        })
    }

    /// The space whose vectors are compared.
    pub fn space(&self) -> Result<&Space> {
        self.vectorizer.serving()
    }

    /// Runs a query over the table of chunks as its owner, whoever searches.
    pub fn read_store(&self, query: &str, receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        read_as(self.vectorizer.owner, query, receive)
    }
}

/// The lists of an index of method ivfflat: those that were asked for, else as many as pgvector makes. A search looks into as many as the root of it.
fn lists(indexing: &Json) -> usize {
    const USUAL: u64 = 100;
    let lists = indexing.get("lists").and_then(Json::as_u64).unwrap_or(USUAL);
    usize::try_from(lists).unwrap_or(usize::MAX)
}

/// The language of a vectorizer's words, by its option `indexing`.
pub fn language(indexing: &Json) -> Result<Language> {
    Ok(Language::of(
        indexing.get("language").and_then(Json::as_str).unwrap_or("simple"),
    )?)
}

/// Runs a query as a role: read-only, with row-level security, in a context in which nothing can be left behind.
pub fn read_as(role: Oid, query: &str, receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    as_role(role, &Settings::default(), || {
        Query::new(query)?.interpreted().run(receive)
    })
}

//! `create_vectorizer`.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde::Deserialize;
use serde_json::Value as Json;

use super::definition::Consistency;
use super::embedding::Embedder;
use super::queue::items;
use super::refresh::{Key, refresh_now};
use super::source::{self, KeyColumn};
use super::space::{self, Space, SpaceState};
use super::store::{self, Indexing};
use super::{evidence, known, names, pieces, triggers};
use crate::pg::append::next_number;
use crate::pg::error::{DUPLICATE_OBJECT, Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::identity::Settings;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, object, required};
use crate::pg::query::Query;
use crate::pg::text::Text;
use crate::pg::written_rows::PLAIN;
use crate::pg::{identity, read_only, relation, snapshot, statement, tables};
use algo::monitor::Monitor;
use algo_text::vectorizer::template::Template;

/// The most bytes of a name in PostgreSQL.
const LONGEST_NAME: usize = 63;
/// What is embedded unless said.
const CHUNK_ALONE: &str = "$chunk";

/// What is read of a row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loading {
    column: String,
}

/// The arguments, checked as far as they can be by themselves.
struct Request {
    source: Oid,
    owner: Oid,
    name: String,
    loading: Json,
    /// The loaded column, then those of the template that are others.
    columns: Vec<String>,
    key: Vec<KeyColumn>,
    embedding: String,
    chunking: Json,
    formatting: String,
    consistency: Consistency,
    indexing: Json,
    store: String,
    settings: Settings,
}

/// A name that no relation of the schema has, made of two parts.
fn store_name(schema: &str, source: &str, wanted: Option<String>) -> Result<String> {
    const SUFFIX: &str = "_chunks";
    let name = wanted.unwrap_or_else(|| {
        let mut end = source.len().min(LONGEST_NAME - SUFFIX.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}{SUFFIX}", &source[..end])
    });
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(
            Error::new(INVALID_PARAMETER, "argument \"store\" is no name of a table")
                .detail(format!("It is \"{name}\"."))
                .hint(format!(
                    "A name has 1 to {LONGEST_NAME} bytes, and stands in the schema of the source."
                )),
        );
    }
    let qualified = format!("{}.{}", relation::quoted(schema), relation::quoted(&name));
    match relation::of_name(&qualified) {
        None => Ok(qualified),
        Some(_) => Err(
            Error::new(DUPLICATE_OBJECT, format!("relation {qualified} already exists"))
                .hint("Drop it, or name another table for the chunks, as store => 'docs_vectors'."),
        ),
    }
}

/// What the template names besides the loaded column.
fn columns_of(loaded: &str, template: &Template) -> Vec<String> {
    let others = template.columns().iter().filter(|column| *column != loaded);
    std::iter::once(loaded.to_string()).chain(others.cloned()).collect()
}

/// Reads a template.
fn template(text: &str) -> Result<Template> {
    Template::parse(text).map_err(|problem| {
        Error::new(INVALID_PARAMETER, "argument \"formatting\" is no template")
            .detail(format!("It is \"{text}\": {problem}."))
            .hint("Write it as $title: $chunk, where $chunk is the chunk, $title a column, and $$ a dollar sign.")
    })
}

/// The consistency of an argument.
fn consistency(name: &str) -> Result<Consistency> {
    Consistency::of_name(name).ok_or_else(|| {
        let names: Vec<&str> = Consistency::ALL.into_iter().map(Consistency::name).collect();
        Error::new(INVALID_PARAMETER, "argument \"consistency\" is unknown")
            .detail(format!("It is \"{name}\"."))
            .hint(format!("Expected is one of: {}.", names.join(", ")))
    })
}

impl Request {
    /// Makes store, triggers and rows, and sees to the rows that are there. Gives the vectorizer's key.
    fn create(&self) -> Result<i64> {
        let indexing = Indexing::read(self.indexing.clone())?;
        let embedder = self.embedder()?;
        let width = embedder.width()?;
        let column_type = indexing.column_type(width)?;
        let space = Space {
            number: 1,
            embedding: embedder.reference(),
            hash: embedder.hash().to_string(),
            column: "embedding".into(),
            column_type,
            width,
            state: SpaceState::Serving,
        };
        let index = indexing.statement(&self.store, &space.column, &space.column_type, width)?;
        let id = next_number(c"vectorizer_id_seq");
        let source_name = relation::name_of(self.source).unwrap_or_default();
        let key: Vec<String> = self.key.iter().map(|column| column.name.clone()).collect();
        identity::writing_as(self.owner, &self.settings, || {
            // Whoever is writing the source is waited for; from then on triggers see all that is written.
            triggers::create(self.source, id, &self.columns, &key, self.consistency)?;
            store::create(&self.store, &self.key, &source_name, &space.column_type)
        })?;
        tables::as_owner(|| self.insert(id, &space))?;
        self.fill(id)?;
        if let Some(index) = index {
            // It learns from what is there, and is made faster than it grows.
            identity::writing_as(self.owner, &self.settings, || statement::run(&index, &[]))?;
        }
        Ok(id)
    }

    /// The embedder. Returns an error where it does not go with the consistency.
    fn embedder(&self) -> Result<Embedder> {
        let embedder = identity::on_behalf_of(self.owner, || Embedder::hold(&self.embedding))?;
        match self.consistency == Consistency::Transaction && !embedder.is_local() {
            true => Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "embedder \"{}\" is remote: a transaction does not wait for it",
                    self.embedding
                ),
            )
            .hint("Use consistency => 'queue'.")),
            false => {
                let allowed =
                    identity::on_behalf_of(self.owner, || embedder.require_may_see(self.source, &self.columns));
                allowed.map(|()| embedder)
            }
        }
    }

    fn insert(&self, id: i64, space: &Space) -> Result<()> {
        statement::run("LOCK TABLE assay.vectorizer IN SHARE ROW EXCLUSIVE MODE", &[])?;
        let schema = relation::schema_of(self.source).unwrap_or_default();
        if names::in_schema(&schema, &self.name)?.is_some() {
            let name = names::qualified(self.source, &self.name);
            return Err(
                Error::new(DUPLICATE_OBJECT, format!("vectorizer {name} already exists"))
                    .hint("Drop it, or give this one another name, as name => 'titles'."),
            );
        }
        let settings = serde_json::to_value(&self.settings).unwrap_or(Json::Null);
        let store = relation::of_name(&self.store);
        statement::run(
            "INSERT INTO assay.vectorizer (id, name, source, store, loading, formatting, chunking, consistency, indexing, settings)
VALUES ($1, $2, $3::pg_catalog.oid::pg_catalog.regclass, $4::pg_catalog.oid::pg_catalog.regclass, $5, $6, $7, $8, $9, $10)",
            &[
                id.into(),
                self.name.as_str().into(),
                self.source.into(),
                store.into(),
                self.loading.clone().into(),
                self.formatting.as_str().into(),
                self.chunking.clone().into(),
                self.consistency.name().into(),
                self.indexing.clone().into(),
                settings.into(),
            ],
        )?;
        space::store(id, space)
    }

    /// Embeds the rows that are there, or queues them.
    fn fill(&self, id: i64) -> Result<()> {
        let mut keys: Vec<Key> = Vec::new();
        identity::writing_as(self.owner, &self.settings, || {
            let columns: Vec<String> = self.key.iter().map(|column| relation::quoted(&column.name)).collect();
            let source = relation::name_of(self.source).unwrap_or_default();
            snapshot::with_latest(|| read_keys(&format!("SELECT {} FROM ONLY {source}", columns.join(", ")), &mut keys))
        })?;
        match self.consistency {
            Consistency::Queue => items::add_all(id, &keys),
            Consistency::Transaction => match known::of(id)? {
                Some(known) => refresh_now(&known, &keys),
                None => Ok(()),
            },
        }
    }
}

/// Reads the keys that a query gives, as triggers write them. Within [`identity::writing_as`], which puts settings back.
pub fn read_keys(query: &str, keys: &mut Vec<Key>) -> Result<()> {
    for (name, value) in PLAIN {
        identity::set(name, value)?;
    }
    let watch = Foreground::new()?;
    Query::new(query)?.interpreted().run(&mut |row| {
        watch.check()?;
        let width = row.width();
        keys.push((0..width).map(|column| row.shown(column).unwrap_or_default()).collect());
        Ok(())
    })
}

/// `create_vectorizer(source, loading, embedding, ...)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn create_vectorizer(
    source: Option<Oid>,
    loading: Option<Jsonb>,
    embedding: Option<Text>,
    chunking: Option<Jsonb>,
    formatting: Option<Text>,
    consistency_name: Option<Text>,
    max_lag: Option<Interval>,
    indexing: Option<Jsonb>,
    name: Option<Text>,
    store: Option<Text>,
) -> i64 {
    read_only::require_writable(c"assay.create_vectorizer()");
    or_raise((|| {
        let source = required("source", source)?;
        let owner = source::require_owner(source)?;
        let consistency = consistency(&required("consistency", consistency_name)?)?;
        let key = source::require_suitable(source, consistency == Consistency::Transaction)?;
        let loading = object("loading", loading)?;
        let Loading { column } = options::parse("loading", loading.clone())?;
        let formatting = formatting.map_or_else(|| CHUNK_ALONE.to_string(), String::from);
        let columns = columns_of(&column, &template(&formatting)?);
        source::require_columns(source, &columns)?;
        let chunking = pieces::pinned(&object("chunking", chunking)?, owner)?;
        let (schema, own_name) = relation::place_names(source)?;
        let name = name.map_or_else(|| own_name.clone(), String::from);
        crate::pg::names::check("vectorizer's name", &name)?;
        names::forget_orphans()?;
        let request = Request {
            source,
            owner,
            name,
            loading,
            columns,
            key,
            embedding: required("embedding", embedding)?.into(),
            chunking,
            formatting,
            consistency,
            indexing: object("indexing", indexing)?,
            store: store_name(&schema, &own_name, store.map(String::from))?,
            settings: Settings::in_force(),
        };
        let id = request.create()?;
        if let Some(max_lag) = max_lag {
            evidence::promise(id, source, &request.name, max_lag)?;
        }
        Ok(id)
    })())
}

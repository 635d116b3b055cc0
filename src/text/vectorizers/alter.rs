//! `alter_vectorizer` and `rollback_vectorizer`: another embedder, beside the one that serves until the new vectors are complete.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use serde_json::Value as Json;

use super::create::read_keys;
use super::definition::{Consistency, Vectorizer};
use super::embedding::Embedder;
use super::queue::items;
use super::refresh::Key;
use super::space::{self, Space, SpaceState};
use super::store::{self, Indexing};
use super::{evidence, names, pieces, source};
use crate::pg::error::{Error, INVALID_PARAMETER, NOT_KEPT, Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::object;
use crate::pg::text::Text;
use crate::pg::{identity, read_only, relation, relation_watch, snapshot, statement, tables};

/// Keeps others from writing the source, once nobody is at it, so that all who write it later know of what is changed here.
fn quiet(vectorizer: &Vectorizer) -> Result<()> {
    let source = vectorizer.source_name()?;
    relation_watch::announce(vectorizer.source);
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        statement::run(&format!("LOCK TABLE {source} IN SHARE ROW EXCLUSIVE MODE"), &[])
    })
}

/// Builds the vectors of another embedder beside those that serve.
fn build(vectorizer: &Vectorizer, embedding: &str) -> Result<()> {
    if let Some(building) = vectorizer.space(SpaceState::Building) {
        return Err(Error::new(
            NOT_KEPT,
            format!("vectorizer \"{}\" is being rebuilt already", vectorizer.name),
        )
        .detail(format!(
            "The vectors of \"{}\" are not complete yet.",
            building.embedding
        ))
        .hint("CALL assay.run_queue() until it is done, or give it up by assay.rollback_vectorizer."));
    }
    let embedder = identity::on_behalf_of(vectorizer.owner, || Embedder::hold(embedding))?;
    let layout = vectorizer.layout()?;
    identity::on_behalf_of(vectorizer.owner, || {
        embedder.require_may_see(vectorizer.source, layout.columns.iter().chain([&layout.loaded]))
    })?;
    let embedding = &embedder.reference();
    if vectorizer.serving()?.embedding == *embedding {
        return Err(
            Error::new(INVALID_PARAMETER, format!("embedder \"{embedding}\" serves already"))
                .hint("Name another one, or another version."),
        );
    }
    if let Some(previous) = vectorizer.space(SpaceState::Previous) {
        if previous.embedding == *embedding && previous.hash == embedder.hash() {
            return rebuild(vectorizer, previous);
        }
        forget(vectorizer, previous)?;
    }
    if vectorizer.consistency == Consistency::Transaction && !embedder.is_local() {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("embedder \"{embedding}\" is remote: a transaction does not wait for it"),
        )
        .hint("Create the vectorizer anew with consistency => 'queue'."));
    }
    let indexing = Indexing::read(vectorizer.indexing.clone())?;
    let number = vectorizer.spaces.iter().map(|space| space.number).max().unwrap_or(0) + 1;
    let space = Space {
        number,
        embedding: embedding.to_string(),
        hash: embedder.hash().to_string(),
        column: format!("embedding_{number}"),
        column_type: indexing.column_type(embedder.width()?)?,
        width: embedder.width()?,
        state: SpaceState::Building,
    };
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let table = vectorizer.store_name()?;
        store::add_column(&table, &space.column, &space.column_type)?;
        match indexing.statement(&table, &space.column, &space.column_type, space.width)? {
            Some(index) => statement::run(&index, &[]),
            None => Ok(()),
        }
    })?;
    tables::as_owner(|| space::store(vectorizer.id, &space))?;
    queue_rows_without(vectorizer, &space)
}

/// Completes the vectors of a space that served before, so that it can serve again.
fn rebuild(vectorizer: &Vectorizer, previous: &Space) -> Result<()> {
    tables::as_owner(|| space::become_state(vectorizer.id, previous.number, SpaceState::Building))?;
    queue_rows_without(vectorizer, previous)
}

/// Queues the rows that have chunks without a vector in a space.
fn queue_rows_without(vectorizer: &Vectorizer, space: &Space) -> Result<()> {
    let mut keys: Vec<Key> = Vec::new();
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let columns = store::key_columns(vectorizer.store, vectorizer.layout()?.key.len());
        let columns: Vec<String> = columns.iter().map(|name| relation::quoted(name)).collect();
        let query = format!(
            "SELECT DISTINCT {} FROM {} WHERE {} IS NULL",
            columns.join(", "),
            vectorizer.store_name()?,
            relation::quoted(&space.column)
        );
        snapshot::with_latest(|| read_keys(&query, &mut keys))
    })?;
    items::add_all(vectorizer.id, &keys)
}

/// Queues all rows that have chunks.
fn queue_all(vectorizer: &Vectorizer) -> Result<()> {
    let mut keys: Vec<Key> = Vec::new();
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let columns: Vec<String> = vectorizer
            .layout()?
            .key
            .iter()
            .map(|column| relation::quoted(&column.name))
            .collect();
        let query = format!("SELECT {} FROM ONLY {}", columns.join(", "), vectorizer.source_name()?);
        snapshot::with_latest(|| read_keys(&query, &mut keys))
    })?;
    items::add_all(vectorizer.id, &keys)
}

/// Takes a space away.
fn forget(vectorizer: &Vectorizer, space: &Space) -> Result<()> {
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        store::drop_column(&vectorizer.store_name()?, &space.column)
    })?;
    tables::as_owner(|| {
        statement::run(
            "DELETE FROM assay.vectorizer_space WHERE vectorizer_id OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2",
            &[vectorizer.id.into(), space.number.into()],
        )
    })
}

/// Lets the space that is built serve, where it is complete: nothing that was queued when it was begun is left, but what fails, and no chunk lacks its vector.
pub fn switch_when_complete(id: i64) -> Result<()> {
    let is_locked: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            "SELECT v.id FROM assay.vectorizer AS v
WHERE v.id OPERATOR(pg_catalog.=) $1 AND EXISTS (
    SELECT FROM assay.vectorizer_space AS s
    WHERE s.vectorizer_id OPERATOR(pg_catalog.=) v.id AND s.state OPERATOR(pg_catalog.=) 'building'
        AND NOT EXISTS (
            SELECT FROM assay.vectorizer_queue AS q
            WHERE q.vectorizer_id OPERATOR(pg_catalog.=) v.id AND q.queued_at OPERATOR(pg_catalog.<=) s.since AND q.error IS NULL))
FOR UPDATE OF v SKIP LOCKED",
            &[id.into()],
        )
    })?;
    if is_locked.is_none() {
        return Ok(());
    }
    let Some(vectorizer) = snapshot::with_latest(|| Vectorizer::by_id(id))? else {
        return Ok(());
    };
    let (Some(building), serving) = (vectorizer.space(SpaceState::Building), vectorizer.serving()?) else {
        return Ok(());
    };
    let mut is_complete = false;
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let query = format!(
            "SELECT NOT EXISTS (SELECT FROM {} AS c WHERE c.{} IS NULL)",
            vectorizer.store_name()?,
            relation::quoted(&building.column)
        );
        statement::write(&query, &[], &mut |row| {
            is_complete = row.require(1)?;
            Ok(())
        })
    })?;
    if !is_complete {
        return requeue(&vectorizer, building);
    }
    tables::as_owner(|| {
        space::become_state(id, serving.number, SpaceState::Previous)?;
        space::become_state(id, building.number, SpaceState::Serving)
    })?;
    relation_watch::announce(vectorizer.source);
    Ok(())
}

/// Queues rows again whose chunks were written by somebody who did not know yet of the space; not while anything waits that may be just these.
fn requeue(vectorizer: &Vectorizer, building: &Space) -> Result<()> {
    let waits: Option<bool> = tables::as_owner(|| {
        tables::write_returning(
            "SELECT EXISTS (SELECT FROM assay.vectorizer_queue AS q WHERE q.vectorizer_id OPERATOR(pg_catalog.=) $1)",
            &[vectorizer.id.into()],
        )
    })?;
    match waits {
        Some(false) => queue_rows_without(vectorizer, building),
        Some(true) | None => Ok(()),
    }
}

fn alter(
    vectorizer: Option<Text>,
    embedding: Option<Text>,
    chunking: Option<Json>,
    max_lag: Option<Interval>,
) -> Result<()> {
    let vectorizer = names::argument(vectorizer)?;
    source::require_owner(vectorizer.source)?;
    if let Some(chunking) = chunking {
        let chunking = pieces::pinned(&chunking, vectorizer.owner)?;
        quiet(&vectorizer)?;
        tables::as_owner(|| {
            statement::run(
                "UPDATE assay.vectorizer SET chunking = $2 WHERE id OPERATOR(pg_catalog.=) $1",
                &[vectorizer.id.into(), chunking.into()],
            )
        })?;
        queue_all(&vectorizer)?;
    }
    if let Some(embedding) = embedding {
        quiet(&vectorizer)?;
        build(&vectorizer, &embedding)?;
        switch_when_complete(vectorizer.id)?;
    }
    match max_lag {
        Some(max_lag) => {
            evidence::withdraw(&vectorizer)?;
            evidence::promise(vectorizer.id, vectorizer.source, &vectorizer.name, max_lag)
        }
        None => Ok(()),
    }
}

fn roll_back(vectorizer: Option<Text>) -> Result<()> {
    let vectorizer = names::argument(vectorizer)?;
    source::require_owner(vectorizer.source)?;
    quiet(&vectorizer)?;
    if let Some(building) = vectorizer.space(SpaceState::Building) {
        return forget(&vectorizer, building);
    }
    let previous = vectorizer.space(SpaceState::Previous).ok_or_else(|| {
        Error::new(
            NOT_KEPT,
            format!("vectorizer \"{}\" has no vectors to go back to", vectorizer.name),
        )
        .hint("assay.alter_vectorizer keeps those of the embedder before.")
    })?;
    identity::on_behalf_of(vectorizer.owner, || {
        Embedder::hold(&previous.embedding)?;
        Embedder::of_space(&vectorizer, previous).map(drop)
    })?;
    rebuild(&vectorizer, previous)?;
    switch_when_complete(vectorizer.id)
}

/// `alter_vectorizer(vectorizer, embedding, chunking, max_lag)`.
#[pg_extern(sql = false)]
fn alter_vectorizer(
    vectorizer: Option<Text>,
    embedding: Option<Text>,
    chunking: Option<Jsonb>,
    max_lag: Option<Interval>,
) {
    read_only::require_writable(c"assay.alter_vectorizer()");
    or_raise((|| {
        let chunking = match chunking {
            Some(chunking) => {
                let chunking = object("chunking", Some(chunking))?;
                pieces::read(&chunking)?;
                Some(chunking)
            }
            None => None,
        };
        alter(vectorizer, embedding, chunking, max_lag)
    })());
}

/// `rollback_vectorizer(vectorizer)`.
#[pg_extern(sql = false)]
fn rollback_vectorizer(vectorizer: Option<Text>) {
    read_only::require_writable(c"assay.rollback_vectorizer()");
    or_raise(roll_back(vectorizer));
}

//! What a vectorizer is: the row of the table, with what its source and its store are now.

use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use super::source::{self, Layout};
use super::space::{self, Space, SpaceState};
use crate::pg::error::{Error, INTERNAL, NOT_KEPT, Result};
use crate::pg::identity::Settings;
use crate::pg::text::Text;
use crate::pg::{relation, role, statement, tables};
use algo_text::vectorizer::template::Template;

/// When a row's vectors follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// They are committed with the row.
    Transaction,
    /// `assay.run_queue` makes them afterwards.
    Queue,
}

impl Consistency {
    /// Every one.
    pub const ALL: [Consistency; 2] = [Consistency::Transaction, Consistency::Queue];

    /// Its name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Consistency::Transaction => "transaction",
            Consistency::Queue => "queue",
        }
    }

    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Consistency> {
        Consistency::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// A vectorizer.
#[derive(Debug, Clone)]
pub struct Vectorizer {
    /// Its key.
    pub id: i64,
    /// Its name, within the schema of its source.
    pub name: String,
    /// The table whose texts it embeds.
    pub source: Oid,
    /// The table in which chunks and vectors are.
    pub store: Oid,
    /// The source's owner, as whom it reads and writes.
    pub owner: Oid,
    /// What is embedded of a chunk.
    pub formatting: Template,
    /// How texts are cut.
    pub chunking: Json,
    /// When vectors follow.
    pub consistency: Consistency,
    /// How the store's index is made.
    pub indexing: Json,
    /// The settings under which columns are written as texts.
    pub settings: Settings,
    /// The name of the loaded column when the vectorizer was made, which the template may use, too.
    loaded: String,
    /// Its embedding spaces.
    pub spaces: Vec<Space>,
}

impl Vectorizer {
    /// The vectorizer of this key; `None` where there is none, or its source is gone.
    pub fn by_id(id: i64) -> Result<Option<Vectorizer>> {
        tables::as_owner(|| {
            let mut found = None;
            statement::read(
                "SELECT v.id, v.name, v.source::pg_catalog.oid, v.store::pg_catalog.oid, v.formatting, v.chunking::pg_catalog.text, v.consistency,
    v.indexing::pg_catalog.text, v.settings::pg_catalog.text, v.loading OPERATOR(pg_catalog.->>) 'column'
FROM assay.vectorizer AS v WHERE v.id OPERATOR(pg_catalog.=) $1",
                &[id.into()],
                &mut |row| {
                    let (formatting, consistency): (Text, Text) = (row.require(5)?, row.require(7)?);
                    let settings = json(&row.require::<Text>(9)?)?;
                    let source: Oid = row.require(3)?;
                    let Some(owner) = relation::owner(source) else { return Ok(()) };
                    found = Some(Vectorizer {
                        id: row.require(1)?,
                        name: row.require::<Text>(2)?.into(),
                        source,
                        store: row.require(4)?,
                        owner,
                        formatting: Template::parse(&formatting).map_err(|problem| damaged(&problem.to_string()))?,
                        chunking: json(&row.require::<Text>(6)?)?,
                        consistency: Consistency::of_name(&consistency).ok_or_else(|| damaged(&consistency))?,
                        indexing: json(&row.require::<Text>(8)?)?,
                        settings: serde_json::from_value(settings).map_err(|problem| damaged(&problem.to_string()))?,
                        loaded: row.require::<Text>(10)?.into(),
                        spaces: Vec::new(),
                    });
                    Ok(())
                },
            )?;
            if let Some(vectorizer) = &mut found {
                vectorizer.spaces = space::of_vectorizer(id)?;
            }
            Ok(found)
        })
    }

    /// The space that searches look at.
    pub fn serving(&self) -> Result<&Space> {
        self.space(SpaceState::Serving)
            .ok_or_else(|| damaged("no space serves"))
    }

    /// The space in a state.
    pub fn space(&self, state: SpaceState) -> Option<&Space> {
        self.spaces.iter().find(|space| space.state == state)
    }

    /// The spaces that are kept current.
    pub fn current_spaces(&self) -> Vec<&Space> {
        let is_current = |space: &&Space| matches!(space.state, SpaceState::Serving | SpaceState::Building);
        self.spaces.iter().filter(is_current).collect()
    }

    /// What it reads of its source, by the names of now. Returns an error with 55000 where a column, the key or the store is gone.
    pub fn layout(&self) -> Result<Layout> {
        let columns = source::columns_of(self.source, self.id)?;
        let Some((loaded, others)) = columns.split_first() else {
            return Err(self.broken("the trigger that names its columns is gone"));
        };
        let key = source::key_of(self.source)?;
        if key.is_empty() {
            return Err(self.broken("its source has no primary key any more"));
        }
        let mut others = others.iter();
        let named: Option<Vec<String>> = self
            .formatting
            .columns()
            .iter()
            .map(|column| match *column == self.loaded {
                true => Some(loaded.clone()),
                false => others.next().cloned(),
            })
            .collect();
        let columns = named.ok_or_else(|| self.broken("the trigger that names its columns lacks one"))?;
        Ok(Layout {
            key,
            loaded: loaded.clone(),
            columns,
        })
    }

    /// The error of one that cannot go on as it is.
    pub fn broken(&self, problem: &str) -> Error {
        Error::new(NOT_KEPT, format!("vectorizer \"{}\" cannot go on: {problem}", self.name)).hint(
            "SELECT assay.drop_vectorizer(...) lets its source be written without it; assay.create_vectorizer makes it anew.",
        )
    }

    /// The qualified name of its source.
    pub fn source_name(&self) -> Result<String> {
        relation::name_of(self.source).ok_or_else(|| self.broken("its source is gone"))
    }

    /// The qualified name of its store. Returns an error where the store is gone, or belongs to somebody else than the source does.
    pub fn store_name(&self) -> Result<String> {
        let name = relation::name_of(self.store).ok_or_else(|| self.broken("its table of chunks is gone"))?;
        let owner = relation::owner(self.store);
        match owner == Some(self.owner) {
            true => Ok(name),
            false => Err(self
                .broken(&format!("{name} does not belong to the owner of its source"))
                .hint(format!(
                    "ALTER TABLE {name} OWNER TO {}.",
                    relation::quoted(&role::name_of(self.owner))
                ))),
        }
    }
}

fn json(text: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|problem| damaged(&problem.to_string()))
}

fn damaged(what: &str) -> Error {
    Error::new(INTERNAL, format!("a stored vectorizer cannot be read: {what}"))
        .hint("Its row was not written by assay; drop the vectorizer, and create it again.")
}

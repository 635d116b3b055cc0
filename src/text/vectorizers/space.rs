//! Embedding spaces: the vectors that one embedder made of a vectorizer's chunks, a column of its store. A vectorizer has one that serves; beside it another is built
//! when the embedder is changed, and the one before it stays, so that the change can be taken back.

use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::statement;
use crate::pg::text::Text;

/// What a space is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceState {
    /// Searches look here.
    Serving,
    /// It is filled beside the one that serves, and takes its place when it is complete.
    Building,
    /// It served before, and is not kept current.
    Previous,
}

impl SpaceState {
    /// Its name, as stored.
    pub fn name(self) -> &'static str {
        match self {
            SpaceState::Serving => "serving",
            SpaceState::Building => "building",
            SpaceState::Previous => "previous",
        }
    }

    fn of_name(name: &str) -> Result<SpaceState> {
        [SpaceState::Serving, SpaceState::Building, SpaceState::Previous]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| {
                Error::new(
                    INTERNAL,
                    format!("a space of a vectorizer is in an unknown state: {name}"),
                )
            })
    }
}

/// A space.
#[derive(Debug, Clone)]
pub struct Space {
    /// Its number within the vectorizer, from 1.
    pub number: i32,
    /// The embedder, with its version.
    pub embedding: String,
    /// The hash of its bytes.
    pub hash: String,
    /// The store's column.
    pub column: String,
    /// The column's type, as SQL writes it.
    pub column_type: String,
    /// How many numbers a vector has.
    pub width: usize,
    /// What it is for.
    pub state: SpaceState,
}

/// The spaces of a vectorizer, in the order of their numbers. As the owner of assay's tables.
pub fn of_vectorizer(id: i64) -> Result<Vec<Space>> {
    let mut spaces = Vec::new();
    statement::read(
        "SELECT s.number, s.embedding, s.column_name, s.column_type, s.dimensions, s.state, s.hash
FROM assay.vectorizer_space AS s WHERE s.vectorizer_id OPERATOR(pg_catalog.=) $1 ORDER BY s.number",
        &[id.into()],
        &mut |row| {
            let width: i32 = row.require(5)?;
            spaces.push(Space {
                number: row.require(1)?,
                embedding: row.require::<Text>(2)?.into(),
                hash: row.require::<Text>(7)?.into(),
                column: row.require::<Text>(3)?.into(),
                column_type: row.require::<Text>(4)?.into(),
                width: usize::try_from(width).unwrap_or(0),
                state: SpaceState::of_name(&row.require::<Text>(6)?)?,
            });
            Ok(())
        },
    )?;
    Ok(spaces)
}

/// Stores a new space. As the owner of assay's tables.
pub fn store(vectorizer: i64, space: &Space) -> Result<()> {
    statement::run(
        "INSERT INTO assay.vectorizer_space (vectorizer_id, number, embedding, column_name, column_type, dimensions, state, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            vectorizer.into(),
            space.number.into(),
            space.embedding.as_str().into(),
            space.column.as_str().into(),
            space.column_type.as_str().into(),
            i32::try_from(space.width).unwrap_or(i32::MAX).into(),
            space.state.name().into(),
            space.hash.as_str().into(),
        ],
    )
}

/// Gives a space another state. As the owner of assay's tables.
pub fn become_state(vectorizer: i64, number: i32, state: SpaceState) -> Result<()> {
    statement::run(
        "UPDATE assay.vectorizer_space SET state = $3, since = pg_catalog.clock_timestamp()
WHERE vectorizer_id OPERATOR(pg_catalog.=) $1 AND number OPERATOR(pg_catalog.=) $2",
        &[vectorizer.into(), number.into(), state.name().into()],
    )
}

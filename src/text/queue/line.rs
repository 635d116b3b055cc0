//! What waits.

use crate::pg::error::Result;
use crate::pg::lease;

/// Whose fault it is that an item was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// That of the item itself, as far as can be told.
    Item,
    /// That of what all items of the line need.
    Line,
}

/// Something that is worked at.
pub trait Item {
    /// The keys of its rows.
    fn ids(&self) -> &[i64];

    /// How often it has been tried, this time included.
    fn attempts(&self) -> u32;
}

/// What waits for work of one kind, such as the rows of a vectorizer: what keeps one item from being done keeps the others, too, or it is the item's own.
pub trait Line {
    type Item: Item;
    /// What comes of the work at a batch.
    type Made;
    /// Items of a batch.
    const BATCH: i32;

    /// Takes up to so many items under a lease, those that have waited longest first. One that has failed before is taken by itself, where `alone` says so, and else is not.
    fn claim(&self, lease: i64, most: i32, alone: bool) -> Result<Vec<Self::Item>>;

    /// Returns an error where nothing can be done, whatever the items are.
    fn require_ready(&self) -> Result<()>;

    /// Works at items. Nothing is locked, and nothing written.
    fn make(&self, items: &[&Self::Item]) -> Result<Self::Made>;

    /// Keeps what came of it, and takes away or gives back the items, in one transaction.
    fn keep(&self, items: &[&Self::Item], made: &Self::Made) -> Result<()>;

    /// Gives items back, to be worked at from so many seconds on. That they were tried does not count.
    fn postpone(&self, ids: Vec<i64>, seconds: f64) -> Result<()>;

    /// Notes why items could not be done, and that they are to be tried again after so many seconds.
    fn fail(&self, ids: Vec<i64>, why: &str, seconds: f64, blame: Blame) -> Result<()>;

    /// Nothing waits any more.
    fn end(&self) -> Result<()>;
}

/// `lease_is_free(lease)`.
#[pgrx::pg_extern(sql = false)]
fn lease_is_free(lease: Option<i64>) -> Option<bool> {
    lease.map(lease::is_free)
}

/// The condition that nobody works at a row `name`: $2 is the lease of whoever asks.
pub fn is_free(name: &str) -> String {
    format!(
        "({name}.lease IS NULL OR {name}.lease OPERATOR(pg_catalog.<>) $2 AND assay_internal.lease_is_free({name}.lease))"
    )
}

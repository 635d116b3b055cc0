//! Models ready for scoring, kept in the backend between statements. Keyed by content hash, so nothing in it is ever stale.

use std::cell::RefCell;
use std::rc::Rc;

use super::registry::{self, Version};
use super::scorer::Scorer;
use crate::pg::error::{DAMAGED_MODEL, Error, Result};
use crate::pg::foreground::Foreground;
use crate::pg::settings;
use algo::model::Model;

struct Kept {
    hash: String,
    scorer: Rc<Scorer>,
    bytes: usize,
}

thread_local! {
    /// Used last comes last.
    static CACHE: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The scorer of a version, made ready now or before. Models that were not used for longest leave when those kept exceed
/// `assay.cache_memory`; one that a statement still uses lives on until the statement ends.
pub fn scorer(version: &Version) -> Result<Rc<Scorer>> {
    let hash = version.hash()?;
    if let Some(scorer) = recall(&hash) {
        return Ok(scorer);
    }
    let statement = Foreground::new()?;
    let bytes = version.bytes(&statement)?;
    if super::hash_of(&bytes, &statement)? != hash {
        return Err(Error::new(
            DAMAGED_MODEL,
            format!("model \"{}\" cannot be loaded", version.reference()),
        )
        .detail("Its bytes do not have the hash that was stored with them.")
        .hint("Restore it from a backup, or train it again."));
    }
    let model = Model::from_bytes(&bytes, &statement).map_err(|error| registry::unreadable(version, error))?;
    drop(bytes);
    let scorer = Rc::new(Scorer::new(model));
    keep(hash, Rc::clone(&scorer), statement.held());
    Ok(scorer)
}

fn recall(hash: &str) -> Option<Rc<Scorer>> {
    CACHE.with_borrow_mut(|cache| {
        let place = cache.iter().position(|entry| entry.hash == hash)?;
        let entry = cache.remove(place);
        let scorer = Rc::clone(&entry.scorer);
        cache.push(entry);
        Some(scorer)
    })
}

fn keep(hash: String, scorer: Rc<Scorer>, bytes: usize) {
    CACHE.with_borrow_mut(|cache| {
        cache.push(Kept { hash, scorer, bytes });
        let mut held: usize = cache.iter().map(|entry| entry.bytes).sum();
        while held > settings::cache_memory() && cache.len() > 1 {
            held -= cache.remove(0).bytes;
        }
    });
}

//! Texts that nearly repeat each other: the same customer or product, typed twice.
//!
//! Texts with the same [`key()`] (case, accents, punctuation and the order of words aside) are found by its hash. Other pairs are
//! candidates when MinHash (Broder 1997) in bands (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, chapter 3) puts them into one
//! block, and are then compared exactly. So time grows with the rows, not with their square.

mod blocks;
mod key;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

pub use blocks::{Groups, Pieced, group};
pub use key::{jaccard, key};

use super::super::error::{Error, Result};
use super::super::hash::hash_bytes;
use super::super::monitor::Monitor;
use super::super::room;

/// The most bytes of a text that are shown.
const SHOWN: usize = 200;
/// Texts shown of a group.
const SHOWN_OF_GROUP: usize = 5;
/// Under what keys and texts are hashed.
const SEED: u64 = 0xd0b1;

/// What counts as a duplicate, and what may be used to find it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// The least similarity of duplicates, from 0.3 to 1: Jaccard's, of the three-character pieces of the keys. At 1 only equal keys
    /// count. One wrong letter in a name of ten leaves about 0.5, in a text of sixty 0.9.
    pub threshold: f64,
    /// The most bytes that may be held.
    pub memory: usize,
    /// The most groups that are listed.
    pub max_groups: usize,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            threshold: 0.9,
            memory: 256 << 20,
            max_groups: 20,
        }
    }
}

/// Rows that nearly repeat each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its rows.
    pub rows: u64,
    /// The first of its rows.
    pub first_row: u64,
    /// Some of its texts, all different, in the order in which they came; shortened to 200 bytes.
    pub texts: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NearDuplicates {
    /// Rows with a key; texts without a letter or a digit have none.
    pub rows: u64,
    /// Rows of all groups.
    pub rows_failed: u64,
    /// How many groups there are.
    pub groups: u64,
    /// The largest ones, of equals the first.
    pub largest: Vec<Group>,
    /// Blocks so large that only neighbours in them were compared: some pairs may be missing.
    pub capped_blocks: u64,
}

/// One key.
#[derive(Debug, Clone)]
struct Entry {
    key: Box<str>,
    rows: u64,
    first_row: u64,
    /// Its first text, and the first that differs from it.
    texts: [Option<(u64, Box<str>)>; 2],
}

impl Entry {
    /// Whether its texts differ.
    fn is_varied(&self) -> bool {
        self.texts[1].is_some()
    }

    fn show(&mut self, hash: u64, text: &str) -> usize {
        let [first, second] = &mut self.texts;
        let place = match (&first, &second) {
            (None, _) => first,
            (Some((known, _)), None) if *known != hash => second,
            _ => return 0,
        };
        let shown: Box<str> = text[..text.floor_char_boundary(SHOWN)].into();
        let bytes = shown.len();
        *place = Some((hash, shown));
        bytes
    }
}

/// Which texts nearly repeat others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    keys: HashSet<u64>,
}

impl Repeated {
    /// Whether a text is one of them. O(length log words).
    pub fn contains(&self, text: &str) -> bool {
        self.keys.contains(&hash_bytes(SEED, key(text).as_bytes()))
    }
}

/// The first key of a group, and a key of it, by their places.
type Member = (u32, u32);

/// Takes texts, then finds those that nearly repeat each other.
#[derive(Debug)]
pub struct Finder {
    params: Params,
    rows: u64,
    entries: Vec<Entry>,
    by_key: HashMap<u64, u32>,
    /// Bytes of keys and texts.
    bytes: usize,
}

impl Finder {
    /// Returns an error with a parameter out of its range.
    pub fn new(params: Params) -> Result<Finder> {
        if !(0.3..=1.0).contains(&params.threshold) {
            return Err(Error::Parameter {
                name: "threshold",
                value: params.threshold.to_string(),
                allowed: "from 0.3 to 1".into(),
            });
        }
        Ok(Finder {
            params,
            rows: 0,
            entries: Vec::new(),
            by_key: HashMap::new(),
            bytes: 0,
        })
    }

    /// Bytes held on the heap now, or once duplicates are looked for.
    pub fn memory(&self) -> usize {
        self.bytes
            + self.entries.capacity() * (size_of::<Entry>() + blocks::WORK)
            + self.by_key.capacity() * 2 * size_of::<(u64, u32)>()
    }

    /// Adds the text of a row. Returns an error with [`Error::Memory`] once more is held than is allowed. O(length log words).
    pub fn push(&mut self, row: u64, text: &str) -> Result<()> {
        let key = key(text);
        if key.is_empty() {
            return Ok(());
        }
        self.rows += 1;
        let hash = hash_bytes(SEED, text.as_bytes());
        let known = self
            .by_key
            .get(&hash_bytes(SEED, key.as_bytes()))
            .map(|&place| place as usize);
        // Keys that share a hash are next to impossible, and then no duplicates.
        let place = match known.filter(|&place| *self.entries[place].key == *key) {
            Some(place) => place,
            None => self.insert(key, row)?,
        };
        let entry = &mut self.entries[place];
        entry.rows += 1;
        entry.first_row = entry.first_row.min(row);
        self.bytes += entry.show(hash, text);
        self.check_memory(0)
    }

    fn check_memory(&self, more: usize) -> Result<()> {
        let needed = self.memory().saturating_add(more);
        if needed <= self.params.memory {
            return Ok(());
        }
        Err(Error::Memory {
            needed,
            allowed: self.params.memory,
        })
    }

    fn insert(&mut self, key: String, row: u64) -> Result<usize> {
        // Lists grow to twice their size.
        if self.entries.len() == self.entries.capacity() {
            self.check_memory(self.memory() - self.bytes)?;
        }
        let place = self.entries.len();
        let number = u32::try_from(place)
            .map_err(|_| Error::data("more than 4 billion different texts", "compare fewer rows"))?;
        room::reserve(&mut self.entries, 1)?;
        let needed = self.memory();
        self.by_key.try_reserve(1).map_err(|_| Error::OutOfMemory { needed })?;
        self.by_key.insert(hash_bytes(SEED, key.as_bytes()), number);
        self.bytes += key.len();
        self.entries.push(Entry {
            key: key.into(),
            rows: 0,
            first_row: row,
            texts: [None, None],
        });
        Ok(place)
    }

    /// Finds the groups: texts that differ and are duplicates of each other, directly or by way of others. Rows whose text is the same
    /// to the byte are one text. At a threshold t a pair of similarity t is found with a probability of 99% or more, and pairs above it
    /// more surely; what is found has at least that similarity. Time: for each key 64 times its length, and for each block the
    /// pairs in it, or 8 times its size where it has more than 64 keys.
    pub fn finish(&self, monitor: &dyn Monitor) -> Result<NearDuplicates> {
        let (members, capped_blocks) = self.members(monitor)?;
        let mut found = NearDuplicates {
            rows: self.rows,
            capped_blocks,
            ..NearDuplicates::default()
        };
        let groups = self.groups(&members);
        let mut sizes: Vec<(u64, u64, &[Member])> = Vec::new();
        for group in groups {
            let entries = || group.iter().map(|&(_, place)| &self.entries[place as usize]);
            let rows = entries().map(|entry| entry.rows).sum();
            let first_row = entries().map(|entry| entry.first_row).min().unwrap_or(0);
            found.rows_failed += rows;
            found.groups += 1;
            room::push(&mut sizes, (rows, first_row, group))?;
        }
        sizes.sort_unstable_by_key(|&(rows, first_row, _)| (std::cmp::Reverse(rows), first_row));
        found.largest = sizes
            .into_iter()
            .take(self.params.max_groups)
            .map(|(rows, first_row, group)| Group {
                rows,
                first_row,
                texts: self.texts(group),
            })
            .collect();
        Ok(found)
    }

    /// The keys, those of a group together, its first one first; and the blocks that were not compared in full.
    fn members(&self, monitor: &dyn Monitor) -> Result<(Vec<Member>, u64)> {
        let mut keys: Vec<&str> = room::with_capacity(self.entries.len())?;
        keys.extend(self.entries.iter().map(|entry| &*entry.key));
        // Keys differ; whether their pieces do is not asked at 1.
        let threshold = Some(self.params.threshold).filter(|threshold| *threshold < 1.0);
        let found = group(keys.as_slice(), threshold.unwrap_or(f64::INFINITY), monitor)?;
        let mut members: Vec<Member> = room::with_capacity(found.leaders.len())?;
        members.extend(found.leaders.iter().copied().zip(0_u32..));
        members.sort_unstable();
        Ok((members, found.capped_blocks))
    }

    fn groups<'m>(&self, members: &'m [Member]) -> impl Iterator<Item = &'m [Member]> {
        members.chunk_by(|a, b| a.0 == b.0).filter(|group| {
            // Alone, a key is a group when it was written in two ways.
            group.len() > 1 || self.entries[group[0].1 as usize].is_varied()
        })
    }

    /// The texts of the groups of [`Finder::finish`], to tell rows by. Time as there.
    pub fn repeated(&self, monitor: &dyn Monitor) -> Result<Repeated> {
        let (members, _) = self.members(monitor)?;
        let places = self.groups(&members).flatten().map(|&(_, place)| place);
        let mut keys = HashSet::new();
        let lack = |_| Error::OutOfMemory { needed: self.memory() };
        keys.try_reserve(members.len()).map_err(lack)?;
        keys.extend(places.map(|place| hash_bytes(SEED, self.entries[place as usize].key.as_bytes())));
        Ok(Repeated { keys })
    }

    fn texts(&self, group: &[Member]) -> Vec<String> {
        let texts = group
            .iter()
            .flat_map(|&(_, place)| self.entries[place as usize].texts.iter().flatten());
        texts.take(SHOWN_OF_GROUP).map(|(_, text)| text.to_string()).collect()
    }
}

/// Finds the rows whose texts nearly repeat each other: see [`Finder`].
pub fn near_duplicates<'t>(
    rows: impl IntoIterator<Item = (u64, &'t str)>,
    params: Params,
    monitor: &dyn Monitor,
) -> Result<NearDuplicates> {
    /// Rows between two looks at the monitor.
    const ROWS: usize = 1024;
    let mut finder = Finder::new(params)?;
    for (count, (row, text)) in rows.into_iter().enumerate() {
        if count % ROWS == 0 {
            monitor.check()?;
        }
        finder.push(row, text)?;
    }
    finder.finish(monitor)
}

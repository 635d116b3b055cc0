//! Which things are near each other: MinHash in bands, exact comparison within blocks, groups by union.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::VecDeque;

use rayon::prelude::*;

use super::key::{jaccard, pieces};
use crate::error::{Error, Result};
use crate::hash::{hash_u64, mix, seeded};
use crate::monitor::{Monitor, Pace};
use crate::room;

/// The values of a MinHash signature.
const VALUES: usize = 64;
/// The probability with which a pair at the threshold is to share a block.
const RECALL: f64 = 0.99;
/// Things of a block that are all compared with each other.
const BLOCK: usize = 64;
/// In larger blocks, with how many that follow a thing is compared.
const NEIGHBOURS: usize = 8;
/// Things that a thread hashes at a time.
const PIECE: usize = 256;
/// Bytes that are needed for each thing.
pub(super) const WORK: usize =
    size_of::<(u64, u32)>() + size_of::<&str>() + 3 * size_of::<u32>() + size_of::<(u32, u32)>() + 64;

/// Things that are compared by the pieces which they are made of.
pub trait Pieced: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The hashes of a thing's pieces: a set, sorted.
    fn pieces(&self, place: u32) -> Cow<'_, [u64]>;

    /// An order in which things that are near each other mostly stand near each other: for blocks too large to compare all pairs.
    fn order(&self, one: u32, other: u32) -> Ordering;
}

impl Pieced for [&str] {
    fn count(&self) -> usize {
        self.len()
    }

    fn pieces(&self, place: u32) -> Cow<'_, [u64]> {
        Cow::Owned(pieces(self[place as usize]))
    }

    fn order(&self, one: u32, other: u32) -> Ordering {
        self[one as usize].cmp(self[other as usize])
    }
}

/// What is near each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups {
    /// For each thing the first of its group, which is itself where it stands alone.
    pub leaders: Vec<u32>,
    /// Blocks so large that only neighbours in them were compared: some pairs may be missing.
    pub capped_blocks: u64,
}

/// Groups that grow together (union by the lesser number, with path halving).
struct Union(Vec<u32>);

impl Union {
    fn new(count: usize) -> Result<Union> {
        let mut own = room::with_capacity(count)?;
        own.extend(0..count as u32);
        Ok(Union(own))
    }

    fn leader(&mut self, mut place: u32) -> u32 {
        while self.0[place as usize] != place {
            let above = self.0[place as usize];
            self.0[place as usize] = self.0[above as usize];
            place = above;
        }
        place
    }

    fn unite(&mut self, one: u32, other: u32) {
        let (one, other) = (self.leader(one), self.leader(other));
        let (less, greater) = (one.min(other), one.max(other));
        self.0[greater as usize] = less;
    }

    /// Puts its leader in the place of each.
    fn flatten(&mut self) {
        (0..self.0.len()).for_each(|place| self.0[place] = self.leader(place as u32));
    }
}

/// The values of a band: as many as leave a pair at the threshold the wanted probability to agree in one of the bands.
fn values_of_band(threshold: f64) -> usize {
    let finds = |values: &usize| {
        let bands = (VALUES / values) as i32;
        1.0 - (1.0 - threshold.powi(*values as i32)).powi(bands) >= RECALL
    };
    (1..=16).rev().find(finds).unwrap_or(1)
}

/// Groups things of which each is near another: Jaccard's similarity of their pieces is at least the threshold. At a threshold t a pair of similarity t is
/// found with a probability of 99% or more, and pairs above it more surely; what is found has at least that similarity. Above 1 nothing is near. The
/// groups are the same on any number of threads. Time: for each thing 64 times its pieces, and for each block the pairs in it, or 8 times its size where it
/// has more than 64 things.
pub fn group<P: Pieced + ?Sized>(things: &P, threshold: f64, monitor: &dyn Monitor) -> Result<Groups> {
    let count = u32::try_from(things.count())
        .map_err(|_| Error::data("more than 4 billion texts", "compare fewer rows"))? as usize;
    let mut union = Union::new(count)?;
    let values = values_of_band(threshold);
    let bands = if threshold <= 1.0 && count > 1 {
        VALUES / values
    } else {
        0
    };
    let mut blocks: Vec<(u64, u32)> = room::filled((0, 0), if bands > 0 { count } else { 0 })?;
    let mut capped_blocks = 0;
    for band in 0..bands {
        monitor.check()?;
        hash_band(things, band * values, values, &mut blocks, monitor)?;
        blocks.par_sort_unstable();
        let mut large: Vec<&[(u64, u32)]> = Vec::new();
        for block in blocks.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            capped_blocks += u64::from(block.len() > BLOCK);
            room::push(&mut large, block)?;
        }
        let near: Vec<Vec<(u32, u32)>> = large
            .par_iter()
            .map(|block| compare(block, things, threshold, &union.0, monitor))
            .collect::<Result<_>>()?;
        near.iter().flatten().for_each(|(one, other)| union.unite(*one, *other));
        union.flatten();
    }
    Ok(Groups {
        leaders: union.0,
        capped_blocks,
    })
}

/// Puts the hash of a band beside each thing.
fn hash_band<P: Pieced + ?Sized>(
    things: &P,
    first: usize,
    values: usize,
    blocks: &mut [(u64, u32)],
    monitor: &dyn Monitor,
) -> Result<()> {
    blocks
        .par_chunks_mut(PIECE)
        .enumerate()
        .try_for_each(|(chunk, blocks)| {
            let mut pace = Pace::new(monitor);
            for (block, place) in blocks.iter_mut().zip((chunk * PIECE) as u32..) {
                let pieces = things.pieces(place);
                pace.spend(1 + pieces.len() * values)?;
                *block = (band_hash(&pieces, first, values), place);
            }
            Ok(())
        })
}

/// The hash of some values of a MinHash signature.
fn band_hash(pieces: &[u64], first: usize, values: usize) -> u64 {
    (first..first + values).fold(seeded(first as u64), |hash, value| {
        let least = pieces.iter().map(|&piece| hash_u64(value as u64, piece)).min();
        mix(hash, least.unwrap_or(0))
    })
}

/// The pairs of a block that are near each other, but for those that are of one group by way of others: of these, or as is `known`.
fn compare<P: Pieced + ?Sized>(
    block: &[(u64, u32)],
    things: &P,
    threshold: f64,
    known: &[u32],
    monitor: &dyn Monitor,
) -> Result<Vec<(u32, u32)>> {
    let mut places: Vec<u32> = room::with_capacity(block.len())?;
    places.extend(block.iter().map(|&(_, place)| place));
    let reach = if places.len() <= BLOCK {
        places.len()
    } else {
        // Near things then stand near each other, mostly.
        places.sort_unstable_by(|one, other| things.order(*one, *other).then(one.cmp(other)));
        NEIGHBOURS
    };
    let (mut own, mut near) = (Union::new(places.len())?, Vec::new());
    let mut pace = Pace::new(monitor);
    // The pieces of the things within reach.
    let mut window: VecDeque<(u32, Cow<'_, [u64]>)> = VecDeque::new();
    for (number, place) in (0_u32..).zip(&places) {
        let pieces = things.pieces(*place);
        for (other_number, others) in &window {
            let other = places[*other_number as usize];
            pace.spend(1)?;
            if known[*place as usize] == known[other as usize] || own.leader(number) == own.leader(*other_number) {
                continue;
            }
            pace.spend(pieces.len() + others.len())?;
            if jaccard(&pieces, others) >= threshold {
                own.unite(number, *other_number);
                room::push(&mut near, (*place, other))?;
            }
        }
        window.push_back((number, pieces));
        if window.len() > reach {
            window.pop_front();
        }
    }
    Ok(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn bands_find_what_is_asked() {
        assert_eq!([0.95, 0.9, 0.8, 0.6, 0.5, 0.3].map(values_of_band), [10, 7, 5, 3, 2, 1]);
    }

    /// Texts of which many are alike, in blocks of every size.
    #[test]
    fn groups_are_the_same_on_any_number_of_threads() {
        let texts: Vec<String> = (0..4000_u64)
            .map(|row| {
                let family = hash_u64(7, row) % 900;
                (0..12)
                    .map(|word| match hash_u64(word, row) % 25 {
                        0 => format!("w{}", hash_u64(word, row) % 1000),
                        _ => format!("f{}", hash_u64(word, family % (1 + family)) % 5000),
                    })
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let keys: Vec<&str> = texts.iter().map(String::as_str).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| group(keys.as_slice(), 0.6, &Unwatched).unwrap())
        };
        let one = with(1);
        assert_eq!(with(3), one);
        assert_eq!(with(7), one);
        let alone = (0_u32..).zip(&one.leaders).filter(|(place, leader)| place == *leader);
        let groups = alone.count();
        assert!((900..3000).contains(&groups), "{groups} groups");
    }

    #[test]
    fn what_has_no_pieces_is_alike() {
        assert_eq!(
            group(["", "", "abc"].as_slice(), 0.9, &Unwatched).unwrap().leaders,
            [0, 0, 2]
        );
        let none: [&str; 0] = [];
        assert_eq!(group(none.as_slice(), 0.9, &Unwatched).unwrap(), Groups::default());
    }
}

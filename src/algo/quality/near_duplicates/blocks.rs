//! Which keys are near each other: MinHash in bands, exact comparison within blocks, groups by union.

use super::key::{jaccard, pieces};
use crate::error::Result;
use crate::hash::{hash_u64, mix, seeded};
use crate::monitor::Monitor;
use crate::room;

/// The values of a MinHash signature.
const VALUES: usize = 64;
/// The probability with which a pair at the threshold is to share a block.
const RECALL: f64 = 0.99;
/// Keys of a block that are all compared with each other.
const BLOCK: usize = 64;
/// In larger blocks, with how many that follow a key is compared.
const NEIGHBOURS: usize = 8;
/// Keys between two looks at the monitor.
const CHECKED: usize = 256;
/// Bytes that are needed for each key.
pub(super) const WORK: usize =
    size_of::<(u64, u32)>() + size_of::<&str>() + 2 * size_of::<u32>() + size_of::<(u32, u32)>() + 40;

/// The values of a band: as many as leave a pair at the threshold the wanted probability to agree in one of the bands.
fn values_of_band(threshold: f64) -> usize {
    let finds = |values: &usize| {
        let bands = (VALUES / values) as i32;
        1.0 - (1.0 - threshold.powi(*values as i32)).powi(bands) >= RECALL
    };
    (1..=16).rev().find(finds).unwrap_or(1)
}

/// Groups that grow together (union by the lesser number, with path halving).
struct Groups(Vec<u32>);

impl Groups {
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
}

/// For each key the first of its group, and the number of blocks that were too large to compare all their pairs.
pub(super) fn leaders(keys: &[&str], threshold: f64, monitor: &dyn Monitor) -> Result<(Vec<u32>, u64)> {
    let mut groups = Groups(room::with_capacity(keys.len())?);
    groups.0.extend(0..keys.len() as u32);
    let mut capped = 0;
    // Keys differ; whether their pieces do is not asked at 1.
    let values = values_of_band(threshold);
    let bands = if threshold < 1.0 { VALUES / values } else { 0 };
    let mut blocks: Vec<(u64, u32)> = room::with_capacity(if bands > 0 { keys.len() } else { 0 })?;
    for band in 0..bands {
        blocks.clear();
        for (place, key) in keys.iter().enumerate() {
            if place % CHECKED == 0 {
                monitor.check()?;
            }
            blocks.push((band_hash(&pieces(key), band * values, values), place as u32));
        }
        blocks.sort_unstable();
        let mut since_check = 0;
        for block in blocks.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            since_check += block.len();
            if since_check >= CHECKED {
                monitor.check()?;
                since_check = 0;
            }
            capped += u64::from(block.len() > BLOCK);
            compare(block, keys, threshold, &mut groups, monitor)?;
        }
    }
    drop(blocks);
    let mut leaders = room::with_capacity(keys.len())?;
    leaders.extend((0..keys.len() as u32).map(|place| groups.leader(place)));
    Ok((leaders, capped))
}

/// The hash of some values of a MinHash signature.
fn band_hash(pieces: &[u64], first: usize, values: usize) -> u64 {
    (first..first + values).fold(seeded(first as u64), |hash, value| {
        let least = pieces.iter().map(|&piece| hash_u64(value as u64, piece)).min();
        mix(hash, least.unwrap_or(0))
    })
}

/// Unites the keys of a block that are near each other.
fn compare(
    block: &[(u64, u32)],
    keys: &[&str],
    threshold: f64,
    groups: &mut Groups,
    monitor: &dyn Monitor,
) -> Result<()> {
    let mut places: Vec<u32> = block.iter().map(|&(_, place)| place).collect();
    let reach = if places.len() <= BLOCK {
        places.len()
    } else {
        // Near keys then stand near each other, mostly.
        places.sort_unstable_by_key(|&place| keys[place as usize]);
        NEIGHBOURS
    };
    // The pieces of the keys within reach.
    let mut window: std::collections::VecDeque<(u32, Vec<u64>)> = std::collections::VecDeque::new();
    for (count, place) in places.into_iter().enumerate() {
        if count % CHECKED == CHECKED - 1 {
            monitor.check()?;
        }
        let own = pieces(keys[place as usize]);
        for (other, others) in &window {
            if groups.leader(place) != groups.leader(*other) && jaccard(&own, others) >= threshold {
                groups.unite(place, *other);
            }
        }
        window.push_back((place, own));
        if window.len() > reach {
            window.pop_front();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_find_what_is_asked() {
        assert_eq!([0.95, 0.9, 0.8, 0.6, 0.5, 0.3].map(values_of_band), [10, 7, 5, 3, 2, 1]);
    }
}

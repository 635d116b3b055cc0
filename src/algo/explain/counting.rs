//! The game of one path against a background, for many rows at once.
//!
//! Let a row satisfy the players p of a path, and a background row the players q. Some coalition of the two reaches the leaf when p and q together are
//! all players. Then the a players that q lacks are the row's, and gain `(a - 1)! b! / (a + b)!` each, the b that p lacks are the background's, and
//! lose `a! (b - 1)! / (a + b)!` (see [`weight_of`]). As b is the row's, all there is to know of a background is, by a, how many of its rows satisfy
//! all that p lacks, and how many of these satisfy a player besides: counts of supersets. One pass per player over all patterns counts them for every
//! p (the zeta transform); where patterns are few beside 2^k, the pairs are counted that go together, found by parting both sides player by player.
//! Counts are whole numbers, so both ways give the same bits, whatever rows are explained beside each other.

use super::game::weight_of;
use crate::error::Result;
use crate::monitor::Pace;
use crate::room;

/// The most players of a path: the bits of a pattern.
pub(super) const MOST_BITS: usize = 32;

/// Numbers are added up in fours.
const FOUR: usize = 4;

/// For each number of players that a background row may lack a weight, and some zeros.
const RANKS: usize = (MOST_BITS + 1).next_multiple_of(FOUR);

/// The most players of which all patterns are counted, so that their ranks fill [`LANES`].
const MOST_COUNTED: usize = LANES - 1;
const LANES: usize = 16;

/// Patterns whose pairs are counted at a time.
const AT_ONCE: usize = 128;

/// The slot of rows that get nothing.
pub(super) const NOTHING: u32 = u32::MAX;
const UNKNOWN: u32 = u32::MAX - 1;

/// A background row at a leaf: what it satisfies, how many players it lacks, and how many rows it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Other {
    pattern: u32,
    lacks: u32,
    count: i32,
}

/// What players get of a leaf, by b and a: what one of the row gains, and what one of the background loses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    gains: Vec<[f64; RANKS]>,
    losses: Vec<[f64; RANKS]>,
}

impl Weights {
    pub(super) fn new() -> Weights {
        let weights = |of: fn(usize, usize) -> f64| {
            let by_rank = |b| std::array::from_fn(|a| if a <= MOST_BITS { of(a, b) } else { 0.0 });
            (0..=MOST_BITS).map(by_rank).collect()
        };
        Weights {
            gains: weights(weight_of),
            losses: weights(|a, b| weight_of(b, a)),
        }
    }
}

/// What games are counted by, and what the leaf at hand attributes.
#[derive(Debug)]
pub(super) struct Counting<'w> {
    weights: &'w Weights,
    /// By pattern and rank, how many background rows satisfy at least the pattern.
    supersets: Vec<[i32; LANES]>,
    /// By pattern.
    slots: Vec<u32>,
    others: Vec<Other>,
    /// Patterns of rows with the rows' places, and those that differ.
    order: Vec<(u32, u32)>,
    distinct: Vec<u32>,
    pairs: Vec<i32>,
    /// For each row the place of its numbers among [`Counting::values`], or [`NOTHING`].
    pub(super) of_rows: Vec<u32>,
    /// For each slot a number per player.
    pub(super) values: Vec<f64>,
}

impl Counting<'_> {
    pub(super) fn new(weights: &Weights) -> Counting<'_> {
        Counting {
            weights,
            supersets: Vec::new(),
            slots: Vec::new(),
            others: Vec::new(),
            order: Vec::new(),
            distinct: Vec::new(),
            pairs: Vec::new(),
            of_rows: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Finds `scale` times what a path of so many players attributes to them, for each of `rows`, given what they satisfy; `others` are what background rows
    /// satisfy and how many each is. O(rows + background + the lesser of 2^players x players and the pairs of patterns that go together).
    pub(super) fn play(
        &mut self,
        players: usize,
        rows: &[u32],
        others: impl ExactSizeIterator<Item = (u32, i32)>,
        scale: f64,
        pace: &mut Pace<'_>,
    ) -> Result<()> {
        self.of_rows.clear();
        self.values.clear();
        room::reserve(&mut self.of_rows, rows.len())?;
        if is_dense(players, rows.len(), others.len()) {
            self.count_all(players, rows, others, scale, pace)
        } else {
            self.count_pairs(players, rows, others, scale, pace)
        }
    }

    fn count_all(
        &mut self,
        players: usize,
        rows: &[u32],
        others: impl Iterator<Item = (u32, i32)>,
        scale: f64,
        pace: &mut Pace<'_>,
    ) -> Result<()> {
        let size = 1_usize << players;
        if self.supersets.len() < size {
            self.supersets = room::filled([0; LANES], size)?;
            self.slots = room::filled(UNKNOWN, size)?;
        }
        let supersets = &mut self.supersets[..size];
        supersets.fill([0; LANES]);
        for (pattern, count) in others {
            supersets[pattern as usize][players - pattern.count_ones() as usize] += count;
        }
        for player in 0..players {
            pace.spend(size / 4)?;
            for both in supersets.chunks_exact_mut(2 << player) {
                let (without, with) = both.split_at_mut(1 << player);
                for (without, with) in without.iter_mut().zip(with) {
                    *without = std::array::from_fn(|lane| without[lane] + with[lane]);
                }
            }
        }
        let slots = &mut self.slots[..size];
        slots.fill(UNKNOWN);
        let ranks = (players + 1).next_multiple_of(FOUR);
        for &pattern in rows {
            let slot = &mut slots[pattern as usize];
            if *slot == UNKNOWN {
                pace.spend(players)?;
                let lacks = (size as u32 - 1) & !pattern;
                let (b, all) = (lacks.count_ones() as usize, &supersets[lacks as usize]);
                *slot = NOTHING;
                if all.iter().any(|count| *count > 0) {
                    *slot = self.values.len() as u32;
                    room::reserve(&mut self.values, players)?;
                    let loss = -scale * weighed(&all[..ranks], &self.weights.losses[b]);
                    self.values.extend((0..players).map(|player| {
                        if pattern >> player & 1 == 0 {
                            return loss;
                        }
                        let besides = &supersets[(lacks | 1 << player) as usize];
                        let gained: [i32; LANES] = std::array::from_fn(|rank| all[rank] - besides[rank]);
                        scale * weighed(&gained[..ranks], &self.weights.gains[b])
                    }));
                }
            }
            self.of_rows.push(*slot);
        }
        Ok(())
    }

    fn count_pairs(
        &mut self,
        players: usize,
        rows: &[u32],
        others: impl Iterator<Item = (u32, i32)>,
        scale: f64,
        pace: &mut Pace<'_>,
    ) -> Result<()> {
        let full = u32::MAX >> (MOST_BITS - players);
        self.gather(players, rows, others)?;
        pace.spend((rows.len() + self.others.len()) * 2)?;
        let ranks = (players + 1).next_multiple_of(FOUR);
        let each = (players + 1) * ranks;
        let mut order = &self.order[..];
        self.of_rows.resize(rows.len(), NOTHING);
        for some in self.distinct.chunks(AT_ONCE) {
            self.pairs.clear();
            room::reserve(&mut self.pairs, some.len() * each)?;
            self.pairs.resize(some.len() * each, 0);
            let mut meeting = Meeting {
                full,
                ranks,
                each,
                first: some,
                pairs: &mut self.pairs,
                pace,
            };
            meeting.part(0..some.len(), &self.others, 1 << (players - 1))?;
            for (&pattern, counts) in some.iter().zip(self.pairs.chunks_exact(each)) {
                let alike = order.partition_point(|(other, _)| *other <= pattern);
                let (own, rest) = order.split_at(alike);
                order = rest;
                let (all, gained) = counts.split_at(ranks);
                if all.iter().all(|count| *count == 0) {
                    continue;
                }
                let (slot, b) = (self.values.len() as u32, (full & !pattern).count_ones() as usize);
                let loss = -scale * weighed(all, &self.weights.losses[b]);
                room::reserve(&mut self.values, players)?;
                let gained = gained.chunks_exact(ranks).enumerate();
                self.values
                    .extend(gained.map(|(player, gained)| match pattern >> player & 1 {
                        0 => loss,
                        _ => scale * weighed(gained, &self.weights.gains[b]),
                    }));
                own.iter().for_each(|(_, place)| self.of_rows[*place as usize] = slot);
            }
        }
        Ok(())
    }

    /// Brings the patterns of both sides in order, those of the background that are alike together.
    fn gather(&mut self, players: usize, rows: &[u32], others: impl Iterator<Item = (u32, i32)>) -> Result<()> {
        self.order.clear();
        room::reserve(&mut self.order, rows.len())?;
        self.order.extend(rows.iter().copied().zip(0..));
        self.order.sort_unstable();
        self.distinct.clear();
        room::reserve(&mut self.distinct, rows.len())?;
        self.distinct.extend(self.order.iter().map(|(pattern, _)| *pattern));
        self.distinct.dedup();
        self.others.clear();
        for (pattern, count) in others {
            let lacks = players as u32 - pattern.count_ones();
            room::push(&mut self.others, Other { pattern, lacks, count })?;
        }
        // Sorting takes longer than meeting the same pattern again does where rows are few.
        if self.distinct.len() > 4 {
            self.others.sort_unstable();
            self.others.dedup_by(|next, one| {
                let alike = next.pattern == one.pattern;
                one.count += if alike { next.count } else { 0 };
                alike
            });
        }
        Ok(())
    }
}

/// Whether it takes less to count all patterns than pairs.
fn is_dense(players: usize, rows: usize, others: usize) -> bool {
    if players > MOST_COUNTED {
        return false;
    }
    let patterns = 1_usize << players;
    let (rows_apart, others_apart) = (rows.min(patterns) as f64, others.min(patterns) as f64);
    // Nanoseconds, about: of pairs chance lets 3 of 4 go together for each player.
    let all = (players * patterns) as f64 * 1.5;
    let pairs = rows_apart * others_apart * 0.75_f64.powi(players as i32) * 12.0 + 20.0 * (rows + others) as f64;
    all < pairs
}

/// Counts by rank times weights.
#[inline]
fn weighed(counts: &[i32], weights: &[f64; RANKS]) -> f64 {
    let mut sums = [0.0; FOUR];
    for (counts, weights) in counts.as_chunks::<FOUR>().0.iter().zip(weights.as_chunks::<FOUR>().0) {
        sums = std::array::from_fn(|lane| sums[lane] + f64::from(counts[lane]) * weights[lane]);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Patterns of rows, and how many background rows go together with each.
struct Meeting<'m, 'p> {
    full: u32,
    ranks: usize,
    each: usize,
    /// Ascending.
    first: &'m [u32],
    /// For each pattern by rank how many go together with it, and for each player how many of these lack it.
    pairs: &'m mut [i32],
    pace: &'m mut Pace<'p>,
}

impl Meeting<'_, '_> {
    /// Counts the pairs of some patterns with some of the background, both ascending and alike in the players above `bit`.
    fn part(&mut self, own: std::ops::Range<usize>, others: &[Other], bit: u32) -> Result<()> {
        if own.is_empty() || others.is_empty() {
            return Ok(());
        }
        self.pace.spend(4)?;
        // What is not in order is met one by one.
        if own.len() <= 4 || own.len() * others.len() <= 64 || bit == 0 {
            return self.meet(own, others);
        }
        let with = own.start + self.first[own.clone()].partition_point(|pattern| pattern & bit == 0);
        let (lacking, having) = others.split_at(others.partition_point(|other| other.pattern & bit == 0));
        self.part(with..own.end, having, bit >> 1)?;
        self.part(with..own.end, lacking, bit >> 1)?;
        self.part(own.start..with, having, bit >> 1)
    }

    fn meet(&mut self, own: std::ops::Range<usize>, others: &[Other]) -> Result<()> {
        for place in own {
            self.pace.spend(others.len())?;
            let pattern = self.first[place];
            let pairs = &mut self.pairs[place * self.each..][..self.each];
            for other in others.iter().filter(|other| other.pattern | pattern == self.full) {
                pairs[other.lacks as usize] += other.count;
                let mut ours = self.full & !other.pattern;
                while ours != 0 {
                    let player = ours.trailing_zeros() as usize;
                    pairs[(player + 1) * self.ranks + other.lacks as usize] += other.count;
                    ours &= ours - 1;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;
    use rand_core::{RngCore, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn both_ways_count_as_the_definition_does() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let weights = Weights::new();
        for players in [1, 2, 5, 9, 12, 15] {
            let full = u32::MAX >> (MOST_BITS - players);
            // Two bits of three are set, so that some go together.
            let mut pattern = || (random.next_u32() | random.next_u32()) & full;
            let rows: Vec<u32> = (0..300).map(|_| pattern()).collect();
            let others: Vec<(u32, i32)> = (0..200).map(|place| (pattern(), 1 + place % 3)).collect();
            let (mut all, mut pairs, mut pace) =
                (Counting::new(&weights), Counting::new(&weights), Pace::new(&Unwatched));
            all.count_all(players, &rows, others.iter().copied(), 0.5, &mut pace)
                .unwrap();
            pairs
                .count_pairs(players, &rows, others.iter().copied(), 0.5, &mut pace)
                .unwrap();
            assert_eq!(all.of_rows.len(), rows.len());
            for (place, &row) in rows.iter().enumerate() {
                let mut alone = Counting::new(&weights);
                alone
                    .play(players, &[row], others.iter().copied(), 0.5, &mut pace)
                    .unwrap();
                let numbers = |counting: &Counting<'_>, place: usize| match counting.of_rows[place] {
                    NOTHING => vec![0.0; players],
                    slot => counting.values[slot as usize..][..players].to_vec(),
                };
                let ours = numbers(&all, place);
                assert_eq!(ours, numbers(&pairs, place));
                assert_eq!(ours, numbers(&alone, 0));
                for (player, value) in ours.iter().enumerate() {
                    let mut exact = 0.0;
                    for (other, count) in others.iter().filter(|(other, _)| other | row == full) {
                        let (a, b) = (full & !other, full & !row);
                        let weight = |a: u32, b: u32| weight_of(a.count_ones() as usize, b.count_ones() as usize);
                        let sign =
                            f64::from(a >> player & 1) * weight(a, b) - f64::from(b >> player & 1) * weight(b, a);
                        exact += 0.5 * f64::from(*count) * sign;
                    }
                    assert!((value - exact).abs() < 1e-12 * exact.abs().max(1.0), "{value} {exact}");
                }
            }
        }
    }
}

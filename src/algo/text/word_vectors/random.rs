//! Random numbers, and words by how likely they are.

use crate::error::Result;
use crate::room;

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    #[inline(always)]
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another.
    #[inline(always)]
    pub(super) fn below(&mut self, most: u32) -> u32 {
        (((self.next() >> 32) * u64::from(most)) >> 32) as u32
    }
}

/// Draws places by their weights, each in the same time (Walker 1977; Vose 1991, "A linear algorithm for generating random numbers with a given
/// distribution").
#[derive(Debug)]
pub(super) struct Lots(Vec<Lot>);

/// A place, with the chance, in units of 2^-32, that it is drawn itself when it is met, and what is drawn else.
#[derive(Debug, Clone, Copy)]
struct Lot {
    chance: u32,
    other: u32,
}

impl Lots {
    /// Of weights that are finite and not all 0. O(n).
    pub(super) fn new(weights: &[f64]) -> Result<Lots> {
        const UNIT: f64 = u32::MAX as f64;
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let mut left = room::with_capacity(weights.len())?;
        left.extend(weights.iter().map(|weight| weight / mean));
        let mut lots = room::with_capacity(weights.len())?;
        lots.extend((0..weights.len() as u32).map(|other| Lot {
            chance: u32::MAX,
            other,
        }));
        let (mut few, mut many) = (room::with_capacity(weights.len())?, room::with_capacity(weights.len())?);
        for (place, share) in (0_u32..).zip(&left) {
            if *share < 1.0 {
                few.push(place)
            } else {
                many.push(place)
            }
        }
        while let (Some(&poor), Some(&rich)) = (few.last(), many.last()) {
            few.pop();
            let share: f64 = left[poor as usize];
            lots[poor as usize] = Lot {
                chance: (share * UNIT) as u32,
                other: rich,
            };
            left[rich as usize] -= 1.0 - share;
            if left[rich as usize] < 1.0 {
                many.pop();
                few.push(rich);
            }
        }
        Ok(Lots(lots))
    }

    #[inline(always)]
    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        let number = random.next();
        let place = (((number >> 32) * self.0.len() as u64) >> 32) as u32;
        let lot = self.0[place as usize];
        if number as u32 <= lot.chance { place } else { lot.other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_fall_by_their_weights() {
        let weights = [5.0, 0.0, 1.0, 3.0, 1.0];
        let (lots, mut random) = (Lots::new(&weights).unwrap(), Random::new(7));
        let mut counts = [0; 5];
        for _ in 0..100_000 {
            counts[lots.draw(&mut random) as usize] += 1;
        }
        for (weight, count) in weights.iter().zip(counts) {
            assert!((weight / 10.0 - f64::from(count) / 1e5).abs() < 0.01, "{counts:?}");
        }
        assert_eq!(Lots::new(&[0.3]).unwrap().draw(&mut random), 0);
        assert!((0..1000).all(|_| random.below(3) < 3));
    }
}

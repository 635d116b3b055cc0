//! Which rows a sketch looks at once there are many.

use serde::{Deserialize, Serialize};

use crate::hash::hash_u64;

/// Random choices of rows: one in each run of 2^h rows that come together, where h grows with the rows seen.
///
/// This is the sampler of Karnin, Lang and Liberty, "Optimal quantile approximation in streams" (2016). A run ends where a push
/// ends, so nothing is held back between pushes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampler {
    state: u64,
    /// Rows chosen, at least, before runs double: between this and twice as many are chosen of all rows, and of every later part
    /// its share.
    floor: u32,
}

impl Sampler {
    /// Every row is chosen until there are twice `floor`.
    pub fn new(floor: u32, seed: u64) -> Sampler {
        Sampler { state: seed, floor }
    }

    /// The next random number.
    #[inline]
    pub fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash_u64(0x73_616d_706c_6572, self.state)
    }

    /// Lets later choices depend on what was seen, so that parts of a scan that started alike choose apart from each other.
    #[inline]
    pub fn stir(&mut self, hash: u64) {
        self.state ^= hash.rotate_left(23);
    }

    /// After `seen` rows, one in each 2^this is chosen.
    #[inline]
    pub fn height(&self, seen: u64) -> usize {
        /// Far from overflow.
        const MOST: u32 = 60;
        (seen / u64::from(self.floor.max(1))).max(1).ilog2().min(MOST) as usize
    }

    /// Chooses among `rows` that come after `seen` others: calls `take` with the place of a chosen row and h, where the row stands
    /// for 2^h. The weights add up to `rows`.
    #[inline]
    pub fn choose(&mut self, rows: usize, seen: u64, mut take: impl FnMut(usize, usize)) {
        let mut height = self.height(seen);
        if height == 0 {
            return (0..rows).for_each(|row| take(row, 0));
        }
        let mut start = 0;
        while start < rows {
            while start + (1 << height) > rows {
                height -= 1;
            }
            let offset = (self.random() >> 7) as usize & ((1 << height) - 1);
            take(start + offset, height);
            start += 1 << height;
        }
    }
}

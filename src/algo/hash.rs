//! 64-bit hashes of values: fast, well mixed, the same on every platform and in every version. Not for secrets.
//!
//! Stored bytes and splits rest on these functions, so what they return must never change.

/// Odd numbers with evenly spread bits: fractional parts of the golden ratio and of square roots of primes.
const SECRET: [u64; 4] = [
    0x9e37_79b9_7f4a_7c15,
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
];

/// Both halves of the 128-bit product, folded: cheap, and as well mixed as its factors are.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Two rounds of multiplication: every bit of the result depends on every bit of both numbers, however few of them are set.
#[inline]
const fn blend(a: u64, b: u64) -> u64 {
    let product = (a ^ SECRET[0]) as u128 * (b ^ SECRET[1]) as u128;
    fold(product as u64 ^ SECRET[2], (product >> 64) as u64 ^ SECRET[3])
}

/// Goes on from the hash of a row's first values with that of the next (a hash too: not the plain value). The order matters. Start
/// from [`seeded`].
#[inline]
pub const fn mix(hash: u64, value_hash: u64) -> u64 {
    // Adding a factor keeps rows apart even where the other factor happens to be 0.
    fold(hash ^ SECRET[0], value_hash ^ SECRET[1]).wrapping_add(value_hash)
}

/// The hash of a row without values.
#[inline]
pub const fn seeded(seed: u64) -> u64 {
    blend(seed, SECRET[2])
}

/// The hash of a number in a column. -0 is 0, and every NaN is the same.
#[inline]
pub fn hash_f64(column: u64, value: f64) -> u64 {
    /// What NaN is taken for: platforms have several.
    const NAN: u64 = 0x7ff8_0000_0000_0000;
    hash_u64(column, if value.is_nan() { NAN } else { (value + 0.0).to_bits() })
}

/// The hash of a whole number (a count, a code, an identifier) under a seed or in a column.
#[inline]
pub const fn hash_u64(seed: u64, value: u64) -> u64 {
    blend(value, seed)
}

/// The hash of bytes under a seed, 16 at a time.
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let start = hash_u64(seed, bytes.len() as u64);
    let mut hash = start;
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        let (low, high) = block.split_at(8);
        hash = fold(word(low) ^ SECRET[1] ^ hash, word(high) ^ SECRET[2]) ^ hash.rotate_left(29);
    }
    let (low, high) = blocks.remainder().split_at(blocks.remainder().len().min(8));
    blend(word(low) ^ hash, word(high) ^ start)
}

/// Up to 8 bytes as a little-endian number.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Computed by a second implementation.
    const PINNED: [u64; 4] = [
        0xef48_e6fc_9a6d_365c,
        0xbc81_b664_0b65_0cf6,
        0xbaad_4cd7_78b2_7013,
        0x083b_0a2b_38f9_ac74,
    ];

    #[test]
    fn never_changes() {
        assert_eq!(seeded(0), PINNED[0]);
        assert_eq!(hash_f64(3, 1.5), PINNED[1]);
        assert_eq!(hash_bytes(7, b"a text that is longer than sixteen bytes"), PINNED[2]);
        assert_eq!(mix(seeded(42), hash_u64(1, 2)), PINNED[3]);
    }

    #[test]
    fn zeros_and_nans_are_one() {
        assert_eq!(hash_f64(1, 0.0), hash_f64(1, -0.0));
        assert_eq!(hash_f64(1, f64::NAN), hash_f64(1, -f64::NAN));
        assert_ne!(hash_f64(1, 0.0), hash_f64(2, 0.0));
    }

    #[test]
    fn lengths_and_order_count() {
        let hashes: HashSet<u64> = (0..100).map(|length| hash_bytes(0, &vec![0; length])).collect();
        assert_eq!(hashes.len(), 100);
        assert_ne!(
            mix(mix(seeded(0), hash_u64(0, 1)), hash_u64(0, 2)),
            mix(mix(seeded(0), hash_u64(0, 2)), hash_u64(0, 1))
        );
    }

    /// Flipping any input bit flips each output bit about half of the time.
    #[test]
    fn bits_avalanche() {
        let trials = 4000_u64;
        let functions: [fn(u64) -> u64; 4] = [
            |x| hash_u64(5, x),
            |x| mix(seeded(9), hash_u64(0, x)),
            |x| hash_bytes(1, &x.to_le_bytes()),
            |x| hash_bytes(1, &[x.to_le_bytes(), [7; 8]].concat()),
        ];
        for function in functions {
            for bit in 0..64 {
                let mut flips = [0_u32; 64];
                for trial in 0..trials {
                    let value = trial.wrapping_mul(0x2545_f491_4f6c_dd1d) >> (trial % 40);
                    let difference = function(value) ^ function(value ^ (1 << bit));
                    flips
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, flips)| *flips += (difference >> i & 1) as u32);
                }
                for (out, &flips) in flips.iter().enumerate() {
                    let share = f64::from(flips) / trials as f64;
                    assert!(
                        (share - 0.5).abs() < 0.08,
                        "input bit {bit} flips output bit {out} {share} of the time"
                    );
                }
            }
        }
    }

    #[test]
    fn small_numbers_spread_evenly() {
        let mut buckets = [0_u32; 256];
        for value in 0..256_000 {
            buckets[(hash_f64(0, f64::from(value)) >> 56) as usize] += 1;
        }
        let chi_square: f64 = buckets.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        // 255 degrees of freedom: the 99.99th percentile is 348.
        assert!(chi_square < 348.0, "chi-square {chi_square}");
    }
}

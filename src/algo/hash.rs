//! 64-bit hashes of values: XXH3 (Collet, <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>) with seeds, the same on every
//! platform and in every version. Not for secrets.
//!
//! Stored bytes and splits rest on these functions, so what they return must never change.

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use super::error::Result;
use super::monitor::Monitor;

/// Goes on from the hash of a row's first values with that of the next (a hash too: not the plain value). The order matters. Start
/// from [`seeded`].
#[inline]
pub fn mix(hash: u64, value_hash: u64) -> u64 {
    hash_u64(hash, value_hash)
}

/// The hash of a row without values.
#[inline]
pub fn seeded(seed: u64) -> u64 {
    hash_u64(seed, 0)
}

/// The hash of a number in a column. -0 is 0, and every NaN is the same.
#[inline]
pub fn hash_f64(column: u64, value: f64) -> u64 {
    /// What NaN is taken for: platforms have several.
    const NAN: u64 = 0x7ff8_0000_0000_0000;
    hash_u64(column, if value.is_nan() { NAN } else { (value + 0.0).to_bits() })
}

/// The hash of a whole number (a count, a code, an identifier) under a seed or in a column: that of its eight bytes, the least significant
/// first.
#[inline]
pub fn hash_u64(seed: u64, value: u64) -> u64 {
    xxh3_64_with_seed(&value.to_le_bytes(), seed)
}

/// The hash of bytes under a seed.
#[inline]
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

/// The same of bytes that may be very many. Returns an error only when stopped.
pub fn hash_watched(seed: u64, bytes: &[u8], monitor: &dyn Monitor) -> Result<u64> {
    /// Bytes between two looks at the monitor.
    const BLOCK: usize = 1 << 20;
    if bytes.len() <= BLOCK {
        return Ok(hash_bytes(seed, bytes));
    }
    let mut hasher = Xxh3::with_seed(seed);
    for block in bytes.chunks(BLOCK) {
        monitor.check()?;
        hasher.update(block);
    }
    Ok(hasher.digest())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::monitor::Unwatched;

    /// The tests of the reference implementation: bytes, seed and hash.
    #[test]
    fn reference_values_are_met() {
        const PRIME32: u64 = 2_654_435_761;
        const PRIME64: u64 = 11_400_714_785_074_694_797;
        let mut next = PRIME32;
        let bytes: Vec<u8> = (0..2367)
            .map(|_| {
                let byte = (next >> 56) as u8;
                next = next.wrapping_mul(PRIME64);
                byte
            })
            .collect();
        for (length, seed, hash) in [
            (0, 0, 0x2d06_8005_38d3_94c2_u64),
            (1, 0, 0xc44b_dff4_074e_ecdb),
            (6, 0, 0x27b5_6a84_cd2d_7325),
            (12, 0, 0xa713_daf0_dfbb_77e7),
            (24, 0, 0xa3fe_70bf_9d35_10eb),
            (48, 0, 0x397d_a259_ecba_1f11),
            (80, 0, 0xbcde_fbbb_2c47_c90a),
            (195, 0, 0xcd94_217e_e362_ec3a),
        ] {
            assert_eq!(hash_bytes(seed, &bytes[..length]), hash, "{length} bytes");
        }
    }

    #[test]
    fn many_bytes_have_the_hash_that_they_have_at_once() {
        let bytes: Vec<u8> = (0..3_000_001_u32).map(|byte| ((byte * 31) >> 3) as u8).collect();
        for length in [0, 200, 1 << 20, (1 << 20) + 1, bytes.len()] {
            let watched = hash_watched(9, &bytes[..length], &Unwatched).unwrap();
            assert_eq!(watched, hash_bytes(9, &bytes[..length]), "{length} bytes");
        }
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

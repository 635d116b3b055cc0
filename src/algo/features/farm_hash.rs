//! FarmHash's Fingerprint64 (Geoff Pike, 2014): a hash of texts that is the same everywhere and for ever, by which BigQuery makes buckets, too.

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;

/// The fingerprint of bytes. O(length).
pub fn fingerprint(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0..=16 => up_to_16(bytes),
        17..=32 => up_to_32(bytes),
        33..=64 => up_to_64(bytes),
        _ => longer(bytes),
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

fn half_word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |word| u64::from(u32::from_le_bytes(*word)))
}

fn shift_mix(value: u64) -> u64 {
    value ^ (value >> 47)
}

fn mix(u: u64, v: u64, multiplier: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(multiplier));
    shift_mix((v ^ a).wrapping_mul(multiplier)).wrapping_mul(multiplier)
}

fn up_to_16(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let multiplier = K2.wrapping_add(2 * length as u64);
    match length {
        8.. => {
            let a = word(bytes, 0).wrapping_add(K2);
            let b = word(bytes, length - 8);
            let c = b.rotate_right(37).wrapping_mul(multiplier).wrapping_add(a);
            let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(multiplier);
            mix(c, d, multiplier)
        }
        4.. => {
            let a = (length as u64).wrapping_add(half_word(bytes, 0) << 3);
            mix(a, half_word(bytes, length - 4), multiplier)
        }
        1.. => {
            let [a, b, c] = [0, length / 2, length - 1].map(|at| u64::from(bytes[at]));
            let (y, z) = (a + (b << 8), length as u64 + (c << 2));
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2)
        }
        0 => K2,
    }
}

fn up_to_32(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let multiplier = K2.wrapping_add(2 * length as u64);
    let a = word(bytes, 0).wrapping_mul(K1);
    let b = word(bytes, 8);
    let c = word(bytes, length - 8).wrapping_mul(multiplier);
    let d = word(bytes, length - 16).wrapping_mul(K2);
    mix(
        turn(a, b, c).wrapping_add(d),
        a.wrapping_add(b.wrapping_add(K2).rotate_right(18)).wrapping_add(c),
        multiplier,
    )
}

fn turn(a: u64, b: u64, c: u64) -> u64 {
    a.wrapping_add(b).rotate_right(43).wrapping_add(c.rotate_right(30))
}

fn up_to_64(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let multiplier = K2.wrapping_add(2 * length as u64);
    let a = word(bytes, 0).wrapping_mul(K2);
    let b = word(bytes, 8);
    let c = word(bytes, length - 8).wrapping_mul(multiplier);
    let d = word(bytes, length - 16).wrapping_mul(K2);
    let y = turn(a, b, c).wrapping_add(d);
    let z = mix(
        y,
        a.wrapping_add(b.wrapping_add(K2).rotate_right(18)).wrapping_add(c),
        multiplier,
    );
    let e = word(bytes, 16).wrapping_mul(multiplier);
    let f = word(bytes, 24);
    let g = y.wrapping_add(word(bytes, length - 32)).wrapping_mul(multiplier);
    let h = z.wrapping_add(word(bytes, length - 24)).wrapping_mul(multiplier);
    mix(
        turn(e, f, g).wrapping_add(h),
        e.wrapping_add(f.wrapping_add(a).rotate_right(18)).wrapping_add(g),
        multiplier,
    )
}

/// What the passes over blocks of 64 bytes keep.
struct Mill {
    x: u64,
    y: u64,
    z: u64,
    v: (u64, u64),
    w: (u64, u64),
}

impl Mill {
    /// Takes a block. The last one counts what came before it another way.
    fn turn(&mut self, block: &[u8], multiplier: u64, weight: u64) {
        let Mill { x, y, z, v, w } = self;
        *x = x.wrapping_add(*y).wrapping_add(v.0).wrapping_add(word(block, 8));
        *x = x.rotate_right(37).wrapping_mul(multiplier);
        *y = y.wrapping_add(v.1).wrapping_add(word(block, 48));
        *y = y.rotate_right(42).wrapping_mul(multiplier);
        *x ^= w.1.wrapping_mul(weight);
        *y = y.wrapping_add(v.0.wrapping_mul(weight)).wrapping_add(word(block, 40));
        *z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(multiplier);
        *v = weak(block, v.1.wrapping_mul(multiplier), x.wrapping_add(w.0));
        *w = weak(&block[32..], z.wrapping_add(w.1), y.wrapping_add(word(block, 16)));
        std::mem::swap(z, x);
    }
}

/// A weak hash of 32 bytes and two seeds.
fn weak(bytes: &[u8], a: u64, b: u64) -> (u64, u64) {
    let [w, x, y, z] = [0, 8, 16, 24].map(|at| word(bytes, at));
    let a = a.wrapping_add(w);
    let b = b.wrapping_add(a).wrapping_add(z).rotate_right(21);
    let sum = a.wrapping_add(x).wrapping_add(y);
    (
        sum.wrapping_add(z),
        b.wrapping_add(sum.rotate_right(44)).wrapping_add(a),
    )
}

fn longer(bytes: &[u8]) -> u64 {
    const SEED: u64 = 81;
    let y = SEED.wrapping_mul(K1).wrapping_add(113);
    let mut mill = Mill {
        x: SEED.wrapping_mul(K2).wrapping_add(word(bytes, 0)),
        y,
        z: shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2),
        v: (0, 0),
        w: (0, 0),
    };
    let rest = (bytes.len() - 1) % 64;
    let whole = bytes.len() - 1 - rest;
    for block in bytes[..whole].chunks_exact(64) {
        mill.turn(block, K1, 1);
    }
    let multiplier = K1.wrapping_add((mill.z & 0xff) << 1);
    mill.w.0 = mill.w.0.wrapping_add(rest as u64);
    mill.v.0 = mill.v.0.wrapping_add(mill.w.0);
    mill.w.0 = mill.w.0.wrapping_add(mill.v.0);
    mill.turn(&bytes[bytes.len() - 64..], multiplier, 9);
    let Mill { x, y, z, v, w } = mill;
    mix(
        mix(v.0, w.0, multiplier)
            .wrapping_add(shift_mix(y).wrapping_mul(K0))
            .wrapping_add(z),
        mix(v.1, w.1, multiplier).wrapping_add(x),
        multiplier,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first `length` of these bytes, and what pyfarmhash 0.5.1 answers for them.
    #[test]
    fn fingerprints_are_farmhashs() {
        let text: String = (0..400).map(|i: u32| char::from(b'a' + (i * i % 26) as u8)).collect();
        for (length, expected) in [
            (0, 0x9ae1_6a3b_2f90_404f),
            (1, 0xb345_4265_b6df_75e3),
            (2, 0xaa8d_6e52_42ad_a51e),
            (3, 0x1bd2_9f92_0c28_6536),
            (4, 0x4cba_ade3_538c_3626),
            (7, 0x0987_bf64_dc78_3b50),
            (8, 0xdace_fc08_af64_c79a),
            (15, 0x9d7c_7a1c_2a5e_c04c),
            (16, 0x1f38_2023_5cdf_e60d),
            (17, 0x199c_f61c_8fc5_7e60),
            (31, 0xbf2c_0465_ec5c_cf99),
            (32, 0x1f4b_69d5_4ce8_f82d),
            (33, 0x5d59_0a76_3367_b07a),
            (63, 0xe494_7a22_dc98_22c2),
            (64, 0xa218_2472_0011_f7d6),
            (65, 0x63c9_4870_1299_f9e5),
            (127, 0xedf5_032a_ef47_2595),
            (128, 0x196c_e74c_110f_0d41),
            (129, 0xbcfc_fb5d_4b94_fc8f),
            (200, 0xa6b3_a046_41e6_915f),
            (256, 0x3e76_9641_8e00_76bd),
            (400, 0x63ae_8111_33ac_1800),
        ] {
            assert_eq!(fingerprint(&text.as_bytes()[..length]), expected, "{length}");
        }
    }
}

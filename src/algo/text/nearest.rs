//! How near vectors are to that of a question: the same bits on every processor, for sums go through sixteen lanes in a fixed order.

use crate::error::{Error, Result};
use pulp::{Simd, WithSimd};

/// How near two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distance {
    /// By the angle between them.
    #[default]
    Cosine,
    /// By the distance of their ends.
    L2,
    /// By their inner product.
    InnerProduct,
}

impl Distance {
    /// The one of a name, as options have it.
    pub fn of(name: &str) -> Result<Distance> {
        match name {
            "cosine" => Ok(Distance::Cosine),
            "l2" => Ok(Distance::L2),
            "inner_product" => Ok(Distance::InnerProduct),
            _ => Err(Error::Parameter {
                name: "distance",
                value: format!("\"{name}\""),
                allowed: "one of: cosine, l2, inner_product".into(),
            }),
        }
    }
}

/// The vector of a question.
pub struct Question {
    vector: Vec<f32>,
    distance: Distance,
    /// Its length.
    norm: f64,
}

impl Question {
    /// Of a vector.
    pub fn new(vector: Vec<f32>, distance: Distance) -> Question {
        let norm = sums(&vector, &vector).squared.sqrt();
        Question { vector, distance, norm }
    }

    /// It.
    pub fn vector(&self) -> &[f32] {
        &self.vector
    }

    /// How many numbers it has.
    pub fn width(&self) -> usize {
        self.vector.len()
    }

    /// What a vector of the same width is worth, more for a nearer one: the cosine of the angle, which is 0 of a vector without length; the
    /// distance, below 0; or the inner product. Never NaN: a vector that is not finite is worth least.
    #[inline]
    pub fn score(&self, vector: &[f32]) -> f64 {
        let score = match self.distance {
            Distance::Cosine => {
                let Sums { product, squared } = sums(&self.vector, vector);
                let norms = self.norm * squared.sqrt();
                if norms > 0.0 {
                    (product / norms).clamp(-1.0, 1.0)
                } else {
                    norms * product
                }
            }
            Distance::L2 => -squared_distance(&self.vector, vector).sqrt(),
            Distance::InnerProduct => sums(&self.vector, vector).product,
        };
        if score.is_nan() { f64::NEG_INFINITY } else { score + 0.0 }
    }
}

/// What two vectors have to do with each other.
struct Sums {
    product: f64,
    /// Of the second.
    squared: f64,
}

const LANES: usize = 16;

fn sums(a: &[f32], b: &[f32]) -> Sums {
    pulp::Arch::new().dispatch(SumsOf(a, b))
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    pulp::Arch::new().dispatch(SquaredDistanceOf(a, b))
}

/// Numbers of 16 bits (IEEE 754's binary16, but for what is not finite) as those of 32.
pub fn widen(halves: &[u16], wide: &mut Vec<f32>) {
    wide.resize(halves.len(), 0.0);
    pulp::Arch::new().dispatch(Widened(halves, wide));
}

// What is dispatched are structs: the body of a closure is not always compiled for the processor that it is dispatched to.

struct SumsOf<'a>(&'a [f32], &'a [f32]);

impl WithSimd for SumsOf<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Sums {
        let SumsOf(a, b) = self;
        let whole = a.len().min(b.len()) / LANES * LANES;
        let ((whole_a, rest_a), (whole_b, rest_b)) = (a.split_at(whole), b.split_at(whole));
        // The lanes are those of one or several of the processor's vectors.
        let vectors = LANES / S::F32_LANES;
        let (mut products, mut squares) = ([simd.splat_f32s(0.0); LANES], [simd.splat_f32s(0.0); LANES]);
        let (whole_a, whole_b) = (S::as_simd_f32s(whole_a).0, S::as_simd_f32s(whole_b).0);
        for (a, b) in whole_a.chunks_exact(vectors).zip(whole_b.chunks_exact(vectors)) {
            for vector in 0..vectors {
                products[vector] = simd.add_f32s(products[vector], simd.mul_f32s(a[vector], b[vector]));
                squares[vector] = simd.add_f32s(squares[vector], simd.mul_f32s(b[vector], b[vector]));
            }
        }
        let (mut products, mut squares) = (lanes::<S>(&products), lanes::<S>(&squares));
        for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
            products[lane] += a * b;
            squares[lane] += b * b;
        }
        Sums {
            product: total(&products),
            squared: total(&squares),
        }
    }
}

/// The lanes of the first vectors, as many as there are.
#[inline(always)]
fn lanes<S: Simd>(vectors: &[S::f32s; LANES]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&bytemuck::cast_slice(vectors)[..LANES]);
    lanes
}

struct SquaredDistanceOf<'a>(&'a [f32], &'a [f32]);

impl WithSimd for SquaredDistanceOf<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut squares = [0.0_f32; LANES];
        let (whole_a, rest_a) = self.0.as_chunks::<LANES>();
        let (whole_b, rest_b) = self.1.as_chunks::<LANES>();
        for (a, b) in whole_a.iter().zip(whole_b) {
            for lane in 0..LANES {
                squares[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
            }
        }
        for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
            squares[lane] += (a - b) * (a - b);
        }
        total(&squares)
    }
}

struct Widened<'a>(&'a [u16], &'a mut [f32]);

impl WithSimd for Widened<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        /// 2^112, by which the exponents' biases differ; numbers below the normal ones come right by it, too.
        const SCALE: f32 = f32::from_bits((127 + 112) << 23);
        for (&half, wide) in self.0.iter().zip(self.1) {
            let magnitude = f32::from_bits(u32::from(half & 0x7fff) << 13) * SCALE;
            *wide = f32::from_bits(magnitude.to_bits() | u32::from(half & 0x8000) << 16);
        }
    }
}

#[inline(always)]
fn total(lanes: &[f32; LANES]) -> f64 {
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
        proptest::collection::vec((-2.0_f32..2.0, -2.0_f32..2.0), 0..100).prop_map(|pairs| pairs.into_iter().unzip())
    }

    #[test]
    fn numbers_of_16_bits_are_what_they_say() {
        let mut wide = Vec::new();
        // Exponent, fraction and sign, of every one that is finite.
        for half in (0..=u16::MAX).filter(|half| half & 0x7c00 != 0x7c00) {
            let (exponent, fraction) = (i32::from(half >> 10 & 31), f64::from(half & 1023) / 1024.0);
            let magnitude = match exponent {
                0 => fraction * 2_f64.powi(-14),
                _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
            };
            let expected = if half & 0x8000 == 0 { magnitude } else { -magnitude };
            widen(&[half], &mut wide);
            assert_eq!(f64::from(wide[0]).to_bits(), expected.to_bits(), "{half:#06x}");
        }
    }

    proptest! {
        /// What the processor at hand gives is what one without vectors gives, to the bit.
        #[test]
        fn all_processors_give_the_same_bits((a, b) in vectors()) {
            let (own, plain) = (sums(&a, &b), SumsOf(&a, &b).with_simd(pulp::Scalar));
            prop_assert_eq!(own.product.to_bits(), plain.product.to_bits());
            prop_assert_eq!(own.squared.to_bits(), plain.squared.to_bits());
            prop_assert_eq!(squared_distance(&a, &b).to_bits(), SquaredDistanceOf(&a, &b).with_simd(pulp::Scalar).to_bits());
        }

        #[test]
        fn scores_are_those_of_plain_sums((a, b) in vectors()) {
            let pairs = || a.iter().zip(&b).map(|(a, b)| (f64::from(*a), f64::from(*b)));
            let product: f64 = pairs().map(|(a, b)| a * b).sum();
            let norms = pairs().map(|(a, _)| a * a).sum::<f64>().sqrt() * pairs().map(|(_, b)| b * b).sum::<f64>().sqrt();
            let cosine = if norms > 0.0 { product / norms } else { 0.0 };
            let score = |distance| Question::new(a.clone(), distance).score(&b);
            prop_assert!((score(Distance::InnerProduct) - product).abs() < 1e-4);
            prop_assert!((score(Distance::Cosine) - cosine).abs() < 1e-5);
            let distance = pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            prop_assert!((score(Distance::L2) + distance).abs() < 1e-4);
        }
    }

    #[test]
    fn what_has_no_angle_is_no_nan() {
        for distance in ["cosine", "l2", "inner_product"] {
            let question = Question::new(vec![1.0, 0.0], Distance::of(distance).unwrap());
            for vector in [
                [0.0, 0.0],
                [f32::NAN, 0.0],
                [f32::INFINITY, 0.0],
                [f32::INFINITY, f32::NEG_INFINITY],
            ] {
                assert!(!question.score(&vector).is_nan());
            }
        }
        assert_eq!(Question::new(vec![1.0, 0.0], Distance::Cosine).score(&[0.0, 0.0]), 0.0);
        assert!(Distance::of("manhattan").is_err());
    }
}

//! Registers of sums of products of pairs of whole numbers, as instruction sets have them.

/// Some whole numbers of 32 bits, or as many pairs of 16 bits.
///
/// # Safety
/// Its functions are for processors that have the instructions.
pub trait Pairs: Copy {
    /// Sums, or pairs, of a register.
    const WIDTH: usize;
    /// Rows of a product, of sixteen columns each, that fit into the registers.
    const ROWS: usize;
    /// Zeros.
    fn zero() -> Self;
    /// Pairs of weights, which are widened; `2 * WIDTH` are read.
    unsafe fn weights(from: *const i8) -> Self;
    /// The two values there, everywhere.
    unsafe fn all(from: *const i16) -> Self;
    /// Sums to which the products of both numbers of each pair are added.
    unsafe fn plus(self, values: Self, weights: Self) -> Self;
    /// Writes `WIDTH` sums.
    unsafe fn store(self, to: *mut i32);
}

/// In what every processor has.
#[derive(Clone, Copy)]
pub struct Portable([i32; 16]);

/// The numbers of a pair.
#[inline(always)]
fn numbers(pair: i32) -> [i32; 2] {
    [i32::from(pair as i16), pair >> 16]
}

impl Pairs for Portable {
    const WIDTH: usize = 16;
    const ROWS: usize = 4;

    #[inline(always)]
    fn zero() -> Self {
        Portable([0; 16])
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> Self {
        // SAFETY: the caller promises so many weights.
        let weights = unsafe { from.cast::<[[i8; 2]; 16]>().read_unaligned() };
        Portable(weights.map(|[first, second]| i32::from(first) & 0xffff | i32::from(second) << 16))
    }

    #[inline(always)]
    unsafe fn all(from: *const i16) -> Self {
        // SAFETY: the caller promises both.
        let [first, second] = unsafe { from.cast::<[i16; 2]>().read_unaligned() };
        Portable([i32::from(first) & 0xffff | i32::from(second) << 16; 16])
    }

    #[inline(always)]
    unsafe fn plus(self, values: Self, weights: Self) -> Self {
        Portable(std::array::from_fn(|lane| {
            let (values, weights) = (numbers(values.0[lane]), numbers(weights.0[lane]));
            self.0[lane] + values[0] * weights[0] + values[1] * weights[1]
        }))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller promises the room.
        unsafe { to.cast::<[i32; 16]>().write_unaligned(self.0) }
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512, Vnni};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::*;

    use super::Pairs;

    macro_rules! pairs {
        ($(#[$doc:meta])+ $name:ident($register:ident), $rows:literal, $load:ident, $widen:ident, $all:ident, $store:ident, |$sum:ident, $values:ident, $factors:ident| $plus:expr) => {
            $(#[$doc])+
            #[derive(Clone, Copy)]
            pub struct $name($register);

            impl Pairs for $name {
                const WIDTH: usize = size_of::<Self>() / 4;
                const ROWS: usize = $rows;

                #[inline(always)]
                fn zero() -> Self {
                    // SAFETY: zeros are a register as other numbers are.
                    unsafe { std::mem::zeroed() }
                }

                #[inline(always)]
                unsafe fn weights(from: *const i8) -> Self {
                    // SAFETY: the caller promises so many weights, and the instructions.
                    unsafe { $name($widen($load(from.cast()))) }
                }

                #[inline(always)]
                unsafe fn all(from: *const i16) -> Self {
                    // SAFETY: the caller promises both values, and the instructions.
                    unsafe { $name($all(from.cast::<i32>().read_unaligned())) }
                }

                #[inline(always)]
                unsafe fn plus(self, values: Self, weights: Self) -> Self {
                    let ($sum, $values, $factors) = (self.0, values.0, weights.0);
                    // SAFETY: the caller promises the instructions.
                    unsafe { $name($plus) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut i32) {
                    // SAFETY: the caller promises the room, and the instructions.
                    unsafe { $store(to.cast(), self.0) }
                }
            }
        };
    }

    pairs! {
        /// In AVX2.
        Avx2(__m256i), 6, _mm_loadu_si128, _mm256_cvtepi8_epi16, _mm256_set1_epi32, _mm256_storeu_si256,
        |sum, values, weights| _mm256_add_epi32(sum, _mm256_madd_epi16(values, weights))
    }
    pairs! {
        /// In AVX-512.
        Avx512(__m512i), 12, _mm256_loadu_si256, _mm512_cvtepi8_epi16, _mm512_set1_epi32, _mm512_storeu_si512,
        |sum, values, weights| _mm512_add_epi32(sum, _mm512_madd_epi16(values, weights))
    }
    pairs! {
        /// In AVX-512 with VNNI.
        Vnni(__m512i), 12, _mm256_loadu_si256, _mm512_cvtepi8_epi16, _mm512_set1_epi32, _mm512_storeu_si512,
        |sum, values, weights| _mm512_dpwssd_epi32(sum, values, weights)
    }
}

//! Registers of numbers, as instruction sets have them.

/// Some numbers in one register. Each operation rounds once, in each of the sets.
///
/// # Safety
/// Its functions are for processors that have the instructions; loads read and stores write `WIDTH` numbers at any address.
pub trait Vector: Copy {
    /// Numbers of a register.
    const WIDTH: usize;
    /// Rows of a product, of sixteen columns each, that fit into the registers.
    const ROWS: usize;
    unsafe fn zero() -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// One number, everywhere.
    unsafe fn all(from: *const f32) -> Self;
    /// The product with `factor` plus `term`, rounded once.
    unsafe fn times_plus(self, factor: Self, term: Self) -> Self;
}

/// Sixteen numbers in what every processor has.
impl Vector for [f32; 16] {
    const WIDTH: usize = 16;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn zero() -> Self {
        [0.0; 16]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<Self>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }

    #[inline(always)]
    unsafe fn all(from: *const f32) -> Self {
        // SAFETY: as the caller promises.
        [unsafe { *from }; 16]
    }

    #[inline(always)]
    unsafe fn times_plus(self, factor: Self, term: Self) -> Self {
        std::array::from_fn(|lane| self[lane].mul_add(factor[lane], term[lane]))
    }
}

/// Vectors of x86 by their intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($name:ident, $rows:literal, $zero:ident, $load:ident, $store:ident, $all:ident, $times_plus:ident) => {
        impl Vector for core::arch::x86_64::$name {
            const WIDTH: usize = size_of::<Self>() / 4;
            const ROWS: usize = $rows;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the processor has the instruction, as the caller promises; so below.
                unsafe { core::arch::x86_64::$zero() }
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: so many numbers are there, as the caller promises.
                unsafe { core::arch::x86_64::$load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: there is room for so many numbers, as the caller promises.
                unsafe { core::arch::x86_64::$store(to, self) }
            }

            #[inline(always)]
            unsafe fn all(from: *const f32) -> Self {
                // SAFETY: the number is there, as the caller promises.
                unsafe { core::arch::x86_64::$all(*from) }
            }

            #[inline(always)]
            unsafe fn times_plus(self, factor: Self, term: Self) -> Self {
                // SAFETY: the processor has the instruction, as the caller promises.
                unsafe { core::arch::x86_64::$times_plus(self, factor, term) }
            }
        }
    };
}

// Two registers of columns for each of six rows leave four of sixteen for factors; one for each of twelve, nineteen of thirty-two.
#[cfg(target_arch = "x86_64")]
vector!(
    __m256,
    6,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_fmadd_ps
);
#[cfg(target_arch = "x86_64")]
vector!(
    __m512,
    12,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps
);

/// Asks for the memory at an address, which may be any, to be brought to the nearest cache or to the second.
#[inline(always)]
pub fn prefetch<const NEAREST: bool>(_from: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of the architecture has the instruction, which never faults.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        match NEAREST {
            true => _mm_prefetch::<_MM_HINT_T0>(_from.cast()),
            false => _mm_prefetch::<_MM_HINT_T1>(_from.cast()),
        }
    }
}

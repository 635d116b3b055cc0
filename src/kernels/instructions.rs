//! Which instructions the processor has, and each kernel in all of them.

use crate::{Begin, Rows, RowsMut, Size, dense, pairs, quantized, row};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    /// What every processor of the architecture has.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// The same with VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// The kernels in instructions that this processor has: there is no other way to get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernels(Instructions);

impl Kernels {
    /// The fastest.
    pub fn fastest() -> Kernels {
        Kernels::all().last().unwrap_or(Kernels(Instructions::Portable))
    }

    /// All that this processor has, the fastest last.
    pub fn all() -> impl Iterator<Item = Kernels> {
        #[cfg(target_arch = "x86_64")]
        let faster = {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            [
                (avx2, Instructions::Avx2),
                (avx512, Instructions::Avx512),
                (avx512 && is_x86_feature_detected!("avx512vnni"), Instructions::Vnni),
            ]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let faster = [];
        let faster = faster.into_iter().filter(|(present, _)| *present);
        std::iter::once(Kernels(Instructions::Portable)).chain(faster.map(|(_, set)| Kernels(set)))
    }
}

/// Declares kernels as methods: a body for each instruction set, compiled with it.
macro_rules! kernels {
    ($($(#[$doc:meta])+ fn $name:ident($($argument:ident: $type:ty),+) { $portable:expr; $avx2:expr; $avx512:expr; $vnni:expr })+) => {
        impl Kernels {
            $($(#[$doc])+
            pub fn $name(self, $($argument: $type),+) {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx2,fma")]
                    fn avx2($($argument: $type),+) {
                        $avx2($($argument),+);
                    }
                    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
                    fn avx512($($argument: $type),+) {
                        $avx512($($argument),+);
                    }
                    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
                    fn vnni($($argument: $type),+) {
                        $vnni($($argument),+);
                    }
                    match self.0 {
                        Instructions::Portable => $portable($($argument),+),
                        // SAFETY: this value was made by `all` only, which saw that the processor has these instructions.
                        Instructions::Avx2 => unsafe { avx2($($argument),+) },
                        // SAFETY: as above.
                        Instructions::Avx512 => unsafe { avx512($($argument),+) },
                        // SAFETY: as above.
                        Instructions::Vnni => unsafe { vnni($($argument),+) },
                    }
                }
                #[cfg(not(target_arch = "x86_64"))]
                match self.0 {
                    Instructions::Portable => $portable($($argument),+),
                }
            })+
        }
    };
    (same $($(#[$doc:meta])+ fn $name:ident($($argument:ident: $type:ty),+) => $body:expr;)+) => {
        kernels! { $($(#[$doc])+ fn $name($($argument: $type),+) { $body; $body; $body; $body })+ }
    };
}

kernels! {
    /// Adds the product of `a` and a matrix that was packed to where sums begin, in `out`. Panics where they are not of that size.
    fn product(size: Size, a: Rows<'_, f32>, panels: &[f32], begin: Begin<'_>, out: RowsMut<'_>) {
        dense::product::<[f32; 16], 1>;
        dense::product::<core::arch::x86_64::__m256, 2>;
        dense::product::<core::arch::x86_64::__m512, 1>;
        dense::product::<core::arch::x86_64::__m512, 1>
    }

    /// Adds the product of rows and a matrix that both were quantized, each sum times the scales of its row and of its column, to where
    /// sums begin, in `out`. Sums of whole numbers are exact. Panics where they are not of that size.
    fn product_quantized(size: Size, a: (Rows<'_, i16>, &[f32]), matrix: (&[i8], &[f32]), begin: Begin<'_>, out: RowsMut<'_>) {
        quantized::product::<pairs::Portable, 1>;
        quantized::product::<pairs::Avx2, 2>;
        quantized::product::<pairs::Avx512, 1>;
        quantized::product::<pairs::Vnni, 1>
    }
}

kernels! { same
    /// Quantizes each row to whole numbers times a scale. Rows of `out` have an even length, with a zero at the end of odd ones.
    fn quantize(size: Size, values: Rows<'_, f32>, out: &mut [i16], scales: &mut [f32]) => quantized::quantize;

    /// Shifts and scales each row of `width` numbers to mean 0 and variance 1, then by `weights` and `biases` (Ba, Kiros and Hinton,
    /// "Layer normalization", 2016).
    fn normalize_layer(width: usize, values: &mut [f32], weights: &[f32], biases: &[f32], epsilon: f32) => row::normalize_layer;

    /// Each number times the share of the normal distribution below it (Hendrycks and Gimpel, "Gaussian error linear units", 2016).
    fn gelu(values: &mut [f32]) => row::gelu;

    /// The hyperbolic tangent of each number.
    fn tanh(values: &mut [f32]) => row::tanh;

    /// Multiplies the first `used` numbers of each row by `scale`, raises e to them and divides by their sum. The others become 0.
    fn softmax(width: usize, used: usize, values: &mut [f32], scale: f32) => row::softmax;

    /// Divides numbers by their Euclidean length, unless that is 0.
    fn normalize(values: &mut [f32]) => row::normalize;
}

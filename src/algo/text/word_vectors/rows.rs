//! Sums and products of rows, by the vectors of the processor, and to the same bits on all: sums go over 8 lanes, and 4 of those side by side.

use pulp::Simd;

/// Numbers that are summed side by side.
pub(super) const LANES: usize = 8;

/// So many numbers of a row.
pub(super) type Lanes = [f32; LANES];

/// The sum of the products of two rows of the same length.
#[inline(always)]
pub(super) fn dot<S: Simd>(simd: S, left: &[Lanes], right: &[Lanes]) -> f32 {
    let [a, b, c, d, e, f, g, h] = match size_of::<S::f32s>() == size_of::<Lanes>() {
        true => by_vectors(simd, left, right),
        false => by_lanes(left, right),
    };
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The sums of the lanes where a vector of the processor has as many.
#[inline(always)]
fn by_vectors<S: Simd>(simd: S, left: &[Lanes], right: &[Lanes]) -> Lanes {
    let (left, right) = (
        S::as_simd_f32s(left.as_flattened()).0,
        S::as_simd_f32s(right.as_flattened()).0,
    );
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<4>(), right.as_chunks::<4>());
    let mut sums = [simd.splat_f32s(0.0); 4];
    for (left, right) in left.iter().zip(right) {
        sums[0] = simd.mul_add_f32s(left[0], right[0], sums[0]);
        sums[1] = simd.mul_add_f32s(left[1], right[1], sums[1]);
        sums[2] = simd.mul_add_f32s(left[2], right[2], sums[2]);
        sums[3] = simd.mul_add_f32s(left[3], right[3], sums[3]);
    }
    for (left, right) in left_rest.iter().zip(right_rest) {
        sums[0] = simd.mul_add_f32s(*left, *right, sums[0]);
    }
    let sum = simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]));
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(bytemuck::cast_slice(&[sum]));
    lanes
}

/// The same where it has not.
#[inline(always)]
fn by_lanes(left: &[Lanes], right: &[Lanes]) -> Lanes {
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<4>(), right.as_chunks::<4>());
    let mut sums = [[0.0_f32; LANES]; 4];
    let add = |sum: &mut Lanes, left: &Lanes, right: &Lanes| {
        let products = left.iter().zip(right);
        sum.iter_mut()
            .zip(products)
            .for_each(|(sum, (left, right))| *sum = left.mul_add(*right, *sum));
    };
    for (left, right) in left.iter().zip(right) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            add(sum, left, right);
        }
    }
    for (left, right) in left_rest.iter().zip(right_rest) {
        add(&mut sums[0], left, right);
    }
    std::array::from_fn(|lane| (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]))
}

/// Adds a row times a factor.
#[inline(always)]
pub(super) fn add<S: Simd>(simd: S, factor: f32, row: &[Lanes], to: &mut [Lanes]) {
    let factor = simd.splat_f32s(factor);
    let (row, to) = (
        S::as_simd_f32s(row.as_flattened()).0,
        S::as_mut_simd_f32s(to.as_flattened_mut()).0,
    );
    for (row, to) in row.iter().zip(to) {
        *to = simd.mul_add_f32s(factor, *row, *to);
    }
}

/// Multiplies a row.
#[inline(always)]
pub(super) fn scale<S: Simd>(simd: S, factor: f32, row: &mut [Lanes]) {
    let factor = simd.splat_f32s(factor);
    for part in S::as_mut_simd_f32s(row.as_flattened_mut()).0 {
        *part = simd.mul_f32s(factor, *part);
    }
}

/// `error += factor * row`, then `row += factor * input`.
#[inline(always)]
pub(super) fn exchange<S: Simd>(simd: S, factor: f32, input: &[Lanes], row: &mut [Lanes], error: &mut [Lanes]) {
    let factor = simd.splat_f32s(factor);
    let input = S::as_simd_f32s(input.as_flattened()).0;
    let row = S::as_mut_simd_f32s(row.as_flattened_mut()).0;
    let error = S::as_mut_simd_f32s(error.as_flattened_mut()).0;
    for ((input, row), error) in input.iter().zip(row).zip(error) {
        *error = simd.mul_add_f32s(factor, *row, *error);
        *row = simd.mul_add_f32s(factor, *input, *row);
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, Scalar, WithSimd};

    use super::*;

    struct Steps(Vec<Lanes>, Vec<Lanes>);

    impl WithSimd for Steps {
        type Output = (u32, Vec<Lanes>, Vec<Lanes>);

        fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
            let product = dot(simd, &self.0, &self.1);
            let mut error = self.0.clone();
            add(simd, 0.3, &self.1, &mut error);
            scale(simd, 0.7, &mut error);
            exchange(simd, product, &self.0, &mut self.1, &mut error);
            (product.to_bits(), self.1, error)
        }
    }

    /// What the processor at hand gives is what one without vectors gives, to the bit.
    #[test]
    fn all_processors_give_the_same_bits() {
        for width in 0..30 {
            let numbers = |seed: f32| {
                (0..width)
                    .map(|part| std::array::from_fn(|lane| (seed + (part * 8 + lane) as f32).sin()))
                    .collect()
            };
            let (left, right): (Vec<Lanes>, Vec<Lanes>) = (numbers(1.0), numbers(2.0));
            let expected = Steps(left.clone(), right.clone()).with_simd(Scalar::new());
            assert_eq!(Arch::new().dispatch(Steps(left, right)), expected);
        }
    }
}

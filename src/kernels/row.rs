//! What is done to the numbers of a row: sums of a row are kept in sixteen lanes, which are added in one order.

// Constants are what minimized the largest error; digits beyond single precision say which.
#![allow(clippy::excessive_precision)]

const LANES: usize = 16;

/// The sum of a row by what `term` makes of its numbers.
#[inline(always)]
fn sum(values: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = term(*value, *lane);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = term(*value, *lane);
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
    }
    lanes[0]
}

/// See [`crate::Kernels::normalize_layer`].
#[inline(always)]
pub fn normalize_layer(width: usize, values: &mut [f32], weights: &[f32], biases: &[f32], epsilon: f32) {
    assert!(weights.len() == width && biases.len() == width);
    if width == 0 {
        return;
    }
    for row in values.chunks_exact_mut(width) {
        let mean = sum(row, |value, sum| sum + value) / width as f32;
        let square = |value: f32, sum: f32| (value - mean).mul_add(value - mean, sum);
        let factor = 1.0 / (sum(row, square) / width as f32 + epsilon).sqrt();
        for ((value, weight), bias) in row.iter_mut().zip(weights).zip(biases) {
            *value = ((*value - mean) * factor).mul_add(*weight, *bias);
        }
    }
}

/// See [`crate::Kernels::normalize`].
#[inline(always)]
pub fn normalize(values: &mut [f32]) {
    let length = sum(values, |value, sum| value.mul_add(value, sum)).sqrt();
    if length > 0.0 {
        values.iter_mut().for_each(|value| *value /= length);
    }
}

/// See [`crate::Kernels::gelu`].
#[inline(always)]
pub fn gelu(values: &mut [f32]) {
    let (chunks, rest) = values.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for value in chunk {
            *value = gelu_of(*value);
        }
    }
    for value in rest {
        *value = gelu_of(*value);
    }
}

#[inline(always)]
fn gelu_of(value: f32) -> f32 {
    (0.5 * value).mul_add(erf(value * std::f32::consts::FRAC_1_SQRT_2), 0.5 * value)
}

/// The error function: an odd polynomial by an even one, which minimize the largest error (4.3e-8 in exact arithmetic) up to where
/// the function is 1 in single precision.
#[inline(always)]
fn erf(value: f32) -> f32 {
    const END: f32 = 3.919_206;
    let x = if value > END { END } else { value };
    let x = if x < -END { -END } else { x };
    let square = x * x;
    let above = 1.992_955_337e-8_f32
        .mul_add(square, -1.994_283_591e-6)
        .mul_add(square, 1.488_994_466e-4)
        .mul_add(square, 3.968_763_220e-3)
        .mul_add(square, 5.138_404_388e-2)
        .mul_add(square, 2.060_139_322e-1)
        .mul_add(square, 1.128_378_779);
    let below = 1.023_160_415e-3_f32
        .mul_add(square, 1.488_073_850e-2)
        .mul_add(square, 1.175_231_438e-1)
        .mul_add(square, 5.159_038_791e-1)
        .mul_add(square, 1.0);
    x * above / below
}

/// e to a number that is at most 0 (what is above counts as 88): a power of two times a polynomial on half a step around it. Below -87 it is 0.
#[inline(always)]
fn exp(value: f32) -> f32 {
    const LEAST: f32 = -87.0;
    /// Adding and subtracting it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, of which the first has few digits, so that its multiples are exact (Cody and Waite, 1980).
    const LN2_HIGH: f32 = 0.693_359_375;
    const LN2_LOW: f32 = -2.121_944_400_5e-4;
    // Comparisons are false for what is no number, which so stays none.
    let x = if value > 88.0 { 88.0 } else { value };
    let x = if x < LEAST { LEAST } else { x };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let power = shifted - ROUND;
    let rest = power.mul_add(-LN2_LOW, power.mul_add(-LN2_HIGH, x));
    let polynomial = 1.381_459_062e-3_f32
        .mul_add(rest, 8.368_717_695e-3)
        .mul_add(rest, 4.166_838_822e-2)
        .mul_add(rest, 1.666_652_062e-1)
        .mul_add(rest, 4.999_999_345e-1)
        .mul_add(rest, 1.0)
        .mul_add(rest, 1.0);
    // The low bits of the shifted number are the power; those of its exponent fall off.
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    if value < LEAST { 0.0 } else { polynomial * scale }
}

/// See [`crate::Kernels::tanh`].
#[inline(always)]
pub fn tanh(values: &mut [f32]) {
    for value in values {
        let power = exp(-2.0 * value.abs());
        *value = ((1.0 - power) / (1.0 + power)).copysign(*value);
    }
}

/// See [`crate::Kernels::softmax`].
#[inline(always)]
pub fn softmax(width: usize, used: usize, values: &mut [f32], scale: f32) {
    assert!(used <= width);
    if width == 0 {
        return;
    }
    for row in values.chunks_exact_mut(width) {
        // e to the least number is 0: so the others need no loop of their own.
        row[used..].fill(f32::NEG_INFINITY);
        let mut lanes = [f32::MIN; LANES];
        let (chunks, rest) = row.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane = if *value > *lane { *value } else { *lane };
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *lane = if *value > *lane { *value } else { *lane };
        }
        let most = lanes.iter().fold(f32::MIN, |most, &lane| most.max(lane));
        let (chunks, rest) = row.as_chunks_mut::<LANES>();
        for value in chunks.as_flattened_mut() {
            *value = exp((*value - most) * scale);
        }
        for value in rest {
            *value = exp((*value - most) * scale);
        }
        let factor = 1.0 / sum(row, |value, sum| sum + value);
        row.iter_mut().for_each(|value| *value *= factor);
    }
}

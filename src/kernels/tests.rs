use proptest::prelude::*;

use super::*;

/// Numbers that look like chance, the same each time.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// What all instruction sets make of the same numbers, which must be the same bits.
fn same(run: impl Fn(Kernels) -> Vec<f32>) -> Vec<f32> {
    let mut all = Kernels::all();
    let first = run(all.next().unwrap());
    for kernels in all {
        assert_eq!(bits(&run(kernels)), bits(&first), "{kernels:?}");
    }
    first
}

fn product(kernels: Kernels, size: Size, a: &[f32], b: &[f32], start: &[f32]) -> Vec<f32> {
    let mut panels = vec![7.0; packed_length(size.terms, size.columns)];
    let matrix = Rows {
        values: b,
        stride: size.terms,
    };
    pack(size.terms, size.columns, matrix, &mut panels);
    let mut out = start.to_vec();
    let a = Rows {
        values: a,
        stride: size.terms,
    };
    let rows = RowsMut {
        values: &mut out,
        stride: size.columns,
    };
    kernels.product(size, a, &panels, Begin::Out, rows);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// By the definition: a chain of fused operations in the order of the terms.
    #[test]
    fn products_are_chains(rows in 0_usize..32, terms in 0_usize..800, columns in 0_usize..50, seed: u32) {
        let size = Size { rows, terms, columns };
        let (a, b, start) = (numbers(rows * terms, seed), numbers(columns * terms, !seed), numbers(rows * columns, seed ^ 99));
        let mut expected = start.clone();
        for row in 0..rows {
            for column in 0..columns {
                let out = &mut expected[row * columns + column];
                for term in 0..terms {
                    *out = a[row * terms + term].mul_add(b[column * terms + term], *out);
                }
            }
        }
        let found = same(|kernels| product(kernels, size, &a, &b, &start));
        prop_assert_eq!(bits(&found), bits(&expected));
    }

    /// By the definition, in whole numbers of any size.
    #[test]
    fn quantized_products_are_exact(rows in 0_usize..32, terms in 0_usize..300, columns in 0_usize..50, seed: u32) {
        let size = Size { rows, terms, columns };
        let (a, b) = (numbers(rows * terms, seed), numbers(columns * terms, !seed));
        let width = terms.next_multiple_of(2);
        let found = same(|kernels| {
            let (mut panels, mut scales) = (vec![1; packed_quantized_length(terms, columns)], vec![0.0; columns]);
            pack_quantized(terms, columns, Rows { values: &b, stride: terms }, &mut panels, &mut scales);
            let (mut values, mut row_scales) = (vec![5; rows * width], vec![0.0; rows]);
            kernels.quantize(size, Rows { values: &a, stride: terms }, &mut values, &mut row_scales);
            let mut out = vec![0.0; rows * columns];
            let left = Rows { values: &values[..], stride: width };
            kernels.product_quantized(size, (left, &row_scales), (&panels, &scales), Begin::Out, RowsMut { values: &mut out, stride: columns });
            out
        });
        for row in 0..rows {
            let left = &a[row * terms..][..terms];
            let scale = left.iter().fold(0.0_f32, |most, value| most.max(value.abs())) / 2047.0;
            for column in 0..columns {
                let right = &b[column * terms..][..terms];
                let column_scale = right.iter().fold(0.0_f32, |most, value| most.max(value.abs())) / 127.0;
                let exact: f64 = left.iter().zip(right).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                // Each factor is off by at most half a step.
                let off = terms as f64 * (f64::from(scale) * 0.5 * 0.5 + f64::from(column_scale) * 0.5 * 0.5 + 1e-6) + 1e-5;
                let found = f64::from(found[row * columns + column]);
                prop_assert!((found - exact).abs() <= off, "{found} is not {exact}");
            }
        }
    }

    #[test]
    fn rows_are_the_same_in_all_instructions(width in 1_usize..70, rows in 0_usize..5, seed: u32) {
        let values: Vec<f32> = numbers(width * rows, seed).iter().map(|value| value * 30.0).collect();
        let (weights, biases) = (numbers(width, 3), numbers(width, 4));
        let on = |kernel: &dyn Fn(Kernels, &mut [f32])| {
            same(|kernels| {
                let mut values = values.clone();
                kernel(kernels, &mut values);
                values
            })
        };
        let layer = on(&|kernels, values| kernels.normalize_layer(width, values, &weights, &biases, 1e-12));
        let soft = on(&|kernels, values| kernels.softmax(width, width.div_ceil(2), values, 0.25));
        let gelu = on(&|kernels, values| kernels.gelu(values));
        let tanh = on(&|kernels, values| kernels.tanh(values));
        for row in 0..rows {
            let row = row * width..(row + 1) * width;
            let exact: Vec<f64> = values[row.clone()].iter().map(|&value| f64::from(value)).collect();
            let mean = exact.iter().sum::<f64>() / width as f64;
            let variance = exact.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / width as f64;
            let used = width.div_ceil(2);
            let most = exact[..used].iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = exact[..used].iter().map(|value| ((value - most) * 0.25).exp()).sum();
            for (place, value) in exact.into_iter().enumerate() {
                let close = |found: f32, expected: f64| (f64::from(found) - expected).abs() < 3e-6 * expected.abs().max(1.0);
                let normal = (value - mean) / (variance + 1e-12).sqrt() * f64::from(weights[place]) + f64::from(biases[place]);
                prop_assert!(width == 1 || close(layer[row.start + place], normal));
                let share = if place < used { ((value - most) * 0.25).exp() / total } else { 0.0 };
                prop_assert!(close(soft[row.start + place], share));
                prop_assert!(close(tanh[row.start + place], value.tanh()));
                let far = if value > 6.0 { value } else if value < -6.0 { 0.0 } else { continue };
                prop_assert!(close(gelu[row.start + place], far));
            }
        }
    }
}

/// Figures of the normal distribution function, by mpmath 1.3 with 30 digits: x times its value at x.
#[test]
fn gelu_is_that_of_the_books() {
    let mut values = [-3.0, -1.0, -0.1, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0];
    Kernels::fastest().gelu(&mut values);
    let expected = [
        -0.004_049_694_1,
        -0.158_655_253_9,
        -0.046_017_216_3,
        0.0,
        0.053_982_783_7,
        0.345_731_230_6,
        0.841_344_746_1,
        1.954_499_736_1,
        2.995_950_305_9,
        4.999_998_566_7,
    ];
    for (found, expected) in values.into_iter().zip(expected) {
        assert!((f64::from(found) - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}

#[test]
fn what_is_no_number_stays_none() {
    for kernels in Kernels::all() {
        let mut values = [f32::NAN, f32::INFINITY, 1.0];
        kernels.softmax(3, 3, &mut values, 1.0);
        assert!(values.iter().any(|value| value.is_nan()));
        let mut values = [f32::NAN];
        kernels.gelu(&mut values);
        assert!(values[0].is_nan());
    }
}

#[test]
fn a_row_does_not_depend_on_those_beside_it() {
    let size = |rows| Size {
        rows,
        terms: 400,
        columns: 40,
    };
    let (a, b, start) = (numbers(30 * 400, 1), numbers(40 * 400, 2), vec![0.0; 30 * 40]);
    let all = product(Kernels::fastest(), size(30), &a, &b, &start);
    for row in 0..30 {
        let one = product(Kernels::fastest(), size(1), &a[row * 400..], &b, &start[..40]);
        assert_eq!(bits(&one), bits(&all[row * 40..][..40]));
    }
}

#[test]
#[should_panic(expected = "are more than")]
fn a_size_that_lies_is_noticed() {
    let size = Size {
        rows: 2,
        terms: 1,
        columns: 1,
    };
    let out = RowsMut {
        values: &mut [0.0],
        stride: 1,
    };
    Kernels::fastest().product(
        size,
        Rows {
            values: &[1.0, 2.0],
            stride: 1,
        },
        &[0.0; 16],
        Begin::Out,
        out,
    );
}

/// Also for instructions that this processor lacks: a tile of each height that is asked for is compiled.
#[test]
fn heights_of_tiles_are_those_that_are_compiled() {
    for most in [4, 6, 12] {
        for rows in 1..200 {
            let mut left = rows;
            while left > 0 {
                let height = crate::dense::height(left, most);
                assert!(
                    [1, 2, 3, 4, 5, 6, 12].contains(&height) && height <= most && height <= left,
                    "{rows} rows, {left} left: {height}"
                );
                left -= height;
            }
        }
    }
}

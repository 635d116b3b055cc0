//! Distributions in parts, beyond what is exact, and damaged.

use super::*;
use crate::accumulator::Accumulator;
use crate::hash::hash_u64;

fn uniform(seed: u64, place: u64) -> f64 {
    hash_u64(seed, place) as f64 / u64::MAX as f64
}

#[test]
fn parts_merge_into_the_whole() -> Test {
    for rows in [500_u64, 40_000] {
        let values: Vec<f64> = (0..rows).map(|place| (uniform(1, place) * 20.0).exp()).collect();
        let names: Vec<String> = (0..rows)
            .map(|place| format!("name {}", (uniform(2, place) * rows as f64) as u64))
            .collect();
        let limits = Limits::for_columns(100);
        for whole_and_parts in [
            (
                numbers_of(&values, 1024, limits),
                values
                    .chunks(777)
                    .map(|part| numbers_of(part, 50, limits))
                    .collect::<Vec<_>>(),
            ),
            (
                texts_of(&names, 1024, limits),
                names.chunks(777).map(|part| texts_of(part, 50, limits)).collect(),
            ),
        ] {
            let (whole, parts) = whole_and_parts;
            let mut merged = parts[0].clone();
            for part in parts[1..].iter().rev() {
                merged.merge(part)?;
            }
            merged.validate()?;
            assert_eq!(merged.rows(), rows);
            match (whole.values(), merged.values()) {
                // Moments may differ in the last digits.
                (ValueDistribution::Numbers(a), ValueDistribution::Numbers(b)) => assert_eq!(a.cells, b.cells),
                (a, b) => assert_eq!(a, b),
            }
        }
    }
    let mut numbers = numbers_of(&[1.0], 1, LIMITS());
    assert!(numbers.merge(&texts_of(&["a".to_string()], 1, LIMITS())).is_err());
    Ok(())
}

const LIMITS: fn() -> Limits = || Limits::for_columns(1);

/// What is counted in cells is off by no more than is said.
#[test]
fn cells_state_their_error() -> Test {
    let exact = Limits::for_columns(1);
    let few = exact.shared_by(64);
    let shapes: [fn(f64) -> f64; 4] = [|u| u, |u| (u * 30.0).exp(), |u| 1e9 + u, |u| u - 0.5];
    for shape in shapes {
        let reference: Vec<f64> = (0..8000).map(|place| shape(uniform(3, place))).collect();
        let current: Vec<f64> = (0..6000).map(|place| shape(uniform(4, place) * 0.9 + 0.05)).collect();
        for method in [Method::Ks, Method::Wasserstein, Method::Psi, Method::Tvd] {
            let settings = of(method, None);
            let truth = compare(
                &numbers_of(&reference, 100, exact),
                &numbers_of(&current, 100, exact),
                &settings,
            );
            let found = compare(
                &numbers_of(&reference, 100, few),
                &numbers_of(&current, 100, few),
                &settings,
            );
            assert!(
                truth.rank_error == 0.0 && found.rank_error > 0.0 && found.rank_error < 0.06,
                "{found:?}"
            );
            let (truth, error) = (truth.statistic.ok_or("infinite")?, found.rank_error);
            let found = found.statistic.ok_or("infinite")?;
            match method {
                Method::Ks => assert!(
                    found <= truth + 1e-12 && truth <= found + error,
                    "{found} {truth} {error}"
                ),
                // Ten bins, each off by the error at both ends.
                _ => assert!(
                    (found - truth).abs() <= 20.0 * error * f64::max(truth, 0.1),
                    "{method:?} {found} {truth}"
                ),
            }
        }
    }
    Ok(())
}

#[test]
fn memory_is_bounded() {
    let limits = Limits::for_columns(22);
    let values: Vec<f64> = (0..100_000).map(|place| uniform(5, place)).collect();
    let names: Vec<String> = values.iter().map(f64::to_string).collect();
    for distribution in [numbers_of(&values, 1024, limits), texts_of(&names, 1024, limits)] {
        assert!(distribution.memory() < 600 << 10, "{}", distribution.memory());
        assert!(distribution.validate().is_ok());
    }
}

#[test]
fn values_that_are_no_numbers_take_no_part() {
    let distribution = numbers_of(&[1.0, f64::NAN, -0.0, f64::INFINITY, 0.0], 2, LIMITS());
    let ValueDistribution::Numbers(numbers) = distribution.values() else {
        panic!("numbers")
    };
    assert_eq!((numbers.rows(), numbers.non_finite(), distribution.rows()), (3, 2, 5));
    let steps = Steps::of(numbers);
    assert_eq!(steps.pieces().len(), 2, "-0 is 0");
}

#[test]
fn damage_is_noticed() -> Test {
    let names: Vec<String> = (0..40).map(|place| format!("n{}", place % 7)).collect();
    for distribution in [
        numbers_of(&[1.5, 2.5, 1.5, f64::NAN], 2, LIMITS()),
        texts_of(&names, 9, LIMITS()),
    ] {
        let bytes = postcard::to_allocvec(&distribution)?;
        assert_eq!(postcard::from_bytes::<Distribution>(&bytes)?, distribution);
        for place in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                // What is accepted works.
                if let Ok(mut damaged) = postcard::from_bytes::<Distribution>(&damaged)
                    && damaged.validate().is_ok()
                {
                    let _ = damaged.merge(&damaged.clone());
                    for method in Method::ALL {
                        compare(&damaged, &damaged, &of(method, None));
                    }
                }
            }
        }
    }
    Ok(())
}

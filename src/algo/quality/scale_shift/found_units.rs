//! Which other units are found, by the factor and by how far numbers spread: the table of docs/check_kinds.md.

use super::tests::Random;
use super::*;

/// Factor, summand, and the mean of the numbers before.
const CONVERSIONS: [(&str, f64, f64, f64); 9] = [
    ("1.8 and 32", 1.8, 32.0, 20.0),
    ("1 and 273.15", 1.0, 273.15, 20.0),
    ("1.8", 1.8, 0.0, 100.0),
    ("2.54", 2.54, 0.0, 66.0),
    ("3.6", 3.6, 0.0, 20.0),
    ("10", 10.0, 0.0, 100.0),
    ("12", 12.0, 0.0, 66.0),
    ("100", 100.0, 0.0, 50.0),
    ("1000", 1000.0, 0.0, 1018.0),
];
/// Standard deviations as shares of the mean; the last one is log-normal, as amounts are.
const SPREADS: [f64; 5] = [0.01, 0.05, 0.15, 0.3, 1.0];

/// Where the other unit is: which share of so many rows in one segment, or the first of several segments with so many rows each.
enum Place {
    Part(f64, u64),
    Segment(u64, u64),
}

const PLACES: [(&str, Place); 4] = [
    ("a fifth of 5,000 rows", Place::Part(0.2, 5000)),
    ("40 of 5,000 rows", Place::Part(0.008, 5000)),
    ("one of 2 segments", Place::Segment(2, 500)),
    ("one of 8 segments", Place::Segment(8, 500)),
];

/// The page with the table.
const PAGE: &str = include_str!("../../../../docs/check_kinds.md");

/// The rows, by segment.
fn rows_of(place: &Place, mut draw: impl FnMut(bool) -> f64) -> Vec<Vec<f64>> {
    match *place {
        Place::Part(share, rows) => {
            let changed = (share * rows as f64) as u64;
            vec![(0..rows).map(|row| draw(row < changed)).collect()]
        }
        Place::Segment(segments, rows) => (0..segments)
            .map(|segment| (0..rows).map(|_| draw(segment == 0)).collect())
            .collect(),
    }
}

/// As the check does it: by the histograms, and then by quantiles.
fn found(segments: &[Vec<f64>]) -> Vec<ScaleShift> {
    let tallies: Vec<ScaleTally> = segments
        .iter()
        .map(|numbers| {
            let mut tally = ScaleTally::default();
            numbers.iter().for_each(|&number| tally.push(number));
            tally
        })
        .collect();
    let tallies: Vec<&ScaleTally> = tallies.iter().collect();
    let params = Params::default();
    let shifts = find_shifts(&tallies, &params).unwrap();
    let converted = find_splits(&tallies, &params, &shifts).into_iter().filter_map(|split| {
        let cluster = |side: &Side| {
            let of = |&(place, _): &(usize, &Vec<f64>)| (place == split.segment) == (side.of == Of::Segment);
            let numbers = segments.iter().enumerate().filter(of).flat_map(|(_, numbers)| numbers);
            let within = |number: &&f64| (side.magnitudes.0..side.magnitudes.1).contains(&number.abs());
            let mut numbers: Vec<f64> = numbers.filter(within).copied().collect();
            numbers.sort_by(f64::total_cmp);
            let quantile = |share: &f64| numbers[(share * (numbers.len() - 1) as f64) as usize];
            Cluster {
                rows: numbers.len() as u64,
                distinct: numbers.len() as f64,
                quantiles: QUANTILES.iter().map(quantile).collect(),
            }
        };
        shift_of(&split, &cluster(&split.low), &cluster(&split.high))
    });
    let converted = converted.collect();
    with_conversions(shifts, converted)
}

#[test]
fn units_are_found_by_factor_and_spread() {
    const TRIALS: u64 = 10;
    let mut missing = String::new();
    for (what, place) in PLACES {
        for (name, factor, summand, mean) in CONVERSIONS {
            let cells = SPREADS.map(|spread| {
                let right = (0..TRIALS).filter(|&seed| {
                    let mut random = Random::new(seed);
                    let draw = |changed: bool| {
                        let number = match spread {
                            1.0 => mean * random.normal().exp(),
                            _ => mean * (1.0 + spread * random.normal()),
                        };
                        if changed { factor * number + summand } else { number }
                    };
                    let segments = rows_of(&place, draw);
                    let shifts = found(&segments);
                    let is_right = |shift: &ScaleShift| {
                        shift.segment == 0 && (shift.factor / factor - 1.0).abs() < 0.05 && shift.summand == summand
                    };
                    if !shifts.iter().all(is_right) {
                        println!("{what}, {name}, {spread}: {shifts:?}");
                    }
                    shifts.first().is_some_and(is_right)
                });
                match right.count() {
                    0..=1 => "no",
                    9.. => "yes",
                    _ => "some",
                }
            });
            let row = format!("| {what} | {name} | {} |\n", cells.join(" | "));
            if !PAGE.contains(&row) {
                missing += &row;
            }
        }
    }
    assert!(missing.is_empty(), "rows that are not on the page:\n{missing}");
}

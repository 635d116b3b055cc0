//! Segments in other units, segments that are merely different, and segments that are alike.

use proptest::prelude::*;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

pub(super) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

type Draw = fn(&mut Random) -> f64;

const DISTRIBUTIONS: [(&str, Draw); 8] = [
    ("log-normal", |random| (3.0 + random.normal()).exp()),
    ("narrow log-normal", |random| (3.0 + 0.4 * random.normal()).exp()),
    ("cents", |random| {
        ((3.0 + random.normal()).exp() * 100.0).round() / 100.0
    }),
    ("normal", |random| (100.0 + 15.0 * random.normal()).abs()),
    ("uniform", |random| 100.0 * random.uniform()),
    ("counts", |random| (30.0 * random.uniform() * random.uniform()).floor()),
    ("both signs", |random| 20.0 * random.normal()),
    ("exponential", |random| -40.0 * random.uniform().ln()),
];

fn drawn(random: &mut Random, rows: u64, draw: impl Fn(&mut Random) -> f64) -> ScaleTally {
    let mut tally = ScaleTally::default();
    (0..rows).for_each(|_| tally.push(draw(random)));
    tally
}

fn shifts_of(segments: &[ScaleTally]) -> Vec<ScaleShift> {
    find_shifts(&segments.iter().collect::<Vec<_>>(), &Params::default()).unwrap()
}

/// The share of trials in which a test holds.
fn share(trials: u64, mut test: impl FnMut(u64) -> bool) -> f64 {
    (0..trials).filter(|&trial| test(trial)).count() as f64 / trials as f64
}

#[test]
fn alike_segments_raise_no_alarm() {
    for (what, draw) in DISTRIBUTIONS {
        for (segments, rows) in [(1, 1000), (2, 60), (2, 2000), (5, 200), (40, 100)] {
            let alarms = share(60, |seed| {
                let mut random = Random::new(seed);
                let tallies: Vec<ScaleTally> = (0..segments)
                    .map(|segment| drawn(&mut random, rows + segment * 7, draw))
                    .collect();
                !shifts_of(&tallies).is_empty()
            });
            println!("alike: {what}, {segments} x {rows}: {alarms}");
            assert!(alarms <= 0.02, "{what}, {segments} segments of {rows}: {alarms}");
        }
    }
}

#[test]
fn other_units_are_found_and_named() {
    for (what, draw) in DISTRIBUTIONS {
        for factor in [1000.0, 0.001, 100.0, 60.0, 2.54, 1.0 / 2.54] {
            for (segments, rows) in [(2, 400), (6, 200), (6, 1000)] {
                let (mut found, mut named) = (0, 0);
                for seed in 0..40 {
                    let mut random = Random::new(seed);
                    let others = |segment: u64| if segments == 2 { 3000 } else { 500 + 30 * segment };
                    let mut tallies: Vec<ScaleTally> = (1..segments)
                        .map(|segment| drawn(&mut random, others(segment), draw))
                        .collect();
                    tallies.push(drawn(&mut random, rows, |random| draw(random) * factor));
                    let shifts = shifts_of(&tallies);
                    let right =
                        |shift: &ScaleShift| shift.segment + 1 == tallies.len() && shift.extent == Extent::Whole;
                    assert!(shifts.iter().all(right), "{what}, {factor}: {shifts:?}");
                    found += shifts.len();
                    named += shifts
                        .iter()
                        .filter(|shift| (shift.factor / factor - 1.0).abs() < 0.02)
                        .count();
                }
                println!("power: {what}, {segments} x {rows}, factor {factor:.3}: found {found}, named {named} of 40");
                // Whether the one segment that there is beside it is of another unit or of another level nobody can tell by a small factor.
                let wide = segments == 2 && (0.1..10.0).contains(&factor) && what != "normal";
                if wide {
                    continue;
                }
                assert!(
                    found >= 34,
                    "{what}, {segments} segments of {rows}, factor {factor}: {found} of 40"
                );
                // Where few numbers of much spread leave two known factors open, the nearer one is named.
                let open = rows == 200 && (0.1..10.0).contains(&factor);
                assert!(
                    named >= if open { 25 } else { 33 },
                    "{what}, {segments} segments of {rows}, factor {factor}: {named} of 40"
                );
            }
        }
    }
}

/// Levels of segments that vary, spreads that differ, and shapes that differ.
#[test]
fn segments_that_are_merely_different_raise_few_alarms() {
    type Segment = fn(&mut Random, f64) -> f64;
    let different: [(&str, Segment); 3] = [
        ("levels", |random, own| (3.0 + 0.7 * own + random.normal()).exp()),
        ("spreads", |random, own| {
            (3.0 + 0.5 * own + (0.3 + own.abs()) * random.normal()).exp()
        }),
        ("shapes", |random, own| {
            if own > 0.0 {
                200.0 * random.uniform()
            } else {
                (2.0 + random.normal()).exp()
            }
        }),
    ];
    for (what, draw) in different {
        let alarms = share(200, |seed| {
            let mut random = Random::new(seed);
            let tallies: Vec<ScaleTally> = (0..10)
                .map(|_| {
                    let own = random.normal();
                    drawn(&mut random, 300, |random| draw(random, own))
                })
                .collect();
            !shifts_of(&tallies).is_empty()
        });
        println!("different {what}: {alarms}");
        assert!(alarms <= 0.05, "{what}: {alarms}");
    }
    // Among levels that vary a thousandfold one stands out.
    let found = share(40, |seed| {
        let mut random = Random::new(seed);
        let tallies: Vec<ScaleTally> = (0..10)
            .map(|segment| {
                let (own, factor) = (random.normal(), if segment == 4 { 1000.0 } else { 1.0 });
                drawn(&mut random, 300, |random| {
                    factor * (3.0 + 0.3 * own + random.normal()).exp()
                })
            })
            .collect();
        shifts_of(&tallies).iter().any(|shift| shift.segment == 4)
    });
    println!("thousandfold among varying levels: {found}");
    assert!(found >= 0.9, "{found}");
}

#[test]
fn factors_without_a_name_are_told_as_numbers() {
    let mut random = Random::new(5);
    let draw: Draw = |random| (3.0 + 0.4 * random.normal()).exp();
    let tallies = [
        drawn(&mut random, 2000, draw),
        drawn(&mut random, 1000, |random| draw(random) * 157.0),
    ];
    let shift = shifts_of(&tallies)[0];
    assert_eq!((shift.segment, shift.name, shift.rows), (1, None, 1000));
    assert!(
        (shift.factor / 157.0 - 1.0).abs() < 0.05 && shift.interval.0 < 157.0 && 157.0 < shift.interval.1,
        "{shift:?}"
    );
    assert!(shift.confidence > 0.9);
}

#[test]
fn a_part_on_another_scale_is_found_in_a_valley() {
    for (what, spread, factor, least) in [
        ("narrow", 0.4, 1000.0, 38),
        ("narrow", 0.4, 0.01, 38),
        ("wide", 1.0, 1000.0, 34),
        ("wide", 1.0, 0.001, 34),
    ] {
        for (part, rows) in [(0.05, 2000.0), (0.3, 400.0), (0.01, 20_000.0)] {
            let mut found = 0;
            for seed in 0..40 {
                let mut random = Random::new(seed);
                let tally = drawn(&mut random, rows as u64, |random| {
                    let factor = if random.uniform() < part { factor } else { 1.0 };
                    factor * (3.0 + spread * random.normal()).exp()
                });
                let shifts = shifts_of(&[tally]);
                found += shifts
                    .iter()
                    .filter(|s| {
                        s.extent == Extent::Part
                            && s.factor == factor
                            && (s.rows as f64 / rows / part - 1.0).abs() < 0.35
                    })
                    .count();
            }
            println!("part: {what}, {part} of {rows}, factor {factor}: {found} of 40");
            assert!(
                found >= least,
                "{what}, {part} of {rows}, factor {factor}: {found} of 40"
            );
        }
    }
    // Hills that are no copies of each other, and columns of a few values.
    let mut random = Random::new(1);
    let hills = drawn(&mut random, 5000, |random| {
        if random.uniform() < 0.2 {
            1000.0 * (3.0 + 1.2 * random.normal()).exp()
        } else {
            (3.0 + 0.3 * random.normal()).exp()
        }
    });
    let packs = drawn(&mut random, 5000, |random| {
        [1.0, 5.0, 10.0, 1000.0, 5000.0, 10_000.0][(random.uniform() * 6.0) as usize]
    });
    let halves = drawn(
        &mut random,
        5000,
        |random| if random.uniform() < 0.5 { 1.0 } else { 1000.0 },
    );
    for tally in [hills, packs, halves] {
        assert_eq!(shifts_of(&[tally]), []);
    }
}

#[test]
fn few_rows_and_wrong_parameters() {
    let mut random = Random::new(1);
    let draw = DISTRIBUTIONS[0].1;
    let tallies = [
        drawn(&mut random, 1000, draw),
        drawn(&mut random, 49, |random| 1000.0 * draw(random)),
        ScaleTally::default(),
    ];
    assert_eq!(shifts_of(&tallies), []);
    assert_eq!(shifts_of(&[]), []);
    for params in [
        Params {
            min_rows: 19,
            ..Params::default()
        },
        Params {
            significance: 0.0,
            ..Params::default()
        },
        Params {
            significance: f64::NAN,
            ..Params::default()
        },
    ] {
        assert!(matches!(find_shifts(&[], &params), Err(Error::Parameter { .. })));
    }
}

#[test]
fn numbers_are_counted_by_kind() {
    let mut tally = ScaleTally::default();
    [
        0.0,
        -0.0,
        5.0,
        -5.0,
        1e-13,
        1e15,
        f64::NAN,
        f64::INFINITY,
        1e-12,
        9.9e14,
    ]
    .into_iter()
    .for_each(|number| tally.push(number));
    assert_eq!(
        (tally.rows(), tally.zeros(), tally.negatives(), tally.beyond),
        (4, 2, 1, 4)
    );
    assert_eq!((tally.first, tally.counts.len()), (0, ALL_BINS));
    assert!(tally.memory() <= 8 * 2 * ALL_BINS);
    for power in -12..15 {
        let mut tally = ScaleTally::default();
        tally.push(10_f64.powi(power));
        assert_eq!(usize::from(tally.first), (power + 12) as usize * BINS, "1e{power}");
    }
}

fn some_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1000.0..1000.0_f64,
        (-20.0..20.0_f64).prop_map(|power| 10_f64.powf(power)),
        Just(0.0)
    ]
}

proptest! {
    #[test]
    fn merging_in_any_order_is_one_pass(numbers in prop::collection::vec(some_number(), 0..200), parts in 1_usize..6) {
        let tally = |numbers: &mut dyn Iterator<Item = &f64>| {
            let mut tally = ScaleTally::default();
            numbers.for_each(|&number| tally.push(number));
            tally
        };
        let whole = tally(&mut numbers.iter());
        prop_assert!(whole.validate().is_ok());
        let mut merged = ScaleTally::default();
        for part in (0..parts).rev() {
            merged.merge(&tally(&mut numbers.iter().rev().skip(part).step_by(parts))).unwrap();
        }
        prop_assert_eq!(&merged, &whole);
    }

    #[test]
    fn damage_is_noticed_or_harmless(
        numbers in prop::collection::vec(some_number(), 0..100), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4),
    ) {
        let mut whole = ScaleTally::default();
        numbers.iter().for_each(|&number| whole.push(number));
        let mut bytes = postcard::to_allocvec(&whole).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<ScaleTally>(&bytes).unwrap(), &whole);
        for (place, byte) in changes {
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(mut damaged) = postcard::from_bytes::<ScaleTally>(&bytes) && damaged.validate().is_ok() {
            shifts_of(&[damaged.clone(), whole.clone()]);
            if damaged.merge(&whole).is_ok() {
                damaged.push(3.0);
                shifts_of(&[damaged]);
            }
        }
    }

    /// Any histograms at all.
    #[test]
    fn any_tallies_are_judged(tallies in prop::collection::vec((0_usize..1000, prop::collection::vec(0_u64..2000, 0..300)), 0..6)) {
        let tallies: Vec<ScaleTally> = tallies
            .into_iter()
            .map(|(first, counts)| {
                let mut tally = ScaleTally::default();
                let used = counts.iter().enumerate().filter(|(_, rows)| **rows > 0);
                used.for_each(|(place, &rows)| tally.add(first + place, rows));
                tally
            })
            .collect();
        for shift in shifts_of(&tallies) {
            prop_assert!(shift.factor.is_finite() && (0.0..=1.0).contains(&shift.confidence));
        }
    }
}

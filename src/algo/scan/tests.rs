//! A pass gives the counts that going through the rows by hand gives, whatever its order, its parts and its blocks.

use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::block::Kind;
use crate::state::State;

fn column(name: &str, kind: Kind) -> PlanColumn {
    PlanColumn {
        name: name.into(),
        type_name: "t".into(),
        kind,
    }
}

fn check(column: usize, test: Test) -> PlanCheck {
    PlanCheck {
        column: Some(column),
        filter: None,
        grouping: None,
        test,
    }
}

fn bound(value: Constant) -> Option<Bound> {
    Some(Bound { value, strict: false })
}

/// A number, a text, a condition.
type Row = (Option<f64>, Option<String>, Option<bool>);

fn plan() -> Plan {
    let grouped = |check: PlanCheck| PlanCheck {
        grouping: Some(0),
        ..check
    };
    let filtered = |check: PlanCheck| PlanCheck {
        filter: Some(2),
        ..check
    };
    let range = || Test::Range {
        low: bound(Constant::Number(0.0)),
        high: bound(Constant::Number(5.0)),
    };
    let occurring = Test::Occurring {
        values: vec![Constant::Number(1.0), Constant::Number(4.0)],
    };
    Plan {
        columns: vec![
            column("x", Kind::Float),
            column("t", Kind::Text),
            column("ok", Kind::Bool),
        ],
        profiled: vec![],
        shared_by: 0,
        groupings: vec![vec![1]],
        checks: vec![
            check(0, Test::NotNull),
            check(0, range()),
            filtered(check(0, range())),
            grouped(check(0, range())),
            grouped(filtered(check(0, Test::Moments))),
            check(
                1,
                Test::Matches {
                    pattern: "^[ab]$".into(),
                    negated: false,
                },
            ),
            check(2, Test::True),
            grouped(check(0, Test::Scale)),
            check(1, Test::Formats),
            grouped(check(0, Test::Profile)),
            grouped(check(0, Test::Extremes)),
            grouped(filtered(check(0, occurring))),
        ],
    }
}

fn scan(rows: &[Row]) -> Scan {
    let mut scan = Scan::new(plan()).unwrap();
    for (number, text, condition) in rows {
        scan.push(
            |block| {
                match number {
                    Some(number) => block[0].push_number(*number),
                    None => block[0].push_null(),
                }
                match text {
                    Some(text) => block[1].push_text(text)?,
                    None => block[1].push_null(),
                }
                match condition {
                    Some(condition) => block[2].push_integer(i64::from(*condition)),
                    None => block[2].push_null(),
                }
                Ok(())
            },
            &Unwatched,
        )
        .unwrap();
    }
    scan.flush(&Unwatched).unwrap();
    scan
}

/// Its counts, and those of each segment by name; with its sample, and what it measured without rounding.
fn answers(scan: &Scan) -> Vec<(usize, String, u64, u64, u64, Vec<String>)> {
    let mut answers = Vec::new();
    for (index, check) in scan.plan().checks.iter().enumerate() {
        for (place, tally) in scan.tallies(index).iter().enumerate() {
            let segment = check
                .grouping
                .map(|grouping| scan.segments(grouping).values()[place].clone());
            let mut sample: Vec<String> = tally.sample().map(|value| format!("{value:?}")).collect();
            match tally.measure() {
                Measure::Moments(moments, sum) => sample.push(format!("{} {:?}", moments.count(), sum.value())),
                Measure::Profile(profile) => sample.push(format!("{:?}", profile.report().distinct)),
                measure => sample.push(format!("{measure:?}")),
            }
            if tally.rows > 0 {
                answers.push((
                    index,
                    format!("{segment:?}"),
                    tally.rows,
                    tally.nulls,
                    tally.failed,
                    sample,
                ));
            }
        }
    }
    answers.sort();
    answers
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let number = prop::option::of(prop_oneof![(-3..9i32).prop_map(f64::from), Just(f64::NAN)]);
    let text = prop::option::of(prop_oneof!["[abc]", Just(String::from("ä")), Just(String::new())]);
    prop::collection::vec((number, text, prop::option::of(any::<bool>())), 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn counts_are_those_of_a_plain_loop(rows in rows()) {
        let scan = scan(&rows);
        let outside = |number: f64| !(0.0..=5.0).contains(&number);
        let count = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count() as u64;
        let tally = |check: usize| &scan.tallies(check)[0];
        prop_assert_eq!(tally(0).failed, count(&|row| row.0.is_none()));
        prop_assert_eq!(tally(1).failed, count(&|row| row.0.is_some_and(outside)));
        prop_assert_eq!(tally(1).nulls, count(&|row| row.0.is_none()));
        prop_assert_eq!(tally(2).rows, count(&|row| row.2 == Some(true)));
        prop_assert_eq!(tally(2).failed, count(&|row| row.2 == Some(true) && row.0.is_some_and(outside)));
        prop_assert_eq!(tally(5).failed, count(&|row| row.1.as_deref().is_some_and(|text| text != "a" && text != "b")));
        prop_assert_eq!(tally(6).failed, count(&|row| row.2 == Some(false)));
        for (place, segment) in scan.segments(0).values().iter().enumerate() {
            let text = match &segment[0] {
                Some(Constant::Text(text)) => Some(text.clone()),
                _ => None,
            };
            prop_assert_eq!(scan.tallies(3)[place].rows, count(&|row| row.1 == text));
            prop_assert_eq!(scan.tallies(3)[place].failed, count(&|row| row.1 == text && row.0.is_some_and(outside)));
        }
    }

    #[test]
    fn parts_in_any_order_and_through_bytes_merge_to_the_whole(rows in rows(), cut in 0.0..1.0f64) {
        let whole = scan(&rows);
        let (first, second) = rows.split_at((rows.len() as f64 * cut) as usize);
        let through_bytes = |scan: Scan| match State::from_bytes(&State::from(scan).to_bytes().unwrap(), &Unwatched).unwrap() {
            State::Scan(scan) => Rc::unwrap_or_clone(scan),
            _ => panic!("another state"),
        };
        let mut merged = through_bytes(scan(second));
        merged.merge(&through_bytes(scan(first))).unwrap();
        prop_assert_eq!(answers(&merged), answers(&whole));
        prop_assert_eq!(merged.rows(), whole.rows());
        let mut reversed = rows.clone();
        reversed.reverse();
        prop_assert_eq!(answers(&scan(&reversed)), answers(&whole));
    }

    #[test]
    fn damaged_bytes_are_an_error_or_a_sound_scan(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let scan = scan(&rows);
        let mut bytes = postcard::to_allocvec(&scan).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(mut read) = postcard::from_bytes::<Scan>(&bytes) && read.validate().is_ok() {
            let _ = answers(&read);
            let copy = read.clone();
            let _ = read.merge(&copy);
        }
    }
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let broken: [fn(&mut Plan); 6] = [
        |plan| plan.checks[0].column = Some(9),
        |plan| plan.checks[2].filter = Some(0),
        |plan| plan.checks[3].grouping = Some(1),
        |plan| plan.checks[5].column = Some(0),
        |plan| plan.groupings[0].clear(),
        |plan| plan.profiled = vec![1, 1],
    ];
    for (index, damage) in broken.iter().enumerate() {
        let mut plan = plan();
        damage(&mut plan);
        assert!(Scan::new(plan).is_err(), "{index}");
    }
}

#[test]
fn segments_have_a_limit() {
    let plan = Plan {
        columns: vec![column("key", Kind::Integer)],
        groupings: vec![vec![0]],
        checks: vec![PlanCheck {
            grouping: Some(0),
            ..check(0, Test::NotNull)
        }],
        ..Plan::default()
    };
    let mut scan = Scan::new(plan).unwrap();
    for key in 0..MOST_SEGMENTS as i64 + 5 {
        scan.push(
            |block| {
                block[0].push_integer(key);
                Ok(())
            },
            &Unwatched,
        )
        .unwrap();
    }
    scan.flush(&Unwatched).unwrap();
    assert!(scan.segments(0).overflowed());
    assert!(scan.segments(0).values().is_empty() && scan.tallies(0).is_empty());
    assert!(scan.validate().is_ok());
}

/// Segments whose figures take too much memory are given up, in whatever parts they were counted.
#[test]
fn segments_have_a_budget() {
    let plan = Plan {
        columns: vec![column("key", Kind::Integer), column("x", Kind::Integer)],
        groupings: vec![vec![0]],
        checks: vec![PlanCheck {
            grouping: Some(0),
            ..check(1, Test::Profile)
        }],
        ..Plan::default()
    };
    let part = |keys: std::ops::Range<i64>, rows: i64| {
        let mut scan = Scan::new(plan.clone()).unwrap();
        for key in keys {
            for row in 0..rows {
                let push = scan.push(
                    |block| {
                        block[0].push_integer(key);
                        block[1].push_integer(row);
                        Ok(())
                    },
                    &Unwatched,
                );
                push.unwrap();
            }
        }
        scan.flush(&Unwatched).unwrap();
        scan
    };
    // Few values each, and many.
    assert!(!part(0..2000, 3).segments(0).overflowed());
    let large = part(0..1000, 4000);
    assert!(large.segments(0).overflowed() && large.memory() < 8 << 20);
    let (mut one, other) = (part(0..300, 4000), part(300..600, 4000));
    assert!(!one.segments(0).overflowed() && one.memory() < 64 << 20);
    one.merge(&other).unwrap();
    assert!(one.segments(0).overflowed() && one.tallies(0).is_empty() && one.memory() < 8 << 20);
    assert!(one.validate().is_ok());
    // What was given up stays so, with whatever it merges.
    one.merge(&part(0..1, 1)).unwrap();
    assert!(one.segments(0).overflowed() && one.rows() == 600 * 4000 + 1);
}

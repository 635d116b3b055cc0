use super::*;
use crate::frame::{Column, Frame, MISSING};
use crate::hash::hash_u64;
use crate::monitor::Unwatched;
use crate::training_set::Target;

const ROWS: u64 = 1000;

fn draw(row: u64, salt: u64) -> f64 {
    (hash_u64(salt, row) % 10_000) as f64 / 10_000.0
}

fn positive(row: u64) -> bool {
    draw(row, 1) > 0.6
}

fn number(of: impl Fn(u64) -> f64) -> Column {
    Column::Number((0..ROWS).map(of).collect())
}

fn level(of: impl Fn(u64) -> u32) -> Column {
    Column::Category {
        codes: (0..ROWS).map(of).collect(),
        levels: 3,
    }
}

/// What is found in columns, by the columns' names and reasons.
fn found(columns: Vec<(&str, Column)>, target: Target) -> Vec<(String, String)> {
    let (names, columns): (Vec<String>, Vec<Column>) =
        columns.into_iter().map(|(name, c)| (name.to_string(), c)).unzip();
    let inputs: Vec<Input> = names
        .iter()
        .zip(&columns)
        .map(|(name, column)| Input {
            name: name.clone(),
            type_name: "text".into(),
            kind: match column {
                Column::Number(_) => InputKind::Number,
                Column::Category { .. } => InputKind::Category {
                    levels: vec!["a".into(), "b".into()],
                    other: true,
                },
            },
        })
        .collect();
    let source = Source {
        names: &names,
        inputs: &inputs,
        target: "y",
        labels: None,
    };
    let set = TrainingSet::new(Frame::new(columns).unwrap(), target);
    let leaks = find(&source, &set, None, &Unwatched).unwrap();
    leaks
        .into_iter()
        .map(|leak| {
            let (kind, _) = leak.reason.split_once(':').unwrap();
            (leak.feature, kind.to_string())
        })
        .collect()
}

fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|(feature, kind)| (feature.as_str(), kind.as_str()))
        .collect()
}

#[test]
fn leaks_of_classes_are_found_and_nothing_else() {
    let classes = Target::Classes {
        numbers: (0..ROWS).map(|row| f64::from(u8::from(positive(row)))).collect(),
        count: 2,
    };
    let columns = vec![
        ("noise", number(|row| draw(row, 2))),
        ("flag", number(|row| if positive(row) { 7.0 } else { -1.0 })),
        ("name of it", level(|row| u32::from(positive(row)))),
        (
            "present when positive",
            level(|row| if positive(row) { 0 } else { MISSING }),
        ),
        (
            "nearly",
            number(|row| f64::from(u8::from(positive(row) != (row % 200 == 0)))),
        ),
        (
            "score",
            number(|row| draw(row, 3) + if positive(row) { 1.0 } else { 0.05 }),
        ),
        (
            "refund",
            number(|row| {
                if positive(row) {
                    (draw(row, 4) * 3.0).floor()
                } else {
                    0.0
                }
            }),
        ),
        (
            "closed as",
            level(|row| if positive(row) { 1 } else { (draw(row, 5) * 2.0) as u32 }),
        ),
        // All levels that were not kept are no level.
        (
            "rare",
            level(|row| if positive(row) { 2 } else { (draw(row, 6) * 3.0) as u32 }),
        ),
        // Nearly all rows have it.
        (
            "usual",
            number(|row| f64::from(u8::from(!positive(row) && draw(row, 7) > 0.95))),
        ),
    ];
    let found = found(columns, classes);
    assert_eq!(
        pairs(&found),
        [
            ("flag", "copy of the target"),
            ("name of it", "copy of the target"),
            ("present when positive", "copy of the target"),
            ("nearly", "predicts the target alone"),
            ("score", "predicts the target alone"),
            ("refund", "constant within a class"),
            ("closed as", "constant within a class"),
        ]
    );
}

#[test]
fn leaks_of_numbers_are_found_and_nothing_else() {
    let target = |row: u64| draw(row, 1) * 100.0 - 20.0;
    let columns = vec![
        ("noise", number(|row| draw(row, 2))),
        ("same", number(target)),
        ("gross", number(|row| target(row) * 1.19 + 4.0)),
        ("cents", number(|row| (target(row) * 119.0).round() / 100.0)),
        (
            "where known",
            number(|row| if row % 10 == 0 { f64::NAN } else { target(row) }),
        ),
        ("related", number(|row| target(row) + 40.0 * draw(row, 3))),
    ];
    let found = found(columns, Target::Numbers((0..ROWS).map(target).collect()));
    assert_eq!(
        pairs(&found),
        [
            ("same", "copy of the target"),
            ("gross", "copy of the target"),
            ("where known", "copy of the target"),
            ("cents", "predicts the target alone"),
        ]
    );
}

#[test]
fn moments_after_the_label_are_found() {
    let asked = [10.0, 11.0, f64::NAN, 12.0].map(|day| day * 86_400.0);
    let look = |values: &[f64], clock, as_of: (&[f64], Clock)| {
        let moments = |name, (values, clock)| Moments { name, clock, values };
        known_later(&moments("paid", (values, clock)), &moments("asked", as_of), &Unwatched)
    };
    let seconds = |hours: f64| [10.0, 11.0, 11.5, 12.0].map(|day| day * 86_400.0 + hours * 3600.0);
    let as_of = (&asked[..], Clock::World);
    assert_eq!(look(&seconds(0.0), Clock::World, as_of), Ok(None));
    let later = look(&seconds(36.0), Clock::World, as_of).unwrap().unwrap();
    assert_eq!(
        (later.evidence, later.reason.as_str()),
        (
            1.0,
            "known after as_of: later than \"asked\" in 3 of 3 rows, by up to 1.5 days"
        )
    );
    // Of a time without a zone an hour says nothing.
    assert_eq!(look(&seconds(1.0), Clock::Local, as_of), Ok(None));
    assert!(look(&seconds(36.0), Clock::Local, as_of).unwrap().is_some());
    // A time of day is not later than its date, and neither is the date.
    let days = (&[10.0, 11.0, 12.0, 12.0][..], Clock::Date);
    assert_eq!(look(&seconds(9.0), Clock::Local, days), Ok(None));
    assert_eq!(
        look(&[10.0, 11.0, 11.0, 12.0], Clock::Date, (&seconds(9.0), Clock::Local)),
        Ok(None)
    );
    assert!(look(&[10.0, 12.0, 12.0, 12.0], Clock::Date, days).unwrap().is_some());
    let never = Moments {
        name: "asked",
        clock: Clock::Date,
        values: &[f64::NAN; 4],
    };
    assert!(never.check().is_err());
}

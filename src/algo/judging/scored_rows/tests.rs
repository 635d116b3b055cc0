//! Rows that were scored in parts say what they say together; bytes that anyone may have written do no harm.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::hash::hash_u64;
use crate::label::Label;
use crate::monitor::Unwatched;
use crate::state::State;
use crate::task::Answer;

fn draw(seed: u64, row: u64) -> f64 {
    (hash_u64(seed, row) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A row of a model with so many classes, with two other numbers.
fn row(classes: u32, at: u64) -> ScoredRow {
    let first = draw(1, at);
    let scores = match classes {
        0 => vec![100.0 * first],
        2 => vec![1.0 - first, first],
        classes => (0..u64::from(classes)).map(|class| draw(class, at)).collect(),
    };
    let actual = match classes {
        0 => Actual::Number(100.0 * draw(2, at)),
        classes => Actual::Class((hash_u64(3, at) % u64::from(classes)) as u32),
    };
    ScoredRow {
        classes,
        unseen: u32::from(at.is_multiple_of(7)),
        actual: (!at.is_multiple_of(11)).then_some(actual),
        interval: (classes == 0).then_some([100.0 * first - 5.0, 100.0 * first + 5.0]),
        compared: Some(at.is_multiple_of(5).then_some(at as u32)),
        extra: vec![draw(4, at), 0.0],
        scores,
    }
}

fn gathered(classes: u32, rows: impl IntoIterator<Item = u64>) -> ScoredRows {
    let mut gathered = ScoredRows::new(classes, 0);
    let (mut bytes, mut read) = (Vec::new(), ScoredRow::default());
    for at in rows {
        bytes.clear();
        row(classes, at).write(&mut bytes).unwrap();
        read.read(&bytes).unwrap();
        gathered.push(&read).unwrap();
    }
    assert_eq!(gathered.validate(), Ok(()));
    gathered
}

fn answer(classes: u32) -> Answer {
    match classes {
        0 => Answer::Number,
        classes => Answer::Classes((0..i64::from(classes)).map(Label::Number).collect()),
    }
}

/// The rows in their own order, and what else is kept of them.
fn in_order(rows: &ScoredRows, classes: u32) -> (Scored, Vec<Vec<f64>>) {
    let (mut scored, mut extra) = (Scored::new(&answer(classes)), vec![Vec::new(); 2]);
    rows.append_to(&mut scored, &mut extra, &Unwatched).unwrap();
    (scored, extra)
}

#[test]
fn parts_of_the_rows_are_the_rows() {
    for classes in [0, 1, 2, 3, 5] {
        let all = gathered(classes, 0..500);
        let [mut even, odd] = [0, 1].map(|rest| gathered(classes, (0..500).filter(|at| at % 2 == rest)));
        even.merge(&odd).unwrap();
        assert_eq!(even.validate(), Ok(()));
        assert_eq!(in_order(&even, classes), in_order(&all, classes));
        assert_eq!((even.unlabelled(), even.count()), (46, 454));
        assert_eq!((even.unseen(), even.seen()), (all.unseen(), all.seen()));
        let metrics = |rows: &ScoredRows| rows.coverage().metrics();
        assert_eq!(metrics(&even).len(), if classes == 0 { 2 } else { 0 });
        for ((_, left), (_, right)) in metrics(&even).into_iter().zip(metrics(&all)) {
            assert!((left - right).abs() < 1e-12);
        }
    }
}

#[test]
fn they_are_what_rows_here_are() {
    for classes in [0, 2, 4] {
        let mut here = Scored::new(&answer(classes));
        for at in 0..300 {
            let row = row(classes, at);
            row.actual
                .iter()
                .for_each(|&actual| here.push(actual, &row.scores).unwrap());
        }
        let there = in_order(&gathered(classes, 0..300), classes).0;
        let metrics = |scored: &Scored| scored.metrics(0.5, None, &Unwatched).unwrap();
        for ((name, here), (_, there)) in metrics(&here).into_iter().zip(metrics(&there)) {
            let (here, there) = (here.unwrap(), there.unwrap());
            assert!((here - there).abs() <= 1e-12 * here.abs(), "{name}: {here} {there}");
        }
    }
}

#[test]
fn two_classes_take_ten_bytes_a_row() {
    let mut rows = ScoredRows::new(2, 0);
    let first = |at| ScoredRow {
        extra: Vec::new(),
        compared: None,
        ..row(2, at)
    };
    (0..10_000).for_each(|at| rows.push(&first(at)).unwrap());
    let bytes = State::from(rows.clone()).to_bytes().unwrap().len();
    assert!(bytes < 10 * rows.count() + 100, "{bytes} of {}", rows.count());
}

/// Probabilities that do not add up to 1 to the last bit are kept as they are.
#[test]
fn probabilities_keep_their_last_bit() {
    let odd = ScoredRow {
        scores: vec![0.3, 0.7 + f64::EPSILON],
        actual: Some(Actual::Class(1)),
        ..row(2, 1)
    };
    let mut rows = gathered(2, 1..10);
    rows.push(&odd).unwrap();
    let mut others = gathered(2, 12..20);
    others.merge(&rows).unwrap();
    rows.merge(&gathered(2, 12..20)).unwrap();
    let (Scored::Classes { probabilities, .. }, _) = in_order(&rows, 2) else {
        panic!("classes are numbers");
    };
    assert!(probabilities.chunks(2).any(|pair| pair == odd.scores));
    // Whatever a model says of two classes, and in about as many bytes where it says what adds up to 1.
    for (first, second) in [
        (1e-300, 1.0),
        (0.0, 1.0),
        (1.0, 0.0),
        (f64::INFINITY, -1.0),
        (-0.0, 1.0),
        (1e-12, 1.0 - 1e-12),
    ] {
        assert_eq!(first_of(second, steps_of(first, second)).to_bits(), f64::to_bits(first));
    }
    assert!((0..100).all(|at| steps_of(1.0 - draw(1, at), draw(1, at)) == 0));
    assert_eq!(in_order(&rows, 2), in_order(&others, 2));
}

#[test]
fn rows_of_two_models_do_not_merge() {
    let mut rows = gathered(2, 0..10);
    for others in [gathered(0, 0..10), gathered(3, 0..10)] {
        assert!(matches!(rows.merge(&others), Err(Error::Mismatch { .. })));
    }
    assert!(rows.push(&row(3, 1)).is_err());
    let beyond = ScoredRow {
        actual: Some(Actual::Class(2)),
        ..row(2, 1)
    };
    assert!(rows.push(&beyond).is_err(), "a class that the model has not");
    let few = ScoredRow {
        extra: vec![1.0],
        ..row(2, 1)
    };
    assert!(rows.push(&few).is_err(), "another number of columns");
}

#[test]
fn rows_that_do_not_agree_are_damaged() {
    let whole = gathered(2, 0..20);
    let damage = |change: fn(&mut ScoredRows)| {
        let mut rows = whole.clone();
        change(&mut rows);
        rows.validate()
    };
    for change in [
        |rows: &mut ScoredRows| rows.extra[0].push(1.0),
        |rows: &mut ScoredRows| {
            rows.rows = Rows::Classes {
                classes: 0,
                actual: vec![],
                probabilities: vec![],
            }
        },
        |rows: &mut ScoredRows| (0..99).for_each(|_| rows.seen.push(None)),
        |rows: &mut ScoredRows| (0..99).for_each(|_| rows.coverage.push(0.0, [0.0, 1.0])),
        |rows: &mut ScoredRows| {
            if let Rows::TwoClasses { actual, .. } = &mut rows.rows {
                actual[3] = 2;
            }
        },
    ] {
        assert!(matches!(damage(change), Err(Error::Damaged { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_rows_are_errors(classes in 0..5_u32, at in any::<u64>(), noise in vec(any::<u8>(), 0..60), cut in any::<prop::sample::Index>()) {
        let mut bytes = Vec::new();
        row(classes, at).write(&mut bytes).unwrap();
        let mut read = ScoredRow::default();
        prop_assert_eq!(read.read(&bytes), Ok(()));
        // Whole numbers behind the scores are columns: so a cut is seen where it is within one.
        let cut = cut.index(bytes.len());
        if (bytes.len() - cut) % 8 != 0 {
            prop_assert!(read.read(&bytes[..cut]).is_err());
        }
        if read.read(&noise).is_ok() {
            let mut rows = ScoredRows::new(read.classes, 0);
            let _ = rows.push(&read);
            prop_assert_eq!(rows.validate(), Ok(()));
        }
    }
}

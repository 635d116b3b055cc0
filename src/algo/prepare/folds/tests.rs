use super::*;
use crate::hash::hash_u64;
use crate::lines::Lines;
use crate::monitor::Unwatched;
use crate::pipeline::Spec;
use crate::prepare::{ColumnKind, ColumnValues, Heading, Plan, ReadColumn, ReadRows, Split};
use crate::task::Task;
use crate::texts::Texts;
use std::collections::{HashMap, HashSet};

const ROWS: u64 = 1003;
const CLASS: usize = 1;
const TIME: usize = 2;
const GROUP: usize = 3;

fn time(row: u64) -> f64 {
    (row / 2) as f64
}

fn group(row: u64) -> Option<u64> {
    (row % 50 != 7).then_some(hash_u64(5, row) % 40 * (row % 3))
}

/// Rows in an order: a number that says which row it is, a class, a time that two rows have in common, a group.
fn rows(order: impl Iterator<Item = u64> + Clone) -> (Rows, Vec<u64>) {
    let column = |name: &str, kind, values| {
        Some(ReadColumn {
            heading: Heading {
                name: name.into(),
                type_name: "text".into(),
                kind,
            },
            non_finite: 0,
            values,
        })
    };
    let lines = |of: &dyn Fn(u64) -> f64| {
        let mut lines = Lines::new(1);
        order.clone().for_each(|row| lines.push(&[of(row)]).unwrap());
        lines
    };
    let levels: Texts = (0..200).map(|level| format!("g{level}")).collect();
    let codes = order
        .clone()
        .map(|row| group(row).map_or(MISSING, |group| group as u32))
        .collect();
    let places = None;
    let count = order.clone().count();
    let read = ReadRows {
        rows: count,
        columns: vec![
            column("x", ColumnKind::Number, ColumnValues::Lane { lines: 0, lane: 0 }),
            column("y", ColumnKind::Whole, ColumnValues::Lane { lines: 1, lane: 0 }),
            column("t", ColumnKind::Number, ColumnValues::Lane { lines: 2, lane: 0 }),
            column("g", ColumnKind::Category, ColumnValues::Codes { codes, levels, places }),
        ],
        lines: vec![
            lines(&|row| row as f64),
            lines(&|row| f64::from(u8::from(hash_u64(1, row) % 10 < 3))),
            lines(&time),
        ],
    };
    let plan = Plan {
        target: Some(CLASS),
        weight: None,
        apart: vec![TIME, GROUP],
        keys: Vec::new(),
        cluster: None,
        task: Task::Classification,
        seed: 3,
        max_categories: 10,
        spec: Spec::default(),
    };
    (Rows::new(read, &plan, &Unwatched).unwrap(), order.collect())
}

/// Each fold's training and test rows, by which rows they are.
fn folds(by: FoldBy, count: usize, order: impl Iterator<Item = u64> + Clone) -> Vec<(Vec<u64>, Vec<u64>)> {
    let (rows, names) = rows(order);
    let folds = rows.folds(by, count, 3, &Unwatched).unwrap();
    let named = |places: &[u32]| {
        let mut rows: Vec<u64> = places.iter().map(|&place| names[place as usize]).collect();
        rows.sort_unstable();
        rows
    };
    (0..folds.count())
        .map(|fold| {
            let division = folds.division(fold, &Unwatched).unwrap();
            (named(&division.train), named(&division.test))
        })
        .collect()
}

fn straight() -> impl Iterator<Item = u64> + Clone {
    0..ROWS
}

fn turned() -> impl Iterator<Item = u64> + Clone {
    (0..ROWS).map(|row| row * 611 % ROWS)
}

#[test]
fn each_row_tests_once_and_classes_keep_their_shares() {
    let folds = folds(FoldBy::Random, 5, straight());
    let mut tested: Vec<u64> = folds.iter().flat_map(|(_, test)| test.clone()).collect();
    tested.sort_unstable();
    assert_eq!(tested, (0..ROWS).collect::<Vec<u64>>());
    let positive = |rows: &[u64]| rows.iter().filter(|&&row| hash_u64(1, row) % 10 < 3).count();
    let (sizes, positives): (Vec<usize>, Vec<usize>) =
        folds.iter().map(|(_, test)| (test.len(), positive(test))).unzip();
    let spread = |counts: &[usize]| counts.iter().max().unwrap() - counts.iter().min().unwrap();
    assert!(
        spread(&sizes) <= 1 && spread(&positives) <= 1,
        "{sizes:?} {positives:?}"
    );
    assert!(
        folds
            .iter()
            .all(|(train, test)| train.len() + test.len() == ROWS as usize)
    );
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let ways = [
        FoldBy::Random,
        FoldBy::Group(GROUP),
        FoldBy::Time { place: TIME, gap: 3.0 },
        FoldBy::Column(GROUP),
    ];
    for by in ways {
        assert_eq!(folds(by, 4, straight()), folds(by, 4, turned()), "{by:?}");
    }
}

#[test]
fn no_group_is_on_two_sides() {
    let folds = folds(FoldBy::Group(GROUP), 4, straight());
    let mut fold_of: HashMap<u64, usize> = HashMap::new();
    for (fold, (_, test)) in folds.iter().enumerate() {
        for group in test.iter().filter_map(|&row| group(row)) {
            assert_eq!(*fold_of.entry(group).or_insert(fold), fold);
        }
    }
    let sizes: Vec<usize> = folds.iter().map(|(_, test)| test.len()).collect();
    // The greatest group alone has more than a third of the rows.
    let greatest = (0..ROWS).filter(|&row| group(row) == Some(0)).count();
    assert_eq!((sizes.iter().sum::<usize>(), sizes[0]), (ROWS as usize, greatest));
    assert!(
        sizes[1..].iter().max().unwrap() - sizes[1..].iter().min().unwrap() <= 1,
        "{sizes:?}"
    );
}

#[test]
fn later_rows_test_what_learned_from_earlier_ones() {
    // As scikit-learn's TimeSeriesSplit(4, gap=6) divides 1003 rows, but that a moment's two rows stay together: 200 rows a part, from 203 on.
    let folds = folds(FoldBy::Time { place: TIME, gap: 3.0 }, 4, straight());
    for (fold, (train, test)) in folds.iter().enumerate() {
        let first = 202 + 200 * fold as u64;
        let end = if fold == 3 { ROWS } else { first + 200 };
        assert_eq!(test, &(first..end).collect::<Vec<u64>>());
        assert_eq!(train, &(0..first - 6).collect::<Vec<u64>>());
    }
}

#[test]
fn values_of_a_column_are_folds_and_rows_without_one_train() {
    let folds = folds(FoldBy::Column(GROUP), 4, straight());
    let groups: HashSet<u64> = (0..ROWS).filter_map(group).collect();
    assert_eq!(folds.len(), groups.len());
    for (train, test) in folds {
        let tested: HashSet<Option<u64>> = test.iter().map(|&row| group(row)).collect();
        assert!(tested.len() == 1 && !tested.contains(&None));
        assert_eq!(train.len() + test.len(), ROWS as usize);
    }
}

#[test]
fn too_few_rows_groups_and_moments_are_errors() {
    let (few, _) = rows(0..30);
    for by in [
        FoldBy::Random,
        FoldBy::Group(GROUP),
        FoldBy::Time { place: TIME, gap: 0.0 },
    ] {
        assert!(few.folds(by, 31, 0, &Unwatched).is_err(), "{by:?}");
    }
    let time = |folds, gap| {
        few.folds(FoldBy::Time { place: TIME, gap }, folds, 0, &Unwatched)
            .is_err()
    };
    assert!(!time(4, 0.0) && time(20, 0.0) && time(4, 100.0));
}

#[test]
fn splits_keep_moments_and_groups_on_one_side() {
    let sides = |split, order: Vec<u64>| {
        let (rows, names) = rows(order.iter().copied());
        let division = rows.divide(split, 3, &Unwatched).unwrap();
        let mut test: Vec<u64> = division.test.iter().map(|&place| names[place as usize]).collect();
        test.sort_unstable();
        assert_eq!(division.train.len() + test.len(), ROWS as usize);
        test
    };
    for split in [Split::Latest(TIME, 0.2), Split::Group(GROUP, 0.2)] {
        assert_eq!(
            sides(split, straight().collect()),
            sides(split, turned().collect()),
            "{split:?}"
        );
    }
    let latest = sides(Split::Latest(TIME, 0.2), straight().collect());
    assert_eq!(latest, (802..ROWS).collect::<Vec<u64>>());
    let tested = sides(Split::Group(GROUP, 0.2), straight().collect());
    let groups: HashSet<u64> = tested.iter().filter_map(|&row| group(row)).collect();
    assert!((0..ROWS).all(|row| group(row).is_none_or(|g| groups.contains(&g) == tested.contains(&row))));
    assert!(tested.len().abs_diff(ROWS as usize / 5) <= 5, "{}", tested.len());
}

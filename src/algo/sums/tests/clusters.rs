//! K-means from sums against Lloyd's iterations over rows that are held.

use super::*;
use crate::accumulator::Accumulator;
use crate::error::Error;
use crate::unsupervised::Cluster;
use proptest::prelude::*;

/// The columns that are no numbers.
const TEXT_COLUMNS: &[usize] = &[3, 4];
/// Centres of `x`, `z` and the constant, and one that no row is near.
const STARTS: [[f64; 3]; 4] = [
    [-6.9e12, 0.2, 4.5],
    [-6.2e12, 0.7, 4.5],
    [-6.5e12, 0.5, 4.5],
    [9e14, 30.0, 4.5],
];

fn of_numbers(params: Json, weighted: bool) -> Case {
    Case {
        apart: TEXT_COLUMNS,
        ..Case::new("k_means", params, weighted)
    }
}

fn clusters(model: &dyn Fitted) -> Vec<Cluster> {
    model.unsupervised().unwrap().clusters().unwrap()
}

fn assert_same_clusters(what: &str, one: &dyn Fitted, other: &dyn Fitted) {
    let (one, other) = (clusters(one), clusters(other));
    assert_eq!(one.len(), other.len(), "{what}");
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one.rows, other.rows, "{what}");
        for (a, b) in one.centre.iter().zip(&other.centre) {
            assert!(agree(a.value, b.value, 1e-3), "{what}: {a:?} {b:?}");
        }
    }
}

#[test]
fn the_same_start_comes_to_the_same_clusters() {
    let rows: Vec<u64> = (0..3000).collect();
    for (starts, weighted, standardize, iterations) in [
        (3, false, true, 1),
        (3, false, true, 300),
        (3, true, true, 7),
        (3, true, false, 300),
        // The last one gets the row that is farthest from its centre.
        (4, false, true, 1),
        (4, true, true, 300),
        (4, false, false, 300),
    ] {
        let what = format!("{starts} {weighted} {standardize} {iterations}");
        let params = json!({"init": STARTS[..starts], "standardize": standardize, "max_iter": iterations, "tol": 1e-9});
        let case = of_numbers(params, weighted);
        for parts in [1, 4] {
            let (summed, passes, sample) = case.learn(&rows, parts, 0.0);
            let (held, history) = case.learner.fit(&sample, &Unwatched).unwrap();
            // One for the space, one for each iteration, and one for the model unless the last moved nothing.
            assert!(
                (history.len() + 1..=history.len() + 2).contains(&passes),
                "{what}: {passes}"
            );
            assert_same_clusters(&what, &*summed, &*held);
            assert_alike(&what, &*summed, &*held, &sample);
            summed.validate(&levels(&sample), &Unwatched).unwrap();
        }
    }
}

#[test]
fn losses_on_the_way_are_those_of_rows_that_are_held() {
    let rows: Vec<u64> = (0..2000).collect();
    let case = of_numbers(json!({"init": STARTS, "max_iter": 6, "tol": 0}), true);
    let (layout, prepared, _) = case.known(&rows, 0.0);
    let (_, held) = case.learner.fit(&prepared.train, &Unwatched).unwrap();
    let mut run = case.learner.course(&prepared.train).unwrap().unwrap();
    let mut sums = None;
    while let Step::Pass(what) = run.next(sums.as_ref(), &prepared.train, &Unwatched).unwrap() {
        let layout = layout.clone();
        sums = Some(case.sums(&Plan { layout, what }, &rows, 3));
    }
    assert_eq!((run.history.len(), held.len()), (6, 6));
    for (one, other) in run.history.iter().zip(&held) {
        assert_eq!(one.iteration, other.iteration);
        assert!(agree(one.loss, other.loss, 0.0), "{one:?} {other:?}");
    }
}

#[test]
fn clusters_of_a_sample_become_those_of_all_rows() {
    let rows: Vec<u64> = (0..6000).collect();
    let case = of_numbers(json!({"k": 5, "tol": 0}), false);
    let (layout, prepared, _) = case.known(&rows, 0.0);
    let few: Vec<u32> = (0..700).collect();
    let sample = prepared.train.take(&few, &Unwatched).unwrap();
    let mut run = case.learner.course(&sample).unwrap().unwrap();
    let mut sums = None;
    let summed = loop {
        match run.next(sums.as_ref(), &sample, &Unwatched).unwrap() {
            Step::Fitted(fitted) => break fitted,
            Step::Pass(what) => {
                let layout = layout.clone();
                sums = Some(case.sums(&Plan { layout, what }, &rows, 2));
            }
        }
    };
    assert_eq!(clusters(&*summed).iter().map(|cluster| cluster.rows).sum::<u64>(), 6000);
    // Where they are, Lloyd's iterations over all rows leave them, in the space of all rows.
    let init: Vec<Vec<f64>> = (clusters(&*summed).iter())
        .map(|cluster| cluster.centre.iter().map(|part| part.value).collect())
        .collect();
    let again = of_numbers(json!({"init": init, "tol": 0}), false);
    let (held, history) = again.learner.fit(&prepared.train, &Unwatched).unwrap();
    assert!(history.len() <= 2, "{}", history.len());
    assert_same_clusters("again", &*summed, &*held);
}

#[test]
fn what_cannot_be_summed_up_is_held() {
    let rows: Vec<u64> = (0..300).collect();
    for (params, is_summed) in [(json!({"k": 300}), true), (json!({"k": 301}), false)] {
        let case = of_numbers(params, false);
        let (_, prepared, _) = case.known(&rows, 0.0);
        assert_eq!(case.learner.course(&prepared.train).unwrap().is_some(), is_summed);
    }
    let (_, prepared, _) = Case::new("k_means", json!({}), false).known(&rows, 0.0);
    let numbers = of_numbers(json!({"init": [[1, 2]]}), false);
    let few = numbers.learner.course(&numbers.known(&rows, 0.0).1.train);
    let texts = numbers.learner.course(&prepared.train);
    for error in [few.err().unwrap(), texts.err().unwrap()] {
        assert!(matches!(error, Error::Data { .. }), "{error}");
    }
}

/// The plan of a pass over clusters of the rows of a case, with the run that asked for it.
fn plan_of(case: &Case, rows: &[u64]) -> (Plan, Prepared, Run) {
    let (layout, prepared, _) = case.known(rows, 0.0);
    let mut run = case.learner.course(&prepared.train).unwrap().unwrap();
    let tally = Plan {
        layout: layout.clone(),
        what: What::Tally,
    };
    let sums = case.sums(&tally, rows, 1);
    let Step::Pass(what) = run.next(Some(&sums), &prepared.train, &Unwatched).unwrap() else {
        panic!()
    };
    (Plan { layout, what }, prepared, run)
}

fn numbers_of(sums: &Sums) -> Vec<f64> {
    let json = serde_json::to_value(sums).unwrap();
    fn walk(json: &Json, out: &mut Vec<f64>) {
        match json {
            Json::Number(number) => out.push(number.as_f64().unwrap()),
            Json::Array(values) => values.iter().for_each(|value| walk(value, out)),
            Json::Object(values) => values.values().for_each(|value| walk(value, out)),
            Json::Null | Json::Bool(_) | Json::String(_) => {}
        }
    }
    let mut numbers = Vec::new();
    walk(&json, &mut numbers);
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_add_up_however_they_are_cut(cuts in prop::collection::vec(0..1500_usize, 0..6), turned in any::<bool>(), weighted in any::<bool>()) {
        let rows: Vec<u64> = (0..1500).collect();
        let case = Case::new("k_means", json!({"k": 5, "n_init": 1}), weighted);
        let (plan, ..) = plan_of(&case, &rows);
        let all = case.sums(&plan, &rows, 1);
        let mut cuts = cuts;
        cuts.extend([0, rows.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut parts: Vec<Sums> = cuts.windows(2).map(|cut| case.sums(&plan, &rows[cut[0]..cut[1]].iter().rev().copied().collect::<Vec<_>>(), 1)).collect();
        if turned {
            parts.reverse();
        }
        // In pairs, and from the left.
        let mut left = Sums::new(&plan).unwrap();
        parts.iter().for_each(|part| left.merge(part).unwrap());
        while parts.len() > 1 {
            let last = parts.pop().unwrap();
            let place = parts.len() / 2;
            parts[place].merge(&last).unwrap();
        }
        for sums in [&left, &parts[0]] {
            sums.validate().unwrap();
            prop_assert_eq!(sums.trained(), 1500);
            let (one, other) = (numbers_of(sums), numbers_of(&all));
            prop_assert_eq!(one.len(), other.len());
            for (one, other) in one.iter().zip(&other) {
                prop_assert!((one - other).abs() <= 1e-12 * other.abs().max(100.0), "{} {}", one, other);
            }
        }
    }
}

#[test]
fn damaged_bytes_of_clusters_are_an_error() {
    let rows: Vec<u64> = (0..120).collect();
    let case = of_numbers(json!({"init": STARTS, "tol": 0}), true);
    let (plan, ..) = plan_of(&case, &rows);
    let bytes = plan.to_bytes().unwrap();
    for length in 0..bytes.len() {
        assert!(Plan::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    for (place, bit) in (0..bytes.len()).flat_map(|place| [place % 8, 7].map(|bit| (place, bit))) {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1 << bit;
        if let Ok(plan) = Plan::from_bytes(&bytes)
            && let Ok(mut summing) = Summing::new(&plan)
        {
            for &number in &rows[..20] {
                let cells = row(number, Targets::Numbers);
                let _ = summing.push(|column| cells.get(column).copied().unwrap_or(Cell::Missing));
            }
            let _ = summing.finish().map(|sums| sums.validate());
        }
    }
    let good = case.sums(&plan, &rows, 1);
    let sums = postcard::to_allocvec(&good).unwrap();
    let (mut refused, mut finished) = (0, 0);
    for (place, bit) in (0..sums.len()).flat_map(|place| [place % 8, 6].map(|bit| (place, bit))) {
        let mut bytes = sums.clone();
        bytes[place] ^= 1 << bit;
        let read = postcard::from_bytes::<Sums>(&bytes)
            .ok()
            .filter(|sums| sums.validate().is_ok());
        let Some(damaged) = read else {
            refused += 1;
            continue;
        };
        let mut all = good.clone();
        if all.merge(&damaged).is_ok() {
            let (plan, prepared, mut run) = plan_of(&case, &rows);
            // Up to the model.
            let mut next = run.next(Some(&all), &prepared.train, &Unwatched);
            if let Ok(Step::Pass(what)) = next {
                let layout = plan.layout.clone();
                let mut again = case.sums(&Plan { layout, what }, &rows, 1);
                let _ = again.merge(&damaged);
                next = run.next(Some(&again), &prepared.train, &Unwatched);
            }
            finished += usize::from(next.is_ok());
        }
    }
    assert!(refused > 20 && finished > 0, "{refused} {finished}");
}

use super::*;
use crate::hash;
use crate::monitor::Unwatched;

/// Albumin, total protein, the K-G score and whether surgery helped, of 43 patients of DeLong, DeLong and Clarke-Pearson (1988), as the
/// documentation of SAS/STAT prints them (PROC LOGISTIC, "Comparing Receiver Operating Characteristic Curves").
const PATIENTS: [(f64, f64, f64, u32); 43] = [
    (3.0, 5.8, 10.0, 0),
    (3.2, 6.3, 5.0, 1),
    (3.9, 6.8, 3.0, 1),
    (2.8, 4.8, 6.0, 0),
    (3.2, 5.8, 3.0, 1),
    (0.9, 4.0, 5.0, 0),
    (2.5, 5.7, 8.0, 0),
    (1.6, 5.6, 5.0, 1),
    (3.8, 5.7, 5.0, 1),
    (3.7, 6.7, 6.0, 1),
    (3.2, 5.4, 4.0, 1),
    (3.8, 6.6, 6.0, 1),
    (4.1, 6.6, 5.0, 1),
    (3.6, 5.7, 5.0, 1),
    (4.3, 7.0, 4.0, 1),
    (3.6, 6.7, 4.0, 0),
    (2.3, 4.4, 6.0, 1),
    (4.2, 7.6, 4.0, 0),
    (4.0, 6.6, 6.0, 0),
    (3.5, 5.8, 6.0, 1),
    (3.8, 6.8, 7.0, 1),
    (3.0, 4.7, 8.0, 0),
    (4.5, 7.4, 5.0, 1),
    (3.7, 7.4, 5.0, 1),
    (3.1, 6.6, 6.0, 1),
    (4.1, 8.2, 6.0, 1),
    (4.3, 7.0, 5.0, 1),
    (4.3, 6.5, 4.0, 1),
    (3.2, 5.1, 5.0, 1),
    (2.6, 4.7, 6.0, 1),
    (3.3, 6.8, 6.0, 0),
    (1.7, 4.0, 7.0, 0),
    (3.7, 6.1, 5.0, 1),
    (3.3, 6.3, 7.0, 1),
    (4.2, 7.7, 6.0, 1),
    (3.5, 6.2, 5.0, 1),
    (2.9, 5.7, 9.0, 0),
    (2.1, 4.8, 7.0, 1),
    (2.8, 6.2, 8.0, 0),
    (4.0, 7.0, 7.0, 1),
    (3.3, 5.7, 6.0, 1),
    (3.7, 6.9, 5.0, 1),
    (3.6, 6.6, 5.0, 1),
];

fn classes(actual: &[u32], positive: &[f64]) -> Scored {
    Scored::Classes {
        actual: actual.to_vec(),
        probabilities: positive.iter().flat_map(|p| [1.0 - p, *p]).collect(),
        classes: 2,
    }
}

fn areas(a: &Scored, b: &Scored, clusters: Option<&[u64]>) -> delong::Areas {
    delong::compare([a, b], clusters, 0.95, &Unwatched).unwrap()
}

fn close(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() <= within, "{a} is not {b}");
}

#[test]
fn areas_differ_as_in_the_published_example() {
    let actual: Vec<u32> = PATIENTS.iter().map(|patient| patient.3).collect();
    let of =
        |score: fn(&(f64, f64, f64, u32)) -> f64| classes(&actual, &PATIENTS.iter().map(score).collect::<Vec<_>>());
    let (albumin, protein, score) = (of(|p| p.0 / 10.0), of(|p| p.1 / 10.0), of(|p| 1.0 - p.2 / 20.0));
    // Area; difference to the K-G score, its interval and p-value, in the four digits that are printed.
    for (test, area, difference, interval, p_value) in [
        (&albumin, 0.7366, 0.0108, [-0.1761, 0.1976], 0.9102),
        (&protein, 0.6478, -0.0780, [-0.2830, 0.1271], 0.4561),
    ] {
        let found = areas(test, &score, None);
        let (both, evidence) = (found.areas.unwrap(), found.evidence.unwrap());
        close(both[0], area, 5e-5);
        close(both[1], 0.7258, 5e-5);
        close(both[0] - both[1], difference, 5e-5);
        close(evidence.interval[0], interval[0], 5e-5);
        close(evidence.interval[1], interval[1], 5e-5);
        close(evidence.p_value, p_value, 5e-5);
    }
}

/// Rows of two models that know something; scores repeat where there are few `levels`.
fn rows(count: u64, levels: u64, seed: u64) -> (Vec<u32>, [Vec<f64>; 2]) {
    let draw = |row: u64, salt: u64| (hash::hash_u64(seed + salt, row) % 1000) as f64 / 1000.0;
    let actual: Vec<u32> = (0..count).map(|row| u32::from(draw(row, 1) < 0.3)).collect();
    let score = |row: u64, salt: u64, weight: f64| {
        let score = weight * f64::from(actual[row as usize]) + 0.3 * draw(row, 2) + 0.3 * draw(row, salt);
        (score / 2.0 * levels as f64).floor() / levels as f64
    };
    let a = (0..count).map(|row| score(row, 3, 0.3)).collect();
    let b = (0..count).map(|row| score(row, 4, 0.2)).collect();
    (actual, [a, b])
}

/// The variance of the difference by all pairs, as the paper defines it; and by clusters as Obuchowski's.
fn by_pairs(actual: &[u32], scores: &[Vec<f64>; 2], clusters: Option<&[u64]>) -> (f64, f64) {
    let side = |class: u32| {
        (0..actual.len())
            .filter(move |row| actual[*row] == class)
            .collect::<Vec<_>>()
    };
    let (positive, negative) = (side(1), side(0));
    let wins = |p: usize, n: usize| {
        scores
            .iter()
            .zip([1.0, -1.0])
            .map(|(s, sign)| sign * (f64::from(u8::from(s[p] > s[n])) + 0.5 * f64::from(u8::from(s[p] == s[n]))))
            .sum::<f64>()
    };
    let (m, n) = (positive.len() as f64, negative.len() as f64);
    let of_positive: Vec<f64> = positive
        .iter()
        .map(|&p| negative.iter().map(|&n| wins(p, n)).sum::<f64>() / n)
        .collect();
    let of_negative: Vec<f64> = negative
        .iter()
        .map(|&n| positive.iter().map(|&p| wins(p, n)).sum::<f64>() / m)
        .collect();
    let theta = of_positive.iter().sum::<f64>() / m;
    let own = |row: usize| clusters.map_or(row as u64, |clusters| clusters[row]);
    let mut sums: std::collections::BTreeMap<u64, [Option<f64>; 2]> = std::collections::BTreeMap::new();
    for (rows, placements, side) in [(&positive, &of_positive, 0), (&negative, &of_negative, 1)] {
        for (&row, placement) in rows.iter().zip(placements) {
            let sum = &mut sums.entry(own(row)).or_default()[side];
            *sum = Some(sum.unwrap_or(0.0) + placement - theta);
        }
    }
    let part = |side: usize| {
        let values: Vec<f64> = sums.values().filter_map(|both| both[side]).collect();
        let count = values.len() as f64;
        values.iter().map(|v| v * v).sum::<f64>() * count / (count - 1.0)
    };
    let count = sums.len() as f64;
    let common = sums
        .values()
        .map(|both| both[0].unwrap_or(0.0) * both[1].unwrap_or(0.0))
        .sum::<f64>()
        * count
        / (count - 1.0);
    (theta, part(0) / m / m + part(1) / n / n + 2.0 * common / m / n)
}

#[test]
fn placements_by_ranks_are_those_of_all_pairs() {
    for (count, levels) in [(60, 1 << 20), (400, 1 << 20), (400, 7), (300, 2)] {
        let (actual, scores) = rows(count, levels, 5);
        let (a, b) = (classes(&actual, &scores[0]), classes(&actual, &scores[1]));
        let clusters: Vec<u64> = (0..count).map(|row| 1 + row / 5).collect();
        let alone = vec![ALONE; count as usize];
        for (given, expected) in [
            (None, None),
            (Some(&clusters), Some(&clusters[..])),
            (Some(&alone), None),
        ] {
            let found = areas(&a, &b, given.map(Vec::as_slice));
            let (difference, variance) = by_pairs(&actual, &scores, expected);
            let [low, high] = found.evidence.unwrap().interval;
            close((low + high) / 2.0, difference, 1e-12);
            close(((high - low) / 2.0 / 1.959_963_984_540_054).powi(2), variance, 1e-12);
        }
    }
}

#[test]
fn several_classes_are_compared_by_the_mean_of_their_areas() {
    // Of two classes told as three, the third never occurring, nothing changes: either class against the rest is the same comparison.
    let (actual, scores) = rows(500, 50, 6);
    let three = |scores: &[f64]| Scored::Classes {
        actual: actual.clone(),
        probabilities: scores.iter().flat_map(|p| [1.0 - p, *p, 0.0]).collect(),
        classes: 3,
    };
    let two = areas(&classes(&actual, &scores[0]), &classes(&actual, &scores[1]), None);
    let found = areas(&three(&scores[0]), &three(&scores[1]), None);
    let (two, found) = (
        (two.areas.unwrap(), two.evidence.unwrap()),
        (found.areas.unwrap(), found.evidence.unwrap()),
    );
    close(found.0[0], two.0[0], 1e-12);
    close(found.1.interval[0], two.1.interval[0], 1e-9);
    close(found.1.p_value, two.1.p_value, 1e-9);
}

#[test]
fn what_cannot_be_told_is_not_told() {
    let one = classes(&[1, 1, 1], &[0.1, 0.2, 0.3]);
    assert_eq!(
        areas(&one, &one, None),
        delong::Areas {
            areas: None,
            evidence: None
        }
    );
    let few = classes(&[1, 0, 0], &[0.1, 0.2, 0.3]);
    let found = areas(&few, &few, None);
    assert_eq!((found.areas, found.evidence), (Some([0.0, 0.0]), None));
    let same = classes(&[1, 0, 0, 1], &[0.1, 0.2, 0.3, 0.9]);
    let evidence = areas(&same, &same, None).evidence.unwrap();
    assert_eq!((evidence.interval, evidence.p_value), ([0.0, 0.0], 1.0));
}

fn plan<'a>(metrics: &'a [&'static str]) -> Plan<'a> {
    Plan {
        metrics,
        criterion: None,
        confidence: 0.95,
        seed: 1,
        resamples: 2000,
    }
}

fn compared(sides: [&Scored; 2], clusters: Option<&[u64]>, metrics: &[&'static str]) -> Vec<Difference> {
    let sides = sides.map(|scored| Side { scored, threshold: 0.3 });
    compare(sides, clusters, &plan(metrics), &Unwatched).unwrap()
}

#[test]
fn the_bootstrap_agrees_with_what_is_known_of_means() {
    let (actual, scores) = rows(2000, 1 << 20, 9);
    let (a, b) = (classes(&actual, &scores[0]), classes(&actual, &scores[1]));
    let found = compared([&a, &b], None, &["brier_score", "accuracy"]);
    let squares = |row: usize, scores: &[f64]| (f64::from(actual[row]) - scores[row]).powi(2);
    let right = |row: usize, scores: &[f64]| f64::from(u8::from((scores[row] >= 0.3) == (actual[row] == 1)));
    let normal = |of: &dyn Fn(usize) -> f64| {
        let values: Vec<f64> = (0..actual.len()).map(of).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, (variance / values.len() as f64).sqrt())
    };
    for (difference, of) in found.iter().zip([
        &(|row| squares(row, &scores[0]) - squares(row, &scores[1])) as &dyn Fn(usize) -> f64,
        &|row| right(row, &scores[0]) - right(row, &scores[1]),
    ]) {
        let (mean, error) = normal(of);
        let [low, high] = difference.interval.unwrap();
        close(difference.difference().unwrap(), mean, 1e-12);
        close((high - low) / 2.0 / 1.96 / error, 1.0, 0.06);
        close((high + low) / 2.0, mean, 0.2 * error);
        close(
            difference.p_value.unwrap(),
            erfc(mean.abs() / error / std::f64::consts::SQRT_2),
            0.03,
        );
    }
}

#[test]
fn every_metric_is_the_one_of_evaluation_where_each_row_is_drawn_once() {
    let (actual, scores) = rows(300, 20, 11);
    let numbers = |scores: &[f64]| Scored::Numbers {
        actual: (0..300)
            .map(|row| 5.0 + scores[row] * 2.0 + f64::from(actual[row]))
            .collect(),
        predicted: scores.iter().map(|score| 5.5 + score).collect(),
    };
    let shared = numbers(&scores[0]);
    let other = match &shared {
        Scored::Numbers { actual, .. } => Scored::Numbers {
            actual: actual.clone(),
            predicted: scores[1].iter().map(|s| 5.2 + s).collect(),
        },
        Scored::Classes { .. } => unreachable!(),
    };
    let (a, b) = (classes(&actual, &scores[0]), classes(&actual, &scores[1]));
    for [a, b] in [[&a, &b], [&shared, &other]] {
        let names: Vec<&'static str> = metrics_of(a)
            .iter()
            .map(|metric| metric.name())
            .filter(|name| *name != AREA)
            .collect();
        let sides = [a, b].map(|scored| Side { scored, threshold: 0.3 });
        let units = Units::new([a, b], None, 0, &Unwatched).unwrap();
        let bootstrap = Bootstrap::new(sides, &units, &names, None, &Unwatched).unwrap();
        let once = bootstrap.once(&Unwatched).unwrap();
        for (name, difference) in names.iter().zip(once) {
            let of = |scored: &Scored| {
                let table = scored.metrics(0.3, None, &Unwatched).unwrap();
                table
                    .iter()
                    .find(|(own, _)| own == name)
                    .and_then(|(_, value)| *value)
                    .unwrap()
            };
            close(difference.unwrap(), of(a) - of(b), 1e-10);
        }
    }
}

#[test]
fn neither_the_order_of_rows_nor_the_number_of_threads_changes_anything() {
    let (actual, scores) = rows(3000, 40, 13);
    let clusters: Vec<u64> = (0..3000).map(|row| 1 + row % 200).collect();
    let order: Vec<usize> = (0..3000).map(|row| (row * 1009) % 3000).collect();
    let taken = |scores: &[f64]| {
        classes(
            &order.iter().map(|&row| actual[row]).collect::<Vec<_>>(),
            &order.iter().map(|&row| scores[row]).collect::<Vec<_>>(),
        )
    };
    let moved: Vec<u64> = order.iter().map(|&row| clusters[row]).collect();
    let names: Vec<&'static str> = metrics_of(&classes(&[], &[]))
        .iter()
        .map(|metric| metric.name())
        .collect();
    for (one, other) in [(None, None), (Some(&clusters[..]), Some(&moved[..]))] {
        let (a, b) = (classes(&actual, &scores[0]), classes(&actual, &scores[1]));
        let expected = compared([&a, &b], one, &names);
        assert_eq!(expected.len(), names.len());
        let found = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| compared([&taken(&scores[0]), &taken(&scores[1])], other, &names))
        };
        assert_eq!(found(1), expected);
        assert_eq!(found(3), expected);
    }
}

#[test]
fn clusters_widen_what_rows_of_one_have_in_common() {
    // Every row ten times: as rows they tell ten times as much as they know.
    let (actual, scores) = rows(300, 1 << 20, 15);
    let ten = |values: &[f64]| values.iter().flat_map(|value| [*value; 10]).collect::<Vec<_>>();
    let actual: Vec<u32> = actual.iter().flat_map(|class| [*class; 10]).collect();
    let (a, b) = (classes(&actual, &ten(&scores[0])), classes(&actual, &ten(&scores[1])));
    let clusters: Vec<u64> = (0..3000).map(|row| 1 + row / 10).collect();
    let names = ["roc_auc", "log_loss", "accuracy"];
    let width = |found: &Difference| found.interval.map(|[low, high]| high - low).unwrap();
    let rows = compared([&a, &b], None, &names);
    let clustered = compared([&a, &b], Some(&clusters), &names);
    for (by_row, by_cluster) in rows.iter().zip(&clustered) {
        close(width(by_cluster) / width(by_row), 10_f64.sqrt(), 0.25);
        assert!(by_cluster.method.ends_with("clustered"));
    }
}

#[test]
fn more_rows_than_units_tell_as_much_as_all_of_them() {
    let (actual, scores) = rows(200_000, 1 << 20, 17);
    let (a, b) = (classes(&actual, &scores[0]), classes(&actual, &scores[1]));
    let found = compared([&a, &b], None, &["brier_score"]);
    let differences: Vec<f64> = (0..actual.len())
        .map(|row| {
            (f64::from(actual[row]) - scores[0][row]).powi(2) - (f64::from(actual[row]) - scores[1][row]).powi(2)
        })
        .collect();
    let mean = differences.iter().sum::<f64>() / 2e5;
    let error = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 2e5 / 2e5).sqrt();
    let [low, high] = found[0].interval.unwrap();
    close((high - low) / 2.0 / 1.96 / error, 1.0, 0.06);
}

//! Interactions are those of the definition, and add up to the attributions.

use super::definition::worth;
use super::*;

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

/// Half of the Shapley interaction index, as the shap package has it.
fn half(worths: &[f64], features: usize, a: usize, b: usize) -> f64 {
    let (a, b) = (1 << a, 1 << b);
    let without = (0..worths.len()).filter(|coalition| coalition & (a | b) == 0);
    let parts = without.map(|coalition| {
        let size = coalition.count_ones() as usize;
        let weight = factorial(size) * factorial(features - size - 2) / factorial(features - 1) / 2.0;
        weight * (worths[coalition | a | b] - worths[coalition | a] - worths[coalition | b] + worths[coalition])
    });
    parts.sum()
}

#[test]
fn interactions_are_those_of_the_definition() {
    let background = rows(7, 8);
    for classes in [0, 2, 3] {
        let set = learned(600, classes, false);
        let boosted = boosting(&set, |params| params.n_estimators = 3);
        let grown = forest(&set, |params| {
            params.n_estimators = 2;
            params.max_depth = Some(6);
        });
        for ensemble in [boosted.ensemble(), grown.ensemble()] {
            let sums = ensemble.first.len();
            for baseline in [Baseline::Training, Baseline::Background(&background)] {
                let explainer = explainer(&ensemble, baseline, Limits::USUAL);
                let margins = explainer.base().len();
                let pairs = explainer.pairs(&Unwatched).unwrap();
                assert!(pairs.is_sorted() && pairs.len() > 6);
                let some = rows(4, 9);
                let mut interactions = vec![f64::NAN; 4 * margins * pairs.len()];
                explainer.interactions(&some, 4, &mut interactions, &Unwatched).unwrap();
                let attributions = explain(&explainer, &some, 4);
                for (place, (numbers, parts)) in interactions
                    .chunks_exact(pairs.len())
                    .zip(attributions.chunks_exact(4))
                    .enumerate()
                {
                    let mut sums_of = [0.0; 4];
                    for (&(a, b), number) in pairs.iter().zip(numbers) {
                        sums_of[a] += number;
                        sums_of[b] += if a == b { 0.0 } else { *number };
                    }
                    for (sum, part) in sums_of.iter().zip(parts) {
                        assert!((sum - part).abs() < 1e-12, "{sum} {part}");
                    }
                    // Of two classes of a forest the trees speak for the second.
                    let sum = if sums == margins { place % margins } else { 0 };
                    if sums != margins && place % margins == 0 {
                        continue;
                    }
                    let row = &some[place / margins * 4..][..4];
                    let worths: Vec<f64> = (0..16)
                        .map(|coalition| worth(&ensemble, baseline, sum, row, coalition))
                        .collect();
                    for (&(a, b), number) in pairs.iter().zip(numbers).filter(|((a, b), _)| a != b) {
                        let exact = half(&worths, 4, a, b);
                        assert!((number - exact).abs() < 1e-12, "{a} {b}: {number} {exact}");
                    }
                }
            }
        }
    }
}

//! Which trials go on: those that may still be the best.

/// With so many trials or fewer none is stopped after the first fold alone.
const FEW: usize = 4;
/// A trial is stopped when it is behind the leader by more than so many standard errors.
const STANDARD_ERRORS: f64 = 2.0;
/// Of so many trials of a rung one goes on to the next.
pub const ETA: usize = 3;

/// Whether each trial goes on, by its scores in the folds so far, of which more is better; all have as many. What none can be judged by does not count.
///
/// After one fold the worse half stops: a fold says little of small differences, and much of great ones. After more, a trial stops that is behind
/// the leader by more than twice the standard error of such differences, fold by fold, pooled over the trials: folds that are hard are hard for all.
pub fn go_on(scores: &[Vec<f64>]) -> Vec<bool> {
    let folds = scores.first().map_or(0, Vec::len);
    let counted: Vec<usize> = (0..folds)
        .filter(|&fold| scores.iter().all(|scores| scores[fold].is_finite()))
        .collect();
    let mean = |scores: &Vec<f64>| counted.iter().map(|&fold| scores[fold]).sum::<f64>() / counted.len() as f64;
    let means: Vec<f64> = scores.iter().map(mean).collect();
    let Some(leader) = (0..scores.len()).max_by(|&a, &b| means[a].total_cmp(&means[b]).then(b.cmp(&a))) else {
        return Vec::new();
    };
    match counted.len() {
        0 => vec![true; scores.len()],
        1 if scores.len() <= FEW => vec![true; scores.len()],
        1 => {
            let mut sorted = means.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let least = sorted[scores.len().div_ceil(2) - 1];
            means.iter().map(|&mean| mean >= least).collect()
        }
        folds => {
            let behind = |trial: usize| {
                counted
                    .iter()
                    .map(move |&fold| scores[leader][fold] - scores[trial][fold])
            };
            let squares: f64 = (0..scores.len())
                .map(|trial| {
                    let mean = means[leader] - means[trial];
                    behind(trial).map(|lost| (lost - mean) * (lost - mean)).sum::<f64>()
                })
                .sum();
            let freedom = (scores.len().saturating_sub(1) * (folds - 1)).max(1);
            let allowed = STANDARD_ERRORS * (squares / freedom as f64 / folds as f64).sqrt();
            means.iter().map(|&mean| means[leader] - mean <= allowed).collect()
        }
    }
}

/// The rungs of successive halving for so many trials: how many trials each has, and which share of the rows they learn from.
pub fn rungs(trials: usize) -> Vec<(usize, f64)> {
    let mut counts = vec![trials];
    while let Some(&last) = counts.last().filter(|&&last| last > ETA && counts.len() < 4) {
        counts.push(last.div_ceil(ETA));
    }
    let last = counts.len() - 1;
    (0..)
        .zip(counts)
        .map(|(rung, trials)| (trials, (ETA as f64).powi(rung - last as i32)))
        .collect()
}

/// The mean and the standard deviation (of a sample) of values; `None` where there are too few.
pub fn spread(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (
        (!values.is_empty()).then_some(mean),
        (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_half_stops_after_a_fold_and_the_hopeless_after_more() {
        let first: Vec<Vec<f64>> = [0.9, 0.8, 0.85, 0.7, 0.91].map(|score| vec![score]).to_vec();
        assert_eq!(go_on(&first), [true, false, true, false, true]);
        assert_eq!(go_on(&first[..4]), [true; 4], "few are not judged by one fold");
        let more = vec![
            vec![0.90, 0.92, 0.88],
            vec![0.899, 0.921, 0.879],
            vec![0.85, 0.87, 0.82],
        ];
        assert_eq!(go_on(&more), [true, true, false]);
        assert_eq!(go_on(&vec![vec![f64::NAN, 1.0]; 5]), [true; 5], "equals go on");
        assert!(go_on(&[]).is_empty());
    }

    #[test]
    fn a_leader_never_stops() {
        for trials in 1..30_u64 {
            for folds in 1..6_u64 {
                let score = |trial, fold| (crate::hash::hash_u64(trial, fold) % 1000) as f64;
                let scores: Vec<Vec<f64>> = (0..trials)
                    .map(|trial| (0..folds).map(|fold| score(trial, fold)).collect())
                    .collect();
                let best = scores.iter().map(|s| s.iter().sum::<f64>()).fold(0.0, f64::max);
                let on = go_on(&scores);
                let leader = scores.iter().position(|s| s.iter().sum::<f64>() == best).unwrap();
                assert!(on[leader], "{trials} trials, {folds} folds");
            }
        }
    }

    #[test]
    fn rungs_end_with_all_rows() {
        assert_eq!(rungs(20).iter().map(|rung| rung.0).collect::<Vec<_>>(), [20, 7, 3]);
        for trials in 1..200 {
            let rungs = rungs(trials);
            assert_eq!(rungs.last().map(|rung| rung.1), Some(1.0));
            assert!(rungs.is_sorted_by(|a, b| a.0 > b.0 && a.1 < b.1), "{rungs:?}");
        }
    }

    #[test]
    fn deviations_are_those_of_a_sample() {
        assert_eq!(spread(&[1.0, 3.0]), (Some(2.0), Some(2.0_f64.sqrt())));
        assert_eq!(spread(&[1.0]), (Some(1.0), None));
        assert_eq!(spread(&[]), (None, None));
    }
}

//! Columns that predict the target by themselves: what is known only after the target most often hides in one.

use std::collections::HashSet;
use std::ops::Range;

use rayon::prelude::*;

use super::{Leak, NOT_AT_HAND};
use crate::error::Result;
use crate::frame::Column;
use crate::monitor::Monitor;
use crate::training_set::{Target, TrainingSet};
use crate::unit::unit_of;

/// Above this ROC AUC or R2 on rows that it did not learn from, a column is named.
const TOO_GOOD: f64 = 0.98;
/// The most rows that means are learned from, and that they are judged by.
const ROWS: usize = 2048;
/// Numbers that say less than this of the first few rows say no more than [`TOO_GOOD`] of all.
const PROMISING: f64 = 0.9;
/// How many these are.
const FEW_ROWS: usize = 512;
/// Fewer rows are judged no column by; of a class a fifth of it.
const FEWEST: usize = 50;
/// Parts of equal frequency that numbers are cut into.
const PARTS: usize = 32;
/// The most classes that are told apart from the others.
const CLASSES: usize = 8;

/// Columns that predict the target alone, except `copied` ones, which are the target itself. Rows are in an order that says nothing of them, so that
/// the first are a sample. Without test rows, each half is judged by what the other teaches. O(columns), in parallel.
pub(super) fn find(
    names: &[String],
    target: &str,
    train: &TrainingSet,
    test: Option<&TrainingSet>,
    copied: &HashSet<&str>,
    monitor: &dyn Monitor,
) -> Result<Vec<Leak>> {
    let half = train.rows() / 2;
    let sample = |rows: Range<usize>| rows.start..rows.end.min(rows.start + ROWS);
    let turns = match test {
        Some(test) => vec![Turn::new(train, test, sample(0..train.rows()), sample(0..test.rows()))],
        None => {
            let (first, second) = (sample(0..half), sample(half..train.rows()));
            vec![
                Turn::new(train, train, first.clone(), second.clone()),
                Turn::new(train, train, second, first),
            ]
        }
    };
    if turns
        .iter()
        .any(|turn| turn.judge.len() < FEWEST || turn.learn.len() < FEWEST)
    {
        return Ok(Vec::new());
    }
    let judged: usize = turns.iter().map(|turn| turn.judge.len()).sum();
    let leaks = names.par_iter().enumerate().map(|(column, name)| {
        monitor.check()?;
        if copied.contains(name.as_str()) || !turns.iter().all(|turn| turn.is_promising(column)) {
            return Ok(None);
        }
        let figures: Vec<(&str, f64)> = turns.iter().map(|turn| turn.best(column)).collect();
        let best = figures.iter().map(|(_, best)| best).sum::<f64>() / figures.len() as f64;
        let measure = figures.first().map_or("", |(measure, _)| measure);
        let figure = format!("{measure} {best:.3} on {judged} held-out rows");
        Ok((best > TOO_GOOD).then(|| Leak {
            feature: name.clone(),
            reason: format!("predicts the target alone: {figure}"),
            evidence: best,
            message: format!("column \"{name}\" alone predicts target \"{target}\": {figure}"),
            advice: NOT_AT_HAND.into(),
        }))
    });
    Ok(leaks.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Rows to learn from, and others to judge by.
struct Turn<'a> {
    own: &'a [Column],
    others: &'a [Column],
    learn: Range<usize>,
    judge: Range<usize>,
    targets: Targets,
    /// Of the first few rows.
    few_targets: Targets,
}

impl<'a> Turn<'a> {
    fn new(train: &'a TrainingSet, judged: &'a TrainingSet, learn: Range<usize>, judge: Range<usize>) -> Turn<'a> {
        let targets =
            |learn: &Range<usize>, judge: &Range<usize>| Targets::of(&train.target, &judged.target, learn, judge);
        Turn {
            own: train.frame.columns(),
            others: judged.frame.columns(),
            targets: targets(&learn, &judge),
            few_targets: targets(&few(&learn), &few(&judge)),
            learn,
            judge,
        }
    }

    /// Whether a column is worth more than a few rows: numbers that say little of them do not.
    fn is_promising(&self, column: usize) -> bool {
        let (own, others) = (&self.own[column], &self.others[column]);
        match own {
            Column::Number(_) => {
                let (_, best) = (self.few_targets).best(&Values::of(own, others, &few(&self.learn), &few(&self.judge)));
                // What cannot be judged by a few rows may be by more.
                best.is_nan() || best >= PROMISING
            }
            Column::Category { .. } => true,
        }
    }

    /// How well a column predicts, and by what that is measured.
    fn best(&self, column: usize) -> (&'static str, f64) {
        let values = Values::of(&self.own[column], &self.others[column], &self.learn, &self.judge);
        self.targets.best(&values)
    }
}

/// The first of some rows.
fn few(rows: &Range<usize>) -> Range<usize> {
    rows.start..rows.end.min(rows.start + FEW_ROWS)
}

/// A column's values in the rows to learn from, and in those to judge by; NaN for missing ones.
struct Values {
    learn: Vec<f64>,
    judge: Vec<f64>,
    /// Whether they are the codes of categories.
    are_codes: bool,
}

impl Values {
    fn of(own: &Column, others: &Column, learn: &Range<usize>, judge: &Range<usize>) -> Values {
        let values = |column: &Column, rows: &Range<usize>| rows.clone().map(|row| column.encoded(row)).collect();
        let (learn, judge) = (values(own, learn), values(others, judge));
        match own {
            Column::Number(_) => {
                let (learn, judge) = in_unit(learn, judge);
                Values {
                    learn,
                    judge,
                    are_codes: false,
                }
            }
            Column::Category { .. } => Values {
                learn,
                judge,
                are_codes: true,
            },
        }
    }
}

/// Numbers that can be squared.
fn in_unit(mut learn: Vec<f64>, mut judge: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let unit = unit_of(learn.iter().copied().filter(|value| value.is_finite()));
    if unit != 1.0 {
        learn.iter_mut().chain(&mut judge).for_each(|value| *value /= unit);
    }
    (learn, judge)
}

/// What is to be predicted, in the rows to learn from and in those to judge by.
enum Targets {
    Numbers(Vec<f64>, Vec<f64>),
    /// Whether a row is of the class, for each class.
    Classes(Vec<(Vec<f64>, Vec<f64>)>),
}

impl Targets {
    fn of(train: &Target, judged: &Target, learn: &Range<usize>, judge: &Range<usize>) -> Targets {
        let rows = |target: &Target, rows: &Range<usize>| target.values()[rows.clone()].to_vec();
        let (learn, judge) = (rows(train, learn), rows(judged, judge));
        match train {
            Target::None => Targets::Classes(Vec::new()),
            Target::Numbers(_) => {
                let (learn, judge) = in_unit(learn, judge);
                Targets::Numbers(learn, judge)
            }
            Target::Classes { count, .. } => {
                let of = |values: &[f64], class: usize| {
                    values.iter().map(|v| f64::from(u8::from(*v == class as f64))).collect()
                };
                // Of two classes one says all.
                let classes = if *count == 2 { 1..2 } else { 0..(*count).min(CLASSES) };
                Targets::Classes(classes.map(|class| (of(&learn, class), of(&judge, class))).collect())
            }
        }
    }

    /// How well the best way to predict from the values alone does, and by what that is measured. Of several classes the one that is worst told.
    fn best(&self, values: &Values) -> (&'static str, f64) {
        match self {
            Targets::Numbers(learned, actual) => {
                let predictions = predictions(values, learned);
                let best = predictions
                    .iter()
                    .map(|predicted| r2(predicted, actual))
                    .fold(f64::NAN, f64::max);
                ("R2", best)
            }
            Targets::Classes(classes) => {
                let area = |(learned, actual): &(Vec<f64>, Vec<f64>)| {
                    let predictions = predictions(values, learned);
                    predictions
                        .iter()
                        .map(|predicted| roc_auc(predicted, actual))
                        .fold(f64::NAN, f64::max)
                };
                let areas: Vec<f64> = classes.iter().map(area).collect();
                let known = !areas.is_empty() && areas.iter().all(|area| !area.is_nan());
                (
                    "ROC AUC",
                    if known {
                        areas.into_iter().fold(1.0, f64::min)
                    } else {
                        f64::NAN
                    },
                )
            }
        }
    }
}

/// What the target is predicted to be: by the mean of rows with about the same value, and by a line through the numbers.
fn predictions(values: &Values, target: &[f64]) -> Vec<Vec<f64>> {
    let Values {
        learn,
        judge,
        are_codes,
    } = values;
    if *are_codes {
        let known = learn.iter().copied().filter(|code| code.is_finite());
        let most = known.fold(0.0, f64::max) as usize;
        // The last but one place is for missing values, the last for levels that were not seen.
        let place = |code: &f64| match *code {
            code if code.is_nan() => most + 1,
            code if code as usize <= most => code as usize,
            _ => most + 2,
        };
        return vec![means(learn.iter().map(place), judge.iter().map(place), target)];
    }
    let mut sorted: Vec<f64> = learn.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let edges: Vec<f64> = (1..PARTS)
        .filter_map(|part| sorted.get(part * sorted.len() / PARTS).copied())
        .collect();
    let part = |value: &f64| {
        if value.is_nan() {
            PARTS
        } else {
            edges.partition_point(|edge| edge < value)
        }
    };
    let means = means(learn.iter().map(part), judge.iter().map(part), target);
    vec![means, line(learn, judge, target)]
}

/// For each judged row the mean target of the learned rows in the same place, drawn a little to the mean of all.
fn means(learn: impl Iterator<Item = usize>, judge: impl Iterator<Item = usize>, target: &[f64]) -> Vec<f64> {
    let mean = target.iter().sum::<f64>() / target.len().max(1) as f64;
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for (place, target) in learn.zip(target) {
        if place >= sums.len() {
            sums.resize(place + 1, (0.0, 0.0));
        }
        sums[place] = (sums[place].0 + 1.0, sums[place].1 + target);
    }
    judge
        .map(|place| {
            let (rows, sum) = sums.get(place).copied().unwrap_or_default();
            (sum + 0.1 * mean) / (rows + 0.1)
        })
        .collect()
}

/// The line of least squares; a missing number is on its mean.
fn line(learn: &[f64], judge: &[f64], target: &[f64]) -> Vec<f64> {
    let known = || learn.iter().zip(target).filter(|(x, _)| !x.is_nan());
    let count = known().count().max(1) as f64;
    let mean = known().map(|(x, _)| x / count).sum::<f64>();
    let height = known().map(|(_, y)| y / count).sum::<f64>();
    let (covered, spread) = known().fold((0.0, 0.0), |sum, (x, y)| {
        (sum.0 + (x - mean) * (y - height), sum.1 + (x - mean) * (x - mean))
    });
    let slope = covered / spread;
    judge
        .iter()
        .map(|x| {
            if x.is_nan() {
                height
            } else {
                height + slope * (x - mean)
            }
        })
        .collect()
}

/// The share of the variance that predictions explain; NaN where there is none.
fn r2(predicted: &[f64], actual: &[f64]) -> f64 {
    let mean = actual.iter().sum::<f64>() / actual.len().max(1) as f64;
    let (left, all) = predicted.iter().zip(actual).fold((0.0, 0.0), |sum, (p, y)| {
        (sum.0 + (y - p) * (y - p), sum.1 + (y - mean) * (y - mean))
    });
    if all > 0.0 { 1.0 - left / all } else { f64::NAN }
}

/// The area under the ROC curve (Mann and Whitney 1947), whichever way the scores go; NaN with few rows of a class.
fn roc_auc(scores: &[f64], actual: &[f64]) -> f64 {
    let positives = actual.iter().filter(|actual| **actual == 1.0).count();
    let negatives = actual.len() - positives;
    if positives.min(negatives) < FEWEST / 5 || scores.iter().any(|score| score.is_nan()) {
        return f64::NAN;
    }
    let mut rows: Vec<(f64, bool)> = scores
        .iter()
        .zip(actual)
        .map(|(score, actual)| (*score, *actual == 1.0))
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    for tie in rows.chunk_by(|a, b| a.0 == b.0) {
        let up = tie.iter().filter(|row| row.1).count() as f64;
        let down = tie.len() as f64 - up;
        won += up * (below + down / 2.0);
        below += down;
    }
    let area = won / (positives as f64 * negatives as f64);
    area.max(1.0 - area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;
    use crate::hash::hash_u64;
    use crate::monitor::Unwatched;

    const LEVELS: usize = 6;

    /// Rows whose columns are: noise, the target and a little noise, a level that says the target, a level that says nothing, a square.
    fn rows(seed: u64, rows: u64, classes: bool) -> TrainingSet {
        let draw = |row: u64, salt: u64| (hash_u64(seed * 31 + salt, row) % 10_000) as f64 / 10_000.0;
        let target = |row: u64| {
            if classes {
                f64::from(u8::from(draw(row, 1) > 0.7))
            } else {
                draw(row, 1) * 10.0
            }
        };
        let number = |of: &dyn Fn(u64) -> f64| Column::Number((0..rows).map(of).collect());
        let level = |of: &dyn Fn(u64) -> u32| Column::Category {
            codes: (0..rows).map(of).collect(),
            levels: LEVELS,
        };
        let columns = vec![
            number(&|row| draw(row, 2)),
            number(&|row| target(row) * 3.0 + draw(row, 3) * 0.1),
            level(&|row| {
                if classes {
                    target(row) as u32 * 3 + (draw(row, 4) * 3.0) as u32
                } else {
                    0
                }
            }),
            level(&|row| (draw(row, 5) * 6.0) as u32),
            number(&|row| {
                if draw(row, 6) > 0.5 {
                    target(row) + 1.0
                } else {
                    -target(row) - 1.0
                }
            }),
        ];
        let values: Vec<f64> = (0..rows).map(target).collect();
        let target = if classes {
            Target::Classes {
                numbers: values,
                count: 2,
            }
        } else {
            Target::Numbers(values)
        };
        TrainingSet::new(Frame::new(columns).unwrap_or_default(), target)
    }

    fn found(train: &TrainingSet, test: Option<&TrainingSet>) -> Vec<String> {
        let names = ["noise", "copy", "level", "chance", "both ways"].map(String::from);
        let leaks = find(&names, "y", train, test, &HashSet::new(), &Unwatched).unwrap_or_default();
        leaks.into_iter().map(|leak| leak.feature).collect()
    }

    #[test]
    fn leaks_are_named_and_nothing_else() {
        let (train, test) = (rows(1, 4000, true), rows(2, 1000, true));
        assert_eq!(found(&train, Some(&test)), ["copy", "level", "both ways"]);
        assert_eq!(found(&rows(3, 300, true), None), ["copy", "level", "both ways"]);
        let (train, test) = (rows(4, 4000, false), rows(5, 1000, false));
        assert_eq!(found(&train, Some(&test)), ["copy", "both ways"]);
        assert!(found(&rows(6, 90, true), None).is_empty(), "too few rows");
    }
}

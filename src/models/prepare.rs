//! From columns as read to what a learner takes: rows without a label leave, the rest are put in an order that does not depend on how the
//! query delivered them, test rows are set aside, and columns that cannot teach anything are dropped. Each thing dropped or capped is noted.
//!
//! All of it runs on threads and calls no PostgreSQL.

use linfa::DatasetBase;
use ndarray::Array1;
use rayon::prelude::*;

use super::columns::ReadColumn;
use super::features::{Feature, Rows};
use crate::algo::frame::{Column, Frame, MISSING};
use crate::algo::label::Label;
use crate::algo::model::{Input, Task};
use crate::algo::monitor::Monitor;
use crate::algo::summary::Summary;
use crate::algo::{hash, split};
use crate::pg::error::{Error, INTERNAL, Result, UNSUITABLE_ROWS};
use crate::pg::types::Role;

/// More classes than this are no classes.
const MOST_CLASSES: usize = 1000;

/// Rows hashed at a time.
const BLOCK: usize = 16_384;

/// Which rows test the model instead of training it.
pub enum Split {
    /// All rows train.
    None,
    /// This fraction tests, drawn by row content and seed; class by class for a classification.
    Fraction(f64),
    /// The rows where this column (a boolean) is true test; where it is NULL they train.
    Column(Column),
}

/// How the rows are to be prepared.
pub struct Plan<'a> {
    /// The target's name.
    pub target: &'a str,
    pub task: Task,
    pub split: Split,
    pub seed: u64,
    /// The most levels of a category that are told apart.
    pub max_categories: usize,
}

/// What the learner is to learn.
struct Target {
    /// Classes, sorted; empty for a regression.
    labels: Vec<Label>,
    /// The value, or the class's place in `labels`; NaN for rows that have none.
    values: Vec<f64>,
}

/// Rows for a learner.
pub type Dataset = DatasetBase<Frame, Array1<f64>>;

/// What the learner takes.
pub struct Prepared {
    pub inputs: Vec<Input>,
    pub labels: Vec<Label>,
    pub train: Dataset,
    pub test: Option<Dataset>,
    /// A summary a feature, by the feature's name.
    pub statistics: Vec<(String, Summary)>,
    /// What was dropped or capped, a text each.
    pub notes: Vec<String>,
}

/// Prepares the columns. Errs with `ML007` for rows that cannot be learned from.
pub fn prepare(
    columns: Vec<ReadColumn>,
    target: ReadColumn,
    plan: &Plan<'_>,
    monitor: &dyn Monitor,
) -> Result<Prepared> {
    let target = read_target(target, plan.task)?;
    let mut notes = Vec::new();
    let unlabelled = target.values.iter().filter(|value| value.is_nan()).count();
    if unlabelled > 0 {
        notes.push(format!(
            "{unlabelled} rows have no value in target \"{}\" and are left out",
            plan.target
        ));
    }
    monitor.check()?;
    let rows = divide(&columns, &target, plan, monitor)?;
    if rows.train.is_empty() {
        return Err(Error::new(UNSUITABLE_ROWS, "there are no rows to train on")
            .hint("The query must give rows with a target, and not all of them may be test rows."));
    }
    // Columns leave as they are gathered, so that few are held twice.
    let features = columns
        .into_par_iter()
        .map(|column| {
            monitor.check()?;
            Ok(Feature::gather(column, &rows, plan.max_categories))
        })
        .collect::<Result<Vec<Feature>>>()?;
    let (mut inputs, mut train, mut test, mut statistics) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for feature in features {
        notes.extend(feature.notes);
        inputs.extend(feature.input);
        for part in feature.parts {
            statistics.push((part.name, part.summary));
            train.push(part.train);
            test.push(part.test);
        }
    }
    if inputs.is_empty() {
        let error = Error::new(UNSUITABLE_ROWS, "no feature is left to learn from")
            .hint("The query must give at least one column beside the target that varies.");
        return Err(if notes.is_empty() {
            error
        } else {
            error.detail(notes.join("\n"))
        });
    }
    let dataset = |columns: Vec<Column>, rows: &[u32]| -> Result<Dataset> {
        let targets = rows
            .iter()
            .map(|&row| target.values[row as usize])
            .collect::<Array1<f64>>();
        let frame = Frame::new(columns).ok_or_else(|| Error::new(INTERNAL, "columns of different lengths"))?;
        Ok(DatasetBase::new(frame, targets))
    };
    let train = dataset(train, &rows.train)?;
    let test = if rows.test.is_empty() {
        None
    } else {
        Some(dataset(test, &rows.test)?)
    };
    check_trained_classes(&train, &target.labels, plan.target)?;
    Ok(Prepared {
        inputs,
        labels: target.labels,
        train,
        test,
        statistics,
        notes,
    })
}

/// Reads the target column for a task.
fn read_target(column: ReadColumn, task: Task) -> Result<Target> {
    match task {
        Task::Regression => {
            let name = column.name;
            match column.parts.into_iter().next() {
                Some(Column::Number(values)) if column.role == Role::Number => Ok(Target {
                    labels: Vec::new(),
                    values,
                }),
                _ => Err(Error::new(
                    UNSUITABLE_ROWS,
                    format!("target \"{name}\" is no number, as a regression needs"),
                )
                .detail(format!("Its type is {}.", column.type_name))
                .hint("Use task => 'classification', or cast the column to a number.")),
            }
        }
        Task::Classification => {
            let Some((labels, codes)) = column.labels() else {
                return Err(Error::new(
                    UNSUITABLE_ROWS,
                    format!("target \"{}\" has values that cannot be classes", column.name),
                )
                .detail(format!("Its type is {}.", column.type_name))
                .hint("A class is a boolean, a text, an enum value or a whole number; use task => 'regression' to predict a number."));
            };
            check_classes(&column.name, &labels, &codes)?;
            let values = codes
                .iter()
                .map(|&c| if c == MISSING { f64::NAN } else { f64::from(c) })
                .collect();
            Ok(Target { labels, values })
        }
    }
}

fn check_classes(target: &str, labels: &[Label], codes: &[u32]) -> Result<()> {
    let unsuitable = |problem: String| Error::new(UNSUITABLE_ROWS, problem);
    match labels {
        [] if codes.is_empty() => {
            return Err(
                unsuitable("there are no rows to train on".into()).hint("The query must give rows with a target.")
            );
        }
        [] => {
            return Err(unsuitable(format!("target \"{target}\" is NULL in every row")).hint("Give rows with labels."));
        }
        [only] => {
            return Err(unsuitable(format!("target \"{target}\" has only one class"))
                .detail(format!("Every label is {:?}.", only.to_string()))
                .hint("Training needs rows of at least two classes."));
        }
        many if many.len() > MOST_CLASSES => {
            return Err(unsuitable(format!("target \"{target}\" has {} classes", many.len()))
                .detail(format!("At most {MOST_CLASSES} are allowed."))
                .hint("Use task => 'regression' to predict a number, or group rare labels in the query."));
        }
        _ => {}
    }
    let mut rows = vec![0_u64; labels.len()];
    codes
        .iter()
        .filter(|&&code| code != MISSING)
        .for_each(|&code| rows[code as usize] += 1);
    match rows.iter().position(|&rows| rows < 2) {
        Some(class) => Err(
            unsuitable(format!("target \"{target}\" has a class with fewer than 2 rows"))
                .detail(format!("Class {:?} has 1 row.", labels[class].to_string()))
                .hint("Give more rows of it, or leave it out in the query."),
        ),
        None => Ok(()),
    }
}

/// Test rows chosen by the user may hold all rows of a class.
fn check_trained_classes(train: &Dataset, labels: &[Label], target: &str) -> Result<()> {
    if labels.is_empty() {
        return Ok(());
    }
    let mut rows = vec![0_u64; labels.len()];
    train.targets.iter().for_each(|&class| rows[class as usize] += 1);
    match rows.iter().position(|&rows| rows == 0) {
        Some(class) => Err(Error::new(
            UNSUITABLE_ROWS,
            format!("a class of target \"{target}\" has no training rows"),
        )
        .detail(format!(
            "All rows of class {:?} are test rows.",
            labels[class].to_string()
        ))
        .hint("Choose the test rows so that each class has rows left to train on.")),
        None => Ok(()),
    }
}

/// The training and the test rows, each in canonical order: by a hash of the row's content, so that a parallel plan, which gives rows in any
/// order, trains the same model. Rows without a target are in neither.
fn divide(columns: &[ReadColumn], target: &Target, plan: &Plan<'_>, monitor: &dyn Monitor) -> Result<Rows> {
    let mut hashes = row_hashes(columns, target, plan.seed);
    monitor.check()?;
    let mut order = split::canonical_order(&hashes);
    monitor.check()?;
    if tell_equal_rows_apart(&mut hashes, &order) {
        order = split::canonical_order(&hashes);
        monitor.check()?;
    }
    let is_test: Vec<bool> = match &plan.split {
        Split::None => vec![false; order.len()],
        Split::Column(column) => (0..order.len()).map(|row| column.encoded(row) == 1.0).collect(),
        Split::Fraction(fraction) => {
            // Rows without a target are a class of their own, so that they take no place of the others'.
            let unlabelled = target.labels.len().max(1) as u32;
            let class = |&value: &f64| match value {
                value if value.is_nan() => unlabelled,
                _ if target.labels.is_empty() => 0,
                class => class as u32,
            };
            let classes: Vec<u32> = target.values.iter().map(class).collect();
            split::test_rows_in(&order, Some(&classes), *fraction)?
        }
    };
    let labelled = order.into_iter().filter(|&row| !target.values[row as usize].is_nan());
    let (train, test) = labelled.partition(|&row| !is_test[row as usize]);
    Ok(Rows { train, test })
}

/// Gives each of several equal rows a hash of its own, by counting them; says whether there were any. Equal rows that stayed together would all
/// train or all test, which would teach the opposite of what the test rows hold. Which of them is counted first does not matter.
fn tell_equal_rows_apart(hashes: &mut [u64], order: &[u32]) -> bool {
    let mut found = false;
    let mut previous = None;
    let mut count = 0;
    for &row in order {
        let hash = hashes[row as usize];
        count = if previous == Some(hash) { count + 1 } else { 0 };
        previous = Some(hash);
        if count > 0 {
            found = true;
            hashes[row as usize] = hash::mix(hash, count);
        }
    }
    found
}

/// A hash of each row's values and the seed.
fn row_hashes(columns: &[ReadColumn], target: &Target, seed: u64) -> Vec<u64> {
    /// A column's values, in hashes or to be hashed.
    enum Part<'a> {
        Numbers(&'a [f64]),
        Codes(&'a [u32], Vec<u64>),
    }
    let level_hashes = |place: u64, column: &ReadColumn| {
        column
            .levels
            .iter()
            .map(|level| hash::hash_bytes(place, level.to_string().as_bytes()))
            .collect()
    };
    let parts: Vec<Part<'_>> = columns
        .iter()
        .flat_map(|column| column.parts.iter().map(move |part| (column, part)))
        .zip(0_u64..)
        .map(|((column, part), place)| match part {
            Column::Number(values) => Part::Numbers(values),
            Column::Category { codes, .. } => Part::Codes(codes, level_hashes(place, column)),
        })
        .chain([Part::Numbers(&target.values)])
        .collect();
    let mut hashes = vec![hash::seeded(seed); target.values.len()];
    hashes.par_chunks_mut(BLOCK).enumerate().for_each(|(block, hashes)| {
        let rows = block * BLOCK..block * BLOCK + hashes.len();
        for (part, place) in parts.iter().zip(0_u64..) {
            match part {
                Part::Numbers(values) => hashes
                    .iter_mut()
                    .zip(&values[rows.clone()])
                    .for_each(|(hash, &value)| *hash = hash::mix(*hash, hash::hash_f64(place, value))),
                Part::Codes(codes, levels) => hashes.iter_mut().zip(&codes[rows.clone()]).for_each(|(hash, &code)| {
                    *hash = hash::mix(*hash, levels.get(code as usize).copied().unwrap_or(0))
                }),
            }
        }
    });
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that repeat, each with a label drawn for itself: the test rows hold about the share of positives that the training rows do.
    #[test]
    fn equal_rows_are_divided_too() {
        let rows = 4000_u64;
        let mut hashes: Vec<u64> = (0..rows).map(|row| hash::mix(hash::seeded(3), row % 8)).collect();
        let order = split::canonical_order(&hashes);
        assert!(tell_equal_rows_apart(&mut hashes, &order));
        let order = split::canonical_order(&hashes);
        let first_half: Vec<usize> = order.iter().take(2000).map(|&row| row as usize).collect();
        for value in 0..8 {
            let share = first_half.iter().filter(|&&row| row % 8 == value).count();
            assert!(
                (200..300).contains(&share),
                "{share} of 500 rows with value {value} are in the first half"
            );
        }
        assert!(!tell_equal_rows_apart(&mut hashes, &order));
    }
}

//! From columns as read to what a learner takes: rows without a label leave, the rest are put in an order that does not depend on how the
//! query delivered them, test rows are set aside, and columns that cannot teach anything are dropped. Each thing dropped or capped is noted.
//!
//! All of it runs on threads and calls no PostgreSQL.

use rayon::prelude::*;

use super::columns::{Classes, ReadColumn, Values};
use super::features::{self, Feature, Numbers, Rows};
use super::reading::ReadRows;
use crate::pg::error::{Error, INTERNAL, Result, UNSUITABLE_ROWS};
use crate::pg::types::Role;
use algo::frame::{Column, Frame, MISSING};
use algo::label::Label;
use algo::lines::Lines;
use algo::model::Input;
use algo::monitor::Monitor;
use algo::summary::Summary;
use algo::task::{Answer, Task};
use algo::training_set::TrainingSet;
use algo::{hash, split};

/// More classes than this are no classes.
const MOST_CLASSES: usize = 1000;

/// Rows hashed at a time: few enough that their lines stay in the second cache while column after column is hashed.
const BLOCK: usize = 1024;

/// Which rows test the model instead of training it.
#[derive(Debug, Clone, Copy)]
pub enum Split {
    /// All rows train.
    None,
    /// This fraction tests, drawn by row content and seed; class by class for a classification.
    Fraction(f64),
    /// The rows where the column (a boolean) at this place of the query is true test; where it is NULL they train.
    Column(usize),
}

/// How the rows are to be prepared.
pub struct Plan {
    /// The target's place in the query.
    pub target: usize,
    /// The place of the rows' weights.
    pub weight: Option<usize>,
    pub task: Task,
    pub split: Split,
    pub seed: u64,
    /// The most levels of a category that are told apart.
    pub max_categories: usize,
}

/// What the learner is to learn.
struct Target {
    name: String,
    /// What the model is to answer with.
    answer: Answer,
    /// The value, or the class's number; NaN for rows that have none.
    values: Vec<f64>,
}

/// What the learner takes.
pub struct Prepared {
    pub inputs: Vec<Input>,
    pub answer: Answer,
    pub train: TrainingSet,
    pub test: Option<TrainingSet>,
    /// A summary a feature, by the feature's name.
    pub statistics: Vec<(String, Summary)>,
    /// What was dropped or capped, a text each.
    pub notes: Vec<String>,
}

/// Prepares the rows. Errs with `ML007` for rows that cannot be learned from.
pub fn prepare(mut read: ReadRows, plan: &Plan, monitor: &dyn Monitor) -> Result<Prepared> {
    let target = read_target(&mut read, plan, monitor)?;
    let mut notes = Vec::new();
    let unlabelled = target.values.iter().filter(|value| value.is_nan()).count();
    if unlabelled > 0 {
        notes.push(format!(
            "{unlabelled} rows have no value in target \"{}\" and are left out",
            target.name
        ));
    }
    let weights = plan
        .weight
        .map(|place| read_weights(&mut read, place, &target))
        .transpose()?;
    let tests = match plan.split {
        Split::Column(place) => Some(read_numbers(&mut read, place)?.1),
        _ => None,
    };
    monitor.check()?;
    let ReadRows { columns, lines, .. } = read;
    let columns: Vec<ReadColumn> = columns.into_iter().flatten().collect();
    let order = Order {
        columns: &columns,
        lines: &lines,
        target: &target,
        weights: weights.as_deref(),
    };
    let rows = order.divide(plan, tests.as_deref(), monitor)?;
    if rows.train.is_empty() {
        return Err(Error::new(UNSUITABLE_ROWS, "there are no rows to train on")
            .hint("The query must give rows with a target, and not all of them may be test rows."));
    }
    check_trained_classes(&rows, &target, weights.as_deref())?;
    let features = gather(columns, lines, &rows, plan.max_categories, monitor)?;
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
    let dataset = |columns: Vec<Column>, rows: &[u32]| -> Result<TrainingSet> {
        let values = rows.iter().map(|&row| target.values[row as usize]).collect();
        let weights = weights.as_ref();
        Ok(TrainingSet {
            frame: Frame::new(columns).ok_or_else(|| Error::new(INTERNAL, "columns of different lengths"))?,
            target: match &target.answer {
                Answer::Number => algo::training_set::Target::Numbers(values),
                Answer::Classes(labels) => algo::training_set::Target::Classes {
                    numbers: values,
                    count: labels.len(),
                },
            },
            weights: weights.map(|weights| rows.iter().map(|&row| weights[row as usize]).collect()),
            groups: None,
        })
    };
    let train = dataset(train, &rows.train)?;
    let test = if rows.test.is_empty() {
        None
    } else {
        Some(dataset(test, &rows.test)?)
    };
    Ok(Prepared {
        inputs,
        answer: target.answer,
        train,
        test,
        statistics,
        notes,
    })
}

/// Takes a column that stands in lines of its own: its name and its numbers.
fn read_numbers(read: &mut ReadRows, place: usize) -> Result<(String, Vec<f64>)> {
    let missing = || Error::new(INTERNAL, "a column was not read");
    let column = read.columns.get_mut(place).and_then(Option::take).ok_or_else(missing)?;
    let Values::Lane { lines, lane } = column.values else {
        return Err(missing());
    };
    let lines = std::mem::replace(&mut read.lines[lines], Lines::new(0));
    Ok((column.heading.name, lines.into_column(lane)))
}

/// Reads the weights. Errs with `ML007` when a row with a target has none, or one that is not a number of 0 or more.
fn read_weights(read: &mut ReadRows, place: usize, target: &Target) -> Result<Vec<f32>> {
    let (name, values) = read_numbers(read, place)?;
    let (mut missing, mut negative, mut large) = (0_u64, 0_u64, 0_u64);
    let weights = (values.iter().zip(&target.values))
        .map(|(&value, target)| {
            let weight = value as f32;
            if !target.is_nan() {
                missing += u64::from(value.is_nan());
                negative += u64::from(value < 0.0);
                large += u64::from(value > 0.0 && weight.is_infinite());
            }
            weight
        })
        .collect();
    let wrong = missing + negative + large;
    if wrong == 0 {
        return Ok(weights);
    }
    let counts = [
        (missing, "NULL, NaN or infinite"),
        (negative, "negative"),
        (large, "beyond 3.4e38"),
    ];
    let counts: Vec<String> = (counts.iter().filter(|(count, _)| *count > 0))
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let detail = format!("{wrong} of {} rows: {}.", values.len(), counts.join(", "));
    Err(Error::new(
        UNSUITABLE_ROWS,
        format!("weight \"{name}\" is not a number of 0 or more in every row"),
    )
    .detail(detail)
    .hint("Give each row with a target a weight, with coalesce for example, or leave such rows out in the query."))
}

/// Gathers the columns. Lines are given up one after another, so that few numbers are held twice.
fn gather(
    columns: Vec<ReadColumn>,
    lines: Vec<Lines>,
    rows: &Rows,
    max_categories: usize,
    monitor: &dyn Monitor,
) -> Result<Vec<Feature>> {
    let take = |lines: Lines| -> Result<Vec<Numbers>> {
        let (train, test) = (lines.gather(&rows.train, monitor)?, lines.gather(&rows.test, monitor)?);
        Ok(train
            .into_iter()
            .zip(test)
            .map(|(train, test)| Numbers { train, test })
            .collect())
    };
    let mut lanes: Vec<Vec<Option<Numbers>>> = Vec::with_capacity(lines.len());
    for lines in lines {
        lanes.push(take(lines)?.into_iter().map(Some).collect());
    }
    let mut gathered = Vec::with_capacity(columns.len());
    for column in columns {
        let values = match column.values {
            Values::Lane { lines, lane } => features::Values::Numbers(lanes[lines][lane].take().into_iter().collect()),
            Values::Vectors(lines) => features::Values::Numbers(take(lines)?),
            Values::Codes { codes, levels, .. } => features::Values::Codes { codes, levels },
        };
        gathered.push((column.heading, values, column.non_finite));
    }
    gathered
        .into_par_iter()
        .map(|(heading, values, non_finite)| {
            Ok(Feature::new(
                heading,
                values,
                non_finite,
                rows,
                max_categories,
                monitor,
            )?)
        })
        .collect()
}

/// Reads the target column for a task.
fn read_target(read: &mut ReadRows, plan: &Plan, monitor: &dyn Monitor) -> Result<Target> {
    let missing = || Error::new(INTERNAL, "the target was not read");
    let column = read
        .columns
        .get(plan.target)
        .and_then(Option::as_ref)
        .ok_or_else(missing)?;
    let (heading, is_number) = (column.heading.clone(), column.heading.reader.role() == Role::Number);
    let name = heading.name.clone();
    match plan.task {
        Task::Regression if is_number => Ok(Target {
            name,
            answer: Answer::Number,
            values: read_numbers(read, plan.target)?.1,
        }),
        Task::Regression => Err(Error::new(
            UNSUITABLE_ROWS,
            format!("target \"{name}\" is no number, as a regression needs"),
        )
        .detail(format!("Its type is {}.", heading.type_name))
        .hint("Use task => 'classification', or cast the column to a number.")),
        Task::Classification => {
            let classes = if is_number {
                Classes::of_numbers(heading.reader, &read_numbers(read, plan.target)?.1, monitor)?
            } else {
                let column = read.columns.get_mut(plan.target).and_then(Option::take);
                let values = column.map(|column| column.values);
                if let Some(Values::Codes { levels, .. }) = &values {
                    // Before there is a label for each of what may be millions.
                    check_class_count(&name, levels.len())?;
                }
                values.and_then(Classes::of_category)
            };
            let Some(classes) = classes else {
                return Err(Error::new(
                    UNSUITABLE_ROWS,
                    format!("target \"{name}\" has values that cannot be classes"),
                )
                .detail(format!("Its type is {}.", heading.type_name))
                .hint("A class is a boolean, a text, an enum value or a whole number; use task => 'regression' to predict a number."));
            };
            check_class_count(&name, classes.labels.len())?;
            let Classes { labels, codes } = classes.sorted();
            check_classes(&name, &labels, &codes)?;
            let values = codes
                .iter()
                .map(|&c| if c == MISSING { f64::NAN } else { f64::from(c) })
                .collect();
            Ok(Target {
                name,
                answer: Answer::Classes(labels),
                values,
            })
        }
    }
}

fn check_class_count(target: &str, classes: usize) -> Result<()> {
    if classes <= MOST_CLASSES {
        return Ok(());
    }
    Err(
        Error::new(UNSUITABLE_ROWS, format!("target \"{target}\" has {classes} classes"))
            .detail(format!("At most {MOST_CLASSES} are allowed."))
            .hint("Use task => 'regression' to predict a number, or group rare labels in the query."),
    )
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

/// Test rows chosen by the user may hold all rows of a class, and the training rows of a class may all weigh nothing.
fn check_trained_classes(rows: &Rows, target: &Target, weights: Option<&[f32]>) -> Result<()> {
    let Answer::Classes(labels) = &target.answer else {
        return Ok(());
    };
    let mut counts = vec![0_u64; labels.len()];
    let weighs = |row: &&u32| weights.is_none_or(|weights| weights[**row as usize] > 0.0);
    for &row in rows.train.iter().filter(weighs) {
        counts[target.values[row as usize] as usize] += 1;
    }
    let Some(class) = counts.iter().position(|&rows| rows == 0) else {
        return Ok(());
    };
    let (label, name) = (labels[class].to_string(), &target.name);
    let is_class = |&row: &u32| target.values[row as usize] == class as f64;
    Err(if rows.train.iter().any(is_class) {
        Error::new(
            UNSUITABLE_ROWS,
            format!("a class of target \"{name}\" has no training row with a weight above 0"),
        )
        .detail(format!("All training rows of class {label:?} have a weight of 0."))
        .hint("Give some of them a weight, or leave the class out in the query.")
    } else {
        Error::new(
            UNSUITABLE_ROWS,
            format!("a class of target \"{name}\" has no training rows"),
        )
        .detail(format!("All rows of class {label:?} are test rows."))
        .hint("Choose the test rows so that each class has rows left to train on.")
    })
}

/// What the order of rows, and their division, depend on.
struct Order<'a> {
    columns: &'a [ReadColumn],
    lines: &'a [Lines],
    target: &'a Target,
    weights: Option<&'a [f32]>,
}

impl Order<'_> {
    /// The training and the test rows, each in canonical order: by a hash of the row's content, so that a parallel plan, which gives rows in
    /// any order, trains the same model. Weights decide between rows that are equal otherwise, and nothing else: so that the same rows
    /// test whatever the weights. Rows without a target are in neither.
    fn divide(&self, plan: &Plan, tests: Option<&[f64]>, monitor: &dyn Monitor) -> Result<Rows> {
        let values = &self.target.values;
        let mut hashes = self.row_hashes(plan.seed, monitor)?;
        let (mut order, repeats) = split::canonical_order(&hashes, monitor)?;
        if repeats {
            if let Some(weights) = self.weights {
                sort_equal_rows(&hashes, &mut order, weights);
                monitor.check()?;
            }
            tell_equal_rows_apart(&mut hashes, &order);
            order = split::canonical_order(&hashes, monitor)?.0;
        }
        drop(hashes);
        monitor.check()?;
        let unlabelled = values.iter().any(|value| value.is_nan());
        if matches!(plan.split, Split::None) && !unlabelled {
            return Ok(Rows {
                train: order,
                test: Vec::new(),
            });
        }
        let is_test: Vec<bool> = match (plan.split, tests) {
            (Split::Fraction(fraction), _) => {
                // Rows without a target are a class of their own, so that they take no place of the others'.
                let unlabelled = self.target.answer.outputs() as u32;
                let class = |&value: &f64| match &self.target.answer {
                    _ if value.is_nan() => unlabelled,
                    Answer::Classes(_) => value as u32,
                    Answer::Number => 0,
                };
                let classes: Vec<u32> = values.iter().map(class).collect();
                split::test_rows(&order, Some(&classes), fraction, monitor)?
            }
            (_, Some(tests)) => tests.iter().map(|&test| test == 1.0).collect(),
            _ => vec![false; order.len()],
        };
        monitor.check()?;
        let labelled = order.into_iter().filter(|&row| !values[row as usize].is_nan());
        let (train, test) = labelled.partition(|&row| !is_test[row as usize]);
        Ok(Rows { train, test })
    }

    /// A hash of each row's values and the seed.
    fn row_hashes(&self, seed: u64, monitor: &dyn Monitor) -> Result<Vec<u64>> {
        /// A column's values, to be hashed, or their levels' hashes.
        enum Part<'a> {
            Lane(&'a Lines, usize),
            Codes(&'a [u32], Vec<u64>),
            Numbers(&'a [f64]),
        }
        let mut parts: Vec<Part<'_>> = Vec::new();
        for column in self.columns {
            let place = parts.len() as u64;
            match &column.values {
                Values::Lane { lines, lane } => parts.push(Part::Lane(&self.lines[*lines], *lane)),
                Values::Vectors(lines) => parts.extend((0..lines.width()).map(|lane| Part::Lane(lines, lane))),
                Values::Codes { codes, levels, .. } => {
                    let mut hashes = vec![0; levels.len()];
                    (hashes.par_chunks_mut(BLOCK).enumerate()).try_for_each(|(block, hashes)| -> Result<()> {
                        monitor.check()?;
                        for (hash, level) in hashes.iter_mut().zip(block * BLOCK..) {
                            *hash = hash::hash_bytes(place, levels.get(level).as_bytes());
                        }
                        Ok(())
                    })?;
                    parts.push(Part::Codes(codes, hashes));
                }
            }
        }
        parts.push(Part::Numbers(&self.target.values));
        let mut hashes = vec![hash::seeded(seed); self.target.values.len()];
        hashes
            .par_chunks_mut(BLOCK)
            .enumerate()
            .try_for_each(|(block, hashes)| -> Result<()> {
                monitor.check()?;
                let first = block * BLOCK;
                for (part, place) in parts.iter().zip(0_u64..) {
                    let mix = |(hash, value): (&mut u64, f64)| *hash = hash::mix(*hash, hash::hash_f64(place, value));
                    match part {
                        Part::Lane(lines, lane) => hashes.iter_mut().zip(lines.column_from(*lane, first)).for_each(mix),
                        Part::Numbers(values) => hashes.iter_mut().zip(values[first..].iter().copied()).for_each(mix),
                        Part::Codes(codes, levels) => {
                            hashes.iter_mut().zip(&codes[first..]).for_each(|(hash, &code)| {
                                *hash = hash::mix(*hash, levels.get(code as usize).copied().unwrap_or(0))
                            })
                        }
                    }
                }
                Ok(())
            })?;
        Ok(hashes)
    }
}

/// Puts rows of one hash in the order of their weights.
fn sort_equal_rows(hashes: &[u64], order: &mut [u32], weights: &[f32]) {
    for run in order.chunk_by_mut(|&a, &b| hashes[a as usize] == hashes[b as usize]) {
        if run.len() > 1 {
            run.sort_unstable_by(|&a, &b| weights[a as usize].total_cmp(&weights[b as usize]));
        }
    }
}

/// Gives each of several equal rows a hash of its own, by counting them. Equal rows that stayed together would all
/// train or all test, which would teach the opposite of what the test rows hold. Which of them is counted first does not matter.
fn tell_equal_rows_apart(hashes: &mut [u64], order: &[u32]) {
    let mut previous = None;
    let mut count = 0;
    for &row in order {
        let hash = hashes[row as usize];
        count = if previous == Some(hash) { count + 1 } else { 0 };
        previous = Some(hash);
        if count > 0 {
            hashes[row as usize] = hash::mix(hash, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use algo::monitor::Unwatched;

    /// Rows that repeat, each with a label drawn for itself: the test rows hold about the share of positives that the training rows do.
    #[test]
    fn equal_rows_are_divided_too() {
        let rows = 4000_u64;
        let mut hashes: Vec<u64> = (0..rows).map(|row| hash::mix(hash::seeded(3), row % 8)).collect();
        let (order, repeats) = split::canonical_order(&hashes, &Unwatched).unwrap_or_default();
        assert!(repeats);
        tell_equal_rows_apart(&mut hashes, &order);
        let (order, repeats) = split::canonical_order(&hashes, &Unwatched).unwrap_or_default();
        assert!(!repeats);
        let first_half: Vec<usize> = order.iter().take(2000).map(|&row| row as usize).collect();
        for value in 0..8 {
            let share = first_half.iter().filter(|&&row| row % 8 == value).count();
            assert!(
                (200..300).contains(&share),
                "{share} of 500 rows with value {value} are in the first half"
            );
        }
    }
}

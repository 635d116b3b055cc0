//! From columns as read to what a learner takes: rows without a label leave, the rest are put in an order that does not depend on how the
//! query delivered them, test rows are set aside, and columns that cannot teach anything are dropped. Each thing dropped or capped is told.

use linfa::DatasetBase;
use ndarray::Array1;

use super::columns::{ReadColumn, recode, sorted};
use crate::algo::frame::{Column, Frame, MISSING, UNSEEN_CODE};
use crate::algo::label::Label;
use crate::algo::model::{Input, InputKind, Task};
use crate::algo::{hash, split};
use crate::algo::summary::{Summary, summarize};
use crate::pg::error::{Error, Result, UNSUITABLE_ROWS};
use crate::pg::types::Role;

/// More classes than this are no classes.
const MOST_CLASSES: usize = 1000;

/// Which rows test the model instead of training it.
pub enum Split {
    /// All rows train.
    None,
    /// This fraction tests, drawn by row content and seed; class by class for a classification.
    Fraction(f64),
    /// The rows where this column (a boolean) is true test.
    Column(Column),
}

/// What the learner is to learn.
pub struct Target {
    /// Classes, sorted; empty for a regression.
    pub labels: Vec<Label>,
    /// The value, or the class's place in `labels`; NaN for rows that have none.
    pub values: Vec<f64>,
}

/// What the learner takes.
pub struct Prepared {
    pub inputs: Vec<Input>,
    pub labels: Vec<Label>,
    pub train: DatasetBase<Frame, Array1<f64>>,
    pub test: Option<DatasetBase<Frame, Array1<f64>>>,
    /// A summary a feature, by the feature's name.
    pub statistics: Vec<(String, Summary)>,
}

/// Reads a target column for a task. Errs with `ML007` for what cannot be learned.
pub fn target(column: ReadColumn, task: Task) -> Result<Target> {
    match task {
        Task::Regression => {
            let name = column.name;
            match column.parts.into_iter().next() {
                Some(Column::Number(values)) if column.role == Role::Number => Ok(Target { labels: Vec::new(), values }),
                _ => Err(Error::new(UNSUITABLE_ROWS, format!("target \"{name}\" is no number, as a regression needs"))
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
            let values = codes.iter().map(|&c| if c == MISSING { f64::NAN } else { f64::from(c) }).collect();
            Ok(Target { labels, values })
        }
    }
}

fn check_classes(target: &str, labels: &[Label], codes: &[u32]) -> Result<()> {
    let unsuitable = |problem: String| Error::new(UNSUITABLE_ROWS, problem);
    match labels {
        [] => return Err(unsuitable(format!("target \"{target}\" is NULL in every row")).hint("Give rows with labels.")),
        [only] => {
            return Err(unsuitable(format!("target \"{target}\" has only one class"))
                .detail(format!("Every label is {:?}.", only.to_string()))
                .hint("Training needs rows of at least two classes."));
        }
        many if many.len() > MOST_CLASSES => {
            return Err(unsuitable(format!("target \"{target}\" has {} classes, at most {MOST_CLASSES} are allowed", many.len()))
                .hint("Use task => 'regression' to predict a number, or group rare labels in the query."));
        }
        _ => {}
    }
    let mut rows = vec![0_u64; labels.len()];
    codes.iter().filter(|&&code| code != MISSING).for_each(|&code| rows[code as usize] += 1);
    match rows.iter().position(|&rows| rows < 2) {
        Some(class) => Err(unsuitable(format!("target \"{target}\" has classes with fewer than 2 rows"))
            .detail(format!("Class {:?} has 1.", labels[class].to_string()))
            .hint("Give more rows of it, or leave it out in the query.")),
        None => Ok(()),
    }
}

/// Prepares the columns. `tell` gets one text for each thing dropped or capped.
pub fn prepare(
    columns: Vec<ReadColumn>,
    target: Target,
    target_name: &str,
    split: &Split,
    seed: u64,
    max_categories: usize,
    tell: &mut dyn FnMut(String),
) -> Result<Prepared> {
    let unlabelled = target.values.iter().filter(|value| value.is_nan()).count();
    if unlabelled > 0 {
        tell(format!("{unlabelled} rows have no value in target \"{target_name}\" and are left out"));
    }
    let (train_rows, test_rows) = divide(&columns, &target, split, seed)?;
    if train_rows.is_empty() {
        return Err(Error::new(UNSUITABLE_ROWS, "there are no rows to train on")
            .hint("The query must give rows with a target, and not all of them may be test rows."));
    }
    let mut features =
        Features { inputs: Vec::new(), train: Vec::new(), test: Vec::new(), statistics: Vec::new(), max_categories, tell };
    for column in columns {
        features.add(column, &train_rows, &test_rows);
    }
    let Features { inputs, train, test, statistics, .. } = features;
    if inputs.is_empty() {
        return Err(Error::new(UNSUITABLE_ROWS, "no feature is left to learn from")
            .hint("The query must give at least one column beside the target that varies."));
    }
    let dataset = |columns: Vec<Column>, rows: &[u32]| {
        let targets = rows.iter().map(|&row| target.values[row as usize]).collect::<Array1<f64>>();
        // Columns gathered by one list of rows have one length.
        Frame::new(columns).map(|frame| DatasetBase::new(frame, targets))
    };
    let broken = || Error::new(crate::pg::error::INTERNAL, "columns of different lengths");
    let train = dataset(train, &train_rows).ok_or_else(broken)?;
    let test = if test_rows.is_empty() { None } else { Some(dataset(test, &test_rows).ok_or_else(broken)?) };
    if !target.labels.is_empty() {
        check_trained_classes(&train, &target.labels, target_name)?;
    }
    Ok(Prepared { inputs, labels: target.labels, train, test, statistics })
}

/// Test rows chosen by the user may hold all rows of a class.
fn check_trained_classes(train: &DatasetBase<Frame, Array1<f64>>, labels: &[Label], target: &str) -> Result<()> {
    let mut rows = vec![0_u64; labels.len()];
    train.targets.iter().for_each(|&class| rows[class as usize] += 1);
    match rows.iter().position(|&rows| rows == 0) {
        Some(class) => Err(Error::new(UNSUITABLE_ROWS, format!("a class of target \"{target}\" has no training rows"))
            .detail(format!("All rows of class {:?} are test rows.", labels[class].to_string()))
            .hint("Choose the test rows so that each class has rows left to train on.")),
        None => Ok(()),
    }
}

/// The training and the test rows, each in canonical order: by a hash of the row's content, so that a parallel plan, which gives rows in any
/// order, trains the same model. Rows without a target are in neither.
fn divide(columns: &[ReadColumn], target: &Target, split: &Split, seed: u64) -> Result<(Vec<u32>, Vec<u32>)> {
    let order = split::canonical_order(&row_hashes(columns, target, seed));
    let is_test: Vec<bool> = match split {
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
    Ok(labelled.partition(|&row| !is_test[row as usize]))
}

fn row_hashes(columns: &[ReadColumn], target: &Target, seed: u64) -> Vec<u64> {
    let mut hashes = vec![hash::seeded(seed); target.values.len()];
    let mut place = 0;
    for column in columns {
        let levels: Vec<u64> =
            column.levels.iter().map(|level| hash::hash_bytes(place, level.to_string().as_bytes())).collect();
        for part in &column.parts {
            match part {
                Column::Number(values) => add_numbers(&mut hashes, place, values),
                Column::Category { codes, .. } => hashes.iter_mut().zip(codes).for_each(|(hash, &code)| {
                    *hash = hash::mix(*hash, levels.get(code as usize).copied().unwrap_or(0));
                }),
            }
            place += 1;
        }
    }
    add_numbers(&mut hashes, place, &target.values);
    hashes
}

fn add_numbers(hashes: &mut [u64], place: u64, values: &[f64]) {
    hashes.iter_mut().zip(values).for_each(|(hash, &value)| *hash = hash::mix(*hash, hash::hash_f64(place, value)));
}

/// The features while they are collected.
struct Features<'t> {
    inputs: Vec<Input>,
    train: Vec<Column>,
    test: Vec<Column>,
    statistics: Vec<(String, Summary)>,
    max_categories: usize,
    tell: &'t mut dyn FnMut(String),
}

impl Features<'_> {
    /// Takes a column in, or tells why not. The column is gone afterwards, so that at most one is held twice.
    fn add(&mut self, column: ReadColumn, train_rows: &[u32], test_rows: &[u32]) {
        if column.non_finite > 0 {
            (self.tell)(format!("column \"{}\": {} NaN or infinite values count as missing", column.name, column.non_finite));
        }
        match column.role {
            Role::Category => self.add_category(column, train_rows, test_rows),
            Role::Number => {
                let (name, type_name) = (column.name, column.type_name);
                for part in column.parts {
                    if let Some(part) = self.varying(&name, part, train_rows, test_rows) {
                        self.keep(&name, part, &[], column.non_finite);
                        self.inputs.push(Input { name: name.clone(), type_name: type_name.clone(), kind: InputKind::Number });
                    }
                }
            }
            Role::Vector => {
                let (name, type_name) = (column.name, column.type_name);
                let width = column.parts.len() as u32;
                let mut used = Vec::new();
                for (element, part) in (0..).zip(column.parts) {
                    let element_name = format!("{name}[{}]", element + 1);
                    if let Some(part) = self.varying(&element_name, part, train_rows, test_rows) {
                        self.keep(&element_name, part, &[], column.non_finite);
                        used.push(element);
                    }
                }
                if width == 0 {
                    (self.tell)(format!("column \"{name}\" is dropped: it has no vector of one element or more"));
                }
                if !used.is_empty() {
                    self.inputs.push(Input { name, type_name, kind: InputKind::Vector { width, used } });
                }
            }
        }
    }

    fn keep(&mut self, name: &str, (train, test): (Column, Column), levels: &[String], non_finite: u64) {
        self.statistics.push((name.to_string(), summarize(&train, levels, non_finite)));
        self.train.push(train);
        self.test.push(test);
    }

    /// A number column's training and test rows, unless it holds nothing to learn from.
    fn varying(&mut self, name: &str, column: Column, train_rows: &[u32], test_rows: &[u32]) -> Option<(Column, Column)> {
        let train = column.take(train_rows);
        let Column::Number(values) = &train else { return None };
        let mut present = values.iter().filter(|value| !value.is_nan());
        let problem = match present.next() {
            None => "every value is NULL".to_string(),
            // A value that is sometimes missing still tells two kinds of rows apart.
            Some(first) if present.all(|value| value == first) && !values.iter().any(|value| value.is_nan()) => {
                format!("every value is {first}")
            }
            Some(_) => return Some((train, column.take(test_rows))),
        };
        (self.tell)(format!("column \"{name}\" is dropped: {problem} in the training rows"));
        None
    }

    fn add_category(&mut self, column: ReadColumn, train_rows: &[u32], test_rows: &[u32]) {
        let name = column.name;
        let Some(Column::Category { codes, .. }) = column.parts.into_iter().next() else { return };
        // Rows of a level are counted in training rows only: what only test rows have is unseen.
        let mut counts = vec![0_u64; column.levels.len()];
        let mut missing = 0_u64;
        for &row in train_rows {
            match codes[row as usize] {
                MISSING => missing += 1,
                code => counts[code as usize] += 1,
            }
        }
        let (levels, new_codes) = sorted(column.levels.iter().map(|level| Label::Text(level.to_string())).collect());
        let mut ranked: Vec<(u64, u32)> =
            counts.iter().zip(&new_codes).filter(|&(&count, _)| count > 0).map(|(&count, &code)| (count, code)).collect();
        let problem = match ranked.len() {
            0 => Some("every value is NULL".to_string()),
            1 if missing == 0 => Some(format!("every value is {:?}", levels[ranked[0].1 as usize].to_string())),
            distinct if distinct > self.max_categories && ranked.iter().all(|&(count, _)| count == 1) => {
                Some("it has another value in each row, as an identifier does,".to_string())
            }
            _ => None,
        };
        if let Some(problem) = problem {
            (self.tell)(format!("column \"{name}\" is dropped: {problem} in the training rows"));
            return;
        }
        let other = ranked.len() > self.max_categories;
        // The most frequent levels stay; equal ones in their order.
        ranked.sort_unstable_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
        let kept_rows: u64 = ranked.iter().take(self.max_categories).map(|&(count, _)| count).sum();
        let distinct = ranked.len();
        ranked.truncate(self.max_categories);
        ranked.sort_unstable_by_key(|&(_, code)| code);
        if other {
            (self.tell)(format!(
                "column \"{name}\" has {distinct} categories: the {} most frequent are kept, the {} rows of the rest are one category",
                self.max_categories,
                train_rows.len() as u64 - missing - kept_rows,
            ));
        }
        // Only test rows can have a level that is not kept when there is no category for the rest.
        let rest = if other { ranked.len() as u32 } else { UNSEEN_CODE };
        let mut final_codes = vec![rest; levels.len()];
        ranked.iter().zip(0..).for_each(|(&(_, code), place)| final_codes[code as usize] = place);
        let codes = recode(&recode(&codes, &new_codes), &final_codes);
        let names: Vec<String> = ranked.iter().map(|&(_, code)| levels[code as usize].to_string()).collect();
        let encoded = Column::Category { codes, levels: names.len() + usize::from(other) };
        let statistics_levels: Vec<String> =
            names.iter().cloned().chain(other.then(|| "(other)".to_string())).collect();
        self.keep(&name, (encoded.take(train_rows), encoded.take(test_rows)), &statistics_levels, 0);
        self.inputs.push(Input { name, type_name: column.type_name, kind: InputKind::Category { levels: names, other } });
    }
}

//! The column to predict, and the rows' weights.

use super::classes::Classes;
use super::column::{ColumnValues, Heading, ReadRows};
use super::division::Division;
use crate::error::{Error, Result};
use crate::frame::MISSING;
use crate::label::Label;
use crate::monitor::Monitor;
use crate::task::{Answer, Task};
use crate::training_set::{Target, TargetKind};

/// More classes than this are no classes.
const MOST_CLASSES: usize = 1000;

/// A column that the plan names is not there.
pub(super) const NOT_READ: Error = Error::Internal("a column was not read");

/// What the learner is to learn.
pub(super) struct TargetColumn {
    pub(super) name: String,
    /// The classes; `None` for numbers.
    pub(super) labels: Option<Vec<Label>>,
    /// The value, or the class's number; NaN for rows that have none.
    pub(super) values: Vec<f64>,
}

impl TargetColumn {
    /// The stratum of each row when rows are drawn: its class. Rows without a target are a class of their own, so that they take no place of the
    /// others'.
    pub(super) fn strata(&self) -> Vec<u32> {
        let unlabelled = self.labels.as_ref().map_or(1, Vec::len) as u32;
        let stratum = |&value: &f64| match &self.labels {
            _ if value.is_nan() => unlabelled,
            Some(_) => value as u32,
            None => 0,
        };
        self.values.iter().map(stratum).collect()
    }

    /// The target of some of the rows.
    pub(super) fn take(&self, rows: &[u32]) -> Target {
        let values = rows.iter().map(|&row| self.values[row as usize]).collect();
        match &self.labels {
            None => Target::Numbers(values),
            Some(labels) => Target::Classes {
                numbers: values,
                count: labels.len(),
            },
        }
    }

    /// What a model of it answers with.
    pub(super) fn answer(&self) -> Answer {
        self.labels.clone().map_or(Answer::Number, Answer::Classes)
    }
}

/// Reads the weights. Returns an error when a row with a target has none, or one that is not a number of 0 or more.
pub(super) fn read_weights(read: &mut ReadRows, place: usize, target: Option<&TargetColumn>) -> Result<Vec<f32>> {
    let (name, values) = read.take_numbers(place).ok_or(NOT_READ)?;
    let (mut missing, mut negative, mut large) = (0_u64, 0_u64, 0_u64);
    let weights = (values.iter().enumerate())
        .map(|(row, &value)| {
            let weight = value as f32;
            if target.is_none_or(|target| !target.values[row].is_nan()) {
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
    Err(Error::data(
        format!("weight \"{name}\" is not a number of 0 or more in every row"),
        "give each row with a target a weight, with coalesce for example, or leave such rows out in the query",
    )
    .detail(detail))
}

/// Reads the target column for a task.
pub(super) fn read_target(
    read: &mut ReadRows,
    place: usize,
    task: Task,
    monitor: &dyn Monitor,
) -> Result<TargetColumn> {
    let column = read.columns.get(place).and_then(Option::as_ref).ok_or(NOT_READ)?;
    let heading = column.heading.clone();
    match task.least_target() {
        TargetKind::None => Err(Error::Internal("a target was named for a task without one")),
        TargetKind::Numbers => {
            if !heading.kind.is_number() {
                return Err(Error::data(
                    format!("target \"{}\" is no number, as a regression needs", heading.name),
                    "use task => 'classification', or cast the column to a number",
                )
                .detail(format!("Its type is {}.", heading.type_name)));
            }
            let (name, values) = read.take_numbers(place).ok_or(NOT_READ)?;
            Ok(TargetColumn {
                name,
                labels: None,
                values,
            })
        }
        TargetKind::Classes(_) => {
            let Classes { labels, codes } = read_classes(read, place, &heading, monitor)?.sorted();
            check_classes(&heading.name, &labels, &codes)?;
            let value = |&code: &u32| if code == MISSING { f64::NAN } else { f64::from(code) };
            Ok(TargetColumn {
                name: heading.name,
                labels: Some(labels),
                values: codes.iter().map(value).collect(),
            })
        }
    }
}

/// Takes out a column of classes.
fn read_classes(read: &mut ReadRows, place: usize, heading: &Heading, monitor: &dyn Monitor) -> Result<Classes> {
    let classes = if heading.kind.is_number() {
        let (_, numbers) = read.take_numbers(place).ok_or(NOT_READ)?;
        Classes::of_numbers(heading.kind, &numbers, monitor)?
    } else {
        let values = read
            .columns
            .get_mut(place)
            .and_then(Option::take)
            .map(|column| column.values);
        if let Some(ColumnValues::Codes { levels, .. }) = &values {
            // Before there is a label for each of what may be millions.
            check_class_count(&heading.name, levels.len())?;
        }
        values.and_then(Classes::of_category)
    };
    let classes = classes.ok_or_else(|| {
        Error::data(
            format!("target \"{}\" has values that cannot be classes", heading.name),
            "a class is a boolean, a text, an enum value or a whole number; use task => 'regression' to predict a number",
        )
        .detail(format!("Its type is {}.", heading.type_name))
    })?;
    check_class_count(&heading.name, classes.labels.len())?;
    Ok(classes)
}

fn check_class_count(target: &str, classes: usize) -> Result<()> {
    if classes <= MOST_CLASSES {
        return Ok(());
    }
    Err(Error::data(
        format!("target \"{target}\" has {classes} classes"),
        "use task => 'regression' to predict a number, or group rare labels in the query",
    )
    .detail(format!("At most {MOST_CLASSES} are allowed.")))
}

fn check_classes(target: &str, labels: &[Label], codes: &[u32]) -> Result<()> {
    match labels {
        [] if codes.is_empty() => {
            return Err(Error::data(
                "there are no rows to train on",
                "the query must give rows with a target",
            ));
        }
        [] => {
            return Err(Error::data(
                format!("target \"{target}\" is NULL in every row"),
                "give rows with labels",
            ));
        }
        [only] => {
            return Err(Error::data(
                format!("target \"{target}\" has only one class"),
                "training needs rows of at least two classes",
            )
            .detail(format!("Every label is {:?}.", only.to_string())));
        }
        _ => {}
    }
    let mut rows = vec![0_u64; labels.len()];
    codes
        .iter()
        .filter(|&&code| code != MISSING)
        .for_each(|&code| rows[code as usize] += 1);
    match rows.iter().position(|&rows| rows < 2) {
        Some(class) => Err(Error::data(
            format!("target \"{target}\" has a class with fewer than 2 rows"),
            "give more rows of it, or leave it out in the query",
        )
        .detail(format!("Class {:?} has 1 row.", labels[class].to_string()))),
        None => Ok(()),
    }
}

/// Test rows chosen by the user may hold all rows of a class, and the training rows of a class may all weigh nothing.
pub(super) fn check_trained_classes(rows: &Division, target: &TargetColumn, weights: Option<&[f32]>) -> Result<()> {
    let Some(labels) = &target.labels else {
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
        Error::data(
            format!("a class of target \"{name}\" has no training row with a weight above 0"),
            "give some of them a weight, or leave the class out in the query",
        )
        .detail(format!("All training rows of class {label:?} have a weight of 0."))
    } else {
        Error::data(
            format!("a class of target \"{name}\" has no training rows"),
            "choose the test rows so that each class has rows left to train on",
        )
        .detail(format!("All rows of class {label:?} are test rows."))
    })
}

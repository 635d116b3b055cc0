//! Columns that have one value in all rows of a class while others vary: what is filled in, or left empty, because of the class.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::{Leak, Source};
use crate::error::Result;
use crate::frame::Column;
use crate::monitor::Monitor;
use crate::training_set::{Target, TrainingSet};

/// Rows that a class has at least.
const FEWEST: u64 = 30;
/// The greatest share of any other class that may have the value, too: above, most rows have it, and this class's by nature.
const MOST_COMMON: f64 = 0.9;
/// The greatest probability that rows of another class would all have the value.
const CHANCE: f64 = 1e-9;
/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// Columns that are constant within a class, except `copied` ones. A column that is constant in none costs a few rows.
pub(super) fn find(
    source: &Source<'_>,
    train: &TrainingSet,
    copied: &HashSet<&str>,
    monitor: &dyn Monitor,
) -> Result<Vec<Leak>> {
    let Target::Classes { numbers, count } = &train.target else {
        return Ok(Vec::new());
    };
    let columns = train.frame.columns().par_iter().zip(source.names);
    let leaks = columns.map(|(column, name)| {
        if copied.contains(name.as_str()) {
            return Ok(None);
        }
        look(source, name, column, numbers, *count, monitor)
    });
    Ok(leaks.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// What is known of a class's rows.
#[derive(Clone, Copy)]
struct Class {
    rows: u64,
    /// The value of the first.
    value: f64,
    is_constant: bool,
}

fn is_same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn look(
    source: &Source<'_>,
    name: &str,
    column: &Column,
    target: &[f64],
    count: usize,
    monitor: &dyn Monitor,
) -> Result<Option<Leak>> {
    let mut classes: Vec<Option<Class>> = vec![None; count];
    let mut varying = 0;
    for (row, &class) in target.iter().enumerate() {
        if row % BLOCK == 0 {
            monitor.check()?;
        }
        let value = column.encoded(row);
        let class = classes[class as usize].get_or_insert(Class {
            rows: 0,
            value,
            is_constant: true,
        });
        class.rows += 1;
        if class.is_constant && !is_same(class.value, value) {
            class.is_constant = false;
            varying += 1;
            if varying == count {
                return Ok(None);
            }
        }
    }
    // All levels that are not kept are no value.
    let rest = source
        .levels(name)
        .and_then(|(levels, other)| other.then_some(levels.len() as f64));
    let candidates = classes.iter().enumerate().filter_map(|(number, class)| {
        let class = class.filter(|class| class.is_constant && class.rows >= FEWEST)?;
        (Some(class.value) != rest).then_some((number, class))
    });
    let Some((number, class)) = candidates.max_by_key(|(number, class)| (class.rows, usize::MAX - number)) else {
        return Ok(None);
    };
    // How many rows of each other class have the value, too.
    let mut others: HashMap<usize, (u64, u64)> = HashMap::new();
    for (row, &other) in target.iter().enumerate() {
        if row % BLOCK == 0 {
            monitor.check()?;
        }
        if other as usize != number {
            let (rows, same) = others.entry(other as usize).or_default();
            *rows += 1;
            *same += u64::from(is_same(column.encoded(row), class.value));
        }
    }
    let share = |&(rows, same): &(u64, u64)| same as f64 / rows as f64;
    let most = others.values().map(share).fold(0.0, f64::max);
    if most > MOST_COMMON || most.powf(class.rows as f64) > CHANCE {
        return Ok(None);
    }
    let (rows, same) = others.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    let figure = format!(
        "{} in all {} rows of class '{}', and in {same} of {rows} other rows",
        source.shown(name, class.value),
        class.rows,
        source.label(number)
    );
    Ok(Some(Leak {
        feature: name.into(),
        reason: format!("constant within a class: {figure}"),
        evidence: (rows - same) as f64 / rows as f64,
        message: format!("column \"{name}\" is constant within a class of target \"{}\": {figure}", source.target),
        advice: "If it is filled in, or left empty, because of what the target turned out to be, leave it out with exclude: rows to predict \
                 will not have it."
            .into(),
    }))
}

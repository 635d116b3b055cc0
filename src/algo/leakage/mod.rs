//! Features that tell of the target what they will not tell of new rows: made of it, known only after it, or naming rows. One file for each way
//! to find them; training warns of what they find, and `find_leakage` lists it.

mod alone;
mod copy;
pub(crate) mod identifier;
mod later;
#[cfg(test)]
mod tests;
mod within_class;

use std::collections::HashSet;

use rayon::prelude::*;

pub use later::{Clock, Moments, known_later};

use crate::error::Result;
use crate::label::Label;
use crate::model::{Input, InputKind};
use crate::monitor::Monitor;
use crate::training_set::TrainingSet;

/// A feature that is not to be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The feature's name.
    pub feature: String,
    /// In what way, and its figures.
    pub reason: String,
    /// The figure that decided.
    pub evidence: f64,
    /// What training says of it.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

/// What becomes of a feature that rows to predict will not have.
const NOT_AT_HAND: &str =
    "If it is known only after the target, or made of it, leave it out with exclude: rows to predict will not have it.";

/// Where the columns of a training set come from.
pub(crate) struct Source<'a> {
    /// The name of each column.
    pub(crate) names: &'a [String],
    /// What the model reads.
    pub(crate) inputs: &'a [Input],
    /// The target's name.
    pub(crate) target: &'a str,
    /// Its classes.
    pub(crate) labels: Option<&'a [Label]>,
}

impl Source<'_> {
    /// The levels of a category, and whether those that are not kept share a code beyond; `None` for numbers.
    fn levels(&self, name: &str) -> Option<(&[String], bool)> {
        let input = self.inputs.iter().find(|input| input.name == name)?;
        match &input.kind {
            InputKind::Category { levels, other } => Some((levels, *other)),
            InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => None,
        }
    }

    /// A value of a column, for people.
    fn shown(&self, name: &str, value: f64) -> String {
        match self.levels(name) {
            _ if value.is_nan() => "NULL".into(),
            Some((levels, _)) => format!("'{}'", levels.get(value as usize).map_or("(other)", String::as_str)),
            None => value.to_string(),
        }
    }

    /// A class, for people.
    fn label(&self, class: usize) -> String {
        (self.labels.and_then(|labels| labels.get(class))).map_or(class.to_string(), Label::to_string)
    }
}

/// Features that are copies of the target, predict it alone, or are constant within a class. What is a copy is nothing else besides. Rows are in
/// an order that says nothing of them. O(columns x rows), in parallel.
pub(crate) fn find(
    source: &Source<'_>,
    train: &TrainingSet,
    test: Option<&TrainingSet>,
    monitor: &dyn Monitor,
) -> Result<Vec<Leak>> {
    let columns = train.frame.columns().par_iter().zip(source.names);
    let target = copy::Sought::new(source.target, &train.target);
    let copies = columns.map(|(column, name)| target.find(name, column, monitor));
    let copies: Vec<Option<Leak>> = copies.collect::<Result<_>>()?;
    let copied: HashSet<&str> = copies.iter().flatten().map(|leak| leak.feature.as_str()).collect();
    let alone = alone::find(source.names, source.target, train, test, &copied, monitor)?;
    let within = within_class::find(source, train, &copied, monitor)?;
    let mut leaks: Vec<Leak> = copies.iter().flatten().cloned().collect();
    leaks.extend(alone);
    leaks.extend(within);
    Ok(leaks)
}

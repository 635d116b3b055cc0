//! Formulas: a model's score as an expression over its columns, and as SQL that other databases read as well.
//!
//! | file | idea |
//! |---|---|
//! | `trees` | sums of trees as formulas |
//! | `sql` | a formula as SQL |

mod sql;
#[cfg(test)]
mod tests;
mod trees;

pub use sql::sql;
pub(crate) use trees::of_trees;

use crate::error::{Error, Result};
use crate::model::{InputKind, Model};
use crate::monitor::Monitor;

/// Expressions within expressions at most: more than that databases do not parse.
pub(crate) const DEPTH: usize = 150;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// A number.
    Number(f64),
    /// The number in a column, or another where there is none, less a third, times a fourth: what a linear model adds for it.
    Linear {
        column: usize,
        missing: f64,
        centre: f64,
        weight: f64,
    },
    /// The number of a level.
    Levels {
        column: usize,
        /// By the level's place.
        weights: Vec<f64>,
        missing: f64,
        /// That of any other text.
        other: f64,
    },
    /// The sum of others.
    Sum(Vec<Expression>),
    /// One of two, by a test.
    Choice {
        test: Test,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
}

/// What is asked of a column, and whether what is missing passes, too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    pub(crate) column: usize,
    pub(crate) asks: Asks,
    pub(crate) or_missing: bool,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asks {
    /// A number is at most so large.
    AtMost(f64),
    /// A number is larger.
    Above(f64),
    /// A text is one of these levels.
    Among(Vec<usize>),
    /// A text is none of these levels.
    Beside(Vec<usize>),
}

/// What makes a margin the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Link {
    /// It is the score.
    Identity,
    /// It is the score's logarithm.
    Exp,
    /// It is the score's square root, with its sign.
    Square,
    /// The score is `1 / (1 + exp(-scale * margin))`.
    Logistic { scale: f64 },
    /// The score is `log(1 + exp(margin))`.
    Softplus,
}

/// A score: of two classes the probability of the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    pub(crate) margin: Expression,
    pub(crate) link: Link,
}

/// What errors say to do.
const HINT: &str = "score with assay.predict, or train a model of numbers or two classes without preprocess, calibrate and group_by: linear, trees or boosting";

/// The error of a model that has no formula.
pub(crate) fn none(what: &str) -> Error {
    Error::data(format!("the model cannot be written as a formula: {what}"), HINT)
}

/// The score of a model as a formula. Returns an error that names what is in the way. O(size).
pub fn formula(model: &Model, monitor: &dyn Monitor) -> Result<Formula> {
    if model.pipeline.is_some() {
        return Err(none("steps of preprocess come before it"));
    }
    if model.calibration.is_some() {
        return Err(none("a calibration comes behind it"));
    }
    if model.answer.value_place().is_none() {
        return Err(none("it answers with more than one number"));
    }
    for input in &model.inputs {
        let problem = match input.kind {
            InputKind::Number if !is_number(&input.type_name) && input.type_name != BOOLEAN => {
                "is no number in other databases"
            }
            InputKind::Number | InputKind::Category { .. } => continue,
            InputKind::Vector { .. } => "is a vector",
            InputKind::Text { .. } => "is a text that is read by a step",
        };
        return Err(none(&format!("column \"{}\" {problem}", input.name)));
    }
    let levels = model.inputs.iter().map(|input| match &input.kind {
        InputKind::Category { levels, .. } => levels.len(),
        InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => 0,
    });
    let formula = model.fitted.formula(&levels.collect::<Vec<usize>>(), monitor)?;
    formula.ok_or_else(|| none("its algorithm has none"))
}

/// The type that every database takes for a condition, and only some for a number.
const BOOLEAN: &str = "boolean";

/// Whether every database reads a type as a number.
fn is_number(type_name: &str) -> bool {
    let name = type_name.split('(').next().unwrap_or_default();
    ["smallint", "integer", "bigint", "numeric", "real", "double precision"].contains(&name)
}

//! How an adapter is learned.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A matrix.
    Linear,
    /// A matrix of few columns times another of few rows, added to what is there.
    LowRank,
}

/// How an adapter is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    pub kind: Kind,
    /// The columns and rows of a low-rank update.
    pub rank: usize,
    /// By what cosines are divided before they compete: the less, the more the nearest wrong text counts.
    pub temperature: f64,
    /// Passes over the pairs, at most.
    pub epochs: usize,
    /// Passes that may be no better than the best before the end.
    pub patience: usize,
    /// Pairs that compete with each other.
    pub batch: usize,
    pub learning_rate: f64,
    /// How much of the way back to no change each step goes, times the learning rate.
    pub weight_decay: f64,
    /// The share of questions that judge.
    pub test: f64,
    /// The share of questions that say when to stop.
    pub validation: f64,
    /// How many of the first texts count for the judgement.
    pub k: usize,
    pub seed: i64,
    /// A query of further texts that questions are asked of when the adapter is judged.
    pub documents: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            kind: Kind::Linear,
            rank: 32,
            temperature: 0.1,
            epochs: 40,
            patience: 5,
            batch: 64,
            learning_rate: 3e-4,
            weight_decay: 0.1,
            test: 0.2,
            validation: 0.1,
            k: 10,
            seed: 1,
            documents: None,
        }
    }
}

impl Options {
    /// The widest vectors that a whole matrix is learned of: it has as many numbers as the square.
    pub const WIDEST: usize = 4096;

    /// Returns an error that names an option out of its range.
    pub fn check(&self) -> Result<()> {
        let number = |name: &'static str, value: f64, range: std::ops::RangeInclusive<f64>| match range.contains(&value)
        {
            true => Ok(()),
            false => Err(Error::Parameter {
                name,
                value: value.to_string(),
                allowed: format!("from {} to {}", range.start(), range.end()).into(),
            }),
        };
        number("rank", self.rank as f64, 1.0..=1024.0)?;
        number("temperature", self.temperature, 0.001..=10.0)?;
        number("epochs", self.epochs as f64, 1.0..=10_000.0)?;
        number("patience", self.patience as f64, 1.0..=10_000.0)?;
        number("batch", self.batch as f64, 2.0..=4096.0)?;
        number("learning_rate", self.learning_rate, 1e-8..=1.0)?;
        number("weight_decay", self.weight_decay, 0.0..=100.0)?;
        number("test", self.test, 0.0..=0.9)?;
        number("validation", self.validation, 0.0..=0.9)?;
        number("validation", self.test + self.validation, 0.0..=0.9)?;
        number("k", self.k as f64, 1.0..=1000.0)
    }
}

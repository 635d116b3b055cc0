//! Whether an answer is the one that was expected: by the words of both.

use std::collections::BTreeSet;

use crate::analyze::{self, Language};
use crate::error::Result;
use crate::monitor::Monitor;

/// How an answer agrees with the expected one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Whether all words of the expected one are in it.
    pub holds: bool,
    /// The harmonic mean of the share of its words that were expected, and of the share of the expected ones that it has, as SQuAD has it (Rajpurkar and
    /// others 2016).
    pub f1: f64,
}

/// Compares them. Returns an error when stopped.
pub fn agreement(answer: &str, expected: &str, language: Language, monitor: &dyn Monitor) -> Result<Agreement> {
    let words = |text: &str| -> Result<BTreeSet<String>> {
        Ok(analyze::question(text, language, monitor)?.into_iter().collect())
    };
    let (answer, expected) = (words(answer)?, words(expected)?);
    let both = answer.intersection(&expected).count() as f64;
    let f1 = match answer.len() + expected.len() {
        0 => 0.0,
        all => 2.0 * both / all as f64,
    };
    Ok(Agreement {
        holds: !expected.is_empty() && expected.is_subset(&answer),
        f1,
    })
}

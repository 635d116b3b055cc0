//! What a training set is to be.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::shingles;

/// What becomes of data about persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pii {
    /// It is masked.
    Redact,
    /// Rows with it are left out.
    Drop,
    /// It stays.
    Keep,
}

/// What is compared for near duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compared {
    /// Questions and answers.
    Conversation,
    /// The first question alone.
    Question,
}

/// How a training set is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How the query calls its columns.
    pub columns: Columns,
    /// What is put before conversations that have no system message.
    pub system: Option<String>,
    /// Rows rated lower, or not at all, are left out.
    pub min_rating: Option<f64>,
    pub min_question_chars: usize,
    pub max_question_chars: Option<usize>,
    pub min_answer_chars: usize,
    pub max_answer_chars: Option<usize>,
    /// Of all messages.
    pub max_chars: Option<usize>,
    /// Rows of other languages, or of none, are left out.
    pub languages: Option<Vec<String>>,
    pub pii: Pii,
    /// Which data about persons are looked for, and what stands in their places, as a policy of redaction says.
    pub policy: Option<serde_json::Value>,
    /// From which similarity on two rows are one; none are at `null`.
    pub near_duplicates: Option<f64>,
    /// The words of the runs that rows are compared by.
    pub shingle_words: usize,
    pub compare: Compared,
    /// The most rows of a label in the training part.
    pub max_per_label: Option<usize>,
    /// How many times the rows of the rarest label a label may have in the training part.
    pub balance: Option<f64>,
    /// The share of groups that test.
    pub test: f64,
    /// The share of groups that validate.
    pub validation: f64,
    pub seed: i64,
    pub failing_checks: FailingChecks,
}

/// The names of a query's columns, where they are others than those here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    pub messages: Option<String>,
    pub system: Option<String>,
    pub prompt: Option<String>,
    pub answer: Option<String>,
    pub group: Option<String>,
    pub rating: Option<String>,
    pub label: Option<String>,
    pub weight: Option<String>,
    pub language: Option<String>,
    /// Those that say where a row is from.
    pub id: Option<Vec<String>>,
}

/// What to do where stored checks of what the query reads have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailingChecks {
    /// Not to build.
    Error,
    /// To say so.
    Notice,
    /// Nothing.
    Ignore,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            columns: Columns::default(),
            system: None,
            min_rating: None,
            min_question_chars: 1,
            max_question_chars: None,
            min_answer_chars: 1,
            max_answer_chars: None,
            max_chars: None,
            languages: None,
            pii: Pii::Redact,
            policy: None,
            near_duplicates: Some(0.8),
            shingle_words: shingles::WORDS,
            compare: Compared::Conversation,
            max_per_label: None,
            balance: None,
            test: 0.1,
            validation: 0.0,
            seed: 1,
            failing_checks: FailingChecks::Notice,
        }
    }
}

impl Options {
    /// Returns an error that names an option out of its range.
    pub fn check(&self) -> Result<()> {
        let wrong = |name: &'static str, value: String, allowed: &'static str| {
            Err(Error::Parameter {
                name,
                value,
                allowed: allowed.into(),
            })
        };
        for (name, share) in [("test", self.test), ("validation", self.validation)] {
            if !(0.0..1.0).contains(&share) {
                return wrong(name, share.to_string(), "from 0 to less than 1");
            }
        }
        if self.test + self.validation >= 1.0 {
            return wrong("validation", self.validation.to_string(), "less than what test leaves");
        }
        if let Some(similarity) = self.near_duplicates
            && !(0.3..=1.0).contains(&similarity)
        {
            return wrong("near_duplicates", similarity.to_string(), "null, or from 0.3 to 1");
        }
        if !(1..=shingles::MOST_WORDS).contains(&self.shingle_words) {
            return wrong("shingle_words", self.shingle_words.to_string(), "from 1 to 16");
        }
        if let Some(rating) = self.min_rating.filter(|rating| !rating.is_finite()) {
            return wrong("min_rating", rating.to_string(), "a number");
        }
        if let Some(balance) = self.balance.filter(|balance| !(1.0..=1e9).contains(balance)) {
            return wrong("balance", balance.to_string(), "at least 1");
        }
        if self.max_per_label == Some(0) {
            return wrong("max_per_label", "0".into(), "at least 1");
        }
        Ok(())
    }
}

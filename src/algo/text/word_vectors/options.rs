//! What learning vectors of words depends on, under gensim's names and with its defaults.

use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};

/// Options of `Word2Vec`, as JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Numbers of a vector.
    pub vector_size: usize,
    /// The most words between two that are learned from each other, and one more.
    pub window: usize,
    /// Words that occur less often are left out.
    pub min_count: u64,
    /// Whether each word is learned from each of its neighbours (skip-gram), and not from all of them together (CBOW).
    #[serde(deserialize_with = "switch")]
    pub sg: bool,
    /// Whether words are told apart by the branches of a tree (hierarchical softmax).
    #[serde(deserialize_with = "switch")]
    pub hs: bool,
    /// From how many random words each word is told apart; 0 for none.
    pub negative: usize,
    /// The power of its count to which a word is one of those.
    pub ns_exponent: f64,
    /// Whether neighbours are averaged, and not added up.
    #[serde(deserialize_with = "switch")]
    pub cbow_mean: bool,
    /// The share of all words above which a word is passed over now and then; 0 for none.
    pub sample: f64,
    /// The learning rate at the beginning.
    pub alpha: f64,
    /// That at the end.
    pub min_alpha: f64,
    /// How often the sentences are gone through.
    pub epochs: usize,
    /// Whether nearer neighbours are learned from more often.
    #[serde(deserialize_with = "switch")]
    pub shrink_windows: bool,
    /// Whether sentences are learned from in an order of their own, which depends on nothing but what they say, and not as they come, as gensim
    /// takes them.
    #[serde(deserialize_with = "switch")]
    pub shuffle: bool,
    /// The seed of all that is random.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            vector_size: 100,
            window: 5,
            min_count: 5,
            sg: false,
            hs: false,
            negative: 5,
            ns_exponent: 0.75,
            cbow_mean: true,
            sample: 1e-3,
            alpha: 0.025,
            min_alpha: 1e-4,
            epochs: 5,
            shrink_windows: true,
            shuffle: false,
            seed: 1,
        }
    }
}

/// Reads true and false, and gensim's 1 and 0.
fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Switch {
        Word(bool),
        Number(u8),
    }
    match Switch::deserialize(deserializer) {
        Ok(Switch::Word(word)) => Ok(word),
        Ok(Switch::Number(number @ 0..=1)) => Ok(number == 1),
        Ok(Switch::Number(_)) | Err(_) => Err(serde::de::Error::custom(
            "a switch (sg, hs, cbow_mean, shrink_windows, shuffle) is 0, 1, false or true",
        )),
    }
}

impl Options {
    /// The most numbers of a vector.
    pub const WIDEST: usize = 4096;
    const MOST_NEGATIVE: usize = 1000;
    const WIDEST_WINDOW: usize = 10_000;
    const MOST_EPOCHS: usize = 100_000;

    /// Returns an error for a value out of its range, which names it.
    pub fn check(&self) -> Result<()> {
        let whole = |name, value: usize, low, high| check(name, value as f64, low as f64, high as f64);
        whole("vector_size", self.vector_size, 1, Self::WIDEST)?;
        whole("window", self.window, 1, Self::WIDEST_WINDOW)?;
        whole("negative", self.negative, 0, Self::MOST_NEGATIVE)?;
        whole("epochs", self.epochs, 1, Self::MOST_EPOCHS)?;
        check("ns_exponent", self.ns_exponent, -10.0, 10.0)?;
        check("sample", self.sample, 0.0, 1.0)?;
        check("alpha", self.alpha, f64::MIN_POSITIVE, 1.0)?;
        check("min_alpha", self.min_alpha, 0.0, self.alpha)?;
        if self.negative == 0 && !self.hs {
            return Err(Error::Parameter {
                name: "negative",
                value: "0".into(),
                allowed: "at least 1 unless hs is 1".into(),
            });
        }
        Ok(())
    }
}

/// Returns an error for a value that is not between two others.
fn check(name: &'static str, value: f64, low: f64, high: f64) -> Result<()> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err(Error::Parameter {
            name,
            value: value.to_string(),
            allowed: format!("from {low} to {high}").into(),
        }),
    }
}

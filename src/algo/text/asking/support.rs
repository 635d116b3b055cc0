//! How many sentences of an answer its sources carry: by the words that both have, and by the numbers, which have to be there all.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::analyze::{self, Bag, Language};
use crate::error::Result;
use crate::monitor::Monitor;

/// The share of a sentence's words that a source has to have.
const ENOUGH: f64 = 0.6;
/// A word of fewer letters, in a script with an alphabet, says little: the, is, der, et.
const SHORT: usize = 4;

/// What carries a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Support {
    /// The sentence.
    pub sentence: String,
    /// The greatest share of its words that one source has.
    pub share: f64,
    /// The place of that source; `None` where no source has any.
    pub source: Option<usize>,
    /// Whether that is enough, and all of its numbers are there.
    pub is_supported: bool,
}

/// The sentences of an answer that say something.
pub fn sentences(answer: &str) -> Vec<&str> {
    let sentences = answer.unicode_sentences().flat_map(str::lines).map(str::trim);
    sentences
        .filter(|sentence| sentence.contains(char::is_alphanumeric))
        .collect()
}

/// The words of a sentence that say something; all of them where none does.
fn telling(sentence: &str, language: Language, monitor: &dyn Monitor) -> Result<Vec<String>> {
    let words = analyze::question(sentence, language, monitor)?;
    let is_telling = |word: &String| {
        word.chars().count() >= SHORT || word.chars().any(|letter| letter.is_numeric() || letter >= '\u{0E00}')
    };
    let telling: Vec<String> = words.iter().filter(|word| is_telling(word)).cloned().collect();
    Ok(if telling.is_empty() { words } else { telling })
}

/// Each sentence of an answer, with what carries it. Returns an error when stopped.
pub fn support(answer: &str, sources: &[&str], language: Language, monitor: &dyn Monitor) -> Result<Vec<Support>> {
    let mut known: Vec<BTreeSet<String>> = Vec::new();
    for source in sources {
        let bag = Bag::of(source, language, monitor)?;
        known.push(bag.words().map(|(word, _)| word.to_owned()).collect());
    }
    let mut all = Vec::new();
    for sentence in sentences(answer) {
        monitor.check()?;
        let words = telling(sentence, language, monitor)?;
        let mut best = Support {
            sentence: sentence.to_owned(),
            share: 0.0,
            source: None,
            is_supported: false,
        };
        for (place, source) in known.iter().enumerate() {
            let there = words.iter().filter(|word| source.contains(*word)).count();
            let share = there as f64 / words.len().max(1) as f64;
            let has_numbers = words
                .iter()
                .filter(|word| word.chars().any(char::is_numeric))
                .all(|word| source.contains(word));
            let is_supported = has_numbers && share >= ENOUGH;
            if (is_supported, share) > (best.is_supported, best.share) {
                best.share = share;
                best.source = Some(place);
                best.is_supported = is_supported;
            }
        }
        all.push(best);
    }
    Ok(all)
}

//! Tokens that are found in a text before it is cut into words: `AddedVocabulary` of the crate tokenizers.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex_syntax::try_is_word_character;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// An added token, as tokenizer.json has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddedToken {
    /// Its number.
    pub id: u32,
    /// What is searched for.
    pub content: String,
    /// Whether it is found as a whole word only.
    #[serde(default)]
    pub single_word: bool,
    /// Whether it takes white space before it along.
    #[serde(default)]
    pub lstrip: bool,
    /// Whether it takes white space after it along.
    #[serde(default)]
    pub rstrip: bool,
    /// Whether it is searched for in clean text.
    #[serde(default)]
    pub normalized: bool,
}

/// Added tokens of one kind, to be searched for.
pub struct Added {
    automaton: Option<AhoCorasick>,
    tokens: Vec<AddedToken>,
}

/// Takes a piece of a text, and the token that it is, if any; whether it wants more.
type Taker<'t> = dyn FnMut(Option<u32>, Range<usize>) -> Result<bool> + 't;

impl Added {
    /// Those that `belongs` chooses, searched for as `pattern` says.
    pub fn new(
        tokens: &[AddedToken],
        belongs: impl Fn(&AddedToken) -> bool,
        pattern: impl Fn(&str) -> Result<String>,
    ) -> Result<Added> {
        let tokens: Vec<AddedToken> = tokens.iter().filter(|token| belongs(token)).cloned().collect();
        let mut patterns = Vec::new();
        for token in &tokens {
            let pattern = pattern(&token.content)?;
            if pattern.is_empty() || patterns.contains(&pattern) {
                let problem = format!("added token \"{}\" cannot be told apart in a text", token.content);
                return Err(Error::data(
                    problem,
                    "Added tokens must be texts that differ, once they are normalized.",
                ));
            }
            patterns.push(pattern);
        }
        if tokens.is_empty() {
            return Ok(Added {
                automaton: None,
                tokens,
            });
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns);
        let automaton =
            automaton.map_err(|problem| Error::data(format!("added tokens: {problem}"), "Use fewer added tokens."))?;
        Ok(Added {
            automaton: Some(automaton),
            tokens,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Hands pieces of a text on, until no more are wanted.
    pub fn split(&self, text: &str, take: &mut Taker<'_>) -> Result<()> {
        let mut done = 0;
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_iter(text)) {
            let token = &self.tokens[found.pattern().as_usize()];
            let (mut start, mut stop) = (found.start(), found.end());
            let (before, after) = (&text[..start], &text[stop..]);
            let is_word = |c: Option<char>| c.is_some_and(|c| try_is_word_character(c).unwrap_or(false));
            if token.single_word && (is_word(before.chars().next_back()) || is_word(after.chars().next())) {
                continue;
            }
            if token.lstrip {
                start = before.trim_end().len().max(done);
            }
            if token.rstrip {
                stop += after.len() - after.trim_start().len();
            }
            if (done < start && !take(None, done..start)?) || !take(Some(token.id), start..stop)? {
                return Ok(());
            }
            done = stop;
        }
        if done < text.len() {
            take(None, done..text.len())?;
        }
        Ok(())
    }
}

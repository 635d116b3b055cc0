//! Words, and the pieces of the vocabulary that they are made of.

use super::characters::is_punctuation;
use super::{Rules, Token};
use crate::error::{Error, Result};
use crate::room;

/// Pieces and their numbers, as an image has them: in the order of their bytes.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'b> {
    /// Where each piece ends in `text`.
    pub ends: &'b [u32],
    /// The number of each.
    pub ids: &'b [u32],
    /// Their bytes, one after the other.
    pub text: &'b [u8],
}

impl Vocabulary<'_> {
    /// The number of a piece, if it is there. O(log pieces).
    fn find(&self, piece: &str) -> Result<Option<u32>> {
        let damaged = || Error::damaged("the embedder", "its vocabulary is not where it should be");
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low.midpoint(high);
            let start = if middle == 0 { 0 } else { self.ends[middle - 1] };
            let range = start as usize..self.ends[middle] as usize;
            let found = self.text.get(range).ok_or_else(damaged)?;
            match found.cmp(piece.as_bytes()) {
                std::cmp::Ordering::Equal => return self.ids.get(middle).copied().map(Some).ok_or_else(damaged),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}

/// Puts characters together to words, and cuts these.
pub struct Words<'r> {
    rules: &'r Rules,
    vocabulary: Vocabulary<'r>,
    most: usize,
    tokens: Vec<Token>,
    word: String,
    /// For each character of the word, where it ends there and where in the text.
    ends: Vec<(usize, usize)>,
    /// Characters of the word, those included that are too many.
    characters: usize,
    /// Where the word ends in the text.
    end: usize,
    piece: String,
}

impl<'r> Words<'r> {
    pub fn new(rules: &'r Rules, vocabulary: Vocabulary<'r>, most: usize) -> Self {
        Words {
            rules,
            vocabulary,
            most,
            tokens: Vec::new(),
            word: String::new(),
            ends: Vec::new(),
            characters: 0,
            end: 0,
            piece: String::new(),
        }
    }

    /// Whether more tokens are wanted.
    pub fn go_on(&self) -> bool {
        self.tokens.len() < self.most
    }

    /// Appends a token, unless there are enough. Returns whether more are wanted.
    pub fn token(&mut self, id: u32, end: usize) -> Result<bool> {
        if self.go_on() {
            room::push(&mut self.tokens, Token { id, end })?;
        }
        Ok(self.go_on())
    }

    /// Takes the next character. Returns whether more are wanted.
    pub fn character(&mut self, c: char, end: usize) -> Result<bool> {
        if c.is_whitespace() {
            return self.finish();
        }
        let alone = is_punctuation(c);
        if alone && !self.finish()? {
            return Ok(false);
        }
        self.characters += 1;
        self.end = end;
        if self.characters <= self.rules.most_characters {
            self.word.push(c);
            self.ends.push((self.word.len(), end));
        }
        if alone { self.finish() } else { Ok(true) }
    }

    /// Cuts the word that ends here: from its beginning, each time the longest piece that is in the vocabulary. Returns whether more are wanted.
    pub fn finish(&mut self) -> Result<bool> {
        if self.characters == 0 {
            return Ok(self.go_on());
        }
        let before = self.tokens.len();
        if self.characters > self.rules.most_characters || !self.cut()? {
            self.tokens.truncate(before);
            self.token(self.rules.unknown, self.end)?;
        }
        self.tokens.truncate(self.most);
        self.word.clear();
        self.ends.clear();
        self.characters = 0;
        Ok(self.go_on())
    }

    /// Appends the pieces of the word. Returns whether it is made of pieces.
    fn cut(&mut self) -> Result<bool> {
        let mut first = 0;
        while first < self.ends.len() {
            let start = if first == 0 { 0 } else { self.ends[first - 1].0 };
            self.piece.clear();
            if first > 0 {
                self.piece.push_str(&self.rules.prefix);
            }
            let prefix = self.piece.len();
            self.piece.push_str(&self.word[start..]);
            let mut last = self.ends.len();
            let id = loop {
                if last == first {
                    return Ok(false);
                }
                self.piece.truncate(prefix + self.ends[last - 1].0 - start);
                if let Some(id) = self.vocabulary.find(&self.piece)? {
                    break id;
                }
                last -= 1;
            };
            room::push(
                &mut self.tokens,
                Token {
                    id,
                    end: self.ends[last - 1].1,
                },
            )?;
            first = last;
        }
        Ok(true)
    }

    pub fn into_tokens(self) -> Vec<Token> {
        self.tokens
    }
}

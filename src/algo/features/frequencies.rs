//! How often each text occurs among the rows of a frame.

use super::queue::Queue;
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::room;

/// The mark of a row without a text.
const NONE: u32 = u32::MAX;

/// Texts by codes, and how many rows of the frame each has.
#[derive(Default)]
pub(super) struct Frequencies {
    dictionary: Dictionary,
    counts: Vec<u64>,
    queue: Queue<u32>,
    moves: bool,
}

impl Frequencies {
    pub fn new(moves: bool) -> Frequencies {
        Frequencies {
            moves,
            ..Frequencies::default()
        }
    }

    /// A row comes; gives its code, if it has a text. Returns an error where there is no room. Expected O(length).
    pub fn push(&mut self, text: Option<&str>) -> Result<Option<u32>> {
        let code = match text {
            Some(text) => {
                let code = self.dictionary.code(text, NONE)?;
                let code = code.ok_or(Error::Internal("more different texts than there are codes"))?;
                if code as usize == self.counts.len() {
                    room::push(&mut self.counts, 0)?;
                }
                self.counts[code as usize] += 1;
                Some(code)
            }
            None => None,
        };
        if self.moves {
            self.queue.push(code.unwrap_or(NONE))?;
        }
        Ok(code)
    }

    /// The first row leaves; gives its code, if it had a text.
    pub fn pop(&mut self) -> Option<u32> {
        let code = self.queue.pop().filter(|&code| code != NONE)?;
        self.counts[code as usize] -= 1;
        Some(code)
    }

    /// How many rows there are, where they leave one by one.
    pub fn rows(&self) -> usize {
        self.queue.len()
    }

    pub fn clear(&mut self) {
        *self = Frequencies::new(self.moves);
    }

    /// The code of a text, if it occurs or has occurred.
    pub fn find(&mut self, text: &str) -> Result<Option<u32>> {
        // No code is left for another text.
        self.dictionary.code(text, self.counts.len() as u32)
    }

    pub fn text(&self, code: u32) -> &str {
        self.dictionary.text(code)
    }

    pub fn count(&self, code: u32) -> u64 {
        self.counts.get(code as usize).copied().unwrap_or(0)
    }

    /// The codes of texts that occur so often at least, which is once or more.
    pub fn frequent(&self, least: u64) -> impl Iterator<Item = u32> {
        let counts = self.counts.iter().zip(0_u32..);
        counts.filter(move |(count, _)| **count >= least).map(|(_, code)| code)
    }
}

//! Documents that are in no segment yet: each with its own words, so that writing a row touches nothing that others write.

use super::block::{take, write};
use crate::analyze::Bag;
use crate::error::{Error, Result};
use crate::room;

/// How the bytes are to be read: the first of them.
const FORMAT: u8 = 1;
const WHAT: &str = "a document's list of words";

/// A document's words as bytes.
pub fn write_bag(bag: &Bag) -> Result<Vec<u8>> {
    let size = bag.words().map(|(word, _)| word.len() + 15).sum::<usize>();
    let mut bytes = room::with_capacity(size + 16)?;
    bytes.push(FORMAT);
    write(u64::from(bag.length()), &mut bytes);
    write(bag.words().len() as u64, &mut bytes);
    for (word, frequency) in bag.words() {
        write(word.len() as u64, &mut bytes);
        bytes.extend_from_slice(word.as_bytes());
        write(u64::from(frequency), &mut bytes);
    }
    Ok(bytes)
}

/// The words of such bytes, one by one, ascending.
pub struct Words<'a> {
    left: &'a [u8],
    words: u64,
    /// How many words the document has, each counted as often as it is there.
    pub length: u32,
    last: Option<&'a [u8]>,
}

impl<'a> Words<'a> {
    /// Of bytes that may be anything.
    pub fn of(bytes: &'a [u8]) -> Result<Words<'a>> {
        let mut left = match bytes.split_first() {
            Some((&FORMAT, left)) => left,
            Some((format, _)) => return Err(Error::newer(WHAT, format!("its format is {format}"))),
            None => return Err(Error::damaged(WHAT, "it is empty")),
        };
        let length = take(&mut left)?;
        let words = take(&mut left)?;
        Ok(Words {
            length: u32::try_from(length).map_err(|_| damaged("its length is too great"))?,
            left,
            words,
            last: None,
        })
    }

    /// The next word with its frequency.
    pub fn read(&mut self) -> Result<Option<(&'a [u8], u32)>> {
        if self.words == 0 {
            return match self.left {
                [] => Ok(None),
                _ => Err(damaged("something follows its end")),
            };
        }
        let size = usize::try_from(take(&mut self.left)?).unwrap_or(usize::MAX);
        let (word, left) = self
            .left
            .split_at_checked(size)
            .ok_or_else(|| damaged("it ends early"))?;
        self.left = left;
        let frequency = u32::try_from(take(&mut self.left)?).unwrap_or(0);
        if frequency == 0 || self.last.is_some_and(|last| last >= word) {
            return Err(damaged("its words are not in their order"));
        }
        self.last = Some(word);
        self.words -= 1;
        Ok(Some((word, frequency)))
    }
}

#[cold]
fn damaged(problem: &str) -> Error {
    Error::damaged(WHAT, problem)
}

/// How often each of some words, ascending, is in a document; and how many words it has.
pub fn frequencies(bytes: &[u8], asked: &[String], frequencies: &mut Vec<u32>) -> Result<u32> {
    frequencies.clear();
    frequencies.resize(asked.len(), 0);
    let mut words = Words::of(bytes)?;
    let mut place = 0;
    while let Some((word, frequency)) = words.read()? {
        while asked.get(place).is_some_and(|own| own.as_bytes() < word) {
            place += 1;
        }
        match asked.get(place) {
            None => break,
            Some(own) if own.as_bytes() == word => frequencies[place] = frequency,
            Some(_) => {}
        }
    }
    Ok(words.length)
}

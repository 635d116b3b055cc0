//! One scored row as bytes, on its way from what scores it to what gathers it.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | flags, below |
//! | 4 | how many classes the model has; 0 for numbers |
//! | 4 | values of categories that training did not see |
//! | 4 or 8 | the number of the row's class, or its number, where it has a target |
//! | 8 each | the scores, where it has a target: one per class, or the predicted number |
//! | 8 each | the bounds of the interval, where there is one |
//! | 4 | the hash of the row, where it is one of those that training kept |
//! | 8 each | what else is kept of the row |

use crate::error::{Error, Result};
use crate::metrics::evaluation::Actual;
use crate::room;

/// The most classes: more than labels that anyone has judged a model on.
pub(super) const MOST_CLASSES: u32 = 1 << 20;

const LABELLED: u8 = 1;
const INTERVAL: u8 = 2;
const COMPARED: u8 = 4;
const SEEN: u8 = 8;
const ALL: u8 = LABELLED | INTERVAL | COMPARED | SEEN;

/// What is kept of a row that was scored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoredRow {
    /// How many classes the model has; 0 for numbers.
    pub classes: u32,
    /// Values of categories that training did not see.
    pub unseen: u32,
    /// What the row is; `None` for one without a target, of which nothing else is kept.
    pub actual: Option<Actual>,
    /// What the model says: a probability per class, or a number.
    pub scores: Vec<f64>,
    /// The interval around the predicted number, of a model that has them.
    pub interval: Option<[f64; 2]>,
    /// Whether the row was compared with those that training kept, and its hash where it is one of them.
    pub compared: Option<Option<u32>>,
    /// Other numbers of the row.
    pub extra: Vec<f64>,
}

fn damaged(problem: &'static str) -> Error {
    Error::damaged("scored row", problem)
}

/// Takes so many bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, rest) = bytes
        .split_first_chunk::<N>()
        .ok_or_else(|| damaged("it ends too early"))?;
    *bytes = rest;
    Ok(*taken)
}

fn number(bytes: &mut &[u8]) -> Result<f64> {
    take(bytes).map(f64::from_le_bytes)
}

fn integer(bytes: &mut &[u8]) -> Result<u32> {
    take(bytes).map(u32::from_le_bytes)
}

impl ScoredRow {
    /// How many scores a row with a target has.
    fn outputs(&self) -> usize {
        (self.classes as usize).max(1)
    }

    /// Appends its bytes. Returns an error where there is no room.
    pub fn write(&self, bytes: &mut Vec<u8>) -> Result<()> {
        room::reserve(bytes, 48 + 8 * (self.scores.len() + self.extra.len()))?;
        let is_labelled = self.actual.is_some();
        let flag = |is_set: bool, flag: u8| if is_labelled && is_set { flag } else { 0 };
        bytes.push(
            flag(true, LABELLED)
                | flag(self.interval.is_some(), INTERVAL)
                | flag(self.compared.is_some(), COMPARED)
                | flag(self.compared.flatten().is_some(), SEEN),
        );
        bytes.extend_from_slice(&self.classes.to_le_bytes());
        bytes.extend_from_slice(&self.unseen.to_le_bytes());
        match self.actual {
            None => return Ok(()),
            Some(Actual::Class(class)) => bytes.extend_from_slice(&class.to_le_bytes()),
            Some(Actual::Number(number)) => bytes.extend_from_slice(&number.to_le_bytes()),
        }
        let mut add = |numbers: &[f64]| numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        add(&self.scores);
        add(self.interval.as_ref().map_or(&[], |interval| &interval[..]));
        if let Some(hash) = self.compared.flatten() {
            bytes.extend_from_slice(&hash.to_le_bytes());
        }
        self.extra.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        Ok(())
    }

    /// Reads the bytes of a row into this one, whose room is used again. Returns an error for bytes that are none; what the numbers say is not looked at.
    pub fn read(&mut self, mut bytes: &[u8]) -> Result<()> {
        let rest = &mut bytes;
        let [flags] = take(rest)?;
        self.classes = integer(rest)?;
        self.unseen = integer(rest)?;
        (self.actual, self.interval, self.compared) = (None, None, None);
        self.scores.clear();
        self.extra.clear();
        if self.classes > MOST_CLASSES || flags & !ALL != 0 || (flags & SEEN != 0 && flags & COMPARED == 0) {
            return Err(damaged("its flags and counts do not agree"));
        }
        if flags & LABELLED == 0 {
            return match (flags, &*rest) {
                (0, []) => Ok(()),
                _ => Err(damaged("there is more of it than of a row without a target")),
            };
        }
        self.actual = Some(match self.classes {
            0 => Actual::Number(number(rest)?),
            _ => Actual::Class(integer(rest)?),
        });
        if self.outputs() > rest.len() / 8 {
            return Err(damaged("it ends too early"));
        }
        for _ in 0..self.outputs() {
            room::push(&mut self.scores, number(rest)?)?;
        }
        if flags & INTERVAL != 0 {
            self.interval = Some([number(rest)?, number(rest)?]);
        }
        if flags & COMPARED != 0 {
            let is_seen = flags & SEEN != 0;
            self.compared = Some(is_seen.then(|| integer(rest)).transpose()?);
        }
        while !rest.is_empty() {
            room::push(&mut self.extra, number(rest)?)?;
        }
        Ok(())
    }
}

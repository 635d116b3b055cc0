//! The segments that rows fall into: one for each combination of values in the columns that a check groups by. When there are too many
//! of them, all are given up: what a few of them would say is not what was asked.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::test::Constant;
use crate::block::{BlockColumn, Cells};
use crate::error::{Error, Result};

/// The most segments of a grouping. With more it holds none, and [`Segments::overflowed`] says so.
pub const MOST_SEGMENTS: usize = 10_000;

/// The most bytes that the values of all segments of a grouping take.
const MOST_BYTES: usize = 8 << 20;

/// The values of a segment, one a column of the grouping; `None` is NULL.
pub type Segment = Vec<Option<Constant>>;

/// The rows of a block by segment: the place of each that occurs, with its rows in order.
pub(super) type Groups = Vec<(usize, Vec<u32>)>;

/// Segments in the order in which they were first seen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Segments {
    values: Vec<Segment>,
    overflowed: bool,
    /// From a segment's bytes to its place; made again when it is empty and there are segments.
    #[serde(skip)]
    places: HashMap<Box<[u8]>, u32>,
    /// Of all keys.
    #[serde(skip)]
    bytes: usize,
}

impl PartialEq for Segments {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.overflowed == other.overflowed
    }
}

impl Segments {
    /// The segments.
    pub fn values(&self) -> &[Segment] {
        &self.values
    }

    /// Whether there were too many segments.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Gives all segments up.
    pub fn give_up(&mut self) {
        *self = Segments {
            overflowed: true,
            ..Segments::default()
        };
    }

    fn index(&mut self) {
        if self.places.is_empty() {
            self.places = self
                .values
                .iter()
                .zip(0..)
                .map(|(segment, place)| (key(segment), place))
                .collect();
            self.bytes = self.places.keys().map(|key| key.len()).sum();
        }
    }

    /// The rows of a block by segment. None once there are too many segments.
    pub(super) fn groups(&mut self, columns: &[&BlockColumn]) -> Groups {
        if self.overflowed {
            return Vec::new();
        }
        self.index();
        let mut groups = Groups::new();
        let mut group_of: HashMap<u32, usize> = HashMap::new();
        let rows = columns.first().map_or(0, |column| column.rows());
        let mut key = Vec::new();
        let mut last_key = Vec::new();
        let mut group = 0;
        for row in 0..rows {
            key.clear();
            if !columns.iter().all(|column| push_key(&mut key, column, row)) {
                self.give_up();
                return Groups::new();
            }
            if row == 0 || last_key != key {
                let segment = || columns.iter().map(|column| cell(column, row)).collect();
                let Some(place) = self.place(&key, segment) else {
                    self.give_up();
                    return Vec::new();
                };
                group = *group_of.entry(place).or_insert_with(|| {
                    groups.push((place as usize, Vec::new()));
                    groups.len() - 1
                });
                std::mem::swap(&mut key, &mut last_key);
            }
            groups[group].1.push(row as u32);
        }
        groups
    }

    /// The place of a segment; `None` when there is none left.
    fn place(&mut self, key: &[u8], segment: impl FnOnce() -> Segment) -> Option<u32> {
        if let Some(&place) = self.places.get(key) {
            return Some(place);
        }
        if self.values.len() >= MOST_SEGMENTS || self.bytes + key.len() > MOST_BYTES {
            return None;
        }
        let place = self.values.len() as u32;
        self.values.push(segment());
        self.bytes += key.len();
        self.places.insert(key.into(), place);
        Some(place)
    }

    /// Adds those of `other`; gives the place of each of them here. None once there are too many.
    pub fn merge(&mut self, other: &Segments) -> Vec<u32> {
        self.index();
        let mut places = Vec::with_capacity(other.values.len());
        for segment in &other.values {
            match self.place(&key(segment), || segment.clone()) {
                Some(place) if !self.overflowed => places.push(place),
                _ => {
                    self.give_up();
                    return Vec::new();
                }
            }
        }
        if other.overflowed {
            self.give_up();
        }
        places
    }

    /// Checks what the other methods rely on, for a grouping of `width` columns.
    pub fn validate(&self, width: usize) -> Result<()> {
        let mut keys: Vec<Box<[u8]>> = self.values.iter().map(key).collect();
        keys.sort_unstable();
        if self.values.len() > MOST_SEGMENTS
            || self.overflowed && !self.values.is_empty()
            || self.values.iter().any(|segment| segment.len() != width)
            || !keys.is_sorted_by(|a, b| a < b)
        {
            return Err(Error::damaged("scan", "its segments do not agree"));
        }
        Ok(())
    }

    /// Bytes held on the heap, about. O(1).
    pub fn memory(&self) -> usize {
        let width = self.values.first().map_or(0, Segment::len);
        let keys = self.bytes + self.places.capacity() * (size_of::<(Box<[u8]>, u32)>() + 1);
        // The values hold the texts once more.
        keys + self.bytes + self.values.capacity() * (size_of::<Segment>() + width * size_of::<Option<Constant>>())
    }
}

/// Bytes that are equal for equal segments only.
pub fn key(segment: &Segment) -> Box<[u8]> {
    let mut key = Vec::new();
    for value in segment {
        match value {
            None => key.push(0),
            Some(Constant::Integer(integer)) => push_bytes(&mut key, 1, &integer.to_le_bytes()),
            Some(Constant::Number(number)) => push_bytes(&mut key, 2, &bits(*number).to_le_bytes()),
            Some(Constant::Text(text)) => push_bytes(&mut key, 3, text.as_bytes()),
        }
    }
    key.into()
}

/// Appends a cell to a key. Says whether there may be such a key: one text may be longer than all keys together.
#[inline]
fn push_key(key: &mut Vec<u8>, column: &BlockColumn, row: usize) -> bool {
    if !column.present()[row] {
        key.push(0);
        return true;
    }
    match column.cells() {
        Cells::Integers(integers) => push_bytes(key, 1, &integers[row].to_le_bytes()),
        Cells::Numbers(numbers) => push_bytes(key, 2, &bits(numbers[row]).to_le_bytes()),
        Cells::Texts(texts) if texts.get(row).len() > MOST_BYTES => return false,
        Cells::Texts(texts) => push_bytes(key, 3, texts.get(row).as_bytes()),
    }
    true
}

fn push_bytes(key: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    key.push(tag);
    key.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    key.extend_from_slice(bytes);
}

/// The bits that stand for a number: PostgreSQL takes -0 for 0, and every NaN for the same.
fn bits(number: f64) -> u64 {
    if number.is_nan() {
        f64::NAN.to_bits()
    } else {
        (number + 0.0).to_bits()
    }
}

/// A cell as a constant; `None` is NULL.
pub fn cell(column: &BlockColumn, row: usize) -> Option<Constant> {
    column.present()[row].then(|| match column.cells() {
        Cells::Integers(integers) => Constant::Integer(integers[row]),
        Cells::Numbers(numbers) => Constant::Number(numbers[row]),
        Cells::Texts(texts) => Constant::Text(texts.get(row).to_string()),
    })
}

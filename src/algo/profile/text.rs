//! The profile of texts.

use serde::{Deserialize, Serialize};

use super::shape::Shapes;
use super::sizes::{Sizes, TEXT_OVERHEAD};
use super::text_stats::TextStats;
use crate::block::Kind;
use crate::error::{Error, Result};
use crate::sketch::{Frequent, HyperLogLog, Key, Label, Sampler, Table, hash_text};
use crate::texts::Texts as Cells;

/// What is known of the texts of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Texts {
    /// Each text with its rows. Empty once there are too many.
    exact: Table<Label>,
    /// Bytes that the table takes.
    bytes: u64,
    sketches: Option<Box<Sketches>>,
}

/// What replaces the exact table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sketches {
    pub(super) stats: TextStats,
    pub(super) distinct: HyperLogLog,
    pub(super) frequent: Frequent<Label>,
    /// Of the kinds that people write.
    pub(super) shapes: Option<Shapes>,
    /// Chooses for `frequent`.
    often: Sampler,
    /// Chooses for `shapes`, which take longer.
    seldom: Sampler,
}

/// Rows whose shape is looked at one by one before that of a sample is.
const SHAPED: u32 = 1 << 13;

impl Sketches {
    fn new(kind: Kind, sizes: Sizes, seed: u64) -> Sketches {
        Sketches {
            stats: TextStats::new(kind),
            distinct: HyperLogLog::new(sizes.precision),
            frequent: Frequent::new(sizes.frequent),
            shapes: has_shapes(kind).then(Shapes::new),
            often: Sampler::new(sizes.sample, seed),
            seldom: Sampler::new(SHAPED.min(sizes.sample), !seed),
        }
    }

    /// Adds rows one by one.
    fn push(&mut self, texts: &[&str]) {
        let seen = self.stats.lengths.characters.rows;
        let hashes: Vec<u64> = texts.iter().map(|text| hash_text(text)).collect();
        self.distinct.push_all(hashes.iter().copied());
        texts.iter().for_each(|text| self.stats.push(text, 1));
        if let Some(&first) = hashes.first() {
            self.often.stir(first);
            self.seldom.stir(first);
        }
        let frequent = &mut self.frequent;
        self.often.choose(texts.len(), seen, |row, height| {
            count(frequent, texts[row], hashes[row], 1 << height);
            frequent.was_sampled(1 << height);
        });
        if let Some(shapes) = &mut self.shapes {
            self.seldom.choose(texts.len(), seen, |row, height| {
                shapes.push_sampled(texts[row], 1 << height)
            });
        }
    }

    /// Adds texts with their rows.
    fn push_table(&mut self, table: &Table<Label>) {
        for (label, rows) in table.iter() {
            self.distinct.push(label.hash());
            self.stats.push(label.text(), rows);
            if let Some(shapes) = &mut self.shapes {
                shapes.push(label.text(), rows);
            }
        }
        if table.iter().all(|(label, _)| label.text().len() <= Label::SHORT) {
            return self.frequent.push_table(table);
        }
        for (label, rows) in table.iter() {
            count(&mut self.frequent, label.text(), label.hash(), rows);
        }
    }

    fn merge(&mut self, other: &Sketches) -> Result<()> {
        self.stats.merge(&other.stats);
        self.distinct.merge(&other.distinct)?;
        self.frequent.merge(&other.frequent)?;
        match (&mut self.shapes, &other.shapes) {
            (Some(ours), Some(theirs)) => ours.merge(theirs),
            _ => Ok(()),
        }
    }
}

fn count(frequent: &mut Frequent<Label>, text: &str, hash: u64, rows: u64) {
    frequent.push_by(hash, rows, |label| label.is_of(text, hash), || Label::short(text, hash));
}

/// Whether people write the values, so that their shapes tell something.
fn has_shapes(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Enum | Kind::Other)
}

impl Texts {
    pub(super) fn new() -> Texts {
        Texts {
            exact: Table::default(),
            bytes: 0,
            sketches: None,
        }
    }

    /// Adds the cells that are there.
    pub(super) fn push(&mut self, kind: Kind, sizes: Sizes, seed: u64, cells: &Cells, present: Option<&[bool]>) {
        let texts: Vec<&str> = match present {
            None => cells.iter().collect(),
            Some(present) => cells
                .iter()
                .zip(present)
                .filter(|&(_, &there)| there)
                .map(|(text, _)| text)
                .collect(),
        };
        let counted = match self.sketches {
            None => texts
                .iter()
                .position(|text| !self.count(sizes, text, hash_text(text), 1))
                .unwrap_or(texts.len()),
            Some(_) => 0,
        };
        if counted < texts.len() {
            self.sketched(kind, sizes, seed).push(&texts[counted..]);
        }
    }

    /// Counts a text exactly, unless the table is full.
    fn count(&mut self, sizes: Sizes, text: &str, hash: u64, rows: u64) -> bool {
        let new = (text.len() + TEXT_OVERHEAD) as u64;
        let fits = self.bytes + new <= u64::from(sizes.text_bytes);
        let limit = if fits { sizes.values.into() } else { 0 };
        let before = self.exact.len();
        let counted = self.exact.add_by(
            hash,
            rows,
            limit,
            |label| label.is_of(text, hash),
            || Label::new(text, hash),
        );
        if self.exact.len() > before {
            self.bytes += new;
        }
        counted
    }

    /// Turns from the table to sketches.
    fn sketched(&mut self, kind: Kind, sizes: Sizes, seed: u64) -> &mut Sketches {
        let exact = std::mem::take(&mut self.exact);
        self.bytes = 0;
        self.sketches.get_or_insert_with(|| {
            let mut sketches = Box::new(Sketches::new(kind, sizes, seed));
            sketches.push_table(&exact);
            sketches
        })
    }

    pub(super) fn merge(&mut self, kind: Kind, sizes: Sizes, seed: u64, other: &Texts) -> Result<()> {
        if self.sketches.is_none() && other.sketches.is_none() {
            let mut union = self.clone();
            if other
                .exact
                .iter()
                .all(|(label, rows)| union.count(sizes, label.text(), label.hash(), rows))
            {
                *self = union;
                return Ok(());
            }
        }
        let ours = self.sketched(kind, sizes, seed);
        match &other.sketches {
            None => ours.push_table(&other.exact),
            Some(theirs) => ours.merge(theirs)?,
        }
        Ok(())
    }

    /// The exact table, where there is one.
    pub(super) fn exact(&self) -> Option<&Table<Label>> {
        self.sketches.is_none().then_some(&self.exact)
    }

    /// The sketches, where there are some, or what they would be if they were made now.
    pub(super) fn sketches(&self, kind: Kind, sizes: Sizes) -> std::borrow::Cow<'_, Sketches> {
        match &self.sketches {
            Some(sketches) => std::borrow::Cow::Borrowed(sketches),
            None => {
                let mut sketches = Sketches::new(kind, sizes, 0);
                sketches.push_table(&self.exact);
                std::borrow::Cow::Owned(sketches)
            }
        }
    }

    /// Checks everything against the number of values that are there.
    pub(super) fn validate(&self, kind: Kind, sizes: Sizes, present: u64) -> Result<()> {
        let damaged = || Error::damaged("profile of texts", "counts do not agree");
        let Some(sketches) = &self.sketches else {
            let bytes: u64 = self
                .exact
                .iter()
                .map(|(label, _)| (label.text().len() + TEXT_OVERHEAD) as u64)
                .sum();
            let sound = self.exact.is_sound(sizes.values.into())
                && self.exact.total() == Some(present)
                && self.bytes == bytes
                && bytes <= u64::from(sizes.text_bytes)
                && self.exact.iter().all(|(label, _)| label.is_whole());
            return sound.then_some(()).ok_or_else(damaged);
        };
        sketches.distinct.validate(sizes.precision)?;
        sketches.frequent.validate()?;
        if let Some(shapes) = &sketches.shapes {
            shapes.validate(present)?;
        }
        let sound = self.exact.is_empty()
            && self.exact.is_sound(0)
            && self.bytes == 0
            && sketches.stats.is_sound(kind, present)
            && sketches.frequent.limit() == sizes.frequent
            && sketches.frequent.rows() == present
            && sketches.frequent.keys().all(|label| label.text().len() <= Label::SHORT)
            && sketches.shapes.is_some() == has_shapes(kind);
        sound.then_some(()).ok_or_else(damaged)
    }

    pub(super) fn memory(&self) -> usize {
        self.exact.memory()
            + self.sketches.as_ref().map_or(0, |sketches| {
                size_of::<Sketches>()
                    + sketches.stats.memory()
                    + sketches.distinct.memory()
                    + sketches.frequent.memory()
                    + sketches.shapes.as_ref().map_or(0, Shapes::memory)
            })
    }
}

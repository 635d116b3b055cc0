//! What is known of rows after they were read once: how many there are, a sum of their hashes, and a sample.
//!
//! The sample is of contents, each with how many rows have it: those whose hashes are the least (a bottom-k sketch: Cohen and Kaplan, "Summarizing data
//! using bottom-k sketches", 2007). It does not depend on the order of rows. Of each class the least
//! hashes are kept by themselves, so that no class is missing, however few rows it has.

use std::collections::BinaryHeap;

use hashbrown::HashMap;

use super::Cell;
use super::packer::other_rows;
use super::plan::SurveyPlan;
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::frame::MISSING;
use crate::hash;
use crate::lines::Lines;
use crate::monitor::Monitor;
use crate::prepare::{ColumnValues, Heading, Note, ReadColumn, ReadRows, left_out};
use crate::room;
use crate::training_set::TargetKind;

/// Contents that the sample is of: as many as bins are learned from.
const SAMPLE: usize = 200_000;
/// Of wide rows it is of fewer: of about so many values.
const VALUES: usize = 8_000_000;
/// But of so many contents at least.
const LEAST: usize = 20_000;
/// Contents of each class, at least.
pub(super) const OF_CLASS: usize = 64;
/// More classes than this are refused when they are prepared.
pub(super) const MOST_CLASSES: usize = 1024;

/// The rows read so far.
#[derive(Debug, Clone)]
pub struct Survey {
    pub(super) seed: u64,
    /// The place of what is to be predicted, and of which kind it is.
    pub(super) target: (usize, TargetKind),
    pub(super) most: usize,
    /// Whether a column holds texts: their codes stand in the sample.
    pub(super) dictionaries: Vec<Option<Dictionary>>,
    pub(super) non_finite: Vec<u64>,
    pub(super) rows: u64,
    pub(super) unlabelled: u64,
    pub(super) sum: u64,
    /// Hashes beyond it are not of the sample.
    pub(super) threshold: u64,
    pub(super) contents: HashMap<u64, Content>,
    /// Values of the sample, content by content.
    pub(super) values: Vec<f64>,
    pub(super) classes: HashMap<u64, Class>,
}

/// A content of the sample.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) rows: u64,
    /// Where its values are.
    pub(super) place: usize,
    pub(super) class: u64,
}

/// What is known of a class.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub(super) rows: u64,
    /// The least hashes, the greatest of them first.
    pub(super) least: BinaryHeap<u64>,
}

impl Class {
    /// Makes a hash one of the least, if it is.
    pub(super) fn add(&mut self, hash: u64) {
        if self.has(hash) {
            self.least.push(hash);
            if self.least.len() > OF_CLASS {
                self.least.pop();
            }
        }
    }

    /// Whether a hash is among the least.
    pub(super) fn has(&self, hash: u64) -> bool {
        self.least.len() < OF_CLASS || self.least.peek().is_some_and(|greatest| hash <= *greatest)
    }
}

/// What the first reading told.
pub struct Surveyed {
    /// A sample of the rows that have a target, as they are read.
    pub sample: ReadRows,
    /// Rows with a target.
    pub rows: u64,
    /// Rows without one, which are left out.
    pub unlabelled: u64,
    /// By which the rows are known again: the sum of their hashes.
    pub(super) sum: u64,
    /// The rows of each class, by the key of its value.
    pub(super) classes: HashMap<u64, u64>,
}

impl Surveyed {
    /// Gives the sample up.
    pub fn take_sample(&mut self) -> ReadRows {
        let none = ReadRows {
            rows: 0,
            columns: Vec::new(),
            lines: Vec::new(),
        };
        std::mem::replace(&mut self.sample, none)
    }

    /// How many rows there are of the class with that key.
    pub(crate) fn rows_of(&self, class: u64) -> u64 {
        self.classes.get(&class).copied().unwrap_or(0)
    }

    /// Returns an error for rows that were read again and are others: there are not as many, or the sum of their hashes is not the same.
    pub(crate) fn check_rows(&self, rows: u64, sum: u64) -> Result<()> {
        match (rows, sum) == (self.rows, self.sum) {
            true => Ok(()),
            false => Err(other_rows()),
        }
    }

    /// How many rows are left out since they have no target, if any.
    pub fn note(&self, target: &str) -> Option<Note> {
        left_out(self.unlabelled, target)
    }
}

/// The hash of a row's content, and the key of its class. Goes over the cells in their order. O(row).
#[inline]
pub(crate) fn hash_of<'c>(seed: u64, columns: usize, cell: &impl Fn(usize) -> Cell<'c>) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, bits: u64| {
        // Folded products, as in wyhash.
        let product = u128::from(hash.rotate_left(17) ^ bits) * u128::from(FACTOR);
        product as u64 ^ (product >> 64) as u64
    };
    let content = (0..columns).fold(FACTOR, |hash, column| fold(hash, key_of(cell(column))));
    hash::hash_u64(seed, content)
}

/// What tells a value from others. 0 and -0 are one number; what is no number is missing.
#[inline]
pub(crate) fn key_of(cell: Cell<'_>) -> u64 {
    match cell {
        Cell::Number(number) if number.is_finite() => (number + 0.0).to_bits(),
        Cell::Number(_) | Cell::Missing => f64::NAN.to_bits(),
        Cell::Text(text) => hash::hash_bytes(1, text.as_bytes()),
    }
}

/// Whether a row has something to learn.
#[inline]
pub(crate) fn is_labelled(cell: Cell<'_>) -> bool {
    match cell {
        Cell::Missing => false,
        Cell::Number(number) => number.is_finite(),
        Cell::Text(_) => true,
    }
}

impl Survey {
    /// The most contents of a sample of rows of so many columns.
    pub(super) fn most(columns: usize) -> usize {
        (VALUES / columns.max(1)).clamp(LEAST, SAMPLE)
    }

    /// No rows yet, which a plan is for.
    pub fn new(plan: &SurveyPlan) -> Survey {
        Survey {
            seed: plan.seed,
            target: (plan.target, plan.kind),
            most: plan.most,
            dictionaries: plan.texts.iter().map(|texts| texts.then(Dictionary::default)).collect(),
            non_finite: vec![0; plan.texts.len()],
            rows: 0,
            unlabelled: 0,
            sum: 0,
            threshold: plan.threshold,
            contents: HashMap::new(),
            values: Vec::new(),
            classes: HashMap::new(),
        }
    }

    /// Whether it was made by a plan, but for the bound of hashes.
    pub fn is_by(&self, plan: &SurveyPlan) -> bool {
        let texts = self.dictionaries.iter().map(Option::is_some);
        (self.seed, self.target, self.most) == (plan.seed, (plan.target, plan.kind), plan.most)
            && texts.eq(plan.texts.iter().copied())
    }

    /// Whether the sample is as if no bound had been set to hashes beforehand.
    pub fn is_full(&self) -> bool {
        let least = self.contents.keys().filter(|hash| **hash <= self.threshold).count();
        self.threshold == u64::MAX || least >= self.most
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows + self.unlabelled
    }

    /// Rows so far that have a target.
    pub fn labelled(&self) -> u64 {
        self.rows
    }

    /// The texts of a column that stand in the sample, or stood in it.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        let dictionary = self.dictionaries.get(column).and_then(Option::as_ref);
        dictionary.into_iter().flat_map(|dictionary| dictionary.texts().iter())
    }

    /// How many columns a row has.
    pub fn width(&self) -> usize {
        self.dictionaries.len()
    }

    /// Looks at a row; `cell` gives what stands in a column. Returns an error where there is no room. O(row), and of few rows a look-up.
    #[inline]
    pub fn push<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Result<()> {
        let target = cell(self.target.0);
        for (column, count) in self.non_finite.iter_mut().enumerate() {
            *count += u64::from(matches!(cell(column), Cell::Number(number) if !number.is_finite()));
        }
        if self.target.1 != TargetKind::None && !is_labelled(target) {
            self.unlabelled += 1;
            return Ok(());
        }
        let hash = hash_of(self.seed, self.dictionaries.len(), &cell);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(hash);
        let class = match self.target.1 {
            TargetKind::Classes(_) => key_of(target),
            TargetKind::None | TargetKind::Numbers => 0,
        };
        if self.admits(hash, class) {
            self.keep(hash, class, cell)?;
        }
        Ok(())
    }

    /// Whether a row's content is of the sample; counts its class.
    #[inline]
    fn admits(&mut self, hash: u64, class: u64) -> bool {
        let is_least = hash <= self.threshold;
        if !matches!(self.target.1, TargetKind::Classes(_)) {
            return is_least;
        }
        if self.classes.len() >= MOST_CLASSES && !self.classes.contains_key(&class) {
            return is_least;
        }
        let of_class = self.classes.entry(class).or_default();
        of_class.rows += 1;
        is_least || of_class.has(hash)
    }

    fn keep<'c>(&mut self, hash: u64, class: u64, cell: impl Fn(usize) -> Cell<'c>) -> Result<()> {
        if let Some(content) = self.contents.get_mut(&hash) {
            content.rows += 1;
            return Ok(());
        }
        room::reserve(&mut self.values, self.dictionaries.len())?;
        self.contents.try_reserve(1).map_err(|_| Error::OutOfMemory {
            needed: self.contents.allocation_size(),
        })?;
        let place = self.values.len();
        for (column, dictionary) in self.dictionaries.iter_mut().enumerate() {
            let value = match (cell(column), dictionary) {
                (Cell::Number(number), _) if number.is_finite() => number,
                (Cell::Text(text), Some(dictionary)) => dictionary.code(text, MISSING)?.map_or(f64::NAN, f64::from),
                (Cell::Number(_) | Cell::Missing | Cell::Text(_), _) => f64::NAN,
            };
            self.values.push(value);
        }
        self.contents.insert(hash, Content { rows: 1, place, class });
        if let Some(class) = self.classes.get_mut(&class) {
            class.add(hash);
        }
        self.compact_many()
    }

    /// Leaves the contents with the least hashes, if there are many more.
    pub(super) fn compact_many(&mut self) -> Result<()> {
        let most = self.most + self.most / 4 + self.classes.len() * 2 * OF_CLASS;
        if self.contents.len() > most {
            self.compact()?;
        }
        Ok(())
    }

    /// Leaves the contents with the least hashes.
    pub(crate) fn compact(&mut self) -> Result<()> {
        let mut hashes: Vec<u64> = room::with_capacity(self.contents.len())?;
        hashes.extend(self.contents.keys().filter(|hash| **hash <= self.threshold));
        if hashes.len() > self.most {
            self.threshold = *hashes.select_nth_unstable(self.most - 1).1;
        }
        let (threshold, classes) = (self.threshold, &self.classes);
        let has = |hash: u64, class: u64| classes.get(&class).is_some_and(|class| class.has(hash));
        self.contents
            .retain(|hash, content| *hash <= threshold || has(*hash, content.class));
        let width = self.dictionaries.len();
        let mut places: Vec<&mut Content> = self.contents.values_mut().collect();
        places.sort_unstable_by_key(|content| content.place);
        let mut end = 0;
        for content in places {
            self.values.copy_within(content.place..content.place + width, end);
            content.place = end;
            end += width;
        }
        self.values.truncate(end);
        Ok(())
    }

    /// What there is to know. `headings` says what the columns are and at which place of the query each stands; `order` gives the place of a label in
    /// the order of its enum type. Returns an error where there is no room, and when stopped.
    pub fn finish(
        mut self,
        headings: Vec<(usize, Heading)>,
        width: usize,
        order: impl Fn(usize, &str) -> Option<f32>,
        monitor: &dyn Monitor,
    ) -> Result<Surveyed> {
        self.compact()?;
        monitor.check()?;
        let copies = self.copies();
        let rows = copies.iter().map(|(_, copies)| *copies).sum::<u64>() as usize;
        let (mut columns, mut lines) = ((0..width).map(|_| None).collect::<Vec<_>>(), Vec::new());
        let dictionaries = std::mem::take(&mut self.dictionaries);
        let count = dictionaries.len();
        for (column, (dictionary, (place, heading))) in dictionaries.into_iter().zip(headings).enumerate() {
            monitor.check()?;
            let all = copies
                .iter()
                .flat_map(|(first, copies)| std::iter::repeat_n(self.values[first + column], *copies as usize));
            let values = match dictionary {
                None => {
                    let mut own = Lines::new(1);
                    all.into_iter().try_for_each(|value| own.push(&[value]))?;
                    lines.push(own);
                    ColumnValues::Lane {
                        lines: lines.len() - 1,
                        lane: 0,
                    }
                }
                Some(dictionary) => {
                    let mut codes = room::with_capacity(rows)?;
                    codes.extend(all.map(|value| if value.is_nan() { MISSING } else { value as u32 }));
                    let levels = dictionary.into_texts();
                    let places = levels.iter().map(|text| order(column, text)).collect();
                    ColumnValues::Codes { codes, levels, places }
                }
            };
            columns[place] = Some(ReadColumn {
                heading,
                non_finite: self.non_finite[column],
                values,
            });
        }
        debug_assert_eq!(count, self.non_finite.len());
        Ok(Surveyed {
            sample: ReadRows { rows, columns, lines },
            rows: self.rows,
            unlabelled: self.unlabelled,
            sum: self.sum,
            classes: self.classes.into_iter().map(|(key, class)| (key, class.rows)).collect(),
        })
    }

    /// Where the values of each content are, and how often it stands in the sample: as often as in the rows where these are few.
    fn copies(&self) -> Vec<(usize, u64)> {
        let rows: u64 = self.contents.values().map(|content| content.rows).sum();
        let most = (self.most + self.most / 4) as u64;
        let copies = |content: &Content| match rows {
            rows if rows <= most => content.rows,
            rows => {
                (u128::from(content.rows) * u128::from(most) / u128::from(rows)).max(content.rows.min(2).into()) as u64
            }
        };
        let mut copies: Vec<(usize, u64)> = self.contents.values().map(|c| (c.place, copies(c))).collect();
        copies.sort_unstable();
        copies
    }
}

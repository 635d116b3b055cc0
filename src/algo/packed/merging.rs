//! A survey as an accumulator: made where rows are, sent in bytes, merged. What it tells does not depend on how rows were divided.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::survey::{Class, Content, MOST_CLASSES, OF_CLASS, Survey};
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::frame::MISSING;
use crate::monitor::Monitor;
use crate::room;
use crate::training_set::TargetKind;

/// Contents between two looks at the monitor.
const LOOK: usize = 4096;

/// The most rows, so that counts of two surveys can be added.
const MOST_ROWS: u64 = 1 << 62;

/// A survey in bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    seed: u64,
    target: usize,
    kind: TargetKind,
    most: usize,
    /// The texts of a column by their codes.
    texts: Vec<Option<Vec<String>>>,
    non_finite: Vec<u64>,
    rows: u64,
    unlabelled: u64,
    sum: u64,
    threshold: u64,
    /// The hash of each content, how many rows have it, and its class.
    contents: Vec<(u64, u64, u64)>,
    /// The values of each content.
    values: Vec<f64>,
    /// The key of each class, how many rows it has, and its least hashes.
    classes: Vec<(u64, u64, Vec<u64>)>,
}

/// Surveys are equal when their bytes are.
impl PartialEq for Survey {
    fn eq(&self, other: &Survey) -> bool {
        let bytes = |survey: &Survey| postcard::to_allocvec(&survey.stored());
        bytes(self) == bytes(other)
    }
}

impl Survey {
    /// What its bytes say. O(sample).
    pub(crate) fn stored(&self) -> Stored {
        let mut contents: Vec<(&u64, &Content)> = self.contents.iter().collect();
        contents.sort_unstable_by_key(|(_, content)| content.place);
        let width = self.dictionaries.len();
        let values = contents
            .iter()
            .flat_map(|(_, c)| &self.values[c.place..c.place + width]);
        let mut classes: Vec<(u64, u64, Vec<u64>)> = (self.classes.iter())
            .map(|(key, class)| (*key, class.rows, class.least.clone().into_sorted_vec()))
            .collect();
        classes.sort_unstable();
        let texts = |dictionary: &Dictionary| dictionary.texts().iter().map(String::from).collect();
        Stored {
            seed: self.seed,
            target: self.target.0,
            kind: self.target.1,
            most: self.most,
            texts: self.dictionaries.iter().map(|d| d.as_ref().map(texts)).collect(),
            non_finite: self.non_finite.clone(),
            rows: self.rows,
            unlabelled: self.unlabelled,
            sum: self.sum,
            threshold: self.threshold,
            values: values.copied().collect(),
            contents: contents.iter().map(|(hash, c)| (**hash, c.rows, c.class)).collect(),
            classes,
        }
    }

    /// Bytes held on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        let texts: usize = self.dictionaries.iter().flatten().map(Dictionary::memory).sum();
        let classes = self.classes.len() * (OF_CLASS + 4) * size_of::<u64>();
        texts + self.contents.allocation_size() + self.values.capacity() * size_of::<f64>() + classes
    }

    /// Adds what another saw. Returns an error for one of another plan, and where there is no room. O(sample).
    pub(crate) fn merge(&mut self, other: &Survey, monitor: &dyn Monitor) -> Result<()> {
        let plan = |s: &Survey| {
            let texts: Vec<bool> = s.dictionaries.iter().map(Option::is_some).collect();
            (s.seed, s.target, s.most, texts)
        };
        if plan(self) != plan(other) {
            return Err(Error::Mismatch {
                left: "a survey of rows".into(),
                right: "a survey of other rows".into(),
            });
        }
        let seen = [self.rows, self.unlabelled, other.rows, other.unlabelled];
        let total = seen.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        if total.is_none_or(|total| total >= MOST_ROWS) {
            return Err(Error::damaged(
                "survey",
                "it says that it saw more rows than can be counted",
            ));
        }
        self.rows += other.rows;
        self.unlabelled += other.unlabelled;
        self.sum = self.sum.wrapping_add(other.sum);
        self.threshold = self.threshold.min(other.threshold);
        let counts = self.non_finite.iter_mut().zip(&other.non_finite);
        counts.for_each(|(count, more)| *count += more);
        for (key, theirs) in &other.classes {
            let class = self.classes.entry(*key).or_default();
            class.rows += theirs.rows;
        }
        let codes = self.codes_of(other)?;
        for (number, (hash, content)) in other.contents.iter().enumerate() {
            if number.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            self.take(*hash, content, other, &codes)?;
        }
        Ok(())
    }

    /// The codes here of the texts there, column by column.
    fn codes_of(&mut self, other: &Survey) -> Result<Vec<Vec<u32>>> {
        let columns = self.dictionaries.iter_mut().zip(&other.dictionaries);
        let of_column = |(ours, theirs): (&mut Option<Dictionary>, &Option<Dictionary>)| match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                let code = |text: &str| Ok(ours.code(text, MISSING)?.unwrap_or(MISSING));
                theirs.texts().iter().map(code).collect()
            }
            (None, _) | (_, None) => Ok(Vec::new()),
        };
        columns.map(of_column).collect()
    }

    /// Takes a content over.
    fn take(&mut self, hash: u64, content: &Content, from: &Survey, codes: &[Vec<u32>]) -> Result<()> {
        if let Some(own) = self.contents.get_mut(&hash) {
            own.rows += content.rows;
            return Ok(());
        }
        let is_of_class = self.classes.get(&content.class).is_some_and(|class| class.has(hash));
        if hash > self.threshold && !is_of_class {
            return Ok(());
        }
        let width = self.dictionaries.len();
        room::reserve(&mut self.values, width)?;
        self.contents.try_reserve(1).map_err(|_| Error::OutOfMemory {
            needed: self.contents.allocation_size(),
        })?;
        let place = self.values.len();
        let values = from.values[content.place..content.place + width].iter().zip(codes);
        self.values
            .extend(values.map(|(value, codes)| match codes.get(*value as usize) {
                Some(code) if !value.is_nan() => f64::from(*code),
                Some(_) | None => *value,
            }));
        self.contents.insert(
            hash,
            Content {
                place,
                ..content.clone()
            },
        );
        if let Some(class) = self.classes.get_mut(&content.class) {
            class.add(hash);
        }
        self.compact_many()
    }
}

impl Survey {
    /// The survey that bytes hold, which may come from anybody. Returns an error where they contradict themselves. O(sample).
    pub(crate) fn restored(stored: Stored) -> Result<Survey> {
        let width = stored.texts.len();
        let counted = [stored.rows, stored.unlabelled]
            .iter()
            .try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let of_classes = stored
            .classes
            .iter()
            .try_fold(0_u64, |sum, (_, rows, _)| sum.checked_add(*rows));
        let of_contents = stored
            .contents
            .iter()
            .try_fold(0_u64, |sum, (_, rows, _)| sum.checked_add(*rows));
        let is_sound = width > 0
            && stored.target < width
            && stored.most == Survey::most(width)
            && stored.non_finite.len() == width
            && stored
                .non_finite
                .iter()
                .all(|count| counted.is_some_and(|rows| *count <= rows))
            && stored.values.len() == stored.contents.len().saturating_mul(width)
            && stored.classes.len() <= MOST_CLASSES
            && stored.classes.iter().all(|(_, _, least)| least.len() <= OF_CLASS)
            && counted.is_some_and(|rows| rows < MOST_ROWS)
            && [of_classes, of_contents]
                .iter()
                .all(|rows| rows.is_some_and(|rows| rows <= stored.rows));
        if !is_sound {
            return Err(damaged("sizes or counts do not agree"));
        }
        let dictionaries = stored
            .texts
            .iter()
            .map(|texts| texts.as_deref().map(dictionary).transpose());
        let dictionaries = dictionaries.collect::<Result<Vec<_>>>()?;
        let is_value = |(value, dictionary): (&f64, &Option<Dictionary>)| match dictionary {
            _ if value.is_nan() => true,
            None => value.is_finite(),
            Some(dictionary) => *value >= 0.0 && value.fract() == 0.0 && (*value as usize) < dictionary.len(),
        };
        let mut rows = stored.values.chunks_exact(width);
        if !rows.all(|row| row.iter().zip(&dictionaries).all(is_value)) {
            return Err(damaged("a value is none of its column"));
        }
        let places = (0..).step_by(width);
        let content = |((hash, rows, class), place)| (hash, Content { rows, place, class });
        let contents: HashMap<u64, Content> = stored.contents.into_iter().zip(places).map(content).collect();
        let class = |(key, rows, least): (u64, u64, Vec<u64>)| {
            (
                key,
                Class {
                    rows,
                    least: least.into(),
                },
            )
        };
        if contents.len() * width != stored.values.len() {
            return Err(damaged("a content is there twice"));
        }
        Ok(Survey {
            seed: stored.seed,
            target: (stored.target, stored.kind),
            most: stored.most,
            dictionaries,
            non_finite: stored.non_finite,
            rows: stored.rows,
            unlabelled: stored.unlabelled,
            sum: stored.sum,
            threshold: stored.threshold,
            contents,
            values: stored.values,
            classes: stored.classes.into_iter().map(class).collect(),
        })
    }
}

/// The texts by their codes. Returns an error for a text that is there twice.
fn dictionary(texts: &[String]) -> Result<Dictionary> {
    let mut dictionary = Dictionary::default();
    texts
        .iter()
        .try_for_each(|text| dictionary.code(text, MISSING).map(drop))?;
    match dictionary.len() == texts.len() {
        true => Ok(dictionary),
        false => Err(damaged("a text is there twice")),
    }
}

fn damaged(problem: &str) -> Error {
    Error::damaged("survey", problem)
}

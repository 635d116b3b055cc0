//! What texts are like as a whole: how long, in which languages, what is wrong with them, what they repeat, and what they tell of persons.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::error::{Error, Result};
use crate::hash;
use crate::language;
use crate::monitor::{Monitor, Pace};
use crate::pii::{Finder, Kind, Kinds};
use crate::room;
use algo::quality::mixed_formats;

/// Shorter lines are shared by chance.
const SHORTEST_LINE: usize = 20;
/// Lines that are shown.
const LINES_SHOWN: usize = 10;
/// In so many documents a line is boilerplate.
pub const SHARED: u32 = 5;
/// The most characters of an example.
const EXAMPLE: usize = 80;
/// What an entry of a map takes, with its share of what is free.
const ENTRY: usize = 64;

/// A line: how many documents have it, and which had it last.
#[derive(Debug, Clone, Copy)]
struct Line {
    documents: u32,
    last: u32,
    characters: u32,
}

/// Texts, one after the other.
#[derive(Debug)]
pub struct Corpus {
    finder: Finder,
    memory: usize,
    documents: u32,
    missing: u64,
    empty: u64,
    characters: u64,
    words: u64,
    /// Of each text that is not empty.
    lengths: Vec<u32>,
    languages: BTreeMap<Option<&'static str>, u64>,
    damage: BTreeMap<&'static str, (u64, String)>,
    /// Of each kind how many values, and in how many documents.
    pii: BTreeMap<&'static str, (u64, u64)>,
    /// How many documents have the same text, by its hash.
    texts: HashMap<u64, u32>,
    lines: HashMap<u64, Line>,
    /// Lines that more documents than one have.
    shown: HashMap<u64, String>,
}

/// What texts are like.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// All rows with a text, empty ones among them.
    pub documents: u64,
    /// Rows without one.
    pub missing: u64,
    pub empty: u64,
    pub characters: u64,
    pub words: u64,
    /// In order.
    pub lengths: Vec<u32>,
    /// The most frequent first; `None` where none could be told.
    pub languages: Vec<(Option<&'static str>, u64)>,
    /// What is wrong, in how many, and an example.
    pub damage: Vec<(&'static str, u64, String)>,
    /// Kinds, values, documents.
    pub pii: Vec<(&'static str, u64, u64)>,
    /// Documents whose text another one before them has.
    pub repeated: u64,
    /// Lines and in how many documents each is, the most frequent first.
    pub lines: Vec<(String, u32)>,
    /// How many lines are shared by so many documents that they are boilerplate.
    pub boilerplate_lines: u64,
    /// The characters of these in all documents.
    pub boilerplate_characters: u64,
}

impl Corpus {
    /// No texts yet. What is kept of them takes no more than `memory` bytes.
    pub fn new(memory: usize) -> Result<Corpus> {
        Ok(Corpus {
            finder: Finder::new(Kinds::ALL, [])?,
            memory,
            documents: 0,
            missing: 0,
            empty: 0,
            characters: 0,
            words: 0,
            lengths: Vec::new(),
            languages: BTreeMap::new(),
            damage: BTreeMap::new(),
            pii: BTreeMap::new(),
            texts: HashMap::new(),
            lines: HashMap::new(),
            shown: HashMap::new(),
        })
    }

    /// Counts a row without a text.
    pub fn push_missing(&mut self) {
        self.missing += 1;
    }

    /// Looks at a text. O(length).
    pub fn push(&mut self, text: &str, monitor: &dyn Monitor) -> Result<()> {
        let (document, mut pace) = (self.documents, Pace::new(monitor));
        self.documents = self
            .documents
            .checked_add(1)
            .ok_or(Error::Internal("there are too many texts"))?;
        if text.trim().is_empty() {
            self.empty += 1;
            return Ok(());
        }
        let (mut length, mut is_in_word) = (0_usize, false);
        for letter in text.chars() {
            pace.spend(1)?;
            let is_space = letter.is_whitespace();
            self.words += u64::from(!is_space && !is_in_word);
            is_in_word = !is_space;
            length += 1;
        }
        self.characters += length as u64;
        room::push(&mut self.lengths, u32::try_from(length).unwrap_or(u32::MAX))?;
        *self.languages.entry(language::detect(text, monitor)?).or_default() += 1;
        if let Some(damage) = mixed_formats::damage(text) {
            let entry = self.damage.entry(damage).or_insert_with(|| (0, example(text)));
            entry.0 += 1;
        }
        self.push_pii(text, monitor)?;
        make_room(&mut self.texts)?;
        *self
            .texts
            .entry(hash::hash_bytes(0, text.trim().as_bytes()))
            .or_default() += 1;
        for line in text.lines().map(str::trim) {
            pace.spend(line.len() + 16)?;
            self.push_line(line, document)?;
        }
        let needed = (self.texts.len() + self.lines.len() + self.shown.len() * 3) * ENTRY + self.lengths.len() * 4;
        match needed > self.memory {
            true => Err(Error::Memory {
                needed,
                allowed: self.memory,
            }),
            false => Ok(()),
        }
    }

    fn push_pii(&mut self, text: &str, monitor: &dyn Monitor) -> Result<()> {
        let found = self.finder.find(text, monitor)?;
        let mut seen = Kinds::NONE;
        for one in found {
            let entry = self.pii.entry(one.kind.name()).or_default();
            entry.0 += 1;
            entry.1 += u64::from(!seen.has(one.kind));
            seen = seen.with(one.kind);
        }
        Ok(())
    }

    fn push_line(&mut self, text: &str, document: u32) -> Result<()> {
        let characters = text.chars().count();
        if characters < SHORTEST_LINE {
            return Ok(());
        }
        make_room(&mut self.lines)?;
        let hash = hash::hash_bytes(1, text.as_bytes());
        let line = self.lines.entry(hash).or_insert(Line {
            documents: 0,
            last: u32::MAX,
            characters: u32::try_from(characters).unwrap_or(u32::MAX),
        });
        if line.last != document {
            line.last = document;
            line.documents += 1;
            if line.documents == 2 {
                make_room(&mut self.shown)?;
                self.shown.insert(hash, example(text));
            }
        }
        Ok(())
    }

    /// What they are like.
    pub fn finish(mut self, monitor: &dyn Monitor) -> Result<Report> {
        monitor.check()?;
        self.lengths.sort_unstable();
        let mut languages: Vec<_> = self.languages.into_iter().collect();
        languages.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut lines: Vec<(String, u32)> = Vec::new();
        let (mut boilerplate_lines, mut boilerplate_characters) = (0, 0);
        for (hash, line) in &self.lines {
            if line.documents >= SHARED {
                boilerplate_lines += 1;
                boilerplate_characters += u64::from(line.documents) * u64::from(line.characters);
                if let Some(text) = self.shown.remove(hash) {
                    room::push(&mut lines, (text, line.documents))?;
                }
            }
        }
        lines.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        lines.truncate(LINES_SHOWN);
        let kinds = Kind::ALL.into_iter().filter_map(|kind| {
            let (values, documents) = self.pii.get(kind.name())?;
            Some((kind.name(), *values, *documents))
        });
        Ok(Report {
            documents: self.documents.into(),
            missing: self.missing,
            empty: self.empty,
            characters: self.characters,
            words: self.words,
            pii: kinds.collect(),
            lengths: self.lengths,
            languages,
            damage: self
                .damage
                .into_iter()
                .map(|(damage, (count, text))| (damage, count, text))
                .collect(),
            repeated: self.texts.values().map(|count| u64::from(count - 1)).sum(),
            lines,
            boilerplate_lines,
            boilerplate_characters,
        })
    }
}

impl Report {
    /// The length that such a share of the texts does not exceed; `None` of none.
    pub fn quantile(&self, share: f64) -> Option<u32> {
        let last = self.lengths.len().checked_sub(1)?;
        self.lengths.get((share * last as f64).round() as usize).copied()
    }
}

fn example(text: &str) -> String {
    text.split_whitespace()
        .flat_map(|word| word.chars().chain([' ']))
        .take(EXAMPLE)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// Makes room for one entry more.
fn make_room<V>(map: &mut HashMap<u64, V>) -> Result<()> {
    map.try_reserve(1).map_err(|_| Error::OutOfMemory {
        needed: map.len().saturating_mul(2 * ENTRY),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn texts_are_counted_by_what_they_are() {
        let mut corpus = Corpus::new(1 << 20).unwrap();
        let footer = "This message is confidential and for you only.";
        for number in 0..6 {
            corpus
                .push(
                    &format!("How long do I have to return the item {number}?\n{footer}\n{footer}"),
                    &Unwatched,
                )
                .unwrap();
        }
        corpus
            .push(
                "Die Frist für die Rückgabe ist nicht bekannt, bitte an a@example.com und b@example.com",
                &Unwatched,
            )
            .unwrap();
        corpus
            .push("Die Frist für die RÃ¼ckgabe ist nicht bekannt", &Unwatched)
            .unwrap();
        corpus.push("  \n", &Unwatched).unwrap();
        corpus.push("42", &Unwatched).unwrap();
        corpus.push(" 42 ", &Unwatched).unwrap();
        corpus.push_missing();
        let report = corpus.finish(&Unwatched).unwrap();
        assert_eq!(
            (report.documents, report.missing, report.empty, report.repeated),
            (11, 1, 1, 1)
        );
        assert_eq!(report.languages, [(Some("en"), 6), (None, 2), (Some("de"), 2)]);
        assert_eq!(
            report
                .damage
                .iter()
                .map(|(what, count, _)| (*what, *count))
                .collect::<Vec<_>>(),
            [("UTF-8 misread as Windows-1252", 1)]
        );
        assert_eq!(report.pii, [("email", 2, 1)]);
        assert_eq!(report.lines, [(footer.to_owned(), 6)]);
        assert_eq!(
            (report.boilerplate_lines, report.boilerplate_characters),
            (1, 6 * footer.chars().count() as u64)
        );
        assert_eq!(
            (report.quantile(0.0), report.quantile(1.0), report.lengths.len()),
            (Some(2), Some(134), 10)
        );
    }

    #[test]
    fn no_texts_have_no_lengths() {
        let report = Corpus::new(0).unwrap().finish(&Unwatched).unwrap();
        assert_eq!((report.documents, report.quantile(0.5)), (0, None));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut corpus = Corpus::new(10_000).unwrap();
        let outcome = (0..10_000)
            .try_for_each(|number| corpus.push(&format!("A text of its own, of number {number}"), &Unwatched));
        assert!(matches!(outcome, Err(Error::Memory { allowed: 10_000, .. })));
    }
}

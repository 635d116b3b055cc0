//! What texts are shaped like: casing, masks of character classes, and the formats they have.

use serde::{Deserialize, Serialize};

use crate::coded;
use crate::error::{Error, Result};
use crate::formats::{Notation, notations_of};
use crate::sketch::{CONFIDENCE_99, Frequent, Label, hash_text};

/// Different masks that are counted at once.
const MASKS: u16 = 64;

/// Masks that are reported.
const TOP: usize = 10;

/// How letters are cased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Casing {
    /// Letters, all in upper case.
    Upper,
    /// Letters, all in lower case.
    Lower,
    /// Each word begins in upper case and goes on in lower case.
    Title,
    /// Both cases, in another way.
    Mixed,
    /// No letters that have a case.
    None,
}

impl Casing {
    /// How many there are.
    const COUNT: usize = 5;
}

/// Casing, masks and formats of texts, or of a sample of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shapes {
    /// By [`Casing`].
    casing: [u64; Casing::COUNT],
    masks: Frequent<Label>,
    /// By [`Notation`].
    #[serde(deserialize_with = "coded::list::<_, _, { Notation::COUNT }>")]
    formats: Vec<u64>,
    /// All rows.
    rows: u64,
    /// Rows with anything but white space.
    filled: u64,
    /// Words in all rows.
    words: u64,
    /// Rows with a digit.
    digits: u64,
    /// Of the weights of sampled rows, the sum of squares.
    squares: f64,
}

/// What is said of shapes. Counts are exact, or may be off by `error` with 99 % confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeDetails {
    /// Texts whose letters are all in upper case.
    pub upper: u64,
    /// All in lower case.
    pub lower: u64,
    /// Whose words begin in upper case and go on in lower case.
    pub title: u64,
    /// With both cases in another way.
    pub mixed: u64,
    /// Without letters that have a case.
    pub caseless: u64,
    /// The most frequent masks with their rows: `A` and `a` for letters, `9` for digits, other characters as they are; a longer run
    /// than eight of one class is written `9+`.
    pub masks: Vec<(String, u64)>,
    /// The formats that at least 1 % of the texts have, with their rows.
    pub formats: Vec<(Notation, u64)>,
    /// Words of a text, on average; `None` without texts.
    pub words: Option<f64>,
    /// How many rows any of these counts may be off.
    pub error: u64,
}

impl Shapes {
    pub(super) fn new() -> Shapes {
        Shapes {
            casing: [0; Casing::COUNT],
            masks: Frequent::new(MASKS),
            formats: vec![0; Notation::COUNT],
            rows: 0,
            filled: 0,
            words: 0,
            digits: 0,
            squares: 0.0,
        }
    }

    /// Adds a text that `rows` rows have.
    pub(super) fn push(&mut self, text: &str, rows: u64) {
        /// Characters of a text that are looked at.
        const LONGEST: usize = 1024;
        let text = &text[..text.floor_char_boundary(LONGEST)];
        self.casing[casing(text) as usize] += rows;
        let mask = mask(text);
        self.digits += if mask.contains('9') { rows } else { 0 };
        let hash = hash_text(&mask);
        self.masks.push_by(
            hash,
            rows,
            |label| label.is_of(&mask, hash),
            || Label::short(&mask, hash),
        );
        self.rows += rows;
        let trimmed = text.trim();
        if !trimmed.is_empty() {
            self.filled += rows;
            self.words = self
                .words
                .saturating_add(rows.saturating_mul(trimmed.split_whitespace().count() as u64));
            notations_of(trimmed, |format| self.formats[format as usize] += rows);
        }
    }

    /// Adds a text that was chosen by chance out of `weight` rows.
    pub(super) fn push_sampled(&mut self, text: &str, weight: u64) {
        if weight > 1 {
            self.squares += weight as f64 * weight as f64;
        }
        self.push(text, weight);
    }

    pub(super) fn merge(&mut self, other: &Shapes) -> Result<()> {
        self.masks.merge(&other.masks)?;
        let add = |ours: &mut [u64], theirs: &[u64]| {
            ours.iter_mut()
                .zip(theirs)
                .for_each(|(ours, theirs)| *ours = ours.saturating_add(*theirs));
        };
        add(&mut self.casing, &other.casing);
        add(&mut self.formats, &other.formats);
        self.rows = self.rows.saturating_add(other.rows);
        self.filled = self.filled.saturating_add(other.filled);
        self.words = self.words.saturating_add(other.words);
        self.digits = self.digits.saturating_add(other.digits);
        self.squares += other.squares;
        Ok(())
    }

    /// The share of the texts with more than white space that have a format. 0 without any.
    pub(super) fn share(&self, format: Notation) -> f64 {
        self.formats[format as usize] as f64 / self.filled.max(1) as f64
    }

    /// Words of a text, on average.
    pub(super) fn words(&self) -> Option<f64> {
        (self.filled > 0).then(|| self.words as f64 / self.filled as f64)
    }

    /// The share of the texts that have a digit, near their beginning. 0 without any.
    pub(super) fn digits(&self) -> f64 {
        self.digits as f64 / self.rows.max(1) as f64
    }

    pub(super) fn details(&self) -> ShapeDetails {
        let [upper, lower, title, mixed, caseless] = self.casing;
        let masks = self
            .masks
            .top(TOP)
            .into_iter()
            .map(|(mask, rows)| (mask.text().to_owned(), rows))
            .collect();
        let formats = Notation::ALL
            .into_iter()
            .map(|format| (format, self.formats[format as usize]));
        // The variance of a share is greatest at one half.
        let error = CONFIDENCE_99 * self.squares.sqrt() / 2.0 + self.masks.error(0);
        ShapeDetails {
            upper,
            lower,
            title,
            mixed,
            caseless,
            masks,
            formats: formats
                .filter(|&(_, rows)| rows > 0 && rows >= self.filled / 100)
                .collect(),
            words: self.words(),
            error: (error.ceil() as u64).min(self.rows),
        }
    }

    pub(super) fn validate(&self, rows: u64) -> Result<()> {
        self.masks.validate()?;
        let sound = self.masks.limit() == MASKS
            && self.masks.rows() == rows
            && self.rows == rows
            && self.filled <= rows
            && self.digits <= rows
            && self.casing.iter().try_fold(0_u64, |sum, &rows| sum.checked_add(rows)) == Some(rows)
            && self.formats.iter().all(|&rows| rows <= self.filled)
            && self.squares.is_finite()
            && self.squares >= 0.0;
        sound
            .then_some(())
            .ok_or_else(|| Error::damaged("shapes of texts", "counts do not agree"))
    }

    pub(super) fn memory(&self) -> usize {
        self.masks.memory() + self.formats.capacity() * size_of::<u64>()
    }
}

fn casing(text: &str) -> Casing {
    let (mut upper, mut lower, mut title) = (false, false, true);
    // Whether a word has begun, and whether an apostrophe came just before: behind it both cases are usual (it's, O'Neill).
    let (mut inside, mut apostrophe) = (false, false);
    for character in text.chars() {
        let (is_upper, is_lower) = if character.is_ascii() {
            (character.is_ascii_uppercase(), character.is_ascii_lowercase())
        } else {
            (character.is_uppercase(), character.is_lowercase())
        };
        upper |= is_upper;
        lower |= is_lower;
        title &= apostrophe || if inside { !is_upper } else { !is_lower };
        apostrophe = inside && matches!(character, '\'' | '’');
        inside = is_upper || is_lower || apostrophe;
    }
    match (upper, lower) {
        (false, false) => Casing::None,
        (true, false) => Casing::Upper,
        (false, true) => Casing::Lower,
        (true, true) if title => Casing::Title,
        (true, true) => Casing::Mixed,
    }
}

/// The mask of a text: the class of each character.
fn mask(text: &str) -> String {
    /// Characters of one class in a row that are written one by one.
    const RUN: usize = 8;
    /// Characters of a mask.
    const LONGEST: usize = 40;
    let mut mask = String::with_capacity(text.len().min(LONGEST));
    let mut characters = text.chars().map(class).peekable();
    let mut length = 0;
    while let Some(class) = characters.next() {
        if length >= LONGEST {
            mask.push('…');
            break;
        }
        let mut run = 1;
        while characters.next_if_eq(&class).is_some() {
            run += 1;
        }
        if run > RUN {
            mask.extend([class, '+']);
            length += 2;
        } else {
            mask.extend(std::iter::repeat_n(class, run));
            length += run;
        }
    }
    mask
}

fn class(character: char) -> char {
    match character {
        'A'..='Z' => 'A',
        'a'..='z' => 'a',
        '0'..='9' => '9',
        _ if character.is_ascii() => character,
        _ if character.is_uppercase() => 'A',
        _ if character.is_alphabetic() => 'a',
        _ if character.is_numeric() => '9',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_show_classes_and_shorten_runs() {
        for (text, expected) in [
            ("2024-05-31", "9999-99-99"),
            ("ABC-123", "AAA-999"),
            ("Ärger über Öl", "Aaaaa aaaa Aa"),
            ("123456789012", "9+"),
            ("", ""),
            ("日本", "aa"),
        ] {
            assert_eq!(mask(text), expected);
        }
        assert_eq!(mask(&"a1".repeat(100)).chars().count(), 41);
    }

    #[test]
    fn casing_is_that_of_all_words() {
        for (text, expected) in [
            ("NEW YORK", Casing::Upper),
            ("new york 7", Casing::Lower),
            ("New York", Casing::Title),
            ("It's O'Neill", Casing::Title),
            ("Élan ñandú", Casing::Mixed),
            ("iPhone", Casing::Mixed),
            ("12-3", Casing::None),
        ] {
            assert_eq!(casing(text), expected, "{text}");
        }
    }
}

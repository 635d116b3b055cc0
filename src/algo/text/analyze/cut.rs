//! Where words begin and end.

use rust_stemmers::Stemmer;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Language, Side};
use crate::error::Result;
use crate::monitor::{Monitor, Pace};

/// The most bytes of a word that count. What is longer is no word but a number of a picture or a key; it is found by its beginning.
pub const LONGEST_WORD: usize = 128;
/// The most bytes of a word that has an ending.
const LONGEST_INFLECTED: usize = 64;

/// What a character is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Gap,
    /// A word that ends where its letters end.
    Word,
    /// Writing in which words do not end visibly, or end in particles.
    Unspaced,
    /// The character before it.
    Mark,
}

fn kind(letter: char) -> Kind {
    if letter.is_ascii() {
        return if letter.is_ascii_alphanumeric() {
            Kind::Word
        } else {
            Kind::Gap
        };
    }
    if is_combining_mark(letter) {
        return Kind::Mark;
    }
    match (letter.is_alphabetic(), letter.is_numeric()) {
        (true, _) if is_unspaced(letter) => Kind::Unspaced,
        (true, _) | (false, true) => Kind::Word,
        (false, false) => Kind::Gap,
    }
}

/// Whether a letter is of a script whose words are not between spaces: Chinese, Japanese, Thai, Lao, Burmese, Khmer; or of Korean.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
        && !matches!(letter, '\u{10A0}'..='\u{10FF}')
}

/// Hands the words of a text to `word`, in their order. Returns an error of `word`'s, and when stopped.
pub(super) fn words(
    text: &str,
    language: Language,
    side: Side,
    monitor: &dyn Monitor,
    word: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<()> {
    let mut cutter = Cutter {
        side,
        stemmer: language.stemmer(),
        run: Kind::Gap,
        letters: String::new(),
        before: String::new(),
        is_alone: true,
        word,
    };
    let mut pace = Pace::new(monitor);
    let mut take = |letter: char| pace.spend(1).and_then(|()| cutter.take(letter));
    match text.is_ascii() {
        true => text.bytes().try_for_each(|letter| take(char::from(letter)))?,
        false => text.nfkc().try_for_each(&mut take)?,
    }
    cutter.end_run()
}

/// The word, or the run of unspaced writing, at which cutting is.
struct Cutter<'a> {
    side: Side,
    stemmer: Option<Stemmer>,
    run: Kind,
    /// The letters of the word; of unspaced writing one character with its marks.
    letters: String,
    /// The character before it in unspaced writing.
    before: String,
    /// Whether unspaced writing had no two characters yet.
    is_alone: bool,
    word: &'a mut dyn FnMut(&str) -> Result<()>,
}

impl Cutter<'_> {
    fn take(&mut self, letter: char) -> Result<()> {
        let kind = match kind(letter) {
            // A mark without anything before it is nothing.
            Kind::Mark if self.run == Kind::Gap => return Ok(()),
            Kind::Mark => {
                self.append(letter);
                return Ok(());
            }
            kind @ (Kind::Gap | Kind::Word | Kind::Unspaced) => kind,
        };
        if kind != self.run {
            self.end_run()?;
            self.run = kind;
        } else if kind == Kind::Unspaced {
            self.end_character()?;
        }
        if kind != Kind::Gap {
            self.append(letter);
        }
        Ok(())
    }

    /// Appends a letter, folded: what the same word has in capitals, at its end, and where there are none becomes the same.
    fn append(&mut self, letter: char) {
        // A word's last character is whole.
        if self.letters.len() + letter.len_utf8() > LONGEST_WORD {
            return;
        }
        match letter {
            'ς' => self.letters.push('σ'),
            'ß' | 'ẞ' => self.letters.push_str("ss"),
            _ => self.letters.extend(letter.to_lowercase()),
        }
    }

    fn end_run(&mut self) -> Result<()> {
        match self.run {
            Kind::Gap | Kind::Mark => {}
            Kind::Word => self.end_word()?,
            Kind::Unspaced => {
                self.end_character()?;
                if self.is_alone && self.side == Side::Question {
                    (self.word)(&self.before)?;
                }
                self.before.clear();
                self.is_alone = true;
            }
        }
        self.run = Kind::Gap;
        Ok(())
    }

    fn end_word(&mut self) -> Result<()> {
        match &self.stemmer {
            Some(stemmer) if self.letters.len() <= LONGEST_INFLECTED => {
                let stem = stemmer.stem(&self.letters);
                // Nothing but an ending is a word all the same.
                (self.word)(if stem.is_empty() { &self.letters } else { &stem })?;
            }
            Some(_) | None => (self.word)(&self.letters)?,
        }
        self.letters.clear();
        Ok(())
    }

    /// A character of unspaced writing is whole: it is a word with the one before it, and in a document also alone.
    fn end_character(&mut self) -> Result<()> {
        if !self.before.is_empty() {
            self.before.push_str(&self.letters);
            (self.word)(&self.before)?;
            self.is_alone = false;
        }
        if self.side == Side::Document {
            (self.word)(&self.letters)?;
        }
        std::mem::swap(&mut self.before, &mut self.letters);
        self.letters.clear();
        Ok(())
    }
}

//! Texts by how often words are in them, and how few texts those are in (Spärck Jones 1972), as scikit-learn's `TfidfVectorizer` computes it. Words
//! are numbered, or fall by their hash into as many places as a vector has (Weinberger and others 2009).

use serde::{Deserialize, Serialize};

use crate::dictionary::Dictionary;
use crate::embedder::{Encoder, Image};
use crate::error::{Error, Result};
use crate::hash::hash_bytes;
use crate::image::{Format, Section, Sections};
use crate::lexicon::{ENDS, Lexicon, TABLE, WORDS, Written};
use crate::monitor::Monitor;
use crate::room;
use crate::texts::Texts;
use crate::words;

/// How words are counted: whether by their hash, and whether by the logarithm: a byte each.
const MANNER: Section = Section {
    tag: *b"MANN",
    version: 1,
};
/// How much each place counts: four bytes each.
const WEIGHTS: Section = Section {
    tag: *b"WGHT",
    version: 1,
};

/// Weights of words.
pub const FORMAT: Format = Format {
    what: "the words' weights",
    magic: b"assaytfi",
    sections: &[MANNER, WEIGHTS, WORDS, ENDS, TABLE],
};

/// How texts become vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Numbers of a vector: the words that most texts have, or the places that words fall into.
    pub width: usize,
    /// Whether words fall into places by their hash: then all words count, and some as others.
    pub hashed: bool,
    /// Words that fewer texts have are left out, unless they are hashed.
    pub min_df: u64,
    /// Whether a word that occurs n times counts 1 + ln(n).
    pub sublinear_tf: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            width: 1024,
            hashed: false,
            min_df: 1,
            sublinear_tf: false,
        }
    }
}

impl Options {
    const WIDEST: usize = 16_000;

    /// Returns an error for a value out of its range, which names it.
    pub fn check(&self) -> Result<()> {
        match (1..=Self::WIDEST).contains(&self.width) {
            true => Ok(()),
            false => Err(Error::Parameter {
                name: "width",
                value: self.width.to_string(),
                allowed: format!("from 1 to {}", Self::WIDEST).into(),
            }),
        }
    }
}

/// In how many texts words are.
pub struct Frequencies {
    options: Options,
    texts: u64,
    dictionary: Dictionary,
    /// Of each word or place, the texts that have it, and the last of them.
    found: Vec<(u64, u64)>,
}

impl Frequencies {
    /// Returns an error for options out of their range.
    pub fn new(options: Options) -> Result<Frequencies> {
        options.check()?;
        let places = if options.hashed { options.width } else { 0 };
        Ok(Frequencies {
            found: room::filled((0, 0), places)?,
            options,
            texts: 0,
            dictionary: Dictionary::default(),
        })
    }

    /// Counts a text. Returns an error when stopped, and when memory lacks.
    pub fn push(&mut self, text: &str, monitor: &dyn Monitor) -> Result<()> {
        self.texts += 1;
        words::each_word(text, monitor, |word, _| {
            let word = word.to_lowercase();
            let place = match self.options.hashed {
                true => place_of(&word, self.options.width).0,
                false => match self.dictionary.code(&word, u32::MAX)? {
                    Some(code) => code as usize,
                    None => return Ok(()),
                },
            };
            match self.found.get_mut(place) {
                Some((_, last)) if *last == self.texts => {}
                Some((count, last)) => (*count, *last) = (*count + 1, self.texts),
                None => room::push(&mut self.found, (1, self.texts))?,
            }
            Ok(())
        })
    }

    /// How many texts were counted.
    pub fn texts(&self) -> u64 {
        self.texts
    }

    /// The bytes of the embedder, and how many numbers its vectors have. Returns an error when stopped, when memory lacks, and without a word.
    pub fn build(self, monitor: &dyn Monitor) -> Result<(Vec<u8>, usize)> {
        let Frequencies {
            options,
            texts,
            dictionary,
            found,
        } = self;
        let (known, mut words, mut counts) = (dictionary.into_texts(), Texts::default(), Vec::new());
        if options.hashed {
            counts.extend(found.iter().map(|(count, _)| *count));
        } else {
            let frequent = |count: u64| if count >= options.min_df { count } else { 0 };
            let by_word: Vec<u64> = found.iter().map(|(count, _)| frequent(*count)).collect();
            for place in known.most_frequent(&by_word, options.width, monitor)? {
                words.reserve(known.get(place as usize))?;
                words.push(known.get(place as usize));
                counts.push(by_word[place as usize]);
            }
        }
        if counts.iter().all(|count| *count == 0) {
            return Err(Error::data(
                "no text has a word that counts",
                "give texts with words, or a lower min_df",
            )
            .detail(format!("There are {texts} texts; min_df is {}.", options.min_df)));
        }
        let weight = |count: &u64| ((1.0 + texts as f64) / (1.0 + *count as f64)).ln() + 1.0;
        let weights: Vec<f32> = counts.iter().map(|count| weight(count) as f32).collect();
        let manner = [u8::from(options.hashed), u8::from(options.sublinear_tf)];
        let lexicon = Written::new(&words, monitor)?;
        let mut contents: Vec<(Section, &[u8])> = vec![(MANNER, &manner), (WEIGHTS, bytemuck::cast_slice(&weights))];
        contents.extend(lexicon.contents());
        Ok((FORMAT.build(&contents, monitor)?, weights.len()))
    }
}

/// Where a word falls by its hash, and by which sign it counts there, so that words that fall together do not add up.
fn place_of(word: &str, width: usize) -> (usize, f64) {
    let hash = hash_bytes(0, word.as_bytes());
    let place = (((hash >> 32) * width as u64) >> 32) as usize;
    (place, if hash & 1 == 0 { 1.0 } else { -1.0 })
}

/// Weights of words, ready to be used.
pub struct TfIdf {
    image: Image,
    sections: Sections,
    width: usize,
    is_hashed: bool,
    is_sublinear: bool,
}

impl TfIdf {
    /// Opens bytes that may come from anywhere. O(header).
    pub fn open(image: Image) -> Result<TfIdf> {
        let bytes = (*image).as_ref();
        let sections = FORMAT.open(bytes)?;
        let (is_hashed, is_sublinear) = match sections.bytes(bytes, MANNER)? {
            &[hashed @ 0..=1, sublinear @ 0..=1] => (hashed == 1, sublinear == 1),
            _ => return Err(Error::damaged(FORMAT.what, "it does not say how words are counted")),
        };
        let width = sections.numbers::<f32>(bytes, WEIGHTS)?.len();
        let words = Lexicon::open(&sections, bytes, FORMAT.what)?.len();
        if width == 0 || words != if is_hashed { 0 } else { width } {
            return Err(Error::damaged(FORMAT.what, "there are not as many weights as words"));
        }
        Ok(TfIdf {
            image,
            sections,
            width,
            is_hashed,
            is_sublinear,
        })
    }
}

impl Encoder for TfIdf {
    fn width(&self) -> usize {
        self.width
    }

    fn window(&self) -> usize {
        usize::MAX
    }

    fn token_ends(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        words::ends(text, monitor)
    }

    /// The weights of a text's words, in units of the vector's length; zeros where none of them counts.
    fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()> {
        let bytes = (*self.image).as_ref();
        let lexicon = Lexicon::open(&self.sections, bytes, FORMAT.what)?;
        let weights = self.sections.numbers::<f32>(bytes, WEIGHTS)?;
        let mut counts = room::filled(0.0_f64, self.width)?;
        for (text, out) in texts.iter().zip(out.chunks_mut(self.width)) {
            counts.fill(0.0);
            words::each_word(text, monitor, |word, _| {
                let word = word.to_lowercase();
                let (place, sign) = match self.is_hashed {
                    true => place_of(&word, self.width),
                    false => (lexicon.find(&word)?.unwrap_or(usize::MAX), 1.0),
                };
                if let Some(count) = counts.get_mut(place) {
                    *count += sign;
                }
                Ok(())
            })?;
            for (count, weight) in counts.iter_mut().zip(weights) {
                if self.is_sublinear && *count != 0.0 {
                    *count = count.signum() * (1.0 + count.abs().ln());
                }
                *count *= f64::from(*weight);
            }
            let length = counts.iter().map(|count| count * count).sum::<f64>().sqrt();
            let factor = if length > 0.0 { 1.0 / length } else { 0.0 };
            out.iter_mut()
                .zip(&counts)
                .for_each(|(out, count)| *out = (count * factor) as f32);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::embedder::Aligned;
    use crate::monitor::Unwatched;

    fn learned(options: Options, texts: &[&str]) -> Result<TfIdf> {
        let mut frequencies = Frequencies::new(options)?;
        texts.iter().try_for_each(|text| frequencies.push(text, &Unwatched))?;
        let (bytes, width) = frequencies.build(&Unwatched)?;
        let mut image = Aligned::with_length(bytes.len())?;
        image.as_mut().copy_from_slice(&bytes);
        let embedder = TfIdf::open(Arc::new(image))?;
        assert_eq!(embedder.width(), width);
        Ok(embedder)
    }

    fn vector(embedder: &TfIdf, text: &str) -> Vec<f32> {
        let mut out = vec![9.0; embedder.width()];
        embedder.embed(&[text], &mut out, &Unwatched).unwrap();
        out
    }

    const TEXTS: [&str; 4] = [
        "This is the first document.",
        "This document is the second document.",
        "And this is the third one.",
        "Is this the first document?",
    ];

    /// Of scikit-learn's `TfidfVectorizer` with its defaults, which sorts words as they are sorted here.
    #[test]
    fn weights_are_those_of_scikit_learn() {
        let embedder = learned(Options::default(), &TEXTS).unwrap();
        let expected = [
            0.0,
            0.469_791_4,
            0.580_285_8,
            0.384_085_24,
            0.0,
            0.0,
            0.384_085_24,
            0.0,
            0.384_085_24,
        ];
        let found = vector(&embedder, TEXTS[0]);
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(found, expected)| (found - expected).abs() < 1e-6),
            "{found:?}"
        );
        assert_eq!(vector(&embedder, "nothing known"), [0.0; 9]);
    }

    #[test]
    fn the_words_of_most_texts_are_kept() {
        let narrow = Options {
            width: 4,
            ..Options::default()
        };
        let embedder = learned(narrow, &TEXTS).unwrap();
        assert_eq!(embedder.width(), 4);
        assert_eq!(vector(&embedder, "first second third"), [0.0; 4]);
        let frequent = Options {
            min_df: 2,
            ..Options::default()
        };
        assert_eq!(learned(frequent, &TEXTS).unwrap().width(), 5);
        assert!(matches!(
            learned(Options::default(), &["...", ""]),
            Err(Error::Data { .. })
        ));
        assert!(
            Frequencies::new(Options {
                width: 0,
                ..Options::default()
            })
            .is_err()
        );
    }

    #[test]
    fn hashed_words_have_places_without_a_vocabulary() {
        let options = Options {
            width: 16,
            hashed: true,
            sublinear_tf: true,
            ..Options::default()
        };
        let embedder = learned(options, &["one two two", "two three"]).unwrap();
        let (place, sign) = place_of("new", 16);
        let found = vector(&embedder, "New new NEW");
        assert!(
            found
                .iter()
                .enumerate()
                .all(|(at, number)| *number == if at == place { sign as f32 } else { 0.0 })
        );
    }
}

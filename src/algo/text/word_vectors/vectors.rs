//! Words with their vectors, as bytes: what is near a word, and texts as the mean of their words.

use std::cmp::Ordering;

use crate::embedder::{Encoder, Image};
use crate::error::{Error, Result};
use crate::image::{Format, Section, Sections};
use crate::lexicon::{ENDS, Lexicon, TABLE, WORDS, Written};
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::texts::Texts;
use crate::words;

/// Numbers of a vector: eight bytes.
const WIDTH: Section = Section {
    tag: *b"WIDE",
    version: 1,
};
/// The vectors, one after the other: four bytes a number.
const VECTORS: Section = Section {
    tag: *b"VECT",
    version: 1,
};
/// How often each word occurs, where that is known: eight bytes each.
const COUNTS: Section = Section {
    tag: *b"freq",
    version: 1,
};

/// Words with vectors that were learned or given.
pub const FORMAT: Format = Format {
    what: "the words' vectors",
    magic: b"assaywvs",
    sections: &[WIDTH, VECTORS, COUNTS, WORDS, ENDS, TABLE],
};

/// The bytes of words with vectors. `counts` is empty where it is not known how often words occur. Returns an error when stopped, when memory lacks,
/// and for numbers that are not finite.
pub fn build(words: &Texts, counts: &[u64], vectors: &[f32], monitor: &dyn Monitor) -> Result<Vec<u8>> {
    let width = vectors.len() / words.len().max(1);
    if words.is_empty() || width == 0 || width * words.len() != vectors.len() {
        return Err(Error::Internal("words and vectors are not as many"));
    }
    for (word, vector) in vectors.chunks(width).enumerate() {
        if word % 256 == 0 {
            monitor.check()?;
        }
        if !vector.iter().all(|number| number.is_finite()) {
            return Err(Error::data(
                "a vector has a number that is not finite",
                "leave it out, or correct it",
            )
            .detail(format!("The word is \"{}\".", words.get(word))));
        }
    }
    let lexicon = Written::new(words, monitor)?;
    let width = (width as u64).to_le_bytes();
    let mut contents: Vec<(Section, &[u8])> = vec![(WIDTH, &width), (VECTORS, bytemuck::cast_slice(vectors))];
    contents.extend(lexicon.contents());
    if !counts.is_empty() {
        contents.push((COUNTS, bytemuck::cast_slice(counts)));
    }
    FORMAT.build(&contents, monitor)
}

/// The same of words that come in any order, by their bytes: which comes first does not depend on a plan.
pub fn build_sorted(words: &Texts, vectors: &[f32], monitor: &dyn Monitor) -> Result<Vec<u8>> {
    let width = vectors.len() / words.len().max(1);
    let mut order = room::with_capacity(words.len())?;
    order.extend(0..words.len());
    order.sort_unstable_by_key(|&place| words.get(place));
    let (mut sorted, mut rows) = (Texts::default(), room::with_capacity(vectors.len())?);
    for place in order {
        monitor.check()?;
        sorted.reserve(words.get(place))?;
        sorted.push(words.get(place));
        rows.extend_from_slice(&vectors[place * width..(place + 1) * width]);
    }
    build(&sorted, &[], &rows, monitor)
}

/// Words with vectors, ready to be used.
pub struct WordVectors {
    image: Image,
    sections: Sections,
    width: usize,
}

/// A word that is near.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    pub word: String,
    /// The cosine of the angle between the vectors.
    pub similarity: f64,
}

impl WordVectors {
    /// Opens bytes that may come from anywhere. O(header).
    pub fn open(image: Image) -> Result<WordVectors> {
        let bytes = (*image).as_ref();
        let sections = FORMAT.open(bytes)?;
        let width = match sections.numbers::<u64>(bytes, WIDTH)? {
            &[width @ 1..=0xffff] => width as usize,
            _ => return Err(Error::damaged(FORMAT.what, "its vectors have no width")),
        };
        let words = Lexicon::open(&sections, bytes, FORMAT.what)?.len();
        if sections.numbers::<f32>(bytes, VECTORS)?.len() != words * width {
            return Err(Error::damaged(FORMAT.what, "there are not as many vectors as words"));
        }
        if sections.find(COUNTS).is_some() && sections.numbers::<u64>(bytes, COUNTS)?.len() != words {
            return Err(Error::damaged(FORMAT.what, "there are not as many counts as words"));
        }
        Ok(WordVectors { image, sections, width })
    }

    fn lexicon(&self) -> Result<Lexicon<'_>> {
        Lexicon::open(&self.sections, (*self.image).as_ref(), FORMAT.what)
    }

    fn vectors(&self) -> Result<&[f32]> {
        self.sections.numbers((*self.image).as_ref(), VECTORS)
    }

    /// How many words there are.
    pub fn words(&self) -> Result<usize> {
        self.lexicon().map(|lexicon| lexicon.len())
    }

    /// The word at a place, how often it occurs if that is known, and its vector.
    pub fn word(&self, place: usize) -> Result<(&str, Option<u64>, &[f32])> {
        let word = self.lexicon()?.word(place)?;
        let counts = match self.sections.find(COUNTS) {
            Some(_) => self.sections.numbers::<u64>((*self.image).as_ref(), COUNTS)?,
            None => &[],
        };
        Ok((word, counts.get(place).copied(), self.vector(place)?))
    }

    fn vector(&self, place: usize) -> Result<&[f32]> {
        let vector = self.vectors()?.chunks_exact(self.width).nth(place);
        vector.ok_or_else(|| Error::damaged(FORMAT.what, "a word has no vector"))
    }

    /// The place of a word: as it is written, else in small letters.
    pub fn find(&self, word: &str) -> Result<Option<usize>> {
        self.lexicon()?.find_any_case(word)
    }

    /// The `k` words whose vectors have the least angle to the sum of some words' vectors less those of others, each of length 1; without these
    /// words themselves (Mikolov, Yih and Zweig 2013, "Linguistic regularities"). Of equally near ones the first. O(words x width).
    pub fn neighbours(
        &self,
        more: &[usize],
        less: &[usize],
        k: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Neighbour>> {
        let mut sum = room::filled(0.0_f64, self.width)?;
        for (places, sign) in [(more, 1.0), (less, -1.0)] {
            for &place in places {
                let vector = self.vector(place)?;
                let factor = sign * inverse_length(vector);
                sum.iter_mut()
                    .zip(vector)
                    .for_each(|(sum, number)| *sum += factor * f64::from(*number));
            }
        }
        let length = sum.iter().map(|number| number * number).sum::<f64>().sqrt();
        let length = if length > 0.0 { length } else { 1.0 };
        let (mut best, mut pace) = (Vec::new(), Pace::new(monitor));
        for (place, vector) in self.vectors()?.chunks_exact(self.width).enumerate() {
            pace.spend(self.width)?;
            if more.contains(&place) || less.contains(&place) {
                continue;
            }
            let product: f64 = sum
                .iter()
                .zip(vector)
                .map(|(sum, number)| sum * f64::from(*number))
                .sum();
            room::push(&mut best, (product * inverse_length(vector) / length, place))?;
            if best.len() >= 2 * k.max(512) {
                nearest(&mut best, k);
            }
        }
        nearest(&mut best, k);
        best.sort_unstable_by(order);
        let lexicon = self.lexicon()?;
        let neighbour = |&(similarity, place): &(f64, usize)| {
            Ok(Neighbour {
                word: lexicon.word(place)?.to_string(),
                similarity,
            })
        };
        best.iter().map(neighbour).collect()
    }
}

/// One by a vector's length, 0 for zeros.
fn inverse_length(vector: &[f32]) -> f64 {
    let squares: f64 = vector.iter().map(|number| f64::from(*number).powi(2)).sum();
    if squares > 0.0 { 1.0 / squares.sqrt() } else { 0.0 }
}

fn order(left: &(f64, usize), right: &(f64, usize)) -> Ordering {
    right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
}

/// Leaves the nearest `k`.
fn nearest(found: &mut Vec<(f64, usize)>, k: usize) {
    if found.len() > k {
        found.select_nth_unstable_by(k, order);
        found.truncate(k);
    }
}

impl Encoder for WordVectors {
    fn width(&self) -> usize {
        self.width
    }

    fn window(&self) -> usize {
        usize::MAX
    }

    fn word_vectors(&self) -> Option<&WordVectors> {
        Some(self)
    }

    fn token_ends(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        words::ends(text, monitor)
    }

    /// The mean of the vectors of a text's words, in units of its length; zeros where none of them is known.
    fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()> {
        let lexicon = self.lexicon()?;
        let mut sum = room::filled(0.0_f64, self.width)?;
        for (text, out) in texts.iter().zip(out.chunks_mut(self.width)) {
            sum.fill(0.0);
            words::each_word(text, monitor, |word, _| {
                if let Some(place) = lexicon.find_any_case(word)? {
                    let vector = self.vector(place)?;
                    sum.iter_mut()
                        .zip(vector)
                        .for_each(|(sum, number)| *sum += f64::from(*number));
                }
                Ok(())
            })?;
            let length = sum.iter().map(|number| number * number).sum::<f64>().sqrt();
            let factor = if length > 0.0 { 1.0 / length } else { 0.0 };
            out.iter_mut()
                .zip(&sum)
                .for_each(|(out, sum)| *out = (sum * factor) as f32);
        }
        Ok(())
    }
}

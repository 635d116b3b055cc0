//! Encoders of the BERT family: vectors of sentences (Reimers and Gurevych, "Sentence-BERT", 2019), and scores of pairs by those that have a
//! head for it.

mod build;
mod forward;
mod shape;

use kernels::Kernels;
use serde::{Deserialize, Serialize};

pub use build::{Built, build};
use forward::{Pass, Token};
use shape::Layout;
pub use shape::{Pooling, Precision, Shape};

use crate::embedder::{Encoder, Image, Ranker};
use crate::error::{Error, Result};
use crate::image::{Format, Section, Sections};
use crate::monitor::Monitor;
use crate::room;
use crate::wordpiece::{Piece, Rules, Tokenizer, Vocabulary};

/// Shape and rules, in JSON.
const CONFIGURATION: Section = section(b"Conf");
/// Where the pieces of the vocabulary end in their bytes.
const ENDS: Section = section(b"Ends");
/// The numbers of the pieces.
const IDS: Section = section(b"Numb");
/// The bytes of the pieces.
const TEXT: Section = section(b"Text");
/// Numbers in single precision.
const NUMBERS: Section = section(b"Real");
/// Whole numbers of eight bits.
const INTEGERS: Section = section(b"Inte");

const fn section(tag: &[u8; 4]) -> Section {
    Section { tag: *tag, version: 1 }
}

/// Images of such encoders.
pub const FORMAT: Format = Format {
    what: "the embedder",
    magic: b"\x89assayBE",
    sections: &[CONFIGURATION, ENDS, IDS, TEXT, NUMBERS, INTEGERS],
};

/// The longest configuration: that with the most added tokens.
const LONGEST: usize = 1 << 20;

/// What an image says in words.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    shape: Shape,
    rules: Rules,
}

/// Tokens that go through the layers together: so many that weights are read seldom, so few that what is computed stays in a cache.
const TOGETHER: usize = 192;

/// An encoder.
pub struct Bert {
    image: Image,
    sections: Sections,
    shape: Shape,
    layout: Layout,
    tokenizer: Tokenizer,
    kernels: Kernels,
}

impl Bert {
    /// The encoder that an image is. Weights are not looked at. Returns an error when the image is damaged or newer.
    pub fn open(image: Image) -> Result<Bert> {
        let bytes = (*image).as_ref();
        let sections = FORMAT.open(bytes)?;
        let damaged = |problem: String| Error::damaged(FORMAT.what, problem);
        let configuration = sections.bytes(bytes, CONFIGURATION)?;
        if configuration.len() > LONGEST {
            return Err(damaged(format!("its configuration has {} bytes", configuration.len())));
        }
        let Configuration { shape, rules } = serde_json::from_slice(configuration)
            .map_err(|problem| damaged(format!("its configuration: {problem}")))?;
        shape.check().map_err(|problem| damaged(problem.to_string()))?;
        let layout = Layout::of(&shape);
        let numbers = sections.numbers::<f32>(bytes, NUMBERS)?.len();
        let integers = sections.bytes(bytes, INTEGERS)?.len();
        if (numbers, integers) != (layout.numbers, layout.integers) {
            return Err(damaged(format!(
                "it has {numbers} and {integers} numbers, and should have {} and {}",
                layout.numbers, layout.integers
            )));
        }
        let pieces = sections.numbers::<u32>(bytes, ENDS)?.len();
        if sections.numbers::<u32>(bytes, IDS)?.len() != pieces {
            return Err(damaged(format!(
                "its vocabulary has not a number for each of {pieces} pieces"
            )));
        }
        if shape.window < rules.single.len().max(rules.pair.len()) {
            return Err(damaged(format!("its window of {} tokens holds no text", shape.window)));
        }
        let tokenizer = Tokenizer::new(rules).map_err(|problem| damaged(problem.to_string()))?;
        Ok(Bert {
            image,
            sections,
            shape,
            layout,
            tokenizer,
            kernels: Kernels::fastest(),
        })
    }

    /// Whether it scores pairs, and is no encoder of single texts.
    pub fn scores(&self) -> bool {
        self.shape.head
    }

    fn bytes(&self) -> &[u8] {
        (*self.image).as_ref()
    }

    fn vocabulary(&self) -> Result<Vocabulary<'_>> {
        Ok(Vocabulary {
            ends: self.sections.numbers(self.bytes(), ENDS)?,
            ids: self.sections.numbers(self.bytes(), IDS)?,
            text: self.sections.bytes(self.bytes(), TEXT)?,
        })
    }

    fn pass<'p>(&'p self, monitor: &'p dyn Monitor) -> Result<Pass<'p>> {
        Ok(Pass {
            kernels: self.kernels,
            shape: &self.shape,
            layout: &self.layout,
            numbers: self.sections.numbers(self.bytes(), NUMBERS)?,
            integers: bytemuck::cast_slice(self.sections.bytes(self.bytes(), INTEGERS)?),
            monitor,
        })
    }

    /// The tokens of a text, with those that every text gets.
    fn single(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<Token>> {
        let pieces = &self.tokenizer.rules().single;
        let most = (self.shape.window + 1).saturating_sub(pieces.len());
        let first = self.tokenizer.tokens(self.vocabulary()?, text, most, monitor)?;
        Ok(fill(pieces, &first, &[]))
    }

    /// The tokens of two texts, the longer of which is cut first.
    fn pair(&self, (first, second): (&str, &str), monitor: &dyn Monitor) -> Result<Vec<Token>> {
        let pieces = &self.tokenizer.rules().pair;
        let most = (self.shape.window + 2).saturating_sub(pieces.len());
        let vocabulary = self.vocabulary()?;
        let first = self.tokenizer.tokens(vocabulary, first, most, monitor)?;
        let second = self.tokenizer.tokens(vocabulary, second, most, monitor)?;
        let (one, two) = longest_first(first.len(), second.len(), most);
        Ok(fill(pieces, &first[..one], &second[..two]))
    }

    /// Hands texts on as many at a time as go through the layers together: their tokens, and where each ends.
    fn in_batches(
        &self,
        count: usize,
        tokens_of: impl Fn(usize) -> Result<Vec<Token>>,
        mut take: impl FnMut(std::ops::Range<usize>, &[Token], &[usize]) -> Result<()>,
    ) -> Result<()> {
        let (mut tokens, mut ends, mut start) = (Vec::new(), Vec::new(), 0);
        for text in 0..count {
            let more = tokens_of(text)?;
            if !tokens.is_empty() && tokens.len() + more.len() > TOGETHER {
                take(start..text, &tokens, &ends)?;
                (tokens, ends, start) = (Vec::new(), Vec::new(), text);
            }
            room::reserve(&mut tokens, more.len())?;
            tokens.extend(more);
            room::push(&mut ends, tokens.len())?;
        }
        take(start..count, &tokens, &ends)
    }
}

/// Tokens at the places of a template.
fn fill(pieces: &[Piece], first: &[crate::wordpiece::Token], second: &[crate::wordpiece::Token]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pieces.len() + first.len() + second.len());
    for piece in pieces {
        match *piece {
            Piece::First { kind } => tokens.extend(first.iter().map(|token| (token.id, kind))),
            Piece::Second { kind } => tokens.extend(second.iter().map(|token| (token.id, kind))),
            Piece::Token { token, kind } => tokens.push((token, kind)),
        }
    }
    tokens
}

/// How many tokens of two texts stay, of `most` together: `LongestFirst` of the crate tokenizers.
fn longest_first(first: usize, second: usize, most: usize) -> (usize, usize) {
    if first + second <= most {
        return (first, second);
    }
    let (short, long) = (first.min(second), first.max(second));
    let half = most / 2;
    let (short, long) = if short > half {
        (half, half + most % 2)
    } else {
        (short, long.min(most - short))
    };
    if first > second { (long, short) } else { (short, long) }
}

impl Encoder for Bert {
    fn width(&self) -> usize {
        self.shape.hidden
    }

    fn window(&self) -> usize {
        self.shape.window
    }

    fn token_ends(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        let tokens = self.tokenizer.tokens(self.vocabulary()?, text, usize::MAX, monitor)?;
        Ok(tokens.into_iter().map(|token| token.end).collect())
    }

    fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()> {
        let (width, pass) = (self.shape.hidden, self.pass(monitor)?);
        if out.len() != texts.len() * width {
            return Err(Error::Internal("there is not room for a vector of each text"));
        }
        let tokens_of = |text: usize| self.single(texts.get(text).copied().unwrap_or_default(), monitor);
        self.in_batches(texts.len(), tokens_of, |range, tokens, ends| {
            let states = pass.run(tokens, ends)?;
            let out = &mut out[range.start * width..range.end * width];
            for ((out, end), start) in out.chunks_exact_mut(width).zip(ends).zip([0].iter().chain(ends)) {
                self.pool(&states[start * width..end * width], out);
                finite(out)?;
            }
            Ok(())
        })
    }
}

impl Bert {
    /// The vector of a text from those of its tokens.
    fn pool(&self, states: &[f32], out: &mut [f32]) {
        let rows = states.chunks_exact(out.len());
        out.fill(0.0);
        match self.shape.pooling {
            Pooling::Mean => {
                let count = rows.len().max(1) as f32;
                rows.for_each(|row| out.iter_mut().zip(row).for_each(|(out, value)| *out += value));
                out.iter_mut().for_each(|value| *value /= count);
            }
            Pooling::Cls => rows.take(1).for_each(|row| out.copy_from_slice(row)),
            Pooling::Max => {
                out.fill(if states.is_empty() { 0.0 } else { f32::NEG_INFINITY });
                rows.for_each(|row| out.iter_mut().zip(row).for_each(|(out, value)| *out = out.max(*value)));
            }
        }
        if self.shape.normalize {
            self.kernels.normalize(out);
        }
    }
}

impl Ranker for Bert {
    /// The logits, as transformers gives them.
    fn score(&self, pairs: &[(&str, &str)], out: &mut [f32], monitor: &dyn Monitor) -> Result<()> {
        let (width, pass) = (self.shape.hidden, self.pass(monitor)?);
        if out.len() != pairs.len() {
            return Err(Error::Internal("there is not room for a score of each pair"));
        }
        let tokens_of = |pair: usize| self.pair(pairs.get(pair).copied().unwrap_or_default(), monitor);
        self.in_batches(pairs.len(), tokens_of, |range, tokens, ends| {
            let states = pass.run(tokens, ends)?;
            let mut firsts = room::with_capacity(range.len() * width)?;
            for start in [0].iter().chain(ends).take(range.len()) {
                firsts.extend_from_slice(states.get(start * width..(start + 1) * width).unwrap_or_default());
            }
            let out = &mut out[range];
            pass.score(&firsts, out)?;
            finite(out)
        })
    }
}

/// Returns an error where a model's numbers grew beyond what they can be.
fn finite(numbers: &[f32]) -> Result<()> {
    if numbers.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    Err(Error::data(
        "the model's numbers grow beyond what they can be",
        "Load weights that were trained for this configuration.",
    ))
}

#[cfg(test)]
mod tests;

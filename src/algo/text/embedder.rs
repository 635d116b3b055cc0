//! What turns texts into vectors.

use std::sync::Arc;

use rayon::prelude::*;

use crate::bert::{self, Bert};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;
use crate::tf_idf::{self, TfIdf};
use crate::word_vectors::{self, WordVectors};

/// How a model of texts is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An encoder of the BERT family.
    Bert,
    /// The mean of the words' vectors, which word2vec learned.
    Word2Vec,
    /// The mean of the words' vectors, which were given.
    Static,
    /// How often words are in the text, and how rare they are elsewhere.
    TfIdf,
    /// An endpoint elsewhere.
    Remote,
    /// A linear map on top of another embedder, that was learned.
    Adapter,
    /// No model: a template of what one is asked.
    Template,
}

impl Kind {
    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Bert => "bert",
            Kind::Word2Vec => "word2vec",
            Kind::Static => "static",
            Kind::TfIdf => "tf_idf",
            Kind::Remote => "remote",
            Kind::Adapter => "adapter",
            Kind::Template => "template",
        }
    }
}

/// The bytes of an embedder, shared by whoever reads them: a memory-mapped file, or memory of the process. They begin at a multiple of 64.
pub type Image = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What turns texts into vectors here, without asking anybody.
pub trait Encoder: Send + Sync {
    /// How many numbers a vector has.
    fn width(&self) -> usize;

    /// The most tokens of a text that count, those that every text gets included; the others are cut off. `usize::MAX` where all count.
    fn window(&self) -> usize;

    /// The byte after each token of `text`, ascending, without tokens that every text gets.
    fn token_ends(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>>;

    /// The vectors of texts, one after the other: `texts.len() * width()` numbers.
    fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()>;

    /// The vectors of words that it is made of, if it is.
    fn word_vectors(&self) -> Option<&WordVectors> {
        None
    }
}

/// So many texts are embedded by a thread at a time.
const PIECE: usize = 16;

/// The vectors of many texts, on as many threads as there are. They are the same as those of [`Encoder::embed`].
pub fn embed_all(encoder: &dyn Encoder, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()> {
    let width = encoder.width().max(1);
    out.par_chunks_mut(PIECE * width)
        .zip(texts.par_chunks(PIECE))
        .try_for_each(|(out, texts)| encoder.embed(texts, out, monitor))
}

/// What scores how well texts answer questions here.
pub trait Ranker: Send + Sync {
    /// The score of each question with its text; higher is better.
    fn score(&self, pairs: &[(&str, &str)], out: &mut [f32], monitor: &dyn Monitor) -> Result<()>;
}

/// What computes here, without asking anybody.
pub enum Local {
    /// It gives vectors.
    Encoder(Box<dyn Encoder>),
    /// It gives scores.
    Ranker(Box<dyn Ranker>),
}

/// What the bytes of a version are, but for those of an adapter, which lacks its embedder: see [`crate::adapter::Adapter`]. O(header).
pub fn open(image: Image) -> Result<Local> {
    let is = |magic: &[u8; 8]| (*image).as_ref().starts_with(magic);
    if is(bert::FORMAT.magic) {
        let bert = Bert::open(image)?;
        return Ok(match bert.scores() {
            true => Local::Ranker(Box::new(bert)),
            false => Local::Encoder(Box::new(bert)),
        });
    }
    if is(word_vectors::FORMAT.magic) {
        return Ok(Local::Encoder(Box::new(WordVectors::open(image)?)));
    }
    if is(tf_idf::FORMAT.magic) {
        return Ok(Local::Encoder(Box::new(TfIdf::open(image)?)));
    }
    Err(Error::newer("the embedder", "a kind of it"))
}

/// Bytes that begin at a multiple of 64.
pub struct Aligned {
    room: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    const UNIT: usize = 64;

    /// So many zeros.
    pub fn with_length(length: usize) -> Result<Aligned> {
        let room = length.saturating_add(Self::UNIT);
        room::ask(room)?;
        let room = vec![0; room];
        let start = room.as_ptr().align_offset(Self::UNIT).min(Self::UNIT);
        Ok(Aligned { room, start, length })
    }
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        &self.room[self.start..self.start + self.length]
    }
}

impl AsMut<[u8]> for Aligned {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.room[self.start..self.start + self.length]
    }
}

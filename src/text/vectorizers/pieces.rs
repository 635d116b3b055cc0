//! Texts cut into chunks, as a vectorizer's `chunking` says.

use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use crate::models::in_use;
use crate::pg::error::{Error, INTERNAL, LIMIT_EXCEEDED, Result};
use crate::pg::foreground::Foreground;
use crate::pg::{identity, options, snapshot};
use crate::text::embedders::{self, Embedder};
use algo_text::chunk::{Chunking, Strategy, chunk};

/// A chunk of a text.
pub struct Cut<'t> {
    pub chunk: &'t str,
    /// In characters, from 1; the end is behind the chunk.
    pub start: i32,
    pub end: i32,
}

/// Cuts texts.
pub struct Cutter {
    chunking: Chunking,
    /// Whose tokens are counted.
    embedder: Option<Embedder>,
}

/// Reads the argument `chunking`. Where nothing is said of an overlap and the usual one would be all of a chunk, there is none.
pub fn read(chunking: &Json) -> Result<Chunking> {
    let is_said = chunking.get("overlap").is_some();
    let mut chunking: Chunking = options::parse("chunking", chunking.clone())?;
    if !is_said && chunking.overlap >= chunking.size {
        chunking.overlap = 0;
    }
    chunking.check()?;
    Ok(chunking)
}

/// The argument `chunking` as it is stored: complete, and with the version of the embedder whose tokens are counted, if any. Returns an error where
/// `owner`, as whom texts are cut, may not use that.
pub fn pinned(chunking: &Json, owner: Oid) -> Result<Json> {
    let mut chunking = read(chunking)?;
    if let Strategy::Tokens(name) = &mut chunking.strategy {
        *name = identity::on_behalf_of(owner, || {
            let version = embedders::open(name)?.version;
            in_use::hold(&version)?;
            snapshot::with_latest(|| embedders::open(&version.reference()))
        })?
        .version
        .reference();
    }
    serde_json::to_value(&chunking)
        .map_err(|problem| Error::new(INTERNAL, "chunking cannot be stored").detail(problem.to_string()))
}

impl Cutter {
    /// As a vectorizer's owner.
    pub fn open(chunking: &Json) -> Result<Cutter> {
        let chunking = read(chunking)?;
        let embedder = chunking.strategy.embedder().map(embedders::open).transpose()?;
        Ok(Cutter { chunking, embedder })
    }

    /// The chunks of a text.
    pub fn cut<'t>(&self, text: &'t str, watch: &Foreground) -> Result<Vec<Cut<'t>>> {
        let encoder = self.embedder.as_ref().map(Embedder::encoder).transpose()?;
        let chunks = chunk(text, &self.chunking, encoder, watch)?;
        let cuts = chunks.into_iter().map(|chunk| {
            Ok(Cut {
                chunk: &text[chunk.start..chunk.end],
                start: position(chunk.start_character)?,
                end: position(chunk.end_character)?,
            })
        });
        cuts.collect()
    }
}

/// A position that SQL counts from 1.
fn position(characters: usize) -> Result<i32> {
    i32::try_from(characters + 1).map_err(|_| Error::new(LIMIT_EXCEEDED, "the text has too many characters"))
}

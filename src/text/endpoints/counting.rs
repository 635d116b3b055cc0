//! How many tokens a text has for a model that answers elsewhere.

use super::remote::Remote;
use crate::pg::error::Result;
use crate::text::embedders::{self, Embedder};
use algo::monitor::Monitor;

/// How tokens are counted.
pub enum Counting {
    /// A byte may be one; none is shorter.
    Bytes,
    /// As many as this embedder makes of it, and those that every text gets.
    Of(Embedder),
}

/// What encoders put around a text.
const SPECIAL: usize = 2;

impl Counting {
    /// As the registration of a model says.
    pub fn of(remote: &Remote) -> Result<Counting> {
        let tokenizer = remote.definition.tokenizer.as_deref();
        Ok(tokenizer
            .map(embedders::open)
            .transpose()?
            .map_or(Counting::Bytes, Counting::Of))
    }

    /// The tokens of a text.
    pub fn count(&self, text: &str, monitor: &dyn Monitor) -> Result<usize> {
        Ok(match self {
            Counting::Bytes => text.len(),
            Counting::Of(embedder) => embedder.encoder()?.token_ends(text, monitor)?.len() + SPECIAL,
        })
    }

    /// What a number of tokens is, for people.
    pub fn describe(&self, tokens: usize) -> String {
        match self {
            Counting::Bytes => format!("{tokens} bytes, each of which may be a token"),
            Counting::Of(_) => format!("{tokens} tokens"),
        }
    }
}

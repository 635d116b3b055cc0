//! Embedders, as vectorizers use them.

use std::collections::HashMap;

use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result, UNDEFINED_MODEL};
use crate::pg::foreground::Foreground;
use crate::text::embedders;
use algo::monitor::Monitor;
use algo::room;
use algo_text::embedder::{Encoder, embed_all};
use algo_text::vectorizer::reconcile::Hash;

/// Vectors of texts, by the texts' hashes.
pub struct Vectors {
    width: usize,
    places: HashMap<Hash, usize>,
    numbers: Vec<f32>,
}

impl Vectors {
    /// The vector of a text; `None` where it was not embedded.
    pub fn of(&self, hash: &Hash) -> Option<&[f32]> {
        let first = self.places.get(hash)? * self.width;
        self.numbers.get(first..first + self.width)
    }
}

/// Fewer texts are not worth a thread.
const FEW: usize = 8;

/// An embedder that is ready.
pub struct Embedder {
    reference: String,
    encoder: Opened,
}

enum Opened {
    Version(embedders::Embedder),
    Interim(Box<dyn Encoder>),
}

impl Embedder {
    /// The embedder that a name means, such as `minilm@1`. The current role has to be allowed to use it.
    pub fn open(reference: &str) -> Result<Embedder> {
        if reference.starts_with("words@") {
            return Ok(Embedder {
                reference: reference.to_string(),
                encoder: Opened::Interim(interim::open(reference)?),
            });
        }
        let embedder = embedders::open(reference)?;
        embedder.encoder()?;
        Ok(Embedder {
            reference: embedder.version.reference(),
            encoder: Opened::Version(embedder),
        })
    }

    /// Its name, with the number of its version, which stays the same whatever a name by itself comes to mean.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> Result<usize> {
        self.encoder().map(Encoder::width)
    }

    /// Whether it is computed here, without asking anybody.
    pub fn is_local(&self) -> bool {
        true
    }

    /// What a chunker by tokens counts with.
    pub fn encoder(&self) -> Result<&dyn Encoder> {
        match &self.encoder {
            Opened::Version(embedder) => embedder.encoder(),
            Opened::Interim(encoder) => Ok(encoder.as_ref()),
        }
    }

    /// The vectors of texts, of which each is embedded once.
    pub fn embed(&self, texts: &[(Hash, &str)], statement: &Foreground) -> Result<Vectors> {
        let encoder = self.encoder()?;
        let width = encoder.width();
        let mut places = HashMap::new();
        let mut distinct = Vec::new();
        for (hash, text) in texts {
            places.entry(*hash).or_insert_with(|| {
                distinct.push(*text);
                distinct.len() - 1
            });
        }
        let count = distinct.len().saturating_mul(width);
        statement.allow(count.saturating_mul(size_of::<f32>()))?;
        let mut numbers = room::filled(0.0_f32, count)?;
        if distinct.len() < FEW {
            encoder.embed(&distinct, &mut numbers, statement)?;
        } else {
            let mut reporter = Reporter::new();
            let embedded = compute::run("embedding texts", &mut reporter, statement, |monitor| {
                embed_all(encoder, &distinct, &mut numbers, monitor).map_err(Error::from)
            });
            reporter.finish();
            embedded?;
        }
        Ok(Vectors { width, places, numbers })
    }
}

/// Until there are embedders: words by the hash of each, in eight numbers.
mod interim {
    use super::*;

    struct Words(usize);

    impl Encoder for Words {
        fn width(&self) -> usize {
            self.0
        }

        fn window(&self) -> usize {
            usize::MAX
        }

        fn token_ends(&self, text: &str, _: &dyn Monitor) -> algo::error::Result<Vec<usize>> {
            Ok((1..=text.len()).collect())
        }

        fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> algo::error::Result<()> {
            for (text, vector) in texts.iter().zip(out.chunks_mut(self.0)) {
                monitor.check()?;
                if text.contains("unembeddable") {
                    return Err(algo::error::Error::data("a text cannot be embedded", "leave it out"));
                }
                if text.contains("slow") {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                vector.fill(0.0);
                for word in text.split_whitespace() {
                    vector[algo::hash::hash_bytes(0, word.as_bytes()) as usize % self.0] += 1.0;
                }
            }
            Ok(())
        }
    }

    pub fn open(reference: &str) -> Result<Box<dyn Encoder>> {
        match reference {
            "words@1" => Ok(Box::new(Words(8))),
            "words@2" => Ok(Box::new(Words(4))),
            _ => Err(Error::new(
                UNDEFINED_MODEL,
                format!("embedder \"{reference}\" does not exist"),
            )),
        }
    }
}

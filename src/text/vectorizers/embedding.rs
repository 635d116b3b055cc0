//! Embedders, as vectorizers use them.

use std::collections::HashMap;

use pgrx::pg_sys::Oid;

use super::definition::Vectorizer;
use super::space::Space;
use crate::models::{self, Privilege, in_use};
use crate::pg::error::{Error, Result, UNSUITABLE_ROWS, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::snapshot;
use crate::text::endpoints::leaving;
use crate::text::endpoints::remote::Remote;
use crate::text::{embedders, endpoints};
use algo_text::embedder::Kind;
use algo_text::task::Task;
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

/// An embedder that is ready.
pub enum Embedder {
    /// It computes here.
    Local(embedders::Embedder),
    /// It answers elsewhere.
    Remote(Remote),
}

impl Embedder {
    /// The embedder that a name means, such as `minilm@1`. The current role has to be allowed to use it.
    pub fn open(reference: &str) -> Result<Embedder> {
        if models::resolve(reference, Privilege::Predict)?.algorithm()? == Kind::Remote.name() {
            return Remote::open(reference, Task::Embedding).map(Embedder::Remote);
        }
        let embedder = embedders::open(reference)?;
        embedder.encoder()?;
        Ok(Embedder::Local(embedder))
    }

    /// As [`open`](Embedder::open), for a vectorizer that needs it from now on: nobody drops it until the transaction ends.
    pub fn hold(reference: &str) -> Result<Embedder> {
        let version = models::resolve(reference, Privilege::Predict)?;
        in_use::hold(&version)?;
        snapshot::with_latest(|| Embedder::open(&version.reference()))
    }

    /// The embedder that made the vectors of a space. Returns an error with 55000 where another one has its name now.
    pub fn of_space(vectorizer: &Vectorizer, space: &Space) -> Result<Embedder> {
        let embedder = Embedder::open(&space.embedding)?;
        match embedder.hash() == space.hash {
            true => Ok(embedder),
            false => Err(vectorizer
                .broken(&format!("embedder \"{}\" is not what it was", space.embedding))
                .detail("The vectors were made by other bytes, with which it gives others.")),
        }
    }

    /// Returns 42501 where it answers elsewhere, and columns of a relation may not be sent there.
    pub fn require_may_see<'c>(&self, source: Oid, columns: impl IntoIterator<Item = &'c String>) -> Result<()> {
        match self {
            Embedder::Local(_) => Ok(()),
            Embedder::Remote(remote) => leaving::require_may_leave(&remote.definition.server, source, columns),
        }
    }

    /// The hash of its bytes.
    pub fn hash(&self) -> &str {
        match self {
            Embedder::Local(embedder) => &embedder.hash,
            Embedder::Remote(remote) => &remote.hash,
        }
    }

    /// Its name, with the number of its version, which stays the same whatever a name by itself comes to mean.
    pub fn reference(&self) -> String {
        match self {
            Embedder::Local(embedder) => embedder.version.reference(),
            Embedder::Remote(remote) => remote.reference.clone(),
        }
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> Result<usize> {
        match self {
            Embedder::Local(embedder) => embedder.encoder().map(|encoder| encoder.width()),
            Embedder::Remote(remote) => remote.definition.dimensions.ok_or_else(|| {
                Error::new(
                    WRONG_TASK,
                    format!(
                        "model \"{}\" does not say how many numbers its vectors have",
                        remote.reference
                    ),
                )
                .hint("Register a version by assay.register_remote with dimensions => n.")
            }),
        }
    }

    /// Whether it is computed here, without asking anybody.
    pub fn is_local(&self) -> bool {
        match self {
            Embedder::Local(_) => true,
            Embedder::Remote(_) => false,
        }
    }

    /// The vectors of texts, one after the other.
    pub fn vectors(&self, texts: &[&str], statement: &Foreground) -> Result<Vec<f32>> {
        match self {
            Embedder::Local(embedder) => embedders::vectors(embedder.encoder()?, texts, statement),
            Embedder::Remote(remote) => endpoints::embed::embed(remote, texts),
        }
    }

    /// The vectors of texts, of which each is embedded once.
    pub fn embed(&self, texts: &[(Hash, &str)], statement: &Foreground) -> Result<Vectors> {
        let width = self.width()?;
        let mut places = HashMap::new();
        let mut distinct = Vec::new();
        for (hash, text) in texts {
            places.entry(*hash).or_insert_with(|| {
                distinct.push(*text);
                distinct.len() - 1
            });
        }
        let numbers = self.vectors(&distinct, statement)?;
        if numbers.len() != distinct.len() * width {
            return Err(Error::new(
                UNSUITABLE_ROWS,
                format!(
                    "model \"{}\" gives vectors of another width than {width}",
                    self.reference()
                ),
            )
            .hint("Alter the vectorizer to a version of the model that it has now."));
        }
        Ok(Vectors { width, places, numbers })
    }
}

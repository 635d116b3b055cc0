//! A version of an embedder, ready to be used. Its bytes are in a file that all backends of the database map; where there can be none, the backend
//! has them to itself. Keyed by content hash, so that nothing in it is ever stale.

use std::cell::RefCell;
use std::sync::Arc;

use pgrx::pg_sys::Oid;
use sha2::{Digest, Sha256};

use crate::models::registry::{Privilege, Version, unreadable};
use crate::models::{hex, resolve};
use crate::pg::error::{DAMAGED_MODEL, Error, Result, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::shared_file::{self, Draft, SharedFile};
use crate::pg::tables;
use algo_text::adapter::{Adapter, Base};
use algo_text::embedder::{self, Aligned, Encoder, Image, Kind, Local, Ranker};
use algo_text::task::Task;

/// An embedder of a version.
pub struct Embedder {
    pub version: Version,
    /// The hash of its bytes.
    pub hash: String,
    pub local: Arc<Local>,
}

impl Embedder {
    /// What gives vectors. Returns `ML010` for what gives none.
    pub fn encoder(&self) -> Result<&dyn Encoder> {
        match &*self.local {
            Local::Encoder(encoder) => Ok(&**encoder),
            Local::Ranker(_) => Err(self.unfit(Task::Embedding)),
        }
    }

    /// What gives scores. Returns `ML010` for what gives none.
    pub fn ranker(&self) -> Result<&dyn Ranker> {
        match &*self.local {
            Local::Ranker(ranker) => Ok(&**ranker),
            Local::Encoder(_) => Err(self.unfit(Task::Reranking)),
        }
    }

    fn unfit(&self, wanted: Task) -> Error {
        Error::new(
            WRONG_TASK,
            format!(
                "model \"{}\" cannot be used for {}",
                self.version.reference(),
                wanted.name()
            ),
        )
        .hint("The view assay.models shows each model's task: embedding or reranking.")
    }
}

#[derive(Clone)]
struct Kept {
    hash: String,
    local: Arc<Local>,
    /// Of an adapter the embedder below it.
    base: Option<Base>,
}

/// So many are kept by a backend. What they take of memory that is not shared is small.
const MOST: usize = 8;

thread_local! {
    /// Used last comes last.
    static CACHE: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The embedder of a reference, for a caller who may predict with it. Returns `ML001`, `ML002`, 42501, and `ML010` for a model of rows.
pub fn open(reference: &str) -> Result<Embedder> {
    let version = resolve(reference, Privilege::Predict)?;
    let found = version.task()?;
    let unfit = |problem: &str| {
        Error::new(WRONG_TASK, format!("model \"{}\" {problem}", version.reference()))
            .detail(format!("Its task is {found}."))
            .hint("The view assay.models shows each model's task: embedding or reranking.")
    };
    match Task::named(&found) {
        Some(Task::Embedding | Task::Reranking | Task::Generation) => {}
        Some(Task::Prompt) => return Err(unfit("is a prompt, and says nothing of a text")),
        None => return Err(unfit("reads rows, and says nothing of a text")),
    }
    if version.algorithm()? == Kind::Remote.name() {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" answers elsewhere", version.reference()),
        )
        .hint("assay.embed_remote, assay.rerank_remote and assay.generate ask it."));
    }
    let hash = version.hash()?;
    let kept = match recall(&hash) {
        Some(kept) => {
            // Who may use an adapter has to be allowed to use what is below it, too.
            if let Some(base) = &kept.base {
                below(&version, base)?;
            }
            kept
        }
        None => {
            let (local, base) = assemble(&version, &hash)?;
            let local = Arc::new(local);
            let kept = Kept {
                hash: hash.clone(),
                local,
                base,
            };
            keep(kept.clone());
            kept
        }
    };
    Ok(Embedder {
        version,
        hash,
        local: kept.local,
    })
}

/// What the bytes of a version are, and of an adapter the embedder below it.
fn assemble(version: &Version, hash: &str) -> Result<(Local, Option<Base>)> {
    let image = image(version, hash)?;
    if version.algorithm()? != Kind::Adapter.name() {
        let local = embedder::open(image).map_err(|error| unreadable(version, error))?;
        return Ok((local, None));
    }
    let adapter = Adapter::open(&image).map_err(|error| unreadable(version, error))?;
    let base = adapter.base.clone();
    let embedder = open(&below(version, &base)?.reference())?;
    let local = adapter.on(embedder.local).map_err(|error| unreadable(version, error))?;
    Ok((local, Some(base)))
}

/// The embedder below an adapter, for a caller who may predict with it, too. Returns `ML009` where it is not what it was.
fn below(adapter: &Version, base: &Base) -> Result<Version> {
    let version = resolve(&base.reference, Privilege::Predict)?;
    // An adapter on top of another one has no place here: it could be on top of itself.
    if version.hash()? == base.hash && version.algorithm()? != Kind::Adapter.name() {
        return Ok(version);
    }
    Err(Error::new(
        DAMAGED_MODEL,
        format!("model \"{}\" cannot be loaded", adapter.reference()),
    )
    .detail(format!(
        "The embedder \"{}\" below it is not what it was.",
        base.reference
    ))
    .hint("Train the adapter again."))
}

fn recall(hash: &str) -> Option<Kept> {
    CACHE.with_borrow_mut(|cache| {
        let place = cache.iter().position(|kept| kept.hash == hash)?;
        let kept = cache.remove(place);
        cache.push(kept.clone());
        Some(kept)
    })
}

fn keep(kept: Kept) {
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= MOST {
            cache.remove(0);
        }
        cache.push(kept);
    });
}

/// The bytes of a version: mapped where they are in a file or can be written into one, else the backend's own.
fn image(version: &Version, hash: &str) -> Result<Image> {
    if let Some(file) = shared_file::find(hash) {
        return Ok(Arc::new(file));
    }
    if let Some(file) = write(version, hash)? {
        return Ok(Arc::new(file));
    }
    let statement = Foreground::new()?;
    let length = version.length()?;
    statement.allow(length)?;
    let mut bytes = Aligned::with_length(length)?;
    let mut at = 0;
    let digest = read(version, &statement, |part| {
        bytes.as_mut()[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    })?;
    check(version, hash, &digest)?;
    Ok(Arc::new(bytes))
}

/// Writes the file of a version; `None` where the disk does not let it.
fn write(version: &Version, hash: &str) -> Result<Option<SharedFile>> {
    let statement = Foreground::new()?;
    let Ok(mut draft) = Draft::begin(hash) else {
        return Ok(None);
    };
    let mut written = Ok(());
    let digest = read(version, &statement, |part| {
        if written.is_ok() {
            written = draft.write(part);
        }
    })?;
    check(version, hash, &digest)?;
    Ok(written.and_then(|()| draft.finish(hash)).ok())
}

/// Hands the bytes of a version over piece by piece, and gives their hash.
fn read(version: &Version, statement: &Foreground, mut part: impl FnMut(&[u8])) -> Result<String> {
    let mut digest = Sha256::new();
    version.pieces(statement, &mut |piece| {
        digest.update(piece);
        part(piece);
    })?;
    Ok(hex(&digest.finalize()))
}

fn check(version: &Version, hash: &str, digest: &str) -> Result<()> {
    if hash == digest {
        return Ok(());
    }
    Err(Error::new(
        DAMAGED_MODEL,
        format!("model \"{}\" cannot be loaded", version.reference()),
    )
    .detail("Its bytes do not have the hash that was stored with them.")
    .hint("Restore it from a backup, or make it again."))
}

/// Removes the files of versions that are no more, and of databases.
pub(super) fn sweep() -> Result<()> {
    for name in shared_file::names() {
        let known: Option<i32> = tables::as_owner(|| {
            tables::read(
                "SELECT 1 FROM assay.model_version WHERE hash OPERATOR(pg_catalog.=) $1 LIMIT 1",
                &[name.as_str().into()],
            )
        })?;
        if known.is_none() {
            shared_file::remove(&name);
        }
    }
    for database in shared_file::databases() {
        let known: Option<i32> = tables::read(
            "SELECT 1 FROM pg_catalog.pg_database WHERE oid OPERATOR(pg_catalog.=) $1",
            &[Oid::from(database).into()],
        )?;
        if known.is_none() {
            shared_file::remove_all_of(database);
        }
    }
    Ok(())
}

//! A version of an embedder, ready to be used. Its bytes are in a file that all backends of the database map; where there can be none, the backend
//! has them to itself. Keyed by content hash, so that nothing in it is ever stale.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use pgrx::pg_sys::Oid;
use sha2::{Digest, Sha256};

use crate::models::registry::{Privilege, Version, unreadable};
use crate::models::{hex, resolve};
use crate::pg::error::{DAMAGED_MODEL, Error, Result, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::shared_file::{self, Draft, SharedFile};
use crate::pg::tables;
use algo_text::embedder::{self, Aligned, Encoder, Image, Kind, Local, Ranker, Task};

/// An embedder of a version.
pub struct Embedder {
    pub version: Version,
    /// The hash of its bytes.
    pub hash: String,
    pub local: Rc<Local>,
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

struct Kept {
    hash: String,
    local: Rc<Local>,
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
    if Task::named(&found).is_none() {
        return Err(Error::new(
            WRONG_TASK,
            format!(
                "model \"{}\" reads rows, and says nothing of a text",
                version.reference()
            ),
        )
        .detail(format!("Its task is {found}."))
        .hint("The view assay.models shows each model's task: embedding or reranking."));
    }
    if version.algorithm()? == Kind::Remote.name() {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" answers elsewhere", version.reference()),
        )
        .hint("assay.embed_remote and assay.rerank_remote ask it."));
    }
    let hash = version.hash()?;
    let local = match recall(&hash) {
        Some(local) => local,
        None => {
            let local = Rc::new(embedder::open(image(&version, &hash)?).map_err(|error| unreadable(&version, error))?);
            keep(hash.clone(), Rc::clone(&local));
            local
        }
    };
    Ok(Embedder { version, hash, local })
}

fn recall(hash: &str) -> Option<Rc<Local>> {
    CACHE.with_borrow_mut(|cache| {
        let place = cache.iter().position(|kept| kept.hash == hash)?;
        let kept = cache.remove(place);
        let local = Rc::clone(&kept.local);
        cache.push(kept);
        Some(local)
    })
}

fn keep(hash: String, local: Rc<Local>) {
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= MOST {
            cache.remove(0);
        }
        cache.push(Kept { hash, local });
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

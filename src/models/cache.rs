//! Models ready for scoring, kept in the backend between statements. Keyed by content hash, so nothing in it is ever stale. What a name stands
//! for is kept, too, as long as statements see the same database: a statement of a single row takes longer to look it up than to score.

use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};

use super::last_row::LastRow;
use super::publishing;
use super::registry::{self, Privilege, Version};
use super::scorer::Scorer;
use crate::pg::error::{DAMAGED_MODEL, Error, Result, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::settings;
use crate::pg::snapshot::{self, View};
use algo::guard::Limits;
use algo::judging::decision::Rule;
use algo::model::Model;
use algo::summary::Summary;
use algo_text::task::Task;

struct Kept {
    hash: String,
    scorer: Rc<Scorer>,
    bytes: usize,
}

/// What a reference to a version stands for in a view of the database.
pub struct Servable {
    pub scorer: Rc<Scorer>,
    target: Rc<Target>,
}

impl Servable {
    /// The probability from which on a row is given the positive label. To be asked in the same view.
    pub fn threshold(&self) -> Result<f64> {
        Ok(self.rule()?.threshold)
    }

    /// From which probabilities on which decision is made of a row. To be asked in the same view.
    pub fn rule(&self) -> Result<Rule> {
        if let Some(&known) = self.target.rule.get() {
            return Ok(known);
        }
        let rule = self.target.version.rule()?;
        Ok(*self.target.rule.get_or_init(|| rule))
    }
}

impl Servable {
    /// The version.
    pub fn version(&self) -> &Version {
        &self.target.version
    }

    /// Scores a row that was read.
    #[inline]
    pub fn score(&self, row: &mut [f64], out: &mut [f64]) {
        match &self.target.last {
            None => self.scorer.score(row, out),
            Some(last) => last.borrow_mut().score(&self.scorer, row, out),
        }
    }

    /// What training saw of the features. `statistics` gives their summaries. To be asked in the same view.
    pub fn limits(&self, statistics: impl FnOnce(&Version, &Model) -> Result<Vec<Summary>>) -> Result<Rc<Limits>> {
        if let Some(known) = self.target.limits.get() {
            return Ok(Rc::clone(known));
        }
        let model = self.scorer.model();
        let limits = Rc::new(Limits::new(model, &statistics(&self.target.version, model)?));
        Ok(Rc::clone(self.target.limits.get_or_init(|| limits)))
    }
}

/// A version, and what is looked up of it when it is asked for.
struct Target {
    version: Version,
    /// For the copies of workers, which are asked for the same row more than once.
    last: Option<RefCell<LastRow>>,
    limits: OnceCell<Rc<Limits>>,
    rule: OnceCell<Rule>,
}

/// What a reference stood for.
struct Resolved {
    reference: String,
    target: Rc<Target>,
    scorer: Weak<Scorer>,
}

/// What references stood for in a view of the database.
struct Seen {
    view: Option<View>,
    resolved: Vec<Resolved>,
}

/// So many references are kept.
const MOST_REFERENCES: usize = 64;

thread_local! {
    /// Used last comes last.
    static CACHE: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen { view: None, resolved: Vec::new() }) };
}

/// What a reference stands for in the statement's view, for a caller who may predict. Returns errors as [`registry::resolve`] does.
///
/// Where a transaction has one view for all its statements, each statement looks anew: who belongs to which role changes meanwhile.
pub fn resolve(reference: &str, view: Option<View>) -> Result<Servable> {
    let lasting = view.filter(|_| !snapshot::is_kept());
    if let Some(known) = lasting.and_then(|view| recall_resolved(reference, view)) {
        return Ok(known);
    }
    let version = registry::resolve(reference, Privilege::Predict)?;
    let is_copy = publishing::is_copy(&version.model)?;
    let found = Servable {
        scorer: scorer(&version)?,
        target: Rc::new(Target {
            version,
            last: is_copy.then(RefCell::default),
            limits: OnceCell::new(),
            rule: OnceCell::new(),
        }),
    };
    if let Some(view) = lasting {
        SEEN.with_borrow_mut(|seen| {
            if seen.view != Some(view) || seen.resolved.len() >= MOST_REFERENCES {
                seen.resolved.clear();
            }
            seen.view = Some(view);
            seen.resolved.push(Resolved {
                reference: reference.to_string(),
                target: Rc::clone(&found.target),
                scorer: Rc::downgrade(&found.scorer),
            });
        });
    }
    Ok(found)
}

fn recall_resolved(reference: &str, view: View) -> Option<Servable> {
    SEEN.with_borrow(|seen| {
        if seen.view != Some(view) {
            return None;
        }
        let known = seen.resolved.iter().find(|known| known.reference == reference)?;
        Some(Servable {
            scorer: known.scorer.upgrade()?,
            target: Rc::clone(&known.target),
        })
    })
}

/// The scorer of a version, made ready now or before. Models that were not used for longest leave when those kept exceed
/// `assay.cache_memory`; one that a statement still uses lives on until the statement ends.
pub fn scorer(version: &Version) -> Result<Rc<Scorer>> {
    let hash = version.hash()?;
    if let Some(scorer) = recall(&hash) {
        return Ok(scorer);
    }
    let task = version.task()?;
    if let Some(task) = Task::named(&task) {
        return Err(of_texts(version, task));
    }
    let statement = Foreground::new()?;
    let bytes = version.bytes(&statement)?;
    if super::hash_of(&bytes, &statement)? != hash {
        return Err(Error::new(
            DAMAGED_MODEL,
            format!("model \"{}\" cannot be loaded", version.reference()),
        )
        .detail("Its bytes do not have the hash that was stored with them.")
        .hint("Restore it from a backup, or train it again."));
    }
    let model = Model::from_bytes(&bytes, &statement).map_err(|error| registry::unreadable(version, error))?;
    drop(bytes);
    let scorer = Rc::new(Scorer::new(model));
    keep(hash, Rc::clone(&scorer), statement.held());
    Ok(scorer)
}

/// The error of a model that reads texts, where one is asked for that reads rows.
#[cold]
fn of_texts(version: &Version, task: Task) -> Error {
    Error::new(
        WRONG_TASK,
        format!(
            "model \"{}\" reads texts, and says nothing of a row",
            version.reference()
        ),
    )
    .detail(format!("Its task is {}.", task.name()))
    .hint(match task {
        Task::Embedding | Task::Reranking => "Use assay.embed for a text's vector.",
        Task::Generation => "Use assay.generate for an answer in words.",
        Task::Prompt => "Use assay.fill_prompt for its text.",
    })
}

/// Counts so many bytes more for a scorer that is kept, and lets others go where that is too much.
pub fn grow(scorer: &Scorer, bytes: usize) {
    CACHE.with_borrow_mut(|cache| {
        if let Some(kept) = cache.iter_mut().find(|kept| std::ptr::eq(&*kept.scorer, scorer)) {
            kept.bytes += bytes;
        }
        shrink(cache);
    });
}

/// Lets those go that were not used for longest, as long as there is too much.
fn shrink(cache: &mut Vec<Kept>) {
    let mut held: usize = cache.iter().map(|entry| entry.bytes).sum();
    while held > settings::cache_memory() && cache.len() > 1 {
        held -= cache.remove(0).bytes;
    }
}

fn recall(hash: &str) -> Option<Rc<Scorer>> {
    CACHE.with_borrow_mut(|cache| {
        let place = cache.iter().position(|entry| entry.hash == hash)?;
        let entry = cache.remove(place);
        let scorer = Rc::clone(&entry.scorer);
        cache.push(entry);
        Some(scorer)
    })
}

fn keep(hash: String, scorer: Rc<Scorer>, bytes: usize) {
    CACHE.with_borrow_mut(|cache| {
        cache.push(Kept { hash, scorer, bytes });
        shrink(cache);
    });
}

//! Working at the queue.
//!
//! Rows are taken under a lease, which is committed before anything is done, so that others leave them alone; a lock that the session holds says that it lives.
//! Then their texts are embedded, while nothing is locked; and then, in one transaction, the rows are locked and looked at again, chunks and vectors are written, and the items
//! deleted. So a worker that is killed leaves its rows to the next one, which embeds at most that batch again, and nothing is stored twice. A row that has changed meanwhile
//! stays in the queue. What fails is tried row by row, so that one bad row fails alone.

pub mod items;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use pgrx::pg_sys::{self, Oid};

use self::items::Claim;
use super::embedding::{Embedder, Vectors};
use super::refresh::{Key, Locking, Outcome, Refresh};
use super::{alter, known, names};
use crate::pg::append::next_number;
use crate::pg::attempt::attempt_to_write;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::lease::{self, Lease};
use crate::pg::options::required;
use crate::pg::procedure::Procedure;
use crate::pg::{arguments, dependency, identity, read_only, relation, role, statement, tables};
use algo_text::vectorizer::backoff;

/// Rows of a batch.
const BATCH: i32 = 64;
/// Seconds after which a row that somebody is changing is looked at again, and after which an endpoint is asked again that asked for patience.
const SOON: f64 = 1.0;
const LATER: f64 = 15.0;

/// Why a batch did not come to its end.
enum Failure {
    /// An endpoint asks for patience.
    RateLimit,
    /// Whatever row is tried, it will not do now: the embedder is gone, or its endpoint is out of order.
    Outage(String),
    /// What happened, for people; it may be for one of the rows.
    Rows(String),
}

/// The work of one call.
struct Run<'p> {
    procedure: &'p Procedure,
    lease: i64,
    until: Instant,
    left: i32,
}

/// `run_queue(max_items, max_seconds)`.
fn run_queue(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    read_only::require_writable(c"assay.run_queue()");
    let run = || -> Result<()> {
        let max_items = required("max_items", arguments::small_integer(fcinfo, 0))?;
        let max_seconds = required("max_seconds", arguments::double(fcinfo, 1))?;
        let seconds = Duration::try_from_secs_f64(max_seconds)
            .ok()
            .filter(|_| max_seconds > 0.0);
        let until = seconds.and_then(|seconds| Instant::now().checked_add(seconds));
        let (Some(until), true) = (until, max_items > 0) else {
            return Err(
                Error::new(INVALID_PARAMETER, "a queue is worked at for some rows and some time")
                    .detail(format!("max_items is {max_items}, max_seconds is {max_seconds}."))
                    .hint("Both must be above 0."),
            );
        };
        let procedure = Procedure::begin(fcinfo, "assay.run_queue")?;
        let lease = Lease::take(next_number(c"vectorizer_lease"));
        let mut run = Run {
            procedure: &procedure,
            lease: lease.number(),
            until,
            left: max_items,
        };
        run.all()?;
        lease.release();
        procedure.end();
        Ok(())
    };
    or_raise(run());
    None
}

/// The vectorizers that the caller may work for: those of sources whose owner it may act for. Where a store is not tied to its source any more, as after
/// pg_upgrade, it is tied again.
fn mine() -> Result<Vec<i64>> {
    let mut all: Vec<(i64, Oid, Oid, bool)> = Vec::new();
    tables::as_owner(|| {
        statement::write(
            "SELECT v.id, v.source::pg_catalog.oid, v.store::pg_catalog.oid, EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) v.store
        AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) v.source)
FROM assay.vectorizer AS v ORDER BY v.id",
            &[],
            &mut |row| {
                all.push((row.require(1)?, row.require(2)?, row.require(3)?, row.require(4)?));
                Ok(())
            },
        )
    })?;
    let mut ids = Vec::new();
    for (id, source, store, is_tied) in all {
        let owner = relation::owner(source);
        if !owner.is_some_and(role::acts_for) {
            continue;
        }
        if !is_tied && relation::owner(store) == owner {
            dependency::drop_with(store, source);
        }
        ids.push(id);
    }
    Ok(ids)
}

impl Run<'_> {
    /// Batch after batch, one of each vectorizer in turn.
    fn all(&mut self) -> Result<()> {
        names::forget_orphans()?;
        self.procedure.commit();
        let mut waiting = mine()?;
        while !waiting.is_empty() && !self.is_over() {
            let mut more = Vec::new();
            for id in waiting {
                if self.is_over() {
                    return Ok(());
                }
                if self.batches(id)? {
                    more.push(id);
                } else {
                    alter::switch_when_complete(id)?;
                    self.procedure.commit();
                }
            }
            waiting = more;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.left <= 0 || Instant::now() >= self.until
    }

    /// A batch of rows that are tried for the first time, and one row that has failed before. Whether there may be more.
    fn batches(&mut self, id: i64) -> Result<bool> {
        let mut worked = false;
        for (most, alone) in [(BATCH.min(self.left), false), (1, true)] {
            if self.is_over() {
                return Ok(true);
            }
            let claims = items::claim(id, self.lease, most, alone)?;
            self.procedure.commit();
            if claims.is_empty() {
                continue;
            }
            worked = true;
            self.left -= i32::try_from(claims.len()).unwrap_or(i32::MAX);
            let claims: Vec<&Claim> = claims.iter().collect();
            if !self.work(id, &claims)? {
                return Ok(false);
            }
        }
        Ok(worked)
    }

    /// Works at rows; where that fails, at each by itself. Whether more rows of the vectorizer may be worked at now.
    fn work(&self, id: i64, claims: &[&Claim]) -> Result<bool> {
        match self.work_together(id, claims)? {
            Ok(()) => Ok(true),
            Err(Failure::RateLimit) => {
                items::postpone(ids_of(claims), LATER)?;
                self.procedure.commit();
                Ok(false)
            }
            Err(Failure::Outage(why)) => {
                let attempts = claims.iter().map(|claim| claim.attempts).max().unwrap_or(1);
                items::fail(ids_of(claims), &why, backoff::wait(attempts).as_secs_f64())?;
                self.procedure.commit();
                Ok(false)
            }
            Err(Failure::Rows(why)) => match claims {
                [only] => {
                    let seconds = backoff::wait(only.attempts).as_secs_f64();
                    items::fail(only.ids.clone(), &why, seconds)?;
                    self.procedure.commit();
                    Ok(true)
                }
                _ => {
                    for claim in claims {
                        if !self.work(id, &[claim])? {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                }
            },
        }
    }

    /// Embeds and writes rows in one go. What fails leaves nothing behind.
    fn work_together(&self, id: i64, claims: &[&Claim]) -> Result<std::result::Result<(), Failure>> {
        let keys: Vec<&Key> = claims.iter().map(|claim| &claim.key).collect();
        let ready = attempt_to_write(|| Ok(prepare(id)))?;
        if let Err(why) = ready.and_then(|ready| ready.map_err(|error| error.sentences())) {
            return Ok(Err(Failure::Outage(why)));
        }
        let vectors = match attempt_to_write(|| Ok(embed(id, &keys)))? {
            Ok(Ok(vectors)) => vectors,
            Ok(Err(error)) if error.is_cancel() => return Err(error),
            Ok(Err(error)) if error.is_rate_limit() => return Ok(Err(Failure::RateLimit)),
            Ok(Err(error)) if error.is_outage() => return Ok(Err(Failure::Outage(error.sentences()))),
            Ok(Err(error)) => return Ok(Err(Failure::Rows(error.sentences()))),
            Err(problem) => return Ok(Err(Failure::Rows(problem))),
        };
        self.procedure.commit();
        let written = attempt_to_write(|| write(id, claims, &keys, &vectors))?;
        self.procedure.commit();
        Ok(written.map_err(Failure::Rows))
    }
}

fn ids_of(claims: &[&Claim]) -> Vec<i64> {
    claims.iter().flat_map(|claim| claim.ids.iter().copied()).collect()
}

/// The vectors that rows lack, with the embedder that each is of.
type SpaceVectors = Vec<(i32, Vectors)>;

/// Returns an error where a vectorizer cannot embed anything, whatever its rows are.
fn prepare(id: i64) -> Result<()> {
    let Some(known) = known::of(id)? else { return Ok(()) };
    let vectorizer = &known.vectorizer;
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        Refresh::new(&known)?.embedders().map(drop)
    })
}

/// Embeds what rows lack, as the source's owner. Nothing is locked, and nothing written.
fn embed(id: i64, keys: &[&Key]) -> Result<SpaceVectors> {
    // One that was dropped has no items any more.
    let Some(known) = known::of(id)? else {
        return Ok(Vec::new());
    };
    let vectorizer = &known.vectorizer;
    let watch = Foreground::new()?;
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let refresh = Refresh::new(&known)?;
        let embedders: Vec<Embedder> = refresh.embedders()?;
        let rows = refresh.prepare(keys, Locking::None, &watch)?;
        let vectors = refresh.embed(&rows, &embedders, &watch)?;
        Ok(refresh.spaces.iter().map(|space| space.number).zip(vectors).collect())
    })
}

/// Writes what is to be written of rows, which are locked and looked at again, and takes the items of those away that are done.
fn write(id: i64, claims: &[&Claim], keys: &[&Key], vectors: &[(i32, Vectors)]) -> Result<()> {
    let Some(known) = known::of(id)? else { return Ok(()) };
    let vectorizer = &known.vectorizer;
    // One after the other in their order, so that no two workers wait for each other.
    let objects: BTreeSet<u32> = claims.iter().map(|claim| claim.key_hash as u32).collect();
    for object in objects {
        tables::lock_object(c"vectorizer_queue", Oid::from(object));
    }
    let watch = Foreground::new()?;
    let outcomes = identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        let refresh = Refresh::new(&known)?;
        let rows = refresh.prepare(keys, Locking::Skip, &watch)?;
        // Spaces may have come since, whose vectors are missing then, or gone.
        let vectors: Vec<&Vectors> = refresh
            .spaces
            .iter()
            .filter_map(|space| vectors.iter().find(|(number, _)| *number == space.number))
            .map(|(_, vectors)| vectors)
            .collect();
        match vectors.len() == refresh.spaces.len() {
            true => refresh.write(keys, &rows, &vectors),
            false => Ok(vec![Outcome::Moving; keys.len()]),
        }
    })?;
    let of = |wanted: Outcome| -> Vec<i64> {
        let claims = claims.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == wanted);
        claims.flat_map(|(claim, _)| claim.ids.iter().copied()).collect()
    };
    items::finish(of(Outcome::Current))?;
    items::postpone(of(Outcome::Moving), SOON)
}

/// `lease_is_free(lease)`.
#[pgrx::pg_extern(sql = false)]
fn lease_is_free(lease: Option<i64>) -> Option<bool> {
    lease.map(lease::is_free)
}

entry::per_row!(run_queue, run_queue_wrapper, pg_finfo_run_queue_wrapper);

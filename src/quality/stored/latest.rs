//! How the stored checks of relations stood when they last ran, for those who read these relations.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::Oid;

use crate::pg::catalog::{self, Key};
use crate::pg::error::Result;
use crate::pg::reads::Reads;
use crate::pg::{relation, role};
use crate::reliability::recorded::Recorded;

/// A check that failed when it last ran.
pub struct Failing {
    /// The relation that it is about.
    pub relation: Oid,
    /// Whether the caller may see that result.
    pub is_visible: bool,
}

/// The checks of some relations that are enabled and failed when they last ran, as far as the history is kept. Whoever asks: it is for the caller of
/// this to say no more than each role may know. Reads by index, in parallel workers and on a standby, too.
pub fn failing(relations: &[Oid]) -> Result<Vec<Failing>> {
    let mut checks: Vec<(i64, Oid)> = Vec::new();
    if relations.is_empty() {
        return Ok(Vec::new());
    }
    catalog::visit::<()>(c"quality_check", |row| {
        let recorded = Recorded {
            relation: row.require(2)?,
            name: row.require(3)?,
            owner: row.get(18)?,
            added_by: row.require(16)?,
        };
        let object = recorded.target().object().unwrap_or(recorded.relation);
        if row.require(21)? && relations.contains(&object) {
            checks.push((row.require(1)?, object));
        }
        Ok(None)
    })?;
    let mut failing = Vec::new();
    for (id, relation) in checks {
        if let Some(is_visible) = last_run(id)? {
            failing.push(Failing { relation, is_visible });
        }
    }
    Ok(failing)
}

/// Whether the last run of a check failed, in any segment, and then whether the caller may see that.
fn last_run(check: i64) -> Result<Option<bool>> {
    let mut at: Option<TimestampWithTimeZone> = None;
    catalog::find_last(
        c"quality_history",
        c"quality_history_check_idx",
        &[Key::BigInt(3, check)],
        |row| {
            let run_at: TimestampWithTimeZone = row.require(2)?;
            if at.is_some_and(|at| at != run_at) {
                // Of an earlier run: the last one passed.
                return Ok(Some(None));
            }
            at = Some(run_at);
            let status: String = row.require(10)?;
            if !matches!(status.as_str(), "fail" | "error") {
                return Ok(None);
            }
            let owners = [row.get::<Oid>(20)?, row.get::<Oid>(21)?];
            let is_own = owners.into_iter().flatten().any(role::acts_for);
            let reads = Reads {
                relations: row.oids(22)?.into_iter().map(Oid::to_u32).collect(),
                shareable: row.require(23)?,
            };
            let shown = || {
                reads.is_visible_to(role::current())
                    && reads
                        .relations
                        .iter()
                        .all(|&oid| relation::shows_all_alike(Oid::from(oid)))
            };
            Ok(Some(Some(is_own || shown())))
        },
    )
    .map(Option::flatten)
}

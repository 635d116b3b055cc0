//! Dropping stored checks, disabling and enabling them.
//!
//! It takes the role that added a check, or one that may set triggers on its relation, as it takes to add one: loads stand or fall with them.

use pgrx::pg_extern;

use super::table::{self, StoredCheck};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::{read_only, relation, role, tables};
use crate::quality::spec::entry::{Entry, PASSES_TO_CLOSE};
use crate::reliability::issues;

/// `drop_check(check_id)`.
#[pg_extern(sql = false)]
fn drop_check(check_id: Option<i64>) {
    read_only::require_writable(c"assay.drop_check()");
    or_raise((|| {
        let stored = find_own("drop", check_id)?;
        change(&stored, DELETE)?;
        issues::check_dropped(stored.check.spec.id.unwrap_or_default())
    })());
}

/// `disable_check(check_id)`.
#[pg_extern(sql = false)]
fn disable_check(check_id: Option<i64>) {
    read_only::require_writable(c"assay.disable_check()");
    or_raise((|| {
        let stored = find_own("disable", check_id)?;
        change(&stored, DISABLE)
    })());
}

/// `enable_check(check_id)`.
#[pg_extern(sql = false)]
fn enable_check(check_id: Option<i64>) {
    read_only::require_writable(c"assay.enable_check()");
    or_raise((|| {
        let stored = find_own("enable", check_id)?;
        change(&stored, ENABLE)
    })());
}

/// `close_after(check_id, passes)`.
#[pg_extern(sql = false)]
fn close_after(check_id: Option<i64>, passes: Option<i32>) {
    read_only::require_writable(c"assay.close_after()");
    or_raise((|| {
        let passes = required("passes", passes)?;
        if !PASSES_TO_CLOSE.contains(&passes) {
            return Err(Error::new(INVALID_PARAMETER, "argument \"passes\" is out of range")
                .detail(format!("The value is {passes}."))
                .hint("It is how often in a row the check has to pass, 1 to 1000."));
        }
        let stored = find_own("change", check_id)?;
        tables::lock_object(c"quality_check", stored.relation);
        let id = stored.check.spec.id.unwrap_or_default();
        let changed: Option<i64> =
            tables::as_owner(|| tables::write_returning(CLOSE_AFTER, &[id.into(), passes.into()]))?;
        changed.map(drop).ok_or_else(|| table::unknown(id))
    })());
}

/// A check that the caller may change in this way. Returns an error with 42501 where it may not.
fn find_own(verb: &str, check_id: Option<i64>) -> Result<StoredCheck> {
    let stored = table::find(required("check_id", check_id)?)?;
    if role::acts_for(stored.added_by) || relation::may_set_triggers(stored.relation) {
        return Ok(stored);
    }
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied to {verb} check \"{}\"", stored.check.spec.name),
    )
    .hint("It takes the role that added it, or the owner of its relation."))
}

/// Runs a statement on the row of a check. Who changes the check meanwhile waits, and then finds it changed, or none.
fn change(stored: &StoredCheck, statement: &str) -> Result<()> {
    tables::lock_object(c"quality_check", stored.relation);
    let id = stored.check.spec.id.unwrap_or_default();
    let changed: Option<i64> = tables::as_owner(|| tables::write_returning(statement, &[id.into()]))?;
    // None when another session has dropped it.
    changed.map(drop).ok_or_else(|| table::unknown(id))
}

/// Gives a check what of an entry says nothing of what is checked.
pub fn set_runs(id: i64, entry: &Entry) -> Result<()> {
    let values = [id.into(), entry.enabled.into(), entry.passes_to_close.into()];
    let _same: Option<i64> = tables::as_owner(|| tables::write_returning(SET_RUNS, &values))?;
    Ok(())
}

/// Drops a check that the caller was found to have the rights of.
pub fn delete(id: i64) -> Result<()> {
    let _dropped: Option<i64> = tables::as_owner(|| tables::write_returning(DELETE, &[id.into()]))?;
    issues::check_dropped(id)
}

const DELETE: &str = "DELETE FROM assay.quality_check WHERE id OPERATOR(pg_catalog.=) $1 RETURNING id";
const CLOSE_AFTER: &str =
    "UPDATE assay.quality_check SET passes_to_close = $2 WHERE id OPERATOR(pg_catalog.=) $1 RETURNING id";
const SET_RUNS: &str =
    "UPDATE assay.quality_check SET enabled = $2, passes_to_close = $3 WHERE id OPERATOR(pg_catalog.=) $1 RETURNING id";
const DISABLE: &str = "UPDATE assay.quality_check SET enabled = false WHERE id OPERATOR(pg_catalog.=) $1 RETURNING id";
const ENABLE: &str = "UPDATE assay.quality_check SET enabled = true WHERE id OPERATOR(pg_catalog.=) $1 RETURNING id";

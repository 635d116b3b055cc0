//! Issues: what is found wrong with an asset, from when it is first found until it passes again.
//!
//! Whoever looks (runs of checks, drift, performance, guards) hands over what it found. A failure opens one issue per subject and segment, or is
//! counted in the one that is open; a pass closes it. Findings are JSON, so that they can be handed to another process when their transaction
//! is rolled back.

pub mod finding;
mod store;
mod triage;

use pgrx::datum::TimestampWithTimeZone;
use serde_json::Value as Json;

use self::finding::{Failure, Finding, Findings};
use self::store::Changes;
use crate::pg::error::{Result, notice};
use crate::pg::{read_only, settings, snapshot, tables};
use crate::reliability::{incidents, outbox};

/// Opens, counts and closes issues by what was found at a time, which is given as JSON. Where nothing can be written a NOTICE says that
/// failures are not kept.
pub fn keep(findings: &[Json], at: TimestampWithTimeZone) -> Result<()> {
    if findings.is_empty() || !are_kept() {
        return Ok(());
    }
    keep_all(Finding::read_all(findings)?, at)
}

/// Whether issues are wanted, and there is somewhere to keep them: until ALTER EXTENSION UPDATE has run there is not.
fn are_kept() -> bool {
    settings::keeps_issues() && tables::exists(c"issue")
}

/// As [`keep`].
pub fn keep_all(findings: Vec<Finding>, at: TimestampWithTimeZone) -> Result<()> {
    if findings.is_empty() || !are_kept() {
        return Ok(());
    }
    let findings = Findings::of(findings);
    if let Some(reason) = read_only::reason() {
        if !findings.failures.is_empty() {
            notice(format!("what failed is not kept as issues: {reason}"), None);
        }
        return Ok(());
    }
    let mut changes = Changes::default();
    let assets = Failure::assets(&findings.failures)?;
    store::open(&findings.failures, &assets, at, &mut changes)?;
    store::close(&findings, at, &mut changes)?;
    tell(&changes, at)
}

/// Closes the issues of a check that is dropped: it will never pass again.
pub fn check_dropped(check: i64) -> Result<()> {
    if !tables::exists(c"issue") {
        return Ok(());
    }
    let at = snapshot::time()?;
    let mut changes = Changes::default();
    store::close_check(check, at, &mut changes)?;
    tell(&changes, at)
}

/// Hands what changed to those who act on it. Incidents come first: who sees to one is told of that, not of its issues.
fn tell(changes: &Changes, at: TimestampWithTimeZone) -> Result<()> {
    incidents::declare_by_policy(&changes.opened, at)?;
    incidents::issues_closed(&changes.closed, at)?;
    let changed: Vec<i64> = changes.opened.iter().chain(&changes.closed).copied().collect();
    match changed.is_empty() {
        true => Ok(()),
        false => outbox::issues_changed(&changed, at),
    }
}

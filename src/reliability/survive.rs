//! What an assertion found before it failed: its error rolls the load back, and with that whatever the assertion wrote. So its findings are handed to a
//! background worker, which keeps them as issues whatever becomes of the transaction.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::{Oid, TimestampTz};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::issues;
use super::recorded::{Recorded, Target};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INTERNAL, Result, advise};
use crate::pg::{identity, read_only, relation, role, settings, worker};

/// Room for what is sent along with the findings.
const ENVELOPE: usize = 1024;

/// What the worker is given.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Work {
    /// When the findings were made, as PostgreSQL counts.
    at: TimestampTz,
    /// The role that asserted: what is recorded is recorded by it.
    caller: u32,
    /// As [`issues::keep`] takes them.
    findings: Vec<Json>,
}

/// Keeps failures beyond the end of the transaction, which is about to be rolled back. Where nothing can be kept, or not everything, a NOTICE says so:
/// it is the error of the assertion that matters.
pub fn keep(findings: Vec<Json>, at: TimestampWithTimeZone) -> Result<()> {
    if findings.is_empty() || !settings::keeps_issues() {
        return Ok(());
    }
    if let Some(reason) = read_only::reason() {
        tell_lost(reason, None);
        return Ok(());
    }
    let all = findings.len();
    let findings = that_fit(findings);
    let left_out = all - findings.len();
    let work = Work {
        at: at.into(),
        caller: role::current().to_u32(),
        findings,
    };
    let bytes = serde_json::to_vec(&work)
        .map_err(|problem| Error::new(INTERNAL, format!("findings cannot be written: {problem}")))?;
    match worker::hand_over(c"assay_keep_findings", &bytes)? {
        Err(reason) => tell_lost(
            &reason,
            Some("Raise max_worker_processes, of which one has to be free.".into()),
        ),
        Ok(()) if left_out > 0 => advise(
            format!(
                "{left_out} of {all} failures are not kept as issues: together they take more than {} bytes",
                worker::MOST
            ),
            None,
            Some("SELECT * FROM assay.run_checks(...) keeps all that it finds.".into()),
        ),
        Ok(()) => {}
    }
    Ok(())
}

fn tell_lost(reason: &str, hint: Option<String>) {
    advise(
        format!("the failures are not kept as issues: {reason}"),
        Some("The assertion's error rolls back what it has written itself.".into()),
        hint,
    );
}

/// The first findings, as far as there is room for them.
fn that_fit(mut findings: Vec<Json>) -> Vec<Json> {
    let mut room = worker::MOST - ENVELOPE;
    let fit = findings
        .iter()
        .take_while(|finding| {
            let needed = finding.to_string().len() + 1;
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        })
        .count();
    findings.truncate(fit);
    findings
}

/// What the worker does with the bytes that it is given. Nobody waits for an answer.
fn keep_handed_over(bytes: &[u8]) -> Result<Vec<u8>> {
    let work: Work = serde_json::from_slice(bytes)
        .map_err(|problem| Error::new(INTERNAL, format!("findings cannot be read: {problem}")))?;
    let at = TimestampWithTimeZone::try_from(work.at)
        .map_err(|problem| Error::new(INTERNAL, format!("the findings' time is wrong: {problem:?}")))?;
    // The session keeps them, whatever is set for the database.
    identity::set(c"assay.issues", "on")?;
    identity::on_behalf_of(Oid::from(work.caller), || {
        let findings = work
            .findings
            .into_iter()
            .map(as_it_stands)
            .collect::<Result<Vec<_>>>()?;
        issues::keep(&findings, at)
    })?;
    Ok(Vec::new())
}

/// A finding as it stands without what the transaction did: what that created is not there, and what it dropped or renamed is. A relation that is not
/// there is kept by its name, and so is a check.
fn as_it_stands(mut finding: Json) -> Result<Json> {
    let number = |name: &str| finding[name].as_i64().and_then(|number| u32::try_from(number).ok());
    let recorded = Recorded {
        relation: Oid::from(number("asset_relation").unwrap_or(0)),
        name: finding["relation_name"].as_str().unwrap_or_default().to_owned(),
        owner: None,
        added_by: Oid::from(number("added_by").unwrap_or(0)),
    };
    let now = match recorded.target() {
        Target::Found(oid) => Some(oid),
        // The one that it was found in is there, whoever owns it.
        Target::Stranger(oid) if oid == recorded.relation => Some(oid),
        Target::Stranger(_) | Target::Gone => None,
    };
    let check = finding["check_id"].as_i64();
    let is_check_there = match check {
        Some(id) => catalog::find(c"quality_check", c"quality_check_pkey", &[Key::BigInt(1, id)], |_| {
            Ok(Some(()))
        })?
        .is_some(),
        None => false,
    };
    let reads: Option<Vec<Json>> = finding["reads"].as_array().map(|reads| {
        let is_there = |oid: &Json| {
            let oid = oid.as_i64().and_then(|oid| u32::try_from(oid).ok());
            oid.is_some_and(|oid| relation::owner(Oid::from(oid)).is_some())
        };
        reads.iter().filter(|oid| is_there(oid)).cloned().collect()
    });
    // Whoever may read the rest need not have been allowed to read what is gone.
    let is_all_there = reads.as_ref().map(Vec::len) == finding["reads"].as_array().map(Vec::len);
    let shareable = finding["shareable"].as_bool() == Some(true) && is_all_there;
    finding["survived"] = json!(true);
    finding["asset_relation"] = now.map_or(Json::Null, |oid| json!(oid.to_u32()));
    finding["check_id"] = check.filter(|_| is_check_there).map_or(Json::Null, |id| json!(id));
    finding["shareable"] = json!(shareable);
    if let Some(reads) = reads {
        finding["reads"] = Json::Array(reads);
    }
    Ok(finding)
}

worker::main!(keep_handed_over, assay_keep_findings);

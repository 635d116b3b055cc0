//! `assay.gate`: assertions and predictions say, or refuse, where what they depend on has an incident that is not over.
//!
//! Only what lies strictly upstream counts, never the target itself: the load that repairs it must pass.

use super::asset;
use super::lineage::{Start, upstream_among};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, GATED, Result, advise};
use crate::pg::settings::{self, Gate};
use crate::pg::tables;

/// Incidents that are told one by one.
const TOLD: usize = 10;

/// An incident that somebody has yet to see to, and an asset that it is about.
struct Active {
    incident: i64,
    severity: String,
    status: String,
    asset: i64,
}

/// Why something should not go on.
pub struct Closed {
    pub message: String,
    pub detail: String,
    pub hint: &'static str,
}

impl Closed {
    /// As an error.
    pub fn error(self) -> Error {
        Error::new(GATED, self.message).detail(self.detail).hint(self.hint)
    }
}

/// Open and acknowledged incidents, with the assets of their open issues; of one that nobody has found an issue of at its root, with the root.
fn active() -> Result<Vec<Active>> {
    let mut incidents: Vec<(i64, String, String, Option<i64>)> = Vec::new();
    catalog::visit::<()>(c"incident", |row| {
        let status: String = row.require(4)?;
        if matches!(status.as_str(), "open" | "acknowledged") {
            incidents.push((row.require(1)?, row.require(3)?, status, row.get(7)?));
        }
        Ok(None)
    })?;
    let mut active = Vec::new();
    for (incident, severity, status, root) in incidents {
        let mut assets = Vec::new();
        let mut has_root_issue = false;
        catalog::find::<()>(c"issue", c"issue_incident_idx", &[Key::BigInt(21, incident)], |row| {
            let asset: i64 = row.require(2)?;
            has_root_issue |= root == Some(asset);
            if row.require::<String>(9)? == "open" {
                assets.push(asset);
            }
            Ok(None)
        })?;
        assets.extend(root.filter(|_| !has_root_issue));
        assets.sort_unstable();
        assets.dedup();
        active.extend(assets.into_iter().map(|asset| Active {
            incident,
            severity: severity.clone(),
            status: status.clone(),
            asset,
        }));
    }
    Ok(active)
}

/// What `target`, where the walk begins, depends on that has an incident; `None` where nothing has, and where `assay.gate` is off. Assets are named only
/// where the caller may see them.
pub fn closed(start: Start, target: &str) -> Result<Option<Closed>> {
    // Until ALTER EXTENSION UPDATE has run there are no incidents.
    if settings::gate() == Gate::Off || !tables::exists(c"issue") {
        return Ok(None);
    }
    let active = active()?;
    if active.is_empty() {
        return Ok(None);
    }
    let mut assets: Vec<i64> = active.iter().map(|active| active.asset).collect();
    assets.sort_unstable();
    assets.dedup();
    let (mut told, mut unseen) = (Vec::new(), 0);
    for distant in upstream_among(start, &assets)? {
        let asset = asset::by_id(distant.asset)?;
        let label = match asset {
            Some(asset) if asset.is_visible()? => Some(asset.label()),
            Some(_) | None => None,
        };
        for active in active.iter().filter(|active| active.asset == distant.asset) {
            match &label {
                Some(label) => told.push(format!(
                    "Incident {} ({}, {}) on {label}.",
                    active.incident, active.severity, active.status
                )),
                None => unseen += 1,
            }
        }
    }
    if told.is_empty() && unseen == 0 {
        return Ok(None);
    }
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if more > 0 {
        told.push(format!("And {more} more."));
    }
    if unseen > 0 {
        told.push("An incident on an asset that you may not see.".into());
    }
    Ok(Some(Closed {
        message: format!("{target} depends on what has an incident that is not over"),
        detail: told.join(" "),
        hint: "assay.incidents shows those that you may see; SET assay.gate = off lets it pass.",
    }))
}

/// Returns an error with ML028, or tells, as `assay.gate` has it, where what `target` depends on has an incident.
pub fn pass(start: Start, target: &str) -> Result<()> {
    match closed(start, target)? {
        None => Ok(()),
        Some(closed) if settings::gate() == Gate::Error => Err(closed.error()),
        Some(closed) => {
            advise(closed.message, Some(closed.detail), Some(closed.hint.into()));
            Ok(())
        }
    }
}

//! What was found, as it is handed over: failures, which open issues, and passes, which close them.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys::Oid;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::models::registry::Entry;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::{relation, role};
use crate::reliability::asset::{self, Asset, Kind};
use algo::hash::hash_bytes;

/// The most segments of one check for which issues are opened in one run.
const MOST_SEGMENTS: usize = 1000;
/// The most bytes of a segment by which it is told from others; longer ones are by a hash.
const LONGEST_SEGMENT: usize = 500;
/// The most characters of a subject.
const LONGEST_SUBJECT: usize = 200;
/// The most characters of a message.
const LONGEST_MESSAGE: usize = 2000;

/// What finds issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A check of the data.
    Check,
    Drift,
    /// A check that says how old the data may be.
    Freshness,
    /// A model's figures against its labels.
    Performance,
    /// Rows that a model has not seen the like of.
    Guard,
    /// A test of dbt.
    Dbt,
}

/// How it stands with what was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pass,
    Warn,
    Fail,
    /// It could not be found out.
    Error,
    /// There was too little to judge.
    Skipped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Warn,
    Error,
}

/// One thing that was looked at. Fields that the history of checks has besides are left alone.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Finding {
    pub source: Source,
    /// What it is about; a relation unless it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_kind: Option<String>,
    /// The asset's name; of a relation qualified and quoted as SQL needs it.
    #[serde(rename = "relation_name")]
    pub asset_name: String,
    /// The relation, where it is there and is the one that was meant.
    #[serde(default, rename = "asset_relation", skip_serializing_if = "Option::is_none")]
    pub relation: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_id: Option<i64>,
    /// The check's name, the column that drifted, the metric.
    #[serde(rename = "name")]
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Json>,
    pub status: Status,
    #[serde(default = "error")]
    pub severity: Severity,
    /// What was found, without values of rows.
    #[serde(default, rename = "summary", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub ran_as: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_by: Option<u32>,
    #[serde(default)]
    pub reads: Vec<u32>,
    /// Whether whoever may read these may see what was found.
    #[serde(default)]
    pub shareable: bool,
    /// Whether the transaction that found it was rolled back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub survived: bool,
}

fn error() -> Severity {
    Severity::Error
}

impl Finding {
    /// What was found of a model, by the current role. Whoever has the rights of the model's owner may see it, too.
    pub fn of_model(model: &Entry, source: Source, subject: &str, status: Status, message: Option<String>) -> Finding {
        Finding {
            source,
            asset_kind: Some(Kind::Model.name().into()),
            asset_name: model.name.clone(),
            relation: None,
            check_id: None,
            subject: subject.into(),
            segment: None,
            status,
            severity: Severity::Error,
            message,
            ran_as: role::current().to_u32(),
            added_by: Some(model.owner.to_u32()),
            reads: Vec::new(),
            shareable: false,
            survived: false,
        }
    }

    /// Findings that were handed over as JSON.
    pub fn read_all(findings: &[Json]) -> Result<Vec<Finding>> {
        let read = findings.iter().map(Finding::deserialize);
        read.collect::<std::result::Result<_, _>>()
            .map_err(|problem| Error::new(INTERNAL, format!("a finding cannot be read: {problem}")))
    }

    /// The asset that it is about.
    fn asset(&self) -> Asset {
        let kind = self.asset_kind.as_deref().and_then(Kind::of_name);
        let kind = kind.unwrap_or(Kind::Relation);
        let of_relation = (self.relation.map(Oid::from)).filter(|_| kind == Kind::Relation);
        of_relation.and_then(Asset::of_relation).unwrap_or(Asset {
            kind,
            name: self.asset_name.clone(),
            relation: None,
            column: None,
        })
    }

    /// Its segment as a text by which it is told from others.
    fn segment_key(&self) -> String {
        segment_key(self.segment.as_ref())
    }

    /// Its subject, cut to what is kept.
    fn subject(&self) -> String {
        self.subject.chars().take(LONGEST_SUBJECT).collect()
    }

    fn severity(&self) -> Severity {
        match self.status {
            Status::Warn => Severity::Warn,
            Status::Pass | Status::Fail | Status::Error | Status::Skipped => self.severity,
        }
    }
}

/// A segment as a text by which it is told from others: an index holds no long ones.
fn segment_key(segment: Option<&Json>) -> String {
    let text = segment.map(Json::to_string).unwrap_or_default();
    if text.len() <= LONGEST_SEGMENT {
        return text;
    }
    format!(
        "{:016x}{:016x}",
        hash_bytes(0, text.as_bytes()),
        hash_bytes(1, text.as_bytes())
    )
}

/// What tells one issue of an asset from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub source: Source,
    pub check_id: Option<i64>,
    pub subject: String,
    pub segment: String,
}

impl Key {
    fn of(finding: &Finding) -> Key {
        Key {
            source: finding.source,
            check_id: finding.check_id,
            subject: finding.subject(),
            segment: finding.segment_key(),
        }
    }
}

/// A failure, and how often it is among what was found.
pub struct Failure {
    pub asset: Asset,
    pub key: Key,
    pub times: u64,
    pub severity: Severity,
    /// The last of them.
    pub finding: Finding,
}

impl Failure {
    /// The numbers of the assets of failures, which have one from now on.
    pub fn assets(failures: &[Failure]) -> Result<Vec<i64>> {
        let assets: Vec<(Asset, Oid)> = failures
            .iter()
            .map(|failure| (failure.asset.clone(), Oid::from(failure.finding.ran_as)))
            .collect();
        asset::record_all(&assets)
    }

    /// What was found, as it is kept.
    pub fn message(&self) -> Option<String> {
        let message = self.finding.message.as_ref()?;
        Some(message.chars().take(LONGEST_MESSAGE).collect())
    }

    /// The relations that were read and are there.
    pub fn reads(&self) -> Vec<u32> {
        let reads = self.finding.reads.iter().copied();
        reads.filter(|&oid| relation::owner(Oid::from(oid)).is_some()).collect()
    }
}

/// What was found, sorted out.
#[derive(Default)]
pub struct Findings {
    /// By asset and key, so that two sessions that find the same come to it in the same order.
    pub failures: Vec<Failure>,
    /// Checks that could judge, whose other issues have passed.
    pub checks: BTreeSet<i64>,
    /// The segments of these that have not passed.
    pub not_passed: BTreeSet<(i64, String)>,
    /// What else passed.
    pub passes: Vec<(Asset, Key)>,
}

impl Findings {
    pub fn of(findings: Vec<Finding>) -> Findings {
        let mut sorted = Findings::default();
        let mut failures: BTreeMap<(&'static str, String, Key), Failure> = BTreeMap::new();
        let mut segments: BTreeMap<i64, usize> = BTreeMap::new();
        let mut unknown: BTreeSet<i64> = BTreeSet::new();
        for finding in findings {
            let fails = match finding.status {
                Status::Warn | Status::Fail | Status::Error => true,
                Status::Pass | Status::Skipped => false,
            };
            let key = Key::of(&finding);
            if let Some(check) = finding.check_id {
                match finding.status {
                    Status::Pass => {
                        sorted.checks.insert(check);
                    }
                    Status::Warn | Status::Fail => {
                        sorted.checks.insert(check);
                        sorted.not_passed.insert((check, key.segment.clone()));
                    }
                    Status::Skipped => {
                        sorted.not_passed.insert((check, key.segment.clone()));
                    }
                    Status::Error => {
                        unknown.insert(check);
                    }
                }
                if fails {
                    let count = segments.entry(check).or_default();
                    *count += 1;
                    if *count > MOST_SEGMENTS {
                        continue;
                    }
                }
            } else if finding.status == Status::Pass {
                sorted.passes.push((finding.asset(), key.clone()));
            }
            if !fails {
                continue;
            }
            let asset = finding.asset();
            let severity = finding.severity();
            let failure = failures
                .entry((asset.kind.name(), asset.name.clone(), key.clone()))
                .or_insert_with(|| Failure {
                    asset,
                    key,
                    times: 0,
                    severity,
                    finding: finding.clone(),
                });
            failure.times += 1;
            failure.severity = failure.severity.max(severity);
            failure.finding = finding;
        }
        sorted.checks = sorted.checks.difference(&unknown).copied().collect();
        sorted.failures = failures.into_values().collect();
        sorted
    }
}

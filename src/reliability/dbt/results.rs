//! How a run of dbt ended: failures open issues, passes close them.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::{pg_extern, pg_sys};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::fields::{self, Fields};
use super::manifest::{Kind, short_name};
use super::{Done, file, place, project, store};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result, or_raise};
use crate::pg::jsonb_value::Item;
use crate::pg::moment::Moment;
use crate::pg::result_row::RowWriter;
use crate::pg::{names, read_only, role, snapshot};
use crate::reliability::asset::{self, Asset};
use crate::reliability::issues::finding::{Finding, Severity, Source, Status};
use crate::reliability::issues::keep_all;

/// The most results of a run.
const MOST: usize = 200_000;
/// Results that are looked at together.
const TOGETHER: usize = 1000;
/// The issue of a model that cannot be built. No test has a name with a space.
const BUILD: &str = "dbt build";

/// `import_dbt_run_results(results, project)`.
#[pg_extern(sql = false)]
fn import_dbt_run_results(fcinfo: pg_sys::FunctionCallInfo) {
    read_only::require_writable(c"assay.import_dbt_run_results()");
    or_raise((|| {
        let mut rows = RowWriter::of(fcinfo)?;
        let project = project(fcinfo)?;
        let run = Fields::of(file(&fcinfo, "results")?, "the file of results")?;
        let metadata = run.required_object("metadata")?;
        fields::require_schema(&metadata, "run-results", "v6")?;
        let invocation = metadata.required_text("invocation_id")?;
        names::check("invocation_id", &invocation)?;
        let at = time_of(&metadata.required_text("generated_at")?)?;
        let results = run.required_elements("results")?;
        if results.len() > MOST {
            return Err(Error::new(
                LIMIT_EXCEEDED,
                format!("the file has {} results, of at most {MOST}", results.len()),
            )
            .hint("Import the results of each dbt command by itself."));
        }
        let run = Run {
            project,
            invocation: invocation.into_owned(),
            at,
        };
        for results in results.chunks(TOGETHER) {
            serve_interrupts();
            run.import(results, &mut rows)?;
        }
        Ok(())
    })())
}

/// When the results were written.
fn time_of(text: &str) -> Result<TimestampWithTimeZone> {
    let wrong = |detail: &str| {
        Error::new(INVALID_PARAMETER, "generated_at of the results is no time of a run")
            .detail(format!("It is \"{}\"{detail}.", fields::cut(text, 100)))
            .hint("Give the file as dbt writes it.")
    };
    if Moment::TimestampWithTimeZone
        .parse(text)?
        .is_none_or(|number| !number.is_finite())
    {
        return Err(wrong(""));
    }
    let at = TimestampWithTimeZone::from_str(text).map_err(|_| wrong(""))?;
    // A clock that runs ahead is no reason to refuse; but what is far ahead would be newer than all results to come.
    if at > snapshot::time()? + pgrx::datum::Interval::from_hours(24) {
        return Err(wrong(", which has yet to come"));
    }
    Ok(at)
}

/// A run of dbt.
struct Run {
    project: Option<String>,
    invocation: String,
    at: TimestampWithTimeZone,
}

/// A node as an import of a manifest left it.
#[derive(Debug, Clone, Deserialize)]
pub struct Known {
    pub project: String,
    pub unique_id: String,
    pub kind: String,
    pub asset_id: i64,
    pub said: Json,
}

/// A result that may be kept.
struct Kept {
    node: Known,
    asset: Asset,
    status: Status,
    failures: Option<i64>,
}

impl Run {
    fn import(&self, results: &[Item<'_>], rows: &mut RowWriter<Done>) -> Result<()> {
        let fields = results.iter().map(|result| Fields::of(*result, "a result"));
        let results = fields.collect::<Result<Vec<Fields>>>()?;
        let unique_ids = results.iter().map(|result| result.required_text("unique_id"));
        let unique_ids = unique_ids.collect::<Result<Vec<_>>>()?;
        let mut known: HashMap<String, Vec<Known>> = HashMap::new();
        for node in store::known(&unique_ids, self.project.as_deref())? {
            known.entry(node.unique_id.clone()).or_default().push(node);
        }
        let (mut kept, mut named) = (Vec::new(), HashSet::new());
        for (result, unique_id) in results.iter().zip(&unique_ids) {
            let status = result.required_text("status")?;
            let failures = result
                .number("failures")?
                .filter(|count| count.is_finite() && *count >= 0.0);
            let nodes = known.get(unique_id.as_ref()).map_or(&[][..], Vec::as_slice);
            let kind = nodes.first().map_or(Kind::Other, |node| Kind::named(&node.kind));
            let mut skip = |asset: Option<&Asset>, reason: String| {
                rows.write(|| Done {
                    action: "skipped",
                    kind: kind.name(),
                    name: fields::cut(short_name(unique_id), 2000),
                    asset: asset.map(Asset::label),
                    message: Some(reason),
                })
            };
            let node = match nodes {
                [] => {
                    skip(None, "no manifest that was imported has it".into())?;
                    continue;
                }
                [node] => node,
                _ => {
                    skip(
                        None,
                        "more than one imported project has it: say which as project".into(),
                    )?;
                    continue;
                }
            };
            let Some(asset) = asset::by_id(node.asset_id)? else {
                skip(None, "its asset is not there any more".into())?;
                continue;
            };
            if !asset.is_visible()? {
                skip(None, "no manifest that was imported has it".into())?;
                continue;
            }
            if let Some(reason) = place::denied(&asset)? {
                skip(Some(&asset), reason)?;
                continue;
            }
            let status = match outcome(&status) {
                Ok(status) => status,
                Err(reason) => {
                    skip(Some(&asset), reason)?;
                    continue;
                }
            };
            if !named.insert(node.unique_id.clone()) {
                skip(Some(&asset), "the file has it twice".into())?;
                continue;
            }
            kept.push(Kept {
                node: node.clone(),
                asset,
                status,
                failures: failures.map(|count| count as i64),
            });
        }
        self.keep(kept, rows)
    }

    /// Keeps results that are new, and hands them to the issues.
    fn keep(&self, kept: Vec<Kept>, rows: &mut RowWriter<Done>) -> Result<()> {
        let marks: Vec<Json> = kept
            .iter()
            .map(|result| {
                json!({
                    "project": result.node.project, "unique_id": result.node.unique_id, "failures": result.failures,
                    "status": word(result.status),
                })
            })
            .collect();
        let new: HashSet<String> = store::mark(&marks, &self.invocation, self.at)?;
        let caller = role::current().to_u32();
        let mut findings = Vec::new();
        for result in kept {
            let is_new = new.contains(&result.node.unique_id);
            let message = message(&result);
            let action = match result.status {
                _ if !is_new => "unchanged",
                Status::Pass => "passed",
                Status::Warn => "warned",
                Status::Fail | Status::Error | Status::Skipped => "failed",
            };
            rows.write(|| Done {
                action,
                kind: Kind::named(&result.node.kind).name(),
                name: short_name(&result.node.unique_id).into(),
                asset: Some(result.asset.label()),
                message: message.clone().filter(|_| is_new),
            })?;
            if !is_new {
                continue;
            }
            let reads = reads(&result.node)?;
            let finding = Finding {
                source: Source::Dbt,
                asset_kind: Some(result.asset.kind.name().into()),
                asset_name: result.asset.name.clone(),
                relation: result.asset.relation.map(|oid| oid.to_u32()),
                check_id: None,
                subject: subject(&result.node),
                segment: None,
                status: result.status,
                severity: Severity::Error,
                message,
                ran_as: caller,
                added_by: Some(caller),
                shareable: !reads.is_empty(),
                reads,
                survived: false,
            };
            findings.push(finding);
        }
        keep_all(findings, self.at)
    }
}

/// What a status of dbt's means for an issue, or why it means nothing.
fn outcome(status: &str) -> std::result::Result<Status, String> {
    match status {
        "pass" | "success" => Ok(Status::Pass),
        "warn" | "partial success" => Ok(Status::Warn),
        "fail" => Ok(Status::Fail),
        "error" | "runtime error" => Ok(Status::Error),
        "skipped" | "no-op" => Err("dbt did not run it".into()),
        other => Err(format!("its status is \"{}\"", fields::cut(other, 50))),
    }
}

/// As it is kept.
fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Warn => "warn",
        Status::Fail => "fail",
        Status::Error => "error",
        Status::Skipped => "skipped",
    }
}

/// What is said of a failure. What dbt says may show values of rows.
fn message(result: &Kept) -> Option<String> {
    let is_test = Kind::named(&result.node.kind).is_test();
    match (result.status, result.failures) {
        (Status::Pass | Status::Skipped, _) => None,
        (Status::Error, _) if is_test => Some("dbt could not run it".into()),
        (Status::Error | Status::Fail, _) if !is_test => Some("dbt could not build it".into()),
        (_, Some(1)) => Some("dbt counts 1 failure".into()),
        (_, Some(count)) => Some(format!("dbt counts {count} failures")),
        (_, None) if is_test => Some("dbt says that it fails".into()),
        (_, None) => Some("dbt built a part of it".into()),
    }
}

/// The name of an issue: of a test its name, and where that is too long its beginning and the end of its unique_id, which dbt makes of the rest.
fn subject(node: &Known) -> String {
    const LONGEST: usize = 200;
    if !Kind::named(&node.kind).is_test() {
        return BUILD.into();
    }
    let name = node.said.pointer("/details/name").and_then(Json::as_str);
    let name = name.unwrap_or(short_name(&node.unique_id));
    if name.chars().count() <= LONGEST {
        return name.into();
    }
    let end: String = node
        .unique_id
        .rsplit('.')
        .next()
        .unwrap_or("")
        .chars()
        .take(20)
        .collect();
    format!("{} {end}", fields::cut(name, LONGEST - 25))
}

/// The relations that a test reads; none where that is not known, or not all of them are here.
fn reads(node: &Known) -> Result<Vec<u32>> {
    let ids = node
        .said
        .get("reads")
        .and_then(Json::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut reads = Vec::new();
    for id in ids.iter().filter_map(Json::as_i64) {
        match asset::by_id(id)?.and_then(|asset| asset.relation) {
            Some(oid) => reads.push(oid.to_u32()),
            None => return Ok(Vec::new()),
        }
    }
    Ok(reads)
}

//! Models of other libraries: a file becomes an ordinary model.

use pgrx::datum::Interval;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Incoming, baseline};
use crate::models::cache;
use crate::models::comparing::sources;
use crate::models::registry::{self, Privilege, Version};
use crate::models::scorer::Scorer;
use crate::models::{Deploy, MOST_BYTES, NewVersion, deployment, hash_of, too_large};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{DAMAGED_MODEL, Error, INVALID_PARAMETER, Result, notice};
use crate::pg::foreground::Foreground;
use crate::pg::{options, snapshot};
use algo::exchange::Given;
use algo::model::Model;
use algo::monitor::Monitor;
use algo::prepare::Statistic;

/// Reads a file of a format.
pub type Read = fn(&[u8], &Given, &dyn Monitor) -> algo::error::Result<Model>;

/// Writes a file of a format.
pub type Write = fn(&Model, &dyn Monitor) -> algo::error::Result<Vec<u8>>;

/// What may be said of a model beside what tells how its file is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    /// The column that it predicts, by which it is evaluated.
    target: Option<String>,
    /// A query of the rows that it was trained on, or such: what drift is measured against.
    query: Option<String>,
    deploy: Option<String>,
}

/// The keys of [`Options`]. The others are those of [`Given`].
const OWN: [&str; 3] = ["target", "query", "deploy"];

/// Reads the options. Returns 22023; the error of an unknown key lists the known ones.
fn parse(given: &Json) -> Result<(Options, Given)> {
    const KNOWN: [&str; 7] = [
        "categories",
        "classes",
        "deploy",
        "features",
        "iterations",
        "query",
        "target",
    ];
    let all = given.as_object().cloned().unwrap_or_default();
    if let Some(unknown) = all.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        let known = KNOWN.map(|key| format!("\"{key}\"")).join(", ");
        return Err(
            Error::new(INVALID_PARAMETER, format!("options: unknown key \"{unknown}\""))
                .hint(format!("Expected is one of: {known}.")),
        );
    }
    let (own, rest) = all.into_iter().partition(|(key, _)| OWN.contains(&key.as_str()));
    Ok((
        options::parse("options", Json::Object(own))?,
        options::parse("options", Json::Object(rest))?,
    ))
}

/// What is wrong is the file, or what was said of it.
pub fn of_file(error: algo::error::Error) -> Error {
    use algo::error::Error as Cause;
    match error {
        Cause::Data { .. } | Cause::Parameter { .. } => Error::from(error).state(INVALID_PARAMETER),
        Cause::Damaged { what, problem } => Error::new(DAMAGED_MODEL, format!("{what} cannot be read"))
            .detail(format!("{}.", uppercase(&problem)))
            .hint("Export it once more with the library that made it; a file that came as text may have lost bytes on its way."),
        Cause::Stopped
        | Cause::UnknownParameter { .. }
        | Cause::Internal(_)
        | Cause::Newer { .. }
        | Cause::Mismatch { .. }
        | Cause::Memory { .. }
        | Cause::OutOfMemory { .. } => error.into(),
    }
}

/// A sentence begins with a capital letter.
fn uppercase(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Stores a model of another library as a version of `algorithm`, which is the format's name; see [`super::Import`].
pub fn import(
    incoming: &Incoming<'_>,
    algorithm: &'static str,
    read: Read,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<i32> {
    let (wanted, given) = parse(&incoming.options)?;
    let deploy = deploy_named(wanted.deploy.as_deref())?;
    let importing = format!("importing {}", incoming.name);
    let (bytes, hash) = compute::run(&importing, reporter, statement, |monitor| {
        let model = read(incoming.bytes, &given, monitor).map_err(of_file)?;
        let bytes = model.to_bytes(monitor)?;
        let hash = hash_of(&bytes, monitor)?;
        Ok::<_, Error>((bytes, hash))
    })?;
    if bytes.len() > MOST_BYTES {
        return Err(too_large(
            incoming.name,
            bytes.len(),
            "Export fewer trees: \"iterations\" says how many count.",
        ));
    }
    // What is stored is what can be loaded: the bytes themselves are read.
    let model = compute::run(&importing, reporter, statement, |monitor| {
        Model::from_bytes(&bytes, monitor).map_err(of_file)
    })?;
    let scorer = Scorer::new(model);
    let (statistics, rows) = match &wanted.query {
        Some(query) => baseline::statistics(&scorer, query, incoming.name, reporter, statement)?,
        None => (Vec::new(), 0),
    };
    let model = scorer.model();
    // PostgreSQL copies the value into the statement, and from there into the row.
    statement.allow(2 * bytes.len())?;
    let version = NewVersion {
        model: incoming.name,
        task: model.answer.task().name(),
        algorithm,
        params: incoming.options.clone(),
        query: wanted.query.as_deref().unwrap_or(""),
        target: wanted.target.as_deref(),
        rows: rows as i64,
        features: model.width() as i32,
        metrics: json!({}),
        duration: Interval::from_seconds(reporter.elapsed().as_secs_f64()),
        hash: &hash,
        statistics: Json::Array(statistics.iter().map(Statistic::json).collect()),
        bytes,
        curves: None,
        cpu_seconds: reporter.cpu().as_secs_f64(),
    }
    .add()?;
    if let Some(query) = &wanted.query {
        sources::record(incoming.name, version, query)?;
    }
    snapshot::with_latest(|| deployed(incoming.name, version, deploy))?;
    Ok(version)
}

/// Writes a version in the format of another library; see [`super::Export`].
pub fn export(version: &Version, write: Write, reporter: &mut Reporter, statement: &Foreground) -> Result<Vec<u8>> {
    let scorer = cache::scorer(version)?;
    let model = scorer.model();
    compute::run(
        &format!("exporting {}", version.reference()),
        reporter,
        statement,
        |monitor| write(model, monitor).map_err(of_file),
    )
}

/// When a version becomes the deployed one that comes as a file. Returns 22023.
pub(super) fn deploy_named(name: Option<&str>) -> Result<Deploy> {
    match Deploy::named(name.unwrap_or("auto"))? {
        Deploy::IfBetter => Err(Error::new(INVALID_PARAMETER, "deploy cannot be \"if_better\" for an imported model")
            .detail("It comes without rows that it was tested on.")
            .hint("It is auto (when none is deployed yet), always or never; assay.promote(model, version, query) compares it with the deployed version.")),
        deploy @ (Deploy::Auto | Deploy::Always | Deploy::Never) => Ok(deploy),
    }
}

/// Deploys such a version where it should be, and says where it is not.
pub(super) fn deployed(name: &str, version: i32, wanted: Deploy) -> Result<()> {
    let entry = registry::open(name, Privilege::Manage)?;
    match (wanted, entry.deployed) {
        (Deploy::Never, _) => Ok(()),
        (Deploy::Auto | Deploy::IfBetter, Some(champion)) => {
            notice(
                format!("version {version} of model \"{name}\" is not deployed: version {champion} stays"),
                Some(format!(
                    "SELECT assay.deploy('{name}', {version}) deploys it, assay.promote('{name}', {version}, query) if it is better on the rows of a query."
                )),
            );
            Ok(())
        }
        (Deploy::Always, _) | (Deploy::Auto | Deploy::IfBetter, None) => deployment::record(&entry, version, None),
    }
}

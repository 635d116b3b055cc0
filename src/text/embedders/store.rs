//! A new version of an embedder enters the registry.

use pgrx::datum::Interval;
use serde_json::{Value as Json, json};

use crate::models::registry::{self, Privilege};
use crate::models::{Deploy, MOST_BYTES, NewVersion, hash_of, record_deployment, too_large};
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, notice};
use crate::pg::foreground::Foreground;
use crate::pg::result_row::result_row;
use crate::pg::snapshot;
use crate::text::embedders::open::sweep;
use algo_text::embedder::Kind;
use algo_text::task::Task;

/// What becomes a version.
pub struct Made<'a> {
    /// The model's name, which the caller was found to be allowed to use.
    pub name: &'a str,
    pub kind: Kind,
    pub task: Task,
    /// How it was made.
    pub options: Json,
    /// The query that it was learned from; empty for what was not.
    pub query: &'a str,
    /// The rows that it was learned from.
    pub rows: usize,
    /// How many numbers a vector has; 0 for what gives none.
    pub dimensions: usize,
    /// Its bytes.
    pub image: Vec<u8>,
    /// What is known of it.
    pub metrics: Json,
    pub deploy: Deploy,
}

result_row! {
    /// A version that was stored.
    pub struct StoredEmbedder {
        model: String,
        version: i32,
        algorithm: &'static str,
        dimensions: i32,
        bytes: i64,
        metrics: Json,
        duration: Interval,
    }
}

/// Adds the version, and deploys it if it should be. Returns 54000 for one too large to be stored.
pub fn store(made: Made<'_>, reporter: &Reporter, statement: &Foreground) -> Result<StoredEmbedder> {
    if made.deploy == Deploy::IfBetter {
        return Err(Error::new(INVALID_PARAMETER, "deploy cannot be \"if_better\" for an embedder")
            .detail("Vectors of two embedders cannot be compared row by row.")
            .hint("It is auto (when none is deployed yet), always or never; assay.compare_retrieval compares what is found by each."));
    }
    let bytes = made.image.len();
    if bytes > MOST_BYTES {
        return Err(too_large(
            made.name,
            bytes,
            "Take a smaller model, or the precision int8.",
        ));
    }
    // PostgreSQL copies the value into the statement, and from there into the row.
    statement.allow(2 * bytes)?;
    let hash = hash_of(&made.image, statement)?;
    let duration = Interval::from_seconds(reporter.elapsed().as_secs_f64());
    let version = NewVersion {
        model: made.name,
        task: made.task.name(),
        algorithm: made.kind.name(),
        params: made.options,
        query: made.query,
        target: None,
        rows: made.rows as i64,
        features: made.dimensions as i32,
        metrics: made.metrics.clone(),
        duration,
        hash: &hash,
        statistics: json!([]),
        bytes: made.image,
        curves: None,
        cpu_seconds: reporter.cpu().as_secs_f64(),
    }
    .add()?;
    sweep()?;
    snapshot::with_latest(|| deploy(made.name, version, made.deploy))?;
    Ok(StoredEmbedder {
        model: made.name.to_string(),
        version,
        algorithm: made.kind.name(),
        dimensions: made.dimensions as i32,
        bytes: bytes as i64,
        metrics: made.metrics,
        duration,
    })
}

fn deploy(name: &str, version: i32, wanted: Deploy) -> Result<()> {
    let entry = registry::open(name, Privilege::Manage)?;
    match (wanted, entry.deployed) {
        (Deploy::Never, _) => Ok(()),
        (Deploy::Auto | Deploy::IfBetter, Some(deployed)) => {
            notice(
                format!("version {version} of model \"{name}\" is not deployed: version {deployed} stays"),
                Some(format!(
                    "Vectors of two versions are not to be mixed. SELECT assay.deploy('{name}', {version}) deploys it."
                )),
            );
            Ok(())
        }
        (Deploy::Always, _) | (Deploy::Auto | Deploy::IfBetter, None) => record_deployment(&entry, version, None),
    }
}

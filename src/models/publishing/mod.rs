//! Models on the workers of a Citus cluster, so that a distributed query scores where its rows are.
//!
//! A worker's registry is its own: what it has of a published model is a copy, with the coordinator's numbers of versions and nothing deployed. No rollback undoes
//! what workers are told. So a version goes to all workers first, and only then does the coordinator say, in its own transaction, that it is published; a
//! rollback leaves a version on workers that nothing asks for and that the next publication removes. The other way round, what is revoked is revoked on workers
//! first. A query names a version and never what is deployed, so that a worker has it or returns an error.

mod copies;
mod workers;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use self::workers::literal;
use super::deployment::{self, changing};
use super::exchange::package;
use super::registry::{self, Entry, Privilege, Version};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{
    DEPENDENT_OBJECTS, Error, INVALID_PARAMETER, LIMIT_EXCEEDED, NOT_IN_CLUSTER, Result, UNDEFINED_VERSION, advise,
    megabytes, or_raise,
};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{distributed, read_only, role, snapshot, tables};

/// The most bytes of a package that goes into a statement for a worker, written in hexadecimal.
const MOST_BYTES: usize = 256 << 20;

/// A version that is published.
pub struct Published {
    pub version: i32,
    pub hash: String,
    /// Whether a coordinator published it here.
    pub is_copy: bool,
}

/// The versions of a model that are published, ascending.
pub fn published(model: &Entry) -> Result<Vec<Published>> {
    let mut found = Vec::new();
    // Until ALTER EXTENSION UPDATE has run there is no such table.
    if !tables::exists(c"model_publication") {
        return Ok(found);
    }
    catalog::find::<()>(
        c"model_publication",
        c"model_publication_pkey",
        &[Key::BigInt(1, model.id)],
        |row| {
            found.push(Published {
                version: row.require(2)?,
                hash: row.require(3)?,
                is_copy: row.require(4)?,
            });
            Ok(None)
        },
    )?;
    Ok(found)
}

/// Whether workers have this very version, as far as is known here.
pub fn has(version: &Version) -> Result<bool> {
    let published = published(&version.model)?;
    let hash = version.hash()?;
    Ok(published
        .iter()
        .any(|known| !known.is_copy && known.version == version.version && known.hash == hash))
}

/// What a reference to a model becomes in a query that workers run: `name@version` with the version that it stands for here; `None` where the model is not
/// published. Returns ML002 for a version that is not, and errors as [`registry::resolve`] does.
pub fn pinned(reference: &str) -> Result<Option<String>> {
    let Some(entry) = registry::find(registry::name_in(reference))? else {
        return Ok(None);
    };
    let published = published(&entry)?;
    if !published.iter().any(|version| !version.is_copy) {
        return Ok(None);
    }
    let version = registry::resolve(reference, Privilege::Predict)?;
    if !published.iter().any(|known| known.version == version.version) {
        return Err(not_published(&version));
    }
    Ok(Some(version.reference()))
}

fn not_published(version: &Version) -> Error {
    let (name, number) = (&version.model.name, version.version);
    Error::new(
        UNDEFINED_VERSION,
        format!("version {number} of model \"{name}\" is not published"),
    )
    .detail("The query reads a distributed table, and workers have not got that version.")
    .hint(format!(
        "SELECT assay.publish_model('{name}@{number}') gives it to them."
    ))
}

/// Lets plans that name a version be made anew when another one is deployed, and says where workers lack it. Of a copy nothing is deployed.
pub fn deployed(entry: &Entry, version: i32) -> Result<()> {
    require_original(entry)?;
    let published = published(entry)?;
    if published.iter().all(|known| known.is_copy) || !distributed::has_citus() {
        return Ok(());
    }
    distributed::forget_plans(c"model");
    if !published.iter().any(|known| known.version == version) {
        advise(
            format!(
                "version {version} of model \"{}\" is deployed, and workers have not got it",
                entry.name
            ),
            Some("Queries of distributed tables that name the model return an error until they have.".into()),
            Some(format!("SELECT assay.publish_model('{}')", entry.name)),
        );
    }
    Ok(())
}

/// Says that workers decide by the thresholds that they were given, where a version of the model is published.
pub fn thresholds_set(entry: &Entry) -> Result<()> {
    if published(entry)?.is_empty() || is_copy(entry)? || !distributed::has_citus() {
        return Ok(());
    }
    advise(
        format!(
            "workers decide by the thresholds that model \"{}\" was published with",
            entry.name
        ),
        None,
        Some(format!(
            "SELECT assay.publish_model('{}') gives them the new ones.",
            entry.name
        )),
    );
    Ok(())
}

/// Whether a model is a copy of what a coordinator published.
pub fn is_copy(model: &Entry) -> Result<bool> {
    Ok(published(model)?.iter().any(|version| version.is_copy))
}

/// Returns an error for a copy of what a coordinator published.
pub fn require_original(model: &Entry) -> Result<()> {
    if !is_copy(model)? {
        return Ok(());
    }
    Err(Error::new(
        INVALID_PARAMETER,
        format!("model \"{}\" is a copy of what the coordinator published", model.name),
    )
    .hint("Train and import versions on the coordinator, and publish them there with assay.publish_model."))
}

/// Returns an error for a model that workers have: another one of its name would have the same numbers of versions.
pub fn require_unpublished(entry: &Entry) -> Result<()> {
    if published(entry)?.iter().all(|version| version.is_copy) {
        return Ok(());
    }
    Err(Error::new(
        DEPENDENT_OBJECTS,
        format!("model \"{}\" cannot be dropped: it is published", entry.name),
    )
    .hint(format!("SELECT assay.unpublish_model('{}') first.", entry.name)))
}

/// Takes a privilege away on workers, before it is taken away here.
pub fn revoke(entry: &Entry, role: Oid, privilege: Privilege) -> Result<()> {
    // A dump of a coordinator may be restored where there are no workers.
    if published(entry)?.iter().all(|version| version.is_copy) || !distributed::has_citus() {
        return Ok(());
    }
    let name = match role {
        role::PUBLIC => "public".to_string(),
        role => role::name_of(role),
    };
    let command = format!(
        "SELECT assay_internal.revoke_copy({}, {}, {})",
        literal(&entry.name),
        literal(&name),
        literal(&privilege.to_string())
    );
    workers::run(&command, &format!("revoking {privilege} on model \"{}\"", entry.name)).map(drop)
}

/// `publish_model(model)`: gives a version to all workers, and deploys it then. Gives the number of workers.
#[pg_extern(sql = false)]
fn publish_model(model: Option<Text>) -> i32 {
    read_only::require_writable(c"assay.publish_model()");
    or_raise((|| {
        let reference = required("model", model.as_deref())?;
        changing(Some(registry::name_in(reference)), Privilege::Own, |entry| {
            publish(reference, &entry)
        })
    })())
}

fn publish(reference: &str, entry: &Entry) -> Result<i32> {
    require_original(entry)?;
    let version = registry::resolve(reference, Privilege::Own)?;
    let statement = Foreground::new()?;
    let hash = version.hash()?;
    let package = package::export(&version, &statement)?;
    if package.len() > MOST_BYTES {
        return Err(Error::new(
            LIMIT_EXCEEDED,
            format!("model \"{}\" is too large to be published", version.reference()),
        )
        .detail(format!(
            "Its package has {}, and at most {} are allowed.",
            megabytes(package.len()),
            megabytes(MOST_BYTES)
        ))
        .hint("Grow fewer or smaller trees, or bring the package to each worker by other means and import it there."));
    }
    // Two digits a byte, in the statement and in what Citus makes of it.
    statement.allow(package.len().saturating_mul(6))?;
    let kept = kept(entry, &version)?;
    let command = format!(
        "SELECT assay_internal.receive_copy({}, {}, {}, '\\x{}', {})",
        literal(&entry.name),
        literal(&role::name_of(entry.owner)),
        version.version,
        super::hex(&package),
        literal(&versions_of(&kept, (version.version, &hash)))
    );
    let workers = workers::run(&command, &format!("publishing model \"{}\"", version.reference()))?;
    drop(command);
    if workers == 0 {
        return Err(Error::new(
            NOT_IN_CLUSTER,
            format!("publishing model \"{}\" needs workers", version.reference()),
        )
        .detail("The coordinator has none.")
        .hint("citus_add_node adds one."));
    }
    record(entry, (version.version, &hash), &kept)?;
    if entry.deployed != Some(version.version) {
        snapshot::with_latest(|| deployment::record(entry, version.version, None))?;
    }
    distributed::forget_plans(c"model");
    Ok(workers as i32)
}

/// What workers keep beside a version that they are given: what is deployed until then and what aliases stand for, as far as it is published and still there.
fn kept(entry: &Entry, version: &Version) -> Result<Vec<Published>> {
    let mut wanted = Vec::from_iter(entry.deployed);
    catalog::find::<()>(
        c"model_alias",
        c"model_alias_pkey",
        &[Key::BigInt(1, entry.id)],
        |row| {
            wanted.push(row.require(3)?);
            Ok(None)
        },
    )?;
    let there = registry::versions(entry)?;
    let mut kept = published(entry)?;
    kept.retain(|known| {
        known.version != version.version && wanted.contains(&known.version) && there.contains(&known.version)
    });
    Ok(kept)
}

/// Versions with their hashes, as a worker is told.
fn versions_of(kept: &[Published], (version, hash): (i32, &str)) -> String {
    let kept = kept
        .iter()
        .map(|known| (known.version.to_string(), known.hash.clone().into()));
    let all: serde_json::Map<String, serde_json::Value> = kept.chain([(version.to_string(), hash.into())]).collect();
    serde_json::Value::Object(all).to_string()
}

/// Writes down what workers have of a model.
fn record(entry: &Entry, (version, hash): (i32, &str), kept: &[Published]) -> Result<()> {
    let kept: Vec<String> = kept.iter().map(|known| known.version.to_string()).collect();
    write(entry, (version, hash), &kept, false)
}

/// Writes down that a version is published, and that of others only those in `kept` still are.
fn write(entry: &Entry, (version, hash): (i32, &str), kept: &[String], is_copy: bool) -> Result<()> {
    let by = role::name_of(role::current());
    tables::as_owner(|| {
        tables::write(
            "DELETE FROM assay.model_publication WHERE model_id OPERATOR(pg_catalog.=) $1
                 AND version::pg_catalog.text OPERATOR(pg_catalog.<>) ALL (pg_catalog.string_to_array($2, ','))",
            &[entry.id.into(), kept.join(",").into()],
        )?;
        tables::write(
            "INSERT INTO assay.model_publication (model_id, version, hash, is_copy, published_by) VALUES ($1, $2, $3, $4, $5)",
            &[
                entry.id.into(),
                version.into(),
                hash.into(),
                is_copy.into(),
                by.as_str().into(),
            ],
        )
    })
}

/// `unpublish_model(model)`: takes a model from the workers. Gives the number of workers.
#[pg_extern(sql = false)]
fn unpublish_model(model: Option<Text>) -> i32 {
    read_only::require_writable(c"assay.unpublish_model()");
    or_raise(changing(model.as_deref(), Privilege::Own, |entry| {
        require_original(&entry)?;
        // A dump of a coordinator may be restored where there are no workers.
        let workers = match published(&entry)?.is_empty() || distributed::has_citus() {
            false => 0,
            true => workers::run(
                &format!("SELECT assay_internal.forget_copy({})", literal(&entry.name)),
                &format!("unpublishing model \"{}\"", entry.name),
            )?,
        };
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.model_publication WHERE model_id OPERATOR(pg_catalog.=) $1",
                &[entry.id.into()],
            )
        })?;
        distributed::forget_plans(c"model");
        Ok(workers as i32)
    }))
}

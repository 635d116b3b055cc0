//! Versions of training sets in assay's own tables. A training set belongs to the role that built its first version: who has not its rights learns no more than
//! that the name is taken.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use pgrx::pg_sys::{self, Oid};
use serde_json::Value as Json;

use crate::pg::append;
use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::cell::Parameter;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, UNDEFINED_DATASET, or_raise};
use crate::pg::options::required;
use crate::pg::text::{JsonB, Text};
use crate::pg::trigger::Call;
use crate::pg::{names, read_only, role, snapshot, tables};
use algo_text::dataset::Row;

/// A training set.
#[derive(Debug, Clone)]
pub struct Dataset {
    pub id: i64,
    pub name: String,
    pub owner: Oid,
}

/// What is kept of a version besides its rows.
pub struct NewVersion<'a> {
    pub name: &'a str,
    pub query: &'a str,
    pub options: Json,
    pub manifest: &'a Json,
    pub hash: &'a str,
    pub duration: Interval,
}

/// The training set of a name, whoever asks.
fn find(name: &str) -> Result<Option<Dataset>> {
    catalog::find(c"dataset", c"dataset_name_key", &[Key::Text(2, name)], dataset)
}

fn by_id(id: i64) -> Result<Option<Dataset>> {
    catalog::find(c"dataset", c"dataset_pkey", &[Key::BigInt(1, id)], dataset)
}

fn dataset(row: &CatalogRow) -> Result<Option<Dataset>> {
    Ok(Some(Dataset {
        id: row.require(1)?,
        name: row.require(2)?,
        owner: row.require(3)?,
    }))
}

/// Returns 42501 unless the caller has the rights of the training set's owner.
fn require_own(dataset: &Dataset) -> Result<()> {
    if role::acts_for(dataset.owner) {
        return Ok(());
    }
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied for training set \"{}\"", dataset.name),
    )
    .detail("It belongs to another role.")
    .hint("Take another name, or ask for membership in the role that it belongs to."))
}

/// Returns an error where a name cannot be used, or is somebody else's.
pub fn check_name(name: &str) -> Result<()> {
    names::check_reference("name of a training set", name)?;
    find(name)?.as_ref().map_or(Ok(()), require_own)
}

fn undefined(message: String) -> Error {
    Error::new(UNDEFINED_DATASET, message)
        .hint("SELECT dataset, version FROM assay.datasets shows the training sets that are yours.")
}

fn open(name: &str) -> Result<Dataset> {
    let dataset = find(name)?.ok_or_else(|| undefined(format!("training set \"{name}\" does not exist")))?;
    require_own(&dataset)?;
    Ok(dataset)
}

/// The training set and version of a reference, such as `support` (its last version) or `support@2`. Returns ML047 or 42501.
pub fn resolve(reference: &str) -> Result<(Dataset, i32)> {
    let (name, number) = match reference.split_once('@') {
        Some((name, number)) => (name, Some(number)),
        None => (reference, None),
    };
    let dataset = open(name)?;
    let missing = || {
        undefined(format!(
            "training set \"{name}\" has no version {}",
            number.unwrap_or_default()
        ))
    };
    let version = match number {
        Some(number) => number.parse().map_err(|_| missing())?,
        None => last_of(&dataset)?,
    };
    match exists(dataset.id, version)? {
        true => Ok((dataset, version)),
        false => Err(missing()),
    }
}

/// The last version that is there.
fn last_of(dataset: &Dataset) -> Result<i32> {
    let version: Option<i32> = tables::as_owner(|| {
        tables::read(
            "SELECT pg_catalog.max(v.version) FROM assay.dataset_version AS v WHERE v.dataset_id OPERATOR(pg_catalog.=) $1",
            &[dataset.id.into()],
        )
    })?;
    version.ok_or_else(|| undefined(format!("training set \"{}\" has no version", dataset.name)))
}

fn exists(id: i64, version: i32) -> Result<bool> {
    let keys = [Key::BigInt(1, id), Key::Int(2, version)];
    let found = catalog::find(c"dataset_version", c"dataset_version_pkey", &keys, |_| Ok(Some(())))?;
    Ok(found.is_some())
}

/// Adds a version with its rows, and gives its number.
pub fn add(version: NewVersion<'_>, rows: &[Row]) -> Result<i32> {
    let built_by = role::current();
    let number = tables::as_owner(|| {
        // The row's lock makes those who build under one name take turns from here to their commits.
        let number: Option<i32> = tables::write_returning(
            "INSERT INTO assay.dataset AS d (name, owner, last_version) VALUES ($1, $2, 1)
             ON CONFLICT (name) DO UPDATE SET last_version = d.last_version OPERATOR(pg_catalog.+) 1
             RETURNING last_version",
            &[version.name.into(), built_by.into()],
        )?;
        Ok(number.unwrap_or(1))
    })?;
    // Somebody else may have taken the name meanwhile.
    let dataset = snapshot::with_latest(|| open(version.name))?;
    tables::as_owner(|| {
        if number == 1 {
            forget_rows(dataset.id, None)?;
        }
        let values: [Parameter; 8] = [
            dataset.id.into(),
            number.into(),
            version.query.into(),
            JsonB(version.options).into(),
            JsonB(version.manifest.clone()).into(),
            version.hash.into(),
            role::name_of(built_by).as_str().into(),
            version.duration.into(),
        ];
        tables::write(
            "INSERT INTO assay.dataset_version (dataset_id, version, query, options, manifest, hash, built_by, duration, built_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, pg_catalog.clock_timestamp())",
            &values,
        )
    })?;
    write_rows(dataset.id, number, rows)?;
    Ok(number)
}

/// Writes the rows, those of each part numbered from 1.
fn write_rows(id: i64, version: i32, rows: &[Row]) -> Result<()> {
    for part in rows.chunk_by(|a, b| a.part == b.part) {
        let numbered: Vec<(i64, &Row)> = (1..).zip(part).collect();
        append::each(&numbered, |(seq, row)| {
            let source = row
                .source
                .as_deref()
                .and_then(|source| serde_json::from_str::<Json>(source).ok());
            let values: [Parameter; 9] = [
                id.into(),
                version.into(),
                row.part.name().into(),
                (*seq).into(),
                JsonB(Json::from(&row.conversation)).into(),
                row.label.as_deref().into(),
                row.rating.into(),
                row.weight.into(),
                source.map(JsonB).into(),
            ];
            append::append(c"dataset_row", &values)
        })?;
    }
    Ok(())
}

/// Deletes versions of a training set with their rows. As the tables' owner.
fn forget_rows(id: i64, version: Option<i32>) -> Result<()> {
    for table in ["dataset_row", "dataset_version"] {
        let statement = format!(
            "DELETE FROM assay.{table} WHERE dataset_id OPERATOR(pg_catalog.=) $1 AND ($2 IS NULL OR version OPERATOR(pg_catalog.=) $2)"
        );
        tables::write(&statement, &[id.into(), version.into()])?;
    }
    Ok(())
}

/// `drop_dataset(name, version)`.
#[pg_extern(sql = false)]
fn drop_dataset(name: Option<Text>, version: Option<i32>) {
    read_only::require_writable(c"assay.drop_dataset()");
    or_raise((|| {
        let name = required("name", name)?;
        let dataset = open(&name)?;
        if let Some(version) = version
            && !exists(dataset.id, version)?
        {
            return Err(undefined(format!("training set \"{name}\" has no version {version}")));
        }
        tables::as_owner(|| {
            forget_rows(dataset.id, version)?;
            if version.is_some() {
                return Ok(());
            }
            tables::write(
                "DELETE FROM assay.dataset WHERE id OPERATOR(pg_catalog.=) $1",
                &[dataset.id.into()],
            )
        })
    })());
}

/// Deletes the rows of training sets that are no more.
pub fn forget_orphans() -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "DELETE FROM assay.dataset_row AS r
             WHERE NOT EXISTS (SELECT FROM assay.dataset AS d WHERE d.id OPERATOR(pg_catalog.=) r.dataset_id)",
            &[],
        )
    })
}

/// Before a row that belongs to a training set: its owner makes it. In a restore the training set may come later; a new one does not inherit what is there.
fn guard_dataset_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let guard = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let id: Option<i64> = call.get(call.column(c"dataset_id")?)?;
        if let Some(dataset) = id.map(by_id).transpose()?.flatten() {
            require_own(&dataset)?;
        }
        Ok(call.row())
    };
    Some(or_raise(guard()))
}

entry::per_row!(
    guard_dataset_row,
    guard_dataset_row_wrapper,
    pg_finfo_guard_dataset_row_wrapper
);

//! What a worker has of the models that its coordinator publishes. The coordinator calls these functions, as whoever publishes.

use std::collections::BTreeMap;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::{is_copy, write};
use crate::models::deployment::{self, changing};
use crate::models::exchange::package::{self, Sound};
use crate::models::judging::decision;
use crate::models::new_version::Number;
use crate::models::registry::{self, Entry, Privilege};
use crate::models::request::carry_out;
use crate::pg::error::{
    DAMAGED_MODEL, DUPLICATE_OBJECT, Error, INSUFFICIENT_PRIVILEGE, Result, UNDEFINED_ROLE, or_raise,
};
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, snapshot, tables};

/// The hashes of the versions that a worker is to have, by number.
type Wanted = BTreeMap<i32, String>;

/// `receive_copy(model, owner, version, package, versions)`: takes a version that the coordinator publishes. Of the model's other versions those stay that are in `versions`, with
/// their hashes.
#[pg_extern(sql = false)]
fn receive_copy(
    model: Option<Text>,
    owner: Option<Text>,
    version: Option<i32>,
    package: Option<&[u8]>,
    versions: Option<Jsonb>,
) {
    read_only::require_writable(c"assay_internal.receive_copy()");
    or_raise((|| {
        let (model, owner) = (required("model", model)?, required("owner", owner)?);
        let version = required("version", version)?;
        let wanted: Wanted = options::parse("versions", options::object("versions", versions)?)?;
        let bytes = required("package", package)?;
        names::check_reference("model's name", &model)?;
        let owner = owner_named(&owner)?;
        carry_out(|reporter, statement| {
            let sound = package::read(&model, bytes, reporter, statement)?;
            if wanted.get(&version) != Some(&sound.hash) {
                return Err(Error::new(
                    DAMAGED_MODEL,
                    format!("the package is not version {version} of model \"{model}\""),
                )
                .hint("Publish the model again."));
            }
            make_room(&model, owner)?;
            snapshot::with_latest(|| {
                changing(Some(&model), Privilege::Own, |entry| {
                    require_copy(&entry)?;
                    take(&entry, (version, sound), &wanted)
                })
            })
        })
    })());
}

/// The role that owns the model, for a caller who may act as that one.
fn owner_named(name: &str) -> Result<Oid> {
    let owner = role::existing(name).ok_or_else(|| {
        Error::new(UNDEFINED_ROLE, format!("role \"{name}\" does not exist")).hint(
            "Create the model's owner on the worker; Citus does so for roles that are created on the coordinator.",
        )
    })?;
    if !role::acts_for(owner) {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied to own a model as role \"{name}\""),
        )
        .hint("Grant the role to whoever publishes, on the worker, too."));
    }
    Ok(owner)
}

/// Makes the model of a copy where there is none of that name.
fn make_room(model: &str, owner: Oid) -> Result<()> {
    if let Some(entry) = registry::find(model)? {
        require_copy(&entry)?;
        registry::require(&entry, Privilege::Own)?;
        if entry.owner == owner {
            return Ok(());
        }
        return tables::as_owner(|| {
            tables::write(
                "UPDATE assay.model SET owner = $2 WHERE id OPERATOR(pg_catalog.=) $1",
                &[entry.id.into(), owner.into()],
            )
        });
    }
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.model (name, owner) VALUES ($1, $2)",
            &[model.into(), owner.into()],
        )?;
        deployment::forget_strays(model)?;
        // Marks it as a copy until the version is written.
        tables::write(
            "INSERT INTO assay.model_publication (model_id, version, hash, is_copy, published_by)
             SELECT m.id, 0, '', true, '' FROM assay.model AS m WHERE m.name OPERATOR(pg_catalog.=) $1",
            &[model.into()],
        )
    })
}

fn require_copy(entry: &Entry) -> Result<()> {
    match is_copy(entry)? {
        true => Ok(()),
        false => Err(Error::new(
            DUPLICATE_OBJECT,
            format!(
                "there is a model \"{}\" that is no copy of the coordinator's",
                entry.name
            ),
        )
        .hint("Drop it on the worker, or publish the model under another name.")),
    }
}

fn take(entry: &Entry, (version, sound): (i32, Sound), wanted: &Wanted) -> Result<()> {
    let there = forget_others(entry, wanted)?;
    let (hash, rule, grants) = (sound.hash.clone(), sound.rule(), sound.grants().to_vec());
    if !there.contains(&version) {
        sound.store(&entry.name, Number::Copied(version))?;
    }
    let kept: Vec<String> = (there.iter())
        .filter(|&&known| known != version)
        .map(i32::to_string)
        .collect();
    tables::as_owner(|| {
        tables::write(
            "DELETE FROM assay.model_threshold WHERE model_id OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2",
            &[entry.id.into(), version.into()],
        )?;
        tables::write(
            "DELETE FROM assay.model_privilege WHERE model_id OPERATOR(pg_catalog.=) $1",
            &[entry.id.into()],
        )
    })?;
    snapshot::with_latest(|| {
        if let Some(rule) = rule {
            decision::set(&format!("{}@{version}", entry.name), rule)?;
        }
        package::grant(entry, &grants)?;
        write(entry, (version, &hash), &kept, true)
    })
}

/// Deletes the versions that the coordinator has not got, or has others of their numbers of; gives those that stay.
fn forget_others(entry: &Entry, wanted: &Wanted) -> Result<Vec<i32>> {
    let mut there = registry::versions(entry)?;
    let mut others = Vec::new();
    for &version in &there {
        let known = registry::Version {
            model: entry.clone(),
            version,
        };
        if wanted.get(&version) != Some(&known.hash()?) {
            others.push(version);
        }
    }
    there.retain(|version| !others.contains(version));
    for version in others {
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.model_version WHERE model_id OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2",
                &[entry.id.into(), version.into()],
            )
        })?;
    }
    Ok(there)
}

/// A copy of this name, for its owner; `None` where there is none.
fn copy(model: Option<&str>) -> Result<Option<Entry>> {
    let Some(entry) = registry::find(required("model", model)?)? else {
        return Ok(None);
    };
    require_copy(&entry)?;
    registry::require(&entry, Privilege::Own)?;
    Ok(Some(entry))
}

/// `forget_copy(model)`: the coordinator does not publish the model any more.
#[pg_extern(sql = false)]
fn forget_copy(model: Option<Text>) {
    read_only::require_writable(c"assay_internal.forget_copy()");
    or_raise((|| {
        let Some(entry) = copy(model.as_deref())? else {
            return Ok(());
        };
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.model WHERE id OPERATOR(pg_catalog.=) $1",
                &[entry.id.into()],
            )
        })
    })());
}

/// `revoke_copy(model, role, privilege)`: takes a privilege away; `public` is everyone, where no role has that name.
#[pg_extern(sql = false)]
fn revoke_copy(model: Option<Text>, role: Option<Text>, privilege: Option<Text>) {
    read_only::require_writable(c"assay_internal.revoke_copy()");
    or_raise((|| {
        let Some(entry) = copy(model.as_deref())? else {
            return Ok(());
        };
        let privilege = Privilege::granted(required("privilege", privilege.as_deref())?)?;
        let name = required("role", role.as_deref())?;
        let role = match role::existing(name) {
            Some(role) => role,
            None if name == "public" => role::PUBLIC,
            // Nobody of that name can score here.
            None => return Ok(()),
        };
        crate::models::grants::delete(&entry, role, privilege)
    })());
}

//! Which version a bare model name stands for, and other names for versions.

use pgrx::pg_extern;

use super::registry::{self, Entry, Privilege, Version};
use super::{in_use, logging, publishing};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_VERSION, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{catalog, names, read_only, role, snapshot, tables};

/// Makes `version` the deployed one, and logs it. A rollback of this deployment returns to the one in force until now, or, when this is
/// itself a rollback, to `rolled_back_to`'s own.
pub fn record(entry: &Entry, version: i32, rolled_back_to: Option<i64>) -> Result<()> {
    let deployed_by = role::name_of(role::current());
    tables::as_owner(|| {
        // The lock makes concurrent deployments take turns, so that the log tells what each replaced.
        let deployment: Option<i64> = tables::write_returning(
            "INSERT INTO assay.model_deployment (model_id, version, deployed_by, replaced, previous)
             SELECT m.id, $2, $3, m.deployed_version,
                    CASE WHEN $4 IS NULL THEN m.deployment_id
                         ELSE (SELECT d.previous FROM assay.model_deployment d WHERE d.id OPERATOR(pg_catalog.=) $4) END
             FROM assay.model m WHERE m.id OPERATOR(pg_catalog.=) $1 FOR UPDATE OF m
             RETURNING id",
            &[
                entry.id.into(),
                version.into(),
                deployed_by.as_str().into(),
                rolled_back_to.into(),
            ],
        )?;
        tables::write(
            "UPDATE assay.model SET deployed_version = $2, deployment_id = $3 WHERE id OPERATOR(pg_catalog.=) $1",
            &[entry.id.into(), version.into(), deployment.into()],
        )?;
        Ok(())
    })?;
    publishing::deployed(entry, version)
}

/// Deletes what a restore that was broken off left for a model of this number, so that a new one does not inherit it.
pub fn forget_strays(name: &str) -> Result<()> {
    let tables = [
        "model_version",
        "model_deployment",
        "model_alias",
        "model_threshold",
        "model_privilege",
    ];
    // Tables that the schema of an older release lacks.
    let later = [
        ("model_trial", c"model_trial"),
        ("drift_run", c"drift_run"),
        ("prediction_batch", c"prediction_batch"),
        ("prediction_source", c"prediction_source"),
        ("prediction", c"prediction"),
        ("prediction_label", c"prediction_label"),
        ("prediction_policy", c"prediction_policy"),
        ("model_promotion", c"model_promotion"),
        ("model_source", c"model_source"),
        ("model_feature_words", c"model_feature_words"),
        ("model_description", c"model_description"),
        ("model_publication", c"model_publication"),
    ];
    let later = (later.into_iter()).filter_map(|(table, name)| tables::exists(name).then_some(table));
    tables.into_iter().chain(later).try_for_each(|table| {
        let statement = format!(
            "DELETE FROM assay.{table} WHERE model_id OPERATOR(pg_catalog.=) (
                 SELECT m.id FROM assay.model AS m WHERE m.name OPERATOR(pg_catalog.=) $1)"
        );
        tables::write(&statement, &[name.into()])
    })
}

/// `deploy(model, version)`: from the next statement on, the bare name stands for `version`.
#[pg_extern(sql = false)]
fn deploy(model: Option<Text>, version: Option<i32>) {
    read_only::require_writable(c"assay.deploy()");
    or_raise(changing(model.as_deref(), Privilege::Manage, |entry| {
        let version = existing(entry, required("version", version)?)?;
        record(&version.model, version.version, None)
    }));
}

/// Runs `work` on a model that no other transaction changes meanwhile: takes the lock of its row first, then reads it again as it is now. A
/// model of that name that was made since is locked in its turn.
pub(super) fn changing<T>(
    name: Option<&str>,
    privilege: Privilege,
    work: impl FnOnce(Entry) -> Result<T>,
) -> Result<T> {
    let name = required("model", name)?;
    let mut entry = registry::open(name, privilege)?;
    loop {
        tables::as_owner(|| {
            let id: Option<i64> = tables::write_returning(
                "SELECT id FROM assay.model WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE",
                &[entry.id.into()],
            )?;
            Ok(id)
        })?;
        let now = snapshot::with_latest(|| registry::open(name, privilege))?;
        if now.id == entry.id {
            return snapshot::with_latest(|| work(now));
        }
        entry = now;
    }
}

/// A version that there is.
fn existing(model: Entry, version: i32) -> Result<Version> {
    let version = Version { model, version };
    version.hash()?;
    Ok(version)
}

/// `rollback(model)`: deploys what was deployed before; gives its version.
#[pg_extern(sql = false)]
fn rollback(model: Option<Text>) -> i32 {
    read_only::require_writable(c"assay.rollback()");
    or_raise(changing(model.as_deref(), Privilege::Manage, |entry| {
        let versions = registry::versions(&entry)?;
        let current = entry.deployment.map(deployment).transpose()?.flatten();
        let mut target = current.and_then(|current| current.previous);
        // Versions may have been dropped since: go back to the last that is still there.
        while let Some(id) = target {
            let Some(before) = deployment(id)? else { break };
            if versions.contains(&before.version) {
                record(&entry, before.version, Some(id))?;
                return Ok(before.version);
            }
            target = before.previous;
        }
        Err(Error::new(
            UNDEFINED_VERSION,
            format!("model \"{}\" has no deployment to roll back to", entry.name),
        )
        .hint("SELECT * FROM assay.deployments shows what was deployed."))
    }))
}

/// A row of `assay.model_deployment`.
struct Deployment {
    version: i32,
    previous: Option<i64>,
}

fn deployment(id: i64) -> Result<Option<Deployment>> {
    catalog::find(
        c"model_deployment",
        c"model_deployment_pkey",
        &[catalog::Key::BigInt(1, id)],
        |row| {
            Ok(Some(Deployment {
                version: row.require(3)?,
                // What was there before has a lower number; a restored log that says otherwise has no end.
                previous: row.get(7)?.filter(|&previous| previous < id),
            }))
        },
    )
}

/// `drop_model(model, version)`: drops a version, or with NULL the model with all its versions, aliases and grants.
#[pg_extern(sql = false)]
fn drop_model(model: Option<Text>, version: Option<i32>) {
    read_only::require_writable(c"assay.drop_model()");
    let Some(version) = version else {
        return or_raise(changing(model.as_deref(), Privilege::Own, |entry| {
            logging::require_none_logged(&entry, None)?;
            in_use::require_unused(&entry, None)?;
            publishing::require_unpublished(&entry)?;
            tables::as_owner(|| {
                tables::write(
                    "DELETE FROM assay.model WHERE id OPERATOR(pg_catalog.=) $1",
                    &[entry.id.into()],
                )
            })
        }));
    };
    or_raise(changing(model.as_deref(), Privilege::Manage, |entry| {
        let Version { model, version } = existing(entry, version)?;
        if model.deployed == Some(version) {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("version {version} of model \"{}\" is deployed", model.name),
            )
            .hint("Deploy another version first, or drop the whole model with assay.drop_model(model)."));
        }
        logging::require_none_logged(&model, Some(version))?;
        in_use::require_unused(&model, Some(version))?;
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.model_version WHERE model_id OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2",
                &[model.id.into(), version.into()],
            )
        })
    }));
}

/// `set_alias(model, alias, version)`: `model@alias` stands for `version`; with a NULL version the alias goes.
#[pg_extern(sql = false)]
fn set_alias(model: Option<Text>, alias: Option<Text>, version: Option<i32>) {
    read_only::require_writable(c"assay.set_alias()");
    or_raise(changing(model.as_deref(), Privilege::Manage, |entry| {
        let alias = required("alias", alias.as_deref())?;
        check_alias(alias)?;
        let Some(version) = version else {
            return tables::as_owner(|| {
                tables::write(
                    "DELETE FROM assay.model_alias WHERE model_id OPERATOR(pg_catalog.=) $1 AND alias OPERATOR(pg_catalog.=) $2",
                    &[entry.id.into(), alias.to_string().into()],
                )
            });
        };
        let Version { model, version } = existing(entry, version)?;
        write_alias(&model, alias, version)
    }));
}

/// Returns an error for what cannot be an alias.
pub(super) fn check_alias(alias: &str) -> Result<()> {
    names::check_reference("alias", alias)?;
    if alias.parse::<i32>().is_ok() {
        return Err(Error::new(INVALID_PARAMETER, "an alias cannot be a number")
            .detail(format!("It is \"{alias}\", which would name a version."))
            .hint("Begin the alias with a letter."));
    }
    Ok(())
}

/// Lets an alias stand for a version from now on.
pub(super) fn write_alias(model: &Entry, alias: &str, version: i32) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.model_alias (model_id, alias, version) VALUES ($1, $2, $3)
             ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version",
            &[model.id.into(), alias.to_string().into(), version.into()],
        )
    })
}

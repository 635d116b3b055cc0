//! Who besides the owner may do what with a model.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::deployment::changing;
use super::publishing;
use super::registry::{Entry, Privilege};
use crate::pg::error::{Error, Result, UNDEFINED_ROLE, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};

/// The last two arguments of both functions, checked. `public` stands for everyone, as in GRANT.
fn parse(role: Option<&str>, privilege: Option<&str>) -> Result<(Oid, Privilege)> {
    let name = required("role", role)?;
    let role = match role::existing(name) {
        Some(role) => role,
        None if name == "public" => Oid::INVALID,
        None => {
            return Err(Error::new(UNDEFINED_ROLE, format!("role \"{name}\" does not exist"))
                .hint("Name a role as pg_roles lists it, or public for everyone."));
        }
    };
    Ok((role, Privilege::granted(required("privilege", privilege)?)?))
}

/// `grant_model(model, role, privilege)`.
#[pg_extern(sql = false)]
fn grant_model(model: Option<Text>, role: Option<Text>, privilege: Option<Text>) {
    read_only::require_writable(c"assay.grant_model()");
    or_raise(changing(model.as_deref(), Privilege::Own, |entry| {
        let (role, privilege) = parse(role.as_deref(), privilege.as_deref())?;
        write(&entry, role, privilege)
    }));
}

/// Lets a role, or everyone, have a privilege from now on.
pub(super) fn write(model: &Entry, role: Oid, privilege: Privilege) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.model_privilege (model_id, role, privilege) VALUES ($1, $2::pg_catalog.oid, $3) ON CONFLICT DO NOTHING",
            &[
                model.id.into(),
                i64::from(role.to_u32()).into(),
                privilege.to_string().into(),
            ],
        )
    })
}

/// `revoke_model(model, role, privilege)`.
#[pg_extern(sql = false)]
fn revoke_model(model: Option<Text>, role: Option<Text>, privilege: Option<Text>) {
    read_only::require_writable(c"assay.revoke_model()");
    or_raise(changing(model.as_deref(), Privilege::Own, |entry| {
        let (role, privilege) = parse(role.as_deref(), privilege.as_deref())?;
        // Nobody is left who may score on a worker what may not be scored here.
        publishing::revoke(&entry, role, privilege)?;
        delete(&entry, role, privilege)
    }));
}

/// Takes a privilege away from a role, or from everyone.
pub(super) fn delete(model: &Entry, role: Oid, privilege: Privilege) -> Result<()> {
    tables::as_owner(|| {
        tables::write(
            "DELETE FROM assay.model_privilege WHERE model_id OPERATOR(pg_catalog.=) $1
                 AND role::pg_catalog.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid AND privilege OPERATOR(pg_catalog.=) $3",
            &[
                model.id.into(),
                i64::from(role.to_u32()).into(),
                privilege.to_string().into(),
            ],
        )
    })
}

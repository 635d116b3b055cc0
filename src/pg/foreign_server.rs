//! Foreign servers and user mappings: what they say, and who may use them.

use pgrx::pg_sys::{self, Oid};

use super::catalog::{self, Key};
use super::encoding;
use super::error::{Error, INSUFFICIENT_PRIVILEGE, Result, UNDEFINED_SERVER, WRONG_TASK};
use super::role;

/// The catalog of foreign servers, as a validator is given it.
pub const SERVERS: Oid = pg_sys::ForeignServerRelationId;
/// The catalog of user mappings.
pub const USER_MAPPINGS: Oid = pg_sys::UserMappingRelationId;
const SERVER_BY_OID: Oid = Oid::from_u32(pg_sys::ForeignServerOidIndexId);
const TABLE_BY_RELATION: Oid = Oid::from_u32(pg_sys::ForeignTableRelidIndexId);
const MAPPING_BY_USER_AND_SERVER: Oid = Oid::from_u32(pg_sys::UserMappingUserServerIndexId);

/// A foreign server of one wrapper.
pub struct ForeignServer {
    pub oid: Oid,
    pub name: String,
    /// Its foreign data wrapper.
    wrapper: Oid,
    /// Each a name, an equals sign and a value.
    options: Vec<String>,
}

/// The server of a foreign table; `None` for any other relation.
pub fn of_table(table: Oid) -> Result<Option<ForeignServer>> {
    let key = [Key::Oid(1, table)];
    let server = catalog::find_in_catalog(pg_sys::ForeignTableRelationId, TABLE_BY_RELATION, &key, |row| {
        row.require::<Oid>(2).map(Some)
    })?;
    server.map_or(Ok(None), ForeignServer::find)
}

impl ForeignServer {
    /// The server of this name, for a caller who has USAGE on it. Returns an error where there is none, the caller may not use it, or it is of another
    /// wrapper.
    pub fn open(name: &str, wrapper: &str) -> Result<ForeignServer> {
        let undefined = || {
            Error::new(UNDEFINED_SERVER, format!("server \"{name}\" does not exist")).hint(format!(
                "Create it with CREATE SERVER ... FOREIGN DATA WRAPPER {wrapper} OPTIONS (base_url 'https://...')."
            ))
        };
        let oid = oid_of(name).ok_or_else(undefined)?;
        if !may_use(oid) {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                format!("permission denied for foreign server {name}"),
            )
            .detail(format!(
                "Role \"{}\" lacks USAGE on it.",
                role::name_of(role::current())
            ))
            .hint("Its owner grants it with GRANT USAGE ON FOREIGN SERVER."));
        }
        let server = ForeignServer::find(oid)?.ok_or_else(undefined)?;
        if !server.is_of(wrapper) {
            return Err(Error::new(
                WRONG_TASK,
                format!("server \"{name}\" is not of the foreign data wrapper {wrapper}"),
            )
            .hint(format!(
                "Name a server that was created with FOREIGN DATA WRAPPER {wrapper}."
            )));
        }
        Ok(server)
    }

    /// The server of this number, whoever may use it.
    fn find(oid: Oid) -> Result<Option<ForeignServer>> {
        catalog::find_in_catalog(SERVERS, SERVER_BY_OID, &[Key::Oid(1, oid)], |row| {
            Ok(Some(ForeignServer {
                oid,
                name: row.name(2)?,
                wrapper: row.require(4)?,
                options: row.texts(8)?,
            }))
        })
    }

    /// Whether it is of the foreign data wrapper of this name.
    pub fn is_of(&self, wrapper: &str) -> bool {
        wrapper_named(wrapper) == Some(self.wrapper)
    }

    /// Its options, each a name and a value.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.iter().map(|option| pair(option))
    }

    /// The options of the current role's user mapping, or of that for PUBLIC; none where there is neither.
    pub fn user_options(&self) -> Result<Vec<String>> {
        for user in [role::current(), role::PUBLIC] {
            let keys = [Key::Oid(2, user), Key::Oid(3, self.oid)];
            let options = catalog::find_in_catalog(USER_MAPPINGS, MAPPING_BY_USER_AND_SERVER, &keys, |row| {
                row.texts(4).map(Some)
            })?;
            if let Some(options) = options {
                return Ok(options);
            }
        }
        Ok(Vec::new())
    }
}

/// An option's name and value.
pub fn pair(option: &str) -> (&str, &str) {
    option.split_once('=').unwrap_or((option, ""))
}

fn oid_of(name: &str) -> Option<Oid> {
    let name = encoding::encode_c(name).ok()?;
    // SAFETY: a catalog look-up by a C string; with `missing_ok` it gives InvalidOid instead of an error.
    let oid = unsafe { pg_sys::get_foreign_server_oid(name.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

fn wrapper_named(name: &str) -> Option<Oid> {
    let name = encoding::encode_c(name).ok()?;
    // SAFETY: as above.
    let oid = unsafe { pg_sys::get_foreign_data_wrapper_oid(name.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Whether the current role has USAGE on a server.
fn may_use(server: Oid) -> bool {
    let right = pg_sys::ACL_USAGE as pg_sys::AclMode;
    // SAFETY: a catalog look-up by oids, of a server that was just found.
    let result = unsafe {
        #[cfg(feature = "pg15")]
        let result = pg_sys::pg_foreign_server_aclcheck(server, pg_sys::GetUserId(), right);
        #[cfg(not(feature = "pg15"))]
        let result = pg_sys::object_aclcheck(SERVERS, server, pg_sys::GetUserId(), right);
        result
    };
    result == pg_sys::AclResult::ACLCHECK_OK
}

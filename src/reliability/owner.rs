//! People and teams.

use pgrx::pg_sys::Oid;

use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::error::{Error, Result, UNDEFINED_OWNER};
use crate::pg::role;

/// A person or a team.
#[derive(Debug, Clone)]
pub struct Owner {
    pub id: i64,
    pub name: String,
    /// Whether it is a team.
    pub is_team: bool,
    /// The role that acts for it.
    pub role: Option<Oid>,
    pub added_by: Oid,
}

impl Owner {
    fn read(row: &CatalogRow) -> Result<Option<Owner>> {
        Ok(Some(Owner {
            id: row.require(1)?,
            name: row.require(2)?,
            is_team: row.require::<String>(3)? == "team",
            role: row.get(4)?,
            added_by: row.require(6)?,
        }))
    }

    /// Whether the caller acts for it: has the rights of its role, where it has one.
    pub fn is_caller(&self) -> bool {
        self.role.is_some_and(role::acts_for)
    }
}

/// The owner of a name. Returns an error with ML023 where there is none.
pub fn named(name: &str) -> Result<Owner> {
    let found = catalog::find(c"owner", c"owner_name_key", &[Key::Text(2, name)], Owner::read)?;
    found.ok_or_else(|| {
        Error::new(UNDEFINED_OWNER, format!("owner \"{name}\" does not exist"))
            .hint("SELECT name FROM assay.owners lists them; assay.add_owner adds one.")
    })
}

/// The owner of a number, if there is one yet.
pub fn by_id(id: i64) -> Result<Option<Owner>> {
    catalog::find(c"owner", c"owner_pkey", &[Key::BigInt(1, id)], Owner::read)
}

//! People and teams.

use pgrx::pg_sys::Oid;

use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, UNDEFINED_OWNER};
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

    /// Whether the caller acts for it: has the rights of its role, where it has one, or of the role of one of a team's members.
    pub fn is_caller(&self) -> Result<bool> {
        if self.role.is_some_and(role::acts_for) {
            return Ok(true);
        }
        if !self.is_team {
            return Ok(false);
        }
        let keys = [Key::BigInt(1, self.id)];
        let acting = catalog::find(c"team_member", c"team_member_pkey", &keys, |row| {
            let member = by_id(row.require(2)?)?;
            let acts = member.and_then(|member| member.role).is_some_and(role::acts_for);
            Ok(acts.then_some(()))
        })?;
        Ok(acting.is_some())
    }

    /// Returns an error with 42501 unless the caller may change it: who added it, who has its own role's rights, and the owner of the database. A
    /// team's members answer for what it owns, and do not choose who else does.
    pub fn require_control(&self) -> Result<()> {
        if role::acts_for(self.added_by) || self.role.is_some_and(role::acts_for) || role::is_steward() {
            return Ok(());
        }
        Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for owner \"{}\"", self.name),
        )
        .hint("It takes the role that added it, its own role, or the database's owner."))
    }
}

/// The owner of a name, if there is one.
pub fn find(name: &str) -> Result<Option<Owner>> {
    catalog::find(c"owner", c"owner_name_key", &[Key::Text(2, name)], Owner::read)
}

/// The owner of a name. Returns an error with ML023 where there is none.
pub fn named(name: &str) -> Result<Owner> {
    find(name)?.ok_or_else(|| {
        Error::new(UNDEFINED_OWNER, format!("owner \"{name}\" does not exist"))
            .hint("SELECT name FROM assay.owners lists them; assay.add_owner adds one.")
    })
}

/// The owner of a number, if there is one yet.
pub fn by_id(id: i64) -> Result<Option<Owner>> {
    catalog::find(c"owner", c"owner_pkey", &[Key::BigInt(1, id)], Owner::read)
}

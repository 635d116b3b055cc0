//! Which relation a stored check, or an asset, is about: the one that bears the recorded name, whatever object that is by now.
//!
//! A table is rebuilt by dropping it and renaming another one, and a check that guards the table guards the new one. Only a plain rename
//! takes the check along, for then nothing bears the old name. But a relation runs what it brings along as the check's role, and whoever may
//! create in the schema can make one of a name that has become free. So another object than the recorded one is taken over only where
//! its owner is the one that the check was added for, or one for whom the role that added it acts.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use crate::pg::text::Text;
use crate::pg::{relation, role};

/// The relation of a check as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The object.
    pub relation: Oid,
    /// Its qualified name, quoted as SQL needs it.
    pub name: String,
    /// Who owned it; `None` where that is not known.
    pub owner: Option<Oid>,
    pub added_by: Oid,
}

/// What a recorded relation stands for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The relation to be checked.
    Found(Oid),
    /// Another object in its place, of somebody whom the check does not trust.
    Stranger(Oid),
    /// Nothing bears the name, and the object is gone.
    Gone,
}

impl Recorded {
    /// Catalog look-ups only.
    pub fn target(&self) -> Target {
        // Mostly nothing has changed.
        if relation::name_of(self.relation).as_deref() == Some(self.name.as_str()) {
            return Target::Found(self.relation);
        }
        let is_trusted = |oid: Oid| {
            let owner = relation::owner(oid);
            owner.is_some_and(|owner| self.owner == Some(owner) || role::has_rights_of(self.added_by, owner))
        };
        match relation::of_name(&self.name) {
            Some(bearer) if bearer == self.relation || is_trusted(bearer) => Target::Found(bearer),
            Some(bearer) => Target::Stranger(bearer),
            None if relation::owner(self.relation).is_none() => Target::Gone,
            None if is_trusted(self.relation) => Target::Found(self.relation),
            None => Target::Stranger(self.relation),
        }
    }
}

impl Target {
    /// The object in its place, whoever owns it.
    pub fn object(self) -> Option<Oid> {
        match self {
            Target::Found(oid) | Target::Stranger(oid) => Some(oid),
            Target::Gone => None,
        }
    }
}

/// `check_relation(relation, relation_name, relation_owner, added_by)`: the object in a check's place; where there is none, the recorded one.
#[pg_extern(sql = false)]
fn check_relation(
    relation: Option<Oid>,
    relation_name: Option<Text>,
    relation_owner: Option<Oid>,
    added_by: Option<Oid>,
) -> Option<Oid> {
    let recorded = Recorded {
        relation: relation?,
        name: String::from(relation_name?),
        owner: relation_owner,
        added_by: added_by?,
    };
    recorded.target().object().or(relation)
}

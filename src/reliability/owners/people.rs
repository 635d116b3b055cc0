//! Adding people and teams, and dropping them.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::contacts::Contacts;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, WRONG_STATE, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, snapshot, tables};
use crate::reliability::owner::{self, Owner};

/// Whether a kind of owner is a team.
fn is_team(kind: &str) -> Result<bool> {
    match kind {
        "person" => Ok(false),
        "team" => Ok(true),
        _ => Err(
            Error::new(INVALID_PARAMETER, format!("unknown kind of owner \"{kind}\"")).hint("It is person or team."),
        ),
    }
}

/// The role of an argument; 0, as which regrole reads a dash, is none. Returns an error with 42501 for one that the caller may not speak for.
fn registered(role: Option<Oid>, is_known: impl Fn(Oid) -> bool) -> Result<Option<Oid>> {
    let Some(role) = role.filter(|role| *role != Oid::INVALID) else {
        return Ok(None);
    };
    if role::acts_for(role) || role::is_steward() || is_known(role) {
        return Ok(Some(role));
    }
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!(
            "permission denied to register role \"{}\" as an owner's",
            role::name_of(role)
        ),
    )
    .hint("Ask the role itself, one that is a member of it, or the database's owner."))
}

/// `add_owner(name, kind, role, contacts)`.
#[pg_extern(sql = false)]
fn add_owner(name: Option<Text>, kind: Option<Text>, role: Option<Oid>, contacts: Option<Jsonb>) -> i64 {
    read_only::require_writable(c"assay.add_owner()");
    or_raise((|| {
        let name = String::from(required("name", name)?);
        names::check("owner's name", &name)?;
        let kind = String::from(required("kind", kind)?);
        let team = is_team(&kind)?;
        let contacts = Contacts::read(object("contacts", contacts)?)?.to_json()?;
        if let Some(existing) = owner::find(&name)? {
            return update(&existing, team, role, contacts);
        }
        let registered = registered(role, |_| false)?;
        let caller = role::current();
        let id: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "INSERT INTO assay.owner (name, kind, role, contacts, added_by)
VALUES ($1, $2, $3::pg_catalog.oid, $4, $5::pg_catalog.oid) ON CONFLICT (name) DO NOTHING RETURNING id",
                &[
                    name.as_str().into(),
                    kind.as_str().into(),
                    registered.into(),
                    contacts.clone().into(),
                    caller.into(),
                ],
            )
        })?;
        match id {
            Some(id) => Ok(id),
            // Another session has added one of the name meanwhile.
            None => update(&snapshot::with_latest(|| owner::named(&name))?, team, role, contacts),
        }
    })())
}

/// An owner that is there becomes what is said of it.
fn update(existing: &Owner, team: bool, role: Option<Oid>, contacts: serde_json::Value) -> Result<i64> {
    existing.require_control()?;
    if existing.is_team != team {
        let kind = if existing.is_team { "team" } else { "person" };
        return Err(
            Error::new(INVALID_PARAMETER, format!("owner \"{}\" is a {kind}", existing.name))
                .hint("Take another name, or drop it first with assay.drop_owner."),
        );
    }
    let registered = registered(role, |role| existing.role == Some(role))?;
    tables::as_owner(|| {
        tables::write(
            "UPDATE assay.owner SET role = $2::pg_catalog.oid, contacts = $3 WHERE id OPERATOR(pg_catalog.=) $1",
            &[existing.id.into(), registered.into(), contacts.into()],
        )
    })?;
    Ok(existing.id)
}

/// An owner of an argument.
pub(super) fn owner_named(argument: &str, name: Option<Text>) -> Result<Owner> {
    owner::named(&required(argument, name)?)
}

/// `drop_owner(name)`.
#[pg_extern(sql = false)]
fn drop_owner(name: Option<Text>) {
    read_only::require_writable(c"assay.drop_owner()");
    or_raise((|| {
        let owner = owner_named("name", name)?;
        owner.require_control()?;
        let rotation: Option<Text> = tables::as_owner(|| {
            tables::write_returning(
                "SELECT r.name FROM assay.rotation AS r WHERE $1 OPERATOR(pg_catalog.=) ANY (r.people) ORDER BY r.name LIMIT 1",
                &[owner.id.into()],
            )
        })?;
        if let Some(rotation) = rotation {
            return Err(Error::new(
                WRONG_STATE,
                format!("owner \"{}\" takes turns in rotation \"{}\"", owner.name, &*rotation),
            )
            .hint("Add the rotation again without it."));
        }
        tables::as_owner(|| {
            tables::write(
                "UPDATE assay.data_product SET owner_id = NULL WHERE owner_id OPERATOR(pg_catalog.=) $1",
                &[owner.id.into()],
            )?;
            tables::write(
                "DELETE FROM assay.owner WHERE id OPERATOR(pg_catalog.=) $1",
                &[owner.id.into()],
            )
        })
    })());
}

/// The team and the person of two arguments. Returns an error with 22023 where they are not, and with 42501 unless the caller may change the team.
fn team_and_person(team: Option<Text>, person: Option<Text>) -> Result<(Owner, Owner)> {
    let (team, person) = (owner_named("team", team)?, owner_named("person", person)?);
    team.require_control()?;
    for (owner, expected) in [(&team, true), (&person, false)] {
        if owner.is_team != expected {
            let (kind, needed) = if owner.is_team {
                ("team", "person")
            } else {
                ("person", "team")
            };
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("owner \"{}\" is a {kind}, not a {needed}", owner.name),
            )
            .hint("A team has persons as its members, no teams."));
        }
    }
    Ok((team, person))
}

/// `add_to_team(team, person)`.
#[pg_extern(sql = false)]
fn add_to_team(team: Option<Text>, person: Option<Text>) {
    read_only::require_writable(c"assay.add_to_team()");
    or_raise((|| {
        let (team, person) = team_and_person(team, person)?;
        tables::as_owner(|| {
            tables::write(
                "INSERT INTO assay.team_member (team_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[team.id.into(), person.id.into()],
            )
        })
    })());
}

/// `remove_from_team(team, person)`.
#[pg_extern(sql = false)]
fn remove_from_team(team: Option<Text>, person: Option<Text>) {
    read_only::require_writable(c"assay.remove_from_team()");
    or_raise((|| {
        let (team, person) = team_and_person(team, person)?;
        let removed: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "DELETE FROM assay.team_member WHERE team_id OPERATOR(pg_catalog.=) $1 AND person_id OPERATOR(pg_catalog.=) $2 RETURNING team_id",
                &[team.id.into(), person.id.into()],
            )
        })?;
        removed.map(drop).ok_or_else(|| {
            Error::new(
                INVALID_PARAMETER,
                format!("\"{}\" is not in team \"{}\"", person.name, team.name),
            )
            .hint("SELECT name, members FROM assay.owners shows who is.")
        })
    })());
}

//! Adding checks to a relation, and changing them.
//!
//! Whoever may set triggers on a relation may add checks to it, and drop them, for the same reason: loads stand or fall with them.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::{Value as Json, json};

use super::table::{self, Selection, role_of};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INTERNAL, INVALID_PARAMETER, Result, or_raise};
use crate::pg::identity::{self, Settings};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required, texts};
use crate::pg::text::Text;
use crate::pg::{names, read_only, relation, role, snapshot, tables};
use crate::quality::engine::rights;
use crate::quality::kinds::check::Check;
use crate::quality::source::Source;
use crate::quality::spec::entry::Entry;

/// A check that is there: its number, and who added it.
pub struct Existing {
    pub id: i64,
    pub added_by: Oid,
}

/// The first check of a name on a relation; others wait until this transaction ends before they look for one.
fn first_of_name(relation: Oid, name: &str) -> Result<Option<Existing>> {
    tables::lock_object(c"quality_check", relation);
    // Another one may have been committed while this one waited.
    let selection = Selection {
        relation: Some(relation),
        name: Some(name),
        disabled: true,
        ..Selection::default()
    };
    let found = snapshot::with_latest(|| table::select(&selection))?;
    let numbered = found
        .into_iter()
        .filter_map(|stored| Some((stored.check.spec.id?, stored.added_by)));
    let first = numbered.min_by_key(|&(id, _)| id);
    Ok(first.map(|(id, added_by)| Existing { id, added_by }))
}

/// A check of a name that is there. Returns 42501 where the caller may not change it.
fn changeable(relation: Oid, name: &str) -> Result<Option<Existing>> {
    let existing = first_of_name(relation, name)?;
    if let Some(existing) = &existing {
        existing.require_changeable(name)?;
    }
    Ok(existing)
}

impl Existing {
    /// Returns an error with 42501 where the caller may not change it.
    pub fn require_changeable(&self, name: &str) -> Result<()> {
        if role::acts_for(self.added_by) {
            return Ok(());
        }
        Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied to change check \"{name}\""),
        )
        .detail(format!("Role \"{}\" added it.", role::name_of(self.added_by)))
        .hint("Choose another name, or drop that check first, which whoever may set triggers on the relation may."))
    }
}

/// `add_check(relation, kind, ...)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn add_check(
    relation: Option<Oid>,
    kind: Option<Text>,
    column_name: Option<Text>,
    args: Option<Jsonb>,
    name: Option<Text>,
    filter: Option<Text>,
    group_by: Option<Vec<Option<Text>>>,
    mostly: Option<f64>,
    warn_if: Option<Text>,
    error_if: Option<Text>,
    severity: Option<Text>,
    tags: Option<Vec<Option<Text>>>,
) -> i64 {
    read_only::require_writable(c"assay.add_check()");
    or_raise((|| {
        let oid = required("relation", relation)?;
        let declaration = json!({
            "kind": required("kind", kind)?, "column_name": column_name, "args": object("args", args)?, "name": name,
            "where": filter, "group_by": texts("group_by", group_by)?, "mostly": mostly, "warn_if": warn_if, "error_if": error_if,
            "severity": severity, "tags": texts("tags", tags)?,
        });
        let draft = Draft::read(Entry::read(declaration)?)?;
        let relation_name = addable(oid)?;
        let existing = name.as_deref().map(|name| changeable(oid, name)).transpose()?.flatten();
        draft.prepare(oid, &relation_name, existing)?.store()
    })())
}

/// A check that was written, and makes sense by itself.
pub struct Draft {
    entry: Entry,
    check: Check,
}

impl Draft {
    /// Returns an error where it is no check, or could not be read again.
    pub fn read(entry: Entry) -> Result<Draft> {
        let declaration = entry.declaration();
        let check = Check::parse(declaration.clone())?;
        if serde_json::from_str::<Json>(&declaration.to_string()).is_err() {
            return Err(Error::new(INVALID_PARAMETER, "argument \"args\" nests too deeply")
                .hint("A check could not be read again."));
        }
        names::check("check's name", &check.spec.name)?;
        Ok(Draft { entry, check })
    }

    /// As a check of a relation, new or in the place of one that is there, which stays that of who added it: a superuser who changes it has it
    /// run with no more rights than before. Now is the time to say that a column or a right is missing.
    pub fn prepare(self, relation: Oid, relation_name: &str, existing: Option<Existing>) -> Result<Addition> {
        let added_by = existing
            .as_ref()
            .map_or_else(role::current, |existing| existing.added_by);
        let settings = Settings::in_force();
        identity::as_role(role_of(relation, added_by), &settings, || {
            rights::require(&self.check, &Source::open(relation_name)?)
        })?;
        Ok(Addition {
            draft: self,
            relation,
            relation_name: relation_name.into(),
            existing: existing.map(|existing| existing.id),
            added_by,
            settings: serde_json::to_string(&settings)
                .map_err(|problem| Error::new(INTERNAL, format!("settings cannot be written: {problem}")))?,
        })
    }
}

/// A check on its way into the table.
pub struct Addition {
    draft: Draft,
    relation: Oid,
    relation_name: String,
    existing: Option<i64>,
    added_by: Oid,
    settings: String,
}

impl Addition {
    /// The number of the check in whose place it comes.
    pub fn existing(&self) -> Option<i64> {
        self.existing
    }

    /// As it was written.
    pub fn entry(&self) -> &Entry {
        &self.draft.entry
    }

    /// Writes it; gives its number. Whether it runs, and what becomes of its issues, stays as it is.
    pub fn store(&self) -> Result<i64> {
        let list = |names: &[String]| Json::from(names.to_vec()).to_string();
        let (entry, spec) = (&self.draft.entry, &self.draft.check.spec);
        let id: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                &if self.existing.is_some() { update() } else { insert() },
                &[
                    self.relation.into(),
                    self.relation_name.as_str().into(),
                    spec.kind.into(),
                    spec.column.as_deref().into(),
                    entry.args().as_str().into(),
                    spec.name.as_str().into(),
                    spec.filter.as_deref().into(),
                    list(&spec.group_by).as_str().into(),
                    spec.mostly.into(),
                    entry.warn_if.as_deref().into(),
                    entry.error_if.as_deref().into(),
                    spec.severity.name().into(),
                    list(&spec.tags).as_str().into(),
                    self.settings.as_str().into(),
                    self.added_by.into(),
                    self.existing.into(),
                    relation::owner(self.relation).into(),
                ],
            )
        })?;
        id.ok_or_else(|| {
            Error::new(INTERNAL, "the check was not stored").hint("Another session has just dropped it; add it again.")
        })
    }
}

/// The name of a relation that the caller may add a check to. Returns an error with 42501 where it may not.
pub fn addable(relation: Oid) -> Result<String> {
    let name = relation::name_of(relation).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("there is no relation {}", relation.to_u32()))
            .hint("Name a table or view.")
    })?;
    if relation::may_set_triggers(relation) {
        return Ok(name);
    }
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied to add a check to {name}"),
    )
    .hint("It takes the relation's owner, or the privilege TRIGGER on it."))
}

fn insert() -> String {
    let (column, owner) = match table::records_owners() {
        true => (", relation_owner", ", $17::pg_catalog.oid"),
        false => ("", ""),
    };
    format!(
        "INSERT INTO assay.quality_check (relation, relation_name, kind, column_name, args, name, \"where\", group_by, mostly,
    warn_if, error_if, severity, tags, settings, added_by{column})
VALUES ($1::pg_catalog.oid, $2, $3, $4, $5::pg_catalog.jsonb, $6, $7,
    ARRAY(SELECT pg_catalog.jsonb_array_elements_text($8::pg_catalog.jsonb)), $9, $10, $11, $12,
    ARRAY(SELECT pg_catalog.jsonb_array_elements_text($13::pg_catalog.jsonb)), $14::pg_catalog.jsonb, $15::pg_catalog.oid{owner})
RETURNING id"
    )
}

fn update() -> String {
    let owner = match table::records_owners() {
        true => ", relation_owner = $17::pg_catalog.oid",
        false => "",
    };
    format!(
        "UPDATE assay.quality_check
SET relation = $1::pg_catalog.oid, relation_name = $2, kind = $3, column_name = $4, args = $5::pg_catalog.jsonb, \"where\" = $7,
    group_by = ARRAY(SELECT pg_catalog.jsonb_array_elements_text($8::pg_catalog.jsonb)), mostly = $9, warn_if = $10, error_if = $11,
    severity = $12, tags = ARRAY(SELECT pg_catalog.jsonb_array_elements_text($13::pg_catalog.jsonb)), settings = $14::pg_catalog.jsonb{owner}
WHERE id OPERATOR(pg_catalog.=) $16
  AND name OPERATOR(pg_catalog.=) $6 AND added_by::pg_catalog.oid OPERATOR(pg_catalog.=) $15::pg_catalog.oid
RETURNING id"
    )
}

//! Checks that belong to a relation, as whom they run, and who may know of them.
//!
//! A stored check runs as the owner of its relation where the role that added it has the owner's rights, else as the role that added it, which
//! chose to trust the relation; never as its caller. For a relation brings along what others wrote: a view's functions, policies,
//! expressions of indexes.

use std::ffi::CString;

use pgrx::pg_sys::Oid;
use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::pg::attempt::attempt_to_write;
use crate::pg::error::{
    Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_CHECK, UNDEFINED_TABLE, notice,
};
use crate::pg::identity::{self, Settings};
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::text::Text;
use crate::pg::{read_only, relation, role, role_type, tables};
use crate::quality::kinds::check::Check;
use crate::quality::source::Source;
use crate::quality::spec::entry::Entry;
use crate::reliability::asset;
use crate::reliability::recorded::{Recorded, Target};

/// A check of a relation, with who added it.
pub struct StoredCheck {
    pub check: Check,
    /// The relation that it is about; one that it must not read where a stranger's has its place.
    pub relation: Oid,
    /// The relation's name, as it is now; as it was, when the relation is gone.
    pub name: String,
    place: Option<(CString, CString)>,
    recorded: Recorded,
    target: Target,
    pub added_by: Oid,
    /// The role that it runs as.
    pub runs_as: Oid,
    /// The settings under which it was written.
    pub settings: Settings,
    /// As it was written.
    pub entry: Entry,
}

/// The role that a check runs as. It changes with the owner of the relation, and with the rights of who added it.
pub fn role_of(relation: Oid, added_by: Oid) -> Oid {
    match relation::owner(relation) {
        Some(owner) if role::has_rights_of(added_by, owner) => owner,
        _ => added_by,
    }
}

impl StoredCheck {
    /// Whether two of them share a scan.
    pub fn shares_scan_with(&self, other: &StoredCheck) -> bool {
        self.group() == other.group()
    }

    fn group(&self) -> (&str, u32, bool, u32, &Settings) {
        let (relation, role) = (self.relation.to_u32(), self.runs_as.to_u32());
        let may_read = matches!(self.target, Target::Found(_));
        (&self.name, relation, may_read, role, &self.settings)
    }

    /// Whether the caller has the rights of who added it, or of the role that it runs as: then what it finds is the caller's own.
    pub fn is_own(&self) -> bool {
        role::acts_for(self.added_by) || role::acts_for(self.runs_as)
    }

    /// Its relation; `None` where that is gone, or is a stranger's.
    pub fn found(&self) -> Option<Oid> {
        match self.target {
            Target::Found(oid) => Some(oid),
            Target::Stranger(_) | Target::Gone => None,
        }
    }

    /// Whether the caller may know of it without naming its relation.
    fn is_known(&self) -> bool {
        self.is_own() || relation::may_select_some(self.relation) || relation::may_set_triggers(self.relation)
    }

    /// Opens its relation. Returns an error when that is gone, or is a stranger's.
    pub fn open(&self) -> Result<Source> {
        self.require_target()?;
        // Once it is locked nobody renames it or gives it away; without the lock another one could bear the name when that is parsed, and
        // planning runs functions.
        relation::lock(self.relation);
        self.require_target()?;
        let source = Source::open(&self.name)?;
        // Its schema is not locked.
        self.require_target()?;
        Ok(source)
    }

    /// Returns an error unless its relation is one that it may read, and still in its place.
    fn require_target(&self) -> Result<()> {
        let is_there = || self.place.is_some() && relation::place_of(self.relation) == self.place;
        match self.target {
            Target::Found(_) if is_there() && self.recorded.target() == self.target => Ok(()),
            Target::Found(_) | Target::Gone => Err(Error::new(
                UNDEFINED_TABLE,
                format!("relation \"{}\" is gone", self.recorded.name),
            )
            .hint("Once a relation of its owner has that name again, it is checked; or drop the check.")),
            Target::Stranger(oid) => {
                let owner = relation::owner(oid).map_or("nobody".into(), role::name_of);
                Err(Error::new(
                    INSUFFICIENT_PRIVILEGE,
                    format!("relation \"{}\" is not the one that the check was added to", self.name),
                )
                .detail(format!(
                    "It belongs to role \"{owner}\", for whom role \"{}\", which added the check, does not act.",
                    role::name_of(self.added_by)
                ))
                .hint("Add the check again under its name to have it read this relation, or drop it."))
            }
        }
    }

    /// Whether another object bears the recorded name than the recorded one, or that has another owner: what is to be remembered of it.
    fn has_moved(&self) -> bool {
        let bears_name = || relation::of_name(&self.recorded.name) == Some(self.relation);
        let is_as_recorded =
            || self.relation == self.recorded.relation && relation::owner(self.relation) == self.recorded.owner;
        matches!(self.target, Target::Found(_)) && !is_as_recorded() && bears_name()
    }

    /// Runs `work` as its role, under its settings. Returns an error when the role is gone. A stranger does not learn how many rows were read.
    pub fn as_its_role<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let is_own = self.is_own();
        identity::as_role(self.runs_as, &self.settings, || {
            if !is_own {
                identity::set(c"assay.progress", "0")?;
            }
            work()
        })
    }
}

/// Which stored checks are wanted.
#[derive(Default)]
pub struct Selection<'a> {
    pub id: Option<i64>,
    pub relation: Option<Oid>,
    pub name: Option<&'a str>,
    /// Any of these tags.
    pub tags: Option<&'a [String]>,
    /// Those that are disabled, too; one that is asked for by its number is given in any case.
    pub disabled: bool,
}

/// The condition on rows c of the table that their checks may be about a relation: by its object, or by its name without quotes, which
/// depend on settings. Which of them are is for [`Recorded::target`] to say.
fn may_be_about(relation: Oid) -> String {
    let name = relation::name_of(relation).unwrap_or_default().replace('"', "");
    format!(
        "(c.relation::pg_catalog.oid OPERATOR(pg_catalog.=) {}::pg_catalog.oid
    OR pg_catalog.replace(c.relation_name, '\"', '') OPERATOR(pg_catalog.=) {})",
        relation.to_u32(),
        quote_literal(name)
    )
}

/// Remembers which objects now bear the names of checks, so that a later rename takes these checks along. What another session is at, or
/// cannot be written now, is left to the next run: which relation is checked does not depend on it.
pub fn remember(checks: &[StoredCheck]) -> Result<()> {
    let moved: Vec<&StoredCheck> = checks.iter().filter(|stored| stored.has_moved()).collect();
    if moved.is_empty() || read_only::reason().is_some() || !records_owners() {
        return Ok(());
    }
    let _left = attempt_to_write(|| {
        tables::as_owner(|| {
            let rows = moved.iter().filter_map(|stored| {
                let (id, owner) = (stored.check.spec.id?, relation::owner(stored.relation)?);
                let (relation, was) = (stored.relation.to_u32(), stored.recorded.relation.to_u32());
                Some(json!({"id": id, "relation": relation, "owner": owner.to_u32(), "was": was}))
            });
            let rows: Vec<Json> = rows.collect();
            tables::write(REMEMBER, &[Text::from(Json::from(rows).to_string()).into()])?;
            let bearers = moved
                .iter()
                .map(|stored| (stored.relation, stored.recorded.name.as_str()));
            asset::remember(&bearers.collect::<Vec<_>>())
        })
    })?;
    Ok(())
}

const REMEMBER: &str = "WITH free AS (
    SELECT c.ctid AS place, m.relation, m.owner
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS m(id pg_catalog.int8, relation pg_catalog.oid, owner pg_catalog.oid, was pg_catalog.oid)
    JOIN assay.quality_check AS c ON c.id OPERATOR(pg_catalog.=) m.id
    WHERE c.relation::pg_catalog.oid OPERATOR(pg_catalog.=) m.was
    FOR UPDATE OF c SKIP LOCKED)
UPDATE assay.quality_check AS c SET relation = free.relation, relation_owner = free.owner FROM free WHERE c.ctid OPERATOR(pg_catalog.=) free.place";

/// Stored checks, by relation, those that share a scan together, and by number: all of a relation that is named; else those that the
/// caller may know of.
pub fn select(selection: &Selection<'_>) -> Result<Vec<StoredCheck>> {
    let mut conditions = vec!["true".to_string()];
    conditions.extend(selection.id.map(|id| format!("c.id OPERATOR(pg_catalog.=) {id}")));
    conditions.extend(selection.relation.map(may_be_about));
    let named = |name| format!("c.name OPERATOR(pg_catalog.=) {}", quote_literal(name));
    conditions.extend(selection.name.map(named));
    let sql = format!(
        "SELECT c.id, c.relation::pg_catalog.oid::pg_catalog.int8, c.relation_name, c.added_by::pg_catalog.oid::pg_catalog.int8,
    pg_catalog.to_jsonb(c)::pg_catalog.text
FROM assay.quality_check AS c WHERE {} ORDER BY c.id",
        conditions.join(" AND ")
    );
    let rows = tables::as_owner(|| {
        let mut rows = Vec::new();
        Query::new(&sql)?.run(&mut |row| {
            let number = |column: usize| match row.value(column) {
                Value::Number(number) => number as i64,
                _ => 0,
            };
            let text = |column: usize| match row.value(column) {
                Value::Text(text) => text.into_owned(),
                _ => String::new(),
            };
            let recorded = Recorded {
                relation: Oid::from(number(1) as u32),
                name: text(2),
                owner: None,
                added_by: Oid::from(number(3) as u32),
            };
            rows.push((number(0), recorded, text(4)));
            Ok(())
        })?;
        Ok(rows)
    })?;
    let mut found = Vec::new();
    for (id, mut recorded, row) in rows {
        recorded.owner = owner_of(&row);
        let target = recorded.target();
        let relation = target.object().unwrap_or(recorded.relation);
        if selection.relation.is_some_and(|wanted| wanted != relation) {
            continue;
        }
        let (entry, mut check, settings) = match read(&row) {
            Ok(read) => read,
            // Whoever did not ask for this relation is not held up by it.
            Err(_) if selection.id.is_none() && selection.relation.is_none() => {
                notice(format!("check {id} cannot be read, and is left out"), None);
                continue;
            }
            Err(error) => return Err(error.at(format!("stored check {id}"))),
        };
        if !(entry.enabled || selection.disabled || selection.id.is_some()) {
            continue;
        }
        let tagged = |tags: &[String]| tags.iter().any(|tag| check.spec.tags.contains(tag));
        if !selection.tags.is_none_or(tagged) {
            continue;
        }
        check.spec.id = Some(id);
        let stored = StoredCheck {
            check,
            relation,
            name: relation::name_of(relation).unwrap_or_else(|| recorded.name.clone()),
            place: relation::place_of(relation),
            target,
            added_by: recorded.added_by,
            runs_as: role_of(relation, recorded.added_by),
            recorded,
            settings,
            entry,
        };
        if selection.relation.is_some() || stored.is_known() {
            found.push(stored);
        }
    }
    found.sort_by(|a, b| (a.group(), a.check.spec.id).cmp(&(b.group(), b.check.spec.id)));
    Ok(found)
}

/// The owner that a row of the table, which is given as JSON, has recorded.
fn owner_of(row: &str) -> Option<Oid> {
    #[derive(Deserialize)]
    struct Row {
        relation_owner: Option<String>,
    }
    let row: Row = serde_json::from_str(row).ok()?;
    role_type::named(&row.relation_owner?)
}

/// Whether the table records the owners of relations: that of 0.1.0 does not.
pub fn records_owners() -> bool {
    tables::has_column(c"quality_check", c"relation_owner")
}

/// The check of a row of the table, which is given as JSON, as it was written and as what that says, with its settings.
fn read(row: &str) -> Result<(Entry, Check, Settings)> {
    let damaged = |problem: serde_json::Error| Error::new(INVALID_PARAMETER, problem.to_string());
    let row: Json = serde_json::from_str(row).map_err(damaged)?;
    let settings = serde_json::from_value(row["settings"].clone()).map_err(damaged)?;
    let entry = Entry::of_row(&row)?;
    let mut check = Check::read(entry.declaration())?;
    check.spec.acceptance = serde_json::from_value(row).ok();
    Ok((entry, check, settings))
}

/// The stored check of a number. Returns an error with ML014 when there is none that the caller may know of.
pub fn find(id: i64) -> Result<StoredCheck> {
    let selection = Selection {
        id: Some(id),
        ..Selection::default()
    };
    select(&selection)?.pop().ok_or_else(|| unknown(id))
}

/// The error of a check that is not there.
pub fn unknown(id: i64) -> Error {
    Error::new(UNDEFINED_CHECK, format!("check {id} does not exist"))
        .hint("SELECT check_id, name FROM assay.checks shows the checks of the relations you may read.")
}

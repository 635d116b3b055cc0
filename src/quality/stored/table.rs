//! Checks that belong to a relation, as whom they run, and who may know of them.
//!
//! A stored check runs as the owner of its relation where the role that added it has the owner's rights, else as the role that added it, which
//! chose to trust the relation; never as its caller. For a relation brings along what others wrote: a view's functions, policies,
//! expressions of indexes.

use std::ffi::CString;

use pgrx::pg_sys::Oid;
use serde_json::{Map, Value as Json};

use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_CHECK, UNDEFINED_TABLE, notice};
use crate::pg::identity::{self, Settings};
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::{relation, role, tables};
use crate::quality::kinds::check::Check;
use crate::quality::source::Source;

/// A check of a relation, with who added it.
pub struct StoredCheck {
    pub check: Check,
    pub relation: Oid,
    /// The relation's name, as it is now; as it was, when the relation is gone.
    pub name: String,
    place: Option<(CString, CString)>,
    pub added_by: Oid,
    /// The role that it runs as.
    pub runs_as: Oid,
    /// The settings under which it was written.
    pub settings: Settings,
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

    fn group(&self) -> (&str, u32, u32, &Settings) {
        let (relation, role) = (self.relation.to_u32(), self.runs_as.to_u32());
        (&self.name, relation, role, &self.settings)
    }

    /// Whether the caller has the rights of who added it, or of the role that it runs as: then what it finds is the caller's own.
    pub fn is_own(&self) -> bool {
        role::acts_for(self.added_by) || role::acts_for(self.runs_as)
    }

    /// Whether the caller may know of it without naming its relation.
    fn is_known(&self) -> bool {
        self.is_own() || relation::may_select_some(self.relation) || relation::may_set_triggers(self.relation)
    }

    /// Opens the relation that the check was added to. Returns an error when that is gone: another one of its name may be anybody's.
    pub fn open(&self) -> Result<Source> {
        let gone = || {
            Error::new(UNDEFINED_TABLE, format!("relation \"{}\" is gone", self.name))
                .hint("Drop the check: what has that name now, if anything, is another relation.")
        };
        let is_there = || self.place.is_some() && relation::place_of(self.relation) == self.place;
        if !is_there() {
            return Err(gone());
        }
        let source = Source::open(&self.name)?;
        // Opening has locked what has the name now.
        if is_there() { Ok(source) } else { Err(gone()) }
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
    /// Any of these tags.
    pub tags: Option<&'a [String]>,
}

/// Stored checks, by relation, those that share a scan together, and by number: all of a relation that is named; else those that the
/// caller may know of.
pub fn select(selection: &Selection<'_>) -> Result<Vec<StoredCheck>> {
    let mut conditions = vec!["true".to_string()];
    conditions.extend(selection.id.map(|id| format!("c.id OPERATOR(pg_catalog.=) {id}")));
    conditions.extend(selection.relation.map(|oid| {
        format!(
            "c.relation::pg_catalog.oid OPERATOR(pg_catalog.=) {}::pg_catalog.oid",
            oid.to_u32()
        )
    }));
    let sql = format!(
        "SELECT c.id, c.relation::pg_catalog.oid::pg_catalog.int8, c.relation_name, c.added_by::pg_catalog.oid::pg_catalog.int8,
    pg_catalog.to_jsonb(c)::pg_catalog.text
FROM assay.quality_check AS c WHERE {} ORDER BY c.relation_name, c.id",
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
            rows.push((
                number(0),
                Oid::from(number(1) as u32),
                text(2),
                Oid::from(number(3) as u32),
                text(4),
            ));
            Ok(())
        })?;
        Ok(rows)
    })?;
    let mut found = Vec::new();
    for (id, oid, name, added_by, row) in rows {
        let (mut check, settings) = match read(&row) {
            Ok(read) => read,
            // Whoever did not ask for this relation is not held up by it.
            Err(_) if selection.id.is_none() && selection.relation.is_none() => {
                notice(format!("check {id} cannot be read, and is left out"), None);
                continue;
            }
            Err(error) => return Err(error.at(format!("stored check {id}"))),
        };
        let tagged = |tags: &[String]| tags.iter().any(|tag| check.spec.tags.contains(tag));
        if !selection.tags.is_none_or(tagged) {
            continue;
        }
        check.spec.id = Some(id);
        let stored = StoredCheck {
            check,
            relation: oid,
            name: relation::name_of(oid).unwrap_or(name),
            place: relation::place_of(oid),
            added_by,
            runs_as: role_of(oid, added_by),
            settings,
        };
        if selection.relation.is_some() || stored.is_known() {
            found.push(stored);
        }
    }
    found.sort_by(|a, b| (a.group(), a.check.spec.id).cmp(&(b.group(), b.check.spec.id)));
    Ok(found)
}

/// The check of a row of the table, which is given as JSON, with its settings.
fn read(row: &str) -> Result<(Check, Settings)> {
    let damaged = |problem: serde_json::Error| Error::new(INVALID_PARAMETER, problem.to_string());
    let row: Json = serde_json::from_str(row).map_err(damaged)?;
    let settings = serde_json::from_value(row["settings"].clone()).map_err(damaged)?;
    Ok((Check::read(declaration(&row))?, settings))
}

/// A row of the table as a check is written.
fn declaration(row: &Json) -> Json {
    let keys = [
        "kind",
        "column_name",
        "args",
        "name",
        "where",
        "group_by",
        "mostly",
        "warn_if",
        "error_if",
        "severity",
        "tags",
    ];
    let given = keys
        .iter()
        .map(|key| (key.to_string(), row[*key].clone()))
        .filter(|(_, value)| !value.is_null());
    Json::Object(given.collect::<Map<_, _>>())
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

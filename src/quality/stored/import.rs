//! `import_checks(document, remove, dry_run)`: the stored checks of relations become those of a document. All of them, or none.
//!
//! A check that is added is the caller's, whatever the document says; one that is there stays that of who added it, and is changed or removed
//! only for who acts for that role.

use hashbrown::{HashMap, HashSet};
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::add::{Addition, Draft, Existing, addable};
use super::change;
use super::export::VERSION;
use super::table::{self, Selection};
use crate::pg::attempt::attempt;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_TABLE, or_raise};
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use crate::pg::{read_only, role, snapshot, tables};
use crate::quality::spec::entry::Entry;
use algo::document;

/// The most checks that one document has.
const MOST_CHECKS: usize = 100_000;

result_row! {
    /// What becomes of a check.
    struct ImportedRow {
        action: &'static str,
        relation: String,
        name: String,
        check_id: Option<i64>,
        message: Option<Prose>,
    }
}

/// A document of checks, by the names of their relations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    version: Option<u64>,
    checks: Map<String, Json>,
}

/// A check that is stored.
struct Stored {
    existing: Existing,
    entry: Entry,
}

/// The stored checks of a relation by their names, those of one name by their numbers.
type ByName = HashMap<String, Vec<Stored>>;

/// What is to become of a check.
enum Step {
    Add(Box<Addition>),
    /// With the options that change.
    Update(Box<Addition>, Vec<&'static str>),
    /// Nothing but what says nothing of what is checked: whether it runs, and what becomes of its issues.
    Switch(i64, Box<Entry>, Vec<&'static str>),
    Unchanged(i64),
    Remove(i64),
    /// It is not in the document, but another role's.
    Keep(i64, Oid),
    Error(String),
}

/// A check of the document, or one that is not in it.
struct Planned {
    relation: String,
    name: String,
    step: Step,
}

/// `import_checks(document, remove, dry_run)`.
#[pg_extern(sql = false)]
fn import_checks(document: Option<Text>, remove: Option<bool>, dry_run: Option<bool>) -> SetOf<ImportedRow> {
    read_only::require_writable(c"assay.import_checks()");
    set_of(or_raise((|| {
        let document = read(&required("document", document)?)?;
        let remove = required("remove", remove)?;
        let dry_run = required("dry_run", dry_run)?;
        let mut planned = Vec::new();
        let mut relations = HashSet::new();
        for (relation, checks) in document.checks {
            plan(&relation, checks, remove, &mut relations, &mut planned)?;
        }
        if !dry_run {
            require_no_errors(&planned)?;
        }
        planned
            .into_iter()
            .map(|planned| planned.carry_out(dry_run))
            .collect::<Result<Vec<_>>>()
    })()))
}

/// Reads a document. Returns an error with 22023 where it is none.
fn read(text: &str) -> Result<Document> {
    let hint = "Write it as assay.export_checks does: version: 1, and under checks a list of checks for each relation.";
    let json = document::read(text, &serve_interrupts).map_err(|problem| {
        Error::new(INVALID_PARAMETER, "argument \"document\" cannot be read")
            .detail(format!("The problem is: {problem}."))
            .hint(hint)
    })?;
    if !json.is_object() {
        return Err(Error::new(INVALID_PARAMETER, "argument \"document\" has no checks").hint(hint));
    }
    let document: Document = options::parse("document", json)?;
    match document.version {
        None | Some(VERSION) => Ok(document),
        Some(version) => Err(Error::new(
            INVALID_PARAMETER,
            format!("the document is of version {version}, and this assay reads version {VERSION}"),
        )
        .hint("It was made by a newer assay.")),
    }
}

/// Plans what becomes of the checks of a relation.
fn plan(name: &str, checks: Json, remove: bool, seen: &mut HashSet<Oid>, planned: &mut Vec<Planned>) -> Result<()> {
    let checks = match checks {
        Json::Array(checks) => checks,
        Json::Null => Vec::new(),
        other => {
            return Err(
                Error::new(INVALID_PARAMETER, format!("the checks of \"{name}\" are no list"))
                    .detail(format!("There stands {}.", short(&other)))
                    .hint("Begin each check with a dash, or write [] for none."),
            );
        }
    };
    if planned.len() + checks.len() > MOST_CHECKS {
        return Err(
            Error::new(INVALID_PARAMETER, format!("there are more than {MOST_CHECKS} checks"))
                .hint("Divide them among several documents."),
        );
    }
    let relation = attempt(|| resolve(name))?;
    let relation = relation.and_then(|(oid, name)| match seen.insert(oid) {
        true => Ok((oid, name)),
        false => Err(format!("{name} stands there twice")),
    });
    let (oid, relation) = match relation {
        Ok(relation) => relation,
        Err(message) => {
            let names: Vec<String> = match checks.is_empty() {
                true => vec![String::new()],
                false => checks
                    .iter()
                    .enumerate()
                    .map(|(place, check)| name_of(check, place))
                    .collect(),
            };
            planned.extend(names.into_iter().map(|check| Planned {
                relation: name.to_string(),
                name: check,
                step: Step::Error(message.clone()),
            }));
            return Ok(());
        }
    };
    // Whoever else changes checks of the relation waits until this transaction ends.
    tables::lock_object(c"quality_check", oid);
    let mut stored = stored(oid)?;
    for (place, check) in checks.into_iter().enumerate() {
        serve_interrupts();
        let name = name_of(&check, place);
        let found = attempt(|| one(check, oid, &relation, &mut stored))?;
        let (name, step) = found.unwrap_or_else(|message| (name, Step::Error(message)));
        planned.push(Planned {
            relation: relation.clone(),
            name,
            step,
        });
    }
    if remove {
        let mut rest: Vec<Stored> = stored.into_values().flatten().collect();
        rest.sort_by_key(|stored| stored.existing.id);
        planned.extend(rest.into_iter().map(|Stored { existing, entry }| Planned {
            relation: relation.clone(),
            name: entry.name(),
            step: match role::acts_for(existing.added_by) {
                true => Step::Remove(existing.id),
                false => Step::Keep(existing.id, existing.added_by),
            },
        }));
    }
    Ok(())
}

/// What becomes of one check, which is taken from those that are stored.
fn one(check: Json, relation: Oid, relation_name: &str, stored: &mut ByName) -> Result<(String, Step)> {
    let entry = Entry::read(check)?.with_defaults();
    let name = entry.name();
    let Some(Stored {
        existing,
        entry: before,
    }) = take(stored, &entry)
    else {
        let addition = Draft::read(entry)?.prepare(relation, relation_name, None)?;
        return Ok((name, Step::Add(Box::new(addition))));
    };
    let differences = entry.differences(&before);
    let is_of_runs = |option: &&'static str| Entry::OF_RUNS.contains(option);
    let step = match differences[..] {
        [] => Step::Unchanged(existing.id),
        _ if differences.iter().all(is_of_runs) => {
            existing.require_changeable(&name)?;
            Step::Switch(existing.id, Box::new(entry), differences)
        }
        _ => {
            existing.require_changeable(&name)?;
            let addition = Draft::read(entry)?.prepare(relation, relation_name, Some(existing))?;
            Step::Update(Box::new(addition), differences)
        }
    };
    Ok((name, step))
}

/// The stored check of the same name, if there is one: of several the one that says the same, else the first.
fn take(stored: &mut ByName, entry: &Entry) -> Option<Stored> {
    let alike = stored.get_mut(&entry.name()).filter(|alike| !alike.is_empty())?;
    let same = alike
        .iter()
        .position(|stored| entry.differences(&stored.entry).is_empty());
    Some(alike.remove(same.unwrap_or(0)))
}

/// The number and full name of a relation that the caller may add checks to.
fn resolve(name: &str) -> Result<(Oid, String)> {
    let mut found = None;
    let sql = format!(
        "SELECT pg_catalog.to_regclass({})::pg_catalog.oid::pg_catalog.int8",
        quote_literal(name)
    );
    Query::new(&sql)?.run(&mut |row| {
        if let Value::Number(oid) = row.value(0) {
            found = Some(Oid::from(oid as u32));
        }
        Ok(())
    })?;
    let oid = found.ok_or_else(|| {
        Error::new(UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")).hint("Name a table or view.")
    })?;
    Ok((oid, addable(oid)?))
}

/// The stored checks of a relation, as they are now: another one may have been committed while this one waited.
fn stored(relation: Oid) -> Result<ByName> {
    let selection = Selection {
        relation: Some(relation),
        disabled: true,
        ..Selection::default()
    };
    let mut stored = snapshot::with_latest(|| table::select(&selection))?;
    stored.sort_by_key(|stored| stored.check.spec.id);
    let mut by_name = ByName::new();
    for stored in stored {
        let existing = Existing {
            id: stored.check.spec.id.unwrap_or_default(),
            added_by: stored.added_by,
        };
        let entry = stored.entry;
        by_name
            .entry(entry.name())
            .or_default()
            .push(Stored { existing, entry });
    }
    Ok(by_name)
}

/// What a check of the document is called, where it may be none.
fn name_of(check: &Json, place: usize) -> String {
    let entry = Entry::read(check.clone());
    entry.map_or_else(|_| format!("check {}", place + 1), |entry| entry.name())
}

/// A JSON value short enough for a message.
fn short(json: &Json) -> String {
    json.to_string().chars().take(100).collect()
}

/// Returns an error with 22023 that says which checks cannot be imported.
fn require_no_errors(planned: &[Planned]) -> Result<()> {
    /// Errors that are described one by one.
    const DESCRIBED: usize = 10;
    let errors = planned.iter().filter_map(|planned| match &planned.step {
        Step::Error(message) => Some(format!(
            "\"{}\" on {}: {}.",
            planned.name,
            planned.relation,
            message.trim_end_matches('.')
        )),
        Step::Add(_) | Step::Update(..) | Step::Switch(..) | Step::Unchanged(_) | Step::Remove(_) | Step::Keep(..) => {
            None
        }
    });
    let errors: Vec<String> = errors.collect();
    if errors.is_empty() {
        return Ok(());
    }
    let described: Vec<&str> = errors.iter().take(DESCRIBED).map(String::as_str).collect();
    Err(Error::new(
        INVALID_PARAMETER,
        format!("{} of the document's checks cannot be imported", errors.len()),
    )
    .detail(described.join(" "))
    .hint(
        "Nothing was imported. With dry_run => true, assay.import_checks says of each check what would become of it.",
    ))
}

impl Planned {
    /// Does it, unless it is a dry run, and says what was done.
    fn carry_out(self, dry_run: bool) -> Result<ImportedRow> {
        serve_interrupts();
        let mut message = None;
        let (action, check_id) = match self.step {
            Step::Add(addition) => {
                let id = (!dry_run).then(|| addition.store()).transpose()?;
                if let Some(id) = id {
                    change::set_runs(id, addition.entry())?;
                }
                ("added", id)
            }
            Step::Update(addition, differences) => {
                if !dry_run {
                    change::set_runs(addition.store()?, addition.entry())?;
                }
                message = Some(differences.join(", "));
                ("updated", addition.existing())
            }
            Step::Switch(id, entry, differences) => {
                if !dry_run {
                    change::set_runs(id, &entry)?;
                }
                message = Some(differences.join(", "));
                ("updated", Some(id))
            }
            Step::Unchanged(id) => ("unchanged", Some(id)),
            Step::Remove(id) => {
                if !dry_run {
                    change::delete(id)?;
                }
                ("removed", Some(id))
            }
            Step::Keep(id, role) => {
                message = Some(format!(
                    "it is not in the document, but role \"{}\" added it",
                    role::name_of(role)
                ));
                ("kept", Some(id))
            }
            Step::Error(problem) => {
                message = Some(problem);
                ("error", None)
            }
        };
        Ok(ImportedRow {
            action,
            check_id,
            relation: self.relation,
            name: self.name,
            message: message.map(Prose::from),
        })
    }
}

//! `describe` and `mark_private`: what people say of their tables, columns and functions.

use pgrx::{pg_extern, pg_sys};

use super::object::{Object, resolve};
use crate::pg::cell::Parameter;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::trigger::{self, Call};
use crate::pg::{read_only, relation, role, routine, statement, tables};

/// The most bytes of a note.
const LONGEST: usize = 2_000;

/// What is said.
enum Saying {
    Note(Option<String>),
    Private(bool),
}

/// Brings rows up to date with what their objects have become, and forgets those whose objects are gone. As the owner of the tables.
fn follow_objects() -> Result<()> {
    const NAMED: &str = "EXISTS (SELECT FROM pg_catalog.pg_attribute AS o WHERE o.attrelid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid AND o.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name AND NOT o.attisdropped)";
    statement::run(
        &format!(
            "UPDATE assay.description AS d SET column_name = a.attname FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid AND a.attnum OPERATOR(pg_catalog.=) d.column_number AND NOT a.attisdropped AND a.attname OPERATOR(pg_catalog.<>) d.column_name::pg_catalog.name AND NOT {NAMED}"
        ),
        &[],
    )?;
    statement::run(
        &format!(
            "DELETE FROM assay.description AS d WHERE d.relation IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid)
OR d.routine IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.oid OPERATOR(pg_catalog.=) d.routine::pg_catalog.oid) OR d.column_name IS NOT NULL AND NOT {NAMED}"
        ),
        &[],
    )
}

/// Keeps what is said of an object.
fn keep(object: &Object, saying: &Saying) -> Result<()> {
    let by = role::name_of(role::current());
    let (relation, routine, column) = match object {
        Object::Relation(oid) => (Some(*oid), None, None),
        Object::Column(oid, number, name) => (Some(*oid), None, Some((i32::from(*number), name.as_str()))),
        Object::Routine(oid) => (None, Some(*oid), None),
    };
    let name = column.map(|(_, name)| name);
    let number = column.map(|(number, _)| number);
    let (what, value): (&str, Parameter) = match saying {
        Saying::Note(note) => ("note", note.as_deref().into()),
        Saying::Private(private) => ("private", (*private).into()),
    };
    let parameters = || [relation.into(), routine.into(), name.into()];
    /// Which rows are of the object.
    const OF: &str = "coalesce(d.relation::pg_catalog.oid, 0) OPERATOR(pg_catalog.=) coalesce($1::pg_catalog.oid, 0) AND coalesce(d.routine::pg_catalog.oid, 0) OPERATOR(pg_catalog.=) coalesce($2::pg_catalog.oid, 0) AND coalesce(d.column_name, '') OPERATOR(pg_catalog.=) coalesce($3, '')";
    tables::as_owner(|| {
        if let Some(oid) = relation.or(routine) {
            tables::lock_object(c"description", oid);
        }
        follow_objects()?;
        let [one, two, three] = parameters();
        let update = format!(
            "UPDATE assay.description AS d SET {what} = $4, described_by = $5, described_at = pg_catalog.clock_timestamp(), column_number = $6::pg_catalog.int2 WHERE {OF} RETURNING 1"
        );
        let mut found = false;
        statement::write(
            &update,
            &[one, two, three, value, by.as_str().into(), number.into()],
            &mut |_| {
                found = true;
                Ok(())
            },
        )?;
        if !found {
            let [one, two, three] = parameters();
            let value: Parameter = match saying {
                Saying::Note(note) => note.as_deref().into(),
                Saying::Private(private) => (*private).into(),
            };
            let insert = format!(
                "INSERT INTO assay.description (relation, routine, column_name, column_number, {what}, described_by) VALUES ($1::pg_catalog.oid, $2::pg_catalog.oid, $3, $6::pg_catalog.int2, $4, $5)"
            );
            statement::run(&insert, &[one, two, three, value, by.as_str().into(), number.into()])?;
        }
        statement::run(
            "DELETE FROM assay.description AS d WHERE d.note IS NULL AND NOT d.private",
            &[],
        )
    })
}

/// The object of an argument, which is the caller's.
fn own_object(object: Option<Text>) -> Result<(String, Object)> {
    let name: String = required("object", object)?.into();
    let object = resolve(&name)?;
    object.require_own(&name)?;
    Ok((name, object))
}

/// `describe(object, note)`.
#[pg_extern(sql = false)]
fn describe(object: Option<Text>, note: Option<Text>) {
    let describe = || {
        read_only::require_writable(c"assay.describe()");
        let (_, object) = own_object(object)?;
        let note = note.map(String::from).filter(|note| !note.trim().is_empty());
        if let Some(note) = &note
            && note.len() > LONGEST
        {
            return Err(Error::new(INVALID_PARAMETER, "argument \"note\" is too long")
                .detail(format!("It has {} bytes; at most {LONGEST} are kept.", note.len()))
                .hint("Say in few sentences what the object means."));
        }
        keep(&object, &Saying::Note(note))
    };
    or_raise(describe());
}

/// `mark_private(object, private)`.
#[pg_extern(sql = false)]
fn mark_private(object: Option<Text>, private: Option<bool>) {
    let mark = || {
        read_only::require_writable(c"assay.mark_private()");
        let private = required("private", private)?;
        let (name, object) = own_object(object)?;
        if matches!(object, Object::Routine(_)) {
            return Err(
                Error::new(INVALID_PARAMETER, format!("{name} is a function, which has no values"))
                    .hint("Name a table, a view, or one of their columns."),
            );
        }
        keep(&object, &Saying::Private(private))
    };
    or_raise(mark());
}

/// Before a row is stored: whoever loads a dump says things of objects only that are his.
fn guard_description(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let guard = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let relation: Option<pg_sys::Oid> = call.get(call.column(c"relation")?)?;
        let routine: Option<pg_sys::Oid> = call.get(call.column(c"routine")?)?;
        let owner = relation
            .and_then(relation::owner)
            .or_else(|| routine.and_then(routine::owner));
        if owner.is_some_and(role::acts_for) {
            return Ok(call.row());
        }
        role::warn_once(
            "a note is left out".into(),
            "It takes the owner of what it is about.".into(),
        );
        Ok(trigger::nothing())
    };
    Some(or_raise(guard()))
}

entry::per_row!(
    guard_description,
    guard_description_wrapper,
    pg_finfo_guard_description_wrapper
);

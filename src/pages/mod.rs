//! Pages that people look at: a profile, drift, checks and the card of a model, each made once as a document and written as text, Markdown or HTML by
//! `algo::page`. This floor uses those below it as a user does: what it shows is what the caller may see.

mod checks;
mod columns;
mod corpus;
mod drift;
mod model;
mod profile;
mod read;
mod reliability;

use pgrx::pg_sys;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::role;
use crate::pg::text::Prose;
use algo::page::{Format, Page};

/// The format of an argument. Returns an error with 22023 for one that is not known.
fn format_of(name: Option<&str>) -> Result<Format> {
    let name = required("format", name)?;
    Format::of(name).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("format \"{name}\" is not known")).hint(format!(
            "Expected is one of: {}.",
            Format::ALL.map(Format::name).join(", ")
        ))
    })
}

/// A page, written.
fn written(page: &Page, format: Format) -> Result<Prose> {
    let written = algo::page::write(page, format, &Foreground::new()?)?;
    Ok(Prose::from(written))
}

/// What stands at the end of a page: when it was made, and how.
fn made(call: &str) -> Result<String> {
    let mut made = String::new();
    let now = "SELECT pg_catalog.to_char(pg_catalog.statement_timestamp(), 'YYYY-MM-DD HH24:MI:SS TZH:TZM') AS at, pg_catalog.current_database() AS database";
    for row in read::rows(now)? {
        let (at, database) = (
            row.text("at").unwrap_or_default(),
            row.text("database").unwrap_or_default(),
        );
        let role = role::name_of(role::current());
        made = format!(
            "Made {at} by role {role} in database {database} with assay {}: {call}",
            env!("CARGO_PKG_VERSION")
        );
    }
    Ok(made)
}

/// An argument of a call as it is typed.
fn literal(text: &str) -> String {
    pgrx::spi::quote_literal(text)
}

/// The name of a relation, as it is written where the caller types it.
fn relation_name(relation: pg_sys::Oid) -> Result<String> {
    let name = read::rows(&format!(
        "SELECT {}::pg_catalog.oid::pg_catalog.regclass::pg_catalog.text AS name",
        relation.to_u32()
    ))?;
    Ok(name.first().and_then(|row| row.text("name")).unwrap_or_default())
}

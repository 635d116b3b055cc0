//! dbt: what a project's manifest says of models, sources, exposures and tests, and how runs of its tests ended.

mod fields;
mod graph;
mod import;
mod manifest;
mod owners;
mod place;
mod results;
mod store;

use pgrx::pg_sys;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::jsonb_value::{self, Item};
use crate::pg::result_row::result_row;
use crate::pg::{arguments, names};

result_row! {
    /// What has become of a node, or of its result.
    struct Done {
        action: &'static str,
        kind: &'static str,
        name: String,
        asset: Option<String>,
        message: Option<String>,
    }
}

/// The first argument, which may not be NULL; `name` is how messages call it.
fn file<'a>(fcinfo: &'a pg_sys::FunctionCallInfo, name: &str) -> Result<Item<'a>> {
    jsonb_value::argument(fcinfo, 0)?.ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is NULL")).hint("Give the file as dbt writes it.")
    })
}

/// The second argument: what an import is known by.
fn project(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<String>> {
    let project = arguments::text(fcinfo, 1);
    if let Some(project) = &project {
        names::check("project's name", project)?;
    }
    Ok(project)
}

//! What of a text leaves for a server: nothing of columns that its option `columns` does not list, and nothing that its option `redact` takes out.

use std::borrow::Cow;

use pgrx::pg_sys::Oid;

use super::server::{Server, described};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result};
use crate::pg::relation;
use algo::monitor::Monitor;
use algo_text::endpoint::options::ServerOptions;

impl Server {
    /// A text as it is sent. Whoever sends one sends this.
    pub fn leaving<'t>(&self, text: &'t str, monitor: &dyn Monitor) -> Result<Cow<'t, str>> {
        match &self.redactor {
            Some(redactor) => Ok(redactor.redact(text, monitor)?),
            None => Ok(Cow::Borrowed(text)),
        }
    }

    /// Texts as they are sent, in their order.
    pub fn all_leaving<'t>(&self, texts: &[&'t str], monitor: &dyn Monitor) -> Result<Vec<Cow<'t, str>>> {
        texts.iter().map(|text| self.leaving(text, monitor)).collect()
    }
}

/// Returns 42501 unless columns of a relation may be sent to the server of this name. For a role that may use the server; one that may not cannot send
/// anything.
pub fn require_may_leave<'c>(server: &str, source: Oid, columns: impl IntoIterator<Item = &'c String>) -> Result<()> {
    let (_, options) = described(server)?;
    columns
        .into_iter()
        .try_for_each(|column| require_listed(server, &options, source, column))
}

/// Whether a column of a relation may be sent to a server: for what leaves out those that may not.
pub fn may_leave(server: &Server, source: Oid, column: &str) -> Result<bool> {
    let Some(listed) = &server.options.columns else {
        return Ok(true);
    };
    let (schema, table) = relation::place_names(source)?;
    Ok(listed.has(&schema, &table, column))
}

fn require_listed(server: &str, options: &ServerOptions, source: Oid, column: &str) -> Result<()> {
    let Some(listed) = &options.columns else { return Ok(()) };
    let (schema, table) = relation::place_names(source)?;
    if listed.has(&schema, &table, column) {
        return Ok(());
    }
    let name = [&schema, &table, column].map(relation::quoted).join(".");
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("column {name} may not be sent to server \"{server}\""),
    )
    .detail("The server's option columns does not list it.")
    .hint(format!(
        "Its owner adds it: ALTER SERVER {} OPTIONS (SET columns '..., {name}').",
        relation::quoted(server)
    )))
}

//! What the role that installs the extension needs to create servers.

use pgrx::pg_extern;

use crate::pg::error::or_raise;
use crate::pg::tables;

/// A GRANT of the wrapper to an owner of the extension who needs one.
const GRANT: &str =
    "SELECT pg_catalog.textout(pg_catalog.format('GRANT USAGE ON FOREIGN DATA WRAPPER assay_http TO %I', r.rolname))
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_authid AS r ON r.oid OPERATOR(pg_catalog.=) e.extowner
WHERE e.extname OPERATOR(pg_catalog.=) 'assay' AND NOT r.rolsuper";

/// `grant_wrapper()`.
#[pg_extern(sql = false)]
fn grant_wrapper() {
    or_raise(tables::write_each(GRANT));
}

//! What the role that installs the extension needs for pg_dump and for a restore.

use pgrx::pg_extern;

use crate::pg::error::or_raise;
use crate::pg::tables;

/// A GRANT for each table and sequence whose rows a dump carries, to an owner of the extension who needs one.
const GRANTS: &str = "SELECT pg_catalog.textout(pg_catalog.format(
    CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'GRANT SELECT, UPDATE ON SEQUENCE %s TO %I' ELSE 'GRANT SELECT, INSERT ON TABLE %s TO %I' END,
    c.oid::pg_catalog.regclass, r.rolname))
FROM pg_catalog.pg_extension AS e
CROSS JOIN pg_catalog.unnest(e.extconfig) AS d
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d
JOIN pg_catalog.pg_authid AS r ON r.oid OPERATOR(pg_catalog.=) e.extowner
WHERE e.extname OPERATOR(pg_catalog.=) 'assay' AND NOT r.rolsuper";

/// `grant_dump()`.
#[pg_extern(sql = false)]
fn grant_dump() {
    or_raise(tables::write_each(GRANTS));
}

//! `accept_anomaly(check_id, from)`: a person says that what a check found is as it should be.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;

use super::table;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::{read_only, relation, role, tables};

const ACCEPT: &str = "UPDATE assay.quality_check SET accepted_from = $2, accepted_at = pg_catalog.clock_timestamp()
WHERE id OPERATOR(pg_catalog.=) $1 AND pg_catalog.isfinite($2) RETURNING id";

/// `accept_anomaly(check_id, from)`.
#[pg_extern(sql = false)]
fn accept_anomaly(check_id: Option<i64>, from: Option<TimestampWithTimeZone>) {
    read_only::require_writable(c"assay.accept_anomaly()");
    or_raise(accept(check_id, from));
}

fn accept(check_id: Option<i64>, from: Option<TimestampWithTimeZone>) -> Result<()> {
    let (id, from) = (required("check_id", check_id)?, required("from", from)?);
    let stored = table::find(id)?;
    let spec = &stored.check.spec;
    if !role::acts_for(stored.added_by) && !relation::may_set_triggers(stored.relation) {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied to accept what check \"{}\" finds", spec.name),
        )
        .hint("It takes the role that added it, or the owner of its relation."));
    }
    if spec.kind != "anomaly" {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "check \"{}\" is of kind {}, which learns from no past",
                spec.name, spec.kind
            ),
        )
        .hint("What it accepts, its arguments say: assay.add_check with its name changes them."));
    }
    // Who changes or drops the check meanwhile waits.
    tables::lock_object(c"quality_check", stored.relation);
    let accepted: Option<i64> = tables::as_owner(|| tables::write_returning(ACCEPT, &[id.into(), from.into()]))?;
    accepted.map(drop).ok_or_else(|| {
        Error::new(
            INVALID_PARAMETER,
            "argument \"from\" is not finite, or the check is gone",
        )
        .hint("Give the moment from which on what the check finds is as it should be.")
    })
}

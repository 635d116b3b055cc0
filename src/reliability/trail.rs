//! The audit trail of incidents, which is only ever added to.

use pgrx::pg_sys;

use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, or_raise};

/// Before a statement that would change the trail.
fn keep_event(_fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise(Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        "the audit trail of incidents cannot be changed",
    )
    .hint("assay.annotate(incident, note) adds to it.")))
}

entry::per_row!(keep_event, keep_event_wrapper, pg_finfo_keep_event_wrapper);

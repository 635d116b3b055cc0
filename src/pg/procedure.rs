//! Procedures that commit while they run.

use pgrx::pg_sys;

use super::error::{Error, Result, SqlState};

/// PostgreSQL's own code for a commit where there can be none.
const INVALID_TERMINATION: SqlState = SqlState(b"2D000");

/// A running procedure, which may end transactions.
pub struct Procedure(());

impl Procedure {
    /// For a call by CALL. Returns an error with 2D000 within a transaction block, and where a function is the caller. `name` is named in the message.
    pub fn begin(fcinfo: pg_sys::FunctionCallInfo, name: &str) -> Result<Procedure> {
        // SAFETY: PostgreSQL hands a valid call, whose context is null or a node; a CallContext is what its tag says.
        let is_free = unsafe {
            let context = (*fcinfo).context;
            !context.is_null()
                && pgrx::is_a(context, pg_sys::NodeTag::T_CallContext)
                && !(*context.cast::<pg_sys::CallContext>()).atomic
        };
        if !is_free {
            return Err(Error::new(
                INVALID_TERMINATION,
                format!("{name} commits while it works, which it cannot do here"),
            )
            .hint("CALL it by itself, outside of a transaction block."));
        }
        // SAFETY: the connection is ended by `end`, or by the abort of the transaction when an error unwinds.
        unsafe { pg_sys::SPI_connect_ext(pg_sys::SPI_OPT_NONATOMIC as i32) };
        let procedure = Procedure(());
        // The transaction that the call began may have a snapshot already; the next one is of the level that the work needs.
        procedure.commit();
        Ok(procedure)
    }

    /// Commits, and begins a transaction whose statements each see what is committed by then.
    pub fn commit(&self) {
        // SAFETY: the connection of `begin` is the innermost one, for those that work makes in between are ended; no snapshot has been taken in the new transaction when its level is
        // set; the portal that runs the call is given a snapshot again.
        unsafe {
            pg_sys::SPI_commit();
            (&raw mut pg_sys::XactIsoLevel).write(pg_sys::XACT_READ_COMMITTED as i32);
            pg_sys::EnsurePortalSnapshotExists();
        }
    }

    /// Ends the work; what was written since the last commit is committed with the call.
    pub fn end(self) {
        // SAFETY: as above.
        unsafe { pg_sys::SPI_finish() };
    }
}

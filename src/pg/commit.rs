//! What is done when a transaction is about to be committed.

use pgrx::{PgXactCallbackEvent, register_xact_callback};

/// Runs `work` before the running transaction is committed, and in a parallel worker before its part is; not where it is rolled back.
pub fn before(work: fn()) {
    for event in [PgXactCallbackEvent::PreCommit, PgXactCallbackEvent::ParallelPreCommit] {
        let _receipt = register_xact_callback(event, work);
    }
}

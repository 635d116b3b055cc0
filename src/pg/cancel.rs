//! A cancelled statement ends, whatever the functions do that it runs.
//!
//! PL/pgSQL lets a function catch the cancel (EXCEPTION WHEN query_canceled) and go on. A check that does so must not have the checks behind
//! it go on, too, nor hold them up. So while an attempt runs, a cancel that was served is asked for again: each handler on the way is left
//! by the next interrupt, and the attempt ends with the cancel.

use std::cell::{Cell, RefCell};

use pgrx::pg_sys;

use super::error::{Error, QUERY_CANCELED};
use super::foreground::is_ending;

thread_local! {
    /// Attempts under way, one within the other.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Whether one was served since the last work began.
    static LATELY: Cell<bool> = const { Cell::new(false) };
    /// The message of the cancel that came first while they ran.
    static SERVED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Whether an error of class 57 (cancel, `statement_timeout`, termination of a worker) is about the statement as a whole: PostgreSQL serves such
/// requests in one function, in whose name no other can raise an error. `lock_timeout` has class 55 and is not among them: it is about one
/// lock, and so about what waited for it.
pub fn is_intervention(function: &str) -> bool {
    function == "ProcessInterrupts"
}

/// Called when such an error is reported.
pub fn served(message: String) {
    LATELY.set(true);
    if DEPTH.get() == 0 {
        return;
    }
    SERVED.with_borrow_mut(|first| {
        first.get_or_insert(message);
    });
    // SAFETY: flags of this process, set as its signal handler sets them.
    unsafe {
        (&raw mut pg_sys::QueryCancelPending).write_volatile(1);
        (&raw mut pg_sys::InterruptPending).write_volatile(1);
    }
}

/// Whether a cancel is on its way: what is dropped now is dropped by it.
pub fn is_under_way() -> bool {
    LATELY.get() || is_ending()
}

/// Called when work begins: a cancel before it has come to its end.
pub fn forget() {
    LATELY.set(false);
}

/// An attempt under way.
pub struct Watch(());

impl Watch {
    pub fn begin() -> Watch {
        DEPTH.set(DEPTH.get() + 1);
        Watch(())
    }

    /// The cancel, if one was served since the outermost attempt began.
    pub fn error(&self) -> Option<Error> {
        SERVED.with_borrow(|message| message.as_ref().map(|message| Error::new(QUERY_CANCELED, message)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        if DEPTH.get() == 0 && SERVED.take().is_some() {
            // SAFETY: as above. From here on the error is on its way by itself, and whoever called may catch it.
            unsafe { (&raw mut pg_sys::QueryCancelPending).write_volatile(0) }
        }
    }
}

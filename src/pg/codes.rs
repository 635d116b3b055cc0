//! SQLSTATEs that survive unwinding.
//!
//! On its way through Rust frames an error is carried by pgrx, which knows only PostgreSQL's own list of SQLSTATEs: any other, ours or one that a
//! function in a user's query raised, would reach the user as XX000. PostgreSQL calls the error context callbacks each time an error is
//! reported; the one here notes the SQLSTATE of the first report, and puts it back when pgrx reports the error again.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::{null_mut, with_exposed_provenance_mut};

use pgrx::pg_guard;
use pgrx::pg_sys::{self, ErrorContextCallback};

use super::error::OUT_OF_MEMORY;
use super::{memory, messages};

/// XX000, which pgrx gives to what it does not know.
const INTERNAL_ERROR: c_int = 2600;

thread_local! {
    /// The SQLSTATE of the error under way; 0 for none.
    static NOTED: Cell<c_int> = const { Cell::new(0) };
}

unsafe extern "C-unwind" {
    fn geterrcode() -> c_int;
    fn errcode(code: c_int) -> c_int;
}

/// The callback's entry in PostgreSQL's stack of them. It is there at most once, so its link is never in use twice.
static mut ENTRY: ErrorContextCallback = ErrorContextCallback {
    previous: null_mut(),
    callback: Some(keep_code),
    arg: with_exposed_provenance_mut(0),
};

#[pg_guard]
unsafe extern "C-unwind" fn keep_code(_argument: *mut c_void) {
    // SAFETY: PostgreSQL calls this while it reports, when both functions may be called.
    let code = unsafe { geterrcode() };
    if code == OUT_OF_MEMORY.packed() {
        // Each Rust frame on the way copies the report, for which there has to be room.
        memory::make_room_for_report();
    }
    messages::convert();
    let noted = NOTED.get();
    if code == INTERNAL_ERROR && noted != 0 {
        NOTED.set(0);
        // SAFETY: as above.
        unsafe { errcode(noted) };
    } else if is_error(code) {
        NOTED.set(code);
    }
}

/// Whether a SQLSTATE is that of an error: classes 00, 01 and 02 are of success, warnings and missing data.
fn is_error(code: c_int) -> bool {
    (code & 0x3f) != 0 || (code >> 6 & 0x3f) > 2
}

/// Puts the callback on PostgreSQL's stack, unless it is there; gives the stack's top as it was.
fn enter() -> *mut ErrorContextCallback {
    // SAFETY: the stack belongs to this backend's only PostgreSQL thread, its entries live while they are on it, and ENTRY lives
    // for ever. Whoever catches an error puts the stack back as it was.
    unsafe {
        let top = pg_sys::error_context_stack;
        let mut entry = top;
        while !entry.is_null() {
            if entry == &raw mut ENTRY {
                return top;
            }
            entry = (*entry).previous;
        }
        (&raw mut ENTRY.previous).write(top);
        pg_sys::error_context_stack = &raw mut ENTRY;
        top
    }
}

/// Says which SQLSTATE the error that is about to unwind has.
pub fn announce(code: c_int) {
    NOTED.set(code);
    enter();
}

/// The SQLSTATE of the error that was caught last, if it is known.
pub fn noted() -> Option<c_int> {
    Some(NOTED.get()).filter(|&code| code != 0)
}

/// Forgets it: the error is not reported again.
pub fn forget() {
    NOTED.set(0);
}

/// Runs `work`, which may run a user's functions, so that their SQLSTATEs survive.
pub fn kept<T>(work: impl FnOnce() -> T) -> T {
    NOTED.set(0);
    let before = enter();
    let result = work();
    // SAFETY: as it was before; an error that unwinds leaves the entry for the report that follows.
    unsafe { pg_sys::error_context_stack = before };
    result
}

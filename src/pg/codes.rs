//! SQLSTATEs that survive unwinding.
//!
//! On its way through Rust frames an error is carried by pgrx, which knows only PostgreSQL's own list of SQLSTATEs: any other, ours or one that a
//! function in a user's query raised, would reach the user as XX000. PostgreSQL calls the error context callbacks each time an error is
//! reported; the one here notes an error that has such a code, and gives the code back when pgrx reports that same error again.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null_mut, with_exposed_provenance_mut};

use pgrx::pg_sys::{self, ErrorContextCallback};
use pgrx::{PgLogLevel, PgSqlErrorCode, pg_guard};

use super::error::OUT_OF_MEMORY;
use super::{cancel, ceiling, memory, messages, position};

/// XX000, which pgrx gives to what it does not know.
const INTERNAL_ERROR: c_int = PgSqlErrorCode::ERRCODE_INTERNAL_ERROR as c_int;

/// An error as it is reported.
struct Report {
    code: c_int,
    level: c_int,
    message: String,
    /// The function that reports it.
    function: String,
}

thread_local! {
    /// The error under way, if its code is one that pgrx does not carry.
    static NOTED: Cell<Option<Report>> = const { Cell::new(None) };
    /// Whether an error unwinds through Rust frames, so that the next report is pgrx's.
    static UNWINDING: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C-unwind" {
    fn geterrcode() -> c_int;
    fn errcode(code: c_int) -> c_int;
}

/// The callback's entry in PostgreSQL's stack of them. It is there at most once, so its link is never in use twice.
static mut ENTRY: ErrorContextCallback = ErrorContextCallback {
    previous: null_mut(),
    callback: Some(on_report),
    arg: with_exposed_provenance_mut(0),
};

impl Report {
    /// The one being made. For the callback only.
    fn current(code: c_int) -> Report {
        // SAFETY: PostgreSQL calls the callback while it reports, when there is an error to copy. It does so in ErrorContext, where it
        // forbids copying; the copy is freed at once. Its texts are C strings or null.
        unsafe {
            let before = pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
            let copy = pg_sys::CopyErrorData();
            let report = Report {
                code,
                level: (*copy).elevel,
                message: text((*copy).message),
                function: text((*copy).funcname),
            };
            pg_sys::FreeErrorData(copy);
            pg_sys::MemoryContextSwitchTo(before);
            report
        }
    }

    /// Whether it is the same error: Rust may panic, too, while another error is noted that a function has caught.
    fn is(&self, other: &Report) -> bool {
        (&self.message, &self.function) == (&other.message, &other.function)
    }

    fn is_error(&self) -> bool {
        self.level == PgLogLevel::ERROR as c_int
    }
}

/// A text as pgrx carries it.
///
/// # Safety
/// It is a C string, or null.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

#[pg_guard]
unsafe extern "C-unwind" fn on_report(_argument: *mut c_void) {
    // SAFETY: PostgreSQL calls this while it reports, when the code may be read.
    let code = unsafe { geterrcode() };
    if code == OUT_OF_MEMORY.packed() {
        ceiling::give_way();
        // Each Rust frame on the way copies the report, for which there has to be room.
        memory::make_room_for_report();
    }
    position::restore();
    let again = if is_error(code) { reported_again(code) } else { None };
    messages::convert();
    if let Some(code) = again {
        // SAFETY: as above; the code may be set, too.
        unsafe { errcode(code) };
        NOTED.set(Some(Report::current(code)));
    }
}

/// Looks at the report of an error: notes it when pgrx does not carry its code, and forgets the one noted before. When it is that one again,
/// gives the code that it had.
fn reported_again(code: c_int) -> Option<c_int> {
    // A function may catch an error, and raise its message anew with another code.
    let (noted, unwinding) = (NOTED.take(), UNWINDING.take());
    if code == INTERNAL_ERROR {
        let again = noted.filter(|noted| unwinding && noted.is(&Report::current(code)));
        return again.map(|noted| noted.code);
    }
    if PgSqlErrorCode::from(code) as c_int != code {
        let report = Report::current(code);
        NOTED.set(if report.is_error() { Some(report) } else { noted });
    } else if class(code) == *b"57" {
        let report = Report::current(code);
        if report.is_error() && cancel::is_intervention(&report.function) {
            cancel::served(report.message);
        }
    }
    None
}

/// The first two characters of a SQLSTATE, of six bits each.
fn class(code: c_int) -> [u8; 2] {
    [0, 6].map(|bits| (code >> bits & 0x3f) as u8 + b'0')
}

/// Whether a SQLSTATE is that of an error: classes 00, 01 and 02 are of success, warnings and missing data.
fn is_error(code: c_int) -> bool {
    ![*b"00", *b"01", *b"02"].contains(&class(code))
}

/// Has errors noted that begin to unwind: those of PostgreSQL, which pgrx catches where Rust called it, and those of Rust. To be called once,
/// when the library is loaded.
pub fn register() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        UNWINDING.set(true);
        position::unwinds();
        hook(panic);
    }));
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

/// Keeps the SQLSTATE of an error that was caught and goes on: the stack of callbacks was put back as it was before the work that raised it.
pub fn carry() {
    enter();
}

/// Says which SQLSTATE the error has that `function` is about to raise through pgrx.
pub fn announce(code: c_int, message: &str, function: &str) {
    position::forget();
    NOTED.set(Some(Report {
        code,
        level: PgLogLevel::ERROR as c_int,
        message: message.to_string(),
        function: function.to_string(),
    }));
    enter();
}

/// Forgets the error that was caught: it is not reported again.
pub fn forget() {
    NOTED.set(None);
    UNWINDING.set(false);
    position::forget();
}

/// Runs `work`, which may run a user's functions, so that their SQLSTATEs survive.
pub fn preserve<T>(work: impl FnOnce() -> T) -> T {
    forget();
    let before = enter();
    let result = work();
    // SAFETY: as it was before; an error that unwinds leaves the entry for the report that follows.
    unsafe { pg_sys::error_context_stack = before };
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg::error::{CHECKS_FAILED, QUERY_CANCELED, SqlState};

    #[test]
    fn the_class_of_an_sqlstate_tells_errors_from_the_rest() {
        assert_eq!(class(QUERY_CANCELED.packed()), *b"57");
        assert_eq!(class(CHECKS_FAILED.packed()), *b"ML");
        for state in [b"00000", b"01000", b"02000"] {
            assert!(!is_error(SqlState(state).packed()), "{state:?}");
        }
        for state in [b"03000", b"20000", b"ML015", b"XX000"] {
            assert!(is_error(SqlState(state).packed()), "{state:?}");
        }
    }

    #[test]
    fn only_errors_of_one_message_and_function_are_the_same() {
        let report = |message: &str, function: &str| Report {
            code: 0,
            level: PgLogLevel::ERROR as c_int,
            message: message.into(),
            function: function.into(),
        };
        let noted = report("no", "f");
        assert!(noted.is_error());
        assert!(noted.is(&report("no", "f")));
        assert!(!noted.is(&report("no", "g")));
        assert!(!noted.is(&report("yes", "f")));
    }
}

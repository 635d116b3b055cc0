//! Where in a text of SQL an error was met.
//!
//! PostgreSQL gives a position in the text that it parses. When that is not the client's statement but a text that a function was given, the
//! position has to come with that text, as it does from SPI. pgrx carries neither through Rust frames, nor the context that functions within a
//! query have added: so they are noted, and given back when pgrx reports the error again.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;

use pgrx::pg_sys::{self, ErrorContextCallback};
use pgrx::{PgLogLevel, PgMemoryContexts, pg_guard};

/// What pgrx does not carry of an error.
struct Noted {
    /// By message and function the error is known again.
    message: CString,
    function: CString,
    position: c_int,
    query: Option<CString>,
    context: Option<CString>,
}

thread_local! {
    /// That of the last error within a text, if there was any.
    static NOTED: RefCell<Option<Noted>> = const { RefCell::new(None) };
    /// Whether an error unwinds through Rust frames, so that the next report is pgrx's.
    static UNWINDING: Cell<bool> = const { Cell::new(false) };
    /// The text in which PostgreSQL is just now: the last that was entered.
    static INNERMOST: Cell<*const c_char> = const { Cell::new(std::ptr::null()) };
}

unsafe extern "C-unwind" {
    fn geterrposition() -> c_int;
    fn errposition(position: c_int) -> c_int;
    fn internalerrposition(position: c_int) -> c_int;
    fn internalerrquery(query: *const c_char) -> c_int;
    fn errcontext_msg(format: *const c_char, ...) -> c_int;
}

/// While it lives, positions of errors are in a text of its own.
pub(super) struct Within<'a> {
    entry: *mut ErrorContextCallback,
    /// The text around it.
    around: *const c_char,
    text: PhantomData<&'a CStr>,
}

impl<'a> Within<'a> {
    pub(super) fn enter(text: &'a CStr) -> Self {
        // SAFETY: the stack belongs to this backend's only PostgreSQL thread. The entry and the text outlive their place on it, which the drop
        // ends; whoever catches an error in between puts the stack back as it was.
        unsafe {
            let entry = Box::into_raw(Box::new(ErrorContextCallback {
                previous: pg_sys::error_context_stack,
                callback: Some(on_report),
                arg: text.as_ptr().cast_mut().cast(),
            }));
            pg_sys::error_context_stack = entry;
            Within {
                entry,
                around: INNERMOST.replace(text.as_ptr()),
                text: PhantomData,
            }
        }
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        INNERMOST.set(self.around);
        // SAFETY: the entry was made in `enter`, and is at the top of the stack: what was put there later has gone.
        unsafe {
            pg_sys::error_context_stack = (*self.entry).previous;
            drop(Box::from_raw(self.entry));
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_report(text: *mut c_void) {
    restore();
    // SAFETY: PostgreSQL calls this while it reports, when the position may be read and set; the text is the C string of the entry, and is
    // copied.
    unsafe {
        let position = geterrposition();
        if position > 0 {
            errposition(0);
            internalerrposition(position);
            internalerrquery(text.cast());
        }
    }
    // What functions around this text add to the context, they add again when the error is reported again.
    if INNERMOST.get() == text.cast()
        && let Some(report) = reported()
    {
        NOTED.set(Some(report));
    }
}

/// Gives an error that is being reported again what it had. For callbacks of reports only.
pub(super) fn restore() {
    if !UNWINDING.get() {
        return;
    }
    let Some(report) = reported() else { return };
    UNWINDING.set(false);
    let Some(noted) = NOTED.take() else { return };
    if (&noted.message, &noted.function) != (&report.message, &report.function) {
        return;
    }
    // SAFETY: as in `on_report`; each text is copied.
    unsafe {
        if noted.position > 0 {
            internalerrposition(noted.position);
        }
        if let Some(query) = &noted.query {
            internalerrquery(query.as_ptr());
        }
        if let Some(context) = &noted.context {
            errcontext_msg(c"%s".as_ptr(), context.as_ptr());
        }
    }
}

/// The error that is being reported; `None` for a notice.
fn reported() -> Option<Noted> {
    // SAFETY: while PostgreSQL reports there are data to copy, which must not be done in the context of errors; the texts are C strings or
    // null, and are copied before the copy is freed.
    unsafe {
        PgMemoryContexts::TopMemoryContext.switch_to(|_| {
            let data = pg_sys::CopyErrorData();
            let text = |text: *const c_char| (!text.is_null()).then(|| CStr::from_ptr(text).to_owned());
            let noted = Noted {
                message: carried((*data).message),
                function: carried((*data).funcname),
                position: (*data).internalpos,
                query: text((*data).internalquery),
                context: text((*data).context),
            };
            let is_error = (*data).elevel == PgLogLevel::ERROR as c_int;
            pg_sys::FreeErrorData(data);
            is_error.then_some(noted)
        })
    }
}

/// A text as pgrx carries it.
///
/// # Safety
/// It is a C string, or null.
unsafe fn carried(text: *const c_char) -> CString {
    if text.is_null() {
        return CString::default();
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    CString::new(text).unwrap_or_default()
}

/// An error begins to unwind through Rust frames.
pub(super) fn unwinds() {
    UNWINDING.set(true);
}

/// What was noted is of an error that is not reported again: it was caught, or another one is about to be raised.
pub(super) fn forget() {
    NOTED.set(None);
    UNWINDING.set(false);
}

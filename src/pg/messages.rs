//! The texts of errors and notices in databases that are not in UTF8.
//!
//! pgrx reads PostgreSQL's texts as if they were UTF-8, losing what is not, and hands Rust's on as they are. So for each text that is
//! under way both forms are noted: Rust's and PostgreSQL's. Whenever PostgreSQL reports an error or a notice, the callback of [`super::codes`]
//! has Rust's form replaced.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};

use pgrx::{PgMemoryContexts, pg_sys};

use super::encoding;

/// A text in both forms.
struct Noted {
    rust: String,
    postgres: CString,
}

thread_local! {
    /// The texts of the report under way.
    static NOTED: RefCell<Vec<Noted>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C-unwind" {
    fn errmsg(format: *const c_char, ...) -> c_int;
    fn errdetail(format: *const c_char, ...) -> c_int;
    fn errhint(format: *const c_char, ...) -> c_int;
}

/// Notes the texts of a report that Rust is about to make.
pub fn announce<'a>(texts: impl Iterator<Item = &'a str>) {
    if encoding::is_utf8() {
        return;
    }
    let both = |text: &str| Noted {
        rust: text.to_string(),
        postgres: CString::new(encoding::encode_for_reading(text)).unwrap_or_default(),
    };
    NOTED.replace(texts.map(both).collect());
}

/// A text of an error that was caught, as PostgreSQL wrote it.
pub fn original(text: &str) -> String {
    NOTED.with_borrow(|noted| {
        let noted = noted.iter().find(|noted| noted.rust == text);
        noted.map_or(text.to_string(), |noted| {
            encoding::decode_for_reading(noted.postgres.as_bytes())
        })
    })
}

/// Looks at the report under way: puts PostgreSQL's form in place of Rust's; texts that are new are PostgreSQL's, and noted.
pub fn convert() {
    if encoding::is_utf8() {
        return;
    }
    let texts = texts();
    let known = |text: &CStr| {
        NOTED.with_borrow(|noted| {
            let noted = noted.iter().find(|noted| noted.rust.as_bytes() == text.to_bytes());
            noted.map(|noted| noted.postgres.clone())
        })
    };
    if texts.iter().flatten().any(|text| known(text).is_some()) {
        let [message, detail, hint] = texts.map(|text| text.and_then(|text| known(&text)));
        // SAFETY: PostgreSQL is reporting, so that the functions may be called; each copies a C string.
        unsafe {
            message.map(|text| errmsg(c"%s".as_ptr(), text.as_ptr()));
            detail.map(|text| errdetail(c"%s".as_ptr(), text.as_ptr()));
            hint.map(|text| errhint(c"%s".as_ptr(), text.as_ptr()));
        }
    } else {
        let both = |text: CString| Noted {
            rust: text.to_string_lossy().into_owned(),
            postgres: text,
        };
        NOTED.replace(texts.into_iter().flatten().map(both).collect());
    }
}

/// Message, detail and hint of the report under way.
fn texts() -> [Option<CString>; 3] {
    // SAFETY: while PostgreSQL reports there are data to copy, which must not be done in the context of errors; the texts are C strings or
    // null, and are copied before the copy is freed.
    unsafe {
        PgMemoryContexts::TopMemoryContext.switch_to(|_| {
            let data = pg_sys::CopyErrorData();
            let copy = |text: *mut c_char| (!text.is_null()).then(|| CStr::from_ptr(text).to_owned());
            let texts = [copy((*data).message), copy((*data).detail), copy((*data).hint)];
            pg_sys::FreeErrorData(data);
            texts
        })
    }
}

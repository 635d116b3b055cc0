//! The type `assay.role`: a role's number inside, its name outside.

use std::cell::RefCell;
use std::ffi::{CStr, c_char};

use pgrx::pg_sys;

use super::arguments;
use super::catalog;
use super::encoding;
use super::entry::Raw;
use super::error::{Error, INVALID_NAME, Result, warning};

/// Everyone, as in PostgreSQL's access control lists.
pub const PUBLIC: pg_sys::Oid = pg_sys::InvalidOid;
/// A role that is not there. No role ever has this number.
pub const NOBODY: pg_sys::Oid = pg_sys::Oid::from_u32(1);

// No role can have either name.
const PUBLIC_NAME: &CStr = c"public";
const NOBODY_NAME: &CStr = c"none";

/// The role that a text names. One that is not there is [`NOBODY`], with a WARNING. Errs with 42602.
fn parse(text: &CStr) -> Result<pg_sys::Oid> {
    let name = identifier(text).ok_or_else(|| {
        Error::new(INVALID_NAME, "invalid input syntax for type assay.role")
            .detail(format!("It is \"{}\".", encoding::decode_for_reading(text.to_bytes())))
            .hint("Write a role's name, in double quotes where SQL needs them, or public.")
    })?;
    if name == PUBLIC_NAME {
        return Ok(PUBLIC);
    }
    // SAFETY: a catalog look-up by a C string; with `missing_ok` it gives InvalidOid instead of an error.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    if role != pg_sys::InvalidOid {
        return Ok(role);
    }
    let name = encoding::decode_for_reading(name.to_bytes());
    warn_once(
        format!("role \"{name}\" does not exist"),
        "What belongs to it will belong to the current role; privileges granted to it are left out.".into(),
    );
    Ok(NOBODY)
}

/// The name in a text that is one identifier, folded and unquoted as SQL does it.
fn identifier(text: &CStr) -> Option<&CStr> {
    // SAFETY: the copy is the function's to change; the list that it makes holds C strings inside the copy, which lives as long as the
    // current memory context, as does `text`.
    unsafe {
        let mut names = std::ptr::null_mut();
        let copy = pg_sys::pstrdup(text.as_ptr());
        if !pg_sys::SplitIdentifierString(copy, b',' as c_char, &mut names) {
            return None;
        }
        let names = pgrx::PgList::<c_char>::from_pg(names);
        match names.get_ptr(0) {
            Some(name) if names.len() == 1 => Some(CStr::from_ptr(name)),
            Some(_) | None => None,
        }
    }
}

/// A role's name as [`parse`] reads it.
fn write(role: pg_sys::Oid) -> *const c_char {
    if role == PUBLIC {
        return PUBLIC_NAME.as_ptr();
    }
    // SAFETY: with `noerr`, the name is null for an unknown role; a quoted name lives as long as the current memory context.
    unsafe {
        match pg_sys::GetUserNameFromId(role, true) {
            name if name.is_null() => NOBODY_NAME.as_ptr(),
            name => pg_sys::quote_identifier(name),
        }
    }
}

/// Warns, once in a statement.
pub fn warn_once(message: String, detail: String) {
    thread_local! {
        static WARNED: RefCell<(pg_sys::TimestampTz, Vec<String>)> = const { RefCell::new((0, Vec::new())) };
    }
    // SAFETY: reads this backend's memory.
    let statement = unsafe { pg_sys::GetCurrentStatementStartTimestamp() };
    let known = WARNED.with_borrow_mut(|(at, messages)| {
        if *at != statement {
            *at = statement;
            messages.clear();
        }
        let known = messages.contains(&message);
        if !known {
            messages.push(message.clone());
        }
        known
    });
    if !known {
        warning(message, Some(detail));
    }
}

/// Argument 0, which is declared `assay.role`.
fn argument(fcinfo: pg_sys::FunctionCallInfo) -> Option<pg_sys::Oid> {
    arguments::datum(fcinfo, 0).map(|datum| pg_sys::Oid::from(datum.value() as u32))
}

/// Text in.
pub fn input(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<Raw>> {
    let Some(datum) = arguments::datum(fcinfo, 0) else {
        return Ok(None);
    };
    // SAFETY: an input function's argument 0 is a C string.
    let role = parse(unsafe { CStr::from_ptr(datum.cast_mut_ptr()) })?;
    Ok(Some(Raw(pg_sys::Datum::from(role))))
}

/// Text out.
pub fn output(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    // SAFETY: the name is a C string; the copy is the caller's.
    argument(fcinfo).map(|role| Raw(pg_sys::Datum::from(unsafe { pg_sys::pstrdup(write(role)) })))
}

/// Binary in: the text, in the client's encoding.
pub fn receive(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<Raw>> {
    let Some(datum) = arguments::datum(fcinfo, 0) else {
        return Ok(None);
    };
    // SAFETY: a receive function's argument 0 is a StringInfo, of which all that is left is read; the text is a C string of the current
    // memory context.
    let text = unsafe {
        let message = datum.cast_mut_ptr::<pg_sys::StringInfoData>();
        let mut length = 0;
        let text = pg_sys::pq_getmsgtext(message, (*message).len - (*message).cursor, &mut length);
        CStr::from_ptr(text)
    };
    parse(text).map(|role| Some(Raw(pg_sys::Datum::from(role))))
}

/// Binary out: the text, in the client's encoding.
pub fn send(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    argument(fcinfo).map(|role| {
        // SAFETY: the buffer is begun, filled and ended as PostgreSQL's own send functions do it.
        unsafe {
            let name = write(role);
            let mut message = pg_sys::StringInfoData::default();
            pg_sys::pq_begintypsend(&mut message);
            pg_sys::pq_sendtext(&mut message, name, CStr::from_ptr(name).count_bytes() as i32);
            Raw(pg_sys::Datum::from(pg_sys::pq_endtypsend(&mut message)))
        }
    })
}

/// A role by its name as users write it in an argument, not quoted; `none` is [`NOBODY`]. `None` when there is no such role.
pub fn named(name: &str) -> Option<pg_sys::Oid> {
    if name.as_bytes() == NOBODY_NAME.to_bytes() {
        return Some(NOBODY);
    }
    super::types::role_named(name)
}

/// What the current role makes of a row that belongs to `role`: its own where it may not act as that one, with a WARNING.
pub fn claimed(role: pg_sys::Oid) -> pg_sys::Oid {
    let current = catalog::current_role();
    if role == NOBODY || role == PUBLIC {
        return current;
    }
    if catalog::acts_for(role) {
        return role;
    }
    let (wanted, mine) = (catalog::role_name(role), catalog::role_name(current));
    warn_once(
        format!("role \"{mine}\" may not act as role \"{wanted}\""),
        format!("What belongs to \"{wanted}\" belongs to \"{mine}\" from now on."),
    );
    current
}

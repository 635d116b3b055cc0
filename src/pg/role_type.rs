//! The type `assay.role`: a role's number inside, its name outside.

use std::ffi::{CStr, c_char};

use pgrx::pg_sys;

use super::arguments;
use super::encoding;
use super::entry::Raw;
use super::error::{Error, INVALID_NAME, Result};
use super::role::{NOBODY, NOBODY_NAME, PUBLIC, PUBLIC_NAME, lookup, warn_once};

/// The role that a text names. One that is not there is [`NOBODY`], with a WARNING. Returns an error with 42602 when the text is no name.
fn parse(text: &CStr) -> Result<pg_sys::Oid> {
    let name = identifier(text).ok_or_else(|| {
        Error::new(INVALID_NAME, "invalid input syntax for type assay.role")
            .detail(format!("It is \"{}\".", encoding::decode_for_reading(text.to_bytes())))
            .hint("Write a role's name, in double quotes where SQL needs them, or public.")
    })?;
    if name == PUBLIC_NAME {
        return Ok(PUBLIC);
    }
    if let Some(role) = lookup(name) {
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

/// The role that a text names, which [`output`] wrote; `None` where it is not there.
pub fn named(text: &str) -> Option<pg_sys::Oid> {
    let text = encoding::encode_c(text).ok()?;
    identifier(&text).and_then(lookup)
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

/// Argument 0, which is declared `assay.role`.
fn argument(fcinfo: pg_sys::FunctionCallInfo) -> Option<pg_sys::Oid> {
    arguments::datum(fcinfo, 0).map(|datum| pg_sys::Oid::from(datum.value() as u32))
}

/// Text in.
pub fn input(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<Raw>> {
    let role = arguments::input_text(fcinfo).map(parse).transpose()?;
    Ok(role.map(|role| Raw(pg_sys::Datum::from(role))))
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

//! The text of a datum: a text's own, or what its type writes for it.

use std::borrow::Cow;
use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::varlena::{varatt_is_1b_e, varatt_is_4b_c, varlena_to_byte_slice};

use super::encoding::decode;

/// The value of a text.
///
/// # Safety
/// `datum` is a non-null text or a type of the same layout; the result lives as long as the datum or the current memory context.
pub(super) unsafe fn text<'a>(datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: as the caller promises.
    decode(unsafe { packed(datum) })
}

/// # Safety
/// As for [`text`].
#[inline(always)]
pub(super) unsafe fn packed<'a>(datum: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: a varlena may be stored elsewhere or compressed: pg_detoast_datum_packed then gives a plain one.
    unsafe {
        let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let stored = varatt_is_1b_e(varlena) || varatt_is_4b_c(varlena);
        let plain = if stored {
            pg_sys::pg_detoast_datum_packed(varlena)
        } else {
            varlena
        };
        varlena_to_byte_slice(plain)
    }
}

/// Bytes of a value that is stored compressed or elsewhere once it is unpacked; 0 for others.
///
/// # Safety
/// `datum` is a non-null value of a type whose values are varlenas.
#[inline]
pub unsafe fn unpacked_size(datum: pg_sys::Datum) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
        match varatt_is_1b_e(varlena) || varatt_is_4b_c(varlena) {
            true => pg_sys::toast_raw_datum_size(datum),
            false => 0,
        }
    }
}

/// What a type's output function writes for a value, in the current memory context.
///
/// # Safety
/// `function` is the output function of the type of `datum`, which is not null.
pub unsafe fn output<'a>(function: &mut pg_sys::FmgrInfo, datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: as the caller promises; the function gives a C string that lives as long as the current memory context.
    unsafe { decode(CStr::from_ptr(pg_sys::OutputFunctionCall(function, datum)).to_bytes()) }
}

/// The text of a value of type `jsonb`, in the current memory context.
///
/// # Safety
/// `datum` is a non-null jsonb.
pub unsafe fn json_text<'a>(datum: pg_sys::Datum) -> Cow<'a, str> {
    // SAFETY: as the caller promises; the function takes one jsonb, and gives a C string that lives as long as the current memory context.
    unsafe {
        let text = pgrx::direct_function_call_as_datum(pg_sys::jsonb_out, &[Some(datum)]);
        text.map_or(Cow::Borrowed("null"), |text| {
            decode(CStr::from_ptr(text.cast_mut_ptr()).to_bytes())
        })
    }
}

/// Binary data as its output function writes it by default: `\x` and two digits a byte.
///
/// # Safety
/// `datum` is a non-null bytea.
pub unsafe fn hexadecimal(datum: pg_sys::Datum) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // SAFETY: as the caller promises; detoasting gives a plain varlena.
    let bytes = unsafe { varlena_to_byte_slice(pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr())) };
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|half| char::from(DIGITS[usize::from(half)])));
    }
    text
}

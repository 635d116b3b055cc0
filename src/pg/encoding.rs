//! Texts at the border: Rust's are UTF-8, PostgreSQL's are in the encoding of the database. In a database in UTF8 nothing is converted.
//!
//! A database in SQL_ASCII keeps whatever bytes a client sends: those that are UTF-8 pass as they are, others are refused.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char};
use std::sync::OnceLock;

use pgrx::pg_sys;

use super::error::{Error, INVALID_TEXT, Result, UNTRANSLATABLE_TEXT};

/// UTF-8, as PostgreSQL numbers encodings.
const UTF8: i32 = pg_sys::pg_enc::PG_UTF8 as i32;
/// No encoding: bytes as they come.
const SQL_ASCII: i32 = pg_sys::pg_enc::PG_SQL_ASCII as i32;

/// The encoding of this backend's database, which never changes.
fn database() -> i32 {
    static KNOWN: OnceLock<i32> = OnceLock::new();
    // SAFETY: reads a setting of the backend.
    *KNOWN.get_or_init(|| unsafe { pg_sys::GetDatabaseEncoding() })
}

/// Whether the database is in UTF8.
pub fn is_utf8() -> bool {
    database() == UTF8
}

/// Whether UTF-8 is stored as it is.
fn keeps_utf8() -> bool {
    matches!(database(), UTF8 | SQL_ASCII)
}

fn database_name() -> String {
    // SAFETY: gives a C string that lives for ever; the names of encodings are ASCII.
    unsafe { CStr::from_ptr(pg_sys::GetDatabaseEncodingName()) }
        .to_string_lossy()
        .into_owned()
}

/// A text of PostgreSQL's as one of Rust's. Raises 22021 for bytes that are no text in the encoding, and 22P05 for a character that has no
/// equivalent.
#[inline]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if keeps_utf8() || text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(decode_foreign(bytes).unwrap_or_else(|error| error.raise())),
    }
}

/// The same for a text that is only to be read: what is no text is replaced.
pub fn decode_for_reading(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if keeps_utf8() || text.is_ascii() => text.to_string(),
        _ => decode_foreign(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned()),
    }
}

#[cold]
fn decode_foreign(bytes: &[u8]) -> Result<String> {
    let invalid = || {
        let shown: String = bytes.escape_ascii().take(200).map(char::from).collect();
        let error = Error::new(INVALID_TEXT, "a text is not valid UTF-8").detail(format!("Its bytes are: {shown}"));
        match database() {
            SQL_ASCII => {
                error.hint("This database's encoding is SQL_ASCII, which keeps any bytes; store the text in UTF-8.")
            }
            _ => error.hint("The value is damaged; store it again."),
        }
    };
    if keeps_utf8() {
        return Err(invalid());
    }
    let length = i32::try_from(bytes.len()).map_err(|_| invalid())?;
    // SAFETY: the pointer and length are of one slice. What is converted is a C string of its own; a text of ASCII alone, which comes back
    // as it is, never gets here.
    let converted = unsafe { CStr::from_ptr(pg_sys::pg_server_to_any(bytes.as_ptr().cast(), length, UTF8)) };
    String::from_utf8(converted.to_bytes().to_vec()).map_err(|_| invalid())
}

/// A C string of PostgreSQL's as a text of Rust's; raises errors as [`decode`] does.
///
/// # Safety
/// `text` points to a C string.
pub unsafe fn decode_c(text: *const c_char) -> String {
    // SAFETY: as the caller promises.
    decode(unsafe { CStr::from_ptr(text) }.to_bytes()).into_owned()
}

/// The name of a column, a role or another object of PostgreSQL's; raises errors as [`decode`] does.
pub fn decode_name(name: &pg_sys::NameData) -> String {
    // SAFETY: a name is a zero-terminated array of 64 bytes.
    unsafe { decode_c(name.data.as_ptr()) }
}

/// A text of Rust's as one of PostgreSQL's. Returns an error with 22P05 for a character that the database's encoding does not have, and for a
/// zero byte, which no text of PostgreSQL's has.
#[inline]
pub fn encode(text: &str) -> Result<Cow<'_, [u8]>> {
    if text.contains('\0') {
        return Err(zero_byte());
    }
    if keeps_utf8() || text.is_ascii() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    convert(text, |missing| Err(untranslatable(missing))).map(Cow::Owned)
}

/// The same as a C string.
pub fn encode_c(text: &str) -> Result<CString> {
    CString::new(encode(text)?).map_err(|_| zero_byte())
}

fn zero_byte() -> Error {
    Error::new(UNTRANSLATABLE_TEXT, "a text contains a zero byte").hint("PostgreSQL has no such texts; remove it.")
}

/// The same for what assay itself made, with characters that only look better than others: those are replaced by ASCII.
pub fn encode_plainly(text: &str) -> Result<CString> {
    if keeps_utf8() || text.is_ascii() {
        return encode_c(text);
    }
    let bytes = convert(text, |missing| {
        lookalike(missing).ok_or_else(|| untranslatable(missing))
    })?;
    CString::new(bytes).map_err(|_| zero_byte())
}

/// A text for people to read: what the database's encoding does not have is replaced by what looks like it, or by a question mark.
pub fn encode_for_reading(text: &str) -> Cow<'_, [u8]> {
    if keeps_utf8() || text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    let readable = convert(text, |missing| Ok(lookalike(missing).unwrap_or(b"?")));
    Cow::Owned(readable.unwrap_or_else(|_| text.escape_default().to_string().into()))
}

/// ASCII for a character of assay's own pages and messages, as wide, and nothing that JSON gives a meaning.
fn lookalike(character: char) -> Option<&'static [u8]> {
    Some(match character {
        '\u{2581}' | '\u{2582}' => b"_",
        '\u{2583}' | '\u{2584}' => b"-",
        '\u{2585}' | '\u{2586}' => b"=",
        '\u{2587}' | '\u{2588}' => b"#",
        '\u{2026}' => b"~",
        '\u{fffd}' => b"?",
        _ => return None,
    })
}

fn untranslatable(character: char) -> Error {
    let encoding = database_name();
    Error::new(
        UNTRANSLATABLE_TEXT,
        format!(
            "character U+{:04X} cannot be written in this database's encoding {encoding}",
            u32::from(character)
        ),
    )
    .hint(format!("Use characters that {encoding} has, or a database in UTF8."))
}

/// So many bytes are converted at once.
const PIECE: usize = 1 << 16;
/// A byte becomes at most so many.
const GROWTH: usize = pg_sys::MAX_CONVERSION_GROWTH as usize;

/// Converts to the database's encoding; `missing` gives what stands for a character that it does not have.
#[cold]
fn convert(text: &str, mut missing: impl FnMut(char) -> Result<&'static [u8]>) -> Result<Vec<u8>> {
    // SAFETY: a catalog look-up by two encodings.
    let function = unsafe { pg_sys::FindDefaultConversionProc(UTF8, database()) };
    if function == pg_sys::InvalidOid {
        return Err(Error::new(
            UNTRANSLATABLE_TEXT,
            format!("there is no conversion from UTF8 to {}", database_name()),
        )
        .hint("Create it again, or set a search_path that has it."));
    }
    let mut converted = Vec::with_capacity(text.len());
    let mut buffer = vec![0_u8; GROWTH * PIECE.min(text.len()) + 1];
    let mut rest = text;
    while !rest.is_empty() {
        let piece = &rest.as_bytes()[..rest.floor_char_boundary(PIECE)];
        // SAFETY: source and destination are slices with their lengths, and the destination has room for the longest result and the zero that
        // ends it. With `noError` the function gives how many bytes it has converted: up to the first character that it cannot.
        let (done, result) = unsafe {
            let done = pg_sys::pg_do_encoding_conversion_buf(
                function,
                UTF8,
                database(),
                piece.as_ptr().cast_mut(),
                piece.len() as i32,
                buffer.as_mut_ptr(),
                buffer.len() as i32,
                true,
            );
            (done, CStr::from_ptr(buffer.as_ptr().cast()))
        };
        converted.extend_from_slice(result.to_bytes());
        let done = usize::try_from(done).unwrap_or(0).min(piece.len());
        let mut after = rest[rest.floor_char_boundary(done)..].chars();
        if done < piece.len()
            && let Some(character) = after.next()
        {
            converted.extend_from_slice(missing(character)?);
        }
        rest = after.as_str();
    }
    Ok(converted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_character_is_one_column_of_ascii_that_json_allows() {
        for character in '\u{2581}'..='\u{2588}' {
            let shown = lookalike(character).unwrap();
            assert!(matches!(shown, [byte] if byte.is_ascii_graphic() && !b"\"\\".contains(byte)));
        }
        assert_eq!(lookalike('\u{2026}'), Some(&b"~"[..]));
        assert_eq!(lookalike('é'), None);
    }
}

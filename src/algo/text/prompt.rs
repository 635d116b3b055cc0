//! What is stored of a prompt: the template of what a model is asked.

use crate::error::{Error, Result};
use crate::template::Template;

/// How such bytes begin; the number of the format follows, and then the text.
const MAGIC: &[u8] = b"assayprm";
const FORMAT: u8 = 1;
const WHAT: &str = "a prompt";
/// The most bytes of a template.
pub const MOST: usize = 256 * 1024;

/// The text of a template, as it is stored.
pub fn to_bytes(text: &str) -> Vec<u8> {
    [MAGIC, &[FORMAT], text.as_bytes()].concat()
}

/// Reads what was stored: a template and its text.
pub fn from_bytes(bytes: &[u8]) -> Result<(String, Template)> {
    let damaged = |problem: &str| Error::damaged(WHAT, problem);
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| damaged("it begins otherwise"))?;
    let (format, text) = rest.split_first().ok_or_else(|| damaged("it ends too early"))?;
    if *format > FORMAT {
        return Err(Error::newer(WHAT, format!("format {format}")));
    }
    let text = std::str::from_utf8(text).map_err(|_| damaged("it is no text"))?;
    let template = Template::parse(text).map_err(|problem| damaged(&problem.to_string()))?;
    Ok((text.to_owned(), template))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_stored_is_read_again() {
        let (text, template) = from_bytes(&to_bytes("Answer $question in ${the language}.")).unwrap();
        assert_eq!(text, "Answer $question in ${the language}.");
        assert_eq!(template.names(), ["question", "the language"]);
    }

    /// Bytes of the first format, as they were written then.
    #[test]
    fn the_first_format_stays_readable() {
        assert_eq!(from_bytes(b"assayprm\x01Say $word.").unwrap().0, "Say $word.");
    }

    #[test]
    fn damaged_and_newer_bytes_are_told_apart() {
        assert!(matches!(from_bytes(b"assayprm\x02Say."), Err(Error::Newer { .. })));
        for bytes in [
            &b""[..],
            b"assayprm",
            b"assayrem\x01x",
            b"assayprm\x01\xff",
            b"assayprm\x01$",
        ] {
            assert!(matches!(from_bytes(bytes), Err(Error::Damaged { .. })), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = from_bytes(&[MAGIC, &bytes].concat());
        }
    }
}

//! Regular expressions that kinds write themselves.

use crate::pg::error::{Error, INVALID_REGEX, Result};
use algo::scan;

/// The characters that mean something in a regular expression.
const SPECIAL: &str = r"\.+*?()|[]{}^$#&-~";

/// Adds a character that means itself.
pub fn push_literal(regex: &mut String, character: char) {
    if SPECIAL.contains(character) {
        regex.push('\\');
    }
    regex.push(character);
}

/// A text that means itself.
pub fn literal(text: &str) -> String {
    let mut regex = String::with_capacity(text.len() + 8);
    text.chars().for_each(|character| push_literal(&mut regex, character));
    regex
}

/// A regular expression, which `what` it is made of. Returns an error with 2201B where it is too large.
pub fn compiled(regex: String, what: &str) -> Result<String> {
    match scan::compile(&regex) {
        Ok(_) => Ok(regex),
        Err(problem) => Err(Error::new(INVALID_REGEX, format!("{what} are too large to be matched"))
            .detail(problem)
            .hint("Divide them among several checks.")),
    }
}

//! Regular expressions that kinds write themselves.

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

//! Documents that people write by hand, JSON or YAML: read as JSON values, and written as YAML. Nothing in a document is believed: no key is
//! given twice, nothing stands for something written elsewhere, and what it may hold is limited.

mod json;
mod yaml;

use serde_json::Value as Json;

pub use self::yaml::{flow, quoted};

/// The most bytes of a document.
pub const MOST_BYTES: usize = 16 << 20;
/// The most values in a document: what each takes in memory is more than it takes in the text.
const MOST_VALUES: usize = 1_000_000;
/// How deep values may be within others, as serde_json has it.
const DEEPEST: usize = 127;

/// Reads a document: JSON where it begins with a brace, else YAML. The error is a sentence without a full stop.
pub fn read(text: &str, monitor: &dyn Fn()) -> Result<Json, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it has {} bytes, but may have {MOST_BYTES}", text.len()));
    }
    if text.trim_start().starts_with('{') {
        json::read(text, monitor)
    } else {
        yaml::read(text, monitor)
    }
}

/// A text short enough for an error.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// What counts the values of a document.
struct Values<'a> {
    count: usize,
    monitor: &'a dyn Fn(),
}

impl Values<'_> {
    /// One more. Looks at the monitor now and then.
    fn add(&mut self) -> Result<(), String> {
        self.count += 1;
        if self.count.is_multiple_of(1000) {
            (self.monitor)();
        }
        match self.count {
            ..=MOST_VALUES => Ok(()),
            _ => Err(format!("it has more than {MOST_VALUES} values")),
        }
    }
}

#[cfg(test)]
mod tests;

//! Where a text has no boundary within what readers take for one character.

use unicode_segmentation::{GraphemeCursor, GraphemeIncomplete, UnicodeSegmentation};

use crate::error::{Error, Result};
use crate::monitor::Pace;

/// Boundaries of graphemes (Unicode's annex 29, section 3) from the beginning of a text to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Graphemes<'t> {
    text: &'t str,
    /// The last boundary that is known.
    known: usize,
}

impl<'t> Graphemes<'t> {
    pub(super) fn new(text: &'t str, known: usize) -> Graphemes<'t> {
        Graphemes { text, known }
    }

    /// Whether the text may be cut at a byte where a character begins. The places asked about ascend.
    pub(super) fn is_boundary(&mut self, at: usize, pace: &mut Pace<'_>) -> Result<bool> {
        let bytes = self.text.as_bytes();
        if at > self.known && at < bytes.len() && bytes[at - 1].is_ascii() && bytes[at].is_ascii() {
            if is_line_end(bytes, at) {
                return Ok(false);
            }
            self.known = at;
        }
        while self.known < at {
            self.next(pace)?;
        }
        Ok(self.known == at)
    }

    /// Goes to the end of the next grapheme, and returns it; the text's end at the end.
    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<usize> {
        let (rest, bytes) = (&self.text[self.known..], self.text.as_bytes());
        let next = self.known + 1;
        if next < bytes.len() && bytes[next - 1].is_ascii() && bytes[next].is_ascii() && !is_line_end(bytes, next) {
            pace.spend(1)?;
            self.known = next;
        } else {
            self.known += first_end(rest, pace)?;
        }
        Ok(self.known)
    }
}

/// Whether a place is between the two characters that end a line together.
fn is_line_end(bytes: &[u8], at: usize) -> bool {
    (bytes[at - 1], bytes[at]) == (b'\r', b'\n')
}

/// The end of a text's first grapheme, which may have any number of marks.
fn first_end(text: &str, pace: &mut Pace<'_>) -> Result<usize> {
    /// Bytes that are looked at first, and then between two looks at the monitor.
    const FIRST: usize = 64;
    const BLOCK: usize = 1 << 16;
    let mut cursor = GraphemeCursor::new(0, text.len(), true);
    let (mut start, mut end) = (0, text.floor_char_boundary(FIRST));
    loop {
        match cursor.next_boundary(&text[start..end], start) {
            Ok(boundary) => {
                let boundary = boundary.unwrap_or(text.len());
                pace.spend(boundary - start.min(boundary))?;
                return Ok(boundary);
            }
            Err(GraphemeIncomplete::NextChunk) => {
                pace.spend(end - start)?;
                (start, end) = (end, text.floor_char_boundary(end + BLOCK));
            }
            Err(GraphemeIncomplete::PreContext(before)) => {
                pace.spend(BLOCK)?;
                let from = text.floor_char_boundary(before.saturating_sub(BLOCK));
                cursor.provide_context(&text[from..before], from);
            }
            Err(GraphemeIncomplete::PrevChunk | GraphemeIncomplete::InvalidOffset) => {
                return Err(Error::Internal("a grapheme ends before it begins"));
            }
        }
    }
}

/// Whether a grapheme ends at a place before or behind a space, which only the character before it has a say in.
pub(super) fn ends_before_spaces(text: &str, at: usize) -> bool {
    let Some(last) = text[..at].chars().next_back() else {
        return true;
    };
    let grapheme = text[at - last.len_utf8()..].graphemes(true).next();
    grapheme.is_none_or(|grapheme| grapheme.len() <= last.len_utf8())
}

//! The lines of Markdown at which it may be cut: the blocks of CommonMark (<https://spec.commonmark.org/0.31.2/>, sections 4 and 5) as far as a
//! line and the one after it tell. A parser would hold the whole text's tree, and could not be stopped.

use std::iter::Peekable;

use super::boundaries::Strength;
use super::lines::Lines;
use crate::error::Result;
use crate::monitor::Pace;

/// Lines of Markdown.
pub(super) struct Markdown<'t> {
    text: &'t str,
    lines: Peekable<Lines<'t>>,
    /// By which letter, and how many of them, the program began that is not over.
    fence: Option<(u8, usize)>,
    is_after_blank: bool,
    is_in_list: bool,
    previous: Previous,
}

/// What the line before was, if it was not blank; else what the last one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    Nothing,
    Heading,
    Text,
    /// A block that nothing goes on with: a program's end, a line across.
    Closed,
}

/// What a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// A heading: 1 for the highest.
    Heading(u8),
    Fence(u8, usize),
    Break,
    Item,
    Text,
}

impl<'t> Markdown<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Markdown {
            text,
            lines: Lines::new(text).peekable(),
            fence: None,
            is_after_blank: false,
            is_in_list: false,
            previous: Previous::Nothing,
        }
    }

    /// The next line before which there may be a cut.
    pub(super) fn next(&mut self, pace: &mut Pace<'_>) -> Result<Option<(usize, Strength)>> {
        while let Some(line) = self.lines.next() {
            pace.spend(line.len())?;
            let (start, line) = (line.start, &self.text[line]);
            let body = line.trim();
            if body.is_empty() {
                self.is_after_blank = true;
                continue;
            }
            let is_after_blank = std::mem::replace(&mut self.is_after_blank, false);
            let strength = match self.fence {
                Some(fence) => self.program(fence, body, is_after_blank),
                None => self.block(line, body, is_after_blank),
            };
            if let Some(strength) = strength {
                return Ok(Some((start, strength)));
            }
        }
        Ok(None)
    }

    /// A line of a program; its last one belongs to those before it.
    fn program(&mut self, (letter, count): (u8, usize), body: &str, is_after_blank: bool) -> Option<Strength> {
        let is_end = body.len() >= count && body.bytes().all(|byte| byte == letter);
        if is_end {
            (self.fence, self.previous) = (None, Previous::Closed);
            return None;
        }
        Some(if is_after_blank { Strength::Item } else { Strength::Line })
    }

    /// A line outside of programs; one that underlines a heading belongs to it.
    fn block(&mut self, line: &str, body: &str, is_after_blank: bool) -> Option<Strength> {
        let indent = line.len() - line.trim_start().len();
        if self.previous == Previous::Text && !is_after_blank && underlined(body).is_some() {
            self.previous = Previous::Heading;
            return None;
        }
        let mut kind = Line::of(body, indent);
        let begins = is_after_blank || self.previous != Previous::Text;
        if kind == Line::Text && begins {
            kind = self.underline().map_or(kind, Line::Heading);
        }
        let was_in_list = std::mem::replace(&mut self.is_in_list, false);
        let (strength, previous) = match kind {
            Line::Heading(rank) => (Strength::Heading(7 - rank), Previous::Heading),
            Line::Fence(letter, count) => {
                self.fence = Some((letter, count));
                (Strength::Block, Previous::Closed)
            }
            Line::Break => (Strength::Block, Previous::Closed),
            Line::Item => {
                self.is_in_list = true;
                let strength = match (was_in_list, indent) {
                    (false, _) => Strength::Block,
                    (true, 0..2) => Strength::Item,
                    (true, _) => Strength::Line,
                };
                (strength, Previous::Text)
            }
            Line::Text => {
                // What is indented, or follows without a blank line, goes on with an item.
                self.is_in_list = was_in_list && (indent >= 2 || !is_after_blank);
                let is_block = begins && !self.is_in_list;
                let strength = if is_block { Strength::Block } else { Strength::Line };
                (strength, Previous::Text)
            }
        };
        // What underlines a heading comes after it.
        let is_underlined = matches!(kind, Line::Heading(_)) && !body.starts_with('#');
        let previous = if is_underlined { Previous::Text } else { previous };
        let before = std::mem::replace(&mut self.previous, previous);
        match before {
            // A heading stays with what it stands above.
            Previous::Heading => Some(strength.min(Strength::Word)),
            Previous::Nothing | Previous::Text | Previous::Closed => Some(strength),
        }
    }

    /// The rank of the heading that the next line makes of this one.
    fn underline(&mut self) -> Option<u8> {
        let next = self.lines.peek()?.clone();
        underlined(self.text[next].trim())
    }
}

/// The rank of a heading above such a line.
fn underlined(body: &str) -> Option<u8> {
    let is_all = |letter| !body.is_empty() && body.bytes().all(|byte| byte == letter);
    match () {
        () if is_all(b'=') => Some(1),
        () if is_all(b'-') => Some(2),
        () => None,
    }
}

impl Line {
    fn of(body: &str, indent: usize) -> Line {
        let bytes = body.as_bytes();
        let Some(&first) = bytes.first() else { return Line::Text };
        let run = bytes.iter().take_while(|byte| **byte == first).count();
        let is_followed = |count: usize| bytes.get(count).is_none_or(u8::is_ascii_whitespace);
        match first {
            b'#' if run <= 6 && indent < 4 && is_followed(run) => Line::Heading(run as u8),
            b'`' | b'~' if run >= 3 => Line::Fence(first, run),
            b'-' | b'*' | b'_' if is_break(bytes, first) => Line::Break,
            b'-' | b'*' | b'+' if is_followed(1) => Line::Item,
            b'0'..=b'9' if is_numbered(bytes) => Line::Item,
            _ => Line::Text,
        }
    }
}

/// Whether a line is one across: three of a letter and more, and spaces.
fn is_break(bytes: &[u8], letter: u8) -> bool {
    let is_part = |byte: &u8| *byte == letter || *byte == b' ' || *byte == b'\t';
    bytes.iter().all(is_part) && bytes.iter().filter(|byte| **byte == letter).count() >= 3
}

/// Whether a line begins with a number of at most nine digits, a point or parenthesis, and a space.
fn is_numbered(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    let is_marked = matches!(bytes.get(digits), Some(b'.' | b')'));
    digits <= 9 && is_marked && bytes.get(digits + 1).is_none_or(u8::is_ascii_whitespace)
}

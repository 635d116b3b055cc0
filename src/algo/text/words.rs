//! The words of a text: the parts with a letter or a digit of those that Unicode's annex 29 divides it into.

use unicode_segmentation::UWordBounds;

use crate::chunk::Segments;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Hands each word over, with the byte behind it. Returns an error when stopped, and when `take` does.
pub fn each_word<'t>(
    text: &'t str,
    monitor: &dyn Monitor,
    mut take: impl FnMut(&'t str, usize) -> Result<()>,
) -> Result<()> {
    let (mut segments, mut pace) = (Segments::<UWordBounds<'_>>::new(text), Pace::new(monitor));
    let mut start = 0;
    while let Some(end) = segments.next(&mut pace)? {
        let word = &text[start..end];
        start = end;
        if word.chars().any(char::is_alphanumeric) {
            take(word, end)?;
        }
    }
    Ok(())
}

/// The byte behind each word.
pub(crate) fn ends(text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
    let mut ends = Vec::new();
    each_word(text, monitor, |_, end| room::push(&mut ends, end))?;
    Ok(ends)
}

//! Texts cut into chunks, with their places in characters.

use serde_json::Value as Json;

use crate::pg::error::Result;
use algo::monitor::Monitor;
use algo_text::embedder::Encoder;

/// A chunk of a text.
pub struct Cut<'t> {
    pub chunk: &'t str,
    /// In characters, from 1; the end is behind the chunk.
    pub start: i32,
    pub end: i32,
}

/// Returns an error unless `chunking` says how texts are cut.
pub fn check(_chunking: &Json) -> Result<()> {
    Ok(())
}

/// Cuts a text.
pub fn cut<'t>(
    text: &'t str,
    _chunking: &Json,
    _encoder: Option<&dyn Encoder>,
    _monitor: &dyn Monitor,
) -> Result<Vec<Cut<'t>>> {
    let mut cuts = Vec::new();
    let mut at = 1;
    for line in text.split_inclusive('\n') {
        let length = line.chars().count() as i32;
        if !line.trim().is_empty() {
            cuts.push(Cut {
                chunk: line.trim_end_matches('\n'),
                start: at,
                end: at + line.trim_end_matches('\n').chars().count() as i32,
            });
        }
        at += length;
    }
    Ok(cuts)
}

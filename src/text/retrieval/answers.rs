//! What a vectorizer's search finds for questions, row by row: a row stands where the first of its chunks does.

use super::questions::{self, Key, Question};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::text::search::{Request, Searcher, Target};
use algo_text::retrieval::Judged;

/// The names of the columns of a source's key.
pub fn key_columns(target: &Target) -> Vec<String> {
    target.layout.key.iter().map(|column| column.name.clone()).collect()
}

/// What is found for each question, judged, as far as the first rows that the request asks for.
pub fn answers(target: &Target, request: &Request, questions: &[Question], watch: &Foreground) -> Result<Vec<Judged>> {
    let mut searcher = Searcher::new(target, request, watch)?;
    let columns = key_columns(target);
    questions
        .iter()
        .map(|question| {
            serve_interrupts();
            let rows = rows(&mut searcher, &question.text, &columns, request.k)?;
            Ok(Judged {
                relevant: rows.iter().map(|key| question.relevant.contains(key)).collect(),
                all: question.relevant.len(),
            })
        })
        .collect()
}

/// The first rows that are found for a question.
fn rows(searcher: &mut Searcher<'_>, question: &str, columns: &[String], depth: usize) -> Result<Vec<Key>> {
    let mut chunks = depth;
    loop {
        let hits = searcher.search_for(question, chunks)?;
        let is_all = hits.len() < chunks;
        let mut keys: Vec<Key> = Vec::new();
        for key in hits.iter().filter_map(|hit| questions::of_json(&hit.key, columns)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if keys.len() >= depth || is_all {
            keys.truncate(depth);
            return Ok(keys);
        }
        chunks = chunks.saturating_mul(2);
    }
}

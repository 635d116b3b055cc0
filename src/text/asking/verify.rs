//! `verify_citations`: what was quoted, against the documents of now, as the caller sees them.

use std::collections::BTreeMap;

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::log;
use super::sources::versions;
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::text::retrieval::questions;
use crate::text::search::{Target, Visible};
use crate::text::vectorizers::definition::Vectorizer;
use algo_text::asking::Plain;

result_row! {
    /// A citation, and what became of it.
    struct CitationRow {
        citation: i32,
        key: Json,
        seq: Option<i32>,
        quote: Option<String>,
        status: &'static str,
        current_seq: Option<i32>,
        version: Option<String>,
        current_version: Option<String>,
    }
}

/// A chunk of now.
struct Current {
    seq: i32,
    text: String,
    version: Option<String>,
}

/// A citation as it was kept.
struct Cited<'a> {
    key: &'a Json,
    seq: Option<i32>,
    quote: &'a str,
    version: Option<&'a str>,
}

impl<'a> Cited<'a> {
    fn of(citation: &'a Json) -> Cited<'a> {
        Cited {
            key: &citation["key"],
            seq: citation["seq"].as_i64().and_then(|seq| i32::try_from(seq).ok()),
            quote: citation["quote"].as_str().unwrap_or_default(),
            version: citation["version"].as_str(),
        }
    }

    /// What became of it: in which chunk the quote stands, or which has its place.
    fn judge<'c>(&self, chunks: &'c [Current], watch: &Foreground) -> Result<(&'static str, Option<&'c Current>)> {
        let same = chunks.iter().find(|chunk| Some(chunk.seq) == self.seq);
        for chunk in same.into_iter().chain(chunks) {
            // What was sent need not be what the chunk says word for word: the same content still says it.
            let is_unchanged = self.version.is_some() && chunk.version.as_deref() == self.version;
            if is_unchanged || Plain::of(&chunk.text, watch)?.find(self.quote, watch)?.is_some() {
                return Ok(("stands", Some(chunk)));
            }
        }
        Ok(match chunks.is_empty() {
            true => ("gone", None),
            false => ("changed", same),
        })
    }
}

/// The chunks of documents, as far as the caller sees them, by the documents' keys.
fn current(target: &Target, keys: &[Vec<String>], columns: &[String]) -> Result<BTreeMap<Vec<String>, Vec<Current>>> {
    let mut visible = Visible::new(target, None)?;
    let chunks = visible.chunks_of(keys)?;
    visible.look(&chunks)?;
    let mut texts = visible.texts(&chunks)?;
    let mut versions = versions(target, &chunks)?;
    let mut by_document: BTreeMap<Vec<String>, Vec<Current>> = BTreeMap::new();
    for chunk in chunks {
        let Some(seen) = visible.seen(chunk) else { continue };
        let (Some(key), Some(text)) = (questions::of_json(&seen.key, columns), texts.remove(&chunk)) else {
            continue;
        };
        by_document.entry(key).or_default().push(Current {
            seq: seen.seq,
            text,
            version: versions.remove(&chunk),
        });
    }
    for chunks in by_document.values_mut() {
        chunks.sort_by_key(|chunk| chunk.seq);
    }
    Ok(by_document)
}

fn verified(id: i64) -> Result<Vec<CitationRow>> {
    let kept = log::open(id)?;
    let cited: Vec<Cited<'_>> = kept.citations.iter().map(Cited::of).collect();
    let mut found = BTreeMap::new();
    let mut columns = Vec::new();
    if let Some(vectorizer) = Vectorizer::by_id(kept.vectorizer)? {
        let target = Target::of_vectorizer(vectorizer)?;
        columns = target.layout.key.iter().map(|column| column.name.clone()).collect();
        let mut keys: Vec<Vec<String>> = cited
            .iter()
            .filter_map(|cited| questions::of_json(cited.key, &columns))
            .collect();
        keys.sort();
        keys.dedup();
        found = current(&target, &keys, &columns)?;
    }
    let watch = Foreground::new()?;
    let mut rows = Vec::new();
    for (number, cited) in (1..).zip(&cited) {
        let chunks = questions::of_json(cited.key, &columns).and_then(|key| found.get(&key));
        let (status, chunk) = cited.judge(chunks.map_or(&[], Vec::as_slice), &watch)?;
        rows.push(CitationRow {
            citation: number,
            key: cited.key.clone(),
            seq: cited.seq,
            quote: Some(cited.quote.to_owned()),
            status,
            current_seq: chunk.map(|chunk| chunk.seq),
            version: cited.version.map(str::to_owned),
            current_version: chunk.and_then(|chunk| chunk.version.clone()),
        });
    }
    Ok(rows)
}

/// `verify_citations(answer_id)`.
#[pg_extern(sql = false)]
fn verify_citations(answer_id: Option<i64>) -> SetOf<CitationRow> {
    set_of(or_raise(required("answer_id", answer_id).and_then(verified)))
}

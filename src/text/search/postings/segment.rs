//! Segments: what is pending becomes one, and small ones become a larger one, so that a search reads few. One session at a time puts a vectorizer's
//! together; whoever finds another at it leaves it to that one. Readers see what their snapshot saw, before or after.

use std::collections::BTreeSet;

use super::{column, require, segments, summary};
use crate::pg::catalog::{self, Key};
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::foreground::Foreground;
use crate::pg::text::Text;
use crate::pg::text_array::TextArray;
use crate::pg::{snapshot, tables};
use algo::monitor::Monitor;
use algo_text::bm25::Corpus;
use algo_text::bm25::block::{self, Block};
use algo_text::bm25::pending::Words;
use algo_text::bm25::segment::Builder;

/// So many pending documents become a segment.
const PENDING: usize = 1024;
/// So many segments of about one size become one.
const SEGMENTS: usize = 8;
/// A segment has no more documents: its words are put together in memory.
const LARGEST: u64 = 1 << 17;
/// Documents of the smallest segments.
const SMALLEST: u64 = 256;
/// Rows of one statement.
const ROWS: usize = 2048;

/// Puts together what is many and small, and leaves out what is gone, unless somebody else is at it. Does about as much work for each document as
/// adding it was, times the logarithm of how many there are.
pub fn tidy(vectorizer: i64, watch: &Foreground) -> Result<()> {
    // With one snapshot for the transaction, what others have put together meanwhile could not be told from what is left to do.
    if snapshot::is_kept() {
        return Ok(());
    }
    if !is_due(vectorizer)? || !begin(vectorizer)? {
        return Ok(());
    }
    // What the session before this one has done is seen from here on.
    if snapshot::with_latest(|| count_pending(vectorizer))? >= PENDING {
        snapshot::with_latest(|| settle(vectorizer, watch))?;
    }
    while let Some(small) = snapshot::with_latest(|| Ok(similar(&segments(vectorizer)?)))? {
        snapshot::with_latest(|| merge(vectorizer, &small, watch))?;
    }
    snapshot::with_latest(|| sweep(vectorizer, watch))
}

fn is_due(vectorizer: i64) -> Result<bool> {
    snapshot::with_latest(|| Ok(count_pending(vectorizer)? >= PENDING || similar(&segments(vectorizer)?).is_some()))
}

/// Takes the lock, until the transaction ends; says whether nobody else has it.
fn begin(vectorizer: i64) -> Result<bool> {
    let taken: Option<bool> = tables::as_owner(|| {
        tables::read(
            "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('assay postings ' OPERATOR(pg_catalog.||) $1::pg_catalog.text, 0))",
            &[vectorizer.into()],
        )
    })?;
    Ok(taken == Some(true))
}

/// How many documents are pending, as far as that matters.
fn count_pending(vectorizer: i64) -> Result<usize> {
    let mut count = 0;
    let key = [Key::BigInt(1, vectorizer)];
    catalog::find(c"posting_pending", c"posting_pending_pkey", &key, |_| {
        count += 1;
        Ok((count >= PENDING).then_some(()))
    })?;
    Ok(count)
}

/// The numbers of segments of about one size that are to become one, if there are enough of them.
fn similar(segments: &[(i64, Corpus)]) -> Option<Vec<i64>> {
    let step = SEGMENTS as u64;
    let (mut least, mut bound) = (0, SMALLEST * step);
    while bound * step <= LARGEST {
        let alike = segments
            .iter()
            .filter(|(_, corpus)| (least..bound).contains(&corpus.documents));
        let alike: Vec<i64> = alike.map(|(segment, _)| *segment).take(SEGMENTS).collect();
        if alike.len() == SEGMENTS {
            return Some(alike);
        }
        (least, bound) = (bound, bound * step);
    }
    None
}

/// The documents that are gone.
fn removed(vectorizer: i64) -> Result<BTreeSet<i64>> {
    let mut removed = BTreeSet::new();
    let key = [Key::BigInt(1, vectorizer)];
    catalog::find(c"posting_removed", c"posting_removed_pkey", &key, |row| {
        removed.insert(require(row, 2)?);
        Ok(None::<()>)
    })?;
    Ok(removed)
}

/// Makes a segment of what is pending.
fn settle(vectorizer: i64, watch: &Foreground) -> Result<()> {
    let removed = removed(vectorizer)?;
    let (mut builder, mut settled) = (Builder::default(), Vec::new());
    let key = [Key::BigInt(1, vectorizer)];
    catalog::find(c"posting_pending", c"posting_pending_pkey", &key, |row| {
        let document = require(row, 2)?;
        settled.push(document);
        if !removed.contains(&document) {
            let content: Vec<u8> = require(row, 3)?;
            add(&mut builder, document, &content)?;
        }
        watch.check()?;
        Ok(None::<()>)
    })?;
    write(vectorizer, builder, watch)?;
    let gone: Vec<i64> = settled
        .iter()
        .copied()
        .filter(|document| removed.contains(document))
        .collect();
    delete("posting_pending", vectorizer, settled)?;
    delete("posting_removed", vectorizer, gone)
}

/// Adds a pending document.
fn add(builder: &mut Builder, document: i64, content: &[u8]) -> algo::error::Result<()> {
    let mut words = Words::of(content)?;
    let length = words.length;
    builder.count(length);
    while let Some((word, frequency)) = words.read()? {
        let word = std::str::from_utf8(word)
            .map_err(|_| algo::error::Error::damaged("a document's list of words", "a word is no text"))?;
        builder.push(word, document, frequency, length)?;
    }
    Ok(())
}

fn delete(table: &str, vectorizer: i64, documents: Vec<i64>) -> Result<()> {
    let delete = format!(
        "DELETE FROM assay.{table} WHERE vectorizer_id OPERATOR(pg_catalog.=) $1 AND document OPERATOR(pg_catalog.=) ANY ($2)"
    );
    tables::as_owner(|| tables::write(&delete, &[vectorizer.into(), documents.into()]))
}

/// Makes one segment of some, without what is gone.
fn merge(vectorizer: i64, old: &[i64], watch: &Foreground) -> Result<()> {
    let removed = removed(vectorizer)?;
    let mut builder = Builder::default();
    // Each document with its length, once; and those that are gone.
    let (mut lengths, mut gone) = (BTreeSet::new(), BTreeSet::new());
    let mut postings = Vec::new();
    for segment in old {
        let keys = [Key::BigInt(1, vectorizer), Key::BigInt(3, *segment)];
        catalog::find(c"posting", c"posting_segment_idx", &keys, |row| {
            let word = row.text(column::WORD)?.unwrap_or_default();
            let content: Vec<u8> = require(row, column::CONTENT)?;
            postings.clear();
            block::read(&summary(row)?, &content, &mut postings)?;
            for posting in &postings {
                if removed.contains(&posting.document) {
                    gone.insert(posting.document);
                    continue;
                }
                lengths.insert((posting.document, posting.length));
                builder.push(&word, posting.document, posting.frequency, posting.length)?;
            }
            watch.check()?;
            Ok(None::<()>)
        })?;
    }
    lengths.iter().for_each(|(_, length)| builder.count(*length));
    write(vectorizer, builder, watch)?;
    tables::as_owner(|| {
        ["posting", "posting_segment"].iter().try_for_each(|table| {
            let delete = format!(
                "DELETE FROM assay.{table} WHERE vectorizer_id OPERATOR(pg_catalog.=) $1 AND segment OPERATOR(pg_catalog.=) ANY ($2)"
            );
            tables::write(&delete, &[vectorizer.into(), old.to_vec().into()])
        })
    })?;
    delete("posting_removed", vectorizer, gone.into_iter().collect())
}

/// Writes the segment that is oldest anew where a quarter of all documents are gone: one at a time, so that each is written when it is its turn.
fn sweep(vectorizer: i64, watch: &Foreground) -> Result<()> {
    let segments = segments(vectorizer)?;
    let all: u64 = segments.iter().map(|(_, corpus)| corpus.documents).sum();
    let gone = removed(vectorizer)?.len() as u64;
    match segments.first() {
        Some((oldest, _)) if gone * 4 >= all.max(SMALLEST) => merge(vectorizer, &[*oldest], watch),
        Some(_) | None => Ok(()),
    }
}

/// Rows for `assay.posting`, gathered for one statement.
#[derive(Default)]
struct Rows {
    words: Vec<String>,
    /// First and last document, how many, greatest frequency, least length.
    numbers: [Vec<i64>; 5],
    contents: Vec<Vec<u8>>,
}

impl Rows {
    fn push(&mut self, word: &str, block: Block) {
        self.words.push(word.to_string());
        let summary = block.summary;
        let numbers = [
            summary.first,
            summary.last,
            summary.documents.into(),
            summary.max_frequency.into(),
            summary.min_length.into(),
        ];
        self.numbers
            .iter_mut()
            .zip(numbers)
            .for_each(|(column, number)| column.push(number));
        self.contents.push(block.bytes);
    }

    fn write(&mut self, vectorizer: i64, segment: i64) -> Result<()> {
        let Rows {
            words,
            numbers,
            contents,
        } = std::mem::take(self);
        let words: TextArray = words
            .iter()
            .map(|word| Text::from(word.as_str()))
            .collect::<Vec<_>>()
            .into();
        let mut parameters: Vec<Parameter> = vec![vectorizer.into(), segment.into(), words.into()];
        parameters.extend(numbers.map(Into::into));
        parameters.push(contents.into());
        tables::write(
            "INSERT INTO assay.posting (vectorizer_id, segment, word, first_document, last_document, documents, max_frequency, min_length, content)
SELECT $1, $2, n.* FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6),
    pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9)) AS n",
            &parameters,
        )
    }
}

/// Writes a segment.
pub fn write(vectorizer: i64, builder: Builder, watch: &Foreground) -> Result<()> {
    let corpus = builder.corpus();
    if corpus.documents == 0 {
        return Ok(());
    }
    let [documents, words] = [corpus.documents, corpus.words].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    tables::as_owner(|| {
        let segment = tables::write_returning::<i64>(
            "INSERT INTO assay.posting_segment (vectorizer_id, segment, documents, words)
VALUES ($1, pg_catalog.nextval('assay.posting_segment_number'), $2, $3) RETURNING segment",
            &[vectorizer.into(), documents.into(), words.into()],
        )?;
        let segment = segment.ok_or_else(|| Error::new(INTERNAL, "a segment of postings has no number"))?;
        let mut rows = Rows::default();
        builder.finish::<Error>(watch, |word, blocks| {
            blocks.into_iter().for_each(|block| rows.push(word, block));
            match rows.words.len() >= ROWS {
                true => rows.write(vectorizer, segment),
                false => Ok(()),
            }
        })?;
        rows.write(vectorizer, segment)
    })
}

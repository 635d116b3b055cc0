//! Chunks come and go. All of it is appended, so that writers of a vectorizer never wait for each other.

use super::segment;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::tables;
use algo_text::analyze::{Bag, Language};
use algo_text::bm25::{pending, segment::Builder};

/// So many chunks that come at once are a segment of their own.
const MANY: usize = 256;
/// Bytes of the words of chunks that are written by one statement.
const BLOCK: usize = 8 << 20;

/// Adds chunks, by their numbers in the store, which no chunk had before, in the transaction that adds them to the store. May put together what was
/// added before.
pub fn add(vectorizer: i64, language: Language, chunks: &[(i64, &str)], watch: &Foreground) -> Result<()> {
    if chunks.is_empty() {
        return Ok(());
    }
    if chunks.len() < MANY {
        add_pending(vectorizer, language, chunks, watch)?;
    } else {
        let mut builder = Builder::default();
        for (document, text) in chunks {
            builder.add(*document, &Bag::of(text, language, watch)?)?;
        }
        segment::write(vectorizer, builder, watch)?;
    }
    segment::tidy(vectorizer, watch)
}

fn add_pending(vectorizer: i64, language: Language, chunks: &[(i64, &str)], watch: &Foreground) -> Result<()> {
    let (mut documents, mut contents, mut size) = (Vec::new(), Vec::new(), 0);
    for (place, (document, text)) in chunks.iter().enumerate() {
        let content = pending::write_bag(&Bag::of(text, language, watch)?)?;
        size += content.len();
        documents.push(*document);
        contents.push(content);
        if size >= BLOCK || place + 1 == chunks.len() {
            let (documents, contents) = (std::mem::take(&mut documents), std::mem::take(&mut contents));
            tables::as_owner(|| {
                tables::write(
                    "INSERT INTO assay.posting_pending (vectorizer_id, document, content)
SELECT $1, n.document, n.content FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS n(document, content)",
                    &[vectorizer.into(), documents.into(), contents.into()],
                )
            })?;
            size = 0;
        }
    }
    Ok(())
}

/// Removes chunks, in the transaction that removes them from the store.
pub fn remove(vectorizer: i64, chunks: &[i64]) -> Result<()> {
    if chunks.is_empty() {
        return Ok(());
    }
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.posting_removed (vectorizer_id, document)
SELECT $1, n.document FROM pg_catalog.unnest($2) AS n(document) ON CONFLICT DO NOTHING",
            &[vectorizer.into(), chunks.to_vec().into()],
        )
    })
}

/// Removes all that is known of a vectorizer's chunks.
pub fn forget(vectorizer: i64) -> Result<()> {
    tables::as_owner(|| {
        ["posting", "posting_segment", "posting_pending", "posting_removed"]
            .iter()
            .try_for_each(|table| {
                let delete = format!("DELETE FROM assay.{table} WHERE vectorizer_id OPERATOR(pg_catalog.=) $1");
                tables::write(&delete, &[vectorizer.into()])
            })
    })
}

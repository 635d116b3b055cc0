//! The best chunks for some words, by BM25. Statistics are those of all chunks, whoever may see them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{column, is_removed, require, segments, summary};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, Result};
use crate::pg::foreground::Foreground;
use algo::monitor::Monitor;
use algo_text::bm25::block::Summary;
use algo_text::bm25::{Corpus, Found, Postings, Top, Weighing, pending, search};

/// Which chunks may be found.
pub type Among<'a> = Option<&'a BTreeSet<i64>>;

/// A word's blocks, by their segments.
type Blocks = BTreeMap<i64, Vec<(Summary, Vec<u8>)>>;

/// A document that is in no segment yet, with its length and how often it has each of the words.
struct Pending {
    document: i64,
    length: u32,
    frequencies: Vec<u32>,
}

/// The best `most` chunks that have one of the words, which are ascending, the best first. Reads only.
pub fn find(
    vectorizer: i64,
    words: &[String],
    among: Among<'_>,
    most: usize,
    watch: &Foreground,
) -> Result<Vec<Found>> {
    let segments = segments(vectorizer)?;
    let (pending, of_pending) = read_pending(vectorizer, words, watch)?;
    let corpus = segments.iter().fold(of_pending, |sum, (_, own)| sum.and(*own));
    let weighing = Weighing::of(&corpus);
    let blocks: Vec<Blocks> = words
        .iter()
        .map(|word| read_blocks(vectorizer, word, watch))
        .collect::<Result<_>>()?;
    let weights: Vec<f64> = (blocks.iter().enumerate())
        .map(|(place, blocks)| {
            let settled: u64 = blocks
                .values()
                .flatten()
                .map(|(summary, _)| u64::from(summary.documents))
                .sum();
            let pending = pending.iter().filter(|own| own.frequencies[place] > 0).count() as u64;
            corpus.weight(settled + pending)
        })
        .collect();
    let failure: RefCell<Option<Error>> = RefCell::new(None);
    let keep = |document: i64| {
        among.is_none_or(|among| among.contains(&document))
            && match is_removed(vectorizer, document) {
                Ok(is_removed) => !is_removed,
                Err(error) => {
                    failure.replace(Some(error));
                    false
                }
            }
    };
    let mut top = Top::new(most);
    for (segment, _) in &segments {
        let postings: Vec<Postings<'_>> = (blocks.iter().zip(&weights))
            .map(|(blocks, weight)| Postings {
                weight: *weight,
                blocks: blocks.get(segment).map_or(Vec::new(), |blocks| {
                    blocks
                        .iter()
                        .map(|(summary, bytes)| (*summary, bytes.as_slice()))
                        .collect()
                }),
            })
            .collect();
        search(&postings, &weighing, &keep, &mut top, watch)?;
    }
    for own in &pending {
        let worth = |(weight, frequency): (&f64, &u32)| match frequency {
            0 => 0.0,
            frequency => weighing.score(*weight, *frequency, own.length),
        };
        let found = Found {
            document: own.document,
            score: weights.iter().zip(&own.frequencies).map(worth).sum(),
        };
        if found.score > 0.0 && top.takes(found) && keep(found.document) {
            top.offer(found);
        }
    }
    match failure.into_inner() {
        Some(error) => Err(error),
        None => Ok(top.finish()),
    }
}

/// The documents that are pending, and how much is in them.
fn read_pending(vectorizer: i64, words: &[String], watch: &Foreground) -> Result<(Vec<Pending>, Corpus)> {
    let (mut pending, mut corpus) = (Vec::new(), Corpus::default());
    let key = [Key::BigInt(1, vectorizer)];
    catalog::find(c"posting_pending", c"posting_pending_pkey", &key, |row| {
        let content: Vec<u8> = require(row, 3)?;
        let mut frequencies = Vec::new();
        let length = pending::frequencies(&content, words, &mut frequencies)?;
        corpus = corpus.and(Corpus {
            documents: 1,
            words: length.into(),
        });
        pending.push(Pending {
            document: require(row, 2)?,
            length,
            frequencies,
        });
        watch.check()?;
        Ok(None::<()>)
    })?;
    Ok((pending, corpus))
}

/// The blocks of a word, of each segment ascending.
fn read_blocks(vectorizer: i64, word: &str, watch: &Foreground) -> Result<Blocks> {
    let mut blocks = Blocks::new();
    let keys = [Key::BigInt(1, vectorizer), Key::Text(2, word)];
    catalog::find(c"posting", c"posting_pkey", &keys, |row| {
        let block = (summary(row)?, require(row, column::CONTENT)?);
        blocks.entry(require(row, column::SEGMENT)?).or_default().push(block);
        watch.check()?;
        Ok(None::<()>)
    })?;
    blocks
        .values_mut()
        .for_each(|blocks| blocks.sort_by_key(|(summary, _)| summary.first));
    Ok(blocks)
}

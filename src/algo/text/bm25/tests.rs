use std::collections::BTreeMap;

use proptest::prelude::*;

use super::block::{self, Block, Posting};
use super::segment::Builder;
use super::*;
use crate::analyze::{Bag, Language, question};
use crate::cranfield::{self, ORACLE};
use crate::error::{Error, Result};
use crate::monitor::Unwatched;

/// A segment as tables keep it.
type Segment = BTreeMap<String, Vec<Block>>;

fn segment(documents: impl Iterator<Item = (i64, String)>) -> (Segment, Corpus) {
    let mut builder = Builder::default();
    for (document, text) in documents {
        let bag = Bag::of(&text, Language::Simple, &Unwatched).unwrap();
        builder.add(document, &bag).unwrap();
    }
    let (mut segment, corpus) = (Segment::new(), builder.corpus());
    builder
        .finish(&Unwatched, |word, blocks| -> Result<()> {
            segment.insert(word.to_string(), blocks);
            Ok(())
        })
        .unwrap();
    (segment, corpus)
}

/// The best documents of several segments.
fn find(segments: &[(Segment, Corpus)], words: &[String], most: usize) -> Vec<Found> {
    let corpus = segments.iter().fold(Corpus::default(), |sum, (_, own)| sum.and(*own));
    let weighing = Weighing::of(&corpus);
    let blocks = |segment: &'_ Segment, word: &String| segment.get(word).cloned().unwrap_or_default();
    let with = |word: &String| {
        let all = segments.iter().flat_map(|(segment, _)| blocks(segment, word));
        all.map(|block| u64::from(block.summary.documents)).sum::<u64>()
    };
    let mut top = Top::new(most);
    for (segment, _) in segments {
        let postings: Vec<Postings<'_>> = (words.iter())
            .map(|word| Postings {
                weight: corpus.weight(with(word)),
                blocks: segment.get(word).map_or(Vec::new(), |blocks| {
                    blocks
                        .iter()
                        .map(|block| (block.summary, block.bytes.as_slice()))
                        .collect()
                }),
            })
            .collect();
        search(&postings, &weighing, &|_| true, &mut top, &Unwatched).unwrap();
    }
    top.finish()
}

#[test]
fn cranfield_is_searched_as_by_other_code() {
    let documents = cranfield::documents();
    assert_eq!(documents.len(), 1400);
    let numbered = || (1_i64..).zip(documents.iter().cloned());
    let one = [segment(numbered())];
    assert_eq!(
        one[0].1,
        Corpus {
            documents: 1400,
            words: ORACLE.words
        }
    );
    // Two segments whose numbers lie between each other find the same.
    let two = [0, 1].map(|odd| segment(numbered().filter(|(document, _)| document % 2 == odd)));
    for (place, text) in cranfield::questions().iter().enumerate() {
        let words = question(text, Language::Simple, &Unwatched).unwrap();
        let found = find(&one, &words, 10);
        let order: Vec<i64> = found.iter().map(|found| found.document).collect();
        assert_eq!(order, ORACLE.best[place], "question {place}");
        assert!((found[0].score - ORACLE.scores[place]).abs() < 1e-8);
        assert_eq!(found, find(&two, &words, 10));
    }
}

fn postings() -> impl Strategy<Value = Vec<Posting>> {
    let posting = (any::<i64>(), 1_u32.., any::<u32>());
    proptest::collection::btree_map(any::<i64>(), posting, 0..700).prop_map(|map| {
        (map.into_iter())
            .map(|(document, (_, frequency, length))| Posting {
                document,
                frequency,
                length,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn blocks_give_back_what_was_put_in(postings in postings()) {
        let mut read = Vec::new();
        for Block { summary, bytes } in block::blocks(&postings).unwrap() {
            prop_assert!(bytes.len() <= block::BYTES);
            block::read(&summary, &bytes, &mut read).unwrap();
        }
        prop_assert_eq!(read, postings);
    }

    #[test]
    fn damaged_blocks_are_errors(postings in postings(), place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        for Block { summary, mut bytes } in block::blocks(&postings).unwrap() {
            let end = cut % bytes.len();
            prop_assert!(block::read(&summary, &bytes[..end], &mut Vec::new()).is_err());
            let place = place % bytes.len();
            bytes[place] = byte;
            // Whatever is read is worth no more than the summary says.
            let mut read = Vec::new();
            if block::read(&summary, &bytes, &mut read).is_ok() {
                prop_assert!(read.is_sorted_by(|a, b| a.document < b.document));
                prop_assert!(read.iter().all(|own| own.frequency <= summary.max_frequency && own.length >= summary.min_length));
            }
        }
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), documents in 0_u32..300) {
        let summary = block::Summary { first: 1, last: 9, documents, max_frequency: 3, min_length: 0 };
        let _ = block::read(&summary, &bytes, &mut Vec::new());
        let mut frequencies = Vec::new();
        let _ = pending::frequencies(&bytes, &["a".into(), "b".into()], &mut frequencies);
        let mut one = bytes;
        one.insert(0, 1);
        let _ = pending::frequencies(&one, &["a".into(), "b".into()], &mut frequencies);
        if let Ok(mut words) = pending::Words::of(&one) {
            while let Ok(Some(_)) = words.read() {}
        }
    }

    #[test]
    fn what_is_skipped_is_never_among_the_best(
        texts in proptest::collection::vec(proptest::collection::vec((0_usize..14, 1_usize..4), 0..10), 1..900),
        asked in proptest::collection::btree_set(0_usize..14, 1..7),
        most in 1_usize..30,
        parts in 1_usize..4,
    ) {
        // Words of very different frequencies.
        let rare = |word: usize, document: usize| word < 10 || document.is_multiple_of(7 * (word - 8));
        let documents: Vec<(i64, String)> = texts.iter().enumerate().map(|(document, words)| {
            let words = words.iter().filter(|(word, _)| rare(*word, document));
            (3 * document as i64, words.map(|(word, times)| format!("w{word} ").repeat(*times)).collect())
        }).collect();
        let segments: Vec<(Segment, Corpus)> = (0..parts).map(|part| {
            segment(documents.iter().filter(|(document, _)| *document as usize / 3 % parts == part).cloned())
        }).collect();
        let words: Vec<String> = asked.iter().map(|word| format!("w{word}")).collect();
        // As many as there are: nothing is skipped.
        let all = find(&segments, &words, documents.len());
        prop_assert_eq!(find(&segments, &words, most), &all[..most.min(all.len())]);
        let with = documents.iter().filter(|(_, text)| text.split(' ').any(|word| words.iter().any(|own| own == word)));
        prop_assert_eq!(all.len(), with.count());
    }
}

#[test]
fn what_is_not_kept_is_not_found() {
    let (segment, corpus) = segment((0..600).map(|document| (document, "a b".to_string())));
    let blocks = segment["a"]
        .iter()
        .map(|block| (block.summary, block.bytes.as_slice()))
        .collect();
    let words = [Postings {
        weight: corpus.weight(600),
        blocks,
    }];
    let mut top = Top::new(3);
    search(
        &words,
        &Weighing::of(&corpus),
        &|document| document % 250 == 249,
        &mut top,
        &Unwatched,
    )
    .unwrap();
    let found: Vec<i64> = top.finish().iter().map(|found| found.document).collect();
    assert_eq!(found, [249, 499]);
}

#[test]
fn a_pending_document_has_its_words() {
    let bag = Bag::of("to be or not to be", Language::Simple, &Unwatched).unwrap();
    let bytes = pending::write_bag(&bag).unwrap();
    let mut frequencies = Vec::new();
    let asked = ["be", "bee", "to", "zoo"].map(String::from);
    assert_eq!(pending::frequencies(&bytes, &asked, &mut frequencies).unwrap(), 6);
    assert_eq!(frequencies, [2, 0, 2, 0]);
    let mut words = pending::Words::of(&bytes).unwrap();
    assert_eq!(words.length, 6);
    assert_eq!(words.read().unwrap(), Some((&b"be"[..], 2)));
    let newer = [&[9], &bytes[1..]].concat();
    assert!(matches!(pending::Words::of(&newer), Err(Error::Newer { .. })));
}

#[test]
fn a_word_that_all_have_weighs_little_and_never_less_than_nothing() {
    let corpus = Corpus {
        documents: 10,
        words: 100,
    };
    assert!(corpus.weight(10) > 0.0 && corpus.weight(10) < corpus.weight(5));
    // The formula, by hand: ln(1 + 9.5 / 1.5) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 20 / 10) / 3).
    let score = Weighing::of(&corpus).score(corpus.weight(1), 3, 20);
    assert!((score - (1.0_f64 + 9.5 / 1.5).ln() * 2.2 / (1.0 + 1.2 * 1.75 / 3.0)).abs() < 1e-12);
}

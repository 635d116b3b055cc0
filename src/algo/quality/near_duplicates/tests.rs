//! Duplicates that are known, texts that are none, and the bounds of memory and time.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::key::{jaccard, pieces};
use super::*;
use crate::hash::hash_u64;
use crate::monitor::{Progress, Unwatched};

fn found(texts: &[String], threshold: f64) -> NearDuplicates {
    let params = Params {
        threshold,
        ..Params::default()
    };
    let rows = (0_u64..).zip(texts.iter().map(String::as_str));
    near_duplicates(rows, params, &Unwatched).unwrap()
}

/// A text of some random words.
fn sentence(row: u64, words: u64) -> String {
    let letter = |draw: u64| char::from(b'a' + (hash_u64(draw, row) % 26) as u8);
    let word = |word: u64| {
        (0..3 + hash_u64(word, row) % 7)
            .map(|place| letter(word * 100 + place))
            .collect::<String>()
    };
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn spellings_of_one_key_are_a_group() {
    let texts = [
        "Jörg Müller",
        "MÜLLER, Jörg",
        "jorg muller",
        "Anna Smith",
        "Anna Smith",
        "!",
        "Anna Smyth",
    ]
    .map(String::from);
    let duplicates = found(&texts, 0.9);
    assert_eq!(
        (
            duplicates.rows,
            duplicates.rows_failed,
            duplicates.groups,
            duplicates.capped_blocks
        ),
        (6, 3, 1, 0)
    );
    assert_eq!(duplicates.largest[0].texts, ["Jörg Müller", "MÜLLER, Jörg"]);
    // One letter of ten.
    let near = found(&texts, 0.4);
    assert_eq!((near.rows_failed, near.groups), (6, 2));
    assert_eq!(near.largest[1].texts, ["Anna Smith", "Anna Smyth"]);
    assert_eq!((near.largest[1].rows, near.largest[1].first_row), (3, 3));
    assert_eq!(found(&texts, 1.0), duplicates);
    assert_eq!(found(&[], 0.9), NearDuplicates::default());
}

/// Each twentieth of 20,000 texts is written again with a letter changed.
#[test]
fn changed_texts_are_found_and_others_are_not() {
    for (words, threshold, least) in [(16, 0.9, 0.985), (10, 0.8, 0.985), (4, 0.6, 0.98)] {
        let mut texts: Vec<String> = (0..20_000).map(|row| sentence(row, words)).collect();
        let mut wanted = 0;
        for row in (0..20_000_usize).step_by(20) {
            let mut changed = texts[row].clone().into_bytes();
            let place = (0..changed.len())
                .filter(|&place| changed[place] != b' ')
                .nth(changed.len() / 2)
                .unwrap();
            changed[place] = b'0';
            let changed = String::from_utf8(changed).unwrap();
            wanted += usize::from(jaccard(&pieces(&key(&texts[row])), &pieces(&key(&changed))) >= threshold);
            texts.push(changed);
        }
        let duplicates = found(&texts, threshold);
        println!(
            "threshold {threshold}: {} groups of {wanted}, {} capped",
            duplicates.groups, duplicates.capped_blocks
        );
        assert!(wanted > 500, "{wanted} pairs at {threshold}");
        assert!(duplicates.groups as f64 >= least * wanted as f64 && duplicates.groups as usize <= wanted);
        assert_eq!(duplicates.rows_failed, 2 * duplicates.groups);
        assert_eq!((duplicates.largest.len(), duplicates.largest[0].rows), (20, 2));
    }
}

/// Texts that are all alike are one block in each band.
#[test]
fn large_blocks_are_capped_and_reported() {
    let start =
        "the same long beginning of a text, word by word by word, that all of the rows have, followed by number ";
    let texts: Vec<String> = (0..5000).map(|row| format!("{start}{row}")).collect();
    let duplicates = found(&texts, 0.8);
    assert!(duplicates.capped_blocks > 0);
    assert!(duplicates.rows_failed > 4900, "{}", duplicates.rows_failed);
}

#[test]
fn memory_is_bounded() {
    let texts: Vec<String> = (0..20_000).map(|row| sentence(row, 10)).collect();
    let rows = || (0_u64..).zip(texts.iter().map(String::as_str));
    let with = |memory| {
        near_duplicates(
            rows(),
            Params {
                memory,
                ..Params::default()
            },
            &Unwatched,
        )
    };
    assert!(with(16 << 20).is_ok());
    for memory in [0, 1 << 20, 4 << 20] {
        assert!(
            matches!(with(memory), Err(Error::Memory { needed, allowed }) if needed > allowed && allowed == memory)
        );
    }
    assert!(
        Finder::new(Params {
            threshold: 0.2,
            ..Params::default()
        })
        .is_err()
    );
    assert!(
        Finder::new(Params {
            threshold: f64::NAN,
            ..Params::default()
        })
        .is_err()
    );
}

/// Stops at the nth look.
struct Stop(AtomicUsize);

impl Monitor for Stop {
    fn check(&self) -> Result<()> {
        match self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Stopped),
        }
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn it_stops_when_asked() {
    let texts: Vec<String> = (0..3000).map(|row| sentence(row, 5)).collect();
    for looks in [0, 2, 10, 50] {
        let rows = (0_u64..).zip(texts.iter().map(String::as_str));
        let stop = Stop(AtomicUsize::new(looks));
        assert_eq!(
            near_duplicates(rows, Params::default(), &stop),
            Err(Error::Stopped),
            "{looks}"
        );
    }
}

proptest! {
    /// What is grouped is what comparing all pairs groups, but for pairs that no band brings together.
    #[test]
    fn groups_are_those_of_all_pairs(texts in prop::collection::vec("[ab]{1,6}( [cd]{1,3})?|\\PC{0,12}", 0..40), threshold in 0.3..=1.0_f64) {
        let duplicates = found(&texts, threshold);
        let keys: Vec<String> = texts.iter().map(|text| key(text)).collect();
        let is_near = |i: usize, j: usize| {
            !keys[i].is_empty() && !keys[j].is_empty() && texts[i] != texts[j]
                && (keys[i] == keys[j] || jaccard(&pieces(&keys[i]), &pieces(&keys[j])) >= threshold && threshold < 1.0)
        };
        let rows = (0..texts.len()).filter(|&i| (0..texts.len()).any(|j| is_near(i, j))).count() as u64;
        prop_assert!(duplicates.rows_failed <= rows);
        let sure = |i: usize, j: usize| is_near(i, j) && keys[i] == keys[j];
        let surely = (0..texts.len()).filter(|&i| (0..texts.len()).any(|j| sure(i, j))).count() as u64;
        prop_assert!(duplicates.rows_failed >= surely);
        prop_assert!(duplicates.groups * 2 <= duplicates.rows_failed);
        let mut reversed = texts.clone();
        reversed.reverse();
        let turned = found(&reversed, threshold);
        prop_assert_eq!((turned.rows, turned.rows_failed, turned.groups), (duplicates.rows, duplicates.rows_failed, duplicates.groups));
    }
}

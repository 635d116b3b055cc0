//! What of a row's chunks stays when the row has changed: a chunk whose formatted text was there before keeps its vector, wherever it has moved.

use std::collections::{BTreeMap, VecDeque};

/// Stands for a formatted text: two texts of one hash are the same.
pub type Hash = [u8; 32];

/// What becomes of the chunks of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// For each chunk that is to be, the place of the stored one that it is made of; `None` for one that is new.
    pub made_of: Vec<Option<usize>>,
    /// The places of stored chunks that are not any more.
    pub gone: Vec<usize>,
}

/// Compares the hashes of the chunks that are stored, in their order, with those that are to be. A chunk that stays where it is is preferred to one
/// that would have to move, and then the first.
pub fn reconcile(stored: &[Hash], wanted: &[Hash]) -> Changes {
    let mut made_of: Vec<Option<usize>> = vec![None; wanted.len()];
    let mut left: BTreeMap<&Hash, VecDeque<usize>> = BTreeMap::new();
    for (place, hash) in stored.iter().enumerate() {
        match wanted.get(place) {
            Some(same) if same == hash => made_of[place] = Some(place),
            Some(_) | None => left.entry(hash).or_default().push_back(place),
        }
    }
    for (slot, hash) in made_of.iter_mut().zip(wanted) {
        if slot.is_none() {
            *slot = left.get_mut(hash).and_then(VecDeque::pop_front);
        }
    }
    let mut gone: Vec<usize> = left.into_values().flatten().collect();
    gone.sort_unstable();
    Changes { made_of, gone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hashes(letters: &str) -> Vec<Hash> {
        letters.bytes().map(|letter| [letter; 32]).collect()
    }

    fn changes(stored: &str, wanted: &str) -> Changes {
        reconcile(&hashes(stored), &hashes(wanted))
    }

    #[test]
    fn what_is_the_same_stays() {
        let same = changes("abc", "abc");
        assert_eq!(same.made_of, [Some(0), Some(1), Some(2)]);
        assert!(same.gone.is_empty());
    }

    #[test]
    fn what_has_moved_moves_and_only_the_rest_is_new() {
        let inserted = changes("abc", "xabc");
        assert_eq!(inserted.made_of, [None, Some(0), Some(1), Some(2)]);
        assert!(inserted.gone.is_empty());
        let removed = changes("abc", "ac");
        assert_eq!((removed.made_of, removed.gone), (vec![Some(0), Some(2)], vec![1]));
    }

    #[test]
    fn a_text_that_is_there_twice_is_two_chunks() {
        let twice = changes("aa", "aaa");
        assert_eq!(twice.made_of, [Some(0), Some(1), None]);
        let once = changes("aab", "ba");
        assert_eq!((once.made_of, once.gone), (vec![Some(2), Some(1)], vec![0]));
    }

    #[test]
    fn a_row_that_is_gone_has_no_chunks() {
        assert_eq!(changes("ab", "").gone, [0, 1]);
        assert_eq!(changes("", "ab").made_of, [None, None]);
    }

    proptest! {
        #[test]
        fn each_stored_chunk_is_used_once_or_gone(stored in "[a-d]{0,12}", wanted in "[a-d]{0,12}") {
            let found = changes(&stored, &wanted);
            let mut all: Vec<usize> = found.made_of.iter().flatten().copied().chain(found.gone.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..stored.len()).collect::<Vec<_>>());
            let (stored, wanted) = (stored.as_bytes(), wanted.as_bytes());
            for (place, made_of) in found.made_of.iter().enumerate() {
                match made_of {
                    Some(of) => prop_assert_eq!(stored[*of], wanted[place]),
                    // New is only what no stored chunk that goes could have been.
                    None => prop_assert!(found.gone.iter().all(|gone| stored[*gone] != wanted[place])),
                }
            }
        }
    }
}

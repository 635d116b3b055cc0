//! How much of two texts is the same: Jaccard's share of the runs of three words that both have.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

use crate::error::Result;
use crate::hash::hash_bytes;
use crate::monitor::{Monitor, Pace};

/// Words of a run.
const RUN: usize = 3;
/// Under what runs are hashed.
const SEED: u64 = 0xa5;

/// The runs of words of a text, by their hashes, ascending.
pub struct Runs(Vec<u64>);

impl Runs {
    /// Of a text with fewer words than a run has, the words are one. Returns an error when stopped.
    pub fn of(text: &str, monitor: &dyn Monitor) -> Result<Runs> {
        let mut pace = Pace::new(monitor);
        let mut words: Vec<u64> = Vec::new();
        for word in text.unicode_words() {
            pace.spend(word.len())?;
            words.push(hash_bytes(SEED, word.to_lowercase().as_bytes()));
        }
        let combine = |run: &[u64]| {
            let bytes: Vec<u8> = run.iter().flat_map(|word| word.to_le_bytes()).collect();
            hash_bytes(SEED, &bytes)
        };
        let runs: BTreeSet<u64> = match words.len() {
            0 => BTreeSet::new(),
            1..RUN => BTreeSet::from([combine(&words)]),
            _ => words.windows(RUN).map(combine).collect(),
        };
        Ok(Runs(runs.into_iter().collect()))
    }

    /// How alike two texts are, from 0 to 1. Texts without words are like none.
    pub fn likeness(&self, other: &Runs) -> f64 {
        let (mut here, mut there, mut both) = (0, 0, 0_usize);
        while let (Some(a), Some(b)) = (self.0.get(here), other.0.get(there)) {
            both += usize::from(a == b);
            here += usize::from(a <= b);
            there += usize::from(b <= a);
        }
        let all = self.0.len() + other.0.len() - both;
        if all == 0 { 0.0 } else { both as f64 / all as f64 }
    }
}

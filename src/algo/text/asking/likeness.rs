//! How much of two texts is the same: Jaccard's share of the runs of three words that both have.

use unicode_segmentation::UnicodeSegmentation;

use crate::error::Result;
use crate::hash::hash_bytes;
use crate::monitor::{Monitor, Pace};
use crate::room;

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
            room::push(&mut words, hash_bytes(SEED, word.to_lowercase().as_bytes()))?;
        }
        let combine = |run: &[u64]| {
            let bytes: Vec<u8> = run.iter().flat_map(|word| word.to_le_bytes()).collect();
            hash_bytes(SEED, &bytes)
        };
        let mut runs: Vec<u64> = Vec::new();
        match words.len() {
            0 => {}
            1..RUN => runs.push(combine(&words)),
            _ => {
                for run in words.windows(RUN) {
                    pace.spend(32)?;
                    room::push(&mut runs, combine(run))?;
                }
            }
        }
        runs.sort_unstable();
        runs.dedup();
        Ok(Runs(runs))
    }

    /// How alike two texts are, from 0 to 1. Texts without words are like none. Returns an error when stopped.
    pub fn likeness(&self, other: &Runs, monitor: &dyn Monitor) -> Result<f64> {
        let mut pace = Pace::new(monitor);
        let (mut here, mut there, mut both) = (0, 0, 0_usize);
        while let (Some(a), Some(b)) = (self.0.get(here), other.0.get(there)) {
            pace.spend(1)?;
            both += usize::from(a == b);
            here += usize::from(a <= b);
            there += usize::from(b <= a);
        }
        let all = self.0.len() + other.0.len() - both;
        Ok(if all == 0 { 0.0 } else { both as f64 / all as f64 })
    }
}

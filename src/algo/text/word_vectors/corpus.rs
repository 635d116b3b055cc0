//! Sentences to learn from, and the words that are frequent enough.

use std::cmp::{Ordering, Reverse};

use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::hash::{mix, seeded};
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::texts::Texts;

/// Sentences as they come.
#[derive(Default)]
pub struct Sentences {
    dictionary: Dictionary,
    counts: Vec<u64>,
    words: Vec<u32>,
    /// Where each sentence ends.
    ends: Vec<usize>,
}

impl Sentences {
    /// Appends a sentence. Returns an error when there is no room for it, and for more than four billion different words.
    pub fn push<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> Result<()> {
        for word in words {
            let code = self.dictionary.code(word, u32::MAX)?;
            let code = code.ok_or_else(|| Error::data("there are too many different words", "train on fewer rows"))?;
            match self.counts.get_mut(code as usize) {
                Some(count) => *count += 1,
                None => room::push(&mut self.counts, 1)?,
            }
            room::push(&mut self.words, code)?;
        }
        room::push(&mut self.ends, self.words.len())
    }

    /// The sentences' frequent words; if shuffled, in an order of the sentences that depends on nothing but what they say. Returns an error when
    /// stopped, and where no word is frequent enough.
    pub(super) fn corpus(self, min_count: u64, shuffle: bool, monitor: &dyn Monitor) -> Result<Corpus> {
        let Sentences {
            dictionary,
            counts,
            words,
            ends,
        } = self;
        let (texts, mut pace) = (dictionary.into_texts(), Pace::new(monitor));
        let mut frequent: Vec<u32> = room::with_capacity(counts.len())?;
        frequent.extend((0..counts.len() as u32).filter(|&code| counts[code as usize] >= min_count));
        if frequent.is_empty() {
            let most = counts.iter().max().copied().unwrap_or(0);
            return Err(Error::data(
                "no word occurs often enough to be learned",
                "give more sentences, or a lower min_count",
            )
            .detail(format!(
                "There are {} words in {} sentences; the most frequent one occurs {most} times, and min_count is {min_count}.",
                words.len(),
                ends.len()
            )));
        }
        let key = |code: &u32| (Reverse(counts[*code as usize]), texts.get(*code as usize));
        frequent.sort_unstable_by(|left, right| key(left).cmp(&key(right)));
        monitor.check()?;
        let mut places = room::filled(u32::MAX, counts.len())?;
        let (mut vocabulary, mut counted) = (Texts::default(), room::with_capacity(frequent.len())?);
        for (place, &code) in (0..).zip(&frequent) {
            places[code as usize] = place;
            vocabulary.reserve(texts.get(code as usize))?;
            vocabulary.push(texts.get(code as usize));
            counted.push(counts[code as usize]);
        }
        let order = order(&words, &ends, &places, shuffle, &mut pace)?;
        let (mut known, mut known_ends) = (room::with_capacity(words.len())?, room::with_capacity(ends.len())?);
        for (_, sentence) in order {
            let start = if sentence == 0 { 0 } else { ends[sentence as usize - 1] };
            for &code in &words[start..ends[sentence as usize]] {
                pace.spend(1)?;
                match places[code as usize] {
                    u32::MAX => {}
                    place => known.push(place),
                }
            }
            if known_ends.last().copied().unwrap_or(0) < known.len() {
                known_ends.push(known.len());
            }
        }
        Ok(Corpus {
            vocabulary,
            counts: counted,
            words: known,
            ends: known_ends,
        })
    }
}

/// The sentences as they came, or, if shuffled, in an order that depends on nothing but what they say, each with its key: rows come as a plan
/// happens to bring them, and what is learned last weighs more. Equal ones are apart then.
fn order(words: &[u32], ends: &[usize], places: &[u32], shuffle: bool, pace: &mut Pace<'_>) -> Result<Vec<(u64, u32)>> {
    let start = |sentence: u32| if sentence == 0 { 0 } else { ends[sentence as usize - 1] };
    let said = |sentence: u32| {
        words[start(sentence)..ends[sentence as usize]]
            .iter()
            .map(|&code| places[code as usize])
    };
    let by_content =
        |left: &(u64, u32), right: &(u64, u32)| left.0.cmp(&right.0).then_with(|| said(left.1).cmp(said(right.1)));
    let count = u32::try_from(ends.len())
        .map_err(|_| Error::data("there are more than four billion sentences", "train on fewer rows"))?;
    let mut order = room::with_capacity(ends.len())?;
    if !shuffle {
        order.extend((0..count).map(|sentence| (0, sentence)));
        return Ok(order);
    }
    for sentence in 0..count {
        pace.spend(8 * (ends[sentence as usize] - start(sentence)))?;
        let hash = said(sentence).fold(seeded(0), |hash, word| mix(hash, u64::from(word)));
        order.push((hash, sentence));
    }
    order = sorted(order, pace, by_content)?;
    // The first of equal sentences has another key than the second.
    let mut last = None;
    let mut equal = 0;
    for entry in &mut order {
        pace.spend(32)?;
        equal = match last {
            Some(last) if by_content(&last, entry).is_eq() => equal + 1,
            Some(_) | None => 0,
        };
        last = Some(*entry);
        entry.0 = mix(entry.0, equal);
    }
    sorted(order, pace, by_content)
}

/// Sorts in parts by the first bits of the keys, between which there is time for a look at the monitor.
fn sorted(
    mut entries: Vec<(u64, u32)>,
    pace: &mut Pace<'_>,
    compare: impl Fn(&(u64, u32), &(u64, u32)) -> Ordering,
) -> Result<Vec<(u64, u32)>> {
    const PARTS: usize = 256;
    let mut parts: Vec<Vec<(u64, u32)>> = vec![Vec::new(); PARTS];
    for entry in entries.drain(..) {
        room::push(&mut parts[(entry.0 >> 56) as usize], entry)?;
    }
    for mut part in parts {
        pace.spend(32 * part.len())?;
        part.sort_unstable_by(&compare);
        entries.append(&mut part);
    }
    Ok(entries)
}

/// Sentences of frequent words only.
pub(super) struct Corpus {
    /// The words, the most frequent first, of equally frequent ones by their bytes.
    pub(super) vocabulary: Texts,
    pub(super) counts: Vec<u64>,
    /// The words of all sentences, by their places in the vocabulary.
    pub(super) words: Vec<u32>,
    /// Where each sentence ends.
    pub(super) ends: Vec<usize>,
}

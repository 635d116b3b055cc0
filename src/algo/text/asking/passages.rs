//! Which chunks a model is told, and in which order: the best first as long as there is room, of those that nearly repeat each other one, the documents in
//! the order of their best chunk, and the chunks of a document as they follow each other in it.

use super::likeness::Runs;
use crate::monitor::Monitor;

/// A chunk that was found. They come in the order of their worth.
#[derive(Debug, Clone, Copy)]
pub struct Passage<'a> {
    /// What its document is told apart by.
    pub document: &'a str,
    /// Its place in its document.
    pub seq: i32,
    /// It, as it would be sent.
    pub text: &'a str,
}

/// What becomes of a chunk that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent, as the source of this number, from 1.
    Sent(usize),
    /// It nearly repeats the one at this place.
    Repeats(usize),
    /// There is no room for it.
    TooLong,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The places of what is sent among what was found, in the order in which it is sent.
    pub order: Vec<usize>,
    /// What becomes of each.
    pub fates: Vec<Fate>,
    /// The tokens of what is sent.
    pub tokens: usize,
}

/// Chooses. `count` says how many tokens a chunk takes, `room` how many there are, and `threshold` from which likeness on chunks repeat each other. A chunk
/// for which there is no room leaves it to the next ones. Returns an error of `count`'s, and when stopped.
pub fn select<E: From<crate::error::Error>>(
    passages: &[Passage<'_>],
    room: usize,
    threshold: f64,
    monitor: &dyn Monitor,
    mut count: impl FnMut(&str) -> Result<usize, E>,
) -> Result<Selection, E> {
    let mut fates = vec![Fate::TooLong; passages.len()];
    let mut chosen: Vec<(usize, Runs)> = Vec::new();
    let mut tokens = 0_usize;
    for (place, passage) in passages.iter().enumerate() {
        monitor.check()?;
        let runs = Runs::of(passage.text, monitor)?;
        if let Some(original) = repeats(&chosen, &runs, passages, place, threshold, monitor)? {
            fates[place] = Fate::Repeats(original);
            continue;
        }
        let wanted = count(passage.text)?;
        if tokens.saturating_add(wanted) > room {
            continue;
        }
        tokens += wanted;
        chosen.push((place, runs));
    }
    let places: Vec<usize> = chosen.iter().map(|(place, _)| *place).collect();
    let best = |place: usize| {
        let document = passages[place].document;
        places
            .iter()
            .find(|other| passages[**other].document == document)
            .copied()
    };
    let mut order = places.clone();
    order.sort_by_key(|place| (best(*place), passages[*place].seq, *place));
    for (place, number) in order.iter().zip(1..) {
        fates[*place] = Fate::Sent(number);
    }
    Ok(Selection { order, fates, tokens })
}

/// The place of what was chosen and is nearly the same.
fn repeats(
    chosen: &[(usize, Runs)],
    runs: &Runs,
    passages: &[Passage<'_>],
    place: usize,
    threshold: f64,
    monitor: &dyn Monitor,
) -> Result<Option<usize>, crate::error::Error> {
    let is_same = |other: usize| passages[other].text.trim() == passages[place].text.trim();
    for (other, others) in chosen {
        if is_same(*other) || others.likeness(runs, monitor)? >= threshold {
            return Ok(Some(*other));
        }
    }
    Ok(None)
}

/// The longest beginning of a text that takes no more than so many tokens: what is sent of the best chunk where there is room for none as a whole. It ends
/// between words, where it has some.
pub fn cut<'t, E: From<crate::error::Error>>(
    text: &'t str,
    room: usize,
    monitor: &dyn Monitor,
    mut count: impl FnMut(&str) -> Result<usize, E>,
) -> Result<&'t str, E> {
    // A token is a byte at least: what is longer than that need not be counted.
    const LONGEST_TOKEN: usize = 64;
    let (mut fits, mut over) = (0_usize, text.len().min(room.saturating_mul(LONGEST_TOKEN)) + 1);
    while over - fits > 1 {
        monitor.check()?;
        let middle = text.floor_char_boundary(fits + (over - fits) / 2);
        if middle <= fits {
            break;
        }
        match count(&text[..middle])? <= room {
            true => fits = middle,
            false => over = middle,
        }
    }
    let cut = &text[..fits];
    if fits == text.len() {
        return Ok(cut);
    }
    let end = cut.rfind(char::is_whitespace).filter(|end| *end * 2 > fits);
    Ok(end.map_or(cut, |end| &cut[..end]))
}

//! Which casings conflict.

use super::FormatTally;
use super::casing::{Spelled, Spellings};
use super::conflicts::{Conflict, ConventionRows, examples, is_covered};
use super::convention::{Convention, Family};

/// The styles of words, and the phrases in them.
const STYLES: [Convention; 4] = [
    Convention::TitleCase,
    Convention::LowerCase,
    Convention::UpperCase,
    Convention::MixedCase,
];
const PHRASES: [Convention; 3] = [
    Convention::TitlePhrase,
    Convention::LowerPhrase,
    Convention::UpperPhrase,
];

/// The rows of a tally that are words.
pub(super) fn words(tally: &FormatTally) -> u64 {
    STYLES.into_iter().map(|style| tally.rows_of(style)).sum()
}

/// A conflict of casings.
pub(super) fn casing(segments: &[&FormatTally]) -> Option<Conflict> {
    let words: Vec<(usize, &FormatTally)> = segments
        .iter()
        .enumerate()
        .filter(|(_, tally)| is_covered(Family::Casing, tally))
        .map(|(place, tally)| (place, *tally))
        .collect();
    let rows_of = |convention: Convention| words.iter().map(|(_, tally)| tally.rows_of(convention)).sum::<u64>();
    let rows: u64 = STYLES.into_iter().map(rows_of).sum();
    let conventions = |of: &[Convention]| {
        let mut found: Vec<ConventionRows> = of
            .iter()
            .map(|&convention| ConventionRows {
                convention,
                rows: rows_of(convention),
                examples: examples(&[convention], segments),
            })
            .filter(|found| found.rows > 0)
            .collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.rows));
        found
    };
    let within = |of: &[Convention]| {
        let mut segments = words.iter();
        segments.any(|(_, tally)| of.iter().filter(|&&convention| tally.rows_of(convention) > 0).count() > 1)
    };
    if let Some(Respelled {
        rows_failed,
        exact,
        segments: odd,
    }) = respelled(&words, rows)
    {
        return Some(Conflict {
            family: Family::Casing,
            conventions: conventions(&STYLES),
            rows,
            rows_failed,
            exact,
            segments: odd,
            within_segments: within(&STYLES),
        });
    }
    let found = conventions(&PHRASES);
    let phrases: u64 = found.iter().map(|found| found.rows).sum();
    let main = found.first()?;
    let odd = phrases - main.rows;
    // Where many words have no style of their own, as at the beginning of sentences, no style is the rule.
    let ruled = main.rows as f64 >= 0.8 * phrases as f64 && rows_of(Convention::MixedCase) as f64 <= 0.2 * rows as f64;
    let failed = |tally: &FormatTally| {
        let others = PHRASES.into_iter().filter(|&phrase| phrase != main.convention);
        others.map(|phrase| tally.rows_of(phrase)).sum::<u64>()
    };
    (odd >= 3 && ruled).then(|| Conflict {
        family: Family::Casing,
        rows: phrases,
        rows_failed: odd,
        exact: true,
        segments: words
            .iter()
            .map(|(place, tally)| (*place, failed(tally)))
            .filter(|&(_, failed)| failed > 0)
            .collect(),
        within_segments: within(&PHRASES),
        conventions: found.clone(),
    })
}

/// Values that recur in another casing.
struct Respelled {
    /// The rows whose value is mostly written in another one.
    rows_failed: u64,
    /// Whether they were counted; else they are projected.
    exact: bool,
    /// The places of the segments that have some, with their number.
    segments: Vec<(usize, u64)>,
}

/// The rows whose value is mostly written in another casing, where values recur.
fn respelled(segments: &[(usize, &FormatTally)], rows: u64) -> Option<Respelled> {
    let mut all = Spellings::default();
    segments.iter().for_each(|(_, tally)| all.merge(&tally.spellings));
    let Spelled {
        values,
        rows: sampled,
        odd,
        complete,
    } = all.spelled();
    if odd == 0 || sampled < 2 * values {
        return None;
    }
    let projected = |odd: u64, sampled: u64, rows: u64| match complete {
        true => odd,
        false => ((odd as f64 / sampled as f64 * rows as f64).round() as u64).max(odd),
    };
    let of_segment = |&(place, tally): &(usize, &FormatTally)| {
        let (sampled, odd) = tally.spellings.odd_by(&all);
        (odd > 0).then(|| (place, projected(odd, sampled, words(tally))))
    };
    Some(Respelled {
        rows_failed: projected(odd, sampled, rows),
        exact: complete,
        segments: segments.iter().filter_map(of_segment).collect(),
    })
}

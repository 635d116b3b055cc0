//! Columns that number rows instead of describing them.

use std::collections::HashSet;

use super::Leak;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::pipeline::word_count;
use crate::texts::Texts;

/// Rows that are looked at to see whether values repeat.
const LOOKED_AT: usize = 8192;
/// Fewer different values than this may just be different.
const FEWEST: usize = 100;
/// Fewer numbers than this may have no gaps by chance.
const FEWEST_WITHOUT_GAPS: usize = 500;

/// Whole numbers that look like an identifier: they are all different, and are called one or have next to no gaps. The rows are in an order of
/// their own. O(rows).
pub(crate) fn numeric(name: &str, values: &[f64]) -> Option<Leak> {
    let known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .take(LOOKED_AT)
        .collect();
    let called = is_called_identifier(name);
    if known.len() < if called { FEWEST } else { FEWEST_WITHOUT_GAPS } {
        return None;
    }
    let mut seen = HashSet::with_capacity(known.len());
    if !known.iter().all(|value| seen.insert(value.to_bits())) {
        return None;
    }
    let (mut rows, mut least, mut greatest) = (0_u64, f64::INFINITY, f64::NEG_INFINITY);
    for value in values.iter().copied().filter(|value| !value.is_nan()) {
        (rows, least, greatest) = (rows + 1, least.min(value), greatest.max(value));
    }
    // Held-out rows leave gaps.
    let without_gaps = greatest - least < 1.5 * rows as f64;
    (called || without_gaps).then(|| {
        let figure = format!("its {rows} whole numbers from {least} to {greatest} are all different");
        leak(name, &figure, 1.0, "")
    })
}

/// A category that looks like an identifier: each of its values is another, or where they are more than are kept, nearly each. Sentences differ, too,
/// but name nothing. Returns an error only when stopped.
pub(crate) fn category(name: &str, counts: &Counts, levels: &Texts, monitor: &dyn Monitor) -> Result<Option<Leak>> {
    let Counts {
        distinct,
        present,
        is_capped,
    } = *counts;
    let all_different = distinct as u64 == present && distinct >= FEWEST;
    let hardly_repeat = is_capped && distinct as u64 * 2 > present;
    if !(all_different || hardly_repeat) || are_sentences(levels, monitor)? {
        return Ok(None);
    }
    let figure = match all_different {
        true => format!("its {present} values are all different"),
        false => format!("{distinct} of its {present} values are different"),
    };
    let part = " A part that repeats, such as an e-mail's domain, may be of use.";
    Ok(Some(leak(name, &figure, distinct as f64 / present as f64, part)))
}

/// How often the values of a category repeat.
pub(crate) struct Counts {
    /// Different values.
    pub(crate) distinct: usize,
    /// Rows that have one.
    pub(crate) present: u64,
    /// Whether there are more than are kept.
    pub(crate) is_capped: bool,
}

fn leak(name: &str, figure: &str, evidence: f64, more: &str) -> Leak {
    Leak {
        feature: name.into(),
        reason: format!("identifier: {figure}"),
        evidence,
        message: format!("column \"{name}\" looks like an identifier: {figure}"),
        advice: format!(
            "If it only names or numbers the rows, leave it out with exclude => ARRAY['{}']: what it seems to tell of them is no use for new ones.{more}",
            name.replace('\'', "''")
        ),
    }
}

/// Whether most texts have several words: then they differ as sentences do, and not to name something.
fn are_sentences(levels: &Texts, monitor: &dyn Monitor) -> Result<bool> {
    const LOOKED_AT: usize = 500;
    let looked_at = levels.len().min(LOOKED_AT);
    let (mut words, mut pace) = (0, Pace::new(monitor));
    for level in 0..looked_at {
        words += word_count(levels.get(level), &mut pace)?;
    }
    Ok(words >= 3 * looked_at)
}

/// Whether a name says that a column identifies rows.
fn is_called_identifier(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).collect();
    let last = words.last().copied().unwrap_or_default();
    matches!(
        last,
        "id" | "ids" | "key" | "pk" | "uid" | "uuid" | "guid" | "serial" | "rownum" | "rowid"
    ) || name.ends_with("Id")
        || name.ends_with("ID")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn looks_like_one(name: &str, values: impl Iterator<Item = u32>) -> bool {
        numeric(name, &values.map(f64::from).collect::<Vec<f64>>()).is_some()
    }

    #[test]
    fn identifiers_are_found_by_name_or_by_having_no_gaps() {
        // Every fifth row is held out.
        let trained = || (1..=1000).filter(|row| row % 5 > 0);
        assert!(
            looks_like_one("customer_id", trained())
                && looks_like_one("nr", trained())
                && looks_like_one("Id", trained())
        );
        assert!(looks_like_one("customerID", (0..200).map(|i| i * 7919)));
        // Amounts may all be different, and ages are not.
        assert!(!looks_like_one("amount", (0..1000).map(|i| i * 7919 % 1_000_003)));
        assert!(!looks_like_one("customer_id", (0..1000).map(|i| i % 300)));
        assert!(!looks_like_one("age", (0..80).map(|i| i + 18)));
        assert!(!looks_like_one("paid", (0..400).map(|i| i * 31)));
    }

    #[test]
    fn texts_that_hardly_repeat_are_found_unless_they_are_sentences() {
        let look = |name: &str, texts: Vec<String>, present: u64, is_capped: bool| {
            let counts = Counts {
                distinct: texts.len(),
                present,
                is_capped,
            };
            let leak = category(name, &counts, &texts.into_iter().collect(), &Unwatched);
            leak.unwrap().is_some()
        };
        let mails = |rows: usize| (0..rows).map(|row| format!("{row}@example.org")).collect();
        let sentences = |rows: usize| (0..rows).map(|row| format!("this is review {row}")).collect();
        assert!(look("email", mails(7977), 8000, true) && !look("email", mails(300), 8000, true));
        assert!(look("email", mails(150), 150, false) && !look("email", mails(150), 170, false));
        assert!(!look("customer_id", mails(50), 50, false), "too few");
        assert!(!look("review", sentences(8000), 8000, true));
    }
}

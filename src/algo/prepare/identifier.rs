//! Columns that number rows instead of describing them.

use std::collections::HashSet;

use super::Note;

/// Rows that are looked at to see whether values repeat.
const LOOKED_AT: usize = 8192;
/// Fewer different numbers than this may just be different.
const FEWEST: usize = 100;
/// Fewer numbers than this may have no gaps by chance.
const FEWEST_WITHOUT_GAPS: usize = 500;

/// What is said of whole numbers that look like an identifier: they are all different, and are called one or have next to no gaps. The rows are in
/// an order of their own. O(rows).
pub(super) fn numeric(name: &str, values: &[f64]) -> Option<Note> {
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
    (called || without_gaps).then(|| Note {
        message: format!(
            "column \"{name}\" looks like an identifier: its {rows} whole numbers from {least} to {greatest} are all different"
        ),
        hint: Some(format!(
            "If it only names or numbers the rows, leave it out with exclude => ARRAY['{}']: what it seems to tell of them is no use for new ones.",
            name.replace('\'', "''")
        )),
    })
}

/// What is said of a category with more levels than are kept: where it has nearly as many as values, that it looks like an identifier.
pub(super) fn capped(name: &str, distinct: usize, kept: usize, capped: u64, present: u64) -> Note {
    Note {
        message: format!(
            "column \"{name}\" has {distinct} categories: the {kept} most frequent are kept, the {capped} rows of the others are one category"
        ),
        hint: (distinct as u64 * 2 > present).then(|| {
            format!(
                "Its {present} values hardly repeat, as those of an identifier: leave it out with exclude, or give the part that repeats, \
                 such as an e-mail's domain."
            )
        }),
    }
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
    fn levels_nearly_as_many_as_rows_are_said_to_be_one() {
        let hint = |distinct| capped("email", distinct, 253, 8000, 8000).hint;
        assert!(hint(7977).is_some() && hint(300).is_none());
    }
}

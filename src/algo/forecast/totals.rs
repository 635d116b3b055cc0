//! Totals of series, by the columns of their keys from left to right.

use std::collections::BTreeMap;

use super::frequency::Frequency;
use super::notes::Note;
use super::regular::Regular;
use crate::error::{Error, Result};
use crate::room;

/// A total and its parts.
pub(super) struct Total {
    /// The first columns of the parts' keys.
    pub key: Vec<String>,
    /// Ascending.
    pub parts: Vec<usize>,
}

/// The totals of all keys that begin the same, the whole first. None where a key has no column.
pub(super) fn totals(keys: &[&[String]]) -> Vec<Total> {
    let mut found: BTreeMap<(usize, &[String]), Vec<usize>> = BTreeMap::new();
    for (part, key) in keys.iter().enumerate() {
        for length in 0..key.len() {
            found.entry((length, &key[..length])).or_default().push(part);
        }
    }
    let total = |((_, key), parts): ((usize, &[String]), Vec<usize>)| Total {
        key: key.to_vec(),
        parts,
    };
    found.into_iter().map(total).collect()
}

/// Returns an error unless all series have values of one frequency, and end together: only then their forecasts are of the same times.
pub(super) fn check_together(series: &[(Frequency, &Regular)]) -> Result<()> {
    let Some((frequency, first)) = series.first() else {
        return Ok(());
    };
    let hint = "Give every series its values, or leave \"reconcile\" out.";
    for (other, regular) in series {
        if regular.values.is_empty() {
            return Err(Error::data(
                "a series without a value cannot be a part of a total",
                hint,
            ));
        }
        if other != frequency {
            let found = format!(
                "One has a value every {}, another every {}.",
                frequency.name(),
                other.name()
            );
            return Err(
                Error::data("series of different frequencies cannot be parts of one total", hint).detail(found),
            );
        }
        if frequency.step_of(regular.last, first.last) != frequency.step_of(first.last, first.last) {
            return Err(Error::data(
                "series that end at different times cannot be parts of one total",
                hint,
            ));
        }
    }
    Ok(())
}

/// The sum of parts that end together: a part that begins later counts as zero before.
pub(super) fn sum(parts: &[&Regular]) -> Result<Regular> {
    let length = parts.iter().map(|part| part.values.len()).max().unwrap_or(0);
    let mut values = room::zeros(length)?;
    for part in parts {
        let begin = length - part.values.len();
        values[begin..]
            .iter_mut()
            .zip(&part.values)
            .for_each(|(sum, value)| *sum += value);
    }
    let negative = values.iter().filter(|value| **value < 0.0).count();
    let zeros = values.iter().filter(|value| **value == 0.0).count();
    let notes = [Note::Zeros(zeros), Note::Negative(negative)];
    Ok(Regular {
        last: parts.first().map_or(0, |part| part.last),
        regressors: Vec::new(),
        notes: notes.into_iter().filter(|note| note.count() > 0).collect(),
        values,
    })
}

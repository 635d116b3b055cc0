//! Runs of neighbouring tokens.

use std::ops::RangeInclusive;

use super::parameter;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::texts::Texts;

/// How many tokens the shortest and the longest n-gram have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes(RangeInclusive<usize>);

impl Sizes {
    /// Returns an error for sizes below 1, and for a longest that is shorter than the shortest.
    pub fn new(shortest: i64, longest: i64) -> Result<Sizes> {
        match (usize::try_from(shortest), usize::try_from(longest)) {
            (Ok(shortest @ 1..), Ok(longest)) if longest >= shortest => Ok(Sizes(shortest..=longest)),
            _ => {
                let found = format!("{shortest} to {longest}");
                Err(parameter(
                    "range",
                    found,
                    "a size of 1 or more, or two of them, the lesser first",
                ))
            }
        }
    }
}

/// The n-grams of tokens: those that begin with the first token, the shortest first, then those that begin with the second, and so on. Returns an
/// error when stopped, and where there is no room. O(bytes given back).
pub fn ngrams(tokens: &[&str], sizes: &Sizes, separator: &str, monitor: &dyn Monitor) -> Result<Texts> {
    let (shortest, longest) = (*sizes.0.start(), *sizes.0.end());
    let mut grams = Texts::default();
    let mut pace = Pace::new(monitor);
    let mut gram = String::new();
    for start in 0..tokens.len() {
        gram.clear();
        for (size, token) in (1..=longest).zip(&tokens[start..]) {
            let separator = if size > 1 { separator } else { "" };
            room::reserve_text(&mut gram, separator.len() + token.len())?;
            gram.push_str(separator);
            gram.push_str(token);
            pace.spend(1 + gram.len())?;
            if size >= shortest {
                grams.reserve(&gram)?;
                grams.push(&gram);
            }
        }
    }
    Ok(grams)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn of(tokens: &[&str], shortest: i64, longest: i64) -> Vec<String> {
        let sizes = Sizes::new(shortest, longest).unwrap();
        let grams = ngrams(tokens, &sizes, "#", &Unwatched).unwrap();
        grams.iter().map(String::from).collect()
    }

    #[test]
    fn they_are_in_the_order_of_their_first_token() {
        assert_eq!(of(&["a", "b", "c"], 2, 3), ["a#b", "a#b#c", "b#c"]);
        assert_eq!(of(&["a", "b", "c"], 1, 1), ["a", "b", "c"]);
        assert_eq!(of(&["a", "b"], 3, 9), [] as [&str; 0]);
        assert_eq!(of(&[], 1, 2), [] as [&str; 0]);
    }

    #[test]
    fn wrong_sizes_are_errors() {
        for (shortest, longest) in [(0, 1), (-1, 2), (3, 2), (i64::MIN, i64::MAX)] {
            assert!(Sizes::new(shortest, longest).is_err(), "{shortest} {longest}");
        }
        assert!(Sizes::new(2, i64::MAX).is_ok());
    }
}

//! The baseline of a column of categories.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::frame::MISSING;

/// Levels that a baseline counts by name, at most.
const LEVELS: usize = 254;

/// Statistics of categories: the most frequent levels with their counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CategorySummary {
    /// Names and rows, as the reference ranks them: the most frequent first, of equals the one that came first.
    pub(super) levels: Vec<(String, u64)>,
    /// Rows of all other levels.
    pub(super) other: u64,
    /// Levels that occur, where that is known.
    pub(super) distinct: Option<u64>,
}

impl CategorySummary {
    /// Of codes into `names`; a code without a name counts as a level whose name is its number. O(n + levels log levels).
    pub(super) fn of(codes: &[u32], names: &[String]) -> CategorySummary {
        let counts = count(codes, names.len());
        let mut occurring: Vec<(usize, u64)> = counts.into_iter().enumerate().filter(|&(_, rows)| rows > 0).collect();
        occurring.sort_by_key(|&(code, rows)| (std::cmp::Reverse(rows), code));
        let name = |code: usize| names.get(code).cloned().unwrap_or_else(|| code.to_string());
        CategorySummary {
            distinct: Some(occurring.len() as u64),
            other: occurring.iter().skip(LEVELS).map(|&(_, rows)| rows).sum(),
            levels: occurring
                .into_iter()
                .take(LEVELS)
                .map(|(code, rows)| (name(code), rows))
                .collect(),
        }
    }

    /// Of codes into `names`, counted under the levels of another. O(n + levels log levels).
    pub(super) fn within(&self, codes: &[u32], names: &[String]) -> CategorySummary {
        let mut places: Vec<(&str, usize)> = self
            .levels
            .iter()
            .enumerate()
            .map(|(i, (name, _))| (name.as_str(), i))
            .collect();
        places.sort_unstable();
        let mut summary = CategorySummary {
            distinct: Some(0),
            ..self.clone()
        };
        summary.other = 0;
        summary.levels.iter_mut().for_each(|(_, rows)| *rows = 0);
        let mut distinct = 0;
        for (code, rows) in count(codes, names.len())
            .into_iter()
            .enumerate()
            .filter(|&(_, rows)| rows > 0)
        {
            distinct += 1;
            let place = names
                .get(code)
                .and_then(|name| places.binary_search_by_key(&name.as_str(), |&(name, _)| name).ok());
            match place {
                Some(place) => summary.levels[places[place].1].1 += rows,
                None => summary.other += rows,
            }
        }
        summary.distinct = Some(distinct);
        summary
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.other + self.levels.iter().map(|(_, rows)| rows).sum::<u64>()
    }

    pub(super) fn merge(&mut self, other: &CategorySummary) -> Result<()> {
        if !self
            .levels
            .iter()
            .map(|(name, _)| name)
            .eq(other.levels.iter().map(|(name, _)| name))
        {
            return Err(Error::Mismatch {
                left: "categories counted under some levels".into(),
                right: "categories counted under other levels".into(),
            });
        }
        self.levels
            .iter_mut()
            .zip(&other.levels)
            .for_each(|((_, ours), (_, theirs))| *ours += theirs);
        self.distinct = match (self.other, other.other) {
            (0, 0) => Some(self.levels.iter().filter(|&&(_, rows)| rows > 0).count() as u64),
            // Which levels the other rows have in common is not known.
            _ => None,
        };
        self.other += other.other;
        Ok(())
    }

    pub(super) fn is_sound(&self) -> bool {
        let mut names: Vec<&str> = self.levels.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.is_sorted_by(|a, b| a < b)
            && names.len() <= LEVELS
            && self
                .levels
                .iter()
                .try_fold(self.other, |sum, (_, rows)| sum.checked_add(*rows))
                .is_some()
    }

    /// The levels that are counted by name, with their rows.
    pub fn levels(&self) -> &[(String, u64)] {
        &self.levels
    }

    /// The rows of all other levels.
    pub fn other(&self) -> u64 {
        self.other
    }

    /// How many levels occur. `None` for a merge whose rows are partly of other levels.
    pub fn distinct(&self) -> Option<u64> {
        self.distinct
    }
}

/// The rows of each code below `levels`, or of more when codes go further; missing ones left out.
fn count(codes: &[u32], levels: usize) -> Vec<u64> {
    let mut counts = vec![0; levels];
    for &code in codes.iter().filter(|&&code| code != MISSING) {
        if counts.len() <= code as usize {
            counts.resize(code as usize + 1, 0);
        }
        counts[code as usize] += 1;
    }
    counts
}

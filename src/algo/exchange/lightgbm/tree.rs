//! A tree of the text.

use super::WHAT;
use super::text::{Entries, full_list, list, value, wrong};
use crate::error::{Error, Result};
use crate::exchange::columns::MOST_CODES;
use crate::exchange::{Columns, Grown, Known, Node, unsupported};
use crate::monitor::{Monitor, Pace};

/// In `decision_type`: the split is by a category.
pub(super) const CATEGORY: u8 = 1;
/// In `decision_type`: missing values go left.
pub(super) const MISSING_LEFT: u8 = 2;
/// In `decision_type`: the type of missing values begins at this bit.
pub(super) const MISSING_TYPE: u32 = 2;
/// Missing values are NaN.
pub(super) const NAN: u8 = 2;

/// What is missing in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Nothing: NaN is 0.
    None,
    /// Zeros, and NaN.
    Zero,
    /// NaN.
    Nan,
}

/// A tree as the text has it. Splits are numbered from 0; a child below 0 is a leaf, -1 the first one.
pub(super) struct Tree {
    features: Vec<usize>,
    gains: Vec<f64>,
    thresholds: Vec<f64>,
    decisions: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    leaves: Vec<f64>,
    weights: Option<Vec<f64>>,
    counts: Option<Vec<u32>>,
    /// Where the words of each set of categories begin, and the end of the last.
    boundaries: Vec<usize>,
    words: Vec<u32>,
}

impl Tree {
    /// Reads a tree of a model with so many features. Returns an error for lists of the wrong length, and for what a model here cannot do.
    pub(super) fn read(entries: &Entries<'_>, features: usize, pace: &mut Pace<'_>) -> Result<Tree> {
        if entries.get("is_linear").is_some_and(|linear| linear.trim() != "0") {
            return Err(unsupported(
                "the LightGBM model has linear trees",
                "Their leaves hold weights of columns instead of a number.",
                "train it without linear_tree",
            ));
        }
        let leaves: usize = value(entries, "num_leaves")?;
        let splits = leaves.checked_sub(1).ok_or_else(|| wrong("num_leaves"))?;
        let sets: usize = value(entries, "num_cat")?;
        let boundaries: Vec<usize> = match sets {
            0 => vec![0],
            _ => full_list(entries, "cat_boundaries", sets.saturating_add(1), pace)?,
        };
        let words = boundaries.last().copied().unwrap_or_default();
        let tree = Tree {
            features: full_list(entries, "split_feature", splits, pace)?,
            gains: full_list(entries, "split_gain", splits, pace)?,
            thresholds: full_list(entries, "threshold", splits, pace)?,
            decisions: full_list(entries, "decision_type", splits, pace)?,
            left: full_list(entries, "left_child", splits, pace)?,
            right: full_list(entries, "right_child", splits, pace)?,
            leaves: full_list(entries, "leaf_value", leaves, pace)?,
            // A tree of one leaf has none, or empty ones.
            weights: if splits == 0 {
                None
            } else {
                list(entries, "leaf_weight", leaves, pace)?
            },
            counts: if splits == 0 {
                None
            } else {
                list(entries, "leaf_count", leaves, pace)?
            },
            words: full_list(entries, "cat_threshold", words, pace)?,
            boundaries,
        };
        if tree.features.iter().any(|feature| *feature >= features) {
            return Err(Error::damaged(WHAT, "a split is by a feature that there is not"));
        }
        if !tree.boundaries.is_sorted() || tree.words.len() > MOST_CODES / 32 {
            return Err(wrong("cat_boundaries"));
        }
        Ok(tree)
    }

    fn splits(&self) -> std::ops::Range<usize> {
        0..self.features.len()
    }

    fn is_category(&self, split: usize) -> bool {
        self.decisions[split] & CATEGORY != 0
    }

    /// What is missing where a split by number looks. Returns an error for a type that there is not.
    fn missing(&self, split: usize) -> Result<Missing> {
        match self.decisions[split] >> MISSING_TYPE & 3 {
            0 => Ok(Missing::None),
            1 => Ok(Missing::Zero),
            NAN => Ok(Missing::Nan),
            _ => Err(wrong("decision_type")),
        }
    }

    /// The features by which it splits, and whether they are categories there.
    pub(super) fn splits_by(&self) -> impl Iterator<Item = (usize, bool)> {
        self.splits()
            .map(|split| (self.features[split], self.is_category(split)))
    }

    /// The categories that a split sends left.
    fn codes(&self, split: usize) -> Result<impl Iterator<Item = u32>> {
        let threshold = self.thresholds[split];
        let set = if threshold >= 0.0 {
            threshold as usize
        } else {
            usize::MAX
        };
        let ends = (self.boundaries.get(set), self.boundaries.get(set.saturating_add(1)));
        let words = match ends {
            (Some(&from), Some(&to)) => self.words.get(from..to),
            _ => None,
        };
        let words = words.ok_or_else(|| Error::damaged(WHAT, "a set of categories is out of range"))?;
        Ok((0u32..).zip(words).flat_map(|(place, &word)| {
            let bits = (0..32).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| place * 32 + bit)
        }))
    }

    /// Notes the categories that its splits tell from others.
    pub(super) fn note_levels(&self, columns: &mut Columns, pace: &mut Pace<'_>) -> Result<()> {
        for split in self.splits().filter(|split| self.is_category(*split)) {
            for code in self.codes(split)? {
                pace.spend(1)?;
                columns.note(self.features[split], code);
            }
        }
        Ok(())
    }

    /// Grows it, what its leaves add multiplied by `scale`.
    pub(super) fn grow(&self, grown: &mut Grown, columns: &Columns, scale: f64, monitor: &dyn Monitor) -> Result<()> {
        let splits = self.features.len();
        grown.add(
            splits + self.leaves.len(),
            &mut |node| self.node(node, columns, scale),
            monitor,
        )
    }

    /// Whether missing values go left where zeros are missing, too. Returns an error where zeros do not go the way of their neighbours.
    fn zeros_go(&self, split: usize) -> Result<bool> {
        let left = self.decisions[split] & MISSING_LEFT != 0;
        match left == (0.0 <= self.thresholds[split]) {
            true => Ok(left),
            false => Err(unsupported(
                "the LightGBM model takes zeros for missing values",
                "It was trained with zero_as_missing, and a split sends zeros to another side than the numbers around them.",
                "train it without zero_as_missing, and give NULL for what is missing",
            )),
        }
    }

    /// A node by its number: splits first, then leaves.
    fn node(&self, node: usize, columns: &Columns, scale: f64) -> Result<Node> {
        let splits = self.features.len();
        if let Some(leaf) = node.checked_sub(splits) {
            return Ok(Node::Leaf {
                value: self.leaves[leaf] * scale,
                known: Known {
                    rows: self.counts.as_ref().map_or(0, |counts| counts[leaf]),
                    cover: self.weights.as_ref().map_or(0.0, |weights| weights[leaf].max(0.0)),
                },
            });
        }
        let child = |child: i64| {
            let place = match child < 0 {
                true => usize::try_from(-(child + 1))
                    .ok()
                    .and_then(|leaf| leaf.checked_add(splits)),
                false => usize::try_from(child).ok().filter(|split| *split < splits),
            };
            place.ok_or_else(|| Error::damaged(WHAT, "a child is out of range"))
        };
        let (left, right) = (child(self.left[node])?, child(self.right[node])?);
        let (column, gain) = (self.features[node], self.gains[node]);
        if self.is_category(node) {
            return Ok(Node::Category {
                column,
                levels: columns.set(column, self.codes(node)?),
                // Nothing that is missing is in a set.
                missing_left: false,
                left,
                right,
                gain,
            });
        }
        let threshold = self.thresholds[node];
        Ok(Node::Number {
            column,
            threshold: threshold.clamp(f64::MIN, f64::MAX),
            missing_left: match self.missing(node)? {
                Missing::None => 0.0 <= threshold,
                Missing::Nan => self.decisions[node] & MISSING_LEFT != 0,
                Missing::Zero => self.zeros_go(node)?,
            },
            left,
            right,
            gain,
        })
    }
}

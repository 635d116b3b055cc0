//! What leaves say, kept flat: a mean, the share of class 1, or the shares of the classes that are in the leaf.

use crate::coded::coded;
use crate::error::{Error, Result};

/// The answers of leaves by their number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaves {
    /// Regression: the mean of the targets, 8 bytes a leaf.
    Means(Vec<f64>),
    /// Two classes: the share of class 1, 4 bytes a leaf.
    Shares(Vec<f32>),
    /// More classes: of fully grown trees most leaves hold one, so classes without a row take no room: 4 bytes a leaf and 8 bytes
    /// a class in it.
    Classes {
        /// How many classes there are.
        classes: usize,
        /// Where the entries of each leaf begin; they end where the next leaf's begin.
        starts: Vec<u32>,
        /// A class and its share.
        entries: Vec<(u16, f32)>,
    },
}

coded!(Leaves {
    0 => Means(means),
    1 => Shares(shares),
    2 => Classes { classes, starts, entries },
});

impl Leaves {
    /// No leaves, for so many classes, or for means.
    pub(super) fn new(classes: Option<usize>) -> Self {
        match classes {
            None => Leaves::Means(Vec::new()),
            Some(2) => Leaves::Shares(Vec::new()),
            Some(classes) => Leaves::Classes {
                classes,
                starts: Vec::new(),
                entries: Vec::new(),
            },
        }
    }

    /// How many leaves there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Leaves::Means(means) => means.len(),
            Leaves::Shares(shares) => shares.len(),
            Leaves::Classes { starts, .. } => starts.len(),
        }
    }

    /// How many numbers [`Leaves::add`] adds to: one, or one a class when there are more than two.
    pub(super) fn width(&self) -> usize {
        match self {
            Leaves::Means(_) | Leaves::Shares(_) => 1,
            Leaves::Classes { classes, .. } => *classes,
        }
    }

    /// Adds what a leaf says to `sums`.
    #[inline]
    pub(super) fn add(&self, leaf: usize, sums: &mut [f64]) {
        match self {
            Leaves::Means(means) => sums[0] += means[leaf],
            Leaves::Shares(shares) => sums[0] += f64::from(shares[leaf]),
            Leaves::Classes { starts, entries, .. } => {
                let end = starts.get(leaf + 1).map_or(entries.len(), |&end| end as usize);
                for (class, share) in &entries[starts[leaf] as usize..end] {
                    sums[usize::from(*class)] += f64::from(*share);
                }
            }
        }
    }

    /// Calls `add` with each number to which a leaf adds something, and with what it adds; see [`Leaves::add`].
    pub(super) fn each(&self, leaf: usize, mut add: impl FnMut(usize, f64)) {
        match self {
            Leaves::Means(means) => add(0, means[leaf]),
            Leaves::Shares(shares) => add(0, f64::from(shares[leaf])),
            Leaves::Classes { starts, entries, .. } => {
                let end = starts.get(leaf + 1).map_or(entries.len(), |&end| end as usize);
                for (class, share) in &entries[starts[leaf] as usize..end] {
                    add(usize::from(*class), f64::from(*share));
                }
            }
        }
    }

    /// Adds `weight` times what a leaf says to `sums`.
    pub(super) fn add_weighted(&self, leaf: usize, weight: f64, sums: &mut [f64]) {
        match self {
            Leaves::Means(means) => sums[0] += weight * means[leaf],
            Leaves::Shares(shares) => sums[0] += weight * f64::from(shares[leaf]),
            Leaves::Classes { starts, entries, .. } => {
                let end = starts.get(leaf + 1).map_or(entries.len(), |&end| end as usize);
                for (class, share) in &entries[starts[leaf] as usize..end] {
                    sums[usize::from(*class)] += weight * f64::from(*share);
                }
            }
        }
    }

    /// Makes sums over so many leaves, one per tree, the answer of a forest. `out` begins with the sums.
    pub(super) fn finish(&self, trees: f64, out: &mut [f64]) {
        match self {
            Leaves::Means(_) => out[0] /= trees,
            Leaves::Shares(_) => {
                out[1] = out[0] / trees;
                out[0] = 1.0 - out[1];
            }
            Leaves::Classes { .. } => {
                // Shares are rounded, so they add up to the number of trees only nearly.
                let sum: f64 = out.iter().sum();
                out.iter_mut().for_each(|share| *share /= sum);
            }
        }
    }

    /// How many numbers a forest of them answers with.
    pub(super) fn outputs(&self) -> usize {
        match self {
            Leaves::Means(_) => 1,
            Leaves::Shares(_) => 2,
            Leaves::Classes { classes, .. } => *classes,
        }
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        match self {
            Leaves::Means(means) => means.capacity() * size_of::<f64>(),
            Leaves::Shares(shares) => shares.capacity() * size_of::<f32>(),
            Leaves::Classes { starts, entries, .. } => {
                starts.capacity() * size_of::<u32>() + entries.capacity() * size_of::<(u16, f32)>()
            }
        }
    }

    /// Adds leaves of the same kind behind these.
    pub(super) fn append(&mut self, other: Leaves) {
        match (self, other) {
            (Leaves::Means(ours), Leaves::Means(theirs)) => ours.extend(theirs),
            (Leaves::Shares(ours), Leaves::Shares(theirs)) => ours.extend(theirs),
            (
                Leaves::Classes { starts, entries, .. },
                Leaves::Classes {
                    starts: their_starts,
                    entries: their_entries,
                    ..
                },
            ) => {
                let moved = entries.len() as u32;
                starts.extend(their_starts.iter().map(|start| start + moved));
                entries.extend(their_entries);
            }
            _ => {}
        }
    }

    /// The number of entries; it must not outgrow an index.
    pub(super) fn entries(&self) -> usize {
        match self {
            Leaves::Classes { entries, .. } => entries.len(),
            _ => self.len(),
        }
    }

    /// Checks that every leaf can be added, and that the shares of a leaf are such. O(leaves).
    pub(super) fn validate(&self) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("leaf", problem));
        let is_share = |share: f32| (0.0..=1.0).contains(&share);
        match self {
            Leaves::Means(means) if means.iter().any(|mean| !mean.is_finite()) => damaged("a mean is not finite"),
            Leaves::Shares(shares) if !shares.iter().all(|&share| is_share(share)) => {
                damaged("a share is out of range")
            }
            Leaves::Means(_) | Leaves::Shares(_) => Ok(()),
            Leaves::Classes {
                classes,
                starts,
                entries,
            } => {
                if !(3..=1_000).contains(classes) {
                    return damaged("the number of classes is wrong");
                }
                let ends = starts.iter().skip(1).map(|&end| end as usize).chain([entries.len()]);
                let first = starts.first().copied().unwrap_or(0);
                if first != 0 || (starts.is_empty() && !entries.is_empty()) {
                    return damaged("entries belong to no leaf");
                }
                for (start, end) in starts.iter().zip(ends) {
                    let Some(own) = entries.get(*start as usize..end) else {
                        return damaged("entries are out of order");
                    };
                    let sum: f32 = own.iter().map(|entry| entry.1).sum();
                    if own.iter().any(|e| usize::from(e.0) >= *classes || !is_share(e.1)) || (sum - 1.0).abs() > 1e-3 {
                        return damaged("a class or a share is out of range");
                    }
                }
                Ok(())
            }
        }
    }
}

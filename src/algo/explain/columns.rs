//! The columns that trees split by, coded: all that trees ask of a value is answered by the code of where it lies among their thresholds.

use super::unexplained;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::trees::tree::{Decision, Trees};

/// The levels that a split by a category can send left.
const LEVELS: usize = 256;

/// A column that some tree splits by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// Its place in an encoded row.
    pub(super) feature: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Code c: above the first c thresholds, and not above the next.
    Number(Vec<f64>),
    /// A code per level, and one for all others.
    Category(usize),
}

/// Some codes of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Codes {
    values: Values,
    missing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Values {
    /// From the first one up to before the second one.
    Number(u16, u16),
    /// Bit by bit, and whether all other levels are among them.
    Category([u64; 4], bool),
}

impl Column {
    /// The code of a value, NaN for missing.
    #[inline]
    pub(super) fn code(&self, value: f64) -> u16 {
        if value.is_nan() {
            return self.missing();
        }
        match &self.kind {
            Kind::Number(thresholds) => thresholds.partition_point(|threshold| *threshold < value) as u16,
            // The cast saturates, so that unseen levels (infinity) are among all others.
            Kind::Category(levels) => (value as usize).min(*levels) as u16,
        }
    }

    /// The code of missing values, the last one.
    pub(super) fn missing(&self) -> u16 {
        match &self.kind {
            Kind::Number(thresholds) => thresholds.len() as u16 + 1,
            Kind::Category(levels) => *levels as u16 + 1,
        }
    }

    /// How many codes there are.
    pub(super) fn codes(&self) -> usize {
        usize::from(self.missing()) + 1
    }

    /// Every code.
    pub(super) fn all(&self) -> Codes {
        let values = match &self.kind {
            Kind::Number(_) => Values::Number(0, self.missing()),
            Kind::Category(_) => Values::Category([u64::MAX; 4], true),
        };
        Codes { values, missing: true }
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        match &self.kind {
            Kind::Number(thresholds) => thresholds.capacity() * size_of::<f64>(),
            Kind::Category(_) => 0,
        }
    }

    /// Codes at which it can change which of `sets` hold the code: each code up to before the next of these is in the same sets.
    pub(super) fn starts<'c>(&self, sets: impl Iterator<Item = &'c Codes>) -> Vec<u16> {
        let mut starts = match &self.kind {
            Kind::Number(_) => {
                let edges = sets.flat_map(|set| match set.values {
                    Values::Number(from, to) => [from, to],
                    Values::Category(..) => [0, 0],
                });
                [0, self.missing()].into_iter().chain(edges).collect()
            }
            Kind::Category(_) => (0..=self.missing()).collect::<Vec<u16>>(),
        };
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Those that a split sends to the left, or to the right.
    fn side(&self, decision: Decision<'_>, left: bool) -> Codes {
        let (values, missing_left) = match (decision, &self.kind) {
            (
                Decision::Number {
                    threshold,
                    missing_left,
                    ..
                },
                Kind::Number(thresholds),
            ) => {
                let cut = thresholds.partition_point(|other| *other < threshold) as u16 + 1;
                let values = match left {
                    true => Values::Number(0, cut),
                    false => Values::Number(cut, self.missing()),
                };
                (values, missing_left)
            }
            (
                Decision::Category {
                    levels, missing_left, ..
                },
                _,
            ) => {
                let values = match left {
                    true => Values::Category(*levels, false),
                    false => Values::Category(levels.map(|word| !word), true),
                };
                (values, missing_left)
            }
            (Decision::Number { .. } | Decision::Leaf, _) => (self.all().values, true),
        };
        Codes {
            values,
            missing: missing_left == left,
        }
    }
}

impl Codes {
    /// Whether `code` of `column` is among them.
    #[inline]
    pub(super) fn contains(&self, column: &Column, code: u16) -> bool {
        if code == column.missing() {
            return self.missing;
        }
        match self.values {
            Values::Number(from, to) => (from..to).contains(&code),
            Values::Category(levels, others) => {
                if usize::from(code) + 1 == usize::from(column.missing()) {
                    others
                } else {
                    levels[usize::from(code >> 6) & 3] >> (code & 63) & 1 == 1
                }
            }
        }
    }

    /// Tells `found` of each of some values whose codes are of `column` whether its code is among them.
    #[inline]
    pub(super) fn each<T>(
        &self,
        column: &Column,
        values: impl Iterator<Item = T>,
        code: impl Fn(&T) -> u16,
        mut found: impl FnMut(T, bool),
    ) {
        match self.values {
            Values::Number(from, to) => {
                let (missing, passes) = (column.missing(), self.missing);
                values.for_each(|value| {
                    let code = code(&value);
                    let is_between = (from <= code) & (code < to) & (code != missing);
                    found(value, is_between | (passes & (code == missing)));
                });
            }
            Values::Category(..) => values.for_each(|value| {
                let passes = self.contains(column, code(&value));
                found(value, passes);
            }),
        }
    }

    /// Those among the others, too.
    pub(super) fn and(self, other: Codes) -> Codes {
        let values = match (self.values, other.values) {
            (Values::Number(from, to), Values::Number(other_from, other_to)) => {
                Values::Number(from.max(other_from), to.min(other_to))
            }
            (Values::Category(levels, others), Values::Category(other_levels, other_others)) => Values::Category(
                std::array::from_fn(|word| levels[word] & other_levels[word]),
                others && other_others,
            ),
            // A column is of one kind.
            (values, _) => values,
        };
        Codes {
            values,
            missing: self.missing && other.missing,
        }
    }
}

/// All columns that trees split by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    columns: Vec<Column>,
    /// By feature; `NONE` for those that no tree splits by.
    places: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Columns {
    /// O(nodes log nodes). `features` as [`crate::fitted::Fitted::validate`] takes them.
    pub(super) fn new(trees: &Trees, features: &[usize], monitor: &dyn Monitor) -> Result<Columns> {
        let mut thresholds = vec![None::<Vec<f64>>; features.len()];
        let mut pace = Pace::new(monitor);
        for node in 0..trees.nodes() {
            pace.spend(1)?;
            let (column, threshold) = match trees.decision(node) {
                Decision::Leaf => continue,
                // Adding 0 makes one zero of the two.
                Decision::Number { column, threshold, .. } => (column, Some(threshold + 0.0)),
                Decision::Category { column, .. } => (column, None),
            };
            let Some(of_column) = thresholds.get_mut(column) else {
                return Err(Error::Internal("a tree splits by a column that is none"));
            };
            let known = of_column.get_or_insert_default();
            known.extend(threshold);
            // So that they take no more room than twice what differs.
            if known.len().is_power_of_two() && known.len() > 1024 {
                sort(known);
            }
        }
        let (mut columns, mut places) = (Vec::new(), vec![NONE; features.len()]);
        for (feature, known) in thresholds.into_iter().enumerate() {
            let Some(mut known) = known else { continue };
            monitor.check()?;
            sort(&mut known);
            if known.len() > usize::from(u16::MAX) - 2 {
                return Err(unexplained("a model that splits one column at more than 65,533 places"));
            }
            places[feature] = columns.len() as u32;
            let kind = match features[feature] {
                0 => Kind::Number(known),
                levels => Kind::Category(levels.min(LEVELS)),
            };
            columns.push(Column { feature, kind });
        }
        Ok(Columns { columns, places })
    }

    /// The columns, in the order of the features.
    pub(super) fn all(&self) -> &[Column] {
        &self.columns
    }

    /// A split's column, and the codes that it sends to the left and to the right; `None` for a leaf.
    pub(super) fn sides(&self, decision: Decision<'_>) -> Option<(usize, [Codes; 2])> {
        let (Decision::Number { column, .. } | Decision::Category { column, .. }) = decision else {
            return None;
        };
        let place = self.places[column] as usize;
        let column = &self.columns[place];
        Some((place, [true, false].map(|left| column.side(decision, left))))
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        let thresholds: usize = self.columns.iter().map(Column::memory).sum();
        thresholds + self.columns.capacity() * size_of::<Column>() + self.places.capacity() * size_of::<u32>()
    }
}

fn sort(values: &mut Vec<f64>) {
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
}

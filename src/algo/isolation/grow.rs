//! One tree of the rows drawn for it.

use rand_core::RngCore;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::error::{Error, Result};
use crate::forest::LeafRows;
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::trees::tree::{Decision, Trees};

/// Levels with greater codes are one: all are on the right.
const CODES: usize = 256;

/// A tree, with the length of the path to each of its leaves and the rows in it.
pub(super) struct Grown {
    pub trees: Trees,
    pub lengths: Vec<f64>,
    pub rows: LeafRows,
}

/// The values of the rows drawn for a tree: those of one column after those of another, as encoded rows hold them.
pub(super) struct Drawn<'a> {
    pub values: &'a [f64],
    pub rows: usize,
    /// How many levels each column has, 0 for a number.
    pub levels: &'a [usize],
    /// The columns that the tree may split by.
    pub columns: Vec<u32>,
}

/// A node that is not done.
struct Open {
    node: usize,
    start: usize,
    end: usize,
    depth: usize,
}

/// How a node splits.
enum Split {
    Number { threshold: f64, missing_left: bool },
    Category { levels: [u64; 4], missing_left: bool },
}

/// The mean length of a search in a binary tree of so many rows for what is not there, by which a leaf that holds them still would be deeper (Liu, Ting and
/// Zhou, equation 1, with the harmonic number as scikit-learn has it).
pub(super) fn mean_length(rows: usize) -> f64 {
    /// Euler's constant.
    const GAMMA: f64 = 0.577_215_664_901_532_9;
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        rows => {
            let others = rows as f64 - 1.0;
            2.0 * (others.ln() + GAMMA) - 2.0 * others / rows as f64
        }
    }
}

/// The greatest depth of a tree of so many rows: beyond the mean length, depths no longer tell what is strange.
pub(super) fn most_depth(rows: usize) -> usize {
    rows.max(2).next_power_of_two().trailing_zeros() as usize
}

/// A number from 0 to below 1.
fn uniform(random: &mut Xoshiro256PlusPlus) -> f64 {
    (random.next_u64() >> 11) as f64 * 2.0_f64.powi(-53)
}

/// A whole number below `count`, which is not 0.
pub(super) fn below(random: &mut Xoshiro256PlusPlus, count: usize) -> usize {
    ((u128::from(random.next_u64()) * count as u128) >> 64) as usize
}

impl Drawn<'_> {
    fn value(&self, column: usize, row: u32) -> f64 {
        self.values[column * self.rows + row as usize]
    }

    /// Grows a tree. Lengths are in units of `unit`.
    pub(super) fn grow(&self, unit: f64, random: &mut Xoshiro256PlusPlus, monitor: &dyn Monitor) -> Result<Grown> {
        let most = most_depth(self.rows);
        let mut order: Vec<u32> = room::with_capacity(self.rows)?;
        order.extend(0..self.rows as u32);
        room::ask(self.rows.saturating_mul(2 * Trees::NODE_BYTES + 32))?;
        let mut grown = Grown {
            trees: Trees::default(),
            lengths: Vec::new(),
            rows: LeafRows::default(),
        };
        let mut pace = Pace::new(monitor);
        let root = grown.trees.plant();
        let mut open = vec![Open {
            node: root,
            start: 0,
            end: self.rows,
            depth: 0,
        }];
        let mut columns = self.columns.clone();
        while let Some(Open {
            node,
            start,
            end,
            depth,
        }) = open.pop()
        {
            let rows = &mut order[start..end];
            pace.spend(rows.len())?;
            let split = match rows.len() > 1 && depth < most {
                true => self.split(rows, &mut columns, random, &mut pace)?,
                false => None,
            };
            let Some((column, split)) = split else {
                grown.trees.set_number(node, grown.lengths.len());
                let length = depth as f64 + mean_length(rows.len());
                // The path of a row that is alone from the start has no length to be compared with: it is neither strange nor usual.
                room::push(&mut grown.lengths, if unit > 0.0 { length / unit } else { 1.0 })?;
                grown.rows.push(rows.len(), rows.len() as f64);
                continue;
            };
            let decision = split.decision(column);
            let lefts = part(rows, |row| split.is_left(self.value(column, row)));
            // Ruled out by how splits are drawn.
            if lefts == 0 || lefts == rows.len() {
                return Err(Error::Internal("a split of an isolation tree parts no rows"));
            }
            let left = grown.trees.split(node, decision);
            let child = |node, start, end| Open {
                node,
                start,
                end,
                depth: depth + 1,
            };
            open.push(child(left + 1, start + lefts, end));
            open.push(child(left, start, start + lefts));
        }
        if grown.trees.nodes() > Trees::MOST_NODES {
            return Err(Error::Internal("an isolation tree has too many nodes"));
        }
        Ok(grown)
    }

    /// A split of a node's rows by the first of the columns, drawn one after the other, whose values differ; none where all rows are the same.
    fn split(
        &self,
        rows: &[u32],
        columns: &mut [u32],
        random: &mut Xoshiro256PlusPlus,
        pace: &mut Pace,
    ) -> Result<Option<(usize, Split)>> {
        for left in (1..=columns.len()).rev() {
            columns.swap(below(random, left), left - 1);
            let column = columns[left - 1] as usize;
            pace.spend(rows.len())?;
            let split = match self.levels[column] {
                0 => self.split_numbers(rows, column, random),
                _ => self.split_levels(rows, column, random),
            };
            if let Some(split) = split {
                return Ok(Some((column, split)));
            }
        }
        Ok(None)
    }

    fn split_numbers(&self, rows: &[u32], column: usize, random: &mut Xoshiro256PlusPlus) -> Option<Split> {
        let (mut least, mut greatest, mut missing) = (f64::INFINITY, f64::NEG_INFINITY, 0);
        for &row in rows {
            let value = self.value(column, row);
            // Comparisons with NaN are false.
            least = if value < least { value } else { least };
            greatest = if value > greatest { value } else { greatest };
            missing += usize::from(value.is_nan());
        }
        if missing == rows.len() || missing == 0 && least == greatest {
            return None;
        }
        if least == greatest {
            return Some(Split::Number {
                threshold: least,
                missing_left: false,
            });
        }
        let place = uniform(random);
        // As a mean of both: their difference may be no float.
        let between = least * (1.0 - place) + greatest * place;
        let threshold = if between >= least && between < greatest {
            between
        } else {
            least
        };
        let missing_left = match missing {
            0 => 2 * rows.iter().filter(|&&row| self.value(column, row) <= threshold).count() >= rows.len(),
            _ => random.next_u64() >> 63 == 1,
        };
        Some(Split::Number {
            threshold,
            missing_left,
        })
    }

    fn split_levels(&self, rows: &[u32], column: usize, random: &mut Xoshiro256PlusPlus) -> Option<Split> {
        let side = |value: f64| match value.is_nan() {
            true => CODES + 1,
            false => (value as usize).min(CODES),
        };
        let first = side(self.value(column, rows[0]));
        if rows.iter().all(|&row| side(self.value(column, row)) == first) {
            return None;
        }
        let mut levels = [0; 4].map(|_: u64| random.next_u64());
        let mut missing_left = random.next_u64() >> 63 == 1;
        let lefts = |levels: &[u64; 4], missing_left: bool| {
            let is_left = |row: &&u32| is_left(levels, missing_left, self.value(column, **row));
            rows.iter().filter(is_left).count()
        };
        let mut count = lefts(&levels, missing_left);
        if count == 0 || count == rows.len() {
            // All on one side: the level of a row that is drawn goes to the other one, and there are other levels. Those beyond the codes stay right.
            let others = |row: &&u32| side(self.value(column, **row)) != CODES;
            let movable = rows.iter().filter(others).count();
            let moved = rows.iter().filter(others).nth(below(random, movable.max(1)))?;
            match side(self.value(column, *moved)) {
                code if code < CODES => levels[code >> 6] ^= 1 << (code & 63),
                _ => missing_left = !missing_left,
            }
            count = lefts(&levels, missing_left);
        }
        // Levels that are not seen go right: that is the side with fewer rows, unless levels beyond the codes are there.
        let has_beyond = rows.iter().any(|&row| side(self.value(column, row)) == CODES);
        if !has_beyond && 2 * count < rows.len() {
            levels = levels.map(|word| !word);
            missing_left = !missing_left;
        }
        Some(Split::Category { levels, missing_left })
    }
}

/// Whether an encoded category goes left, as trees have it.
fn is_left(levels: &[u64; 4], missing_left: bool, value: f64) -> bool {
    if value.is_nan() {
        return missing_left;
    }
    let code = value as usize;
    code < CODES && levels[code >> 6] >> (code & 63) & 1 == 1
}

impl Split {
    fn is_left(&self, value: f64) -> bool {
        match self {
            Split::Number { missing_left, .. } if value.is_nan() => *missing_left,
            Split::Number { threshold, .. } => value <= *threshold,
            Split::Category { levels, missing_left } => is_left(levels, *missing_left, value),
        }
    }

    fn decision(&self, column: usize) -> Decision<'_> {
        match self {
            Split::Number {
                threshold,
                missing_left,
            } => Decision::Number {
                column,
                threshold: *threshold,
                missing_left: *missing_left,
            },
            Split::Category { levels, missing_left } => Decision::Category {
                column,
                levels,
                missing_left: *missing_left,
            },
        }
    }
}

/// Puts the rows in front that go left; gives how many they are.
fn part(rows: &mut [u32], is_left: impl Fn(u32) -> bool) -> usize {
    let mut front = 0;
    for place in 0..rows.len() {
        if is_left(rows[place]) {
            rows.swap(front, place);
            front += 1;
        }
    }
    front
}

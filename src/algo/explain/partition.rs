//! Neighbouring leaves of a tree whose games a table answers together.
//!
//! What the leaves of a group ask of a column parts its codes into a few cells: codes that pass for the same leaves. The attributions of the group
//! depend on the cells of its columns alone, so a table has one row for each combination of cells.

use super::columns::Columns;
use super::game::MOST_PLAYERS;
use super::paths::Player;

/// The most leaves of a group: the bits of a mask.
const MOST_LEAVES: usize = 64;

/// A leaf with the players of its path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub(super) players: Vec<Player>,
    pub(super) value: f64,
    /// Its node.
    pub(super) node: usize,
}

/// A column of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// Its place among the [`Columns`].
    pub(super) column: usize,
    /// For each cell the leaves for which it passes: bit l for leaf l of the group.
    pub(super) cells: Vec<u64>,
}

/// Leaves that one table answers for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) leaves: Vec<Leaf>,
    /// In the order of the columns.
    pub(super) axes: Vec<Axis>,
}

impl Group {
    /// How many rows its table has.
    pub(super) fn cells(&self) -> usize {
        self.axes.iter().map(|axis| axis.cells.len()).product()
    }
}

/// A column as the leaves of a tree part it.
struct Split {
    column: usize,
    /// The leaves that ask of it, one bit a leaf.
    asks: Vec<u64>,
    /// For each run of codes the leaves for which they pass, those that do not ask among them.
    runs: Vec<Vec<u64>>,
}

impl Split {
    /// The cells that the leaves from `first` to before `end` make of the column; `None` when none of them asks of it.
    fn cells(&self, first: usize, end: usize) -> Option<Vec<u64>> {
        let (word, bit) = (first / 64, first % 64);
        let keep = u64::MAX >> (64 - (end - first));
        let window = |bits: &Vec<u64>| {
            let low = bits[word] >> bit;
            let high = bits
                .get(word + 1)
                .filter(|_| bit > 0)
                .map_or(0, |next| next << (64 - bit));
            (low | high) & keep
        };
        if window(&self.asks) == 0 {
            return None;
        }
        let mut cells: Vec<u64> = self.runs.iter().map(window).collect();
        cells.sort_unstable();
        cells.dedup();
        Some(cells)
    }
}

/// Parts the leaves of a tree, given from left to right, into as few groups as their tables can have up to `most` rows each, and those that no
/// table can answer for. O(leaves x leaves of a group x columns x thresholds).
pub(super) fn partition(leaves: Vec<Leaf>, columns: &Columns, most: usize) -> (Vec<Group>, Vec<Leaf>) {
    let splits = splits(&leaves, columns);
    let count = leaves.len();
    // The least cost of the leaves before each place, and where the last group of these begins; a group that is none has one leaf and no axes.
    let mut best = vec![(f64::INFINITY, 0, false); count + 1];
    best[0] = (0.0, 0, false);
    for first in 0..count {
        let so_far = best[first].0;
        // A leaf that no table answers for costs many times what a table does.
        if so_far + 16.0 < best[first + 1].0 {
            best[first + 1] = (so_far + 16.0, first, false);
        }
        for (size, end) in (1..=MOST_LEAVES).zip(&mut best[first + 1..]) {
            let Some(rows) = rows(&splits, first, first + size, most) else {
                break;
            };
            let cost = so_far + 1.0 + rows as f64 / most as f64;
            if cost < end.0 {
                *end = (cost, first, true);
            }
        }
    }
    let mut ends = Vec::new();
    let mut end = count;
    while end > 0 {
        let (_, first, grouped) = best[end];
        ends.push((end, grouped));
        end = first;
    }
    let (mut groups, mut alone) = (Vec::new(), Vec::new());
    let mut rest = leaves.into_iter();
    let mut first = 0;
    for (end, grouped) in ends.into_iter().rev() {
        let own: Vec<Leaf> = rest.by_ref().take(end - first).collect();
        match grouped {
            true => {
                let axes = splits.iter().filter_map(|split| {
                    let cells = split.cells(first, end)?;
                    let column = split.column;
                    Some(Axis { column, cells })
                });
                groups.push(Group {
                    leaves: own,
                    axes: axes.collect(),
                });
            }
            false => alone.extend(own),
        }
        first = end;
    }
    (groups, alone)
}

/// How the leaves part each column that they ask of.
fn splits(leaves: &[Leaf], columns: &Columns) -> Vec<Split> {
    let mut asked: Vec<usize> = leaves
        .iter()
        .flat_map(|leaf| leaf.players.iter().map(|player| player.column))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let words = leaves.len().div_ceil(64);
    let split = |column: usize| {
        let asks = leaves
            .iter()
            .enumerate()
            .filter_map(|(place, leaf)| Some((place, leaf.players.iter().find(|player| player.column == column)?)));
        let coded = &columns.all()[column];
        let starts = coded.starts(asks.clone().map(|(_, player)| &player.codes));
        let mut runs = vec![vec![u64::MAX; words]; starts.len()];
        let mut bits = vec![0; words];
        for (place, player) in asks {
            bits[place / 64] |= 1 << (place % 64);
            for (run, &start) in runs.iter_mut().zip(&starts) {
                if !player.codes.contains(coded, start) {
                    run[place / 64] &= !(1 << (place % 64));
                }
            }
        }
        runs.sort_unstable();
        runs.dedup();
        Split {
            column,
            asks: bits,
            runs,
        }
    };
    asked.into_iter().map(split).collect()
}

/// How many rows the table of these leaves has; `None` when they are too many, or have too many columns.
fn rows(splits: &[Split], first: usize, end: usize, most: usize) -> Option<usize> {
    let (mut rows, mut axes) = (1, 0);
    for split in splits {
        let Some(cells) = split.cells(first, end) else { continue };
        rows *= cells.len();
        axes += 1;
        if rows > most || axes > MOST_PLAYERS {
            return None;
        }
    }
    Some(rows)
}

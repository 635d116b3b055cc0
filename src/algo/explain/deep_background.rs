//! Paths with more players than a pattern has bits, against a background: one walk over the tree for each row, which takes along the background rows
//! that can still reach the leaves below in some coalition with the row. O(background rows x leaves that such a coalition reaches).

use super::background::BackgroundWalker;
use super::coded::CodedRows;
use super::deep::Walk;
use super::game::weight_of;
use crate::error::Result;
use crate::monitor::Pace;
use crate::room;

/// How a background row and the row explained differ on a feature: not yet, only the row passes, only the background does.
const BOTH: u8 = 0;
const OURS: u8 = 1;
const THEIRS: u8 = 2;

/// A background row at a node.
#[derive(Clone, Copy)]
struct Companion {
    row: u32,
    /// Its place at the node above.
    above: u32,
    /// How many players only the row explained satisfies, and only the background row.
    ours: u16,
    theirs: u16,
    /// What the edge to the node has made of it: [`BOTH`] where it changed nothing.
    change: u8,
    /// The sums over the leaves below of what they give a player that only the row satisfies, and one that only the background does.
    plus: f64,
    minus: f64,
}

/// A node on the way down.
struct Level {
    node: usize,
    gone: u8,
    column: usize,
    /// Where its companions begin.
    start: usize,
}

impl BackgroundWalker<'_> {
    /// Adds what the walk's leaves attribute to the features of some rows, `stride` numbers lie between the
    /// first numbers of two rows.
    pub(super) fn add_rows(&self, walk: &Walk, coded: &CodedRows, stride: usize, out: &mut [f64]) -> Result<()> {
        let columns = self.columns.all().len();
        // For each background row and column how they differ.
        let mut kinds = room::filled(BOTH, columns * self.background.rows())?;
        let mut companions = Vec::new();
        for (row, out) in out.chunks_mut(stride).enumerate() {
            self.walk(walk, coded, row, &mut kinds, &mut companions, out)?;
        }
        Ok(())
    }

    fn walk(
        &self,
        walk: &Walk,
        coded: &CodedRows,
        row: usize,
        kinds: &mut [u8],
        companions: &mut Vec<Companion>,
        out: &mut [f64],
    ) -> Result<()> {
        let root = self.covered.trees.tree(walk.tree).start;
        let mut pace = Pace::new(self.monitor);
        companions.clear();
        room::reserve(companions, self.background.rows())?;
        companions.extend((0..self.background.rows() as u32).map(Companion::new));
        let mut path = vec![Level {
            node: root,
            gone: 0,
            column: 0,
            start: 0,
        }];
        while let Some(level) = path.last_mut() {
            let (node, start) = (level.node, level.start);
            let children = self.covered.trees.children(node);
            if level.gone == 0 {
                pace.spend(8 + companions.len() - start)?;
                if children.is_none() {
                    let value = self.leaves.value(node, walk.sum);
                    for companion in &mut companions[start..] {
                        let (a, b) = (usize::from(companion.ours), usize::from(companion.theirs));
                        (companion.plus, companion.minus) = (value * weight_of(a, b), value * weight_of(b, a));
                    }
                }
            }
            let next = children
                .filter(|_| level.gone < 2)
                .map(|(left, right)| [left, right][usize::from(level.gone)]);
            if let Some(child) = next {
                level.gone += 1;
                if walk.active.is_empty() || walk.active[child - root] {
                    path.extend(self.descend(
                        node,
                        child,
                        start,
                        |column| coded.column(column)[row],
                        kinds,
                        companions,
                    )?);
                }
                continue;
            }
            let Some(level) = path.pop() else { break };
            if let Some(above) = path.last() {
                self.ascend(&level, above.start, kinds, companions, out);
            }
        }
        Ok(())
    }

    /// Takes along an edge those that can still reach a leaf below it; `None` when there are none.
    fn descend(
        &self,
        node: usize,
        child: usize,
        start: usize,
        code: impl Fn(usize) -> u16,
        kinds: &mut [u8],
        companions: &mut Vec<Companion>,
    ) -> Result<Option<Level>> {
        let width = self.columns.all().len();
        let is_left = self.covered.trees.children(node).is_some_and(|(left, _)| left == child);
        let Some((column, sides)) = self.columns.sides(self.covered.trees.decision(node)) else {
            return Ok(None);
        };
        let (codes, of_column) = (sides[usize::from(!is_left)], &self.columns.all()[column]);
        let passes = codes.contains(of_column, code(column));
        let others = self.background.column(column);
        let end = companions.len();
        room::reserve(companions, end - start)?;
        for place in start..end {
            let companion = companions[place];
            let other = companion.row as usize * width + column;
            let theirs = codes.contains(of_column, others[companion.row as usize]);
            let change = match (kinds[other], passes, theirs) {
                (BOTH, true, true) | (OURS, true, _) | (THEIRS, _, true) => BOTH,
                (BOTH, true, false) => OURS,
                (BOTH, false, true) => THEIRS,
                // No coalition of the two passes.
                _ => continue,
            };
            if change != BOTH {
                kinds[other] = change;
            }
            companions.push(Companion {
                above: (place - start) as u32,
                ours: companion.ours + u16::from(change == OURS),
                theirs: companion.theirs + u16::from(change == THEIRS),
                change,
                plus: 0.0,
                minus: 0.0,
                ..companion
            });
        }
        Ok((companions.len() > end).then_some(Level {
            node: child,
            gone: 0,
            column,
            start: end,
        }))
    }

    /// Comes back up an edge: its feature gets what the leaves below give those whose player the edge was, the node above their sums.
    fn ascend(&self, level: &Level, above: usize, kinds: &mut [u8], companions: &mut Vec<Companion>, out: &mut [f64]) {
        let width = self.columns.all().len();
        let (before, own) = companions.split_at_mut(level.start);
        let mut added = 0.0;
        for companion in own {
            let other = companion.row as usize;
            let share = self.background.share(other);
            match companion.change {
                OURS => added += share * companion.plus,
                THEIRS => added -= share * companion.minus,
                _ => {}
            }
            if companion.change != BOTH {
                kinds[other * width + level.column] = BOTH;
            }
            let parent = &mut before[above + companion.above as usize];
            parent.plus += companion.plus;
            parent.minus += companion.minus;
        }
        out[self.columns.all()[level.column].feature] += added;
        companions.truncate(level.start);
    }
}

impl Companion {
    fn new(row: u32) -> Companion {
        Companion {
            row,
            above: 0,
            ours: 0,
            theirs: 0,
            change: BOTH,
            plus: 0.0,
            minus: 0.0,
        }
    }
}

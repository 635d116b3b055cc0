//! The nodes of a tree of packed rows.

use rayon::prelude::*;

use super::{Drawn, PackedRows};
use crate::error::Result;
use crate::forest::ForestParams;
use crate::forest::grow::{Grower, Nodes, Open, better};
use crate::forest::held::{COPIED_ROWS, Held};
use crate::forest::tally::{Cut, Extent, Node, Offer, PieceTally, Sample};
use crate::monitor::Monitor;
use crate::packed::Block;
use crate::room;

/// Rows that are looked at together, so few that a cache holds them.
const PIECE: usize = 512;

/// Rows that are summed up by themselves, about: however many threads there are, sums are added in the same order.
const GROUP: usize = 1 << 16;

/// Bytes of the tables that are filled together, unless one alone is larger.
const TABLES: usize = 4 << 20;

/// The most rows of a node that are copied, and grown on as rows as they are.
const MOST_COPIED: usize = 1 << 16;

/// Bytes of columns that are copied for a node.
const COPY: usize = 4 << 20;

/// Nodes that wait for their turn while others are grown, depth first: of two children that with fewer rows is the first, so that each that waits has at
/// least as many rows as all that wait behind it.
const WAITING: usize = 32;

/// The most rows that are copied, of so many columns.
fn copied_rows(columns: usize) -> usize {
    (COPY / columns.max(1)).clamp(COPIED_ROWS, MOST_COPIED)
}

/// Bytes of the lists of a tree's nodes, at most.
pub(super) fn memory(params: &ForestParams, rows: usize, drawn: usize) -> usize {
    let nodes = params.max_leaf_nodes.unwrap_or(WAITING);
    // A node has a part of each block that has rows of it.
    let parts = (rows / 8192 + 1).saturating_mul(nodes).min(drawn.saturating_mul(2));
    parts.saturating_mul(2 * size_of::<Part>())
}

/// Bytes that a thread takes beside: tables, and copies of rows with their bytes, samples, lists, and what classes are sorted by.
pub(super) fn memory_of_thread(columns: usize, classes: usize) -> usize {
    let table = 256 * if classes > 2 { 8 * classes } else { 24 } + 4096;
    let copied = columns + 3 * size_of::<Sample>() + 2 * size_of::<u32>();
    2 * TABLES.max(table) + copied_rows(columns).saturating_mul(copied) + (1 << 20)
}

/// A range of a block's list.
#[derive(Debug, Clone, Copy)]
struct Part {
    block: u32,
    start: u32,
    end: u32,
}

/// The rows of a node, in the order of blocks.
pub(super) struct Parts {
    parts: Vec<Part>,
    rows: usize,
}

/// The rows of a tree.
pub(super) struct PackedNodes<'n> {
    rows: &'n PackedRows<'n>,
    drawn: &'n mut Drawn,
    spare: Vec<u16>,
}

impl<'n> PackedNodes<'n> {
    pub(super) fn new(rows: &'n PackedRows<'n>, drawn: &'n mut Drawn) -> Self {
        let spare = Vec::new();
        PackedNodes { rows, drawn, spare }
    }

    /// All rows of the tree, and what they weigh.
    pub(super) fn root(&self, monitor: &dyn Monitor) -> Result<(Parts, f64)> {
        let lists = self.drawn.lists.iter().zip(0_u32..);
        let parts = lists.filter(|(list, _)| !list.is_empty()).map(|(list, block)| Part {
            block,
            start: 0,
            end: list.len() as u32,
        });
        let parts: Vec<Part> = parts.collect();
        let mut weight = 0.0;
        self.each(&parts, monitor, |_, _, samples| {
            weight += samples.iter().map(|sample| sample.weight).sum::<f64>();
            Ok(())
        })?;
        let rows = self.drawn.lists.iter().map(Vec::len).sum();
        Ok((Parts { parts, rows }, weight))
    }

    /// Hands rows on, piece by piece: their block, their places in it, and their samples.
    fn each(
        &self,
        parts: &[Part],
        monitor: &dyn Monitor,
        mut see: impl FnMut(&Block, &[u16], &mut [Sample]) -> Result<()>,
    ) -> Result<()> {
        let mut samples = Vec::with_capacity(PIECE);
        for part in parts {
            let index = part.block as usize;
            let block = &self.rows.blocks()[index];
            let list = &self.drawn.lists[index][part.start as usize..part.end as usize];
            for rows in list.chunks(PIECE) {
                monitor.check()?;
                samples.clear();
                let sample = |row: &u16| self.rows.sample(self.drawn, (index, block), usize::from(*row));
                samples.extend(rows.iter().map(sample));
                see(block, rows, &mut samples)?;
            }
        }
        Ok(())
    }

    /// Makes bins of a column's bytes.
    #[inline]
    fn bins_of(&self, block: &Block, rows: &[u16], column: usize, bins: &mut [u8]) {
        let place = &self.rows.places[column];
        for (bin, &row) in bins.iter_mut().zip(rows) {
            *bin = place[usize::from(block.code(usize::from(row), column))];
        }
    }

    /// The sums of some columns over some rows.
    fn tables_of<T: PieceTally>(
        &self,
        tally: &T,
        (parts, columns): (&[Part], &[usize]),
        monitor: &dyn Monitor,
    ) -> Result<Vec<T::Table>> {
        let mut tables = columns.iter().map(|_| tally.table()).collect::<Result<Vec<_>>>()?;
        let mut bins = [0; PIECE];
        self.each(parts, monitor, |block, rows, samples| {
            tally.prepare(samples);
            for (&column, table) in columns.iter().zip(&mut tables) {
                self.bins_of(block, rows, column, &mut bins);
                tally.add(table, &bins[..rows.len()], samples);
            }
            Ok(())
        })?;
        Ok(tables)
    }

    /// The same over all rows of a node, by several threads when these have nothing else to do.
    fn tables<T: PieceTally>(&self, grower: &Grower<'_, T>, rows: &Parts, columns: &[usize]) -> Result<Vec<T::Table>> {
        let (mut groups, mut start, mut size) = (Vec::new(), 0, 0);
        for (index, part) in rows.parts.iter().enumerate() {
            size += (part.end - part.start) as usize;
            if size >= GROUP || index + 1 == rows.parts.len() {
                groups.push(&rows.parts[start..=index]);
                (start, size) = (index + 1, 0);
            }
        }
        let sums = |parts: &&[Part]| self.tables_of(&grower.tally, (parts, columns), grower.monitor);
        let at_once = if grower.share { rayon::current_num_threads() } else { 1 };
        let mut total: Option<Vec<T::Table>> = None;
        for groups in groups.chunks(at_once) {
            let tables: Vec<Vec<T::Table>> = match groups {
                [parts] => vec![sums(parts)?],
                groups => groups.par_iter().map(sums).collect::<Result<_>>()?,
            };
            for tables in tables {
                match &mut total {
                    None => total = Some(tables),
                    Some(total) => {
                        let both = total.iter_mut().zip(&tables);
                        both.for_each(|(total, table)| grower.tally.merge(total, table));
                    }
                }
            }
        }
        Ok(total.unwrap_or_default())
    }
}

impl<T: PieceTally> Nodes<T> for PackedNodes<'_> {
    type Rows = Parts;

    /// That with fewer rows is grown first.
    fn stacked([left, right]: [Open<Parts>; 2]) -> [Open<Parts>; 2] {
        if left.rows.rows > right.rows.rows {
            [left, right]
        } else {
            [right, left]
        }
    }

    fn len(&self, rows: &Parts) -> usize {
        rows.rows
    }

    fn enter(&mut self, grower: &mut Grower<'_, T>, rows: &Parts) -> Result<(Node, bool)> {
        let (mut first, mut pure, monitor) = (None, true, grower.monitor);
        let node = grower.tally.enter_pieces(&mut |see| {
            self.each(&rows.parts, monitor, |_, _, samples| {
                let is_like = |sample: &Sample| sample.target == *first.get_or_insert(sample.target);
                pure = pure && samples.iter().all(is_like);
                see(samples);
                Ok(())
            })
        })?;
        Ok((node, pure))
    }

    fn search(&mut self, grower: &mut Grower<'_, T>, rows: &Parts) -> Result<Option<(usize, Cut)>> {
        let (all, wanted) = (grower.columns.len(), grower.limits.candidates);
        (0..wanted).for_each(|place| grower.draw(place));
        let at_once = (TABLES / grower.tally.table_bytes()).max(1);
        let (mut best, mut varies, mut seen) = (None, false, 0);
        while seen < wanted || (!varies && seen < all) {
            let end = if seen < wanted {
                wanted.min(seen + at_once)
            } else {
                grower.draw(seen);
                seen + 1
            };
            let tables = self.tables(grower, rows, &grower.columns[seen..end])?;
            for (&column, table) in grower.columns[seen..end].iter().zip(&tables) {
                grower.monitor.check()?;
                let extent = Extent {
                    rows: rows.rows,
                    missing: grower.ordered.bins[column].missing(),
                    min_leaf: grower.limits.min_leaf,
                };
                let offer = grower.tally.best_of(&mut grower.scratch, table, extent);
                varies |= offer != Offer::Constant;
                best = better(best, column, offer);
            }
            seen = end;
        }
        Ok(best)
    }

    fn part(&mut self, rows: &Parts, column: usize, left: &[bool; 256], monitor: &dyn Monitor) -> Result<[Parts; 2]> {
        let place = &self.rows.places[column];
        let left: [bool; 256] = std::array::from_fn(|code| left[usize::from(place[code])]);
        let mut children = [(); 2].map(|()| Parts {
            parts: Vec::new(),
            rows: 0,
        });
        for part in &rows.parts {
            monitor.check()?;
            let index = part.block as usize;
            let list = &mut self.drawn.lists[index][part.start as usize..part.end as usize];
            let lefts = self.rows.blocks()[index].part(list, &mut self.spare, column, &left);
            let middle = part.start + lefts as u32;
            for (child, (start, end)) in children.iter_mut().zip([(part.start, middle), (middle, part.end)]) {
                if start < end {
                    child.rows += (end - start) as usize;
                    room::push(&mut child.parts, Part { start, end, ..*part })?;
                }
            }
        }
        Ok(children)
    }

    fn leaf(&self, grower: &mut Grower<'_, T>) {
        grower.tally.leaf_of_pieces(&mut grower.grown.leaves);
    }

    /// Grows a branch from a copy of its rows, once these are few.
    fn branch(&mut self, grower: &mut Grower<'_, T>, at: &Open<Parts>) -> Result<bool> {
        let rows = at.rows.rows;
        if rows > copied_rows(self.rows.places.len()) {
            return Ok(false);
        }
        let mut columns = (self.rows.places.iter())
            .map(|_| room::with_capacity(rows))
            .collect::<Result<Vec<Vec<u8>>>>()?;
        let mut samples = room::with_capacity(rows)?;
        let mut bins = [0; PIECE];
        self.each(&at.rows.parts, grower.monitor, |block, rows, of_rows| {
            samples.extend_from_slice(of_rows);
            for (index, column) in columns.iter_mut().enumerate() {
                self.bins_of(block, rows, index, &mut bins);
                column.extend_from_slice(&bins[..rows.len()]);
            }
            Ok(())
        })?;
        let (mut held, rows) = Held::new(grower.ordered, (&columns, &samples), grower.limits.min_leaf);
        let root = Open {
            node: at.node,
            rows,
            depth: at.depth,
        };
        grower.depth_first(&mut held, root)?;
        Ok(true)
    }
}

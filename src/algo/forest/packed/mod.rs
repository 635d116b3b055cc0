//! Forests of packed rows: what beside a row's bytes is held are, for each tree that is grown, a byte that says how often the row was drawn, and two bytes for
//! the lists of nodes where it was.
//!
//! Rows stay where they are, in blocks of so few that two bytes number them. Nodes with many rows are looked at in pieces; the rows of others are copied, and
//! grown on as rows as they are.

mod nodes;

use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::RandomForest;
use super::fit::{Draw, Rows, Shared, balanced, drawn_rows, trees_memory};
use super::grow::{Grower, Grown, Limits};
use super::order::{LevelSums, Ordered, places};
use super::params::{ClassWeight, ForestParams, check_classes};
use super::tally::{PieceTally, Sample};
use crate::error::{Error, Result};
use crate::linear::input::check_class_weights;
use crate::monitor::Monitor;
use crate::packed::{Block, Packed};
use crate::room;
use crate::training_set::{Shape, TargetKind};
use crate::trees::bins::Bins;
use nodes::PackedNodes;

/// Bytes that a fit takes beside the packed rows, at most, the finished model among them.
pub(super) fn memory_needed(params: &ForestParams, shape: &Shape) -> usize {
    let Shape {
        rows,
        features,
        target,
        threads,
        ..
    } = *shape;
    let (trees, classes) = (threads.min(params.n_estimators), target.classes().unwrap_or(1));
    let drawn = drawn_rows(params, rows);
    let counts = if params.bootstrap { rows } else { 0 };
    let of_tree = counts + 2 * drawn + nodes::memory(params, rows, drawn);
    let of_thread = nodes::memory_of_thread(features, classes);
    let votes = match params.oob_score {
        true => rows
            .saturating_mul(8 * if classes > 2 { classes } else { 1 } + 4)
            .saturating_add((trees + 1).saturating_mul(8 * (rows - drawn))),
        false => 0,
    };
    trees
        .saturating_mul(of_tree)
        .saturating_add(threads.saturating_mul(of_thread))
        .saturating_add(votes)
        .saturating_add(trees_memory(params, rows, classes))
}

/// Whether a target can be learned from packed rows.
pub(super) fn packs(kind: TargetKind) -> bool {
    match kind {
        TargetKind::None => false,
        TargetKind::Numbers | TargetKind::Classes(_) => true,
    }
}

/// Learns from packed rows, as [`super::fit`] does from others. `params` are checked.
pub(super) fn fit(params: &ForestParams, packed: &Packed, monitor: &dyn Monitor) -> Result<RandomForest> {
    let classes = packed.kind.classes();
    classes.map_or(Ok(()), check_classes)?;
    let criterion = params.judged_by(packed.kind)?;
    let (rows, columns) = (packed.train.rows(), packed.bins.len());
    if rows == 0 || columns == 0 || rows >= i32::MAX as usize {
        return Err(Error::data(
            format!("there are {columns} columns of {rows} rows"),
            "give at least one feature column, and from one to 2147483646 rows",
        ));
    }
    let mut weights = None;
    if let Some(classes) = classes {
        let counts = packed.class_rows(classes, monitor)?;
        check_class_weights(&counts.iter().map(|rows| *rows as f64).collect::<Vec<f64>>())?;
        if params.class_weight == Some(ClassWeight::Balanced) {
            weights = Some(balanced(&counts));
        }
    }
    let firsts = packed.train.blocks.iter().scan(0, |end, block| {
        *end += block.rows();
        Some(*end - block.rows())
    });
    let mut rows = PackedRows {
        packed,
        firsts: firsts.collect(),
        count: rows,
        weights,
        places: Vec::new(),
    };
    let (ordered, places) = rows.ordered(classes, monitor)?;
    rows.places = places;
    let shared = Shared {
        params,
        classes,
        criterion,
        limits: Limits::new(params, rows.count, columns, packed.kind),
        ordered,
        rows,
        monitor,
    };
    shared.run()
}

/// Packed rows.
struct PackedRows<'a> {
    packed: &'a Packed,
    /// The number of each block's first row.
    firsts: Vec<usize>,
    count: usize,
    /// What a row of each class weighs; none where all weigh 1.
    weights: Option<Vec<f64>>,
    /// The bin of each byte of a column.
    places: Vec<[u8; 256]>,
}

/// The rows of a tree.
struct Drawn {
    /// Of each block the rows that were drawn: those of a node side by side and ascending.
    lists: Vec<Vec<u16>>,
    /// How often each row was drawn; none where all count once. A row that is drawn more often than a byte tells counts as often as that.
    counts: Option<Vec<u8>>,
    /// What a row of each class weighs; none where all weigh 1.
    weights: Option<Vec<f64>>,
}

impl PackedRows<'_> {
    fn blocks(&self) -> &[Block] {
        &self.packed.train.blocks
    }

    /// What there is to predict of a block's row.
    #[inline]
    fn target_of(&self, block: &Block, row: usize) -> f64 {
        f64::from(block.target(row)) + self.packed.offset
    }

    /// A row of a block as a tree sees it.
    #[inline]
    fn sample(&self, drawn: &Drawn, (index, block): (usize, &Block), row: usize) -> Sample {
        let target = self.target_of(block, row);
        let weight = drawn.weights.as_ref().map_or(1.0, |weights| weights[target as usize]);
        let count = drawn
            .counts
            .as_ref()
            .map_or(1.0, |counts| f64::from(counts[self.firsts[index] + row]));
        Sample {
            weight: weight * count,
            target,
        }
    }

    /// Puts the levels of categories in order; also gives the bin of each byte of each column. O(rows x categories).
    fn ordered(&self, classes: Option<usize>, monitor: &dyn Monitor) -> Result<(Ordered, Vec<[u8; 256]>)> {
        let order = |(column, bins): (usize, &Bins)| {
            let Bins::Category { levels } = bins else {
                return Ok(Vec::new());
            };
            let mut sums = LevelSums::new(*levels, classes);
            for block in self.blocks() {
                monitor.check()?;
                for row in 0..block.rows() {
                    let target = self.target_of(block, row);
                    let weight = self.weights.as_ref().map_or(1.0, |weights| weights[target as usize]);
                    sums.add(block.code(row, column), target, weight);
                }
            }
            Ok(sums.order())
        };
        let bins = &self.packed.bins;
        let levels: Vec<Vec<u8>> = bins.par_iter().enumerate().map(order).collect::<Result<_>>()?;
        let places = levels.iter().map(|order| places(order)).collect();
        let bins = bins.clone();
        Ok((Ordered { bins, levels }, places))
    }
}

impl Rows for PackedRows<'_> {
    type Drawn = Drawn;

    fn len(&self) -> usize {
        self.count
    }

    fn target(&self, row: usize) -> f64 {
        let index = self.firsts.partition_point(|first| *first <= row) - 1;
        self.target_of(&self.blocks()[index], row - self.firsts[index])
    }

    fn draw(&self, draw: Draw, random: &mut Xoshiro256PlusPlus) -> Result<Drawn> {
        let mut drawn = Drawn {
            lists: room::with_capacity(self.blocks().len())?,
            counts: None,
            weights: self.weights.clone(),
        };
        if draw.params.bootstrap {
            let mut counts: Vec<u8> = room::filled(0, self.count)?;
            draw.rows(self.count, random, |row| counts[row] = counts[row].saturating_add(1))?;
            drawn.counts = Some(counts);
        }
        let balances = draw.params.class_weight == Some(ClassWeight::BalancedSubsample) && draw.params.bootstrap;
        let mut by_class = vec![0usize; draw.classes.filter(|_| balances).unwrap_or(0)];
        for (block, first) in self.blocks().iter().zip(&self.firsts) {
            draw.monitor.check()?;
            let count = |row: usize| drawn.counts.as_ref().map_or(1, |counts| counts[first + row]);
            let inside = (0..block.rows()).filter(|row| count(*row) > 0);
            let mut list = room::with_capacity(inside.clone().count())?;
            list.extend(inside.map(|row| row as u16));
            if !by_class.is_empty() {
                (0..block.rows()).for_each(|row| by_class[block.target(row) as usize] += usize::from(count(row)));
            }
            drawn.lists.push(list);
        }
        if !by_class.is_empty() {
            drawn.weights = Some(balanced(&by_class));
        }
        Ok(drawn)
    }

    fn grow<T: PieceTally>(&self, grower: Grower<'_, T>, drawn: &mut Drawn) -> Result<Grown> {
        let mut nodes = PackedNodes::new(self, drawn);
        let (root, weight) = nodes.root(grower.monitor)?;
        grower.grow(&mut nodes, root, weight)
    }

    fn outside(&self, grown: &Grown, drawn: &Drawn, monitor: &dyn Monitor) -> Result<Vec<(u32, u32)>> {
        let Some(counts) = &drawn.counts else {
            return Ok(Vec::new());
        };
        let bins = &self.packed.bins;
        let of_block = |(block, first): (&Block, &usize)| {
            monitor.check()?;
            let rows = (0..block.rows()).filter(|row| counts[first + row] == 0);
            let leaf = |row: usize| {
                let value = |column: usize| bins[column].value(block.code(row, column));
                let leaf = grown.trees.leaf(0, value);
                ((first + row) as u32, grown.trees.number(leaf) as u32)
            };
            Ok(rows.map(leaf).collect())
        };
        let parts: Vec<Vec<(u32, u32)>> = (self.blocks().par_iter())
            .zip(&self.firsts)
            .map(of_block)
            .collect::<Result<_>>()?;
        Ok(parts.concat())
    }
}

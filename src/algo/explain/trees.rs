//! The explainer of models of trees: tables for what is small enough, walks for the rest.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::background::{Background, BackgroundWalker};
use super::coded::CodedRows;
use super::columns::Columns;
use super::counting::Counting;
use super::deep::{Points, Walk, Walker};
use super::ensemble::{Ensemble, Margins};
use super::game::Referee;
use super::interactions::{Interactions, pairs};
use super::paths::Covered;
use super::plan::{Limits, Plan};
use super::tables::{Bundle, Tables, tables};
use super::values::LeafTable;
use super::{Baseline, Explainer};
use crate::error::{Error, Result};
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;

/// Rows explained at a time.
const BLOCK: usize = 4096;

/// Numbers of these rows at most: with many features, rows are fewer.
const BLOCK_NUMBERS: usize = 1 << 18;

/// Rows from which on tables are worth their making.
const MANY: usize = 100;

/// What attributes the margins of a model of trees.
pub(crate) struct TreeExplainer {
    columns: Columns,
    covered: Covered,
    leaves: LeafTable,
    margins: Margins,
    /// The means of the sums, and of the margins.
    sums: Vec<f64>,
    base: Vec<f64>,
    referee: Referee,
    bundles: Vec<Bundle>,
    /// From many rows on.
    tables: OnceLock<Tables>,
    walks: Vec<Walk>,
    /// Of each walk, where there is no background.
    points: Vec<Points>,
    background: Option<Background>,
    /// Walks with more players go row by row against a background.
    bits: usize,
    /// Rows that were explained without tables.
    seen: AtomicUsize,
    width: usize,
}

impl TreeExplainer {
    /// O(nodes x players), and O(rows x (trees + columns)) for a background.
    pub(crate) fn new(
        ensemble: &Ensemble<'_>,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<TreeExplainer> {
        TreeExplainer::limited(ensemble, features, baseline, Limits::USUAL, monitor)
    }

    /// The same with other limits of tables, which change how it computes, and numbers by rounding only.
    pub(super) fn limited(
        ensemble: &Ensemble<'_>,
        features: &[usize],
        baseline: Baseline<'_>,
        limits: Limits,
        monitor: &dyn Monitor,
    ) -> Result<TreeExplainer> {
        let trees = ensemble.trees;
        room::ask(trees.nodes().saturating_mul(48))?;
        let columns = Columns::new(trees, features, monitor)?;
        let leaves = LeafTable::new(trees, ensemble.leaves, monitor)?;
        let covered = Covered {
            trees: trees.clone(),
            covers: ensemble.covers.clone(),
        };
        let against_rows = matches!(baseline, Baseline::Background(_));
        let Plan { bundles, walks } = Plan::new(&covered, &columns, &leaves, against_rows, limits, monitor)?;
        let mut explainer = TreeExplainer {
            sums: ensemble.first.clone(),
            base: Vec::new(),
            columns,
            covered,
            leaves,
            margins: ensemble.margins,
            referee: Referee::new(),
            bundles,
            tables: OnceLock::new(),
            points: match against_rows {
                true => Vec::new(),
                false => walks.iter().map(|walk| Points::new(walk.players)).collect(),
            },
            walks,
            background: None,
            bits: limits.bits,
            seen: AtomicUsize::new(0),
            width: features.len(),
        };
        match baseline {
            // Trees remember more of the training rows than means.
            Baseline::Training | Baseline::Means(_) => explainer.learn_training(),
            Baseline::Background(rows) => explainer.learn_background(rows, monitor)?,
        }
        explainer.base = explainer.margins.base(&explainer.sums);
        Ok(explainer)
    }

    /// The means of the sums over the training rows.
    fn learn_training(&mut self) {
        let trees = &self.covered.trees;
        let mut shares = vec![0.0; trees.nodes()];
        for tree in 0..trees.count() {
            let nodes = trees.tree(tree);
            shares[nodes.start] = 1.0;
            // Children lie behind their parents.
            for node in nodes {
                if let Some((left, right)) = trees.children(node) {
                    for child in [left, right] {
                        shares[child] = shares[node] * self.covered.ratio(node, child);
                    }
                }
                for (sum, value) in self.leaves.of_leaf(node) {
                    self.sums[*sum as usize] += value * shares[node];
                }
            }
        }
    }

    /// The means of the sums over a background, and which patterns it has at which leaves.
    fn learn_background(&mut self, rows: &[f64], monitor: &dyn Monitor) -> Result<()> {
        let count = rows.len() / self.width.max(1);
        if count == 0 || !rows.len().is_multiple_of(self.width) {
            return Err(Error::Internal("a background has no rows, or of another width"));
        }
        let columns = self.columns.all().len();
        let mut all = room::with_capacity(count * columns)?;
        let mut counts = self
            .bundles
            .iter()
            .map(|bundle| room::filled(0_u32, bundle.rows()))
            .collect::<Result<Vec<_>>>()?;
        let mut coded = CodedRows::new(&self.columns, self.block().min(count))?;
        let trees = &self.covered.trees;
        let mut sums = vec![Sum::default(); self.sums.len()];
        for rows in rows.chunks(self.block() * self.width) {
            coded.code(self.columns.all(), rows, self.width);
            for (bundle, counts) in self.bundles.iter().zip(&mut counts) {
                monitor.check()?;
                bundle.count(&coded, counts);
            }
            for row in rows.chunks_exact(self.width) {
                monitor.check()?;
                trees.leaves(row, |leaf| {
                    for (sum, value) in self.leaves.of_leaf(leaf) {
                        sums[*sum as usize].add(*value);
                    }
                });
            }
            for row in 0..coded.rows() {
                all.extend((0..columns).map(|column| coded.column(column)[row]));
            }
        }
        for (mean, sum) in self.sums.iter_mut().zip(sums) {
            *mean += sum.value() / count as f64;
        }
        for (bundle, counts) in self.bundles.iter_mut().zip(&counts) {
            monitor.check()?;
            bundle.learn(counts, count);
        }
        self.background = Some(Background::new(&all, columns)?);
        Ok(())
    }

    /// How many rows are explained at a time.
    fn block(&self) -> usize {
        (BLOCK_NUMBERS / (self.width * self.sums.len().max(1)).max(1)).clamp(16, BLOCK)
    }

    /// The tables, once there are many rows.
    fn tables(&self, rows: usize, monitor: &dyn Monitor) -> Result<Option<&Tables>> {
        if let Some(tables) = self.tables.get() {
            return Ok(Some(tables));
        }
        if self.seen.fetch_add(rows, Ordering::Relaxed) + rows < MANY {
            return Ok(None);
        }
        let made = tables(&self.bundles, &self.referee, monitor)?;
        Ok(Some(self.tables.get_or_init(|| made)))
    }

    /// Adds the attributions of coded rows to `out`.
    fn add(
        &self,
        tables: Option<&Tables>,
        coded: &CodedRows,
        stride: usize,
        out: &mut [f64],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let offset = |sum: usize| self.margins.of_sum(sum) * self.width;
        for bundle in &self.bundles {
            monitor.check()?;
            let out = &mut out[offset(bundle.sum)..];
            match tables {
                Some(tables) => bundle.look_up(tables, coded, stride, out),
                None => bundle.compute(&self.referee, coded, stride, out),
            }
        }
        let (covered, columns, leaves) = (&self.covered, &self.columns, &self.leaves);
        let Some(background) = &self.background else {
            let walker = Walker {
                covered,
                columns,
                leaves,
                monitor,
            };
            for (walk, points) in self.walks.iter().zip(&self.points) {
                walker.add(walk, points, coded, stride, &mut out[offset(walk.sum)..])?;
            }
            return Ok(());
        };
        let mut counting = Counting::new(background.weights());
        let walker = BackgroundWalker {
            covered,
            columns,
            leaves,
            background,
            monitor,
        };
        for walk in &self.walks {
            let out = &mut out[offset(walk.sum)..];
            if walk.players <= self.bits {
                walker.add_block(walk, &mut counting, coded, stride, out)?;
            } else {
                walker.add_rows(walk, coded, stride, out)?;
            }
        }
        Ok(())
    }
}

impl Explainer for TreeExplainer {
    fn base(&self) -> &[f64] {
        &self.base
    }

    fn memory(&self) -> usize {
        let bundles = self.bundles.iter().map(|bundle| bundle.memory() + bundle.table_bytes());
        let walks = self.walks.iter().map(|walk| size_of::<Walk>() + walk.active.capacity());
        let points = self.points.iter().map(Points::memory).sum::<usize>();
        let trees = self.covered.trees.memory() + self.covered.covers.capacity() * size_of::<f64>();
        let background = self.background.as_ref().map_or(0, Background::memory);
        trees + self.columns.memory() + self.leaves.memory() + background + points + bundles.chain(walks).sum::<usize>()
    }

    fn explain(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let stride = self.base.len() * width;
        if width != self.width || width == 0 || rows.len() / width * stride != out.len() {
            return Err(Error::Internal("rows to explain have another width than the model's"));
        }
        out.fill(0.0);
        let tables = self.tables(rows.len() / width, monitor)?;
        let block = self.block();
        let mut coded = CodedRows::new(&self.columns, block.min(rows.len() / width))?;
        for (rows, out) in rows.chunks(block * width).zip(out.chunks_mut(block * stride)) {
            monitor.check()?;
            coded.code(self.columns.all(), rows, width);
            self.add(tables, &coded, stride, out, monitor)?;
            for out in out.chunks_exact_mut(stride) {
                self.margins.finish(&self.sums, &self.base, width, out);
            }
        }
        Ok(())
    }

    fn pairs(&self, monitor: &dyn Monitor) -> Result<Vec<(usize, usize)>> {
        let feature = |column: usize| self.columns.all()[column].feature;
        let pairs = pairs(&self.covered, &self.columns, monitor)?;
        Ok(pairs.into_iter().map(|(a, b)| (feature(a), feature(b))).collect())
    }

    fn interactions(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let pairs = pairs(&self.covered, &self.columns, monitor)?;
        let stride = self.base.len() * pairs.len();
        if width != self.width || width == 0 || rows.len() / width * stride != out.len() {
            return Err(Error::Internal("rows to explain have another width than the model's"));
        }
        if stride == 0 {
            return Ok(());
        }
        out.fill(0.0);
        let block = (BLOCK_NUMBERS / stride).clamp(16, BLOCK);
        let mut coded = CodedRows::new(&self.columns, block.min(rows.len() / width))?;
        let interactions = Interactions {
            covered: &self.covered,
            columns: &self.columns,
            leaves: &self.leaves,
            pairs: &pairs,
            background: self.background.as_ref(),
            monitor,
        };
        for (rows, out) in rows.chunks(block * width).zip(out.chunks_mut(block * stride)) {
            coded.code(self.columns.all(), rows, width);
            interactions.add(&coded, |sum| self.margins.of_sum(sum) * pairs.len(), stride, out)?;
            for out in out.chunks_exact_mut(stride) {
                self.finish_pairs(&pairs, out);
            }
        }
        Ok(())
    }
}

impl TreeExplainer {
    /// Makes interactions in the margins of one row from those in the sums: what is changed of an attribution is changed of the feature itself.
    fn finish_pairs(&self, pairs: &[(usize, usize)], out: &mut [f64]) {
        let columns = self.columns.all().len();
        let attributed: Vec<f64> = out
            .chunks_exact(pairs.len())
            .flat_map(|numbers| {
                let mut sums = vec![0.0; columns];
                for (&(a, b), number) in pairs.iter().zip(numbers) {
                    sums[a] += number;
                    sums[b] += if a == b { 0.0 } else { *number };
                }
                sums
            })
            .collect();
        if self.margins == Margins::Second {
            let (first, second) = out.split_at_mut(pairs.len());
            first
                .iter_mut()
                .zip(second)
                .for_each(|(first, second)| *first = -*second);
            return;
        }
        let mut finished = attributed.clone();
        self.margins.finish(&self.sums, &self.base, columns, &mut finished);
        for (margin, numbers) in out.chunks_exact_mut(pairs.len()).enumerate() {
            for (number, (a, _)) in numbers.iter_mut().zip(pairs).filter(|(_, (a, b))| a == b) {
                *number += finished[margin * columns + a] - attributed[margin * columns + a];
            }
        }
    }
}

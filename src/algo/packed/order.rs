//! The order of packed rows, and which of them test.
//!
//! Rows stand in the order of a hash of their bytes. Rows with the same bytes have places of their own among themselves, by which they are drawn one by
//! one: they would all train or all test otherwise.

use hashbrown::HashMap;
use rayon::prelude::*;

use super::{Block, Blocks, CHUNK, MOST_ROWS};
use crate::error::Result;
use crate::hash;
use crate::monitor::Monitor;
use crate::split::test_share;

/// Of classes with at most so many rows exactly their share tests; of others about it.
const FEW: u64 = 20_000;

/// The hash of a packed row.
#[inline]
pub(super) fn hash_of(seed: u64, record: &[u8], target: f32) -> u64 {
    hash::hash_u64(hash::hash_bytes(seed, record), u64::from(target.to_bits()))
}

/// How rows are divided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Division {
    pub(super) seed: u64,
    /// The fraction that tests.
    pub(super) fraction: f64,
    /// How many rows each class has; none for numbers.
    pub(super) classes: HashMap<usize, u64>,
    /// The draw below which rows of a class with few test.
    pub(super) bounds: HashMap<usize, u64>,
}

impl Division {
    /// Puts the rows of buckets in order, and those to test apart. Buckets in parallel.
    pub(super) fn of(&mut self, buckets: Vec<Block>, monitor: &dyn Monitor) -> Result<(Blocks, Blocks)> {
        let own = &*self;
        let sorted = |bucket: Block| {
            monitor.check()?;
            own.sorted(bucket, monitor)
        };
        let sorted: Vec<(Block, Vec<(usize, u64)>)> = buckets.into_par_iter().map(sorted).collect::<Result<_>>()?;
        let mut draws: HashMap<usize, Vec<u64>> = HashMap::new();
        for (class, draw) in sorted.iter().flat_map(|(_, draws)| draws) {
            draws.entry(*class).or_default().push(*draw);
        }
        let bound = |(class, mut draws): (usize, Vec<u64>)| {
            draws.sort_unstable();
            (
                class,
                draws.get(test_share(draws.len(), self.fraction)).copied().unwrap_or(0),
            )
        };
        self.bounds = draws.into_iter().map(bound).collect();
        let own = &*self;
        let divided = |(bucket, _): (Block, Vec<(usize, u64)>)| own.divided(bucket, monitor);
        let divided: Vec<(Block, Block)> = sorted.into_par_iter().map(divided).collect::<Result<_>>()?;
        let (mut train, mut test) = (Blocks::default(), Blocks::default());
        for (of_train, of_test) in divided {
            train.blocks.extend(of_train.cut());
            test.blocks.extend(of_test.cut());
        }
        Ok((train, test))
    }

    /// A bucket in order, and the draws of its rows of classes with few.
    fn sorted(&self, mut bucket: Block, monitor: &dyn Monitor) -> Result<(Block, Vec<(usize, u64)>)> {
        let mut order: Vec<(u64, u32)> = (0..bucket.rows)
            .map(|row| (hash_of(self.seed, bucket.record(row), bucket.target(row)), row as u32))
            .collect();
        monitor.check()?;
        let content = |row: u32| (bucket.record(row as usize), bucket.target(row as usize).to_bits());
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| content(a.1).cmp(&content(b.1))));
        monitor.check()?;
        let rows: Vec<u32> = order.into_iter().map(|(_, row)| row).collect();
        let (codes, targets) = bucket.taken(&rows);
        bucket.put(&codes, &targets);
        let mut draws = Vec::new();
        if self.fraction > 0.0 {
            self.each(&bucket, |row, draw| {
                let class = bucket.target(row) as usize;
                if self.classes.get(&class).is_some_and(|rows| *rows <= FEW) {
                    draws.push((class, draw));
                }
            });
        }
        Ok((bucket, draws))
    }

    /// Calls `see` with each row of a bucket in order, and what was drawn for it.
    fn each(&self, bucket: &Block, mut see: impl FnMut(usize, u64)) {
        let mut repeats = 0;
        for row in 0..bucket.rows {
            let is_like = |other: usize| {
                bucket.record(other) == bucket.record(row)
                    && bucket.target(other).to_bits() == bucket.target(row).to_bits()
            };
            repeats = if row > 0 && is_like(row - 1) { repeats + 1 } else { 0 };
            let hash = hash_of(self.seed, bucket.record(row), bucket.target(row));
            see(row, hash::mix(hash, repeats));
        }
    }

    /// Whether a row tests for which so much was drawn.
    fn tests(&self, target: f32, draw: u64) -> bool {
        let of_class = match self.bounds.is_empty() {
            true => None,
            false => self.bounds.get(&(target as usize)),
        };
        draw < of_class.copied().unwrap_or((self.fraction * 2.0_f64.powi(64)) as u64)
    }

    /// Whether the first of the rows with such bytes tests.
    pub(super) fn first_tests(&self, record: &[u8], target: f32) -> bool {
        self.tests(target, hash::mix(hash_of(self.seed, record, target), 0))
    }

    /// The rows of a bucket that train, and those that test.
    fn divided(&self, mut bucket: Block, monitor: &dyn Monitor) -> Result<(Block, Block)> {
        monitor.check()?;
        if self.fraction <= 0.0 {
            return Ok((bucket, Block::default()));
        }
        let (mut train, mut test) = (Vec::new(), Vec::new());
        self.each(&bucket, |row, draw| {
            let side = if self.tests(bucket.target(row), draw) {
                &mut test
            } else {
                &mut train
            };
            side.push(row as u32);
        });
        let (codes, targets) = bucket.taken(&test);
        let mut of_test = Block::default();
        for (record, target) in codes.chunks_exact(bucket.columns.max(1)).zip(targets) {
            of_test.push(record, target)?;
        }
        let (codes, targets) = bucket.taken(&train);
        bucket.put(&codes, &targets);
        Ok((bucket, of_test))
    }
}

impl Block {
    /// The bytes of a row.
    #[inline]
    fn record(&self, row: usize) -> &[u8] {
        &self.from(row, 0)[..self.columns]
    }

    /// Copies of some rows.
    fn taken(&self, rows: &[u32]) -> (Vec<u8>, Vec<f32>) {
        let codes = rows
            .iter()
            .flat_map(|&row| self.record(row as usize))
            .copied()
            .collect();
        (codes, rows.iter().map(|&row| self.target(row as usize)).collect())
    }

    /// Makes these rows the block's, which are no more than it has.
    fn put(&mut self, codes: &[u8], targets: &[f32]) {
        let width = CHUNK * self.columns.max(1);
        for (chunk, codes) in self.codes.iter_mut().zip(codes.chunks(width)) {
            chunk[..codes.len()].copy_from_slice(codes);
        }
        for (chunk, targets) in self.targets.iter_mut().zip(targets.chunks(CHUNK)) {
            chunk[..targets.len()].copy_from_slice(targets);
        }
        self.rows = targets.len();
        let chunks = self.rows.div_ceil(CHUNK);
        self.codes.truncate(chunks);
        self.targets.truncate(chunks);
    }

    /// Blocks of no more rows than two bytes number. Those without rows are none.
    fn cut(self) -> Vec<Block> {
        const CHUNKS: usize = MOST_ROWS / CHUNK;
        let (mut blocks, mut codes, mut targets) = (Vec::new(), self.codes, self.targets);
        let mut rows = self.rows;
        while rows > 0 {
            let more = codes.len().min(CHUNKS);
            let (rest_codes, rest_targets) = (codes.split_off(more), targets.split_off(more));
            blocks.push(Block {
                rows: rows.min(MOST_ROWS),
                columns: self.columns,
                codes,
                targets,
            });
            (codes, targets) = (rest_codes, rest_targets);
            rows = rows.saturating_sub(MOST_ROWS);
        }
        blocks
    }
}

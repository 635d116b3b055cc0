//! Trees grow on packed rows: the lists of leaves, and histograms.

use std::ops::Range;

use rayon::prelude::*;

use super::held::{Held, STEP, Scratch};
use crate::boosting::grow::Round;
use crate::boosting::histogram::{FETCH, Histogram, LaneSums, add_rows};
use crate::boosting::packing::{Cell, Packing};
use crate::boosting::records::LANE;
use crate::boosting::store::Store;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::trees::bins::Bins;

/// A leaf's rows: a range of each block's list.
pub(in crate::boosting) struct Ranges {
    pub(super) of_blocks: Vec<Range<u32>>,
    rows: usize,
}

impl Ranges {
    fn of(of_blocks: Vec<Range<u32>>) -> Ranges {
        let rows = of_blocks.iter().map(ExactSizeIterator::len).sum();
        Ranges { of_blocks, rows }
    }
}

impl Held<'_> {
    /// Adds rows of a block's list to sums of lanes.
    fn add(&self, index: usize, list: &[u16], sums: &mut [LaneSums], bytes: &mut [[u8; LANE]]) {
        let (block, derivatives) = (&self.packed.train.blocks[index], &self.states[index].derivatives);
        let columns = self.packed.bins.len();
        let mut values = [0u64; FETCH];
        for rows in list.chunks(FETCH) {
            for (place, &row) in rows.iter().enumerate() {
                let row = usize::from(row);
                values[place] = derivatives[row];
                let record = block.from(row, 0);
                for lane in 0..sums.len() {
                    if let Some(own) = record[lane * LANE..].first_chunk() {
                        bytes[lane * FETCH + place] = *own;
                    }
                }
            }
            for (lane, sums) in sums.iter_mut().enumerate() {
                let bytes = bytes[lane * FETCH..][..rows.len()].iter();
                add_rows(columns - lane * LANE, bytes.zip(values.iter().copied()), sums);
            }
        }
    }

    /// Moves sums of lanes into cells, and empties them.
    fn unload(&self, packing: &Packing, sums: &mut [LaneSums], cells: &mut [Cell]) {
        for (bounds, sums) in self.offsets.windows(2).zip(sums.iter_mut().flatten()) {
            for (cell, sum) in cells[bounds[0]..bounds[1]].iter_mut().zip(sums.iter_mut()) {
                cell.add(packing.unpack(*sum));
                *sum = 0;
            }
        }
    }

    /// The cells of the rows of some blocks.
    fn cells_of(
        &self,
        blocks: Range<usize>,
        rows: &Ranges,
        packing: &Packing,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Cell>> {
        let lanes = self.packed.bins.len().div_ceil(LANE);
        let mut cells = vec![Cell::default(); self.cells()];
        let mut sums: Vec<LaneSums> = vec![[[0; 256]; LANE]; lanes];
        let mut bytes = vec![[0u8; LANE]; lanes * FETCH];
        let mut packed = 0;
        for index in blocks {
            let range = &rows.of_blocks[index];
            let mut list = &self.states[index].list[range.start as usize..range.end as usize];
            while !list.is_empty() {
                let (some, rest) = list.split_at(list.len().min(packing.block() - packed));
                self.add(index, some, &mut sums, &mut bytes);
                (list, packed) = (rest, packed + some.len());
                if packed == packing.block() {
                    monitor.check()?;
                    self.unload(packing, &mut sums, &mut cells);
                    packed = 0;
                }
            }
        }
        self.unload(packing, &mut sums, &mut cells);
        Ok(cells)
    }
}

impl Store for Held<'_> {
    type Rows = Ranges;
    type Data<'r> = ();

    fn bins(&self) -> &[Bins] {
        &self.packed.bins
    }

    fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    fn histogram(&self) -> Histogram {
        Histogram::Cells(vec![Cell::default(); self.cells()])
    }

    fn root(&self) -> Ranges {
        Ranges::of(self.states.iter().map(|state| 0..state.inside as u32).collect())
    }

    fn len(&self, rows: &Ranges) -> usize {
        rows.rows
    }

    fn part(
        &mut self,
        rows: &Ranges,
        column: usize,
        left: &[bool; 256],
        monitor: &dyn Monitor,
    ) -> Result<(Ranges, Ranges)> {
        let blocks = self
            .states
            .par_iter_mut()
            .zip(&self.packed.train.blocks)
            .zip(&rows.of_blocks);
        let lefts: Vec<u32> = blocks
            .with_min_len(4)
            .map_init(Vec::new, |spare, ((state, block), range)| {
                monitor.check()?;
                let list = &mut state.list[range.start as usize..range.end as usize];
                Ok(block.part(list, spare, column, left) as u32)
            })
            .collect::<Result<_>>()?;
        let both = || rows.of_blocks.iter().zip(&lefts);
        Ok((
            Ranges::of(both().map(|(range, lefts)| range.start..range.start + lefts).collect()),
            Ranges::of(both().map(|(range, lefts)| range.start + lefts..range.end).collect()),
        ))
    }

    fn count(&self, rows: &Ranges, round: &Round<()>, histogram: &mut Histogram, monitor: &dyn Monitor) -> Result<()> {
        let Histogram::Cells(cells) = histogram else {
            return Err(Error::Internal("histograms of packed rows are cells"));
        };
        cells.fill(Cell::default());
        let blocks = self.states.len();
        let tasks = match rows.rows * self.packed.bins.len() {
            few if few < 200_000 => 1,
            _ => (2 * rayon::current_num_threads()).min(blocks).max(1),
        };
        let stretch = blocks.div_ceil(tasks).max(1);
        let part = |task: usize| {
            let blocks = task * stretch..((task + 1) * stretch).min(blocks);
            self.cells_of(blocks, rows, &round.packing, monitor)
        };
        let parts: Vec<Vec<Cell>> = match tasks {
            1 => vec![part(0)?],
            tasks => (0..tasks).into_par_iter().map(part).collect::<Result<_>>()?,
        };
        for part in parts {
            cells.iter_mut().zip(part).for_each(|(cell, other)| cell.add(other));
        }
        Ok(())
    }

    fn total(&self, rows: &Ranges, round: &Round<()>) -> Cell {
        let mut total = Cell::default();
        for (state, range) in self.states.iter().zip(&rows.of_blocks) {
            for &row in &state.list[range.start as usize..range.end as usize] {
                total.add(round.packing.unpack(state.derivatives[usize::from(row)]));
            }
        }
        total
    }

    fn sums(&self, leaves: &[&Ranges], _: &Round<()>, monitor: &dyn Monitor) -> Result<Vec<(f64, f64)>> {
        /// Blocks whose sums are held at a time.
        const BLOCKS: usize = 32;
        let is_constant = self.constant_hessian();
        let of_block = |index: usize| {
            monitor.check()?;
            let (block, state) = (&self.packed.train.blocks[index], &self.states[index]);
            let mut pairs: Vec<[f64; 2]> = Vec::with_capacity(block.rows());
            let mut scratch = Scratch::default();
            for start in (0..block.rows()).step_by(STEP) {
                let rows = start..(start + STEP).min(block.rows());
                self.derive((block, state), rows, &mut scratch);
                match is_constant {
                    true => pairs.extend(scratch.constant.iter().map(|gradient| [*gradient, 1.0])),
                    false => pairs.extend(scratch.pairs.iter().map(|pair| pair.map(f64::from))),
                }
            }
            let sum = |leaf: &&Ranges| {
                let range = &leaf.of_blocks[index];
                let list = &state.list[range.start as usize..range.end as usize];
                list.iter().fold((0.0, 0.0), |sum: (f64, f64), &row| {
                    let [gradient, hessian] = pairs[usize::from(row)];
                    (sum.0 + gradient, sum.1 + hessian)
                })
            };
            Ok(leaves.iter().map(sum).collect())
        };
        let mut sums = vec![(0.0, 0.0); leaves.len()];
        for first in (0..self.states.len()).step_by(BLOCKS) {
            let blocks = first..(first + BLOCKS).min(self.states.len());
            let parts: Vec<Vec<(f64, f64)>> = blocks.into_par_iter().map(of_block).collect::<Result<_>>()?;
            for part in parts {
                let add = |(sum, part): (&mut (f64, f64), (f64, f64))| *sum = (sum.0 + part.0, sum.1 + part.1);
                sums.iter_mut().zip(part).for_each(add);
            }
        }
        Ok(sums)
    }
}

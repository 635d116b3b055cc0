//! The nearest of several centres, of tiles of rows.
//!
//! Of `|x - c|^2 = |x|^2 + 2 (|c|^2 / 2 - x c)` only what is in brackets differs between centres: one fused multiplication and addition per
//! coordinate and centre, for four centres and two vectors of rows at a time.

use pulp::{Arch, Simd, WithSimd};

use super::block::{Block, ROWS, TILE};
use crate::design::NO_COLUMN;

/// Centres that are computed with at a time.
const GROUP: usize = 4;

/// Centres as the search wants them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Centres {
    numbers: usize,
    /// A multiple of [`GROUP`].
    padded: usize,
    /// For each group and number coordinate the coordinates of its centres, negated.
    packed: Vec<f64>,
    /// Half of the squared length of each centre; infinite where there is none.
    half: Vec<f64>,
    /// For each level a number per centre, negated.
    levels: Vec<f64>,
    /// The greatest squared length of a centre.
    most: f64,
}

impl Centres {
    /// Of points of `width` coordinates each, the first `numbers` of which are numbers.
    pub fn new(points: &[f64], width: usize, numbers: usize) -> Centres {
        let width = width.max(1);
        let padded = (points.len() / width).next_multiple_of(GROUP);
        let mut centres = Centres {
            numbers,
            padded,
            packed: vec![0.0; padded * numbers],
            half: vec![f64::INFINITY; padded],
            levels: vec![0.0; padded * (width - numbers.min(width))],
            most: 0.0,
        };
        for (place, point) in points.chunks_exact(width).enumerate() {
            let (group, lane) = (place / GROUP, place % GROUP);
            for (column, value) in point[..numbers].iter().enumerate() {
                centres.packed[(group * numbers + column) * GROUP + lane] = -value;
            }
            for (level, value) in point[numbers..].iter().enumerate() {
                centres.levels[level * padded + place] = -value;
            }
            let square: f64 = point.iter().map(|value| value * value).sum();
            centres.half[place] = 0.5 * square;
            centres.most = centres.most.max(square);
        }
        centres
    }

    /// The greatest squared length of a centre.
    pub fn most(&self) -> f64 {
        self.most
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        (self.packed.capacity() + self.half.capacity() + self.levels.capacity()) * size_of::<f64>()
    }
}

/// What was found of the rows of a block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// The bracket of the nearest centre, and of the second nearest.
    best: Vec<f64>,
    second: Vec<f64>,
    /// The number of the nearest; of several as near the first.
    place: Vec<f64>,
    /// The squared length of the row.
    norm: Vec<f64>,
    /// The brackets that a tile's rows begin with, where there are levels.
    start: Vec<f64>,
}

impl Found {
    /// Room for a block.
    pub fn new() -> Found {
        let zeros = || vec![0.0; ROWS];
        Found {
            best: zeros(),
            second: zeros(),
            place: zeros(),
            norm: zeros(),
            start: Vec::new(),
        }
    }

    /// The number of a row's nearest centre.
    #[inline]
    pub fn place(&self, row: usize) -> u32 {
        self.place[row] as u32
    }

    /// The squared length of a row, and the squared distances from the nearest and the second nearest centre, with rounding errors of the size of the
    /// squared lengths.
    #[inline]
    pub fn squares(&self, row: usize) -> (f64, f64, f64) {
        let norm = self.norm[row];
        (norm, norm + 2.0 * self.best[row], norm + 2.0 * self.second[row])
    }

    /// Finds the nearest centres of a tile.
    pub fn search(&mut self, block: &Block, centres: &Centres, tile: usize) {
        let first = tile * TILE;
        let rows = first..first + TILE;
        let with_levels = !centres.levels.is_empty();
        let mut seen = [0.0; TILE];
        if with_levels {
            self.start.clear();
            for half in &centres.half {
                self.start.extend_from_slice(&[*half; TILE]);
            }
            for (row, seen) in seen.iter_mut().enumerate().take(block.rows() - first) {
                for &level in block.levels(first + row).iter().filter(|level| **level != NO_COLUMN) {
                    *seen += 1.0;
                    let table =
                        &centres.levels[(level as usize - centres.numbers) * centres.padded..][..centres.padded];
                    let starts = self.start[row..].iter_mut().step_by(TILE);
                    starts.zip(table).for_each(|(start, value)| *start += value);
                }
            }
        }
        Arch::new().dispatch(Search {
            tile: block.tile(tile),
            centres,
            start: with_levels.then_some(&self.start),
            best: &mut self.best[rows.clone()],
            second: &mut self.second[rows.clone()],
            place: &mut self.place[rows.clone()],
            norm: &mut self.norm[rows.clone()],
        });
        if with_levels {
            (self.norm[rows].iter_mut().zip(seen)).for_each(|(norm, seen)| *norm += seen);
        }
    }
}

/// The search of one tile.
struct Search<'a> {
    tile: &'a [f64],
    centres: &'a Centres,
    start: Option<&'a Vec<f64>>,
    best: &'a mut [f64],
    second: &'a mut [f64],
    place: &'a mut [f64],
    norm: &'a mut [f64],
}

impl WithSimd for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let per = TILE / S::F64_LANES;
        if per < 2 {
            self.vectors::<S, 1>(simd, 0);
            return;
        }
        let mut offset = 0;
        while offset < per {
            self.vectors::<S, 2>(simd, offset);
            offset += 2;
        }
    }
}

impl Search<'_> {
    /// Searches for the rows of `V` vectors of the tile.
    #[inline(always)]
    fn vectors<S: Simd, const V: usize>(&mut self, simd: S, offset: usize) {
        let per = TILE / S::F64_LANES;
        let (x, _) = S::as_simd_f64s(self.tile);
        let infinite = simd.splat_f64s(f64::INFINITY);
        let (mut best, mut second, mut place) = ([infinite; V], [infinite; V], [simd.splat_f64s(0.0); V]);
        for group in 0..self.centres.padded / GROUP {
            let mut sums = self.starts::<S, V>(simd, group, offset);
            let packed = &self.centres.packed[group * self.centres.numbers * GROUP..][..self.centres.numbers * GROUP];
            let (packed, _) = packed.as_chunks::<GROUP>();
            for (of_column, centres) in x.chunks_exact(per).zip(packed) {
                for (sums, centre) in sums.iter_mut().zip(centres) {
                    let centre = simd.splat_f64s(*centre);
                    for v in 0..V {
                        sums[v] = simd.mul_add_e_f64s(centre, of_column[offset + v], sums[v]);
                    }
                }
            }
            for (lane, sums) in sums.iter().enumerate() {
                let number = simd.splat_f64s((group * GROUP + lane) as f64);
                for v in 0..V {
                    let nearer = simd.less_than_f64s(sums[v], best[v]);
                    let other = simd.select_f64s(nearer, best[v], sums[v]);
                    second[v] = simd.min_f64s(second[v], other);
                    best[v] = simd.select_f64s(nearer, sums[v], best[v]);
                    place[v] = simd.select_f64s(nearer, number, place[v]);
                }
            }
        }
        let mut norm = [simd.splat_f64s(0.0); V];
        for of_column in x.chunks_exact(per) {
            for v in 0..V {
                norm[v] = simd.mul_add_e_f64s(of_column[offset + v], of_column[offset + v], norm[v]);
            }
        }
        let these = offset..offset + V;
        S::as_mut_simd_f64s(self.best).0[these.clone()].copy_from_slice(&best);
        S::as_mut_simd_f64s(self.second).0[these.clone()].copy_from_slice(&second);
        S::as_mut_simd_f64s(self.place).0[these.clone()].copy_from_slice(&place);
        S::as_mut_simd_f64s(self.norm).0[these].copy_from_slice(&norm);
    }

    /// What the sums of a group begin with.
    #[inline(always)]
    fn starts<S: Simd, const V: usize>(&self, simd: S, group: usize, offset: usize) -> [[S::f64s; V]; GROUP] {
        let per = TILE / S::F64_LANES;
        let mut sums = [[simd.splat_f64s(0.0); V]; GROUP];
        for (lane, sums) in sums.iter_mut().enumerate() {
            let centre = group * GROUP + lane;
            match self.start {
                Some(start) => {
                    let (start, _) = S::as_simd_f64s(&start[centre * TILE..(centre + 1) * TILE]);
                    for v in 0..V {
                        sums[v] = start[(offset + v).min(per - 1)];
                    }
                }
                None => *sums = [simd.splat_f64s(self.centres.half[centre]); V],
            }
        }
        sums
    }
}

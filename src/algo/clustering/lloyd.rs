//! K-means by Lloyd's iterations (Lloyd, "Least squares quantization in PCM", 1982), without looking at rows that cannot have changed their cluster.
//!
//! Of each row an upper bound of the distance from its centre is known, and a lower bound of that from any other (Hamerly, "Making k-means even
//! faster", 2010). Where they tell that the nearest centre is still the same, nothing is computed; a tile of eight rows is computed as soon as one
//! of them needs it. The bounds allow for rounding, so the clusters are those of Lloyd's iterations.

use rayon::prelude::*;

use super::block::{Block, ROWS, TILE};
use super::course::Course;
use super::nearest::{Centres, Found};
use super::sums::{FarRow, Sums};
use crate::error::Result;
use crate::frame::Frame;
use crate::monitor::{Monitor, Progress};
use crate::room;
use crate::space::Space;

/// The most slabs of rows, which are walked in parallel.
const SLABS: usize = 32;
/// Bytes that the sums of all slabs together should stay under; two slabs there are in any case.
const SLAB_BYTES: usize = 64 << 20;
/// The label of a row that has none yet.
const NONE: u32 = u32::MAX;
/// Rounding errors of a squared distance, in squared lengths: those of some thousand coordinates.
const SLACK: f64 = 1e-12;
/// What is larger than the rounding of a float to single precision.
const UP: f32 = 1.0 + 1e-6;

/// Rows in their space.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub space: &'a Space,
    pub frame: &'a Frame,
    pub weights: Option<&'a [f64]>,
    pub monitor: &'a dyn Monitor,
}

impl Rows<'_> {
    /// What a row weighs.
    #[inline]
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// The rows of each slab: a cut that depends on the number of rows and on the bytes that are accumulated in each, and not on the threads.
    pub fn slabs(&self, bytes: usize) -> Vec<std::ops::Range<usize>> {
        let rows = self.frame.rows();
        let slabs = (SLAB_BYTES / bytes.max(1)).clamp(2, SLABS);
        let each = rows.div_ceil(slabs).next_multiple_of(ROWS);
        (0..rows)
            .step_by(each.max(1))
            .map(|start| start..(start + each).min(rows))
            .collect()
    }
}

/// When iterations end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// So many at most.
    pub iterations: usize,
    /// When the centres are no farther than this from the means of their rows, as the sum of the squares.
    pub shift: f64,
    /// Whether centres may go beyond the means: to clusters as good, but not by Lloyd's steps.
    pub is_relaxed: bool,
}

/// What Lloyd's iterations found.
#[derive(Debug, Clone)]
pub(crate) struct Clusters {
    /// One point after the other.
    pub centres: Vec<f64>,
    /// The number of each row's nearest centre.
    pub labels: Vec<u32>,
    /// The sum of the squared distances, by which results are compared.
    pub inertia: f64,
}

/// Some rows, and what is known of them.
struct Slab {
    start: usize,
    labels: Vec<u32>,
    upper: Vec<f32>,
    lower: Vec<f32>,
    sums: Sums,
    changed: bool,
}

/// How far the centres have moved since bounds were last right.
struct Moves {
    shifts: Vec<f64>,
    /// The farthest moved, and how far it and the second farthest have.
    farthest: usize,
    most: [f64; 2],
    /// Half of the distance from each centre to the next.
    gaps: Vec<f64>,
}

impl Moves {
    /// O(centres^2 x width).
    fn new(old: &[f64], new: &[f64], width: usize, monitor: &dyn Monitor) -> Result<Moves> {
        let shifts: Vec<f64> = (old.chunks_exact(width).zip(new.chunks_exact(width)))
            .map(|(old, new)| square(old, new).sqrt())
            .collect();
        let (mut farthest, mut most) = (0, [0.0; 2]);
        for (place, &shift) in shifts.iter().enumerate() {
            if shift > most[0] {
                (farthest, most) = (place, [shift, most[0]]);
            } else if shift > most[1] {
                most[1] = shift;
            }
        }
        let gaps = new.par_chunks_exact(width).enumerate().map(|(place, centre)| {
            monitor.check()?;
            let others = new.chunks_exact(width).enumerate().filter(|(other, _)| *other != place);
            let nearest = others
                .map(|(_, other)| square(centre, other))
                .fold(f64::INFINITY, f64::min);
            Ok(0.5 * nearest.sqrt() * (1.0 - SLACK))
        });
        Ok(Moves {
            gaps: gaps.collect::<Result<_>>()?,
            shifts,
            farthest,
            most,
        })
    }

    /// Brings the bounds of a row up to date; says whether its nearest centre may have changed.
    #[inline]
    fn update(&self, label: u32, upper: &mut f32, lower: &mut f32) -> bool {
        let label = label as usize;
        let Some(shift) = self.shifts.get(label) else {
            return true;
        };
        *upper = (*upper + *shift as f32) * UP;
        *lower = (*lower - self.most[usize::from(label == self.farthest)] as f32 * UP) * (2.0 - UP);
        f64::from(*upper) >= f64::from(*lower).max(self.gaps[label])
    }
}

/// The squared distance of two points.
#[inline]
pub(crate) fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

impl Slab {
    fn new(rows: std::ops::Range<usize>, count: usize, width: usize) -> Result<Slab> {
        Ok(Slab {
            start: rows.start,
            labels: room::filled(NONE, rows.len())?,
            upper: room::filled(f32::INFINITY, rows.len())?,
            lower: room::filled(0.0, rows.len())?,
            sums: Sums::new(count, width)?,
            changed: false,
        })
    }

    /// Gives each row to its nearest centre.
    fn assign(&mut self, rows: &Rows<'_>, centres: &Centres, moves: Option<&Moves>) -> Result<()> {
        let (mut block, mut found, mut tiles) = (Block::new(rows.space), Found::new(), Vec::new());
        self.changed = false;
        for first in (0..self.labels.len()).step_by(ROWS) {
            let last = (first + ROWS).min(self.labels.len());
            rows.monitor.check()?;
            tiles.clear();
            for (tile, start) in (first..last).step_by(TILE).enumerate() {
                let mut is_needed = moves.is_none();
                if let Some(moves) = moves {
                    for row in start..(start + TILE).min(last) {
                        is_needed |= moves.update(self.labels[row], &mut self.upper[row], &mut self.lower[row]);
                    }
                }
                if is_needed {
                    tiles.push(tile);
                }
            }
            block.fill(rows.space, rows.frame, self.start + first..self.start + last, &tiles);
            for &tile in &tiles {
                rows.monitor.check()?;
                found.search(&block, centres, tile);
                for row in tile * TILE..((tile + 1) * TILE).min(last - first) {
                    self.settle(rows, &block, &found, (row, first + row), centres.most());
                }
            }
        }
        Ok(())
    }

    /// Takes over what was found of a row, whose places in the block and in the slab these are.
    #[inline]
    fn settle(&mut self, rows: &Rows<'_>, block: &Block, found: &Found, (in_block, row): (usize, usize), most: f64) {
        let (norm, near, next) = found.squares(in_block);
        let error = SLACK * (norm + most);
        self.upper[row] = (near + error).max(0.0).sqrt() as f32 * UP;
        self.lower[row] = (next - error).max(0.0).sqrt() as f32 * (2.0 - UP);
        let (old, new) = (self.labels[row], found.place(in_block));
        if old == new {
            return;
        }
        self.changed = true;
        self.labels[row] = new;
        let weight = rows.weight(self.start + row);
        self.sums.add(rows.space, block, in_block, new, weight);
        match old {
            NONE => self.sums.add_norm(weight * norm),
            old => self.sums.add(rows.space, block, in_block, old, -weight),
        }
    }
}

/// Rows in slabs.
struct Slabs<'a> {
    rows: Rows<'a>,
    slabs: Vec<Slab>,
}

impl<'a> Slabs<'a> {
    fn new(rows: Rows<'a>, count: usize) -> Result<Slabs<'a>> {
        let width = rows.space.width();
        let slabs = rows.slabs(count * width * size_of::<f64>()).into_iter();
        let slabs = slabs
            .map(|range| Slab::new(range, count, width))
            .collect::<Result<_>>()?;
        Ok(Slabs { rows, slabs })
    }

    fn assign(&mut self, centres: &[f64], moves: Option<&Moves>) -> Result<()> {
        let space = self.rows.space;
        let centres = Centres::new(centres, space.width(), space.numbers());
        (self.slabs.par_iter_mut()).try_for_each(|slab| slab.assign(&self.rows, &centres, moves))
    }

    /// Those of all slabs, in their order.
    fn sums(&self) -> Result<Sums> {
        let width = self.rows.space.width();
        let count = self.slabs.first().map_or(0, |slab| slab.sums.weights.len());
        let mut all = Sums::new(count, width)?;
        for slab in &self.slabs {
            self.rows.monitor.check()?;
            all.merge(&slab.sums);
        }
        all.clear_empty(width);
        Ok(all)
    }

    fn labels(self) -> Result<Vec<u32>> {
        let mut labels = room::with_capacity(self.rows.frame.rows())?;
        self.slabs
            .iter()
            .for_each(|slab| labels.extend_from_slice(&slab.labels));
        Ok(labels)
    }
}

/// The number of each row's nearest centre, and what the rows of each add up to. O(rows x centres x width).
pub(crate) fn assigned(rows: Rows<'_>, centres: &[f64]) -> Result<(Vec<u32>, Sums)> {
    let mut slabs = Slabs::new(rows, centres.len() / rows.space.width().max(1))?;
    slabs.assign(centres, None)?;
    let sums = slabs.sums()?;
    Ok((slabs.labels()?, sums))
}

/// Lloyd's iterations from some centres. Tells the monitor of each iteration when `is_told`. O(iterations x rows x centres x width).
pub(crate) fn lloyd(rows: Rows<'_>, start: Vec<f64>, stop: Stop, is_told: bool) -> Result<Clusters> {
    let width = rows.space.width().max(1);
    let mut slabs = Slabs::new(rows, start.len() / width)?;
    let (mut centres, mut moves, mut is_settled, mut inertia) = (start, None, false, f64::INFINITY);
    let mut course = Course::new(stop);
    for iteration in 1..=stop.iterations {
        slabs.assign(&centres, moves.as_ref())?;
        let mut sums = slabs.sums()?;
        inertia = sums.inertia(width);
        let is_same = !slabs.slabs.iter().any(|slab| slab.changed);
        let farthest = |empty| farthest(rows, &slabs.slabs, &centres, empty);
        let step = course.step(&centres, (&mut sums, inertia, is_same), farthest, iteration)?;
        moves = Some(Moves::new(&centres, &step.centres, width, rows.monitor)?);
        centres = step.centres;
        is_settled = step.is_settled;
        if is_told {
            rows.monitor.progress(Progress {
                iteration,
                iterations: stop.iterations,
                loss: inertia,
            });
        }
        if step.is_last {
            break;
        }
    }
    if !is_settled {
        slabs.assign(&centres, moves.as_ref())?;
    }
    let labels = slabs.labels()?;
    Ok(Clusters {
        centres,
        labels,
        inertia,
    })
}

/// The rows that are farthest from their centres, so many at most.
fn farthest(rows: Rows<'_>, slabs: &[Slab], centres: &[f64], most: usize) -> Result<Vec<FarRow>> {
    let mut farthest: Vec<(f64, usize, u32)> = Vec::new();
    let of_slabs = slabs.par_iter().map(|slab| farthest_of(rows, slab, centres, most));
    for of_slab in of_slabs.collect::<Result<Vec<_>>>()? {
        farthest.extend(of_slab);
    }
    keep_largest(&mut farthest, most);
    let far = |(square, row, label)| {
        let mut point = vec![0.0; rows.space.width()];
        rows.space.points_of(rows.frame, std::iter::once(row), &mut point);
        FarRow {
            square,
            weight: rows.weight(row),
            label,
            point,
        }
    };
    Ok(farthest.into_iter().map(far).collect())
}

/// The rows of a slab that are farthest from their centres, so many at most: squared distance, row, label.
fn farthest_of(rows: Rows<'_>, slab: &Slab, centres: &[f64], most: usize) -> Result<Vec<(f64, usize, u32)>> {
    let width = rows.space.width();
    let (mut point, mut all) = (vec![0.0; width], Vec::new());
    for (place, &label) in slab.labels.iter().enumerate() {
        if place.is_multiple_of(ROWS) {
            rows.monitor.check()?;
        }
        let row = slab.start + place;
        rows.space.points_of(rows.frame, std::iter::once(row), &mut point);
        let distance = square(&point, &centres[label as usize * width..][..width]);
        if distance > 0.0 && rows.weight(row) > 0.0 {
            room::push(&mut all, (distance, row, label))?;
        }
        if all.len() >= 2 * most + ROWS {
            keep_largest(&mut all, most);
        }
    }
    keep_largest(&mut all, most);
    Ok(all)
}

fn keep_largest(all: &mut Vec<(f64, usize, u32)>, most: usize) {
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.truncate(most);
}

//! The nearest core row of a point: a tree of core rows, each half before or behind the one in the middle of it by one coordinate (Bentley,
//! "Multidimensional Binary Search Trees Used for Associative Searching", 1975). Where halves begin and end follows from the number of rows.

use serde::{Deserialize, Serialize};

use super::boxes::square_distance;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::room;

/// So few points are all looked at.
const FEW: usize = 8;
/// Stands for "no cluster".
pub(super) const NONE: u32 = u32::MAX;

/// Core rows with their clusters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CoreRows {
    /// One after the other, in the order of the tree.
    points: Vec<f64>,
    clusters: Vec<u32>,
    /// Of a point that is the middle of others, the coordinate that they are parted by.
    sides: Vec<u16>,
}

/// The nearest point so far: its squared distance, its cluster and its place. Of equally near ones that of the lesser cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearest {
    pub square: f64,
    pub cluster: u32,
    pub place: usize,
}

impl CoreRows {
    /// Of points with their clusters. O(n log n).
    pub(super) fn new(points: &[f64], clusters: &[u32], width: usize, monitor: &dyn Monitor) -> Result<CoreRows> {
        let mut order: Vec<u32> = room::with_capacity(clusters.len())?;
        order.extend(0..clusters.len() as u32);
        let mut sides = room::filled(0_u16, clusters.len())?;
        let (mut open, mut pace) = (Vec::new(), Pace::new(monitor));
        open.push(0..order.len());
        while let Some(range) = open.pop() {
            if range.len() <= FEW {
                continue;
            }
            pace.spend(range.len() * width)?;
            let value = |row: u32, side: usize| points[row as usize * width + side];
            let rows = &mut order[range.clone()];
            let spread = |side: usize| {
                let ends = rows
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &row| {
                        (least.min(value(row, side)), most.max(value(row, side)))
                    });
                ends.1 - ends.0
            };
            let widest = (0..width).fold((0, -1.0), |best: (usize, f64), side| {
                let spread = spread(side);
                if spread > best.1 { (side, spread) } else { best }
            });
            let middle = rows.len() / 2;
            rows.select_nth_unstable_by(middle, |&a, &b| {
                value(a, widest.0).total_cmp(&value(b, widest.0)).then(a.cmp(&b))
            });
            let middle = range.start + middle;
            sides[middle] = widest.0 as u16;
            open.extend([range.start..middle, middle + 1..range.end]);
        }
        let mut sorted = room::with_capacity(points.len())?;
        for &row in &order {
            pace.spend(width)?;
            sorted.extend_from_slice(&points[row as usize * width..(row as usize + 1) * width]);
        }
        Ok(CoreRows {
            points: sorted,
            clusters: order.iter().map(|&row| clusters[row as usize]).collect(),
            sides,
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.clusters.len()
    }

    /// The core row at a place.
    pub(super) fn point(&self, place: usize, width: usize) -> &[f64] {
        &self.points[place * width..(place + 1) * width]
    }

    /// The nearest one up to a squared distance; its cluster is [`NONE`] where there is none. Expected O(log n) in few dimensions.
    #[inline]
    pub(super) fn nearest(&self, point: &[f64], reach: f64) -> Nearest {
        let mut best = Nearest {
            square: reach,
            cluster: NONE,
            place: 0,
        };
        self.search(0, self.count(), point, &mut best);
        best
    }

    fn search(&self, start: usize, end: usize, point: &[f64], best: &mut Nearest) {
        if end - start <= FEW {
            (start..end).for_each(|place| self.look(place, point, best));
            return;
        }
        let middle = start + (end - start) / 2;
        let side = usize::from(self.sides[middle]);
        let beyond = point[side] - self.points[middle * point.len() + side];
        let (near, far) = match beyond < 0.0 {
            true => ((start, middle), (middle + 1, end)),
            false => ((middle + 1, end), (start, middle)),
        };
        self.search(near.0, near.1, point, best);
        self.look(middle, point, best);
        // All points of the other half are at least as far as the middle is along its side.
        if beyond * beyond <= best.square {
            self.search(far.0, far.1, point, best);
        }
    }

    #[inline(always)]
    fn look(&self, place: usize, point: &[f64], best: &mut Nearest) {
        let square = square_distance(point, self.point(place, point.len()));
        let cluster = self.clusters[place];
        if square < best.square || square == best.square && cluster < best.cluster {
            *best = Nearest { square, cluster, place };
        }
    }

    /// Checks decoded ones of `width` coordinates, in one of `clusters` clusters each. O(n).
    pub(super) fn validate(&self, width: usize, clusters: usize) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("core rows", problem));
        if self.clusters.is_empty() || self.sides.len() != self.count() {
            return damaged("their number is wrong");
        }
        if self.count().checked_mul(width) != Some(self.points.len()) {
            return damaged("the number of coordinates is wrong");
        }
        if !self
            .points
            .iter()
            .all(|value| value.is_finite() && value.abs() <= 1e100)
        {
            return damaged("a coordinate is out of range");
        }
        if !self.clusters.iter().all(|&cluster| (cluster as usize) < clusters) {
            return damaged("a cluster is out of range");
        }
        match self.sides.iter().all(|&side| usize::from(side) < width) {
            true => Ok(()),
            false => damaged("a side is out of range"),
        }
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        self.points.capacity() * size_of::<f64>()
            + self.clusters.capacity() * size_of::<u32>()
            + self.sides.capacity() * size_of::<u16>()
    }
}

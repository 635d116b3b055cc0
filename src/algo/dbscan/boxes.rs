//! Points in boxes: halved by the widest side until all points of a box are neighbours of each other, or few.

use std::ops::Range;

use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// So few points are not divided any more.
const FEW: usize = 8;

/// Points in boxes. Points are numbered by their place, in the order of the leaves.
pub(super) struct Boxes {
    width: usize,
    /// The greatest squared distance of neighbours.
    reach: f64,
    /// One after the other, by place.
    points: Vec<f64>,
    /// The row of each place.
    rows: Vec<u32>,
    nodes: Vec<Node>,
    /// For each node the least coordinates of its points, then the greatest.
    corners: Vec<f64>,
    /// The nodes that are not divided, in the order of their places.
    leaves: Vec<u32>,
}

/// A box.
struct Node {
    start: u32,
    end: u32,
    /// Its halves are this node and the next; 0 for a leaf.
    halves: u32,
    /// Whether all its points are neighbours of each other.
    is_tight: bool,
}

impl Boxes {
    /// Of points of `width` coordinates each, which are neighbours up to the squared distance `reach`. O(points x width x depth).
    pub(super) fn new(all: &[f64], width: usize, reach: f64, monitor: &dyn Monitor) -> Result<Boxes> {
        let count = all.len() / width;
        let mut boxes = Boxes {
            width,
            reach,
            points: Vec::new(),
            rows: room::with_capacity(count)?,
            nodes: Vec::new(),
            corners: Vec::new(),
            leaves: Vec::new(),
        };
        boxes.rows.extend(0..count as u32);
        let mut pace = Pace::new(monitor);
        boxes.push(0..count as u32)?;
        // Left halves first, so that leaves come in the order of their places.
        let mut open = vec![0];
        while let Some(number) = open.pop() {
            let (start, end) = (boxes.nodes[number].start as usize, boxes.nodes[number].end as usize);
            pace.spend((end - start) * width)?;
            let (side, diagonal) = boxes.measure(all, number);
            boxes.nodes[number].is_tight = diagonal <= reach;
            if diagonal <= reach || end - start <= FEW {
                room::push(&mut boxes.leaves, number as u32)?;
                continue;
            }
            let middle = start + boxes.part(all, number, side) as usize;
            let halves = boxes.nodes.len();
            boxes.nodes[number].halves = halves as u32;
            boxes.push(start as u32..middle as u32)?;
            boxes.push(middle as u32..end as u32)?;
            open.extend([halves + 1, halves]);
        }
        boxes.points = room::with_capacity(all.len())?;
        for &row in &boxes.rows {
            pace.spend(width)?;
            let start = row as usize * width;
            boxes.points.extend_from_slice(&all[start..start + width]);
        }
        Ok(boxes)
    }

    fn push(&mut self, places: Range<u32>) -> Result<()> {
        room::reserve(&mut self.corners, 2 * self.width)?;
        let corners = self.corners.len() + 2 * self.width;
        self.corners.resize(corners, 0.0);
        let node = Node {
            start: places.start,
            end: places.end,
            halves: 0,
            is_tight: false,
        };
        room::push(&mut self.nodes, node)
    }

    /// Finds a node's corners; gives its widest side, and the squared length of its diagonal.
    fn measure(&mut self, all: &[f64], number: usize) -> (usize, f64) {
        let (width, node) = (self.width, &self.nodes[number]);
        let corners = &mut self.corners[number * 2 * width..(number + 1) * 2 * width];
        let (least, greatest) = corners.split_at_mut(width);
        least.fill(f64::INFINITY);
        greatest.fill(f64::NEG_INFINITY);
        for &row in &self.rows[node.start as usize..node.end as usize] {
            let point = &all[row as usize * width..(row as usize + 1) * width];
            for ((least, greatest), &value) in least.iter_mut().zip(greatest.iter_mut()).zip(point) {
                *least = if value < *least { value } else { *least };
                *greatest = if value > *greatest { value } else { *greatest };
            }
        }
        let (mut widest, mut diagonal) = ((0, 0.0), 0.0);
        for (side, (least, greatest)) in least.iter().zip(greatest).enumerate() {
            let length = *greatest - least;
            diagonal += length * length;
            if length > widest.1 {
                widest = (side, length);
            }
        }
        (widest.0, diagonal)
    }

    /// Puts the points of a node in front that are in the lower half of one side; gives how many they are, which are neither none nor all.
    fn part(&mut self, all: &[f64], number: usize, side: usize) -> u32 {
        let (width, node) = (self.width, &self.nodes[number]);
        let corners = &self.corners[number * 2 * width..];
        let (least, greatest) = (corners[side], corners[width + side]);
        let middle = least + (greatest - least) / 2.0;
        // Between two numbers that are neighbours there is none.
        let middle = if middle < greatest { middle } else { least };
        let rows = &mut self.rows[node.start as usize..node.end as usize];
        let mut front = 0;
        for place in 0..rows.len() {
            if all[rows[place] as usize * width + side] <= middle {
                rows.swap(front, place);
                front += 1;
            }
        }
        front as u32
    }

    /// How many points there are.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// How many leaves there are.
    pub(super) fn leaves(&self) -> usize {
        self.leaves.len()
    }

    /// The places of a leaf's points.
    pub(super) fn places(&self, leaf: usize) -> Range<usize> {
        let node = &self.nodes[self.leaves[leaf] as usize];
        node.start as usize..node.end as usize
    }

    /// Whether all points of a leaf are neighbours of each other.
    pub(super) fn is_tight(&self, leaf: usize) -> bool {
        self.nodes[self.leaves[leaf] as usize].is_tight
    }

    /// The row at a place.
    pub(super) fn row(&self, place: usize) -> usize {
        self.rows[place] as usize
    }

    /// The point at a place.
    #[inline]
    pub(super) fn point(&self, place: usize) -> &[f64] {
        &self.points[place * self.width..(place + 1) * self.width]
    }

    /// Whether two points are neighbours.
    #[inline]
    pub(super) fn are_neighbours(&self, a: usize, b: usize) -> bool {
        square_distance(self.point(a), self.point(b)) <= self.reach
    }

    /// Whether a point may have neighbours in a leaf, and whether all points of the leaf are.
    #[inline]
    pub(super) fn reaches(&self, place: usize, leaf: usize) -> (bool, bool) {
        let (least, greatest) = self.corners(self.leaves[leaf] as usize);
        let (mut near, mut far) = (0.0, 0.0);
        for ((&value, &least), &greatest) in self.point(place).iter().zip(least).zip(greatest) {
            let (below, above) = (least - value, value - greatest);
            let gap = below.max(above).max(0.0);
            let across = (-below).max(-above);
            near += gap * gap;
            far += across * across;
        }
        (near <= self.reach, far <= self.reach)
    }

    fn corners(&self, node: usize) -> (&[f64], &[f64]) {
        self.corners[node * 2 * self.width..(node + 1) * 2 * self.width].split_at(self.width)
    }

    /// Writes the leaves behind place `from` that may hold neighbours of a leaf's points, in order, without itself. `numbers` is that of each leaf's
    /// node.
    pub(super) fn around(&self, leaf: usize, numbers: &[u32], from: usize, open: &mut Vec<u32>, found: &mut Vec<u32>) {
        found.clear();
        let own = self.leaves[leaf];
        let (own_least, own_greatest) = self.corners(own as usize);
        open.push(0);
        while let Some(number) = open.pop() {
            let node = &self.nodes[number as usize];
            if (node.end as usize) <= from || number == own {
                continue;
            }
            let (least, greatest) = self.corners(number as usize);
            let sides = own_least.iter().zip(own_greatest).zip(least.iter().zip(greatest));
            let apart = sides.fold(0.0, |sum, ((a, b), (c, d))| {
                let gap = (c - b).max(a - d).max(0.0);
                sum + gap * gap
            });
            if apart > self.reach {
                continue;
            }
            match node.halves {
                0 => found.push(numbers[number as usize]),
                halves => open.extend([halves + 1, halves]),
            }
        }
    }

    /// The number among the leaves of each node that is one.
    pub(super) fn leaf_numbers(&self) -> Result<Vec<u32>> {
        let mut numbers = room::filled(0, self.nodes.len())?;
        for (leaf, &node) in (0..).zip(&self.leaves) {
            numbers[node as usize] = leaf;
        }
        Ok(numbers)
    }
}

/// The squared distance of two points, their coordinates added in order: comparing it with that of corners is exact, because rounding keeps the order.
#[inline(always)]
pub(super) fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| {
        let difference = a - b;
        sum + difference * difference
    })
}

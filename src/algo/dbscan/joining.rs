//! Which core points are in one cluster: boxes are joined by the first pair of neighbours.

use super::boxes::Boxes;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Sets of places that are joined (Tarjan, "Efficiency of a Good But Not Linear Set Union Algorithm", 1975).
struct Sets(Vec<u32>);

impl Sets {
    /// The place that stands for the set of a place. Paths are halved on the way.
    fn find(&mut self, mut place: u32) -> u32 {
        while self.0[place as usize] != place {
            let above = self.0[self.0[place as usize] as usize];
            self.0[place as usize] = above;
            place = above;
        }
        place
    }

    /// The lesser place stands for both.
    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// For each place of a core point the place that stands for its cluster; for others their own.
pub(super) fn clusters(boxes: &Boxes, is_core: &[bool], monitor: &dyn Monitor) -> Result<Vec<u32>> {
    let mut places = room::with_capacity(boxes.count())?;
    places.extend(0..boxes.count() as u32);
    let mut joining = Joining {
        boxes,
        sets: Sets(places),
        cores: room::with_capacity(boxes.count())?,
        starts: room::with_capacity(boxes.leaves() + 1)?,
        pace: Pace::new(monitor),
    };
    joining.starts.push(0);
    for leaf in 0..boxes.leaves() {
        let cores = boxes.places(leaf).filter(|&place| is_core[place]);
        joining.cores.extend(cores.map(|place| place as u32));
        joining.starts.push(joining.cores.len());
        joining.join_within(leaf)?;
    }
    let (numbers, mut open, mut around) = (boxes.leaf_numbers()?, Vec::new(), Vec::new());
    for leaf in 0..boxes.leaves() {
        if joining.cores(leaf).is_empty() {
            continue;
        }
        boxes.around(leaf, &numbers, boxes.places(leaf).end, &mut open, &mut around);
        for &other in &around {
            joining.join_leaves(leaf, other as usize)?;
        }
    }
    let mut sets = joining.sets;
    for place in 0..sets.0.len() as u32 {
        sets.0[place as usize] = sets.find(place);
    }
    Ok(sets.0)
}

struct Joining<'a> {
    boxes: &'a Boxes,
    sets: Sets,
    /// The places of core points; those of a leaf begin at its number in `starts`.
    cores: Vec<u32>,
    starts: Vec<usize>,
    pace: Pace<'a>,
}

impl<'a> Joining<'a> {
    fn cores(&self, leaf: usize) -> &[u32] {
        &self.cores[self.starts[leaf]..self.starts[leaf + 1]]
    }

    /// Joins the core points of one leaf that are neighbours.
    fn join_within(&mut self, leaf: usize) -> Result<()> {
        let range = self.starts[leaf]..self.starts[leaf + 1];
        self.pace.spend(range.len())?;
        for i in range.clone() {
            if self.boxes.is_tight(leaf) {
                self.sets.join(self.cores[range.start], self.cores[i]);
                continue;
            }
            for j in range.start..i {
                let (a, b) = (self.cores[i], self.cores[j]);
                if self.boxes.are_neighbours(a as usize, b as usize) {
                    self.sets.join(a, b);
                }
            }
        }
        Ok(())
    }

    /// Joins the core points of two leaves that are neighbours.
    fn join_leaves(&mut self, leaf: usize, other: usize) -> Result<()> {
        let (boxes, theirs) = (self.boxes, self.starts[other]..self.starts[other + 1]);
        let both_tight = boxes.is_tight(leaf) && boxes.is_tight(other);
        let Some(&first) = self.cores.get(theirs.start).filter(|_| !theirs.is_empty()) else {
            return Ok(());
        };
        for i in self.starts[leaf]..self.starts[leaf + 1] {
            let a = self.cores[i];
            self.pace.spend(1)?;
            if boxes.is_tight(other) && self.sets.find(a) == self.sets.find(first) {
                // All of the other leaf are in one cluster, and if those of this one are, too, nothing is left to join.
                match both_tight {
                    true => return Ok(()),
                    false => continue,
                }
            }
            if !boxes.reaches(a as usize, other).0 {
                continue;
            }
            self.pace.spend(theirs.len())?;
            for j in theirs.clone() {
                let b = self.cores[j];
                if boxes.are_neighbours(a as usize, b as usize) {
                    self.sets.join(a, b);
                    if boxes.is_tight(other) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

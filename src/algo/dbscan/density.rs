//! Which rows are core rows: neighbours are counted until there are enough.

use rayon::prelude::*;

use super::boxes::Boxes;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Leaves of one task.
const LEAVES: usize = 64;

/// Whether the point at each place is a core point: those within reach of it, itself among them, weigh at least `least`. `weights` is that of each row.
pub(super) fn core_points(
    boxes: &Boxes,
    weights: Option<&[f64]>,
    least: f64,
    monitor: &dyn Monitor,
) -> Result<Vec<bool>> {
    let counting = Counting {
        weights: weights.map(|weights| (0..boxes.count()).map(|place| weights[boxes.row(place)]).collect()),
        numbers: boxes.leaf_numbers()?,
        boxes,
        least,
    };
    let tasks = boxes.leaves().div_ceil(LEAVES);
    let parts = (0..tasks).into_par_iter().map(|task| {
        let (mut part, mut pace) = (Vec::new(), Pace::new(monitor));
        let (mut open, mut around) = (Vec::new(), Vec::new());
        for leaf in task * LEAVES..((task + 1) * LEAVES).min(boxes.leaves()) {
            counting.count(leaf, &mut open, &mut around, &mut part, &mut pace)?;
        }
        Ok(part)
    });
    let parts: Vec<Vec<bool>> = parts.collect::<Result<_>>()?;
    let mut all = room::with_capacity(boxes.count())?;
    parts.iter().for_each(|part| all.extend_from_slice(part));
    Ok(all)
}

struct Counting<'a> {
    boxes: &'a Boxes,
    numbers: Vec<u32>,
    /// By place; `None` when all weigh 1.
    weights: Option<Vec<f64>>,
    least: f64,
}

impl Counting<'_> {
    fn weight(&self, place: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[place])
    }

    fn weight_of(&self, leaf: usize) -> f64 {
        let places = self.boxes.places(leaf);
        match &self.weights {
            Some(weights) => weights[places].iter().sum(),
            None => places.len() as f64,
        }
    }

    /// Appends for each point of a leaf whether it is a core point.
    fn count(
        &self,
        leaf: usize,
        open: &mut Vec<u32>,
        around: &mut Vec<u32>,
        part: &mut Vec<bool>,
        pace: &mut Pace,
    ) -> Result<()> {
        let (boxes, places) = (self.boxes, self.boxes.places(leaf));
        let own = if boxes.is_tight(leaf) {
            self.weight_of(leaf)
        } else {
            0.0
        };
        room::reserve(part, places.len())?;
        if own >= self.least {
            part.resize(part.len() + places.len(), true);
            return Ok(());
        }
        boxes.around(leaf, &self.numbers, 0, open, around);
        for place in places.clone() {
            let mut sum = own;
            if !boxes.is_tight(leaf) {
                sum += self.neighbours(place, leaf);
            }
            for &other in around.iter() {
                if sum >= self.least {
                    break;
                }
                pace.spend(1)?;
                match boxes.reaches(place, other as usize) {
                    (false, _) => {}
                    (true, true) => sum += self.weight_of(other as usize),
                    (true, false) => {
                        pace.spend(boxes.places(other as usize).len())?;
                        sum += self.neighbours(place, other as usize);
                    }
                }
            }
            part.push(sum >= self.least);
        }
        Ok(())
    }

    /// What the neighbours of a point in a leaf weigh.
    fn neighbours(&self, place: usize, leaf: usize) -> f64 {
        let others = self.boxes.places(leaf);
        let near = others.filter(|&other| self.boxes.are_neighbours(place, other));
        near.map(|other| self.weight(other)).sum()
    }
}

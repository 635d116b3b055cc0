//! What k-means sums up over rows that go by: at given centres each row goes to the nearest, and is forgotten.
//!
//! Every pass sums up both what the next centres are made of and what a model at these centres knows of its rows, so that the last pass is one like all others.
//! A few rows that are far from their centres are kept, which clusters without rows are given.

use serde::{Deserialize, Serialize};

use super::model::{KMeans, order_of};
use crate::accumulator::Accumulator;
use crate::clustering::block::{Block, ROWS, TILE, TILES};
use crate::clustering::lloyd::square;
use crate::clustering::nearest::{Centres, Found};
use crate::clustering::points::Points;
use crate::clustering::spread::write_parts;
use crate::clustering::sums::{FarRow, Sums, add_all};
#[cfg(test)]
use crate::design::{Design, Moments, Seen};
use crate::error::{Error, Result};
#[cfg(test)]
use crate::frame::Column;
use crate::frame::Frame;
use crate::monitor::Monitor;
use crate::room;
#[cfg(test)]
use crate::space::Units;
use crate::space::{MOST, Space};

/// Coordinates, or features, of all centres together, at most: what is summed up of them has to be sent.
pub(super) const MOST_NUMBERS: usize = 1 << 23;
/// Products of rows and coordinates of centres that are computed at once, about: some milliseconds.
const PRODUCTS: usize = 1 << 24;
/// Rows far from their centres that are kept, at most. When more clusters are without rows, the others are given some in later passes.
const FAR_ROWS: usize = 64;

/// A pass over rows for k-means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClustersPass {
    pub(super) space: Space,
    /// One point after the other.
    pub(super) centres: Vec<f64>,
}

/// What a pass gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClustersSums {
    pub(super) of: Sums,
    /// Of each cluster all its rows, those without a weight among them.
    pub(super) rows: Vec<u64>,
    /// For each cluster and feature the weighted sum of the squared differences from the centre.
    pub(super) squares: Vec<f64>,
    /// The rows that are farthest from their centres, the farthest first.
    pub(super) farthest: Vec<FarRow>,
}

impl ClustersPass {
    /// How many clusters there are.
    fn count(&self) -> usize {
        self.centres.len() / self.space.width().max(1)
    }

    /// Rows that are summed up at once, at most: no more than take some milliseconds.
    pub(crate) fn block_rows(&self) -> usize {
        (PRODUCTS / self.centres.len().max(1))
            .next_multiple_of(TILE)
            .clamp(TILE, 4 * ROWS)
    }

    /// Whether so many centres can be summed up.
    pub(super) fn holds(space: &Space, count: usize) -> bool {
        let wide = space.width().max(space.features());
        space.width() > 0 && count > 0 && count.checked_mul(wide).is_some_and(|numbers| numbers <= MOST_NUMBERS)
    }

    /// Checks that it is a pass over rows of features with so many levels each; `None` for numbers.
    pub(crate) fn validate(&self, features: &[Option<usize>]) -> Result<()> {
        let levels: Vec<usize> = features.iter().map(|levels| levels.unwrap_or(0)).collect();
        self.space.validate(&levels)?;
        let sound = ClustersPass::holds(&self.space, self.count())
            && self.count() * self.space.width() == self.centres.len()
            && self.centres.iter().all(|value| value.abs() <= 2.0 * MOST);
        match sound {
            true => Ok(()),
            false => Err(Error::damaged("plan of sums", "its centres are none")),
        }
    }

    /// Of the rows that golden files are of.
    #[cfg(test)]
    pub(crate) fn of_golden_files() -> ClustersPass {
        let moments = Moments {
            mean: 60.0,
            deviation: 30.0,
        };
        // Three levels, one for all others, and one for a missing value, which no row has.
        let levels = [Some(5.0), Some(3.0), Some(2.0), None, None].to_vec();
        let design = Design::of_seen(&[Seen::Number(moments), Seen::Category(levels)], true);
        let frame = Frame::new(vec![Column::empty(0), Column::empty(4)]).unwrap();
        ClustersPass {
            space: Space::of(&design, &frame, Units::Standard).unwrap(),
            centres: vec![-1.0, 0.5, 0.25, 0.25, 0.0, 0.0, 1.0, 0.0, 1.5, 0.0, 0.0, 1.0],
        }
    }

    /// The sums of no rows. Returns an error where there is no room.
    pub(crate) fn nothing(&self) -> Result<ClustersSums> {
        let count = self.count();
        Ok(ClustersSums {
            of: Sums::new(count, self.space.width())?,
            rows: room::filled(0, count)?,
            squares: room::zeros(count * self.space.features())?,
            farthest: Vec::new(),
        })
    }
}

/// Rows on their way into sums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Adding {
    block: Block,
    found: Found,
    centres: Centres,
    points: Points,
    parts: Vec<f64>,
}

impl Adding {
    /// No rows yet. Returns an error where there is no room.
    pub fn new(pass: &ClustersPass) -> Result<Adding> {
        let space = &pass.space;
        // The centres in two forms, and what a search begins with.
        let centres = (pass.centres.len() + pass.count() * space.features()).saturating_mul(4 * size_of::<f64>());
        room::ask(centres.saturating_add(Block::bytes(space.numbers() + space.categories())))?;
        Ok(Adding {
            block: Block::new(space),
            found: Found::new(),
            centres: Centres::new(&pass.centres, space.width(), space.numbers()),
            points: Points::new(space, pass.centres.clone()),
            parts: vec![0.0; space.features()],
        })
    }

    /// Adds rows of the pass's features.
    pub fn add(&mut self, pass: &ClustersPass, (frame, weights): (&Frame, Option<&[f64]>), sums: &mut ClustersSums) {
        let all = std::array::from_fn::<usize, TILES, _>(|tile| tile);
        for start in (0..frame.rows()).step_by(ROWS) {
            let end = (start + ROWS).min(frame.rows());
            let tiles = &all[..(end - start).div_ceil(TILE)];
            self.block.fill(&pass.space, frame, start..end, tiles);
            tiles
                .iter()
                .for_each(|tile| self.found.search(&self.block, &self.centres, *tile));
            for row in start..end {
                self.add_row(
                    &pass.space,
                    row - start,
                    weights.map_or(1.0, |weights| weights[row]),
                    sums,
                );
            }
        }
    }

    /// Adds a row of the block.
    #[inline]
    fn add_row(&mut self, space: &Space, row: usize, weight: f64, sums: &mut ClustersSums) {
        let (label, (norm, ..)) = (self.found.place(row), self.found.squares(row));
        let cluster = label as usize;
        sums.of.add(space, &self.block, row, label, weight);
        sums.of.add_norm(weight * norm);
        sums.rows[cluster] += 1;
        let (point, levels) = (self.points.point(cluster), self.points.level_squares(cluster));
        write_parts(space, &self.block, row, point, levels, &mut self.parts);
        let squares = &mut sums.squares[cluster * self.parts.len()..][..self.parts.len()];
        (squares.iter_mut().zip(&self.parts)).for_each(|(sum, part)| *sum += weight * part);
        let square: f64 = self.parts.iter().sum();
        if weight > 0.0 && square > sums.least_far() {
            let mut point = vec![0.0; space.width()];
            self.block.write_point(row, &mut point);
            sums.keep_far(FarRow {
                square,
                weight,
                label,
                point,
            });
        }
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.block.memory() + self.centres.memory() + self.points.memory() + self.parts.capacity() * size_of::<f64>()
    }
}

/// The order in which rows are kept, whatever the order in which they come.
fn by_distance(a: &FarRow, b: &FarRow) -> std::cmp::Ordering {
    let points = || a.point.iter().zip(&b.point).map(|(a, b)| a.total_cmp(b));
    b.square
        .total_cmp(&a.square)
        .then_with(|| {
            points()
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
        .then_with(|| b.weight.total_cmp(&a.weight))
        .then(a.label.cmp(&b.label))
}

impl ClustersSums {
    /// How many rows are kept.
    fn most_far(&self) -> usize {
        self.rows.len().min(FAR_ROWS)
    }

    /// No row that is nearer to its centre is kept: 0 while there is room. One that is at its centre helps no other cluster.
    #[inline]
    fn least_far(&self) -> f64 {
        match self.farthest.last() {
            // One that is as far may come before it.
            Some(last) if self.farthest.len() >= self.most_far() => last.square.next_down(),
            Some(_) | None => 0.0,
        }
    }

    fn keep_far(&mut self, row: FarRow) {
        let place = self.farthest.partition_point(|kept| by_distance(kept, &row).is_lt());
        self.farthest.insert(place, row);
        let most = self.most_far();
        self.farthest.truncate(most);
    }

    /// How many rows there are, and how many that weigh anything; `None` for more than can be counted.
    pub(crate) fn rows(&self) -> Option<(u64, u64)> {
        let sum = |counts: &[u64]| counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        Some((sum(&self.rows)?, sum(&self.of.counts)?))
    }

    /// How far the means of the rows are from their centres, as the sum of the squares.
    pub(super) fn moved(&self, centres: &[f64]) -> f64 {
        let width = centres.len() / self.rows.len().max(1);
        square(centres, &self.of.means(centres, width.max(1)))
    }

    /// Whether sizes agree, so that they can be merged.
    pub(crate) fn is_like(&self, other: &ClustersSums) -> bool {
        let point = |sums: &ClustersSums| sums.of.sums.len() / sums.rows.len().max(1);
        let points = self.farthest.iter().chain(&other.farthest);
        self.of.is_like(&other.of)
            && self.rows.len() == other.rows.len()
            && self.squares.len() == other.squares.len()
            && points.map(|row| row.point.len()).all(|length| length == point(self))
    }
}

impl Accumulator for ClustersSums {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if !self.is_like(other) {
            return Err(Error::Mismatch {
                left: "sums of clusters".into(),
                right: "sums of others".into(),
            });
        }
        self.of.merge(&other.of);
        let rows = self.rows.iter_mut().zip(&other.rows);
        rows.for_each(|(rows, more)| *rows = rows.saturating_add(*more));
        add_all(&mut self.squares, &other.squares);
        for row in &other.farthest {
            if row.square > self.least_far() {
                self.keep_far(row.clone());
            }
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let clusters = self.rows.len();
        let is_square = |square: &f64| square.is_finite() && *square >= 0.0;
        let width = self.of.sums.len() / clusters.max(1);
        let far = |row: &FarRow| {
            let is_point = row.point.len() == width && row.point.iter().all(|value| value.abs() <= MOST);
            let has_weight = row.weight.is_finite() && row.weight > 0.0;
            is_point && has_weight && is_square(&row.square) && (row.label as usize) < clusters
        };
        let sound = clusters == self.of.counts.len()
            && self.of.are_sound()
            && self.of.counts.iter().zip(&self.rows).all(|(count, rows)| count <= rows)
            && self.squares.len().is_multiple_of(clusters)
            && self.squares.iter().all(is_square)
            && self.farthest.len() <= self.most_far()
            && self.farthest.iter().all(far)
            && self.farthest.is_sorted_by(|a, b| by_distance(a, b).is_le());
        match sound {
            true => Ok(()),
            false => Err(Error::damaged("sums", "what clusters add up to is wrong")),
        }
    }

    fn memory(&self) -> usize {
        let points = self.farthest.iter().map(|row| row.point.capacity() * size_of::<f64>());
        self.of.memory()
            + (self.rows.capacity() + self.squares.capacity()) * size_of::<f64>()
            + self.farthest.capacity() * size_of::<FarRow>()
            + points.sum::<usize>()
    }
}

impl KMeans {
    /// Of the clusters of a pass, where all rows are summed up. How strange rows are is told by some of them.
    pub(super) fn of_sums(
        pass: ClustersPass,
        sums: &ClustersSums,
        (frame, monitor): (&Frame, &dyn Monitor),
        has_order: bool,
    ) -> Result<KMeans> {
        let (width, features) = (pass.space.width(), pass.space.features());
        let order = order_of(&pass.centres, width, &sums.rows, has_order);
        let chosen = |numbers: &[f64], each: usize| -> Vec<f64> {
            order
                .iter()
                .flat_map(|place| &numbers[place * each..(place + 1) * each])
                .copied()
                .collect()
        };
        let centres = Points::new(&pass.space, chosen(&pass.centres, width));
        let (squares, weights) = (chosen(&sums.squares, features), chosen(&sums.of.weights, 1));
        let rows = order.iter().map(|place| sums.rows[*place]).collect();
        KMeans::assemble(pass.space, (centres, rows), (&squares, &weights), (frame, monitor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums() -> ClustersSums {
        let pass = ClustersPass::of_golden_files();
        let columns = vec![
            Column::Number((0..300).map(f64::from).collect()),
            Column::Category {
                codes: (0..300).map(|row| row % 4).collect(),
                levels: 4,
            },
        ];
        let mut sums = pass.nothing().unwrap();
        Adding::new(&pass)
            .unwrap()
            .add(&pass, (&Frame::new(columns).unwrap(), None), &mut sums);
        sums
    }

    #[test]
    fn plans_that_cannot_be_are_refused() {
        // One level stands for all others.
        let features = |levels: usize| [None, Some(levels + 1)];
        let pass = ClustersPass::of_golden_files();
        pass.validate(&features(3)).unwrap();
        assert!(pass.validate(&features(2)).is_err() && pass.validate(&features(3)[..1]).is_err());
        for centres in [
            vec![],
            vec![1.0; 11],
            vec![f64::NAN; 12],
            vec![f64::INFINITY; 12],
            vec![3e100; 12],
        ] {
            let pass = ClustersPass {
                centres,
                ..pass.clone()
            };
            assert!(pass.validate(&features(3)).is_err());
        }
        // More than is ever summed up.
        let pass = ClustersPass {
            centres: vec![0.0; (MOST_NUMBERS + 1).next_multiple_of(4)],
            ..pass
        };
        assert!(pass.validate(&features(3)).is_err());
    }

    #[test]
    fn sums_that_no_rows_have_are_refused() {
        let sound = sums();
        sound.validate().unwrap();
        assert_eq!(sound.rows(), Some((300, 300)));
        assert!(sound.farthest.len() == 3 && sound.memory() > 0);
        type Change = fn(&mut ClustersSums);
        let changes: [Change; 14] = [
            |sums| sums.rows[0] = 0,
            |sums| sums.rows.push(1),
            |sums| sums.of.weights[1] = -1.0,
            |sums| sums.of.weights[1] = 0.0,
            |sums| sums.of.sums[5] = f64::NAN,
            |sums| sums.of.sums.truncate(11),
            |sums| sums.of.counts.truncate(2),
            |sums| sums.squares[2] = -1.0,
            |sums| sums.squares.push(0.0),
            |sums| sums.farthest[0].label = 3,
            |sums| sums.farthest[0].weight = f64::INFINITY,
            |sums| sums.farthest[2].point.truncate(3),
            |sums| sums.farthest.reverse(),
            |sums| sums.farthest.extend_from_within(2..),
        ];
        for (place, change) in changes.iter().enumerate() {
            let mut sums = sound.clone();
            change(&mut sums);
            assert!(sums.validate().is_err(), "{place}");
        }
        let mut few = sound.clone();
        few.rows.pop();
        assert!(few.merge(&sound).is_err());
    }

    #[test]
    fn the_farthest_rows_are_kept_whatever_their_order() {
        let far = |square: f64| FarRow {
            square,
            weight: 1.0,
            label: 0,
            point: vec![square, 0.0, 0.0, 1.0],
        };
        let mut sums = ClustersPass::of_golden_files().nothing().unwrap();
        for square in [3.0, 9.0, 1.0, 4.0, 4.0, 2.0] {
            if square > sums.least_far() {
                sums.keep_far(far(square));
            }
        }
        let kept: Vec<f64> = sums.farthest.iter().map(|row| row.square).collect();
        assert_eq!(kept, [9.0, 4.0, 4.0]);
    }
}

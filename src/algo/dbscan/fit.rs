//! All of it: core rows, their clusters, the numbers of these, and the rows around them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::boxes::Boxes;
use super::density::core_points;
use super::joining::clusters;
use super::model::{Dbscan, in_epsilons};
use super::nearest::{CoreRows, NONE};
use super::{DbscanParams, MOST_COLUMNS, MOST_ROWS};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::linear::input::weights_of;
use crate::monitor::{Monitor, Pace, Progress};
use crate::room;
use crate::space::{Space, Units};
use crate::training_set::TrainingSet;
use crate::unsupervised::quantiles;

/// Rows of one task.
const BLOCK_ROWS: usize = 256;
/// What a search for a core row is said to cost: so that the monitor is looked at before each.
const LOOK: usize = 256;

/// Learns from the rows. O(rows x rows around each).
pub(super) fn fit(params: &DbscanParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Dbscan> {
    let (frame, weights) = (&set.frame, weights_of(set)?);
    if frame.rows() > MOST_ROWS {
        return Err(Error::data(
            format!("dbscan takes at most {MOST_ROWS} rows"),
            "train on a sample of the rows, or use \"k_means\" or \"gaussian_mixture\"",
        )
        .detail(format!("There are {}.", frame.rows())));
    }
    let design = Design::learn(frame, weights.as_deref(), true, monitor)?;
    if design.width() == 0 || design.width() > MOST_COLUMNS {
        return Err(Error::data(
            format!("dbscan takes at least one column, and at most {MOST_COLUMNS}"),
            "leave some out with \"exclude\", or make a category's levels fewer with \"preprocess\"",
        )
        .detail(format!(
            "There are {}, a level of a category being a column.",
            design.width()
        )));
    }
    let units = if params.standardize {
        Units::Standard
    } else {
        Units::Raw
    };
    let space = Space::of(&design, frame, units)?;
    let (width, reach) = (space.width(), params.epsilon * params.epsilon);
    let points = space.points(frame, monitor)?;
    let found = core_rows(params, &points, (width, reach), weights.as_deref(), monitor)?;
    let core = CoreRows::new(&found.points, &found.clusters, width, monitor)?;
    let count = found.clusters.iter().max().map_or(0, |most| *most as usize + 1);
    let around = Around::of(
        &points,
        (&core, &found.of_rows),
        (width, reach, count),
        weights.as_deref(),
        monitor,
    )?;
    let mut means = vec![0.0; space.features()];
    for (column, square) in space.columns().iter().zip(&around.squares) {
        means[column.feature] += square / around.weight;
    }
    let quantiles = quantiles(around.distances, monitor)?;
    let model = Dbscan::new(space, params.epsilon, core, around.rows, means, quantiles);
    monitor.progress(Progress {
        iteration: 1,
        iterations: 1,
        loss: model.error(),
    });
    Ok(model)
}

/// Core rows with their clusters.
struct Found {
    points: Vec<f64>,
    clusters: Vec<u32>,
    /// The cluster of each row that is a core row, and for others [`NONE`].
    of_rows: Vec<u32>,
}

/// Finds the core rows and their clusters.
fn core_rows(
    params: &DbscanParams,
    points: &[f64],
    (width, reach): (usize, f64),
    weights: Option<&[f64]>,
    monitor: &dyn Monitor,
) -> Result<Found> {
    let boxes = Boxes::new(points, width, reach, monitor)?;
    let is_core = core_points(&boxes, weights, params.min_samples as f64, monitor)?;
    let sets = clusters(&boxes, &is_core, monitor)?;
    let places: Vec<usize> = (0..boxes.count()).filter(|&place| is_core[place]).collect();
    if places.is_empty() {
        return Err(Error::data(
            "there is no cluster",
            "make \"epsilon\" greater or \"min_samples\" less",
        )
        .detail(format!(
            "No row has {} rows within a distance of {}.",
            params.min_samples, params.epsilon
        )));
    }
    let numbers = numbers(&boxes, &places, &sets, monitor)?;
    let mut found = Found {
        points: room::with_capacity(places.len() * width)?,
        clusters: room::with_capacity(places.len())?,
        of_rows: room::filled(NONE, boxes.count())?,
    };
    for &place in &places {
        let cluster = numbers[&sets[place]];
        found.points.extend_from_slice(boxes.point(place));
        found.clusters.push(cluster);
        found.of_rows[boxes.row(place)] = cluster;
    }
    Ok(found)
}

/// The number of each cluster by the place that stands for it: the one with the most core rows is 0, and of two with as many it is the one with the
/// least core row, coordinates compared in their order. So numbers do not depend on the order of rows.
fn numbers(boxes: &Boxes, places: &[usize], sets: &[u32], monitor: &dyn Monitor) -> Result<BTreeMap<u32, u32>> {
    let order = |a: usize, b: usize| {
        let pairs = boxes.point(a).iter().zip(boxes.point(b));
        pairs.fold(Ordering::Equal, |order, (a, b)| order.then(a.total_cmp(b)))
    };
    let mut found: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    let mut pace = Pace::new(monitor);
    for &place in places {
        pace.spend(1)?;
        let (count, least) = found.entry(sets[place]).or_insert((0, place));
        *count += 1;
        if order(place, *least).is_lt() {
            *least = place;
        }
    }
    let mut clusters: Vec<(u32, (usize, usize))> = found.into_iter().collect();
    clusters.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(order(a.1, b.1)));
    Ok((clusters.iter().map(|(set, _)| *set)).zip(0..).collect())
}

/// The rows around core rows.
struct Around {
    /// The rows of each cluster.
    rows: Vec<u64>,
    /// For each coordinate the sum of its weighted squared differences from the nearest core row, in squares of epsilon.
    squares: Vec<f64>,
    /// What all rows weigh.
    weight: f64,
    /// The distance of each row from the nearest core row, in epsilons.
    distances: Vec<f64>,
}

/// What a block of rows has of it.
struct Block {
    /// The clusters of the rows that are in one.
    clusters: Vec<u32>,
    squares: Vec<f64>,
    weight: f64,
}

impl Around {
    /// Of points of `width` coordinates, of which those within `reach` of core rows are in one of `count` clusters. The nearest core row of a core row is
    /// itself. Blocks in parallel, added in order.
    fn of(
        points: &[f64],
        (core, of_rows): (&CoreRows, &[u32]),
        (width, reach, count): (usize, f64, usize),
        weights: Option<&[f64]>,
        monitor: &dyn Monitor,
    ) -> Result<Around> {
        let mut distances = room::zeros(of_rows.len())?;
        let blocks = points
            .par_chunks(BLOCK_ROWS * width)
            .zip(distances.par_chunks_mut(BLOCK_ROWS))
            .enumerate();
        let blocks = blocks.map(|(block, (points, distances))| {
            let mut sums = Block {
                clusters: Vec::with_capacity(BLOCK_ROWS),
                squares: vec![0.0; width],
                weight: 0.0,
            };
            let mut pace = Pace::new(monitor);
            for (place, (point, distance)) in points.chunks_exact(width).zip(distances).enumerate() {
                let row = block * BLOCK_ROWS + place;
                let weight = weights.map_or(1.0, |weights| weights[row]);
                sums.weight += weight;
                pace.spend(1)?;
                if of_rows[row] != NONE {
                    sums.clusters.push(of_rows[row]);
                    continue;
                }
                // Of many coordinates all core rows are looked at.
                pace.spend(LOOK)?;
                let nearest = core.nearest(point, f64::INFINITY);
                let coordinates = point.iter().zip(core.point(nearest.place, width));
                for (sum, (a, b)) in sums.squares.iter_mut().zip(coordinates) {
                    *sum += weight * ((a - b) * (a - b) / reach);
                }
                *distance = in_epsilons(nearest.square, reach);
                if nearest.square <= reach {
                    sums.clusters.push(nearest.cluster);
                }
            }
            Ok(sums)
        });
        let blocks: Vec<Block> = blocks.collect::<Result<_>>()?;
        let mut around = Around {
            rows: vec![0; count],
            squares: vec![0.0; width],
            weight: 0.0,
            distances,
        };
        for block in &blocks {
            (block.clusters.iter()).for_each(|&cluster| around.rows[cluster as usize] += 1);
            (around.squares.iter_mut().zip(&block.squares)).for_each(|(sum, square)| *sum += square);
            around.weight += block.weight;
        }
        Ok(around)
    }
}

//! All of it: core rows, their clusters, the numbers of these, and the rows around them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::boxes::Boxes;
use super::density::core_points;
use super::joining::clusters;
use super::model::Dbscan;
use super::nearest::CoreRows;
use super::{DbscanParams, MOST_COLUMNS, MOST_ROWS};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::linear::input::weights_of;
use crate::monitor::{Monitor, Pace, Progress};
use crate::room;
use crate::space::{Space, Units};
use crate::training_set::TrainingSet;
use crate::unsupervised::quantiles_of;

/// Rows of one task.
const BLOCK_ROWS: usize = 256;

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
    let (core, cluster_of) = core_rows(params, &points, (width, reach), weights.as_deref(), monitor)?;
    let core = CoreRows::new(&core, &cluster_of, width, monitor)?;
    let count = cluster_of.iter().max().map_or(0, |most| *most as usize + 1);
    let around = Around::of(&points, &core, (width, reach, count), weights.as_deref(), monitor)?;
    let mut means = vec![0.0; space.features()];
    for (column, square) in space.columns().iter().zip(&around.squares) {
        means[column.feature] += square / around.weight;
    }
    drop(points);
    let mut model = Dbscan::new(space, params.epsilon, core, around.rows, means);
    monitor.progress(Progress {
        iteration: 1,
        iterations: 1,
        loss: model.error(),
    });
    let quantiles = quantiles_of(frame, monitor, |row| model.distance(row))?;
    model.learn_quantiles(quantiles);
    Ok(model)
}

/// The points of the core rows, and the cluster of each.
fn core_rows(
    params: &DbscanParams,
    points: &[f64],
    (width, reach): (usize, f64),
    weights: Option<&[f64]>,
    monitor: &dyn Monitor,
) -> Result<(Vec<f64>, Vec<u32>)> {
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
    let mut core = room::with_capacity(places.len() * width)?;
    places
        .iter()
        .for_each(|&place| core.extend_from_slice(boxes.point(place)));
    Ok((core, places.iter().map(|&place| numbers[&sets[place]]).collect()))
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
}

impl Around {
    /// Of points of `width` coordinates, of which those within `reach` of core rows are in one of `count` clusters. Blocks in parallel, added in order.
    fn of(
        points: &[f64],
        core: &CoreRows,
        (width, reach, count): (usize, f64, usize),
        weights: Option<&[f64]>,
        monitor: &dyn Monitor,
    ) -> Result<Around> {
        let blocks = points
            .par_chunks(BLOCK_ROWS * width)
            .enumerate()
            .map(|(block, points)| {
                monitor.check()?;
                let (mut found, mut squares, mut total) = (Vec::with_capacity(BLOCK_ROWS), vec![0.0; width], 0.0);
                for (place, point) in points.chunks_exact(width).enumerate() {
                    let nearest = core.nearest(point, f64::INFINITY);
                    let weight = weights.map_or(1.0, |weights| weights[block * BLOCK_ROWS + place]);
                    let coordinates = point.iter().zip(core.point(nearest.place, width));
                    for (sum, (a, b)) in squares.iter_mut().zip(coordinates) {
                        *sum += weight * ((a - b) * (a - b) / reach);
                    }
                    total += weight;
                    if nearest.square <= reach {
                        found.push(nearest.cluster);
                    }
                }
                Ok((found, squares, total))
            });
        let blocks: Vec<(Vec<u32>, Vec<f64>, f64)> = blocks.collect::<Result<_>>()?;
        let mut around = Around {
            rows: vec![0; count],
            squares: vec![0.0; width],
            weight: 0.0,
        };
        for (found, squares, weight) in &blocks {
            (found.iter()).for_each(|&cluster| around.rows[cluster as usize] += 1);
            (around.squares.iter_mut().zip(squares)).for_each(|(sum, square)| *sum += square);
            around.weight += weight;
        }
        Ok(around)
    }
}

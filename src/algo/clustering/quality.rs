//! How well clusters are apart: Davies-Bouldin (1979) and silhouettes (Rousseeuw, 1987), as scikit-learn computes them.

use rayon::prelude::*;

use super::block::TILE;
use super::lloyd::square;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// The mean over the clusters of the greatest ratio of how wide two of them are together to how far apart: 0 is best. `None` for fewer than two
/// clusters, and where two means are the same. `distances`: the mean distance of each cluster's rows from their mean. O(clusters^2 x width).
pub(crate) fn davies_bouldin(
    means: &[f64],
    width: usize,
    distances: &[f64],
    monitor: &dyn Monitor,
) -> Result<Option<f64>> {
    if distances.len() < 2 {
        return Ok(None);
    }
    let clusters = means.par_chunks_exact(width.max(1)).enumerate().map(|(place, mean)| {
        monitor.check()?;
        let others = means
            .chunks_exact(width.max(1))
            .enumerate()
            .filter(|(other, _)| *other != place);
        let ratio = |(other, centre)| (distances[place] + distances[other]) / square(mean, centre).sqrt();
        Ok(others.map(ratio).fold(
            0.0,
            |most: f64, ratio| if ratio > most || ratio.is_nan() { ratio } else { most },
        ))
    });
    let ratios = clusters.collect::<Result<Vec<f64>>>()?;
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    Ok(mean.is_finite().then_some(mean))
}

/// Points sorted by their clusters, as tiles of eight.
struct Sorted {
    /// For each tile and coordinate eight numbers.
    tiles: Vec<f64>,
    width: usize,
    weights: Vec<f64>,
    labels: Vec<u32>,
    /// Where each cluster's points end.
    ends: Vec<usize>,
}

impl Sorted {
    fn new(points: &[f64], width: usize, weights: &[f64], labels: &[u32], clusters: usize) -> Result<Sorted> {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&row| labels[row]);
        let mut tiles = room::zeros(labels.len().next_multiple_of(TILE) * width)?;
        for (place, &row) in order.iter().enumerate() {
            let tile = &mut tiles[place / TILE * TILE * width..];
            for (column, value) in points[row * width..(row + 1) * width].iter().enumerate() {
                tile[column * TILE + place % TILE] = *value;
            }
        }
        let labels: Vec<u32> = order.iter().map(|&row| labels[row]).collect();
        Ok(Sorted {
            tiles,
            width,
            weights: order.iter().map(|&row| weights[row]).collect(),
            ends: (0..clusters as u32)
                .map(|cluster| labels.partition_point(|label| *label <= cluster))
                .collect(),
            labels,
        })
    }

    /// The distances of all points from one.
    fn distances(&self, place: usize, out: &mut [f64]) {
        let of_place = &self.tiles[place / TILE * TILE * self.width..][..TILE * self.width];
        let tiles = self.tiles.chunks_exact(TILE * self.width);
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for (tile, out) in tiles.zip(out.chunks_exact_mut(TILE)) {
                    let mut squares = [0.0; TILE];
                    for (of_column, point) in tile.as_chunks::<TILE>().0.iter().zip(of_place.chunks_exact(TILE)) {
                        let own = point[place % TILE];
                        for lane in 0..TILE {
                            let difference = of_column[lane] - own;
                            squares[lane] += difference * difference;
                        }
                    }
                    for lane in 0..TILE {
                        out[lane] = squares[lane].sqrt();
                    }
                }
            },
        );
    }

    /// The silhouette of a point: of the mean distances from the others of its cluster and from those of the nearest other cluster the difference, over the greater
    /// one. 0 for a point alone in its cluster.
    fn silhouette(&self, place: usize, distances: &mut [f64]) -> f64 {
        self.distances(place, distances);
        let (own, mut start) = (self.labels[place] as usize, 0);
        let (mut inside, mut outside) = (None, f64::INFINITY);
        for (cluster, &end) in self.ends.iter().enumerate() {
            let (mut sum, mut weight) = (0.0, 0.0);
            for (distance, of_point) in distances[start..end].iter().zip(&self.weights[start..end]) {
                sum += of_point * distance;
                weight += of_point;
            }
            if cluster == own {
                let others = weight - self.weights[place];
                inside = (others > 0.0 && end - start > 1).then(|| sum / others);
            } else if weight > 0.0 {
                outside = outside.min(sum / weight);
            }
            start = end;
        }
        match inside {
            Some(inside) if outside.is_finite() && inside.max(outside) > 0.0 => {
                (outside - inside) / inside.max(outside)
            }
            Some(_) | None => 0.0,
        }
    }
}

/// The mean silhouette of points, one after the other; `None` where they are of fewer than two clusters, or each is of its own. A weight acts as that many
/// times the point, but for its distance from itself. O(points^2 x width).
pub(crate) fn silhouette(
    points: &[f64],
    width: usize,
    weights: &[f64],
    labels: &[u32],
    clusters: usize,
    monitor: &dyn Monitor,
) -> Result<Option<f64>> {
    let sorted = Sorted::new(points, width, weights, labels, clusters)?;
    let mut start = 0;
    let occupied = sorted
        .ends
        .iter()
        .filter(|end| std::mem::replace(&mut start, **end) < **end)
        .count();
    if width == 0 || occupied < 2 || occupied >= labels.len() {
        return Ok(None);
    }
    /// Points between two sums, which are added in order.
    const BLOCK: usize = 64;
    let blocks = (0..labels.len().div_ceil(BLOCK)).into_par_iter().map(|block| {
        let mut distances = vec![0.0; labels.len().next_multiple_of(TILE)];
        let (mut sum, mut weight) = (0.0, 0.0);
        for place in block * BLOCK..((block + 1) * BLOCK).min(labels.len()) {
            monitor.check()?;
            sum += sorted.weights[place] * sorted.silhouette(place, &mut distances);
            weight += sorted.weights[place];
        }
        Ok((sum, weight))
    });
    let (mut sum, mut weight) = (0.0, 0.0);
    for (of_block, of_weights) in blocks.collect::<Result<Vec<(f64, f64)>>>()? {
        sum += of_block;
        weight += of_weights;
    }
    Ok((weight > 0.0).then(|| sum / weight))
}

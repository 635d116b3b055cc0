//! What k-means fits.

use serde::{Deserialize, Serialize};

use crate::clustering::SILHOUETTE_ROWS;
use crate::clustering::lloyd::{Clusters, Rows, assigned};
use crate::clustering::points::Points;
use crate::clustering::quality::{davies_bouldin, silhouette};
use crate::clustering::spread::Spread;
use crate::clustering::start::{Dice, Sample, points};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Explainer, Parts, PartsExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::frame::Frame;
use crate::linear::input::weights_of;
use crate::monitor::Monitor;
use crate::space::Space;
use crate::task::Answer;
use crate::training_set::TrainingSet;
use crate::unsupervised::{Assessment, Cluster, Unsupervised, are_quantiles, quantiles_of};

/// Clusters around centres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KMeans {
    space: Space,
    centres: Points,
    /// Training rows in each cluster.
    rows: Vec<u64>,
    /// The root mean square distance of each cluster's training rows from the centre; where it is 0, that of all.
    radii: Vec<f64>,
    /// The mean of each feature's part of the margin.
    means: Vec<f64>,
    base: [f64; 1],
    strangeness: Vec<f64>,
}

impl KMeans {
    /// Of clusters: those with most rows first, or in their own order; without those that have no rows.
    pub(super) fn of(rows: Rows<'_>, clusters: Clusters, has_order: bool) -> Result<KMeans> {
        let width = rows.space.width().max(1);
        let mut counts = vec![0_u64; clusters.centres.len() / width];
        clusters.labels.iter().for_each(|label| counts[*label as usize] += 1);
        let order = order_of(&clusters.centres, width, &counts, has_order);
        let mut places = vec![0_u32; counts.len()];
        (0..).zip(&order).for_each(|(new, old)| places[*old] = new);
        let mut labels = clusters.labels;
        labels.iter_mut().for_each(|label| *label = places[*label as usize]);
        let centre = |place: &usize| &clusters.centres[place * width..(place + 1) * width];
        let centres = Points::new(rows.space, order.iter().flat_map(centre).copied().collect());
        let spread = Spread::measure(rows, &labels, &centres, None)?;
        let counts = order.iter().map(|place| counts[*place]).collect();
        let sums = (&spread.squares[..], &spread.weights[..]);
        KMeans::assemble(rows.space.clone(), (centres, counts), sums, (rows.frame, rows.monitor))
    }

    /// Of centres with so many rows; what these add up to are for each cluster and feature the weighted squared differences, and the weights. How strange rows
    /// are is that of the rows of a frame.
    pub(super) fn assemble(
        space: Space,
        (centres, rows): (Points, Vec<u64>),
        (squares, weights): (&[f64], &[f64]),
        (frame, monitor): (&Frame, &dyn Monitor),
    ) -> Result<KMeans> {
        let radii = radii(squares, weights);
        let means = mean_parts(squares, weights, &radii);
        let mut model = KMeans {
            space,
            centres,
            rows,
            radii,
            base: [means.iter().sum()],
            means,
            strangeness: Vec::new(),
        };
        model.strangeness = quantiles_of(frame, monitor, |row| model.strangeness(row))?;
        Ok(model)
    }

    /// The nearest cluster of a row, and the squared distance from its centre over its radius.
    fn nearest(&self, row: &[f64]) -> (usize, f64) {
        let (place, square) = self.centres.nearest(&self.space, row);
        let radius = self.radii[place];
        (place, (square / radius / radius).min(f64::MAX))
    }
}

/// The places of clusters with rows: those with most rows first, or in their own order.
pub(super) fn order_of(centres: &[f64], width: usize, rows: &[u64], has_order: bool) -> Vec<usize> {
    let centre = |place: usize| &centres[place * width..(place + 1) * width];
    let mut order: Vec<usize> = (0..rows.len()).filter(|place| rows[*place] > 0).collect();
    if !has_order {
        order.sort_by(|&a, &b| {
            let by_centre = || centre(a).iter().zip(centre(b)).map(|(a, b)| a.total_cmp(b));
            (rows[b].cmp(&rows[a])).then_with(|| by_centre().find(|order| order.is_ne()).unwrap_or(a.cmp(&b)))
        });
    }
    order
}

/// The root mean square distances of clusters. Where one is 0 rows that differ are as strange as elsewhere.
fn radii(squares: &[f64], weights: &[f64]) -> Vec<f64> {
    let features = squares.len() / weights.len().max(1);
    let root = |square: f64, weight: f64| (square / weight).sqrt();
    let sound = |radius: &f64| radius.is_normal();
    let all = Some(root(squares.iter().sum(), weights.iter().sum()))
        .filter(sound)
        .unwrap_or(1.0);
    let of_cluster =
        |(squares, weight): (&[f64], &f64)| Some(root(squares.iter().sum(), *weight)).filter(sound).unwrap_or(all);
    squares
        .chunks_exact(features.max(1))
        .zip(weights)
        .map(of_cluster)
        .collect()
}

/// The mean over the rows of each feature's part of the margin.
fn mean_parts(squares: &[f64], weights: &[f64], radii: &[f64]) -> Vec<f64> {
    let features = squares.len() / radii.len().max(1);
    let mut means = vec![0.0; features];
    for (squares, radius) in squares.chunks_exact(features.max(1)).zip(radii) {
        means
            .iter_mut()
            .zip(squares)
            .for_each(|(mean, square)| *mean += square / radius / radius);
    }
    let weight: f64 = weights.iter().sum();
    means.iter_mut().for_each(|mean| *mean /= weight);
    means
}

impl Form for KMeans {
    const CODE: u16 = 20;
}

impl Estimator for KMeans {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.centres.nearest(&self.space, row).0 as f64;
    }
}

impl Parts for KMeans {
    fn features(&self) -> usize {
        self.space.features()
    }

    fn parts(&self, row: &[f64], out: &mut [f64]) {
        let (place, _) = self.centres.nearest(&self.space, row);
        self.centres.parts(&self.space, row, place, out);
        let radius = self.radii[place];
        out.iter_mut()
            .for_each(|part| *part = (*part / radius / radius).min(f64::MAX / 1e9));
    }
}

impl Fitted for KMeans {
    fn validate(&self, features: &[usize], _: &dyn Monitor) -> Result<()> {
        self.space.validate(features)?;
        self.centres.validate(&self.space, self.rows.len())?;
        let sound = self.radii.len() == self.rows.len()
            && self.radii.iter().all(|radius| radius.is_normal() && *radius > 0.0)
            && u32::try_from(self.rows.len()).is_ok()
            && is_base(&self.means, features.len())
            && is_base(&self.base, 1)
            && are_quantiles(&self.strangeness);
        match sound {
            true => Ok(()),
            false => Err(Error::damaged("the model of k-means", "sizes or values do not agree")),
        }
    }

    fn memory(&self) -> usize {
        let numbers =
            self.radii.capacity() + self.means.capacity() + self.strangeness.capacity() + self.rows.capacity();
        self.space.memory() + self.centres.memory() + numbers * size_of::<f64>()
    }

    /// The squared distance from the nearest centre, over the cluster's radius: the square of the strangeness.
    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out[0] = self.nearest(row).1;
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(&self, _: &[usize], baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        Ok(Box::new(PartsExplainer::new(
            self.clone(),
            baseline,
            &self.means,
            monitor,
        )?))
    }

    fn unsupervised(&self) -> Option<&dyn Unsupervised> {
        Some(self)
    }
}

impl Unsupervised for KMeans {
    fn answer(&self) -> Answer {
        Answer::Cluster {
            count: self.rows.len() as u32,
        }
    }

    fn transformed(&self) -> usize {
        self.rows.len()
    }

    /// The distance from each centre.
    fn transform(&self, row: &[f64], out: &mut [f64]) {
        self.centres.squares(&self.space, row, out);
        out.iter_mut().for_each(|square| *square = square.sqrt());
    }

    fn assess(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        let names = ["inertia", "mean_distance", "silhouette", "davies_bouldin"];
        let decisive = Some(("silhouette", true));
        if set.rows() == 0 || !self.space.fits(&set.frame) {
            return Ok(Assessment {
                metrics: names.map(|name| (name, None)).to_vec(),
                decisive,
            });
        }
        let weights = weights_of(set)?;
        let rows = Rows {
            space: &self.space,
            frame: &set.frame,
            weights: weights.as_deref(),
            monitor,
        };
        let (labels, sums) = assigned(rows, self.centres.coordinates())?;
        let means = Points::new(&self.space, sums.means(self.centres.coordinates(), self.space.width()));
        let spread = Spread::measure(rows, &labels, &self.centres, Some(&means))?;
        let values = [
            Some(spread.inertia()),
            Some(spread.distances.iter().sum::<f64>() / spread.weight()),
            self.silhouette(rows, monitor)?,
            self.davies_bouldin(&spread, &means, &sums.counts, monitor)?,
        ];
        Ok(Assessment {
            metrics: names.into_iter().zip(values).collect(),
            decisive,
        })
    }

    fn strangeness(&self, row: &[f64]) -> f64 {
        self.nearest(row).1.sqrt()
    }

    fn strangeness_quantiles(&self) -> &[f64] {
        &self.strangeness
    }

    fn clusters(&self) -> Option<Vec<Cluster>> {
        let cluster = |(place, rows): (usize, &u64)| Cluster {
            rows: *rows,
            centre: self.space.raw(self.centres.point(place)),
        };
        Some(self.rows.iter().enumerate().map(cluster).collect())
    }
}

impl KMeans {
    /// Of a sample where there are more than [`SILHOUETTE_ROWS`] rows.
    fn silhouette(&self, rows: Rows<'_>, monitor: &dyn Monitor) -> Result<Option<f64>> {
        let size = rows.frame.rows().min(SILHOUETTE_ROWS);
        let sample = Sample::draw(rows, size, &mut Dice::new(0))?;
        let sampled = sample.rows(rows);
        let (labels, _) = assigned(sampled, self.centres.coordinates())?;
        let weights: Vec<f64> = (0..size).map(|row| sampled.weight(row)).collect();
        let points = points(sampled)?;
        silhouette(&points, self.space.width(), &weights, &labels, self.rows.len(), monitor)
    }

    /// Of the clusters that the rows are in.
    fn davies_bouldin(
        &self,
        spread: &Spread,
        means: &Points,
        counts: &[u64],
        monitor: &dyn Monitor,
    ) -> Result<Option<f64>> {
        let occupied: Vec<usize> = (0..counts.len()).filter(|place| counts[*place] > 0).collect();
        let of_occupied = |place: &usize| means.point(*place).to_vec();
        let points: Vec<f64> = occupied.iter().flat_map(of_occupied).collect();
        let distances: Vec<f64> = occupied
            .iter()
            .map(|&place| spread.from_means[place] / spread.weights[place])
            .collect();
        davies_bouldin(&points, self.space.width(), &distances, monitor)
    }
}

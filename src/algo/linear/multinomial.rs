//! Newton's method for more than two classes, with all second derivatives.
//!
//! The loss depends on the differences of the classes' scores only, so the last class's score is held at 0 and the others are what is
//! minimised over. The penalty is that of the classes' weights as deviations from their mean, where it is least: with `b` the weights of a
//! column, one a class but the last, `sum b^2 - (sum b)^2 / classes`. So the minimum is that over all classes' weights: there, too, the
//! penalty picks the common part of the classes' weights, which the loss does not see, so that they add up to 0.

use super::block::{Rows, walk};
use super::cholesky::{PivotedCholesky, dot, project_out};
use super::class_sums::ClassSums;
use super::covariance::Reported;
use super::equations::{Equations, Variances};
use super::gram::Moments;
use super::newton::{Objective, Steps, Visit};
use super::pass::{Data, Point, Slope};
use super::softmax::slopes;
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// The negative log likelihood of classes over rows.
#[derive(Clone)]
pub(crate) struct Multinomial<'a> {
    pub data: Data<'a>,
    pub of: Classes,
}

/// What is known of it without the rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Classes {
    pub count: usize,
    pub intercept: bool,
}

/// The second derivatives by all weights and intercepts of all classes but the last, factored. A class's weights come first, then its
/// intercept.
pub(crate) struct Curvature {
    factor: PivotedCholesky,
    weight: f64,
    /// The products of the first class, from which dependences between the columns are told.
    first: Moments,
}

impl Multinomial<'_> {
    /// A pass for the loss, the gradient, and the moments of each pair of classes.
    fn pass(&self, points: &[Point], rows: Rows) -> Result<(Vec<Slope>, Vec<Moments>)> {
        let (data, classes) = (&self.data, self.of.count);
        let scorers: Vec<_> = points.iter().map(|point| data.scorer(point)).collect();
        let bytes = ClassSums::bytes(data.design.width(), classes, true);
        let slabs = rows.slabs(bytes, |ranges| {
            let mut sums = ClassSums::new(data.design, classes, true);
            walk(ranges, data.monitor, |range| sums.add(data, &scorers, range))?;
            Ok(sums)
        })?;
        let mut slabs = slabs.into_iter();
        let mut total = slabs
            .next()
            .unwrap_or_else(|| ClassSums::new(data.design, classes, true));
        for slab in slabs {
            total.merge(&slab, data.monitor)?;
        }
        total.take(rows.rows, data.monitor)
    }
}

impl Classes {
    /// How many linear scores there are: that of the last class is 0.
    pub fn outputs(self) -> usize {
        self.count - 1
    }

    /// Unknowns of a class.
    fn size(self, width: usize) -> usize {
        width + usize::from(self.intercept)
    }

    /// The second derivatives from the moments of each pair of classes.
    pub fn curvature(self, pairs: &[Moments], penalty: &[f64], monitor: &dyn Monitor) -> Result<Curvature> {
        let (width, classes) = (penalty.len(), self.count as f64);
        let size = self.size(width);
        let lower = |i: usize, j: usize| {
            let (a, b) = (i / size, j / size);
            let (i, j) = (i % size, j % size);
            let pair = &pairs[a * (a + 1) / 2 + b];
            let mean = |column: usize| if column < width { pair.mean(column) } else { 1.0 };
            let centred = if i < width && j < width {
                pair.product(i, j)
            } else {
                0.0
            };
            let product = centred + pair.weight() * mean(i) * mean(j);
            let own = f64::from(u8::from(a == b));
            let penalty = if i == j && i < width {
                penalty[i] * (own - 1.0 / classes)
            } else {
                0.0
            };
            penalty + if a == b { product } else { -product }
        };
        let first = pairs
            .first()
            .cloned()
            .ok_or(Error::Internal("second derivatives of no classes"))?;
        let weight = (0..self.outputs()).map(|a| pairs[a * (a + 1) / 2 + a].weight()).sum();
        Ok(Curvature {
            factor: PivotedCholesky::new(self.outputs() * size, lower, monitor)?,
            weight,
            first,
        })
    }

    /// The loss and the penalty.
    fn objective(self, loss: f64, points: &[Point], penalty: &[f64]) -> f64 {
        let mut sum = loss;
        for (column, penalty) in penalty.iter().enumerate() {
            let squares: f64 = points.iter().map(|point| point.weights[column].powi(2)).sum();
            let total: f64 = points.iter().map(|point| point.weights[column]).sum();
            sum += 0.5 * penalty * (squares - total * total / self.count as f64);
        }
        sum
    }

    /// What the slopes of the classes say.
    pub fn visited(self, points: Vec<Point>, slopes: Vec<Slope>, penalty: &[f64]) -> Visit {
        let loss = slopes.iter().map(|slope| slope.loss).sum();
        Visit {
            objective: self.objective(loss, &points, penalty),
            loss,
            points,
            slopes,
        }
    }

    /// The points of all classes as deviations from their mean, of the least norm where columns depend on each other, and the
    /// variances of these.
    ///
    /// The variance of a class is that of its deviation from the mean.
    pub fn conclude(
        self,
        points: &[Point],
        curvature: &Curvature,
        penalty: &[f64],
        reports: &Reported,
        monitor: &dyn Monitor,
    ) -> Result<Vec<(Point, Variances)>> {
        let equations = Equations::new(&curvature.first, penalty, self.intercept, monitor)?;
        let (unseen, means) = (equations.unseen(), equations.means());
        let (identified, intercept_identified) = equations.identified(reports);
        let (width, size) = (penalty.len(), self.size(penalty.len()));
        let inverse = curvature.factor.inverse(monitor)?;
        let last = Point {
            weights: vec![0.0; width],
            intercept: 0.0,
        };
        let all: Vec<&Point> = points.iter().chain([&last]).collect();
        let share = 1.0 / self.count as f64;
        let mut mean = last.clone();
        all.iter().for_each(|point| mean = mean.moved(point, share));

        // What the reported intercept is made of, on the scale and in the form of the unknowns.
        let mut reported: Vec<f64> = (means.iter().zip(&reports.offsets))
            .map(|(mean, offset)| mean + offset)
            .collect();
        project_out(unseen, &mut reported);
        reported
            .iter_mut()
            .zip(means)
            .for_each(|(value, mean)| *value = mean - *value);
        let variance = |class: usize, combination: &[f64], constant: f64| {
            // A class's deviation is its own unknowns less a share of everyone's.
            let factor = |output: usize| f64::from(u8::from(output == class)) - share;
            let part = |a: usize, b: usize| {
                let rows = inverse[a * size * self.outputs() * size..].chunks_exact(self.outputs() * size);
                let entry = |row: &[f64]| {
                    let row = &row[b * size..(b + 1) * size];
                    dot(combination, &row[..width]) + row.get(width).map_or(0.0, |last| constant * last)
                };
                (combination.iter().chain([&constant]).take(size).zip(rows))
                    .filter(|(left, _)| **left != 0.0)
                    .map(|(left, row)| left * entry(row))
                    .sum::<f64>()
            };
            let all = (0..self.outputs()).flat_map(|a| (0..self.outputs()).map(move |b| (a, b)));
            all.map(|(a, b)| factor(a) * factor(b) * part(a, b))
                .sum::<f64>()
                .max(0.0)
        };
        let mut fits = Vec::with_capacity(self.count);
        for (class, point) in all.iter().enumerate() {
            let mut point = point.moved(&mean, -1.0);
            let before = dot(means, &point.weights);
            project_out(unseen, &mut point.weights);
            if self.intercept {
                point.intercept += before - dot(means, &point.weights);
            }
            let mut weights = Vec::with_capacity(width);
            for (column, identified) in identified.iter().enumerate() {
                monitor.check()?;
                let mut unit = vec![0.0; width];
                unit[column] = 1.0;
                if let Some(reference) = reports.references[column] {
                    unit[reference] -= 1.0;
                }
                project_out(unseen, &mut unit);
                weights.push(identified.then(|| variance(class, &unit, 0.0)));
            }
            let intercept = intercept_identified.then(|| variance(class, &reported, 1.0));
            let variances = Variances {
                weights,
                intercept,
                freedom: f64::INFINITY,
            };
            fits.push((point, variances));
        }
        Ok(fits)
    }
}

impl Curvature {
    /// How many unknowns are linearly independent.
    pub fn rank(&self) -> usize {
        self.factor.rank()
    }
}

impl Objective for Multinomial<'_> {
    fn renew(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<(Visit, Curvature)> {
        let (slopes, pairs) = self.pass(&points, rows)?;
        let curvature = self.of.curvature(&pairs, penalty, self.data.monitor)?;
        Ok((self.of.visited(points, slopes, penalty), curvature))
    }

    fn visit(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<Visit> {
        let slopes = slopes(&self.data, &points, self.of.count, rows)?;
        Ok(self.of.visited(points, slopes, penalty))
    }
}

impl Steps for Multinomial<'_> {
    type Equations = Curvature;

    fn step(&self, here: &Visit, curvature: &Curvature, penalty: &[f64]) -> (Vec<Point>, f64) {
        self.of.step(here, curvature, penalty)
    }

    fn weight(&self, curvature: &Curvature) -> f64 {
        curvature.weight
    }
}

impl Steps for Classes {
    type Equations = Curvature;

    fn step(&self, here: &Visit, curvature: &Curvature, penalty: &[f64]) -> (Vec<Point>, f64) {
        let (width, classes) = (penalty.len(), self.count as f64);
        let mut totals = vec![0.0; width];
        for point in &here.points {
            totals
                .iter_mut()
                .zip(&point.weights)
                .for_each(|(t, w)| *t += w / classes);
        }
        let mut right = Vec::with_capacity(self.outputs() * self.size(width));
        for (point, slope) in here.points.iter().zip(&here.slopes) {
            let pull = point.weights.iter().zip(&totals).zip(penalty);
            right.extend((slope.weights.iter().zip(pull)).map(|(slope, ((w, t), p))| slope - p * (w - t)));
            if self.intercept {
                right.push(slope.intercept);
            }
        }
        let step = curvature.factor.solve(&right);
        let gain = dot(&step, &right);
        let points = step.chunks_exact(self.size(width).max(1)).map(|part| Point {
            weights: part[..width].to_vec(),
            intercept: part.get(width).copied().unwrap_or(0.0),
        });
        (points.collect(), gain)
    }

    fn weight(&self, curvature: &Curvature) -> f64 {
        curvature.weight
    }
}

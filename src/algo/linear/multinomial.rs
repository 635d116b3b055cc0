//! Newton's method for more than two classes, with all second derivatives.
//!
//! The loss depends on the differences of the classes' scores only, so the last class's score is held at 0 and the others are what is
//! minimised over. The penalty is that of the classes' weights as deviations from their mean, where it is least: with `b` the weights of a
//! column, one a class but the last, `sum b^2 - (sum b)^2 / classes`. So the minimum is that over all classes' weights: there, too, the
//! penalty picks the common part of the classes' weights, which the loss does not see, so that they add up to 0.

use std::ops::Range;

use super::block::{BLOCK_ROWS, Block, Rows, walk};
use super::cholesky::{PivotedCholesky, dot, project_out};
use super::covariance::Reported;
use super::equations::{Equations, Variances};
use super::gram::Moments;
use super::newton::{Objective, Steps, Visit};
use super::pass::{Data, Point, Slope};
use super::products::Products;
use super::softmax::{add_residuals, probabilities, slopes};
use crate::error::Result;

/// The negative log likelihood of classes.
#[derive(Clone)]
pub(crate) struct Multinomial<'a> {
    pub data: Data<'a>,
    pub classes: usize,
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

/// The pairs of classes, in the order in which their products are kept.
fn pairs(outputs: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..outputs).flat_map(|a| (0..=a).map(move |b| (a, b)))
}

impl Multinomial<'_> {
    fn outputs(&self) -> usize {
        self.classes - 1
    }

    /// Unknowns of a class.
    fn size(&self, width: usize) -> usize {
        width + usize::from(self.intercept)
    }

    /// A pass for the loss, the gradient, and for each pair of classes the products weighted with the second derivative by their scores,
    /// `p_a (1 - p_a)` or `p_a p_b`.
    fn pass(&self, points: &[Point], rows: Rows) -> Result<(Vec<Slope>, Vec<Products>)> {
        let (data, outputs) = (&self.data, self.outputs());
        let (numbers, width) = (data.design.numbers(), data.design.width());
        let scorers: Vec<_> = points.iter().map(|point| data.scorer(point)).collect();
        let bytes = pairs(outputs).count() * Products::bytes(width);
        let slabs = rows.slabs(bytes, |ranges| {
            let slope = Slope {
                loss: 0.0,
                weights: vec![0.0; width],
                intercept: 0.0,
            };
            let mut slopes = vec![slope; outputs];
            let mut products: Vec<Products> = pairs(outputs).map(|_| Products::new(numbers, width)).collect();
            let mut block = Block::new(data.design);
            let mut scaled = vec![0.0; block.dense.len()];
            let mut chances = vec![0.0; self.classes * BLOCK_ROWS];
            walk(ranges, data.monitor, |range| {
                slopes[0].loss += probabilities(data, &scorers, range.clone(), &mut chances);
                block.fill(data.design, data.frame, range.clone(), &[0.0; BLOCK_ROWS]);
                let mut roots = [0.0; BLOCK_ROWS];
                for ((a, b), products) in pairs(outputs).zip(&mut products) {
                    self.roots(&chances, (a, b), range.clone(), &mut roots);
                    let rows = block.dense.chunks_exact(block.dense_width);
                    for ((scaled, row), root) in scaled.chunks_exact_mut(block.dense_width).zip(rows).zip(&roots) {
                        scaled
                            .iter_mut()
                            .zip(row)
                            .for_each(|(scaled, value)| *scaled = value * root);
                    }
                    products.add_scaled(&block, &scaled, &roots);
                }
                add_residuals(data, range, &mut chances, &mut slopes);
            })?;
            Ok((slopes, products))
        })?;
        let mut slabs = slabs.into_iter();
        let Some((mut slopes, mut products)) = slabs.next() else {
            return Ok((Vec::new(), Vec::new()));
        };
        for (more_slopes, more_products) in slabs {
            slopes.iter_mut().zip(&more_slopes).for_each(|(a, b)| a.add(b));
            for (products, more) in products.iter_mut().zip(&more_products) {
                products.merge(more, self.data.monitor)?;
            }
        }
        Ok((slopes, products))
    }

    /// The square roots of a pair's weights.
    fn roots(&self, chances: &[f64], (a, b): (usize, usize), range: Range<usize>, roots: &mut [f64]) {
        let of = |class: usize| &chances[class * BLOCK_ROWS..][..range.len()];
        for (row, (root, (left, right))) in roots.iter_mut().zip(of(a).iter().zip(of(b))).enumerate() {
            let other = if a == b { 1.0 - right } else { *right };
            let weight = self.data.weights.map_or(1.0, |w| w[range.start + row]);
            *root = (weight * left * other).sqrt();
        }
    }

    fn curvature(&self, products: &[Products], penalty: &[f64], rows: usize) -> Result<Curvature> {
        let (width, classes) = (penalty.len(), self.classes as f64);
        let size = self.size(width);
        let lower = |i: usize, j: usize| {
            let (a, b) = (i / size, j / size);
            let (i, j) = (i % size, j % size);
            let products = &products[a * (a + 1) / 2 + b];
            let product = match (i < width, j < width) {
                (true, true) => products.product(i, j),
                (true, false) => products.sum(i),
                (false, true) => products.sum(j),
                (false, false) => products.weight(),
            };
            let own = f64::from(u8::from(a == b));
            let penalty = if i == j && i < width {
                penalty[i] * (own - 1.0 / classes)
            } else {
                0.0
            };
            penalty + if a == b { product } else { -product }
        };
        let weight = (0..self.outputs())
            .map(|a| products[a * (a + 1) / 2 + a].weight())
            .sum();
        Ok(Curvature {
            factor: PivotedCholesky::new(self.outputs() * size, lower, self.data.monitor)?,
            weight,
            first: Moments::from_products(&products[0], rows, 0.0, self.data.monitor)?,
        })
    }

    /// The loss and the penalty.
    fn objective(&self, loss: f64, points: &[Point], penalty: &[f64]) -> f64 {
        let mut sum = loss;
        for (column, penalty) in penalty.iter().enumerate() {
            let squares: f64 = points.iter().map(|point| point.weights[column].powi(2)).sum();
            let total: f64 = points.iter().map(|point| point.weights[column]).sum();
            sum += 0.5 * penalty * (squares - total * total / self.classes as f64);
        }
        sum
    }

    fn visited(&self, points: Vec<Point>, slopes: Vec<Slope>, penalty: &[f64]) -> Visit {
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
        &self,
        points: &[Point],
        curvature: &Curvature,
        penalty: &[f64],
        reports: &Reported,
    ) -> Result<Vec<(Point, Variances)>> {
        let equations = Equations::new(&curvature.first, penalty, self.intercept, self.data.monitor)?;
        let (unseen, means) = (equations.unseen(), equations.means());
        let (identified, intercept_identified) = equations.identified(reports);
        let (width, size) = (penalty.len(), self.size(penalty.len()));
        let inverse = curvature.factor.inverse(self.data.monitor)?;
        let last = Point {
            weights: vec![0.0; width],
            intercept: 0.0,
        };
        let all: Vec<&Point> = points.iter().chain([&last]).collect();
        let share = 1.0 / self.classes as f64;
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
        let mut fits = Vec::with_capacity(self.classes);
        for (class, point) in all.iter().enumerate() {
            let mut point = point.moved(&mean, -1.0);
            let before = dot(means, &point.weights);
            project_out(unseen, &mut point.weights);
            if self.intercept {
                point.intercept += before - dot(means, &point.weights);
            }
            let mut weights = Vec::with_capacity(width);
            for (column, identified) in identified.iter().enumerate() {
                self.data.monitor.check()?;
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
        let (slopes, products) = self.pass(&points, rows)?;
        let curvature = self.curvature(&products, penalty, rows.rows)?;
        Ok((self.visited(points, slopes, penalty), curvature))
    }

    fn visit(&self, points: Vec<Point>, penalty: &[f64], rows: Rows) -> Result<Visit> {
        let slopes = slopes(&self.data, &points, self.classes, rows)?;
        Ok(self.visited(points, slopes, penalty))
    }
}

impl Steps for Multinomial<'_> {
    type Equations = Curvature;

    fn step(&self, here: &Visit, curvature: &Curvature, penalty: &[f64]) -> (Vec<Point>, f64) {
        let (width, classes) = (penalty.len(), self.classes as f64);
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

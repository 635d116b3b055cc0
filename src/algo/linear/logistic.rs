//! Logistic regression.

use super::covariance::Reported;
use super::equations::Equations;
use super::gram::{self, check_width};
use super::input::{Input, class_weights};
use super::lbfgs;
use super::link::Logistic;
use super::model::{Errors, Fitted, LinearModel, Link, Summary};
use super::multinomial::{Classes, Curvature, Multinomial};
use super::newton::{self, Objective, Single};
use super::pass::{Data, Point};
use super::reference::{Reference, check_reference};
use super::robust::{self, StandardErrors, check_errors, clusters_of, is_robust};
use super::softmax;
use crate::design::Design;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::parameters::{above, any, at_least, choices, hyperparameters, log};
use crate::training_set::{Shape, TrainingSet};

/// The widest design for which Newton's method is used; wider ones take a method without second derivatives.
pub(super) const NEWTON_WIDTH: usize = 500;
/// The most classes, and the most weights of all classes but one, for which Newton's method is used; more take the other one.
const NEWTON_CLASSES: usize = 16;
const NEWTON_UNKNOWNS: usize = 600;

/// Whether Newton's method is used for so many classes and design columns.
pub(super) fn takes_newton(classes: usize, width: usize) -> bool {
    match classes {
        0..=2 => width <= NEWTON_WIDTH,
        3..=NEWTON_CLASSES => width > 0 && (classes - 1) * (width + 1) <= NEWTON_UNKNOWNS,
        _ => false,
    }
}

/// A mean loss below this means that a line tells the classes apart without error.
const SEPARATED: f64 = 1e-8;

/// Bytes that a fit takes whatever the number of rows, at most. O(1).
pub(super) fn memory_needed(shape: &Shape) -> usize {
    let (width, classes) = (shape.design_columns, shape.target.classes().unwrap_or(2));
    if width <= NEWTON_WIDTH && classes <= 2 {
        return gram::memory_needed(width);
    }
    let outputs = if classes > 2 { classes } else { 1 };
    let unknowns = outputs.saturating_mul(width.saturating_add(1));
    let products = if unknowns <= NEWTON_UNKNOWNS + width + 1 {
        // The products of each pair of classes.
        gram::memory_needed(unknowns)
    } else {
        // Those of all classes together, for the first guess at the second derivatives.
        gram::memory_needed(width.min(NEWTON_WIDTH))
    };
    unknowns
        .saturating_mul(lbfgs::VECTORS * size_of::<f64>())
        .saturating_add(products)
}

choices! {
    /// What keeps weights small.
    pub enum Penalty {
        /// Half the sum of squared weights.
        L2 = "l2",
        /// Nothing.
        None = "none",
    }
    null None
}

choices! {
    /// How much rows count by their class.
    pub enum ClassWeight {
        /// Every row counts the same.
        None = "none",
        /// Every class counts the same: rows / (classes x rows of the class).
        Balanced = "balanced",
    }
    null None
}

impl ClassWeight {
    /// How much a row of each class counts.
    pub(super) fn factors(self, classes: &[f64]) -> Vec<f64> {
        let total: f64 = classes.iter().sum();
        let factor = |weight: &f64| match self {
            ClassWeight::None => 1.0,
            ClassWeight::Balanced => total / (classes.len() as f64 * weight),
        };
        classes.iter().map(factor).collect()
    }

    /// The weights of rows, classes considered.
    pub(super) fn row_weights(self, input: &Input, classes: &[f64]) -> Option<Vec<f64>> {
        if self == ClassWeight::None {
            return input.weights.clone();
        }
        let factors = self.factors(classes);
        let weight = |row: usize| input.weights.as_ref().map_or(1.0, |w| w[row]);
        Some(
            (input.targets.iter().enumerate())
                .map(|(row, class)| weight(row) * factors[*class as usize])
                .collect(),
        )
    }
}

hyperparameters! {
    /// Hyperparameters of logistic regression, named as in scikit-learn. The model minimises `c` times the sum of the rows' negative log
    /// likelihoods plus half the sum of squared weights.
    pub struct LogisticRegressionParams {
        /// How much the rows count against the penalty.
        c named "C" or "c": f64 = 1.0, above(0.0), search log(1e-3, 1e3), from "scikit-learn";
        /// The penalty on weights; the intercept is never penalised. null is `"none"`.
        penalty: Penalty = Penalty::L2, any(), from "scikit-learn";
        /// Passes over the rows at most.
        max_iter: usize = 100, at_least(1.0), from "scikit-learn";
        /// How exact the weights are. The fit ends when the next step promises to come nearer to the minimum by a thousandth of this, in
        /// standard errors: more exact than in scikit-learn.
        tol: f64 = 1e-4, above(0.0), from "scikit-learn";
        /// With `"balanced"` each class counts the same in total. null is `"none"`.
        class_weight: ClassWeight = ClassWeight::None, any(), from "scikit-learn";
        /// Whether the model has an intercept.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// Whether the penalty is on the weights of standardised numbers, as in a pipeline with scikit-learn's `StandardScaler`, or of the
        /// numbers as they are.
        standardize: bool = true, any(), from "assay";
        /// Of what standard errors are made: of what the model says, or of each row's own residual. With two classes.
        standard_errors: StandardErrors = StandardErrors::Classical, any(), from "statsmodels";
        /// A column of the query that says which rows are not independent of each other: standard errors are by these clusters. It is no feature.
        cluster: Option<String> = None, any(), from "statsmodels";
        /// The level of each category that the weights of its other levels are differences from: the first in order, that of most rows, or the one that
        /// an object names for its column, as in `{"colour": "red"}`. Predictions stay as they are.
        reference: Reference = Reference::None, any(), from "assay";
    }
    together Self::check_errors
}

/// Logistic regression: one score for two classes, one a class (softmax) for more. Targets are class numbers.
///
/// Standard errors come from the inverse second derivatives of what is minimised, so a penalty counts as knowledge, as in the Laplace
/// approximation of a Bayesian fit; p-values are Wald's. With more than two classes they are those of a class's deviation from the classes'
/// mean, which is what the weights are. There are none for designs too wide, or classes too many, for Newton's method.
pub(super) fn fit(params: &LogisticRegressionParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let classes = class_weights(input.targets, input.weights.as_deref())?;
    let design = Design::learn(&set.frame, input.weights.as_deref(), params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let weights = params.class_weight.row_weights(&input, &classes);
    let data = Data::new(&design, &set.frame, input.targets, weights.as_deref(), monitor)?;
    let penalty = params.penalties(&design);
    let (width, classes) = (design.width(), classes.len());
    let clusters = clusters_of(params.cluster.as_deref(), set)?;
    if is_robust(params.standard_errors, clusters) && (classes > 2 || width > NEWTON_WIDTH) {
        return Err(Error::data(
            format!("robust standard errors are those of two classes and up to {NEWTON_WIDTH} columns after one-hot encoding"),
            "leave out standard_errors and cluster",
        )
        .detail(format!("There are {classes} classes and {width} columns.")));
    }
    let reported = Reported::of(&design, &params.reference, set.features())?;
    let told = (&data, &reported);
    match (takes_newton(classes, width), classes) {
        (true, 2) => params.newton(told, &penalty, (input.rows(), clusters)),
        (true, _) => params.multinomial(told, &penalty, classes),
        (false, _) => params.descend(told, &penalty, classes),
    }
}

impl LogisticRegressionParams {
    /// The penalty of each design column, the loss of a row counting once.
    pub(super) fn penalties(&self, design: &Design) -> Vec<f64> {
        match self.penalty {
            Penalty::None => vec![0.0; design.width()],
            Penalty::L2 => {
                let factor = |factor: f64| if self.standardize { 1.0 } else { factor * factor };
                design.raw_factors().into_iter().map(|f| factor(f) / self.c).collect()
            }
        }
    }

    fn check_errors(&self) -> Result<()> {
        check_errors(self.standard_errors, self.cluster.as_deref())?;
        self.standard_errors.check_likelihood()?;
        check_reference(&self.reference, self.fit_intercept)
    }

    fn newton(
        &self,
        (&data, reported): (&Data, &Reported),
        penalty: &[f64],
        (rows, clusters): (u64, Option<&[u32]>),
    ) -> Result<LinearModel> {
        let minimum = self.minimise(
            data,
            penalty,
            1,
            Single {
                data,
                loss: Logistic,
                intercept: self.fit_intercept,
            },
        )?;
        let (equations, point) = (&minimum.equations, &minimum.points[0]);
        let errors = match is_robust(self.standard_errors, clusters) {
            true => {
                let fit = robust::Fit {
                    data,
                    point,
                    loss: &Logistic,
                    equations,
                    rows,
                    clusters,
                    kind: self.standard_errors,
                };
                fit.errors(reported)?
            }
            false => Errors::of_likelihood(equations.variances(reported, false, data.monitor)?),
        };
        let fits = vec![(point.clone(), errors)];
        let size = (data.targets.len() as u64, data.total_weight());
        self.assemble(
            (data.design, reported),
            Link::Logistic,
            fits,
            &minimum,
            (equations.rank(), size),
        )
    }

    fn multinomial(
        &self,
        (&data, reported): (&Data, &Reported),
        penalty: &[f64],
        classes: usize,
    ) -> Result<LinearModel> {
        let of = Classes {
            count: classes,
            intercept: self.fit_intercept,
        };
        let minimum = self.minimise(data, penalty, of.outputs(), Multinomial { data, of })?;
        let size = (data.targets.len() as u64, data.total_weight());
        self.conclude_classes((data.design, reported), of, &minimum, (penalty, size), data.monitor)
    }

    /// The model of more than two classes where Newton's method ended: of so many rows of so much weight.
    pub(super) fn conclude_classes(
        &self,
        (design, reported): (&Design, &Reported),
        classes: Classes,
        minimum: &newton::Minimum<Curvature>,
        (penalty, (rows, weight)): (&[f64], (u64, f64)),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        self.check_separation(minimum.loss / weight)?;
        let curvature = &minimum.equations;
        let fits = classes.conclude(&minimum.points, curvature, penalty, reported, monitor)?;
        let fits = fits
            .into_iter()
            .map(|(point, variances)| (point, Errors::of_likelihood(variances)));
        self.assemble(
            (design, reported),
            Link::Softmax,
            fits.collect(),
            minimum,
            (curvature.rank(), (rows, weight)),
        )
    }

    fn minimise<O: Objective>(
        &self,
        data: Data,
        penalty: &[f64],
        outputs: usize,
        objective: O,
    ) -> Result<newton::Minimum<O::Equations>> {
        let problem = newton::Problem {
            data,
            objective,
            outputs,
            penalty,
            max_iterations: self.max_iter,
            tolerance: self.tolerance(),
        };
        let minimum = problem.minimise()?;
        self.check_separation(minimum.loss / data.total_weight())?;
        Ok(minimum)
    }

    fn assemble<E>(
        &self,
        (design, reported): (&Design, &Reported),
        link: Link,
        fits: Vec<(Point, Errors)>,
        minimum: &newton::Minimum<E>,
        (rank, (rows, weight)): (usize, (u64, f64)),
    ) -> Result<LinearModel> {
        let summary = Summary {
            rows,
            rank,
            loss: minimum.loss / weight,
            iterations: minimum.iterations,
            converged: minimum.converged,
        };
        let fits: Vec<Fitted> = (fits.into_iter())
            .map(|(point, errors)| Fitted {
                point,
                errors: Some(errors),
            })
            .collect();
        LinearModel::assemble_as(design, reported, link, &fits, summary)
    }

    /// The model of two classes where Newton's method ended, without the rows: of so many rows of so much weight.
    pub(super) fn conclude(
        &self,
        (design, reported): (&Design, &Reported),
        minimum: &newton::Minimum<Equations>,
        (rows, weight): (u64, f64),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        self.check_separation(minimum.loss / weight)?;
        let equations = &minimum.equations;
        let errors = Errors::of_likelihood(equations.variances(reported, false, monitor)?);
        let fits = vec![(minimum.points[0].clone(), errors)];
        self.assemble(
            (design, reported),
            Link::Logistic,
            fits,
            minimum,
            (equations.rank(), (rows, weight)),
        )
    }

    /// How near, in squared standard errors, the minimum is to be.
    pub(super) fn tolerance(&self) -> f64 {
        (self.tol * 1e-3).powi(2)
    }

    fn descend(&self, (data, reported): (&Data, &Reported), penalty: &[f64], classes: usize) -> Result<LinearModel> {
        let settings = softmax::Settings {
            classes,
            penalty,
            intercept: self.fit_intercept,
            max_iterations: self.max_iter,
            tolerance: self.tol * 1e-5,
        };
        let minimum = softmax::minimise(data, &settings)?;
        let loss = minimum.loss / data.total_weight();
        self.check_separation(loss)?;
        let summary = Summary {
            rows: data.targets.len() as u64,
            rank: data.design.width(),
            loss,
            iterations: minimum.iterations,
            converged: minimum.converged,
        };
        let link = if classes > 2 { Link::Softmax } else { Link::Logistic };
        let fits: Vec<Fitted> = minimum
            .points
            .into_iter()
            .map(|point| Fitted { point, errors: None })
            .collect();
        LinearModel::assemble_as(data.design, reported, link, &fits, summary)
    }

    /// Without a penalty, classes that a line separates have no finite weights.
    pub(super) fn check_separation(&self, loss: f64) -> Result<()> {
        if self.penalty == Penalty::None && loss < SEPARATED {
            return Err(Error::data(
                "the features tell the classes apart without error, so weights without a penalty grow forever",
                "set \"penalty\" to \"l2\", or leave out the feature that gives the label away",
            ));
        }
        Ok(())
    }
}

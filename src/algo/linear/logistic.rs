//! Logistic regression.

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use serde::{Deserialize, Deserializer, Serialize};

use super::equations::Variances;
use super::gram::{self, check_width};
use super::input::{Input, class_weights};
use super::lbfgs;
use super::link::Logistic;
use super::model::{Errors, Fitted, LinearModel, Link, Summary, intercept_offsets};
use super::multinomial::Multinomial;
use super::newton::{self, Objective, Single};
use super::pass::{Data, Point};
use super::softmax;
use crate::design::Design;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::Watched;

/// The widest design for which Newton's method is used; wider ones take a method without second derivatives.
const NEWTON_WIDTH: usize = 500;
/// The most classes, and the most weights of all classes but one, for which Newton's method is used; more take the other one.
const NEWTON_CLASSES: usize = 16;
const NEWTON_UNKNOWNS: usize = 600;
/// A mean loss below this means that a line tells the classes apart without error.
const SEPARATED: f64 = 1e-8;

/// Bytes that a fit of a design of `width` columns takes whatever the number of rows, at most. O(1).
pub fn memory_needed(width: usize, classes: usize) -> usize {
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

/// What keeps weights small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    /// Half the sum of squared weights.
    L2,
    /// Nothing.
    #[default]
    None,
}

/// How much rows count by their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every row counts the same.
    #[default]
    None,
    /// Every class counts the same: rows / (classes x rows of the class).
    Balanced,
}

/// Hyperparameters of logistic regression, named as in scikit-learn. The model minimises `c` times the sum of the rows' negative log
/// likelihoods plus half the sum of squared weights.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogisticRegressionParams(LogisticRegressionValidParams);

/// Checked [`LogisticRegressionParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegressionValidParams {
    #[serde(rename = "C", alias = "c")]
    c: f64,
    #[serde(deserialize_with = "null_is_default")]
    penalty: Penalty,
    max_iter: usize,
    tol: f64,
    #[serde(deserialize_with = "null_is_default")]
    class_weight: ClassWeight,
    fit_intercept: bool,
    standardize: bool,
}

/// Reads JSON's null as "none", which is how scikit-learn's None arrives.
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> std::result::Result<T, D::Error> {
    if from.is_human_readable() {
        Ok(Option::deserialize(from)?.unwrap_or_default())
    } else {
        T::deserialize(from)
    }
}

impl Default for LogisticRegressionValidParams {
    fn default() -> Self {
        LogisticRegressionValidParams {
            c: 1.0,
            penalty: Penalty::L2,
            max_iter: 100,
            tol: 1e-4,
            class_weight: ClassWeight::None,
            fit_intercept: true,
            standardize: true,
        }
    }
}

impl LogisticRegressionParams {
    /// How much the rows count against the penalty, above 0; 1 unless set.
    pub fn c(mut self, c: f64) -> Self {
        self.0.c = c;
        self
    }

    /// The penalty, [`Penalty::L2`] unless set. The intercept is never penalised.
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.0.penalty = penalty;
        self
    }

    /// Passes over the rows at most, 1 or more; 100 unless set.
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.0.max_iter = max_iter;
        self
    }

    /// How exact the weights are, above 0; 1e-4 unless set. The fit ends when the next step promises to come nearer to the minimum by
    /// a thousandth of this, in standard errors.
    pub fn tol(mut self, tol: f64) -> Self {
        self.0.tol = tol;
        self
    }

    /// Whether classes count the same; [`ClassWeight::None`] unless set.
    pub fn class_weight(mut self, class_weight: ClassWeight) -> Self {
        self.0.class_weight = class_weight;
        self
    }

    /// Whether the model has an intercept; true unless set.
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.0.fit_intercept = fit_intercept;
        self
    }

    /// Whether the penalty is on the weights of standardised numbers (true unless set) or of the numbers as they are.
    pub fn standardize(mut self, standardize: bool) -> Self {
        self.0.standardize = standardize;
        self
    }
}

impl ParamGuard for LogisticRegressionParams {
    type Checked = LogisticRegressionValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        let positive = |name, value: f64| {
            if value.is_finite() && value > 0.0 {
                return Ok(());
            }
            Err(Error::Parameter {
                name,
                value: value.to_string(),
                allowed: "a number above 0",
            })
        };
        positive("C", self.0.c)?;
        positive("tol", self.0.tol)?;
        if self.0.max_iter == 0 {
            return Err(Error::Parameter {
                name: "max_iter",
                value: "0".into(),
                allowed: "a whole number, 1 or more",
            });
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// Logistic regression: one score for two classes, one a class (softmax) for more. Targets are class numbers.
///
/// Standard errors come from the inverse second derivatives of what is minimised, so a penalty counts as knowledge, as in the Laplace
/// approximation of a Bayesian fit; p-values are Wald's. With more than two classes they are those of a class's deviation from the classes'
/// mean, which is what the weights are. There are none for designs too wide, or classes too many, for Newton's method.
impl Fit<Frame, Array1<f64>, Error> for Watched<'_, LogisticRegressionValidParams> {
    type Object = LinearModel;

    fn fit(&self, dataset: &DatasetBase<Frame, Array1<f64>>) -> Result<LinearModel> {
        let params = &self.params;
        let input = Input::of(dataset)?;
        let classes = class_weights(&input.targets, input.weights.as_deref())?;
        let design = Design::learn(
            &dataset.records,
            input.weights.as_deref(),
            params.fit_intercept,
            self.monitor,
        )?;
        check_width(design.width())?;
        let weights = params.row_weights(&input, &classes);
        let data = Data::new(
            &design,
            &dataset.records,
            &input.targets,
            weights.as_deref(),
            self.monitor,
        )?;
        let penalty = params.penalties(&design);
        let (width, classes) = (design.width(), classes.len());
        let unknowns = (classes - 1) * (width + 1);
        match classes {
            2 if width <= NEWTON_WIDTH => params.newton(data, &penalty),
            3..=NEWTON_CLASSES if width > 0 && unknowns <= NEWTON_UNKNOWNS => {
                params.multinomial(data, &penalty, classes)
            }
            _ => params.descend(&data, &penalty, classes),
        }
    }
}

impl LogisticRegressionValidParams {
    /// The weights of rows, classes considered.
    fn row_weights(&self, input: &Input, classes: &[f64]) -> Option<Vec<f64>> {
        if self.class_weight == ClassWeight::None {
            return input.weights.clone();
        }
        let total: f64 = classes.iter().sum();
        let factors: Vec<f64> = classes
            .iter()
            .map(|weight| total / (classes.len() as f64 * weight))
            .collect();
        let weight = |row: usize| input.weights.as_ref().map_or(1.0, |w| w[row]);
        Some(
            (input.targets.iter().enumerate())
                .map(|(row, class)| weight(row) * factors[*class as usize])
                .collect(),
        )
    }

    /// The penalty of each design column, the loss of a row counting once.
    fn penalties(&self, design: &Design) -> Vec<f64> {
        match self.penalty {
            Penalty::None => vec![0.0; design.width()],
            Penalty::L2 => {
                let factor = |factor: f64| if self.standardize { 1.0 } else { factor * factor };
                design.raw_factors().into_iter().map(|f| factor(f) / self.c).collect()
            }
        }
    }

    fn newton(&self, data: Data, penalty: &[f64]) -> Result<LinearModel> {
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
        let equations = &minimum.equations;
        let (blocks, offsets) = (data.design.level_blocks(), intercept_offsets(data.design));
        let variances = equations.variances(&blocks, &offsets, false, data.monitor)?;
        let fits = minimum.points.iter().map(|point| (point.clone(), variances.clone()));
        self.assemble(&data, Link::Logistic, fits.collect(), &minimum, equations.rank())
    }

    fn multinomial(&self, data: Data, penalty: &[f64], classes: usize) -> Result<LinearModel> {
        let objective = Multinomial {
            data,
            classes,
            intercept: self.fit_intercept,
        };
        let minimum = self.minimise(data, penalty, classes - 1, objective.clone())?;
        let (blocks, offsets) = (data.design.level_blocks(), intercept_offsets(data.design));
        let curvature = &minimum.equations;
        let fits = objective.conclude(&minimum.points, curvature, penalty, &blocks, &offsets)?;
        self.assemble(&data, Link::Softmax, fits, &minimum, curvature.rank())
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
            tolerance: (self.tol * 1e-3).powi(2),
        };
        let minimum = problem.minimise()?;
        self.check_separation(minimum.loss / data.total_weight())?;
        Ok(minimum)
    }

    fn assemble<E>(
        &self,
        data: &Data,
        link: Link,
        fits: Vec<(Point, Variances)>,
        minimum: &newton::Minimum<E>,
        rank: usize,
    ) -> Result<LinearModel> {
        let summary = Summary {
            rows: data.targets.len() as u64,
            rank,
            loss: minimum.loss / data.total_weight(),
            iterations: minimum.iterations,
            converged: minimum.converged,
        };
        let fits: Vec<Fitted> = (fits.into_iter())
            .map(|(point, variances)| Fitted {
                point,
                errors: Some(Errors {
                    variances,
                    noise: 1.0,
                    freedom: f64::INFINITY,
                }),
            })
            .collect();
        LinearModel::assemble(data.design, link, &fits, summary)
    }

    fn descend(&self, data: &Data, penalty: &[f64], classes: usize) -> Result<LinearModel> {
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
        LinearModel::assemble(data.design, link, &fits, summary)
    }

    /// Without a penalty, classes that a line separates have no finite weights.
    fn check_separation(&self, loss: f64) -> Result<()> {
        if self.penalty == Penalty::None && loss < SEPARATED {
            return Err(Error::data(
                "the features tell the classes apart without error, so weights without a penalty grow forever",
                "set \"penalty\" to \"l2\", or leave out the feature that gives the label away",
            ));
        }
        Ok(())
    }
}

//! Linear support vector machines, for classes and for numbers.

use super::gram::{self, check_width};
use super::input::{Input, Standardised, class_weights};
use super::kinks::{Kink, ROW_BYTES};
use super::logistic::ClassWeight;
use super::losses::{RowLoss, SquaredHinge, SquaredInsensitive};
use super::model::{Fitted, LinearModel, Link, Summary};
use super::newton::{self, Single};
use super::pass::{Data, Point};
use super::sides::Sides;
use crate::calibration::{self, Sigmoid};
use crate::design::Design;
use crate::error::Result;
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::parameters::{Value, above, any, at_least, choices, hyperparameters, log, refuse};
use crate::room;
use crate::task::Task;
use crate::training_set::{Shape, Target, TrainingSet};

/// The duality gap may be this times the tolerance, as a share of the minimum.
const GAP: f64 = 1e-6;
/// Scores that differ by no more than this are one, where margins are 1.
const ONE_SCORE: f64 = 1e-6;
/// Bytes that a row takes for targets, scores and the curves of probabilities.
const SCORE_BYTES: usize = 64;

choices! {
    /// What an error costs.
    pub enum SvmLoss {
        /// What a row's score lacks to 1 on its own side.
        Hinge = "hinge",
        /// The square of that.
        SquaredHinge = "squared_hinge",
        /// What an error has beyond epsilon.
        EpsilonInsensitive = "epsilon_insensitive",
        /// The square of that.
        SquaredEpsilonInsensitive = "squared_epsilon_insensitive",
    }
}

impl SvmLoss {
    fn is_of_classes(self) -> bool {
        match self {
            SvmLoss::Hinge | SvmLoss::SquaredHinge => true,
            SvmLoss::EpsilonInsensitive | SvmLoss::SquaredEpsilonInsensitive => false,
        }
    }

    fn has_kinks(self) -> bool {
        match self {
            SvmLoss::Hinge | SvmLoss::EpsilonInsensitive => true,
            SvmLoss::SquaredHinge | SvmLoss::SquaredEpsilonInsensitive => false,
        }
    }
}

hyperparameters! {
    /// Hyperparameters of linear support vector machines, named as in scikit-learn's `LinearSVC` and `LinearSVR`. The model minimises `c` times the sum
    /// of the rows' losses plus half the sum of squared weights.
    pub struct SvmParams {
        /// How much the rows count against the penalty on the weights. The intercept is not penalised, as in `SVC`; `LinearSVC` penalises it.
        c named "C" or "c": f64 = 1.0, above(0.0), search log(1e-3, 1e3), from "scikit-learn";
        /// What an error costs. null is `"squared_hinge"` for classes and `"epsilon_insensitive"` for numbers, scikit-learn's defaults.
        loss: Option<SvmLoss> = None, any(), from "scikit-learn";
        /// Errors of numbers up to this cost nothing.
        epsilon: f64 = 0.0, at_least(0.0), from "scikit-learn";
        /// With `"balanced"` each class counts the same in total. null is `"none"`.
        class_weight: ClassWeight = ClassWeight::None, any(), from "scikit-learn";
        /// Steps at most, each of which is a pass over rows or two.
        max_iter: usize = 1000, at_least(1.0), from "scikit-learn";
        /// How exact the weights are. With losses that are not squared the fit ends when the sum is proven to be within a millionth of this share of
        /// its minimum; with squared ones the weights are those of the minimum: more exact than in scikit-learn.
        tol: f64 = 1e-4, above(0.0), from "scikit-learn";
        /// Whether the model has an intercept.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// Whether the penalty is on the weights of standardised numbers, as in a pipeline with scikit-learn's `StandardScaler`, or of the
        /// numbers as they are.
        standardize: bool = true, any(), from "assay";
    }
}

/// Linear support vector machines.
pub struct LinearSvm;

impl Learner for LinearSvm {
    const NAME: &'static str = "linear_svm";
    const TASKS: &'static [Task] = &[Task::Classification, Task::Regression];
    const ABOUT: &'static str = "a line with the widest margin between two classes, or each of more classes and all others, as scikit-learn's `LinearSVC`; or \
                                 near all numbers, as `LinearSVR`. Probabilities are Platt's, by the training rows; train's `calibrate` makes them by \
                                 rows that the model has not seen";
    type Parameters = SvmParams;
    type Fitted = LinearModel;

    fn memory(params: &SvmParams, shape: &Shape) -> usize {
        let loss = params.loss_of(shape.target.classes().is_some());
        let sides = match loss {
            SvmLoss::Hinge => 1,
            SvmLoss::EpsilonInsensitive => 2,
            SvmLoss::SquaredHinge | SvmLoss::SquaredEpsilonInsensitive => 0,
        };
        // Rows whose sides are not sure are held once more.
        let kinks = sides * ROW_BYTES + usize::from(loss.has_kinks()) * 8 * shape.features;
        shape.rows.saturating_mul(SCORE_BYTES + kinks)
    }

    fn design_memory(_: &SvmParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        fit(params, set, monitor)
    }
}

/// One score as it was fitted.
struct Score {
    point: Point,
    /// The sum of the losses.
    loss: f64,
    iterations: usize,
    converged: bool,
}

pub(super) fn fit(params: &SvmParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let is_of_classes = match &set.target {
        Target::Classes { .. } => true,
        Target::None | Target::Numbers(_) => false,
    };
    let loss = params.loss_of(is_of_classes);
    if loss.is_of_classes() != is_of_classes {
        return match is_of_classes {
            true => refuse("loss", loss.show(), "\"hinge\" or \"squared_hinge\" for classes"),
            false => refuse(
                "loss",
                loss.show(),
                "\"epsilon_insensitive\" or \"squared_epsilon_insensitive\" for numbers",
            ),
        };
    }
    let input = Input::of(set)?;
    let design = Design::learn(&set.frame, input.weights.as_deref(), params.fit_intercept, monitor)?;
    check_width(design.width())?;
    match is_of_classes {
        true => params.classes(loss, &input, &design, set, monitor),
        false => params.numbers(loss, &input, &design, set, monitor),
    }
}

impl SvmParams {
    fn loss_of(&self, is_of_classes: bool) -> SvmLoss {
        self.loss.unwrap_or(match is_of_classes {
            true => SvmLoss::SquaredHinge,
            false => SvmLoss::EpsilonInsensitive,
        })
    }

    /// The penalty of each design column, a row's loss counting once.
    fn penalties(&self, design: &Design) -> Vec<f64> {
        // A penalty beyond this makes a weight of 0 all the same.
        let square = |factor: f64| (factor * factor).min(1e100);
        let factors = design.raw_factors().into_iter();
        factors
            .map(|factor| if self.standardize { 1.0 } else { square(factor) } / self.c)
            .collect()
    }

    fn classes(
        &self,
        loss: SvmLoss,
        input: &Input,
        design: &Design,
        set: &TrainingSet,
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        let classes = class_weights(input.targets, input.weights.as_deref())?;
        let weights = self.class_weight.row_weights(input, &classes);
        let penalty = self.penalties(design);
        let positives = if classes.len() == 2 { 1..2 } else { 0..classes.len() };
        let (mut scores, mut curves) = (Vec::new(), Vec::new());
        let mut targets: Vec<f64> = room::zeros(input.targets.len())?;
        for class in positives {
            for (target, own) in targets.iter_mut().zip(input.targets) {
                *target = f64::from(u8::from(*own == class as f64));
            }
            let data = Data::new(design, &set.frame, &targets, weights.as_deref(), monitor)?;
            let score = match loss {
                SvmLoss::Hinge => self.with_kinks(data, &penalty, 1, |row| {
                    let kink = Kink {
                        target: 1.0,
                        sign: if targets[row] > 0.5 { 1.0 } else { -1.0 },
                        low: 0.0,
                        high: data.weights.map_or(1.0, |w| w[row]),
                    };
                    [kink; 2]
                })?,
                SvmLoss::SquaredHinge | SvmLoss::EpsilonInsensitive | SvmLoss::SquaredEpsilonInsensitive => {
                    self.smooth(data, &penalty, SquaredHinge)?
                }
            };
            curves.push(curve(&data, &score.point, input.weights.as_deref())?);
            scores.push(score);
        }
        let total = weights.map_or(input.targets.len() as f64, |weights| weights.iter().sum());
        self.assemble(design, Link::Sigmoids(curves), scores, (input, total, 1.0))
    }

    fn numbers(
        &self,
        loss: SvmLoss,
        input: &Input,
        design: &Design,
        set: &TrainingSet,
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        let standard = Standardised::of(input, self.fit_intercept)?;
        let (unit, targets) = (standard.unit, &standard.targets);
        let epsilon = self.epsilon / unit;
        let mut penalty = self.penalties(design);
        let data = Data::new(design, &set.frame, targets, input.weights.as_deref(), monitor)?;
        let (score, unit_of_loss) = match loss {
            SvmLoss::EpsilonInsensitive => {
                // Losses grow by the unit, squared weights by its square.
                penalty.iter_mut().for_each(|penalty| *penalty *= unit);
                let kinks = |row: usize| {
                    let weight = data.weights.map_or(1.0, |w| w[row]);
                    let side = |target: f64, sign: f64, low: f64| Kink {
                        target,
                        sign,
                        low,
                        high: weight,
                    };
                    match epsilon > 0.0 {
                        true => [
                            side(targets[row] - epsilon, 1.0, 0.0),
                            side(-targets[row] - epsilon, -1.0, 0.0),
                        ],
                        // Both sides of one kink.
                        false => [side(targets[row], 1.0, -weight); 2],
                    }
                };
                let sides = if epsilon > 0.0 { 2 } else { 1 };
                (self.with_kinks(data, &penalty, sides, kinks)?, unit)
            }
            SvmLoss::SquaredEpsilonInsensitive | SvmLoss::Hinge | SvmLoss::SquaredHinge => (
                self.smooth(data, &penalty, SquaredInsensitive { epsilon })?,
                unit * unit,
            ),
        };
        let score = Score {
            point: standard.restored(&score.point),
            ..score
        };
        self.assemble(
            design,
            Link::Identity,
            vec![score],
            (input, data.total_weight(), unit_of_loss),
        )
    }

    fn smooth(&self, data: Data, penalty: &[f64], loss: impl RowLoss) -> Result<Score> {
        let problem = newton::Problem {
            data,
            objective: Single {
                data,
                loss,
                intercept: self.fit_intercept,
            },
            outputs: 1,
            penalty,
            max_iterations: self.max_iter,
            tolerance: (self.tol * GAP).powi(2) * data.total_weight(),
        };
        let minimum = problem.minimise()?;
        let [point] = <[Point; 1]>::try_from(minimum.points).map_err(|_| crate::error::Error::Internal("one score"))?;
        Ok(Score {
            point,
            loss: minimum.loss,
            iterations: minimum.iterations,
            converged: minimum.converged,
        })
    }

    fn with_kinks(
        &self,
        data: Data,
        penalty: &[f64],
        sides: usize,
        kinks: impl Fn(usize) -> [Kink; 2] + Sync,
    ) -> Result<Score> {
        let found = Sides {
            data,
            kinks,
            sides,
            penalty,
            intercept: self.fit_intercept,
            max_iterations: self.max_iter,
            tolerance: self.tol * GAP,
        }
        .minimise()?;
        Ok(Score {
            point: found.minimum.point,
            loss: found.loss,
            iterations: found.minimum.iterations,
            converged: found.minimum.converged,
        })
    }

    fn assemble(
        &self,
        design: &Design,
        link: Link,
        scores: Vec<Score>,
        (input, total, unit): (&Input, f64, f64),
    ) -> Result<LinearModel> {
        let summary = Summary {
            rows: input.rows(),
            rank: design.width(),
            loss: (scores.iter().map(|score| score.loss).sum::<f64>() / total * unit).min(f64::MAX),
            iterations: scores.iter().map(|score| score.iterations).sum(),
            converged: scores.iter().all(|score| score.converged),
        };
        let fits = scores.into_iter().map(|score| Fitted {
            point: score.point,
            errors: None,
        });
        LinearModel::assemble(design, link, &fits.collect::<Vec<_>>(), summary)
    }
}

/// From scores to probabilities, by the rows that they were learned from.
fn curve(data: &Data, point: &Point, weights: Option<&[f64]>) -> Result<Sigmoid> {
    let mut scores = data.scores(point)?;
    let (least, most) = scores
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), s| (a.min(*s), b.max(*s)));
    if most - least < ONE_SCORE {
        // No line tells the class from the others, and rounding is not to.
        scores.fill(least);
    }
    let mut points = room::with_capacity(scores.len())?;
    points.extend(
        scores
            .iter()
            .zip(data.targets)
            .enumerate()
            .map(|(row, (place, target))| calibration::Point {
                place: *place,
                hit: *target > 0.5,
                weight: weights.map_or(1.0, |w| w[row]),
            }),
    );
    Sigmoid::learn(&points, data.monitor)
}

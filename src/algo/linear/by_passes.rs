//! The linear learners that learn by Newton's method from sums: a pass over the rows for each step.

use super::by_sums::OTHER_SUMS;
use super::covariance::Reported;
use super::equations::Equations;
use super::exact;
use super::input::{Input, check_class_weights};
use super::logistic::{self, ClassWeight, LogisticRegressionParams};
use super::model::LinearModel;
use super::multinomial::{Classes, Multinomial};
use super::newton::{self, Ask, Descent, Minimum, Single, SingleSteps, Steps, Visit};
use super::pass::{Data, Point};
use super::reference::Reference;
use super::summing::{LinearKind, LinearPass, LinearSums, RowsLoss};
use crate::design::{Design, Seen};
use crate::error::Result;
use crate::monitor::{Monitor, Progress, Quiet, Unwatched};
use crate::naive_bayes::Tally;
use crate::sums::{Course, Step, Sums, Total, What};
use crate::training_set::TrainingSet;

/// A learner by Newton's method.
pub(super) struct ByPasses<L: FromPasses> {
    learner: L,
    first: What,
    descending: Option<Descending<L::Steps>>,
}

/// A learner whose loss is summed up at the points of a descent.
pub(super) trait FromPasses: Send {
    /// What makes steps of the sums.
    type Steps: StepsOfSums;

    /// Passes at most, and how near, in squared standard errors, the minimum is to be.
    fn limits(&self) -> (usize, f64);

    /// The levels that weights are differences from.
    fn reference(&self) -> &Reference;

    /// Returns an error for a mean loss that shows that there is no minimum.
    fn look_at_loss(&self, mean: f64) -> Result<()>;

    /// What the first pass told. Looks at the targets of the sample, too.
    fn begin(&self, first: (&What, &Total), sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Begun<Self::Steps>>;

    /// The model.
    fn conclude(
        &self,
        begun: &Begun<Self::Steps>,
        reported: &Reported,
        minimum: &Minimum<<Self::Steps as Steps>::Equations>,
        rows: &Sums,
        monitor: &dyn Monitor,
    ) -> Result<LinearModel>;
}

/// Makes steps of the sums of passes.
pub(super) trait StepsOfSums: Steps<Equations: Send> + Send {
    /// The pass for the loss and the gradient at points, and for second derivatives.
    fn ask(&self, points: Vec<Point>, curved: bool) -> Result<LinearKind>;

    /// What its sums say.
    fn answer(
        &self,
        points: Vec<Point>,
        sums: &LinearSums,
        penalty: &[f64],
        monitor: &dyn Monitor,
    ) -> Result<(Visit, Option<Self::Equations>)>;

    /// Where the loss over a few rows has its minimum, or 0 where it has none.
    fn start(&self, data: Data, penalty: &[f64]) -> Result<Vec<Point>>;
}

/// What is known after the first pass.
pub(super) struct Begun<S> {
    pub design: Design,
    /// What all passes of the descent have in common.
    pub pass: LinearPass,
    /// One a design column.
    pub penalty: Vec<f64>,
    /// What the rows weigh, classes considered.
    pub weight: f64,
    pub steps: S,
}

struct Descending<S: StepsOfSums> {
    begun: Begun<S>,
    descent: Descent<S::Equations>,
    /// Where the rows are visited.
    at: Vec<Point>,
}

impl<L: FromPasses> ByPasses<L> {
    /// `first` is the pass that tells what the columns are like.
    pub fn new(learner: L, first: What) -> ByPasses<L> {
        ByPasses {
            learner,
            first,
            descending: None,
        }
    }
}

/// How many columns a sample's features become, at most; `None` where the squares of some numbers are none.
pub(super) fn usual_width(sample: &TrainingSet) -> Result<Option<usize>> {
    let input = Input::of(sample)?;
    let seen = Seen::of(&sample.frame, input.weights.as_deref(), &Unwatched)?;
    let width = seen.iter().map(|seen| match seen {
        Seen::Number(moments) => moments.are_usual().then_some(1),
        Seen::Category(levels) => Some(levels.len()),
    });
    Ok(width.sum())
}

impl<S> Begun<S> {
    /// What a tally tells logistic regression.
    pub fn of_tally(tally: &Tally, params: &LogisticRegressionParams, steps: S) -> Result<Begun<S>> {
        let classes = tally.class_weights();
        check_class_weights(classes)?;
        let seen = tally.seen();
        let extreme = |seen: &Seen| matches!(seen, Seen::Number(moments) if !moments.mean.is_finite() || !moments.deviation.is_finite());
        if seen.iter().any(extreme) {
            return Err(exact::too_far());
        }
        let design = Design::of_seen(&seen, params.fit_intercept);
        let factors = params.class_weight.factors(classes);
        let weight = classes
            .iter()
            .zip(&factors)
            .map(|(weight, factor)| weight * factor)
            .sum();
        Ok(Begun {
            penalty: params.penalties(&design),
            design,
            pass: LinearPass {
                seen,
                centred: params.fit_intercept,
                scale: (0.0, 1.0),
                class_weights: match params.class_weight {
                    ClassWeight::None => Vec::new(),
                    ClassWeight::Balanced => factors,
                },
                kind: LinearKind::Products,
            },
            weight,
            steps,
        })
    }

    /// The rows of the sample with what they weigh, classes considered.
    pub fn sample_weights(&self, input: &Input) -> Vec<f64> {
        let of_row = |(row, class): (usize, &f64)| {
            self.pass.class_weights.get(*class as usize).copied().unwrap_or(1.0)
                * input.weights.as_ref().map_or(1.0, |weights| weights[row])
        };
        input.targets.iter().enumerate().map(of_row).collect()
    }
}

impl<S: StepsOfSums> Begun<S> {
    /// Where the sample has its minimum.
    fn start(&self, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Vec<Point>> {
        let input = Input::of(sample)?;
        let weights = self.sample_weights(&input);
        let share = weights.iter().sum::<f64>() / self.weight;
        let penalty: Vec<f64> = self.penalty.iter().map(|penalty| penalty * share).collect();
        let quiet = Quiet(monitor);
        let data = Data::new(&self.design, &sample.frame, input.targets, Some(&weights), &quiet)?;
        self.steps.start(data, &penalty)
    }
}

impl<S: StepsOfSums> Descending<S> {
    /// The pass that the descent asks for.
    fn ask(&mut self, points: Vec<Point>, curved: bool) -> Result<Step> {
        let kind = self.begun.steps.ask(points.clone(), curved)?;
        self.at = points;
        Ok(Step::Pass(What::Linear(LinearPass {
            kind,
            ..self.begun.pass.clone()
        })))
    }
}

impl<L: FromPasses> Course for ByPasses<L> {
    fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step> {
        let Some(sums) = sums else {
            return Ok(Step::Pass(self.first.clone()));
        };
        let (iterations, tolerance) = self.learner.limits();
        let Some(mut now) = self.descending.take() else {
            let begun = self.learner.begin((&self.first, sums.total()), sample, monitor)?;
            let start = begun.start(sample, monitor)?;
            let mut now = Descending {
                begun,
                descent: Descent::new(iterations, tolerance),
                at: Vec::new(),
            };
            let step = now.ask(start, true);
            self.descending = Some(now);
            return step;
        };
        let Total::Linear(found) = sums.total() else {
            return Err(OTHER_SUMS);
        };
        let (points, begun) = (std::mem::take(&mut now.at), &now.begun);
        let answer = begun.steps.answer(points, found, &begun.penalty, monitor)?;
        self.learner.look_at_loss(answer.0.loss / begun.weight)?;
        let report = |iteration, loss| {
            monitor.progress(Progress {
                iteration,
                iterations,
                loss: loss / begun.weight,
            });
        };
        let step = match now.descent.take(&begun.steps, answer, &begun.penalty, report)? {
            Ask::Renew(points) => now.ask(points, true),
            Ask::Visit(points) => now.ask(points, false),
            Ask::Nothing(minimum) => {
                let reported = Reported::of(&begun.design, self.learner.reference(), sample.features())?;
                let model = self.learner.conclude(begun, &reported, &minimum, sums, monitor)?;
                return Ok(Step::Fitted(Box::new(model)));
            }
        };
        self.descending = Some(now);
        step
    }
}

/// The steps of one score.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScoreSteps {
    pub loss: RowsLoss,
    pub intercept: bool,
}

impl Steps for ScoreSteps {
    type Equations = Equations;

    fn step(&self, here: &Visit, equations: &Equations, penalty: &[f64]) -> (Vec<Point>, f64) {
        SingleSteps.step(here, equations, penalty)
    }

    fn weight(&self, equations: &Equations) -> f64 {
        SingleSteps.weight(equations)
    }
}

impl StepsOfSums for ScoreSteps {
    fn ask(&self, points: Vec<Point>, curved: bool) -> Result<LinearKind> {
        let point = points.into_iter().next().ok_or(OTHER_SUMS)?;
        Ok(match curved {
            true => LinearKind::curvature(self.loss, point),
            false => LinearKind::Slope(self.loss, point),
        })
    }

    fn answer(
        &self,
        points: Vec<Point>,
        sums: &LinearSums,
        penalty: &[f64],
        monitor: &dyn Monitor,
    ) -> Result<(Visit, Option<Equations>)> {
        match sums {
            LinearSums::Curvature(loss, moments) => {
                let curvature = (*loss, moments.clone());
                let (visit, equations) = Visit::of_curvature(points, curvature, penalty, self.intercept, monitor)?;
                Ok((visit, Some(equations)))
            }
            LinearSums::Slope(slope) => Ok((Visit::of_slope(points, slope.clone(), penalty), None)),
            LinearSums::Products(_) | LinearSums::ClassSlopes(_) | LinearSums::ClassCurvatures(..) => Err(OTHER_SUMS),
        }
    }

    fn start(&self, data: Data, penalty: &[f64]) -> Result<Vec<Point>> {
        let objective = Single {
            data,
            loss: self.loss,
            intercept: self.intercept,
        };
        newton::start(data, objective, 1, penalty)
    }
}

impl StepsOfSums for Classes {
    fn ask(&self, points: Vec<Point>, curved: bool) -> Result<LinearKind> {
        Ok(match curved {
            true => LinearKind::ClassCurvatures(points),
            false => LinearKind::ClassSlopes(points),
        })
    }

    fn answer(
        &self,
        points: Vec<Point>,
        sums: &LinearSums,
        penalty: &[f64],
        monitor: &dyn Monitor,
    ) -> Result<(Visit, Option<Self::Equations>)> {
        match sums {
            LinearSums::ClassCurvatures(slopes, pairs) => {
                let curvature = self.curvature(pairs, penalty, monitor)?;
                Ok((self.visited(points, slopes.clone(), penalty), Some(curvature)))
            }
            LinearSums::ClassSlopes(slopes) => Ok((self.visited(points, slopes.clone(), penalty), None)),
            LinearSums::Products(_) | LinearSums::Slope(_) | LinearSums::Curvature(..) => Err(OTHER_SUMS),
        }
    }

    fn start(&self, data: Data, penalty: &[f64]) -> Result<Vec<Point>> {
        let mut seen = vec![false; self.count];
        for (row, class) in data.targets.iter().enumerate() {
            if let Some(seen) = seen.get_mut(*class as usize) {
                *seen |= data.weights.is_none_or(|weights| weights[row] > 0.0);
            }
        }
        if !seen.iter().all(|seen| *seen) {
            // The intercept of a class without rows would start far out, where the loss is flat.
            let zero = Point {
                weights: vec![0.0; penalty.len()],
                intercept: 0.0,
            };
            return Ok(vec![zero; self.outputs()]);
        }
        let objective = Multinomial { data, of: *self };
        newton::start(data, objective, self.outputs(), penalty)
    }
}

/// Logistic regression whose rows are summed up.
struct ByClasses<S> {
    params: LogisticRegressionParams,
    steps: S,
}

/// How logistic regression learns from sums; `None` where the sample has more columns, or with more than two classes weights, than second derivatives are
/// computed for, or numbers whose squares are none.
pub(super) fn logistic(params: &LogisticRegressionParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
    let (params, intercept) = (params.clone(), params.fit_intercept);
    let (Some(width), Some(classes)) = (usual_width(sample)?, sample.target.kind().classes()) else {
        return Ok(None);
    };
    if !logistic::takes_newton(classes, width) {
        return Ok(None);
    }
    Ok(Some(match classes {
        2 => {
            let loss = RowsLoss::Logistic;
            let steps = ScoreSteps { loss, intercept };
            Box::new(ByPasses::new(ByClasses { params, steps }, What::Tally))
        }
        count => {
            let steps = Classes { count, intercept };
            Box::new(ByPasses::new(ByClasses { params, steps }, What::Tally))
        }
    }))
}

/// The steps of logistic regression.
trait ClassSteps: StepsOfSums + Copy {
    /// The model at a minimum: of so many rows of so much weight.
    fn model(
        self,
        params: &LogisticRegressionParams,
        of: (&Design, &Reported),
        minimum: &Minimum<Self::Equations>,
        penalty: &[f64],
        size: (u64, f64),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel>;
}

impl ClassSteps for ScoreSteps {
    fn model(
        self,
        params: &LogisticRegressionParams,
        of: (&Design, &Reported),
        minimum: &Minimum<Equations>,
        _: &[f64],
        size: (u64, f64),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        params.conclude(of, minimum, size, monitor)
    }
}

impl ClassSteps for Classes {
    fn model(
        self,
        params: &LogisticRegressionParams,
        of: (&Design, &Reported),
        minimum: &Minimum<Self::Equations>,
        penalty: &[f64],
        size: (u64, f64),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        params.conclude_classes(of, self, minimum, (penalty, size), monitor)
    }
}

impl<S: ClassSteps> FromPasses for ByClasses<S> {
    type Steps = S;

    fn limits(&self) -> (usize, f64) {
        (self.params.max_iter, self.params.tolerance())
    }

    fn reference(&self) -> &Reference {
        &self.params.reference
    }

    fn look_at_loss(&self, mean: f64) -> Result<()> {
        self.params.check_separation(mean)
    }

    fn begin(&self, (_, total): (&What, &Total), _: &TrainingSet, _: &dyn Monitor) -> Result<Begun<S>> {
        let Total::Tally(tally) = total else {
            return Err(OTHER_SUMS);
        };
        Begun::of_tally(tally, &self.params, self.steps)
    }

    fn conclude(
        &self,
        begun: &Begun<S>,
        reported: &Reported,
        minimum: &Minimum<S::Equations>,
        rows: &Sums,
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        let (of, size) = ((&begun.design, reported), (rows.trained(), begun.weight));
        self.steps
            .model(&self.params, of, minimum, &begun.penalty, size, monitor)
    }
}

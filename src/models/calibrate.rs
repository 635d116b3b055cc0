//! `train(calibrate => ...)`: what makes the scores of a classification probabilities that come true as often as they say.

use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::text::Text;
use algo::calibration::{Calibration, Method, Scores};
use algo::learner::Configured;
use algo::out_of_fold::{FOLDS, Scoring};
use algo::prepare::{Division, Plan, Rows};
use algo::task::Task;

/// The method that is asked for, by its name.
pub fn method(name: Option<Text>) -> Result<Option<Method>> {
    let Some(name) = name else { return Ok(None) };
    Method::named(&name).map(Some).ok_or_else(|| {
        let names = Method::ALL.map(Method::name);
        Error::new(INVALID_PARAMETER, format!("calibrate cannot be \"{}\"", &*name))
            .hint(format!("It is {}, or NULL for scores as they are.", names.join(" or ")))
    })
}

/// Returns 22023 for a task that has no probabilities.
pub fn check_task(method: Option<Method>, task: Task) -> Result<()> {
    match (method, task) {
        (Some(_), Task::Regression) => {
            Err(Error::new(INVALID_PARAMETER, "calibrate needs a classification")
                .detail("The target is learned as a number, which has no probabilities.")
                .hint("Leave calibrate out; intervals => '{}' says how far predicted numbers are off. To learn classes give task => 'classification'."))
        }
        (Some(_), Task::Clustering | Task::AnomalyDetection | Task::DimensionReduction | Task::Forecasting) => {
            Err(Error::new(INVALID_PARAMETER, "calibrate needs a classification")
                .detail(format!("There are no probabilities of classes in {}.", task.noun()))
                .hint("Leave calibrate out."))
        }
        (Some(_), Task::Classification) | (None, _) => Ok(()),
    }
}

/// Learns the calibration on scores of the training rows by models of the other folds. `model` names it in progress reports.
pub fn learn(
    method: Method,
    (rows, division, plan): (&Rows, &Division, &Plan),
    learner: &dyn Configured,
    model: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<Calibration> {
    let mut scoring = Scoring::new(rows, &division.train, plan, learner)?;
    for fold in 0..FOLDS {
        let what = format!("calibrating {model}, fold {} of {FOLDS}", fold + 1);
        compute::run(&what, reporter, statement, |monitor| {
            Ok::<_, Error>(scoring.score(fold, monitor)?)
        })?;
    }
    compute::run(&format!("calibrating {model}"), reporter, statement, |monitor| {
        let scored = scoring.finish();
        let classes = scored.target.values();
        let scores = Scores {
            probabilities: &scored.scores,
            classes,
            weights: scored.weights.as_deref(),
            count: scored.scores.len() / classes.len().max(1),
        };
        Ok::<_, Error>(Calibration::learn(method, scored.scale, &scores, monitor)?)
    })
}

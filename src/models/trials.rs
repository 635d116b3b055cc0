//! Trials of a tuning: what each was, how it went, and where it is kept.

use pgrx::datum::Interval;
use serde_json::Value as Json;

use crate::pg::error::{Error, Result};
use crate::pg::result_row::result_row;
use crate::pg::tables;
use crate::pg::text::JsonB;
use algo::learner::{Algorithm, Configured};
use algo::metrics::Metric;
use algo::selection::judge::Judgement;
use algo::selection::race::spread;

/// How far a trial got.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It goes on.
    Running,
    /// It went through all folds.
    Finished,
    /// Others did better: when it was stopped.
    Stopped(String),
    /// It could not learn from the rows: why.
    Failed(String),
}

/// An algorithm with hyperparameters, and what it reached.
pub struct Trial {
    pub algorithm: &'static Algorithm,
    pub params: Json,
    pub learner: Box<dyn Configured>,
    pub judged: Vec<Judgement>,
    /// How long its trainings took.
    pub seconds: f64,
    pub outcome: Outcome,
    pub chosen: bool,
}

result_row! {
    /// A trial, as people see it.
    pub struct TrialRow {
        trial: i32,
        algorithm: &'static str,
        params: Json,
        metric: &'static str,
        value: Option<f64>,
        stddev: Option<f64>,
        folds: i32,
        duration: Interval,
        chosen: bool,
        note: Option<String>,
    }
}

impl Trial {
    pub fn new(algorithm: &'static Algorithm, params: Json, learner: Box<dyn Configured>) -> Trial {
        Trial {
            algorithm,
            params,
            learner,
            judged: Vec::new(),
            seconds: 0.0,
            outcome: Outcome::Running,
            chosen: false,
        }
    }

    /// Its metric in the folds in which it is defined.
    fn values(&self, metric: Metric) -> Vec<f64> {
        let name = metric.name();
        self.judged.iter().filter_map(|fold| fold.metric(name)).collect()
    }

    /// The mean of its metric over the folds so far.
    pub fn mean(&self, metric: Metric) -> Option<f64> {
        spread(&self.values(metric)).0
    }

    /// Its metric in each fold so far, of which more is better; NaN where it is undefined.
    pub fn scores(&self, metric: Metric) -> Vec<f64> {
        let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
        let score = |fold: &Judgement| sign * fold.metric(metric.name()).unwrap_or(f64::NAN);
        self.judged.iter().map(score).collect()
    }

    /// Forgets what it reached on fewer rows.
    pub fn forget(&mut self) {
        self.judged.clear();
    }

    /// Takes note that it could not learn from the rows. Returns errors that are not about the trial, but about the statement.
    pub fn fail(&mut self, error: algo::error::Error) -> Result<()> {
        use algo::error::Error as Cause;
        match error {
            Cause::Data { .. } | Cause::Parameter { .. } | Cause::UnknownParameter { .. } | Cause::Mismatch { .. } => {
                self.outcome = Outcome::Failed(error.to_string());
                Ok(())
            }
            Cause::Stopped
            | Cause::Internal(_)
            | Cause::Damaged { .. }
            | Cause::Newer { .. }
            | Cause::Memory { .. }
            | Cause::OutOfMemory { .. } => Err(error.into()),
        }
    }

    /// How it stands in so many folds, for people.
    pub fn shown(&self, number: usize, folds: usize, metric: Metric) -> String {
        let value = match self.mean(metric) {
            Some(mean) => format!("{} {mean:.4} in {} of {folds} folds", metric.name(), self.judged.len()),
            None => format!("no {}", metric.name()),
        };
        let note = self.note().map_or_else(String::new, |note| format!(", {note}"));
        format!(
            "trial {} ({} {}): {value}{note}",
            number + 1,
            self.algorithm.name,
            self.params
        )
    }

    /// What is to be said of it beside its figures.
    fn note(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Running | Outcome::Finished => None,
            Outcome::Stopped(when) => Some(when.clone()),
            Outcome::Failed(why) => Some(format!("failed: {why}")),
        }
    }

    fn row(self, number: usize, metric: Metric) -> TrialRow {
        let (value, stddev) = spread(&self.values(metric));
        TrialRow {
            trial: number as i32 + 1,
            algorithm: self.algorithm.name,
            metric: metric.name(),
            value,
            stddev,
            folds: self.judged.len() as i32,
            duration: Interval::from_seconds(self.seconds),
            chosen: self.chosen,
            note: self.note(),
            params: self.params,
        }
    }
}

/// The trials as people see them.
pub fn rows(trials: Vec<Trial>, metric: Metric) -> Vec<TrialRow> {
    let rows = trials.into_iter().enumerate();
    rows.map(|(number, trial)| trial.row(number, metric)).collect()
}

/// Keeps the trials with the version that came of them.
pub fn store(model: &str, version: i32, trials: &[Trial], metric: Metric) -> Result<()> {
    tables::as_owner(|| {
        for (number, trial) in trials.iter().enumerate() {
            let (value, stddev) = spread(&trial.values(metric));
            tables::write(
                "INSERT INTO assay.model_trial
                     (model_id, version, trial, algorithm, params, metric, value, stddev, folds, duration, chosen, note)
                 SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM assay.model WHERE name OPERATOR(pg_catalog.=) $1",
                &[
                    model.into(),
                    version.into(),
                    (number as i32 + 1).into(),
                    trial.algorithm.name.into(),
                    JsonB(trial.params.clone()).into(),
                    metric.name().into(),
                    value.into(),
                    stddev.into(),
                    (trial.judged.len() as i32).into(),
                    Interval::from_seconds(trial.seconds).into(),
                    trial.chosen.into(),
                    trial.note().into(),
                ],
            )?;
        }
        Ok::<_, Error>(())
    })
}

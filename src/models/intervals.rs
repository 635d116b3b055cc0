//! `train(intervals => ...)`: intervals around predicted numbers that hold the true one as often as they say.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::predict::column_named;
use super::request::{self, Resolved};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, advise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options;
use crate::pg::query_row::OutputColumn;
use algo::fitted::Fitted;
use algo::intervals::{Intervals, Learned, Method, fewest_rows};
use algo::learner::{Algorithm, Configured};
use algo::model::Input;
use algo::monitor::Monitor;
use algo::pipeline::{Feature, Pipeline};
use algo::prepare::Division;
use algo::task::Task;
use algo::training_set::TrainingSet;

/// `intervals`, as JSON.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    level: f64,
    method: Option<String>,
    by: Option<String>,
    fraction: f64,
}

impl Default for Given {
    fn default() -> Self {
        Given {
            level: 0.9,
            method: None,
            by: None,
            fraction: 0.2,
        }
    }
}

/// What intervals are to be learned.
pub struct Wanted {
    level: f64,
    method: Option<Method>,
    /// The column whose groups have intervals of their own.
    by: Option<String>,
    /// Of the training rows, those that the intervals are learned from.
    fraction: f64,
}

/// Learners of the lower and the upper quantile.
pub type Quantiles = [Box<dyn Configured>; 2];

impl Wanted {
    /// Checks what is asked for, as far as that can be done without rows; `None` when it is NULL.
    pub fn new(intervals: Option<Jsonb>) -> Result<Option<Wanted>> {
        if intervals.is_none() {
            return Ok(None);
        }
        let Given {
            level,
            method,
            by,
            fraction,
        } = options::parse("intervals", options::object("intervals", intervals)?)?;
        let open = |name: &str, value: f64, what: &str| match value > 0.0 && value < 1.0 {
            true => Ok(()),
            false => Err(
                Error::new(INVALID_PARAMETER, format!("intervals: {name} is out of range"))
                    .detail(format!("The value is {value}."))
                    .hint(format!("It must be between 0 and 1, both excluded: {what}.")),
            ),
        };
        open("level", level, "how often the true number is inside, such as 0.9")?;
        open(
            "fraction",
            fraction,
            "the part of the training rows that intervals are learned from, such as 0.2",
        )?;
        let method = method.map(|name| {
            Method::named(&name).ok_or_else(|| {
                let names = Method::ALL.map(Method::name);
                Error::new(INVALID_PARAMETER, format!("intervals: method cannot be \"{name}\""))
                    .hint(format!("It is {}.", names.join(" or ")))
            })
        });
        Ok(Some(Wanted {
            level,
            method: method.transpose()?,
            by,
            fraction,
        }))
    }

    /// Checks what is asked for against the query and the task; gives what learns the quantiles, where the intervals are made of these.
    pub fn resolve(
        &self,
        columns: &[OutputColumn],
        resolved: &Resolved,
        exclude: &[String],
        (algorithm, learner): (&Algorithm, &dyn Configured),
    ) -> Result<Option<Quantiles>> {
        match resolved.task {
            Task::Regression => {}
            Task::Classification => {
                return Err(Error::new(INVALID_PARAMETER, "intervals need a regression")
                    .detail("The target is learned as classes, which have probabilities.")
                    .hint("Leave intervals out; calibrate => 'isotonic' makes probabilities come true as often as they say."));
            }
            Task::Clustering | Task::AnomalyDetection | Task::DimensionReduction => {
                return Err(Error::new(INVALID_PARAMETER, "intervals need a regression")
                    .detail("What is learned without a target predicts no numbers that could be off.")
                    .hint("Leave intervals out."));
            }
            Task::Forecasting => {
                return Err(Error::new(INVALID_PARAMETER, "intervals need a regression")
                    .detail("A forecast has intervals of its own, at any level.")
                    .hint("Leave intervals out; assay.forecast(model, horizon, level) gives them."));
            }
        }
        if let Some(by) = &self.by {
            let place = column_named(columns, by, "what intervals are by")?;
            let taken = [resolved.target, resolved.weight, resolved.divided_by];
            if taken.contains(&Some(place)) || exclude.contains(by) {
                return Err(self.no_feature(by));
            }
        }
        let tail = (1.0 - self.level) / 2.0;
        let quantiles = match self.method {
            Some(Method::Split) => return Ok(None),
            Some(Method::Quantile) | None => [learner.quantile(tail), learner.quantile(1.0 - tail)],
        };
        let [lower, upper] = quantiles
            .map(|quantile| quantile.map_err(|error| Error::from(error).at("intervals of method \"quantile\"".into())));
        match (lower?, upper?, self.method) {
            (Some(lower), Some(upper), _) => Ok(Some([lower, upper])),
            (_, _, None) => Ok(None),
            (_, _, Some(_)) => Err(Error::new(
                INVALID_PARAMETER,
                format!("intervals: {} learns no quantiles", algorithm.name),
            )
            .hint("Use method \"split\", which goes with every algorithm, or gradient_boosting.")),
        }
    }

    fn no_feature(&self, by: &str) -> Error {
        Error::new(
            INVALID_PARAMETER,
            format!("intervals: by \"{by}\" is no feature of the model"),
        )
        .detail("A row's group is known by a column that predictions are made from.")
        .hint("Name a feature, neither excluded nor constant, that no step of preprocessing takes apart.")
    }

    /// Sets the rows apart that intervals are learned from: the model does not train on them. They are the last test rows then; gives how many.
    pub fn set_apart(&self, division: &mut Division) -> usize {
        let rows = ((division.train.len() as f64 * self.fraction).round() as usize).max(1);
        // The canonical order is a draw.
        let kept = division.train.split_off(rows.min(division.train.len()));
        division.test.append(&mut division.train);
        division.train = kept;
        rows
    }

    /// The place of the feature that tells a row's group, in the learner's row.
    pub fn feature(&self, inputs: &[Input], pipeline: Option<&Pipeline>) -> Result<Option<usize>> {
        let Some(by) = &self.by else { return Ok(None) };
        let raw = inputs.iter().flat_map(Input::features).collect();
        let features: Vec<Feature> = match pipeline {
            Some(pipeline) => pipeline.features(raw),
            None => raw,
        };
        match features.iter().position(|feature| feature.name == *by) {
            Some(place) => Ok(Some(place)),
            None => Err(self.no_feature(by)),
        }
    }

    /// Learns the intervals of `fitted` on rows set apart, and the quantiles that they are made of on the rows that the model learned from.
    pub fn learn(
        &self,
        (fitted, quantiles): (&dyn Fitted, Option<Quantiles>),
        feature: Option<usize>,
        (train, apart): (&TrainingSet, &TrainingSet),
        training: &str,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Intervals> {
        let held = train.frame.memory() + apart.frame.memory();
        let mut fit = |learner: Box<dyn Configured>| -> Result<Box<dyn Fitted>> {
            Ok(request::fit(&*learner, train, held, training, reporter, statement)?.0)
        };
        let quantiles = match quantiles {
            Some([lower, upper]) => Some([fit(lower)?, fit(upper)?]),
            None => None,
        };
        let Learned {
            intervals,
            small_groups,
        } = compute::run(training, reporter, statement, |monitor| {
            let learned = Intervals::learn(self.level, quantiles, feature, fitted, apart, monitor);
            Ok::<_, Error>(learned?)
        })?;
        if let (Some(by), 1..) = (&self.by, small_groups) {
            advise(
                format!(
                    "{small_groups} groups of \"{by}\" have fewer than {} rows to learn intervals from",
                    fewest_rows(self.level)
                ),
                Some("They get the intervals of all rows, whose level may not hold in each of them.".into()),
                Some("Give more rows, put small groups together in the query, or lower the level.".into()),
            );
        }
        Ok(intervals)
    }

    /// What the registry keeps of it.
    pub fn json(&self) -> Json {
        json!({
            "level": self.level,
            "method": self.method.map(Method::name),
            "by": self.by,
            "fraction": self.fraction,
        })
    }
}

/// Divides held-out rows into those that test, if any, and the last `rows`, which intervals are learned from. Returns an error when stopped.
pub fn split_off(
    test: Option<TrainingSet>,
    rows: usize,
    monitor: &dyn Monitor,
) -> algo::error::Result<(Option<TrainingSet>, Option<TrainingSet>)> {
    let Some(test) = test else { return Ok((None, None)) };
    let (all, tests) = (test.rows() as u32, test.rows().saturating_sub(rows) as u32);
    let part = |rows: std::ops::Range<u32>| match rows.is_empty() {
        true => Ok(None),
        false => test.take(&rows.collect::<Vec<u32>>(), monitor).map(Some),
    };
    Ok((part(0..tests)?, part(tests..all)?))
}

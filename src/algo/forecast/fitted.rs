//! A forecast as a model of the registry: the fitted series, and where they came from.

use serde::{Deserialize, Serialize};

use super::model::ForecastModel;
use super::options::{Duplicates, ForecastParams};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Explainer, unexplained};
use crate::fitted::{Fitted, Form};
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::task::Task;
use crate::training_set::TrainingSet;

/// Forecasts of series.
pub struct Forecast;

impl Learner for Forecast {
    const NAME: &'static str = "forecast";
    const TASKS: &'static [Task] = &[Task::Forecasting];
    const ABOUT: &'static str = "what comes next in any number of series, each by the mean of dynamic optimised Theta and exponential smoothing, by methods \
                                 for intermittent series and for several seasons, or by the seasonal naive where that wins in rolling origins; see \
                                 [forecasts.md](forecasts.md)";
    type Parameters = ForecastParams;
    type Fitted = Forecaster;

    /// Rows that stand each for itself have no order to learn from: [`super::fit`] takes series.
    fn fit(_: &Checked<Self>, _: &TrainingSet, _: &dyn Monitor) -> Result<Forecaster> {
        Err(Error::data(
            "a forecast is learned from series, and not from rows that stand each for itself",
            "train it by assay.train with algorithm => 'forecast'",
        ))
    }
}

/// What becomes of several values of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The last of them.
    Last,
    /// There are none.
    Refuse,
}

coded!(Merge {
    0 => Mean,
    1 => Sum,
    2 => Last,
    3 => Refuse,
});

impl From<Duplicates> for Merge {
    fn from(duplicates: Duplicates) -> Merge {
        match duplicates {
            Duplicates::Mean => Merge::Mean,
            Duplicates::Sum => Merge::Sum,
            Duplicates::Last => Merge::Last,
            Duplicates::Error => Merge::Refuse,
        }
    }
}

/// Fitted series, and the columns that made them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecaster {
    /// The columns that told series apart.
    pub columns: Vec<String>,
    /// The time zone in which moments were read; `None` where the column of times had none.
    pub zone: Option<String>,
    /// What became of several values of one step.
    pub merge: Merge,
    /// The series.
    pub model: ForecastModel,
}

impl Form for Forecaster {
    const CODE: u16 = 40;
}

/// What comes next is not a matter of rows: a row's score is none.
impl Estimator for Forecaster {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, _: &[f64], out: &mut [f64]) {
        out.fill(f64::NAN);
    }
}

impl Fitted for Forecaster {
    fn validate(&self, _: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("the model", problem));
        let names = self.columns.iter().chain(&self.zone);
        if names
            .chain(self.model.series().iter().flat_map(|series| series.key()))
            .any(|text| text.contains('\0'))
        {
            return damaged("a text contains a zero byte");
        }
        if (self.model.series().iter()).any(|series| series.key().len() > self.columns.len()) {
            return damaged("a series is named by more values than there are columns");
        }
        self.model.validate(monitor)
    }

    fn memory(&self) -> usize {
        self.model.memory()
    }

    fn margin(&self, _: &[f64], out: &mut [f64]) {
        out.fill(f64::NAN);
    }

    fn base(&self) -> &[f64] {
        &[]
    }

    fn explainer(&self, _: &[usize], _: Baseline<'_>, _: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        Err(unexplained("a forecast"))
    }

    fn forecaster(&self) -> Option<&Forecaster> {
        Some(self)
    }
}

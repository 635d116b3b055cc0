//! The learners by name: their tasks, their hyperparameters from JSON, and one way to fit any of them.

use std::sync::Mutex;

use linfa::DatasetBase;
use linfa::ParamGuard;
use linfa::traits::Fit;
use ndarray::Array1;
use serde_json::Value;

use super::boosting::{self, BoostingParams, Objective};
use super::error::Result;
use super::forest::{self, DecisionTreeParams, RandomForestParams};
use super::frame::{Column, Frame};
use super::linear::{
    self, ElasticNetParams, LassoParams, LinearRegressionParams, LogisticRegressionParams, RidgeParams,
};
use super::model::{Fitted, Task};
use super::monitor::{Monitor, Progress, Watched};
use super::naive_bayes::NaiveBayesParams;

/// A learning algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    LinearRegression,
    Ridge,
    Lasso,
    ElasticNet,
    LogisticRegression,
    NaiveBayes,
    DecisionTree,
    RandomForest,
    GradientBoosting,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 9] = [
        Algorithm::LinearRegression,
        Algorithm::Ridge,
        Algorithm::Lasso,
        Algorithm::ElasticNet,
        Algorithm::LogisticRegression,
        Algorithm::NaiveBayes,
        Algorithm::DecisionTree,
        Algorithm::RandomForest,
        Algorithm::GradientBoosting,
    ];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::LinearRegression => "linear_regression",
            Algorithm::Ridge => "ridge",
            Algorithm::Lasso => "lasso",
            Algorithm::ElasticNet => "elastic_net",
            Algorithm::LogisticRegression => "logistic_regression",
            Algorithm::NaiveBayes => "naive_bayes",
            Algorithm::DecisionTree => "decision_tree",
            Algorithm::RandomForest => "random_forest",
            Algorithm::GradientBoosting => "gradient_boosting",
        }
    }

    /// The algorithm of that name.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// What it can learn.
    pub fn tasks(self) -> &'static [Task] {
        match self {
            Algorithm::LinearRegression | Algorithm::Ridge | Algorithm::Lasso | Algorithm::ElasticNet => {
                &[Task::Regression]
            }
            Algorithm::LogisticRegression | Algorithm::NaiveBayes => &[Task::Classification],
            Algorithm::DecisionTree | Algorithm::RandomForest | Algorithm::GradientBoosting => {
                &[Task::Classification, Task::Regression]
            }
        }
    }
}

/// An algorithm with its hyperparameters.
#[derive(Debug, Clone)]
pub enum Learner {
    LinearRegression(LinearRegressionParams),
    Ridge(RidgeParams),
    Lasso(LassoParams),
    ElasticNet(ElasticNetParams),
    LogisticRegression(LogisticRegressionParams),
    NaiveBayes(NaiveBayesParams),
    DecisionTree(DecisionTreeParams),
    RandomForest(RandomForestParams),
    GradientBoosting(BoostingParams),
}

impl Learner {
    /// Reads hyperparameters from a JSON object. The error of an unknown key or a wrong type says which and what is allowed.
    pub fn from_json(
        algorithm: Algorithm,
        params: Value,
        seed: u64,
    ) -> std::result::Result<Learner, serde_json::Error> {
        use serde_json::from_value;
        let own_seed = params.get("seed").is_some() || params.get("random_state").is_some();
        Ok(match algorithm {
            Algorithm::LinearRegression => Learner::LinearRegression(from_value(params)?),
            Algorithm::Ridge => Learner::Ridge(from_value(params)?),
            Algorithm::Lasso => Learner::Lasso(from_value(params)?),
            Algorithm::ElasticNet => Learner::ElasticNet(from_value(params)?),
            Algorithm::LogisticRegression => Learner::LogisticRegression(from_value(params)?),
            Algorithm::NaiveBayes => Learner::NaiveBayes(from_value(params)?),
            Algorithm::DecisionTree => {
                let mut params: DecisionTreeParams = from_value(params)?;
                if !own_seed {
                    params.seed = seed;
                }
                Learner::DecisionTree(params)
            }
            Algorithm::RandomForest => {
                let mut params: RandomForestParams = from_value(params)?;
                if !own_seed {
                    params.seed = seed;
                }
                Learner::RandomForest(params)
            }
            Algorithm::GradientBoosting => {
                let mut params: BoostingParams = from_value(params)?;
                if !own_seed {
                    params.seed = seed;
                }
                Learner::GradientBoosting(params)
            }
        })
    }

    /// Checks the ranges of the hyperparameters, so that a training does not read its rows in vain.
    pub fn check(&self) -> Result<()> {
        match self {
            Learner::LinearRegression(params) => params.check_ref().map(drop),
            Learner::Ridge(params) => params.check_ref().map(drop),
            Learner::Lasso(params) => params.check_ref().map(drop),
            Learner::ElasticNet(params) => params.check_ref().map(drop),
            Learner::LogisticRegression(params) => params.check_ref().map(drop),
            Learner::NaiveBayes(params) => params.check_ref().map(drop),
            Learner::DecisionTree(params) => params.check_ref().map(drop),
            Learner::RandomForest(params) => params.check_ref().map(drop),
            Learner::GradientBoosting(params) => params.check_ref().map(drop),
        }
    }

    /// Bytes that the learner holds beside a frame of `rows` rows and `features` columns, at most; a forest's model among them.
    pub fn working_memory(&self, rows: usize, features: usize, threads: usize) -> usize {
        match self {
            Learner::DecisionTree(params) => forest::memory_needed(params, rows, features, threads),
            Learner::RandomForest(params) => forest::memory_needed(params, rows, features, threads),
            Learner::GradientBoosting(params) => boosting::memory_needed(params, rows, features),
            // The linear predictor and the loss's derivatives.
            Learner::LogisticRegression(_) => rows.saturating_mul(24),
            _ => 0,
        }
    }

    /// Bytes that a fit of `frame` takes beside it because of how many design columns its columns become, at most; `classes` is as for
    /// [`Learner::fit`]. O(columns).
    pub fn design_memory(&self, frame: &Frame, classes: usize) -> usize {
        let columns = frame.columns().iter().map(|column| match column {
            Column::Number(_) => 1,
            // Missing values are one more level.
            Column::Category { levels, .. } => levels + 1,
        });
        match self {
            Learner::LinearRegression(_) | Learner::Ridge(_) | Learner::Lasso(_) | Learner::ElasticNet(_) => {
                linear::memory_needed(columns.sum())
            }
            Learner::LogisticRegression(_) => linear::logistic_memory_needed(columns.sum(), classes),
            _ => 0,
        }
    }

    /// Fits the rows of `dataset`. `classes` is 0 for a regression. Also gives the loss after each iteration.
    pub fn fit(
        self,
        dataset: &DatasetBase<Frame, Array1<f64>>,
        classes: usize,
        monitor: &dyn Monitor,
    ) -> Result<(Fitted, Vec<Progress>)> {
        let monitor = Recorder {
            monitor,
            history: Mutex::default(),
        };
        let fitted = match self {
            Learner::LinearRegression(params) => Fitted::Linear(Watched::new(params.check()?, &monitor).fit(dataset)?),
            Learner::Ridge(params) => Fitted::Linear(Watched::new(params.check()?, &monitor).fit(dataset)?),
            Learner::Lasso(params) => Fitted::Linear(Watched::new(params.check()?, &monitor).fit(dataset)?),
            Learner::ElasticNet(params) => Fitted::Linear(Watched::new(params.check()?, &monitor).fit(dataset)?),
            Learner::LogisticRegression(params) => {
                Fitted::Linear(Watched::new(params.check()?, &monitor).fit(dataset)?)
            }
            Learner::NaiveBayes(params) => Fitted::NaiveBayes(Watched::new(params.check()?, &monitor).fit(dataset)?),
            Learner::DecisionTree(mut params) => {
                params.classes = classes;
                Fitted::Forest(Watched::new(params.check()?, &monitor).fit(dataset)?)
            }
            Learner::RandomForest(mut params) => {
                params.classes = classes;
                Fitted::Forest(Watched::new(params.check()?, &monitor).fit(dataset)?)
            }
            Learner::GradientBoosting(mut params) => {
                params.objective = match classes {
                    0 => Objective::Regression,
                    2 => Objective::Binary,
                    classes => Objective::Multiclass { classes },
                };
                Fitted::Boosting(Watched::new(params.check()?, &monitor).fit(dataset)?)
            }
        };
        let history = monitor.history.into_inner().unwrap_or_default();
        Ok((fitted, history))
    }
}

/// Passes everything on, and keeps the losses.
struct Recorder<'m> {
    monitor: &'m dyn Monitor,
    history: Mutex<Vec<Progress>>,
}

impl Monitor for Recorder<'_> {
    fn check(&self) -> Result<()> {
        self.monitor.check()
    }

    fn progress(&self, progress: Progress) {
        if let Ok(mut history) = self.history.lock() {
            history.push(progress);
        }
        self.monitor.progress(progress);
    }
}

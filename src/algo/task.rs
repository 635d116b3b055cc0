//! What can be learned, and what a model of it answers.

use super::coded::coded;
use super::label::Label;
use super::metrics::Metric;
use super::training_set::TargetKind;

/// What a learner is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// One of a list of labels.
    Classification,
    /// A number.
    Regression,
    /// Which rows are alike.
    Clustering,
    /// How strange each row is.
    AnomalyDetection,
    /// A few numbers that say most of what many columns do.
    DimensionReduction,
    /// The numbers that come next.
    Forecasting,
}

impl Task {
    /// All of them.
    pub const ALL: [Task; 6] = [
        Task::Classification,
        Task::Regression,
        Task::Clustering,
        Task::AnomalyDetection,
        Task::DimensionReduction,
        Task::Forecasting,
    ];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
            Task::Clustering => "clustering",
            Task::AnomalyDetection => "anomaly_detection",
            Task::DimensionReduction => "dimension_reduction",
            Task::Forecasting => "forecasting",
        }
    }

    /// Its name in a sentence, with an article.
    pub const fn noun(self) -> &'static str {
        match self {
            Task::Classification => "a classification",
            Task::Regression => "a regression",
            Task::Clustering => "a clustering",
            Task::AnomalyDetection => "an anomaly detection",
            Task::DimensionReduction => "a dimension reduction",
            Task::Forecasting => "a forecast",
        }
    }

    /// The task of that name.
    pub fn named(name: &str) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.name() == name)
    }

    /// The kind of target that takes least to learn, for bounds of memory before the rows are known.
    pub const fn least_target(self) -> TargetKind {
        match self {
            Task::Classification => TargetKind::Classes(2),
            Task::Regression | Task::Forecasting => TargetKind::Numbers,
            Task::Clustering | Task::AnomalyDetection | Task::DimensionReduction => TargetKind::None,
        }
    }

    /// Whether rows stand each for itself, in no order.
    pub const fn is_of_rows(self) -> bool {
        match self {
            Task::Classification
            | Task::Regression
            | Task::Clustering
            | Task::AnomalyDetection
            | Task::DimensionReduction => true,
            Task::Forecasting => false,
        }
    }

    /// Whether there is a column to predict.
    pub const fn has_target(self) -> bool {
        match self.least_target() {
            TargetKind::Classes(_) | TargetKind::Numbers => true,
            TargetKind::None => false,
        }
    }
}

/// What a model answers for a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One of these classes, sorted, by a probability for each.
    Classes(Vec<Label>),
    /// A number.
    Number,
    /// The number of one of so many clusters, counted from 0; NaN for a row that is in none.
    Cluster {
        /// How many there are.
        count: u32,
    },
    /// How strange the row is, from 0 to 1.
    Strangeness,
    /// The numbers of series to come, which are those of no row.
    Forecast,
    /// So many components.
    Components {
        /// How many there are.
        count: u32,
    },
}

coded!(Answer {
    0 => Classes(labels),
    1 => Number,
    2 => Cluster { count },
    3 => Strangeness,
    4 => Components { count },
    5 => Forecast,
});

impl Answer {
    /// The task that asks for it.
    pub fn task(&self) -> Task {
        match self {
            Answer::Classes(_) => Task::Classification,
            Answer::Number => Task::Regression,
            Answer::Cluster { .. } => Task::Clustering,
            Answer::Strangeness => Task::AnomalyDetection,
            Answer::Components { .. } => Task::DimensionReduction,
            Answer::Forecast => Task::Forecasting,
        }
    }

    /// How many numbers a row's score is.
    pub fn outputs(&self) -> usize {
        match self {
            Answer::Classes(labels) => labels.len(),
            Answer::Number | Answer::Cluster { .. } | Answer::Strangeness | Answer::Forecast => 1,
            Answer::Components { count } => *count as usize,
        }
    }

    /// The place among a row's scores of the one number that stands for them: the probability of the second of two classes, or the only number.
    /// `None` where there is no such number.
    pub fn value_place(&self) -> Option<usize> {
        match self {
            Answer::Classes(labels) => (labels.len() == 2).then_some(1),
            Answer::Number | Answer::Cluster { .. } | Answer::Strangeness => Some(0),
            Answer::Components { .. } | Answer::Forecast => None,
        }
    }

    /// The classes; `None` for other answers.
    pub fn classes(&self) -> Option<&[Label]> {
        match self {
            Answer::Classes(labels) => Some(labels),
            Answer::Number
            | Answer::Cluster { .. }
            | Answer::Strangeness
            | Answer::Forecast
            | Answer::Components { .. } => None,
        }
    }

    /// The metrics by which a version of a model that predicts a target is compared with another: the first that both have.
    pub fn decisive_metrics(&self) -> &'static [Metric] {
        match self {
            Answer::Classes(_) => &[Metric::RocAuc, Metric::Accuracy],
            Answer::Number => &[Metric::Rmse],
            Answer::Cluster { .. } | Answer::Strangeness | Answer::Components { .. } | Answer::Forecast => &[],
        }
    }
}

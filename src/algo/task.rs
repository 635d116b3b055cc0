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
}

impl Task {
    /// All of them.
    pub const ALL: [Task; 2] = [Task::Classification, Task::Regression];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
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
            Task::Regression => TargetKind::Numbers,
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
}

coded!(Answer {
    0 => Classes(labels),
    1 => Number,
});

impl Answer {
    /// The task that asks for it.
    pub fn task(&self) -> Task {
        match self {
            Answer::Classes(_) => Task::Classification,
            Answer::Number => Task::Regression,
        }
    }

    /// How many numbers a row's score is.
    pub fn outputs(&self) -> usize {
        match self {
            Answer::Classes(labels) => labels.len(),
            Answer::Number => 1,
        }
    }

    /// The classes; `None` for other answers.
    pub fn classes(&self) -> Option<&[Label]> {
        match self {
            Answer::Classes(labels) => Some(labels),
            Answer::Number => None,
        }
    }

    /// The metrics by which a version of a model is compared with another: the first that both have.
    pub fn decisive_metrics(&self) -> &'static [Metric] {
        match self {
            Answer::Classes(_) => &[Metric::RocAuc, Metric::Accuracy],
            Answer::Number => &[Metric::Rmse],
        }
    }
}

//! The names of the metrics.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// What the rows of a metric are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// A label and any score that is higher the likelier the positive class is.
    LabelAndScore,
    /// A label and the probability of the positive class.
    LabelAndProbability,
    /// The actual and the predicted label.
    Labels,
    /// The actual and the predicted number.
    Numbers,
}

/// Which of two values of a metric is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
}

/// The table of metrics: a name, what rows are made of, and which values are better.
macro_rules! metrics {
    ($($(#[$doc:meta])* $metric:ident = $name:literal, $inputs:ident, $better:ident;)+) => {
        /// One measure of predictions. The names are those of the SQL aggregates.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Metric {
            $($(#[$doc])* $metric,)+
        }

        impl Metric {
            /// Every metric.
            pub const ALL: [Metric; [$($name),+].len()] = [$(Metric::$metric),+];

            /// The name that people type.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Metric::$metric => $name,)+
                }
            }

            /// What its rows are made of.
            pub const fn inputs(self) -> Inputs {
                match self {
                    $(Metric::$metric => Inputs::$inputs,)+
                }
            }

            const fn better(self) -> Better {
                match self {
                    $(Metric::$metric => Better::$better,)+
                }
            }
        }
    };
}

metrics! {
    /// The area under the receiver operating characteristic.
    RocAuc = "roc_auc", LabelAndScore, Higher;
    /// The mean of precision over recall, without interpolation.
    AveragePrecision = "average_precision", LabelAndScore, Higher;
    /// The mean negative log-likelihood of the labels.
    LogLoss = "log_loss", LabelAndProbability, Lower;
    /// The mean squared error of the probabilities.
    BrierScore = "brier_score", LabelAndProbability, Lower;
    /// The share of equal labels.
    Accuracy = "accuracy", Labels, Higher;
    /// True positives among predicted positives.
    Precision = "precision", Labels, Higher;
    /// True positives among actual positives.
    Recall = "recall", Labels, Higher;
    /// The harmonic mean of precision and recall.
    F1 = "f1", Labels, Higher;
    /// Matthews' correlation coefficient, for more than two classes Gorodkin's R_k.
    Mcc = "mcc", Labels, Higher;
    /// The root of the mean squared error.
    Rmse = "rmse", Numbers, Lower;
    /// The mean absolute error.
    Mae = "mae", Numbers, Lower;
    /// The mean absolute error as a fraction of the actual value.
    Mape = "mape", Numbers, Lower;
    /// The mean squared error.
    Mse = "mse", Numbers, Lower;
    /// The coefficient of determination.
    R2 = "r2", Numbers, Higher;
    /// The median of the absolute errors.
    MedianAbsoluteError = "median_absolute_error", Numbers, Lower;
}

impl Metric {
    /// Those by which models of two classes are compared, the decisive one first.
    pub const OF_CLASSES: &'static [Metric] = &[
        Metric::RocAuc,
        Metric::AveragePrecision,
        Metric::LogLoss,
        Metric::BrierScore,
        Metric::Accuracy,
        Metric::Precision,
        Metric::Recall,
        Metric::F1,
        Metric::Mcc,
    ];

    /// Those by which models of a number are compared, the decisive one first.
    pub const OF_NUMBERS: &'static [Metric] = &[
        Metric::Rmse,
        Metric::Mae,
        Metric::Mape,
        Metric::Mse,
        Metric::R2,
        Metric::MedianAbsoluteError,
    ];

    /// Whether a better model has more of it: false for errors and losses.
    pub const fn higher_is_better(self) -> bool {
        matches!(self.better(), Better::Higher)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    /// The error of another name lists them all.
    fn from_str(name: &str) -> Result<Metric, Error> {
        let found = Metric::ALL.into_iter().find(|metric| metric.name() == name);
        found.ok_or_else(|| {
            let names = Metric::ALL.map(Metric::name);
            let (last, others) = names.split_last().unwrap_or((&"", &[]));
            Error::Parameter {
                name: "metric",
                value: name.to_string(),
                allowed: format!("{} or {last}", others.join(", ")).into(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.to_string().parse::<Metric>(), Ok(metric));
        }
        let Err(Error::Parameter { allowed, .. }) = "auc".parse::<Metric>() else {
            panic!("auc is no metric's name")
        };
        let allowed = allowed.replace(" or ", ", ");
        assert_eq!(allowed.split(", ").collect::<Vec<_>>(), Metric::ALL.map(Metric::name));
    }
}

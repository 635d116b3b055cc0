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

/// One measure of predictions. The names are those of the SQL aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The area under the receiver operating characteristic.
    RocAuc,
    /// The mean of precision over recall, without interpolation.
    AveragePrecision,
    /// The mean negative log-likelihood of the labels.
    LogLoss,
    /// The mean squared error of the probabilities.
    BrierScore,
    /// The share of equal labels.
    Accuracy,
    /// True positives among predicted positives.
    Precision,
    /// True positives among actual positives.
    Recall,
    /// The harmonic mean of precision and recall.
    F1,
    /// Matthews' correlation coefficient, for more than two classes Gorodkin's R_k.
    Mcc,
    /// The root of the mean squared error.
    Rmse,
    /// The mean absolute error.
    Mae,
    /// The mean absolute error as a fraction of the actual value.
    Mape,
    /// The mean squared error.
    Mse,
    /// The coefficient of determination.
    R2,
    /// The median of the absolute errors.
    MedianAbsoluteError,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Metric; 15] = [
        Metric::RocAuc,
        Metric::AveragePrecision,
        Metric::LogLoss,
        Metric::BrierScore,
        Metric::Accuracy,
        Metric::Precision,
        Metric::Recall,
        Metric::F1,
        Metric::Mcc,
        Metric::Rmse,
        Metric::Mae,
        Metric::Mape,
        Metric::Mse,
        Metric::R2,
        Metric::MedianAbsoluteError,
    ];

    /// The name that people type.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::RocAuc => "roc_auc",
            Metric::AveragePrecision => "average_precision",
            Metric::LogLoss => "log_loss",
            Metric::BrierScore => "brier_score",
            Metric::Accuracy => "accuracy",
            Metric::Precision => "precision",
            Metric::Recall => "recall",
            Metric::F1 => "f1",
            Metric::Mcc => "mcc",
            Metric::Rmse => "rmse",
            Metric::Mae => "mae",
            Metric::Mape => "mape",
            Metric::Mse => "mse",
            Metric::R2 => "r2",
            Metric::MedianAbsoluteError => "median_absolute_error",
        }
    }

    /// What its rows are made of.
    pub const fn inputs(self) -> Inputs {
        match self {
            Metric::RocAuc | Metric::AveragePrecision => Inputs::LabelAndScore,
            Metric::LogLoss | Metric::BrierScore => Inputs::LabelAndProbability,
            Metric::Accuracy | Metric::Precision | Metric::Recall | Metric::F1 | Metric::Mcc => Inputs::Labels,
            Metric::Rmse | Metric::Mae | Metric::Mape | Metric::Mse | Metric::R2 | Metric::MedianAbsoluteError => {
                Inputs::Numbers
            }
        }
    }

    /// Whether a better model has more of it: false for errors and losses.
    pub const fn higher_is_better(self) -> bool {
        !matches!(
            self,
            Metric::LogLoss
                | Metric::BrierScore
                | Metric::Rmse
                | Metric::Mae
                | Metric::Mape
                | Metric::Mse
                | Metric::MedianAbsoluteError
        )
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    /// Errs with the list of all names.
    fn from_str(name: &str) -> Result<Metric, Error> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name).ok_or_else(|| Error::Parameter {
            name: "metric",
            value: name.to_string(),
            allowed: "roc_auc, average_precision, log_loss, brier_score, accuracy, precision, recall, f1, mcc, rmse, mae, mape, mse, \
                      r2 or median_absolute_error".into(),
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

//! Hyperparameters: the names, defaults and ranges of LightGBM's scikit-learn interface.

use super::objective::{Gamma, Huber, Poisson, Quantile, Tweedie};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::parameters::Value;
use crate::parameters::{
    above, above_to, any, at_least, between, choices, from_to, hyperparameters, linear, log, refuse,
};
use crate::training_set::TargetKind;

/// What a boosted model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Objective {
    /// The mean of a number, by squared error.
    #[default]
    Regression,
    /// The probability of class 1 against class 0, by log-loss.
    Binary,
    /// The probabilities of `classes` classes, by the softmax's cross-entropy; one tree a class a round.
    Multiclass {
        /// How many classes there are, at least 2.
        classes: usize,
    },
    /// The mean of a number, outliers held off.
    Huber(Huber),
    /// A quantile of a number.
    Quantile(Quantile),
    /// The mean of counts.
    Poisson(Poisson),
    /// The mean of amounts above 0.
    Gamma(Gamma),
    /// The mean of amounts that are often 0.
    Tweedie(Tweedie),
}

coded!(Objective {
    0 => Regression,
    1 => Binary,
    2 => Multiclass { classes },
    3 => Huber(loss),
    4 => Quantile(loss),
    5 => Poisson(loss),
    6 => Gamma(loss),
    7 => Tweedie(loss),
});

impl Objective {
    /// What is predicted of a target. Returns an error for an objective of numbers when the target is classes.
    pub fn of(params: &BoostingParams, target: TargetKind) -> Result<Objective> {
        if let (Some(objective), TargetKind::Classes(_)) = (params.objective, target) {
            return refuse("objective", objective.show(), "null for a classification");
        }
        match target {
            TargetKind::Numbers => Ok(params.objective.unwrap_or(NumberObjective::Regression).with(params)),
            TargetKind::Classes(2) => Ok(Objective::Binary),
            TargetKind::Classes(classes) if (3..=100_000).contains(&classes) => Ok(Objective::Multiclass { classes }),
            TargetKind::Classes(classes) => refuse("classes", classes, "from 2 to 100000"),
            TargetKind::None => Err(Error::data("the rows have no target", "name the column to predict")),
        }
    }

    /// How many trees a round grows.
    pub fn trees_per_round(self) -> usize {
        if let Objective::Multiclass { classes } = self {
            return classes;
        }
        1
    }
}

choices! {
    /// What of a number is predicted.
    pub enum NumberObjective {
        /// The mean.
        Regression = "regression",
        /// The mean, outliers held off.
        Huber = "huber",
        /// A quantile.
        Quantile = "quantile",
        /// The mean of counts.
        Poisson = "poisson",
        /// The mean of amounts above 0.
        Gamma = "gamma",
        /// The mean of amounts that are often 0.
        Tweedie = "tweedie",
    }
}

impl NumberObjective {
    /// The objective with its parameters.
    pub fn with(self, params: &BoostingParams) -> Objective {
        match self {
            NumberObjective::Regression => Objective::Regression,
            NumberObjective::Huber => Objective::Huber(Huber { delta: params.alpha }),
            NumberObjective::Quantile => Objective::Quantile(Quantile { alpha: params.alpha }),
            NumberObjective::Poisson => Objective::Poisson(Poisson {
                max_delta_step: params.poisson_max_delta_step,
            }),
            NumberObjective::Gamma => Objective::Gamma(Gamma),
            NumberObjective::Tweedie => Objective::Tweedie(Tweedie {
                power: params.tweedie_variance_power,
            }),
        }
    }
}

choices! {
    /// How rows are weighted by their class.
    pub enum ClassWeight {
        /// Rows x / (classes x rows of the class): each class weighs the same in total.
        Balanced = "balanced",
    }
}

hyperparameters! {
    /// Hyperparameters of gradient boosting.
    pub struct BoostingParams {
        /// What of a number is predicted, see [objectives](#objectives-of-gradient_boosting); null is `"regression"`. Classes have one objective.
        objective: Option<NumberObjective> = None, any(), from "LightGBM";
        /// The quantile of `"quantile"`, which is below 1; for `"huber"` the error beyond which the loss is linear.
        alpha: f64 = 0.9, above(0.0), from "LightGBM";
        /// Added to the score where the second derivative of `"poisson"` is taken: the larger, the smaller the steps.
        poisson_max_delta_step: f64 = 0.7, above(0.0), from "LightGBM";
        /// The power of the mean that the variance of `"tweedie"` is: near 1 as counts, near 2 as amounts above 0.
        tweedie_variance_power: f64 = 1.5, between(1.0, 2.0), from "LightGBM";
        /// Boosting rounds.
        n_estimators: usize = 100, from_to(0.0, 100_000.0), search log(50.0, 400.0), from "LightGBM";
        /// The factor on each leaf's value.
        learning_rate: f64 = 0.1, above(0.0), search log(0.02, 0.3), from "LightGBM";
        /// The most leaves of one tree.
        num_leaves: usize = 31, from_to(2.0, 131_072.0), search log(7.0, 127.0), from "LightGBM";
        /// The most splits between root and leaf; 0 or less for no limit.
        max_depth: i32 = -1, any(), from "LightGBM";
        /// The fewest rows in a leaf; rows that the model is sure of count less, by their share of the hessians.
        min_child_samples: usize = 20, any(), search log(5.0, 100.0), from "LightGBM";
        /// The least sum of hessians in a leaf.
        min_child_weight: f64 = 1e-3, at_least(0.0), from "LightGBM";
        /// L1 penalty on leaf values.
        reg_alpha: f64 = 0.0, at_least(0.0), from "LightGBM";
        /// L2 penalty on leaf values.
        reg_lambda: f64 = 0.0, at_least(0.0), search log(1e-3, 10.0), from "LightGBM";
        /// The least gain of a split.
        min_split_gain: f64 = 0.0, at_least(0.0), from "LightGBM";
        /// The fraction of rows a tree learns from, drawn every `subsample_freq` rounds.
        subsample: f64 = 1.0, above_to(0.0, 1.0), from "LightGBM";
        /// Every how many rounds rows are drawn anew; 0 for never, then all rows are used.
        subsample_freq: usize = 0, any(), from "LightGBM";
        /// The fraction of columns a tree learns from.
        colsample_bytree: f64 = 1.0, above_to(0.0, 1.0), search linear(0.5, 1.0), from "LightGBM";
        /// The most bins of a number column, between which splits are sought; missing values have one more.
        max_bin: usize = 255, from_to(2.0, 255.0), from "LightGBM";
        /// Smooths gradient / hessian where the levels of a category are put in order; levels with fewer rows stay on the right.
        cat_smooth: f64 = 10.0, at_least(0.0), from "LightGBM";
        /// L2 penalty of a split that puts several levels on the left.
        cat_l2: f64 = 10.0, at_least(0.0), from "LightGBM";
        /// The most levels on the left of a split.
        max_cat_threshold: usize = 32, at_least(1.0), from "LightGBM";
        /// Categories with at most so many levels, missing values among them, are split one against the rest.
        max_cat_to_onehot: usize = 4, at_least(1.0), from "LightGBM";
        /// The fewest rows of a group of levels in a split of several levels.
        min_data_per_group: usize = 100, at_least(1.0), from "LightGBM";
        /// The weight of the positive class, of two classes.
        scale_pos_weight: f64 = 1.0, above(0.0), from "LightGBM";
        /// With `"balanced"` each class weighs the same in total.
        class_weight: Option<ClassWeight> = None, any(), from "LightGBM";
        /// One number for each feature: 1 where the prediction may not fall as the feature rises, -1 where it may not rise, 0 where it is
        /// free. Empty for all free.
        monotone_constraints: Vec<i8> = Vec::new(), from_to(-1.0, 1.0), from "LightGBM";
        /// Stop after so many rounds without a better loss on rows that are held out, and keep the best round; null for all rounds.
        early_stopping_rounds: Option<usize> = None, at_least(1.0), from "LightGBM";
        /// The fraction of training rows held out when early stopping is asked for.
        validation_fraction: f64 = 0.1, between(0.0, 1.0), from "scikit-learn's `HistGradientBoostingClassifier`";
        /// The seed of every draw.
        seed or "random_state": u64 = 0, any(), from "LightGBM, scikit-learn";
    }
    together Self::check_objective
}

impl BoostingParams {
    /// Returns an error for what its objective cannot have.
    fn check_objective(&self) -> Result<()> {
        if self.objective != Some(NumberObjective::Quantile) {
            return Ok(());
        }
        if self.alpha >= 1.0 {
            return refuse(
                "alpha",
                self.alpha,
                "a number above 0 and below 1, with objective \"quantile\"",
            );
        }
        if self.monotone_constraints.iter().any(|constraint| *constraint != 0) {
            // The quantiles that leaves get in the end know nothing of each other.
            return refuse(
                "monotone_constraints",
                self.monotone_constraints.show(),
                "empty or all 0, with objective \"quantile\"",
            );
        }
        Ok(())
    }
}

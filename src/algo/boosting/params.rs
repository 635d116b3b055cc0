//! Hyperparameters: the names, defaults and ranges of LightGBM's scikit-learn interface.

use std::ops::{Deref, DerefMut};

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::trees::demand;

/// What a boosted model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
}

impl Objective {
    /// How many trees a round grows.
    pub fn trees_per_round(self) -> usize {
        match self {
            Objective::Regression | Objective::Binary => 1,
            Objective::Multiclass { classes } => classes,
        }
    }
}

/// How rows are weighted by their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Rows x / (classes x rows of the class): each class weighs the same in total.
    Balanced,
}

/// The values of all hyperparameters, not yet checked when they stand in [`BoostingParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hyperparameters {
    /// What to predict. The caller sets it from the target's type, so it is no key of the serialized form.
    #[serde(skip)]
    pub objective: Objective,
    /// Boosting rounds, 0 to 100,000.
    pub n_estimators: usize,
    /// The factor on each leaf's value, above 0.
    pub learning_rate: f64,
    /// The most leaves of one tree, 2 to 131,072.
    pub num_leaves: usize,
    /// The most splits between root and leaf; 0 or less for no limit.
    pub max_depth: i32,
    /// The fewest rows in a leaf.
    pub min_child_samples: usize,
    /// The least sum of hessians in a leaf.
    pub min_child_weight: f64,
    /// L1 penalty on leaf values.
    pub reg_alpha: f64,
    /// L2 penalty on leaf values.
    pub reg_lambda: f64,
    /// The least gain of a split.
    pub min_split_gain: f64,
    /// The fraction of rows a tree learns from, drawn every `subsample_freq` rounds.
    pub subsample: f64,
    /// Every how many rounds rows are drawn anew; 0 for never, then all rows are used.
    pub subsample_freq: usize,
    /// The fraction of columns a tree learns from.
    pub colsample_bytree: f64,
    /// The most bins of a number column, 2 to 255; missing values have one more.
    pub max_bin: usize,
    /// Smooths gradient / hessian where the levels of a category are put in order; levels with fewer rows stay on the right.
    pub cat_smooth: f64,
    /// L2 penalty of a split that puts several levels on the left.
    pub cat_l2: f64,
    /// The most levels on the left of a split.
    pub max_cat_threshold: usize,
    /// Categories with at most so many levels are split one against the rest.
    pub max_cat_to_onehot: usize,
    /// The fewest rows of a group of levels in a split of several levels.
    pub min_data_per_group: usize,
    /// The weight of class 1 in a binary model.
    pub scale_pos_weight: f64,
    /// Weights by class, or none.
    pub class_weight: Option<ClassWeight>,
    /// Per column -1, 0 or 1: the prediction may not rise, is free, may not fall with the number. Empty for all free.
    pub monotone_constraints: Vec<i8>,
    /// Stop after so many rounds without a better loss on the validation rows, and keep the best round; none for all rounds.
    pub early_stopping_rounds: Option<usize>,
    /// The fraction of training rows held out as validation rows when early stopping is asked for and none are given.
    pub validation_fraction: f64,
    /// The seed of every draw.
    #[serde(alias = "random_state")]
    pub seed: u64,
}

impl Default for Hyperparameters {
    fn default() -> Self {
        Hyperparameters {
            objective: Objective::Regression,
            n_estimators: 100,
            learning_rate: 0.1,
            num_leaves: 31,
            max_depth: -1,
            min_child_samples: 20,
            min_child_weight: 1e-3,
            reg_alpha: 0.0,
            reg_lambda: 0.0,
            min_split_gain: 0.0,
            subsample: 1.0,
            subsample_freq: 0,
            colsample_bytree: 1.0,
            max_bin: 255,
            cat_smooth: 10.0,
            cat_l2: 10.0,
            max_cat_threshold: 32,
            max_cat_to_onehot: 4,
            min_data_per_group: 100,
            scale_pos_weight: 1.0,
            class_weight: None,
            monotone_constraints: Vec::new(),
            early_stopping_rounds: None,
            validation_fraction: 0.1,
            seed: 0,
        }
    }
}

/// Hyperparameters before their check. Fields are reached through [`Hyperparameters`]:
/// `let mut p = BoostingParams::default(); p.num_leaves = 63;`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoostingParams(BoostingValidParams);

/// Hyperparameters that passed their check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoostingValidParams(Hyperparameters);

impl BoostingParams {
    /// The defaults for `objective`.
    pub fn new(objective: Objective) -> Self {
        BoostingParams(BoostingValidParams(Hyperparameters {
            objective,
            ..Hyperparameters::default()
        }))
    }
}

impl Deref for BoostingParams {
    type Target = Hyperparameters;

    fn deref(&self) -> &Hyperparameters {
        &self.0.0
    }
}

impl DerefMut for BoostingParams {
    fn deref_mut(&mut self) -> &mut Hyperparameters {
        &mut self.0.0
    }
}

impl Deref for BoostingValidParams {
    type Target = Hyperparameters;

    fn deref(&self) -> &Hyperparameters {
        &self.0
    }
}

impl ParamGuard for BoostingParams {
    type Checked = BoostingValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&BoostingValidParams> {
        self.check_ranges()?;
        Ok(&self.0)
    }

    fn check(self) -> Result<BoostingValidParams> {
        self.check_ranges()?;
        Ok(self.0)
    }
}

impl Hyperparameters {
    fn check_ranges(&self) -> Result<()> {
        let at_least_0 = |x: f64| x >= 0.0 && x.is_finite();
        let fraction = |x: f64| x > 0.0 && x <= 1.0;
        let one_to_max = "at least 1";
        let not_negative = "a finite number of at least 0";
        demand(
            self.n_estimators <= 100_000,
            "n_estimators",
            self.n_estimators,
            "from 0 to 100000",
        )?;
        let rate = self.learning_rate;
        demand(
            rate > 0.0 && rate.is_finite(),
            "learning_rate",
            rate,
            "a finite number above 0",
        )?;
        demand(
            (2..=131_072).contains(&self.num_leaves),
            "num_leaves",
            self.num_leaves,
            "from 2 to 131072",
        )?;
        demand(
            at_least_0(self.min_child_weight),
            "min_child_weight",
            self.min_child_weight,
            not_negative,
        )?;
        demand(at_least_0(self.reg_alpha), "reg_alpha", self.reg_alpha, not_negative)?;
        demand(at_least_0(self.reg_lambda), "reg_lambda", self.reg_lambda, not_negative)?;
        demand(
            at_least_0(self.min_split_gain),
            "min_split_gain",
            self.min_split_gain,
            not_negative,
        )?;
        demand(
            fraction(self.subsample),
            "subsample",
            self.subsample,
            "above 0 and at most 1",
        )?;
        demand(
            fraction(self.colsample_bytree),
            "colsample_bytree",
            self.colsample_bytree,
            "above 0 and at most 1",
        )?;
        demand(
            (2..=255).contains(&self.max_bin),
            "max_bin",
            self.max_bin,
            "from 2 to 255",
        )?;
        demand(at_least_0(self.cat_smooth), "cat_smooth", self.cat_smooth, not_negative)?;
        demand(at_least_0(self.cat_l2), "cat_l2", self.cat_l2, not_negative)?;
        demand(
            self.max_cat_threshold > 0,
            "max_cat_threshold",
            self.max_cat_threshold,
            one_to_max,
        )?;
        demand(
            self.max_cat_to_onehot > 0,
            "max_cat_to_onehot",
            self.max_cat_to_onehot,
            one_to_max,
        )?;
        demand(
            self.min_data_per_group > 0,
            "min_data_per_group",
            self.min_data_per_group,
            one_to_max,
        )?;
        let positive = self.scale_pos_weight;
        demand(
            positive > 0.0 && positive.is_finite(),
            "scale_pos_weight",
            positive,
            "a finite number above 0",
        )?;
        if let Some(wrong) = self.monotone_constraints.iter().find(|c| !(-1..=1).contains(*c)) {
            return demand(false, "monotone_constraints", wrong, "a list of -1, 0 and 1");
        }
        let rounds = self.early_stopping_rounds;
        demand(rounds != Some(0), "early_stopping_rounds", 0, one_to_max)?;
        let held = self.validation_fraction;
        demand(
            held > 0.0 && held < 1.0,
            "validation_fraction",
            held,
            "above 0 and below 1",
        )?;
        if let Objective::Multiclass { classes } = self.objective {
            demand((2..=100_000).contains(&classes), "classes", classes, "from 2 to 100000")?;
        }
        Ok(())
    }
}

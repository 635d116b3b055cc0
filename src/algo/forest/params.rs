//! Hyperparameters: the names, defaults and ranges of scikit-learn's trees and forests; `max_bin` is LightGBM's.

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::parameters::{Range, Value, above_to, any, at_least, choices, from_to, hyperparameters, log, refuse};
use crate::training_set::TargetKind;

/// The most classes.
const MOST_CLASSES: usize = 1_000;

choices! {
    /// By what splits are judged.
    pub enum Criterion {
        /// Classification: the probability that two rows of a node, drawn with replacement, are of different classes.
        Gini = "gini",
        /// Classification: Shannon's entropy of a node's classes, in bits.
        Entropy = "entropy",
        /// The same as entropy.
        LogLoss = "log_loss",
        /// Regression: the variance of a node's targets.
        SquaredError = "squared_error",
    }
}

choices! {
    /// How rows are weighted by their class.
    pub enum ClassWeight {
        /// Rows x / (classes x rows of the class): each class weighs the same in total.
        Balanced = "balanced",
        /// The same, with the rows drawn for each tree.
        BalancedSubsample = "balanced_subsample",
    }
}

/// A number of things, or a fraction of all. In JSON a number without or with a decimal point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many.
    Count(usize),
    /// This fraction.
    Fraction(f64),
}

/// The fractions that an amount can be.
const FRACTIONS: Range = above_to(0.0, 1.0);

/// The range is that of counts.
impl Value for Amount {
    /// A count; fractions are numbers between 0 and 1.
    const IS_WHOLE: bool = true;

    fn read(json: &Json) -> Option<Amount> {
        match (usize::read(json), json.is_f64()) {
            (Some(count), _) => Some(Amount::Count(count)),
            (None, true) => f64::read(json).map(Amount::Fraction),
            (None, false) => None,
        }
    }

    fn is_in(&self, range: Range) -> bool {
        match self {
            Amount::Count(count) => count.is_in(range),
            Amount::Fraction(fraction) => fraction.is_in(FRACTIONS),
        }
    }

    fn allowed(range: Range) -> String {
        format!(
            "{}, or a fraction above 0.0 and at most 1.0",
            <usize as Value>::allowed(range)
        )
    }

    fn show(&self) -> String {
        match self {
            Amount::Count(count) => count.to_string(),
            Amount::Fraction(fraction) => format!("{fraction:?}"),
        }
    }
}

/// How many columns are drawn for each split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxFeatures {
    /// For classification the square root of all, for regression all.
    Auto,
    /// All; null in JSON.
    All,
    /// The square root of their number.
    Sqrt,
    /// The binary logarithm of their number.
    Log2,
    /// A number of them.
    Amount(Amount),
}

/// The range is that of counts.
impl Value for MaxFeatures {
    fn read(json: &Json) -> Option<MaxFeatures> {
        match json {
            Json::Null => Some(MaxFeatures::All),
            Json::String(name) if name == "sqrt" => Some(MaxFeatures::Sqrt),
            Json::String(name) if name == "log2" => Some(MaxFeatures::Log2),
            amount => Amount::read(amount).map(MaxFeatures::Amount),
        }
    }

    fn is_in(&self, range: Range) -> bool {
        match self {
            MaxFeatures::Amount(amount) => amount.is_in(range),
            MaxFeatures::Auto | MaxFeatures::All | MaxFeatures::Sqrt | MaxFeatures::Log2 => true,
        }
    }

    fn allowed(range: Range) -> String {
        format!("\"sqrt\", \"log2\", null for all, {}", Amount::allowed(range))
    }

    fn show(&self) -> String {
        match self {
            MaxFeatures::Auto => "\"sqrt\" for classes, null for numbers".into(),
            MaxFeatures::All => "null".into(),
            MaxFeatures::Sqrt => "\"sqrt\"".into(),
            MaxFeatures::Log2 => "\"log2\"".into(),
            MaxFeatures::Amount(amount) => amount.show(),
        }
    }
}

impl Amount {
    /// The number of rows, at least `least`: fractions are of `rows` and rounded up.
    pub(super) fn of_rows(self, rows: usize, least: usize) -> usize {
        match self {
            Amount::Count(count) => count,
            Amount::Fraction(fraction) => ((fraction * rows as f64).ceil() as usize).max(least),
        }
    }
}

hyperparameters! {
    /// Hyperparameters of a forest; those of a decision tree are those of a forest of one tree that learns from all rows, see
    /// [`ForestParams::one_tree`].
    pub struct ForestParams {
        /// The number of trees.
        n_estimators: usize = 100, from_to(1.0, 100_000.0), from "scikit-learn";
        /// By what splits are judged: `"gini"`, `"entropy"` or `"log_loss"` for classes, `"squared_error"` for numbers; null is the first
        /// for classes, the last for numbers.
        criterion: Option<Criterion> = None, any(), from "scikit-learn";
        /// The most splits between root and leaf; null for no limit.
        max_depth: Option<usize> = None, at_least(1.0), search log(3.0, 30.0), from "scikit-learn";
        /// The fewest rows of a node that is split, or as a fraction of all rows.
        min_samples_split: Amount = Amount::Count(2), at_least(2.0), from "scikit-learn";
        /// The fewest rows of a leaf, or as a fraction of all rows.
        min_samples_leaf: Amount = Amount::Count(1), at_least(1.0), search log(1.0, 50.0), from "scikit-learn";
        /// The least decrease of impurity by a split, times the node's share of the weight.
        min_impurity_decrease: f64 = 0.0, at_least(0.0), from "scikit-learn";
        /// The columns drawn for each split: their number, or a fraction of all. When none of them varies in the node, more are drawn until
        /// one does.
        max_features: MaxFeatures = MaxFeatures::Auto, at_least(1.0), from "scikit-learn";
        /// The most leaves; then the node whose split gains most is split next. Null for no limit.
        max_leaf_nodes: Option<usize> = None, at_least(2.0), from "scikit-learn";
        /// Whether each tree learns from rows drawn with replacement.
        bootstrap: bool = true, any(), from "scikit-learn";
        /// How many rows are drawn for each tree, or what fraction of them; null for as many as there are.
        max_samples: Option<Amount> = None, at_least(1.0), from "scikit-learn";
        /// Whether rows weigh by their class: with `"balanced"` each class weighs the same in total, with `"balanced_subsample"` among the
        /// rows drawn for each tree.
        class_weight: Option<ClassWeight> = None, any(), from "scikit-learn";
        /// Whether each row is also scored by the trees that did not draw it: then `training_info` shows the share of wrong classes
        /// (1 - scikit-learn's `oob_score_`), or the mean squared error, of those scores; otherwise the mean impurity of the leaves so far.
        oob_score: bool = false, any(), from "scikit-learn";
        /// The most bins of a number column, between which splits are sought; missing values have one more.
        max_bin: usize = 255, from_to(2.0, 255.0), from "LightGBM";
        /// The seed of every draw.
        seed or "random_state": u64 = 0, any(), from "LightGBM, scikit-learn";
    }
    together ForestParams::check_draws
}

impl ForestParams {
    /// One tree that learns from all rows and looks at all columns.
    pub fn one_tree() -> ForestParams {
        ForestParams {
            n_estimators: 1,
            bootstrap: false,
            max_features: MaxFeatures::All,
            ..ForestParams::default()
        }
    }

    fn check_draws(&self) -> Result<()> {
        match self.max_samples {
            _ if self.bootstrap => Ok(()),
            Some(samples) => refuse("max_samples", samples.show(), "null when bootstrap is false"),
            None if self.oob_score => refuse("oob_score", true, "false when bootstrap is false"),
            None => Ok(()),
        }
    }

    /// The criterion, which must fit the target.
    pub(super) fn judged_by(&self, target: TargetKind) -> Result<Criterion> {
        const ALLOWED: &str = "gini, entropy or log_loss for classification, squared_error for regression";
        match (self.criterion, target) {
            (None, TargetKind::Classes(_)) => Ok(Criterion::Gini),
            (None, TargetKind::Numbers) => Ok(Criterion::SquaredError),
            (Some(Criterion::SquaredError), TargetKind::Numbers) => Ok(Criterion::SquaredError),
            (Some(criterion @ (Criterion::Gini | Criterion::Entropy | Criterion::LogLoss)), TargetKind::Classes(_)) => {
                Ok(criterion)
            }
            (Some(criterion), TargetKind::Numbers | TargetKind::Classes(_)) => {
                refuse("criterion", criterion.show(), ALLOWED)
            }
            (_, TargetKind::None) => Err(Error::data("the rows have no target", "name the column to predict")),
        }
    }

    /// How many of `columns` columns are drawn for a split.
    pub(super) fn columns_a_split(&self, columns: usize, target: TargetKind) -> usize {
        let all = columns as f64;
        let count = match self.max_features {
            MaxFeatures::Auto if target.classes().is_some() => all.sqrt() as usize,
            MaxFeatures::Auto | MaxFeatures::All => columns,
            MaxFeatures::Sqrt => all.sqrt() as usize,
            MaxFeatures::Log2 => all.log2() as usize,
            MaxFeatures::Amount(Amount::Count(count)) => count,
            MaxFeatures::Amount(Amount::Fraction(fraction)) => (all * fraction) as usize,
        };
        count.clamp(1, columns.max(1))
    }

    /// How many rows are drawn for a tree, of `rows` rows.
    pub(super) fn rows_a_tree(&self, rows: usize) -> usize {
        match self.max_samples {
            None => rows,
            Some(Amount::Count(count)) => count.min(rows),
            Some(Amount::Fraction(fraction)) => ((rows as f64 * fraction).round() as usize).max(1),
        }
    }
}

/// Returns an error unless there are so many classes as a forest can tell apart.
pub(super) fn check_classes(classes: usize) -> Result<()> {
    match (2..=MOST_CLASSES).contains(&classes) {
        true => Ok(()),
        false => refuse("classes", classes, "from 2 to 1000"),
    }
}

//! Hyperparameters: the names, defaults and ranges of scikit-learn's trees and forests; `max_bin` is LightGBM's.

use std::fmt;
use std::ops::{Deref, DerefMut};

use linfa::ParamGuard;
use serde::de::{Deserializer, Error as _, Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::trees::demand;

/// The most classes.
const MOST_CLASSES: usize = 1_000;

/// By what splits are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Classification: the probability that two rows of a node, drawn with replacement, are of different classes.
    Gini,
    /// Classification: Shannon's entropy of a node's classes, in bits.
    Entropy,
    /// The same as entropy.
    LogLoss,
    /// Regression: the variance of a node's targets.
    SquaredError,
}

/// How rows are weighted by their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Rows x / (classes x rows of the class): each class weighs the same in total.
    Balanced,
    /// The same, with the rows drawn for each tree.
    BalancedSubsample,
}

/// A number of things, or a fraction of all. In JSON a number without or with a decimal point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    /// So many.
    Count(usize),
    /// This fraction.
    Fraction(f64),
}

/// How many columns are drawn for each split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
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

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a whole number of at least 0, or a fraction with a decimal point")
    }

    fn visit_u64<E: serde::de::Error>(self, count: u64) -> std::result::Result<Amount, E> {
        Ok(Amount::Count(usize::try_from(count).unwrap_or(usize::MAX)))
    }

    fn visit_i64<E: serde::de::Error>(self, count: i64) -> std::result::Result<Amount, E> {
        let unexpected = || E::invalid_value(Unexpected::Signed(count), &self);
        usize::try_from(count).map(Amount::Count).map_err(|_| unexpected())
    }

    fn visit_f64<E: serde::de::Error>(self, fraction: f64) -> std::result::Result<Amount, E> {
        Ok(Amount::Fraction(fraction))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct MaxFeaturesVisitor;

impl Visitor<'_> for MaxFeaturesVisitor {
    type Value = MaxFeatures;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("\"sqrt\", \"log2\", null, a whole number, or a fraction with a decimal point")
    }

    fn visit_unit<E: serde::de::Error>(self) -> std::result::Result<MaxFeatures, E> {
        Ok(MaxFeatures::All)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<MaxFeatures, E> {
        match name {
            "sqrt" => Ok(MaxFeatures::Sqrt),
            "log2" => Ok(MaxFeatures::Log2),
            _ => Err(E::invalid_value(Unexpected::Str(name), &self)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, count: u64) -> std::result::Result<MaxFeatures, E> {
        AmountVisitor.visit_u64(count).map(MaxFeatures::Amount)
    }

    fn visit_i64<E: serde::de::Error>(self, count: i64) -> std::result::Result<MaxFeatures, E> {
        AmountVisitor.visit_i64(count).map(MaxFeatures::Amount)
    }

    fn visit_f64<E: serde::de::Error>(self, fraction: f64) -> std::result::Result<MaxFeatures, E> {
        AmountVisitor.visit_f64(fraction).map(MaxFeatures::Amount)
    }
}

impl<'de> Deserialize<'de> for MaxFeatures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(MaxFeaturesVisitor)
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

    fn holds(self, counts_from: usize) -> bool {
        match self {
            Amount::Count(count) => count >= counts_from,
            Amount::Fraction(fraction) => fraction > 0.0 && fraction <= 1.0,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Amount::Count(count) => count.fmt(out),
            Amount::Fraction(fraction) => write!(out, "{fraction:?}"),
        }
    }
}

/// The values of all hyperparameters, not yet checked when they stand in [`RandomForestParams`] or [`DecisionTreeParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hyperparameters {
    /// How many classes there are, 0 for a regression. The caller sets it from the target, so it is no key of the serialized form.
    #[serde(skip)]
    pub classes: usize,
    /// The number of trees, 1 to 100,000.
    pub n_estimators: usize,
    /// By what splits are judged; none for gini or squared_error, by the task.
    pub criterion: Option<Criterion>,
    /// The most splits between root and leaf; none for no limit.
    pub max_depth: Option<usize>,
    /// The fewest rows of a node that is split, at least 2, or as a fraction of all rows.
    pub min_samples_split: Amount,
    /// The fewest rows of a leaf, or as a fraction of all rows.
    pub min_samples_leaf: Amount,
    /// The least decrease of impurity by a split, times the node's share of the weight.
    pub min_impurity_decrease: f64,
    /// The columns drawn for each split. When none of them varies in the node, more are drawn until one does.
    pub max_features: MaxFeatures,
    /// The most leaves; then the node whose split gains most is split next. None for no limit.
    pub max_leaf_nodes: Option<usize>,
    /// Whether each tree learns from rows drawn with replacement.
    pub bootstrap: bool,
    /// How many rows are drawn for each tree; none for as many as there are.
    pub max_samples: Option<Amount>,
    /// Weights by class, or none.
    pub class_weight: Option<ClassWeight>,
    /// Whether each row is also scored by the trees that did not draw it: then the loss reported after each tree is the share of
    /// wrong classes (1 - scikit-learn's oob_score_), or the mean squared error, of those scores; otherwise it is the mean
    /// impurity of the leaves so far.
    pub oob_score: bool,
    /// The most bins of a number column, 2 to 255; missing values have one more.
    pub max_bin: usize,
    /// The seed of every draw.
    #[serde(alias = "random_state")]
    pub seed: u64,
}

/// The keys that a decision tree knows.
const TREE_KEYS: &[&str] = &[
    "criterion",
    "max_depth",
    "min_samples_split",
    "min_samples_leaf",
    "min_impurity_decrease",
    "max_features",
    "max_leaf_nodes",
    "class_weight",
    "max_bin",
    "seed",
    "random_state",
];

impl Default for Hyperparameters {
    fn default() -> Self {
        Hyperparameters {
            classes: 0,
            n_estimators: 100,
            criterion: None,
            max_depth: None,
            min_samples_split: Amount::Count(2),
            min_samples_leaf: Amount::Count(1),
            min_impurity_decrease: 0.0,
            max_features: MaxFeatures::Auto,
            max_leaf_nodes: None,
            bootstrap: true,
            max_samples: None,
            class_weight: None,
            oob_score: false,
            max_bin: 255,
            seed: 0,
        }
    }
}

/// Hyperparameters of a forest before their check. Fields are reached through [`Hyperparameters`]:
/// `let mut p = RandomForestParams::default(); p.n_estimators = 10;`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RandomForestParams(ForestValidParams);

/// Hyperparameters of one tree before their check: those of a forest of one tree that learns from all rows and looks at all
/// columns.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionTreeParams(ForestValidParams);

/// Hyperparameters that passed their check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ForestValidParams(Hyperparameters);

impl Default for DecisionTreeParams {
    fn default() -> Self {
        DecisionTreeParams(ForestValidParams(Hyperparameters {
            n_estimators: 1,
            bootstrap: false,
            max_features: MaxFeatures::All,
            ..Hyperparameters::default()
        }))
    }
}

impl<'de> Deserialize<'de> for DecisionTreeParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let given = serde_json::Map::deserialize(deserializer)?;
        if let Some(key) = given.keys().find(|key| !TREE_KEYS.contains(&key.as_str())) {
            return Err(D::Error::unknown_field(key, TREE_KEYS));
        }
        let draws = given.contains_key("max_features");
        let given: Hyperparameters = serde_json::from_value(Value::Object(given)).map_err(D::Error::custom)?;
        let tree = DecisionTreeParams::default().0.0;
        Ok(DecisionTreeParams(ForestValidParams(Hyperparameters {
            n_estimators: tree.n_estimators,
            bootstrap: tree.bootstrap,
            max_features: if draws { given.max_features } else { tree.max_features },
            ..given
        })))
    }
}

impl Deref for RandomForestParams {
    type Target = Hyperparameters;

    fn deref(&self) -> &Hyperparameters {
        &self.0.0
    }
}

impl DerefMut for RandomForestParams {
    fn deref_mut(&mut self) -> &mut Hyperparameters {
        &mut self.0.0
    }
}

impl Deref for DecisionTreeParams {
    type Target = Hyperparameters;

    fn deref(&self) -> &Hyperparameters {
        &self.0.0
    }
}

impl DerefMut for DecisionTreeParams {
    fn deref_mut(&mut self) -> &mut Hyperparameters {
        &mut self.0.0
    }
}

impl Deref for ForestValidParams {
    type Target = Hyperparameters;

    fn deref(&self) -> &Hyperparameters {
        &self.0
    }
}

impl ParamGuard for RandomForestParams {
    type Checked = ForestValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&ForestValidParams> {
        self.check_ranges()?;
        Ok(&self.0)
    }

    fn check(self) -> Result<ForestValidParams> {
        self.check_ranges()?;
        Ok(self.0)
    }
}

impl ParamGuard for DecisionTreeParams {
    type Checked = ForestValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&ForestValidParams> {
        self.check_ranges()?;
        let per_tree = self.class_weight == Some(ClassWeight::BalancedSubsample);
        demand(
            !per_tree,
            "class_weight",
            "balanced_subsample",
            "null or balanced for one tree",
        )?;
        Ok(&self.0)
    }

    fn check(self) -> Result<ForestValidParams> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl Hyperparameters {
    fn check_ranges(&self) -> Result<()> {
        let trees = self.n_estimators;
        demand(
            (1..=100_000).contains(&trees),
            "n_estimators",
            trees,
            "from 1 to 100000",
        )?;
        let depth = self.max_depth;
        demand(depth != Some(0), "max_depth", 0, "null or at least 1")?;
        let (split, leaf) = (self.min_samples_split, self.min_samples_leaf);
        let of_split = "a whole number of at least 2, or a fraction above 0.0 and at most 1.0";
        demand(split.holds(2), "min_samples_split", split, of_split)?;
        let of_rows = "a whole number of at least 1, or a fraction above 0.0 and at most 1.0";
        demand(leaf.holds(1), "min_samples_leaf", leaf, of_rows)?;
        let decrease = self.min_impurity_decrease;
        demand(
            decrease >= 0.0 && decrease.is_finite(),
            "min_impurity_decrease",
            decrease,
            "a finite number of at least 0",
        )?;
        if let MaxFeatures::Amount(features) = self.max_features {
            demand(features.holds(1), "max_features", features, of_rows)?;
        }
        if let Some(leaves) = self.max_leaf_nodes {
            demand(leaves >= 2, "max_leaf_nodes", leaves, "null or at least 2")?;
        }
        if let Some(samples) = self.max_samples {
            demand(samples.holds(1), "max_samples", samples, of_rows)?;
            demand(self.bootstrap, "max_samples", samples, "null when bootstrap is false")?;
        }
        demand(
            self.bootstrap || !self.oob_score,
            "oob_score",
            true,
            "false when bootstrap is false",
        )?;
        demand(
            (2..=255).contains(&self.max_bin),
            "max_bin",
            self.max_bin,
            "from 2 to 255",
        )?;
        demand(
            self.classes != 1 && self.classes <= MOST_CLASSES,
            "classes",
            self.classes,
            "from 2 to 1000",
        )
    }

    /// The criterion, which must fit the task.
    pub(super) fn judged_by(&self) -> Result<Criterion> {
        let criterion = self.criterion.unwrap_or(match self.classes {
            0 => Criterion::SquaredError,
            _ => Criterion::Gini,
        });
        let regression = criterion == Criterion::SquaredError;
        let name = if regression {
            "squared_error"
        } else {
            "one of classification"
        };
        demand(
            regression == (self.classes == 0),
            "criterion",
            name,
            "gini, entropy or log_loss for classification, squared_error for regression",
        )?;
        Ok(criterion)
    }

    /// How many of `columns` columns are drawn for a split.
    pub(super) fn columns_a_split(&self, columns: usize) -> usize {
        let all = columns as f64;
        let count = match self.max_features {
            MaxFeatures::Auto if self.classes > 0 => all.sqrt() as usize,
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

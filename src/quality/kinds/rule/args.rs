//! The arguments of each kind of check. Names are those of dbt, dbt_utils and dbt_expectations where one of them has the kind.

use serde::Deserialize;
use serde_json::Value as Json;

/// `not_null_proportion`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proportion {
    pub at_least: f64,
    #[serde(default = "one")]
    pub at_most: f64,
}

/// `unique_combination`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    pub combination_of_columns: Vec<String>,
}

/// `accepted_values` and `not_accepted_values`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    pub values: Vec<Json>,
}

/// `accepted_range`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub min_value: Option<Json>,
    pub max_value: Option<Json>,
    #[serde(default = "yes")]
    pub inclusive: bool,
}

/// `matches_regex` and `not_matches_regex`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    pub regex: String,
    /// Some of i, m, s, x, U, u: as within `(?...)` of the regex crate.
    #[serde(default)]
    pub flags: String,
}

/// `valid_format`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    pub format: String,
}

/// `length_between`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    pub min_value: Option<u64>,
    pub max_value: Option<u64>,
}

/// `relationships`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    pub to: String,
    pub field: String,
}

/// `expression_is_true`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    pub expression: String,
}

/// `recency`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Age {
    pub datepart: Option<String>,
    /// A number of dateparts, or an interval of PostgreSQL.
    pub interval: Json,
}

/// Kinds that compare one figure with bounds, which are within.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
}

/// `columns_match`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnList {
    pub column_list: Vec<String>,
    #[serde(default, rename = "match")]
    pub how: ColumnMatch,
}

/// How a list of columns is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnMatch {
    /// The same columns, in any order.
    #[default]
    Set,
    /// The same columns in the same order.
    OrderedList,
    /// At least these.
    ContainSet,
}

/// `type_is`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Types {
    pub column_type: Option<String>,
    #[serde(default)]
    pub column_type_list: Vec<String>,
}

/// `quantile_between`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    pub quantile: f64,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
}

/// `most_common_value`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MostCommon {
    pub value_set: Vec<Json>,
    #[serde(default = "first")]
    pub top_n: usize,
}

/// `within_n_stdevs`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sigma {
    #[serde(default = "three")]
    pub sigma_threshold: f64,
}

/// `outliers`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outliers {
    /// How many times the distance between the quartiles a value may be outside of them (Tukey, 1977).
    #[serde(default = "fence")]
    pub multiplier: f64,
}

/// `monotonic`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub sort_column: String,
    #[serde(default)]
    pub decreasing: bool,
    #[serde(default)]
    pub strictly: bool,
}

/// `no_gaps`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub datepart: Option<String>,
    #[serde(default = "single")]
    pub interval: Json,
}

/// `equal_rowcount`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    pub compare_model: String,
}

/// `equality`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equality {
    pub compare_model: String,
    #[serde(default)]
    pub compare_columns: Vec<String>,
    #[serde(default)]
    pub exclude_columns: Vec<String>,
}

/// `near_duplicates`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Similarity {
    #[serde(default = "alike")]
    pub similarity: f64,
    /// Compares rows by all of these, where no column is named.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// `mixed_formats`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minority {
    /// The share of rows of another convention that is let pass.
    #[serde(default)]
    pub tolerance: f64,
}

/// `scale_shift`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleShift {
    /// The fewest rows of a segment that are judged.
    #[serde(default = "fifty")]
    pub min_rows: u64,
}

/// `null_share_by_segment`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NullShare {
    /// How far the share of NULLs in a segment may be above that of the other rows.
    #[serde(default = "twentieth")]
    pub max_difference: f64,
}

fn one() -> f64 {
    1.0
}
fn yes() -> bool {
    true
}
fn first() -> usize {
    1
}
fn three() -> f64 {
    3.0
}
fn fence() -> f64 {
    1.5
}
fn single() -> Json {
    Json::from(1)
}
fn alike() -> f64 {
    0.9
}
fn fifty() -> u64 {
    50
}
fn twentieth() -> f64 {
    0.05
}

impl Between {
    /// What is wrong with the bounds themselves.
    pub fn problem(&self) -> Option<&'static str> {
        match (self.min_value, self.max_value) {
            (None, None) => Some(super::NO_BOUND),
            (Some(low), Some(high)) if low > high => Some(super::OUT_OF_ORDER),
            _ => None,
        }
    }

    /// Whether a figure is within; NaN is not.
    pub fn contains(&self, figure: f64) -> bool {
        let above = self.min_value.is_none_or(|low| figure >= low);
        let below = self.max_value.is_none_or(|high| figure <= high);
        above && below && !figure.is_nan()
    }

    /// As a threshold is told.
    pub fn told(&self) -> String {
        match (self.min_value, self.max_value) {
            (Some(low), Some(high)) => format!("between {low} and {high}"),
            (Some(low), None) => format!(">= {low}"),
            (None, Some(high)) => format!("<= {high}"),
            (None, None) => String::new(),
        }
    }
}

impl Order {
    /// How a value that is out of order compares with the one before.
    pub fn wrong(&self) -> &'static str {
        match (self.decreasing, self.strictly) {
            (false, false) => "<",
            (false, true) => "<=",
            (true, false) => ">",
            (true, true) => ">=",
        }
    }
}

impl Quantile {
    /// The bounds alone.
    pub fn between(&self) -> Between {
        Between {
            min_value: self.min_value,
            max_value: self.max_value,
        }
    }
}

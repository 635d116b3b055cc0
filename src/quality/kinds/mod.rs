//! The kinds of checks. Each is a file of this folder, alone or with its close family, and a line in [`TABLE`].
//!
//! Such a file has the kind's [`CheckKind`], its arguments as a struct, and for that struct the one method of [`Assertion`] that has to be
//! there: `plan`, which asks the shared pass and says how the answer becomes findings, how it is explained, and which rows fail.

mod accepted_range;
mod accepted_values;
mod anomaly;
mod boilerplate;
mod column_count_between;
mod columns_compare;
mod columns_match;
mod contradictions;
mod correlation_between;
mod distinct_values;
mod embedding_lag;
mod encoding_damage;
mod equal_rowcount;
mod equality;
mod expression_is_true;
mod extreme_between;
mod figure_between;
mod language;
mod length_between;
mod like;
mod matches_regex;
mod mixed_formats;
mod monotonic;
mod most_common_value;
mod mutually_exclusive_ranges;
mod near_duplicates;
mod no_gaps;
mod not_empty;
mod not_null;
mod null_share_by_segment;
mod outliers;
mod pii;
mod quantile_between;
mod recency;
mod relationships;
mod retrieval_at_least;
mod row_count_ratio;
mod scale_shift;
mod sentinel_values;
mod sequential_values;
mod stale;
mod stuck_values;
mod type_is;
pub mod unique;
mod valid_format;
mod value_share_between;
mod within_n_moving_stdevs;

mod answer;
mod assertion;
pub mod check;
mod common;
pub mod plan;

use self::assertion::CheckKind;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};

/// Every kind, in the order in which they are listed.
static TABLE: &[&CheckKind] = &[
    &not_null::NOT_NULL,
    &not_null::NOT_NULL_PROPORTION,
    &not_empty::NOT_EMPTY,
    &unique::UNIQUE,
    &unique::UNIQUE_COMBINATION,
    &unique::DUPLICATE_ROWS,
    &accepted_values::ACCEPTED_VALUES,
    &accepted_values::NOT_ACCEPTED_VALUES,
    &accepted_range::ACCEPTED_RANGE,
    &matches_regex::MATCHES_REGEX,
    &matches_regex::NOT_MATCHES_REGEX,
    &like::LIKE,
    &like::NOT_LIKE,
    &valid_format::VALID_FORMAT,
    &length_between::LENGTH_BETWEEN,
    &relationships::RELATIONSHIPS,
    &expression_is_true::EXPRESSION_IS_TRUE,
    &columns_compare::COLUMNS_COMPARE,
    &recency::RECENCY,
    &embedding_lag::EMBEDDING_LAG,
    &figure_between::ROW_COUNT_BETWEEN,
    &columns_match::COLUMNS_MATCH,
    &column_count_between::COLUMN_COUNT_BETWEEN,
    &type_is::TYPE_IS,
    &figure_between::DISTINCT_COUNT_BETWEEN,
    &distinct_values::DISTINCT_VALUES_IN_SET,
    &distinct_values::DISTINCT_VALUES_CONTAIN_SET,
    &distinct_values::DISTINCT_VALUES_EQUAL_SET,
    &value_share_between::VALUE_SHARE_BETWEEN,
    &figure_between::MEAN_BETWEEN,
    &figure_between::SUM_BETWEEN,
    &quantile_between::QUANTILE_BETWEEN,
    &figure_between::STDDEV_BETWEEN,
    &extreme_between::MIN_BETWEEN,
    &extreme_between::MAX_BETWEEN,
    &most_common_value::MOST_COMMON_VALUE,
    &correlation_between::CORRELATION_BETWEEN,
    &outliers::WITHIN_N_STDEVS,
    &within_n_moving_stdevs::WITHIN_N_MOVING_STDEVS,
    &outliers::OUTLIERS,
    &monotonic::MONOTONIC,
    &no_gaps::NO_GAPS,
    &sequential_values::SEQUENTIAL_VALUES,
    &stuck_values::STUCK_VALUES,
    &mutually_exclusive_ranges::MUTUALLY_EXCLUSIVE_RANGES,
    &equal_rowcount::EQUAL_ROWCOUNT,
    &row_count_ratio::ROW_COUNT_RATIO,
    &equality::EQUALITY,
    &near_duplicates::NEAR_DUPLICATES,
    &mixed_formats::MIXED_FORMATS,
    &sentinel_values::SENTINEL_VALUES,
    &scale_shift::SCALE_SHIFT,
    &null_share_by_segment::NULL_SHARE_BY_SEGMENT,
    &anomaly::ANOMALY,
    &retrieval_at_least::RETRIEVAL_AT_LEAST,
    &retrieval_at_least::ANN_RECALL_AT_LEAST,
    &pii::PII,
    &language::LANGUAGE,
    &encoding_damage::ENCODING_DAMAGE,
    &boilerplate::BOILERPLATE,
    &stale::STALE,
    &contradictions::CONTRADICTIONS,
];

/// The kind of a name. Returns an error with 22023, which lists all kinds, when there is none.
fn kind_of_name(name: &str) -> Result<&'static CheckKind> {
    TABLE.iter().copied().find(|kind| kind.name == name).ok_or_else(|| {
        let names: Vec<&str> = TABLE.iter().map(|kind| kind.name).collect();
        Error::new(INVALID_PARAMETER, format!("unknown kind of check \"{name}\""))
            .hint(format!("The kinds are: {}.", names.join(", ")))
    })
}

//! The kinds of checks, and the arguments of each. Names are those of dbt, dbt_utils and dbt_expectations where one of them has the
//! kind.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::options;

use crate::quality::kinds::anomaly::Anomaly;
use crate::quality::kinds::compile;
use crate::quality::kinds::statement;

mod args;

pub use args::*;

/// What a check demands.
#[derive(Debug, Clone)]
pub enum Rule {
    NotNull,
    NotNullProportion(Proportion),
    NotEmpty,
    Unique,
    UniqueCombination(Combination),
    AcceptedValues(Values),
    NotAcceptedValues(Values),
    AcceptedRange(Range),
    MatchesRegex(Pattern),
    NotMatchesRegex(Pattern),
    ValidFormat(Format),
    LengthBetween(Lengths),
    Relationships(Parent),
    ExpressionIsTrue(Expression),
    Recency(Age),
    RowCountBetween(Between),
    ColumnsMatch(ColumnList),
    TypeIs(Types),
    DistinctCountBetween(Between),
    MeanBetween(Between),
    SumBetween(Between),
    StddevBetween(Between),
    QuantileBetween(Quantile),
    MostCommonValue(MostCommon),
    WithinNStdevs(Sigma),
    Outliers(Outliers),
    Monotonic(Order),
    NoGaps(Step),
    EqualRowcount(Other),
    Equality(Equality),
    NearDuplicates(Similarity),
    MixedFormats(Minority),
    ScaleShift(ScaleShift),
    NullShareBySegment(NullShare),
    Anomaly(Anomaly),
}

/// How a kind stands to columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// It is about one column.
    One,
    /// It is about one column, or about the rows as such.
    OneOrNone,
    /// It is about rows, and names no column by itself.
    None,
}

/// How the arguments of a kind become a rule.
type Read = fn(&str, Json) -> Result<Rule>;

fn read<T: DeserializeOwned>(kind: &str, args: Json, rule: impl FnOnce(T) -> Rule) -> Result<Rule> {
    options::parse(&format!("arguments of {kind}"), args).map(rule)
}

/// The rule of a kind without arguments. Errs with 22023 when one is given.
fn bare(kind: &str, args: Json, rule: Rule) -> Result<Rule> {
    match args.as_object().and_then(|args| args.keys().next()) {
        Some(key) => Err(Error::new(
            INVALID_PARAMETER,
            format!("unknown key \"{key}\": {kind} takes no arguments"),
        )
        .hint("Besides arguments a check has: name, where, group_by, mostly, warn_if, error_if, severity, tags.")),
        None => Ok(rule),
    }
}

/// Every kind: its name, how it stands to columns, and its arguments.
const KINDS: &[(&str, Columns, Read)] = &[
    ("not_null", Columns::One, |kind, args| bare(kind, args, Rule::NotNull)),
    ("not_null_proportion", Columns::One, |kind, args| {
        read(kind, args, Rule::NotNullProportion)
    }),
    ("not_empty", Columns::OneOrNone, |kind, args| {
        bare(kind, args, Rule::NotEmpty)
    }),
    ("unique", Columns::One, |kind, args| bare(kind, args, Rule::Unique)),
    ("unique_combination", Columns::None, |kind, args| {
        read(kind, args, Rule::UniqueCombination)
    }),
    ("accepted_values", Columns::One, |kind, args| {
        read(kind, args, Rule::AcceptedValues)
    }),
    ("not_accepted_values", Columns::One, |kind, args| {
        read(kind, args, Rule::NotAcceptedValues)
    }),
    ("accepted_range", Columns::One, |kind, args| {
        read(kind, args, Rule::AcceptedRange)
    }),
    ("matches_regex", Columns::One, |kind, args| {
        read(kind, args, Rule::MatchesRegex)
    }),
    ("not_matches_regex", Columns::One, |kind, args| {
        read(kind, args, Rule::NotMatchesRegex)
    }),
    ("valid_format", Columns::One, |kind, args| {
        read(kind, args, Rule::ValidFormat)
    }),
    ("length_between", Columns::One, |kind, args| {
        read(kind, args, Rule::LengthBetween)
    }),
    ("relationships", Columns::One, |kind, args| {
        read(kind, args, Rule::Relationships)
    }),
    ("expression_is_true", Columns::OneOrNone, |kind, args| {
        read(kind, args, Rule::ExpressionIsTrue)
    }),
    ("recency", Columns::One, |kind, args| read(kind, args, Rule::Recency)),
    ("row_count_between", Columns::None, |kind, args| {
        read(kind, args, Rule::RowCountBetween)
    }),
    ("columns_match", Columns::None, |kind, args| {
        read(kind, args, Rule::ColumnsMatch)
    }),
    ("type_is", Columns::One, |kind, args| read(kind, args, Rule::TypeIs)),
    ("distinct_count_between", Columns::One, |kind, args| {
        read(kind, args, Rule::DistinctCountBetween)
    }),
    ("mean_between", Columns::One, |kind, args| {
        read(kind, args, Rule::MeanBetween)
    }),
    ("sum_between", Columns::One, |kind, args| {
        read(kind, args, Rule::SumBetween)
    }),
    ("quantile_between", Columns::One, |kind, args| {
        read(kind, args, Rule::QuantileBetween)
    }),
    ("stddev_between", Columns::One, |kind, args| {
        read(kind, args, Rule::StddevBetween)
    }),
    ("most_common_value", Columns::One, |kind, args| {
        read(kind, args, Rule::MostCommonValue)
    }),
    ("within_n_stdevs", Columns::One, |kind, args| {
        read(kind, args, Rule::WithinNStdevs)
    }),
    ("outliers", Columns::One, |kind, args| read(kind, args, Rule::Outliers)),
    ("monotonic", Columns::One, |kind, args| {
        read(kind, args, Rule::Monotonic)
    }),
    ("no_gaps", Columns::One, |kind, args| read(kind, args, Rule::NoGaps)),
    ("equal_rowcount", Columns::None, |kind, args| {
        read(kind, args, Rule::EqualRowcount)
    }),
    ("equality", Columns::None, |kind, args| read(kind, args, Rule::Equality)),
    ("near_duplicates", Columns::OneOrNone, |kind, args| {
        read(kind, args, Rule::NearDuplicates)
    }),
    ("mixed_formats", Columns::One, |kind, args| {
        read(kind, args, Rule::MixedFormats)
    }),
    ("scale_shift", Columns::One, |kind, args| {
        read(kind, args, Rule::ScaleShift)
    }),
    ("null_share_by_segment", Columns::One, |kind, args| {
        read(kind, args, Rule::NullShareBySegment)
    }),
    ("anomaly", Columns::OneOrNone, |kind, args| {
        read(kind, args, Rule::Anomaly)
    }),
];

impl Rule {
    /// Reads a kind with its arguments. Errs with 22023 for an unknown kind or argument, naming the known ones. Also gives the
    /// kind's name, and how it stands to columns.
    pub fn parse(kind: &str, args: Json) -> Result<(&'static str, Columns, Rule)> {
        let Some(&(name, columns, read)) = KINDS.iter().find(|(name, ..)| *name == kind) else {
            let names: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
            return Err(
                Error::new(INVALID_PARAMETER, format!("unknown kind of check \"{kind}\""))
                    .hint(format!("The kinds are: {}.", names.join(", "))),
            );
        };
        let rule = read(name, args)?;
        rule.check(name)?;
        Ok((name, columns, rule))
    }

    /// Checks what the types of arguments cannot say.
    fn check(&self, kind: &str) -> Result<()> {
        match self {
            Rule::MatchesRegex(pattern) | Rule::NotMatchesRegex(pattern) => {
                return compile::regex(&pattern.regex, &pattern.flags).map(drop);
            }
            Rule::ValidFormat(format) => return compile::format_named(&format.format).map(drop),
            Rule::Anomaly(anomaly) => return anomaly.check(),
            Rule::Recency(age) => return statement::interval(age.datepart.as_deref(), &age.interval).map(drop),
            _ => {}
        }
        let problem = match self {
            Rule::NotNullProportion(Proportion { at_least, at_most })
                if !(0.0..=1.0).contains(at_least) || !(0.0..=1.0).contains(at_most) || at_least > at_most =>
            {
                "at_least and at_most must be between 0 and 1, and in order"
            }
            Rule::UniqueCombination(combination) if combination.combination_of_columns.is_empty() => {
                "combination_of_columns must name a column"
            }
            Rule::AcceptedRange(range) if range.min_value.is_none() && range.max_value.is_none() => NO_BOUND,
            Rule::LengthBetween(Lengths {
                min_value: None,
                max_value: None,
            }) => NO_BOUND,
            Rule::LengthBetween(Lengths {
                min_value: Some(low),
                max_value: Some(high),
            }) if low > high => OUT_OF_ORDER,
            Rule::RowCountBetween(between)
            | Rule::DistinctCountBetween(between)
            | Rule::MeanBetween(between)
            | Rule::SumBetween(between)
            | Rule::StddevBetween(between) => match between.problem() {
                Some(problem) => problem,
                None => return Ok(()),
            },
            Rule::QuantileBetween(quantile) => match quantile.between().problem() {
                Some(problem) => problem,
                None if !(0.0..=1.0).contains(&quantile.quantile) => "quantile must be between 0 and 1",
                None => return Ok(()),
            },
            Rule::TypeIs(types) if types.column_type.is_none() && types.column_type_list.is_empty() => {
                "column_type or column_type_list must name a type"
            }
            Rule::MostCommonValue(most) if most.value_set.is_empty() || most.top_n == 0 => {
                "value_set must not be empty, and top_n must be at least 1"
            }
            Rule::WithinNStdevs(sigma) if sigma.sigma_threshold.is_nan() || sigma.sigma_threshold <= 0.0 => {
                "sigma_threshold must be above 0"
            }
            Rule::Outliers(outliers) if outliers.multiplier.is_nan() || outliers.multiplier < 0.0 => {
                "multiplier must be at least 0"
            }
            Rule::NearDuplicates(similarity) if !(0.3..=1.0).contains(&similarity.similarity) => {
                "similarity must be from 0.3 to 1"
            }
            Rule::ScaleShift(shift) if shift.min_rows < 20 => "min_rows must be at least 20",
            Rule::MixedFormats(minority) if !(0.0..1.0).contains(&minority.tolerance) => {
                "tolerance must be at least 0 and below 1"
            }
            Rule::NullShareBySegment(share) if !(0.0..1.0).contains(&share.max_difference) => {
                "max_difference must be at least 0 and below 1"
            }
            _ => return Ok(()),
        };
        Err(Error::new(INVALID_PARAMETER, format!("arguments of {kind} are out of range")).hint(format!("{problem}.")))
    }
}

impl Rule {
    /// Whether it compares segments with each other.
    pub fn needs_segments(&self) -> bool {
        matches!(self, Rule::NullShareBySegment(_))
    }

    /// Whether it can be asked of each segment.
    pub fn takes_segments(&self) -> bool {
        !matches!(
            self,
            Rule::ColumnsMatch(_)
                | Rule::TypeIs(_)
                | Rule::EqualRowcount(_)
                | Rule::Equality(_)
                | Rule::NearDuplicates(_)
                | Rule::WithinNStdevs(_)
                | Rule::Outliers(_)
        )
    }

    /// Whether it can be asked of some of the rows only.
    pub fn takes_filter(&self) -> bool {
        !matches!(self, Rule::ColumnsMatch(_) | Rule::TypeIs(_))
    }

    /// Whether it says of each row whether it fails, so that there can be a share of them.
    pub fn counts_rows(&self) -> bool {
        matches!(
            self,
            Rule::NotNull
                | Rule::NotEmpty
                | Rule::Unique
                | Rule::UniqueCombination(_)
                | Rule::AcceptedValues(_)
                | Rule::NotAcceptedValues(_)
                | Rule::AcceptedRange(_)
                | Rule::MatchesRegex(_)
                | Rule::NotMatchesRegex(_)
                | Rule::ValidFormat(_)
                | Rule::LengthBetween(_)
                | Rule::Relationships(_)
                | Rule::ExpressionIsTrue(_)
                | Rule::WithinNStdevs(_)
                | Rule::Outliers(_)
                | Rule::Monotonic(_)
                | Rule::NoGaps(_)
                | Rule::Equality(_)
                | Rule::NearDuplicates(_)
                | Rule::MixedFormats(_)
                | Rule::ScaleShift(_)
        )
    }
}

const NO_BOUND: &str = "min_value or max_value must be given";
const OUT_OF_ORDER: &str = "min_value must not be above max_value";

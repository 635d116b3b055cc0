//! `columns_compare`: how the columns of a row stand to each other: one to another, or the sum of several to a total.
//!
//! column_A and column_B are those of expect_column_pair_values_A_to_be_greater_than_B and expect_column_pair_values_to_be_equal, column_list
//! and sum_total those of expect_multicolumn_sum_to_equal, as in Great Expectations, where the sum is that of each row.

use serde::Deserialize;

use super::assertion::{Arguments, Assertion, CheckKind, out_of_range};
use super::common::literal::value_of;
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::source::Source;
use crate::quality::spec::{Need, Needs};
use algo::block::Kind;

pub static COLUMNS_COMPARE: CheckKind = CheckKind {
    name: "columns_compare",
    needs: Needs {
        column: Need::Refused,
        ..Needs::ROWS
    },
    parse: ColumnsCompare::parse,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnsCompare {
    #[serde(rename = "column_A", alias = "column_a")]
    column_a: Option<String>,
    #[serde(rename = "column_B", alias = "column_b")]
    column_b: Option<String>,
    /// Instead of column_A: columns that are added.
    #[serde(default)]
    column_list: Vec<String>,
    /// Instead of column_B: a number.
    sum_total: Option<f64>,
    #[serde(default)]
    operator: Operator,
    /// How far equal numbers may be apart.
    tolerance: Option<f64>,
    #[serde(default)]
    ignore_row_if: IgnoreRowIf,
}

/// How the left side has to stand to the right one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum Operator {
    #[default]
    #[serde(rename = "=")]
    Equal,
    #[serde(rename = "<>", alias = "!=")]
    NotEqual,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessOrEqual,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterOrEqual,
}

impl Operator {
    fn sql(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "<>",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
        }
    }
}

/// Which rows with NULL pass, as in Great Expectations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum IgnoreRowIf {
    /// Those with NULL on one side or both, as a constraint has it.
    #[default]
    EitherValueIsMissing,
    /// Those with NULL on both sides; one with it on one side fails.
    BothValuesAreMissing,
}

impl ColumnsCompare {
    fn parse(arguments: Arguments<'_>) -> Result<Box<dyn Assertion>> {
        let kind = arguments.kind;
        let compare: ColumnsCompare = arguments.read()?;
        match compare.problem() {
            Some(problem) => Err(out_of_range(kind, problem)),
            None => Ok(Box::new(compare)),
        }
    }

    fn problem(&self) -> Option<&'static str> {
        if self.column_a.is_some() != self.column_list.is_empty() {
            return Some("either column_A or column_list must be given");
        }
        if self.column_b.is_some() == self.sum_total.is_some() {
            return Some("either column_B or sum_total must be given");
        }
        if self.column_a.is_some() && self.column_a == self.column_b {
            return Some("column_A and column_B must be different columns");
        }
        match self.tolerance {
            Some(_) if self.operator != Operator::Equal => Some("tolerance is for the operator ="),
            Some(tolerance) if !(tolerance >= 0.0 && tolerance.is_finite()) => Some("tolerance must be at least 0"),
            Some(_) | None => None,
        }
    }

    /// The columns of the left side.
    fn left<'s>(&self, source: &'s Source) -> Result<Vec<&'s OutputColumn>> {
        let names = self.column_a.iter().chain(&self.column_list);
        names.map(|name| source.require_column(name)).collect()
    }

    /// The condition on a row q that holds where it passes.
    fn condition(&self, planner: &Planner<'_, '_>) -> Result<String> {
        let source = planner.source;
        let left = self.left(source)?;
        let right = self
            .column_b
            .as_ref()
            .map(|name| source.require_column(name))
            .transpose()?;
        let is_arithmetic = !self.column_list.is_empty() || self.sum_total.is_some() || self.tolerance.is_some();
        let all = left.iter().copied().chain(right);
        if is_arithmetic {
            for column in all.clone() {
                planner.require(column, Kind::is_number, "numbers")?;
            }
        } else if let Some(right) = right {
            planner.require_comparable(left[0], right)?;
        }
        let has_floats = all
            .clone()
            .any(|column| intake::kind_of(column.type_oid) == Kind::Float);
        // Sums of integers have no end; floats stay what they are.
        let number = if has_floats {
            "pg_catalog.float8"
        } else {
            "pg_catalog.numeric"
        };
        let value = |column: &OutputColumn| match is_arithmetic {
            true => format!("{}::{number}", value_of(column)),
            false => value_of(column),
        };
        let summands: Vec<String> = left.iter().map(|column| value(column)).collect();
        let one = match summands.as_slice() {
            [single] => single.clone(),
            several => format!("({})", several.join(" + ")),
        };
        let other = match (right, self.sum_total) {
            (Some(column), _) => value(column),
            (None, total) => format!("'{}'::{number}", total.unwrap_or_default()),
        };
        Ok(self.with_nulls(
            &one,
            &other,
            &self.comparison(&one, &other, has_floats && summands.len() > 1),
        ))
    }

    /// What has to hold of both sides where neither is NULL.
    fn comparison(&self, one: &str, other: &str, sums_floats: bool) -> String {
        match (self.tolerance, self.operator) {
            (Some(tolerance), _) => {
                format!("({one} = {other} OR pg_catalog.abs({one} - {other}) <= '{tolerance}')")
            }
            // A sum of fractions is not exact in binary.
            (None, Operator::Equal) if sums_floats => format!(
                "({one} = {other} OR pg_catalog.abs({one} - {other}) <= 1e-9 * GREATEST(pg_catalog.abs({one}), pg_catalog.abs({other})))"
            ),
            (None, operator) => format!("{one} {} {other}", operator.sql()),
        }
    }

    fn with_nulls(&self, one: &str, other: &str, comparison: &str) -> String {
        match self.ignore_row_if {
            IgnoreRowIf::EitherValueIsMissing => comparison.to_string(),
            IgnoreRowIf::BothValuesAreMissing => {
                format!("CASE WHEN {one} IS NULL AND {other} IS NULL THEN NULL ELSE COALESCE({comparison}, false) END")
            }
        }
    }
}

impl Assertion for ColumnsCompare {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let condition = self.condition(planner)?;
        rows::condition(planner, &condition)
    }
}

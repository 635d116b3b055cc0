//! `distinct_values_in_set`, `distinct_values_contain_set` and `distinct_values_equal_set`: how the different values of a column stand to a
//! set; expect_column_distinct_values_to_be_in_set and its kin of dbt_expectations and Great Expectations. NULL is no value.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::assertion::{Arguments, Assertion, CheckKind, out_of_range};
use super::common::figure;
use super::common::literal::constants;
use super::plan::{FailingRows, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::quality::finding::Finding;
use crate::quality::spec::Needs;
use crate::quality::value;
use algo::block::Kind;
use algo::scan::{Measure, Tally, Test};

pub static DISTINCT_VALUES_IN_SET: CheckKind = CheckKind {
    name: "distinct_values_in_set",
    needs: Needs::FIGURE,
    parse: |arguments| DistinctValues::parse(arguments, Relation::Within),
};

pub static DISTINCT_VALUES_CONTAIN_SET: CheckKind = CheckKind {
    name: "distinct_values_contain_set",
    needs: Needs::FIGURE,
    parse: |arguments| DistinctValues::parse(arguments, Relation::Contains),
};

pub static DISTINCT_VALUES_EQUAL_SET: CheckKind = CheckKind {
    name: "distinct_values_equal_set",
    needs: Needs::FIGURE,
    parse: |arguments| DistinctValues::parse(arguments, Relation::Equals),
};

/// How the values have to stand to the set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Relation {
    #[default]
    Within,
    Contains,
    Equals,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DistinctValues {
    value_set: Vec<Json>,
    #[serde(skip)]
    relation: Relation,
}

/// The most values of the set that a sample names.
const SHOWN: usize = 5;

impl DistinctValues {
    fn parse(arguments: Arguments<'_>, relation: Relation) -> Result<Box<dyn Assertion>> {
        let kind = arguments.kind;
        let values: DistinctValues = arguments.read()?;
        if values.value_set.iter().all(Json::is_null) {
            return Err(out_of_range(kind, "value_set must have a value"));
        }
        Ok(Box::new(DistinctValues { relation, ..values }))
    }

    fn finding(&self, tally: &Tally, kind: Kind) -> Finding {
        let (occurring, missing) = match tally.measure() {
            Measure::Occurring(occurring) => {
                let values = occurring.values();
                let missing: Vec<Json> = values
                    .iter()
                    .filter(|(_, rows)| *rows == 0)
                    .map(|(value, _)| value::json(kind, value))
                    .collect();
                (values.len() - missing.len(), missing)
            }
            _ => (0, Vec::new()),
        };
        let further: Vec<Json> = tally.sample().map(|value| value::json(kind, value)).collect();
        let (threshold, holds) = match self.relation {
            Relation::Within => ("in value_set", further.is_empty()),
            Relation::Contains => ("all of value_set", missing.is_empty()),
            Relation::Equals => ("equal to value_set", further.is_empty() && missing.is_empty()),
        };
        let mut finding = Finding::figure("values_of_set", Some(occurring as f64), threshold.into(), holds);
        let shown: Vec<&Json> = missing.iter().take(SHOWN).collect();
        finding.sample = Some(match self.relation {
            Relation::Within => json!({ "further": further }),
            Relation::Contains => json!({ "missing": shown }),
            Relation::Equals => json!({ "missing": shown, "further": further }),
        });
        if self.relation == Relation::Within {
            finding.failed = Some(tally.failed);
        }
        if !holds && !missing.is_empty() && self.relation != Relation::Within {
            finding.message = Some(match missing.len() {
                1 => "1 value of value_set does not occur".into(),
                several => format!("{several} values of value_set do not occur"),
            });
        }
        finding
    }
}

impl Assertion for DistinctValues {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        // Whether such values are equal only their type's own operators know.
        let suits = |kind: Kind| !matches!(kind, Kind::Array | Kind::Json | Kind::Other);
        let column = planner.column_of(suits, "a number, a time, a text, an enum, a uuid or bytes")?;
        let kind = intake::kind_of(column.type_oid);
        let values = constants(&self.value_set, column)?;
        if values.len() < self.value_set.iter().filter(|value| !value.is_null()).count() {
            // 1.5 among integers: it cannot occur, and would not be missed.
            return Err(out_of_range(
                planner.spec.kind,
                "value_set has a number that no value of the column can be",
            ));
        }
        let test = Test::Occurring { values };
        let input = planner.input(column);
        let plan = figure::plan(planner, Some(input), test, move |tally| Ok(self.finding(tally, kind)))?;
        Ok(Plan {
            failing_rows: match self.relation {
                Relation::Within => FailingRows::Tested,
                Relation::Contains | Relation::Equals => FailingRows::Unknown(SEE_FIGURE),
            },
            ..plan
        })
    }
}

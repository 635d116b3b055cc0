//! `most_common_value`: that the most frequent values are among some.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::assertion::{Assertion, CheckKind};
use super::common::figure;
use super::common::literal::constants;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::quality::finding::{Finding, Verdict};
use crate::quality::spec::Needs;
use crate::quality::value;
use algo::profile::Point;
use algo::scan::{Constant, Measure, Test};

pub static MOST_COMMON_VALUE: CheckKind = CheckKind {
    name: "most_common_value",
    needs: Needs::FIGURE,
    parse: |arguments| Ok(Box::new(arguments.read_sound(MostCommonValue::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MostCommonValue {
    value_set: Vec<Json>,
    #[serde(default = "first")]
    top_n: usize,
    /// Whether values outside of the set may be as frequent as the last of the top, though not more so.
    #[serde(default)]
    ties_okay: bool,
}

fn first() -> usize {
    1
}

impl MostCommonValue {
    fn problem(&self) -> Option<&'static str> {
        (self.value_set.is_empty() || self.top_n == 0)
            .then_some("value_set must not be empty, and top_n must be at least 1")
    }
}

/// The `top` most frequent values, and those that are as frequent as the last of them: which of these comes first means nothing.
fn with_ties(values: Vec<(Point, u64)>, top: usize) -> Vec<(Constant, u64)> {
    let least = values.iter().take(top).next_back().map_or(0, |(_, rows)| *rows);
    let most = values.into_iter().take_while(|(_, rows)| *rows >= least);
    most.map(|(point, rows)| (value::of_point(&point), rows)).collect()
}

impl MostCommonValue {
    /// Whether the most frequent values are in the set: all of them, or, where ties are okay, those that are more frequent than the last, and as
    /// many of the ties as fill the top.
    fn holds(&self, most: &[(Constant, u64)], accepted: &[Constant]) -> bool {
        let least = most.last().map_or(0, |(_, rows)| *rows);
        let inside = most.iter().filter(|(value, _)| accepted.contains(value)).count();
        let above_outside = most
            .iter()
            .any(|(value, rows)| *rows > least && !accepted.contains(value));
        if self.ties_okay {
            !above_outside && inside >= self.top_n.min(most.len())
        } else {
            inside == most.len()
        }
    }
}

impl Assertion for MostCommonValue {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column()?;
        let (kind, accepted) = (intake::kind_of(column.type_oid), constants(&self.value_set, column)?);
        let (input, top) = (planner.input(column), self.top_n);
        figure::plan(planner, Some(input), Test::Profile, move |tally| {
            let most = match tally.measure() {
                Measure::Profile(profile) => with_ties(profile.report().top, top),
                _ => Vec::new(),
            };
            let holds = self.holds(&most, &accepted);
            let rows = most.first().map(|(_, rows)| *rows as f64);
            let mut finding = Finding::figure("rows_of_most_common", rows, format!("top {top} in value_set"), holds);
            let listed: Vec<Json> = most
                .iter()
                .map(|(cell, rows)| json!({ "value": value::json(kind, cell), "rows": rows }))
                .collect();
            finding.sample = Some(Json::Array(listed));
            if most.is_empty() {
                finding.verdict = Verdict::TooLittle;
                finding.message = Some("there is no value".into());
            }
            Ok(finding)
        })
    }
}

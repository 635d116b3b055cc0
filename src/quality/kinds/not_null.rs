//! `not_null` and `not_null_proportion`: whether there are values.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::{figure, rows};
use super::plan::{FailingRows, Means, Plan, Planner};
use crate::pg::error::Result;
use crate::quality::finding::Finding;
use crate::quality::spec::{Bounds, Needs};
use algo::scan::Test;

pub static NOT_NULL: CheckKind = CheckKind {
    name: "not_null",
    needs: Needs::ROWS,
    parse: |arguments| {
        arguments.none()?;
        Ok(Box::new(NotNull))
    },
};

pub static NOT_NULL_PROPORTION: CheckKind = CheckKind {
    name: "not_null_proportion",
    needs: Needs::FIGURE,
    parse: |arguments| Ok(Box::new(arguments.read_sound(NotNullProportion::problem)?)),
};

#[derive(Debug)]
struct NotNull;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotNullProportion {
    at_least: f64,
    #[serde(default = "all")]
    at_most: f64,
}

fn all() -> f64 {
    1.0
}

impl Assertion for NotNull {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, column) = (planner.spec, planner.column()?);
        let input = planner.input(column);
        let inquiry = planner.ask(Some(input), Test::NotNull, move |answer| {
            let mut findings = rows::findings(spec, answer, None)?;
            // The NULLs are what fails.
            findings.iter_mut().for_each(|finding| finding.nulls = finding.failed);
            Ok(findings)
        })?;
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Tested,
        })
    }
}

impl NotNullProportion {
    fn problem(&self) -> Option<&'static str> {
        let shares = 0.0..=1.0;
        let sound = shares.contains(&self.at_least) && shares.contains(&self.at_most) && self.at_least <= self.at_most;
        (!sound).then_some("at_least and at_most must be between 0 and 1, and in order")
    }
}

impl Assertion for NotNullProportion {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let bounds = Bounds {
            min_value: Some(self.at_least),
            max_value: Some(self.at_most),
        };
        let column = planner.column()?;
        let input = planner.input(column);
        figure::plan(planner, Some(input), Test::NotNull, move |tally| {
            let (rows, nulls) = (tally.rows, tally.failed);
            let share = (rows > 0).then(|| (rows - nulls) as f64 / rows as f64);
            Ok(Finding {
                nulls: Some(nulls),
                ..figure::within("not_null_fraction", share, &bounds)
            })
        })
    }
}

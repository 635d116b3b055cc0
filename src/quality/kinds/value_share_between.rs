//! `value_share_between`: the share of values that are some of a list. NULL is no value; without values there is no share.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::figure;
use super::common::literal::constants;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{Bounds, Needs};
use algo::block::Kind;
use algo::scan::Test;

pub static VALUE_SHARE_BETWEEN: CheckKind = CheckKind {
    name: "value_share_between",
    needs: Needs::FIGURE,
    parse: |arguments| Ok(Box::new(arguments.read_sound(ValueShareBetween::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueShareBetween {
    values: Vec<Json>,
    min_value: Option<f64>,
    max_value: Option<f64>,
}

impl ValueShareBetween {
    fn bounds(&self) -> Bounds {
        Bounds {
            min_value: self.min_value,
            max_value: self.max_value,
        }
    }

    fn problem(&self) -> Option<&'static str> {
        let ends = self.min_value.iter().chain(&self.max_value);
        if self.values.iter().all(Json::is_null) {
            return Some("values must have a value");
        }
        let shares = ends.into_iter().all(|end| (0.0..=1.0).contains(end));
        let problem = self.bounds().problem();
        problem.or((!shares).then_some("min_value and max_value are shares, from 0 to 1"))
    }
}

impl Assertion for ValueShareBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        // Whether such values are equal only their type's own operators know.
        let suits = |kind: Kind| !matches!(kind, Kind::Array | Kind::Json | Kind::Other);
        let column = planner.column_of(suits, "a number, a time, a text, an enum, a uuid or bytes")?;
        let test = Test::Accepted {
            values: constants(&self.values, column)?,
            negated: false,
        };
        let (input, bounds) = (planner.input(column), self.bounds());
        figure::plan(planner, Some(input), test, move |tally| {
            let present = tally.rows - tally.nulls;
            let share = (present > 0).then(|| (present - tally.failed) as f64 / present as f64);
            Ok(figure::within("value_share", share, &bounds))
        })
    }
}

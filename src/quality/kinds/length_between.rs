//! `length_between`: how many characters texts have.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{NO_BOUND, Needs, OUT_OF_ORDER};
use algo::scan::Test;

pub static LENGTH_BETWEEN: CheckKind = CheckKind {
    name: "length_between",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(LengthBetween::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LengthBetween {
    min_value: Option<u64>,
    max_value: Option<u64>,
}

impl LengthBetween {
    fn problem(&self) -> Option<&'static str> {
        match (self.min_value, self.max_value) {
            (None, None) => Some(NO_BOUND),
            (Some(low), Some(high)) if low > high => Some(OUT_OF_ORDER),
            (Some(_), _) | (_, Some(_)) => None,
        }
    }
}

impl Assertion for LengthBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let test = Test::Length {
            low: self.min_value,
            high: self.max_value,
        };
        rows::test(planner, column, test)
    }
}

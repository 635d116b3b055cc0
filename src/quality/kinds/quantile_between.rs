//! `quantile_between`: a quantile between two bounds.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::figure;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{Bounds, Needs};
use algo::block::Kind;
use algo::scan::{Measure, Test};

pub static QUANTILE_BETWEEN: CheckKind = CheckKind {
    name: "quantile_between",
    needs: Needs::FIGURE,
    parse: |arguments| Ok(Box::new(arguments.read_sound(QuantileBetween::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuantileBetween {
    quantile: f64,
    min_value: Option<f64>,
    max_value: Option<f64>,
}

impl QuantileBetween {
    fn bounds(&self) -> Bounds {
        Bounds {
            min_value: self.min_value,
            max_value: self.max_value,
        }
    }

    fn problem(&self) -> Option<&'static str> {
        let within = (0.0..=1.0).contains(&self.quantile);
        let problem = self.bounds().problem();
        problem.or((!within).then_some("quantile must be between 0 and 1"))
    }
}

impl Assertion for QuantileBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(Kind::is_number, "a number")?;
        let (input, bounds) = (planner.input(column), self.bounds());
        figure::plan(planner, Some(input), Test::Profile, move |tally| {
            let quantile = match tally.measure() {
                Measure::Profile(profile) => profile.quantile(self.quantile),
                _ => None,
            };
            Ok(figure::within("quantile", quantile, &bounds))
        })
    }
}

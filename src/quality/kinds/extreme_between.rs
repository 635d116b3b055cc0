//! `min_between` and `max_between`: the least or the greatest value between two bounds, with the arguments of dbt_expectations. What counts
//! as least and greatest is what PostgreSQL's min and max give: infinities are values, and NaN is above all numbers.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::assertion::{Arguments, Assertion, CheckKind, out_of_range};
use super::common::figure;
use super::common::literal::bound;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::quality::finding::Finding;
use crate::quality::spec::{NO_BOUND, Needs, OUT_OF_ORDER};
use crate::quality::value;
use algo::block::{Form, Kind};
use algo::scan::{Bound, Constant, Measure, Test};

pub static MIN_BETWEEN: CheckKind = CheckKind {
    name: "min_between",
    needs: Needs::FIGURE,
    parse: |arguments| ExtremeBetween::parse(arguments, Extreme::Least),
};

pub static MAX_BETWEEN: CheckKind = CheckKind {
    name: "max_between",
    needs: Needs::FIGURE,
    parse: |arguments| ExtremeBetween::parse(arguments, Extreme::Greatest),
};

#[derive(Debug, Clone, Copy, Default)]
enum Extreme {
    #[default]
    Least,
    Greatest,
}

impl Extreme {
    /// As results name it.
    fn metric(self) -> &'static str {
        match self {
            Extreme::Least => "min",
            Extreme::Greatest => "max",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtremeBetween {
    min_value: Option<Json>,
    max_value: Option<Json>,
    /// Whether the bounds themselves are outside.
    #[serde(default)]
    strictly: bool,
    #[serde(skip)]
    extreme: Extreme,
}

impl ExtremeBetween {
    fn parse(arguments: Arguments<'_>, extreme: Extreme) -> Result<Box<dyn Assertion>> {
        let bounds: ExtremeBetween = arguments.read_sound(|bounds: &ExtremeBetween| {
            (bounds.min_value.is_none() && bounds.max_value.is_none()).then_some(NO_BOUND)
        })?;
        Ok(Box::new(ExtremeBetween { extreme, ..bounds }))
    }

    /// As the threshold of a result says it.
    fn describe(&self) -> String {
        let end = |bound: &Option<Json>| {
            bound.as_ref().map(|bound| match bound {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            })
        };
        match (end(&self.min_value), end(&self.max_value), self.strictly) {
            (Some(low), Some(high), false) => format!("between {low} and {high}"),
            (Some(low), Some(high), true) => format!("> {low} and < {high}"),
            (Some(low), None, false) => format!(">= {low}"),
            (Some(low), None, true) => format!("> {low}"),
            (None, Some(high), false) => format!("<= {high}"),
            (None, Some(high), true) => format!("< {high}"),
            (None, None, _) => String::new(),
        }
    }
}

/// The number of a cell, which is what it is compared by.
enum Place {
    Integer(i64),
    Number(f64),
}

fn place(constant: &Constant) -> Option<Place> {
    match constant {
        Constant::Integer(integer) => Some(Place::Integer(*integer)),
        Constant::Number(number) => Some(Place::Number(*number)),
        Constant::Text(_) => None,
    }
}

/// Whether a value is within one end of a range; NaN is above every number, and within no upper end.
fn within(value: &Constant, end: Option<&Bound>, is_upper: bool) -> bool {
    let Some(end) = end else { return true };
    match (place(value), place(&end.value)) {
        (Some(Place::Integer(value)), Some(Place::Integer(end_value))) => match (is_upper, end.strict) {
            (true, false) => value <= end_value,
            (true, true) => value < end_value,
            (false, false) => value >= end_value,
            (false, true) => value > end_value,
        },
        (Some(Place::Number(value)), Some(Place::Number(end_value))) => match (is_upper, end.strict) {
            (true, false) => value <= end_value,
            (true, true) => value < end_value,
            (false, false) => value >= end_value || value.is_nan(),
            (false, true) => value > end_value || value.is_nan(),
        },
        _ => false,
    }
}

impl Assertion for ExtremeBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let suits = |kind: Kind| kind.form() != Form::Texts && kind != Kind::Bool;
        let column = planner.column_of(suits, "a number or a time")?;
        let kind = intake::kind_of(column.type_oid);
        let low = bound(self.min_value.as_ref(), !self.strictly, column, f64::ceil)?;
        let high = bound(self.max_value.as_ref(), !self.strictly, column, f64::floor)?;
        if let (Some(low), Some(_)) = (&low, &high)
            && !within(
                &low.value,
                high.as_ref()
                    .map(|high| Bound {
                        strict: false,
                        ..high.clone()
                    })
                    .as_ref(),
                true,
            )
        {
            return Err(out_of_range(planner.spec.kind, OUT_OF_ORDER));
        }
        let input = planner.input(column);
        figure::plan(planner, Some(input), Test::Extremes, move |tally| {
            let extreme = match (tally.measure(), self.extreme) {
                (Measure::Extremes(extremes), Extreme::Least) => extremes.least(),
                (Measure::Extremes(extremes), Extreme::Greatest) => extremes.greatest(),
                _ => None,
            };
            let metric = self.extreme.metric();
            let Some(extreme) = extreme else {
                return Ok(figure::too_little(metric, self.describe()));
            };
            let holds = within(extreme, low.as_ref(), false) && within(extreme, high.as_ref(), true);
            let number = match (kind.is_number(), extreme) {
                (true, Constant::Integer(integer)) => Some(*integer as f64),
                (true, Constant::Number(number)) => Some(*number),
                _ => None,
            };
            let mut finding = Finding::figure(metric, number, self.describe(), holds);
            finding.sample = number.is_none().then(|| json!({ metric: value::json(kind, extreme) }));
            Ok(finding)
        })
    }
}

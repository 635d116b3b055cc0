//! The sufficient statistics of linear models as an aggregate: one parallel pass gives a state, states merge, and a state answers for its rows
//! without reading them again.

use pgrx::iter::TableIterator;
use pgrx::{name, pg_extern, pg_sys};

use crate::pg::arguments;
use crate::pg::error::{Error, INVALID_PARAMETER, MISMATCHED_STATES, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::site;
use crate::pg::state::{self, StateDatum};
use crate::pg::types::{Reader, Value};
use algo::fitted::Fitted;
use algo::linear::{Gram, LinearModel, RidgeParams, ridge_gram};
use algo::monitor::Monitor;
use algo::parameters::Hyperparameters;
use algo::state::State;

/// The step of `linear_statistics(target, VARIADIC features)`. Rows with a NULL or NaN are counted and left out.
#[pg_extern(sql = false)]
fn linear_statistics_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise((|| {
        let Value::Vector(features) = arguments::value(fcinfo, 2, Reader::Float8Array) else {
            return Ok(state::unchanged(fcinfo));
        };
        let target = match arguments::value(fcinfo, 1, Reader::Float8) {
            Value::Number(target) => target,
            _ => f64::NAN,
        };
        let width = features.len();
        let statement = site::remembered(fcinfo, || None::<Foreground>);
        match statement {
            Some(statement) => statement.check()?,
            None => *statement = Some(Foreground::new()?),
        }
        state::step(fcinfo, Some(|| Ok(State::from(Gram::new(width)?))), |state| {
            let gram = gram_of(state)?;
            let expected = gram.width();
            if width != expected {
                return Err(Error::new(INVALID_PARAMETER, "rows have different numbers of features")
                    .detail(format!("This row has {width}, those before have {expected}."))
                    .hint("Give every row as many features."));
            }
            gram.push(&features, target);
            Ok(())
        })
    })())
}

fn gram_of(state: &mut State) -> Result<&mut Gram> {
    match state {
        State::Gram(gram) => Ok(gram),
        other => Err(not_linear(other)),
    }
}

fn not_linear(state: &State) -> Error {
    Error::new(
        MISMATCHED_STATES,
        format!("a state of {} does not hold linear statistics", state.kind()),
    )
    .hint("Make it with the aggregate assay.linear_statistics.")
}

/// `linear_fit(state, alpha)`: the intercept (feature 0) and a weight a feature.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn linear_fit(
    fcinfo: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(feature, i32),
        name!(weight, f64),
        name!(standard_error, Option<f64>),
        name!(p_value, Option<f64>),
    ),
> {
    let alpha = match arguments::value(fcinfo, 1, Reader::Float8) {
        Value::Number(alpha) => alpha,
        _ => 0.0,
    };
    let model = or_raise(state::look(fcinfo, 0, |state| match state {
        State::Gram(gram) => fit(gram, alpha),
        other => Err(not_linear(other)),
    }));
    let rows = model.map(|model| {
        let (intercepts, weights) = model.weights().unwrap_or_default();
        let intercept = (intercepts.iter()).map(|i| (0, i.value, i.standard_error, i.p_value));
        let weights = (weights.iter()).map(|w| (w.feature as i32 + 1, w.weight, w.standard_error, w.p_value));
        intercept.chain(weights).collect::<Vec<_>>()
    });
    TableIterator::new(rows.unwrap_or_default())
}

/// Least squares, with a penalty on the raw weights when `alpha` is above 0.
fn fit(gram: &Gram, alpha: f64) -> Result<LinearModel> {
    let params = RidgeParams::default().alpha(alpha).standardize(false);
    params.check()?;
    Ok(ridge_gram(gram, &params)?)
}

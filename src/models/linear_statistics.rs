//! The sufficient statistics of linear models as an aggregate: one parallel pass gives a state, states merge, and a state answers for its rows
//! without reading them again.

use pgrx::{pg_extern, pg_sys};

use crate::pg::error::{Error, INVALID_PARAMETER, MISMATCHED_STATES, Result, advise, or_raise};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::foreground::Foreground;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::site;
use crate::pg::state::{self, StateDatum};
use algo::fitted::Fitted;
use algo::linear::{Gram, LinearModel, RidgeParams, ridge_gram};
use algo::monitor::Monitor;
use algo::parameters::Hyperparameters;
use algo::state::State;

/// What a call site remembers.
struct Site {
    target: Field,
    features: Field,
    statement: Foreground,
}

impl Site {
    fn new(fcinfo: pg_sys::FunctionCallInfo) -> Result<Site> {
        let arguments = Arguments::of(&fcinfo);
        Ok(Site {
            target: arguments.require(1)?,
            features: arguments.require(2)?,
            statement: Foreground::new()?,
        })
    }
}

/// The step of `linear_statistics(target, VARIADIC features)`. Rows with a NULL or NaN are counted and left out.
#[pg_extern(sql = false)]
fn linear_statistics_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise(site::with(
        fcinfo,
        || None::<Site>,
        |known| {
            let site = match known {
                Some(site) => site,
                None => known.insert(Site::new(fcinfo)?),
            };
            site.statement.check()?;
            let arguments = Arguments::of(&fcinfo);
            let Value::Vector(features) = arguments.value(&site.features) else {
                return Ok(state::unchanged(fcinfo));
            };
            let target = match arguments.value(&site.target) {
                Value::Number(target) => target,
                _ => f64::NAN,
            };
            let width = features.len();
            state::step(fcinfo, Some(|| Ok(State::from(Gram::new(width)?))), |state| {
                let gram = gram_of(state)?;
                let expected = gram.width();
                if width != expected {
                    return Err(Error::new(INVALID_PARAMETER, "rows have different numbers of features")
                        .detail(format!("This row has {width}, those before have {expected}."))
                        .hint("Give every row as many features."));
                }
                Ok(gram.push(&features, target)?)
            })
        },
    ))
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

result_row! {
    /// A weight; that of feature 0 is the intercept.
    struct FittedWeight {
        feature: i32,
        weight: f64,
        standard_error: Option<f64>,
        p_value: Option<f64>,
    }
}

/// `linear_fit(state, alpha)`.
#[pg_extern(sql = false)]
fn linear_fit(fcinfo: pg_sys::FunctionCallInfo) -> SetOf<FittedWeight> {
    let alpha = or_raise(Arguments::of(&fcinfo).number(1)).unwrap_or(0.0);
    let model = or_raise(state::look(fcinfo, 0, |state| match state {
        State::Gram(gram) => fit(gram, alpha),
        other => Err(not_linear(other)),
    }));
    if let Some(model) = &model {
        look_at_digits(model);
    }
    let rows = model.map(|model| {
        let (intercepts, weights) = model.weights().unwrap_or_default();
        let intercepts = intercepts.iter().map(|intercept| FittedWeight {
            feature: 0,
            weight: intercept.value,
            standard_error: intercept.standard_error,
            p_value: intercept.p_value,
        });
        let weights = weights.iter().map(|weight| FittedWeight {
            feature: weight.feature as i32 + 1,
            weight: weight.weight,
            standard_error: weight.standard_error,
            p_value: weight.p_value,
        });
        intercepts.chain(weights).collect::<Vec<_>>()
    });
    set_of(rows.unwrap_or_default())
}

/// Above this condition number of the columns fewer than six digits of weights may be right.
const HIGH_CONDITION: f64 = 1e5;

/// Says that sums of products tell too little of features that nearly depend on each other.
fn look_at_digits(model: &LinearModel) {
    let (rank, width) = (
        model.summary().rank,
        model.weights().map_or(0, |(_, weights)| weights.len()),
    );
    let condition = model.condition().unwrap_or(1.0);
    let message = if rank < width {
        let dependent = match width - rank {
            1 => "1 depends".into(),
            count => format!("{count} depend"),
        };
        format!("of {width} features {dependent} on the others, or so nearly that sums of products do not tell")
    } else if condition > HIGH_CONDITION {
        // Products have the square of the columns' condition number.
        let digits = (-(f64::EPSILON.log10()) - 2.0 * condition.log10()).max(0.0).floor();
        format!(
            "the features nearly depend on each other: their condition number is about {condition:.0e}, and about {digits} digits of the weights are right"
        )
    } else {
        return;
    };
    advise(
        message,
        None,
        Some("Leave out features that others make up, or give alpha. assay.train with linear_regression has the rows themselves, which tell more.".into()),
    );
}

/// Least squares, with a penalty on the raw weights when `alpha` is above 0.
fn fit(gram: &Gram, alpha: f64) -> Result<LinearModel> {
    let params = RidgeParams::default().alpha(alpha).standardize(false);
    params.check()?;
    Ok(ridge_gram(gram, &params)?)
}

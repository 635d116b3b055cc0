//! The choice of what forecasts a series: rolling origins judge its method against the seasonal naive.

use super::fitter::{FEWEST, Fit, Fitter, naive};
use super::notes::Reason;
use super::options::{ForecastParams, Method, Reconcile};
use super::rolling::{Errors, Origins, errors, first_origin, naive_state};
use crate::error::Result;

/// A method loses when its errors are larger than the seasonal naive's by more than chance: by this share over the square root of the number of horizons that fit
/// into the values that were forecast, for errors of origins within a horizon go together. Where the naive takes over at any larger error, what comes later is forecast
/// worse in all collections that were tried: M3, which was looked at when this share was chosen, and M1 and Tourism, which were not.
const CHANCE: f64 = 0.8;

/// How a series came to its state.
pub(super) struct Choice {
    pub fit: Fit,
    pub reason: Reason,
    pub errors: Errors,
    /// The scale of errors in the values before the first origin.
    pub first_scale: f64,
    /// By what errors are scaled in [`super::StepAccuracy::mase`].
    pub naive_error: f64,
}

/// Chooses what forecasts values, of which there is at least one.
pub(super) fn choose(fitter: &Fitter, params: &ForecastParams, values: &[f64], kept: usize) -> Result<Choice> {
    let without = |fit, reason| Choice {
        fit,
        reason,
        errors: Errors::default(),
        first_scale: 0.0,
        naive_error: 0.0,
    };
    if values.iter().all(|value| *value == values[0]) {
        return Ok(without(naive(values, 1), Reason::Constant));
    }
    if values.len() < FEWEST.max(params.min_history) {
        return Ok(without(naive(values, 1), Reason::Few(values.len())));
    }
    let first = first_origin(values.len(), params.horizon);
    let method = fitter.resolve(values);
    let mut known = Vec::new();
    if first < FEWEST || values[..first].iter().all(|value| *value == values[0]) {
        return Ok(without(
            fitter.fit(method, values, &mut known)?,
            Reason::Unjudged(values.len()),
        ));
    }
    let begin = &values[..first];
    let origins = Origins {
        first,
        horizon: params.horizon,
        kept,
        // Covariances need the errors of all origins.
        all_first: params.reconcile != Reconcile::None,
    };
    let judge = |state, monitor| errors(state, values, origins, monitor);
    let part = fitter.fit(method, begin, &mut known)?;
    let ours = judge(part.state, fitter.monitor)?;
    let simple = naive(begin, fitter.season());
    let theirs = judge(naive_state(begin, fitter.season()), fitter.monitor)?;
    let overflow = |errors| Choice {
        fit: naive(values, 1),
        reason: Reason::Overflow,
        errors,
        first_scale: simple.error,
        naive_error: simple.error,
    };
    if !ours.mean.is_finite() {
        return Ok(overflow(theirs));
    }
    let share = match theirs.mean > 0.0 {
        true => ours.mean / theirs.mean,
        false => f64::INFINITY,
    };
    let naive_error = simple.error;
    let limit = 1.0 + CHANCE / (((values.len() - first) as f64 / params.horizon as f64).max(1.0)).sqrt();
    let loses = share > limit || !share.is_finite();
    if params.method == Method::Auto && loses {
        return Ok(Choice {
            fit: naive(values, fitter.season()),
            reason: Reason::Lost(share),
            errors: theirs,
            first_scale: simple.error,
            naive_error,
        });
    }
    let fit = fitter.fit(method, values, &mut known)?;
    let mut tried = vec![0.0; params.horizon];
    fit.state.project(&mut tried);
    if tried.iter().any(|value| !value.is_finite()) || !fit.error.is_finite() {
        return Ok(overflow(theirs));
    }
    let zeros = values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64;
    let reason = match params.method {
        Method::Auto if method == Method::Tsb => Reason::Intermittent(zeros),
        Method::Auto => Reason::Better(share),
        _ => Reason::Asked,
    };
    Ok(Choice {
        fit,
        reason,
        errors: ours,
        first_scale: part.error,
        naive_error,
    })
}

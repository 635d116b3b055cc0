//! Fits all series of an input.

use rayon::prelude::*;

use super::conformal::{OwnErrors, Pool};
use super::effects::Calendar;
use super::fitter::{FEWEST, Fit, Fitter, naive};
use super::frequency::Frequency;
use super::input::{Input, Series};
use super::model::{ForecastModel, SeriesModel, StepAccuracy};
use super::notes::{Note, Reason};
use super::options::{ForecastParams, Method};
use super::regular::{Regular, order, regular};
use super::rolling::{Errors, errors, first_origin, naive_state};
use super::state::State;
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// About as many errors of rolling origins are kept while all series are fitted, at four bytes each.
const ERRORS: usize = 40_000_000;

/// A method loses when its errors are more than this share of the seasonal naive's.
const LOSES: f64 = 1.0;

/// Fits every series, in parallel. Returns an error when stopped, for series of more than one frequency that cannot be told, and where rows break what was asked of
/// duplicates and gaps.
pub fn fit(params: &ForecastParams, input: &Input, monitor: &dyn Monitor) -> Result<ForecastModel> {
    if input
        .series
        .iter()
        .all(|series| series.values.iter().all(|value| !value.is_finite()))
    {
        return Err(Error::data(
            "there is no value to forecast from",
            "Look at the query and at its target column.",
        ));
    }
    let frequencies = frequencies(params, &input.series, monitor)?;
    let calendar = Calendar::of(&input.events);
    let origins = (ERRORS / (params.horizon * input.series.len())).max(4);
    let fitted: Vec<One> = input
        .series
        .par_iter()
        .zip(&frequencies)
        .map(|(series, frequency)| {
            monitor.check()?;
            let name = format!("\"{}\"", series.key.join(", "));
            let regular = regular(series, *frequency, params, &name, monitor)?;
            One::fit(params, &series.key, *frequency, regular, origins, monitor)
        })
        .collect::<Result<_>>()?;
    Ok(assemble(params, fitted, calendar))
}

/// The frequency of each series: what was asked for, or what its times say, or for too few of them what most series have.
fn frequencies(params: &ForecastParams, series: &[Series], monitor: &dyn Monitor) -> Result<Vec<Frequency>> {
    let asked = params.frequency.as_deref().and_then(Frequency::named);
    let found = series.par_iter().map(|series| {
        monitor.check()?;
        let mut times: Vec<i64> = order(series).into_iter().map(|index| series.times[index]).collect();
        times.dedup();
        Ok((
            asked
                .map(|asked| asked.at(&times))
                .or_else(|| if times.len() > 2 { Frequency::of(&times) } else { None }),
            Frequency::of(&times),
        ))
    });
    let found: Vec<(Option<Frequency>, Option<Frequency>)> = found.collect::<Result<_>>()?;
    let mut sorted: Vec<Frequency> = found.iter().filter_map(|(frequency, _)| *frequency).collect();
    sorted.sort_unstable();
    let usual = sorted
        .chunk_by(|a, b| a == b)
        .fold((0, None), |best, run| match run.len() > best.0 {
            true => (run.len(), run.first().copied()),
            false => best,
        });
    let day = Frequency::Clock(super::calendar::DAY);
    Ok(found
        .into_iter()
        .map(|(sure, weak)| sure.or(usual.1).or(weak).unwrap_or(day))
        .collect())
}

/// A fitted series, and what its pool learns from it.
struct One {
    model: SeriesModel,
    errors: Errors,
    /// The scale of errors in the values before the first origin.
    first_scale: f64,
    /// Which pool it belongs to.
    kind: (usize, bool),
    /// The mean absolute value.
    size: f64,
    /// By what errors are scaled in [`StepAccuracy::mase`].
    naive_error: f64,
}

/// How a series came to its state.
struct Choice {
    fit: Fit,
    reason: Reason,
    errors: Errors,
    first_scale: f64,
    naive_error: f64,
}

impl One {
    fn fit(
        params: &ForecastParams,
        key: &[String],
        frequency: Frequency,
        regular: Regular,
        origins: usize,
        monitor: &dyn Monitor,
    ) -> Result<One> {
        let values = &regular.values;
        let mut seasons = match params.season_lengths.is_empty() {
            true => frequency.seasons(),
            false => params.season_lengths.clone(),
        };
        seasons.sort_unstable();
        seasons.dedup();
        seasons.retain(|season| *season > 1 && values.len() >= *season);
        let fitter = Fitter {
            method: params.method,
            seasons: &seasons,
            monitor,
        };
        let choice = match values.is_empty() {
            true => None,
            false => Some(choose(&fitter, params, values, origins)?),
        };
        let mut notes = regular.notes;
        if values.len() < 2 * fitter.season() {
            notes.push(Note::Short(values.len()));
        }
        let is_non_negative = params.non_negative.unwrap_or(values.iter().all(|value| *value >= 0.0));
        let size = values.iter().map(|value| value.abs()).sum::<f64>() / values.len().max(1) as f64;
        let (state, reason, errors, first_scale, scale, naive_error) = match choice {
            Some(Choice {
                fit,
                reason,
                errors,
                first_scale,
                naive_error,
            }) => (Some(fit.state), reason, errors, first_scale, fit.error, naive_error),
            None => (None, Reason::Few(0), Errors::default(), 0.0, 0.0, 0.0),
        };
        let is_intermittent = matches!(state, Some(State::Intermittent(_)));
        let judged = errors.ahead.iter().any(|ahead| !ahead.is_empty());
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        Ok(One {
            kind: (fitter.season(), is_intermittent),
            size,
            first_scale,
            naive_error,
            model: SeriesModel {
                key: key.to_vec(),
                frequency,
                last: regular.last,
                count: values.len(),
                state,
                reason,
                notes,
                scale,
                factors: Vec::new(),
                pool: 0,
                is_non_negative,
                mase: if judged && naive_error > 0.0 {
                    errors.mean / naive_error
                } else {
                    f64::NAN
                },
                smape: if judged { mean(&errors.smape) } else { f64::NAN },
                effects: None,
            },
            errors,
        })
    }
}

/// Chooses what forecasts values, of which there is at least one.
fn choose(fitter: &Fitter, params: &ForecastParams, values: &[f64], origins: usize) -> Result<Choice> {
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
    let judge = |state, monitor| errors(state, values, first, params.horizon, origins, monitor);
    let part = fitter.fit(method, begin, &mut known)?;
    let ours = judge(part.state, fitter.monitor)?;
    let simple = naive(begin, fitter.season());
    let theirs = judge(naive_state(begin, fitter.season()), fitter.monitor)?;
    let share = ours.mean / theirs.mean;
    let naive_error = simple.error;
    let loses = share > LOSES || !share.is_finite();
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
        return Ok(Choice {
            fit: naive(values, 1),
            reason: Reason::Overflow,
            errors: theirs,
            first_scale: simple.error,
            naive_error,
        });
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

/// Pools the errors of series of one kind, and puts all together.
fn assemble(params: &ForecastParams, mut fitted: Vec<One>, calendar: Calendar) -> ForecastModel {
    let mut kinds: Vec<(usize, bool)> = fitted.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut pools = Vec::with_capacity(kinds.len());
    for (number, kind) in kinds.iter().enumerate() {
        let members: Vec<usize> = (0..fitted.len()).filter(|index| fitted[*index].kind == *kind).collect();
        let own: Vec<OwnErrors> = members
            .iter()
            .map(|index| OwnErrors {
                ahead: &fitted[*index].errors.ahead,
                scale: fitted[*index].first_scale,
            })
            .collect();
        let (mut pool, factors) = Pool::learn(&own, params.horizon);
        let mut relative: Vec<f64> = members
            .iter()
            .map(|index| fitted[*index].model.scale / fitted[*index].size)
            .filter(|share| share.is_finite() && *share > 0.0)
            .collect();
        relative.sort_unstable_by(f64::total_cmp);
        pool.relative_scale = relative.get(relative.len() / 2).copied().unwrap_or(0.0);
        for (index, factors) in members.iter().zip(factors) {
            fitted[*index].model.factors = factors;
            fitted[*index].model.pool = number;
        }
        pools.push(pool);
    }
    let accuracy = (0..params.horizon).map(|step| step_accuracy(&fitted, step)).collect();
    ForecastModel {
        horizon: params.horizon,
        level: params.level,
        series: fitted.into_iter().map(|one| one.model).collect(),
        pools,
        calendar,
        hierarchy: None,
        accuracy,
    }
}

fn step_accuracy(fitted: &[One], step: usize) -> StepAccuracy {
    let (mut smape, mut judged, mut mase, mut scaled) = (0.0, 0, 0.0, 0);
    for one in fitted {
        let Some(ahead) = one.errors.ahead.get(step).filter(|ahead| !ahead.is_empty()) else {
            continue;
        };
        judged += 1;
        smape += one.errors.smape[step];
        if one.naive_error > 0.0 {
            let mean = ahead.iter().map(|error| f64::from(*error)).sum::<f64>() / ahead.len() as f64;
            mase += mean / one.naive_error;
            scaled += 1;
        }
    }
    StepAccuracy {
        series: judged,
        mase: if scaled > 0 { mase / f64::from(scaled) } else { f64::NAN },
        smape: if judged > 0 { smape / judged as f64 } else { f64::NAN },
    }
}

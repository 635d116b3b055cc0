//! Fits all series of an input.

use rayon::prelude::*;

use super::choice::{Choice, choose};
use super::conformal::{OwnErrors, Pool};
use super::effects::{Calendar, Effects};
use super::fitter::{FEWEST, Fitter, MEAN_OF_ROOT};
use super::frequency::Frequency;
use super::input::{Input, Series};
use super::model::{ForecastModel, SeriesModel, StepAccuracy};
use super::notes::{Note, Reason};
use super::options::{ForecastParams, Reconcile};
use super::reconcile::{Hierarchy, Spread};
use super::regression::effects;
use super::regular::{Regular, order, regular};
use super::rolling::Errors;
use super::state::State;
use super::totals::{check_together, sum, totals};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// About as many errors of rolling origins are kept while all series are fitted, at four bytes each.
const ERRORS: usize = 10_000_000;

/// Effects of holidays and regressors that are told apart, at most.
const MOST_EFFECTS: usize = 1_000;

/// What errors call a series: the only one has no name.
fn name_of(key: &[String]) -> String {
    match key {
        [] => "the series".into(),
        key => format!("series {}", key.join(", ")),
    }
}

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
    let calendar = Calendar::of(&input.events, monitor)?;
    if calendar.len() + params.regressors.len() > MOST_EFFECTS {
        return Err(Error::data(
            "there are too many holidays and regressors to tell their effects apart",
            "Give holidays of one kind one name.",
        )
        .detail(format!(
            "There are {} names of holidays and {} regressors; the limit is {MOST_EFFECTS} together.",
            calendar.len(),
            params.regressors.len()
        )));
    }
    let regulars: Vec<Regular> = input
        .series
        .par_iter()
        .zip(&frequencies)
        .map(|(series, frequency)| {
            monitor.check()?;
            let longest = params.longest(*frequency);
            regular(series, (*frequency, longest), params, &name_of(&series.key), monitor)
        })
        .collect::<Result<_>>()?;
    let mut jobs: Vec<(Vec<String>, Frequency, Regular)> = Vec::new();
    let totals = totals_of(params, input, &frequencies, &regulars, &mut jobs)?;
    let parts = regulars.len();
    let keys = input.series.iter().map(|series| series.key.clone());
    let of_parts = keys
        .zip(frequencies)
        .zip(regulars)
        .map(|((key, frequency), regular)| (key, frequency, regular));
    let jobs: Vec<_> = of_parts.chain(jobs).collect();
    let kept = (ERRORS / (params.horizon * jobs.len())).max(4);
    let fitted: Vec<One> = jobs
        .into_par_iter()
        .map(|(key, frequency, regular)| {
            monitor.check()?;
            One::fit(params, (key, frequency, regular), &calendar, kept, monitor)
        })
        .collect::<Result<_>>()?;
    let hierarchy = match totals.is_empty() {
        true => None,
        false => {
            let spreads: Vec<Spread> = fitted.iter().map(One::spread).collect();
            Some(Hierarchy::new(parts, totals, params.reconcile, &spreads, monitor)?)
        }
    };
    assemble(params, fitted, calendar, hierarchy, monitor)
}

/// The parts of each total, and the totals themselves among the `jobs`; none where none are asked for.
fn totals_of(
    params: &ForecastParams,
    input: &Input,
    frequencies: &[Frequency],
    regulars: &[Regular],
    jobs: &mut Vec<(Vec<String>, Frequency, Regular)>,
) -> Result<Vec<Vec<usize>>> {
    if params.reconcile == Reconcile::None {
        return Ok(Vec::new());
    }
    let together: Vec<(Frequency, &Regular)> = frequencies.iter().copied().zip(regulars).collect();
    check_together(&together)?;
    let keys: Vec<&[String]> = input.series.iter().map(|series| series.key.as_slice()).collect();
    let totals = totals(&keys);
    for total in &totals {
        let parts: Vec<&Regular> = total.parts.iter().map(|part| &regulars[*part]).collect();
        jobs.push((total.key.clone(), frequencies[total.parts[0]], sum(&parts)?));
    }
    Ok(totals.into_iter().map(|total| total.parts).collect())
}

/// The frequency of each series: what was asked for, or what its times say, or for too few of them what most series have.
fn frequencies(params: &ForecastParams, series: &[Series], monitor: &dyn Monitor) -> Result<Vec<Frequency>> {
    let asked = params.frequency.as_deref().and_then(Frequency::named);
    let found = series.par_iter().map(|series| {
        monitor.check()?;
        let mut times: Vec<i64> = room::with_capacity(series.times.len())?;
        times.extend(order(series)?.into_iter().map(|index| series.times[index]));
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

impl One {
    /// What reconciling needs of it.
    fn spread(&self) -> Spread {
        let squares = self.errors.first.iter().map(|error| f64::from(*error).powi(2));
        let variance = match self.errors.first.len() {
            0..=2 => (self.model.scale / MEAN_OF_ROOT).powi(2),
            count => squares.sum::<f64>() / count as f64,
        };
        Spread {
            variance,
            errors: self.errors.first.clone(),
        }
    }
}

impl One {
    fn fit(
        params: &ForecastParams,
        (key, frequency, mut regular): (Vec<String>, Frequency, Regular),
        calendar: &Calendar,
        kept: usize,
        monitor: &dyn Monitor,
    ) -> Result<One> {
        let seasons = params.seasons(frequency, regular.values.len());
        let is_non_negative = params
            .non_negative
            .unwrap_or(regular.values.iter().all(|value| *value >= 0.0));
        let season = seasons.first().copied().unwrap_or(1);
        let effects = take_effects(params, frequency, &mut regular, calendar, season, monitor)?;
        let values = &regular.values;
        let fitter = Fitter {
            method: params.method,
            seasons: &seasons,
            monitor,
        };
        let choice = match values.is_empty() {
            true => None,
            false => Some(choose(&fitter, params, values, kept)?),
        };
        let mut notes = regular.notes;
        let usual = params.seasons(frequency, usize::MAX).first().copied();
        if usual.is_some_and(|season| (1..2 * season).contains(&values.len())) {
            notes.push(Note::Short(values.len()));
        }
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
        let judged = errors.is_judged();
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        Ok(One {
            kind: (fitter.season(), is_intermittent),
            size,
            first_scale,
            naive_error,
            model: SeriesModel {
                key,
                frequency,
                last: regular.last,
                count: values.len(),
                state,
                reason,
                notes,
                scale: scale.min(f64::MAX),
                factors: Vec::new(),
                pool: 0,
                is_non_negative,
                mase: if judged && naive_error > 0.0 {
                    errors.mean / naive_error
                } else {
                    f64::NAN
                },
                smape: if judged { mean(&errors.smape) } else { f64::NAN },
                effects,
            },
            errors,
        })
    }
}

/// Takes the effects of events and regressors out of a series' values. `None` where there are none.
fn take_effects(
    params: &ForecastParams,
    frequency: Frequency,
    regular: &mut Regular,
    calendar: &Calendar,
    season: usize,
    monitor: &dyn Monitor,
) -> Result<Option<Effects>> {
    let count = regular.values.len();
    if count < FEWEST || calendar.len() + regular.regressors.len() == 0 {
        return Ok(None);
    }
    let end = frequency.step_of(regular.last, regular.last);
    let mut times: Vec<i64> = room::with_capacity(count)?;
    times.extend((0..count as i64).map(|index| frequency.time_of(end - (count as i64 - 1) + index, regular.last)));
    let of_events: Vec<Vec<f64>> = (0..calendar.len())
        .map(|event| {
            monitor.check()?;
            calendar.column(event, frequency, &times)
        })
        .collect::<Result<_>>()?;
    let columns: Vec<&[f64]> = of_events.iter().chain(&regular.regressors).map(Vec::as_slice).collect();
    let found = effects(&regular.values, &columns, season, monitor)?;
    let mut without = room::with_capacity(count)?;
    without.extend_from_slice(&regular.values);
    for (effect, column) in found.iter().zip(&columns) {
        monitor.check()?;
        without
            .iter_mut()
            .zip(*column)
            .for_each(|(value, is_there)| *value -= effect * is_there);
    }
    let (events, slopes) = found.split_at(calendar.len());
    let add = |index: usize| -> f64 {
        slopes
            .iter()
            .zip(&regular.regressors)
            .map(|(slope, regressor)| slope * regressor[index])
            .sum()
    };
    let known = regular.regressors.first().map_or(count, Vec::len);
    let ahead: Vec<f64> = (count..known).map(add).collect();
    let beyond = if regular.regressors.is_empty() {
        0.0
    } else {
        add(known - 1)
    };
    if !regular.regressors.is_empty() && ahead.len() < params.horizon {
        regular.notes.push(Note::Unknown(params.horizon - ahead.len()));
    }
    let effects = Effects::new(events.to_vec(), ahead, beyond);
    regular.values = without;
    Ok(Some(effects))
}

/// Pools the errors of series of one kind, and puts all together.
fn assemble(
    params: &ForecastParams,
    mut fitted: Vec<One>,
    calendar: Calendar,
    hierarchy: Option<Hierarchy>,
    monitor: &dyn Monitor,
) -> Result<ForecastModel> {
    let mut kinds: Vec<(usize, bool)> = fitted.iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut pools = Vec::with_capacity(kinds.len());
    for (number, kind) in kinds.iter().enumerate() {
        let members: Vec<usize> = (0..fitted.len()).filter(|index| fitted[*index].kind == *kind).collect();
        let own: Vec<OwnErrors> = members
            .iter()
            .map(|index| OwnErrors {
                errors: &fitted[*index].errors,
                scale: fitted[*index].first_scale,
            })
            .collect();
        let (mut pool, factors) = Pool::learn(&own, params.horizon, monitor)?;
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
    let accuracy = (0..params.horizon).map(|step| {
        monitor.check()?;
        Ok(step_accuracy(&fitted, step))
    });
    let accuracy = accuracy.collect::<Result<_>>()?;
    Ok(ForecastModel {
        horizon: params.horizon,
        level: params.level,
        series: fitted.into_iter().map(|one| one.model).collect(),
        pools,
        calendar,
        hierarchy,
        accuracy,
    })
}

fn step_accuracy(fitted: &[One], step: usize) -> StepAccuracy {
    let (mut smape, mut judged, mut mase, mut scaled) = (0.0, 0, 0.0, 0);
    for one in fitted {
        let ahead = one.errors.ahead(step);
        if ahead.is_empty() {
            continue;
        }
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

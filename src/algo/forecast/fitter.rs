//! How one series is fitted by a method, on all of its values or on the first of them.

use super::decomposed::Decomposed;
use super::ets::{self, Candidate};
use super::intermittent::Intermittent;
use super::mstl;
use super::naive::Naive;
use super::options::Method;
use super::seasonality::{adjusted, has_season, next_cycle, seasonal_means};
use super::state::State;
use super::theta::Theta;
use crate::error::Result;
use crate::monitor::Monitor;

/// What was fitted.
pub(super) struct Fit {
    pub state: State,
    /// About the mean absolute one-step error.
    pub error: f64,
}

/// A method for one series.
pub(super) struct Fitter<'a> {
    pub method: Method,
    /// Lengths of seasons, the shortest first.
    pub seasons: &'a [usize],
    pub monitor: &'a dyn Monitor,
}

/// The mean absolute error of normal errors, as a share of the square root of their mean square.
pub(super) const MEAN_OF_ROOT: f64 = 0.797_884_560_802_865_4;

/// The least factor of a season for which it is taken as a factor.
const LEAST_FACTOR: f64 = 0.01;

/// More zeros than this share make a series intermittent.
pub(super) const INTERMITTENT: f64 = 0.5;

impl Fitter<'_> {
    /// The season of the naive and of methods that have one: the shortest.
    pub(super) fn season(&self) -> usize {
        self.seasons.first().copied().unwrap_or(1)
    }

    /// What the method is for values: what `auto` stands for.
    pub(super) fn resolve(&self, values: &[f64]) -> Method {
        let zeros = values.iter().filter(|value| **value == 0.0).count() as f64;
        let is_intermittent = zeros > INTERMITTENT * values.len() as f64;
        let is_long = |season: usize| season > ets::LONGEST && values.len() >= 2 * season;
        let long = self.seasons.iter().any(|season| is_long(*season));
        match self.method {
            Method::Auto if is_intermittent => Method::Tsb,
            Method::Auto if long || self.usable(values.len()) > 1 => Method::Mstl,
            other => other,
        }
    }

    /// How many seasons have at least two cycles in so many values.
    fn usable(&self, count: usize) -> usize {
        self.seasons
            .iter()
            .filter(|season| **season > 1 && count >= 2 * **season)
            .count()
    }

    /// Fits values, of which there are at least [`FEWEST`]. `known`: what exponential smoothing found in the first part of them, where its search begins; afterwards
    /// what it found now.
    pub(super) fn fit(&self, method: Method, values: &[f64], known: &mut Vec<Candidate>) -> Result<Fit> {
        match method {
            Method::Naive => Ok(naive(values, 1)),
            Method::SeasonalNaive => Ok(naive(values, self.season())),
            Method::Theta => self.theta(values),
            Method::Ets => self.ets(values, self.season(), known),
            Method::Auto => self.mean(values, self.season(), known),
            Method::Mstl => self.mstl(values, known),
            Method::Croston => Ok(intermittent(recent(values, 1), false)),
            Method::Tsb => Ok(intermittent(recent(values, 1), true)),
        }
    }

    /// The mean of Theta and exponential smoothing.
    fn mean(&self, values: &[f64], season: usize, known: &mut Vec<Candidate>) -> Result<Fit> {
        let theta = match season {
            0 | 1 => self.plain_theta(values)?,
            _ => self.theta(values)?,
        };
        let ets = self.ets(values, season, known)?;
        Ok(Fit {
            error: (theta.error + ets.error) / 2.0,
            state: State::mean(vec![theta.state, ets.state]),
        })
    }

    fn plain_theta(&self, values: &[f64]) -> Result<Fit> {
        let (theta, root) = Theta::fit(recent(values, 1), self.monitor)?;
        Ok(Fit {
            state: State::Theta(theta),
            error: MEAN_OF_ROOT * root,
        })
    }

    /// Theta, the season taken out before where there is one: as a factor where all values are positive.
    fn theta(&self, values: &[f64]) -> Result<Fit> {
        let season = self.season();
        if !has_season(values, season, self.monitor)? {
            return self.plain_theta(values);
        }
        let mut is_factor = values.iter().all(|value| *value > 0.0);
        let mut means = seasonal_means(values, season, is_factor)?;
        if is_factor && means.iter().any(|factor| *factor < LEAST_FACTOR) {
            is_factor = false;
            means = seasonal_means(values, season, false)?;
        }
        let rest = self.plain_theta(&adjusted(values, &means, is_factor)?)?;
        let cycle = next_cycle(&means, values.len());
        Ok(Fit {
            error: rest.error,
            state: State::Decomposed(Box::new(Decomposed::new(vec![cycle], is_factor, rest.state))),
        })
    }

    /// Exponential smoothing; the naive where there are too few values for any form.
    fn ets(&self, values: &[f64], season: usize, known: &mut Vec<Candidate>) -> Result<Fit> {
        *known = ets::search(recent(values, season), season, known, self.monitor)?;
        Ok(match known.first() {
            Some(best) => Fit {
                error: best.error,
                state: State::Ets(Box::new(best.state.clone())),
            },
            None => naive(values, 1),
        })
    }

    /// Seasons by STL, the rest by the mean of the two.
    fn mstl(&self, values: &[f64], known: &mut Vec<Candidate>) -> Result<Fit> {
        let seasons: Vec<usize> = self
            .seasons
            .iter()
            .copied()
            .filter(|season| *season > 1 && values.len() >= 2 * season)
            .collect();
        if seasons.is_empty() {
            return self.mean(values, 1, known);
        }
        let (cycles, rest) = mstl::decompose(values, &seasons, self.monitor)?;
        let fit = self.mean(&rest, 1, known)?;
        Ok(Fit {
            error: fit.error,
            state: State::Decomposed(Box::new(Decomposed::new(cycles, false, fit.state))),
        })
    }
}

/// Values that smoothing learns from, at most: its state forgets what was before.
const SMOOTHED: usize = 20_000;

/// The last of values, from the beginning of a season on.
fn recent(values: &[f64], season: usize) -> &[f64] {
    let older = values.len().saturating_sub(SMOOTHED);
    &values[older.next_multiple_of(season.max(1)).min(values.len())..]
}

/// The fewest values that methods other than the naive take.
pub(super) const FEWEST: usize = 4;

/// The seasonal naive.
pub(super) fn naive(values: &[f64], season: usize) -> Fit {
    let state = Naive::fit(values, season);
    let season = state.season();
    let errors = values[season..]
        .iter()
        .zip(values)
        .map(|(value, before)| (value - before).abs());
    let count = values.len() - season;
    let error = if count > 0 {
        errors.sum::<f64>() / count as f64
    } else {
        0.0
    };
    Fit {
        state: State::Naive(state),
        error,
    }
}

fn intermittent(values: &[f64], is_tsb: bool) -> Fit {
    let state = Intermittent::fit(values, is_tsb);
    let forecast = state.next();
    let errors = values.iter().map(|value| (value - forecast).abs());
    Fit {
        state: State::Intermittent(state),
        error: errors.sum::<f64>() / values.len() as f64,
    }
}

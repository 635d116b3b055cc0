//! What was fitted: the states of all series, and what their intervals are made of.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::conformal::{Pool, two_sided};
use super::effects::{Calendar, Effects};
use super::frequency::Frequency;
use super::notes::{Note, Reason};
use super::reconcile::Hierarchy;
use super::state::State;
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// A forecast of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The time, as [`super::Series::times`].
    pub at: i64,
    /// What is expected.
    pub value: f64,
    /// The ends of the interval; NaN where nothing is known of errors.
    pub lower: f64,
    pub upper: f64,
}

/// One series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesModel {
    pub(super) key: Vec<String>,
    pub(super) frequency: Frequency,
    /// The time of the last value.
    pub(super) last: i64,
    /// How many values there were.
    pub(super) count: usize,
    /// `None`: there was no value.
    pub(super) state: Option<State>,
    pub(super) reason: Reason,
    pub(super) notes: Vec<Note>,
    /// About the mean absolute one-step error.
    pub(super) scale: f64,
    /// By what its errors differ from the pool's at each step.
    pub(super) factors: Vec<f32>,
    pub(super) pool: usize,
    pub(super) is_non_negative: bool,
    /// The mean absolute error in rolling origins over the seasonal naive's one in the values before, and the mean symmetric percentage error.
    pub(super) mase: f64,
    pub(super) smape: f64,
    /// What events and regressors add.
    pub(super) effects: Option<Effects>,
}

/// How good forecasts are so many steps ahead, in rolling origins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct StepAccuracy {
    /// Series that were judged.
    pub series: usize,
    /// The mean absolute scaled error: over the mean absolute error of the seasonal naive, one season ahead, in the values before; mean over series.
    pub mase: f64,
    /// The mean symmetric absolute percentage error, from 0 to 200; mean over series.
    pub smape: f64,
}

/// Fitted series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastModel {
    pub(super) horizon: usize,
    /// The level of intervals where none is asked for.
    pub(super) level: f64,
    pub(super) series: Vec<SeriesModel>,
    pub(super) pools: Vec<Pool>,
    pub(super) calendar: Calendar,
    pub(super) hierarchy: Option<Hierarchy>,
    pub(super) accuracy: Vec<StepAccuracy>,
}

/// Levels that intervals can have.
const LEVELS: std::ops::RangeInclusive<f64> = 0.5..=0.999;

/// The highest level at which errors are told apart, and how often the range of levels is halved in search of one.
const STRANGEST: f64 = 1.0 - 1e-9;
const HALVINGS: usize = 40;

/// The furthest that can be looked ahead.
pub const FURTHEST: usize = 10_000;

impl SeriesModel {
    /// What names it; shorter than the names of others: their total.
    pub fn key(&self) -> &[String] {
        &self.key
    }

    /// The time between two values.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// How many values there were, gaps filled.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The time of the last value.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// What forecasts it.
    pub fn method(&self) -> String {
        self.state.as_ref().map_or_else(|| "none".into(), State::name)
    }

    /// Why that.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What was found in it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The mean absolute scaled error in rolling origins; NaN where it was not judged.
    pub fn mase(&self) -> f64 {
        self.mase
    }

    /// The mean symmetric percentage error in rolling origins; NaN where it was not judged.
    pub fn smape(&self) -> f64 {
        self.smape
    }

    /// The step ahead of a time: 1 for the one behind the last value.
    pub fn ahead(&self, time: i64) -> i64 {
        let now = self.frequency.step_of(self.last, self.last);
        self.frequency.step_of(time, self.last).saturating_sub(now)
    }

    /// The time so many steps ahead.
    fn time(&self, ahead: usize) -> i64 {
        let now = self.frequency.step_of(self.last, self.last);
        self.frequency.time_of(now.saturating_add(ahead as i64), self.last)
    }

    fn is_sound(&self, pools: usize, calendar: &Calendar) -> bool {
        let has_pool = self.pool < pools;
        self.frequency.is_sound()
            && has_pool
            && self.state.as_ref().is_none_or(State::is_sound)
            && self.scale.is_finite()
            && self.scale >= 0.0
            && self.factors.len() <= FURTHEST
            && self.count <= isize::MAX as usize
            && self.factors.iter().all(|factor| factor.is_finite() && *factor > 0.0)
            && self.effects.as_ref().is_none_or(|effects| effects.is_sound(calendar))
    }
}

impl ForecastModel {
    /// All series, in the order of the input; totals, where there are any, behind them.
    pub fn series(&self) -> &[SeriesModel] {
        &self.series
    }

    /// How many steps ahead forecasts were judged.
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// The level of intervals where none is asked for.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// How good forecasts are, by steps ahead, the first step first.
    pub fn accuracy(&self) -> &[StepAccuracy] {
        &self.accuracy
    }

    /// Whether forecasts of totals and parts are made to add up: then [`ForecastModel::forecast`] costs as much as that of all.
    pub fn is_reconciled(&self) -> bool {
        self.hierarchy.is_some()
    }

    /// Forecasts one series. Returns an error for a level or a horizon out of range.
    pub fn forecast(&self, index: usize, horizon: usize, level: f64, monitor: &dyn Monitor) -> Result<Vec<Point>> {
        if self.hierarchy.is_some() {
            let mut all = self.forecast_all(horizon, level, monitor)?;
            return match index < all.len() {
                true => Ok(all.swap_remove(index)),
                false => Err(Error::Internal("there is no series of that number")),
            };
        }
        self.check(horizon, level)?;
        self.base(index, horizon, level)
    }

    /// Forecasts some series, in parallel.
    pub fn forecast_each(
        &self,
        places: &[usize],
        horizon: usize,
        level: f64,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Vec<Point>>> {
        if self.hierarchy.is_some() {
            let mut all = self.forecast_all(horizon, level, monitor)?;
            let each = places.iter().map(|place| all.get_mut(*place).map(std::mem::take));
            return Ok(each.map(Option::unwrap_or_default).collect());
        }
        self.check(horizon, level)?;
        let each = places.par_iter().map(|place| {
            monitor.check()?;
            self.base(*place, horizon, level)
        });
        each.collect()
    }

    /// Forecasts all series, in their order.
    pub fn forecast_all(&self, horizon: usize, level: f64, monitor: &dyn Monitor) -> Result<Vec<Vec<Point>>> {
        self.check(horizon, level)?;
        let each = (0..self.series.len()).map(|index| {
            monitor.check()?;
            self.base(index, horizon, level)
        });
        let mut all: Vec<Vec<Point>> = each.collect::<Result<_>>()?;
        if let Some(hierarchy) = &self.hierarchy {
            hierarchy.reconcile(&mut all, monitor)?;
        }
        Ok(all)
    }

    /// Returns an error for a horizon or a level out of range.
    pub fn check(&self, horizon: usize, level: f64) -> Result<()> {
        if !(1..=FURTHEST).contains(&horizon) {
            return crate::parameters::refuse("horizon", horizon, "a whole number from 1 to 10000");
        }
        match LEVELS.contains(&level) {
            true => Ok(()),
            false => crate::parameters::refuse("level", level, "a number from 0.5 to 0.999"),
        }
    }

    /// The forecast of one series by itself.
    fn base(&self, index: usize, horizon: usize, level: f64) -> Result<Vec<Point>> {
        let series = self
            .series
            .get(index)
            .ok_or(Error::Internal("there is no series of that number"))?;
        let Some(state) = &series.state else {
            return Ok(Vec::new());
        };
        let mut values = crate::room::zeros(horizon)?;
        state.project(&mut values);
        let widths = self.widths(series, state, horizon, level)?;
        let times: Vec<i64> = (1..=horizon).map(|ahead| series.time(ahead)).collect();
        if let Some(effects) = &series.effects {
            effects.add(&self.calendar, series.frequency, &times, &mut values)?;
        }
        let bound = |value: f64| if series.is_non_negative { value.max(0.0) } else { value };
        let points = times
            .iter()
            .zip(&values)
            .zip(&widths)
            .map(|((at, value), width)| Point {
                at: *at,
                value: bound(*value),
                lower: bound(value - width),
                upper: bound(value + width),
            });
        Ok(points.collect())
    }

    /// How likely errors so many steps ahead are smaller than that of a value that came, from 0 to 1: intervals of any higher level hold it. `None` where nothing is
    /// known of errors. `point` is what was forecast of the step, at `level`.
    pub fn strangeness(
        &self,
        (index, step): (usize, usize),
        (point, level): (&Point, f64),
        value: f64,
        monitor: &dyn Monitor,
    ) -> Result<Option<f64>> {
        let series = self
            .series
            .get(index)
            .ok_or(Error::Internal("there is no series of that number"))?;
        let Some(state) = &series.state else { return Ok(None) };
        let half_width = |level: f64| -> Result<f64> {
            monitor.check()?;
            Ok(self.widths(series, state, step, level)?.pop().unwrap_or(f64::NAN))
        };
        // The lower end, and the forecast itself, may be those of a series that is never below zero; the upper end is as far from the middle as was computed.
        let middle = match series.is_non_negative && point.upper <= 0.0 {
            true => point.value,
            false => point.upper - half_width(level)?,
        };
        let distance = (value - middle).abs();
        if distance.is_nan() {
            return Ok(None);
        }
        let (mut low, mut high) = (0.0, STRANGEST);
        if series.is_non_negative && value < 0.0 || distance > half_width(high)? {
            return Ok(Some(1.0));
        }
        for _ in 0..HALVINGS {
            let level = (low + high) / 2.0;
            match distance > half_width(level)? {
                true => low = level,
                false => high = level,
            }
        }
        Ok(Some(low))
    }

    /// Half the width of the interval of each step.
    fn widths(&self, series: &SeriesModel, state: &State, horizon: usize, level: f64) -> Result<Vec<f64>> {
        let pool = &self.pools[series.pool];
        let scale = match (series.scale > 0.0, series.count) {
            (false, 1..=3) => {
                let mut next = [0.0];
                state.project(&mut next);
                pool.relative_scale * next[0].abs()
            }
            _ => series.scale,
        };
        if scale == 0.0 && series.count <= 3 {
            return Ok(vec![f64::NAN; horizon]);
        }
        let widths = pool.half_widths(&series.factors, horizon, level)?;
        if !widths.is_empty() {
            return Ok(widths.into_iter().map(|width| width * scale).collect());
        }
        // Nothing was tried: the errors of a random walk whose steps are as large as the scale.
        let first = scale * two_sided(level)? / super::fitter::MEAN_OF_ROOT;
        Ok((1..=horizon).map(|ahead| first * (ahead as f64).sqrt()).collect())
    }

    /// Checks a decoded model: forecasting is safe afterwards.
    pub fn validate(&self, monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("the model", problem));
        if !(1..=FURTHEST).contains(&self.horizon) || !LEVELS.contains(&self.level) {
            return damaged("its horizon or level is out of range");
        }
        if self.accuracy.len() > self.horizon {
            return damaged("it has the accuracy of more steps than were judged");
        }
        if !self.pools.iter().all(Pool::is_sound) || !self.calendar.is_sound() {
            return damaged("its scores do not ascend");
        }
        for series in &self.series {
            monitor.check()?;
            if !series.is_sound(self.pools.len(), &self.calendar) {
                return damaged("a series has a state that cannot be");
            }
        }
        match &self.hierarchy {
            Some(hierarchy) if !hierarchy.is_sound(self.series.len()) => {
                damaged("its totals have parts that are not there")
            }
            _ => Ok(()),
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        let series = self.series.iter().map(|series| {
            let key: usize = series
                .key
                .iter()
                .map(|part| part.capacity() + size_of::<String>())
                .sum();
            let state = series.state.as_ref().map_or(0, State::memory);
            let effects = series.effects.as_ref().map_or(0, Effects::memory);
            size_of::<SeriesModel>()
                + key
                + state
                + effects
                + series.factors.len() * size_of::<f32>()
                + series.notes.len() * size_of::<Note>()
        });
        series.sum::<usize>()
            + self.pools.iter().map(Pool::memory).sum::<usize>()
            + self.hierarchy.as_ref().map_or(0, Hierarchy::memory)
    }

    /// Appends its bytes.
    pub fn encode(&self, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        crate::bytes::encode("the model", self, bytes, monitor)
    }

    /// Reads and checks bytes.
    pub fn decode(bytes: &[u8], monitor: &dyn Monitor) -> Result<ForecastModel> {
        let model: ForecastModel = crate::bytes::decode("the model", bytes, monitor)?;
        model.validate(monitor)?;
        Ok(model)
    }
}

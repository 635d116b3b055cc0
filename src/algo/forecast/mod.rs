//! Forecasts of many series. [`fit`] takes rows of all series and gives a [`ForecastModel`], which forecasts each of them for any horizon, with intervals at any
//! level, and tells of each how it is forecast, why, and what was found in it.
//!
//! Rows become values at regular steps ([`Frequency`], given or inferred), duplicates merged and gaps filled; what was done is told as [`Note`]s. Each
//! series is forecast by a method ([`Method`]) that is judged by rolling origins; see [`Reason`]. The errors in these origins, pooled over series, make the intervals.

mod calendar;
mod choice;
mod conformal;
mod decomposed;
mod effects;
mod ets;
mod fitted;
mod fitter;
mod frequency;
mod input;
mod intermittent;
mod line_search;
mod model;
mod mstl;
mod naive;
mod notes;
mod options;
mod quasi_newton;
mod reconcile;
mod regression;
mod regular;
mod rolling;
mod seasonality;
mod state;
mod stl;
mod theta;
mod totals;
mod train;

pub use fitted::{Forecast, Forecaster, Merge};
pub use frequency::Frequency;
pub use input::{Event, Input, Series};
pub use model::{FURTHEST, ForecastModel, Point, SeriesModel, StepAccuracy};
pub use notes::{Note, Reason};
pub use options::{Duplicates, ForecastParams, Gaps, Method, Reconcile};
pub use train::fit;

#[cfg(test)]
mod promises;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

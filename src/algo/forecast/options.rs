//! What a forecast is told, by the names of SQL.

use super::frequency::Frequency;
use crate::error::Result;
use crate::parameters::{any, at_least, choices, from_to, hyperparameters, refuse};

/// A series is learned from so many of its last values,
const LONGEST: usize = 20_000;

/// or from so many cycles of its longest season: the windows of a decomposition hold no more.
const CYCLES: usize = 16;

choices! {
    /// What forecasts a series.
    pub enum Method {
        /// The mean of Theta and exponential smoothing; what is intermittent by TSB, several seasons by MSTL; the seasonal naive for a series where that wins.
        Auto = "auto",
        /// Dynamic optimised Theta.
        Theta = "theta",
        /// Exponential smoothing, its form chosen by AICc.
        Ets = "ets",
        /// Seasons taken out by STL, one after the other; the rest by the mean of Theta and exponential smoothing.
        Mstl = "mstl",
        /// Croston's method for intermittent series, without its bias (Syntetos and Boylan).
        Croston = "croston",
        /// Teunter, Syntetos and Babai's method for intermittent series, which may end.
        Tsb = "tsb",
        /// The value of one season before.
        SeasonalNaive = "seasonal_naive",
        /// The last value.
        Naive = "naive",
    }
}

choices! {
    /// What becomes of several rows of a series at one time.
    pub enum Duplicates {
        /// Their mean.
        Mean = "mean",
        /// Their sum.
        Sum = "sum",
        /// The last of them in the order of the rows.
        Last = "last",
        /// An error.
        Error = "error",
    }
}

choices! {
    /// What becomes of times without a value between the first and the last.
    pub enum Gaps {
        /// A line between the neighbours; for a series of which most values are zero, zero.
        Interpolate = "interpolate",
        /// Zero.
        Zero = "zero",
        /// The value before.
        Previous = "previous",
        /// An error.
        Error = "error",
    }
}

choices! {
    /// How forecasts of totals and parts are made to add up.
    pub enum Reconcile {
        /// They are not, and there are no totals.
        None = "none",
        /// Totals are the sums of their parts' forecasts.
        BottomUp = "bottom_up",
        /// The least squares projection.
        Ols = "ols",
        /// Least squares weighted by the variance of each series' one-step errors.
        Wls = "wls",
        /// Minimum trace, with Schäfer and Strimmer's shrunk covariance of one-step errors.
        MinT = "mint",
    }
    null None
}

hyperparameters! {
    /// How series are forecast.
    pub struct ForecastParams {
        /// The column of times.
        time: Option<String> = None, any(), from "BigQuery's `time_series_timestamp_col`";
        /// The columns whose values name a series; none: all rows are one series.
        series: Vec<String> = Vec::new(), any(), from "BigQuery's `time_series_id_col`";
        /// How many steps ahead forecasts are judged, and their intervals learned.
        horizon or "h": usize = 12, from_to(1.0, 10_000.0), from "statsforecast";
        /// The time between two values, such as `"month"` or `"15 minutes"`; null: what the times say.
        frequency or "freq": Option<String> = None, any(), from "statsforecast";
        /// How many steps a season has, one number for each; none: what is usual for the frequency. 1: no season.
        season_lengths or "season_length": Vec<usize> = Vec::new(), from_to(1.0, 100_000.0), from "statsforecast";
        /// What forecasts.
        method: Method = Method::Auto, any(), from "assay";
        /// The share of values that intervals shall cover where none is asked for.
        level: f64 = 0.95, from_to(0.5, 0.999), from "statsforecast";
        /// A query of holidays or events: their times, `at`, and names, `name`, past and to come.
        holidays: Option<String> = None, any(), from "Prophet";
        /// Columns that are known in advance: rows behind the last value, where the target is null, have them.
        regressors: Vec<String> = Vec::new(), any(), from "Prophet";
        /// How totals and parts, by the columns of `series` from left to right, are made to add up.
        reconcile: Reconcile = Reconcile::None, any(), from "hierarchicalforecast";
        /// What becomes of several values at one time.
        duplicates: Duplicates = Duplicates::Mean, any(), from "assay";
        /// What becomes of times without a value.
        gaps: Gaps = Gaps::Interpolate, any(), from "assay";
        /// A series of fewer values is forecast by the naive.
        min_history: usize = 0, at_least(0.0), from "assay";
        /// Whether no forecast is below zero; null: where no value is.
        non_negative: Option<bool> = None, any(), from "assay";
    }
    together Self::check_together
}

/// Seasons that a series can have at once.
pub(super) const MOST_SEASONS: usize = 8;

impl ForecastParams {
    fn check_together(&self) -> Result<()> {
        if self.season_lengths.len() > MOST_SEASONS {
            return refuse(
                "season_lengths",
                serde_json::json!(self.season_lengths),
                "a list of 8 lengths at most",
            );
        }
        self.check_frequency()
    }

    /// The lengths of the seasons of a series of so many values, the shortest first: those asked for, or else what is usual for its frequency.
    pub(super) fn seasons(&self, frequency: Frequency, count: usize) -> Vec<usize> {
        let mut seasons = match self.season_lengths.is_empty() {
            true => frequency.seasons(),
            false => self.season_lengths.clone(),
        };
        seasons.sort_unstable();
        seasons.dedup();
        seasons.retain(|season| *season > 1 && count >= *season);
        seasons
    }

    /// How many of the last values of a series are learned from: what was long ago says nothing of what is next, and takes time.
    pub(super) fn longest(&self, frequency: Frequency) -> usize {
        let season = self.seasons(frequency, usize::MAX).pop().unwrap_or(1);
        LONGEST.max(season.saturating_mul(CYCLES)).max(4 * self.horizon)
    }

    fn check_frequency(&self) -> Result<()> {
        match &self.frequency {
            Some(name) if Frequency::named(name).is_none() => refuse(
                "frequency",
                serde_json::json!(name),
                "a number of seconds, minutes, hours, days, business days, weeks, months, quarters or years, such as \"day\" or \"15 minutes\"",
            ),
            _ => Ok(()),
        }
    }
}

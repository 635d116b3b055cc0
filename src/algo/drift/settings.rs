//! How two sides are compared.

use super::bins::{Bins, MOST_BINS};
use super::distance::Smoothing;
use super::distribution::Scale;
use super::method::{Compat, Method};
use crate::error::{Error, Result};

/// Bins as the user wants them.
#[derive(Debug, Clone, PartialEq)]
pub enum BinChoice {
    /// So many.
    Count(usize),
    /// Between these edges.
    Edges(Vec<f64>),
}

/// How two sides are compared; `None` where the default of the tool, or assay's own, holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// The tool whose conventions hold.
    pub compat: Option<Compat>,
    /// The measure of numbers.
    pub numbers: Option<Method>,
    /// The measure of categories.
    pub categories: Option<Method>,
    /// Bins of numbers.
    pub bins: Option<BinChoice>,
    /// The share in place of an empty one.
    pub smoothing: Option<f64>,
    /// The base of logarithms.
    pub log_base: Option<f64>,
    /// The effect, or with a tool's test the p-value, that decides.
    pub threshold: Option<f64>,
    /// The difference of two shares of NULL that counts.
    pub null_threshold: Option<f64>,
    /// The largest corrected p-value of an alarm.
    pub alpha: Option<f64>,
}

impl Settings {
    /// Returns [`Error::Parameter`] when a value is out of its range.
    pub fn check(&self) -> Result<()> {
        let range = |name: &'static str,
                     value: Option<f64>,
                     allowed: &'static str,
                     is_allowed: &dyn Fn(f64) -> bool| match value {
            Some(value) if !is_allowed(value) => Err(Error::Parameter {
                name,
                value: value.to_string(),
                allowed: allowed.into(),
            }),
            _ => Ok(()),
        };
        range("smoothing", self.smoothing, "from 0 to 1", &|share| {
            (0.0..=1.0).contains(&share)
        })?;
        range("log_base", self.log_base, "above 1", &|base| {
            base > 1.0 && base.is_finite()
        })?;
        range("threshold", self.threshold, "0 or more", &|threshold| threshold >= 0.0)?;
        range("null_threshold", self.null_threshold, "from 0 to 1", &|share| {
            (0.0..=1.0).contains(&share)
        })?;
        range("alpha", self.alpha, "above 0 and below 1", &|alpha| {
            alpha > 0.0 && alpha < 1.0
        })?;
        match &self.bins {
            Some(BinChoice::Count(bins)) if !(2..=MOST_BINS).contains(bins) => Err(Error::Parameter {
                name: "bins",
                value: bins.to_string(),
                allowed: "from 2 to 1000, or an array of ascending edges".into(),
            }),
            Some(BinChoice::Edges(edges))
                if edges.is_empty()
                    || edges.len() >= MOST_BINS
                    || !edges.is_sorted_by(|a, b| a < b)
                    || !edges.iter().all(|edge| edge.is_finite()) =>
            {
                Err(Error::Parameter {
                    name: "bins",
                    value: format!("{edges:?}"),
                    allowed: "from 2 to 1000, or an array of ascending edges".into(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The measure of a column; see [`Method::default_of`].
    pub fn method(&self, scale: Scale, rows: u64, distinct: usize) -> Method {
        let chosen = match scale {
            Scale::Numbers => self.numbers,
            Scale::Categories => self.categories,
        };
        chosen
            .filter(|method| method.suits(self.compat, scale))
            .unwrap_or_else(|| Method::default_of(self.compat, scale, rows, distinct))
    }

    /// What is put in place of an empty share.
    pub fn smoothing(&self) -> Smoothing {
        match self.smoothing {
            None => Compat::smoothing(self.compat),
            Some(0.0) => Smoothing::None,
            Some(share) => Smoothing::Share(share),
        }
    }

    /// What natural logarithms are divided by.
    pub fn ln_base(&self) -> f64 {
        self.log_base.unwrap_or_else(|| Compat::log_base(self.compat)).ln()
    }

    /// The difference of two shares of NULL that counts.
    pub fn null_threshold(&self) -> f64 {
        self.null_threshold.unwrap_or(0.05)
    }

    /// The largest corrected p-value of an alarm: of reports on rows that did not drift, at most this share has a false one.
    pub fn alpha(&self) -> f64 {
        self.alpha.unwrap_or(0.005)
    }

    /// The bins that the user gives.
    pub(super) fn given_bins(&self) -> Option<Bins> {
        match &self.bins {
            Some(BinChoice::Edges(edges)) => Some(Bins::given(edges)),
            _ => None,
        }
    }

    /// How many bins the user wants.
    pub(super) fn bin_count(&self) -> Option<usize> {
        match self.bins {
            Some(BinChoice::Count(bins)) => Some(bins),
            _ => None,
        }
    }
}

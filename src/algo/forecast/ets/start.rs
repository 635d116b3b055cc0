//! Where the search for the likeliest first state begins, as in Hyndman and others (2008), section 2.6.1: seasons by a classical decomposition, level and
//! slope by a line through the first values without them.

use super::super::seasonality::{adjusted, seasonal_means};
use super::form::Kind;
use crate::error::Result;

/// First states, for each kind of season.
pub(super) struct Start {
    pub level: f64,
    /// Level and slope of a line.
    pub line: (f64, f64),
    pub seasons: Vec<f64>,
}

/// The least first factor of a season.
const LEAST: f64 = 1e-2;

impl Start {
    /// Of values about 1. With a season, at least two of them.
    pub(super) fn of(values: &[f64], season: usize, kind: Kind) -> Result<Start> {
        let (rest, seasons, season) = match kind {
            Kind::None => (values.to_vec(), Vec::new(), 1),
            Kind::Additive => {
                let means = seasonal_means(values, season, false)?;
                (adjusted(values, &means, false)?, means, season)
            }
            Kind::Multiplicative => {
                let mut means = seasonal_means(values, season, true)?;
                means.iter_mut().for_each(|factor| *factor = factor.max(LEAST));
                let mean = means.iter().sum::<f64>() / season as f64;
                means.iter_mut().for_each(|factor| *factor /= mean);
                (adjusted(values, &means, true)?, means, season)
            }
        };
        let first = &rest[..rest.len().min(10.max(2 * season))];
        let count = first.len() as f64;
        let mean = first.iter().sum::<f64>() / count;
        let middle = (count + 1.0) / 2.0;
        let places = (1..=first.len()).map(|place| place as f64 - middle);
        let (mut product, mut square) = (0.0, 0.0);
        for (place, value) in places.zip(first) {
            product += place * (value - mean);
            square += place * place;
        }
        let slope = if square > 0.0 { product / square } else { 0.0 };
        Ok(Start {
            level: mean,
            line: (mean - slope * middle, slope),
            seasons,
        })
    }
}

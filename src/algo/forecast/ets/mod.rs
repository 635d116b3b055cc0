//! Exponential smoothing in state space: R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder, "Forecasting with Exponential Smoothing" (2008), and
//! the choice of the form as in R. J. Hyndman and Y. Khandakar, "Automatic Time Series Forecasting", Journal of Statistical Software 27 (2008).

mod form;
mod likelihood;
mod point;
mod search;
mod start;

pub use form::{Form, Kind};
pub(super) use search::{Candidate, LONGEST, search};

use serde::{Deserialize, Serialize};

/// The state after the last value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ets {
    form: Form,
    /// The weight of an error in the level, the slope and the season.
    alpha: f64,
    beta: f64,
    gamma: f64,
    /// By what the slope shrinks at each step; 1 where it does not.
    phi: f64,
    level: f64,
    slope: f64,
    /// One for each step of a season; empty without one.
    seasons: Vec<f64>,
    /// Which season the next step has.
    next: usize,
}

impl Ets {
    /// The form that was chosen.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    pub(super) fn advance(&mut self, value: f64) {
        let trend = self.level + self.phi * self.slope;
        let (error, factor) = match self.form.season {
            Kind::None => (value - trend, 1.0),
            Kind::Additive => (value - trend - self.seasons[self.next], 1.0),
            Kind::Multiplicative => {
                let season = self.seasons[self.next];
                (value - trend * season, away_from_zero(season))
            }
        };
        self.level = trend + self.alpha * error / factor;
        self.slope = self.phi * self.slope + self.beta * error / factor;
        match self.form.season {
            Kind::None => return,
            Kind::Additive => self.seasons[self.next] += self.gamma * error,
            Kind::Multiplicative => self.seasons[self.next] += self.gamma * error / away_from_zero(trend),
        }
        self.next = (self.next + 1) % self.seasons.len();
    }

    pub(super) fn project(&self, out: &mut [f64]) {
        let (mut trend, mut power) = (self.level, self.phi);
        for (ahead, out) in out.iter_mut().enumerate() {
            trend += power * self.slope;
            power *= self.phi;
            let season = || self.seasons[(self.next + ahead) % self.seasons.len()];
            *out = match self.form.season {
                Kind::None => trend,
                Kind::Additive => trend + season(),
                Kind::Multiplicative => trend * season(),
            };
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let has_seasons = self.form.season != Kind::None;
        let shares = [self.alpha, self.beta, self.gamma, self.phi];
        shares.iter().all(|share| (0.0..=1.0).contains(share))
            && self.level.is_finite()
            && self.slope.is_finite()
            && self.seasons.iter().all(|season| season.is_finite())
            && has_seasons != self.seasons.is_empty()
            && self.next < self.seasons.len().max(1)
            && self.form.is_sound()
    }

    pub(super) fn memory(&self) -> usize {
        self.seasons.len() * size_of::<f64>()
    }
}

/// What can be divided by.
fn away_from_zero(number: f64) -> f64 {
    match number.abs() < 1e-10 {
        true => 1e-10_f64.copysign(number),
        false => number,
    }
}

#[cfg(test)]
mod tests;

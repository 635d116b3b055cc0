//! Series of which most values are zero. J. D. Croston, "Forecasting and Stock Control for Intermittent Demands" (1972), with the correction of A. A.
//! Syntetos and J. E. Boylan (2005); and R. H. Teunter, A. A. Syntetos and M. Z. Babai, "Intermittent demand: linking forecasting to inventory
//! obsolescence" (2011), whose forecast falls while there is no demand.

use serde::{Deserialize, Serialize};

/// How large a demand is, and how often there is one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intermittent {
    /// The probability of a demand is smoothed at each step, not the interval at each demand.
    is_tsb: bool,
    /// The weight of a new size.
    alpha: f64,
    /// The weight of a new interval, or of whether there was a demand.
    beta: f64,
    size: f64,
    /// The interval, or the probability.
    rate: f64,
    /// Steps since the last demand.
    since: f64,
}

/// Weights that are tried.
const WEIGHTS: [f64; 6] = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3];

impl Intermittent {
    /// The weights with the least sum of squared one-step errors. At least one value that is not zero.
    pub(super) fn fit(values: &[f64], is_tsb: bool) -> Intermittent {
        let demands = values.iter().filter(|value| **value != 0.0);
        let (count, sum) = demands.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        let share = (count / values.len() as f64).max(1e-9);
        let start = |alpha, beta| Intermittent {
            is_tsb,
            alpha,
            beta,
            size: if count > 0.0 { sum / count } else { 0.0 },
            rate: if is_tsb { share } else { 1.0 / share },
            since: 1.0,
        };
        let pairs = WEIGHTS
            .into_iter()
            .flat_map(|alpha| WEIGHTS.into_iter().map(move |beta| (alpha, beta)));
        let mut best: Option<(f64, Intermittent)> = None;
        for (alpha, beta) in pairs {
            let mut state = start(alpha, beta);
            let mut loss = 0.0;
            for value in values {
                loss += (value - state.next()).powi(2);
                state.advance(*value);
            }
            if best.as_ref().is_none_or(|(least, _)| loss < *least) {
                best = Some((loss, state));
            }
        }
        best.map_or(start(0.1, 0.1), |(_, state)| state)
    }

    /// The mean demand of a step, the same for all to come.
    pub(super) fn next(&self) -> f64 {
        match self.is_tsb {
            true => self.size * self.rate,
            false => (1.0 - self.beta / 2.0) * self.size / self.rate,
        }
    }

    pub(super) fn advance(&mut self, value: f64) {
        let is_demand = value != 0.0;
        if is_demand {
            self.size += self.alpha * (value - self.size);
        }
        match (self.is_tsb, is_demand) {
            (true, _) => self.rate += self.beta * (f64::from(u8::from(is_demand)) - self.rate),
            (false, true) => {
                self.rate += self.beta * (self.since - self.rate);
                self.since = 1.0;
            }
            (false, false) => self.since += 1.0,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        if self.is_tsb { "tsb" } else { "croston" }
    }

    pub(super) fn is_sound(&self) -> bool {
        let is_rate = match self.is_tsb {
            true => (0.0..=1.0).contains(&self.rate),
            false => self.rate >= 0.5 && self.rate.is_finite(),
        };
        is_rate
            && self.size.is_finite()
            && self.since.is_finite()
            && (0.0..=1.0).contains(&self.alpha)
            && (0.0..=1.0).contains(&self.beta)
    }
}

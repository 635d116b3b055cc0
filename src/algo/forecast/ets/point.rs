//! The numbers that are estimated, and how any real numbers stand for them: a share between bounds is a logistic function of its number.

use super::form::{Form, Kind};

/// Bounds of the smoothing parameters, as in R.
const LOW: f64 = 1e-4;
const HIGH: f64 = 0.9999;
/// Bounds of the damping.
const PHI: (f64, f64) = (0.8, 0.98);

/// Smoothing parameters and the first state, the level first. The last season follows from the others.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::forecast) struct Point {
    pub alpha: f64,
    pub beta: f64,
    pub gamma: f64,
    pub phi: f64,
    pub level: f64,
    pub slope: f64,
    pub seasons: Vec<f64>,
}

/// The most that an error changes the slope, by one season: slopes that follow errors faster fit the past better and foretell less. (statsforecast comes to a
/// bound of this kind, too, of twice as much.)
const STEEPEST: f64 = 0.1;

impl Point {
    /// The greatest beta, but for alpha.
    fn steepest(&self) -> f64 {
        STEEPEST / self.seasons.len().max(1) as f64
    }

    /// As free numbers, into `free`.
    pub(super) fn to_free(&self, form: Form, free: &mut Vec<f64>) {
        free.clear();
        free.push(inverse(self.alpha, LOW, HIGH));
        if form.has_trend() {
            free.push(inverse(self.beta, LOW, self.alpha.min(self.steepest())));
        }
        if form.has_season() {
            free.push(inverse(self.gamma, LOW, 1.0 - self.alpha));
        }
        if form.damped {
            free.push(inverse(self.phi, PHI.0, PHI.1));
        }
        free.push(self.level);
        if form.has_trend() {
            free.push(self.slope);
        }
        if form.has_season() {
            free.extend(&self.seasons[..self.seasons.len() - 1]);
        }
    }

    /// From free numbers. The derivatives of the shares by their numbers are `Chain`.
    pub(super) fn set_free(&mut self, form: Form, free: &[f64]) -> Chain {
        let mut rest = free.iter().copied();
        let mut next = || rest.next().unwrap_or_default();
        let mut chain = Chain::default();
        let alpha = logistic(next());
        self.alpha = LOW + (HIGH - LOW) * alpha;
        chain.alpha = (HIGH - LOW) * alpha * (1.0 - alpha);
        (self.beta, self.gamma, self.phi) = (0.0, 0.0, 1.0);
        if form.has_trend() {
            let share = logistic(next());
            let top = self.alpha.min(self.steepest());
            self.beta = LOW + (top - LOW) * share;
            chain.beta = (top - LOW) * share * (1.0 - share);
            chain.beta_by_alpha = if self.alpha < self.steepest() { share } else { 0.0 };
        }
        if form.has_season() {
            let share = logistic(next());
            let width = (1.0 - self.alpha - LOW).max(0.0);
            self.gamma = LOW + width * share;
            (chain.gamma, chain.gamma_by_alpha) = (width * share * (1.0 - share), -share);
        }
        if form.damped {
            let share = logistic(next());
            self.phi = PHI.0 + (PHI.1 - PHI.0) * share;
            chain.phi = (PHI.1 - PHI.0) * share * (1.0 - share);
        }
        self.level = next();
        self.slope = if form.has_trend() { next() } else { 0.0 };
        let total = match form.season {
            Kind::None => return chain,
            Kind::Additive => 0.0,
            Kind::Multiplicative => self.seasons.len() as f64,
        };
        if let Some((last, others)) = self.seasons.split_last_mut() {
            others.iter_mut().for_each(|season| *season = next());
            *last = total - others.iter().sum::<f64>();
        }
        chain
    }
}

/// How shares change with their free numbers.
#[derive(Default)]
pub(super) struct Chain {
    alpha: f64,
    beta: f64,
    beta_by_alpha: f64,
    gamma: f64,
    gamma_by_alpha: f64,
    phi: f64,
}

impl Chain {
    /// The gradient by the free numbers, from that by the numbers themselves.
    pub(super) fn gradient(&self, form: Form, by: &Point, gradient: &mut [f64]) {
        let by_alpha = by.alpha + by.beta * self.beta_by_alpha + by.gamma * self.gamma_by_alpha;
        let mut rest = gradient.iter_mut();
        let mut put = |value| {
            if let Some(place) = rest.next() {
                *place = value;
            }
        };
        put(self.alpha * by_alpha);
        if form.has_trend() {
            put(self.beta * by.beta);
        }
        if form.has_season() {
            put(self.gamma * by.gamma);
        }
        if form.damped {
            put(self.phi * by.phi);
        }
        put(by.level);
        if form.has_trend() {
            put(by.slope);
        }
        if let (true, Some((last, others))) = (form.has_season(), by.seasons.split_last()) {
            others.iter().for_each(|by_season| put(by_season - last));
        }
    }
}

fn logistic(number: f64) -> f64 {
    1.0 / (1.0 + (-number).exp())
}

fn inverse(value: f64, low: f64, high: f64) -> f64 {
    let share = ((value - low) / (high - low)).clamp(1e-3, 1.0 - 1e-3);
    (share / (1.0 - share)).ln()
}

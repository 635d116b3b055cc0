//! The choice of the form: each is fitted, and the one with the least AICc wins.

use super::super::quasi_newton::{QuasiNewton, Rule};
use super::Ets;
use super::form::{Form, Kind};
use super::likelihood::Trace;
use super::point::{Chain, Point};
use super::start::Start;
use crate::error::Result;
use crate::monitor::Monitor;

/// A form that was fitted.
#[derive(Debug, Clone)]
pub(in crate::forecast) struct Candidate {
    pub(super) form: Form,
    /// Of values divided by `unit`.
    pub(super) point: Point,
    pub(super) unit: f64,
    /// How many values there were.
    pub(super) count: usize,
    /// Akaike's criterion with the correction for short series.
    pub(in crate::forecast) criterion: f64,
    /// The state after the last value.
    pub(in crate::forecast) state: Ets,
    /// The mean absolute one-step error.
    pub(in crate::forecast) error: f64,
}

/// Starting points of alpha, beta and gamma.
const STARTS: [(f64, f64, f64); 6] = [
    (0.5, 0.05, 0.05),
    (0.1, 0.01, 0.05),
    (0.9, 0.05, 0.02),
    (0.3, 0.15, 0.2),
    (0.02, 0.01, 0.01),
    (0.7, 0.5, 0.1),
];

/// How many of them are searched from: the best.
const SEARCHED: usize = 2;

const RULE: Rule = Rule {
    steps: 40,
    // A likelihood that is larger by so little tells nothing of forms.
    least_gain: 0.02,
};

/// Seasons of more steps are left to decompositions, as in R.
pub(in crate::forecast) const LONGEST: usize = 24;

/// Forms whose criterion was further from the best on a part of the series are not tried on all of it.
const CLOSE: f64 = 15.0;

/// What so many values say of forms is taken up for more of them.
const SETTLED: usize = 60;

/// Fits the forms that values allow, the best first. `known`: what was found for the first part of the same values, where the search begins.
/// Empty where there are too few values for any.
pub(in crate::forecast) fn search(
    values: &[f64],
    season: usize,
    known: &[Candidate],
    monitor: &dyn Monitor,
) -> Result<Vec<Candidate>> {
    let has_season = (2..=LONGEST).contains(&season) && values.len() >= 2 * season + 2;
    let is_positive = values.iter().all(|value| *value > 0.0);
    let unit = values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64;
    let unit = if unit > 0.0 && unit.is_finite() { unit } else { 1.0 };
    let scaled: Vec<f64> = values.iter().map(|value| value / unit).collect();
    let mut search = Search::new(&scaled, unit, season, monitor)?;
    let starts = [Kind::None, Kind::Additive, Kind::Multiplicative].map(|kind| {
        let is_used = kind == Kind::None || has_season && (is_positive || kind == Kind::Additive);
        is_used.then(|| Start::of(&scaled, season, kind)).transpose()
    });
    let [none, additive, multiplicative] = starts;
    let starts = [none?, additive?, multiplicative?];
    // From few values to more the picture changes.
    let known = if known.first().is_some_and(|known| known.count >= SETTLED) {
        known
    } else {
        &[]
    };
    let best = known.first().map_or(f64::INFINITY, |first| first.criterion);
    let mut found: Vec<Candidate> = Vec::new();
    for form in Form::all(is_positive, has_season) {
        let before = known.iter().find(|candidate| candidate.form == form);
        if before.is_some_and(|before| before.criterion > best + CLOSE) {
            continue;
        }
        let start = match form.season {
            Kind::None => &starts[0],
            Kind::Additive => &starts[1],
            Kind::Multiplicative => &starts[2],
        };
        if let Some(start) = start {
            found.extend(search.fit(form, start, before)?);
        }
    }
    found.sort_by(|a, b| a.criterion.total_cmp(&b.criterion));
    Ok(found)
}

/// One series under search.
struct Search<'a> {
    values: &'a [f64],
    unit: f64,
    season: usize,
    /// How far values go from each other.
    spread: f64,
    trace: Trace,
    minimiser: QuasiNewton,
    monitor: &'a dyn Monitor,
}

/// What the value and the gradient share.
struct Shared<'a> {
    point: Point,
    by: Point,
    chain: Chain,
    trace: &'a mut Trace,
}

impl<'a> Search<'a> {
    fn new(values: &'a [f64], unit: f64, season: usize, monitor: &'a dyn Monitor) -> Result<Self> {
        let count = values.len() as f64;
        let steps = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let spread = (steps.sum::<f64>() / (count - 1.0).max(1.0)).max(1e-6);
        Ok(Search {
            values,
            unit,
            season,
            spread,
            trace: Trace::new(values.len())?,
            minimiser: QuasiNewton::default(),
            monitor,
        })
    }

    /// Fits one form; `None` where there are too few values.
    fn fit(&mut self, form: Form, start: &Start, before: Option<&Candidate>) -> Result<Option<Candidate>> {
        let parameters = form.parameters(self.season);
        if parameters + 1 >= self.values.len() {
            return Ok(None);
        }
        let points = match before {
            Some(before) => vec![self.rescaled(before)],
            None => self.first(form, start)?,
        };
        let mut best: Option<(f64, Point)> = None;
        for point in points {
            let (loss, point) = self.descend(form, point)?;
            if loss.is_finite() && best.as_ref().is_none_or(|(least, _)| loss < *least) {
                best = Some((loss, point));
            }
        }
        Ok(best.map(|(_, point)| self.candidate(form, point, parameters)))
    }

    /// Goes down from a point to where the loss is least nearby.
    fn descend(&mut self, form: Form, point: Point) -> Result<(f64, Point)> {
        let mut free = Vec::new();
        point.to_free(form, &mut free);
        let scale: Vec<f64> = (0..free.len()).map(|index| self.scale(form, index)).collect();
        let mut shared = Shared {
            by: point.clone(),
            point,
            chain: Chain::default(),
            trace: &mut self.trace,
        };
        let (values, monitor) = (self.values, self.monitor);
        let value = |shared: &mut Shared, free: &[f64]| {
            monitor.check()?;
            shared.chain = shared.point.set_free(form, free);
            Ok(shared.trace.pass(values, form, &shared.point))
        };
        let slope = |shared: &mut Shared, gradient: &mut [f64]| {
            shared.trace.back(values, form, &shared.point, &mut shared.by);
            shared.chain.gradient(form, &shared.by, gradient);
        };
        let loss = self
            .minimiser
            .minimise(&mut free, &scale, RULE, &mut shared, value, slope)?;
        shared.point.set_free(form, &free);
        Ok((loss, shared.point))
    }

    /// The best of some starting points.
    fn first(&mut self, form: Form, start: &Start) -> Result<Vec<Point>> {
        let (level, slope) = match form.has_trend() {
            true => start.line,
            false => (start.level, 0.0),
        };
        let mut tried: Vec<(f64, Point)> = Vec::with_capacity(STARTS.len());
        for (alpha, beta, gamma) in STARTS {
            self.monitor.check()?;
            let point = Point {
                alpha,
                beta: if form.has_trend() { beta } else { 0.0 },
                gamma: if form.has_season() { gamma } else { 0.0 },
                phi: if form.damped { 0.95 } else { 1.0 },
                level,
                slope,
                seasons: start.seasons.clone(),
            };
            tried.push((self.trace.pass(self.values, form, &point), point));
        }
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(tried.into_iter().take(SEARCHED).map(|(_, point)| point).collect())
    }

    /// What was found in another unit.
    fn rescaled(&self, before: &Candidate) -> Point {
        let factor = before.unit / self.unit;
        let mut point = before.point.clone();
        point.level *= factor;
        point.slope *= factor;
        if before.form.season == Kind::Additive {
            point.seasons.iter_mut().for_each(|season| *season *= factor);
        }
        point
    }

    /// About how far a free number goes.
    fn scale(&self, form: Form, index: usize) -> f64 {
        let shares = form.shares();
        match index {
            index if index < shares => 1.0,
            index if index == shares => self.spread,
            _ => 0.3 * self.spread,
        }
    }

    fn candidate(&mut self, form: Form, point: Point, parameters: usize) -> Candidate {
        // Minus twice the logarithm of the likelihood, as in R.
        let scaled = self.trace.pass(self.values, form, &point);
        let count = self.values.len() as f64;
        let loss = scaled + 2.0 * count * self.unit.ln();
        let numbers = parameters as f64;
        let criterion = loss + 2.0 * numbers + 2.0 * numbers * (numbers + 1.0) / (count - numbers - 1.0);
        let error = self.trace.errors().iter().map(|error| error.abs()).sum::<f64>() / count * self.unit;
        let seasons = match form.season {
            Kind::Additive => point.seasons.iter().map(|season| season * self.unit).collect(),
            Kind::None | Kind::Multiplicative => point.seasons.clone(),
        };
        let mut state = Ets {
            form,
            alpha: point.alpha,
            beta: point.beta,
            gamma: point.gamma,
            phi: point.phi,
            level: point.level * self.unit,
            slope: point.slope * self.unit,
            seasons,
            next: 0,
        };
        self.values.iter().for_each(|value| state.advance(value * self.unit));
        Candidate {
            form,
            point,
            unit: self.unit,
            count: self.values.len(),
            criterion,
            state,
            error,
        }
    }
}

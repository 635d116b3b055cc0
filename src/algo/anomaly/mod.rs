//! Whether a figure that is observed again and again, such as the rows of a day, is now what its past lets expect.
//!
//! A point is compared with the median of the past, or of those points of the past that have its place in the season (Iglewicz and
//! Hoaglin, "How to Detect and Handle Outliers", 1993, for medians and MAD instead of means and standard deviations). How far it may be
//! off is learned in the same way: each past point is compared with the others, itself left out, and the spread of these residuals is
//! what is usual. What is told apart:
//!
//! - the season: none, the weekday, the hour of the day or of the week;
//! - the quantity: the level, or the change from the point before, for figures that grow, such as the rows of a table.
//!
//! With nothing prescribed, the model is taken whose residuals are smallest, and simpler ones are preferred.

mod feed;
mod fit;

#[cfg(test)]
mod tests;

use statrs::function::erf::erfc;

pub use feed::{Arrival, Feed};
use fit::Fit;

/// Part of a rule: residuals at more than this many times the limit are left out of what is learned from.
const FAR: f64 = 2.0;
/// How much smaller the residuals of a less simple model must be.
const BETTER: f64 = 0.9;
/// The fewest points of a level that has come to stay, and the share of them that must be off in the same way.
const LASTING: (usize, f64) = (7, 0.8);

/// An observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The figure; finite.
    pub value: f64,
    /// The day of the week, 0 to 6.
    pub weekday: u8,
    /// The hour of the day, 0 to 23.
    pub hour: u8,
    /// Whether it is known to be unusual, so that nothing is to be learned from it.
    pub excluded: bool,
}

/// What returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Season {
    /// Nothing: every point is like the others.
    None,
    /// Points of the same weekday are alike.
    Weekday,
    /// Points of the same hour of the day are alike.
    HourOfDay,
    /// Points of the same weekday and hour are alike.
    HourOfWeek,
}

impl Season {
    /// As users read it.
    pub fn name(self) -> &'static str {
        match self {
            Season::None => "none",
            Season::Weekday => "weekday",
            Season::HourOfDay => "hour_of_day",
            Season::HourOfWeek => "hour_of_week",
        }
    }

    /// The place of a point in the season.
    fn place(self, point: &Point) -> usize {
        self.place_of(point.weekday, point.hour)
    }

    fn place_of(self, weekday: u8, hour: u8) -> usize {
        match self {
            Season::None => 0,
            Season::Weekday => usize::from(weekday),
            Season::HourOfDay => usize::from(hour),
            Season::HourOfWeek => 24 * usize::from(weekday) + usize::from(hour),
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The figure itself.
    Level,
    /// Its difference from the point before.
    Change,
}

impl Quantity {
    /// As users read it.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Level => "level",
            Quantity::Change => "change",
        }
    }
}

/// On which side a point is anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Both,
    Up,
    Down,
}

/// How far off is never anomalous.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// As a share of what is expected: of the level, or of the change.
    Relative(f64),
    /// In units of the figure.
    Absolute(f64),
}

/// How a point is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// A point is anomalous when one so far off is as rare as one this many standard deviations off is among normal ones.
    pub sensitivity: f64,
    pub direction: Direction,
    /// The seasons to choose from; the simpler ones first.
    pub seasons: Vec<Season>,
    /// The quantities to choose from; the simpler one first.
    pub quantities: Vec<Quantity>,
    pub tolerance: Tolerance,
    /// The fewest points to learn from.
    pub min_points: usize,
    /// The least and the greatest figure that there can be.
    pub range: (f64, f64),
    /// How many series are judged together, whose false alarms are to be as rare as those of one (Bonferroni).
    pub series: usize,
}

/// What is known of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The figure that was to be expected.
    pub expected: f64,
    /// Between these a point is no anomaly; one of them is infinite when one direction only counts.
    pub low: f64,
    pub high: f64,
    /// How many of the usual spreads it is off: a robust z-score. Infinite when the past has no spread at all.
    pub score: f64,
    pub anomalous: bool,
    /// Points that were learned from, and those left out because they are far off themselves, or before a level that has changed.
    pub points: usize,
    pub left_out: usize,
    pub season: Season,
    pub quantity: Quantity,
}

/// How many of normal values are within so many standard deviations, as far as intervals of forecasts have such levels.
pub fn level_of(sensitivity: f64) -> f64 {
    (1.0 - erfc(sensitivity / std::f64::consts::SQRT_2)).clamp(0.5, 0.999)
}

/// Past points that can be learned from, when they are too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFew {
    pub points: usize,
    /// What more is missing than points: the season with three points of each of its places, or the point before.
    pub missing: Missing,
}

/// What is missing to judge a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Points, up to the fewest that are asked for.
    Points,
    /// Points of the same place in the season, of which it takes three.
    SeasonOfPoint(Season),
}

/// A model of the past: what a fit was made of.
struct Model {
    quantity: Quantity,
    season: Season,
    fit: Fit,
    /// For each value of the fit the point that it belongs to.
    points: Vec<usize>,
}

/// Judges a point by those before it, the oldest first. O(n log n) for each season and quantity to choose from.
pub fn assess(past: &[Point], tested: &Point, params: &Params) -> Result<Assessment, TooFew> {
    let alpha = erfc(params.sensitivity / std::f64::consts::SQRT_2) / params.series.max(1) as f64;
    let Some(mut model) = best(past, tested, params, alpha) else {
        return Err(too_few(past, tested, params));
    };
    let mut left_out = 0;
    if let Some(from) = lasting(&model, params)
        && let Some(newer) = best(&past[from..], tested, params, alpha)
    {
        // What was before the level changed says nothing of it now.
        left_out = past[..from].iter().filter(|point| !point.excluded).count();
        model = newer;
    }
    let limit = limit(&model, params);
    if let Some((cleaned, dropped)) = model.fit.without(FAR * limit, alpha) {
        left_out += dropped;
        model.fit = cleaned;
    }
    let base = match model.quantity {
        Quantity::Level => 0.0,
        Quantity::Change => past.last().map_or(0.0, |point| point.value),
    };
    let half = self::limit(&model, params);
    let expected = base + model.fit.centre;
    let (least, greatest) = params.range;
    let low = match params.direction {
        Direction::Up => f64::NEG_INFINITY,
        _ => (expected - half).clamp(least, greatest),
    };
    let high = match params.direction {
        Direction::Down => f64::INFINITY,
        // What is expected may be beyond what can be: then the end of that is.
        _ => (expected + half).clamp(least, greatest),
    };
    let off = tested.value - expected;
    Ok(Assessment {
        expected,
        low,
        high,
        score: if off == 0.0 { 0.0 } else { off / model.fit.scale },
        anomalous: tested.value < low || tested.value > high,
        points: model.fit.points,
        left_out,
        season: model.season,
        quantity: model.quantity,
    })
}

/// How far from what is expected a point may be.
fn limit(model: &Model, params: &Params) -> f64 {
    model.fit.half.max(match params.tolerance {
        Tolerance::Relative(share) => share * model.fit.centre.abs(),
        Tolerance::Absolute(value) => value,
    })
}

/// The model with the smallest residuals; of nearly equal ones the simplest.
fn best(past: &[Point], tested: &Point, params: &Params, alpha: f64) -> Option<Model> {
    let mut best: Option<Model> = None;
    for &quantity in &params.quantities {
        let (values, points) = values(past, quantity);
        if quantity == Quantity::Change && past.last().is_none_or(|last| last.excluded) {
            continue;
        }
        for &season in &params.seasons {
            let places: Vec<usize> = points.iter().map(|&point| season.place(&past[point])).collect();
            let Some(fit) = Fit::new(&values, &places, season.place(tested), season != Season::None, alpha) else {
                continue;
            };
            let enough = fit.points >= params.min_points;
            if enough && best.as_ref().is_none_or(|best| fit.typical < BETTER * best.fit.typical) {
                best = Some(Model {
                    quantity,
                    season,
                    fit,
                    points: points.clone(),
                });
            }
        }
    }
    best
}

/// The values of a quantity, and the points that they belong to.
fn values(past: &[Point], quantity: Quantity) -> (Vec<f64>, Vec<usize>) {
    let usable = |point: &Point| !point.excluded;
    match quantity {
        Quantity::Level => (0..past.len())
            .filter(|&i| usable(&past[i]))
            .map(|i| (past[i].value, i))
            .unzip(),
        Quantity::Change => (1..past.len())
            .filter(|&i| usable(&past[i]) && usable(&past[i - 1]))
            .map(|i| (past[i].value - past[i - 1].value, i))
            .unzip(),
    }
}

/// The point from which on, up to the last, nearly all are off in the same way: a new level that has come to stay.
fn lasting(model: &Model, params: &Params) -> Option<usize> {
    let (least, share) = LASTING;
    let limit = limit(model, params);
    let residuals = &model.fit.residuals;
    let last = residuals.last().copied().flatten().filter(|last| last.abs() > limit)?;
    let (mut off, mut length) = (0usize, 0usize);
    for (count, residual) in residuals.iter().rev().enumerate() {
        let same = residual.is_some_and(|residual| residual.abs() > limit && (residual > 0.0) == (last > 0.0));
        off += usize::from(same);
        if off as f64 >= share * (count + 1) as f64 {
            length = count + 1;
        }
    }
    let long_enough = length >= least.max(params.min_points) && length < residuals.len();
    long_enough.then(|| model.points[residuals.len() - length])
}

/// Why there is no model.
fn too_few(past: &[Point], tested: &Point, params: &Params) -> TooFew {
    let usable: Vec<&Point> = past.iter().filter(|point| !point.excluded).collect();
    let season = params.seasons.first().copied().unwrap_or(Season::None);
    if usable.len() < params.min_points || season == Season::None {
        return TooFew {
            points: usable.len(),
            missing: Missing::Points,
        };
    }
    let alike = usable
        .iter()
        .filter(|point| season.place(point) == season.place(tested));
    TooFew {
        points: alike.count(),
        missing: Missing::SeasonOfPoint(season),
    }
}

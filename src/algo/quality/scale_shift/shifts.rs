//! Which segments are on another scale.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::erf::erfc_inv;

use super::ScaleTally;
use super::compare::{Scale, Shift, distance, shift};
use super::known::near;
use super::mixture::mixture;
use super::{ALL_BINS, BINS};
use crate::error::{Error, Result};

/// When a shift is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Numbers other than zero that a segment needs to be judged, and that the others need; at least 20.
    pub min_rows: u64,
    /// The probability that any of the segments raises a false alarm, above 0 and below 1.
    pub significance: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            min_rows: 50,
            significance: 0.01,
        }
    }
}

/// Whether all numbers of a segment are off, or some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The segment, compared with the others.
    Whole,
    /// A part of it, compared with the rest of it.
    Part,
}

/// Numbers that are off by a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaleShift {
    /// The place of their segment.
    pub segment: usize,
    /// All its numbers, or some.
    pub extent: Extent,
    /// By what they are greater than the others: a known factor where one fits, else the estimate. Below 1 where they are less.
    pub factor: f64,
    /// What is added to that, as to degrees of another scale.
    pub summand: f64,
    /// What the known factor is between.
    pub name: Option<&'static str>,
    /// The ends of the interval in which the factor lies with 99% confidence.
    pub interval: (f64, f64),
    /// How much of the difference between the distributions the factor explains, from 0 to 1.
    pub confidence: f64,
    /// The numbers that are off.
    pub rows: u64,
    /// Between which magnitudes they are: from the first, up to but without the second.
    pub magnitudes: (f64, f64),
}

/// The greatest distance between distributions that count as alike, besides what chance makes.
const ALIKE: f64 = 0.04;
/// The distance from which on distributions hardly overlap.
const APART: f64 = 0.8;
/// By how many spreads of the numbers a factor moves them that is no other level, and how great a known factor is that is none.
const SPREADS: f64 = 4.0;
const LEVELS: f64 = 30.0;

/// Looks for segments that are off by a constant factor, and for parts of segments that are.
///
/// The scale of most numbers is the right one: the median over segments, weighted by rows, of the centres of their logarithms. A segment
/// is suspected when its own centre lies further from it than chance explains (by its standard error, corrected for the number of
/// segments) together with the spread that segments have among each other anyway. The numbers of the unsuspected segments are the
/// reference. A suspect is off by a factor when its distribution, divided by the factor, is that of the reference, and was not before:
/// in the measure of Kolmogorov and Smirnov the distance becomes that of chance, and falls to a third at most. Segments that are
/// different otherwise do not pass. The factor must be one between known units, or else leave hardly any overlap. And as groups of people,
/// things or countries often are the same distribution at another level, a small factor must be more than such a level: see [`is_level()`].
///
/// O(segments (log segments + bins)), and for each suspect at most 40,000 steps. Returns an error with a parameter out of its range.
pub fn find_shifts(segments: &[&ScaleTally], params: &Params) -> Result<Vec<ScaleShift>> {
    if params.min_rows < 20 {
        return Err(Error::Parameter {
            name: "min_rows",
            value: params.min_rows.to_string(),
            allowed: "at least 20".into(),
        });
    }
    if !(params.significance > 0.0 && params.significance < 1.0) {
        return Err(Error::Parameter {
            name: "significance",
            value: params.significance.to_string(),
            allowed: "between 0 and 1".into(),
        });
    }
    let scales = segments
        .iter()
        .enumerate()
        .filter(|(_, tally)| tally.rows >= params.min_rows);
    let scales: Vec<(usize, Scale)> = scales.map(|(place, tally)| (place, Scale::of(tally))).collect();
    let suspects = suspects(&scales, params);
    let others = || {
        let unsuspected = |(place, _): &&(usize, Scale)| suspects.binary_search(place).is_err();
        scales.iter().filter(unsuspected)
    };
    let reference = pooled(others().map(|(place, _)| segments[*place]));
    let centres: Vec<f64> = others().map(|(_, scale)| scale.centre()).collect();
    let mut found = Vec::new();
    for (place, scale) in &scales {
        let whole = if suspects.binary_search(place).is_ok() && reference.rows() >= params.min_rows {
            whole(scale, &reference).filter(|shift| {
                let risk = params.significance / segments.len() as f64;
                !is_level(shift, scale, &reference, &centres, risk)
            })
        } else {
            None
        };
        let found_here = whole.or_else(|| mixture(scale));
        found.extend(found_here.map(|shift| ScaleShift {
            segment: *place,
            ..shift
        }));
    }
    Ok(found)
}

/// The numbers of several segments.
pub(super) fn pooled<'t>(tallies: impl Iterator<Item = &'t ScaleTally>) -> Scale {
    let mut counts = vec![0_u64; ALL_BINS];
    for tally in tallies {
        let bins = counts.iter_mut().skip(tally.first.into());
        bins.zip(&tally.counts)
            .for_each(|(sum, rows)| *sum = sum.saturating_add(*rows));
    }
    let used = |rows: &u64| *rows > 0;
    let first = counts.iter().position(used).unwrap_or(0);
    let end = counts.iter().rposition(used).map_or(first, |last| last + 1);
    Scale::new(first as i64, counts[first..end].iter().copied())
}

/// The places of segments whose centre lies where chance and the variety of segments do not explain it. Ascending.
fn suspects(scales: &[(usize, Scale)], params: &Params) -> Vec<usize> {
    let centres: Vec<(f64, u64)> = scales.iter().map(|(_, scale)| (scale.centre(), scale.rows())).collect();
    let middle = weighted_median(centres.clone());
    let deviations = centres
        .iter()
        .map(|&(centre, rows)| ((centre - middle).abs(), rows))
        .collect();
    // 1.1 spreads over the root of n is the standard error of the mean of a middle half; half a bin is what bins leave open.
    let error = |scale: &Scale| (1.1 * scale.spread() / (scale.rows() as f64).sqrt()).hypot(0.5);
    let errors = scales.iter().map(|(_, scale)| (error(scale), scale.rows())).collect();
    // As the standard deviation of a normal distribution with this median deviation, without what chance may add to it where segments
    // are few.
    let deviation = 1.4826 * weighted_median(deviations);
    let variety = (deviation.powi(2) - (2.0 * weighted_median(errors)).powi(2))
        .max(0.0)
        .sqrt();
    // Two-sided, by Bonferroni; far from normal distributions need a margin, and a variety that few segments show a wide one.
    let segments = scales.len().max(1) as f64;
    let tail = (params.significance / segments).max(1e-300);
    let critical = (std::f64::consts::SQRT_2 * erfc_inv(tail)).max(4.0);
    let margin = critical + 40.0 / segments;
    let suspected = scales.iter().zip(&centres).filter(|((_, scale), (centre, _))| {
        (centre - middle).abs() > (critical * error(scale)).hypot(margin * variety)
    });
    suspected.map(|((place, _), _)| *place).collect()
}

/// The least value to which half of the weight belongs, with those below.
fn weighted_median(mut values: Vec<(f64, u64)>) -> f64 {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = values
        .iter()
        .map(|&(_, rows)| u128::from(rows))
        .sum::<u128>()
        .div_ceil(2);
    let mut sum = 0;
    let median = values.iter().find(|&&(_, rows)| {
        sum += u128::from(rows);
        sum >= half
    });
    median.map_or(0.0, |&(value, _)| value)
}

/// Whether a segment is a reference times a factor.
fn whole(scale: &Scale, reference: &Scale) -> Option<ScaleShift> {
    let estimate = shift(scale, reference);
    let before = distance(scale, reference, 0.0);
    let found = explain(scale, reference, estimate, Extent::Whole)?;
    (found.name.is_some() || before >= APART).then_some(found)
}

/// Whether a factor is no more than another level, as segments have it that differ by nature: malignant cells are 1.6 times as large as benign
/// ones, and that is no conversion of miles.
///
/// It is more where it moves the numbers far out of their own spread, which no level in clean data did that was looked at (2.6 spreads at the
/// most), or where there are enough other segments, and so much alike, that one more of them would not lie there (by the prediction interval of
/// Student's distribution of their centres). A known factor above [`LEVELS`] is beyond what such segments differ by.
fn is_level(shift: &ScaleShift, scale: &Scale, reference: &Scale, others: &[f64], risk: f64) -> bool {
    let moved = shift.factor.log10().abs() * BINS as f64;
    let is_far = moved >= SPREADS * scale.spread().max(reference.spread());
    let is_beyond = shift.name.is_some() && moved >= LEVELS.log10() * BINS as f64;
    !is_far && !is_beyond && moved < prediction(others, risk)
}

/// How far from the mean of some numbers a further one like them lies at the most, but for a risk.
fn prediction(numbers: &[f64], risk: f64) -> f64 {
    let count = numbers.len() as f64;
    let Ok(student) = StudentsT::new(0.0, 1.0, count - 1.0) else {
        return f64::INFINITY;
    };
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    let deviation = (squares / (count - 1.0)).sqrt().max(1.0);
    student.inverse_cdf(1.0 - risk.max(1e-12) / 2.0) * deviation * (1.0 + 1.0 / count).sqrt()
}

/// The shift, where moving makes two distributions alike that were not.
pub(super) fn explain(scale: &Scale, reference: &Scale, estimate: Shift, extent: Extent) -> Option<ScaleShift> {
    /// Standard errors to the ends of a 99% interval.
    const Z: f64 = 2.576;
    /// The critical value of Kolmogorov and Smirnov at 5%.
    const CRITICAL: f64 = 1.358;
    let width = Z * estimate.error;
    let (factor, name) = match near(estimate.decades, width) {
        Some((factor, name)) => (factor, Some(name)),
        None => (10_f64.powf(estimate.decades), None),
    };
    let before = distance(scale, reference, 0.0);
    let after = distance(scale, reference, factor.log10());
    let chance = CRITICAL * (1.0 / scale.rows() as f64 + 1.0 / reference.rows() as f64).sqrt();
    let alike = chance.hypot(ALIKE);
    let explained = after <= alike && before >= alike && after <= before / 3.0;
    explained.then(|| ScaleShift {
        segment: 0,
        extent,
        factor,
        summand: 0.0,
        name,
        interval: (
            10_f64.powf(estimate.decades - width),
            10_f64.powf(estimate.decades + width),
        ),
        confidence: 1.0 - after / before,
        rows: scale.rows(),
        magnitudes: scale.magnitudes(),
    })
}

/// Bins of so many decades.
pub(super) fn bins(decades: f64) -> usize {
    (decades * BINS as f64) as usize
}

//! Two units in one segment of numbers that vary little: two clusters with a wide gap between, one of which is the other converted.
//!
//! The histogram of magnitudes shows the gap, but it is too coarse to tell what is in clusters as narrow as a bin or two. So [`find_splits()`]
//! gives the places to look at, and [`shift_of()`] compares what is on either side by its quantiles.

use super::ScaleTally;
use super::compare::Scale;
use super::known::factors;
use super::shifts::{Extent, Params, ScaleShift};

/// Numbers in the lesser cluster, at the least, and their least share.
const ROWS: u64 = 20;
const SHARE: f64 = 0.002;
/// The width of the gap in bins, at the least: neighbours as near as that are told apart by no known factor.
const GAP: usize = 8;
/// Different numbers in a cluster, at the least: a few codes or prices are no measurements.
const DISTINCT: f64 = 8.0;
/// The quotient of two clusters' spreads, at the most: a part may be of a calmer time than the rest.
const SPREADS: f64 = 1.5;

/// The quantiles by which clusters are compared.
pub const QUANTILES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// The places among them of the median and of the quintiles around it, between which a normal distribution has so many standard deviations.
const MEDIAN: usize = 4;
const QUINTILES: (usize, usize, f64) = (1, 7, 1.683);

/// Conversions that add something: factor and summand, from the lower unit to the higher one.
const AFFINE: [(f64, f64, &str); 3] = [
    (1.8, 32.0, "degrees Celsius and Fahrenheit"),
    (1.0, 273.15, "degrees Celsius and kelvin"),
    (5.0 / 9.0, 255.372_222, "degrees Fahrenheit and kelvin"),
];

/// A place that parts a segment's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The place of the segment.
    pub segment: usize,
    /// Between which magnitudes the lower numbers are, and the higher ones: from the first, up to but without the second.
    pub low: (f64, f64),
    pub high: (f64, f64),
}

/// What is on one side of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub rows: u64,
    /// Different numbers.
    pub distinct: f64,
    /// At the shares of [`QUANTILES`].
    pub quantiles: Vec<f64>,
}

/// A known conversion of the lower numbers into the higher ones.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Conversion {
    factor: f64,
    /// What is added after that.
    summand: f64,
    /// What it is between.
    name: &'static str,
    /// How far the clusters' quantiles are from each other afterwards, at the most, as a share of what they were before.
    rest: f64,
}

/// The segments whose numbers lie in two narrow clusters, but for those where a shift was found already. O(bins).
pub fn find_splits(segments: &[&ScaleTally], params: &Params, found: &[ScaleShift]) -> Vec<Split> {
    let is_known = |place: usize| found.iter().any(|shift| shift.segment == place);
    let judged = segments.iter().enumerate().filter(|&(place, tally)| {
        // Magnitudes of both signs mix what is apart.
        tally.rows >= params.min_rows && tally.negatives == 0 && !is_known(place)
    });
    judged
        .filter_map(|(place, tally)| split(place, &Scale::of(tally)))
        .collect()
}

/// The widest gap, if it is wider than what is on either side.
fn split(segment: usize, scale: &Scale) -> Option<Split> {
    let is_empty = |bin: &usize| scale.rows_of(*bin, bin + 1) == 0;
    let mut widest = (0, 0);
    let mut from = 0;
    for bin in 0..scale.bins() {
        if !is_empty(&bin) {
            from = bin + 1;
        } else if bin + 1 - from > widest.1 - widest.0 {
            widest = (from, bin + 1);
        }
    }
    let width = widest.1 - widest.0;
    let (low, high) = (scale.part(0, widest.0), scale.part(widest.1, scale.bins()));
    let lesser = low.rows().min(high.rows());
    let is_enough = lesser >= ROWS && lesser as f64 >= SHARE * scale.rows() as f64;
    if width < GAP || !is_enough {
        return None;
    }
    // A straggler does not widen a cluster.
    let extent = |part: &Scale| part.own_bin(0.99) - part.own_bin(0.01) + 1;
    (width >= extent(&low).max(extent(&high))).then(|| Split {
        segment,
        low: low.magnitudes(),
        high: high.magnitudes(),
    })
}

/// The lesser cluster of a split, where it is the other one in another unit.
pub fn shift_of(split: &Split, low: &Cluster, high: &Cluster) -> Option<ScaleShift> {
    let found = conversion(low, high)?;
    let is_high = high.rows <= low.rows;
    let (lesser, magnitudes) = if is_high { (high, split.high) } else { (low, split.low) };
    let (factor, summand) = match is_high {
        true => (found.factor, found.summand),
        false => (1.0 / found.factor, -found.summand / found.factor),
    };
    Some(ScaleShift {
        segment: split.segment,
        extent: Extent::Part,
        factor,
        summand,
        name: Some(found.name),
        // It is a known one, or none.
        interval: (factor, factor),
        confidence: 1.0 - found.rest,
        rows: lesser.rows,
        magnitudes,
    })
}

/// The known conversion of one cluster into another, if there is one.
///
/// The medians must agree to half a standard deviation of the clusters, for a part may be of another time than the rest, or to a quarter for
/// factors that are no powers of ten, of which there are many; their spreads to
/// [`SPREADS`], and all other quantiles to a standard deviation. The gap between the clusters is wider than they are, so that few
/// factors are as near as that by chance. A power of ten is taken before others, and else what fits best.
fn conversion(low: &Cluster, high: &Cluster) -> Option<Conversion> {
    let is_sound = |cluster: &Cluster| {
        cluster.distinct >= DISTINCT
            && cluster.quantiles.len() == QUANTILES.len()
            && cluster.quantiles.iter().all(|quantile| quantile.is_finite())
    };
    if !is_sound(low) || !is_sound(high) {
        return None;
    }
    let (from, to, deviations) = QUINTILES;
    let spread = |cluster: &Cluster| (cluster.quantiles[to] - cluster.quantiles[from]) / deviations;
    let (of_low, of_high) = (spread(low), spread(high));
    let before = high.quantiles[MEDIAN] - low.quantiles[MEDIAN];
    let fit = |factor: f64, summand: f64, name: &'static str, near: f64| {
        let unit = (factor * of_low).max(of_high);
        let ratio = of_high / (factor * of_low);
        let off = |place: usize| (factor * low.quantiles[place] + summand - high.quantiles[place]).abs();
        let worst = (0..QUANTILES.len()).map(off).fold(0.0, f64::max);
        let fits =
            unit > 0.0 && (1.0 / SPREADS..=SPREADS).contains(&ratio) && off(MEDIAN) <= near * unit && worst <= unit;
        fits.then_some(Conversion {
            factor,
            summand,
            name,
            rest: (worst / before).clamp(0.0, 1.0),
        })
    };
    let best = |fits: Vec<Conversion>| fits.into_iter().min_by(|a, b| a.rest.total_cmp(&b.rest));
    let (powers, others) = factors();
    let scaled = |known: &[(f64, &'static str)], near: f64| -> Vec<Conversion> {
        let fits = known.iter().filter_map(|&(factor, name)| fit(factor, 0.0, name, near));
        fits.collect()
    };
    best(scaled(powers, 0.5)).or_else(|| {
        let mut fits = scaled(others, 0.25);
        fits.extend(
            AFFINE
                .iter()
                .filter_map(|&(factor, summand, name)| fit(factor, summand, name, 0.25)),
        );
        best(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many numbers spread evenly around a middle, times a factor and with a summand.
    fn cluster(rows: u64, middle: f64, half: f64, factor: f64, summand: f64) -> Cluster {
        let quantiles = QUANTILES
            .iter()
            .map(|share| factor * (middle + half * (2.0 * share - 1.0)) + summand);
        Cluster {
            rows,
            distinct: rows as f64 / 2.0,
            quantiles: quantiles.collect(),
        }
    }

    #[test]
    fn known_conversions_of_narrow_clusters_are_named() {
        for (middle, half, factor, summand) in [
            (1018.0, 28.0, 1000.0, 0.0),
            (1018.0, 28.0, 10.0, 0.0),
            (1018.0, 28.0, 12.0, 0.0),
            (66.0, 7.0, 2.54, 0.0),
            (20.0, 3.0, 3.6, 0.0),
            (20.0, 5.0, 1.8, 32.0),
            (20.0, 5.0, 1.0, 273.15),
        ] {
            // A part of another time lies a little beside the rest.
            let (low, high) = (
                cluster(8000, middle, half, 1.0, 0.0),
                cluster(1443, middle + 0.1 * half, 0.9 * half, factor, summand),
            );
            let found = conversion(&low, &high).unwrap();
            assert_eq!((found.factor, found.summand), (factor, summand), "{middle} {factor}");
            assert!(found.rest < 0.2);
        }
    }

    #[test]
    fn other_clusters_are_not_converted() {
        let low = cluster(8000, 1018.0, 28.0, 1.0, 0.0);
        // Between the known factors; of another spread; a few values.
        assert_eq!(conversion(&low, &cluster(1443, 1018.0, 28.0, 300.0, 0.0)), None);
        assert_eq!(conversion(&low, &cluster(1443, 1018.0, 1.0, 1000.0, 0.0)), None);
        let few = Cluster {
            distinct: 5.0,
            ..cluster(1443, 1018.0, 28.0, 1000.0, 0.0)
        };
        assert_eq!(conversion(&low, &few), None);
    }

    #[test]
    fn gaps_wider_than_clusters_are_splits() {
        let tally = |numbers: &[(f64, f64, u64)]| {
            let mut tally = ScaleTally::default();
            for &(from, to, rows) in numbers {
                (0..rows).for_each(|row| tally.push(from + (to - from) * row as f64 / rows as f64));
            }
            tally
        };
        let splits = |tally: &ScaleTally| find_splits(&[tally], &Params::default(), &[]);
        let pressure = tally(&[(991.0, 1046.0, 8000), (991e3, 1046e3, 1443)]);
        let [split] = splits(&pressure)[..] else {
            panic!("no split")
        };
        assert!(split.low.0 <= 991.0 && split.low.1 > 1046.0 && split.high.0 <= 991e3 && split.high.1 > 1046e3);
        assert_eq!(splits(&tally(&[(15.0, 25.0, 900), (59.0, 77.0, 100)])).len(), 1);
        for alike in [
            tally(&[(1.0, 1000.0, 5000)]),
            // As wide as the gap; too few; of both signs.
            tally(&[(1.0, 20.0, 900), (40.0, 900.0, 100)]),
            tally(&[(991.0, 1046.0, 8000), (991e3, 1046e3, 15)]),
            tally(&[(-1046.0, -991.0, 500), (991e3, 1046e3, 500)]),
        ] {
            assert_eq!(splits(&alike), []);
        }
    }
}

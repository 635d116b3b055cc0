//! Two units in numbers that vary little: two clusters with a gap between, one of which is the other converted.
//!
//! The histogram of magnitudes shows where they may be, but it is too coarse to tell what is in clusters as narrow as a bin or two. So
//! [`find_splits()`] gives the places to look at, and [`shift_of()`] compares what is on either side by its quantiles.

use super::ScaleTally;
use super::compare::Scale;
use super::conversion::{AFFINE, Cluster, QUINTILES, conversion};
use super::shifts::{Extent, Params, ScaleShift, pooled};

/// Numbers in the lesser cluster, at the least, and their least share.
const ROWS: u64 = 20;
const SHARE: f64 = 0.002;
/// The width of the gap in bins, at the least: neighbours as near as that are told apart by no known factor.
const GAP: usize = 4;
/// The gap between clusters as a multiple of the wider one, at the least: as magnitudes go, and as the numbers themselves do.
const MAGNITUDES: f64 = 1.0;
const NUMBERS: f64 = 0.5;
/// The spreads between a segment and the others, at the least, where it may be theirs by a conversion that adds something.
const APART: f64 = 3.0;

/// Whose numbers a cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those of the segment.
    Segment,
    /// Those of all other segments.
    OtherSegments,
}

/// Where a cluster is: whose numbers, and between which magnitudes: from the first, up to but without the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    pub of: Of,
    pub magnitudes: (f64, f64),
}

/// A place that parts a segment's numbers from others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The place of the segment.
    pub segment: usize,
    /// Where the lower numbers are, and the higher ones.
    pub low: Side,
    pub high: Side,
}

/// The segments whose numbers lie in two clusters, or apart from those of the others as degrees do in another unit; but for those where a shift was
/// found already, unless a conversion of degrees may explain it better. O(segments bins).
pub fn find_splits(segments: &[&ScaleTally], params: &Params, found: &[ScaleShift]) -> Vec<Split> {
    let known = |place: usize| found.binary_search_by_key(&place, |shift| shift.segment).ok();
    let judged = segments
        .iter()
        .enumerate()
        .filter(|(_, tally)| tally.rows >= params.min_rows);
    let all = pooled(judged.clone().map(|(_, tally)| *tally));
    let splits = judged.filter_map(|(place, tally)| match known(place).map(|known| found[known]) {
        None => split(place, tally).or_else(|| degrees(place, tally, &all)),
        Some(shift) if shift.extent == Extent::Whole => degrees(place, tally, &all),
        Some(_) => None,
    });
    splits.collect()
}

/// The widest gap between magnitudes, or else between the numbers themselves, if it is wide beside the clusters on either side.
fn split(segment: usize, tally: &ScaleTally) -> Option<Split> {
    let scale = Scale::of(tally);
    let has_both_signs = tally.negatives > 0 && tally.negatives < tally.rows;
    let gaps = gaps(&scale);
    let numbers = |&(from, to): &(usize, usize)| scale.edge(to) - scale.edge(from);
    let widest = [
        gaps.iter().max_by_key(|(from, to)| to - from),
        gaps.iter().max_by(|a, b| numbers(a).total_cmp(&numbers(b))),
    ];
    let split = |&(from, to): &(usize, usize)| {
        let (low, high) = (scale.part(0, from), scale.part(to, scale.bins()));
        let lesser = low.rows().min(high.rows());
        if to - from < GAP || lesser < ROWS || (lesser as f64) < SHARE * scale.rows() as f64 {
            return None;
        }
        // A straggler does not widen a cluster.
        let ends = |part: &Scale| (part.own_bin(0.01), part.own_bin(0.99) + 1);
        let bins = |part: &Scale| (ends(part).1 - ends(part).0) as f64;
        let extent = |part: &Scale| part.edge(ends(part).1) - part.edge(ends(part).0);
        // Magnitudes of both signs mix what is apart.
        let of_low = if has_both_signs {
            2.0 * low.edge(ends(&low).1)
        } else {
            extent(&low)
        };
        let is_wide = (!has_both_signs && (to - from) as f64 >= MAGNITUDES * bins(&low).max(bins(&high)))
            || scale.edge(to) - scale.edge(from) >= NUMBERS * of_low.max(extent(&high));
        is_wide.then(|| Split {
            segment,
            low: Side {
                of: Of::Segment,
                magnitudes: low.magnitudes(),
            },
            high: Side {
                of: Of::Segment,
                magnitudes: high.magnitudes(),
            },
        })
    };
    widest.into_iter().flatten().find_map(split)
}

/// The runs of empty bins between others: from a bin up to another.
fn gaps(scale: &Scale) -> Vec<(usize, usize)> {
    let mut gaps = Vec::new();
    let mut from = 0;
    for bin in 0..scale.bins() {
        if scale.rows_of(bin, bin + 1) > 0 {
            if from < bin {
                gaps.push((from, bin));
            }
            from = bin + 1;
        }
    }
    gaps
}

/// A segment and the other ones, where either may be degrees in another unit, as far as bins can tell.
fn degrees(segment: usize, tally: &ScaleTally, all: &Scale) -> Option<Split> {
    let own = Scale::of(tally);
    let others = all.without(&own);
    if tally.negatives > 0 || others.rows() < ROWS {
        return None;
    }
    let quantiles = |scale: &Scale| [0.2, 0.5, 0.8].map(|share| scale.magnitude(share));
    let is_lower = own.quantile(0.5) <= others.quantile(0.5);
    // Most numbers are right; of as many the lower ones are taken to be.
    if own.rows() > others.rows() || (own.rows() == others.rows() && is_lower) {
        return None;
    }
    let (low, high) = if is_lower { (&own, &others) } else { (&others, &own) };
    let (from, to) = (quantiles(low), quantiles(high));
    let is_near = |&(factor, summand, _): &(f64, f64, &str)| {
        let deviation = |[low, _, high]: [f64; 3]| (high - low) / QUINTILES.2;
        // What bins leave open.
        let coarse = |scale: &Scale, median: f64| median * (scale.edge(1) / scale.edge(0) - 1.0);
        let unit =
            (factor * deviation(from)).max(deviation(to)) + coarse(low, factor * from[1]).max(coarse(high, to[1]));
        (factor * from[1] + summand - to[1]).abs() <= unit && to[1] - from[1] >= APART * unit
    };
    let side = |is_own: bool, scale: &Scale| Side {
        of: if is_own { Of::Segment } else { Of::OtherSegments },
        magnitudes: scale.magnitudes(),
    };
    AFFINE.iter().any(is_near).then(|| Split {
        segment,
        low: side(is_lower, low),
        high: side(!is_lower, high),
    })
}

/// The segment of a split, or its lesser cluster, where that is the other one in another unit.
pub fn shift_of(split: &Split, low: &Cluster, high: &Cluster) -> Option<ScaleShift> {
    let found = conversion(low, high)?;
    let (extent, is_high) = match (split.low.of, split.high.of) {
        (Of::Segment, Of::Segment) => (Extent::Part, high.rows <= low.rows),
        (_, of_high) => (Extent::Whole, of_high == Of::Segment),
    };
    if extent == Extent::Whole && found.summand == 0.0 {
        // Factors alone were looked for by the histograms.
        return None;
    }
    let (lesser, side) = if is_high { (high, split.high) } else { (low, split.low) };
    let (factor, summand) = match is_high {
        true => (found.factor, found.summand),
        false => (1.0 / found.factor, -found.summand / found.factor),
    };
    Some(ScaleShift {
        segment: split.segment,
        extent,
        factor,
        summand,
        name: Some(found.name),
        // It is a known one, or none.
        interval: (factor, factor),
        confidence: 1.0 - found.rest,
        rows: lesser.rows,
        magnitudes: side.magnitudes,
    })
}

/// All shifts by segment: those that were found by conversions in the place of others.
pub fn with_conversions(mut found: Vec<ScaleShift>, converted: Vec<ScaleShift>) -> Vec<ScaleShift> {
    found.retain(|old| !converted.iter().any(|new| new.segment == old.segment));
    found.extend(converted);
    found.sort_by_key(|shift| shift.segment);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (low, high) = (split.low.magnitudes, split.high.magnitudes);
        assert!(low.0 <= 991.0 && low.1 > 1046.0 && high.0 <= 991e3 && high.1 > 1046e3);
        assert_eq!(splits(&tally(&[(15.0, 25.0, 900), (59.0, 77.0, 100)])).len(), 1);
        for alike in [
            tally(&[(1.0, 1000.0, 5000)]),
            // Wider than the gap; too few.
            tally(&[(1.0, 20.0, 900), (40.0, 900.0, 100)]),
            tally(&[(991.0, 1046.0, 8000), (991e3, 1046e3, 15)]),
        ] {
            assert_eq!(splits(&alike), []);
        }
    }
}

//! Two histograms of logarithms: where they lie, how far apart, and how alike they are once moved.

use super::{BINS, LEAST, ScaleTally};

/// The normal distribution has this many standard deviations between its quartiles.
const QUARTILES: f64 = 1.349;

/// Rows by bins, counted up from one place.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    first: i64,
    /// Rows up to each bin; begins with 0.
    sums: Vec<u64>,
}

impl Scale {
    /// Of rows in bins from a place on.
    pub(super) fn new(first: i64, counts: impl IntoIterator<Item = u64>) -> Scale {
        let mut sums = vec![0];
        let mut sum = 0_u64;
        sums.extend(counts.into_iter().map(|rows| {
            sum = sum.saturating_add(rows);
            sum
        }));
        Scale { first, sums }
    }

    pub(super) fn of(tally: &ScaleTally) -> Scale {
        Scale::new(tally.first.into(), tally.counts.iter().copied())
    }

    /// The magnitudes of its numbers: from the first, up to but without the second.
    pub(super) fn magnitudes(&self) -> (f64, f64) {
        (self.edge(0), self.edge(self.bins()))
    }

    /// The least magnitude of one of its own bins.
    pub(super) fn edge(&self, bin: usize) -> f64 {
        magnitude(self.first as f64 + bin as f64)
    }

    /// A quantile as a magnitude.
    pub(super) fn magnitude(&self, share: f64) -> f64 {
        magnitude(self.quantile(share))
    }

    /// Its rows but for those of another one that is among them.
    pub(super) fn without(&self, other: &Scale) -> Scale {
        let count = |bin: usize| {
            let place = self.first + bin as i64 - other.first;
            let theirs = usize::try_from(place).map_or(0, |place| other.rows_of(place, place + 1));
            self.rows_of(bin, bin + 1).saturating_sub(theirs)
        };
        let used: Vec<u64> = (0..self.bins()).map(count).collect();
        let first = used.iter().take_while(|&&rows| rows == 0).count();
        let last = used.iter().rposition(|&rows| rows > 0).map_or(first, |last| last + 1);
        Scale::new(self.first + first as i64, used[first..last].iter().copied())
    }

    /// The part between two of its own bins, counted from its first.
    pub(super) fn part(&self, from: usize, to: usize) -> Scale {
        let counts = (from..to).map(|bin| self.sums[bin + 1] - self.sums[bin]);
        Scale::new(self.first + from as i64, counts)
    }

    pub(super) fn rows(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    /// How many bins there are.
    pub(super) fn bins(&self) -> usize {
        self.sums.len() - 1
    }

    /// The rows of a range of its own bins.
    pub(super) fn rows_of(&self, from: usize, to: usize) -> u64 {
        let at = |bin: usize| self.sums[bin.min(self.bins())];
        at(to.max(from)) - at(from)
    }

    /// The share of rows below a place in units of bins, between edges interpolated.
    fn share_below(&self, place: f64) -> f64 {
        let place = (place - self.first as f64).clamp(0.0, self.bins() as f64);
        let bin = place as usize;
        let low = self.sums[bin] as f64;
        let high = self.sums[(bin + 1).min(self.bins())] as f64;
        (low + (high - low) * place.fract()) / self.rows() as f64
    }

    /// A quantile in units of bins.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let rank = share * self.rows() as f64;
        let bin = self.sums.partition_point(|&sum| (sum as f64) < rank).max(1);
        let (low, high) = (self.sums[bin - 1] as f64, self.sums[bin.min(self.bins())] as f64);
        let part = if high > low { (rank - low) / (high - low) } else { 0.0 };
        self.first as f64 + (bin - 1) as f64 + part
    }

    /// The mean of the middle half, in units of bins: as robust against outliers as the median nearly, and steady where numbers take few
    /// values.
    pub(super) fn centre(&self) -> f64 {
        const PARTS: u32 = 20;
        let quantiles = (0..=PARTS).map(|part| self.quantile(0.25 + 0.5 * f64::from(part) / f64::from(PARTS)));
        quantiles.sum::<f64>() / f64::from(PARTS + 1)
    }

    /// The bin of a quantile, counted from its first.
    pub(super) fn own_bin(&self, share: f64) -> usize {
        let bin = self.quantile(share) - self.first as f64;
        (bin.max(0.0) as usize).min(self.bins().saturating_sub(1))
    }

    /// The standard deviation that a normal distribution of its quartiles has, and at least that of one bin.
    pub(super) fn spread(&self) -> f64 {
        ((self.quantile(0.75) - self.quantile(0.25)) / QUARTILES).max(0.3)
    }

    /// A bin of one in so many that the number is manageable, with its place.
    fn grouped(&self, most: usize) -> Vec<(f64, f64)> {
        let width = self.bins().div_ceil(most).max(1);
        (0..self.bins())
            .step_by(width)
            .map(|bin| {
                let to = (bin + width).min(self.bins());
                (
                    self.first as f64 + (bin + to) as f64 / 2.0,
                    self.rows_of(bin, to) as f64,
                )
            })
            .filter(|&(_, rows)| rows > 0.0)
            .collect()
    }
}

/// The magnitude of a place in units of bins.
fn magnitude(place: f64) -> f64 {
    10_f64.powf(f64::from(LEAST) + place / BINS as f64)
}

/// How far a distribution lies above another, with the standard error, in decades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shift {
    pub(super) decades: f64,
    pub(super) error: f64,
}

/// The estimator of Hodges and Lehmann: the median of the differences between all pairs. Its standard error is that for normal
/// distributions, and never less than what bins leave open. At most 40,000 pairs of bins.
pub(super) fn shift(of: &Scale, from: &Scale) -> Shift {
    /// Bins of each side.
    const MOST: usize = 200;
    let (ours, theirs) = (of.grouped(MOST), from.grouped(MOST));
    let pairs = ours.iter().flat_map(|&(place, rows)| {
        theirs
            .iter()
            .map(move |&(other, other_rows)| (place - other, rows * other_rows))
    });
    let mut pairs: Vec<(f64, f64)> = pairs.collect();
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = pairs.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let median = pairs.iter().find(|(_, weight)| {
        sum += weight;
        sum >= half
    });
    let rows = 1.0 / of.rows().max(1) as f64 + 1.0 / from.rows().max(1) as f64;
    // sqrt(pi/3) is the price of the estimator against the mean.
    let error = 1.023 * of.spread().max(from.spread()) * rows.sqrt();
    Shift {
        decades: median.map_or(0.0, |&(difference, _)| difference) / BINS as f64,
        error: error.hypot(0.3) / BINS as f64,
    }
}

/// The greatest difference between the shares of two distributions below a place, after the first was moved down by some decades; a
/// difference that a move by one bin more or less would end is none. It is the statistic of Kolmogorov and Smirnov, but for what bins
/// leave open. O(bins).
pub(super) fn distance(of: &Scale, from: &Scale, decades: f64) -> f64 {
    let shift = decades * BINS as f64;
    let places = (0..=of.bins())
        .map(|bin| (of.first + bin as i64) as f64 - shift)
        .chain((0..=from.bins()).map(|bin| (from.first + bin as i64) as f64));
    places
        .map(|place| {
            let share = of.share_below(place + shift);
            let (low, high) = (from.share_below(place - 1.0), from.share_below(place + 1.0));
            (share - high).max(low - share)
        })
        .fold(0.0, f64::max)
}

//! Whether what is in one cluster is what is in another, converted: by quantiles.

use super::known::factors;

/// Different numbers in a cluster, at the least: a few codes or prices are no measurements.
const DISTINCT: f64 = 8.0;
/// The quantiles by which clusters are compared.
pub const QUANTILES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// The places among them of the median and of the quintiles around it, between which a normal distribution has so many standard deviations.
const MEDIAN: usize = 4;
pub(super) const QUINTILES: (usize, usize, f64) = (1, 7, 1.683);

/// Conversions that add something: factor and summand, from the lower unit to the higher one.
pub(super) const AFFINE: [(f64, f64, &str); 3] = [
    (1.8, 32.0, "degrees Celsius and Fahrenheit"),
    (1.0, 273.15, "degrees Celsius and kelvin"),
    (5.0 / 9.0, 255.372_222, "degrees Fahrenheit and kelvin"),
];

/// How near two clusters must be after a conversion, in standard deviations of the wider one, but for what chance adds.
#[derive(Debug, Clone, Copy)]
struct Nearness {
    median: f64,
    /// All other quantiles.
    others: f64,
    /// The quotient of the spreads.
    spreads: f64,
}

/// A part may be of another time than the rest, and calmer. Powers of ten are few, so that hardly a cluster is near to one by chance.
const POWERS: Nearness = Nearness {
    median: 1.0,
    others: 1.5,
    spreads: 2.0,
};
/// The other conversions are many.
const OTHERS: Nearness = Nearness {
    median: 0.25,
    others: 1.0,
    spreads: 1.5,
};

/// From which power of ten on a cluster may be one that goes on where the other ended; by what share of its width it may be outside; and the quotient of
/// the ends of both, at the most, so that no other power of ten would do.
const FAR: f64 = 100.0;
const BEYOND: f64 = 0.5;
const WIDTH: f64 = 3.0;

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
pub(super) struct Conversion {
    pub(super) factor: f64,
    /// What is added after that.
    pub(super) summand: f64,
    /// What it is between.
    pub(super) name: &'static str,
    /// How far the clusters' quantiles are from each other afterwards, at the most, as a share of what they were before.
    pub(super) rest: f64,
}

/// How much nearer another conversion must be than a power of ten.
const CLEARLY: f64 = 2.0;

/// The known conversion of one cluster into another, if there is one: see [`Nearness`]. The gap between the clusters is wide beside them, so that few
/// conversions are as near as that by chance. A power of ten is taken before others unless one of them fits
/// clearly better, and else what fits best.
pub(super) fn conversion(low: &Cluster, high: &Cluster) -> Option<Conversion> {
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
    let before = (high.quantiles[MEDIAN] - low.quantiles[MEDIAN]).abs();
    // Two standard errors of a median, an outer quantile and a spread, in standard deviations.
    let root = (low.rows.min(high.rows).max(1) as f64).sqrt();
    let (of_median, of_others, of_spread) = (2.5 / root, 3.4 / root, 2.2 / root);
    let fit = |factor: f64, summand: f64, name: &'static str, near: Nearness| {
        let unit = (factor * of_low).max(of_high);
        let ratio = of_high / (factor * of_low);
        let off = |place: usize| (factor * low.quantiles[place] + summand - high.quantiles[place]).abs();
        let worst = (0..QUANTILES.len()).map(off).fold(0.0, f64::max);
        let spreads = near.spreads * (1.0 + of_spread);
        let fits = unit > 0.0
            && (1.0 / spreads..=spreads).contains(&ratio)
            && off(MEDIAN) <= (near.median + of_median) * unit
            && worst <= (near.others + of_others) * unit;
        fits.then_some(Conversion {
            factor,
            summand,
            name,
            rest: (worst / before).clamp(0.0, 1.0),
        })
    };
    // A series that grows is elsewhere at its end, but not far beyond where it was.
    let continues = |factor: f64, name: &'static str| {
        let is_low = low.rows >= high.rows;
        let (most, least, times) = if is_low {
            (low, high, 1.0 / factor)
        } else {
            (high, low, factor)
        };
        let ends = |cluster: &Cluster| (cluster.quantiles[0], cluster.quantiles[QUANTILES.len() - 1]);
        let ((from, to), (first, last)) = (ends(most), ends(least));
        let room = BEYOND * (to - from);
        let is_narrow = from > room && to + room <= WIDTH * (from - room);
        let fits = is_narrow && times * first >= from - room && times * last <= to + room;
        fits.then_some(Conversion {
            factor,
            summand: 0.0,
            name,
            rest: ((to - from + room) / before).clamp(0.0, 1.0),
        })
    };
    let best = |fits: Vec<Conversion>| fits.into_iter().min_by(|a, b| a.rest.total_cmp(&b.rest));
    let (powers, others) = factors();
    let scaled = |known: &[(f64, &'static str)], near: Nearness| -> Vec<Conversion> {
        let fits = known.iter().filter_map(|&(factor, name)| fit(factor, 0.0, name, near));
        fits.collect()
    };
    let continued = || {
        let far = powers.iter().filter(|(factor, _)| *factor >= FAR);
        far.filter_map(|&(factor, name)| continues(factor, name)).collect()
    };
    let other = || {
        let mut fits = scaled(others, OTHERS);
        let affine = AFFINE.iter();
        fits.extend(affine.filter_map(|&(factor, summand, name)| fit(factor, summand, name, OTHERS)));
        best(fits)
    };
    match (best(scaled(powers, POWERS)), other()) {
        (Some(power), Some(other)) if CLEARLY * other.rest < power.rest => Some(other),
        (Some(power), _) => Some(power),
        (None, other) => best(continued()).or(other),
    }
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
    fn a_series_that_grows_is_followed_into_another_unit() {
        let (low, high) = (
            cluster(1900, 335.0, 22.0, 1.0, 0.0),
            cluster(340, 364.0, 6.0, 1000.0, 0.0),
        );
        assert_eq!(conversion(&low, &high).map(|found| found.factor), Some(1000.0));
        // Farther than it ever was; from one as wide the next power of ten would do.
        assert_eq!(conversion(&low, &cluster(340, 420.0, 9.0, 1000.0, 0.0)), None);
        let wide = cluster(1900, 500.0, 300.0, 1.0, 0.0);
        assert_eq!(conversion(&wide, &cluster(340, 700.0, 20.0, 1000.0, 0.0)), None);
    }

    #[test]
    fn other_clusters_are_not_converted() {
        let low = cluster(8000, 1018.0, 28.0, 1.0, 0.0);
        // Between the known factors; of another spread; a few values.
        assert_eq!(conversion(&low, &cluster(1443, 1018.0, 28.0, 300.0, 0.0)), None);
        assert_eq!(conversion(&low, &cluster(1443, 1018.0, 1.0, 12.0, 0.0)), None);
        let few = Cluster {
            distinct: 5.0,
            ..cluster(1443, 1018.0, 28.0, 1000.0, 0.0)
        };
        assert_eq!(conversion(&low, &few), None);
    }
}

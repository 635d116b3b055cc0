//! What is usual: the medians of the past, and how far points are from those of the others.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

/// The median of absolute deviations times this estimates the standard deviation of normal values, as do their 90 % quantile over
/// the second, and their mean times the third.
const MEDIAN_TO_DEVIATION: f64 = 1.482_602_218_505_602;
const NINETY_PERCENT: f64 = 1.644_853_626_951_472_7;
const MEAN_TO_DEVIATION: f64 = 1.253_314_137_315_5;

/// The degrees of freedom of a spread that was estimated from residuals, for each of them; without and with a season. Found by
/// simulating normal values, so that the tails of Student's distribution with them hold from 5 points on.
const FREEDOM: (f64, f64) = (0.42, 0.31);

/// The fewest points of a place in the season that are compared with each other.
const ALIKE: usize = 3;

/// What values let expect of the next one.
pub struct Fit {
    values: Vec<f64>,
    places: Vec<usize>,
    place: usize,
    seasonal: bool,
    /// The next value.
    pub centre: f64,
    /// An estimate of the standard deviation around it.
    pub scale: f64,
    /// How far off it is with the probability alpha only.
    pub half: f64,
    /// The differences from the medians of the others; none for the values of places with too few.
    pub residuals: Vec<Option<f64>>,
    /// How many there are.
    pub points: usize,
    /// The mean absolute residual without the greatest twentieth.
    pub typical: f64,
}

impl Fit {
    /// Of values with their places in the season, for a value of `place`. `None` when there are too few for that.
    pub fn new(values: &[f64], places: &[usize], place: usize, seasonal: bool, alpha: f64) -> Option<Fit> {
        let least = if seasonal { ALIKE } else { 2 };
        let width = places.iter().max().map_or(0, |most| most + 1);
        let mut alike: Vec<Vec<usize>> = vec![Vec::new(); width];
        for (index, &place) in places.iter().enumerate() {
            alike[place].push(index);
        }
        let mut residuals = vec![None; values.len()];
        let mut centre = None;
        for (of, indices) in alike
            .iter_mut()
            .enumerate()
            .filter(|(_, indices)| indices.len() >= least)
        {
            indices.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
            let at = |rank: usize| values[indices[rank]];
            if of == place {
                centre = Some(median(indices.len(), at));
            }
            for (rank, &index) in indices.iter().enumerate() {
                let others = |other: usize| at(if other < rank { other } else { other + 1 });
                residuals[index] = Some(values[index] - median(indices.len() - 1, others));
            }
        }
        let mut sizes: Vec<f64> = residuals
            .iter()
            .flatten()
            .map(|residual: &f64| residual.abs())
            .collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let points = sizes.len();
        let at = |rank: usize| sizes[rank];
        let mut scale = MEDIAN_TO_DEVIATION * median(points, at);
        scale = scale.max(quantile(&sizes, 0.9) / NINETY_PERCENT);
        if scale == 0.0 {
            scale = MEAN_TO_DEVIATION * mean(&sizes);
        }
        let freedom = points as f64 * if seasonal { FREEDOM.1 } else { FREEDOM.0 };
        Some(Fit {
            centre: centre?,
            scale,
            half: two_sided(alpha, freedom.max(1.0)) * scale,
            residuals,
            points,
            typical: mean(&sizes[..(points * 95).div_ceil(100)]),
            values: values.to_vec(),
            places: places.to_vec(),
            place,
            seasonal,
        })
    }

    /// The fit without the values whose residuals are above a limit, and how many these are; `None` when there are none, or nothing
    /// can be said without them.
    pub fn without(&self, limit: f64, alpha: f64) -> Option<(Fit, usize)> {
        let far = |index: &usize| self.residuals[*index].is_some_and(|residual| residual.abs() > limit);
        let kept: Vec<usize> = (0..self.values.len()).filter(|index| !far(index)).collect();
        let dropped = self.values.len() - kept.len();
        if dropped == 0 {
            return None;
        }
        let values: Vec<f64> = kept.iter().map(|&index| self.values[index]).collect();
        let places: Vec<usize> = kept.iter().map(|&index| self.places[index]).collect();
        Some((Fit::new(&values, &places, self.place, self.seasonal, alpha)?, dropped))
    }
}

/// The median of `count` values of which `at` gives the one of a rank; 0 of none.
fn median(count: usize, at: impl Fn(usize) -> f64) -> f64 {
    match count {
        0 => 0.0,
        count if count % 2 == 1 => at(count / 2),
        // Half by half, so that nothing overflows.
        count => at(count / 2 - 1) / 2.0 + at(count / 2) / 2.0,
    }
}

/// The quantile of sorted values, interpolated; 0 of none.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = q * last as f64;
    let below = sorted[place.floor() as usize];
    below + (sorted[place.ceil() as usize] - below) * place.fract()
}

fn mean(values: &[f64]) -> f64 {
    match values.len() {
        0 => 0.0,
        count => values.iter().sum::<f64>() / count as f64,
    }
}

/// The distance from 0 beyond which Student's distribution has the probability `alpha`, on both sides together.
fn two_sided(alpha: f64, freedom: f64) -> f64 {
    let Ok(student) = StudentsT::new(0.0, 1.0, freedom) else {
        return f64::INFINITY;
    };
    let tail = alpha / 2.0;
    if tail.is_nan() || tail <= 0.0 {
        return f64::INFINITY;
    }
    // The library's inverse is good to about six digits; Newton's method on the logarithm of the tail gives the others.
    let mut distance = -student.inverse_cdf(tail);
    for _ in 0..4 {
        let beyond = student.sf(distance);
        if beyond <= 0.0 || !beyond.is_finite() || !distance.is_finite() {
            break;
        }
        distance += (beyond / tail).ln() * beyond / student.pdf(distance);
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_students_distribution() {
        // scipy 1.17: scipy.stats.t.isf(alpha / 2, freedom)
        for (alpha, freedom, expected) in [
            (0.05, 5.0, 2.5705818356363155),
            (0.0026997960632601866, 37.8, 3.211063729805054),
            (1e-7, 8.68, 15.932920663527584),
        ] {
            assert!(
                (two_sided(alpha, freedom) / expected - 1.0).abs() < 1e-10,
                "{alpha} {freedom}: {}",
                two_sided(alpha, freedom)
            );
        }
        assert_eq!(two_sided(0.0, 5.0), f64::INFINITY);
    }
}

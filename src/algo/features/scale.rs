//! Numbers scaled by what is known of others. A spread of 0 scales nothing, as in scikit-learn.

use super::ordered::{Ordered, rank_at};
use super::parameter;
use super::sliding::{Range, Spread};
use crate::error::Result;
use crate::monitor::Monitor;

/// Divides; by 1 in place of 0.
fn over(value: f64, scale: f64) -> f64 {
    if scale == 0.0 { value } else { value / scale }
}

/// How many standard deviations a value is above the mean. `None` where there is no mean.
pub fn standard(value: f64, of: &Spread) -> Option<f64> {
    Some(over(of.above_mean(value)?, of.deviation()?))
}

/// Where between the least and the greatest a value is: 0 at the least and below, 1 at the greatest and above. `None` without numbers.
pub fn min_max(value: f64, of: &Range) -> Option<f64> {
    if of.least > of.greatest {
        return None;
    }
    if value.is_nan() {
        return Some(value);
    }
    if value <= of.least || value >= of.greatest {
        // A value that is both is at the least.
        return Some(if value <= of.least { 0.0 } else { 1.0 });
    }
    // Halves, for a range that a float does not hold.
    let unit = if (of.greatest - of.least).is_finite() { 1.0 } else { 0.5 };
    Some((value * unit - of.least * unit) / (of.greatest * unit - of.least * unit))
}

/// A value as a part of the greatest magnitude. `None` without numbers.
pub fn max_abs(value: f64, of: &Range) -> Option<f64> {
    (of.least <= of.greatest).then(|| over(value, of.least.abs().max(of.greatest.abs())))
}

/// Which quantiles a robust scaler goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Robust {
    pub range: (f64, f64),
    pub with_median: bool,
    pub with_range: bool,
}

impl Robust {
    /// Returns an error unless both are percentages between 0 and 100, the lesser first.
    pub fn new(range: &[f64], with_median: bool, with_range: bool) -> Result<Robust> {
        match *range {
            [low, high] if 0.0 < low && low < high && high < 100.0 => Ok(Robust {
                range: (low, high),
                with_median,
                with_range,
            }),
            _ => {
                let allowed = "two percentages above 0 and below 100, the lesser first";
                Err(parameter("quantile_range", format!("{range:?}"), allowed))
            }
        }
    }

    /// The ranks, from 0, of the lower quantile, the median and the upper one among so many numbers, which are some.
    fn ranks(&self, count: usize) -> [usize; 3] {
        [self.range.0, 50.0, self.range.1].map(|percent| rank_at(percent * count as f64 / 100.0, count))
    }

    /// The lower quantile, the median and the upper one of some numbers. Returns an error when stopped.
    pub fn quantiles(&self, numbers: &mut Ordered, monitor: &dyn Monitor) -> Result<[f64; 3]> {
        let mut places = [(0, 0), (1, 0), (2, 0)];
        places
            .iter_mut()
            .zip(self.ranks(numbers.count()))
            .for_each(|(place, rank)| place.1 = rank);
        places.sort_unstable_by_key(|place| place.1);
        let found = numbers.at(&places.map(|place| place.1), monitor)?;
        let mut quantiles = [0.0; 3];
        places
            .iter()
            .zip(found)
            .for_each(|(place, value)| quantiles[place.0] = value);
        Ok(quantiles)
    }

    /// A value less the median, over the range of the quantiles.
    pub fn scale(&self, value: f64, [low, median, high]: [f64; 3]) -> f64 {
        let value = if self.with_median { value - median } else { value };
        if self.with_range {
            over(value, high - low)
        } else {
            value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sliding::Sum;
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn scales_are_bigquerys() {
        let numbers = [1.0, 2.0, 3.0, 4.0, 5.0];
        let spread = Spread::of(&numbers);
        assert_eq!(standard(1.0, &spread), Some(-1.264_911_064_067_351_8));
        let range = Range::of(&numbers);
        assert_eq!(
            [2.0, 4.0, 9.0, -9.0].map(|x| min_max(x, &range)),
            [0.25, 0.75, 1.0, 0.0].map(Some)
        );
        assert_eq!(max_abs(-3.0, &Range::of(&[-3.0, 5.0])), Some(-0.6));
    }

    #[test]
    fn what_does_not_vary_scales_nothing() {
        assert_eq!(standard(7.0, &Spread::of(&[5.0])), Some(2.0));
        assert_eq!(standard(5.0, &Spread::of(&[5.0, 5.0, 5.0])), Some(0.0));
        let constant = Range::of(&[5.0]);
        assert_eq!(
            [5.0, 4.0, 6.0].map(|x| min_max(x, &constant)),
            [0.0, 0.0, 1.0].map(Some)
        );
        assert_eq!(max_abs(3.0, &Range::of(&[0.0])), Some(3.0));
        let robust = Robust::new(&[25.0, 75.0], true, true).unwrap();
        assert_eq!(robust.scale(3.0, [1.0, 1.0, 1.0]), 2.0);
        assert_eq!(standard(1.0, &Spread::default()), None);
        assert_eq!(
            (min_max(1.0, &Range::default()), max_abs(1.0, &Range::default())),
            (None, None)
        );
    }

    #[test]
    fn ranges_beyond_a_float_scale_too() {
        let all = Range::of(&[-f64::MAX, f64::MAX]);
        assert_eq!(min_max(0.0, &all), Some(0.5));
        assert!(min_max(f64::NAN, &all).is_some_and(f64::is_nan));
    }

    #[test]
    fn quantiles_are_values_that_occur() {
        let robust = Robust::new(&[25.0, 75.0], true, true).unwrap();
        assert_eq!(robust.ranks(6), [1, 2, 4]);
        let mut numbers = Ordered::new(false);
        numbers
            .push(&[-3.0, 1.0, f64::NAN, 2.0, 5.0, 4.0, 3.0], &Unwatched)
            .unwrap();
        assert_eq!(robust.quantiles(&mut numbers, &Unwatched).unwrap(), [1.0, 2.0, 4.0]);
        let above = Robust::new(&[60.0, 90.0], true, true).unwrap();
        assert_eq!(above.quantiles(&mut numbers, &Unwatched).unwrap(), [3.0, 2.0, 5.0]);
        for wrong in [
            &[][..],
            &[25.0],
            &[75.0, 25.0],
            &[0.0, 50.0],
            &[50.0, 100.0],
            &[f64::NAN, 50.0],
            &[1.0, 2.0, 3.0],
        ] {
            assert!(Robust::new(wrong, true, true).is_err(), "{wrong:?}");
        }
    }
}

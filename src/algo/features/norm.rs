//! Vectors of unit length.

use super::parameter;
use crate::error::Result;

/// Which length of a vector is made 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm(f64);

impl Norm {
    /// The p-norm: p is 0 (how many elements are not 0), at least 1, or infinite (the greatest magnitude).
    pub fn new(p: f64) -> Result<Norm> {
        match p == 0.0 || p >= 1.0 {
            true => Ok(Norm(p)),
            false => Err(parameter("p", p, "0, a number of 1 or more, or 'Infinity'")),
        }
    }

    /// Divides a vector by its length; one of length 0 stays as it is. Missing elements (NaN) do not count, and stay missing.
    pub fn normalize(self, vector: &mut [f64]) {
        let known = || {
            vector
                .iter()
                .map(|element| element.abs())
                .filter(|element| !element.is_nan())
        };
        let greatest = known().fold(0.0, f64::max);
        if greatest == 0.0 {
            return;
        }
        // In units of the greatest, powers stay within the range of a float.
        let sum = |power: &dyn Fn(f64) -> f64| known().map(|element| power(element / greatest)).sum::<f64>();
        let (unit, length) = match self.0 {
            0.0 => (1.0, known().filter(|&element| element != 0.0).count() as f64),
            f64::INFINITY => (greatest, 1.0),
            1.0 => (greatest, sum(&|element| element)),
            2.0 => (greatest, sum(&|element| element * element).sqrt()),
            p => (greatest, sum(&|element| element.powf(p)).powf(1.0 / p)),
        };
        let whole = unit * length;
        for element in vector {
            *element = match whole.is_finite() {
                true => *element / whole,
                false => *element / unit / length,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(p: f64, vector: &[f64]) -> Vec<f64> {
        let mut vector = vector.to_vec();
        Norm::new(p).unwrap().normalize(&mut vector);
        vector
    }

    #[test]
    fn vectors_have_the_length_1() {
        assert_eq!(normalized(2.0, &[4.0, 1.0, 2.0, 2.0, 0.0]), [0.8, 0.2, 0.4, 0.4, 0.0]);
        assert_eq!(normalized(1.0, &[1.0, -3.0]), [0.25, -0.75]);
        assert_eq!(normalized(f64::INFINITY, &[1.0, -4.0]), [0.25, -1.0]);
        assert_eq!(normalized(0.0, &[6.0, 0.0, 2.0]), [3.0, 0.0, 1.0]);
        let cubes = normalized(3.0, &[1.0, 2.0]);
        assert!((cubes[0].powi(3) + cubes[1].powi(3) - 1.0).abs() < 1e-15);
        assert_eq!(normalized(2.0, &[0.0, -0.0]), [0.0, -0.0]);
        assert_eq!(normalized(2.0, &[]), [] as [f64; 0]);
        for huge in [1e300, 1e-300, f64::MAX] {
            let half = normalized(2.0, &[huge, huge]);
            assert!((half[0] - 0.5_f64.sqrt()).abs() < 1e-15, "{huge} {half:?}");
        }
    }

    #[test]
    fn what_is_missing_does_not_count() {
        let some = normalized(2.0, &[3.0, f64::NAN, 4.0]);
        assert_eq!((some[0], some[2]), (0.6, 0.8));
        assert!(some[1].is_nan());
        for p in [-1.0, 0.5, f64::NAN, f64::NEG_INFINITY] {
            assert!(Norm::new(p).is_err(), "{p}");
        }
    }
}

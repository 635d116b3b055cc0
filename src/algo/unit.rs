//! Units for numbers whose squares leave the range of a float.

/// Numbers whose greatest is between one over this and this are computed with as they are.
const USUAL: f64 = 1e100;

/// A power of two that numbers are divided by before they are squared: 1 unless they are huge or tiny. Dividing by it loses nothing. O(n).
pub(crate) fn unit_of(numbers: impl Iterator<Item = f64>) -> f64 {
    unit_for(numbers.fold(
        0.0,
        |most, number| if number.abs() > most { number.abs() } else { most },
    ))
}

/// The unit for numbers of which the greatest is this.
#[inline]
pub(crate) fn unit_for(greatest: f64) -> f64 {
    if (1.0 / USUAL..=USUAL).contains(&greatest) || greatest == 0.0 || !greatest.is_finite() {
        return 1.0;
    }
    // Its exponent, away from the ends, so that the unit's inverse is a float, too.
    let exponent = greatest.log2().floor().clamp(-1000.0, 1000.0);
    f64::powi(2.0, exponent as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_near_the_greatest_number() {
        for (greatest, usual) in [
            (1.0, true),
            (1e99, true),
            (1e-99, true),
            (0.0, true),
            (1e200, false),
            (3e-200, false),
        ] {
            let unit = unit_of([0.0, -greatest, greatest / 2.0, f64::NAN].into_iter());
            assert_eq!(unit == 1.0, usual, "{greatest}");
            assert!(usual || (0.5..=4.0).contains(&(greatest / unit)), "{greatest} {unit}");
        }
        for end in [f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            let unit = unit_for(end);
            assert!(unit.is_normal() && (1.0 / unit).is_normal() && (end / unit).powi(2).is_finite());
        }
    }
}

//! Comparisons of 32-bit floats as comparisons of doubles.

/// The largest double that, rounded to the nearest 32-bit float, is below `threshold`: a number goes left exactly when it is no larger. `None` for a
/// threshold that is no number.
///
/// Between a float and the one before it lies their mean, which a double holds exactly; it is rounded to the one whose last bit is 0.
pub(super) fn largest_below(threshold: f32) -> Option<f64> {
    if threshold.is_nan() {
        return None;
    }
    if threshold == f32::NEG_INFINITY {
        // Nothing is below.
        return Some(f64::MIN);
    }
    let before = threshold.next_down();
    let (low, high) = (widened(before), widened(threshold));
    let middle = low / 2.0 + high / 2.0;
    let rounds_down = before.to_bits() & 1 == 0;
    Some(if rounds_down { middle } else { middle.next_down() })
}

/// A float as a double; an infinite one as the power of two that would come next, halfway to which floats are rounded to infinity.
fn widened(float: f32) -> f64 {
    const BEYOND: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
    match float.is_infinite() {
        true => BEYOND.copysign(f64::from(float)),
        false => f64::from(float),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(threshold: f32) {
        let largest = largest_below(threshold).unwrap();
        assert!((largest as f32) < threshold, "{threshold}: {largest}");
        let next = largest.next_up();
        assert!((next as f32) >= threshold, "{threshold}: {next}");
    }

    #[test]
    fn floats_at_the_ends_of_their_range_are_met() {
        let all = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            -f32::MIN_POSITIVE,
            f32::from_bits(1),
            -f32::from_bits(1),
            f32::INFINITY,
        ];
        all.into_iter().for_each(holds);
        assert_eq!(largest_below(f32::NAN), None);
        assert_eq!(largest_below(f32::NEG_INFINITY), Some(f64::MIN));
    }

    proptest! {
        #[test]
        fn every_float_is_met(bits in any::<u32>()) {
            let threshold = f32::from_bits(bits);
            if !threshold.is_nan() && threshold != f32::NEG_INFINITY {
                holds(threshold);
            }
        }
    }
}

//! Factors between units that people mix up.

/// Factors above 1 with what they are between. Powers of ten come first.
static KNOWN: [(f64, &str); 28] = [
    (10.0, "ten"),
    (100.0, "hundred: percent, cents, centimetres"),
    (1e3, "thousand: kilo, milli"),
    (1e4, "ten thousand: basis points"),
    (1e5, "hundred thousand"),
    (1e6, "million: mega, micro"),
    (1e9, "billion: giga, nano"),
    (1e12, "trillion: tera, pico"),
    (1.609_344, "miles and kilometres"),
    (1.8, "degrees Fahrenheit and Celsius"),
    (2.204_622_6, "kilograms and pounds"),
    (2.54, "inches and centimetres"),
    (3.280_839_9, "metres and feet"),
    (3.6, "metres per second and kilometres per hour"),
    (3.785_411_8, "gallons and litres"),
    (4.184, "calories and joules"),
    (7.0, "weeks and days"),
    (12.0, "years and months, feet and inches, dozens"),
    (24.0, "days and hours"),
    (25.4, "inches and millimetres"),
    (28.349_523, "ounces and grams"),
    (30.436_875, "months and days"),
    (60.0, "minutes and seconds, hours and minutes"),
    (365.25, "years and days"),
    (453.592_37, "pounds and grams"),
    (1024.0, "binary kilo"),
    (3600.0, "hours and seconds"),
    (86_400.0, "days and seconds"),
];

/// How many of them are powers of ten.
const POWERS: usize = 8;

/// A factor, with what it is between.
type Known = (f64, &'static str);

/// All of them: the powers of ten, and the others.
pub(super) fn factors() -> (&'static [Known], &'static [Known]) {
    KNOWN.split_at(POWERS)
}

/// The known factor whose decimal logarithm, positive or negative, is near a shift: a power of ten, or else the nearest. With what it
/// is between.
pub(super) fn near(shift: f64, tolerance: f64) -> Option<(f64, &'static str)> {
    let distance = |factor: f64| (factor.log10() - shift.abs()).abs();
    let nearest = |known: &[(f64, &'static str)]| {
        let nearest = known.iter().min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
        nearest.copied().filter(|&(factor, _)| distance(factor) <= tolerance)
    };
    let (factor, name) = nearest(&KNOWN[..POWERS]).or_else(|| nearest(&KNOWN))?;
    Some((if shift < 0.0 { 1.0 / factor } else { factor }, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_have_names() {
        assert_eq!(near(3.002, 0.02), Some((1e3, "thousand: kilo, milli")));
        assert_eq!(near(-2.0, 0.02), Some((0.01, "hundred: percent, cents, centimetres")));
        assert_eq!(near(0.41, 0.02).map(|known| known.0), Some(2.54));
        assert_eq!(near(3.0103, 0.005).map(|known| known.0), Some(1024.0));
        assert_eq!(near(2.3, 0.02), None);
        assert_eq!(near(0.0, 0.02), None);
        assert!(KNOWN[POWERS..].is_sorted_by(|a, b| a.0 < b.0));
        assert!(KNOWN[..POWERS].iter().all(|(factor, _)| factor.log10().fract() == 0.0));
    }
}

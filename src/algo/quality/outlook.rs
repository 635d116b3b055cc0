//! What values of tomorrow may be, from those of today: bounds wide enough that data which is in order stays within them, and narrow
//! enough that a fault does not.

use crate::stats::proportion::wilson;

/// Bounds of numbers; `None` where nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The lower one.
    pub low: Option<f64>,
    /// The upper one.
    pub high: Option<f64>,
}

/// Bounds from the least and the greatest of many numbers: no number below 0 where there is none; shares stay between 0 and 1; other ends
/// lie further out by the distance of the two, rounded outwards to two digits. `None` without a distance.
pub fn bounds(least: f64, greatest: f64, whole: bool) -> Option<Bounds> {
    let width = greatest - least;
    if !(width.is_finite() && width > 0.0) {
        return None;
    }
    // Numbers that fill most of the room between 0 and 1.
    let is_share = !whole && least >= 0.0 && greatest <= 1.0 && width >= 0.5;
    let low = if least >= 0.0 { 0.0 } else { outwards(least - width) };
    let high = if is_share {
        1.0
    } else if greatest <= 0.0 {
        0.0
    } else {
        outwards(greatest + width)
    };
    Some(Bounds {
        low: Some(low).filter(|low| low.is_finite()),
        high: Some(high).filter(|high| high.is_finite()),
    })
}

/// Away from 0, to two digits.
fn outwards(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let exponent = number.abs().log10().floor() as i32 - 1;
    // A power of ten below 1 is not exact, but its inverse is.
    let digits = if exponent >= 0 {
        number.abs() / 10_f64.powi(exponent)
    } else {
        number.abs() * 10_f64.powi(-exponent)
    };
    let rounded = (digits - 1e-9).ceil();
    let size = if exponent >= 0 {
        rounded * 10_f64.powi(exponent)
    } else {
        rounded / 10_f64.powi(-exponent)
    };
    size.max(number.abs()).copysign(number)
}

/// The share of values that must be there, when so many of all rows have one: half as many NULLs more may come than Wilson's interval allows for
/// with 99.9 % confidence, but no more than half of the values may go. Rounded down to a hundredth, or a thousandth near 1. `None` when that says nothing.
pub fn least_present(present: u64, rows: u64) -> Option<f64> {
    const CONFIDENCE: f64 = 0.999;
    if rows == 0 || present == 0 {
        return None;
    }
    let (_, nulls) = wilson(rows - present.min(rows), rows, CONFIDENCE);
    let share = present as f64 / rows as f64;
    let least = (1.0 - 1.5 * nulls).max(share / 2.0);
    let steps = if least > 0.99 { 1000.0 } else { 100.0 };
    Some((least * steps).floor() / steps).filter(|&least| least > 0.0)
}

/// The share of rows that must pass a check which `failed` of `rows` do not: half as many more may come than Wilson's interval allows for with 99.9 %
/// confidence. Rounded down to a hundredth; 1 when none failed.
pub fn mostly(failed: u64, rows: u64) -> f64 {
    const CONFIDENCE: f64 = 0.999;
    if failed == 0 {
        return 1.0;
    }
    let (_, share) = wilson(failed, rows, CONFIDENCE);
    ((1.0 - 1.5 * share) * 100.0).floor().max(0.0) / 100.0
}

/// A regular expression that all texts of a mask match, anchored, in the syntax that PostgreSQL and the crate regex share. `None` for a mask that
/// is cut off, or that allows nearly everything.
pub fn regex_of_mask(mask: &str) -> Option<String> {
    if mask.is_empty() || mask.ends_with('…') || mask.chars().any(char::is_whitespace) {
        return None;
    }
    let mut regex = String::from("^");
    let mut characters = mask.chars().peekable();
    let mut digits = false;
    while let Some(class) = characters.next() {
        let set = match class {
            'A' => "[A-Z]",
            'a' => "[a-z]",
            '9' => "[0-9]",
            '^' | '\\' | '[' | ']' => {
                regex.extend(['\\', class]);
                continue;
            }
            // In brackets, so that no backslash is needed, which string constants take amiss.
            '.' | '+' | '*' | '?' | '(' | ')' | '{' | '}' | '|' | '$' => {
                regex.extend(['[', class, ']']);
                continue;
            }
            _ => {
                regex.push(class);
                continue;
            }
        };
        digits |= class == '9';
        let mut run = 1;
        while characters.next_if_eq(&class).is_some() {
            run += 1;
        }
        regex.push_str(set);
        if characters.next_if_eq(&'+').is_some() {
            // A run of more than eight.
            regex.push_str("{9,}");
        } else if run > 1 {
            regex.push_str(&format!("{{{run}}}"));
        }
    }
    regex.push('$');
    // Words have masks, too, but none that says what they are.
    digits.then_some(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_wider_than_what_was_seen() {
        let pair = |least, greatest, whole| bounds(least, greatest, whole).map(|b| (b.low.unwrap(), b.high.unwrap()));
        assert_eq!(pair(19.0, 75.0, true), Some((0.0, 140.0)));
        assert_eq!(pair(250.0, 18_424.0, true), Some((0.0, 37_000.0)));
        assert_eq!(pair(-1.0, 1.0, false), Some((-3.0, 3.0)));
        assert_eq!(pair(0.001, 0.999, false), Some((0.0, 1.0)));
        assert_eq!(pair(0.001, 0.002, false), Some((0.0, 0.003)));
        assert_eq!(pair(-20.5, -3.25, false), Some((-38.0, 0.0)));
        assert_eq!(pair(5.0, 5.0, true), None);
        assert_eq!(bounds(-f64::MAX, f64::MAX, false), None);
        let wide = bounds(-8e307, 9e307, false);
        assert!(wide.is_some_and(|b| b.low.is_none_or(f64::is_finite) && b.high.is_none_or(f64::is_finite)));
    }

    #[test]
    fn what_is_rounded_outwards_is_never_within() {
        for exponent in -300..300 {
            for digits in [1.0, 1.01, 2.5, 9.9, 9.99, 3.3333333] {
                let number: f64 = digits * 10_f64.powi(exponent);
                let out = outwards(number);
                assert!(out >= number && out <= number * 1.12, "{number} {out}");
                assert_eq!(outwards(-number), -out);
            }
        }
    }

    #[test]
    fn shares_leave_room() {
        assert_eq!(least_present(817, 1000), Some(0.66));
        assert_eq!(least_present(1, 10), Some(0.05));
        assert_eq!(least_present(0, 10), None);
        assert_eq!(least_present(999_990, 1_000_000), Some(0.999));
        assert!(least_present(95_000, 100_000).is_some_and(|share| (0.9..0.95).contains(&share)));
        assert_eq!(mostly(0, 100), 1.0);
        assert_eq!(mostly(10, 1000), 0.95);
    }

    #[test]
    fn masks_become_expressions() {
        for (mask, expected) in [
            ("AAA-999", Some("^[A-Z]{3}-[0-9]{3}$")),
            ("99.99.9999", Some("^[0-9]{2}[.][0-9]{2}[.][0-9]{4}$")),
            ("A9+", Some("^[A-Z][0-9]{9,}$")),
            ("(9)^", Some(r"^[(][0-9][)]\^$")),
            ("[9]", Some(r"^\[[0-9]\]$")),
            ("Aaaa", None),
            ("99 99", None),
            ("9…", None),
            ("", None),
        ] {
            assert_eq!(regex_of_mask(mask).as_deref(), expected, "{mask}");
            if let Some(expected) = expected {
                assert!(crate::scan::compile(expected).is_ok());
            }
        }
    }
}

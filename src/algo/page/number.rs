//! Numbers as people read them.

/// A share for people: `12%`, `0.4%`, `<0.1%`.
pub fn percent(part: u64, whole: u64) -> String {
    match part as f64 / whole.max(1) as f64 * 100.0 {
        0.0 => "0%".into(),
        share if share < 0.1 => "<0.1%".into(),
        share if share < 9.95 && part < whole => format!("{share:.1}%"),
        share if share > 99.0 && part < whole => format!("{:.1}%", share.min(99.9)),
        share => format!("{share:.0}%"),
    }
}

/// A number in few characters: whole ones up to a trillion as they are, others with four digits that count.
pub fn short_number(number: f64) -> String {
    let size = number.abs();
    if number.fract() == 0.0 && size < 1e12 {
        return format!("{number:.0}");
    }
    if !(1e-4..1e9).contains(&size) {
        return format!("{number:.3e}");
    }
    let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A count in few characters: `998120`, `1.23M`; with a tilde where it is estimated.
pub fn short_count(count: f64, exact: bool) -> String {
    let tilde = if exact { "" } else { "~" };
    match count {
        count if count < 1e6 => format!("{tilde}{count:.0}"),
        count if count < 1e9 => format!("{tilde}{:.2}M", count / 1e6),
        count => format!("{tilde}{:.2}G", count / 1e9),
    }
}

/// A number with as many digits as count, and its thousands apart: `18,424`, `0.7312`, `1.2e-7`.
pub fn figure(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "∞".into() } else { "−∞".into() };
    }
    with_separators(&short_number(number))
}

/// A number that is not known better than to three digits, such as the end of an interval: `0.766`, `12.3`, `18,424`.
pub fn rough(number: f64) -> String {
    let size = number.abs();
    if !(1e-4..100.0).contains(&size) {
        return figure(if size >= 1000.0 { number.round() } else { number });
    }
    let decimals = (2 - size.log10().floor() as i32).clamp(0, 6);
    let scale = 10f64.powi(decimals);
    figure((number * scale).round() / scale)
}

/// A count with its thousands apart.
pub fn count(count: i64) -> String {
    with_separators(&count.to_string())
}

/// A share with one decimal: `12.3%`.
pub fn share(share: f64) -> String {
    match share * 100.0 {
        percent if !percent.is_finite() => figure(percent),
        percent if percent != 0.0 && percent.abs() < 0.05 => "<0.1%".into(),
        percent => format!("{}%", with_separators(&format!("{percent:.1}"))),
    }
}

/// A share of which the last hundredths count, as of time without failure: `93.1%`, `99.95%`, `99.99%` of what is just below all, `100.0%` of all alone.
pub fn nearly_all(part: f64) -> String {
    match part {
        part if (0.99..1.0).contains(&part) => {
            // What rounding has added is not taken away again.
            let hundredths = (part * 1e4 + 1e-7).floor().min(9999.0);
            format!("{:.2}%", hundredths / 100.0)
        }
        part => share(part),
    }
}

/// A share as somebody has set it, with all its digits: `99.5%`, `99.999%`.
pub fn set_share(share: f64) -> String {
    let digits = format!("{:.4}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A probability of chance, of which nobody needs more than a bound when it is small.
pub fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "<0.001".into(),
        p => format!("{p:.3}"),
    }
}

/// What was written with digits alone, a comma before every three of its whole part.
pub(super) fn with_separators(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let mut shown = String::from(sign);
    for (place, digit) in digits[..whole].char_indices() {
        if place > 0 && (whole - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown.push_str(&digits[whole..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (0.0, "0"),
            (-12.0, "-12"),
            (18424.0, "18424"),
            (2319.5, "2320"),
            (0.123456, "0.1235"),
            (-0.5, "-0.5"),
            (1e15, "1.000e15"),
            (0.00001234, "1.234e-5"),
            (99.9999, "100"),
        ] {
            assert_eq!(short_number(number), expected);
        }
        let shares = [
            (0, 9),
            (1, 10_000),
            (1, 200),
            (1, 8),
            (199, 200),
            (99_999, 100_000),
            (7, 7),
        ];
        assert_eq!(
            shares.map(|(a, b)| percent(a, b)),
            ["0%", "<0.1%", "0.5%", "12%", "99.5%", "99.9%", "100%"]
        );
        assert_eq!(short_count(1_234_567.0, false), "~1.23M");
        assert_eq!(short_count(4096.0, true), "4096");
    }

    #[test]
    fn what_is_not_all_does_not_look_like_all() {
        let shares = [1.0, 0.999_999, 0.9995, 0.99, 0.9899, 0.5, 0.0].map(nearly_all);
        assert_eq!(
            shares,
            ["100.0%", "99.99%", "99.95%", "99.00%", "99.0%", "50.0%", "0.0%"]
        );
        let set = [0.995, 0.9995, 0.99999, 0.99, 0.9].map(set_share);
        assert_eq!(set, ["99.5%", "99.95%", "99.999%", "99%", "90%"]);
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, expected) in [
            (18424.0, "18,424"),
            (-1_234_567.0, "-1,234,567"),
            (999.0, "999"),
            (0.73124, "0.7312"),
            (12_345.678, "12,346"),
            (1e15, "1.000e15"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(figure(number), expected);
        }
        let roughly = [0.76574, 12.345, 18424.3, 0.045678, -0.5, 123.456, 1e-9, f64::INFINITY].map(rough);
        assert_eq!(
            roughly,
            ["0.766", "12.3", "18,424", "0.0457", "-0.5", "123.5", "1.000e-9", "∞"]
        );
        assert_eq!(count(-1000), "-1,000");
        assert_eq!(
            [share(0.1234), share(0.0), share(0.0001), share(12.5)],
            ["12.3%", "0.0%", "<0.1%", "1,250.0%"]
        );
        assert_eq!([p_value(0.0), p_value(0.25)], ["<0.001", "0.250"]);
    }
}

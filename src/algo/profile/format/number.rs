//! Numbers as texts.

/// Two or more digits that begin with 0.
pub(super) fn is_code(bytes: &[u8]) -> bool {
    bytes.len() > 1 && bytes[0] == b'0' && bytes.iter().all(u8::is_ascii_digit)
}

/// A decimal number with a point or a comma, maybe with a sign, groups of thousands apart by the other one, a space or an
/// apostrophe, or an exponent.
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    if unsigned
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && text.parse::<f64>().is_ok()
    {
        return true;
    }
    let grouped = |point: char, mark: char| {
        let (whole, fraction) = unsigned.split_once(point).unwrap_or((unsigned, ""));
        let mut groups = whole.split(mark);
        let first = groups.next().unwrap_or("");
        let mut any = false;
        let threes = groups.all(|group| {
            any = true;
            group.len() == 3 && plain(group)
        });
        plain(fraction)
            && plain(first)
            && threes
            && (if any {
                (1..=3).contains(&first.len())
            } else {
                !fraction.is_empty()
            })
    };
    grouped('.', ',') || grouped(',', '.') || grouped('.', ' ') || grouped(',', ' ') || grouped('.', '\'')
}

/// A number and a sign of per cent.
pub(super) fn is_percentage(text: &str) -> bool {
    text.strip_suffix('%')
        .is_some_and(|number| is_number(number.trim_end()))
}

/// A number with a currency.
pub(super) fn is_currency_amount(text: &str) -> bool {
    const SYMBOLS: [char; 15] = [
        '$', '€', '£', '¥', '₹', '₩', '₽', '₺', '₴', '₪', '₫', '₦', '฿', '₱', '¢',
    ];
    const CODES: [&str; 36] = [
        "USD", "EUR", "GBP", "JPY", "CNY", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF",
        "RON", "BGN", "TRY", "RUB", "UAH", "INR", "KRW", "IDR", "THB", "VND", "PHP", "SGD", "HKD", "TWD", "BRL", "MXN",
        "ARS", "ZAR", "ILS", "AED",
    ];
    let signed = text.strip_prefix(['-', '+']).unwrap_or(text);
    let code = |three: Option<&str>| three.is_some_and(|three| CODES.contains(&three));
    let end = signed.len().saturating_sub(3);
    let number = signed
        .strip_prefix(SYMBOLS)
        .or_else(|| signed.strip_suffix(SYMBOLS))
        .or_else(|| signed.get(3..).filter(|_| code(signed.get(..3))))
        .or_else(|| signed.get(..end).filter(|_| code(signed.get(end..))));
    number.is_some_and(|number| is_number(number.trim()))
}

/// Two numbers of degrees with decimal places: latitude first, in `POINT(…)` longitude first.
pub(super) fn is_coordinates(text: &str) -> bool {
    let (inner, longitude_first) = match text.strip_prefix("POINT").map(|rest| rest.trim_start()) {
        Some(point) => (point, true),
        None => (text, false),
    };
    let inner = inner
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(inner);
    let mut parts = inner.split([',', ' ', ';']).filter(|part| !part.is_empty());
    let (Some(a), Some(b), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let degrees = |part: &str, limit: f64| {
        let decimal = part.split_once('.').is_some_and(|(_, fraction)| !fraction.is_empty());
        let plain = part
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+'));
        decimal && plain && part.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= limit)
    };
    let (latitude, longitude) = if longitude_first { (b, a) } else { (a, b) };
    degrees(latitude, 90.0) && degrees(longitude, 180.0)
}

//! Formats that texts can have.

mod contact;
mod date;
mod identity;
mod number;

/// A format of a text. A text can have several: `01/02/2024` is a date of two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One of 0, 1, y, n, t, f, yes, no, true, false, on, off, in any case.
    Boolean,
    /// A decimal number, maybe with a sign, groups of thousands or an exponent. Several digits that begin with 0 are a code.
    Number,
    /// Digits that begin with 0, at least two.
    Code,
    /// A number with a sign of per cent behind it.
    Percentage,
    /// A number with the symbol or the ISO 4217 code of a currency before or behind it.
    CurrencyAmount,
    /// Latitude and longitude in degrees, with decimal places, apart by a comma or a space; maybe in parentheses or `POINT(…)`.
    Coordinates,
    /// YYYY-MM-DD
    DateYmdDash,
    /// YYYY/MM/DD
    DateYmdSlash,
    /// YYYY.MM.DD
    DateYmdDot,
    /// YYYYMMDD, of the years 1900 to 2099
    DateCompact,
    /// DD.MM.YYYY
    DateDmyDot,
    /// DD/MM/YYYY
    DateDmySlash,
    /// MM/DD/YYYY
    DateMdySlash,
    /// DD-MM-YYYY
    DateDmyDash,
    /// MM-DD-YYYY
    DateMdyDash,
    /// DD Mon YYYY, maybe with hyphens or the whole month
    DateDayMonth,
    /// Mon DD, YYYY, maybe the whole month
    DateMonthDay,
    /// YYYY-MM-DD and a time of day behind a space or a T, maybe with a zone
    Timestamp,
    /// HH:MM or HH:MM:SS, maybe with a fraction
    Time,
    /// A name, @, and a host name with a dot.
    Email,
    /// Eight, four, four, four and twelve hexadecimal digits, with hyphens.
    Uuid,
    /// http, https, ftp, s3 or another known scheme, `://` and a host; or `www.` and a host.
    Url,
    /// IPv4 or IPv6, maybe with the bits of a network.
    IpAddress,
    /// Six pairs of hexadecimal digits.
    MacAddress,
    /// 7 to 15 digits with + or the usual separators.
    Phone,
    /// Letters and digits of a British, Canadian, Dutch or nine-digit US postal code.
    PostalCode,
    /// An international bank account number whose check digits agree (ISO 7064, mod 97-10).
    Iban,
    /// 13 to 19 digits of a payment card whose check digit agrees (Luhn).
    CardNumber,
    /// Hexadecimal digits as many as MD5, SHA-1, SHA-256 or SHA-512 have.
    HexHash,
    /// A JSON object or array.
    Json,
    /// Two or three capital letters of ISO 3166-1.
    CountryCode,
}

impl Format {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every format, in the order of their numbers.
    pub const ALL: [Format; 31] = [
        Format::Boolean,
        Format::Number,
        Format::Code,
        Format::Percentage,
        Format::CurrencyAmount,
        Format::Coordinates,
        Format::DateYmdDash,
        Format::DateYmdSlash,
        Format::DateYmdDot,
        Format::DateCompact,
        Format::DateDmyDot,
        Format::DateDmySlash,
        Format::DateMdySlash,
        Format::DateDmyDash,
        Format::DateMdyDash,
        Format::DateDayMonth,
        Format::DateMonthDay,
        Format::Timestamp,
        Format::Time,
        Format::Email,
        Format::Uuid,
        Format::Url,
        Format::IpAddress,
        Format::MacAddress,
        Format::Phone,
        Format::PostalCode,
        Format::Iban,
        Format::CardNumber,
        Format::HexHash,
        Format::Json,
        Format::CountryCode,
    ];

    /// The formats of dates.
    pub const DATES: [Format; 11] = [
        Format::DateYmdDash,
        Format::DateYmdSlash,
        Format::DateYmdDot,
        Format::DateCompact,
        Format::DateDmyDot,
        Format::DateDmySlash,
        Format::DateMdySlash,
        Format::DateDmyDash,
        Format::DateMdyDash,
        Format::DateDayMonth,
        Format::DateMonthDay,
    ];

    /// Its name; for dates the pattern as PostgreSQL's `to_date` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Boolean => "boolean",
            Format::Number => "number",
            Format::Code => "code",
            Format::Percentage => "percentage",
            Format::CurrencyAmount => "currency_amount",
            Format::Coordinates => "coordinates",
            Format::DateYmdDash => "YYYY-MM-DD",
            Format::DateYmdSlash => "YYYY/MM/DD",
            Format::DateYmdDot => "YYYY.MM.DD",
            Format::DateCompact => "YYYYMMDD",
            Format::DateDmyDot => "DD.MM.YYYY",
            Format::DateDmySlash => "DD/MM/YYYY",
            Format::DateMdySlash => "MM/DD/YYYY",
            Format::DateDmyDash => "DD-MM-YYYY",
            Format::DateMdyDash => "MM-DD-YYYY",
            Format::DateDayMonth => "DD Mon YYYY",
            Format::DateMonthDay => "Mon DD, YYYY",
            Format::Timestamp => "timestamp",
            Format::Time => "time",
            Format::Email => "email",
            Format::Uuid => "uuid",
            Format::Url => "url",
            Format::IpAddress => "ip_address",
            Format::MacAddress => "mac_address",
            Format::Phone => "phone",
            Format::PostalCode => "postal_code",
            Format::Iban => "iban",
            Format::CardNumber => "card_number",
            Format::HexHash => "hex_hash",
            Format::Json => "json",
            Format::CountryCode => "country_code",
        }
    }
}

/// Calls `found` with each format of a text without white space around it. O(bytes).
pub(super) fn formats_of(text: &str, mut found: impl FnMut(Format)) {
    /// Bytes of a text that can have a format other than the open-ended ones.
    const SHORT: usize = 64;
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return };
    let mut check = |has: bool, format: Format| {
        if has {
            found(format);
        }
    };
    check(contact::is_url(text), Format::Url);
    check(contact::is_email(text), Format::Email);
    check(is_json(text), Format::Json);
    check(identity::is_hex_hash(bytes), Format::HexHash);
    if bytes.len() > SHORT {
        return;
    }
    check(is_boolean(text), Format::Boolean);
    check(identity::is_uuid(bytes), Format::Uuid);
    check(identity::is_iban(bytes), Format::Iban);
    check(contact::is_country_code(text), Format::CountryCode);
    check(contact::is_postal_code(bytes), Format::PostalCode);
    check(contact::is_ip_address(text), Format::IpAddress);
    check(contact::is_mac_address(bytes), Format::MacAddress);
    check(date::is_month_date(text, false), Format::DateDayMonth);
    check(date::is_month_date(text, true), Format::DateMonthDay);
    check(number::is_currency_amount(text), Format::CurrencyAmount);
    check(number::is_coordinates(text), Format::Coordinates);
    if first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.' | b'(') {
        let is_code = number::is_code(bytes);
        check(is_code, Format::Code);
        check(!is_code && number::is_number(text), Format::Number);
        check(number::is_percentage(text), Format::Percentage);
        check(identity::is_card_number(bytes), Format::CardNumber);
        check(date::is_time(bytes), Format::Time);
        check(date::is_timestamp(bytes), Format::Timestamp);
        let mut is_date = false;
        date::dates(bytes, |format| {
            is_date = true;
            check(true, format);
        });
        check(!is_date && contact::is_phone(text), Format::Phone);
    }
}

fn is_boolean(text: &str) -> bool {
    const WORDS: [&str; 12] = ["0", "1", "y", "n", "t", "f", "yes", "no", "true", "false", "on", "off"];
    text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn is_json(text: &str) -> bool {
    let ends = matches!(
        (text.as_bytes().first(), text.as_bytes().last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    );
    ends && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&'static str> {
        let mut names = Vec::new();
        formats_of(text, |format| names.push(format.name()));
        names.sort_unstable();
        names
    }

    #[test]
    fn numbers_name_formats() {
        for (number, format) in Format::ALL.into_iter().enumerate() {
            assert_eq!(format as usize, number);
        }
    }

    #[test]
    fn texts_have_their_formats() {
        let cases: [(&str, &[&str]); 68] = [
            ("yes", &["boolean"]),
            ("1", &["boolean", "number"]),
            ("12.5", &["number"]),
            ("-1,234.50", &["number"]),
            ("1.234,5", &["number"]),
            ("1,23,4", &[]),
            ("1e-7", &["number"]),
            ("00123", &["code"]),
            ("0.5", &["number"]),
            ("1.2.3", &[]),
            ("-", &[]),
            ("12 %", &["percentage"]),
            ("12,5%", &["percentage"]),
            ("€ 12.50", &["currency_amount"]),
            ("1.234,50 €", &["currency_amount"]),
            ("-$1,234.50", &["currency_amount"]),
            ("USD 12", &["currency_amount"]),
            ("ABC 12", &[]),
            ("48.8566, 2.3522", &["coordinates"]),
            ("(48.8566,-2.3522)", &["coordinates"]),
            ("POINT(2.3522 48.8566)", &["coordinates"]),
            ("95.5, 10.5", &[]),
            ("2024-02-29", &["YYYY-MM-DD"]),
            ("2023-02-29", &[]),
            ("2024/12/31", &["YYYY/MM/DD"]),
            ("20240131", &["YYYYMMDD", "number"]),
            ("31.12.2024", &["DD.MM.YYYY"]),
            ("31/12/2024", &["DD/MM/YYYY"]),
            ("12/31/2024", &["MM/DD/YYYY"]),
            ("01/02/2024", &["DD/MM/YYYY", "MM/DD/YYYY"]),
            ("1/2/2024", &["DD/MM/YYYY", "MM/DD/YYYY"]),
            ("31-12-2024", &["DD-MM-YYYY"]),
            ("5 Mar 2024", &["DD Mon YYYY"]),
            ("05-March-2024", &["DD Mon YYYY"]),
            ("March 5, 2024", &["Mon DD, YYYY"]),
            ("Marvin 5, 2024", &[]),
            ("2024-01-31T23:59:59.123Z", &["timestamp"]),
            ("2024-01-31 23:59:59+02:00", &["timestamp"]),
            ("2024-01-31 25:00", &[]),
            ("23:59", &["time"]),
            ("23:60", &[]),
            ("ada.lovelace+x@mail.example.org", &["email"]),
            ("ada@localhost", &[]),
            ("a b@example.org", &[]),
            ("123e4567-e89b-12d3-a456-426614174000", &["uuid"]),
            ("https://example.org/a?b=c", &["url"]),
            ("www.example.org", &["url"]),
            ("https:// example.org", &[]),
            ("192.168.0.1", &["ip_address"]),
            ("10.0.0.0/8", &["ip_address"]),
            ("2001:db8::1", &["ip_address"]),
            ("192.168.0.256", &[]),
            ("00:1A:2b:3c:4d:5e", &["mac_address"]),
            ("+49 30 1234567", &["phone"]),
            ("(030) 123-4567", &["phone"]),
            ("555-123-4567", &["phone"]),
            ("123-45-6789", &[]),
            ("2024-001234", &[]),
            ("12345-6789", &["phone", "postal_code"]),
            ("SW1A 1AA", &["postal_code"]),
            ("K1A 0B1", &["postal_code"]),
            ("DE89 3704 0044 0532 0130 00", &["iban"]),
            ("DE88 3704 0044 0532 0130 00", &[]),
            ("4111 1111 1111 1111", &["card_number"]),
            ("d41d8cd98f00b204e9800998ecf8427e", &["hex_hash"]),
            (r#"{"a": [1, 2]}"#, &["json"]),
            ("{not json}", &[]),
            ("DE", &["country_code"]),
        ];
        for (text, expected) in cases {
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(all(text), expected, "{text}");
        }
    }
}

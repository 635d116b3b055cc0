//! What a profile finds in texts.

use super::{Format, chars, contact, dates, network, numbers};

/// A way in which texts are written. A text can have several: `01/02/2024` is a date in two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
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

impl Notation {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every format, in the order of their numbers.
    pub const ALL: [Notation; 31] = [
        Notation::Boolean,
        Notation::Number,
        Notation::Code,
        Notation::Percentage,
        Notation::CurrencyAmount,
        Notation::Coordinates,
        Notation::DateYmdDash,
        Notation::DateYmdSlash,
        Notation::DateYmdDot,
        Notation::DateCompact,
        Notation::DateDmyDot,
        Notation::DateDmySlash,
        Notation::DateMdySlash,
        Notation::DateDmyDash,
        Notation::DateMdyDash,
        Notation::DateDayMonth,
        Notation::DateMonthDay,
        Notation::Timestamp,
        Notation::Time,
        Notation::Email,
        Notation::Uuid,
        Notation::Url,
        Notation::IpAddress,
        Notation::MacAddress,
        Notation::Phone,
        Notation::PostalCode,
        Notation::Iban,
        Notation::CardNumber,
        Notation::HexHash,
        Notation::Json,
        Notation::CountryCode,
    ];

    /// The formats of dates.
    pub const DATES: [Notation; 11] = [
        Notation::DateYmdDash,
        Notation::DateYmdSlash,
        Notation::DateYmdDot,
        Notation::DateCompact,
        Notation::DateDmyDot,
        Notation::DateDmySlash,
        Notation::DateMdySlash,
        Notation::DateDmyDash,
        Notation::DateMdyDash,
        Notation::DateDayMonth,
        Notation::DateMonthDay,
    ];

    /// Its name; for dates the pattern as PostgreSQL's `to_date` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Notation::Boolean => "boolean",
            Notation::Number => "number",
            Notation::Code => "code",
            Notation::Percentage => "percentage",
            Notation::CurrencyAmount => "currency_amount",
            Notation::Coordinates => "coordinates",
            Notation::DateYmdDash => "YYYY-MM-DD",
            Notation::DateYmdSlash => "YYYY/MM/DD",
            Notation::DateYmdDot => "YYYY.MM.DD",
            Notation::DateCompact => "YYYYMMDD",
            Notation::DateDmyDot => "DD.MM.YYYY",
            Notation::DateDmySlash => "DD/MM/YYYY",
            Notation::DateMdySlash => "MM/DD/YYYY",
            Notation::DateDmyDash => "DD-MM-YYYY",
            Notation::DateMdyDash => "MM-DD-YYYY",
            Notation::DateDayMonth => "DD Mon YYYY",
            Notation::DateMonthDay => "Mon DD, YYYY",
            Notation::Timestamp => "timestamp",
            Notation::Time => "time",
            Notation::Email => "email",
            Notation::Uuid => "uuid",
            Notation::Url => "url",
            Notation::IpAddress => "ip_address",
            Notation::MacAddress => "mac_address",
            Notation::Phone => "phone",
            Notation::PostalCode => "postal_code",
            Notation::Iban => "iban",
            Notation::CardNumber => "card_number",
            Notation::HexHash => "hex_hash",
            Notation::Json => "json",
            Notation::CountryCode => "country_code",
        }
    }
}

/// Calls `found` with each notation of a text without white space around it. O(bytes).
pub(crate) fn notations_of(text: &str, mut found: impl FnMut(Notation)) {
    /// Bytes of a text that can have a notation other than the open-ended ones.
    const SHORT: usize = 64;
    let Some(&first) = text.as_bytes().first() else { return };
    let mut check = |has: bool, notation: Notation| {
        if has {
            found(notation);
        }
    };
    check(network::is_url(text), Notation::Url);
    check(network::is_email(text), Notation::Email);
    check(
        matches!(first, b'{' | b'[') && Format::Json.matches(text),
        Notation::Json,
    );
    check(chars::is_hex_hash(text), Notation::HexHash);
    if text.len() > SHORT {
        return;
    }
    check(text.len() <= 5 && chars::is_boolean(text), Notation::Boolean);
    check(text.len() == 36 && chars::is_uuid(text), Notation::Uuid);
    check(text.len() >= 15 && numbers::is_iban(text), Notation::Iban);
    check(contact::is_country_code(text), Notation::CountryCode);
    check(contact::is_postal_code(text.as_bytes()), Notation::PostalCode);
    check(network::is_ip_or_network(text), Notation::IpAddress);
    check(
        matches!(text.len(), 14 | 17) && chars::is_mac_address(text),
        Notation::MacAddress,
    );
    check(dates::is_month_date(text, false), Notation::DateDayMonth);
    check(dates::is_month_date(text, true), Notation::DateMonthDay);
    check(numbers::is_currency_amount(text), Notation::CurrencyAmount);
    check(numbers::is_coordinates(text), Notation::Coordinates);
    if first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.' | b'(') {
        let is_code = numbers::is_code(text);
        check(is_code, Notation::Code);
        check(!is_code && numbers::is_written(text), Notation::Number);
        check(numbers::is_percentage(text), Notation::Percentage);
        check(numbers::is_credit_card(text), Notation::CardNumber);
        check(dates::is_clock_time(text), Notation::Time);
        check(dates::is_written_timestamp(text), Notation::Timestamp);
        let mut is_date = false;
        dates::dates(text.as_bytes(), |notation| {
            is_date = true;
            check(true, notation);
        });
        check(!is_date && contact::is_phone(text), Notation::Phone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&'static str> {
        let mut names = Vec::new();
        notations_of(text, |notation| names.push(notation.name()));
        names.sort_unstable();
        names
    }

    #[test]
    fn numbers_name_notations() {
        for (number, notation) in Notation::ALL.into_iter().enumerate() {
            assert_eq!(notation as usize, number);
        }
    }

    #[test]
    fn texts_have_their_notations() {
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
            ("www.example.org", &[]),
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

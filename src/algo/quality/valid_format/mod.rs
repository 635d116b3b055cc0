//! Formats that texts are said to have: addresses, codes, points in time. Each is matched whole, without blanks around it, in time
//! linear in the length of the text.

mod chars;
mod codes;
mod network;
mod numbers;
mod time;

#[cfg(test)]
mod tests;

/// A format, by the name that checks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `local@domain` as mail servers take it (RFC 5321): dot-separated atoms of 64 bytes at most, then a hostname of two labels or
    /// more; 254 bytes at most. Quoted local parts and address literals are no part of it.
    Email,
    /// An absolute reference with a host (RFC 3986): `scheme://[user@]host[:port][/path][?query][#fragment]`, in ASCII.
    Url,
    /// 8-4-4-4-12 hexadecimal digits in either case, of any version (RFC 9562).
    Uuid,
    /// Four decimal numbers up to 255 without leading zeros, joined by points (RFC 6943, strict form).
    Ipv4,
    /// The text forms of RFC 4291, without a zone.
    Ipv6,
    /// [`Format::Ipv4`] or [`Format::Ipv6`].
    Ip,
    /// Labels of 1 to 63 letters, digits and inner hyphens, joined by points; 253 bytes at most (RFC 1123). The last is not a number.
    Hostname,
    /// Six pairs of hexadecimal digits, joined by `:` or by `-`, or three groups of four, joined by points (EUI-48).
    MacAddress,
    /// `YYYY-MM-DD`, a day of the Gregorian calendar (ISO 8601, extended).
    IsoDate,
    /// A date, `T` or a blank, a time, and maybe `Z` or an offset `+hh`, `+hhmm`, `+hh:mm` (ISO 8601; RFC 3339 is a part of it).
    IsoTimestamp,
    /// `hh:mm`, `hh:mm:ss`, and a fraction of the second (ISO 8601). A leap second is 60.
    Time,
    /// Digits, and a sign before them.
    Integer,
    /// Digits with a decimal point and an exponent, and a sign before them, as SQL's literals are; not NaN, not infinite.
    Number,
    /// What PostgreSQL writes and reads: true, false, yes, no, on, off, t, f, y, n, 1, 0, in either case.
    Boolean,
    /// RFC 8259.
    Json,
    /// ISO 13616: of the country's length in the registry, and the remainder of 97 is 1. Upper case; in groups of four or in one.
    Iban,
    /// ISO/IEC 7812: 12 to 19 digits, the first not 0, that end in Luhn's check digit; single blanks or hyphens between digits.
    CreditCard,
    /// Two digits or more, the last of which is Luhn's check digit (ISO/IEC 7812-1, annex B).
    Luhn,
    /// ISO 2108: ten digits (the last may be X) or thirteen that begin with 978 or 979, with the check digit; single blanks or hyphens
    /// between digits.
    Isbn,
    /// Thirteen digits with the check digit of GS1.
    Ean13,
    /// ITU-T E.164: `+`, and 7 to 15 digits, the first not 0.
    PhoneE164,
    /// An officially assigned alpha-2 code of ISO 3166-1, in upper case.
    CountryCode,
    /// An alphabetic code of ISO 4217, in upper case: those in use, and those that were withdrawn since 2020.
    CurrencyCode,
    /// `#` and 3, 4, 6 or 8 hexadecimal digits (CSS Color 4).
    HexColor,
    /// RFC 4648, section 4: four letters of the alphabet at a time, padded with `=`.
    Base64,
    /// Semantic Versioning 2.0.0.
    Semver,
    /// Five digits, and maybe a hyphen and four more.
    UsZip,
    /// ISO 9362: four letters, a country code, two letters or digits, and maybe three more. Upper case.
    Bic,
}

impl Format {
    /// Every format with its name, in the order of the documentation.
    const NAMES: [(Format, &str); 28] = [
        (Format::Email, "email"),
        (Format::Url, "url"),
        (Format::Uuid, "uuid"),
        (Format::Ipv4, "ipv4"),
        (Format::Ipv6, "ipv6"),
        (Format::Ip, "ip"),
        (Format::Hostname, "hostname"),
        (Format::MacAddress, "mac_address"),
        (Format::IsoDate, "iso_date"),
        (Format::IsoTimestamp, "iso_timestamp"),
        (Format::Time, "time"),
        (Format::Integer, "integer"),
        (Format::Number, "number"),
        (Format::Boolean, "boolean"),
        (Format::Json, "json"),
        (Format::Iban, "iban"),
        (Format::CreditCard, "credit_card"),
        (Format::Luhn, "luhn"),
        (Format::Isbn, "isbn"),
        (Format::Ean13, "ean13"),
        (Format::PhoneE164, "phone_e164"),
        (Format::CountryCode, "country_code"),
        (Format::CurrencyCode, "currency_code"),
        (Format::HexColor, "hex_color"),
        (Format::Base64, "base64"),
        (Format::Semver, "semver"),
        (Format::UsZip, "us_zip"),
        (Format::Bic, "bic"),
    ];

    /// Every format, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Format> {
        Format::NAMES.into_iter().map(|(format, _)| format)
    }

    /// The format of a name. Names are in lower case.
    pub fn parse(name: &str) -> Option<Format> {
        Format::NAMES
            .into_iter()
            .find(|(_, known)| *known == name)
            .map(|(format, _)| format)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Format::NAMES
            .into_iter()
            .find(|(format, _)| *format == self)
            .map_or("", |(_, name)| name)
    }

    /// Whether the whole text has this format. An empty text has none. O(length).
    pub fn matches(self, text: &str) -> bool {
        match self {
            Format::Email => network::is_email(text),
            Format::Url => network::is_url(text),
            Format::Uuid => chars::is_uuid(text),
            Format::Ipv4 => network::is_ipv4(text),
            Format::Ipv6 => network::is_ipv6(text),
            Format::Ip => network::is_ipv4(text) || network::is_ipv6(text),
            Format::Hostname => network::is_hostname(text),
            Format::MacAddress => chars::is_mac_address(text),
            Format::IsoDate => time::is_date(text),
            Format::IsoTimestamp => time::is_timestamp(text),
            Format::Time => time::is_time(text),
            Format::Integer => numbers::is_integer(text),
            Format::Number => numbers::is_number(text),
            Format::Boolean => chars::is_boolean(text),
            Format::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
            Format::Iban => numbers::is_iban(text),
            Format::CreditCard => numbers::is_credit_card(text),
            Format::Luhn => numbers::is_luhn(text),
            Format::Isbn => numbers::is_isbn(text),
            Format::Ean13 => numbers::is_ean13(text),
            Format::PhoneE164 => chars::is_phone(text),
            Format::CountryCode => codes::is_country(text),
            Format::CurrencyCode => codes::is_currency(text),
            Format::HexColor => chars::is_hex_color(text),
            Format::Base64 => chars::is_base64(text),
            Format::Semver => chars::is_semver(text),
            Format::UsZip => chars::is_us_zip(text),
            Format::Bic => codes::is_bic(text),
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

//! What texts are: addresses, codes, numbers, points in time.
//!
//! A [`Format`] is what a check asks for, by a standard. A [`Notation`] is what a profile finds in texts that people have written: the same
//! where a standard says all, more where people write in many ways. Both are matched whole, without blanks around, in time linear in the
//! length of the text. A new one is a line in its table and a function in the file of its family.

mod chars;
mod codes;
mod contact;
pub(crate) mod dates;
mod network;
mod notation;
pub(crate) mod numbers;

#[cfg(test)]
mod tests;

pub use notation::Notation;
pub(crate) use notation::notations_of;

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

/// A format, its name, and what decides whether a text has it.
type Line = (Format, &'static str, fn(&str) -> bool);

/// Every format, in the order of the documentation, which is that of the variants.
const FORMATS: [Line; 28] = [
    (Format::Email, "email", network::is_email),
    (Format::Url, "url", network::is_url),
    (Format::Uuid, "uuid", chars::is_uuid),
    (Format::Ipv4, "ipv4", network::is_ipv4),
    (Format::Ipv6, "ipv6", network::is_ipv6),
    (Format::Ip, "ip", network::is_ip),
    (Format::Hostname, "hostname", network::is_hostname),
    (Format::MacAddress, "mac_address", chars::is_mac_address),
    (Format::IsoDate, "iso_date", dates::is_date),
    (Format::IsoTimestamp, "iso_timestamp", dates::is_timestamp),
    (Format::Time, "time", dates::is_time),
    (Format::Integer, "integer", numbers::is_integer),
    (Format::Number, "number", numbers::is_number),
    (Format::Boolean, "boolean", chars::is_boolean),
    (Format::Json, "json", is_json),
    (Format::Iban, "iban", numbers::is_iban),
    (Format::CreditCard, "credit_card", numbers::is_credit_card),
    (Format::Luhn, "luhn", numbers::is_luhn),
    (Format::Isbn, "isbn", numbers::is_isbn),
    (Format::Ean13, "ean13", numbers::is_ean13),
    (Format::PhoneE164, "phone_e164", chars::is_phone),
    (Format::CountryCode, "country_code", codes::is_country),
    (Format::CurrencyCode, "currency_code", codes::is_currency),
    (Format::HexColor, "hex_color", chars::is_hex_color),
    (Format::Base64, "base64", chars::is_base64),
    (Format::Semver, "semver", chars::is_semver),
    (Format::UsZip, "us_zip", chars::is_us_zip),
    (Format::Bic, "bic", codes::is_bic),
];

impl Format {
    /// Every format, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Format> {
        FORMATS.into_iter().map(|(format, ..)| format)
    }

    /// The format of a name. Names are in lower case.
    pub fn parse(name: &str) -> Option<Format> {
        FORMATS
            .into_iter()
            .find(|(_, known, _)| *known == name)
            .map(|(format, ..)| format)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        FORMATS[self as usize].1
    }

    /// Whether the whole text has this format. An empty text has none. O(length).
    pub fn matches(self, text: &str) -> bool {
        FORMATS[self as usize].2(text)
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

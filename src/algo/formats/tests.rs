//! Texts that have a format, and texts that nearly have it.

use proptest::prelude::*;

use super::Format;

/// Of each format: what has it, and what has not.
const EXAMPLES: [(Format, &[&str], &[&str]); 28] = [
    (
        Format::Email,
        &[
            "a@b.co",
            "first.last+tag@mail.example.com",
            "o'hara@example.ie",
            "x@xn--bcher-kva.example",
        ],
        &[
            "a@b",
            "@b.co",
            "a@",
            "a b@c.de",
            ".a@b.co",
            "a..b@c.de",
            "a.@b.co",
            "a@b..co",
            "a@-b.co",
            "a@b@c.de",
            "a@1.2.3.4",
            "ü@b.co",
            "\"a b\"@c.de",
            " a@b.co",
            "a@b.co\n",
        ],
    ),
    (
        Format::Url,
        &[
            "http://example.com",
            "https://user:pw@example.com:8080/a/b.html?x=1&y=%20#top",
            "ftp://192.0.2.1/",
            "http://[::1]:80/",
            "http://host?x#y",
            "postgresql://localhost/db",
            "http://example.com:",
        ],
        &[
            "example.com",
            "http://",
            "http:///path",
            "http//x.y",
            "http://a b.com",
            "http://a.com/%2",
            "http://a.com/%zz",
            "1http://x.y",
            "http://x.y:99999",
            "http://x.y:+80",
            "http://[::1",
            "http://x.y/#a#b",
            "mailto:a@b.co",
            "http://é.fr",
            "http://a.com/<x>",
        ],
    ),
    (
        Format::Uuid,
        &[
            "123e4567-e89b-12d3-a456-426614174000",
            "00000000-0000-0000-0000-000000000000",
            "123E4567-E89B-12D3-A456-426614174000",
        ],
        &[
            "123e4567e89b12d3a456426614174000",
            "123e4567-e89b-12d3-a456-42661417400",
            "123e4567-e89b-12d3-a456-42661417400g",
            "{123e4567-e89b-12d3-a456-426614174000}",
        ],
    ),
    (
        Format::Ipv4,
        &["0.0.0.0", "192.0.2.255"],
        &["256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4/24", " 1.2.3.4"],
    ),
    (
        Format::Ipv6,
        &["::", "2001:db8::1", "::ffff:192.0.2.1"],
        &[":", "1::2::3", "2001:db8::g", "fe80::1%eth0", "1.2.3.4"],
    ),
    (Format::Ip, &["::1", "127.0.0.1"], &["localhost", "1.2.3"]),
    (
        Format::Hostname,
        &["localhost", "db-1.example.com", "3com.com", "a"],
        &[
            "-a.com", "a-.com", "a..b", "a.com.", "a_b.com", "1.2.3.4", "123", "ü.de",
        ],
    ),
    (
        Format::MacAddress,
        &["00:1B:44:11:3a:b7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"],
        &[
            "00:1b:44:11:3a",
            "00:1b:44:11:3a:b7:00",
            "00:1b-44:11:3a:b7",
            "00:1b:44:11:3a:bg",
            "001b44113ab7",
        ],
    ),
    (
        Format::IsoDate,
        &["2024-12-25", "2024-02-29", "2000-02-29", "0001-01-01"],
        &[
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-04-31",
            "2024-1-1",
            "24-12-25",
            "20241225",
            "2024-12-25 ",
            "25.12.2024",
            "+024-01-01",
        ],
    ),
    (
        Format::IsoTimestamp,
        &[
            "2024-12-25T10:00:00Z",
            "2024-12-25 10:00",
            "2024-12-25T23:59:60.123456+05:30",
            "2024-12-25t10:00:00-0800",
            "2024-12-25 10:00:00+01",
        ],
        &[
            "2024-12-25",
            "2024-12-25T",
            "2024-12-25T24:00:00",
            "2024-12-25T10:60",
            "2024-12-25T10:00:00+25:00",
            "2024-12-25T10:00:00 UTC",
            "2024-02-30T10:00:00Z",
            "2024-12-25T10:00:00+1",
        ],
    ),
    (
        Format::Time,
        &["00:00", "23:59:59", "10:15:30.5"],
        &[
            "24:00",
            "10:60",
            "10",
            "10:15:",
            "10:15:30.",
            "1:15",
            "10:15Z",
            "10:15:61",
        ],
    ),
    (
        Format::Integer,
        &["0", "-17", "+5", "007", "123456789012345678901234567890"],
        &["1.0", "1e3", "-", "--1", "1 000", "1,000", "٣"],
    ),
    (
        Format::Number,
        &["0", "-1.5", ".5", "5.", "1e10", "+2.5E-3"],
        &[".", "e5", "1e", "1.2.3", "NaN", "Infinity", "1,5", "0x10", "1e1.5"],
    ),
    (
        Format::Boolean,
        &["true", "FALSE", "Yes", "n", "0", "on"],
        &["2", "tru", "wahr", "truetrue"],
    ),
    (
        Format::Json,
        &["{}", "null", "[1, 2.5e3, \"a\\u00e9\"]", " {\"a\": {\"b\": [true]}} "],
        &["{a: 1}", "[1,]", "'a'", "{} {}", "\"\\x\"", "01", "NaN"],
    ),
    (
        Format::Iban,
        &[
            "GB82WEST12345698765432",
            "GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
            "FR1420041010050500013M02606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ],
        &[
            "GB82WEST12345698765433",
            "GB28WEST12345698765432",
            "gb82west12345698765432",
            "DE8937040044053201300",
            "XX82WEST12345698765432",
            "GB82-WEST-1234-5698-7654-32",
            "GB82WEST 12345698765432",
            "GB82 WEST 1234 5698 7654 32 ",
            "GB",
        ],
    ),
    (
        Format::CreditCard,
        &[
            "4111111111111111",
            "378282246310005",
            "4012-8888-8888-1881",
            "5555 5555 5555 4444",
        ],
        &[
            "4111111111111112",
            "0000000000000000",
            "4111 1111-1111 1111",
            "4111  1111 1111 1111",
            "79927398713",
            "411111111111111a",
        ],
    ),
    (
        Format::Luhn,
        &["79927398713", "18", "00"],
        &["79927398710", "0", "7992739871x", "799-27398713"],
    ),
    (
        Format::Isbn,
        &[
            "0306406152",
            "0-306-40615-2",
            "080442957X",
            "978-0-306-40615-7",
            "9780306406157",
        ],
        &[
            "0306406153",
            "08044295X7",
            "978-0-306-40615-8",
            "4006381333931",
            "978-0 306-40615-7",
            "X804429570",
        ],
    ),
    (
        Format::Ean13,
        &["4006381333931", "9780306406157"],
        &["4006381333932", "400638133393", "4006381-333931"],
    ),
    (
        Format::PhoneE164,
        &["+14155552671", "+6834000", "+442071838750"],
        &["14155552671", "+04155552671", "+1 415 555 2671", "+1234567890123456"],
    ),
    (
        Format::CountryCode,
        &["DE", "US", "ZW", "AD", "GB", "MX"],
        &["UK", "de", "XX", "DEU", "D", "AA", "E ", "D A"],
    ),
    (
        Format::CurrencyCode,
        &["EUR", "USD", "AED", "ZWL", "XCG", "HRK"],
        &["eur", "EURO", "DEM", "AAA", "ZZZ", "ED ", "E"],
    ),
    (
        Format::HexColor,
        &["#fff", "#FFAA00", "#ffaa0080", "#abcd"],
        &["fff", "#ff", "#fffff", "#ggg", "#"],
    ),
    (
        Format::Base64,
        &["TWFu", "TWE=", "TQ==", "+/+/"],
        &["TWF", "TQ=", "T===", "TW=u", "TWF\n", "-_-_", "===="],
    ),
    (
        Format::Semver,
        &["1.0.0", "0.0.1-alpha.1+build.5", "1.0.0-x-y.0a", "1.0.0+001"],
        &[
            "1.0",
            "v1.0.0",
            "01.0.0",
            "1.0.0-",
            "1.0.0-01",
            "1.0.0+",
            "1.0.0-a..b",
            "1.0.0.0",
        ],
    ),
    (
        Format::UsZip,
        &["12345", "12345-6789"],
        &["1234", "123456", "12345-", "12345-678", "12345 6789", "1234a"],
    ),
    (
        Format::Bic,
        &["DEUTDEFF", "DEUTDEFF500", "CHASUS33", "PCBKXKPR"],
        &["DEUTDEF", "DEUTXXFF", "deutdeff", "DEU1DEFF", "DEUTDEFF50", "DÉUTEFF"],
    ),
];

#[test]
fn examples_have_their_format_and_near_misses_have_not() {
    for (format, right, wrong) in EXAMPLES {
        for text in right {
            assert!(format.matches(text), "{text:?} is no {format}");
        }
        for text in wrong.iter().chain(&[""]) {
            assert!(!format.matches(text), "{text:?} is {format}");
        }
    }
}

#[test]
fn every_format_has_one_name_and_an_example() {
    assert!(Format::all().eq(EXAMPLES.map(|(format, ..)| format)));
    for format in Format::all() {
        assert_eq!(Format::parse(format.name()), Some(format));
    }
    assert_eq!(Format::parse("Email"), None);
}

#[test]
fn long_texts_take_linear_time() {
    let texts = ["[", "9", "a.", "%41", "0-", "A", "http://a/", "1.", "@", "{\"a\":"].map(|part| part.repeat(1 << 20));
    for text in &texts {
        for format in Format::all() {
            format.matches(text);
        }
    }
    assert!(!Format::Json.matches(&texts[0]));
    assert!(Format::Json.matches(&format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20))));
}

proptest! {
    #[test]
    fn any_text_is_judged(text in "\\PC{0,40}|[0-9A-Za-z:.@/%+ =#-]{0,40}|[é€𝄞DEUT0-9]{8,11}") {
        for format in Format::all() {
            format.matches(&text);
        }
    }

    /// Check digits notice every wrong digit.
    #[test]
    fn a_wrong_digit_is_noticed(place in 0_usize..100, change in 1_u8..10) {
        for (format, right) in [
            (Format::Iban, "DE89370400440532013000"), (Format::CreditCard, "4111111111111111"), (Format::Isbn, "0306406152"),
            (Format::Ean13, "4006381333931"), (Format::Luhn, "79927398713"),
        ] {
            let mut text = right.as_bytes().to_vec();
            let place = place % text.len();
            if text[place].is_ascii_digit() {
                text[place] = b'0' + (text[place] - b'0' + change) % 10;
                prop_assert!(!format.matches(std::str::from_utf8(&text).unwrap()), "{} {:?}", format, text);
            }
        }
    }

    #[test]
    fn numbers_and_dates_are_recognised(number in any::<f64>(), integer in any::<i64>(), day in 0_i64..3_000_000) {
        prop_assert_eq!(Format::Number.matches(&number.to_string()), number.is_finite());
        prop_assert!(Format::Integer.matches(&integer.to_string()));
        // The civil calendar from a count of days (Hinnant's algorithm), from the year 1 on.
        let z = day + 306;
        let era = z / 146_097;
        let of_era = z % 146_097;
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let date = format!(
            "{:04}-{:02}-{:02}", year + era * 400 + i64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 },
            of_year - (153 * month + 2) / 5 + 1
        );
        prop_assert!(Format::IsoDate.matches(&date), "{}", date);
    }
}

use super::*;
use crate::monitor::Unwatched;
use proptest::prelude::*;
use serde_json::json;

fn found(text: &str) -> Vec<(&'static str, &str)> {
    found_with(text, &[])
}

fn found_with<'t>(text: &'t str, names: &[&str]) -> Vec<(&'static str, &'t str)> {
    let finder = Finder::new(Kinds::ALL, names.iter().copied()).unwrap();
    let found = finder.find(text, &Unwatched).unwrap();
    found
        .iter()
        .map(|one| (one.kind.name(), &text[one.start..one.end]))
        .collect()
}

/// Each line: a kind, and texts that are of it as a whole, with a sentence around them.
#[track_caller]
fn all_of(kind: &str, texts: &[&str]) {
    for text in texts {
        for sentence in [
            (*text).to_owned(),
            format!("See {text}."),
            format!("({text}), or"),
            format!("1. {text}\n2. x"),
        ] {
            assert_eq!(found(&sentence), [(kind, *text)], "{sentence}");
        }
    }
}

#[track_caller]
fn none(texts: &[&str]) {
    for text in texts {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn addresses_of_mail() {
    all_of(
        "email",
        &[
            "anna@example.com",
            "a.b-c+d_e@mail.example.co.uk",
            "o'brien@example.ie",
            "müller@bücher.de",
            "x@xn--bcher-kva.xn--p1ai",
            "A@B.COM",
        ],
    );
    assert_eq!(
        found("<a@example.com>;mailto:b@example.com?x"),
        [("email", "a@example.com"), ("email", "b@example.com")]
    );
    assert_eq!(found("주소는 kim@example.com입니다"), [("email", "kim@example.com")]);
    assert_eq!(found("'a@example.com'"), [("email", "a@example.com")]);
    assert_eq!(found("a@example.com.Then more"), [("email", "a@example.com.Then")]);
    none(&[
        "@home",
        "a@",
        "a@b",
        "a@b.c",
        "a@.com",
        "@@@@",
        "a..b@example.com",
        "user@10",
    ]);
}

#[test]
fn accounts() {
    all_of(
        "iban",
        &[
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331 9268 19",
            "de89370400440532013000",
            "NO93 8601 1117 947",
            "BE68-5390-0754-7034",
        ],
    );
    none(&[
        "DE89370400440532013001",
        "XX89370400440532013000",
        "ADE89370400440532013000",
        "DE8937040044053201300",
    ]);
}

#[test]
fn cards() {
    all_of(
        "card",
        &[
            "4111111111111111",
            "4111 1111 1111 1111",
            "5555-5555-5555-4444",
            "378282246310005",
            "3782 822463 10005",
            "6011111111111117",
            "30569309025904",
            "2223003122003222",
            "6304000000000000",
        ],
    );
    assert_eq!(found("4111 1111 1111 1111 12/27"), [("card", "4111 1111 1111 1111")]);
    none(&[
        "4111111111111112",
        "1234567812345670",
        "41111111111111111111111",
        "x4111111111111111",
    ]);
}

#[test]
fn numbers_of_identity() {
    all_of("us_ssn", &["078-05-1121", "219 09 9998"]);
    assert_eq!(found("SSN: 219099998"), [("us_ssn", "219099998")]);
    none(&[
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "123-00-4567",
        "123-45-0000",
        "219099998",
        "1123-45-6789",
        "123-45-67890",
    ]);
    all_of("de_tax_id", &["86095742719", "47036892816", "65 929 970 489"]);
    none(&["86095742718", "12345678901", "06095742719"]);
    all_of("kr_rrn", &["900101-1234568", "9001011234568", "201105-3123456"]);
    none(&["900101-1234567", "901301-1234567", "200905-3123456", "900230-1234568"]);
    all_of("uk_nino", &["AB123456C", "AB 12 34 56 C", "ab123456c"]);
    none(&[
        "DB123456C",
        "AO123456C",
        "GB123456C",
        "AB123456E",
        "AB12345C",
        "XAB123456C",
    ]);
}

#[test]
fn addresses_of_the_internet() {
    all_of(
        "ip",
        &[
            "192.168.0.1",
            "8.8.8.8",
            "2001:db8::1",
            "::1",
            "fe80::1ff:fe23:4567:890a",
            "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
            "::ffff:10.0.0.1",
        ],
    );
    assert_eq!(
        found("10.0.0.0/8 and 10.0.0.1:80"),
        [("ip", "10.0.0.0"), ("ip", "10.0.0.1")]
    );
    assert_eq!(found("[::1]:80"), [("ip", "::1")]);
    none(&[
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "version 1.2.3.4",
        "v1.2.3.4",
        "12:30:45",
        "std::vector",
        "a[::2]",
        "00:1a:2b:3c:4d:5e",
        "a::b",
        "01.02.03.04",
    ]);
}

#[test]
fn numbers_of_telephones() {
    all_of(
        "phone",
        &[
            "+49 30 1234567",
            "+4930123456",
            "+41 (0)44 668 18 00",
            "+1-212-555-0123",
            "0049 30 1234567",
            "001-212-555-0123",
            "(212) 555-0123",
            "(212)555-0123",
            "212-555-0123",
            "212.555.0123",
            "212-555-0123x42",
            "+44 7700 900123",
            "07700 900123",
            "07700900123",
            "(07700) 900 123",
            "030 1234567",
            "0151/23456789",
            "089/1234-567",
            "02-123-4567",
            "010-1234-5678",
            "01012345678",
            "01 23 45 67 89",
            "+82 10-1234-5678",
        ],
    );
    assert_eq!(found("call 5550123 now"), [("phone", "5550123")]);
    assert_eq!(found("전화번호는 5550123"), [("phone", "5550123")]);
    assert_eq!(found("84 23 30 299 (mobile)"), [("phone", "84 23 30 299")]);
    assert_eq!(found("+49 (30) 123456"), [("phone", "+49 (30) 123456")]);
    assert_eq!(found("(+49) 30 123456"), [("phone", "(+49) 30 123456")]);
    none(&[
        "2024-01-15",
        "01.02.2024",
        "1,234,567",
        "12 345 678",
        "$212 555 0123",
        "3.14159265358",
        "0.123456789",
        "1234567890",
        "tell 1234567 of them",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "ISBN 978-3-16-148410-0",
        "order 212-555-0123",
        "100-200",
        "a212-555-0123",
        "1 + 1234567 = x_1234567",
    ]);
}

#[test]
fn names_of_a_list_and_behind_titles() {
    let names = ["Anna", "Schmidt", "Marie Curie", "김철수", "O'Brien"];
    let all = |text| {
        found_with(text, &names)
            .into_iter()
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        all("Anna Schmidt met Anna's friend ANNA K. SCHMIDT and Annabel, anna, Schmidtke."),
        ["Anna Schmidt", "Anna", "ANNA K. SCHMIDT"]
    );
    assert_eq!(
        all("Marie Curie; 김철수는 갔다, 김철수씨"),
        ["Marie Curie", "김철수", "김철수"]
    );
    assert_eq!(all("Anna-Schmidt O'Brien"), ["Anna-Schmidt O'Brien"]);
    assert_eq!(
        all("Dr. Jane Q. Public said, Mr O'Neil's dog, Frau Müller-Lüdenscheidt kam. Prof. Dr. Weiß"),
        ["Jane Q. Public", "O'Neil", "Müller-Lüdenscheidt", "Weiß"]
    );
    assert_eq!(
        all("My name is Jane Doe. 12 Lincoln Dr Apt 5. Mr. and the"),
        ["Jane Doe"]
    );
    assert_eq!(all("mr Jane"), [""; 0]);
    // Names that are common words are some only next to others.
    let both = |text| found_with(text, &["Will", "My", "Smith", "Don"]).len();
    assert_eq!(
        (
            both("Will my account stay? My card."),
            both("Will Smith, Don"),
            both("Don't go, Will My card")
        ),
        (0, 2, 0)
    );
}

#[test]
fn what_is_surer_wins() {
    assert_eq!(
        found_with("Anna.Schmidt@example.com", &["Anna", "Schmidt"]),
        [("email", "Anna.Schmidt@example.com")]
    );
    assert_eq!(found("x 2125550123@example.com"), [("email", "2125550123@example.com")]);
    assert_eq!(found("a@b.com@c.com"), [("email", "a@b.com")]);
    let phones = Finder::new(Kinds::NONE.with(Kind::Phone), []).unwrap();
    assert_eq!(
        phones.find("a@example.com 212-555-0123", &Unwatched).unwrap(),
        [Found {
            kind: Kind::Phone,
            start: 14,
            end: 26
        }]
    );
}

fn redacted(policy: serde_json::Value, text: &str) -> String {
    let key = Key::new(b"sixteen bytes at least");
    let redactor = Redactor::new(Policy::parse(&policy).unwrap(), key).unwrap();
    redactor.redact(text, &Unwatched).unwrap().into_owned()
}

#[test]
fn each_kind_has_its_action() {
    let text = "Anna, a@example.com, 212-555-0123, 10.0.0.1";
    assert_eq!(redacted(json!({}), text), "Anna, [email], [phone], [ip]");
    assert_eq!(
        redacted(json!({"names": ["Anna"], "ip": "keep"}), text),
        "[person], [email], [phone], 10.0.0.1"
    );
    assert_eq!(
        redacted(json!({"default": "keep", "email": "hash"}), text),
        "Anna, [email:a57cc85d4d8dbed9], 212-555-0123, 10.0.0.1".replace(
            "a57cc85d4d8dbed9",
            &super::pseudonym::hash(Kind::Email, "A@example.com")
        )
    );
    assert_eq!(redacted(json!("keep"), text), text);
    assert_eq!(
        redacted(
            json!({"national_id": "keep", "us_ssn": "mask"}),
            "219-09-9998 86095742719"
        ),
        "[us_ssn] 86095742719"
    );
}

#[test]
fn pseudonyms_are_the_same_for_all_spellings_and_of_the_same_shape() {
    let of = |text: &str| redacted(json!("pseudonym"), text);
    assert_eq!(of("+49 30 1234567"), of("0049 30 123 45 67"));
    assert_eq!(of("Anna@Example.com"), of("anna@example.com"));
    assert_eq!(of("4111 1111 1111 1111"), of("4111111111111111"));
    assert_ne!(of("212-555-0123"), of("212-555-0124"));
    let other = Redactor::new(Policy::of(Action::Pseudonym), Key::new(b"another key of bytes")).unwrap();
    assert_ne!(other.redact("a@example.com", &Unwatched).unwrap(), of("a@example.com"));
    for text in [
        "a@example.com",
        "212-555-0123",
        "DE89370400440532013000",
        "4111111111111111",
        "8.8.8.8",
        "2001:db8::1",
    ] {
        let kind = found(text)[0].0;
        let stands = of(text);
        assert_eq!(found(&stands), [(kind, stands.as_str())], "{text}");
    }
    // Numbers of identity are none that anybody could have.
    for text in ["219-09-9998", "86095742719", "900101-1234568", "AB123456C"] {
        let stands = of(text);
        assert!(found(&stands).is_empty() && stands.len() >= 9, "{stands}");
    }
    let policy = json!({"default": "pseudonym", "names": ["Anna", "Schmidt"]});
    let (full, part) = (redacted(policy.clone(), "Anna Schmidt"), redacted(policy, "Anna"));
    assert!(full.starts_with(&part) && full.len() == 17, "{full} {part}");
}

#[test]
fn hmac_is_that_of_rfc_4231() {
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let key = Key::new(&[0x0b; 20]).unwrap();
    assert_eq!(
        hex(key.mac(&[b"Hi ", b"There"])),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    let long = Key::new(&[0xaa; 131]).unwrap();
    assert_eq!(
        hex(long.mac(&[b"Test Using Larger Than Block-Size Key - Hash Key First"])),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
    assert!(Key::new(b"short").is_none());
}

#[test]
fn policies_that_are_none_say_why() {
    let wrong = |json| Policy::parse(&json).unwrap_err();
    assert_eq!(wrong(json!([])), Wrong::Shape);
    assert_eq!(wrong(json!("hide")), Wrong::Shape);
    assert_eq!(wrong(json!({"mail": "mask"})), Wrong::Key("mail".into()));
    assert_eq!(wrong(json!({"email": 1})), Wrong::Value("email".into(), "1".into()));
    assert_eq!(wrong(json!({"names": [1]})), Wrong::Names);
}

/// Says stop after so many looks.
struct Stops(std::sync::atomic::AtomicUsize);

impl Monitor for Stops {
    fn check(&self) -> Result<()> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0..3 => Ok(()),
            _ => Err(crate::error::Error::Stopped),
        }
    }

    fn progress(&self, _: crate::monitor::Progress) {}
}

#[test]
fn it_stops_when_asked() {
    let text = "Nothing to see here. ".repeat(100_000);
    let stops = Stops(0.into());
    assert_eq!(
        Finder::new(Kinds::ALL, []).unwrap().find(&text, &stops),
        Err(crate::error::Error::Stopped)
    );
}

#[test]
fn texts_made_to_be_slow_are_not() {
    for piece in ["1", "1 ", "a@", "@a.", ":1", "+1(", "Anna ", "0049 ", "Mr. A ", "DE89 "] {
        let text = piece.repeat(200_000 / piece.len());
        let started = std::time::Instant::now();
        let finder = Finder::new(Kinds::ALL, ["Anna", "Anna Anna Anna"]).unwrap();
        finder.find(&text, &Unwatched).unwrap();
        assert!(started.elapsed().as_secs() < 5, "{piece} {:?}", started.elapsed());
    }
}

proptest! {
    #[test]
    fn what_is_found_lies_in_order_at_borders(text in "[0-9a-zA-Z@:.+() \\-/가é']{0,80}", names in proptest::collection::vec("[A-Z가é][a-z]{0,3}", 0..4)) {
        let finder = Finder::new(Kinds::ALL, names.iter().map(String::as_str)).unwrap();
        let mut last = 0;
        for Found { start, end, .. } in finder.find(&text, &Unwatched).unwrap() {
            prop_assert!(start >= last && end > start);
            prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
            last = end;
        }
        let redactor = Redactor::new(Policy::of(Action::Pseudonym), Key::new(&[7; 16])).unwrap();
        redactor.redact(&text, &Unwatched).unwrap();
    }
}

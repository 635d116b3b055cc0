//! What stands for something found: of the shape of its kind, the same for the same value and key, and nobody's.

use sha2::{Digest, Sha256};

use super::Kind;
use super::redact::Key;

/// Random-looking bytes without end that depend on a key and a value only: HMAC-SHA-256 of both and a counter.
struct Stream<'k> {
    key: &'k Key,
    value: String,
    block: [u8; 32],
    used: usize,
    counter: u32,
}

impl<'k> Stream<'k> {
    fn new(key: &'k Key, kind: Kind, value: &str) -> Stream<'k> {
        Stream {
            key,
            value: format!("{}\0{value}", kind.name()),
            block: [0; 32],
            used: 32,
            counter: 0,
        }
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            self.block = self.key.mac(&[&self.counter.to_be_bytes(), self.value.as_bytes()]);
            self.counter = self.counter.wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// A number below a hundred thousand at most.
    fn below(&mut self, most: u32) -> u32 {
        let number = (0..4).fold(0_u32, |number, _| number << 8 | u32::from(self.byte()));
        // Of four billion values the remainder of a few favours none that anybody could notice.
        number % most
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    /// A word that can be spoken.
    fn word(&mut self) -> String {
        const CONSONANTS: &[u8; 17] = b"bdfghjklmnprstvwz";
        const VOWELS: &[u8; 5] = b"aeiou";
        let mut word = String::new();
        for _ in 0..4 {
            word.push(CONSONANTS[self.below(17) as usize].into());
            word.push(VOWELS[self.below(5) as usize].into());
        }
        word[..1].make_ascii_uppercase();
        word
    }
}

/// The value as all its spellings have it in common.
pub fn normalized(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Email | Kind::Ip => value.to_lowercase(),
        Kind::Iban | Kind::UkNino => {
            let kept = value.chars().filter(char::is_ascii_alphanumeric);
            kept.map(|letter| letter.to_ascii_uppercase()).collect()
        }
        Kind::KrRrn | Kind::DeTaxId | Kind::UsSsn | Kind::Card => value.chars().filter(char::is_ascii_digit).collect(),
        Kind::Phone => phone(value),
        Kind::Person => value.to_lowercase(),
    }
}

/// The digits of a number, 00 being +, and (0) behind a + being nothing.
fn phone(value: &str) -> String {
    let plain = value.replace("(0)", "");
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    if plain.trim_start_matches('(').starts_with('+') {
        return format!("+{digits}");
    }
    match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => digits,
    }
}

/// The first 16 digits of the SHA-256 of a value in hexadecimal.
pub fn hash(kind: Kind, value: &str) -> String {
    let digest = Sha256::digest(normalized(kind, value).as_bytes());
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands for a value.
pub fn of(key: &Key, kind: Kind, value: &str) -> String {
    if kind == Kind::Person {
        // Each word has its own, so that a name that is told in full and in part stays the same one.
        let words = value
            .split([' ', '-'])
            .filter(|word| word.chars().nth(1).is_some_and(|letter| letter != '.'));
        let names: Vec<String> = words
            .map(|word| Stream::new(key, kind, &word.to_lowercase()).word())
            .collect();
        return match names.is_empty() {
            true => Stream::new(key, kind, &value.to_lowercase()).word(),
            false => names.join(" "),
        };
    }
    let plain = normalized(kind, value);
    let mut stream = Stream::new(key, kind, &plain);
    match kind {
        Kind::Person | Kind::Email => format!("{}@example.com", stream.word().to_lowercase() + &stream.digits(5)),
        // No country has 999.
        Kind::Phone => format!("+999 {} {}", stream.digits(3), stream.digits(7)),
        Kind::Iban => iban(&plain, &mut stream),
        // The beginning is that of numbers for tests.
        Kind::Card => card(&mut stream),
        // From 900 on no number is given; those of taxpayers have other digits in the middle.
        Kind::UsSsn => format!("9{}-{:02}-{}", stream.digits(2), stream.below(50), stream.digits(4)),
        // None begins with 0, nor does a number of a telephone of this length begin with two.
        Kind::DeTaxId => format!("00{}", stream.digits(9)),
        // There is no month 00.
        Kind::KrRrn => format!("{}00{}-{}", stream.digits(2), stream.digits(2), stream.digits(7)),
        Kind::UkNino => nino(&mut stream),
        Kind::Ip if plain.contains(':') => ip_six(&mut stream),
        // From 240 on addresses are reserved.
        Kind::Ip => {
            let first = 240 + stream.below(15);
            format!(
                "{first}.{}.{}.{}",
                stream.below(256),
                stream.below(256),
                stream.below(256)
            )
        }
    }
}

/// An account of the same country and length, with right check digits, at a bank that has the number 0000.
fn iban(plain: &str, stream: &mut Stream<'_>) -> String {
    let country = plain.get(..2).unwrap_or("DE");
    let rest = format!("0000{}", stream.digits(plain.len().saturating_sub(8)));
    let remainder = rest
        .bytes()
        .chain(country.bytes())
        .chain(*b"00")
        .fold(0_u32, |remainder, byte| {
            let value = char::from(byte).to_digit(36).unwrap_or(0);
            (remainder * if value < 10 { 10 } else { 100 } + value) % 97
        });
    format!("{country}{:02}{rest}", 98 - remainder)
}

fn card(stream: &mut Stream<'_>) -> String {
    let digits = format!("400000{}", stream.digits(9));
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Behind a prefix that is never given.
fn nino(stream: &mut Stream<'_>) -> String {
    const PREFIXES: [&str; 7] = ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"];
    let prefix = PREFIXES[stream.below(7) as usize];
    let digits = stream.digits(6);
    format!("{prefix}{digits}{}", char::from(b'A' + stream.below(4) as u8))
}

/// In the network of documentation.
fn ip_six(stream: &mut Stream<'_>) -> String {
    let groups: Vec<String> = (0..6).map(|_| format!("{:x}", 1 + stream.below(65_535))).collect();
    format!("2001:db8:{}", groups.join(":"))
}

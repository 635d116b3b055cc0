//! When a check warns or fails: conditions on the rows that failed, such as `>10` or `>=1%`.
//!
//! ```text
//! threshold  = comparison amount | "between" amount "and" amount
//! comparison = ">" | ">=" | "<" | "<=" | "=" | "==" | "!=" | "<>"
//! amount     = digits [ "." digits ] [ "%" ]
//! ```
//!
//! Blanks may stand between the parts, and upper case is as good as lower. An amount counts rows; with `%` it is a share of the rows
//! that were evaluated. Amounts are kept as decimals and compared in whole numbers, so `>7%` is not met by 7 rows of 100.

use std::cmp::Ordering;
use std::fmt;

use crate::error::{Error, Result};

/// What every error says about the grammar.
const ALLOWED: &str =
    "write a comparison and an amount, such as >10, >=1%, <5, =0 or !=0, or a range such as between 1 and 5";

/// Digits of an amount, before and after the point together.
const DIGITS: usize = 18;

/// Digits of an amount after the point.
const DECIMALS: usize = 9;

/// A condition on the number or the share of the rows that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    condition: Condition,
    /// Whether amounts are percents of the rows evaluated.
    percent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Compare(Comparison, Decimal),
    Between(Decimal, Decimal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    /// How each is written: long spellings before those that begin them, and of two for one the canonical one last.
    const SPELLINGS: [(&str, Comparison); 8] = [
        (">=", Comparison::GreaterOrEqual),
        ("<=", Comparison::LessOrEqual),
        ("<>", Comparison::NotEqual),
        ("!=", Comparison::NotEqual),
        ("==", Comparison::Equal),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
        ("=", Comparison::Equal),
    ];

    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
        }
    }
}

/// `digits / 10^scale`, without trailing zeros after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: u64,
    scale: u32,
}

impl Decimal {
    fn from_digits(whole: &str, fraction: &str) -> Option<Decimal> {
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        if digits.len() > DIGITS || fraction.len() > DECIMALS {
            return None;
        }
        Some(Decimal {
            digits: if digits.is_empty() { 0 } else { digits.parse().ok()? },
            scale: fraction.len() as u32,
        })
    }

    /// How `rows` of `whole` compare with this, as rows times `parts` of each row. No product overflows: the factors on the left are
    /// below 2^64, 2^7 and 2^30, and those on the right below 2^64.
    fn order_of(self, rows: u64, parts: u64, whole: u64) -> Ordering {
        let scaled = u128::from(rows) * u128::from(parts) * 10_u128.pow(self.scale);
        scaled.cmp(&(u128::from(self.digits) * u128::from(whole)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(self.scale);
        write!(f, "{}", self.digits / unit)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", self.digits % unit, width = self.scale as usize)?;
        }
        Ok(())
    }
}

impl Threshold {
    /// Reads a threshold. The error names the place, counted in characters from 1, and what is allowed. O(length).
    pub fn parse(text: &str) -> Result<Threshold> {
        let mut reader = Reader { text, rest: text };
        let threshold = if reader.word("between") {
            let (low, low_percent) = reader.amount()?;
            if !reader.word("and") {
                return Err(reader.error("\"and\" is expected"));
            }
            reader.skip_blanks();
            let upper = reader.rest;
            let (high, percent) = reader.amount()?;
            let problem = if low_percent != percent {
                Some("both ends of a range must be percents, or neither")
            } else if high.order_of(low.digits, 1, 10_u64.pow(low.scale)).is_gt() {
                Some("a range must not end before it begins")
            } else {
                None
            };
            if let Some(problem) = problem {
                reader.rest = upper;
                return Err(reader.error(problem));
            }
            Threshold {
                condition: Condition::Between(low, high),
                percent,
            }
        } else {
            let comparison = reader.comparison()?;
            let (amount, percent) = reader.amount()?;
            Threshold {
                condition: Condition::Compare(comparison, amount),
                percent,
            }
        };
        reader.skip_blanks();
        if !reader.rest.is_empty() {
            return Err(reader.error("nothing more is expected"));
        }
        Ok(threshold)
    }

    /// Whether the condition holds when `failed` of `evaluated` rows failed. Of no rows 0% failed. Exact.
    pub fn is_met(&self, failed: u64, evaluated: u64) -> bool {
        let (parts, whole) = if self.percent { (100, evaluated.max(1)) } else { (1, 1) };
        let order = |amount: Decimal| amount.order_of(failed, parts, whole);
        match self.condition {
            Condition::Compare(comparison, amount) => comparison.holds(order(amount)),
            Condition::Between(low, high) => order(low).is_ge() && order(high).is_le(),
        }
    }
}

/// The canonical text, which [`Threshold::parse`] reads back: `>=1%`, `between 1 and 5`.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = if self.percent { "%" } else { "" };
        match self.condition {
            Condition::Compare(comparison, amount) => {
                let mut spellings = Comparison::SPELLINGS.iter().rev();
                let spelling = spellings
                    .find(|(_, known)| *known == comparison)
                    .map_or("", |(spelling, _)| spelling);
                write!(f, "{spelling}{amount}{percent}")
            }
            Condition::Between(low, high) => write!(f, "between {low}{percent} and {high}{percent}"),
        }
    }
}

/// The part of a text that is still to be read.
struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn accept(&mut self, token: &str) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Accepts a keyword in whichever case.
    fn word(&mut self, keyword: &str) -> bool {
        self.skip_blanks();
        match self.rest.split_at_checked(keyword.len()) {
            Some((word, rest)) if word.eq_ignore_ascii_case(keyword) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn comparison(&mut self) -> Result<Comparison> {
        let found = Comparison::SPELLINGS.iter().find(|(spelling, _)| self.accept(spelling));
        found.map_or_else(
            || Err(self.error("a comparison or \"between\" is expected")),
            |&(_, comparison)| Ok(comparison),
        )
    }

    fn digits(&mut self) -> &'t str {
        let end = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    /// An amount, and whether it is in percent.
    fn amount(&mut self) -> Result<(Decimal, bool)> {
        self.skip_blanks();
        let start = self.rest;
        let whole = self.digits();
        if whole.is_empty() {
            return Err(self.error("a number that is not negative is expected"));
        }
        let mut fraction = "";
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            fraction = self.digits();
            if fraction.is_empty() {
                return Err(self.error("digits are expected after the point"));
            }
        }
        let percent = self.accept("%");
        let amount = Decimal::from_digits(whole, fraction);
        let problem = match amount {
            None => "a number has at most 18 digits, 9 of them after the point",
            Some(amount) if percent && amount.order_of(1, 100, 1).is_lt() => "a share is at most 100%",
            Some(amount) => return Ok((amount, percent)),
        };
        self.rest = start;
        Err(self.error(problem))
    }

    /// An error at the present place.
    fn error(&mut self, problem: &str) -> Error {
        /// Characters of the text that a message repeats.
        const SHOWN: usize = 60;
        self.skip_blanks();
        let before = &self.text[..self.text.len() - self.rest.len()];
        let place = if self.rest.is_empty() {
            "its end".to_string()
        } else {
            format!("character {}", before.chars().count() + 1)
        };
        let mut shown: String = self.text.chars().take(SHOWN).collect();
        if shown.len() < self.text.len() {
            shown.push_str("...");
        }
        Error::data(
            format!("threshold \"{shown}\" cannot be read at {place}: {problem}"),
            ALLOWED,
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Threshold {
        Threshold::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn problem(text: &str) -> String {
        Threshold::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn spellings_have_one_canonical_text() {
        for (text, canonical) in [
            (">10", ">10"),
            ("  > 10 ", ">10"),
            (">=1%", ">=1%"),
            (">= 1.50 %", ">=1.5%"),
            ("!=0", "!=0"),
            ("<>0", "!=0"),
            ("==007", "=7"),
            ("<5", "<5"),
            ("<=00.050%", "<=0.05%"),
            ("between 1 and 5", "between 1 and 5"),
            ("BETWEEN 1% AND 5%", "between 1% and 5%"),
            ("between 1and 5", "between 1 and 5"),
            (">100%", ">100%"),
            (">999999999999999999", ">999999999999999999"),
        ] {
            assert_eq!(parsed(text).to_string(), canonical, "{text:?}");
            assert_eq!(parsed(canonical), parsed(text), "{text:?}");
        }
    }

    #[test]
    fn conditions_are_exact() {
        for (text, failed, evaluated, met) in [
            (">10", 10, 10, false),
            (">10", 11, 11, true),
            (">=1%", 1, 100, true),
            (">=1%", 1, 101, false),
            (">7%", 7, 100, false),
            ("=7%", 7, 100, true),
            (">=0.1%", 1, 1000, true),
            ("!=0", 0, 5, false),
            ("!=0", 1, 5, true),
            ("=0", 0, 0, true),
            (">=1%", 0, 0, false),
            ("=0%", 0, 0, true),
            ("<0.5", 0, 9, true),
            ("between 1 and 5", 0, 9, false),
            ("between 1 and 5", 1, 9, true),
            ("between 1 and 5", 5, 9, true),
            ("between 1 and 5", 6, 9, false),
            ("between 10% and 20%", 2, 10, true),
            ("<=5", 5, 9, true),
            (">=100%", u64::MAX, u64::MAX, true),
            (">99.999999999%", u64::MAX - 1, u64::MAX, true),
        ] {
            assert_eq!(
                parsed(text).is_met(failed, evaluated),
                met,
                "{text} of {failed}/{evaluated}"
            );
        }
    }

    #[test]
    fn errors_tell_the_place() {
        for (text, place, what) in [
            ("", "its end", "a comparison"),
            ("10", "character 1", "a comparison"),
            (">", "its end", "a number"),
            ("> -1", "character 3", "not negative"),
            (">1.%", "character 4", "after the point"),
            (">1e3", "character 3", "nothing more"),
            (">101%", "character 2", "at most 100%"),
            (">1234567890123456789", "character 2", "18 digits"),
            (">0.1234567891", "character 2", "18 digits"),
            ("between 1", "its end", "\"and\""),
            ("between 5 and 1", "character 15", "before it begins"),
            ("between 1% and 5", "character 16", "both ends"),
            ("über 5", "character 1", "a comparison"),
            ("=>5", "character 2", "a number"),
        ] {
            let problem = problem(text);
            assert!(problem.contains(&format!("at {place}:")), "{problem}");
            assert!(problem.contains(what), "{problem}");
        }
        assert!(problem(&"x".repeat(1 << 20)).len() < 200);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}|(between|[<>=! ]{0,3})[ 0-9.%]{0,12}(and)?[ 0-9.%]{0,8}") {
            if let Ok(threshold) = Threshold::parse(&text) {
                prop_assert_eq!(Threshold::parse(&threshold.to_string()), Ok(threshold));
                threshold.is_met(u64::MAX, u64::MAX);
                threshold.is_met(0, 0);
            }
        }

        #[test]
        fn whole_percents_compare_as_fractions(failed in 0_u64..1000, more in 0_u64..1000, percent in 0_u64..=100) {
            let evaluated = failed + more;
            let expected = failed * 100 >= percent * evaluated && (evaluated > 0 || percent == 0);
            prop_assert_eq!(parsed(&format!(">={percent}%")).is_met(failed, evaluated), expected);
        }
    }
}

//! Values of a column that look faulty: stand-ins for no value such as -999, `N/A` and 1900-01-01, other spellings of a frequent value, and texts of
//! a misread encoding. What they are concluded from is the column's profile.

use hashbrown::HashMap;

use super::mixed_formats::is_damaged;
use super::sentinels;
use super::sentinels::words::{ANSWERS, CODE, WORDS};
use crate::block::{Form, Kind};
use crate::profile::{ColumnProfile, Point};

/// Why a value looks faulty.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// It stands for no value.
    StandIn,
    /// Another spelling of this value, which many more rows have.
    SpellingOf(String),
    /// It was read in another encoding than it was written in, or lost characters.
    Damaged,
}

/// A value that looks faulty.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// The value.
    pub value: Point,
    /// About how many rows have it.
    pub rows: u64,
    /// Why.
    pub reason: Reason,
}

/// Different values that are looked at one by one.
const COUNTED: usize = 4096;
/// Rows that have to be left, or nothing tells which values are the odd ones.
const FEWEST_OTHERS: u64 = 20;

/// The values of a column that look faulty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Suspects {
    /// At most a hundred, and at most half of the rows.
    pub found: Vec<Suspect>,
    /// Whether more rows look faulty, so that none was found.
    pub are_too_many: bool,
}

/// The values of a column that look faulty. O(values held).
pub fn suspects(profile: &ColumnProfile) -> Suspects {
    const MOST: usize = 100;
    let present = profile.rows() - profile.nulls();
    let mut found = match profile.kind().form() {
        Form::Texts => texts(profile),
        Form::Integers | Form::Numbers => numbers(profile),
    };
    found.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.order(&b.value)));
    found.truncate(MOST);
    let rows: u64 = found.iter().map(|suspect| suspect.rows).sum();
    let are_too_many = !found.is_empty() && present.saturating_sub(rows) < FEWEST_OTHERS.max(rows);
    if are_too_many {
        found.clear();
    }
    Suspects { found, are_too_many }
}

/// What is known of a column's texts one by one: all of them, or the most frequent ones.
struct Known {
    values: Vec<(Point, u64)>,
    is_all: bool,
}

fn known(profile: &ColumnProfile) -> Known {
    match profile.values(COUNTED) {
        Some(values) => Known { values, is_all: true },
        None => Known {
            values: profile.report().top,
            is_all: false,
        },
    }
}

fn numbers(profile: &ColumnProfile) -> Vec<Suspect> {
    let found = sentinels::find(profile).sentinels.into_iter();
    found.map(|sentinel| stand_in(&sentinel.value, sentinel.rows)).collect()
}

fn stand_in(value: &Point, rows: u64) -> Suspect {
    Suspect {
        value: value.clone(),
        rows,
        reason: Reason::StandIn,
    }
}

/// Whether a text is written for no value, and is no answer, as `none` may be.
fn is_word_for_none(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.is_empty() || WORDS.contains(&&*text) && !ANSWERS.contains(&&*text)
}

/// A text without what spellings differ in: case, and white space at its ends and repeated within.
fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn texts(profile: &ColumnProfile) -> Vec<Suspect> {
    if !matches!(profile.kind(), Kind::Text | Kind::Other) {
        return Vec::new();
    }
    let known = known(profile);
    let texts = || {
        known.values.iter().filter_map(|(value, rows)| match value {
            Point::Text(text) => Some((value, text.as_str(), *rows)),
            Point::Integer(_) | Point::Number(_) => None,
        })
    };
    let present = profile.rows() - profile.nulls();
    // Namibia is no missing value among countries.
    let of_two: u64 = texts()
        .filter(|(_, text, _)| text.len() == 2)
        .map(|(.., rows)| rows)
        .sum();
    let are_codes = of_two * 2 > present;
    let mut spellings: HashMap<String, Vec<(&Point, &str, u64)>> = HashMap::new();
    let mut found = Vec::new();
    for (value, text, rows) in texts() {
        if is_word_for_none(text) && !(are_codes && text.eq_ignore_ascii_case(CODE)) {
            found.push(stand_in(value, rows));
        } else if is_damaged(text) {
            found.push(Suspect {
                reason: Reason::Damaged,
                ..stand_in(value, rows)
            });
        } else if known.is_all {
            spellings.entry(folded(text)).or_default().push((value, text, rows));
        }
    }
    found.extend(spellings.values().flat_map(|spellings| rare_spellings(spellings)));
    found
}

/// Of several spellings of one value those that are much rarer than the most frequent one.
fn rare_spellings<'a>(spellings: &'a [(&'a Point, &'a str, u64)]) -> impl Iterator<Item = Suspect> + 'a {
    const RARER: u64 = 10;
    let main = spellings
        .iter()
        .max_by_key(|(_, text, rows)| (*rows, std::cmp::Reverse(*text)));
    main.into_iter().flat_map(move |&(main, text, most)| {
        let others = spellings.iter().filter(move |(value, ..)| *value != main);
        others
            .filter(move |(.., rows)| rows.saturating_mul(RARER) <= most)
            .map(|&(value, _, rows)| Suspect {
                value: value.clone(),
                rows,
                reason: Reason::SpellingOf(text.to_owned()),
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accumulator::Accumulator;
    use crate::block::BlockColumn;
    use crate::profile::Sizes;

    fn profile_of(kind: Kind, push: impl Fn(&mut BlockColumn)) -> ColumnProfile {
        let mut profile = ColumnProfile::new(kind, Sizes::for_columns(1), 7);
        let mut block = BlockColumn::new(kind);
        push(&mut block);
        profile.push(&block);
        profile.validate().unwrap();
        profile
    }

    fn of_numbers(numbers: impl Iterator<Item = f64> + Clone) -> Vec<Point> {
        let profile = profile_of(Kind::Float, |block| {
            numbers.clone().for_each(|number| block.push_number(number))
        });
        let found = suspects(&profile).found.into_iter();
        found.map(|suspect| suspect.value).collect()
    }

    fn of_texts(texts: &[(&str, usize)]) -> Vec<(String, Reason)> {
        let profile = profile_of(Kind::Text, |block| {
            for (text, rows) in texts {
                (0..*rows).for_each(|_| block.push_text(text).unwrap());
            }
        });
        let text = |suspect: Suspect| match suspect.value {
            Point::Text(text) => (text, suspect.reason),
            other => panic!("{other:?}"),
        };
        let mut found: Vec<_> = suspects(&profile).found.into_iter().map(text).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    #[test]
    fn stand_ins_are_an_exception() {
        let ages = (0..500).map(|i| f64::from(18 + i % 60));
        assert_eq!(of_numbers(ages.clone().chain([-999.0; 9])), [Point::Number(-999.0)]);
        assert!(of_numbers(ages).is_empty());
        // A flag of which some were imputed.
        let flags = (0..400).map(|i| [0.0, 1.0, 0.001 * f64::from(i % 100)][i as usize % 3]);
        assert!(of_numbers(flags).is_empty());
        // Half of the rows are no exception.
        assert!(of_numbers((0..50).map(f64::from).chain([-999.0; 60])).is_empty());
    }

    #[test]
    fn texts_that_look_faulty() {
        use Reason::{Damaged, SpellingOf, StandIn};
        let found = of_texts(&[
            ("France", 300),
            ("france", 9),
            (" Spain", 2),
            ("Spain", 100),
            ("N/A", 5),
            ("", 2),
            ("MÃ¼nchen", 3),
            ("none", 90),
        ]);
        let expected = [
            ("", StandIn),
            (" Spain", SpellingOf("Spain".into())),
            ("MÃ¼nchen", Damaged),
            ("N/A", StandIn),
            ("france", SpellingOf("France".into())),
        ];
        assert_eq!(found, expected.map(|(text, reason)| (text.to_owned(), reason)));
        // Two spellings that are both frequent are not decided upon; Namibia is a country.
        assert!(of_texts(&[("a", 50), ("A", 60), ("b", 10)]).is_empty());
        assert!(of_texts(&[("DE", 50), ("NA", 6), ("FR", 10)]).is_empty());
    }
}

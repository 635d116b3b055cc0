//! Values of a column that look faulty: stand-ins for no value such as -999, `N/A` and 1900-01-01, other spellings of a frequent value, and texts of
//! a misread encoding. What they are concluded from is the column's profile.

use hashbrown::HashMap;

use super::mixed_formats::is_damaged;
use crate::block::{Form, Kind};
use crate::profile::{ColumnProfile, Point, Report};

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
/// Rows and different values that have to be left, or nothing tells which values are the odd ones.
const FEWEST_OTHERS: u64 = 20;
const FEWEST_DISTINCT: usize = 3;

/// The values of a column that look faulty, at most a hundred, and at most half of its rows. O(values held).
pub fn suspects(profile: &ColumnProfile) -> Vec<Suspect> {
    const MOST: usize = 100;
    let report = profile.report();
    let present = report.rows - report.nulls;
    let mut found = match profile.kind().form() {
        Form::Texts => texts(profile, &report),
        Form::Integers | Form::Numbers if profile.kind().is_number() => numbers(profile, &report),
        Form::Integers | Form::Numbers if profile.kind().is_time() => times(profile, &report),
        Form::Integers | Form::Numbers => Vec::new(),
    };
    found.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.order(&b.value)));
    found.truncate(MOST);
    let rows: u64 = found.iter().map(|suspect| suspect.rows).sum();
    if present.saturating_sub(rows) < FEWEST_OTHERS.max(rows) {
        found.clear();
    }
    found
}

/// What is known of a column's values one by one: all of them, or the extremes and the most frequent ones.
struct Known {
    values: Vec<(Point, u64)>,
    is_all: bool,
}

fn known(profile: &ColumnProfile, report: &Report) -> Known {
    if let Some(values) = profile.values(COUNTED) {
        return Known { values, is_all: true };
    }
    let mut values = report.top.clone();
    for extreme in [&report.min, &report.max].into_iter().flatten() {
        if !values.iter().any(|(value, _)| value == extreme) {
            values.push((extreme.clone(), 1));
        }
    }
    Known { values, is_all: false }
}

fn on_scale(value: &Point) -> Option<f64> {
    match value {
        Point::Integer(integer) => Some(*integer as f64),
        Point::Number(number) => Some(*number),
        Point::Text(_) => None,
    }
}

/// The least and the greatest of the values that are no candidates; of many values without the outermost hundredths.
fn others(
    profile: &ColumnProfile,
    known: &Known,
    present: u64,
    is_candidate: impl Fn(&Point) -> bool,
) -> Option<(f64, f64)> {
    /// More than the error of a quantile's rank.
    const MARGIN: f64 = 0.01;
    if known.is_all {
        let left = known.values.iter().filter(|(value, _)| !is_candidate(value));
        let left: Vec<f64> = left.filter_map(|(value, _)| on_scale(value)).collect();
        if left.len() < FEWEST_DISTINCT {
            return None;
        }
        let least = left.iter().copied().fold(f64::INFINITY, f64::min);
        return Some((least, left.iter().copied().fold(f64::NEG_INFINITY, f64::max)));
    }
    let middle = profile.quantile(0.5)?;
    let (mut below, mut above) = (0, 0);
    for (value, rows) in known.values.iter().filter(|(value, _)| is_candidate(value)) {
        match on_scale(value) {
            Some(value) if value < middle => below += rows,
            _ => above += rows,
        }
    }
    let share = |rows: u64| rows as f64 / present.max(1) as f64;
    let low = profile.quantile((share(below) + MARGIN).min(0.5))?;
    let high = profile.quantile((1.0 - share(above) - MARGIN).max(0.5))?;
    Some((low, high))
}

/// Whether a number is one that people and programs write for none: a row of nines, with a decimal or not, or the end of an integer type.
fn is_stand_in(number: f64) -> bool {
    /// Fewer positive ones are ages and counts.
    const FEWEST_NINES: usize = 3;
    const ENDS: [f64; 4] = [i32::MAX as f64, i32::MIN as f64, i64::MAX as f64, i64::MIN as f64];
    if ENDS.contains(&number) || is_small_stand_in(number) {
        return true;
    }
    let nines = |number: f64| {
        let text = number.to_string();
        (number.fract() == 0.0 && text.bytes().all(|digit| digit == b'9')).then_some(text.len())
    };
    let size = number.abs();
    let found = nines(size).or_else(|| nines(size * 10.0).map(|digits| digits.saturating_sub(1)));
    let fewest = if number < 0.0 { FEWEST_NINES - 1 } else { FEWEST_NINES };
    size < 1e12 && found.is_some_and(|found| found >= fewest)
}

/// Numbers that stand for none only where nothing else is negative.
fn is_small_stand_in(number: f64) -> bool {
    [-1.0, -9.0].contains(&number)
}

fn numbers(profile: &ColumnProfile, report: &Report) -> Vec<Suspect> {
    /// A frequent one need not be as far off: so many times as frequent as other values.
    const FREQUENT: f64 = 10.0;
    let known = known(profile, report);
    let is_candidate = |value: &Point| on_scale(value).is_some_and(is_stand_in);
    if !known.values.iter().any(|(value, _)| is_candidate(value)) {
        return Vec::new();
    }
    let present = report.rows - report.nulls;
    let Some((low, high)) = others(profile, &known, present, is_candidate) else {
        return Vec::new();
    };
    let width = high - low;
    let usual = present as f64 / report.distinct.max(1.0);
    let is_apart = |number: f64, rows: u64| {
        let distance = (low - number).max(number - high);
        if number < 0.0 && low >= 0.0 {
            // The only negative one. 0 and 1 may well have -1 beside them.
            return !is_small_stand_in(number) || high >= 10.0;
        }
        if is_small_stand_in(number) {
            return false;
        }
        distance > width || (distance > width / 4.0 && rows as f64 >= FREQUENT * usual)
    };
    let suspects = known.values.iter().filter_map(|(value, rows)| {
        let number = on_scale(value).filter(|&number| is_stand_in(number) && is_apart(number, *rows))?;
        number.is_finite().then(|| stand_in(value, *rows))
    });
    suspects.collect()
}

fn stand_in(value: &Point, rows: u64) -> Suspect {
    Suspect {
        value: value.clone(),
        rows,
        reason: Reason::StandIn,
    }
}

/// Days from 2000-01-01 that stand for none: 0001-01-01, 1753-01-01, 1899-12-30 and -31, 1900-01-01, 1970-01-01, 2099-12-31, 2999-12-31, 3000-01-01
/// and 9999-12-31.
const PLACEHOLDERS: [i64; 10] = [
    -730_119, -90_214, -36_526, -36_525, -36_524, -10_957, 36_524, 365_242, 365_243, 2_921_939,
];

fn times(profile: &ColumnProfile, report: &Report) -> Vec<Suspect> {
    /// How far the other days are.
    const APART: i64 = 366;
    let known = known(profile, report);
    let day = |value: &Point| profile.day_of(value);
    let is_candidate = |value: &Point| day(value).is_some_and(|day| PLACEHOLDERS.contains(&day));
    if !known.values.iter().any(|(value, _)| is_candidate(value)) {
        return Vec::new();
    }
    let Some((low, high)) = others(profile, &known, report.rows - report.nulls, is_candidate) else {
        return Vec::new();
    };
    let day_on_scale = |scale: f64| day(&Point::Integer(scale as i64));
    let (Some(first), Some(last)) = (day_on_scale(low), day_on_scale(high)) else {
        return Vec::new();
    };
    let found = known.values.iter().filter(|(value, _)| {
        let far = |day: i64| first - day > APART || day - last > APART;
        is_candidate(value) && day(value).is_some_and(far)
    });
    found.map(|(value, rows)| stand_in(value, *rows)).collect()
}

/// Whether a text is a word for no value. `none` and `unknown` are not among them: they are answers, too.
fn is_word_for_none(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "n/a", "#n/a", "n.a.", "na", "null", "<null>", "(null)", "\\n", "nil", "nan", "missing", "-", "--", "?", ".",
    ];
    let text = text.trim();
    text.is_empty() || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A text without what spellings differ in: case, and white space at its ends and repeated within.
fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn texts(profile: &ColumnProfile, report: &Report) -> Vec<Suspect> {
    if !matches!(profile.kind(), Kind::Text | Kind::Other) {
        return Vec::new();
    }
    let known = known(profile, report);
    let texts = || {
        known.values.iter().filter_map(|(value, rows)| match value {
            Point::Text(text) => Some((value, text.as_str(), *rows)),
            Point::Integer(_) | Point::Number(_) => None,
        })
    };
    let present = report.rows - report.nulls;
    // Namibia is no missing value among countries.
    let of_two: u64 = texts()
        .filter(|(_, text, _)| text.len() == 2)
        .map(|(.., rows)| rows)
        .sum();
    let are_codes = of_two * 2 > present;
    let mut spellings: HashMap<String, Vec<(&Point, &str, u64)>> = HashMap::new();
    let mut found = Vec::new();
    for (value, text, rows) in texts() {
        if is_word_for_none(text) && !(are_codes && text.eq_ignore_ascii_case("na")) {
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
    use crate::profile::{Sizes, iso_date};

    fn profile_of(kind: Kind, push: impl Fn(&mut BlockColumn)) -> ColumnProfile {
        let mut profile = ColumnProfile::new(kind, Sizes::for_columns(1), 7);
        let mut block = BlockColumn::new(kind);
        push(&mut block);
        profile.push(&block);
        profile.validate().unwrap();
        profile
    }

    fn of_numbers(numbers: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
        let profile = profile_of(Kind::Float, |block| {
            numbers.clone().for_each(|number| block.push_number(number))
        });
        suspects(&profile)
            .iter()
            .filter_map(|suspect| on_scale(&suspect.value))
            .collect()
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
        let mut found: Vec<_> = suspects(&profile).into_iter().map(text).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    #[test]
    fn stand_ins_stand_apart() {
        let ages = (0..500).map(|i| f64::from(18 + i % 60));
        assert_eq!(of_numbers(ages.clone().chain([-999.0; 9])), [-999.0]);
        assert_eq!(
            of_numbers(ages.clone().chain([999.0; 9]).chain([-1.0; 3])),
            [999.0, -1.0]
        );
        assert!(of_numbers(ages).is_empty());
        // Among numbers that are as large, or below 0, they are numbers.
        assert!(of_numbers((0..500).map(|i| f64::from(i * 40)).chain([9999.0])).is_empty());
        assert!(of_numbers((0..500).map(|i| f64::from(i % 50 - 25)).chain([-1.0; 30])).is_empty());
        // Too many values to count one by one.
        let many = (0..20_000).map(|i| f64::from(i) * 0.01);
        assert_eq!(of_numbers(many.clone().chain([9999.0; 200])), [9999.0]);
        assert_eq!(of_numbers(many.chain([-99.9; 200])), [-99.9]);
        // Half of the rows are no exception.
        assert!(of_numbers((0..50).map(f64::from).chain([-999.0; 60])).is_empty());
    }

    #[test]
    fn placeholders_are_the_days_that_they_are_said_to_be() {
        let days = PLACEHOLDERS.map(iso_date);
        let expected = [
            "0001-01-01",
            "1753-01-01",
            "1899-12-30",
            "1899-12-31",
            "1900-01-01",
            "1970-01-01",
            "2099-12-31",
            "2999-12-31",
            "3000-01-01",
            "9999-12-31",
        ];
        assert_eq!(days, expected);
        let days = |faulty: &[i64]| {
            let profile = profile_of(Kind::Date, |block| {
                (9000..9300).for_each(|day| block.push_integer(day));
                faulty.iter().for_each(|&day| block.push_integer(day));
            });
            suspects(&profile).len()
        };
        assert_eq!(days(&[-36_524, -36_524, 2_921_939]), 2);
        assert_eq!(days(&[8000, -20_000]), 0);
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

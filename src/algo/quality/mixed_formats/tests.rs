//! Columns as they are, clean and dirty; merging in any order; damage.

use proptest::prelude::*;

use super::*;
use crate::hash::hash_u64;

fn tally<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> FormatTally {
    let mut tally = FormatTally::default();
    texts.into_iter().for_each(|text| tally.push(text.as_ref()));
    tally
}

fn conflicts(segments: &[FormatTally]) -> Vec<Conflict> {
    find_conflicts(&segments.iter().collect::<Vec<_>>(), &Params::default()).unwrap()
}

/// The families in conflict, with the rows that fail.
fn families(segments: &[FormatTally]) -> Vec<(Family, u64)> {
    conflicts(segments)
        .iter()
        .map(|conflict| (conflict.family, conflict.rows_failed))
        .collect()
}

/// A number below `below`, the `draw`th of a row.
fn draw(row: u64, draw: u64, below: u64) -> u64 {
    hash_u64(draw, row) % below
}

fn pick(row: u64, number: u64, of: &[&'static str]) -> &'static str {
    of[draw(row, number, of.len() as u64) as usize]
}

const FIRST: [&str; 14] = [
    "Anna", "John", "María", "Jean-Luc", "Zoë", "Mark", "Wei", "Ludwig", "Siobhán", "Al", "May", "Søren", "Łukasz",
    "Jo",
];
const LAST: [&str; 14] = [
    "Smith",
    "O'Brien",
    "McDonald",
    "van Beethoven",
    "de la Cruz",
    "Müller",
    "García",
    "Smith-Jones",
    "Li",
    "MacLeod",
    "St. John",
    "Nguyen",
    "ter Haar",
    "Brown",
];
const WORDS: [&str; 16] = [
    "great", "product", "the", "delivery", "was", "late", "by", "3", "days,", "I'd", "NOT", "buy", "it", "again",
    "USB", "for",
];

fn name(row: u64) -> String {
    format!("{} {}", pick(row, 1, &FIRST), pick(row, 2, &LAST))
}

fn sentence(row: u64) -> String {
    let words: Vec<&str> = (0..2 + draw(row, 9, 12))
        .map(|word| pick(row, 10 + word, &WORDS))
        .collect();
    let text = words.join(" ");
    let end = pick(row, 3, &[".", "!", "", "..."]);
    format!("{}{}{end}", text[..1].to_uppercase(), &text[1..])
}

fn date(row: u64, order: &str) -> String {
    let (day, month, year) = (1 + draw(row, 1, 28), 1 + draw(row, 2, 12), 2015 + draw(row, 3, 10));
    match order {
        "iso" => format!("{year}-{month:02}-{day:02}"),
        "day" => format!("{day:02}/{month:02}/{year}"),
        "month" => format!("{month}/{day}/{year}"),
        "dotted" => format!("{day}.{month}.{year}"),
        _ => format!("{day:02}/{month:02}/{:02}", year % 100),
    }
}

fn price(row: u64, style: &str) -> String {
    let (whole, cents) = (draw(row, 1, 5000), draw(row, 2, 100));
    let (thousands, rest) = (whole / 1000, whole % 1000);
    match style {
        "plain" => format!("{whole}.{cents:02}"),
        "comma" => format!("{whole},{cents:02}"),
        "grouped" if thousands > 0 => format!("${thousands},{rest:03}.{cents:02}"),
        "grouped" => format!("${rest}.{cents:02}"),
        _ if thousands > 0 => format!("{thousands}.{rest:03},{cents:02} €"),
        _ => format!("{rest},{cents:02} €"),
    }
}

/// The value of a row.
type Value = fn(u64) -> String;
type Column = (&'static str, Value);

const CLEAN: [Column; 32] = [
    ("names", name),
    ("free text", sentence),
    ("first names", |row| pick(row, 1, &FIRST).into()),
    ("upper-case names", |row| name(row).to_uppercase()),
    ("numbers as identifiers", |row| {
        format!("{:06}", draw(row, 1, 1_000_000))
    }),
    ("whole numbers", |row| draw(row, 1, 1_000_000).to_string()),
    ("grouped whole numbers", |row| match draw(row, 1, 9999) {
        number if number < 1000 => number.to_string(),
        number => format!("{},{:03}", number / 1000, number % 1000),
    }),
    ("prices", |row| price(row, "plain")),
    ("prices in dollars", |row| price(row, "grouped")),
    ("prices in euros", |row| price(row, "euro")),
    ("prices with a comma", |row| price(row, "comma")),
    ("three decimals", |row| {
        format!("{}.{:03}", draw(row, 1, 2000), draw(row, 2, 1000))
    }),
    ("percents", |row| format!("{}.{}%", draw(row, 1, 100), draw(row, 2, 10))),
    ("dates", |row| date(row, "iso")),
    ("times", |row| {
        format!(
            "{} {:02}:{:02}:00+01",
            date(row, "iso"),
            draw(row, 4, 24),
            draw(row, 5, 60)
        )
    }),
    ("dates, day first", |row| date(row, "day")),
    ("dates, month first", |row| date(row, "month")),
    ("dates, dotted", |row| date(row, "dotted")),
    ("dates, short", |row| date(row, "short")),
    ("addresses of machines", |row| {
        format!(
            "{}.{}.{}.{}",
            draw(row, 1, 256),
            draw(row, 2, 256),
            draw(row, 3, 256),
            draw(row, 4, 256)
        )
    }),
    ("versions", |row| {
        format!("{}.{}.{}", draw(row, 1, 9), draw(row, 2, 30), draw(row, 3, 40))
    }),
    ("short versions", |row| {
        format!("{}.{}", draw(row, 1, 9), draw(row, 2, 30))
    }),
    ("telephones", |row| {
        format!(
            "{}-{:03}-{:04}",
            200 + draw(row, 1, 800),
            draw(row, 2, 1000),
            draw(row, 3, 10_000)
        )
    }),
    ("sort codes", |row| {
        format!(
            "{:02}-{:02}-{:02}",
            draw(row, 1, 100),
            draw(row, 2, 100),
            draw(row, 3, 100)
        )
    }),
    ("mail addresses", |row| {
        format!("{}{row}@example.com", pick(row, 1, &["a.b", "X", "John.Smith"]))
    }),
    ("stock units", |row| {
        format!("{}-{}", pick(row, 1, &["AB", "XL", "ab"]), draw(row, 2, 999))
    }),
    ("countries", |row| {
        pick(
            row,
            1,
            &[
                "Germany",
                "USA",
                "UK",
                "Côte d'Ivoire",
                "Bosnia and Herzegovina",
                "United States",
            ],
        )
        .into()
    }),
    ("booleans", |row| pick(row, 1, &["true", "false", "", "N/A"]).into()),
    ("words of yes and no", |row| pick(row, 1, &["Yes", "No"]).into()),
    ("companies", |row| {
        pick(
            row,
            1,
            &[
                "IBM",
                "BMW AG",
                "Siemens",
                "eBay",
                "Deutsche Bank",
                "KPMG",
                "USA Today",
                "adidas",
                "Red Hat",
            ],
        )
        .into()
    }),
    ("titles", |row| {
        format!(
            "{} {} {row}",
            pick(row, 1, &["Harry", "the", "A"]),
            pick(row, 2, &["Potter", "END", "story"])
        )
    }),
    ("French", |row| {
        pick(
            row,
            1,
            &[
                "« Où\u{a0}?\u{a0}»",
                "Ça va…",
                "L’été",
                "Élan – déjà",
                "cœur",
                "À 5\u{a0}%",
                "MAÇON",
                "fête",
            ],
        )
        .into()
    }),
];

#[test]
fn clean_columns_raise_no_alarm() {
    for (what, value) in CLEAN {
        for rows in [3, 30, 300, 3000] {
            for first in [0, 100_000, 200_000, 300_000] {
                let found = conflicts(&[tally((first..first + rows).map(value))]);
                assert!(found.is_empty(), "{what}, {rows} rows: {found:#?}");
            }
        }
    }
}

/// A twentieth of the rows is of another convention.
#[test]
fn dirty_columns_are_named() {
    let yes_no = |row| pick(row, 1, &["yes", "no"]).to_string();
    let dirt: [(Family, Value, Value); 15] = [
        (Family::DateOrder, |row| date(row, "iso"), |row| date(row, "dotted")),
        (Family::DateOrder, |row| date(row, "iso"), |row| date(row, "month")),
        (
            Family::DateOrder,
            |row| date(row, "iso"),
            |row| format!("{} Mar 2024", 1 + row % 28),
        ),
        (Family::YearDigits, |row| date(row, "day"), |row| date(row, "short")),
        (
            Family::DecimalMark,
            |row| price(row, "plain"),
            |row| price(row, "comma"),
        ),
        (
            Family::Casing,
            |row| pick(row, 1, &["Berlin", "Paris"]).into(),
            |row| pick(row, 1, &["BERLIN", "paris"]).into(),
        ),
        (
            Family::Casing,
            |row| format!("{} {}", "Johannes", pick(row, 1, &["Smith", "Brown"])),
            |_| "JOHANNES MILLER".into(),
        ),
        (Family::Booleans, yes_no, |row| pick(row, 1, &["true", "false"]).into()),
        (Family::Booleans, yes_no, |row| pick(row, 1, &["0", "1"]).into()),
        (Family::NormalForm, |_| "Zoë".into(), |_| "Zoe\u{308} K".into()),
        (Family::Encoding, name, |_| "JÃ¼rgen".into()),
        (Family::Encoding, sentence, |_| "It wasnâ€™t good.".into()),
        (Family::Encoding, sentence, |_| "caf\u{fffd}".into()),
        (Family::Encoding, name, |_| "Anna\u{200b} Smith".into()),
        (Family::Blanks, name, |row| name(row) + " "),
    ];
    for (place, (family, clean, dirty)) in dirt.into_iter().enumerate() {
        let found = families(&[tally(
            (0..2000).map(|row| if row % 20 == 7 { dirty(row) } else { clean(row) }),
        )]);
        assert_eq!(found, [(family, 100)], "{place}");
    }
    let rare = tally((0..20_000).map(|row| if row == 7 { "2.5.2024".into() } else { date(row, "iso") }));
    assert_eq!(families(&[rare]), [(Family::DateOrder, 1)]);
}

#[test]
fn ambiguous_dates_follow_the_others() {
    // 12 of 28 days could be months.
    let both = tally((0..2800).map(|row| date(row, if row % 10 == 0 { "day" } else { "month" }).replace("/0", "/")));
    let found = &conflicts(&[both])[0];
    assert_eq!(found.conventions[0].convention, Convention::MonthDayYearSlashed);
    assert_eq!(found.conventions[1].convention, Convention::DayMonthYearSlashed);
    assert_eq!(found.rows, 2800);
    assert!((100..200).contains(&found.rows_failed), "{}", found.rows_failed);
    assert!(found.within_segments && found.exact);
    // Each segment by itself is consistent, and so are its ambiguous rows.
    let segments = ["day", "month", "month"].map(|order| tally((0..500).map(|row| date(row, order))));
    let found = &conflicts(&segments)[0];
    assert_eq!((found.rows_failed, found.within_segments), (500, false));
    assert_eq!(found.segments, [(0, 500)]);
    assert_eq!(found.conventions[1].examples.len(), 3);
    // A segment of ambiguous rows only has the order of the others.
    let segments = [
        tally((0..50).map(|row| date(row, "day"))),
        tally(["03/04/2024", "05/06/2024"]),
    ];
    assert!(conflicts(&segments).is_empty());
}

#[test]
fn marks_that_may_separate_follow_the_others() {
    let found = families(&[
        tally((0..500).map(|row| price(row, "grouped"))),
        tally((0..400).map(|row| price(row, "euro"))),
    ]);
    assert_eq!(found, [(Family::DecimalMark, 400)]);
    assert!(conflicts(&[tally(["1,234", "1.234", "12"])]).is_empty());
    assert!(conflicts(&[tally(["1,234", "1.5", "12.25", "999"])]).is_empty());
    assert_eq!(
        families(&[tally(["1,234", "1.5", "1250.25", "2250.25"])]),
        [(Family::Thousands, 1)]
    );
    assert_eq!(
        families(&[tally(["1.234", "1,5", "1250,25", "2250,25"])]),
        [(Family::Thousands, 1)]
    );
}

#[test]
fn many_values_are_projected() {
    let rows = 20_000;
    let value = |row: u64| {
        format!(
            "value {}",
            ["a", "b", "c", "d", "e", "f", "g", "h"]
                .map(|letter| letter.repeat(1 + draw(row, letter.as_bytes()[0].into(), 2) as usize))
                .concat()
        )
    };
    let column = tally((0..rows).map(|row| {
        if row % 10 == 0 {
            value(row).to_uppercase()
        } else {
            value(row)
        }
    }));
    let found = &conflicts(&[column])[0];
    assert_eq!((found.family, found.exact), (Family::Casing, false));
    assert!((1500..2500).contains(&found.rows_failed), "{}", found.rows_failed);
}

#[test]
fn everything_that_is_unsound_fails() {
    let found = &conflicts(&[tally(["MÃ¼ller", "MÃ¼ller", "Ã¶"])])[0];
    assert_eq!(
        (found.family, found.rows_failed, found.conventions[0].rows),
        (Family::Encoding, 3, 0)
    );
    assert_eq!(found.conventions[1].convention.name(), "UTF-8 misread as Windows-1252");
}

#[test]
fn tolerance_is_a_share() {
    let column = tally((0..1000).map(|row| date(row, if row < 10 { "dotted" } else { "iso" })));
    let judged = |tolerance| find_conflicts(&[&column], &Params { tolerance });
    assert_eq!(judged(0.01).unwrap(), []);
    assert_eq!(judged(0.009).unwrap().len(), 1);
    for tolerance in [-0.1, 1.0, f64::NAN] {
        assert!(matches!(
            judged(tolerance),
            Err(Error::Parameter { name: "tolerance", .. })
        ));
    }
}

#[test]
fn a_tally_stays_small() {
    let mut column = FormatTally::default();
    for row in 0..3000 {
        for (_, value) in CLEAN {
            column.push(&(value(row) + &"é ".repeat(row as usize % 60)));
            column.push(&value(row));
        }
    }
    let bytes = postcard::to_allocvec(&column).unwrap().len();
    assert!(
        column.memory() < 14_000 && bytes < 10_000,
        "{} {bytes}",
        column.memory()
    );
}

fn some_text() -> impl Strategy<Value = String> {
    let dirty = [
        "JÃ¼rgen",
        "Zoe\u{308}",
        "a\u{200b}",
        " x",
        "yes",
        "1",
        "BERLIN",
        "berlin",
        "Berlin",
        "12/25/2024",
        "\u{fffd}",
    ];
    prop_oneof![
        "\\PC{0,20}",
        "[0-9]{1,4}[-/.,' ][0-9]{1,3}[-/.,]?[0-9]{0,4}( [0-9]:)?",
        "[$€+-]{0,2}[0-9]{1,3}([,.][0-9]{3}){0,2}[,.]?[0-9]{0,2}( ?[A-Z%€]{0,3})",
        "[0-3]?[0-9][ -](Jan|feb|MAR|sept|é)[ ,-]+[0-9]{2,4}",
        proptest::sample::select(dirty.to_vec()).prop_map(String::from),
        "[ÃÂâ€™¼é\u{80}-\u{bf}]{0,8}",
    ]
}

proptest! {
    #[test]
    fn merging_in_any_order_is_one_pass(texts in prop::collection::vec(some_text(), 0..200), parts in 1_usize..6) {
        let whole = tally(&texts);
        prop_assert!(whole.validate().is_ok());
        let mut merged = FormatTally::default();
        for part in (0..parts).rev() {
            let own = tally(texts.iter().rev().skip(part).step_by(parts));
            merged.merge(&own).unwrap();
        }
        prop_assert_eq!(&merged, &whole);
        conflicts(&[merged, whole]);
    }

    #[test]
    fn damage_is_noticed_or_harmless(texts in prop::collection::vec(some_text(), 0..40), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4)) {
        let whole = tally(&texts);
        let mut bytes = postcard::to_allocvec(&whole).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<FormatTally>(&bytes).unwrap(), &whole);
        for (place, byte) in changes {
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(mut damaged) = postcard::from_bytes::<FormatTally>(&bytes) && damaged.validate().is_ok() {
            conflicts(&[damaged.clone(), whole.clone()]);
            if damaged.merge(&whole).is_ok() {
                damaged.push("25/12/2024");
                conflicts(&[damaged]);
            }
        }
    }
}

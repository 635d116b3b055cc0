//! What columns are taken for.

use super::*;

fn of_texts(values: impl IntoIterator<Item = impl Into<String>>) -> &'static str {
    texts(Kind::Text, values).report().meaning.name()
}

/// The numbers from 0 to 199, each as a text.
fn each(text: impl Fn(u64) -> String) -> impl Iterator<Item = String> {
    (0..200).map(text)
}

#[test]
fn texts_mean_what_nearly_all_of_them_are() {
    assert_eq!(of_texts(["same"; 5]), "constant");
    assert_eq!(of_texts(each(|i| ["yes", "No"][i as usize % 2].into())), "boolean");
    assert_eq!(
        of_texts(each(|i| ["red", "green", "blue"][i as usize % 3].into())),
        "category"
    );
    assert_eq!(of_texts(each(|i| format!("user{i}@example.org"))), "email");
    assert_eq!(of_texts(each(|i| format!("https://example.org/{i}"))), "url");
    assert_eq!(of_texts(each(|i| format!("10.0.0.{i}"))), "ip_address");
    assert_eq!(of_texts(each(|i| format!("+49 30 {}", 1_000_000 + i * 7919))), "phone");
    assert_eq!(of_texts(each(|i| format!("{}.5", i % 90))), "number_as_text");
    assert_eq!(of_texts(each(|i| format!("{}.{:02} €", i, i % 100))), "currency_amount");
    assert_eq!(of_texts(each(|i| format!("{i} %"))), "percentage");
    assert_eq!(of_texts(each(|i| format!("{:05}", i * 37 % 100))), "code");
    assert_eq!(of_texts(each(|i| format!("{i:05}"))), "identifier");
    assert_eq!(of_texts(each(|i| format!("A-{i}"))), "identifier");
    let surname = |i: u64| {
        format!(
            "{}{}",
            ["Mo", "Ba", "Li", "Ka"][i as usize % 4],
            "n".repeat(i as usize / 4 + 1)
        )
    };
    assert_eq!(of_texts(each(surname)), "text");
    assert_eq!(
        of_texts(each(|i| format!("{}.5, {}.25", i % 90, i % 180))),
        "coordinates"
    );
    assert_eq!(
        of_texts(each(|i| format!("2024-01-31 {:02}:00:00", i % 24))),
        "timestamp_as_text"
    );
    assert_eq!(
        of_texts(each(|i| format!("{:02}:{:02}", i % 24, i % 60))),
        "time_as_text"
    );
    assert_eq!(
        of_texts(each(|i| format!("The customer called {i} times about it"))),
        "free_text"
    );
    assert_eq!(
        of_texts(each(|i| ["DE", "FR", "US", "JP"][i as usize % 4].into())),
        "country_code"
    );
    // One in fifty is something else, and blanks do not count.
    let mostly = each(|i| {
        if i % 50 == 7 {
            "unknown".into()
        } else {
            format!(" u{i}@example.org ")
        }
    });
    assert_eq!(of_texts(mostly.chain([String::new(), "  ".into()])), "email");
}

#[test]
fn the_format_of_dates_is_found() {
    let format = |values: Vec<String>| texts(Kind::Text, values).report().meaning.date_format();
    let day = |i: u64| 1 + i % 28;
    assert_eq!(
        format(each(|i| format!("{:02}/01/2024", day(i))).collect()),
        Some("DD/MM/YYYY")
    );
    assert_eq!(
        format(each(|i| format!("01/{:02}/2024", day(i))).collect()),
        Some("MM/DD/YYYY")
    );
    // Of two formats the more frequent one.
    let mixed = |i: u64| match i % 3 {
        0 => format!("{:02}/01/2024", day(i)),
        _ => format!("2024-01-{:02}", day(i)),
    };
    assert_eq!(format(each(mixed).collect()), Some("YYYY-MM-DD"));
    assert_eq!(format(each(|i| format!("{}. Mar 2024", day(i))).collect()), None);
    assert_eq!(
        format(each(|i| format!("{} Mar 2024", day(i))).collect()),
        Some("DD Mon YYYY")
    );
    assert_eq!(
        format(each(|i| format!("202401{:02}", day(i))).collect()),
        Some("YYYYMMDD")
    );
}

#[test]
fn integers_that_number_rows_are_identifiers() {
    assert_eq!(
        integers(Kind::Integer, 0..200_000).report().meaning,
        Meaning::Identifier
    );
    assert_eq!(
        integers(Kind::Integer, (0..200).map(|i| i % 7)).report().meaning,
        Meaning::Category
    );
    assert_eq!(
        integers(Kind::Integer, (0..200).map(|i| i % 2)).report().meaning,
        Meaning::Boolean
    );
    assert_eq!(
        integers(Kind::Integer, (0..9_000).map(|i| i % 3_000)).report().meaning,
        Meaning::Number
    );
    // Fifty salaries differ by chance, fifty keys drawn from 64 bits by design.
    let spread = |width: i64| integers(Kind::Integer, (0..50).map(move |i| 30_000 + i * (width / 50)));
    assert_eq!(spread(90_000).report().meaning, Meaning::Number);
    assert_eq!(spread(1 << 60).report().meaning, Meaning::Identifier);
    assert_eq!(integers(Kind::Bool, [0, 0]).report().meaning, Meaning::Boolean);
    assert_eq!(integers(Kind::Date, [5]).report().meaning, Meaning::Date);
    assert_eq!(numbers((0..200).map(f64::from)).report().meaning, Meaning::Number);
}

#[test]
fn details_tell_what_is_known() {
    let profile = texts(Kind::Json, [r#"{"a":1,"b":2}"#, "[1,2,3]", "null", "7"]);
    let details = profile.report().details_json();
    assert_eq!(details["types"]["object"], 1);
    assert_eq!(
        (&details["keys"]["max"], &details["elements"]["max"]),
        (&2.into(), &3.into())
    );
    let details = integers(Kind::Date, [0, 1, 5]).report().details_json();
    assert_eq!(details["days"]["largest_gap"]["first"], "2000-01-03");
    assert_eq!(details["days"]["largest_gap"]["days"], 3);
    let details = texts(Kind::Array, ["{1,2}", "{}"]).report().details_json();
    assert_eq!(
        (&details["elements"]["mean"], &details["empty_arrays"]),
        (&1.0.into(), &1.into())
    );
}

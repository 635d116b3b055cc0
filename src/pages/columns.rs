//! What a page says of a column of a profile, in few words.

use crate::pg::intake;
use crate::quality::value;
use algo::block::Kind;
use algo::page::ValueSummary;
use algo::page::number::{percent, short_number};
use algo::profile::{Bin, Meaning, Point, Report};

/// Names of types that are shorter than those of the standard.
const SHORT_TYPES: [(&str, &str); 8] = [
    ("character varying", "varchar"),
    ("character", "char"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("time without time zone", "time"),
    ("time with time zone", "timetz"),
    ("double precision", "float8"),
    ("bit varying", "varbit"),
];

/// The name of a type as it is typed rather than as the standard has it.
pub fn short_type(name: &str) -> String {
    let known = SHORT_TYPES.iter().find(|(long, _)| name.starts_with(long));
    known.map_or(name.to_owned(), |(long, short)| name.replacen(long, short, 1))
}

/// A text; in quotes where blanks at its ends, or that there is nothing, would not be seen.
pub fn quoted_if_blank(text: String) -> String {
    if text.is_empty() || text.trim() != text {
        format!("'{text}'")
    } else {
        text
    }
}

/// Whether the single values say more than their range.
fn is_described_by_values(kind: Kind, report: &Report) -> bool {
    /// Different values of a text that are few without being a category.
    const FEW: f64 = 10.0;
    match report.meaning {
        Meaning::Category | Meaning::Boolean | Meaning::Constant => true,
        Meaning::Identifier | Meaning::FreeText => false,
        _ => matches!(kind, Kind::Text | Kind::Enum | Kind::Other) && report.distinct <= FEW,
    }
}

/// Its values.
pub fn values(kind: Kind, report: &Report) -> ValueSummary {
    let present = report.rows - report.nulls;
    if present == 0 {
        return ValueSummary::Nothing;
    }
    let text = |point: &Point| match point {
        Point::Number(number) => short_number(*number),
        Point::Text(text) => quoted_if_blank(text.to_string()),
        point => intake::written(kind, &value::of_point(point)),
    };
    if is_described_by_values(kind, report) {
        let top = report.top.iter();
        return ValueSummary::Top(
            top.map(|(point, rows)| (text(point), percent(*rows, present)))
                .collect(),
        );
    }
    if let Some(json) = &report.details.json {
        let types = [
            ("object", json.objects.rows),
            ("array", json.arrays.rows),
            ("string", json.strings),
            ("number", json.numbers),
            ("boolean", json.booleans),
            ("null", json.nulls),
        ];
        let there = types.iter().filter(|(_, rows)| *rows > 0);
        return ValueSummary::Top(
            there
                .map(|(name, rows)| ((*name).into(), percent(*rows, present)))
                .collect(),
        );
    }
    if let Some(array) = &report.details.array {
        return ValueSummary::Text(span(array.elements.least, array.elements.greatest, "elements"));
    }
    if let (Meaning::FreeText | Meaning::Binary, Some(lengths)) = (report.meaning, &report.details.lengths) {
        let (least, greatest) = (lengths.characters.least, lengths.characters.greatest);
        // Two digits a byte, behind \x.
        let bytes = |digits: u64| digits.saturating_sub(2) / 2;
        return ValueSummary::Text(match kind {
            Kind::Bytes => span(bytes(least), bytes(greatest), "bytes"),
            _ => span(least, greatest, "characters"),
        });
    }
    let middle = report
        .quantiles
        .filter(|_| kind.is_number() && report.meaning == Meaning::Number)
        .map(|quantiles| short_number(quantiles[3]));
    match (&report.min, &report.max) {
        (Some(min), Some(max)) => ValueSummary::Range(
            [Some(text(min)), middle, Some(text(max))]
                .into_iter()
                .flatten()
                .collect(),
        ),
        // No number is finite.
        _ => ValueSummary::Top(
            report
                .top
                .iter()
                .map(|(point, rows)| (text(point), percent(*rows, present)))
                .collect(),
        ),
    }
}

fn span(least: u64, greatest: u64, unit: &str) -> String {
    if least == greatest {
        format!("{least} {unit}")
    } else {
        format!("{least} to {greatest} {unit}")
    }
}

/// What the histogram shows: of values that are listed one by one their rows, numbers and times in their order and texts as they are listed.
pub fn bins(kind: Kind, report: &Report, values: &ValueSummary) -> Vec<Bin> {
    let ValueSummary::Top(_) = values else {
        return report.histogram.clone();
    };
    if kind == Kind::Json {
        return Vec::new();
    }
    let mut top: Vec<&(Point, u64)> = report.top.iter().collect();
    if !matches!(top.first(), Some((Point::Text(_), _))) {
        top.sort_by(|(a, _), (b, _)| a.order(b));
    }
    let bin = |&&(_, rows): &&(Point, u64)| Bin {
        low: 0.0,
        high: 0.0,
        count: rows as f64,
    };
    top.iter().map(bin).collect()
}

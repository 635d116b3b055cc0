//! `render_profile(query)`: a profile as a page of text.

use pgrx::pg_extern;

use super::{columns, scan_of};
use crate::pg::error::{Result, or_raise};
use crate::pg::intake;
use crate::pg::options::required;
use crate::pg::text::{Prose, Text};
use crate::quality::source::Source;
use crate::quality::value;
use algo::block::Kind;
use algo::profile::page::{PageLine, ValueSummary, page, percent, short_count, short_number};
use algo::profile::{Bin, ColumnProfile, Meaning, Point, Report, sparkline};
use algo::scan::PlanColumn;

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

fn line(column: &PlanColumn, profile: &ColumnProfile) -> PageLine {
    let report = profile.report();
    let known = SHORT_TYPES.iter().find(|(long, _)| column.type_name.starts_with(long));
    let values = values(column.kind, &report);
    PageLine {
        name: column.name.clone(),
        data_type: known.map_or(column.type_name.clone(), |(long, short)| {
            column.type_name.replacen(long, short, 1)
        }),
        meaning: report.meaning.name().to_owned(),
        nulls: if report.rows > 0 {
            percent(report.nulls, report.rows)
        } else {
            String::new()
        },
        distinct: short_count(report.distinct, report.distinct_exact),
        histogram: sparkline(&bins(column.kind, &report, &values)),
        values,
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

fn values(kind: Kind, report: &Report) -> ValueSummary {
    let present = report.rows - report.nulls;
    if present == 0 {
        return ValueSummary::Nothing;
    }
    let text = |point: &Point| match point {
        Point::Number(number) => short_number(*number),
        // Blanks at its ends would not be seen.
        Point::Text(text) if text.trim() != text || text.is_empty() => format!("'{text}'"),
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
fn bins(kind: Kind, report: &Report, values: &ValueSummary) -> Vec<Bin> {
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

fn render(query: &str) -> Result<String> {
    let source = Source::open(query)?;
    let scan = scan_of(&source)?;
    let lines: Vec<PageLine> = columns(&scan).map(|(column, profile)| line(column, profile)).collect();
    let what = if source.is_relation() { &source.text } else { "query" };
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let title = format!(
        "{what}: {}, {}",
        count(scan.rows(), "row"),
        count(lines.len() as u64, "column")
    );
    Ok(page(&title, &lines))
}

/// `render_profile(query)`.
#[pg_extern(sql = false)]
fn render_profile(query: Option<Text>) -> Prose {
    or_raise(required("query", query.as_deref()).and_then(render).map(Prose::from))
}

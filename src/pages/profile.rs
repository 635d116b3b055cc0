//! `render_profile(query, format)`: a profile as a page.

use pgrx::pg_extern;

use super::columns::{bins, quoted_if_blank, short_type, values};
use super::{format_of, literal, made, written};
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::intake;
use crate::pg::options::required;
use crate::pg::text::{Prose, Text};
use crate::quality::profile::{columns, scan_of};
use crate::quality::source::Source;
use crate::quality::value;
use algo::block::Kind;
use algo::monitor::Monitor;
use algo::page::chart::{Axis, Bars, Bins, Columns, Plot, Series, Tone};
use algo::page::number::{percent, short_count};
use algo::page::{Block, Cell, Chart, Column, Page, Section, Table, ValueSummary};
use algo::profile::{ColumnProfile, Point, Report};
use algo::scan::PlanColumn;

/// The columns that have a card of their own; the table has all.
const CARDS: usize = 50;

fn card_id(place: usize) -> String {
    format!("c{}", place + 1)
}

/// The line of a column in the table.
fn row(place: usize, has_card: bool, column: &PlanColumn, report: &Report) -> Vec<Cell> {
    let values = values(column.kind, report);
    let heights = bins(column.kind, report, &values).iter().map(|bin| bin.count).collect();
    let nulls = match report.rows {
        0 => String::new(),
        rows => percent(report.nulls, rows),
    };
    vec![
        match has_card {
            true => Cell::Link(column.name.clone(), card_id(place)),
            false => Cell::text(&column.name),
        },
        Cell::Text(short_type(&column.type_name)),
        Cell::text(report.meaning.name()),
        Cell::Text(nulls),
        Cell::Text(short_count(report.distinct, report.distinct_exact)),
        Cell::Values(values),
        Cell::Spark(heights),
    ]
}

fn table() -> Table {
    let number = |heading: &str, most: usize| Column {
        most,
        ..Column::number(heading)
    };
    let columns = vec![
        Column::text("column", 24),
        Column::text("type", 14),
        Column::text("meaning", 17),
        number("nulls", 6),
        number("distinct", 8),
        Column::rest("values"),
        Column::text("", 24),
    ];
    Table::new("", columns)
}

/// What more there is to say of a column.
fn card(place: usize, column: &PlanColumn, report: &Report) -> Block {
    let written = |point: &Point| intake::written(column.kind, &value::of_point(point));
    let count = |count: u64| Cell::Count(i64::try_from(count).unwrap_or(i64::MAX));
    let mut facts = vec![
        (
            "type".to_owned(),
            Cell::Text(format!("{}, {}", short_type(&column.type_name), report.meaning.name())),
        ),
        ("NULL".to_owned(), count(report.nulls)),
        (
            "different values".to_owned(),
            Cell::Text(short_count(report.distinct, report.distinct_exact)),
        ),
    ];
    let is_ordered = column.kind.is_number() || column.kind.is_time();
    if let (Some(min), Some(max), true) = (&report.min, &report.max, is_ordered) {
        facts.push((
            "range".to_owned(),
            Cell::Text(format!("{} to {}", written(min), written(max))),
        ));
    }
    if let (Some(mean), true) = (report.mean, column.kind.is_number()) {
        let spread = report.stddev.map_or(String::new(), |stddev| {
            format!(" ± {}", algo::page::number::figure(stddev))
        });
        let mean = algo::page::number::figure(mean);
        facts.push(("mean ± sd".to_owned(), Cell::Text(mean + &spread)));
    }
    let unusual = [
        ("zeros", report.zeros),
        ("negatives", report.negatives),
        ("empty texts", report.empty),
        ("NaN or infinite", Some(report.non_finite.total())),
    ];
    for (name, rows) in unusual {
        if let Some(rows) = rows.filter(|&rows| rows > 0) {
            facts.push((name.to_owned(), count(rows)));
        }
    }
    let mut blocks = vec![Block::Facts(facts)];
    blocks.extend(chart(column.kind, report).map(Block::Chart));
    Block::Part {
        id: card_id(place),
        title: column.name.clone(),
        status: None,
        blocks,
    }
}

/// The histogram of numbers and times, or the rows of the most frequent values.
fn chart(kind: Kind, report: &Report) -> Option<Chart> {
    let rows = |label: &str, values: Vec<f64>| {
        vec![Series {
            label: label.into(),
            tone: Tone::First,
            values,
        }]
    };
    let last = report.histogram.last();
    if let (Some(last), true) = (
        last,
        report.histogram.len() > 1 && !matches!(values(kind, report), ValueSummary::Top(_)),
    ) {
        let edges = report.histogram.iter().map(|bin| bin.low).chain([last.high]);
        let bins = match kind.is_number() {
            true => Bins::Edges(edges.collect()),
            false => Bins::Labels(edges.map(|edge| edge_text(kind, edge)).collect()),
        };
        let columns = Columns {
            x: Axis::numbers(""),
            y: Axis::numbers("rows"),
            bins,
            series: rows("rows", report.histogram.iter().map(|bin| bin.count).collect()),
            marks: Vec::new(),
        };
        return Some(Chart::new("Distribution", "", Plot::Columns(columns)));
    }
    // Values that occur once each say nothing about a distribution.
    if report.top.first().is_none_or(|(_, rows)| *rows < 2) {
        return None;
    }
    let name = |(point, _): &(Point, u64)| match point {
        Point::Text(text) => quoted_if_blank(text.to_string()),
        point => intake::written(kind, &value::of_point(point)),
    };
    let bars = Bars {
        x: Axis::numbers("rows"),
        names: report.top.iter().map(name).collect(),
        series: rows("rows", report.top.iter().map(|(_, rows)| *rows as f64).collect()),
        intervals: Vec::new(),
    };
    Some(Chart::new("Most frequent values", "", Plot::Bars(bars)))
}

/// An edge of a bin of times, with no more than tells it from its neighbours.
fn edge_text(kind: Kind, edge: f64) -> String {
    let text = super::read::text(&value::json_on_scale(kind, edge)).unwrap_or_default();
    match kind {
        Kind::Timestamp | Kind::TimestampTz => text.chars().take(10).collect(),
        Kind::Time => text.chars().take(5).collect(),
        _ => text,
    }
}

/// The page of what a scan has found.
fn page(source: &Source, call: &str) -> Result<Page> {
    let scan = scan_of(source)?;
    let monitor = Foreground::new()?;
    let (mut table, mut cards) = (table(), Section::new("columns", "Columns"));
    cards.is_detail = true;
    for (place, (column, profile)) in columns(&scan).enumerate() {
        monitor.check()?;
        let report = ColumnProfile::report(profile);
        let has_card = place < CARDS;
        table.rows.push(row(place, has_card, column, &report));
        if has_card {
            cards.push(card(place, column, &report));
        }
    }
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let all = table.rows.len();
    if all > CARDS {
        cards.title = format!("Columns: the first {CARDS} of {all}");
    }
    Ok(Page {
        title: if source.is_relation() {
            source.text.clone()
        } else {
            "query".into()
        },
        summary: format!("{}, {}", count(scan.rows(), "row"), count(all as u64, "column")),
        opening: Vec::new(),
        sections: vec![
            Section::new("", "").with(Block::Table(table)),
            cards,
            query_section(source),
        ],
        made: made(call)?,
    })
}

/// The query, where it is one.
fn query_section(source: &Source) -> Section {
    let mut section = Section::new("query", "Query");
    section.is_detail = true;
    section.push(Block::Code {
        caption: String::new(),
        text: source.text.clone(),
    });
    section
}

fn render(query: Option<&str>, format: Option<&str>) -> Result<Prose> {
    let (format, query) = (format_of(format)?, required("query", query)?);
    let source = Source::open(query)?;
    let call = format!(
        "SELECT assay.render_profile({}, '{}')",
        literal(&source.text),
        format.name()
    );
    written(&page(&source, &call)?, format)
}

/// `render_profile(query)` as release 0.1.0 declares it.
#[pg_extern(sql = false)]
fn render_profile(query: Option<Text>) -> Prose {
    or_raise(render(query.as_deref(), Some("text")))
}

/// `render_profile(query, format)`.
#[pg_extern(sql = false)]
fn profile_page(query: Option<Text>, format: Option<Text>) -> Prose {
    or_raise(render(query.as_deref(), format.as_deref()))
}

//! `render_drift(reference, current, options, format)`: drift as a page, what has drifted first.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::columns::quoted_if_blank;
use super::{format_of, literal, made, read, written};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::text::{Prose, Text};
use crate::quality::drift::{ReportRow, report_rows};
use crate::quality::finding::segment_text;
use algo::page::chart::{Axis, Bars, Bins, Columns, Plot, Series, Tone};
use algo::page::{Block, Cell, Chart, Column, Page, Section, Status, Table};

/// Figures of columns that have drifted, and of others.
const DRIFTED: usize = 40;
const OTHERS: usize = 20;

/// How far a column has moved, for a table.
pub(super) struct Finding<'a> {
    pub name: String,
    /// `None` where it could not be compared.
    pub drifted: Option<bool>,
    pub method: Option<&'a str>,
    pub statistic: Option<f64>,
    pub threshold: Option<f64>,
    pub adjusted_p_value: Option<f64>,
    pub importance: Option<f64>,
    pub impact: Option<f64>,
    pub message: Option<&'a str>,
}

/// The table of findings; columns in which there is nothing are left out.
pub(super) fn table<'a>(caption: &str, findings: impl Iterator<Item = Finding<'a>>) -> Table {
    let columns = vec![
        Column::text("column", 34),
        Column::text("", 14),
        Column::text("method", 14),
        Column::number("statistic"),
        Column::number("threshold"),
        Column::number("adjusted p"),
        Column::number("importance"),
        Column::number("impact"),
        Column::rest("message"),
    ];
    let mut table = Table::new(caption, columns);
    for finding in findings {
        serve_interrupts();
        let status = match finding.drifted {
            Some(true) => Cell::Status(Status::Bad, "drifted".into()),
            Some(false) => Cell::Status(Status::Good, "steady".into()),
            None => Cell::Status(Status::Neutral, "not compared".into()),
        };
        table.rows.push(vec![
            Cell::Text(finding.name),
            status,
            finding.method.map_or(Cell::Empty, Cell::text),
            Cell::figure(finding.statistic),
            Cell::figure(finding.threshold),
            finding.adjusted_p_value.map_or(Cell::Empty, Cell::PValue),
            Cell::figure(finding.importance),
            Cell::figure(finding.impact),
            finding.message.map_or(Cell::Empty, Cell::text),
        ]);
    }
    table.without_empty_columns()
}

/// A row with the distributions of a column of numbers.
type Compared = (ReportRow, Vec<Json>);

/// What a row is about.
fn name(row: &ReportRow) -> String {
    let column = row.column_name.as_deref().unwrap_or("all columns");
    match &row.segment {
        Some(Json::Object(segment)) => format!("{column} ({})", segment_text(segment)),
        Some(_) | None => column.to_owned(),
    }
}

/// What the table says of a row.
fn finding((row, _): &Compared) -> Finding<'_> {
    Finding {
        name: name(row),
        drifted: row.drifted,
        method: row.method,
        statistic: row.statistic,
        threshold: row.threshold,
        adjusted_p_value: row.adjusted_p_value,
        importance: row.importance,
        impact: row.impact,
        message: row.message.as_deref(),
    }
}

/// Two series, side by side.
fn both(reference: Vec<f64>, current: Vec<f64>) -> Vec<Series> {
    let series = |label: &str, tone, values| Series {
        label: label.into(),
        tone,
        values,
    };
    vec![
        series("reference", Tone::Second, reference),
        series("current", Tone::First, current),
    ]
}

fn shares(entries: &[Json], side: &str) -> Vec<f64> {
    entries
        .iter()
        .map(|entry| read::number(&entry[side]).unwrap_or(0.0))
        .collect()
}

/// The histograms of a row side by side, where it has any.
fn chart((row, bins): &Compared) -> Option<Chart> {
    let details = row.details.as_ref().unwrap_or(&Json::Null);
    let about = sentence(row, details);
    if row.method == Some("null_share") {
        let (before, after) = row.null_share_reference.zip(row.null_share_current)?;
        let bars = Bars {
            x: Axis::unit("share of rows"),
            names: vec!["NULL".into(), "a value".into()],
            series: both(vec![before, 1.0 - before], vec![after, 1.0 - after]),
            intervals: Vec::new(),
        };
        return Some(Chart::new(
            &format!("{}: NULL or not", name(row)),
            about,
            Plot::Bars(bars),
        ));
    }
    if let Some(last) = bins.last() {
        let edges = || bins.iter().map(|bin| &bin["low"]).chain([&last["high"]]);
        let numbers: Option<Vec<f64>> = edges().map(Json::as_f64).collect();
        let columns = Columns {
            x: Axis::numbers(""),
            y: Axis::shares("share of rows"),
            bins: match numbers {
                Some(numbers) => Bins::Edges(numbers),
                // Times are written.
                None => Bins::Labels(
                    edges()
                        .map(|edge| read::text(edge).unwrap_or_default().chars().take(10).collect())
                        .collect(),
                ),
            },
            series: both(shares(bins, "reference"), shares(bins, "current")),
            marks: Vec::new(),
        };
        return Some(Chart::new(&name(row), about, Plot::Columns(columns)));
    }
    let categories = details["categories"].as_array().filter(|all| !all.is_empty())?;
    let name_of = |entry: &Json| read::text(&entry["category"]).map_or_else(|| "others".into(), quoted_if_blank);
    let bars = Bars {
        x: Axis::shares("share of rows"),
        names: categories.iter().map(name_of).collect(),
        series: both(shares(categories, "reference"), shares(categories, "current")),
        intervals: Vec::new(),
    };
    Some(Chart::new(&name(row), about, Plot::Bars(bars)))
}

/// What a figure shows, in a sentence.
fn sentence(row: &ReportRow, details: &Json) -> String {
    let figure = |number: f64| algo::page::number::figure(number);
    let mut said = Vec::new();
    if let (Some(method), Some(statistic), Some(threshold)) = (row.method, row.statistic, row.threshold) {
        let beyond = if statistic > threshold { "above" } else { "within" };
        said.push(format!(
            "{method} is {}, {beyond} its threshold of {}",
            figure(statistic),
            figure(threshold)
        ));
    }
    let mean = |side: &str| details[side]["mean"].as_f64();
    if let (Some(before), Some(after)) = (mean("reference"), mean("current")) {
        said.push(format!("the mean went from {} to {}", figure(before), figure(after)));
    }
    let listed = |what: &str, names: &Option<Vec<Text>>| {
        let names = names.as_ref()?;
        let few: Vec<&str> = names.iter().take(5).map(|name| &**name).collect();
        let more = names.len().saturating_sub(few.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        Some(format!("{what}: {}{more}", few.join(", ")))
    };
    said.extend(listed("new", &row.new_categories));
    said.extend(listed("gone", &row.gone_categories));
    said.join("; ")
}

/// The figures of some rows, as far as these have any.
fn charts<'a>(rows: impl Iterator<Item = &'a Compared>, most: usize) -> Option<Block> {
    let charts: Vec<Chart> = rows.filter_map(chart).take(most).collect();
    (!charts.is_empty()).then_some(Block::Charts(charts))
}

fn page(rows: &[Compared], reference: &str, current: &str, options: &Json, call: &str) -> Result<Page> {
    let drifted = |row: &&Compared| row.0.drifted == Some(true);
    let compared = rows.iter().filter(|row| row.0.drifted.is_some()).count();
    let alarms = rows.iter().filter(drifted).count();
    let (before, after) = rows
        .first()
        .map_or((0, 0), |(row, _)| (row.reference_rows, row.current_rows));
    let counts = |rows: i64| algo::page::number::count(rows);
    let mut facts = vec![
        ("reference".to_owned(), Cell::Code(reference.into())),
        ("current".to_owned(), Cell::Code(current.into())),
    ];
    if options.as_object().is_some_and(|options| !options.is_empty()) {
        facts.push(("options".to_owned(), Cell::Code(options.to_string())));
    }
    let verdict = match alarms {
        0 => (Status::Good, "Nothing has drifted.".to_owned()),
        _ => (
            Status::Bad,
            format!(
                "{alarms} of {compared} comparisons are alarms: an effect above its threshold, and evidence beyond chance."
            ),
        ),
    };
    let mut sections = vec![Section::new("report", "Report").with(Block::Table(table("", rows.iter().map(finding))))];
    if let Some(figures) = charts(rows.iter().filter(drifted), DRIFTED) {
        let mut section = Section::new("drifted", "What has drifted").with(figures);
        section.is_detail = true;
        sections.insert(0, section);
    }
    if let Some(figures) = charts(rows.iter().filter(|row| !drifted(row)), OTHERS) {
        let mut section = Section::new("steady", "What has not").with(figures);
        section.is_detail = true;
        sections.push(section);
    }
    Ok(Page {
        title: "Drift".into(),
        summary: format!(
            "{} rows of reference against {} current ones, {alarms} of {compared} comparisons drifted",
            counts(before),
            counts(after)
        ),
        opening: vec![Block::Note(verdict.0, verdict.1), Block::Facts(facts)],
        sections,
        made: made(call)?,
    })
}

/// `render_drift(reference, current, options, format)`.
#[pg_extern(sql = false)]
fn render_drift(reference: Option<Text>, current: Option<Text>, options: Option<Jsonb>, format: Option<Text>) -> Prose {
    or_raise((|| {
        let format = format_of(format.as_deref())?;
        let given = object("options", options)?;
        let reference = required("reference", reference.as_deref())?;
        let current = required("current", current.as_deref())?;
        let rows = report_rows(Some(reference), Some(current), given.clone())?;
        let call = format!(
            "SELECT assay.render_drift({}, {}, {}, '{}')",
            literal(reference),
            literal(current),
            literal(&given.to_string()),
            format.name()
        );
        written(&page(&rows, reference, current, &given, &call)?, format)
    })())
}

//! `profile_corpus(query, column_name, format)`: what the texts of a query are like, as a page.

use pgrx::pg_extern;

use super::{format_of, literal, made, written};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::settings;
use crate::pg::text::{Prose, Text};
use crate::quality::source::Source;
use algo::page::chart::{Axis, Bins, Columns, Plot, Series, Tone};
use algo::page::number::percent;
use algo::page::{Block, Cell, Chart, Column, Page, Section, Table};
use algo::quality::near_duplicates::{Finder, NearDuplicates, Params};
use algo_text::corpus::{Corpus, Report, SHARED};

/// Texts that have so much in common are near duplicates.
const ALIKE: f64 = 0.9;
/// Groups of these that are shown.
const GROUPS: usize = 5;
/// The most bars of the chart of lengths; of few texts there are as many as the root of their number.
const BINS: usize = 20;

/// The column of texts. Returns an error with 22023 where none is named and there is not one only.
fn column(source: &Source, name: Option<&str>) -> Result<String> {
    if let Some(name) = name {
        let column = source.require_column(name)?;
        return match column.is_text() {
            true => Ok(column.name.clone()),
            false => Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "column \"{name}\" has the type {}, which holds no texts",
                    column.type_name
                ),
            )
            .hint("Name a column of type text.")),
        };
    }
    let texts: Vec<&str> = source
        .columns()
        .iter()
        .filter(|column| column.is_text())
        .map(|column| column.name.as_str())
        .collect();
    match texts.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Error::new(INVALID_PARAMETER, "no column holds texts").hint("Select a column of type text.")),
        _ => Err(
            Error::new(INVALID_PARAMETER, format!("{} columns hold texts", texts.len()))
                .detail(format!("They are: {}.", texts.join(", ")))
                .hint("Name the one with column_name => '...'."),
        ),
    }
}

/// Reads the texts, once.
fn read(source: &Source, column: &str) -> Result<(Report, NearDuplicates)> {
    let memory = settings::max_memory();
    let (mut corpus, statement) = (Corpus::new(memory / 2)?, Foreground::new()?);
    let mut finder = Finder::new(Params {
        threshold: ALIKE,
        memory: memory / 2,
        max_groups: GROUPS,
    })?;
    let mut reporter = Reporter::new();
    let query = Query::new(&source.select(&pgrx::spi::quote_identifier(column)))?;
    let expected = query.expected_rows();
    let mut rows = 0;
    query.run(&mut |row| {
        match row.value(0) {
            Value::Text(text) => {
                corpus.push(&text, &statement)?;
                finder.push(rows, &text)?;
            }
            _ => corpus.push_missing(),
        }
        rows += 1;
        reporter.rows("reading texts", rows, expected);
        Ok(())
    })?;
    let duplicates = compute::run("comparing near duplicates", &mut reporter, &statement, |monitor| {
        finder.finish(monitor)
    })?;
    reporter.finish();
    Ok((corpus.finish(&statement)?, duplicates))
}

fn count(number: u64) -> Cell {
    Cell::Count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn lengths(report: &Report) -> Section {
    let mut section = Section::new("lengths", "Length");
    let quantile = |share: f64| Cell::count(report.quantile(share).map(i64::from));
    section.push(Block::Facts(vec![
        ("shortest".into(), quantile(0.0)),
        ("a tenth is at most".into(), quantile(0.1)),
        ("half is at most".into(), quantile(0.5)),
        ("nine tenths are at most".into(), quantile(0.9)),
        ("longest".into(), quantile(1.0)),
        ("words".into(), count(report.words)),
    ]));
    let (Some(low), Some(high)) = (report.quantile(0.0), report.quantile(0.99)) else {
        return section;
    };
    if high > low {
        let bins = ((report.lengths.len() as f64).sqrt().ceil() as usize).clamp(1, BINS);
        let width = f64::from(high - low) / bins as f64;
        let edges: Vec<f64> = (0..=bins).map(|edge| f64::from(low) + width * edge as f64).collect();
        let mut values = vec![0.0; bins];
        for length in report.lengths.iter().filter(|length| **length <= high) {
            let bin = (f64::from(length - low) / width) as usize;
            values[bin.min(bins - 1)] += 1.0;
        }
        let columns = Columns {
            x: Axis::numbers("characters"),
            y: Axis::numbers("documents"),
            bins: Bins::Edges(edges),
            series: vec![Series {
                label: "documents".into(),
                tone: Tone::First,
                values,
            }],
            marks: Vec::new(),
        };
        section.push(Block::Chart(Chart::new(
            "Characters of documents",
            "All but the longest hundredth.",
            Plot::Columns(columns),
        )));
    }
    section
}

/// A section with one table, or what to say where it has no rows.
fn listed(id: &str, title: &str, columns: Vec<Column>, rows: Vec<Vec<Cell>>, none: &str) -> Section {
    let section = Section::new(id, title);
    if rows.is_empty() {
        return section.with(Block::paragraph(none));
    }
    let mut table = Table::new("", columns);
    table.rows = rows;
    section.with(Block::Table(table))
}

fn languages(report: &Report) -> Section {
    let all = report.documents - report.empty;
    let rows = report.languages.iter().map(|(language, documents)| {
        vec![
            Cell::text(language.unwrap_or("not told")),
            count(*documents),
            Cell::Text(percent(*documents, all)),
        ]
    });
    let columns = vec![
        Column::text("language", 12),
        Column::number("documents"),
        Column::number("share"),
    ];
    listed("languages", "Languages", columns, rows.collect(), "There is no text.")
}

fn damage(report: &Report) -> Section {
    let rows = report
        .damage
        .iter()
        .map(|(damage, documents, text)| vec![Cell::text(*damage), count(*documents), Cell::text(text)]);
    let columns = vec![
        Column::text("damage", 32),
        Column::number("documents"),
        Column::rest("for example"),
    ];
    listed(
        "encoding",
        "Encoding",
        columns,
        rows.collect(),
        "Every text is as it was written.",
    )
}

fn personal(report: &Report) -> Section {
    let rows = report
        .pii
        .iter()
        .map(|(kind, values, documents)| vec![Cell::text(*kind), count(*values), count(*documents)]);
    let columns = vec![
        Column::text("kind", 12),
        Column::number("values"),
        Column::number("documents"),
    ];
    listed(
        "personal",
        "Personal data",
        columns,
        rows.collect(),
        "assay.find_pii finds none.",
    )
}

fn repeated(report: &Report, duplicates: &NearDuplicates) -> Vec<Section> {
    let rows = duplicates.largest.iter().map(|group| {
        let text = group.texts.first().map(String::as_str).unwrap_or_default();
        vec![
            count(group.rows),
            Cell::text(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        ]
    });
    let columns = vec![Column::number("documents"), Column::rest("the first of them")];
    let near = listed(
        "duplicates",
        "Near duplicates",
        columns,
        rows.collect(),
        "No two texts have nine tenths in common.",
    );
    let rows = report
        .lines
        .iter()
        .map(|(line, documents)| vec![count(u64::from(*documents)), Cell::text(line)]);
    let columns = vec![Column::number("documents"), Column::rest("line")];
    let none = format!("No line is in {SHARED} documents.");
    vec![
        near,
        listed("boilerplate", "Lines that many share", columns, rows.collect(), &none),
    ]
}

/// The page of texts.
fn page(source: &Source, column: &str, call: &str) -> Result<Page> {
    let (report, duplicates) = read(source, column)?;
    let facts = vec![
        ("documents".into(), count(report.documents)),
        ("NULL".into(), count(report.missing)),
        ("empty".into(), count(report.empty)),
        ("characters".into(), count(report.characters)),
        ("the same as another".into(), count(report.repeated)),
        ("nearly the same as another".into(), count(duplicates.rows_failed)),
        (
            "characters in lines that many share".into(),
            Cell::Text(percent(report.boilerplate_characters, report.characters.max(1))),
        ),
    ];
    let mut sections = vec![lengths(&report), languages(&report), damage(&report), personal(&report)];
    sections.extend(repeated(&report, &duplicates));
    let name = if source.is_relation() {
        source.text.as_str()
    } else {
        "query"
    };
    Ok(Page {
        title: format!("{name}, column {column}"),
        summary: format!("{} documents", report.documents),
        opening: vec![Block::Facts(facts)],
        sections,
        made: made(call)?,
    })
}

/// `profile_corpus(query, column_name, format)`.
#[pg_extern(sql = false)]
fn profile_corpus(query: Option<Text>, column_name: Option<Text>, format: Option<Text>) -> Prose {
    or_raise((|| {
        let (format, query) = (format_of(format.as_deref())?, required("query", query)?);
        let source = Source::open(&query)?;
        let column = column(&source, column_name.as_deref())?;
        let call = format!(
            "SELECT assay.profile_corpus({}, {}, '{}')",
            literal(&source.text),
            literal(&column),
            format.name()
        );
        written(&page(&source, &column, &call)?, format)
    })())
}

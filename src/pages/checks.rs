//! `render_checks(relation, format)`: how the stored checks of a relation stand, as a page: failures first, with failing rows, the SQL that finds
//! them and the history. No check is run.

use hashbrown::HashMap;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use super::{format_of, literal, made, read, relation_name, written};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Result, or_raise};
use crate::pg::text::{Prose, Text};
use crate::quality::stored::summary::{Last, last_results};
use algo::page::{Block, Cell, Column, Page, Section, Status, Table};

/// Failures that have a part of their own, and of these so many with their rows, each with so many of them and so many columns.
const FAILURES: usize = 50;
const SAMPLED: usize = 20;
const ROWS: usize = 5;
const COLUMNS: usize = 10;
/// Runs that a history shows.
const RUNS: usize = 30;

/// What runs of a check found, by check and segment: the share or the figure of each, from the first to the last, and how many failed.
type Histories = HashMap<(i64, String), Vec<(f64, bool)>>;

/// The history of checks, as the view shows it to the caller.
fn histories(results: &[Last]) -> Result<Histories> {
    let mut ids: Vec<String> = results.iter().map(|last| last.check_id.to_string()).collect();
    ids.dedup();
    let mut histories = Histories::new();
    if ids.is_empty() {
        return Ok(histories);
    }
    // A run has a result for each segment.
    let query = format!(
        "SELECT h.check_id, h.segment, COALESCE(h.fraction_failed, h.value) AS height,
    h.status OPERATOR(pg_catalog.=) ANY ('{{fail,error,warn}}') AS failed
FROM pg_catalog.unnest('{{{}}}'::bigint[]) AS c(check_id)
CROSS JOIN LATERAL (SELECT r.check_id, r.segment, r.fraction_failed, r.value, r.status, r.run_at FROM assay.check_history AS r
    WHERE r.check_id OPERATOR(pg_catalog.=) c.check_id ORDER BY r.run_at DESC LIMIT 1000) AS h
ORDER BY h.run_at",
        ids.join(",")
    );
    for row in read::rows(&query)? {
        serve_interrupts();
        let key = (row.count("check_id").unwrap_or(0), segment_key(row.json("segment")));
        let height = row.number("height").unwrap_or(f64::NAN).abs();
        histories.entry(key).or_default().push((height, row.flag("failed")));
    }
    for runs in histories.values_mut() {
        let first = runs.len().saturating_sub(RUNS);
        runs.drain(..first);
    }
    Ok(histories)
}

/// A segment as a key: empty for none.
fn segment_key(segment: &Json) -> String {
    if segment.is_null() {
        String::new()
    } else {
        segment.to_string()
    }
}

/// The runs of a result.
fn runs<'a>(histories: &'a Histories, last: &Last) -> &'a [(f64, bool)] {
    let segment = segment_key(&last.segment.clone().map_or(Json::Null, Json::Object));
    histories.get(&(last.check_id, segment)).map_or(&[], Vec::as_slice)
}

fn status(last: &Last) -> Status {
    match last.status() {
        "error" | "fail" => Status::Bad,
        "warn" => Status::Warning,
        "pass" => Status::Good,
        _ => Status::Neutral,
    }
}

/// Its name, with the segment where it has one.
fn name(last: &Last, with_relation: bool) -> String {
    let segment = last
        .segment_text()
        .map_or(String::new(), |segment| format!(" ({segment})"));
    match with_relation {
        true => format!("{}: {}{segment}", last.relation, last.name),
        false => format!("{}{segment}", last.name),
    }
}

fn table(results: &[Last], histories: &Histories, with_relation: bool) -> Table {
    let columns = vec![
        Column::text("check", 32),
        Column::text("status", 12),
        Column::number("failing rows"),
        Column::rest("found"),
        Column::text("history", RUNS),
        Column::text("last run", 24),
    ];
    let mut table = Table::new("", columns);
    for (place, last) in results.iter().enumerate() {
        serve_interrupts();
        let heights: Vec<f64> = runs(histories, last).iter().map(|run| run.0).collect();
        let name = name(last, with_relation);
        table.rows.push(vec![
            match is_failure(last) && place < FAILURES {
                true => Cell::Link(name, part_id(place)),
                false => Cell::Text(name),
            },
            Cell::Status(status(last), last.status().to_owned()),
            Cell::count(last.rows_failed),
            Cell::Text(last.message()),
            if heights.is_empty() {
                Cell::Empty
            } else {
                Cell::Spark(heights)
            },
            last.run_at.as_deref().map_or(Cell::Empty, Cell::text),
        ]);
    }
    table.without_empty_columns()
}

fn part_id(place: usize) -> String {
    format!("k{}", place + 1)
}

fn is_failure(last: &Last) -> bool {
    matches!(last.status(), "error" | "fail" | "warn")
}

/// What there is to say of a failure.
fn failure(place: usize, last: &Last, histories: &Histories, with_relation: bool) -> Result<Block> {
    let mut facts = vec![("found".to_owned(), Cell::Text(last.message()))];
    let kind = match &last.column_name {
        Some(column) => format!("{} of {column}", last.kind),
        None => last.kind.clone(),
    };
    facts.push((
        "check".to_owned(),
        Cell::Text(format!("{kind}, severity {}", last.severity)),
    ));
    if let Some(args) = last
        .args
        .as_ref()
        .filter(|args| args.as_object().is_some_and(|args| !args.is_empty()))
    {
        facts.push(("arguments".to_owned(), Cell::Code(args.to_string())));
    }
    if let Some(filter) = &last.filter {
        facts.push(("rows where".to_owned(), Cell::Code(filter.clone())));
    }
    let runs = runs(histories, last);
    if !runs.is_empty() {
        let failed = runs.iter().filter(|run| run.1).count();
        facts.push((
            "history".to_owned(),
            Cell::Spark(runs.iter().map(|run| run.0).collect()),
        ));
        facts.push((
            "runs".to_owned(),
            Cell::Text(format!("{failed} of the last {} did not pass", runs.len())),
        ));
    }
    if let Some(run_at) = &last.run_at {
        let role = last.runs_as.as_deref().unwrap_or("a role that is gone");
        facts.push(("last run".to_owned(), Cell::Text(format!("{run_at}, as {role}"))));
    }
    let mut blocks = vec![Block::Facts(facts)];
    if last.rows_failed.is_some_and(|rows| rows > 0) && last.status() != "error" {
        blocks.extend(sample(place, last)?);
    }
    Ok(Block::Part {
        id: part_id(place),
        title: name(last, with_relation),
        status: Some(status(last)),
        blocks,
    })
}

/// Some of the rows that fail now, and how to see all of them. Rows are read with the rights that `failing_rows` asks for; where the caller lacks
/// them, there are none.
fn sample(place: usize, last: &Last) -> Result<Vec<Block>> {
    let sql = format!("SELECT key, \"row\" FROM assay.failing_rows({});", last.check_id);
    let mut blocks = vec![Block::Code {
        caption: "The rows that fail:".into(),
        text: sql,
    }];
    if place >= SAMPLED {
        return Ok(blocks);
    }
    let query = format!(
        "SELECT \"row\" FROM assay.failing_rows({}, {})",
        last.check_id,
        ROWS * 4
    );
    match read::attempted(&query)? {
        Ok(rows) => {
            let rows: Vec<&Json> = rows
                .iter()
                .map(|row| row.json("row"))
                .filter(|row| is_of_segment(row, last))
                .take(ROWS)
                .collect();
            if !rows.is_empty() {
                blocks.insert(0, Block::Table(row_table(&rows, last)));
            }
        }
        Err(why) => blocks.insert(0, Block::missing(format!("No rows are shown: {why}"))),
    }
    Ok(blocks)
}

fn is_of_segment(row: &Json, last: &Last) -> bool {
    let mut segment = last.segment.iter().flatten();
    segment.all(|(column, value)| {
        row.get(column)
            .is_none_or(|found| read::text(found) == read::text(value))
    })
}

/// Rows as a table: the column of the check first.
fn row_table(rows: &[&Json], last: &Last) -> Table {
    let mut names: Vec<&str> = last.column_name.as_deref().into_iter().collect();
    for name in rows.iter().filter_map(|row| row.as_object()).flat_map(|row| row.keys()) {
        if names.len() < COLUMNS && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let columns = names.iter().map(|name| Column::text(name, 24)).collect();
    let mut table = Table::new("Some rows that fail now", columns);
    let cell = |value: Option<&Json>| value.and_then(read::text).map_or(Cell::text("NULL"), Cell::Text);
    table.rows.extend(
        rows.iter()
            .map(|row| names.iter().map(|name| cell(row.get(*name))).collect()),
    );
    table
}

fn page(relation: Option<Oid>, call_format: &str) -> Result<Page> {
    let results = last_results(relation)?;
    let histories = histories(&results)?;
    let is_all = relation.is_none();
    let count = |wanted: &[&str]| results.iter().filter(|last| wanted.contains(&last.status())).count();
    let (failed, warned, passed) = (count(&["error", "fail"]), count(&["warn"]), count(&["pass"]));
    let other = results.len() - failed - warned - passed;
    let title = match relation {
        Some(relation) => relation_name(relation)?,
        None => "all relations".into(),
    };
    let mut sections = Vec::new();
    let failures: Vec<(usize, &Last)> = results
        .iter()
        .enumerate()
        .filter(|(_, last)| is_failure(last))
        .take(FAILURES)
        .collect();
    if !failures.is_empty() {
        let mut section = Section::new("failures", "Failures");
        for (place, last) in failures {
            serve_interrupts();
            section.push(failure(place, last, &histories, is_all)?);
        }
        sections.push(section);
    }
    let mut all = Section::new("all", "All checks");
    match results.is_empty() {
        true => all.push(Block::missing(
            "There are no stored checks here that you may see; assay.add_check adds one.",
        )),
        false => all.push(Block::Table(table(&results, &histories, is_all))),
    }
    sections.push(all);
    let argument = relation.map_or("NULL".to_owned(), |_| literal(&title));
    Ok(Page {
        summary: format!("{failed} failed, {warned} warned, {passed} passed, {other} without a result"),
        title: format!("Checks of {title}"),
        opening: Vec::new(),
        sections,
        made: made(&format!("SELECT assay.render_checks({argument}, '{call_format}')"))?,
    })
}

/// `render_checks(relation, format)`.
#[pg_extern(sql = false)]
fn render_checks(relation: Option<Oid>, format: Option<Text>) -> Prose {
    or_raise((|| {
        let format = format_of(format.as_deref())?;
        written(&page(relation, format.name())?, format)
    })())
}

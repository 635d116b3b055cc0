//! `render_reliability(format, at)`: the weekly page. What is broken and who is on it, when things broke in the last twelve weeks, how well promises are
//! kept, and which assets have no owner; as the views of reliability show it to the caller.

mod calendar;
mod levels;
mod metrics;
mod open;
mod span;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;

use super::{format_of, literal, made, read, written};
use crate::pg::error::{Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::{Prose, Text};
use crate::reliability::clock;
use algo::page::{Block, Cell, Page, Section, Status};

/// The moment of which a page tells, as SQL has it.
pub(super) struct Moment {
    /// An expression of type timestamptz.
    sql: String,
    /// As people read it.
    text: String,
}

impl Moment {
    fn of(at: TimestampWithTimeZone) -> Result<Moment> {
        let microseconds = clock::of("at", at)?;
        let sql = format!(
            "('2000-01-01 00:00:00+00'::pg_catalog.timestamptz OPERATOR(pg_catalog.+) '{microseconds} microseconds'::pg_catalog.interval)"
        );
        let rows = read::rows(&format!(
            "SELECT pg_catalog.to_char({sql}, 'YYYY-MM-DD HH24:MI TZH:TZM') AS text"
        ))?;
        let text = rows.first().and_then(|row| row.text("text")).unwrap_or_default();
        Ok(Moment { sql, text })
    }
}

/// How a severity stands.
fn severity(name: &str) -> Status {
    match name {
        "sev1" | "sev2" | "error" => Status::Bad,
        "sev3" | "warn" => Status::Warning,
        _ => Status::Neutral,
    }
}

/// One more or fewer of something, in words.
fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

fn page(moment: &Moment, call: &str) -> Result<Page> {
    let span::Found { incidents, all } = span::incidents(moment)?;
    let issues = open::issues(moment)?;
    let is_open = |incident: &&span::Incident| incident.is_open();
    let worst = incidents
        .iter()
        .filter(is_open)
        .map(|incident| severity(&incident.severity));
    let status = worst.fold(Status::Good, |worst, status| match (worst, status) {
        (Status::Bad, _) | (_, Status::Bad) => Status::Bad,
        _ => Status::Warning,
    });
    let open = incidents.iter().filter(is_open).count();
    let began = incidents.iter().filter(|incident| incident.begins_in_week()).count();
    let ended = incidents.iter().filter(|incident| incident.ended_in_week()).count();
    let summary = format!(
        "{} open, {} outside of incidents; in the last seven days {began} began and {ended} ended",
        counted(open, "incident", "incidents"),
        counted(issues.all, "issue", "issues"),
    );
    let verdict = match open {
        0 => "No incident is open.".to_owned(),
        1 => "An incident is open.".to_owned(),
        _ => format!("{open} incidents are open."),
    };
    let mut sections = vec![open::section(&incidents, &issues)];
    sections.extend(calendar::sections(moment, &incidents)?);
    sections.push(levels::section(moment)?);
    sections.extend(metrics::sections(moment)?);
    let mut opening = vec![
        Block::Note(status, verdict),
        Block::Facts(vec![("as of".to_owned(), Cell::text(&moment.text))]),
    ];
    opening.extend(left_out(
        incidents.len(),
        all,
        "incidents, the gravest",
        "The others are counted nowhere on this page.",
    ));
    Ok(Page {
        title: "Reliability".into(),
        summary,
        opening,
        sections,
        made: made(call)?,
    })
}

/// That a page shows some of many things; nothing where it shows all.
fn left_out(shown: usize, all: usize, what: &str, more: &str) -> Option<Block> {
    let count = |count: usize| algo::page::number::count(i64::try_from(count).unwrap_or(i64::MAX));
    (shown < all).then(|| {
        let said = format!("These are {} of {} {what}. {more}", count(shown), count(all));
        Block::missing(said.trim_end())
    })
}

/// How many there were before a query cut them off: its column "all".
fn all_of(rows: &[read::Row]) -> usize {
    let all = rows.first().and_then(|row| row.count("all"));
    all.and_then(|all| usize::try_from(all).ok()).unwrap_or(0)
}

/// A section of a table; of an empty one a remark.
fn section_of(id: &str, title: &str, table: algo::page::Table, none: &str) -> Section {
    let block = match table.rows.is_empty() {
        true => Block::missing(none),
        false => Block::Table(table),
    };
    Section::new(id, title).with(block)
}

/// `render_reliability(format, at)`.
#[pg_extern(sql = false)]
fn render_reliability(format: Option<Text>, at: Option<TimestampWithTimeZone>) -> Prose {
    or_raise((|| {
        let format = format_of(format.as_deref())?;
        let moment = Moment::of(required("at", at)?)?;
        let call = format!(
            "SELECT assay.render_reliability('{}', {})",
            format.name(),
            literal(&moment.text)
        );
        written(&page(&moment, &call)?, format)
    })())
}

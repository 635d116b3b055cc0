//! What is broken now.

use super::span::{Due, Incident, duration};
use super::{Moment, all_of, left_out, read, section_of, severity};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Status, Table};

/// Issues that a page lists.
const ISSUES: usize = 200;

/// An issue that is open.
pub(super) struct Issue {
    asset: String,
    subject: String,
    severity: String,
    since: String,
    occurrences: Option<i64>,
    owner: Option<String>,
    triage: Option<String>,
    message: Option<String>,
}

/// Issues that no incident gathers.
pub(super) struct Issues {
    /// Those that a page lists.
    listed: Vec<Issue>,
    /// How many there are.
    pub all: usize,
}

/// The issues outside of incidents that were open at the moment, the worst and oldest first.
pub(super) fn issues(moment: &Moment) -> Result<Issues> {
    let at = &moment.sql;
    let query = format!(
        "SELECT i.*, pg_catalog.to_char(i.started_at, 'YYYY-MM-DD HH24:MI') AS since, pg_catalog.count(*) OVER () AS \"all\"
FROM assay.issues AS i
WHERE i.started_at OPERATOR(pg_catalog.<=) {at} AND (i.ended_at OPERATOR(pg_catalog.<=) {at}) IS NOT TRUE AND i.incident_id IS NULL
ORDER BY i.severity, i.started_at, i.id LIMIT {ISSUES}"
    );
    let rows = read::rows(&query)?;
    let mut listed = Vec::with_capacity(rows.len());
    for row in &rows {
        serve_interrupts();
        let text = |column: &str| row.text(column).unwrap_or_default();
        let segment = row
            .text("segment")
            .map(|segment| format!(" {segment}"))
            .unwrap_or_default();
        listed.push(Issue {
            asset: text("asset"),
            subject: row
                .text("subject")
                .or_else(|| row.text("name"))
                .unwrap_or_else(|| text("kind"))
                + &segment,
            severity: text("severity"),
            since: text("since"),
            occurrences: row.count("occurrences"),
            owner: row.text("owner"),
            triage: row.text("triage"),
            message: row.text("message"),
        });
    }
    Ok(Issues {
        listed,
        all: all_of(&rows),
    })
}

fn incident_table(incidents: &[Incident]) -> Table {
    let columns = vec![
        Column::text("incident", 44),
        Column::text("severity", 8),
        Column::text("status", 14),
        Column::text("owner", 20),
        Column::text("lead", 20),
        Column::whole("since", 16),
        Column::whole("for", 12),
        Column::whole("to be acknowledged by", 18),
        Column::whole("to be resolved by", 18),
    ];
    let mut table = Table::new("", columns);
    for incident in incidents.iter().filter(|incident| incident.is_open()) {
        let text = |text: &Option<String>| text.as_deref().map_or(Cell::Empty, Cell::text);
        let due = |due: &Due| match &due.by {
            Some(by) if due.has_passed => Cell::Status(Status::Bad, by.clone()),
            by => text(by),
        };
        let acknowledge = match incident.status.as_str() {
            "open" => due(&incident.acknowledge),
            _ => Cell::Empty,
        };
        table.rows.push(vec![
            Cell::Text(incident.name()),
            Cell::Status(severity(&incident.severity), incident.severity.clone()),
            Cell::text(&incident.status),
            incident
                .owner
                .as_deref()
                .map_or(Cell::Status(Status::Warning, "nobody".into()), Cell::text),
            text(&incident.lead),
            Cell::text(&incident.since),
            Cell::Text(duration(-incident.begin)),
            acknowledge,
            due(&incident.resolve),
        ]);
    }
    table.without_empty_columns()
}

fn issue_table(issues: &[Issue]) -> Table {
    let columns = vec![
        Column::text("asset", 30),
        Column::text("what fails", 30),
        Column::text("severity", 8),
        Column::whole("since", 16),
        Column::number("times"),
        Column::text("owner", 20),
        Column::text("triage", 14),
        Column::rest("found"),
    ];
    let mut table = Table::new("Issues outside of incidents", columns);
    for issue in issues {
        let text = |text: &Option<String>| text.as_deref().map_or(Cell::Empty, Cell::text);
        table.rows.push(vec![
            Cell::text(&issue.asset),
            Cell::text(&issue.subject),
            Cell::Status(severity(&issue.severity), issue.severity.clone()),
            Cell::text(&issue.since),
            Cell::count(issue.occurrences),
            text(&issue.owner),
            text(&issue.triage),
            text(&issue.message),
        ]);
    }
    table.without_empty_columns()
}

pub(super) fn section(incidents: &[Incident], issues: &Issues) -> Section {
    let mut section = section_of("open", "Open now", incident_table(incidents), "No incident is open.");
    let listed = &issues.listed;
    section.push(match listed.is_empty() {
        true => Block::missing("No issue is open outside of incidents."),
        false => Block::Table(issue_table(listed)),
    });
    section
        .blocks
        .extend(left_out(listed.len(), issues.all, "issues, the gravest and oldest", ""));
    section
}

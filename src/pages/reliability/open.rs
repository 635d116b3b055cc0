//! What is broken now.

use super::span::{Incident, duration};
use super::{Moment, read, section_of, severity};
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
    /// Whether an incident gathers it.
    pub is_gathered: bool,
}

/// The issues that were open at the moment, the worst and oldest first.
pub(super) fn issues(moment: &Moment) -> Result<Vec<Issue>> {
    let at = &moment.sql;
    let query = format!(
        "SELECT i.*, pg_catalog.to_char(i.started_at, 'YYYY-MM-DD HH24:MI') AS since
FROM assay.issues AS i
WHERE i.started_at OPERATOR(pg_catalog.<=) {at} AND (i.ended_at OPERATOR(pg_catalog.<=) {at}) IS NOT TRUE
ORDER BY i.severity, i.started_at, i.id LIMIT {ISSUES}"
    );
    let mut issues = Vec::new();
    for row in read::rows(&query)? {
        serve_interrupts();
        let text = |column: &str| row.text(column).unwrap_or_default();
        let segment = row
            .text("segment")
            .map(|segment| format!(" {segment}"))
            .unwrap_or_default();
        issues.push(Issue {
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
            is_gathered: row.count("incident_id").is_some(),
        });
    }
    Ok(issues)
}

fn incident_table(incidents: &[Incident]) -> Table {
    let columns = vec![
        Column::text("incident", 44),
        Column::text("severity", 8),
        Column::text("status", 14),
        Column::text("owner", 20),
        Column::text("lead", 20),
        Column::text("since", 16),
        Column::text("for", 12),
        Column::text("to be acknowledged by", 18),
        Column::text("to be resolved by", 18),
    ];
    let mut table = Table::new("", columns);
    for incident in incidents.iter().filter(|incident| incident.is_open()) {
        let text = |text: &Option<String>| text.as_deref().map_or(Cell::Empty, Cell::text);
        let due = |by: &Option<String>| match by {
            Some(by) if incident.is_late => Cell::Status(Status::Bad, by.clone()),
            by => text(by),
        };
        let acknowledge_by = match incident.status.as_str() {
            "open" => due(&incident.acknowledge_by),
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
            acknowledge_by,
            due(&incident.resolve_by),
        ]);
    }
    table.without_empty_columns()
}

fn issue_table(issues: &[&Issue]) -> Table {
    let columns = vec![
        Column::text("asset", 30),
        Column::text("what fails", 30),
        Column::text("severity", 8),
        Column::text("since", 16),
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

pub(super) fn section(incidents: &[Incident], issues: &[Issue]) -> Section {
    let mut section = section_of("open", "Open now", incident_table(incidents), "No incident is open.");
    let alone: Vec<&Issue> = issues.iter().filter(|issue| !issue.is_gathered).collect();
    section.push(match alone.is_empty() {
        true => Block::missing("No issue is open outside of incidents."),
        false => Block::Table(issue_table(&alone)),
    });
    section
}

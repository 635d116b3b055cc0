//! Incidents as spans of time, in seconds before and after the moment of a page.

use super::{Moment, all_of, read};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;

pub(super) const HOUR: f64 = 3600.0;
pub(super) const DAY: f64 = 24.0 * HOUR;
const WEEK: f64 = 7.0 * DAY;
/// How far a page looks back; the calendar begins with a week.
pub(super) const WEEKS: usize = 12;
/// The most incidents that a page reads.
const MOST: usize = 2000;

/// By when something is to have happened, in words, and whether that has passed.
pub(super) struct Due {
    pub by: Option<String>,
    pub has_passed: bool,
}

/// The incidents of a page.
pub(super) struct Found {
    pub incidents: Vec<Incident>,
    /// How many there are.
    pub all: usize,
}

/// An incident that was not cancelled, or merged into another one.
pub(super) struct Incident {
    pub id: i64,
    pub title: String,
    pub severity: String,
    pub status: String,
    pub owner: Option<String>,
    pub lead: Option<String>,
    pub assets: Vec<String>,
    /// When it began, in words.
    pub since: String,
    /// When somebody is to have taken it on, and when it is to be over.
    pub acknowledge: Due,
    pub resolve: Due,
    /// In seconds from the moment of the page.
    pub begin: f64,
    /// When its effect was over; `None` where it is not.
    pub end: Option<f64>,
    /// When it was resolved.
    pub ended: Option<f64>,
}

impl Incident {
    pub(super) fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    pub(super) fn begins_in_week(&self) -> bool {
        self.begin > -WEEK
    }

    pub(super) fn ended_in_week(&self) -> bool {
        self.ended.is_some_and(|ended| ended > -WEEK)
    }

    /// From when to when it had an effect, as far as the page's moment.
    pub(super) fn effect(&self) -> (f64, f64) {
        (self.begin, self.end.or(self.ended).unwrap_or(0.0))
    }

    /// With its number.
    pub(super) fn name(&self) -> String {
        format!("#{} {}", self.id, self.title)
    }
}

/// The incidents of the last weeks, the worst first, as they stood at the moment.
pub(super) fn incidents(moment: &Moment) -> Result<Found> {
    let at = &moment.sql;
    let seconds =
        |column: &str| format!("EXTRACT(epoch FROM i.{column} OPERATOR(pg_catalog.-) {at})::pg_catalog.float8");
    let days = (WEEKS + 1) * 7;
    let query = format!(
        "SELECT i.id, i.title, i.severity, i.owner, i.lead, i.assets,
    CASE WHEN i.ended_at OPERATOR(pg_catalog.<=) {at} THEN i.status
         WHEN i.mitigated_at OPERATOR(pg_catalog.<=) {at} THEN 'mitigated'
         WHEN i.acknowledged_at OPERATOR(pg_catalog.<=) {at} THEN 'acknowledged' ELSE 'open' END AS status,
    pg_catalog.to_char(i.started_at, 'YYYY-MM-DD HH24:MI') AS since, {} AS began,
    CASE WHEN i.mitigated_at OPERATOR(pg_catalog.<=) {at} THEN {} END AS mitigated,
    CASE WHEN i.ended_at OPERATOR(pg_catalog.<=) {at} THEN {} END AS ended,
    pg_catalog.to_char(i.ack_due_at, 'YYYY-MM-DD HH24:MI') AS acknowledge_by,
    pg_catalog.to_char(i.resolve_due_at, 'YYYY-MM-DD HH24:MI') AS resolve_by,
    i.ack_due_at OPERATOR(pg_catalog.<) {at} AS acknowledge_is_late, i.resolve_due_at OPERATOR(pg_catalog.<) {at} AS resolve_is_late,
    pg_catalog.count(*) OVER () AS \"all\"
FROM assay.incidents AS i
WHERE i.declared_at OPERATOR(pg_catalog.<=) {at} AND i.status OPERATOR(pg_catalog.<>) 'cancelled' AND i.merged_into IS NULL
  AND (COALESCE(i.ended_at, {at}) OPERATOR(pg_catalog.>) ({at} OPERATOR(pg_catalog.-) '{days} days'::pg_catalog.interval))
ORDER BY i.severity, i.started_at, i.id LIMIT {MOST}",
        seconds("started_at"),
        seconds("mitigated_at"),
        seconds("ended_at"),
    );
    let rows = read::rows(&query)?;
    let mut incidents = Vec::with_capacity(rows.len());
    for row in &rows {
        serve_interrupts();
        let text = |column: &str| row.text(column).unwrap_or_default();
        let due = |what: &str| Due {
            by: row.text(&format!("{what}_by")),
            has_passed: row.flag(&format!("{what}_is_late")),
        };
        incidents.push(Incident {
            id: row.count("id").unwrap_or(0),
            title: text("title"),
            severity: text("severity"),
            status: text("status"),
            owner: row.text("owner"),
            lead: row.text("lead"),
            assets: row.texts("assets"),
            since: text("since"),
            acknowledge: due("acknowledge"),
            resolve: due("resolve"),
            begin: row.number("began").unwrap_or(0.0),
            end: row.number("mitigated"),
            ended: row.number("ended"),
        });
    }
    Ok(Found {
        incidents,
        all: all_of(&rows),
    })
}

/// How much of a span others cover, each moment counted once.
pub(super) fn covered(spans: &[(f64, f64)], (begin, end): (f64, f64)) -> f64 {
    let mut within: Vec<(f64, f64)> = spans
        .iter()
        .map(|span| (span.0.max(begin), span.1.min(end)))
        .filter(|span| span.0 < span.1)
        .collect();
    within.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut covered = 0.0;
    let mut reached = begin;
    for (from, to) in within {
        covered += (to - from.max(reached)).max(0.0);
        reached = reached.max(to);
    }
    covered
}

/// A time in words.
pub(super) fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round().max(0.0) as i64;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours @ 1..48, 0) => format!("{hours} h"),
        (hours @ 1..48, minutes) => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} d {} h", hours / 24, hours % 24),
    }
}

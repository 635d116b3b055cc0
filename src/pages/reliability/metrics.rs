//! Response times, coverage, and assets without an owner.

use super::span::{WEEKS, duration};
use super::{Moment, all_of, left_out, read, section_of};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Table};

/// Assets without an owner that a page lists.
const UNOWNED: usize = 100;
const SEVERITIES: [&str; 4] = ["sev1", "sev2", "sev3", "sev4"];

/// A figure of `assay.reliability_metrics`.
struct Metric {
    name: String,
    severity: Option<String>,
    /// How many weeks before the page's moment its week began; `None` where it is of all of the time.
    week: Option<usize>,
    value: Option<f64>,
    count: Option<i64>,
}

fn metrics(moment: &Moment) -> Result<Vec<Metric>> {
    let at = &moment.sql;
    let zone = "pg_catalog.current_setting('TimeZone')";
    // From a Monday on, as the calendar begins.
    let from = format!(
        "(pg_catalog.date_trunc('week', {at}) OPERATOR(pg_catalog.-) '{} days'::pg_catalog.interval)",
        (WEEKS - 1) * 7
    );
    let query = format!(
        "SELECT m.metric, m.severity, m.value, m.n,
    (pg_catalog.date_trunc('week', {at})::pg_catalog.date OPERATOR(pg_catalog.-) m.week) OPERATOR(pg_catalog./) 7 AS weeks
FROM assay.reliability_metrics({from}, {at}, {zone}) AS m WHERE m.product IS NULL"
    );
    let metric = |row: &read::Row| Metric {
        name: row.text("metric").unwrap_or_default(),
        severity: row.text("severity"),
        week: row.count("weeks").and_then(|weeks| usize::try_from(weeks).ok()),
        value: row.number("value"),
        count: row.count("n"),
    };
    Ok(read::rows(&query)?.iter().map(metric).collect())
}

/// Times that people took, of all incidents and of each severity.
fn time_table(metrics: &[Metric]) -> Table {
    const TIMES: [&str; 3] = ["time_to_detect", "time_to_acknowledge", "time_to_resolve"];
    let mut columns = vec![Column::text("incidents", 12), Column::number("of")];
    for what in ["found", "acknowledged", "resolved"] {
        columns.push(Column::whole(&format!("{what} within"), 16));
        columns.push(Column::whole("75 % within", 16));
    }
    let mut table = Table::new("", columns);
    for severity in [None].into_iter().chain(SEVERITIES.map(Some)) {
        serve_interrupts();
        let of = |name: String| {
            let is = |metric: &&Metric| metric.name == name && metric.severity.as_deref() == severity;
            metrics.iter().find(is)
        };
        let time = |name: String| match of(name).and_then(|metric| metric.value) {
            Some(seconds) => Cell::Text(duration(seconds)),
            None => Cell::Empty,
        };
        let times: Vec<Cell> = TIMES
            .iter()
            .flat_map(|name| [time(format!("{name}_median")), time(format!("{name}_p75"))])
            .collect();
        let count = of("time_to_detect_median".into()).and_then(|metric| metric.count);
        if count.is_none_or(|count| count == 0) && times.iter().all(|cell| *cell == Cell::Empty) {
            continue;
        }
        let mut row = vec![Cell::text(severity.unwrap_or("all")), Cell::count(count)];
        row.extend(times);
        table.rows.push(row);
    }
    table.without_empty_columns()
}

/// How many incidents were declared in each week, by severity.
fn week_table(metrics: &[Metric]) -> Table {
    let columns = vec![
        Column::text("severity", 12),
        Column::number("incidents"),
        Column::number("this week"),
        Column::number("last week"),
        Column::text("week by week", WEEKS),
    ];
    let mut table = Table::new("Incidents by the week in which they were declared", columns);
    for severity in SEVERITIES {
        let mut weeks = [0.0; WEEKS];
        let is = |metric: &&Metric| metric.name == "incidents" && metric.severity.as_deref() == Some(severity);
        for metric in metrics.iter().filter(is) {
            let place = metric.week.and_then(|week| (WEEKS - 1).checked_sub(week));
            if let Some(sum) = place.and_then(|place| weeks.get_mut(place)) {
                *sum += metric.value.unwrap_or(0.0);
            }
        }
        let sum: f64 = weeks.iter().sum();
        if sum > 0.0 {
            table.rows.push(vec![
                Cell::text(severity),
                Cell::Figure(sum),
                Cell::Figure(weeks[WEEKS - 1]),
                Cell::Figure(weeks[WEEKS - 2]),
                Cell::Spark(weeks.to_vec()),
            ]);
        }
    }
    table
}

/// Shares of assets, and of incidents.
fn shares(metrics: &[Metric]) -> Vec<(String, Cell)> {
    const SHARES: [(&str, &str); 4] = [
        ("share_found_by_checks", "incidents that checks found before people"),
        ("share_of_assets_with_tests", "tables and views with tests"),
        ("share_of_assets_with_owner", "assets with an owner"),
        ("share_of_assets_with_sla", "assets with a service level"),
    ];
    let fact = |(name, said): (&str, &str)| {
        let metric = metrics.iter().find(|metric| metric.name == name)?;
        let share = metric.value?;
        Some((
            said.to_owned(),
            Cell::Text(format!(
                "{} of {}",
                algo::page::number::share(share),
                metric.count.map(algo::page::number::count).unwrap_or_default()
            )),
        ))
    };
    SHARES.into_iter().filter_map(fact).collect()
}

/// Assets that have no owner.
fn unowned() -> Result<Section> {
    let columns = vec![
        Column::text("asset", 70),
        Column::text("kind", 12),
        Column::text("priority", 8),
        Column::number("open issues"),
    ];
    let mut table = Table::new("", columns);
    let query = format!(
        "SELECT u.asset, u.kind, u.priority, u.open_issues, pg_catalog.count(*) OVER () AS \"all\" FROM assay.unowned_assets AS u
ORDER BY u.priority, u.open_issues DESC, u.asset LIMIT {UNOWNED}"
    );
    let rows = read::rows(&query)?;
    for row in &rows {
        let text = |column: &str| row.text(column).map_or(Cell::Empty, Cell::Text);
        let open = row.count("open_issues").filter(|&open| open > 0);
        table
            .rows
            .push(vec![text("asset"), text("kind"), text("priority"), Cell::count(open)]);
    }
    let mut section = section_of(
        "unowned",
        "Assets without an owner",
        table.without_empty_columns(),
        "Every asset has an owner.",
    );
    section
        .blocks
        .extend(left_out(rows.len(), all_of(&rows), "assets without an owner", ""));
    Ok(section)
}

pub(super) fn sections(moment: &Moment) -> Result<Vec<Section>> {
    let metrics = metrics(moment)?;
    let times = time_table(&metrics);
    let mut section = Section::new("metrics", "Response times and coverage");
    section.push(match times.rows.is_empty() {
        true => Block::missing("No incident was declared in the last twelve weeks."),
        false => Block::Table(times),
    });
    let weeks = week_table(&metrics);
    if !weeks.rows.is_empty() {
        section.push(Block::Table(weeks));
    }
    let shares = shares(&metrics);
    if !shares.is_empty() {
        section.push(Block::Facts(shares));
    }
    Ok(vec![section, unowned()?])
}

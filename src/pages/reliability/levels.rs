//! How well service levels are kept.

use super::{Moment, all_of, left_out, read, section_of};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::{Cell, Column, Section, Status, Table, number};

/// Service levels that a page lists.
const MOST: usize = 500;

pub(super) fn section(moment: &Moment) -> Result<Section> {
    let columns = vec![
        Column::text("target", 34),
        Column::text("objective", 50),
        Column::text("", 12),
        Column::number("attained"),
        Column::number("good"),
        Column::number("bad"),
        Column::number("not known"),
        Column::number("maintenance"),
        Column::number("budget left"),
        Column::text("", 20),
        Column::number("burn rate"),
        Column::number("lately"),
    ];
    let mut table = Table::new("", columns);
    let query = format!(
        "SELECT s.*, pg_catalog.count(*) OVER () AS \"all\" FROM assay.sla_status({}) AS s ORDER BY s.budget_left, s.id LIMIT {MOST}",
        moment.sql
    );
    let rows = read::rows(&query)?;
    for row in &rows {
        serve_interrupts();
        let text = |column: &str| row.text(column).unwrap_or_default();
        let left = row.number("budget_left");
        let promise = format!(
            "{} {} in {}, by {}",
            text("sli"),
            row.number("objective").map(number::set_share).unwrap_or_default(),
            text("period"),
            text("counted_by")
        );
        let status = match (row.flag("fast_burn"), row.json("met").as_bool()) {
            (true, _) => Cell::Status(Status::Bad, "burns fast".into()),
            (false, Some(true)) => Cell::Status(Status::Good, "kept".into()),
            (false, Some(false)) => Cell::Status(Status::Bad, "not kept".into()),
            (false, None) => Cell::Status(Status::Neutral, "not known".into()),
        };
        table.rows.push(vec![
            Cell::Text(text("target")),
            Cell::Text(promise),
            status,
            row.number("attained")
                .map_or(Cell::Empty, |attained| Cell::Text(number::nearly_all(attained))),
            Cell::count(row.count("good")),
            Cell::count(row.count("bad")),
            Cell::count(row.count("unknown")),
            Cell::count(row.count("excluded").filter(|&excluded| excluded > 0)),
            Cell::share(left),
            // What is used up has no bar.
            left.filter(|&left| left > 0.0)
                .map_or(Cell::Empty, |left| Cell::Bar(left.min(1.0))),
            Cell::figure(row.number("burn_rate").map(rounded)),
            Cell::figure(row.number("burn_rate_short").map(rounded)),
        ]);
    }
    let mut section = section_of(
        "levels",
        "Service levels",
        table.without_empty_columns(),
        "There is no service level yet; assay.add_sla adds one.",
    );
    section.blocks.extend(left_out(
        rows.len(),
        all_of(&rows),
        "service levels, those with the least budget",
        "",
    ));
    Ok(section)
}

/// A rate with two decimals.
fn rounded(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}

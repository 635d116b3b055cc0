//! How well promises are kept.

use super::{Moment, read, section_of};
use crate::pg::error::Result;
use algo::page::{Cell, Column, Section, Status, Table};

/// Service levels that a page lists.
const MOST: usize = 500;

pub(super) fn section(_moment: &Moment) -> Result<Vec<Section>> {
    if !read::is_known("sla_status")? {
        return Ok(Vec::new());
    }
    let columns = vec![
        Column::text("target", 34),
        Column::text("promise", 26),
        Column::text("", 10),
        Column::number("good"),
        Column::number("of"),
        Column::number("not known"),
        Column::number("budget left"),
        Column::text("", 20),
        Column::number("burn"),
        Column::number("burn lately"),
    ];
    let mut table = Table::new("", columns);
    for row in read::rows(&format!("SELECT s.* FROM assay.sla_status AS s LIMIT {MOST}"))? {
        let left = row.number("budget_left");
        table.rows.push(vec![
            Cell::text(row.text("target").unwrap_or_default()),
            Cell::Text(format!(
                "{} {}",
                row.text("sli").unwrap_or_default(),
                row.text("objective").unwrap_or_default()
            )),
            match (row.flag("fast_burn"), left) {
                (true, _) => Cell::Status(Status::Bad, "burns fast".into()),
                (false, Some(left)) if left <= 0.0 => Cell::Status(Status::Bad, "broken".into()),
                (false, Some(_)) => Cell::Status(Status::Good, "kept".into()),
                (false, None) => Cell::Status(Status::Neutral, "not known".into()),
            },
            Cell::figure(row.number("good")),
            Cell::figure(row.number("total")),
            Cell::figure(row.number("unknown")),
            Cell::share(left),
            left.map_or(Cell::Empty, |left| Cell::Bar(left.clamp(0.0, 1.0))),
            Cell::figure(row.number("burn_rate")),
            Cell::figure(row.number("burn_rate_short")),
        ]);
    }
    Ok(vec![section_of(
        "levels",
        "Service levels",
        table.without_empty_columns(),
        "Nothing is promised yet; assay.add_sla promises something.",
    )])
}

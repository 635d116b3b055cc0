//! How fast people are, what is watched over, and what nobody answers for.

use super::{Moment, read, section_of};
use crate::pg::error::Result;
use algo::page::{Cell, Column, Section, Table};

/// Assets without an owner that a page lists.
const UNOWNED: usize = 100;

pub(super) fn sections(_moment: &Moment) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    if read::is_known("unowned_assets")? {
        let mut table = Table::new("", vec![Column::text("asset", 70), Column::text("kind", 12)]);
        for row in read::rows(&format!("SELECT u.* FROM assay.unowned_assets AS u LIMIT {UNOWNED}"))? {
            let text = |column: &str| row.text(column).map_or(Cell::Empty, Cell::Text);
            table.rows.push(vec![text("asset"), text("kind")]);
        }
        sections.push(section_of(
            "unowned",
            "What nobody answers for",
            table,
            "Every asset of which something is recorded has an owner.",
        ));
    }
    Ok(sections)
}

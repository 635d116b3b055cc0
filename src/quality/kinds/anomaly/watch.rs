//! What is watched, over which time.

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;

use super::args::Anomaly;
use super::timeline::Timeline;
use crate::pg::query_row::OutputColumn;
use crate::quality::grouping::Group;
use algo::block::Kind;

/// What is needed to judge, once the rows are read.
pub struct Watch<'a> {
    pub args: &'a Anomaly,
    /// What the column's values are.
    pub kind: Kind,
    pub timeline: Timeline,
}

impl Watch<'_> {
    /// The bucket of a row, in local time.
    pub fn bucket(&self, column: &OutputColumn) -> Group {
        let bucket = self.args.bucket.name();
        Group {
            name: format!("{bucket}({})", column.name),
            sql: format!(
                "pg_catalog.date_trunc('{bucket}', q.{}::pg_catalog.timestamp)",
                quote_identifier(&column.name)
            ),
            type_oid: pg_sys::TIMESTAMPOID,
            type_name: "timestamp without time zone".into(),
        }
    }

    /// The condition that a row is in one of the buckets, and meets the check's own.
    pub fn within(&self, column: &OutputColumn, filter: Option<&str>) -> String {
        let value = format!("{}::pg_catalog.timestamp", quote_identifier(&column.name));
        let own = filter.map(|filter| format!("(\n{filter}\n) AND ")).unwrap_or_default();
        format!(
            "{own}{value} OPERATOR(pg_catalog.>=) {} AND {value} OPERATOR(pg_catalog.<) {}",
            self.timeline.from, self.timeline.until
        )
    }
}

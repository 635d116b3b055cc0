//! The service levels as they are stored, and their windows at a point in time.

use super::period::Period;
use super::terms::{self, Indicator, SECOND, Terms};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::reader::Value;
use crate::pg::tables;
use crate::reliability::target::Target;
use algo::reliability::budget::Objective;
use algo::reliability::intervals::Span;

/// A service level. Times are microseconds since 2000-01-01 00:00 UTC, as PostgreSQL has them.
pub struct Level {
    pub id: i64,
    pub asset: Option<i64>,
    pub product: Option<i64>,
    pub indicator: Indicator,
    pub objective: Objective,
    pub period: Period,
    pub terms: Terms,
    /// When it was added, or when its target was recorded, whichever was first.
    pub known_since: i64,
    pub added_at: i64,
    /// From when on it counts, where that was said.
    pub from: Option<i64>,
    /// The window at the time that was asked for: of the calendar's, all of it.
    pub window: Span,
}

/// A point in time as an expression of SQL.
pub fn at_sql(at: i64) -> String {
    format!(
        "('2000-01-01 00:00:00+00'::pg_catalog.timestamptz OPERATOR(pg_catalog.+) (({at})::pg_catalog.float8 OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval))"
    )
}

/// A point in time that a row has, in microseconds; that without end stands at the end of all numbers.
pub fn time(row: &Row<'_>, column: usize) -> Option<i64> {
    row.number(column).map(terms::micros)
}

/// A whole number that a row has.
pub fn whole(row: &Row<'_>, column: usize) -> Option<i64> {
    row.number(column).map(|number| number as i64)
}

pub fn text(row: &Row<'_>, column: usize) -> Option<String> {
    match row.value(column) {
        Value::Text(text) => Some(text.into_owned()),
        Value::Missing | Value::Number(_) | Value::Enum(_) | Value::Vector(_) => None,
    }
}

/// Runs a query on assay's own tables as their owner, whoever asks.
pub fn read(query: &str, receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
    tables::as_owner(|| {
        Query::new(query)?.interpreted().run(&mut |row| {
            serve_interrupts();
            receive(row)
        })
    })
}

impl Level {
    fn read(row: &Row<'_>, at: i64) -> Result<Level> {
        let id = whole(row, 0).unwrap_or(0);
        let damaged = |what: &str| {
            Error::new(INTERNAL, format!("service level {id} cannot be read"))
                .detail(format!("Its {what} is none that this release stores."))
                .hint("Drop it with assay.drop_sla, and add it again.")
        };
        let indicator = text(row, 3).and_then(|name| Indicator::of_name(&name));
        let period = text(row, 5).and_then(|period| Period::stored(&period));
        let period = period.ok_or_else(|| damaged("period"))?;
        let terms = text(row, 6).and_then(|options| serde_json::from_str(&options).ok());
        let window = match period {
            Period::Rolling(seconds) => Span::new(at.saturating_sub(terms::micros(seconds)), at),
            Period::Calendar(_) => match (time(row, 10), time(row, 11)) {
                (Some(from), Some(to)) => Span::new(from, to),
                (None, _) | (_, None) => return Err(damaged("period")),
            },
        };
        let added_at = time(row, 7).unwrap_or(at);
        Ok(Level {
            id,
            asset: whole(row, 1),
            product: whole(row, 2),
            indicator: indicator.ok_or_else(|| damaged("sli"))?,
            objective: (row.number(4).and_then(Objective::new)).ok_or_else(|| damaged("objective"))?,
            period,
            terms: terms.ok_or_else(|| damaged("options"))?,
            known_since: time(row, 8).map_or(added_at, |recorded| recorded.min(added_at)),
            added_at,
            from: time(row, 9),
            window,
        })
    }

    /// The end of what has been by then.
    pub fn until(&self, at: i64) -> i64 {
        self.window.to.min(at)
    }

    /// From when on its evidence is needed: of the window, of the windows of its burn rates, and before them as long as a result speaks.
    pub fn needed_since(&self, at: i64) -> i64 {
        let long = self.terms.pairs().iter().map(|pair| terms::micros(pair.long)).max();
        let slices = self.terms.slice().saturating_mul(2);
        let burning = at.saturating_sub(long.unwrap_or(0)).saturating_sub(slices);
        let begin = self.window.from.min(burning);
        begin.saturating_sub(self.terms.valid_for()).saturating_sub(SECOND)
    }

    pub fn target(&self) -> Result<Option<Target>> {
        Target::of_row(self.asset, self.product)
    }
}

/// All service levels, whoever asks, with their windows at a point in time.
pub fn all(at: i64) -> Result<Vec<Level>> {
    let now = at_sql(at);
    let mut levels = Vec::new();
    let query = format!(
        "SELECT s.id, s.asset_id, s.product_id, s.sli, s.objective, s.period, s.options::pg_catalog.text, s.added_at,
    COALESCE(a.added_at, p.added_at), (s.options OPERATOR(pg_catalog.->>) 'from')::pg_catalog.timestamptz,
    pg_catalog.timezone(z.name, w.begins), pg_catalog.timezone(z.name, w.begins OPERATOR(pg_catalog.+) w.length)
FROM assay.sla AS s
LEFT JOIN assay.asset AS a ON a.id OPERATOR(pg_catalog.=) s.asset_id
LEFT JOIN assay.data_product AS p ON p.id OPERATOR(pg_catalog.=) s.product_id
CROSS JOIN LATERAL (SELECT COALESCE(s.options OPERATOR(pg_catalog.->>) 'time_zone', 'UTC') AS name) AS z
CROSS JOIN LATERAL (SELECT CASE WHEN s.period OPERATOR(pg_catalog.=) ANY ('{{day,week,month,quarter,year}}') THEN s.period END AS unit) AS u
CROSS JOIN LATERAL (
    SELECT pg_catalog.date_trunc(u.unit, pg_catalog.timezone(z.name, {now})) AS begins,
           CASE WHEN u.unit OPERATOR(pg_catalog.=) 'quarter' THEN '3 months'::pg_catalog.interval
                ELSE ('1 ' OPERATOR(pg_catalog.||) u.unit)::pg_catalog.interval END AS length) AS w
ORDER BY s.id"
    );
    read(&query, &mut |row| {
        levels.push(Level::read(row, at)?);
        Ok(())
    })?;
    Ok(levels)
}

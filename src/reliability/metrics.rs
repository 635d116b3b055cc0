//! `reliability_metrics`: how fast people notice, take on and resolve what breaks, how often it does, and what is watched over at all.

use pgrx::datum::{Date, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::spi::quote_literal;

use super::service_levels::level::{self, at_sql, text, whole};
use super::service_levels::uptime;
use super::target::Target;
use crate::pg::error::{Result, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{role, tables, time_zone};
use algo::reliability::intervals::Span;

result_row! {
    /// A figure.
    struct MetricRow {
        metric: String,
        severity: Option<String>,
        product: Option<String>,
        week: Option<Date>,
        value: Option<f64>,
        n: i64,
    }
}

/// A figure as the queries below give it.
fn figure(row: &Row<'_>) -> MetricRow {
    // Days are counted from 2000-01-01.
    let week = row.number(3).and_then(|days| Date::try_from(days as i32).ok());
    MetricRow {
        metric: text(row, 0).unwrap_or_default(),
        severity: text(row, 1),
        product: text(row, 2),
        week,
        value: row.number(4),
        n: whole(row, 5).unwrap_or(0),
    }
}

/// A condition on incidents i: those that the caller may see, or all for who looks after the database.
fn visible() -> Result<String> {
    if role::is_steward() {
        return Ok("true".into());
    }
    let mut ids = Vec::new();
    if tables::exists(c"incidents") {
        Query::new("SELECT i.id FROM assay.incidents AS i")?.run(&mut |row| {
            ids.extend(whole(row, 0).map(|id| id.to_string()));
            Ok(())
        })?;
    }
    Ok(format!(
        "i.id OPERATOR(pg_catalog.=) ANY ('{{{}}}'::bigint[])",
        ids.join(",")
    ))
}

/// Of incidents that were declared within a window: how long it took, how many there were, and who found them.
fn of_incidents(window: Span, time_zone: &str, rows: &mut Vec<MetricRow>) -> Result<()> {
    let query = format!(
        "WITH incident AS MATERIALIZED (
    SELECT i.id, i.severity, i.started_at, i.declared_at, i.acknowledged_at,
           CASE WHEN i.status OPERATOR(pg_catalog.=) 'resolved' THEN i.ended_at END AS resolved_at,
           LEAST(i.declared_at, f.found_at) AS found_at,
           i.by_policy OR COALESCE(f.found_at OPERATOR(pg_catalog.<=) i.declared_at, false) AS by_checks
    FROM assay.incident AS i
    LEFT JOIN (SELECT s.incident_id, pg_catalog.min(s.started_at) AS found_at FROM assay.issue AS s
               WHERE s.incident_id IS NOT NULL GROUP BY s.incident_id) AS f ON f.incident_id OPERATOR(pg_catalog.=) i.id
    WHERE i.status OPERATOR(pg_catalog.<>) 'cancelled' AND i.merged_into IS NULL
      AND i.declared_at OPERATOR(pg_catalog.>=) {from} AND i.declared_at OPERATOR(pg_catalog.<) {to} AND {visible}),
taken AS (
    SELECT i.severity, t.metric, GREATEST(extract(epoch FROM t.until OPERATOR(pg_catalog.-) t.since)::pg_catalog.float8, 0) AS seconds
    FROM incident AS i
    CROSS JOIN LATERAL (VALUES ('time_to_detect', i.started_at, i.found_at), ('time_to_acknowledge', i.declared_at, i.acknowledged_at),
                               ('time_to_resolve', i.declared_at, i.resolved_at)) AS t(metric, since, until)
    WHERE t.until IS NOT NULL)
SELECT t.metric OPERATOR(pg_catalog.||) p.name, t.severity, NULL::pg_catalog.text, NULL::pg_catalog.date,
       CASE WHEN p.name OPERATOR(pg_catalog.=) '_median' THEN t.median ELSE t.p75 END, t.n
FROM (SELECT metric, severity, pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
             pg_catalog.percentile_cont(0.75) WITHIN GROUP (ORDER BY seconds) AS p75, pg_catalog.count(*) AS n
      FROM taken GROUP BY GROUPING SETS ((metric), (metric, severity))) AS t
CROSS JOIN (VALUES ('_median'), ('_p75')) AS p(name)
UNION ALL
SELECT 'incidents', i.severity, NULL::pg_catalog.text, pg_catalog.date_trunc('week', pg_catalog.timezone({zone}, i.declared_at))::pg_catalog.date,
       pg_catalog.count(*)::pg_catalog.float8, pg_catalog.count(*)
FROM incident AS i GROUP BY i.severity, 4
UNION ALL
SELECT 'share_found_by_checks', NULL, NULL, NULL::pg_catalog.date,
       pg_catalog.avg(CASE WHEN i.by_checks THEN 1::pg_catalog.float8 ELSE 0::pg_catalog.float8 END), pg_catalog.count(*)
FROM incident AS i
ORDER BY 1, 2, 4",
        from = at_sql(window.from),
        to = at_sql(window.to),
        visible = visible()?,
        zone = quote_literal(time_zone),
    );
    level::read(&query, &mut |row| {
        rows.push(figure(row));
        Ok(())
    })
}

/// Of the assets that the caller may know of: what share has tests, an owner, a service level.
fn of_assets(rows: &mut Vec<MetricRow>) -> Result<()> {
    // As the caller: the view asks who that is.
    let query = "SELECT m.metric, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.date,
       CASE WHEN m.n OPERATOR(pg_catalog.>) 0 THEN m.share OPERATOR(pg_catalog./) m.n::pg_catalog.float8 END, m.n
FROM (SELECT pg_catalog.count(*) AS assets, pg_catalog.count(*) FILTER (WHERE a.kind OPERATOR(pg_catalog.=) 'relation') AS relations,
             pg_catalog.count(*) FILTER (WHERE a.kind OPERATOR(pg_catalog.=) 'relation' AND a.has_tests)::pg_catalog.float8 AS tested,
             pg_catalog.count(*) FILTER (WHERE a.has_owner)::pg_catalog.float8 AS owned,
             pg_catalog.count(*) FILTER (WHERE a.has_sla)::pg_catalog.float8 AS promised
      FROM assay_internal.watched_asset AS a) AS t
CROSS JOIN LATERAL (VALUES ('share_of_assets_with_tests', t.tested, t.relations), ('share_of_assets_with_owner', t.owned, t.assets),
                           ('share_of_assets_with_sla', t.promised, t.assets)) AS m(metric, share, n)";
    Query::new(query)?.interpreted().run(&mut |row| {
        rows.push(figure(row));
        Ok(())
    })
}

/// The uptime of each data product that the caller may see.
fn of_products(window: Span, rows: &mut Vec<MetricRow>) -> Result<()> {
    let mut products = Vec::new();
    level::read(
        "SELECT p.id, p.name FROM assay.data_product AS p ORDER BY p.name",
        &mut |row| {
            products.extend(whole(row, 0).zip(text(row, 1)));
            Ok(())
        },
    )?;
    let mut seen = Vec::new();
    for (id, name) in products {
        let target = Target::of_row(None, Some(id))?;
        if target.map(|target| target.is_visible()).transpose()? == Some(true) {
            seen.push((id, name));
        }
    }
    if seen.is_empty() {
        return Ok(());
    }
    let targets: Vec<uptime::Numbers> = seen.iter().map(|&(id, _)| (None, Some(id))).collect();
    let grave = uptime::GRAVE.map(String::from);
    for ((_, name), (found, incidents)) in seen.into_iter().zip(uptime::of(&targets, window, &grave)?) {
        rows.push(MetricRow {
            metric: "uptime".into(),
            severity: None,
            product: Some(name),
            week: None,
            value: found.share(),
            n: incidents,
        });
    }
    Ok(())
}

/// `reliability_metrics(from, to, time_zone)`.
#[pg_extern(sql = false)]
fn reliability_metrics(
    from: Option<TimestampWithTimeZone>,
    to: Option<TimestampWithTimeZone>,
    time_zone: Option<Text>,
) -> SetOf<MetricRow> {
    let rows = || -> Result<Vec<MetricRow>> {
        let window = uptime::window(required("from", from)?, required("to", to)?)?;
        let time_zone = required("time_zone", time_zone)?;
        time_zone::require(&time_zone)?;
        let mut rows = Vec::new();
        of_incidents(window, &time_zone, &mut rows)?;
        of_products(window, &mut rows)?;
        of_assets(&mut rows)?;
        Ok(rows)
    };
    set_of(or_raise(rows()))
}

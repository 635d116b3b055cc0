//! When things were broken in the last twelve weeks: a calendar, one line per data product, and the incidents as spans.

use super::span::{DAY, HOUR, Incident, WEEKS, covered, duration};
use super::{Moment, left_out, read, section_of};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::chart::Plot;
use algo::page::heat::Heat;
use algo::page::timeline::{Span, Timeline};
use algo::page::{Block, Cell, Chart, Column, Section, Table, number};

/// Incidents whose spans are drawn.
const SPANS: usize = 40;
/// Products that have a line.
const PRODUCTS: usize = 40;

/// A day of the session's time zone, in seconds from the moment.
struct Day {
    name: String,
    begin: f64,
    end: f64,
}

/// The days from the first of twelve weeks to the last of this one.
fn days(moment: &Moment) -> Result<Vec<Day>> {
    let at = &moment.sql;
    let last = WEEKS * 7 - 1;
    let query = format!(
        "SELECT pg_catalog.to_char(d.begins, 'Mon FMDD') AS name,
    EXTRACT(epoch FROM d.begins OPERATOR(pg_catalog.-) {at})::pg_catalog.float8 AS begins,
    EXTRACT(epoch FROM d.ends OPERATOR(pg_catalog.-) {at})::pg_catalog.float8 AS ends
FROM pg_catalog.generate_series(0, {last}) AS n(day)
CROSS JOIN LATERAL (SELECT w.monday OPERATOR(pg_catalog.+) pg_catalog.make_interval(days => n.day) AS begins,
                           w.monday OPERATOR(pg_catalog.+) pg_catalog.make_interval(days => n.day OPERATOR(pg_catalog.+) 1) AS ends
                    FROM (SELECT pg_catalog.date_trunc('week', {at}) OPERATOR(pg_catalog.-) '{} days'::pg_catalog.interval AS monday) AS w) AS d
ORDER BY n.day",
        (WEEKS - 1) * 7
    );
    let day = |row: &read::Row| Day {
        name: row.text("name").unwrap_or_default(),
        begin: row.number("begins").unwrap_or(0.0),
        end: row.number("ends").unwrap_or(0.0),
    };
    Ok(read::rows(&query)?.iter().map(day).collect())
}

/// The hours of each day that spans cover; NaN of days to come.
fn hours(spans: &[(f64, f64)], days: &[Day]) -> Vec<f64> {
    let of = |day: &Day| match day.begin >= 0.0 {
        true => f64::NAN,
        // To the hundredth, as a page shows them.
        false => (covered(spans, (day.begin, day.end.min(0.0))) / HOUR * 100.0).round() / 100.0,
    };
    days.iter().map(of).collect()
}

/// Days of the week below each other, a column for each week.
fn by_weekday(spans: &[(f64, f64)], days: &[Day]) -> Heat {
    let hours = hours(spans, days);
    let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let row = |(weekday, name): (usize, &str)| {
        let values = hours.iter().skip(weekday).step_by(7).copied().collect();
        (name.to_owned(), values)
    };
    Heat {
        label: "hours, week by week".into(),
        columns: days.iter().step_by(7).map(|day| day.name.clone()).collect(),
        rows: names.into_iter().enumerate().map(row).collect(),
        most: DAY / HOUR,
    }
}

/// A data product, with its own assets.
struct Product {
    name: String,
    assets: Vec<String>,
}

fn products() -> Result<Vec<Product>> {
    let query = "SELECT p.name, p.inner_assets, p.outputs FROM assay.data_products AS p ORDER BY p.priority, p.name";
    let product = |row: &read::Row| Product {
        name: row.text("name").unwrap_or_default(),
        assets: [row.texts("inner_assets"), row.texts("outputs")].concat(),
    };
    Ok(read::rows(query)?.iter().map(product).collect())
}

/// The spans of incidents that touch one of some assets, or a column of it.
fn spans_of(incidents: &[Incident], assets: &[String]) -> Vec<(f64, f64)> {
    let is_of = |touched: &str, asset: &str| {
        let rest = touched.strip_prefix(asset);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let touches = |incident: &&Incident| {
        let mut touched = incident.assets.iter();
        touched.any(|touched| assets.iter().any(|asset| is_of(touched, asset)))
    };
    incidents.iter().filter(touches).map(Incident::effect).collect()
}

/// The hours of each day that incidents of each product took. Of many products those that had some come first, and no more than fit.
fn by_product(products: &[Product], incidents: &[Incident], days: &[Day]) -> Vec<(String, Vec<f64>)> {
    let row = |product: &Product| {
        serve_interrupts();
        let spans = spans_of(incidents, &product.assets);
        (product.name.clone(), hours(&spans, days))
    };
    let mut rows: Vec<(String, Vec<f64>)> = products.iter().map(row).collect();
    if rows.len() > PRODUCTS {
        let has_none = |(_, hours): &(String, Vec<f64>)| !hours.iter().any(|&hours| hours > 0.0);
        rows.sort_by_key(has_none);
        rows.truncate(PRODUCTS);
    }
    rows
}

fn timeline(incidents: &[&Incident], days: &[Day]) -> Timeline {
    let (begin, end) = match (days.first(), days.last()) {
        (Some(first), Some(last)) => (first.begin, last.end),
        _ => (-DAY, 0.0),
    };
    let share = |at: f64| (at - begin) / (end - begin);
    let span = |incident: &&Incident| {
        let (from, to) = incident.effect();
        let ended = match (incident.is_open(), incident.end) {
            (true, Some(_)) => format!("mitigated after {}", duration(to - from)),
            (true, None) => format!("open for {}", duration(to - from)),
            (false, _) => format!("over after {}", duration(to - from)),
        };
        Span {
            name: incident.name(),
            begin: share(from),
            end: share(to),
            is_open: incident.is_open(),
            said: format!("{}, since {}, {ended}", incident.severity, incident.since),
        }
    };
    Timeline {
        parts: days.iter().step_by(7).map(|day| day.name.clone()).collect(),
        spans: incidents.iter().map(span).collect(),
    }
}

/// How much of the time each product was up, as `assay.uptime` has it.
fn uptime_table(moment: &Moment) -> Result<Table> {
    let columns = vec![
        Column::text("product", 40),
        Column::text("priority", 8),
        Column::number("last 7 days"),
        Column::number("12 weeks"),
        Column::whole("down", 14),
        Column::whole("maintenance", 14),
        Column::number("incidents"),
    ];
    let mut table = Table::new("", columns);
    let at = &moment.sql;
    let seconds = |column: &str| format!("EXTRACT(epoch FROM q.{column})::pg_catalog.float8 AS {column}");
    let query = format!(
        "SELECT p.name, p.priority, w.uptime AS week, q.uptime AS weeks, {}, {}, q.incidents
FROM (SELECT d.name, d.priority FROM assay.data_products AS d ORDER BY d.priority, d.name LIMIT {PRODUCTS}) AS p
CROSS JOIN LATERAL assay.uptime('product:' OPERATOR(pg_catalog.||) p.name, {at} OPERATOR(pg_catalog.-) '7 days'::pg_catalog.interval, {at}) AS w
CROSS JOIN LATERAL assay.uptime('product:' OPERATOR(pg_catalog.||) p.name, {at} OPERATOR(pg_catalog.-) '{} days'::pg_catalog.interval, {at}) AS q
ORDER BY p.priority, p.name",
        seconds("down"),
        seconds("maintenance"),
        WEEKS * 7
    );
    for row in read::rows(&query)? {
        serve_interrupts();
        let text = |column: &str| row.text(column).map_or(Cell::Empty, Cell::Text);
        let time = |column: &str| match row.number(column) {
            Some(seconds) if seconds > 0.0 => Cell::Text(duration(seconds)),
            Some(_) | None => Cell::Empty,
        };
        let share = |column: &str| {
            row.number(column)
                .map_or(Cell::Empty, |share| Cell::Text(number::nearly_all(share)))
        };
        table.rows.push(vec![
            text("name"),
            text("priority"),
            share("week"),
            share("weeks"),
            time("down"),
            time("maintenance"),
            Cell::count(row.count("incidents")),
        ]);
    }
    Ok(table.without_empty_columns())
}

pub(super) fn sections(moment: &Moment, incidents: &[Incident]) -> Result<Vec<Section>> {
    let days = days(moment)?;
    let products = products()?;
    let all: Vec<(f64, f64)> = incidents.iter().map(Incident::effect).collect();
    let mut charts = vec![Chart::new(
        "Hours with an incident",
        "A column for each week, a row for each day of it; the fuller and darker, the more hours of the day had at least one incident.",
        Plot::Heat(by_weekday(&all, &days)),
    )];
    if !products.is_empty() {
        // Of the days the Mondays have a label.
        let label = |(place, day): (usize, &Day)| match place % 7 {
            0 => day.name.clone(),
            _ => String::new(),
        };
        let heat = Heat {
            label: "hours, day by day".into(),
            columns: days.iter().enumerate().map(label).collect(),
            rows: by_product(&products, incidents, &days),
            most: DAY / HOUR,
        };
        charts.push(Chart::new(
            "Hours with an incident, by product",
            "A column for each day of twelve weeks; incidents of what a product is made of, without its inputs.",
            Plot::Heat(heat),
        ));
    }
    let mut section = Section::new("calendar", "The last twelve weeks").with(Block::Charts(charts));
    let shown = products.len().min(PRODUCTS);
    section.blocks.extend(left_out(
        shown,
        products.len(),
        "data products, those with incidents first",
        "",
    ));
    let mut sections = vec![section];
    let mut latest: Vec<&Incident> = incidents.iter().collect();
    latest.sort_by(|a, b| (b.is_open().cmp(&a.is_open())).then(b.begin.total_cmp(&a.begin)));
    latest.truncate(SPANS);
    let mut section = Section::new("incidents", "Incidents");
    section.push(match latest.is_empty() {
        true => Block::missing("There was no incident in the last twelve weeks."),
        false => Block::Chart(Chart::new(
            "From when to when",
            "Open ones first, then the latest: from when it began to when its effect was over.",
            Plot::Timeline(timeline(&latest, &days)),
        )),
    });
    section
        .blocks
        .extend(left_out(latest.len(), incidents.len(), "incidents", ""));
    sections.push(section);
    let mut section = section_of(
        "uptime",
        "Uptime of data products",
        uptime_table(moment)?,
        "There is no data product yet; assay.add_data_product adds one.",
    );
    section.blocks.extend(left_out(
        shown,
        products.len(),
        "data products, by priority and name",
        "",
    ));
    sections.push(section);
    Ok(sections)
}

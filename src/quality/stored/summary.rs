//! `check_summary(relation, width)`: how each stored check stands by its last run, in a table that is no wider than a terminal.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INTERNAL, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Prose;
use crate::quality::finding::AGES;
use crate::quality::finding::segment_text;
use algo::wrap::{width, wrap};

result_row! {
    /// How a check stands, in its relation or in one segment.
    struct SummaryRow {
        name: Prose,
        segment: Option<Prose>,
        status: Prose,
        rows: Option<i64>,
        message: Prose,
    }
}

/// What the last run of a check found, in its relation or in one segment, as the views show it to the caller.
#[derive(Deserialize)]
pub struct Last {
    pub check_id: i64,
    pub relation: String,
    pub name: String,
    pub kind: String,
    pub column_name: Option<String>,
    pub args: Option<Json>,
    pub filter: Option<String>,
    pub severity: String,
    pub runs_as: Option<String>,
    pub run_at: Option<String>,
    enabled: bool,
    pub segment: Option<Map<String, Json>>,
    status: Option<String>,
    metric: Option<String>,
    value: Option<String>,
    threshold: Option<String>,
    rows_evaluated: Option<i64>,
    pub rows_failed: Option<i64>,
    message: Option<String>,
}

/// The checks that the caller may know of, with the results of their last runs that it may see.
const LAST: &str = "SELECT pg_catalog.jsonb_build_object('check_id', c.check_id, 'relation', c.relation, 'name', c.name,
    'kind', c.kind, 'column_name', c.column_name, 'args', c.args, 'filter', c.\"where\", 'severity', c.severity, 'runs_as', c.runs_as,
    'run_at', pg_catalog.to_char(h.run_at, 'YYYY-MM-DD HH24:MI TZH:TZM'), 'enabled', c.enabled, 'segment', h.segment,
    'status', h.status, 'metric', h.metric, 'value', h.value::pg_catalog.text, 'threshold', h.threshold,
    'rows_evaluated', h.rows_evaluated, 'rows_failed', h.rows_failed, 'message', h.message)::pg_catalog.text,
    c.relation::pg_catalog.oid::pg_catalog.int8
FROM assay.checks AS c
LEFT JOIN LATERAL (SELECT pg_catalog.max(r.run_at) AS run_at FROM assay.check_history AS r WHERE r.check_id OPERATOR(pg_catalog.=) c.check_id)
    AS l ON true
LEFT JOIN assay.check_history AS h ON h.check_id OPERATOR(pg_catalog.=) c.check_id AND h.run_at OPERATOR(pg_catalog.=) l.run_at
ORDER BY c.check_id, h.segment";

/// The least width of a page.
const NARROWEST: usize = 60;

/// `check_summary(relation, width)`.
#[pg_extern(sql = false)]
fn check_summary(relation: Option<Oid>, width: Option<i32>) -> SetOf<SummaryRow> {
    set_of(or_raise((|| {
        let width = required("width", width)?;
        let most = usize::try_from(width).unwrap_or(0);
        if most < NARROWEST {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("argument \"width\" is {width}, but must be at least {NARROWEST}"),
            )
            .hint("Give the columns that the terminal has."));
        }
        let last = last_results(relation)?;
        Ok(lay_out(&last, relation.is_none(), most))
    })()))
}

/// How the checks of a relation, or of all, stood at their last runs: the worst first.
pub fn last_results(relation: Option<Oid>) -> Result<Vec<Last>> {
    let mut last: Vec<Last> = Vec::new();
    Query::new(LAST)?.run(&mut |row| {
        serve_interrupts();
        let is_wanted = |oid: f64| relation.is_none_or(|relation| f64::from(relation.to_u32()) == oid);
        if let (Value::Text(found), Value::Number(oid)) = (row.value(0), row.value(1))
            && is_wanted(oid)
        {
            last.push(serde_json::from_str(&found).map_err(|problem| {
                Error::new(INTERNAL, "a result cannot be read").detail(format!("The problem is: {problem}."))
            })?);
        }
        Ok(())
    })?;
    // Those alike by relation, and as they came by check and segment.
    last.sort_by(|a, b| (a.place(), &a.relation).cmp(&(b.place(), &b.relation)));
    Ok(last)
}

impl Last {
    /// How it stands, in a word.
    pub fn status(&self) -> &str {
        match (&self.status, self.enabled) {
            (_, false) => "disabled",
            (None, true) => "not run",
            (Some(status), true) => status,
        }
    }

    /// The place of its status among all from the worst to the best.
    fn place(&self) -> usize {
        const ORDER: [&str; 7] = ["error", "fail", "warn", "not run", "skipped", "pass", "disabled"];
        ORDER.iter().position(|status| *status == self.status()).unwrap_or(0)
    }

    /// The segment, in words.
    pub fn segment_text(&self) -> Option<String> {
        let segment = self.segment.as_ref().filter(|_| self.enabled)?;
        Some(segment_text(segment))
    }

    /// What was found, in a sentence.
    pub fn message(&self) -> String {
        let more = self.message.as_deref().unwrap_or_default();
        let is_age = self.metric.as_deref().is_some_and(|metric| AGES.contains(&metric)) && !more.is_empty();
        let figure = || {
            let value = self.value.as_deref().unwrap_or("nothing");
            format!("{} is {value}", self.metric.as_deref().unwrap_or("it"))
        };
        let but = || format!("but must be {}", self.threshold.as_deref().unwrap_or("otherwise"));
        let found = match (self.status(), self.rows_failed, self.rows_evaluated) {
            ("disabled", ..) => return String::new(),
            ("not run", ..) => return "no result of it is kept that you may see".into(),
            ("error" | "skipped", ..) => return more.into(),
            (_, Some(0), _) => String::new(),
            (_, Some(failed), Some(rows)) => format!("{failed} of {rows} rows fail"),
            ("pass", ..) if is_age => return more.into(),
            ("pass", ..) => figure(),
            _ if is_age => return format!("{more}, {}", but()),
            _ => format!("{}, {}", figure(), but()),
        };
        let parts: Vec<&str> = [found.as_str(), more]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("; ")
    }
}

/// Breaks what is too long for a page of so many columns, as psql prints it: a bar and two blanks between columns, a blank at either end.
fn lay_out(last: &[Last], with_relation: bool, most: usize) -> Vec<SummaryRow> {
    const BARS: usize = 14;
    let name = |last: &Last| match with_relation {
        true => format!("{}: {}", last.relation, last.name),
        false => last.name.clone(),
    };
    let widest = |header: &str, of: &dyn Fn(&Last) -> usize| last.iter().map(of).max().unwrap_or(0).max(width(header));
    let digits = |last: &Last| last.rows_failed.map_or(0, |rows| rows.to_string().len());
    let status = widest("status", &|last| last.status().len());
    let room = most.saturating_sub(BARS + status + widest("rows", &digits));
    // The message has half of what is left, and what the others do not need.
    let segments = widest("segment", &|last| {
        last.segment_text().map_or(0, |segment| width(&segment))
    });
    let segments = segments.min((room / 4).max(7));
    let names = widest("name", &|last| width(&name(last))).min((room / 2).saturating_sub(segments));
    let message = room.saturating_sub(segments + names);
    let rows = last.iter().map(|last| SummaryRow {
        name: wrap(&name(last), names).into(),
        segment: last.segment_text().map(|text| wrap(&text, segments).into()),
        status: last.status().into(),
        rows: last.rows_failed.filter(|_| last.enabled),
        message: wrap(&last.message(), message).into(),
    });
    rows.collect()
}

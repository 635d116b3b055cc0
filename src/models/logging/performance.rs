//! `performance(model, bucket, ...)`: how well logged decisions did, by time, version and slice, and how well they may be expected to have done.

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::pg_sys;
use pgrx::spi::quote_literal;
use serde_json::Value as Json;

use super::group::{Groups, Judged};
use super::keyed;
use super::{manages, require_tables, visible_batches};
use crate::models::registry::{self, Entry, Privilege};
use crate::pg::error::{Error, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_COLUMN, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::tables;
use crate::pg::text::Text;
use algo::monitor::Monitor;

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;
/// What decisions can be put together by, as `date_trunc` knows it.
const BUCKETS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];

/// Which decisions are asked about.
struct Asked {
    model: Entry,
    bucket: String,
    group_by: Vec<String>,
    maturity: Option<Interval>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
}

/// A moment in SQL.
pub(super) fn moment(at: TimestampWithTimeZone) -> String {
    /// Seconds from 1970 to 2000, from which PostgreSQL counts.
    const EPOCH: f64 = 946_684_800.0;
    match pg_sys::TimestampTz::from(at) {
        i64::MIN => "'-infinity'::pg_catalog.timestamptz".into(),
        i64::MAX => "'infinity'::pg_catalog.timestamptz".into(),
        microseconds => format!("pg_catalog.to_timestamp({:?})", microseconds as f64 / 1e6 + EPOCH),
    }
}

impl Asked {
    /// The statement that gives each decision with what came of it. Labels are never looked for by their model alone, as the planner would where it
    /// knows nothing of the tables yet: for each decision all labels would be looked at.
    fn statement(&self, manages: bool) -> String {
        let mature = match &self.maturity {
            None => "true".into(),
            Some(age) => format!(
                "p.at OPERATOR(pg_catalog.<=) (pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(months => {}, days => {}, secs => {:?}))",
                age.months(),
                age.days(),
                age.micros() as f64 / 1e6
            ),
        };
        let segment = match &self.group_by[..] {
            [] => "NULL::pg_catalog.text".into(),
            columns => {
                let names: Vec<String> = columns.iter().map(quote_literal).collect();
                let pairs: Vec<String> = (names.iter())
                    .map(|name| format!("{name}, p.segment OPERATOR(pg_catalog.->) {name}"))
                    .collect();
                format!(
                    "CASE WHEN p.segment OPERATOR(pg_catalog.?&) ARRAY[{}]::pg_catalog.text[] THEN pg_catalog.jsonb_build_object({})::pg_catalog.text END",
                    names.join(", "),
                    pairs.join(", ")
                )
            }
        };
        format!(
            "SELECT pg_catalog.date_trunc({bucket}, p.at), b.version, {segment}, p.score, p.class, COALESCE(p.effective_decision, p.decision),
       p.probabilities, l.label, l.value, {mature}, p.expected_error, p.expected_squared_error
FROM assay.prediction AS p
JOIN assay.prediction_batch AS b ON b.id OPERATOR(pg_catalog.=) p.batch_id AND b.model_id OPERATOR(pg_catalog.=) p.model_id
LEFT JOIN assay.prediction_label AS l
    ON l.key OPERATOR(pg_catalog.=) p.key AND (l.model_id OPERATOR(pg_catalog.+) 0) OPERATOR(pg_catalog.=) p.model_id AND l.replaced_at IS NULL
   AND l.recorded_at OPERATOR(pg_catalog.>=) p.at
WHERE p.model_id OPERATOR(pg_catalog.=) {model} AND {visible}{period}",
            bucket = quote_literal(&self.bucket),
            model = self.model.id,
            visible = visible_batches(manages),
            period = self.period(),
        )
    }

    /// Whether there are so many decisions that statistics must not choose how labels are joined to them: of a model that has just begun they know nothing yet,
    /// and a plan for a few decisions takes the square of their number.
    fn has_many(&self) -> Result<bool> {
        const FEW: usize = 1000;
        let text = format!(
            "SELECT 1 FROM assay.prediction AS p WHERE p.model_id OPERATOR(pg_catalog.=) {}{} LIMIT {}",
            self.model.id,
            self.period(),
            FEW + 1
        );
        let mut found = 0;
        Query::new(&text)?.run(&mut |_| {
            found += 1;
            Ok(())
        })?;
        Ok(found > FEW)
    }

    /// The condition on the time of decisions.
    fn period(&self) -> String {
        let bound = |at: Option<TimestampWithTimeZone>, operator: &str| {
            at.map_or(String::new(), |at| {
                format!(" AND p.at OPERATOR(pg_catalog.{operator}) {}", moment(at))
            })
        };
        bound(self.since, ">=") + &bound(self.until, "<")
    }

    /// What became of the decisions, group by group. Returns an error for a slice by columns that no decision has kept.
    fn judge(&self) -> Result<Vec<Judged>> {
        let statement = Foreground::new()?;
        let text = self.statement(manages(&self.model)?);
        let mut groups = Groups::of(&self.model)?;
        let (mut rows, mut kept) = (0_u64, self.group_by.is_empty());
        tables::as_owner(|| {
            tables::allow_memory();
            if self.has_many()? {
                tables::join_at_once();
            }
            Query::new(&text)?.run(&mut |row| {
                kept |= groups.push(row)?;
                rows += 1;
                if rows.is_multiple_of(LOOK) {
                    statement.check()?;
                }
                Ok(())
            })
        })?;
        if rows > 0 && !kept {
            return Err(Error::new(
                UNDEFINED_COLUMN,
                format!(
                    "no logged decision of model \"{}\" has kept {}",
                    self.model.name,
                    self.group_by.join(", ")
                ),
            )
            .hint("Name columns that assay.log_predictions was told to keep: keep => '{region}'."));
        }
        groups.judge(&statement)
    }
}

result_row! {
    /// A metric of the decisions of one version, in one stretch of time and one slice.
    struct PerformanceRow {
        bucket: TimestampWithTimeZone,
        version: i32,
        segment: Option<Json>,
        rows: i64,
        labelled: i64,
        metric: &'static str,
        value: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        estimated: Option<f64>,
        estimated_low: Option<f64>,
        estimated_high: Option<f64>,
        estimated_labelled: Option<f64>,
        mature: i64,
        labelled_share: Option<f64>,
        note: Option<String>,
        labellable: i64,
        estimated_labellable: Option<f64>,
    }
}

/// A group's rows of the result.
fn rows_of(judged: Judged) -> Result<Vec<PerformanceRow>> {
    let bucket = judged.group.bucket;
    let segment: Option<Json> = judged
        .group
        .segment
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let row = |metric: &super::group::Metric| -> Result<PerformanceRow> {
        let bucket = TimestampWithTimeZone::try_from(bucket)
            .map_err(|problem| Error::new(INTERNAL, format!("a decision's time is none: {problem:?}")))?;
        let end = |ends: Option<[f64; 2]>, end: usize| ends.map(|ends| ends[end]).filter(|end| end.is_finite());
        Ok(PerformanceRow {
            bucket,
            version: judged.group.version,
            segment: segment.clone(),
            rows: judged.rows as i64,
            labelled: judged.labelled as i64,
            metric: metric.name,
            value: metric.value,
            low: end(metric.interval, 0),
            high: end(metric.interval, 1),
            estimated: metric.estimated,
            estimated_low: end(metric.estimated_interval, 0),
            estimated_high: end(metric.estimated_interval, 1),
            estimated_labelled: metric.estimated_labelled,
            mature: judged.mature as i64,
            labelled_share: (judged.labellable > 0).then(|| judged.labelled as f64 / judged.labellable as f64),
            note: judged.note.clone(),
            labellable: judged.labellable as i64,
            estimated_labellable: metric.estimated_labellable,
        })
    };
    judged.metrics.iter().map(row).collect()
}

pub(super) fn check_bucket(bucket: &str) -> Result<()> {
    match BUCKETS.contains(&bucket) {
        true => Ok(()),
        false => Err(Error::new(INVALID_PARAMETER, format!("bucket cannot be \"{bucket}\""))
            .hint(format!("It is one of {}.", BUCKETS.join(", ")))),
    }
}

pub(super) fn check_maturity(maturity: Option<&Interval>) -> Result<()> {
    match maturity.is_some_and(|age| age.is_negative()) {
        true => Err(Error::new(INVALID_PARAMETER, "argument \"maturity\" is negative")
            .hint("Give the age from which on decisions are judged, such as '90 days'.")),
        false => Ok(()),
    }
}

/// `performance(model, bucket, group_by, maturity, since, until)`.
#[pg_extern(sql = false)]
fn performance(
    model: Option<Text>,
    bucket: Option<Text>,
    group_by: Option<Vec<Option<Text>>>,
    maturity: Option<Interval>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
) -> SetOf<PerformanceRow> {
    let judged = || -> Result<Vec<PerformanceRow>> {
        require_tables()?;
        let model = required("model", model.as_deref())?;
        let bucket = bucket.as_deref().unwrap_or("day");
        check_bucket(bucket)?;
        check_maturity(maturity.as_ref())?;
        let asked = Asked {
            model: registry::open(model, Privilege::Predict)?,
            bucket: bucket.into(),
            group_by: keyed::names("group_by", group_by)?,
            maturity,
            since,
            until,
        };
        let rows = asked.judge()?.into_iter().map(rows_of).collect::<Result<Vec<_>>>()?;
        Ok(rows.into_iter().flatten().collect())
    };
    set_of(or_raise(judged()))
}

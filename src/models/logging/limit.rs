//! Limits of a model's performance: within which a metric of its logged decisions has to stay, and whether it does.

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::spi::quote_literal;

use super::performance::{check_bucket, check_maturity, moment};
use super::require_tables;
use crate::models::registry::{self, Entry, Privilege};
use crate::pg::catalog;
use crate::pg::catalog_row::CatalogRow;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{read_only, role, snapshot, tables};
use crate::quality::finding::short;
use crate::reliability::issues::finding::{Finding, Source, Status};
use crate::reliability::{clock, issues};
use algo::metrics::Metric;

/// What a metric of a model has to stay within.
struct Limit {
    model: i64,
    metric: String,
    lowest: Option<f64>,
    highest: Option<f64>,
    bucket: String,
    maturity: Option<Interval>,
    /// The bucket that was judged last, and what that came to.
    judged: Option<(TimestampWithTimeZone, String)>,
}

impl Limit {
    fn read(row: &CatalogRow) -> Result<Option<Limit>> {
        let (at, status) = (row.get(9)?, row.get(10)?);
        Ok(Some(Limit {
            model: row.require(1)?,
            metric: row.require(2)?,
            lowest: row.get(3)?,
            highest: row.get(4)?,
            bucket: row.require(5)?,
            maturity: row.get(6)?,
            judged: at.zip(status),
        }))
    }

    /// What a value comes to. Where chance alone may have taken it beyond a limit nothing is known: that takes its whole interval beyond it.
    fn judge(&self, value: Option<f64>, low: Option<f64>, high: Option<f64>) -> Status {
        let Some(value) = value else {
            return Status::Skipped;
        };
        let (is_low, is_high) = (
            self.lowest.is_some_and(|limit| value < limit),
            self.highest.is_some_and(|limit| value > limit),
        );
        let is_shown = (is_low && self.lowest.is_some_and(|limit| high.unwrap_or(value) < limit))
            || (is_high && self.highest.is_some_and(|limit| low.unwrap_or(value) > limit));
        match (is_low || is_high, is_shown) {
            (false, _) => Status::Pass,
            (true, true) => Status::Fail,
            (true, false) => Status::Skipped,
        }
    }

    /// The limits in words.
    fn describe(&self) -> String {
        match (self.lowest, self.highest) {
            (Some(low), Some(high)) => format!("between {} and {}", short(low), short(high)),
            (Some(low), None) => format!("at least {}", short(low)),
            (None, Some(high)) => format!("at most {}", short(high)),
            (None, None) => "anything".into(),
        }
    }
}

result_row! {
    /// How a metric stands with its limit.
    struct LimitRow {
        model: String,
        metric: String,
        bucket: Option<TimestampWithTimeZone>,
        version: Option<i32>,
        labelled: Option<i64>,
        value: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        lowest: Option<f64>,
        highest: Option<f64>,
        status: &'static str,
    }
}

/// A bucket as the result has it.
#[derive(Default)]
struct Bucket {
    start: Option<TimestampWithTimeZone>,
    version: Option<i32>,
    labelled: Option<i64>,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// An age in SQL.
fn interval(age: &Interval) -> String {
    format!(
        "pg_catalog.make_interval(months => {}, days => {}, secs => {:?})",
        age.months(),
        age.days(),
        age.micros() as f64 / 1e6
    )
}

/// The last bucket with decisions of which all are as old as the limit wants at a time, and what the metric is there: of the version that is deployed
/// where that made some of them, else of the one that made most.
fn last_bucket(model: &Entry, limit: &Limit, at: TimestampWithTimeZone) -> Result<Bucket> {
    let bucket = quote_literal(&limit.bucket);
    let age = limit
        .maturity
        .as_ref()
        .map_or("'0'::pg_catalog.interval".into(), interval);
    let step = match limit.bucket.as_str() {
        "quarter" => "'3 months'".into(),
        other => quote_literal(format!("1 {other}")),
    };
    let last = format!(
        "SELECT EXTRACT(epoch FROM pg_catalog.date_trunc({bucket}, p.at))::pg_catalog.float8
FROM assay.prediction AS p
WHERE (p.model_id OPERATOR(pg_catalog.=) {})
  AND (p.at OPERATOR(pg_catalog.<) pg_catalog.date_trunc({bucket}, {} OPERATOR(pg_catalog.-) {age}))
ORDER BY p.at DESC LIMIT 1",
        model.id,
        moment(at)
    );
    let number = |value: Value<'_>| match value {
        Value::Number(number) => Some(number),
        Value::Missing | Value::Text(_) | Value::Enum(_) | Value::Vector(_) => None,
    };
    let mut start = None;
    tables::as_owner(|| {
        Query::new(&last)?.run(&mut |row| {
            start = number(row.value(0));
            Ok(())
        })
    })?;
    let Some(seconds) = start else {
        return Ok(Bucket::default());
    };
    let since = format!("pg_catalog.to_timestamp({seconds:?})");
    let judged = format!(
        "SELECT p.bucket, p.version, p.labelled, p.value, p.low, p.high
FROM assay.performance({}, {bucket}, since => {since}, until => {since} OPERATOR(pg_catalog.+) {step}::pg_catalog.interval) AS p
WHERE p.metric OPERATOR(pg_catalog.=) {}
ORDER BY p.version OPERATOR(pg_catalog.=) {} DESC, p.rows DESC, p.version DESC LIMIT 1",
        quote_literal(&model.name),
        quote_literal(&limit.metric),
        model.deployed.unwrap_or(0),
    );
    let mut found = Bucket::default();
    Query::new(&judged)?.run(&mut |row| {
        /// Timestamps are read as seconds since 2000.
        fn time(seconds: f64) -> Option<TimestampWithTimeZone> {
            TimestampWithTimeZone::try_from((seconds * 1e6).round() as i64).ok()
        }
        found = Bucket {
            start: number(row.value(0)).and_then(time),
            version: number(row.value(1)).map(|number| number as i32),
            labelled: number(row.value(2)).map(|number| number as i64),
            value: number(row.value(3)),
            low: number(row.value(4)),
            high: number(row.value(5)),
        };
        Ok(())
    })?;
    Ok(found)
}

/// What became of a limit, for its row, and for its issue unless that has heard of it.
fn check(model: &Entry, limit: &Limit, at: TimestampWithTimeZone) -> Result<(LimitRow, Option<Finding>)> {
    let bucket = last_bucket(model, limit, at)?;
    let status = limit.judge(bucket.value, bucket.low, bucket.high);
    let name = match status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Warn | Status::Error | Status::Skipped => "skipped",
    };
    let is_known = |start: TimestampWithTimeZone| {
        let same = |(judged, status): &(TimestampWithTimeZone, String)| *judged == start && status == name;
        limit.judged.as_ref().is_some_and(same)
    };
    let finding = match bucket.start {
        Some(start) if !is_known(start) => {
            let value = bucket.value.map_or("nothing".into(), short);
            let message = format!("{} is {value}, but must be {}.", limit.metric, limit.describe());
            let message = (status == Status::Fail).then_some(message);
            tables::as_owner(|| {
                tables::write(
                    "UPDATE assay.performance_limit SET judged_bucket = $3, judged_status = $4
                     WHERE model_id OPERATOR(pg_catalog.=) $1 AND metric OPERATOR(pg_catalog.=) $2",
                    &[
                        limit.model.into(),
                        limit.metric.as_str().into(),
                        start.into(),
                        name.into(),
                    ],
                )
            })?;
            Some(Finding::of_model(
                model,
                Source::Performance,
                &limit.metric,
                status,
                message,
            ))
        }
        Some(_) | None => None,
    };
    let row = LimitRow {
        model: model.name.clone(),
        metric: limit.metric.clone(),
        bucket: bucket.start,
        version: bucket.version,
        labelled: bucket.labelled,
        value: bucket.value,
        low: bucket.low,
        high: bucket.high,
        lowest: limit.lowest,
        highest: limit.highest,
        status: name,
    };
    Ok((row, finding))
}

/// `check_performance(model, at)`.
#[pg_extern(sql = false)]
fn check_performance(model: Option<Text>, at: Option<TimestampWithTimeZone>) -> SetOf<LimitRow> {
    read_only::require_writable(c"assay.check_performance()");
    let check_all = || -> Result<Vec<LimitRow>> {
        require_tables()?;
        let at = required("at", at)?;
        clock::of("at", at)?;
        let wanted = model
            .map(|model| registry::open(&model, Privilege::Manage))
            .transpose()?;
        let mut limits = Vec::new();
        catalog::visit::<()>(c"performance_limit", |row| {
            limits.extend(Limit::read(row)?);
            Ok(None)
        })?;
        limits.sort_by(|a, b| (a.model, &a.metric).cmp(&(b.model, &b.metric)));
        let (mut rows, mut findings) = (Vec::new(), Vec::new());
        for limit in limits {
            let model = match &wanted {
                Some(wanted) if wanted.id == limit.model => Some(wanted.clone()),
                Some(_) => None,
                None => registry::by_id(limit.model)?,
            };
            let Some(model) = model else { continue };
            if wanted.is_none() && !registry::may(&model, Privilege::Manage)? {
                continue;
            }
            let (row, finding) = check(&model, &limit, at)?;
            rows.push(row);
            findings.extend(finding);
        }
        issues::keep_all(findings, at)?;
        rows.sort_by(|a, b| (&a.model, &a.metric).cmp(&(&b.model, &b.metric)));
        Ok(rows)
    };
    set_of(or_raise(check_all()))
}

/// `set_performance_limit(model, metric, lowest, highest, bucket, maturity)`.
#[pg_extern(sql = false)]
fn set_performance_limit(
    model: Option<Text>,
    metric: Option<Text>,
    lowest: Option<f64>,
    highest: Option<f64>,
    bucket: Option<Text>,
    maturity: Option<Interval>,
) {
    read_only::require_writable(c"assay.set_performance_limit()");
    let set = || -> Result<()> {
        require_tables()?;
        let model = registry::open(&required("model", model)?, Privilege::Manage)?;
        let metric: Metric = required("metric", metric)?.parse()?;
        let bucket = required("bucket", bucket)?;
        check_bucket(&bucket)?;
        check_maturity(maturity.as_ref())?;
        check_limits(lowest, highest)?;
        let keys: [crate::pg::cell::Parameter; 2] = [model.id.into(), metric.name().into()];
        if lowest.is_none() && highest.is_none() {
            tables::as_owner(|| {
                tables::write(
                    "DELETE FROM assay.performance_limit WHERE model_id OPERATOR(pg_catalog.=) $1 AND metric OPERATOR(pg_catalog.=) $2",
                    &keys,
                )
            })?;
            // Nothing is broken that nobody asks for any more.
            let over = Finding::of_model(&model, Source::Performance, metric.name(), Status::Pass, None);
            return issues::keep_all(vec![over], snapshot::time()?);
        }
        let by = role::name_of(role::current());
        let [id, name] = keys;
        tables::as_owner(|| {
            tables::write(
                "INSERT INTO assay.performance_limit (model_id, metric, lowest, highest, bucket, maturity, set_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (model_id, metric) DO UPDATE SET lowest = excluded.lowest, highest = excluded.highest, bucket = excluded.bucket,
                     maturity = excluded.maturity, set_by = excluded.set_by, set_at = excluded.set_at, judged_bucket = NULL, judged_status = NULL",
                &[
                    id,
                    name,
                    lowest.into(),
                    highest.into(),
                    String::from(bucket).into(),
                    maturity.into(),
                    by.into(),
                ],
            )
        })
    };
    or_raise(set())
}

fn check_limits(lowest: Option<f64>, highest: Option<f64>) -> Result<()> {
    let wrong = |problem: &str| {
        Error::new(INVALID_PARAMETER, problem).hint("Give numbers, lowest less than highest; both NULL for no limit.")
    };
    if [lowest, highest].into_iter().flatten().any(|limit| !limit.is_finite()) {
        return Err(wrong("a limit of performance is not finite"));
    }
    match lowest.zip(highest) {
        Some((low, high)) if low >= high => Err(wrong("no value is within the limits of performance")
            .detail(format!("The lowest is {low}, the highest {high}."))),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(lowest: Option<f64>, highest: Option<f64>) -> Limit {
        Limit {
            model: 1,
            metric: "roc_auc".into(),
            lowest,
            highest,
            bucket: "day".into(),
            maturity: None,
            judged: None,
        }
    }

    #[test]
    fn a_metric_fails_where_its_whole_interval_is_beyond_the_limit() {
        let least = limit(Some(0.7), None);
        assert_eq!(least.judge(Some(0.6), Some(0.5), Some(0.69)), Status::Fail);
        assert_eq!(least.judge(Some(0.6), Some(0.5), Some(0.7)), Status::Skipped);
        assert_eq!(least.judge(Some(0.7), Some(0.5), Some(0.8)), Status::Pass);
        assert_eq!(least.judge(Some(0.6), None, None), Status::Fail);
        assert_eq!(least.judge(None, None, None), Status::Skipped);
        let most = limit(None, Some(10.0));
        assert_eq!(most.judge(Some(12.0), Some(10.1), Some(14.0)), Status::Fail);
        assert_eq!(most.judge(Some(12.0), Some(9.9), Some(14.0)), Status::Skipped);
        let both = limit(Some(0.0), Some(1.0));
        assert_eq!(both.judge(Some(-1.0), Some(-1.5), Some(-0.5)), Status::Fail);
        assert_eq!(both.judge(Some(0.5), None, None), Status::Pass);
    }

    #[test]
    fn limits_leave_room_for_a_value() {
        assert!(check_limits(Some(0.1), Some(0.2)).is_ok());
        assert!(check_limits(None, None).is_ok());
        for (low, high) in [
            (Some(1.0), Some(1.0)),
            (Some(f64::NAN), None),
            (None, Some(f64::INFINITY)),
        ] {
            assert!(check_limits(low, high).is_err(), "{low:?} {high:?}");
        }
    }
}

//! The figure over time, for each segment: from the rows themselves, or from what runs of the check have found before.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use pgrx::spi::quote_literal;
use serde_json::Value as Json;

use super::args::Metric;
use super::watch::Watch;
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::{role, tables};
use crate::quality::kinds::answer::{Answer, SegmentTally};
use crate::quality::spec::Spec;
use algo::anomaly::Point;
use algo::block::Kind;
use algo::scan::{Constant, Measure, Segment, Tally};

/// A series, and what it has in the bucket that is judged.
pub struct Series {
    pub segment: Option<Json>,
    pub past: Vec<Point>,
    /// `None` where there is no figure.
    pub value: Option<f64>,
    pub rows: u64,
    pub nulls: u64,
}

/// The figure of a tally; `None` where there is none, or no finite one.
fn figure(watch: &Watch<'_>, tally: &Tally) -> Option<f64> {
    let metric = watch.args.metric;
    let value = match (metric, tally.measure()) {
        (Metric::RowCount, _) => Some(tally.rows as f64),
        (Metric::NullFraction, _) => (tally.rows > 0).then(|| tally.failed as f64 / tally.rows as f64),
        (Metric::Mean, Measure::Moments(moments, _)) => moments.mean(),
        (Metric::Sum, Measure::Moments(_, sum)) => Some(sum.value()),
        (Metric::Stddev, Measure::Moments(moments, _)) => moments.stddev(),
        (Metric::Min, Measure::Moments(moments, _)) => moments.min(),
        (Metric::Max, Measure::Moments(moments, _)) => moments.max(),
        (Metric::Median, Measure::Profile(profile)) => profile.quantile(0.5),
        (Metric::DistinctCount, Measure::Profile(profile)) => Some(profile.report().distinct),
        (Metric::Freshness, Measure::Latest(latest)) => latest.map(|latest| match watch.kind {
            Kind::Date => watch.timeline.now.1 - latest as f64 * 86_400.0,
            Kind::TimestampTz => watch.timeline.now.0 - latest as f64 / 1e6,
            _ => watch.timeline.now.1 - latest as f64 / 1e6,
        }),
        _ => None,
    };
    value.filter(|value| value.is_finite())
}

fn nulls(watch: &Watch<'_>, tally: &Tally) -> u64 {
    match watch.args.metric {
        Metric::NullFraction => tally.failed,
        _ => tally.nulls,
    }
}

/// Points of the past: the buckets that have a value.
fn points(watch: &Watch<'_>, value: impl Fn(i64) -> Option<f64>) -> Vec<Point> {
    let past = watch.timeline.split().map_or(&[][..], |(past, _)| past);
    past.iter()
        .filter_map(|bucket| {
            Some(Point {
                value: value(bucket.start)?,
                weekday: bucket.weekday,
                hour: bucket.hour,
                excluded: bucket.excluded,
            })
        })
        .collect()
}

/// The series of the rows, which were grouped by bucket last. Before the first row there is nothing; a bucket without rows after it
/// counts none.
pub fn of_rows(watch: &Watch<'_>, answer: &Answer<'_>) -> Vec<Series> {
    let tested = watch.timeline.split().map_or(0, |(_, tested)| tested.start);
    let mut groups: Vec<(Option<Segment>, HashMap<i64, &Tally>)> = Vec::new();
    for segment in &answer.segments {
        let Some((Some(Constant::Integer(start)), values)) = segment.values.and_then(|values| values.split_last())
        else {
            continue;
        };
        let values = (!answer.grouping.groups.is_empty()).then(|| values.to_vec());
        // Segments are sorted, so that equal ones stand together.
        if groups.last().is_none_or(|(last, _)| *last != values) {
            groups.push((values, HashMap::new()));
        }
        if let Some((_, tallies)) = groups.last_mut() {
            tallies.insert(*start, segment.tally);
        }
    }
    if groups.is_empty() && answer.grouping.groups.is_empty() {
        groups.push((None, HashMap::new()));
    }
    let zero = watch.args.metric.is_zero_without_rows().then_some(0.0);
    let series = |(segment, tallies): (Option<Segment>, HashMap<i64, &Tally>)| {
        let first = tallies.keys().min().copied().unwrap_or(i64::MAX);
        let value = |start: i64| match tallies.get(&start) {
            Some(tally) => figure(watch, tally),
            None => zero.filter(|_| start > first),
        };
        let now = tallies.get(&tested);
        Series {
            segment: segment.map(|segment| answer.grouping.json(&segment)),
            past: points(watch, value),
            value: match now {
                Some(tally) => figure(watch, tally),
                None => zero,
            },
            rows: now.map_or(0, |tally| tally.rows),
            nulls: now.map_or(0, |tally| nulls(watch, tally)),
        }
    };
    groups.into_iter().map(series).collect()
}

/// The series of the runs of the check, of which the last one in a bucket counts. A segment that is no longer there counts no row.
pub fn of_runs(spec: &Spec, watch: &Watch<'_>, answer: &Answer<'_>) -> Result<Vec<Series>> {
    let mut known = runs(spec, watch)?;
    let mut series = Vec::with_capacity(answer.segments.len());
    for SegmentTally { values, tally } in &answer.segments {
        let segment = values.map(|values| answer.grouping.json(values));
        let key = segment.as_ref().map(Json::to_string).unwrap_or_default();
        let values = known.remove(&key).unwrap_or_default();
        series.push(Series {
            segment,
            past: points(watch, |start| values.get(&start).copied()),
            value: figure(watch, tally),
            rows: tally.rows,
            nulls: nulls(watch, tally),
        });
    }
    if watch.args.metric.is_zero_without_rows() {
        for (segment, values) in known {
            series.push(Series {
                segment: serde_json::from_str(&segment).ok(),
                past: points(watch, |start| values.get(&start).copied()),
                value: Some(0.0),
                rows: 0,
                nulls: 0,
            });
        }
    }
    Ok(series)
}

/// What runs have found: for each segment, as JSON or the empty text, the values by bucket. Only runs as the same role saw the same
/// rows.
fn runs(spec: &Spec, watch: &Watch<'_>) -> Result<BTreeMap<String, HashMap<i64, f64>>> {
    let mut known: BTreeMap<String, HashMap<i64, f64>> = BTreeMap::new();
    let Some(id) = spec.id else { return Ok(known) };
    let role = role::current().to_u32();
    let sql = format!(
        "SELECT DISTINCT ON (segment, bucket) segment::pg_catalog.text, bucket, value
FROM (SELECT h.segment, pg_catalog.date_trunc({}, h.run_at::pg_catalog.timestamp) AS bucket, h.value, h.run_at, h.id
    FROM assay.quality_history AS h
    WHERE h.check_id OPERATOR(pg_catalog.=) {id} AND h.ran_as::pg_catalog.oid OPERATOR(pg_catalog.=) {role}::pg_catalog.oid
        AND h.run_at OPERATOR(pg_catalog.>=) ({})::pg_catalog.timestamptz AND h.value IS NOT NULL
        AND h.status OPERATOR(pg_catalog.<>) 'error') AS run
ORDER BY segment, bucket, run_at DESC, id DESC",
        quote_literal(watch.args.bucket.name()),
        watch.timeline.from
    );
    tables::as_owner(|| {
        Query::new(&sql)?.run(&mut |row| {
            let segment = match row.value(0) {
                Value::Text(text) => {
                    serde_json::from_str::<Json>(&text).map_or(text.into_owned(), |json| json.to_string())
                }
                _ => String::new(),
            };
            if let (Value::Number(start), Value::Number(value)) = (row.value(1), row.value(2))
                && value.is_finite()
            {
                known
                    .entry(segment)
                    .or_default()
                    .insert((start * 1e6).round() as i64, value);
            }
            Ok(())
        })
    })?;
    Ok(known)
}

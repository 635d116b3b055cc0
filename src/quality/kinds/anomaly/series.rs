//! The figure over time, for each segment: from the rows themselves, or from what runs of the check have found before.

use std::collections::{BTreeMap, BTreeSet};

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
use algo::anomaly::{Arrival, Feed, Point};
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
    /// Whether there are no rows where there always were some, and nobody has accepted that.
    pub is_dead: bool,
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

/// What is known of a bucket of the past.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The figure; `None` where there is none.
    value: Option<f64>,
    /// Whether there were rows; `None` where that is not known.
    rows: Option<bool>,
}

/// The past of one segment, and when rows come.
struct Past {
    points: Vec<Point>,
    feed: Feed,
}

impl Past {
    /// Of the buckets before the one that is judged. Those without rows where rows are to be expected are not learned from: a failure does not
    /// become usual by lasting.
    fn new(watch: &Watch<'_>, known: impl Fn(i64) -> Known) -> Past {
        let buckets = watch.timeline.split().map_or(&[][..], |(past, _)| past);
        let arrivals: Vec<Arrival> = buckets
            .iter()
            .map(|bucket| Arrival {
                weekday: bucket.weekday,
                hour: bucket.hour,
                rows: known(bucket.start)
                    .rows
                    .filter(|_| !bucket.excluded && !bucket.in_incident),
            })
            .collect();
        let feed = Feed::new(&arrivals, watch.args.bucket.season());
        let points = buckets.iter().filter_map(|bucket| {
            let Known { value, rows } = known(bucket.start);
            Some(Point {
                value: value?,
                weekday: bucket.weekday,
                hour: bucket.hour,
                excluded: bucket.excluded
                    || bucket.in_incident
                    || rows == Some(false) && feed.expects_rows(bucket.weekday, bucket.hour),
            })
        });
        Past {
            points: points.collect(),
            feed,
        }
    }

    /// Whether the bucket that is judged should have rows.
    fn expects_rows(&self, watch: &Watch<'_>) -> bool {
        let tested = watch.timeline.split().map(|(_, tested)| tested);
        tested.is_some_and(|tested| self.feed.expects_rows(tested.weekday, tested.hour))
    }
}

/// The key of a segment among what runs have found.
fn key(segment: Option<&Json>) -> String {
    segment.map(Json::to_string).unwrap_or_default()
}

/// The series of the rows, which were grouped by bucket last. Before the first row there is nothing; a bucket without rows after it
/// counts none.
pub fn of_rows(spec: &Spec, watch: &Watch<'_>, answer: &Answer<'_>) -> Result<Vec<Series>> {
    let mut dead = dead(spec, watch)?;
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
    let mut series = Vec::with_capacity(groups.len());
    for (segment, tallies) in groups {
        let first = match watch.timeline.is_accepted {
            // What was accepted may be that no row comes.
            true => i64::MIN,
            false => tallies.keys().min().copied().unwrap_or(i64::MAX),
        };
        let past = Past::new(watch, |start| match tallies.get(&start) {
            Some(tally) => Known {
                value: figure(watch, tally),
                rows: Some(true),
            },
            None if start > first => Known {
                value: zero,
                rows: Some(false),
            },
            None => Known::default(),
        });
        let now = tallies.get(&tested);
        let segment = segment.map(|segment| answer.grouping.json(&segment));
        let was_dead = dead.remove(&key(segment.as_ref()));
        series.push(Series {
            value: match now {
                Some(tally) => figure(watch, tally),
                None => zero,
            },
            rows: now.map_or(0, |tally| tally.rows),
            nulls: now.map_or(0, |tally| nulls(watch, tally)),
            is_dead: now.is_none() && (was_dead || past.expects_rows(watch)),
            past: past.points,
            segment,
        });
    }
    series.extend(
        dead.into_iter()
            .map(|segment| Series::gone(&segment, Vec::new(), zero, true)),
    );
    Ok(series)
}

/// The series of the runs of the check, of which the last one in a bucket counts. A segment that is no longer there counts no row.
pub fn of_runs(spec: &Spec, watch: &Watch<'_>, answer: &Answer<'_>) -> Result<Vec<Series>> {
    let (mut known, mut dead) = (runs(spec, watch)?, dead(spec, watch)?);
    let mut series = Vec::with_capacity(answer.segments.len());
    let past = |found: &HashMap<i64, Known>| Past::new(watch, |start| found.get(&start).copied().unwrap_or_default());
    for SegmentTally { values, tally } in &answer.segments {
        let segment = values.map(|values| answer.grouping.json(values));
        let key = key(segment.as_ref());
        let past = past(&known.remove(&key).unwrap_or_default());
        let was_dead = dead.remove(&key);
        series.push(Series {
            segment,
            value: figure(watch, tally),
            rows: tally.rows,
            nulls: nulls(watch, tally),
            is_dead: tally.rows == 0 && (was_dead || past.expects_rows(watch)),
            past: past.points,
        });
    }
    let zero = watch.args.metric.is_zero_without_rows().then_some(0.0);
    for segment in dead.iter().filter(|&segment| !known.contains_key(segment)) {
        series.push(Series::gone(segment, Vec::new(), zero, true));
    }
    for (segment, found) in known {
        let past = past(&found);
        let is_dead = dead.contains(&segment) || past.expects_rows(watch);
        // Of another figure than a count there is nothing to say without rows, unless there should be some.
        if zero.is_some() || is_dead {
            series.push(Series::gone(&segment, past.points, zero, is_dead));
        }
    }
    Ok(series)
}

impl Series {
    /// Of a segment, written as JSON, that has no rows any more.
    fn gone(segment: &str, past: Vec<Point>, value: Option<f64>, is_dead: bool) -> Series {
        Series {
            segment: serde_json::from_str(segment).ok(),
            past,
            value,
            rows: 0,
            nulls: 0,
            is_dead,
        }
    }
}

/// The segments, as JSON or the empty text, that had no rows in the last run where there should have been some, unless that was accepted since.
/// Their past with rows may be longer ago than what is learned from.
fn dead(spec: &Spec, watch: &Watch<'_>) -> Result<BTreeSet<String>> {
    let mut dead = BTreeSet::new();
    // Another moment than now is not the one after the last run.
    let (Some(id), None) = (spec.id, &watch.args.at) else {
        return Ok(dead);
    };
    let since = match &spec.acceptance {
        Some(acceptance) => quote_literal(&acceptance.at),
        None => "'-infinity'".into(),
    };
    let of_check = format!(
        "h.check_id OPERATOR(pg_catalog.=) {id} AND h.ran_as::pg_catalog.oid OPERATOR(pg_catalog.=) {}::pg_catalog.oid
    AND h.run_at OPERATOR(pg_catalog.>) {since}::pg_catalog.timestamptz",
        role::current().to_u32()
    );
    let sql = format!(
        "SELECT h.segment::pg_catalog.text FROM assay.quality_history AS h
WHERE {of_check} AND h.rows_evaluated OPERATOR(pg_catalog.=) 0 AND h.threshold OPERATOR(pg_catalog.=) {}
    AND h.run_at OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(h.run_at) FROM assay.quality_history AS h WHERE {of_check})",
        quote_literal(SOME_ROWS)
    );
    tables::as_owner(|| {
        Query::new(&sql)?.run(&mut |row| {
            dead.insert(segment_of(row.value(0)));
            Ok(())
        })
    })?;
    Ok(dead)
}

/// What a bucket without rows is compared with where it should have some.
pub const SOME_ROWS: &str = "> 0 rows";

/// A segment's key, read from the history.
fn segment_of(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => serde_json::from_str::<Json>(&text).map_or(text.into_owned(), |json| json.to_string()),
        _ => String::new(),
    }
}

/// What runs have found: for each segment, as JSON or the empty text, what is known by bucket. Only runs as the same role saw the same
/// rows.
fn runs(spec: &Spec, watch: &Watch<'_>) -> Result<BTreeMap<String, HashMap<i64, Known>>> {
    let mut known: BTreeMap<String, HashMap<i64, Known>> = BTreeMap::new();
    let Some(id) = spec.id else { return Ok(known) };
    let role = role::current().to_u32();
    let sql = format!(
        "SELECT DISTINCT ON (segment, bucket) segment::pg_catalog.text, bucket, value, rows_evaluated::pg_catalog.float8
FROM (SELECT h.segment, pg_catalog.date_trunc({}, h.run_at::pg_catalog.timestamp) AS bucket, h.value, h.rows_evaluated, h.run_at, h.id
    FROM assay.quality_history AS h
    WHERE h.check_id OPERATOR(pg_catalog.=) {id} AND h.ran_as::pg_catalog.oid OPERATOR(pg_catalog.=) {role}::pg_catalog.oid
        AND h.run_at OPERATOR(pg_catalog.>=) ({})::pg_catalog.timestamptz AND (h.value IS NOT NULL OR h.rows_evaluated OPERATOR(pg_catalog.=) 0)
        AND h.status OPERATOR(pg_catalog.<>) 'error') AS run
ORDER BY segment, bucket, run_at DESC, id DESC",
        quote_literal(watch.args.bucket.name()),
        watch.timeline.from
    );
    tables::as_owner(|| {
        Query::new(&sql)?.run(&mut |row| {
            let number = |column| match row.value(column) {
                Value::Number(number) if number.is_finite() => Some(number),
                _ => None,
            };
            if let Some(start) = number(1) {
                let found = Known {
                    value: number(2),
                    rows: number(3).map(|rows| rows > 0.0),
                };
                let of_segment = known.entry(segment_of(row.value(0))).or_default();
                of_segment.insert((start * 1e6).round() as i64, found);
            }
            Ok(())
        })
    })?;
    Ok(known)
}

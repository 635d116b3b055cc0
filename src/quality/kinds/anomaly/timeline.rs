//! The buckets of time that points stand for, in the session's time zone. The calendar is PostgreSQL's.

use pgrx::spi::quote_literal;

use super::args::{Anomaly, is_date};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::tables;
use crate::quality::spec::Acceptance;

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its beginning in local time: microseconds since 2000-01-01.
    pub start: i64,
    /// 0 is Monday.
    pub weekday: u8,
    pub hour: u8,
    /// Whether it touches a period that is to be left out.
    pub excluded: bool,
    /// Whether it touches the time of an incident: it is judged, but not learned from.
    pub in_incident: bool,
}

/// The buckets that a point is judged by, and its own.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// From the oldest; the last is the one that is judged.
    pub buckets: Vec<Bucket>,
    /// Where the first begins and the last ends, as literals of type timestamp.
    pub from: String,
    pub until: String,
    /// The bucket that is judged, for people.
    pub tested: String,
    /// Now, in seconds since 2000-01-01: by UTC, and in local time.
    pub now: (f64, f64),
    /// Whether somebody accepted what was found up to the bucket that is judged: what came before is not learned from.
    pub is_accepted: bool,
}

/// The most buckets.
const MOST: f64 = 10_000.0;
/// 2000-01-01 in seconds since 1970.
const EPOCH_2000: f64 = 946_684_800.0;

impl Timeline {
    /// Of the arguments, for the check of a number. With a column of time the bucket that is judged is the last one that is over, else the running
    /// one. What was so while an incident of the check's relation lasted is not learned from. Returns an error with 22023, and PostgreSQL's errors for
    /// texts that are no times pass through.
    pub fn new(args: &Anomaly, acceptance: Option<&Acceptance>, check: Option<i64>) -> Result<Timeline> {
        tables::as_owner(|| Timeline::read(args, acceptance, check))
    }

    fn read(args: &Anomaly, acceptance: Option<&Acceptance>, check: Option<i64>) -> Result<Timeline> {
        let step = format!(
            "{}::pg_catalog.interval",
            quote_literal(format!("1 {}", args.bucket.name()))
        );
        let Range {
            first,
            last,
            until,
            tested,
            now,
            is_accepted,
        } = Range::read(args, &step, acceptance)?;
        let literal = |text: &str| format!("{}::pg_catalog.timestamp", quote_literal(text));
        let mut buckets = Vec::new();
        let series = format!(
            "SELECT b, extract(isodow FROM b)::pg_catalog.float8, extract(hour FROM b)::pg_catalog.float8, {}, {}
FROM pg_catalog.generate_series({}, {}, {step}) AS b ORDER BY b",
            excluded(args, &step),
            in_incident(check, &step),
            literal(&first),
            literal(&last)
        );
        Query::new(&series)?.run(&mut |row| {
            let numbers = [0, 1, 2, 3, 4].map(|column| match row.value(column) {
                Value::Number(number) => Some(number),
                _ => None,
            });
            if let [
                Some(start),
                Some(weekday),
                Some(hour),
                Some(excluded),
                Some(in_incident),
            ] = numbers
            {
                buckets.push(Bucket {
                    start: (start * 1e6).round() as i64,
                    weekday: (weekday - 1.0) as u8,
                    hour: hour as u8,
                    excluded: excluded != 0.0,
                    in_incident: in_incident != 0.0,
                });
            }
            Ok(())
        })?;
        Ok(Timeline {
            buckets,
            from: literal(&first),
            until: literal(&until),
            tested,
            now: (now.0 - EPOCH_2000, now.1 - EPOCH_2000),
            is_accepted,
        })
    }

    /// The buckets of the past, and the one that is judged.
    pub fn split(&self) -> Option<(&[Bucket], &Bucket)> {
        self.buckets.split_last().map(|(tested, past)| (past, tested))
    }
}

/// From when to when the buckets go, in local time.
struct Range {
    /// The beginnings of the first bucket and of the last, and where the last ends.
    first: String,
    last: String,
    until: String,
    /// The last bucket, for people.
    tested: String,
    /// Now, in seconds since 1970: by UTC, and in local time.
    now: (f64, f64),
    /// Whether somebody accepted what was found from some bucket up to the last.
    is_accepted: bool,
}

impl Range {
    /// `step` is the length of a bucket, in SQL. What was accepted from a later bucket on than the last one does not count yet.
    fn read(args: &Anomaly, step: &str, acceptance: Option<&Acceptance>) -> Result<Range> {
        let unit = quote_literal(args.bucket.name());
        let period = args.training_period.as_deref().unwrap_or(args.bucket.training_period());
        let (at, back) = match (&args.at, &args.timestamp_column) {
            (Some(at), _) => (format!("{}::pg_catalog.timestamptz", quote_literal(at)), step),
            (None, Some(_)) => ("pg_catalog.statement_timestamp()".to_string(), step),
            (None, None) => (
                "pg_catalog.statement_timestamp()".to_string(),
                "'0'::pg_catalog.interval",
            ),
        };
        let shape = match args.bucket.name() {
            "hour" => "YYYY-MM-DD HH24:MI",
            _ => "YYYY-MM-DD",
        };
        let accepted = match acceptance {
            Some(acceptance) => format!("{}::pg_catalog.timestamptz", quote_literal(&acceptance.from)),
            None => "NULL::pg_catalog.timestamptz".into(),
        };
        let bounds = format!(
            "SELECT pg_catalog.to_char(first, 'YYYY-MM-DD HH24:MI:SS'), pg_catalog.to_char(tested, 'YYYY-MM-DD HH24:MI:SS'),
    pg_catalog.to_char(tested OPERATOR(pg_catalog.+) {step}, 'YYYY-MM-DD HH24:MI:SS'), pg_catalog.to_char(tested, '{shape}'),
    extract(epoch FROM tested OPERATOR(pg_catalog.-) period_begins)::pg_catalog.float8
        OPERATOR(pg_catalog./) extract(epoch FROM {step})::pg_catalog.float8,
    extract(epoch FROM pg_catalog.statement_timestamp())::pg_catalog.float8,
    extract(epoch FROM pg_catalog.statement_timestamp()::pg_catalog.timestamp)::pg_catalog.float8,
    ((accepted OPERATOR(pg_catalog.<=) tested) IS TRUE)::pg_catalog.int4::pg_catalog.float8
FROM (SELECT *, CASE WHEN accepted OPERATOR(pg_catalog.<=) tested AND accepted OPERATOR(pg_catalog.>) period_begins THEN accepted
                     ELSE period_begins END AS first
    FROM (SELECT tested, accepted, pg_catalog.date_trunc({unit}, tested OPERATOR(pg_catalog.-) {period}::pg_catalog.interval) AS period_begins
        FROM (SELECT pg_catalog.date_trunc({unit}, ({at})::pg_catalog.timestamp) OPERATOR(pg_catalog.-) {back} AS tested,
                pg_catalog.date_trunc({unit}, {accepted}::pg_catalog.timestamp) AS accepted) AS last
    ) AS period
) AS bounds",
            period = quote_literal(period),
        );
        let mut texts: [Option<String>; 4] = Default::default();
        let mut numbers = [f64::NAN; 4];
        Query::new(&bounds)?.run(&mut |row| {
            for (place, text) in texts.iter_mut().enumerate() {
                if let Value::Text(value) = row.value(place) {
                    *text = Some(value.into_owned());
                }
            }
            for (place, number) in numbers.iter_mut().enumerate() {
                if let Value::Number(value) = row.value(4 + place) {
                    *number = value;
                }
            }
            Ok(())
        })?;
        let ([Some(first), Some(last), Some(until), Some(tested)], [buckets, utc, local, accepted]) = (texts, numbers)
        else {
            return Err(Error::new(INVALID_PARAMETER, "at or training_period is not finite")
                .hint("Give a point in time, and an interval such as 28 days."));
        };
        // Months differ in length, so the number of them is not exact.
        if !(buckets.round() >= args.min_points as f64 && buckets <= MOST) {
            return Err(Error::new(INVALID_PARAMETER, "training_period is out of range")
                .detail(format!("It is {period}, in buckets of a {}.", args.bucket.name()))
                .hint(format!(
                    "It must hold at least min_points buckets, which are {}, and at most {MOST}.",
                    args.min_points
                )));
        }
        Ok(Range {
            first,
            last,
            until,
            tested,
            now: (utc, local),
            is_accepted: accepted == 1.0,
        })
    }
}

/// The condition in SQL that a bucket b touches one of the excluded periods. A date as the end of one is that whole day.
fn excluded(args: &Anomaly, step: &str) -> String {
    let periods: Vec<String> = args
        .exclude
        .iter()
        .map(|(from, to)| {
            let local = |text: &str| format!("{}::pg_catalog.timestamptz::pg_catalog.timestamp", quote_literal(text));
            let before_end = match is_date(to) {
                true => format!(
                    "b OPERATOR(pg_catalog.<) ({} OPERATOR(pg_catalog.+) '1 day'::pg_catalog.interval)",
                    local(to)
                ),
                false => format!("b OPERATOR(pg_catalog.<=) {}", local(to)),
            };
            format!(
                "({before_end} AND b OPERATOR(pg_catalog.+) {step} OPERATOR(pg_catalog.>) {})",
                local(from)
            )
        })
        .collect();
    match periods.as_slice() {
        [] => "false".to_string(),
        periods => periods.join(" OR "),
    }
}

/// The condition in SQL that a bucket b touches the time of an incident, which was not cancelled, with an issue of the relation of a check that nobody
/// has called expected or false.
fn in_incident(check: Option<i64>, step: &str) -> String {
    // Until ALTER EXTENSION UPDATE has run there are none.
    let Some(check) = check.filter(|_| tables::exists(c"issue")) else {
        return "false".into();
    };
    format!(
        "EXISTS (SELECT FROM assay.incident AS n
    WHERE (n.status OPERATOR(pg_catalog.<>) 'cancelled')
      AND (b OPERATOR(pg_catalog.<) COALESCE(n.ended_at, 'infinity')::pg_catalog.timestamp)
      AND ((b OPERATOR(pg_catalog.+) {step}) OPERATOR(pg_catalog.>) n.started_at::pg_catalog.timestamp)
      AND (n.id OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT i.incident_id FROM assay.issue AS i
        WHERE (i.incident_id IS NOT NULL) AND (i.triage OPERATOR(pg_catalog.=) ANY ('{{expected,false_positive}}')) IS NOT TRUE
          AND (i.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
            SELECT w.id FROM (
                SELECT c.relation_name, assay_internal.check_relation(c.relation::pg_catalog.oid, c.relation_name,
                    c.relation_owner::pg_catalog.oid, c.added_by::pg_catalog.oid) AS oid
                FROM assay.quality_check AS c WHERE c.id OPERATOR(pg_catalog.=) {check}) AS t
            CROSS JOIN LATERAL (
                SELECT a.id FROM assay.asset AS a WHERE (a.relation::pg_catalog.oid OPERATOR(pg_catalog.=) t.oid)
                UNION SELECT a.id FROM assay.asset AS a
                WHERE (a.kind OPERATOR(pg_catalog.=) 'relation') AND (a.name OPERATOR(pg_catalog.=) t.relation_name)) AS x
            JOIN assay_internal.asset_now AS w ON w.id OPERATOR(pg_catalog.=) x.id
            WHERE w.relation OPERATOR(pg_catalog.=) t.oid)))))))"
    )
}

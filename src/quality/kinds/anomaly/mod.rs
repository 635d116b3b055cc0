//! Checks of kind `anomaly`: whether a figure is what its past lets expect. The past is that of the check's own runs, which
//! `assay.run_checks` keeps, or with a column of time that of the rows.

mod args;
mod series;
mod timeline;

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;
use serde_json::{Value as Json, json};

pub use args::Anomaly;

use self::args::Wanted;
use self::series::Series;
use self::timeline::Timeline;
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query::OutputColumn;
use crate::quality::finding::{Finding, Verdict, short};
use crate::quality::grouping::{Group, Grouping};
use crate::quality::kinds::compile;
use crate::quality::kinds::judge::Counted;
use crate::quality::pass::{Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use algo::anomaly::{Judged, Missing, Point, Season, TooFew, judge};
use algo::block::Kind;

/// What is needed to judge, once the rows are read.
pub struct Plan {
    args: Anomaly,
    /// What the column's values are.
    kind: Kind,
    timeline: Timeline,
}

/// Plans such a check: gives its question to the pass. Errs where it does not suit the source.
pub fn plan(args: &Anomaly, check: &Check, source: &Source, pass: &mut Pass) -> Result<(Question, Plan)> {
    let asked = match check.column {
        Some(_) => Some(compile::column(check, source)?),
        None => None,
    };
    let kind = asked.map_or(Kind::Other, |column| intake::kind_of(column.type_oid));
    if let Some(column) = asked {
        let wanted = match args.metric.wanted() {
            Wanted::Nothing | Wanted::Any => (true, ""),
            Wanted::Number => (kind.is_number(), "a number"),
            Wanted::NumberOrBool => (kind.is_number() || kind == Kind::Bool, "a number or boolean"),
            Wanted::Time => (kind.is_time(), "a date or timestamp"),
        };
        compile::suits(check, column, wanted.0, wanted.1)?;
    }
    let plan = Plan {
        args: args.clone(),
        kind,
        timeline: Timeline::new(args)?,
    };
    let mut question = compile::question(check, source, pass, asked, args.metric.test())?;
    if let Some(name) = &args.timestamp_column {
        let column = compile::named(name, source)?;
        compile::suits(
            check,
            column,
            intake::kind_of(column.type_oid).is_time(),
            "a date or timestamp",
        )?;
        question.grouping.push(pass.group(&plan.bucket(column)));
        question.filter = Some(pass.condition(&plan.within(column, check.filter.as_deref())));
    }
    Ok((question, plan))
}

impl Plan {
    /// The bucket of a row, in local time.
    fn bucket(&self, column: &OutputColumn) -> Group {
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

    /// The condition that a row is in one of the buckets, beside the check's own.
    fn within(&self, column: &OutputColumn, filter: Option<&str>) -> String {
        let value = format!("{}::pg_catalog.timestamp", quote_identifier(&column.name));
        let own = filter.map(|filter| format!("(\n{filter}\n) AND ")).unwrap_or_default();
        format!(
            "{own}{value} OPERATOR(pg_catalog.>=) {} AND {value} OPERATOR(pg_catalog.<) {}",
            self.timeline.from, self.timeline.until
        )
    }

    /// Judges what was counted: a finding a segment.
    pub fn judge(&self, check: &Check, counted: &[Counted<'_>], grouping: &Grouping) -> Result<Vec<Finding>> {
        let series = match self.args.timestamp_column {
            Some(_) => series::of_rows(self, counted, grouping),
            None => series::of_runs(check, self, counted, grouping)?,
        };
        let params = self.args.params(series.len());
        let findings = series.into_iter().map(|series| {
            let mut finding = self.finding(check, &series, |tested| judge(&series.past, tested, &params));
            finding.segment = series.segment;
            finding.rows = Some(series.rows);
            finding.nulls = check.column.is_some().then_some(series.nulls);
            finding
        });
        Ok(findings.collect())
    }

    fn finding(
        &self,
        check: &Check,
        series: &Series,
        judge: impl FnOnce(&Point) -> std::result::Result<Judged, TooFew>,
    ) -> Finding {
        let metric = self.args.metric.name();
        let skipped = |message: String| Finding {
            metric,
            value: series.value,
            threshold: Some(format!("as expected from {} points or more", self.args.min_points)),
            verdict: Verdict::TooLittle,
            message: Some(message),
            ..Finding::default()
        };
        let Some((_, bucket)) = self.timeline.split() else {
            return skipped("there is no time to judge".into());
        };
        let Some(value) = series.value else {
            return skipped(format!("there is no value for {metric} in {}", self.told_bucket()));
        };
        if bucket.excluded {
            return skipped(format!("{} is within a period that is excluded", self.told_bucket()));
        }
        if self.args.timestamp_column.is_none() && check.id.is_none() {
            return skipped(
                "a check that is not stored has no history: store it with assay.add_check, or name a timestamp_column"
                    .into(),
            );
        }
        let tested = Point {
            value,
            weekday: bucket.weekday,
            hour: bucket.hour,
            excluded: false,
        };
        match judge(&tested) {
            Ok(judged) => self.judged(value, &judged),
            Err(few) => skipped(self.told_few(few)),
        }
    }

    fn judged(&self, value: f64, judged: &Judged) -> Finding {
        let threshold = match (judged.low.is_finite(), judged.high.is_finite()) {
            (true, true) => format!("between {} and {}", short(judged.low), short(judged.high)),
            (true, false) => format!(">= {}", short(judged.low)),
            (false, true) => format!("<= {}", short(judged.high)),
            (false, false) => "any".into(),
        };
        let metric = self.args.metric.name();
        let mut finding = Finding::figure(metric, Some(value), threshold, !judged.anomalous);
        let number = |number: f64| short(number).parse::<f64>().ok().filter(|number| number.is_finite());
        let mut sample = json!({
            "bucket": self.timeline.tested, "expected": number(judged.expected), "score": number(judged.score),
            "points": judged.points, "seasonality": judged.season.name(), "compare": judged.quantity.name(),
        });
        if let (Json::Object(sample), 1..) = (&mut sample, judged.left_out) {
            sample.insert("left_out".into(), json!(judged.left_out));
        }
        finding.sample = Some(sample);
        finding
    }

    /// The bucket that is judged, as people say it.
    fn told_bucket(&self) -> String {
        match self.args.timestamp_column {
            Some(_) => format!("the {} {}", self.args.bucket.name(), self.timeline.tested),
            None => "this run".into(),
        }
    }

    fn told_few(&self, few: TooFew) -> String {
        let bucket = self.args.bucket.name();
        let source = match self.args.timestamp_column {
            Some(_) => format!("one a {bucket} since the first row"),
            None => format!("one a {bucket} in which the check ran"),
        };
        match few.missing {
            Missing::Points => format!(
                "there are {} points of history, but {} are needed: {source}",
                few.points, self.args.min_points
            ),
            Missing::SeasonOfPoint(season) => {
                let place = match season {
                    Season::None | Season::Weekday => "weekday",
                    Season::HourOfDay => "hour",
                    Season::HourOfWeek => "weekday and hour",
                };
                format!(
                    "there are {} points of this {place}, but 3 are needed: {source}",
                    few.points
                )
            }
        }
    }
}

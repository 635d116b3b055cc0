//! `anomaly`: whether a figure is what its past lets expect. The past is that of the check's own runs, which `assay.run_checks` keeps, or with
//! a column of time that of the rows.

mod args;
mod forecast;
mod series;
mod timeline;
mod watch;

use serde_json::{Value as Json, json};

use self::args::{Anomaly, ColumnNeed, Metric};
use self::series::{SOME_ROWS, Series};
use self::timeline::Timeline;
use self::watch::Watch;
use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::quality::finding::{Finding, Verdict, age, describe_latest, short};
use crate::quality::spec::{Need, Needs, Spec};
use algo::anomaly::{Assessment, Missing, Point, Season, TooFew, assess};
use algo::block::Kind;

pub static ANOMALY: CheckKind = CheckKind {
    name: "anomaly",
    needs: Needs {
        column: Need::Optional,
        ..Needs::FIGURE
    },
    parse: |arguments| {
        let column = arguments.column;
        let anomaly: Anomaly = arguments.read()?;
        anomaly.require_sound()?;
        anomaly.require_column(column)?;
        Ok(Box::new(anomaly))
    },
};

impl Assertion for Anomaly {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, column) = (planner.spec, planner.optional_column()?);
        if let Some(column) = column {
            let is_number_or_bool = |kind: Kind| kind.is_number() || kind == Kind::Bool;
            match self.metric.column_need() {
                ColumnNeed::Nothing | ColumnNeed::Any => {}
                ColumnNeed::Number => planner.require(column, Kind::is_number, "a number")?,
                ColumnNeed::NumberOrBool => planner.require(column, is_number_or_bool, "a number or boolean")?,
                ColumnNeed::Time => planner.require(column, Kind::is_time, "a date or timestamp")?,
            }
        }
        let watch = Watch {
            args: self,
            kind: column.map_or(Kind::Other, |column| intake::kind_of(column.type_oid)),
            timeline: Timeline::new(self, spec.acceptance.as_ref(), spec.id)?,
        };
        let (input, test) = (column.map(|column| planner.input(column)), self.metric.test());
        let inquiry = match &self.timestamp_column {
            Some(name) => {
                let time = planner.source.require_column(name)?;
                planner.require(time, Kind::is_time, "a date or timestamp")?;
                let bucket = watch.bucket(time);
                let filter = planner.condition(&watch.within(time, spec.filter.as_deref()));
                let findings = move |answer: &Answer<'_>| watch.findings(spec, answer);
                planner.ask_within(input, Some(filter), Some(&bucket), test, findings)?
            }
            None => planner.ask(input, test, move |answer| watch.findings(spec, answer))?,
        };
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}

impl Watch<'_> {
    /// Judges what was counted: one finding per segment.
    fn findings(&self, spec: &Spec, answer: &Answer<'_>) -> Result<Vec<Finding>> {
        let series = match self.args.timestamp_column {
            Some(_) => series::of_rows(spec, self, answer)?,
            None => series::of_runs(spec, self, answer)?,
        };
        let params = self.args.params(series.len());
        let findings = series.into_iter().map(|series| {
            let mut finding = self.finding(spec, &series, |tested| assess(&series.past, tested, &params))?;
            finding.segment = series.segment;
            finding.rows = Some(series.rows);
            finding.nulls = spec.column.is_some().then_some(series.nulls);
            Ok(finding)
        });
        findings.collect()
    }

    fn finding(
        &self,
        spec: &Spec,
        series: &Series,
        assess_past: impl FnOnce(&Point) -> std::result::Result<Assessment, TooFew>,
    ) -> Result<Finding> {
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
            return Ok(skipped("there is no time to judge".into()));
        };
        if series.is_dead && !bucket.excluded && !self.args.accepts_less() {
            return Ok(self.no_rows(spec, series));
        }
        let Some(value) = series.value else {
            let message = format!("there is no value for {metric} in {}", self.bucket_name());
            return Ok(skipped(message));
        };
        if bucket.excluded {
            let message = format!("{} is within a period that is excluded", self.bucket_name());
            return Ok(skipped(message));
        }
        if let Some(model) = &self.args.model {
            return forecast::finding_of(self.args, model, series, bucket, value, &self.bucket_name());
        }
        if self.args.timestamp_column.is_none() && spec.id.is_none() {
            return Ok(skipped(
                "a check that is not stored has no history: store it with assay.add_check, or name a timestamp_column"
                    .into(),
            ));
        }
        let tested = Point {
            value,
            weekday: bucket.weekday,
            hour: bucket.hour,
            excluded: false,
        };
        Ok(match assess_past(&tested) {
            Ok(assessment) => self.finding_of(value, &assessment),
            Err(few) => skipped(self.describe_lack(few)),
        })
    }

    /// No rows where there always were some.
    fn no_rows(&self, spec: &Spec, series: &Series) -> Finding {
        let mut finding = Finding::figure(self.args.metric.name(), series.value, SOME_ROWS.into(), false);
        let accept = match spec.id {
            Some(id) => format!(
                "; where that is as it should be, SELECT assay.accept_anomaly({id}, {}) says so",
                pgrx::spi::quote_literal(&self.timeline.tested)
            ),
            None => String::new(),
        };
        finding.message = Some(format!(
            "there are no rows in {}, where there always were some{accept}",
            self.bucket_name()
        ));
        finding.sample = Some(json!({ "bucket": self.timeline.tested }));
        finding
    }

    fn finding_of(&self, value: f64, assessment: &Assessment) -> Finding {
        let is_age = self.args.metric == Metric::Freshness;
        let written = if is_age { age } else { short };
        let threshold = match (assessment.low.is_finite(), assessment.high.is_finite()) {
            (true, true) => format!("between {} and {}", written(assessment.low), written(assessment.high)),
            (true, false) => format!(">= {}", written(assessment.low)),
            (false, true) => format!("<= {}", written(assessment.high)),
            (false, false) => "any".into(),
        };
        let metric = self.args.metric.name();
        let mut finding = Finding::figure(metric, Some(value), threshold, !assessment.anomalous);
        finding.message = is_age.then(|| describe_latest(value));
        let number = |number: f64| short(number).parse::<f64>().ok().filter(|number| number.is_finite());
        let mut sample = json!({
            "bucket": self.timeline.tested, "expected": number(assessment.expected), "score": number(assessment.score),
            "points": assessment.points, "seasonality": assessment.season.name(), "compare": assessment.quantity.name(),
        });
        if let (Json::Object(sample), 1..) = (&mut sample, assessment.left_out) {
            sample.insert("left_out".into(), json!(assessment.left_out));
        }
        finding.sample = Some(sample);
        finding
    }

    /// The bucket that is judged, as people say it.
    fn bucket_name(&self) -> String {
        match self.args.timestamp_column {
            Some(_) => format!("the {} {}", self.args.bucket.name(), self.timeline.tested),
            None => "this run".into(),
        }
    }

    fn describe_lack(&self, few: TooFew) -> String {
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

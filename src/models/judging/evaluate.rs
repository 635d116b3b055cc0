//! Judging a model on the rows of a query: metrics with their intervals, of all rows or slice by slice, the confusion matrix, curves.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::pass::{LeftOut, Pass, Wanted};
use super::segments::Segments;
use crate::models::registry::Privilege;
use crate::models::unsupervised::assessed;
use crate::models::{forecast, inspect};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::{self, required};
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::judging::measures;
use algo::judging::measures::Measure;
use algo::judging::measures::Measures;
use algo::metrics::curve::{self, CurvePoint};
use algo::metrics::{Metric, Ranking, evaluation};
use algo::monitor::Monitor;

result_row! {
    /// A measure of a model on the rows of a query, as release 0.1.0 declares it.
    struct MetricRow {
        metric: &'static str,
        value: f64,
    }
}

/// `evaluate(model, query, threshold)` as release 0.1.0 declares it.
#[pg_extern(sql = false)]
fn evaluate(model: Option<Text>, query: Option<Text>, threshold: Option<f64>) -> SetOf<MetricRow> {
    let rows = or_raise(evaluated(model.as_deref(), query.as_deref(), threshold, None));
    set_of(
        rows.into_iter()
            .map(|SliceRow { metric, value, .. }| MetricRow { metric, value }),
    )
}

result_row! {
    /// A measure of a model on the rows of a segment.
    pub struct SliceRow {
        metric: &'static str,
        value: f64,
        /// NULL for all rows.
        segment: Option<Json>,
        rows: i64,
        low: Option<f64>,
        high: Option<f64>,
    }
}

/// `evaluate(model, query, threshold, group_by)`.
#[pg_extern(sql = false)]
fn evaluate_slices(
    model: Option<Text>,
    query: Option<Text>,
    threshold: Option<f64>,
    group_by: Option<Vec<Option<Text>>>,
) -> SetOf<SliceRow> {
    let group_by = or_raise(options::texts("group_by", group_by));
    set_of(or_raise(evaluated(
        model.as_deref(),
        query.as_deref(),
        threshold,
        group_by.as_deref(),
    )))
}

/// The metrics of all rows, or of each segment, the worst first.
fn evaluated(
    model: Option<&str>,
    query: Option<&str>,
    threshold: Option<f64>,
    group_by: Option<&[String]>,
) -> Result<Vec<SliceRow>> {
    let (version, scorer) = inspect::open(required("model", model)?, Privilege::Predict)?;
    if scorer.model().fitted.unsupervised().is_some() {
        assessed::check_threshold(&version, threshold)?;
        let assessed = assessed::assess((&version, &scorer), required("query", query)?, group_by, 0)?;
        return Ok(assessed.metrics);
    }
    if scorer.model().fitted.forecaster().is_some() {
        let query = required("query", query)?;
        return forecast::evaluate::evaluate((&version, &scorer), query, threshold, group_by);
    }
    let wanted = Wanted {
        threshold,
        groupings: group_by.as_slice(),
        ..Wanted::default()
    };
    let pass = Pass::run(model, query, &wanted)?;
    match pass.segments() {
        Some(segments) => of_segments(&pass, segments),
        None => Ok(of_all(&pass, &measured(&pass)?.measures)),
    }
}

/// The metrics of all rows, and what is made on the way.
pub fn measured(pass: &Pass) -> Result<Measures> {
    let criterion = pass.scorer.model().fitted.criterion();
    let (scored, threshold) = (&pass.scored, pass.threshold);
    pass.judging(|monitor| measures::measure_all(scored, threshold, criterion, monitor))
}

/// The metrics of all rows, and the counts beside them.
pub fn of_all(pass: &Pass, measures: &[Measure]) -> Vec<SliceRow> {
    let mut rows = rows_of(None, measures, pass.left_out);
    // Of intervals, behind the metrics.
    let place = rows.len() - 2;
    let all = rows.last().map_or(0, |row| row.rows);
    let coverage = pass.coverage.metrics().into_iter();
    rows.splice(
        place..place,
        coverage.map(|(metric, value)| SliceRow {
            metric,
            value,
            segment: None,
            rows: all,
            low: None,
            high: None,
        }),
    );
    rows
}

/// The metrics of each segment, the worst first.
pub fn of_segments(pass: &Pass, segments: &Segments) -> Result<Vec<SliceRow>> {
    let (scored, threshold) = (&pass.scored, pass.threshold);
    let criterion = pass.scorer.model().fitted.criterion();
    let (of_segment, order) = (segments.rows()?, segments.in_order());
    let measured = pass.judging(|monitor| {
        let measure = |&segment: &usize| {
            monitor.check()?;
            let rows = &of_segment[segment];
            if rows.is_empty() {
                return Ok((segment, Vec::new()));
            }
            let scored = scored.take(rows);
            Ok((segment, measures::measure(&scored, threshold, criterion, monitor)?))
        };
        order.iter().map(measure).collect::<algo::error::Result<Vec<_>>>()
    })?;
    let mut measured: Vec<(usize, Vec<Measure>)> = measured;
    let own = criterion.map(|criterion| criterion.name());
    let usual = pass.scorer.model().answer.decisive_metrics();
    // The sort is stable: equal ones stay in the order of their values.
    measured.sort_by(|(_, a), (_, b)| {
        let (a, b) = (badness(a, own, usual), badness(b, own, usual));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let rows = measured
        .iter()
        .map(|(segment, measures)| rows_of(Some(segments.json(*segment)), measures, segments.left_out(*segment)));
    Ok(rows.flatten().collect())
}

/// How bad a segment is by the main metric of the task: greater is worse. Segments of which the metric is not defined come behind the others.
fn badness(measures: &[Measure], own: Option<&str>, usual: &[Metric]) -> (bool, f64) {
    let value = |name: &str| {
        measures
            .iter()
            .find(|measure| measure.name == name)
            .and_then(|measure| measure.value)
    };
    match own {
        Some(own) => value(own).map_or((false, 0.0), |loss| (true, loss)),
        None => usual.first().map_or((false, 0.0), |metric| match value(metric.name()) {
            Some(value) if metric.higher_is_better() => (true, -value),
            Some(value) => (true, value),
            None => (false, 0.0),
        }),
    }
}

/// The metrics of a segment, and the counts beside them.
fn rows_of(segment: Option<Json>, measures: &[Measure], left_out: LeftOut) -> Vec<SliceRow> {
    let count = measures.iter().find(|measure| measure.name == "rows");
    let rows = count.and_then(|count| count.value).map_or(0, |count| count as i64);
    let counts = [
        ("unlabelled_rows", left_out.unlabelled as f64),
        ("unseen_levels", left_out.unseen as f64),
    ];
    let measured = measures
        .iter()
        .filter_map(|measure| Some((measure.name, measure.value?, measure.interval)));
    let counted = counts.into_iter().map(|(name, value)| (name, value, None));
    let row = |(metric, value, interval): (&'static str, f64, Option<(f64, f64)>)| SliceRow {
        metric,
        value,
        segment: segment.clone(),
        rows,
        low: interval.map(|(low, _)| low),
        high: interval.map(|(_, high)| high),
    };
    measured.chain(counted).map(row).collect()
}

result_row! {
    /// A cell of a confusion matrix.
    struct ConfusionRow {
        actual: String,
        predicted: String,
        rows: i64,
    }
}

/// `confusion_matrix(model, query, threshold)`.
#[pg_extern(sql = false)]
fn confusion_matrix(model: Option<Text>, query: Option<Text>, threshold: Option<f64>) -> SetOf<ConfusionRow> {
    let wanted = Wanted {
        threshold,
        ..Wanted::default()
    };
    let pass = or_raise(Pass::run(model.as_deref(), query.as_deref(), &wanted));
    let labels = pass.scorer.model().answer.classes().unwrap_or_default();
    let matrix = or_raise(pass.classes("a confusion matrix").and_then(|(actual, probabilities)| {
        pass.judging(|monitor| evaluation::confusion_matrix(actual, probabilities, pass.threshold, monitor))
    }));
    let mut rows = Vec::with_capacity(labels.len() * labels.len());
    for (actual, line) in labels.iter().zip(matrix) {
        for (predicted, count) in labels.iter().zip(line) {
            rows.push(ConfusionRow {
                actual: actual.to_string(),
                predicted: predicted.to_string(),
                rows: count as i64,
            });
        }
    }
    set_of(rows)
}

/// Runs a pass and draws one of its curves.
fn points(
    model: Option<&str>,
    query: Option<&str>,
    points: Option<i32>,
    draw: impl FnOnce(&Ranking, Option<usize>, &dyn Monitor) -> algo::error::Result<Vec<CurvePoint>> + Send,
) -> Result<Vec<CurvePoint>> {
    let points = match points {
        Some(points) if points < 2 => {
            return Err(Error::new(INVALID_PARAMETER, "points is out of range")
                .detail(format!("The value is {points}."))
                .hint("Ask for at least 2 points, or NULL for all."));
        }
        points => points.map(|points| points as usize),
    };
    let pass = Pass::run(model, query, &Wanted::default())?;
    let ranking = pass.ranking()?;
    pass.judging(|monitor| draw(&ranking, points, monitor))
}

result_row! {
    /// A point of a ROC curve.
    struct RocRow {
        threshold: f64,
        recall: f64,
        false_positive_rate: f64,
        true_positives: i64,
        false_positives: i64,
        true_negatives: i64,
        false_negatives: i64,
    }
}

/// `roc_curve(model, query, points)`.
#[pg_extern(sql = false)]
fn roc_curve(model: Option<Text>, query: Option<Text>, points: Option<i32>) -> SetOf<RocRow> {
    let curve = or_raise(self::points(
        model.as_deref(),
        query.as_deref(),
        points,
        curve::roc_curve,
    ));
    set_of(curve.into_iter().map(|point| RocRow {
        threshold: point.threshold,
        recall: point.recall(),
        false_positive_rate: point.false_positive_rate(),
        true_positives: point.true_positives as i64,
        false_positives: point.false_positives as i64,
        true_negatives: point.true_negatives as i64,
        false_negatives: point.false_negatives as i64,
    }))
}

result_row! {
    /// A point of a curve of precision and recall.
    struct PrecisionRecallRow {
        threshold: f64,
        precision: f64,
        recall: f64,
        true_positives: i64,
        false_positives: i64,
        true_negatives: i64,
        false_negatives: i64,
    }
}

/// `precision_recall_curve(model, query, points)`.
#[pg_extern(sql = false)]
fn precision_recall_curve(model: Option<Text>, query: Option<Text>, points: Option<i32>) -> SetOf<PrecisionRecallRow> {
    let curve = or_raise(self::points(
        model.as_deref(),
        query.as_deref(),
        points,
        curve::precision_recall_curve,
    ));
    set_of(curve.into_iter().map(|point| PrecisionRecallRow {
        threshold: point.threshold,
        precision: point.precision(),
        recall: point.recall(),
        true_positives: point.true_positives as i64,
        false_positives: point.false_positives as i64,
        true_negatives: point.true_negatives as i64,
        false_negatives: point.false_negatives as i64,
    }))
}

//! Judging a model on the rows of a query: metrics, the confusion matrix, curves. One pass, streamed.

use std::rc::Rc;

use hashbrown::HashMap;
use ndarray::ArrayView2;
use pgrx::pg_extern;

use super::binding::wrong_type;
use super::cache;
use super::predict::column_named;
use super::registry::{self, Privilege, Version};
use super::scorer::Scorer;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{
    Error, INVALID_PARAMETER, MISSING_FEATURE, Result, UNSUITABLE_ROWS, WRONG_TASK, advise, or_raise,
};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::{Role, Value};
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::types;
use algo::intervals::Coverage;
use algo::label::Label;
use algo::metrics::curve::{self, CurvePoint};
use algo::metrics::evaluation::{Actual, Scored};
use algo::metrics::{Ranking, evaluation};
use algo::model::Input;
use algo::monitor::Monitor;
use algo::row_sample::Compared;
use algo::task::Answer;

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;

/// A pass of a model over labelled rows.
struct Pass {
    scorer: Rc<Scorer>,
    threshold: f64,
    scored: Scored,
    unlabelled: u64,
    unseen: u64,
    /// Rows beside those that trained the model.
    compared: Compared,
    /// How the intervals did, of a model that has them.
    coverage: Coverage,
    /// Exact metrics keep each row's scores.
    statement: Foreground,
}

/// A value, for people.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Missing => "NULL".to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::Enum(oid) => format!("'{}'", types::enum_label(*oid).0),
        Value::Vector(_) => "a vector".to_string(),
    }
}

/// Reads the label of each row as a class of the model.
pub(super) struct Classes {
    target: String,
    places: HashMap<String, u32>,
    boolean: bool,
}

impl Classes {
    fn of(labels: &[Label], target: &str) -> Classes {
        Classes {
            target: target.to_string(),
            places: labels
                .iter()
                .zip(0..)
                .map(|(label, place)| (label.to_string(), place))
                .collect(),
            boolean: matches!(labels.first(), Some(Label::Bool(_))),
        }
    }

    /// The place of a row's class; `None` for NULL.
    fn place(&self, value: &Value<'_>) -> Result<Option<u32>> {
        let place = match value {
            Value::Missing => return Ok(None),
            Value::Text(text) => self.places.get(text.as_ref()),
            Value::Enum(oid) => self.places.get(&types::enum_label(*oid).0),
            Value::Number(number) if self.boolean => return Ok(Some(u32::from(*number != 0.0))),
            Value::Number(number) if number.is_nan() => return Ok(None),
            Value::Number(number) => self.places.get(&number.to_string()),
            Value::Vector(_) => None,
        };
        place.copied().map(Some).ok_or_else(|| {
            let mut known: Vec<&str> = self.places.keys().map(String::as_str).collect();
            known.sort_unstable();
            known.truncate(20);
            Error::new(
                UNSUITABLE_ROWS,
                format!("target \"{}\" has a label that the model does not know", self.target),
            )
            .detail(format!(
                "The label is {}; the model knows {}.",
                shown(value),
                known.join(", ")
            ))
            .hint("Evaluate on rows whose labels training has seen.")
        })
    }
}

/// How the target of rows becomes what the model answers with.
pub(super) enum ReadTarget {
    Classes(Classes),
    Number,
}

impl ReadTarget {
    /// Returns an error for a column that cannot hold the model's answers.
    pub(super) fn of(answer: &Answer, target: &str, column: &OutputColumn) -> Result<ReadTarget> {
        match answer {
            Answer::Classes(labels) => Ok(ReadTarget::Classes(Classes::of(labels, target))),
            Answer::Number if column.reader.map(|reader| reader.role()) == Some(Role::Number) => Ok(ReadTarget::Number),
            Answer::Number => Err(Error::new(
                UNSUITABLE_ROWS,
                format!("target \"{target}\" is no number, as the model predicts"),
            )
            .detail(format!("Its type is {}.", column.type_name))
            .hint("Cast it to a number in the query.")),
        }
    }

    /// A row's target; `None` when it has none.
    pub(super) fn read(&self, value: &Value<'_>) -> Result<Option<Actual>> {
        match (self, value) {
            (ReadTarget::Classes(classes), value) => Ok(classes.place(value)?.map(Actual::Class)),
            (ReadTarget::Number, Value::Number(number)) if number.is_finite() => Ok(Some(Actual::Number(*number))),
            (ReadTarget::Number, _) => Ok(None),
        }
    }
}

/// The probability from which on rows are given the positive label: as given, or the version's own.
fn checked_threshold(threshold: Option<f64>, version: &Version) -> Result<f64> {
    match threshold {
        None => version.threshold(),
        Some(threshold) if (0.0..=1.0).contains(&threshold) => Ok(threshold),
        Some(threshold) => Err(Error::new(INVALID_PARAMETER, "threshold is out of range")
            .detail(format!("The value is {threshold}."))
            .hint("It is a probability, from 0 to 1.")),
    }
}

/// The place of each of the model's inputs in the query.
pub(super) fn input_places(scorer: &Scorer, columns: &[OutputColumn], reference: &str) -> Result<Vec<usize>> {
    let inputs = scorer.model().inputs.iter().enumerate();
    let place = |(input, wanted): (usize, &Input)| {
        let place = column_named(columns, &wanted.name, "a feature").map_err(|error| error.state(MISSING_FEATURE))?;
        match columns[place].reader {
            Some(reader) if scorer.accepts(input, reader) => Ok(place),
            _ => Err(wrong_type(scorer, input, &columns[place].type_name, reference)),
        }
    };
    inputs.map(place).collect()
}

impl Pass {
    /// Scores every row of `query` and compares it with the model's target.
    fn run(model: Option<&str>, query: Option<&str>, threshold: Option<f64>) -> Result<Pass> {
        let reference = required("model", model)?;
        let version = registry::resolve(reference, Privilege::Predict)?;
        let scorer = cache::scorer(&version)?;
        let threshold = checked_threshold(threshold, &version)?;
        let target = version.stored()?.target.unwrap_or_default();
        let query = Query::new(required("query", query)?)?;
        let target_place = column_named(query.columns(), &target, "the target")?;
        let inputs = input_places(&scorer, query.columns(), reference)?;
        let answer = &scorer.model().answer;
        let read_target = ReadTarget::of(answer, &target, &query.columns()[target_place])?;
        let mut pass = Pass {
            threshold,
            scored: Scored::new(answer),
            unlabelled: 0,
            unseen: 0,
            compared: Compared::default(),
            coverage: Coverage::default(),
            statement: Foreground::new()?,
            scorer: Rc::clone(&scorer),
        };
        let (mut encoded, mut scores) = (scorer.empty_row(), vec![0.0; scorer.outputs()]);
        let mut rows = 0_u64;
        query.run(&mut |row| {
            let Some(actual) = read_target.read(&row.value(target_place))? else {
                pass.unlabelled += 1;
                return Ok(());
            };
            for (input, &place) in inputs.iter().enumerate() {
                pass.unseen += u64::from(!scorer.encode(input, &row.value(place), &mut encoded)?);
            }
            if let Some(sample) = &scorer.model().sample {
                let target = match actual {
                    Actual::Class(class) => f64::from(class),
                    Actual::Number(number) => number,
                };
                sample.compare(scorer.raw(&encoded), target, &mut pass.compared);
            }
            scorer.score(&mut encoded, &mut scores);
            if let (Actual::Number(number), Some(interval)) = (actual, scorer.interval(&encoded, scores[0])) {
                pass.coverage.push(number, interval);
            }
            pass.scored.push(actual, &scores)?;
            rows += 1;
            if rows.is_multiple_of(LOOK) {
                pass.statement.check()?;
            }
            Ok(())
        })?;
        pass.tell_of_training_rows(reference);
        Ok(pass)
    }

    /// Says that rows trained the model: it does better on these than it will on others.
    fn tell_of_training_rows(&self, reference: &str) {
        let share = self.scorer.model().sample.as_ref();
        if let Some(share) = share.and_then(|sample| sample.share(&self.compared)) {
            advise(
                format!(
                    "about {:.0} % of these rows trained model \"{reference}\"",
                    share * 100.0
                ),
                Some(
                    "A model knows the rows that it learned from: it seems better on them than it is on others.".into(),
                ),
                Some("Evaluate it on rows that it has not seen.".into()),
            );
        }
    }

    /// The probabilities, rows x classes, with each row's class. Returns `ML010` for a model that does not answer with classes.
    fn classes(&self, wanted: &str) -> Result<(&[u32], ArrayView2<'_, f64>)> {
        self.scored.classes().ok_or_else(|| {
            Error::new(WRONG_TASK, format!("{wanted} needs a classification"))
                .hint("Use assay.evaluate for a regression.")
        })
    }

    /// The metrics, without those that these rows do not define.
    fn metrics(&self) -> Result<Vec<(&'static str, f64)>> {
        let (scored, threshold) = (&self.scored, self.threshold);
        let criterion = self.scorer.model().fitted.criterion();
        let table = self.judging(|monitor| scored.metrics(threshold, criterion, monitor))?;
        Ok(table
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }

    /// Computes on threads, while the session can be cancelled.
    fn judging<T: Send>(&self, work: impl FnOnce(&dyn Monitor) -> algo::error::Result<T> + Send) -> Result<T> {
        let mut reporter = Reporter::new();
        let result = compute::run("judging", &mut reporter, &self.statement, work);
        reporter.finish();
        result
    }

    /// The ranking of rows by the positive class's probability. Returns `ML010` unless there are two classes.
    fn ranking(&self) -> Result<Ranking> {
        let (actual, probabilities) = self.classes("a curve")?;
        if probabilities.ncols() != 2 {
            return Err(Error::new(WRONG_TASK, "a curve needs a model with two classes")
                .detail(format!("The model has {}.", probabilities.ncols()))
                .hint("Use assay.evaluate or assay.confusion_matrix for this model."));
        }
        self.judging(|monitor| evaluation::rank(actual, probabilities, 1, monitor))
    }
}

result_row! {
    /// A measure of a model on the rows of a query.
    struct MetricRow {
        metric: &'static str,
        value: f64,
    }
}

/// `evaluate(model, query, threshold)`.
#[pg_extern(sql = false)]
fn evaluate(model: Option<Text>, query: Option<Text>, threshold: Option<f64>) -> SetOf<MetricRow> {
    let pass = or_raise(Pass::run(model.as_deref(), query.as_deref(), threshold));
    let mut rows = or_raise(pass.metrics());
    rows.extend(pass.coverage.metrics());
    rows.push(("unlabelled_rows", pass.unlabelled as f64));
    rows.push(("unseen_levels", pass.unseen as f64));
    set_of(rows.into_iter().map(|(metric, value)| MetricRow { metric, value }))
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
    let pass = or_raise(Pass::run(model.as_deref(), query.as_deref(), threshold));
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
    let pass = Pass::run(model, query, None)?;
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

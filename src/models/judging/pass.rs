//! A pass of a model over the rows of a query, scored and compared with the target. Streamed.

use std::rc::Rc;

use super::elsewhere;
use super::row_scorer::{RowScorer, as_number};
use super::segments::Segments;
use crate::models::binding::wrong_type;
use crate::models::cache;
use crate::models::predict::column_named;
use crate::models::registry::{self, Privilege, Version};
use crate::models::scorer::Scorer;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{
    Error, INTERNAL, INVALID_PARAMETER, MISSING_FEATURE, Result, UNSUITABLE_ROWS, WRONG_TASK, advise,
};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::reader::{Reader, Role, Value};
use crate::pg::types;
use crate::quality::source::Source;
use algo::intervals::Coverage;
use algo::judging::draw::RowDraw;
use algo::label::Label;
use algo::metrics::evaluation::{Actual, Scored};
use algo::metrics::{Ranking, evaluation};
use algo::model::Input;
use algo::monitor::Monitor;
use algo::room;
use algo::row_sample::Compared;
use algo::task::Answer;
use hashbrown::HashMap;
use ndarray::ArrayView2;

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;

/// A pass of a model over labelled rows.
pub struct Pass {
    pub scorer: Rc<Scorer>,
    pub threshold: f64,
    pub scored: Scored,
    /// Rows without a target, and values that training did not see.
    pub left_out: LeftOut,
    /// Rows beside those that trained the model.
    pub(super) compared: Compared,
    /// How the intervals did, of a model that has them.
    pub coverage: Coverage,
    /// To which segment each row belongs, for each way of dividing them that was asked for; or why they cannot be divided so.
    pub groupings: Vec<Result<Segments>>,
    /// What was asked for of each row, beside its scores.
    pub extra: Vec<Vec<f64>>,
    /// Some of the rows, as the columns give them.
    pub drawn: RowDraw,
    /// Exact metrics keep each row's scores.
    pub(super) statement: Foreground,
}

/// What counts of rows say beside the metrics.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeftOut {
    /// Rows without a target.
    pub unlabelled: u64,
    /// Values of categories that training did not see.
    pub unseen: u64,
}

impl LeftOut {
    /// Adds what was left out of a row.
    #[inline]
    pub fn add(&mut self, row: LeftOut) {
        self.unlabelled += row.unlabelled;
        self.unseen += row.unseen;
    }
}

/// What a pass is asked for.
#[derive(Default)]
pub struct Wanted<'a> {
    /// The threshold of labels; `None` is the version's own.
    pub threshold: Option<f64>,
    /// The columns of segments, for each way of dividing the rows.
    pub groupings: &'a [&'a [String]],
    /// Whether the pass goes on where rows cannot be divided so, and says why; otherwise that is an error.
    pub is_lenient: bool,
    /// How many of the rows are kept as they are, at most.
    pub drawn: usize,
    /// Columns of numbers of 0 or more that are kept beside the scores, and what each is.
    pub extra: &'a [(&'a str, &'a str)],
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
pub struct Classes {
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
pub enum ReadTarget {
    Classes(Classes),
    Number,
}

impl ReadTarget {
    /// Returns an error for a column that cannot hold the model's answers.
    pub fn of(answer: &Answer, target: &str, column: &OutputColumn) -> Result<ReadTarget> {
        match answer {
            Answer::Classes(labels) => Ok(ReadTarget::Classes(Classes::of(labels, target))),
            Answer::Number if column.reader.map(|reader| reader.role()) == Some(Role::Number) => Ok(ReadTarget::Number),
            Answer::Number => Err(Error::new(
                UNSUITABLE_ROWS,
                format!("target \"{target}\" is no number, as the model predicts"),
            )
            .detail(format!("Its type is {}.", column.type_name))
            .hint("Cast it to a number in the query.")),
            Answer::Forecast => Err(Error::new(WRONG_TASK, "a forecast is not judged row by row")
                .hint("assay.evaluate judges it by how far ahead it looks.")),
            Answer::Cluster { .. } | Answer::Strangeness | Answer::Components { .. } => {
                Err(Error::new(INTERNAL, "a model without a target was to be judged by one"))
            }
        }
    }

    /// A row's target; `None` when it has none.
    pub fn read(&self, value: &Value<'_>) -> Result<Option<Actual>> {
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
pub fn input_places(scorer: &Scorer, columns: &[OutputColumn], reference: &str) -> Result<Vec<usize>> {
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

/// Where a pass reads its rows' columns.
struct Places {
    target: usize,
    read_target: ReadTarget,
    inputs: Vec<usize>,
    extra: Vec<usize>,
}

/// The place of a column of numbers.
fn extra_place(columns: &[OutputColumn], name: &str, what: &str) -> Result<usize> {
    let place = column_named(columns, name, what)?;
    match columns[place].reader.map(Reader::role) {
        Some(Role::Number) => Ok(place),
        _ => Err(Error::new(
            UNSUITABLE_ROWS,
            format!("column \"{name}\", which is {what}, is no number"),
        )
        .detail(format!("Its type is {}.", columns[place].type_name))
        .hint("Cast it to a number in the query.")),
    }
}

/// A row's number of 0 or more, in a column by its name and what it is.
pub fn extra_number(value: &Value<'_>, (name, what): (&str, &str)) -> Result<f64> {
    match value {
        Value::Number(number) if *number >= 0.0 && number.is_finite() => Ok(*number),
        other => Err(Error::new(
            UNSUITABLE_ROWS,
            format!("column \"{name}\" holds what is no number of 0 or more"),
        )
        .detail(format!("It is {what}, and has the value {}.", shown(other)))
        .hint("Leave such rows out of the query, or give them a value there.")),
    }
}

impl Pass {
    /// Scores every row of `query` and compares it with the model's target.
    pub fn run(model: Option<&str>, query: Option<&str>, wanted: &Wanted<'_>) -> Result<Pass> {
        let reference = required("model", model)?;
        let version = registry::resolve(reference, Privilege::Predict)?;
        let scorer = cache::scorer(&version)?;
        let threshold = checked_threshold(wanted.threshold, &version)?;
        let target = version.target("judging predictions")?;
        let text = required("query", query)?;
        let query = Query::new(text)?;
        let target_place = column_named(query.columns(), &target, "the target")?;
        let inputs = input_places(&scorer, query.columns(), reference)?;
        let read_target = ReadTarget::of(&scorer.model().answer, &target, &query.columns()[target_place])?;
        let groupings = wanted
            .groupings
            .iter()
            .map(|names| Segments::new(names, query.columns()));
        let groupings: Vec<Result<Segments>> = match wanted.is_lenient {
            true => groupings.collect(),
            false => groupings.map(|segments| segments.map(Ok)).collect::<Result<_>>()?,
        };
        let extra = wanted
            .extra
            .iter()
            .map(|(name, what)| extra_place(query.columns(), name, what));
        let extra: Vec<usize> = extra.collect::<Result<_>>()?;
        let mut pass = Pass {
            threshold,
            scored: Scored::new(&scorer.model().answer),
            left_out: LeftOut::default(),
            compared: Compared::default(),
            coverage: Coverage::default(),
            groupings,
            drawn: RowDraw::new(wanted.drawn, scorer.model().raw_width()),
            extra: vec![Vec::new(); extra.len()],
            statement: Foreground::new()?,
            scorer,
        };
        let source = Source::of(&query, text);
        if !elsewhere::run(&mut pass, &version, &target, &source, wanted)? {
            let places = Places {
                target: target_place,
                read_target,
                inputs,
                extra,
            };
            pass.read(&query, &places, wanted)?;
        }
        pass.tell_of_training_rows(reference);
        Ok(pass)
    }

    fn read(&mut self, query: &Query, places: &Places, wanted: &Wanted<'_>) -> Result<()> {
        let mut row_scorer = RowScorer::new(Rc::clone(&self.scorer));
        let mut rows = 0_u64;
        query.run(&mut |row| {
            let input = |input: usize| row.value(places.inputs[input]);
            let (actual, left_out) = row_scorer.read(&places.read_target, &row.value(places.target), input)?;
            self.left_out.add(left_out);
            self.divide(row, left_out, wanted.is_lenient)?;
            let Some(actual) = actual else { return Ok(()) };
            if let Some(sample) = &self.scorer.model().sample {
                sample.compare(row_scorer.raw(), as_number(actual), &mut self.compared);
            }
            let (scores, interval) = row_scorer.score();
            if let (Actual::Number(number), Some(interval)) = (actual, interval) {
                self.coverage.push(number, interval);
            }
            for ((values, &place), &(name, what)) in self.extra.iter_mut().zip(&places.extra).zip(wanted.extra) {
                room::push(values, extra_number(&row.value(place), (name, what))?)?;
            }
            self.scored.push(actual, scores)?;
            self.drawn.push(row_scorer.raw())?;
            rows += 1;
            if rows.is_multiple_of(LOOK) {
                self.statement.check()?;
            }
            Ok(())
        })
    }

    /// Adds a row to its segments.
    #[inline]
    fn divide(&mut self, row: &Row<'_>, left_out: LeftOut, is_lenient: bool) -> Result<()> {
        for grouping in &mut self.groupings {
            let Ok(segments) = grouping else { continue };
            match segments.of(row) {
                Ok(segment) => segments.push(segment, left_out)?,
                Err(error) if is_lenient => *grouping = Err(error),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The segments of the only grouping that was asked for.
    pub fn segments(&self) -> Option<&Segments> {
        self.groupings.first().and_then(|segments| segments.as_ref().ok())
    }

    /// Which share of the rows trained the model, where that is known and worth telling.
    pub fn trained_share(&self) -> Option<f64> {
        let sample = self.scorer.model().sample.as_ref()?;
        sample.share(&self.compared)
    }

    /// Says that rows trained the model: it does better on these than it will on others.
    fn tell_of_training_rows(&self, reference: &str) {
        if let Some(share) = self.trained_share() {
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
    pub fn classes(&self, wanted: &str) -> Result<(&[u32], ArrayView2<'_, f64>)> {
        self.scored.classes().ok_or_else(|| {
            Error::new(WRONG_TASK, format!("{wanted} needs a classification"))
                .hint("Use assay.evaluate for a regression.")
        })
    }

    /// Computes on threads, while the session can be cancelled.
    pub fn judging<T: Send>(&self, work: impl FnOnce(&dyn Monitor) -> algo::error::Result<T> + Send) -> Result<T> {
        let mut reporter = Reporter::new();
        let result = compute::run("judging", &mut reporter, &self.statement, work);
        reporter.finish();
        result
    }

    /// The classes and probabilities of a model with two classes. Returns `ML010` for another.
    pub fn two_classes(&self, wanted: &str) -> Result<(&[u32], ArrayView2<'_, f64>)> {
        let (actual, probabilities) = self.classes(wanted)?;
        if probabilities.ncols() != 2 {
            return Err(
                Error::new(WRONG_TASK, format!("{wanted} needs a model with two classes"))
                    .detail(format!("The model has {}.", probabilities.ncols()))
                    .hint("Use assay.evaluate or assay.confusion_matrix for this model."),
            );
        }
        Ok((actual, probabilities))
    }

    /// The ranking of rows by the positive class's probability. Returns `ML010` unless there are two classes.
    pub fn ranking(&self) -> Result<Ranking> {
        let (actual, probabilities) = self.two_classes("a curve")?;
        self.judging(|monitor| evaluation::rank(actual, probabilities, 1, monitor))
    }
}

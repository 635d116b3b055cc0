//! Scoring in SQL: `predict`, `predict_label`, `predict_proba`, and the same of features without SQL types.
//!
//! The name is resolved to a version once per statement, under the statement's snapshot; the arguments are bound to the model's inputs
//! once per call site; a row then costs the reading of its values and the score.

use pgrx::pg_sys;

use super::binding::{self, Binding};
use super::cache::{self, Servable};
use super::guard::Guard;
use super::untyped;
use crate::pg::entry::{Raw, per_row};
use crate::pg::error::{Error, NO_INTERVALS, Result, UNDEFINED_COLUMN, WRONG_TASK, or_raise};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::jsonb_value;
use crate::pg::reader::Value;
use crate::pg::snapshot::{self, View};
use crate::pg::whole_row::{Given, WholeRow};
use crate::pg::{arguments, float_array, settings, site, text};
use algo::task::Answer;

/// A model bound to a call site.
pub(super) struct Bound {
    reference: String,
    pub(super) model: Servable,
    binding: Option<Binding>,
    /// What looks at the rows, where somebody wants it.
    guard: Option<Box<Guard>>,
    pub(super) row: Vec<f64>,
    out: Vec<f64>,
    /// What a model without a target makes of a row.
    made: Vec<f64>,
    /// The place in `out` of the number that stands for the answer, if there is one.
    value: Option<usize>,
}

/// What a call site remembers.
pub(super) struct Site {
    view: Option<View>,
    /// The argument that names the model, from the first row on.
    model: Option<Field>,
    /// Whether every row asks the same model.
    one_model: bool,
    bound: Vec<Bound>,
}

/// So many models one call site keeps bound, for calls whose model differs by row.
const MODELS_PER_SITE: usize = 16;

impl Site {
    pub(super) fn new(fcinfo: pg_sys::FunctionCallInfo) -> Site {
        Site {
            view: None,
            model: None,
            one_model: arguments::is_constant(fcinfo, 0),
            bound: Vec::new(),
        }
    }

    /// The call's model, bound; `None` when the model is NULL.
    #[inline(always)]
    pub(super) fn bound(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<&mut Bound>> {
        let view = snapshot::view();
        if self.view != Some(view) {
            self.bound.clear();
            self.view = Some(view);
        }
        let place = if self.one_model && !self.bound.is_empty() {
            0
        } else {
            let Some(place) = self.place(fcinfo)? else {
                return Ok(None);
            };
            place
        };
        Ok(self.bound.get_mut(place))
    }

    /// Where the call's model is among those bound; binds it when it is not among them.
    #[inline(never)]
    fn place(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<usize>> {
        let arguments = Arguments::of(&fcinfo);
        let model = match &self.model {
            Some(model) => model,
            None => self.model.insert(arguments.require(0)?),
        };
        let reference = match arguments.value(model) {
            Value::Text(reference) => reference,
            Value::Missing => return Ok(None),
            Value::Number(_) | Value::Enum(_) | Value::Vector(_) => return Err(arguments.unreadable(0)),
        };
        if let Some(place) = self.bound.iter().position(|bound| bound.reference == reference) {
            return Ok(Some(place));
        }
        if self.bound.len() == MODELS_PER_SITE {
            self.bound.remove(0);
        }
        self.bound.push(Bound::new(&reference, self.view)?);
        Ok(Some(self.bound.len() - 1))
    }
}

impl Bound {
    fn new(reference: &str, view: Option<View>) -> Result<Bound> {
        let model = cache::resolve(reference, view)?;
        if model.scorer.model().answer == Answer::Forecast {
            return Err(forecasts_series(reference));
        }
        Ok(Bound {
            reference: reference.to_string(),
            binding: None,
            guard: Guard::new(settings::guard(), &model, reference)?,
            row: model.scorer.empty_row(),
            out: vec![0.0; model.scorer.outputs()],
            made: Vec::new(),
            value: model.scorer.model().answer.value_place(),
            model,
        })
    }

    /// Reads the call's features and scores them into `out`; `false` when the row argument is NULL.
    #[inline(always)]
    fn score(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        if let Some(Binding::Arguments(plan)) = &self.binding {
            let arguments = Arguments::of(&fcinfo);
            if let Some(linear) = self.model.scorer.linear() {
                plan.score(&self.model.scorer, linear, &arguments, &mut self.row, &mut self.out)?;
                return Ok(true);
            }
            plan.read(&self.model.scorer, &arguments, &mut self.row)?;
        } else if !self.read_first(fcinfo)? {
            return Ok(false);
        }
        self.model.score(&mut self.row, &mut self.out);
        Ok(true)
    }

    /// Reads the call's features; `false` when the row argument is NULL.
    pub(super) fn read(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        match &self.binding {
            Some(Binding::Arguments(plan)) => {
                plan.read(&self.model.scorer, &Arguments::of(&fcinfo), &mut self.row)?;
                Ok(true)
            }
            Some(Binding::Row { .. } | Binding::Watched(_)) | None => self.read_first(fcinfo),
        }
    }

    /// Reads the call's features into `row`, and scores them into `out`; `false` when the row argument is NULL.
    fn read_and_score(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        let read = self.read(fcinfo)?;
        if read {
            self.model.scorer.score(&mut self.row, &mut self.out);
        }
        Ok(read)
    }

    /// Scores the features in an object of JSON; `false` when that is NULL.
    pub(super) fn score_object(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        let Some(features) = jsonb_value::argument(&fcinfo, 1)? else {
            return Ok(false);
        };
        untyped::read_object(&self.model.scorer, &self.reference, features, &mut self.row)?;
        self.watch()?;
        self.model.scorer.score(&mut self.row, &mut self.out);
        Ok(true)
    }

    /// Scores the features in an array of texts; `false` when that is NULL.
    pub(super) fn score_texts(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        let Some(features) = arguments::nullable_texts(fcinfo, 1) else {
            return match arguments::datum(fcinfo, 1) {
                None => Ok(false),
                Some(_) => Err(Arguments::of(&fcinfo).unreadable(1)),
            };
        };
        untyped::read_texts(&self.model.scorer, &self.reference, &features, &mut self.row)?;
        self.watch()?;
        self.model.scorer.score(&mut self.row, &mut self.out);
        Ok(true)
    }

    /// Looks at the row that was read, where somebody wants it.
    #[inline]
    fn watch(&mut self) -> Result<()> {
        match &mut self.guard {
            Some(guard) => guard.look(self.model.scorer.raw(&self.row)),
            None => Ok(()),
        }
    }

    /// Reads the first row's features, for which the arguments are bound, or those of any whole or watched row; `false` when that is NULL.
    #[inline(never)]
    fn read_first(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        if let Some(Binding::Watched(plan)) = &self.binding {
            plan.read(&self.model.scorer, &Arguments::of(&fcinfo), &mut self.row)?;
            self.watch()?;
            return Ok(true);
        }
        let given = match arguments::count(fcinfo) {
            2 => WholeRow::of(&fcinfo, 1),
            _ => Given::Other,
        };
        let row = match given {
            Given::Row(row) => row,
            Given::Null => return Ok(false),
            Given::Other => {
                let plan = binding::of_arguments(&self.model.scorer, &self.reference, fcinfo)?;
                plan.read(&self.model.scorer, &Arguments::of(&fcinfo), &mut self.row)?;
                self.binding = Some(match self.guard {
                    Some(_) => Binding::Watched(plan),
                    None => Binding::Arguments(plan),
                });
                self.watch()?;
                return Ok(true);
            }
        };
        let is_bound = match &self.binding {
            Some(Binding::Row { reader, .. }) => reader.suits(&row),
            Some(Binding::Arguments(_) | Binding::Watched(_)) | None => false,
        };
        if !is_bound {
            self.binding = Some(binding::of_row(&self.model.scorer, &self.reference, fcinfo, &row)?);
        }
        if let Some(Binding::Row { plan, reader }) = &mut self.binding
            && let Some(values) = reader.read(&row)
        {
            plan.read(&self.model.scorer, &values, &mut self.row)?;
            self.watch()?;
        }
        Ok(true)
    }
}

/// Scores the call's row by `score`, which gives `false` for NULL, and hands the bound model, with its scores, to `answer`.
#[inline(always)]
pub(super) fn scored<T>(
    fcinfo: pg_sys::FunctionCallInfo,
    score: impl FnOnce(&mut Bound, pg_sys::FunctionCallInfo) -> Result<bool>,
    answer: impl FnOnce(&mut Bound) -> Result<T>,
) -> Option<T> {
    let work = |site: &mut Site| {
        let Some(bound) = site.bound(fcinfo)? else {
            return Ok(None);
        };
        if score(bound, fcinfo)? {
            answer(bound).map(Some)
        } else {
            Ok(None)
        }
    };
    or_raise(site::with(fcinfo, || Site::new(fcinfo), work))
}

/// A regression's value, the positive class's probability, a cluster's number, or how strange the row is; `None` for a row in no cluster.
#[inline(always)]
fn value(bound: &mut Bound) -> Result<Option<f64>> {
    match bound.value.and_then(|place| bound.out.get(place)) {
        Some(value) => Ok(Some(*value).filter(|value| !value.is_nan())),
        None => Err(no_value(bound)),
    }
}

/// The error of a model whose answer is no one number.
#[cold]
fn no_value(bound: &Bound) -> Error {
    let (reference, count) = (&bound.reference, bound.out.len());
    match &bound.model.scorer.model().answer {
        Answer::Components { .. } => Error::new(
            WRONG_TASK,
            format!("model \"{reference}\" gives {count} components and no one number"),
        )
        .hint("Use assay.transform for the components of a row."),
        Answer::Forecast => forecasts_series(reference),
        Answer::Classes(_) | Answer::Number | Answer::Cluster { .. } | Answer::Strangeness => Error::new(
            WRONG_TASK,
            format!("model \"{reference}\" has {count} classes and no positive one"),
        )
        .hint("Use assay.predict_label for the most probable class, or assay.predict_proba for all probabilities."),
    }
}

/// The error of a model whose answers are not those of rows.
#[cold]
fn forecasts_series(reference: &str) -> Error {
    Error::new(
        WRONG_TASK,
        format!("model \"{reference}\" forecasts series, and says nothing of a row"),
    )
    .hint("Use assay.forecast for what comes next, or assay.detect_anomalies for how far rows are from what was forecast.")
}

/// The class at the model's threshold; with more than two classes the most probable one.
fn label(bound: &mut Bound) -> Result<Option<Raw>> {
    let label = bound.model.scorer.label_of(&bound.out, bound.model.threshold()?);
    let label = label.ok_or_else(|| no_classes(bound, "predict_label"))?;
    Ok(text::datum_of(&label.text()))
}

/// What is decided of a row at the model's threshold and bands.
fn decision(bound: &mut Bound) -> Result<Option<Raw>> {
    let (reference, answer) = (&bound.reference, &bound.model.scorer.model().answer);
    let &[_, probability] = &bound.out[..] else {
        let found = match answer.classes() {
            Some(classes) => format!("it has {}", classes.len()),
            None => format!("it is {}", answer.task().noun()),
        };
        return Err(Error::new(
            WRONG_TASK,
            format!("decide needs a classification with two classes, but model \"{reference}\" is none"),
        )
        .detail(format!(
            "A decision is made by the probability of the positive class; {found}."
        ))
        .hint("Use assay.predict_label for several classes, or compare assay.predict with a bound of your own."));
    };
    Ok(text::datum_of(bound.model.rule()?.decide(probability).name()))
}

/// The probability of each class, in the order of `labels(model)`.
fn probabilities(bound: &mut Bound) -> Result<Raw> {
    match bound.model.scorer.model().answer.classes() {
        Some(_) => Ok(float_array::datum_of(&bound.out)),
        None => Err(no_classes(bound, "predict_proba")),
    }
}

/// The lower and the upper end of what the true number is in.
fn interval(bound: &mut Bound) -> Result<Raw> {
    let (reference, scorer) = (&bound.reference, &bound.model.scorer);
    let answer = &scorer.model().answer;
    let refused = |hint: &str| {
        let task = answer.task().noun();
        let message = format!("predict_interval needs a regression, but model \"{reference}\" is {task}");
        Err(Error::new(WRONG_TASK, message).hint(hint.to_string()))
    };
    match answer {
        Answer::Number => {}
        Answer::Classes(_) => return refused("Use assay.predict_proba for the probability of each class."),
        Answer::Forecast => return refused("Use assay.forecast, which gives intervals at any level."),
        Answer::Cluster { .. } | Answer::Strangeness | Answer::Components { .. } => {
            return refused("What is learned without a target predicts no numbers that could be off.");
        }
    }
    let interval = scorer.interval(&bound.row, bound.out[0]).ok_or_else(|| {
        Error::new(NO_INTERVALS, format!("model \"{reference}\" has no intervals"))
            .detail("They are learned with the model, from rows that it does not learn from.")
            .hint("Train it with intervals => '{}', or with a level such as intervals => '{\"level\": 0.95}'.")
    })?;
    Ok(float_array::datum_of(&interval))
}

fn no_classes(bound: &Bound, function: &str) -> Error {
    let (reference, task) = (&bound.reference, bound.model.scorer.model().answer.task().noun());
    let hint = match bound.model.scorer.model().answer {
        Answer::Components { .. } => "Use assay.transform for its components.",
        Answer::Forecast => "Use assay.forecast for what comes next.",
        Answer::Classes(_) | Answer::Number | Answer::Cluster { .. } | Answer::Strangeness => {
            "Use assay.predict for its value."
        }
    };
    Error::new(
        WRONG_TASK,
        format!("{function} needs a classification, but model \"{reference}\" is {task}"),
    )
    .hint(hint)
}

/// What a model without a target makes of a row: components, distances from clusters; of others what the learner sees of it.
fn transformed(bound: &mut Bound) -> Result<Raw> {
    let scorer = &bound.model.scorer;
    let row = scorer.transform(&mut bound.row);
    let unsupervised = scorer.model().fitted.unsupervised();
    let Some(model) = unsupervised.filter(|model| model.transformed() > 0) else {
        return Ok(float_array::datum_of(row));
    };
    bound.made.resize(model.transformed(), 0.0);
    model.transform(row, &mut bound.made);
    Ok(float_array::datum_of(&bound.made))
}

per_row!(predict, predict_wrapper, pg_finfo_predict_wrapper);
per_row!(predict_label, predict_label_wrapper, pg_finfo_predict_label_wrapper);
per_row!(predict_proba, predict_proba_wrapper, pg_finfo_predict_proba_wrapper);
per_row!(decide, decide_wrapper, pg_finfo_decide_wrapper);
per_row!(decide_row, decide_row_wrapper, pg_finfo_decide_row_wrapper);
per_row!(decide_values, decide_values_wrapper, pg_finfo_decide_values_wrapper);
per_row!(predict_row, predict_row_wrapper, pg_finfo_predict_row_wrapper);
per_row!(
    predict_label_row,
    predict_label_row_wrapper,
    pg_finfo_predict_label_row_wrapper
);
per_row!(
    predict_proba_row,
    predict_proba_row_wrapper,
    pg_finfo_predict_proba_row_wrapper
);
per_row!(
    predict_interval,
    predict_interval_wrapper,
    pg_finfo_predict_interval_wrapper
);
per_row!(
    predict_interval_row,
    predict_interval_row_wrapper,
    pg_finfo_predict_interval_row_wrapper
);
per_row!(
    predict_interval_values,
    predict_interval_values_wrapper,
    pg_finfo_predict_interval_values_wrapper
);
per_row!(predict_values, predict_values_wrapper, pg_finfo_predict_values_wrapper);
per_row!(
    predict_label_values,
    predict_label_values_wrapper,
    pg_finfo_predict_label_values_wrapper
);
per_row!(
    predict_proba_values,
    predict_proba_values_wrapper,
    pg_finfo_predict_proba_values_wrapper
);

per_row!(transform, transform_wrapper, pg_finfo_transform_wrapper);

/// `transform(model, features...)`: what the learner sees of a row.
fn transform(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::read, transformed)
}

/// `predict(model, features...)`.
#[inline(always)]
fn predict(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scored(fcinfo, Bound::score, value).flatten()
}

/// `predict_label(model, features...)`.
fn predict_label(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score, label).flatten()
}

/// `decide(model, features...)`.
fn decide(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score, decision).flatten()
}

/// `decide_row(model, features)`.
fn decide_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_object, decision).flatten()
}

/// `decide_values(model, features)`.
fn decide_values(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_texts, decision).flatten()
}

/// `predict_proba(model, features...)`.
fn predict_proba(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score, probabilities)
}

/// `predict_interval(model, features...)`.
fn predict_interval(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::read_and_score, interval)
}

/// `predict_interval_row(model, features)`.
fn predict_interval_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_object, interval)
}

/// `predict_interval_values(model, features)`.
fn predict_interval_values(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_texts, interval)
}

/// `predict_row(model, features)`, the features in an object of JSON.
fn predict_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scored(fcinfo, Bound::score_object, value).flatten()
}

/// `predict_label_row(model, features)`.
fn predict_label_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_object, label).flatten()
}

/// `predict_proba_row(model, features)`.
fn predict_proba_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_object, probabilities)
}

/// `predict_values(model, features)`, the features as texts in the model's order.
fn predict_values(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scored(fcinfo, Bound::score_texts, value).flatten()
}

/// `predict_label_values(model, features)`.
fn predict_label_values(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_texts, label).flatten()
}

/// `predict_proba_values(model, features)`.
fn predict_proba_values(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_texts, probabilities)
}

/// A column of a query by name, for those who read one.
pub fn column_named(columns: &[crate::pg::query_row::OutputColumn], name: &str, role: &str) -> Result<usize> {
    columns.iter().position(|column| column.name == name).ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        Error::new(
            UNDEFINED_COLUMN,
            format!("the query has no column \"{name}\", which is {role}"),
        )
        .detail(format!("Its columns are: {}.", names.join(", ")))
        .hint("Name a column of the query, or add it to the query.")
    })
}

/// An identifier as SQL needs it.
pub fn quote_identifier(name: &str) -> String {
    pgrx::spi::quote_identifier(name)
}

//! Scoring in SQL: `predict`, `predict_label`, `predict_proba`.
//!
//! The name is resolved to a version once per statement, under the statement's snapshot; the arguments are bound to the model's inputs
//! once per call site; a row then costs the reading of its values and the score.

use std::rc::Rc;

use pgrx::pg_sys;

use super::binding::{self, Binding};
use super::cache;
use super::registry::{self, Privilege};
use super::scorer::Scorer;
use crate::pg::entry::{Raw, per_row};
use crate::pg::error::{Error, Result, UNDEFINED_COLUMN, WRONG_TASK, or_raise};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::reader::Value;
use crate::pg::snapshot::{self, View};
use crate::pg::whole_row::{Given, WholeRow};
use crate::pg::{arguments, site, text};

/// A model bound to a call site.
struct Bound {
    reference: String,
    scorer: Rc<Scorer>,
    threshold: f64,
    binding: Option<Binding>,
    row: Vec<f64>,
    out: Vec<f64>,
}

/// What a call site remembers.
struct Site {
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
    fn new(fcinfo: pg_sys::FunctionCallInfo) -> Site {
        Site {
            view: None,
            model: None,
            one_model: arguments::is_constant(fcinfo, 0),
            bound: Vec::new(),
        }
    }

    /// The call's model, bound; `None` when the model is NULL.
    #[inline(always)]
    fn bound(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<&mut Bound>> {
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
        self.bound.push(Bound::new(&reference)?);
        Ok(Some(self.bound.len() - 1))
    }
}

impl Bound {
    fn new(reference: &str) -> Result<Bound> {
        let version = registry::resolve(reference, Privilege::Predict)?;
        let scorer = cache::scorer(&version)?;
        Ok(Bound {
            reference: reference.to_string(),
            threshold: version.threshold()?,
            binding: None,
            row: scorer.empty_row(),
            out: vec![0.0; scorer.outputs()],
            scorer,
        })
    }

    /// Reads the call's features and scores them into `out`; `false` when the row argument is NULL.
    #[inline(always)]
    fn score(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        if let Some(Binding::Arguments(plan)) = &self.binding {
            let arguments = Arguments::of(&fcinfo);
            if let Some(linear) = self.scorer.linear() {
                plan.score(&self.scorer, linear, &arguments, &mut self.row, &mut self.out)?;
                return Ok(true);
            }
            plan.read(&self.scorer, &arguments, &mut self.row)?;
        } else if !self.read_first(fcinfo)? {
            return Ok(false);
        }
        self.scorer.score(&self.row, &mut self.out);
        Ok(true)
    }

    /// Reads the first row's features, for which the arguments are bound, or those of any whole row; `false` when that is NULL.
    #[inline(never)]
    fn read_first(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        let given = match arguments::count(fcinfo) {
            2 => WholeRow::of(&fcinfo, 1),
            _ => Given::Other,
        };
        let row = match given {
            Given::Row(row) => row,
            Given::Null => return Ok(false),
            Given::Other => {
                let plan = binding::of_arguments(&self.scorer, &self.reference, fcinfo)?;
                plan.read(&self.scorer, &Arguments::of(&fcinfo), &mut self.row)?;
                self.binding = Some(Binding::Arguments(plan));
                return Ok(true);
            }
        };
        let is_bound = match &self.binding {
            Some(Binding::Row { reader, .. }) => reader.suits(&row),
            Some(Binding::Arguments(_)) | None => false,
        };
        if !is_bound {
            self.binding = Some(binding::of_row(&self.scorer, &self.reference, fcinfo, &row)?);
        }
        if let Some(Binding::Row { plan, reader }) = &mut self.binding
            && let Some(values) = reader.read(&row)
        {
            plan.read(&self.scorer, &values, &mut self.row)?;
        }
        Ok(true)
    }
}

/// Scores the call's row and hands the bound model, with its scores, to `answer`.
#[inline(always)]
fn scored<T>(fcinfo: pg_sys::FunctionCallInfo, answer: impl FnOnce(&Bound) -> Result<T>) -> Option<T> {
    let score = |site: &mut Site| {
        let Some(bound) = site.bound(fcinfo)? else {
            return Ok(None);
        };
        if bound.score(fcinfo)? {
            answer(bound).map(Some)
        } else {
            Ok(None)
        }
    };
    or_raise(site::with(fcinfo, || Site::new(fcinfo), score))
}

fn no_classes(bound: &Bound, function: &str) -> Error {
    let (reference, task) = (&bound.reference, bound.scorer.model().answer.task().name());
    Error::new(
        WRONG_TASK,
        format!("{function} needs a classification, but model \"{reference}\" is a {task}"),
    )
    .hint("Use assay.predict for its value.")
}

per_row!(predict, predict_wrapper, pg_finfo_predict_wrapper);
per_row!(predict_label, predict_label_wrapper, pg_finfo_predict_label_wrapper);
per_row!(predict_proba, predict_proba_wrapper, pg_finfo_predict_proba_wrapper);

/// `predict(model, features...)`: a regression's value, or the positive class's probability.
#[inline(always)]
fn predict(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scored(fcinfo, |bound| match bound.out[..] {
        [value] | [_, value] => Ok(value),
        _ => Err(Error::new(
            WRONG_TASK,
            format!(
                "model \"{}\" has {} classes and no positive one",
                bound.reference,
                bound.out.len()
            ),
        )
        .hint("Use assay.predict_label for the most probable class, or assay.predict_proba for all probabilities.")),
    })
}

/// `predict_label(model, features...)`: the class at the model's threshold; with more than two classes the most probable one.
fn predict_label(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, |bound| {
        let label = bound.scorer.label_of(&bound.out, bound.threshold);
        let label = label.ok_or_else(|| no_classes(bound, "predict_label"))?;
        Ok(text::datum_of(&label.text()))
    })
    .flatten()
}

/// `predict_proba(model, features...)`: the probability of each class, in the order of `labels(model)`.
fn predict_proba(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<f64>> {
    scored(fcinfo, |bound| match bound.scorer.model().answer.classes() {
        Some(_) => Ok(bound.out.clone()),
        None => Err(no_classes(bound, "predict_proba")),
    })
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

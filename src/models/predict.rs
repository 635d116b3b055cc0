//! Scoring in SQL: `predict`, `predict_label`, `predict_proba`.
//!
//! The name is resolved to a version once per statement, under the statement's snapshot; the arguments are bound to the model's inputs
//! once per call site; a row then costs the reading of its values and the score.

use std::rc::Rc;

use pgrx::{pg_extern, pg_sys};

use super::cache;
use super::registry::{self, Privilege};
use super::scorer::Scorer;
use crate::algo::model::InputKind;
use crate::pg::arguments::{self, RowReader, RowType, WholeRow};
use crate::pg::catalog::{self, View};
use crate::pg::error::{
    Error, FEATURE_TYPE, INVALID_PARAMETER, MISSING_FEATURE, Result, UNDEFINED_COLUMN, WRONG_TASK, or_raise,
};
use crate::pg::site;
use crate::pg::types::{self, Reader};

/// How one of the model's inputs is read.
#[derive(Clone, Copy)]
struct Slot {
    /// The argument, counted from the first feature, or the row's column.
    place: usize,
    reader: Reader,
    /// Where its number goes as it is; other values are encoded.
    number: Option<usize>,
}

impl Slot {
    fn new(scorer: &Scorer, input: usize, place: usize, reader: Reader) -> Slot {
        Slot {
            place,
            reader,
            number: scorer.number_place(input, reader),
        }
    }
}

/// How the call's arguments become the model's inputs.
enum Binding {
    /// One argument an input, from argument 1 on.
    Positional(Vec<Slot>),
    /// One row, whose columns were found by name.
    Row {
        row_type: RowType,
        slots: Vec<Slot>,
        reader: RowReader,
    },
}

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
#[derive(Default)]
struct Site {
    view: Option<View>,
    bound: Vec<Bound>,
}

/// So many models one call site keeps bound, for calls whose model differs by row.
const MODELS_PER_SITE: usize = 16;

impl Site {
    /// The call's model, bound; `None` when the model is NULL.
    fn bound(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<&mut Bound>> {
        let view = catalog::view();
        if self.view != Some(view) {
            self.bound.clear();
            self.view = Some(view);
        }
        let Some(datum) = arguments::datum(fcinfo, 0) else {
            return Ok(None);
        };
        let reference = arguments::text(datum);
        let place = match self.bound.iter().position(|bound| bound.reference == reference) {
            Some(place) => place,
            None => {
                if self.bound.len() == MODELS_PER_SITE {
                    self.bound.remove(0);
                }
                self.bound.push(Bound::new(&reference)?);
                self.bound.len() - 1
            }
        };
        Ok(Some(&mut self.bound[place]))
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
    fn score(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<bool> {
        let whole = arguments::count(fcinfo) == 2
            && match &self.binding {
                Some(binding) => matches!(binding, Binding::Row { .. }),
                None => arguments::argument_type(fcinfo, 1).is_some_and(arguments::is_row_type),
            };
        if whole {
            let Some(row) = WholeRow::of(fcinfo, 1) else {
                return Ok(false);
            };
            self.read_row(fcinfo, &row)?;
        } else {
            self.read_positional(fcinfo)?;
        }
        self.scorer.score(&self.row, &mut self.out);
        Ok(true)
    }

    /// Encodes a whole row; binds its type first when it is a new one.
    fn read_row(&mut self, fcinfo: pg_sys::FunctionCallInfo, row: &WholeRow) -> Result<()> {
        if !matches!(&self.binding, Some(Binding::Row { row_type, .. }) if *row_type == row.row_type()) {
            self.binding = Some(bind_row(&self.scorer, &self.reference, fcinfo, row)?);
        }
        if let Some(Binding::Row { slots, reader, .. }) = &mut self.binding {
            reader.read(row);
            for (input, slot) in slots.iter().enumerate() {
                match slot.number {
                    Some(at) => self.row[at] = finite(reader.number(slot.place, slot.reader)),
                    None => drop(
                        self.scorer
                            .encode(input, &reader.value(slot.place, slot.reader), &mut self.row),
                    ),
                }
            }
        }
        Ok(())
    }

    /// Encodes one argument an input.
    fn read_positional(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<()> {
        if self.binding.is_none() {
            self.binding = Some(bind_positional(&self.scorer, &self.reference, fcinfo)?);
        }
        let Some(Binding::Positional(slots)) = &self.binding else {
            return Ok(());
        };
        for (input, (slot, argument)) in slots.iter().zip(arguments::from(fcinfo, 1)).enumerate() {
            if let Some(at) = slot.number {
                self.row[at] = if argument.isnull {
                    f64::NAN
                } else {
                    finite(slot.reader.number(argument.value))
                };
                continue;
            }
            let value = arguments::value(fcinfo, slot.place + 1, slot.reader);
            let known = self.scorer.encode(input, &value, &mut self.row);
            if !known && slot.reader == Reader::Literal {
                check_literal(&self.scorer, input, &value)?;
            }
        }
        Ok(())
    }
}

/// A number as encoded rows hold it: infinities are missing.
#[inline(always)]
fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { f64::NAN }
}

/// An untyped literal for a number or a vector has to be one.
fn check_literal(scorer: &Scorer, input: usize, value: &types::Value<'_>) -> Result<()> {
    let input = &scorer.model().inputs[input];
    match (&input.kind, value) {
        (InputKind::Category { .. }, _) => Ok(()),
        (_, types::Value::Text(text)) => Err(Error::new(
            FEATURE_TYPE,
            format!("feature \"{}\" cannot be '{text}'", input.name),
        )
        .detail(format!("It was {} in training.", input.type_name))
        .hint(format!("Give a value of type {}, or NULL.", input.type_name))),
        _ => Ok(()),
    }
}

/// The error of a feature whose values the model cannot take.
pub fn wrong_type(scorer: &Scorer, input: usize, found: &str, reference: &str) -> Error {
    let input = &scorer.model().inputs[input];
    Error::new(
        FEATURE_TYPE,
        format!(
            "feature \"{}\" of model \"{reference}\" cannot be of type {found}",
            input.name
        ),
    )
    .detail(format!("It was {} in training.", input.type_name))
    .hint(format!(
        "Cast it: {}::{}.",
        quote_identifier(&input.name),
        input.type_name
    ))
}

fn bind_positional(scorer: &Scorer, reference: &str, fcinfo: pg_sys::FunctionCallInfo) -> Result<Binding> {
    let inputs = &scorer.model().inputs;
    let given = arguments::count(fcinfo) - 1;
    if arguments::called_variadic(fcinfo) {
        return Err(
            Error::new(INVALID_PARAMETER, "features cannot be passed as a VARIADIC array")
                .hint("Pass the features one by one, or a whole row."),
        );
    }
    if given != inputs.len() {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        return Err(Error::new(
            MISSING_FEATURE,
            format!(
                "model \"{reference}\" takes {} features as arguments, not {given}",
                inputs.len()
            ),
        )
        .detail(format!("The features are, in order: {}.", names.join(", ")))
        .hint("Pass one whole row, such as a table's alias, to have its columns bound by name."));
    }
    (0..given)
        .map(|input| {
            let type_oid = arguments::argument_type(fcinfo, input + 1).unwrap_or(pg_sys::UNKNOWNOID);
            Reader::of(type_oid)
                .filter(|&reader| scorer.accepts(input, reader))
                .map(|reader| Slot::new(scorer, input, input, reader))
                .ok_or_else(|| wrong_type(scorer, input, &types::name_of(type_oid), reference))
        })
        .collect::<Result<_>>()
        .map(Binding::Positional)
}

fn bind_row(scorer: &Scorer, reference: &str, fcinfo: pg_sys::FunctionCallInfo, row: &WholeRow) -> Result<Binding> {
    let there = row.columns();
    let inputs = &scorer.model().inputs;
    // ROW(a, b, ...) names its columns f1, f2, ...: such a row is bound by position.
    let unnamed = there.len() == inputs.len()
        && there
            .iter()
            .enumerate()
            .all(|(i, c)| c.as_ref().is_some_and(|c| c.name == format!("f{}", i + 1)));
    let slots = inputs
        .iter()
        .enumerate()
        .map(|(input, wanted)| {
            let place = if unnamed {
                Some(input)
            } else {
                there
                    .iter()
                    .position(|column| column.as_ref().is_some_and(|column| column.name == wanted.name))
            };
            let Some((place, column)) = place.and_then(|place| there[place].as_ref().map(|column| (place, column)))
            else {
                let names: Vec<&str> = there.iter().flatten().map(|column| column.name.as_str()).collect();
                return Err(Error::new(
                    MISSING_FEATURE,
                    format!(
                        "the row lacks column \"{}\", which model \"{reference}\" needs",
                        wanted.name
                    ),
                )
                .detail(format!("The row's columns are: {}.", names.join(", ")))
                .hint("Give the row all columns that the model was trained on; their order does not matter."));
            };
            let reader = Reader::of(column.type_oid)
                .filter(|&reader| scorer.accepts(input, reader))
                .ok_or_else(|| wrong_type(scorer, input, &types::name_of(column.type_oid), reference))?;
            Ok(Slot::new(scorer, input, place, reader))
        })
        .collect::<Result<Vec<_>>>()?;
    let reader = site::in_its_memory(fcinfo, || RowReader::new(row));
    Ok(Binding::Row {
        row_type: row.row_type(),
        slots,
        reader,
    })
}

/// Scores the call's row and hands the bound model, with its scores, to `answer`.
fn scored<T>(fcinfo: pg_sys::FunctionCallInfo, answer: impl FnOnce(&Bound) -> Result<T>) -> Option<T> {
    let site = site::remembered(fcinfo, Site::default);
    let result = (|| {
        let Some(bound) = site.bound(fcinfo)? else {
            return Ok(None);
        };
        if bound.score(fcinfo)? {
            answer(bound).map(Some)
        } else {
            Ok(None)
        }
    })();
    or_raise(result)
}

fn regression(reference: &str, function: &str) -> Error {
    Error::new(
        WRONG_TASK,
        format!("{function} needs a classification, but model \"{reference}\" is a regression"),
    )
    .hint("Use assay.predict for its value.")
}

/// `predict(model, features...)`: a regression's value, or the positive class's probability.
#[pg_extern(sql = false)]
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
#[pg_extern(sql = false)]
fn predict_label(fcinfo: pg_sys::FunctionCallInfo) -> Option<String> {
    scored(fcinfo, |bound| {
        let scorer = &bound.scorer;
        if !scorer.is_classification() {
            return Err(regression(&bound.reference, "predict_label"));
        }
        Ok(scorer.model().labels[scorer.class_of(&bound.out, bound.threshold)].to_string())
    })
}

/// `predict_proba(model, features...)`: the probability of each class, in the order of `labels(model)`.
#[pg_extern(sql = false)]
fn predict_proba(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<f64>> {
    scored(fcinfo, |bound| {
        if bound.scorer.is_classification() {
            Ok(bound.out.clone())
        } else {
            Err(regression(&bound.reference, "predict_proba"))
        }
    })
}

/// A column of a query by name, for those who read one.
pub fn column_named(columns: &[crate::pg::query::OutputColumn], name: &str, role: &str) -> Result<usize> {
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

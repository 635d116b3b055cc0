//! A model made ready for scoring: values of a row, as PostgreSQL gives them, in; numbers out.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::form::Form;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::reader::{Reader, Role, Value};
use crate::pg::types;
use algo::estimator::Estimator;
use algo::explain::Folded;
use algo::frame::UNSEEN;
use algo::grouped::LinearScorers;
use algo::label::Label;
use algo::levels::Levels;
use algo::metrics::evaluation;
use algo::model::{InputKind, Model};
use algo::pipeline::TextReader;

/// What scores encoded rows.
enum Engine {
    /// A weighted sum, by group or of all rows, which takes values where they are.
    Linear(LinearScorers),
    /// What scores faster than the model as it is stored.
    Prepared(Box<dyn Estimator>),
    /// The model itself.
    Model,
}

/// A loaded model with look-up tables for its categories.
pub struct Scorer {
    model: Model,
    engine: Engine,
    /// What predicts the quantiles of intervals faster than the model does.
    quantiles: Option<[Box<dyn Estimator>; 2]>,
    places: Vec<Place>,
    /// Numbers that a row's columns give.
    raw: usize,
    by_key: Vec<usize>,
    /// What explains it against the rows that trained it, once that was asked for.
    explanation: OnceCell<Rc<Folded>>,
    /// What estimates errors faster than the model does, once that was asked for.
    errors: OnceCell<Option<[Box<dyn Estimator>; 2]>>,
}

/// Where an input stands in an encoded row, and what is needed to encode it.
struct Place {
    /// The input's first feature.
    at: usize,
    levels: Levels,
    /// The code of a level that training did not keep.
    rest: f64,
    /// How a value without an SQL type is read.
    form: Form,
    /// What reads its texts, when they are not levels.
    texts: Option<RefCell<Box<dyn TextReader>>>,
}

impl Scorer {
    /// Builds the look-up tables. O(size of the model).
    pub fn new(model: Model) -> Scorer {
        let mut raw = 0;
        let places = model
            .inputs
            .iter()
            .map(|input| {
                let at = raw;
                raw += input.kind.width();
                let (levels, rest) = match &input.kind {
                    InputKind::Category { levels, other: true } => (&levels[..], levels.len() as f64),
                    InputKind::Category { levels, other: false } => (&levels[..], UNSEEN),
                    InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => (&[][..], UNSEEN),
                };
                let texts = match &input.kind {
                    InputKind::Text { encoder } => encoder.text_reader(),
                    InputKind::Number | InputKind::Vector { .. } | InputKind::Category { .. } => None,
                };
                Place {
                    at,
                    levels: Levels::new(levels),
                    rest,
                    form: Form::of(input),
                    texts: texts.map(RefCell::new),
                }
            })
            .collect();
        let mut by_key: Vec<usize> = (0..model.inputs.len()).collect();
        by_key.sort_by_key(|&input| (model.inputs[input].name.len(), model.inputs[input].name.as_bytes()));
        let engine = match LinearScorers::new(&*model.fitted) {
            Some(linear) => Engine::Linear(linear),
            None => model.fitted.scorer().map_or(Engine::Model, Engine::Prepared),
        };
        let quantiles = model
            .intervals
            .as_ref()
            .and_then(|intervals| intervals.quantiles.as_ref());
        let quantiles = quantiles.and_then(|[lower, upper]| Some([lower.scorer()?, upper.scorer()?]));
        Scorer {
            engine,
            quantiles,
            model,
            places,
            raw,
            by_key,
            explanation: OnceCell::new(),
            errors: OnceCell::new(),
        }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What explains it against the rows that trained it, where that is known.
    pub fn explanation(&self) -> Option<Rc<Folded>> {
        self.explanation.get().cloned()
    }

    /// Keeps what explains it against the rows that trained it as long as the scorer.
    pub fn keep_explanation(&self, folded: Folded) -> Rc<Folded> {
        Rc::clone(self.explanation.get_or_init(|| Rc::new(folded)))
    }

    /// An empty row, with room for what a pipeline makes of it.
    pub fn empty_row(&self) -> Vec<f64> {
        vec![f64::NAN; self.model.slots()]
    }

    /// The part of a row that its columns give.
    pub fn raw<'r>(&self, row: &'r [f64]) -> &'r [f64] {
        &row[..self.raw]
    }

    /// How an input's value is read when it comes without an SQL type.
    pub fn form(&self, input: usize) -> Form {
        self.places[input].form
    }

    /// The inputs as PostgreSQL sorts keys of JSON: shorter names first, and by their bytes.
    pub fn inputs_by_key(&self) -> &[usize] {
        &self.by_key
    }

    /// Whether values read by `reader` can be input number `input`.
    pub fn accepts(&self, input: usize, reader: Reader) -> bool {
        match (&self.model.inputs[input].kind, reader.role()) {
            (InputKind::Number, Role::Number) | (InputKind::Vector { .. }, Role::Vector) => true,
            // Untyped literals are read as the model wants them.
            (InputKind::Number | InputKind::Vector { .. }, Role::Category) => reader == Reader::Literal,
            (InputKind::Category { .. } | InputKind::Text { .. }, Role::Category) => true,
            (InputKind::Number, Role::Vector)
            | (InputKind::Vector { .. }, Role::Number)
            | (InputKind::Category { .. } | InputKind::Text { .. }, Role::Number | Role::Vector) => false,
        }
    }

    /// Where an input's number stands in an encoded row, when it is read by `reader` as it is.
    pub fn number_place(&self, input: usize, reader: Reader) -> Option<usize> {
        let plain = reader.is_plain_number() && matches!(self.model.inputs[input].kind, InputKind::Number);
        plain.then(|| self.places[input].at)
    }

    /// Where an input's first feature stands in an encoded row.
    pub fn place(&self, input: usize) -> usize {
        self.places[input].at
    }

    /// Writes the code of a category's level, given as UTF-8, into an encoded row. Gives `false` for one that training did not see.
    #[inline]
    pub fn encode_level(&self, input: usize, level: Option<&[u8]>, row: &mut [f64]) -> bool {
        let place = &self.places[input];
        let code = level.map(|level| place.levels.code(level));
        row[place.at] = code.map_or(f64::NAN, |code| code.map_or(place.rest, f64::from));
        code != Some(None)
    }

    /// Writes an input's value into an encoded row; a vector of the wrong length is missing. Gives `false` for a
    /// category level that training did not see, or a literal that is no number or vector. Returns an error when stopped, as a text may be very
    /// long.
    #[inline]
    pub fn encode(&self, input: usize, value: &Value<'_>, row: &mut [f64]) -> Result<bool> {
        let at = self.places[input].at;
        match (&self.model.inputs[input].kind, value) {
            (InputKind::Number, Value::Number(number)) => {
                row[at] = if number.is_finite() { *number } else { f64::NAN };
            }
            (InputKind::Category { .. }, Value::Text(text)) => {
                return Ok(self.encode_level(input, Some(text.as_bytes()), row));
            }
            (InputKind::Text { encoder }, Value::Text(text)) => {
                if let Some(texts) = &self.places[input].texts {
                    let out = &mut row[at..at + encoder.width()];
                    texts.borrow_mut().read(text, out, &Foreground::new()?)?;
                }
            }
            (InputKind::Category { .. } | InputKind::Text { .. }, Value::Enum(oid)) => {
                return self.encode(input, &Value::Text(types::enum_label(*oid).0.into()), row);
            }
            (InputKind::Number, Value::Text(text)) => {
                let number = text.trim().parse::<f64>().ok();
                row[at] = number.filter(|number| number.is_finite()).unwrap_or(f64::NAN);
                return Ok(number.is_some());
            }
            (InputKind::Vector { width, used }, Value::Vector(vector)) => {
                let fits = vector.len() == *width as usize;
                for (slot, &element) in row[at..].iter_mut().zip(used) {
                    let number = if fits { vector[element as usize] } else { f64::NAN };
                    *slot = if number.is_finite() { number } else { f64::NAN };
                }
                return Ok(fits);
            }
            (InputKind::Vector { .. }, Value::Text(text)) => match vector_literal(text) {
                Some(vector) => return self.encode(input, &Value::Vector(vector), row),
                None => return Ok(false),
            },
            (kind, _) => row[at..at + kind.width()].fill(f64::NAN),
        }
        Ok(true)
    }

    /// What scores a linear model, when it takes values as the columns give them and nothing comes after it.
    #[inline(always)]
    pub fn linear(&self) -> Option<&LinearScorers> {
        let model = &self.model;
        match &self.engine {
            Engine::Linear(scorers) if model.pipeline.is_none() && model.calibration.is_none() => Some(scorers),
            Engine::Linear(_) | Engine::Prepared(_) | Engine::Model => None,
        }
    }

    /// Whether an input says to which group a row belongs. These come last.
    pub fn is_key(&self, input: usize) -> bool {
        input + self.model.fitted.keys() >= self.places.len()
    }

    /// What the learner sees of an encoded row, whose rest is filled in.
    #[inline]
    pub fn transform<'r>(&self, row: &'r mut [f64]) -> &'r [f64] {
        self.model.apply(self.raw, row)
    }

    /// Scores an encoded row, whose rest is filled in.
    #[inline]
    pub fn score(&self, row: &mut [f64], out: &mut [f64]) {
        let row = self.transform(row);
        match &self.engine {
            Engine::Linear(scorers) => scorers.score(row, out),
            Engine::Prepared(scorer) => scorer.score(row, out),
            Engine::Model => self.model.fitted.score(row, out),
        }
        if let Some(calibration) = &self.model.calibration {
            calibration.apply(out);
        }
    }

    /// The interval of a row that has been scored, for which the model predicts `value`; `None` for a model without intervals.
    pub fn interval(&self, row: &[f64], value: f64) -> Option<[f64; 2]> {
        let intervals = self.model.intervals.as_ref()?;
        let quantiles = self.quantiles.as_ref().map(|[lower, upper]| [&**lower, &**upper]);
        Some(intervals.of(value, self.model.applied(row), quantiles))
    }

    /// The absolute and the squared error that are to be expected of a row that has been scored, for which the model predicts `value`; `None` for a model
    /// that does not tell. `room` is where the row is put together.
    pub fn expected_errors(&self, row: &[f64], value: f64, room: &mut Vec<f64>) -> Option<[f64; 2]> {
        let errors = self.model.error_model.as_ref()?;
        let scorers = self.errors.get_or_init(|| errors.scorers());
        room.clear();
        room.extend_from_slice(self.model.applied(row));
        room.push(value);
        Some(errors.of(room, scorers.as_ref()))
    }

    /// How many numbers a row's score is.
    pub fn outputs(&self) -> usize {
        self.model.fitted.outputs()
    }

    /// The label that a scored row is given: with two classes the second from `threshold` on, with more the most probable. `None` for a model
    /// that does not answer with classes.
    pub fn label_of(&self, scores: &[f64], threshold: f64) -> Option<&Label> {
        let labels = self.model.answer.classes()?;
        labels.get(evaluation::decide(scores, threshold))
    }
}

/// Reads an array literal such as `{1,2.5,NULL}`.
fn vector_literal(text: &str) -> Option<Vec<f64>> {
    let elements = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let element = |text: &str| match text.trim() {
        null if null.eq_ignore_ascii_case("null") => Some(f64::NAN),
        number => number.parse().ok(),
    };
    elements.split(',').map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_literals_are_read() {
        assert_eq!(vector_literal(" {1, -2.5e3} "), Some(vec![1.0, -2500.0]));
        assert!(vector_literal("{NULL}").is_some_and(|vector| vector[0].is_nan()));
        for text in ["", "1,2", "{a}", "{1", "{}"] {
            assert_eq!(vector_literal(text), None, "{text}");
        }
    }
}

//! What a step of preprocessing is. The table that lists them is in `steps`.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::feature::{Feature, Kind};
use super::totals::{Totals, Wanted};
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::label::Label;
use crate::monitor::Monitor;
use crate::parameters::Hyperparameters;
use crate::texts::Texts;
use crate::training_set::Target;

/// The most levels of a category that becomes a number, where no step says otherwise.
pub const MOST_LEVELS: usize = 32_000;

/// Where a step stands among those of a column, whatever the order in which they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Reads the column's texts, before there are numbers.
    Read,
    /// Parts of a time.
    Parts,
    /// Fills what is missing.
    Fill,
    /// Brings outliers in.
    Clip,
    /// Bends the scale.
    Log,
    /// Makes categories of numbers.
    Bin,
    /// Makes numbers of categories.
    Encode,
    /// Powers.
    Expand,
    /// Centre and unit.
    Scale,
    /// Of two columns.
    Cross,
}

/// What a step learns from: a feature in the training rows.
pub struct Training<'a> {
    /// What it is.
    pub feature: &'a Feature,
    /// Its values.
    pub values: &'a Column,
    /// What there is to predict in the same rows.
    pub target: &'a Target,
    /// What its classes are called; none where it is numbers.
    pub classes: &'a [Label],
}

/// What a step has learned from sums.
pub struct Relearned<F> {
    /// What it does to rows.
    pub fitted: F,
    /// What it does to each part of the training rows, where that is something else: what the others taught.
    pub parts: Vec<F>,
}

impl<F> Relearned<F> {
    /// The same for all rows.
    pub(super) fn new(fitted: F) -> Relearned<F> {
        Relearned {
            fitted,
            parts: Vec::new(),
        }
    }
}

/// The error of sums that a step has not asked for.
pub(super) const NOT_SUMMED: Error = Error::Internal("a step was given sums that it did not ask for");

/// What a step that reads texts learns from.
pub struct TextRows<'a> {
    /// The distinct texts, in no order.
    pub texts: &'a Texts,
    /// How many training rows each of them has.
    pub counts: &'a [u64],
}

/// A kind of preprocessing.
pub trait Step: Sized + 'static {
    /// Its key in `preprocess`.
    const KEY: &'static str;
    /// Its name, where several steps share a key.
    const METHOD: Option<&'static str> = None;
    /// The parameter that a value sets which is no object; none for one that only `true` or its method turns on.
    const MAIN: Option<&'static str> = None;
    /// Where it stands among the steps of a column.
    const PLACE: Place;
    /// What it is for, for the pages.
    const ABOUT: &'static str;
    /// What it makes, for the pages.
    const GIVES: &'static str;

    /// The type of its parameters.
    type Parameters: Hyperparameters;
    /// What it learns.
    type Fitted: Transform;

    /// Whether it can do something with a feature.
    fn takes(params: &Self::Parameters, kind: &Kind) -> bool;

    /// The most levels of a category that it tells apart, where it is not as many as a learner does.
    fn most_levels(_: &Self::Parameters) -> Option<usize> {
        None
    }

    /// Learns from the training rows of a feature that it takes. Looks at the monitor every few milliseconds.
    fn fit(params: &Self::Parameters, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Self::Fitted>;

    /// What of the rows that go by it tells what it has learned, where sums over them do; `codes` are how many its input has, 0 for numbers. `None` where it
    /// learns nothing of them, or what no sums tell: a sample of the rows is enough for that.
    fn wanted(_: &Self::Parameters, _: &Self::Fitted, _codes: usize) -> Option<Wanted> {
        None
    }

    /// Learns anew from the sums that [`Step::wanted`] asks for. `name` is that of the feature.
    fn relearn(
        _: &Self::Parameters,
        _: &Self::Fitted,
        _: (&Wanted, &Totals),
        _name: &str,
    ) -> Result<Relearned<Self::Fitted>> {
        Err(NOT_SUMMED)
    }

    /// The columns that the learner is to learn from, where these are not what the step makes of new rows.
    fn training_columns(_: &Self::Parameters, _: &Training<'_>, _: &dyn Monitor) -> Result<Option<Vec<Column>>> {
        Ok(None)
    }

    /// Learns from texts, for steps at [`Place::Read`].
    fn fit_texts(_: &Self::Parameters, _: &TextRows<'_>, _: &dyn Monitor) -> Result<Self::Fitted> {
        Err(Error::Internal("the step reads no texts"))
    }
}

/// What a step does to a number, for those who write it in another language. Of categories there are only so many, whose features can be listed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Formula {
    /// A missing number becomes this one; a second feature says whether it was missing.
    Fill {
        /// The number.
        value: f64,
        /// Whether there is a second feature.
        indicator: bool,
    },
    /// The number less `center`, divided by `scale`.
    Affine {
        /// What is taken away.
        center: f64,
        /// What it is divided by.
        scale: f64,
    },
    /// The number, brought between bounds.
    Clamp {
        /// The lower one.
        low: Option<f64>,
        /// The upper one.
        high: Option<f64>,
    },
    /// The logarithm of 1 more than the number; of a negative one the same with the sign.
    LogOfOneMore,
    /// The logarithm; missing where the number is not above 0.
    Log,
}

/// How many codes each input of a step has; 0 for numbers.
pub type Codes = [usize; 2];

/// What a step has learned: it makes one or more features of one (of two for a cross). It is stored, so it trusts nothing.
pub trait Transform: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// How many features it makes.
    fn width(&self) -> usize;

    /// Writes the features of one row. Allocates nothing and never panics.
    fn apply(&self, inputs: [f64; 2], out: &mut [f64]);

    /// The codes of one of the features that it makes; 0 for a number.
    fn codes(&self, place: usize, inputs: Codes) -> usize;

    /// What it makes.
    fn outputs(&self, inputs: [&Feature; 2]) -> Vec<Feature>;

    /// Whether it can be applied to such features, and holds nothing but sound numbers.
    fn is_sound(&self, inputs: Codes) -> bool;

    /// What it has learned, for people.
    fn describe(&self, inputs: [&Feature; 2]) -> Map<String, Json>;

    /// Bytes that it holds on the heap.
    fn memory(&self) -> usize {
        0
    }

    /// What it does to a number; `None` where no formula says it.
    fn formula(&self) -> Option<Formula> {
        None
    }

    /// What reads texts by it; `None` for steps that take numbers or categories.
    fn text_reader(&self) -> Option<Box<dyn TextReader>> {
        None
    }
}

/// Makes numbers of texts.
pub trait TextReader {
    /// Writes the numbers of a text given as UTF-8, which may be very long. Returns an error only when stopped. O(text + numbers).
    fn read(&mut self, text: &str, out: &mut [f64], monitor: &dyn Monitor) -> Result<()>;
}

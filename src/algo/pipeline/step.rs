//! What a step of preprocessing is. The table that lists them is in `steps`.

use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::feature::{Feature, Kind};
use super::steps::FittedStep;
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::learner::{Description, describe};
use crate::monitor::Monitor;
use crate::parameters::Hyperparameters;
use crate::texts::Texts;
use crate::training_set::Target;

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
}

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

    /// The columns that the learner is to learn from, where these are not what the step makes of new rows.
    fn training_columns(_: &Self::Parameters, _: &Training<'_>, _: &dyn Monitor) -> Result<Option<Vec<Column>>> {
        Ok(None)
    }

    /// Learns from texts, for steps at [`Place::Read`].
    fn fit_texts(_: &Self::Parameters, _: &TextRows<'_>, _: &dyn Monitor) -> Result<Self::Fitted> {
        Err(Error::Internal("the step reads no texts"))
    }
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

    /// What reads texts by it; `None` for steps that take numbers or categories.
    fn text_reader(&self) -> Option<Box<dyn TextReader>> {
        None
    }
}

/// Makes numbers of texts.
pub trait TextReader {
    /// Writes the numbers of a text given as UTF-8. O(text + numbers).
    fn read(&mut self, text: &str, out: &mut [f64]);
}

type Configure = fn(&Map<String, Json>) -> Result<Arc<dyn Configured>>;

/// A line of the table: a [`Step`] whose type is forgotten.
pub struct StepKind {
    /// Its key in `preprocess`.
    pub key: &'static str,
    /// Its name, where several share the key.
    pub method: Option<&'static str>,
    /// The parameter that a value sets which is no object.
    pub main: Option<&'static str>,
    /// Where it stands.
    pub place: Place,
    /// What it is for.
    pub about: &'static str,
    /// What it makes.
    pub gives: &'static str,
    parameters: fn() -> Vec<Description>,
    configure: Configure,
}

impl StepKind {
    /// The line of a step.
    pub const fn of<S: Step>() -> StepKind
    where
        FittedStep: From<S::Fitted>,
    {
        StepKind {
            key: S::KEY,
            method: S::METHOD,
            main: S::MAIN,
            place: S::PLACE,
            about: S::ABOUT,
            gives: S::GIVES,
            parameters: || describe(&S::Parameters::default(), &[]),
            configure: configure::<S>,
        }
    }

    /// Its parameters, in the order of the pages.
    pub fn parameters(&self) -> Vec<Description> {
        (self.parameters)()
    }

    /// Reads parameters and checks their ranges.
    pub fn configure(&self, params: &Map<String, Json>) -> Result<Arc<dyn Configured>> {
        (self.configure)(params)
    }
}

fn configure<S: Step>(json: &Map<String, Json>) -> Result<Arc<dyn Configured>>
where
    FittedStep: From<S::Fitted>,
{
    let mut params = S::Parameters::default();
    params.read(json, &[])?;
    params.check()?;
    Ok(Arc::new(WithParameters::<S>(params)))
}

struct WithParameters<S: Step>(S::Parameters);

/// A step with its parameters.
pub trait Configured: Send + Sync {
    /// Its key in `preprocess`.
    fn key(&self) -> &'static str;

    /// Where it stands.
    fn place(&self) -> Place;

    /// Whether it can do something with a feature.
    fn takes(&self, kind: &Kind) -> bool;

    /// The most levels of a category that it tells apart, where it is not as many as a learner does.
    fn most_levels(&self) -> Option<usize>;

    /// Learns from the training rows of a feature that it takes; also gives the columns to learn from where these are not what it makes of new
    /// rows.
    fn fit(&self, training: &Training<'_>, monitor: &dyn Monitor) -> Result<(FittedStep, Option<Vec<Column>>)>;

    /// Learns from texts.
    fn fit_texts(&self, rows: &TextRows<'_>, monitor: &dyn Monitor) -> Result<FittedStep>;
}

impl<S: Step> Configured for WithParameters<S>
where
    FittedStep: From<S::Fitted>,
{
    fn key(&self) -> &'static str {
        S::KEY
    }

    fn place(&self) -> Place {
        S::PLACE
    }

    fn takes(&self, kind: &Kind) -> bool {
        S::takes(&self.0, kind)
    }

    fn most_levels(&self) -> Option<usize> {
        S::most_levels(&self.0)
    }

    fn fit(&self, training: &Training<'_>, monitor: &dyn Monitor) -> Result<(FittedStep, Option<Vec<Column>>)> {
        let columns = S::training_columns(&self.0, training, monitor)?;
        Ok((S::fit(&self.0, training, monitor)?.into(), columns))
    }

    fn fit_texts(&self, rows: &TextRows<'_>, monitor: &dyn Monitor) -> Result<FittedStep> {
        Ok(S::fit_texts(&self.0, rows, monitor)?.into())
    }
}

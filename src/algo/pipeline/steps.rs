//! The one table of the steps.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::feature::{Feature, Kind};
use super::step::{Codes, Formula, NOT_SUMMED, Place, Relearned, Step, TextReader, TextRows, Training, Transform};
use super::totals::{Totals, Wanted};
use super::{
    bucketize, clip, cross, datetime, frequency, hash, impute, log, one_hot, ordinal, polynomial, quantile_bucketize,
    scale, target, tf_idf,
};
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::learner::{Description, describe};
use crate::monitor::Monitor;
use crate::parameters::Hyperparameters;

/// Makes the table of steps, and the enum of what they learn, from a line for each: the code of what it learns in stored models, which stays
/// its own for ever, a name, and the step.
macro_rules! steps {
    ($enum:ident { $($code:literal => $name:ident($step:ty)),+ $(,)? }) => {
        /// What a step of any kind has learned.
        #[derive(Debug, Clone, PartialEq)]
        pub enum $enum {
            $(#[doc = concat!("Of [`", stringify!($step), "`].")] $name(<$step as Step>::Fitted),)+
        }

        $crate::coded::coded! { $enum { $($code => $name(step)),+ } }

        $(impl From<<$step as Step>::Fitted> for $enum {
            fn from(step: <$step as Step>::Fitted) -> $enum {
                $enum::$name(step)
            }
        })+

        $(impl<'s> TryFrom<&'s $enum> for &'s <$step as Step>::Fitted {
            type Error = Error;

            fn try_from(step: &'s $enum) -> Result<Self> {
                match step {
                    $enum::$name(step) => Ok(step),
                    // All the others.
                    _ => Err(NOT_SUMMED),
                }
            }
        })+

        /// Every step. What `preprocess` may say, the errors' lists and the pages go by this table.
        pub static STEPS: &[StepKind] = &[$(StepKind::of::<$step>()),+];

        impl $enum {
            /// The line of the table that it is of.
            pub fn step(&self) -> &'static StepKind {
                let mut place = 0;
                $(if matches!(self, $enum::$name(_)) { return &STEPS[place]; } place += 1;)+
                &STEPS[place - 1]
            }

            /// How many features it makes.
            pub fn width(&self) -> usize {
                match self { $($enum::$name(step) => step.width(),)+ }
            }

            /// Writes the features of one row.
            #[inline(always)]
            pub fn apply(&self, inputs: [f64; 2], out: &mut [f64]) {
                match self { $($enum::$name(step) => step.apply(inputs, out),)+ }
            }

            /// The codes of one of the features that it makes; 0 for a number.
            pub fn codes(&self, place: usize, inputs: Codes) -> usize {
                match self { $($enum::$name(step) => step.codes(place, inputs),)+ }
            }

            /// What it makes.
            pub fn outputs(&self, inputs: [&Feature; 2]) -> Vec<Feature> {
                match self { $($enum::$name(step) => step.outputs(inputs),)+ }
            }

            /// Whether it can be applied to such features, and holds nothing but sound numbers.
            pub fn is_sound(&self, inputs: Codes) -> bool {
                match self { $($enum::$name(step) => step.is_sound(inputs),)+ }
            }

            /// What it has learned, for people.
            pub fn describe(&self, inputs: [&Feature; 2]) -> Map<String, Json> {
                match self { $($enum::$name(step) => step.describe(inputs),)+ }
            }

            /// What it does to a number; `None` where no formula says it.
            pub fn formula(&self) -> Option<Formula> {
                match self { $($enum::$name(step) => step.formula(),)+ }
            }

            /// Bytes that it holds on the heap.
            pub fn memory(&self) -> usize {
                match self { $($enum::$name(step) => step.memory(),)+ }
            }

            /// What reads texts by it.
            pub fn text_reader(&self) -> Option<Box<dyn TextReader>> {
                match self { $($enum::$name(step) => step.text_reader(),)+ }
            }
        }
    };
}

steps!(FittedStep {
    0 => Impute(impute::Impute),
    1 => Scale(scale::Scale),
    2 => OneHot(one_hot::OneHot),
    3 => Ordinal(ordinal::Ordinal),
    4 => Target(target::TargetEncoding),
    5 => Frequency(frequency::Frequency),
    6 => Hash(hash::Hash),
    7 => Clip(clip::Clip),
    8 => Log(log::Log),
    9 => Bucketize(bucketize::Bucketize),
    10 => QuantileBucketize(quantile_bucketize::QuantileBucketize),
    11 => DateTime(datetime::DateTime),
    12 => Polynomial(polynomial::Polynomial),
    13 => Cross(cross::Cross),
    14 => TfIdf(tf_idf::TfIdf),
});

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
        for<'s> &'s S::Fitted: TryFrom<&'s FittedStep, Error = Error>,
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
    for<'s> &'s S::Fitted: TryFrom<&'s FittedStep, Error = Error>,
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

    /// What of the rows that go by it tells what it has learned; `codes` are how many its input has.
    fn wanted(&self, fitted: &FittedStep, codes: usize) -> Result<Option<Wanted>>;

    /// Learns anew from such sums. `name` is that of the feature.
    fn relearn(&self, fitted: &FittedStep, sums: (&Wanted, &Totals), name: &str) -> Result<Relearned<FittedStep>>;

    /// Learns from texts.
    fn fit_texts(&self, rows: &TextRows<'_>, monitor: &dyn Monitor) -> Result<FittedStep>;
}

impl<S: Step> Configured for WithParameters<S>
where
    FittedStep: From<S::Fitted>,
    for<'s> &'s S::Fitted: TryFrom<&'s FittedStep, Error = Error>,
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

    fn wanted(&self, fitted: &FittedStep, codes: usize) -> Result<Option<Wanted>> {
        Ok(S::wanted(&self.0, fitted.try_into()?, codes))
    }

    fn relearn(&self, fitted: &FittedStep, sums: (&Wanted, &Totals), name: &str) -> Result<Relearned<FittedStep>> {
        let Relearned { fitted, parts } = S::relearn(&self.0, fitted.try_into()?, sums, name)?;
        Ok(Relearned {
            fitted: fitted.into(),
            parts: parts.into_iter().map(FittedStep::from).collect(),
        })
    }

    fn fit_texts(&self, rows: &TextRows<'_>, monitor: &dyn Monitor) -> Result<FittedStep> {
        Ok(S::fit_texts(&self.0, rows, monitor)?.into())
    }
}

//! The one table of the steps.

use serde_json::{Map, Value as Json};

use super::feature::Feature;
use super::step::{Codes, Step, StepKind, TextReader, Transform};
use super::{
    bucketize, clip, cross, datetime, frequency, hash, impute, log, one_hot, ordinal, polynomial, quantile_bucketize,
    scale, target, tf_idf,
};

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

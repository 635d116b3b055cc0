//! Hyperparameters, declared once: name, type, default, range, where the name comes from, and what it does. Reading from JSON, the ranges'
//! check, the errors and the pages' tables all come from that declaration; see the macro `hyperparameters`.

use serde_json::{Map, Value as Json};

use super::error::{Error, Result};

/// One hyperparameter of the parameters `P`.
pub struct Parameter<P> {
    /// Its name in JSON.
    pub name: &'static str,
    /// Other names that are read as well.
    pub aliases: &'static [&'static str],
    /// Whose name it is.
    pub source: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The values that it may have, for people.
    pub allowed: fn() -> String,
    /// Sets it; false for a value of another type.
    pub read: fn(&mut P, &Json) -> bool,
    /// Whether its value is in its range.
    pub is_sound: fn(&P) -> bool,
    /// Its value, as JSON or in words.
    pub show: fn(&P) -> String,
    /// Whether its values are whole numbers.
    pub is_whole: bool,
    /// The values that a search tries unless it is told which; `None` leaves it at its default.
    pub search: Option<Space>,
}

/// Values that a search tries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Space {
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Whether each factor is as likely as another, and not each difference.
    pub is_log: bool,
}

/// All between two numbers.
pub const fn linear(low: f64, high: f64) -> Space {
    let is_log = false;
    Space { low, high, is_log }
}

/// All between two numbers, by their magnitude.
pub const fn log(low: f64, high: f64) -> Space {
    let is_log = true;
    Space { low, high, is_log }
}

impl<P> Parameter<P> {
    /// Each of its names.
    fn names(&self) -> impl Iterator<Item = &'static str> + use<P> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// The error of a value that it cannot have.
    fn refuse(&self, value: String) -> Error {
        Error::Parameter {
            name: self.name,
            value,
            allowed: (self.allowed)().into(),
        }
    }
}

/// A set of hyperparameters.
pub trait Hyperparameters: Clone + Default + Send + Sync + 'static {
    /// Each of them, in the order of the pages.
    const PARAMETERS: &'static [Parameter<Self>];

    /// Returns an error when values that are right alone are wrong together.
    fn check_together(&self) -> Result<()>;

    /// Returns an error for a value out of its range.
    fn check(&self) -> Result<()> {
        match Self::PARAMETERS.iter().find(|parameter| !(parameter.is_sound)(self)) {
            Some(parameter) => Err(parameter.refuse((parameter.show)(self))),
            None => self.check_together(),
        }
    }

    /// Reads those that a JSON object names, except `without`, which are as if they were not declared.
    fn read(&mut self, json: &Map<String, Json>, without: &[&str]) -> Result<()> {
        let known = || {
            Self::PARAMETERS
                .iter()
                .filter(|parameter| !without.contains(&parameter.name))
        };
        for (name, value) in json {
            let parameter =
                known()
                    .find(|parameter| parameter.is_named(name))
                    .ok_or_else(|| Error::UnknownParameter {
                        name: name.clone(),
                        known: known().flat_map(Parameter::names).collect(),
                    })?;
            if !(parameter.read)(self, value) {
                return Err(parameter.refuse(value.to_string()));
            }
        }
        Ok(())
    }
}

/// The error of a parameter whose value does not fit the others, or the rows.
pub(crate) fn refuse<T>(name: &'static str, value: impl ToString, allowed: &'static str) -> Result<T> {
    Err(Error::Parameter {
        name,
        value: value.to_string(),
        allowed: allowed.into(),
    })
}

/// The numbers that a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    low: f64,
    high: f64,
    low_excluded: bool,
    high_excluded: bool,
}

/// Any finite number.
pub const fn any() -> Range {
    Range {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
        low_excluded: false,
        high_excluded: false,
    }
}

/// `low` or more.
pub const fn at_least(low: f64) -> Range {
    Range { low, ..any() }
}

/// More than `low`.
pub const fn above(low: f64) -> Range {
    Range {
        low_excluded: true,
        ..at_least(low)
    }
}

/// From `low` to `high`.
pub const fn from_to(low: f64, high: f64) -> Range {
    Range { high, ..at_least(low) }
}

/// More than `low` and at most `high`.
pub const fn above_to(low: f64, high: f64) -> Range {
    Range { high, ..above(low) }
}

/// More than `low` and less than `high`.
pub const fn between(low: f64, high: f64) -> Range {
    Range {
        high_excluded: true,
        ..above_to(low, high)
    }
}

impl Range {
    /// Whether a number is in it.
    pub fn holds(self, number: f64) -> bool {
        let from_low = if self.low_excluded {
            number > self.low
        } else {
            number >= self.low
        };
        let to_high = if self.high_excluded {
            number < self.high
        } else {
            number <= self.high
        };
        number.is_finite() && from_low && to_high
    }

    /// `what` of this range, for people.
    pub(crate) fn of(self, what: &str) -> String {
        let Range { low, high, .. } = self;
        match (low.is_finite(), high.is_finite(), self.low_excluded, self.high_excluded) {
            (false, ..) => what.to_string(),
            (true, false, false, _) => format!("{what} of at least {low}"),
            (true, false, true, _) => format!("{what} above {low}"),
            (true, true, false, _) => format!("{what} from {low} to {high}"),
            (true, true, true, false) => format!("{what} above {low} and at most {high}"),
            (true, true, true, true) => format!("{what} above {low} and below {high}"),
        }
    }
}

/// A type that a hyperparameter can have.
pub trait Value: Sized {
    /// Whether its values are whole numbers.
    const IS_WHOLE: bool = false;

    /// The value of a JSON value; `None` for one of another type.
    fn read(json: &Json) -> Option<Self>;

    /// Whether it is in a range; those that are no numbers always are.
    fn is_in(&self, range: Range) -> bool;

    /// The values of a range, for people.
    fn allowed(range: Range) -> String;

    /// As JSON, or in words where JSON has none for it.
    fn show(&self) -> String;
}

impl Value for f64 {
    fn read(json: &Json) -> Option<f64> {
        json.as_f64()
    }

    fn is_in(&self, range: Range) -> bool {
        range.holds(*self)
    }

    fn allowed(range: Range) -> String {
        range.of("a number")
    }

    fn show(&self) -> String {
        match self.abs() < 1e-6 && *self != 0.0 {
            true => format!("{self:e}"),
            false => self.to_string(),
        }
    }
}

/// Whole numbers.
macro_rules! whole {
    ($($type:ty: $read:ident),*) => {
        $(impl Value for $type {
            const IS_WHOLE: bool = true;

            fn read(json: &Json) -> Option<$type> {
                json.$read()?.try_into().ok()
            }

            fn is_in(&self, range: Range) -> bool {
                range.holds(*self as f64)
            }

            fn allowed(range: Range) -> String {
                range.of("a whole number")
            }

            fn show(&self) -> String {
                self.to_string()
            }
        })*
    };
}
whole!(usize: as_u64, u64: as_u64, i32: as_i64);

impl Value for bool {
    fn read(json: &Json) -> Option<bool> {
        json.as_bool()
    }

    fn is_in(&self, _: Range) -> bool {
        true
    }

    fn allowed(_: Range) -> String {
        "true or false".into()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// Null or a value.
impl<V: Value> Value for Option<V> {
    const IS_WHOLE: bool = V::IS_WHOLE;

    fn read(json: &Json) -> Option<Option<V>> {
        match json {
            Json::Null => Some(None),
            json => V::read(json).map(Some),
        }
    }

    fn is_in(&self, range: Range) -> bool {
        self.as_ref().is_none_or(|value| value.is_in(range))
    }

    fn allowed(range: Range) -> String {
        format!("null or {}", V::allowed(range))
    }

    fn show(&self) -> String {
        self.as_ref().map_or("null".into(), V::show)
    }
}

/// Each number is in the range.
impl Value for Vec<i8> {
    fn read(json: &Json) -> Option<Vec<i8>> {
        let numbers = json.as_array()?.iter().map(|number| number.as_i64()?.try_into().ok());
        numbers.collect()
    }

    fn is_in(&self, range: Range) -> bool {
        self.iter().all(|&number| range.holds(f64::from(number)))
    }

    fn allowed(range: Range) -> String {
        format!("a list, each of it {}", range.of("a whole number"))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

/// Each number is in the range.
impl Value for Vec<f64> {
    fn read(json: &Json) -> Option<Vec<f64>> {
        json.as_array()?.iter().map(Json::as_f64).collect()
    }

    fn is_in(&self, range: Range) -> bool {
        self.iter().all(|&number| range.holds(number))
    }

    fn allowed(range: Range) -> String {
        format!("a list, each of it {}", range.of("a number"))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for String {
    fn read(json: &Json) -> Option<String> {
        json.as_str().map(String::from)
    }

    fn is_in(&self, _: Range) -> bool {
        true
    }

    fn allowed(_: Range) -> String {
        "a text".into()
    }

    fn show(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// Each number is in the range. One alone may stand without its list.
impl Value for Vec<usize> {
    fn read(json: &Json) -> Option<Vec<usize>> {
        match json.as_array() {
            Some(numbers) => numbers.iter().map(usize::read).collect(),
            None => usize::read(json).map(|number| vec![number]),
        }
    }

    fn is_in(&self, range: Range) -> bool {
        self.iter().all(|&number| range.holds(number as f64))
    }

    fn allowed(range: Range) -> String {
        format!("a list, each of it {}", range.of("a whole number"))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for Vec<String> {
    fn read(json: &Json) -> Option<Vec<String>> {
        json.as_array()?
            .iter()
            .map(|text| text.as_str().map(String::from))
            .collect()
    }

    fn is_in(&self, _: Range) -> bool {
        true
    }

    fn allowed(_: Range) -> String {
        "a list of texts".into()
    }

    fn show(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// Declares a struct of hyperparameters: one line for each, and its description as a comment.
///
/// ```text
/// hyperparameters! {
///     /// What the struct is.
///     pub struct RidgeParams {
///         /// The strength of the penalty.
///         alpha: f64 = 1.0, at_least(0.0), from "scikit-learn";
///         /// The seed of every draw.
///         seed or "random_state": u64 = 0, any(), from "LightGBM";
///     }
///     together Self::check_both
/// }
/// ```
///
/// `named "C"` behind a field gives it another name than its own, `or "..."` a further name; `search log(0.01, 0.3)` before `from` says what
/// searches try by default. `together`, which may be left out, names a function
/// that checks what values are together. Each field has a setter of its name, too.
macro_rules! hyperparameters {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $struct:ident {
            $(
                $(#[doc = $about:literal])+
                $field:ident $(named $name:literal)? $(or $alias:literal)*: $type:ty = $default:expr, $range:expr,
                    $(search $space:expr,)? from $source:literal;
            )+
        }
        $(together $together:path)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $visibility struct $struct {
            $($(#[doc = $about])+ pub $field: $type,)+
        }

        impl Default for $struct {
            fn default() -> Self {
                $struct { $($field: $default,)+ }
            }
        }

        #[allow(dead_code, reason = "not every parameter is set by Rust")]
        impl $struct {
            $(
                $(#[doc = $about])+
                pub fn $field(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )+
        }

        impl $crate::parameters::Hyperparameters for $struct {
            const PARAMETERS: &'static [$crate::parameters::Parameter<Self>] = &[
                $($crate::parameters::Parameter {
                    name: $crate::parameters::last!($(stringify!($field), $name, )? stringify!($field)),
                    aliases: &[$($alias),*],
                    source: $source,
                    about: concat!($($about),+),
                    allowed: || <$type as $crate::parameters::Value>::allowed($range),
                    read: |params, json| match $crate::parameters::Value::read(json) {
                        Some(value) => {
                            params.$field = value;
                            true
                        }
                        None => false,
                    },
                    is_sound: |params| $crate::parameters::Value::is_in(&params.$field, $range),
                    show: |params| $crate::parameters::Value::show(&params.$field),
                    is_whole: <$type as $crate::parameters::Value>::IS_WHOLE,
                    search: $crate::parameters::optional!($($space)?),
                },)+
            ];

            fn check_together(&self) -> $crate::error::Result<()> {
                $($together(self)?;)?
                Ok(())
            }
        }
    };
}

/// The given name of a field, or the field's own.
macro_rules! last {
    ($field:expr, $name:literal, $again:expr) => {
        $name
    };
    ($field:expr) => {
        $field
    };
}

/// A value that may be missing.
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// Declares an enum of named choices as a hyperparameter's type. `null Variant` says which of them JSON's null means.
macro_rules! choices {
    (
        $(#[$meta:meta])*
        pub enum $enum:ident {
            $($(#[$of_variant:meta])* $variant:ident = $name:literal,)+
        }
        $(null $null:ident)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $enum {
            $($(#[$of_variant])* $variant,)+
        }

        #[allow(dead_code, reason = "not every table of choices is shown")]
        impl $enum {
            /// Each of them, with its name.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($name, $enum::$variant),)+];
        }

        impl $crate::parameters::Value for $enum {
            fn read(json: &serde_json::Value) -> Option<Self> {
                match json {
                    $(serde_json::Value::Null => Some($enum::$null),)?
                    json => match json.as_str()? {
                        $($name => Some($enum::$variant),)+
                        _ => None,
                    },
                }
            }

            fn is_in(&self, _: $crate::parameters::Range) -> bool {
                true
            }

            fn allowed(_: $crate::parameters::Range) -> String {
                $crate::parameters::one_of(&[$($name),+])
            }

            fn show(&self) -> String {
                match self {
                    $($enum::$variant => concat!("\"", $name, "\"").into(),)+
                }
            }
        }
    };
}

pub(crate) use {choices, hyperparameters, last, optional};

/// Names, one of which is to be chosen, for people.
pub(crate) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;

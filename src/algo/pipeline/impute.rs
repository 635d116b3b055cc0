//! Fills missing values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::statistics::{mean, median, most_frequent_number, present};
use super::step::{Codes, Formula, NOT_SUMMED, Place, Relearned, Step, Training, Transform};
use super::totals::{Totals, Wanted};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::frame::{Column, MISSING};
use crate::monitor::{Monitor, Pace};
use crate::parameters::{Range, Value, any, choices, hyperparameters, refuse};

choices! {
    /// What a missing value becomes.
    pub enum Strategy {
        /// The mean of the others.
        Mean = "mean",
        /// Their median.
        Median = "median",
        /// The value that most of them have, of several the least.
        MostFrequent = "most_frequent",
        /// The given value.
        Constant = "constant",
    }
}

coded!(Strategy { 0 => Mean, 1 => Median, 2 => MostFrequent, 3 => Constant });

/// A number or a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Fill {
    /// For numbers.
    Number(f64),
    /// For categories.
    Text(String),
}

impl Value for Fill {
    fn read(json: &Json) -> Option<Fill> {
        match json {
            Json::String(text) => Some(Fill::Text(text.clone())),
            json => json.as_f64().map(Fill::Number),
        }
    }

    fn is_in(&self, range: Range) -> bool {
        match self {
            Fill::Number(number) => range.holds(*number),
            Fill::Text(text) => !text.contains('\0'),
        }
    }

    fn allowed(_: Range) -> String {
        "a number or a text".into()
    }

    fn show(&self) -> String {
        match self {
            Fill::Number(number) => number.show(),
            Fill::Text(text) => json!(text).to_string(),
        }
    }
}

hyperparameters! {
    /// How missing values are filled, named as in scikit-learn's `SimpleImputer`.
    pub struct ImputeParams {
        /// What a missing value becomes; the mean and the median are of numbers only.
        method or "strategy": Strategy = Strategy::Mean, any(), from "scikit-learn's `SimpleImputer`";
        /// What `constant` fills in: a number for numbers, a text for categories, of which it becomes a level.
        value or "fill_value": Option<Fill> = None, any(), from "scikit-learn's `SimpleImputer`";
        /// Whether a feature more says which values were missing.
        indicator or "add_indicator": bool = false, any(), from "scikit-learn's `SimpleImputer`";
    }
    together ImputeParams::check_value
}

impl ImputeParams {
    fn check_value(&self) -> Result<()> {
        match (self.method, &self.value) {
            (Strategy::Constant, None) => refuse("value", "null", "the number or text that \"constant\" fills in"),
            (Strategy::Constant, Some(_)) | (_, None) => Ok(()),
            (_, Some(value)) => refuse("value", value.show(), "left out unless the method is \"constant\""),
        }
    }
}

/// The step.
pub struct Impute;

/// A value for missing ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imputed {
    method: Strategy,
    /// The number, or the code.
    value: f64,
    /// The level that it adds to a category's.
    added: Option<String>,
    indicator: bool,
    /// Training rows that it was filled in.
    filled: u64,
}

impl Step for Impute {
    const KEY: &'static str = "impute";
    const MAIN: Option<&'static str> = Some("method");
    const PLACE: Place = Place::Fill;
    const ABOUT: &'static str = "fills missing values";
    const GIVES: &'static str = "the feature; with `indicator` one more of 0 and 1";
    type Parameters = ImputeParams;
    type Fitted = Imputed;

    fn takes(params: &ImputeParams, kind: &Kind) -> bool {
        match (params.method, &params.value) {
            (Strategy::Mean | Strategy::Median, _) | (Strategy::Constant, Some(Fill::Number(_))) => kind.is_number(),
            (Strategy::MostFrequent, _) => kind.is_number() || kind.levels().is_some(),
            (Strategy::Constant, _) => kind.levels().is_some_and(|levels| levels.added.is_none()),
        }
    }

    fn fit(params: &ImputeParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Imputed> {
        let mut added = None;
        let (value, filled) = match training.values {
            Column::Number(values) => {
                let known = present(values, monitor)?;
                let value = match (params.method, &params.value) {
                    (Strategy::Mean, _) => mean(&known),
                    (Strategy::Median, _) => median(&known, monitor)?,
                    (Strategy::MostFrequent, _) => most_frequent_number(&known, monitor)?,
                    (Strategy::Constant, Some(Fill::Number(number))) => *number,
                    (Strategy::Constant, _) => return Err(Error::Internal("a text was to fill numbers")),
                };
                (value, values.len() - known.len())
            }
            Column::Category { codes, levels } => {
                let mut counts = vec![0_u64; *levels];
                let mut filled = 0;
                let mut pace = Pace::new(monitor);
                for &code in codes {
                    pace.spend(1)?;
                    match counts.get_mut(code as usize) {
                        Some(count) => *count += 1,
                        None => filled += usize::from(code == MISSING),
                    }
                }
                let most = counts.iter().copied().max().unwrap_or(0);
                let value = match &params.value {
                    Some(Fill::Text(text)) => match training.feature.kind.levels() {
                        Some(levels) => levels.names.iter().position(|level| level == text).unwrap_or_else(|| {
                            added = Some(text.clone());
                            levels.codes()
                        }),
                        None => 0,
                    },
                    Some(Fill::Number(_)) | None => counts.iter().position(|count| *count == most).unwrap_or(0),
                };
                (value as f64, filled)
            }
        };
        Ok(Imputed {
            method: params.method,
            value,
            added,
            indicator: params.indicator,
            filled: filled as u64,
        })
    }

    fn wanted(_: &ImputeParams, fitted: &Imputed, codes: usize) -> Option<Wanted> {
        match codes {
            0 => Some(Wanted::Numbers(fitted.value)),
            codes => u32::try_from(codes).ok().map(Wanted::Levels),
        }
    }

    fn relearn(_: &ImputeParams, fitted: &Imputed, sums: (&Wanted, &Totals), _: &str) -> Result<Relearned<Imputed>> {
        let mut imputed = fitted.clone();
        match sums {
            (Wanted::Numbers(about), Totals::Numbers(numbers)) => {
                imputed.filled = numbers.missing;
                let mean = about + numbers.sum.value() / numbers.present.max(1) as f64;
                match fitted.method {
                    Strategy::Mean if mean.is_finite() => imputed.value = mean,
                    // A median, and the number that is most frequent, are those of the sample.
                    Strategy::Mean | Strategy::Median | Strategy::MostFrequent | Strategy::Constant => {}
                }
            }
            (Wanted::Levels(codes), Totals::Levels(rows)) => {
                let levels = &rows[..(*codes as usize).min(rows.len())];
                imputed.filled = rows.get(levels.len()).copied().unwrap_or(0);
                let most = levels.iter().copied().max().unwrap_or(0);
                match fitted.method {
                    Strategy::MostFrequent => {
                        imputed.value = levels.iter().position(|rows| *rows == most).unwrap_or(0) as f64;
                    }
                    Strategy::Mean | Strategy::Median | Strategy::Constant => {}
                }
            }
            (Wanted::Numbers(_) | Wanted::Levels(_) | Wanted::Targets(_), _) => return Err(NOT_SUMMED),
        }
        Ok(Relearned::new(imputed))
    }
}

impl Transform for Imputed {
    fn width(&self) -> usize {
        1 + usize::from(self.indicator)
    }

    #[inline]
    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        if let [filled, rest @ ..] = out {
            *filled = if value.is_nan() { self.value } else { value };
            rest.fill(f64::from(u8::from(value.is_nan())));
        }
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Fill {
            value: self.value,
            indicator: self.indicator,
        })
    }

    fn codes(&self, place: usize, [codes, _]: Codes) -> usize {
        match place {
            0 => codes + usize::from(self.added.is_some()),
            _ => 0,
        }
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        let mut filled = input.clone();
        if let (Kind::Category(levels), Some(added)) = (&mut filled.kind, &self.added) {
            levels.added = Some(added.clone());
        }
        let flag = self.indicator.then(|| Feature::flag(format!("{} is null", input.name)));
        [filled].into_iter().chain(flag).collect()
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        let added = usize::from(self.added.is_some());
        match codes {
            0 => self.value.is_finite() && added == 0,
            codes => self.value >= 0.0 && self.value.fract() == 0.0 && self.value < (codes + added) as f64,
        }
    }

    fn describe(&self, [input, _]: [&Feature; 2]) -> Map<String, Json> {
        let value = match (input.kind.levels(), &self.added) {
            (Some(_), Some(added)) => json!(added),
            (Some(levels), None) => json!(levels.name(self.value as usize)),
            (None, _) => json!(self.value),
        };
        let method: Json = serde_json::from_str(&self.method.show()).unwrap_or_default();
        Map::from_iter([
            ("method".into(), method),
            ("value".into(), value),
            ("filled".into(), json!(self.filled)),
            ("indicator".into(), json!(self.indicator)),
        ])
    }
}

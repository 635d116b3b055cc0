//! What `preprocess` says: steps for columns by name, by type, and for all; and which columns are crossed.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::feature::Kind;
use super::step::Place;
use super::steps::{Configured, STEPS};
use crate::error::{Error, Result};
use crate::parameters::one_of;

/// What a column holds, as `types` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Numbers and booleans, and the elements of vectors.
    Number,
    /// Texts, enums and uuids.
    Category,
    /// Dates and timestamps.
    Time,
    /// Texts of words.
    Text,
}

impl ColumnType {
    /// All of them.
    pub const ALL: [ColumnType; 4] = [
        ColumnType::Number,
        ColumnType::Category,
        ColumnType::Time,
        ColumnType::Text,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ColumnType::Number => "number",
            ColumnType::Category => "category",
            ColumnType::Time => "time",
            ColumnType::Text => "text",
        }
    }
}

/// A step, and whether it is meant for this very column, so that one that does nothing is a mistake.
#[derive(Clone)]
pub struct Chosen {
    /// The step.
    pub step: Arc<dyn Configured>,
    /// Whether `columns` names it.
    pub is_meant: bool,
}

/// Steps by their keys; none for a key that is turned off.
type Steps = Vec<(&'static str, Option<Arc<dyn Configured>>)>;

/// What `preprocess` says.
#[derive(Clone, Default)]
pub struct Spec {
    columns: Vec<(String, Steps)>,
    types: Vec<(ColumnType, Steps)>,
    all: Steps,
    /// The columns that are crossed.
    pub crosses: Vec<[String; 2]>,
}

/// An error of a specification, and where in it.
#[derive(Debug, PartialEq)]
pub struct SpecError {
    /// The object that the error is in, such as `preprocess.columns."age"`.
    pub at: String,
    /// What is wrong.
    pub error: Error,
}

/// Keys of `preprocess` that are no steps.
const COLUMNS: &str = "columns";
const TYPES: &str = "types";
const CROSSES: &str = "crosses";

impl Spec {
    /// Reads the keys of `preprocess`, those of `without` excepted, which are known elsewhere.
    pub fn read(json: &Map<String, Json>, without: &[&'static str]) -> std::result::Result<Spec, SpecError> {
        let mut spec = Spec::default();
        let mut all = Map::new();
        let top = |error| SpecError {
            at: "preprocess".into(),
            error,
        };
        let object = |key: &'static str, json: &Json| match json.as_object() {
            Some(object) => Ok(object.clone()),
            None => Err(top(refuse(key, json, "an object"))),
        };
        for (key, value) in json {
            match key.as_str() {
                COLUMNS => {
                    for (name, steps) in object(COLUMNS, value)? {
                        let at = format!("preprocess.columns.\"{name}\"");
                        let steps = read_steps(&at, &steps, &[])?;
                        spec.columns.push((name, steps));
                    }
                }
                TYPES => {
                    for (name, steps) in object(TYPES, value)? {
                        let unknown = || Error::UnknownParameter {
                            name: name.clone(),
                            known: ColumnType::ALL.map(ColumnType::name).to_vec(),
                        };
                        let found = ColumnType::ALL.into_iter().find(|own| own.name() == name);
                        let own = found.ok_or_else(|| SpecError {
                            at: "preprocess.types".into(),
                            error: unknown(),
                        })?;
                        let steps = read_steps(&format!("preprocess.types.{name}"), &steps, &[])?;
                        spec.types.push((own, steps));
                    }
                }
                CROSSES => spec.crosses = read_crosses(value).ok_or_else(|| top(wrong_crosses(value)))?,
                other if without.contains(&other) => {}
                _ => drop(all.insert(key.clone(), value.clone())),
            }
        }
        let known = [without, &[COLUMNS, TYPES, CROSSES]].concat();
        spec.all = read_steps("preprocess", &Json::Object(all), &known)?;
        Ok(spec)
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let none = |steps: &Steps| steps.iter().all(|(_, step)| step.is_none());
        self.columns.iter().all(|(_, steps)| none(steps))
            && self.types.iter().all(|(_, steps)| none(steps))
            && none(&self.all)
            && self.crosses.is_empty()
    }

    /// Whether a step of it reads words of texts.
    pub fn reads_texts(&self) -> bool {
        let steps = (self.columns.iter().map(|(_, steps)| steps))
            .chain(self.types.iter().map(|(_, steps)| steps))
            .chain([&self.all]);
        let mut steps = steps.flatten().flat_map(|(_, step)| step);
        steps.any(|step| step.place() == Place::Read)
    }

    /// The names of columns that it has something to say of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter().map(|(name, _)| name.as_str());
        columns.chain(self.crosses.iter().flatten().map(String::as_str))
    }

    /// The steps of a column, in the order in which they are taken: of each key what the column's own line says, or else its type's, or what is
    /// said for all.
    pub fn steps_of(&self, column: &str, own: ColumnType) -> Vec<Chosen> {
        let named = self.columns.iter().filter(|(name, _)| name == column);
        // What is said for all numbers is not meant for the hundreds that texts become.
        let reads = |step: &Arc<dyn Configured>| step.place() == Place::Read;
        let for_all = |(_, step): &&(&str, Option<Arc<dyn Configured>>)| {
            own != ColumnType::Text || step.as_ref().is_some_and(reads)
        };
        let typed = self.types.iter().filter(|(name, _)| *name == own);
        let all = (named.flat_map(|(_, steps)| steps.iter().map(|step| (step, true))))
            .chain(typed.flat_map(|(_, steps)| steps.iter().map(|step| (step, false))))
            .chain(self.all.iter().filter(for_all).map(|step| (step, false)));
        let mut keys: Vec<&str> = Vec::new();
        let mut chosen = Vec::new();
        for ((key, step), is_meant) in all {
            if keys.contains(key) {
                continue;
            }
            keys.push(key);
            chosen.extend(step.clone().map(|step| Chosen { step, is_meant }));
        }
        chosen.sort_by_key(|chosen| chosen.step.place());
        chosen
    }

    /// The steps that follow a cross, by the type of what it makes.
    pub fn steps_of_cross(&self, kind: &Kind) -> Vec<Chosen> {
        let own = match kind {
            Kind::Category(_) | Kind::Text => ColumnType::Category,
            Kind::Number | Kind::Flag | Kind::Time(_) => ColumnType::Number,
        };
        let mut steps = self.steps_of("", own);
        steps.retain(|chosen| matches!(chosen.step.place(), Place::Encode | Place::Expand | Place::Scale));
        steps
    }
}

fn refuse(name: &'static str, value: &Json, allowed: impl Into<String>) -> Error {
    Error::Parameter {
        name,
        value: value.to_string(),
        allowed: allowed.into().into(),
    }
}

fn wrong_crosses(value: &Json) -> Error {
    refuse(CROSSES, value, "a list of pairs of columns, such as [[\"a\", \"b\"]]")
}

fn read_crosses(json: &Json) -> Option<Vec<[String; 2]>> {
    let pair = |json: &Json| match json.as_array()?.as_slice() {
        [a, b] if a != b => Some([a.as_str()?.to_string(), b.as_str()?.to_string()]),
        _ => None,
    };
    json.as_array()?.iter().map(pair).collect()
}

/// Reads steps by their keys. `others` are keys that may stand beside them.
fn read_steps(at: &str, json: &Json, others: &[&'static str]) -> std::result::Result<Steps, SpecError> {
    let wrong = |error| SpecError { at: at.into(), error };
    let Some(object) = json.as_object() else {
        let error = Error::Parameter {
            name: "preprocess",
            value: json.to_string(),
            allowed: "an object of steps".into(),
        };
        return Err(wrong(error));
    };
    let mut steps = Steps::new();
    for (key, value) in object {
        let found = STEPS.iter().find(|step| step.key == key && step.place != Place::Cross);
        let step = found.ok_or_else(|| {
            let mut known: Vec<&'static str> = others.to_vec();
            let keys = STEPS
                .iter()
                .filter(|step| step.place != Place::Cross)
                .map(|step| step.key);
            for key in keys {
                if !known.contains(&key) {
                    known.push(key);
                }
            }
            wrong(Error::UnknownParameter {
                name: key.clone(),
                known,
            })
        })?;
        let read = read_step(step.key, value).map_err(|error| SpecError {
            at: format!("{at}.{key}"),
            error,
        })?;
        steps.push((step.key, read));
    }
    let bins = steps
        .iter()
        .filter(|(_, step)| step.as_ref().is_some_and(|step| step.place() == Place::Bin));
    if bins.count() > 1 {
        let both = Json::from("given twice");
        return Err(wrong(refuse(
            "bucketize",
            &both,
            "either bucketize or quantile_bucketize",
        )));
    }
    Ok(steps)
}

/// Reads a step: an object of its parameters, true for its defaults, a value for its main parameter, or null or false, which turn it off.
fn read_step(key: &'static str, json: &Json) -> Result<Option<Arc<dyn Configured>>> {
    const METHOD: &str = "method";
    let methods: Vec<&str> = STEPS
        .iter()
        .filter(|step| step.key == key)
        .filter_map(|step| step.method)
        .collect();
    let mut params = match json {
        Json::Null | Json::Bool(false) => return Ok(None),
        Json::Object(object) => object.clone(),
        Json::Bool(true) => Map::new(),
        value => {
            let main = STEPS.iter().find(|step| step.key == key).and_then(|step| step.main);
            let main = if methods.is_empty() { main } else { Some(METHOD) };
            let main = main.ok_or_else(|| refuse(key, value, "true or an object"))?;
            Map::from_iter([(main.to_string(), value.clone())])
        }
    };
    let step = if methods.is_empty() {
        STEPS.iter().find(|step| step.key == key)
    } else {
        let method = params.remove(METHOD).unwrap_or_default();
        let found = STEPS
            .iter()
            .find(|step| step.key == key && step.method == method.as_str());
        Some(found.ok_or_else(|| refuse(METHOD, &method, one_of(&methods)))?)
    };
    let step = step.ok_or(Error::Internal("a step without a line"))?;
    step.configure(&params).map(Some)
}

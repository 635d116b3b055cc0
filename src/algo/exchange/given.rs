//! What the caller says of a model that its file does not.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::MOST_CLASSES;
use crate::error::{Error, Result};
use crate::label::Label;

/// What the caller says of a model, as JSON. Everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// Names of the columns, one for each feature of the file, in its order.
    pub features: Option<Vec<String>>,
    /// The labels of the classes, in the order of the file.
    pub classes: Option<Vec<Json>>,
    /// The levels of categories whose file has codes only, by column: the level of code 0 first.
    pub categories: BTreeMap<String, Vec<Json>>,
    /// So many iterations of boosting count; all unless it is given.
    pub iterations: Option<usize>,
}

/// A level or a label as text.
pub(crate) fn text_of(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Labels as a model has them, sorted, and the place of each among those of the file.
pub(crate) struct Classes {
    /// The labels, sorted.
    pub(crate) labels: Vec<Label>,
    /// `places[i]` is the place in the file of label i.
    pub(crate) places: Vec<usize>,
}

impl Given {
    /// The labels of `count` classes: those that are given, else the numbers 0, 1, 2, ... Returns an error for labels that are not as many, not of
    /// one type, or not different.
    pub(crate) fn classes(&self, count: usize) -> Result<Classes> {
        if !(2..=MOST_CLASSES).contains(&count) {
            return Err(Error::data(
                format!("the model has {count} classes"),
                "a model has from 2 to 100000 classes",
            ));
        }
        let labels: Vec<Label> = match &self.classes {
            None => (0..count as i64).map(Label::Number).collect(),
            Some(given) => given.iter().map(label).collect::<Result<_>>()?,
        };
        let wrong = |problem: String| {
            Err(Error::data(
                problem,
                "give \"classes\" one label for each class of the file, in its order, all booleans, whole numbers or texts",
            ))
        };
        if labels.len() != count {
            return wrong(format!("{} labels are given for {count} classes", labels.len()));
        }
        let kind = std::mem::discriminant(&labels[0]);
        if labels.iter().any(|label| std::mem::discriminant(label) != kind) {
            return wrong("the labels of the classes are of different types".into());
        }
        let mut places: Vec<usize> = (0..count).collect();
        places.sort_by(|&a, &b| labels[a].cmp(&labels[b]));
        if places.windows(2).any(|pair| labels[pair[0]] == labels[pair[1]]) {
            return wrong("two classes have the same label".into());
        }
        Ok(Classes {
            labels: places.iter().map(|&place| labels[place].clone()).collect(),
            places,
        })
    }
}

fn label(json: &Json) -> Result<Label> {
    match json {
        Json::Bool(value) => Ok(Label::Bool(*value)),
        Json::String(text) => Ok(Label::Text(text.clone())),
        Json::Number(number) if number.is_i64() => Ok(Label::Number(number.as_i64().unwrap_or_default())),
        other => Err(Error::data(
            format!("a class cannot be labelled {other}"),
            "labels are booleans, whole numbers or texts",
        )),
    }
}

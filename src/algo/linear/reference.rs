//! The level of a category that the weights of its other levels are differences from.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::design::{Design, NO_COLUMN};
use crate::error::{Error, Result};
use crate::parameters::{Range, Value, refuse};
use crate::pipeline::Feature;

/// Which level that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// None: each level has a weight of its own.
    None,
    /// The first in order.
    First,
    /// That of most rows.
    MostFrequent,
    /// The level named for each column; other columns have none.
    Named(BTreeMap<String, String>),
}

impl Value for Reference {
    fn read(json: &Json) -> Option<Reference> {
        match json {
            Json::Null => Some(Reference::None),
            Json::String(name) => match name.as_str() {
                "none" => Some(Reference::None),
                "first" => Some(Reference::First),
                "most_frequent" => Some(Reference::MostFrequent),
                _ => None,
            },
            Json::Object(named) => {
                let named = named
                    .iter()
                    .map(|(column, level)| Some((column.clone(), level.as_str()?.to_string())));
                let named: Option<BTreeMap<String, String>> = named.collect();
                named.filter(|named| !named.is_empty()).map(Reference::Named)
            }
            Json::Bool(_) | Json::Number(_) | Json::Array(_) => None,
        }
    }

    fn is_in(&self, _: Range) -> bool {
        true
    }

    fn allowed(_: Range) -> String {
        "\"none\", \"first\", \"most_frequent\" or an object of columns and their levels".into()
    }

    fn show(&self) -> String {
        match self {
            Reference::None => "\"none\"".into(),
            Reference::First => "\"first\"".into(),
            Reference::MostFrequent => "\"most_frequent\"".into(),
            Reference::Named(named) => serde_json::json!(named).to_string(),
        }
    }
}

/// Returns an error for differences from a level without an intercept to hold that level.
pub(crate) fn check_reference(reference: &Reference, fit_intercept: bool) -> Result<()> {
    match reference {
        Reference::None => Ok(()),
        Reference::First | Reference::MostFrequent | Reference::Named(_) if fit_intercept => Ok(()),
        Reference::First | Reference::MostFrequent | Reference::Named(_) => refuse(
            "reference",
            reference.show(),
            "\"none\" where fit_intercept is false, for the intercept is what holds the level of reference",
        ),
    }
}

/// A frame column with a 0/1 design column for each level; the last is that of missing values.
pub(super) struct Levels<'a> {
    /// Its place in the frame.
    pub place: usize,
    pub columns: &'a [u32],
}

impl Levels<'_> {
    /// The design columns that there are.
    pub fn known(&self) -> impl Iterator<Item = usize> + use<'_> {
        let known = self.columns.iter().filter(|column| **column != NO_COLUMN);
        known.map(|column| *column as usize)
    }

    /// What a level is called.
    fn name(&self, index: usize, feature: &Feature) -> Option<String> {
        let is_missing = index + 1 == self.columns.len();
        feature.level((!is_missing).then_some(index as u32))
    }
}

impl Reference {
    /// The design column of the level of reference, if there is to be one.
    pub(super) fn of(&self, levels: &Levels, design: &Design, features: &[Feature]) -> Result<Option<usize>> {
        match self {
            Reference::None => Ok(None),
            Reference::First => Ok(levels.known().next()),
            // The first of those that are as frequent.
            Reference::MostFrequent => Ok(levels.known().reduce(|best, next| {
                if design.means()[next] > design.means()[best] {
                    next
                } else {
                    best
                }
            })),
            Reference::Named(named) => {
                let feature = features.get(levels.place);
                let named = feature.and_then(|feature| Some((feature, named.get(&feature.name)?)));
                named
                    .map(|(feature, name)| named_level(levels, feature, name))
                    .transpose()
            }
        }
    }

    /// Returns an error for a column that is no category.
    pub(super) fn check_columns(&self, features: &[Feature]) -> Result<()> {
        let Reference::Named(named) = self else {
            return Ok(());
        };
        let categories = || features.iter().filter(|feature| feature.kind.levels().is_some());
        match named
            .keys()
            .find(|name| !categories().any(|feature| feature.name == **name))
        {
            None => Ok(()),
            Some(name) => Err(Error::data(
                format!("reference names \"{name}\", which is no category among the features"),
                "name columns of texts that are features, each with one of its levels",
            )
            .detail(listed("Categories", categories().map(|feature| feature.name.clone())))),
        }
    }
}

/// The design column of a level by its name, as `weights` shows it.
fn named_level(levels: &Levels, feature: &Feature, name: &str) -> Result<usize> {
    let known = || (levels.columns.iter().enumerate()).filter(|(_, column)| **column != NO_COLUMN);
    let found = known().find(|(index, _)| levels.name(*index, feature).as_deref() == Some(name));
    found.map(|(_, column)| *column as usize).ok_or_else(|| {
        Error::data(
            format!(
                "reference names level \"{name}\" of \"{}\", which no training row has",
                feature.name
            ),
            "name a level that training rows have",
        )
        .detail(listed(
            "Levels",
            known().filter_map(|(index, _)| levels.name(index, feature)),
        ))
    })
}

/// A sentence that lists some names.
fn listed(what: &str, names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = names.take(MOST + 1).collect();
    if names.is_empty() {
        return format!("{what} are: none.");
    }
    let more = if names.len() > MOST { ", ..." } else { "" };
    names.truncate(MOST);
    format!("{what} are: {}{more}.", names.join(", "))
}

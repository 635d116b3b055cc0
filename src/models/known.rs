//! What the rest of the surface may know of a model: its features as they were in training, and how much each matters.

use super::inspect;
use super::registry::Privilege;
use crate::pg::error::Result;
use algo::model::InputKind;
use algo::summary::Summary;

/// A feature as it was in training.
pub struct Feature {
    /// Its name; of an element of a vector `name[1]`.
    pub name: String,
    /// The column that it is read from.
    pub input: String,
    /// Which element of the column's vector it is, counted from 1.
    pub element: Option<u32>,
    /// The SQL type of the column.
    pub type_name: String,
    /// Its distribution.
    pub summary: Summary,
    /// The level that stands for rare ones, of a category that has one.
    pub rest: Option<&'static str>,
}

/// The features of a model. Needs the privilege manage; the errors are those of every look at a model.
pub fn features(model: &str) -> Result<Vec<Feature>> {
    let (version, scorer) = inspect::open(model, Privilege::Manage)?;
    let model = scorer.model();
    let elements = model.inputs.iter().flat_map(|input| match &input.kind {
        InputKind::Vector { used, .. } => used.iter().map(|element| Some(element + 1)).collect(),
        _ => vec![None],
    });
    let all = model
        .feature_names()
        .into_iter()
        .zip(model.feature_inputs())
        .zip(elements);
    Ok(all
        .zip(inspect::statistics(&version, model)?)
        .map(|(((name, input), element), summary)| {
            let input = &model.inputs[input];
            Feature {
                name,
                input: input.name.clone(),
                element,
                type_name: match element {
                    Some(_) => input.type_name.trim_end_matches("[]").to_string(),
                    None => input.type_name.clone(),
                },
                summary,
                rest: matches!(input.kind, InputKind::Category { other: true, .. }).then_some(inspect::OTHER),
            }
        })
        .collect())
}

/// The gain of each feature of a model; `None` for a model that has none. Needs the privilege predict.
pub fn gains(model: &str) -> Result<Option<Vec<(String, f64)>>> {
    let (version, scorer) = inspect::open(model, Privilege::Predict)?;
    let measures = inspect::measures(&version, &scorer)?;
    let gain = |(name, measures): (String, inspect::Measures)| (name, measures.gain);
    Ok(measures.map(|measures| {
        scorer
            .model()
            .feature_names()
            .into_iter()
            .zip(measures)
            .map(gain)
            .collect()
    }))
}

//! What the rest of the surface may know of a model: its features as they were in training, and how much each matters.

use super::inspect;
use super::registry::{self, Privilege};
use crate::pg::error::Result;
use algo::model::InputKind;
use algo::model::RawFeature;
use algo::pipeline::OTHER;
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

/// The key of the model that a reference names, and the number of the version. Needs `privilege`.
pub fn version_of(reference: &str, privilege: Privilege) -> Result<(i64, i32)> {
    let version = registry::resolve(reference, privilege)?;
    Ok((version.model.id, version.version))
}

/// The features of a model. Needs the privilege manage; the errors are those of every look at a model.
pub fn features(model: &str) -> Result<Vec<Feature>> {
    let (version, scorer) = inspect::open(model, Privilege::Manage)?;
    let model = scorer.model();
    Ok((model.raw_features().into_iter())
        .zip(inspect::statistics(&version, model)?)
        .map(
            |(
                RawFeature {
                    name, input, element, ..
                },
                summary,
            )| {
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
                    rest: match input.kind {
                        InputKind::Category { other: true, .. } | InputKind::Text { .. } => Some(OTHER),
                        InputKind::Category { other: false, .. } | InputKind::Number | InputKind::Vector { .. } => None,
                    },
                }
            },
        )
        .collect())
}

/// The gain of each raw feature of a model, which is that of what the pipeline makes of it; `None` for a model that has none. What is made of
/// several features counts for each of them in equal parts. Needs the privilege predict.
pub fn gains(model: &str) -> Result<Option<Vec<(String, f64)>>> {
    let (version, scorer) = inspect::open(model, Privilege::Predict)?;
    let Some(measures) = inspect::measures(&version, &scorer)? else {
        return Ok(None);
    };
    let model = scorer.model();
    let mut gains: Vec<(String, f64)> = model
        .raw_features()
        .into_iter()
        .map(|feature| (feature.name, 0.0))
        .collect();
    for (sources, measures) in model.sources().into_iter().zip(measures) {
        let share = measures.gain / sources.len().max(1) as f64;
        sources.into_iter().for_each(|place| gains[place].1 += share);
    }
    Ok(Some(gains))
}

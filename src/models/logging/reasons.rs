//! The reasons that are kept of a decision: what moved its margin most.

use serde_json::{Value as Json, json};

use crate::models::scorer::Scorer;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use algo::explain::{Baseline, Explainer};

/// Against what reasons are told.
pub const BASELINE: &str = "training rows";

/// What explains the decisions of a version.
pub struct Reasons {
    explainer: Box<dyn Explainer>,
    /// The raw features that each of the learner's is made of.
    sources: Vec<Vec<usize>>,
    /// The name of each raw feature, and the place of its input.
    features: Vec<(String, usize)>,
    most: usize,
    attributions: Vec<f64>,
    statement: Foreground,
}

impl Reasons {
    /// For `most` reasons of each decision. Returns an error for a model that cannot be explained.
    pub fn new(scorer: &Scorer, most: usize) -> Result<Reasons> {
        let (model, statement) = (scorer.model(), Foreground::new()?);
        let codes = model.codes(&statement)?;
        let explainer = model.fitted.explainer(&codes, Baseline::Training, &statement)?;
        let raw = model.raw_features().into_iter();
        Ok(Reasons {
            attributions: vec![0.0; explainer.base().len() * model.width()],
            sources: model.sources(),
            features: raw.map(|feature| (feature.name, feature.input)).collect(),
            explainer,
            most,
            statement,
        })
    }

    /// The base values, one for each margin.
    pub fn base(&self) -> &[f64] {
        self.explainer.base()
    }

    /// The reasons of a row that has been scored, the strongest first. What is made of several features counts for each of them in equal parts.
    pub fn of(
        &mut self,
        scorer: &Scorer,
        encoded: &[f64],
        class: Option<usize>,
        shown: impl Fn(usize) -> Option<String>,
    ) -> Result<Json> {
        let model = scorer.model();
        let (row, width) = (model.applied(encoded), model.width());
        self.explainer
            .explain(row, width, &mut self.attributions, &self.statement)?;
        // One margin is that of the number, or of the second class; of several each class has its own.
        let margin = match self.explainer.base().len() {
            1 => 0,
            margins => class.unwrap_or(0).min(margins - 1),
        };
        let mut folded = vec![0.0; self.features.len()];
        let of_margin = &self.attributions[margin * width..][..width];
        for (sources, attribution) in self.sources.iter().zip(of_margin) {
            sources
                .iter()
                .for_each(|&place| folded[place] += attribution / sources.len() as f64);
        }
        let mut places: Vec<usize> = (0..folded.len()).filter(|&place| folded[place] != 0.0).collect();
        places.sort_by(|&a, &b| folded[b].abs().total_cmp(&folded[a].abs()).then(a.cmp(&b)));
        places.truncate(self.most);
        let reason = |place: usize| {
            let (name, input) = &self.features[place];
            json!({"feature": name, "value": shown(*input), "attribution": folded[place]})
        };
        Ok(places.into_iter().map(reason).collect())
    }
}

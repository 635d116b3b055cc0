//! Test vectors: rows near the thresholds of a model, with what it scores, which an exported file carries.

use serde_json::{Value as Json, json};

use super::TreeSum;
use crate::boosting::Decision;
use crate::error::Result;
use crate::estimator::Estimator;
use crate::hash;
use crate::model::{InputKind, Model};
use crate::monitor::{Monitor, Pace};

/// Rows of a file.
const ROWS: u64 = 20;

/// Thresholds of a column that are kept.
const KEPT: usize = 64;

/// Rows and their scores as JSON: `{"rows": [[...], ...], "scores": [[...], ...]}`. Numbers are beside thresholds of the model, categories are levels of it,
/// and every ninth value is missing. The same model has the same ones. O(nodes).
pub(crate) fn vectors(model: &Model, sum: &TreeSum, monitor: &dyn Monitor) -> Result<Json> {
    let mut thresholds: Vec<Vec<f64>> = vec![Vec::new(); model.width()];
    let mut pace = Pace::new(monitor);
    for node in 0..sum.forest().flat().nodes() {
        pace.spend(1)?;
        if let Decision::Number { column, threshold, .. } = sum.forest().decision(node)
            && let Some(kept) = thresholds.get_mut(column).filter(|kept| kept.len() < KEPT)
        {
            kept.push(threshold);
        }
    }
    let (mut rows, mut scores) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let (mut shown, mut encoded) = (Vec::new(), Vec::new());
        for (place, input) in model.inputs.iter().enumerate() {
            let draw = hash::hash_u64(place as u64, row);
            let value = match &input.kind {
                _ if draw.is_multiple_of(9) => f64::NAN,
                InputKind::Category { levels, .. } if !levels.is_empty() => ((draw >> 8) % levels.len() as u64) as f64,
                InputKind::Category { .. } | InputKind::Text { .. } => f64::NAN,
                InputKind::Number | InputKind::Vector { .. } => match &thresholds[place][..] {
                    [] => 0.0,
                    // On the threshold, just beside it, and farther away.
                    kept => {
                        let threshold = kept[(draw >> 8) as usize % kept.len()];
                        [threshold, threshold.next_up(), threshold.next_down(), threshold + 0.5]
                            [(draw >> 4) as usize % 4]
                    }
                },
            };
            shown.push(match &input.kind {
                InputKind::Category { levels, .. } => levels
                    .get(value as usize)
                    .filter(|_| !value.is_nan())
                    .map_or(Json::Null, |level| json!(level)),
                InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => json!(value),
            });
            encoded.push(value);
        }
        let mut out = vec![0.0; model.answer.outputs()];
        sum.score(&encoded, &mut out);
        rows.push(Json::Array(shown));
        scores.push(json!(out));
    }
    Ok(json!({"rows": rows, "scores": scores}))
}

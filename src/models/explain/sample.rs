//! Rows that were read before, explained against those that trained the model: what a card draws a point each for.

use super::explanation::{against_training, side_of};
use crate::models::cache;
use crate::models::keyed_rows::learners_rows;
use crate::models::registry::Version;
use crate::pg::compute;
use crate::pg::compute::Reporter;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use algo::explain::Explained;
use algo::model::InputKind;
use algo::monitor::Monitor;

/// Attributions at most, of which the features are taken that add most.
const MOST_NUMBERS: usize = 1 << 22;

/// What a feature adds to the margin of a row, and its value there, if it is a number.
pub type Point = (f64, Option<f64>);

/// Rows explained for a side: that of a number, of the positive class, or of one of several classes.
pub struct ExplainedSide {
    /// The class, of more than two.
    pub class: Option<usize>,
    /// The features that add most, the first one most of all: how much in the mean, whatever the sign, and a point for each row.
    pub features: Vec<ExplainedFeature>,
}

/// What a feature adds to rows.
pub struct ExplainedFeature {
    pub name: String,
    pub mean: f64,
    pub points: Vec<Point>,
}

/// Explains rows as [`crate::models::scorer::Scorer::raw`] has them, by at most so many features; of more than two classes the sides of `classes`, of each of
/// which there are fewer rows. Returns an error for a model that cannot be explained.
pub fn explain_sample(version: &Version, raw: &[f64], classes: &[usize], most: usize) -> Result<Vec<ExplainedSide>> {
    let scorer = cache::scorer(version)?;
    let (model, folded) = (scorer.model(), against_training(version, &scorer)?);
    let several = folded.side(None).is_none();
    let sides: Vec<Option<usize>> = match several {
        true => classes.iter().copied().map(Some).collect(),
        false => vec![None],
    };
    let width = model.raw_width().max(1);
    let numbers = folded.inputs() * folded.explainer().base().len();
    let rows = (raw.len() / width)
        .div_ceil(sides.len().max(1))
        .min(MOST_NUMBERS / numbers.max(1));
    let raw = &raw[..rows * width];
    let statement = Foreground::new()?;
    let mut reporter = Reporter::new();
    let explainer = &*folded;
    let explained = compute::run("explaining", &mut reporter, &statement, |monitor: &dyn Monitor| {
        explainer.explain(model, &learners_rows(model, raw, monitor)?, monitor)
    });
    reporter.finish();
    let explained: Explained = explained?;
    let value = |row: usize, input: usize| match model.inputs[input].kind {
        InputKind::Number => Some(raw[row * width + scorer.place(input)]).filter(|value| value.is_finite()),
        InputKind::Category { .. } | InputKind::Vector { .. } | InputKind::Text { .. } => None,
    };
    let of_side = |class: Option<usize>| -> Result<ExplainedSide> {
        let side = side_of(&folded, class)?;
        let mut sizes = vec![0.0; model.inputs.len()];
        for row in 0..explained.rows() {
            for (size, attribution) in sizes.iter_mut().zip(explained.attributions(row, side)) {
                *size += attribution.abs();
            }
        }
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        // The sort is stable: of equal ones the first of the model's comes first.
        order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
        order.truncate(most);
        let feature = |input: usize| {
            let point = |row: usize| Some((explained.attributions(row, side).nth(input)?, value(row, input)));
            ExplainedFeature {
                name: model.inputs[input].name.clone(),
                mean: sizes[input] / explained.rows().max(1) as f64,
                points: (0..explained.rows()).filter_map(point).collect(),
            }
        };
        Ok(ExplainedSide {
            class,
            features: order.into_iter().map(feature).collect(),
        })
    };
    sides.into_iter().map(of_side).collect()
}

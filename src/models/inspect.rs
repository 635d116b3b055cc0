//! Looking inside a model: its labels, features, importance, weights, history.

use std::rc::Rc;

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::cache;
use super::groups;
use super::predict::quote_identifier;
use super::registry::{self, Privilege, Version};
use super::scorer::Scorer;
use crate::pg::error::{DAMAGED_MODEL, Error, Result, WRONG_TASK, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::accumulator::Accumulator;
use algo::design::Level;
use algo::fitted::Fitted;
use algo::label::Label;
use algo::linear::Weight;
use algo::model::{Input, InputKind, Model, RawFeature};
use algo::pipeline::{Feature, Kind, OTHER, described_step};
use algo::summary::{Summary, ValueSummary};
use algo::trees::Importance;

/// A model that the caller may look into.
pub(super) fn open(model: &str, privilege: Privilege) -> Result<(Version, Rc<Scorer>)> {
    let version = registry::resolve(model, privilege)?;
    let scorer = cache::scorer(&version)?;
    Ok((version, scorer))
}

/// `labels(model)`.
#[pg_extern(sql = false)]
fn labels(model: Text) -> Vec<Text> {
    let (_, scorer) = or_raise(open(&model, Privilege::Predict));
    scorer
        .model()
        .answer
        .classes()
        .into_iter()
        .flatten()
        .map(|label| label.to_string().into())
        .collect()
}

/// `features(model)`.
#[pg_extern(sql = false)]
fn features(model: Text) -> Vec<Text> {
    let (_, scorer) = or_raise(open(&model, Privilege::Predict));
    scorer
        .model()
        .inputs
        .iter()
        .map(|input| input.name.as_str().into())
        .collect()
}

/// `predict_expression(model, alias)`.
#[pg_extern(sql = false)]
fn predict_expression(model: Text, alias: Text) -> Text {
    /// What a function takes, less the model.
    const MOST_FEATURES: usize = 99;
    let (_, scorer) = or_raise(open(&model, Privilege::Predict));
    let inputs = &scorer.model().inputs;
    let (model, alias) = (pgrx::spi::quote_literal(&*model), quote_identifier(&alias));
    if inputs.len() > MOST_FEATURES {
        return format!("assay.predict({model}, {alias})").into();
    }
    let features: Vec<String> = inputs
        .iter()
        .map(|input| format!("{alias}.{}", quote_identifier(&input.name)))
        .collect();
    format!("assay.predict({model}, {})", features.join(", ")).into()
}

/// The summary of each raw feature in the training rows. Returns ML009 for what was not stored by a training.
pub(super) fn statistics(version: &Version, model: &Model) -> Result<Vec<Summary>> {
    Ok(statistics_and_unseen(version, model)?
        .into_iter()
        .map(|(summary, _)| summary)
        .collect())
}

/// The same; empty of a model that was imported without rows.
pub(super) fn statistics_if_any(version: &Version, model: &Model) -> Result<Vec<Summary>> {
    match version.stored()?.statistics {
        Json::Array(entries) if entries.is_empty() => Ok(Vec::new()),
        _ => statistics(version, model),
    }
}

/// The same as [`statistics`], each with how many test rows had a level that training did not see; `None` of versions that 0.1.0 trained.
fn statistics_and_unseen(version: &Version, model: &Model) -> Result<Vec<(Summary, Option<u64>)>> {
    let damaged = |problem: String| {
        Error::new(
            DAMAGED_MODEL,
            format!(
                "the training statistics of model \"{}\" cannot be read",
                version.reference()
            ),
        )
        .detail(problem)
        .hint("Restore the model from a backup, or train it again.")
    };
    let Json::Array(entries) = version.stored()?.statistics else {
        return Err(damaged("They are no array.".into()));
    };
    let features = model.raw_features().len();
    if entries.is_empty() && features > 0 {
        return Err(unfit(version, "training statistics")
            .detail("It was imported without rows.")
            .hint("Import it once more with options => '{\"query\": ...}', a query of rows that it was trained on."));
    }
    if entries.len() != features {
        return Err(damaged(format!("There are {} for {features} features.", entries.len())));
    }
    let summary = |mut entry: Json| -> Result<(Summary, Option<u64>)> {
        let unseen = entry["unseen"].as_u64();
        let summary = entry.get_mut("summary").map(Json::take).unwrap_or_default();
        let summary: Summary = serde_json::from_value(summary).map_err(|problem| damaged(format!("{problem}.")))?;
        summary.validate().map_err(|problem| damaged(format!("{problem}.")))?;
        Ok((summary, unseen))
    };
    entries.into_iter().map(summary).collect()
}

fn unfit(version: &Version, what: &str) -> Error {
    Error::new(WRONG_TASK, format!("model \"{}\" has no {what}", version.reference()))
}

result_row! {
    /// How much a feature matters.
    struct ImportanceRow {
        feature: String,
        weight: f64,
        gain: f64,
        cover: Option<f64>,
    }
}

/// `feature_importance(model)`.
#[pg_extern(sql = false)]
fn feature_importance(model: Option<Text>) -> SetOf<ImportanceRow> {
    let rows = || -> Result<Vec<ImportanceRow>> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let measures = measures(&version, &scorer)?.ok_or_else(|| {
            unfit(&version, "feature importance")
                .hint("Trees and linear models have; compare models trained with and without a feature.")
        })?;
        let rows = scorer.model().features().into_iter().zip(measures);
        let mut rows: Vec<ImportanceRow> = rows
            .map(|(feature, Measures { weight, gain, cover })| ImportanceRow {
                feature: feature.name,
                weight,
                gain,
                cover,
            })
            .collect();
        rows.sort_by(|a, b| b.gain.total_cmp(&a.gain).then_with(|| a.feature.cmp(&b.feature)));
        Ok(rows)
    };
    set_of(or_raise(rows()))
}

/// How much a feature matters.
pub(super) struct Measures {
    /// The splits by it, or the standard deviation of what it adds to a weighted sum.
    pub(super) weight: f64,
    /// What the splits by it gain, or its share of the variance of weighted sums.
    pub(super) gain: f64,
    /// What the rows weigh that are split by it; none of weighted sums.
    pub(super) cover: Option<f64>,
}

/// How much each feature matters, in the learner's order; `None` for a model that cannot tell.
pub(super) fn measures(version: &Version, scorer: &Scorer) -> Result<Option<Vec<Measures>>> {
    let model = scorer.model();
    if let Some(importance) = model.fitted.importance(model.width()) {
        return Ok(Some(importance.iter().map(tree_measures).collect()));
    }
    let Some((intercepts, weights)) = of_all_rows(model).weights() else {
        return Ok(None);
    };
    let variances = match &model.pipeline {
        Some(pipeline) => score_variances(weights, intercepts.len(), model, pipeline.statistics()),
        None => score_variances(weights, intercepts.len(), model, &statistics(version, model)?),
    };
    let total: f64 = variances.iter().sum();
    let measures = variances.into_iter().map(|variance| Measures {
        weight: variance.sqrt(),
        gain: if total > 0.0 { variance / total } else { 0.0 },
        cover: None,
    });
    Ok(Some(measures.collect()))
}

/// What was learned from all rows; of a model by group what scores groups without a model of their own.
fn of_all_rows(model: &Model) -> &dyn Fitted {
    (model.fitted.grouped()).map_or(&*model.fitted, |grouped| &**grouped.all())
}

/// Splits, gain and cover of a column in trees.
fn tree_measures(importance: &Importance) -> Measures {
    Measures {
        weight: importance.splits as f64,
        gain: importance.gain,
        cover: Some(importance.cover),
    }
}

/// The variance, over the training rows, of what each feature adds to the weighted sums; for several of these their sum.
fn score_variances(all: &[Weight], outputs: usize, model: &Model, statistics: &[Summary]) -> Vec<f64> {
    let features = model.features();
    let variance = |feature: usize, output: usize, summary: &Summary| {
        let weights = || all.iter().filter(|w| w.output == output && w.feature == feature);
        let rows = summary.rows().max(1) as f64;
        match summary.values() {
            ValueSummary::Numbers(numbers) => {
                // A missing number adds what the mean does.
                let present = numbers.moments().count() as f64 / rows;
                let deviation = numbers.moments().stddev().unwrap_or(0.0);
                weights().map(|w| (w.weight * deviation).powi(2) * present).sum::<f64>()
            }
            ValueSummary::Categories(categories) => {
                let share = |w: &Weight| {
                    let name = w.level.and_then(|level| level_name(&features[feature], level));
                    let of_level = || {
                        categories
                            .levels()
                            .iter()
                            .find(|(level, _)| Some(level) == name.as_ref())
                    };
                    match w.level {
                        Some(Level::Missing) => summary.nulls() as f64 / rows,
                        _ => of_level().map_or(0.0, |&(_, count)| count as f64 / rows),
                    }
                };
                let mean: f64 = weights().map(|w| w.weight * share(w)).sum();
                weights().map(|w| w.weight.powi(2) * share(w)).sum::<f64>() - mean * mean
            }
        }
    };
    (0..)
        .zip(statistics)
        .map(|(f, summary)| (0..outputs).map(|o| variance(f, o, summary)).sum::<f64>().max(0.0))
        .collect()
}

/// A level of a feature, for people.
pub(super) fn level_name(feature: &Feature, level: Level) -> Option<String> {
    feature.level(match level {
        Level::Missing => None,
        Level::Code(code) => Some(code),
    })
}

/// `feature_info(model)` as release 0.1.0 declares it.
#[pg_extern(sql = false)]
fn feature_info(model: Option<Text>) -> SetOf<FormerFeatureInfo> {
    let rows = or_raise(feature_rows(model)).into_iter().map(|info| FormerFeatureInfo {
        feature: info.feature,
        r#type: info.r#type,
        rows: info.rows,
        nulls: info.nulls,
        min: info.min,
        max: info.max,
        mean: info.mean,
        stddev: info.stddev,
        categories: info.categories,
        top_categories: info.top_categories,
    });
    set_of(rows)
}

/// `feature_info(model)`.
#[pg_extern(sql = false)]
fn feature_steps(model: Option<Text>) -> SetOf<FeatureInfo> {
    set_of(or_raise(feature_rows(model)))
}

fn feature_rows(model: Option<Text>) -> Result<Vec<FeatureInfo>> {
    let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Manage)?;
    let model = scorer.model();
    let steps = steps_of(model);
    let features = model.raw_features().into_iter().zip(steps);
    let rows = features
        .zip(statistics_and_unseen(&version, model)?)
        .map(|((feature, steps), (summary, unseen))| FeatureInfo {
            unseen: unseen
                .filter(|_| matches!(summary.values(), ValueSummary::Categories(_)))
                .map(|rows| rows as i64),
            steps: Some(Json::Array(steps)),
            ..FeatureInfo::of(feature.name, &model.inputs[feature.input], &summary)
        });
    Ok(rows.collect())
}

/// What is done with each raw feature, and what was learned for that.
fn steps_of(model: &Model) -> Vec<Vec<Json>> {
    let raw = model.raw_features();
    let slots = model.raw_slots();
    let mut steps: Vec<Vec<Json>> = vec![Vec::new(); raw.len()];
    for (place, feature) in raw.iter().enumerate() {
        let input = &model.inputs[feature.input];
        if let InputKind::Text { encoder } = &input.kind {
            let text = Feature {
                name: input.name.clone(),
                kind: Kind::Text,
            };
            steps[place].push(described_step(encoder, [&text, &text], &slots[feature.slots.clone()]));
        }
    }
    if let Some(pipeline) = &model.pipeline {
        for (sources, described) in pipeline.describe(slots) {
            let is_source = |feature: &RawFeature| sources.iter().any(|slot| feature.slots.contains(&(*slot as usize)));
            for place in (0..raw.len()).filter(|place| is_source(&raw[*place])) {
                steps[place].push(described.clone());
            }
        }
    }
    steps
}

result_row! {
    /// A feature in the training rows, as release 0.1.0 shows it.
    struct FormerFeatureInfo {
        feature: String,
        r#type: String,
        rows: i64,
        nulls: i64,
        min: Option<f64>,
        max: Option<f64>,
        mean: Option<f64>,
        stddev: Option<f64>,
        categories: Option<i64>,
        top_categories: Option<Json>,
    }
}

result_row! {
    /// A feature in the training rows.
    #[derive(Default)]
    struct FeatureInfo {
        feature: String,
        r#type: String,
        rows: i64,
        /// NULL, NaN and infinite values.
        nulls: i64,
        min: Option<f64>,
        max: Option<f64>,
        mean: Option<f64>,
        stddev: Option<f64>,
        categories: Option<i64>,
        top_categories: Option<Json>,
        /// Rows of categories that are too rare to be told apart.
        rare: Option<i64>,
        /// Held-out rows with a category that no training row has.
        unseen: Option<i64>,
        /// What is done with it before it is learned from, and what was learned for that.
        steps: Option<Json>,
    }
}

/// So many of the most frequent categories are shown.
const TOP_CATEGORIES: usize = 10;

impl FeatureInfo {
    fn of(feature: String, input: &Input, summary: &Summary) -> FeatureInfo {
        let info = FeatureInfo {
            feature,
            r#type: input.type_name.clone(),
            rows: summary.rows() as i64,
            nulls: (summary.nulls() + summary.non_finite()) as i64,
            ..FeatureInfo::default()
        };
        match summary.values() {
            ValueSummary::Numbers(numbers) => {
                let moments = numbers.moments();
                FeatureInfo {
                    min: moments.min(),
                    max: moments.max(),
                    mean: moments.mean(),
                    stddev: moments.stddev(),
                    ..info
                }
            }
            ValueSummary::Categories(categories) => {
                let mut top: Vec<&(String, u64)> = categories.levels().iter().collect();
                top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                let top = top.into_iter().take(TOP_CATEGORIES);
                let top: Vec<Json> = top
                    .map(|(level, rows)| json!({"category": level, "rows": rows}))
                    .collect();
                let has_rest = match &input.kind {
                    InputKind::Category { other, .. } => *other,
                    InputKind::Text { .. } => true,
                    InputKind::Number | InputKind::Vector { .. } => false,
                };
                let rest = categories
                    .levels()
                    .iter()
                    .filter(|(level, _)| has_rest && level == OTHER);
                FeatureInfo {
                    rare: Some(rest.map(|(_, rows)| *rows).sum::<u64>() as i64),
                    categories: categories.distinct().map(|distinct| distinct as i64),
                    top_categories: Some(json!(top)),
                    ..info
                }
            }
        }
    }
}

result_row! {
    /// A weight of a linear model; an intercept has no feature.
    struct WeightRow {
        feature: Option<String>,
        category: Option<String>,
        weight: f64,
        standard_error: Option<f64>,
        p_value: Option<f64>,
        label: Option<String>,
    }
}

/// `weights(model)` as release 0.1.0 declares it.
#[pg_extern(sql = false)]
fn weights(model: Option<Text>) -> SetOf<WeightRow> {
    segment_weights(model, None)
}

/// `weights(model, segment)`.
#[pg_extern(sql = false)]
fn segment_weights(model: Option<Text>, segment: Option<Jsonb>) -> SetOf<WeightRow> {
    let rows = || -> Result<Vec<WeightRow>> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let model = scorer.model();
        let fitted = match segment {
            Some(segment) => groups::of_segment(&version, model, &options::object("segment", Some(segment))?)?,
            None => of_all_rows(model),
        };
        let (intercepts, weights) = fitted.weights().ok_or_else(|| {
            unfit(&version, "weights").hint("Linear models have; see assay.feature_importance for trees.")
        })?;
        let features = model.features();
        // With two classes the one score is that of the positive one; with more each class has its own.
        let label = |output: usize| {
            let labels = model.answer.classes()?;
            let label = if intercepts.len() == 1 {
                labels.last()
            } else {
                labels.get(output)
            };
            label.map(Label::to_string)
        };
        let mut rows = Vec::new();
        for (output, intercept) in intercepts.iter().enumerate() {
            rows.push(WeightRow {
                feature: None,
                category: None,
                weight: intercept.value,
                standard_error: intercept.standard_error,
                p_value: intercept.p_value,
                label: label(output),
            });
            rows.extend(weights.iter().filter(|w| w.output == output).map(|w| WeightRow {
                feature: Some(features[w.feature].name.clone()),
                category: w.level.and_then(|level| level_name(&features[w.feature], level)),
                weight: w.weight,
                standard_error: w.standard_error,
                p_value: w.p_value,
                label: label(output),
            }));
        }
        Ok(rows)
    };
    set_of(or_raise(rows()))
}

result_row! {
    /// An iteration of training.
    struct IterationRow {
        iteration: i32,
        loss: f64,
        eval_loss: Option<f64>,
    }
}

/// `training_info(model)`.
#[pg_extern(sql = false)]
fn training_info(model: Option<Text>) -> SetOf<IterationRow> {
    let rows = || -> Result<Vec<IterationRow>> {
        let (_, scorer) = open(required("model", model.as_deref())?, Privilege::Manage)?;
        let model = scorer.model();
        let eval = model.fitted.eval_losses();
        let rows = model.history.iter().enumerate().map(|(place, progress)| IterationRow {
            iteration: progress.iteration as i32,
            loss: progress.loss,
            eval_loss: eval.get(place).copied(),
        });
        Ok(rows.collect())
    };
    set_of(or_raise(rows()))
}

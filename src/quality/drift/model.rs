//! Drift from what a model was trained on, and how much each column matters to it.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::column::{Column, Content};
use super::names;
use super::options::Options;
use super::report::{self, DriftResult, Importance, ReportRow};
use super::side::{self, Side};
use crate::models::{Feature, features, gains};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::intake;
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::result_row::SetOf;
use crate::pg::text::Text;
use crate::quality::source::Source;
use algo::block::Kind;
use algo::drift::{Piece, Steps};
use algo::summary::{NumberSummary, ValueSummary};

/// How much each feature matters to a model; `None` without a model, and for one that cannot tell. Returns the errors of [`gains`].
pub fn importance(model: Option<&str>) -> Result<Option<Importance>> {
    let Some(gains) = model.map(gains).transpose()?.flatten() else {
        return Ok(None);
    };
    let total: f64 = gains.iter().map(|(_, gain)| gain).sum();
    let share = |gain: f64| if total > 0.0 { gain / total } else { 0.0 };
    Ok(Some(
        gains
            .into_iter()
            .map(|(feature, gain)| (feature, share(gain)))
            .collect(),
    ))
}

/// The bins of training as steps. Timestamps were seconds in training, and are microseconds now.
fn steps(numbers: &NumberSummary, unit: f64) -> Steps {
    let mut low = numbers.moments().min().unwrap_or(0.0);
    let greatest = numbers.moments().max().unwrap_or(0.0);
    let ends = numbers.edges().iter().copied().chain([greatest]);
    let pieces = ends.zip(numbers.counts()).map(|(high, &rows)| {
        let piece = Piece {
            low: low * unit,
            high: high * unit,
            rows,
        };
        low = high;
        piece
    });
    Steps::new(pieces.filter(|piece| piece.rows > 0).collect())
}

/// A feature as it was in training. `current` is what the column is now.
fn column<'a>(feature: &'a Feature, current: Option<&Column<'_>>) -> Column<'a> {
    let summary = &feature.summary;
    let kind = current.map_or(Kind::Float, |column| column.kind);
    let content = match summary.values() {
        ValueSummary::Numbers(numbers) => {
            let unit = if matches!(kind, Kind::Timestamp | Kind::TimestampTz) {
                1e6
            } else {
                1.0
            };
            Content::Steps(steps(numbers, unit), numbers.moments().scaled(unit))
        }
        ValueSummary::Categories(categories) => Content::Levels {
            levels: categories.levels(),
            other: categories.other(),
            rest: feature.rest,
        },
    };
    Column {
        name: feature.name.clone(),
        type_name: feature.type_name.clone(),
        kind,
        rows: summary.rows(),
        // Both were missing to the model.
        nulls: summary.nulls() + summary.non_finite(),
        content,
    }
}

/// The columns of a query with the elements of the model's vectors in place of these.
fn with_elements(source: Source, features: &[Feature]) -> Result<Source> {
    if features.iter().all(|feature| feature.element.is_none()) {
        return Ok(source);
    }
    source.require_distinct_names()?;
    let quoted = |name: &str| pgrx::spi::quote_identifier(name);
    let outputs: Vec<String> = source
        .columns()
        .iter()
        .flat_map(|column| {
            let elements: Vec<String> = features
                .iter()
                .filter(|feature| feature.input == column.name)
                .filter_map(|feature| {
                    let (column, name) = (quoted(&column.name), quoted(&feature.name));
                    feature
                        .element
                        .map(|element| format!("(q.{column})[{element}] AS {name}"))
                })
                .collect();
            if elements.is_empty() {
                vec![format!("q.{}", quoted(&column.name))]
            } else {
                elements
            }
        })
        .collect();
    Source::open(&source.select(&outputs.join(", ")))
}

/// How the rows of a query have moved from those that trained a model.
pub(super) fn compare(model: &str, query: &str, options: Json) -> Result<Vec<DriftResult>> {
    let mut options = Options::parse(options)?;
    if options.model.is_some() || !options.group_by.is_empty() {
        return Err(Error::new(
            INVALID_PARAMETER,
            "options: \"model\" and \"group_by\" are not options of model_drift",
        )
        .detail("What is known of the training rows has no segments.")
        .hint("For segments compare with a baseline: assay.drift_from(name, query, '{\"model\": …}')."));
    }
    options.refuse_correlations("a model")?;
    let features = features(model)?;
    let source = with_elements(Source::open(query)?, &features)?;
    let known = features.iter().map(|feature| feature.name.as_str());
    options.require_known(known.chain(names(source.columns())))?;
    let importance = importance(Some(model))?;
    // A point in time that the model learned from is compared like any other feature.
    options.times = true;
    let is_feature = |name: &str| features.iter().any(|feature| feature.name == name);
    let scans = side::read(
        &source,
        |column| options.wants(column) && is_feature(column),
        |_| false,
        &[],
    )?;
    let mut current = Side::of(&scans)?;
    let rows = current.rows();
    for other in source.columns().iter().filter(|column| !is_feature(&column.name)) {
        current.columns.push(Column {
            name: other.name.clone(),
            type_name: other.type_name.clone(),
            kind: intake::kind_of(other.type_oid),
            rows,
            nulls: 0,
            content: Content::Nothing,
        });
    }
    let named = |name: &str| current.columns.iter().find(|column| column.name == name);
    let reference = Side {
        columns: features
            .iter()
            .map(|feature| column(feature, named(&feature.name)))
            .collect(),
        segments: Vec::new(),
    };
    Ok(report::compare(
        &reference,
        &current,
        &options,
        "no feature of the model",
        importance.as_ref(),
        Vec::new(),
    ))
}

/// `model_drift(model, query, options)`.
#[pg_extern(sql = false)]
fn model_drift(model: Option<Text>, query: Option<Text>, options: Option<Jsonb>) -> SetOf<ReportRow> {
    let results = || {
        let (model, query) = (
            required("model", model.as_deref())?,
            required("query", query.as_deref())?,
        );
        compare(model, query, object("options", options)?)
    };
    report::table(or_raise(results()))
}

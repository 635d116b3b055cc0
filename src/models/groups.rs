//! The groups of a model by group: what each is scored by, and how well.

use pgrx::pg_extern;
use serde_json::{Map, Value as Json, json};

use super::inspect::open;
use super::registry::{Privilege, Version};
use super::version_metrics::number;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, WRONG_TASK, advise, or_raise};
use crate::pg::intake;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::block::Kind;
use algo::fitted::Fitted;
use algo::grouped::GroupedModel;
use algo::model::{GroupMetrics, Input, InputKind, Model};
use algo::scan::Constant;

result_row! {
    /// A group of a model.
    struct GroupRow {
        segment: Json,
        rows: i64,
        own_model: bool,
        reason: Option<&'static str>,
        measured_rows: Option<i64>,
        metrics: Option<Json>,
    }
}

/// `model_groups(model)`.
#[pg_extern(sql = false)]
fn model_groups(model: Option<Text>) -> SetOf<GroupRow> {
    let rows = || -> Result<Vec<GroupRow>> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Manage)?;
        let model = scorer.model();
        let grouped = groups_of(&version, model)?;
        let metrics = |place: usize| model.groups.get(place);
        let rows = grouped.groups().iter().enumerate().map(|(place, group)| GroupRow {
            segment: segment(model, grouped, &group.key),
            rows: group.rows as i64,
            own_model: group.own.shortage().is_none(),
            reason: group.own.shortage(),
            measured_rows: metrics(place).map(|metrics| metrics.rows as i64),
            metrics: metrics(place).map(values),
        });
        Ok(rows.collect())
    };
    set_of(or_raise(rows()))
}

/// The groups of a model. Returns ML010 for a model without.
fn groups_of<'m>(version: &Version, model: &'m Model) -> Result<&'m GroupedModel> {
    model.fitted.grouped().ok_or_else(|| {
        Error::new(WRONG_TASK, format!("model \"{}\" has no groups", version.reference()))
            .hint("Train it with group_by, which names the columns that say to which group a row belongs.")
    })
}

/// Says how many groups have no model of their own.
pub fn look_at_groups(fitted: &dyn Fitted) {
    let Some(grouped) = fitted.grouped() else { return };
    let mut shortages: Vec<(&str, usize)> = Vec::new();
    for shortage in grouped.groups().iter().filter_map(|group| group.own.shortage()) {
        match shortages.iter_mut().find(|(known, _)| *known == shortage) {
            Some((_, groups)) => *groups += 1,
            None => shortages.push((shortage, 1)),
        }
    }
    let without: usize = shortages.iter().map(|(_, groups)| groups).sum();
    if without > 0 {
        let counts: Vec<String> = shortages
            .iter()
            .map(|(why, groups)| format!("{why}: {groups}"))
            .collect();
        advise(
            format!(
                "{without} of {} groups have no model of their own and are scored by that of all rows",
                grouped.groups().len()
            ),
            Some(format!("{}.", counts.join(", "))),
            Some("assay.model_groups shows them; min_group_rows says how many rows a model of its own takes.".into()),
        );
    }
}

/// What scores the group of these values. Returns 22023 for a group that training did not see.
pub fn of_segment<'m>(version: &Version, model: &'m Model, named: &Json) -> Result<&'m dyn Fitted> {
    let grouped = groups_of(version, model)?;
    let group = grouped
        .groups()
        .iter()
        .find(|group| segment(model, grouped, &group.key) == *named);
    let group = group.ok_or_else(|| {
        Error::new(
            INVALID_PARAMETER,
            format!("model \"{}\" has no such group", version.reference()),
        )
        .detail(format!("The segment is {named}."))
        .hint("assay.model_groups shows the groups; rows of others are scored by the model of all rows.")
    })?;
    Ok(grouped.of(group))
}

/// The metrics by name.
fn values(metrics: &GroupMetrics) -> Json {
    let values = metrics
        .metrics
        .iter()
        .map(|(name, value)| (name.clone(), number(*value)));
    Json::Object(values.collect())
}

/// A group's values by the names of their columns.
pub fn segment(model: &Model, grouped: &GroupedModel, key: &[f64]) -> Json {
    let first = model.inputs.len().saturating_sub(grouped.table().width());
    let values = model.inputs[first..].iter().zip(key);
    let object: Map<String, Json> = values
        .map(|(input, &value)| (input.name.clone(), cell(input, value)))
        .collect();
    Json::Object(object)
}

/// A value of an encoded row as JSON has it.
pub(super) fn cell(input: &Input, value: f64) -> Json {
    if value.is_nan() {
        return Json::Null;
    }
    let written = |kind: Kind, units: f64| {
        json!(intake::written_in_json(
            kind,
            &Constant::Integer((value * units) as i64)
        ))
    };
    match (&input.kind, input.type_name.as_str()) {
        (InputKind::Category { levels, .. }, _) => json!(levels.get(value as usize)),
        (_, "boolean") => json!(value != 0.0),
        (_, "date") => written(Kind::Date, 1.0),
        (_, "timestamp without time zone") => written(Kind::Timestamp, 1e6),
        (_, "timestamp with time zone") => written(Kind::TimestampTz, 1e6),
        _ if value.fract() == 0.0 && value.abs() < 1e15 => json!(value as i64),
        _ => json!(value),
    }
}

//! `describe_model(model, fields)`: what only a person can say of a model, for its card.

use pgrx::pg_extern;
use serde_json::{Map, Value as Json};

use super::deployment::changing;
use super::judging::fairness;
use super::registry::Privilege;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};

/// A field of a description.
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// What it is called on the card.
    pub title: &'static str,
    /// What is written in it.
    pub content: Content,
}

/// What is written in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Text,
    Columns,
    Limits,
    Cost,
}

const fn field(name: &'static str, content: Content, title: &'static str) -> Field {
    Field { name, title, content }
}

/// All fields.
pub const FIELDS: [Field; 17] = [
    field("purpose", Content::Text, "Purpose"),
    field("intended_use", Content::Text, "Intended use"),
    field("users", Content::Text, "Who uses it"),
    field("out_of_scope", Content::Text, "Not to be used for"),
    field("owner_contact", Content::Text, "Whom to ask"),
    field("data_source", Content::Text, "Where the data come from"),
    field("data_known_problems", Content::Text, "Known problems of the data"),
    field("decision", Content::Text, "What is decided by it, and who decides"),
    field("ethical_considerations", Content::Text, "Ethical considerations"),
    field("limits", Content::Text, "Known limits"),
    field("monitoring", Content::Text, "How it is watched"),
    field("review", Content::Text, "When it is reviewed, and by whom"),
    field("slices", Content::Columns, "Columns whose values are judged apart"),
    field(
        "fairness_groups",
        Content::Columns,
        "Columns between whose values it has to be fair",
    ),
    field("fairness_limits", Content::Limits, "What is demanded of their fairness"),
    field("cost_false_positive", Content::Cost, "What a false alarm costs"),
    field("cost_false_negative", Content::Cost, "What a miss costs"),
];

/// Characters of a field, and columns of a list.
const MOST_TEXT: usize = 20_000;
const MOST_COLUMNS: usize = 5;

/// Returns an error with 22023 for a field that is unknown, or that is not what it should be.
fn check(fields: &Map<String, Json>) -> Result<()> {
    for (name, value) in fields {
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            let known: Vec<String> = FIELDS.iter().map(|field| format!("\"{}\"", field.name)).collect();
            return Err(Error::new(INVALID_PARAMETER, format!("fields: unknown key \"{name}\""))
                .hint(format!("Expected is one of: {}.", known.join(", "))));
        };
        let is_right = match (value, field.content) {
            (Json::Null, _) => true,
            (Json::String(text), Content::Text) => text.chars().count() <= MOST_TEXT,
            (Json::Array(names), Content::Columns) => names.len() <= MOST_COLUMNS && names.iter().all(Json::is_string),
            (Json::Number(cost), Content::Cost) => cost.as_f64().is_some_and(|cost| cost >= 0.0),
            (limits, Content::Limits) => fairness::are_limits(limits),
            (_, Content::Text | Content::Columns | Content::Cost) => false,
        };
        if !is_right {
            let wanted = match field.content {
                Content::Text => format!("a text of at most {MOST_TEXT} characters"),
                Content::Columns => format!("an array of at most {MOST_COLUMNS} names of columns"),
                Content::Limits => {
                    "an object of limits of assay.fairness, such as {\"demographic_parity_ratio\": 0.8}".into()
                }
                Content::Cost => "a number, 0 or more".into(),
            };
            return Err(
                Error::new(INVALID_PARAMETER, format!("fields: \"{name}\" has to be {wanted}"))
                    .hint("NULL takes a field back."),
            );
        }
    }
    Ok(())
}

/// `describe_model(model, fields)`.
#[pg_extern(sql = false)]
fn describe_model(model: Option<Text>, fields: Option<Jsonb>) {
    read_only::require_writable(c"assay.describe_model()");
    or_raise((|| {
        let fields = object("fields", Some(required("fields", fields)?))?;
        let Json::Object(given) = &fields else { return Ok(()) };
        check(given)?;
        changing(model.as_deref(), Privilege::Manage, |entry| {
            let by = role::name_of(role::current());
            tables::as_owner(|| {
                tables::write(
                    "INSERT INTO assay.model_description AS d (model_id, fields, described_by)
                     VALUES ($1, pg_catalog.jsonb_strip_nulls($2::pg_catalog.jsonb), $3)
                     ON CONFLICT (model_id) DO UPDATE SET
                         fields = pg_catalog.jsonb_strip_nulls(d.fields OPERATOR(pg_catalog.||) $2::pg_catalog.jsonb),
                         described_by = excluded.described_by, described_at = excluded.described_at",
                    &[entry.id.into(), fields.to_string().as_str().into(), by.as_str().into()],
                )
            })
        })
    })());
}

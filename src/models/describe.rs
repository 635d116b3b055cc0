//! `describe_model(model, fields)`: what only a person can say of a model, for its card.

use pgrx::pg_extern;
use serde_json::{Map, Value as Json};

use super::deployment::changing;
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
    /// Whether it is a list of columns.
    pub is_columns: bool,
}

const fn text(name: &'static str, title: &'static str) -> Field {
    Field {
        name,
        title,
        is_columns: false,
    }
}

const fn columns(name: &'static str, title: &'static str) -> Field {
    Field {
        name,
        title,
        is_columns: true,
    }
}

/// All fields.
pub const FIELDS: [Field; 14] = [
    text("purpose", "Purpose"),
    text("intended_use", "Intended use"),
    text("users", "Who uses it"),
    text("out_of_scope", "Not to be used for"),
    text("owner_contact", "Whom to ask"),
    text("data_source", "Where the data come from"),
    text("data_known_problems", "Known problems of the data"),
    text("decision", "What is decided by it, and who decides"),
    text("ethical_considerations", "Ethical considerations"),
    text("limits", "Known limits"),
    text("monitoring", "How it is watched"),
    text("review", "When it is reviewed, and by whom"),
    columns("slices", "Columns whose values are judged apart"),
    columns("fairness_groups", "Columns between whose values it has to be fair"),
];

/// Characters of a field, and columns of a list.
const MOST_TEXT: usize = 20_000;
const MOST_COLUMNS: usize = 5;

/// Returns an error with 22023 for a field that is unknown, or that is not what it should be.
fn check(fields: &Map<String, Json>) -> Result<()> {
    for (name, value) in fields {
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            let known: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            return Err(Error::new(INVALID_PARAMETER, format!("fields: unknown key \"{name}\""))
                .hint(format!("Expected is one of: {}.", known.join(", "))));
        };
        let is_right = match value {
            Json::Null => true,
            Json::String(text) => !field.is_columns && text.chars().count() <= MOST_TEXT,
            Json::Array(names) => field.is_columns && names.len() <= MOST_COLUMNS && names.iter().all(Json::is_string),
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => false,
        };
        if !is_right {
            let wanted = match field.is_columns {
                true => format!("an array of at most {MOST_COLUMNS} names of columns"),
                false => format!("a text of at most {MOST_TEXT} characters"),
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

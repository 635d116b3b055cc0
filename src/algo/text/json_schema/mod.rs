//! What an answer in JSON has to look like: the part of [JSON Schema](https://json-schema.org) that servers hold a model to, and no more. What it does not
//! know it does not pass over: a keyword that would be read and ignored is an error that names it.

mod check;
pub mod outgoing;
mod parse;

use std::fmt;

use serde_json::{Number, Value as Json};

pub use check::{Mismatch, read};

/// The keywords that say something of a value.
pub const KEYWORDS: [&str; 14] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
];
/// The keywords that are for people and models.
pub const ANNOTATIONS: [&str; 6] = ["title", "description", "default", "examples", "$schema", "$comment"];

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    const ALL: [Type; 7] = [
        Type::Null,
        Type::Boolean,
        Type::Integer,
        Type::Number,
        Type::String,
        Type::Array,
        Type::Object,
    ];

    const fn name(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::String => "string",
            Type::Array => "array",
            Type::Object => "object",
        }
    }

    fn named(name: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether a value is of this type. A whole number is an integer, however it is written.
    fn holds(self, value: &Json) -> bool {
        match (self, value) {
            (Type::Null, Json::Null)
            | (Type::Boolean, Json::Bool(_))
            | (Type::Number, Json::Number(_))
            | (Type::String, Json::String(_))
            | (Type::Array, Json::Array(_))
            | (Type::Object, Json::Object(_)) => true,
            (Type::Integer, Json::Number(number)) => is_whole(number),
            _ => false,
        }
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// What is said of properties that are not named.
#[derive(Debug, Clone, PartialEq)]
enum Others {
    Anything,
    Nothing,
    Of(Box<Schema>),
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Any of these; none says nothing.
    types: Vec<Type>,
    properties: Vec<(String, Schema)>,
    required: Vec<String>,
    others: Others,
    items: Option<Box<Schema>>,
    /// One of these values; `None` says nothing.
    values: Option<Vec<Json>>,
    any_of: Vec<Schema>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    min_items: Option<u64>,
    max_items: Option<u64>,
}

/// Why JSON is no schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A keyword that is not known.
    Unknown { place: String, keyword: String },
    /// A keyword whose value it cannot have.
    Value {
        place: String,
        keyword: &'static str,
        expected: &'static str,
    },
    /// It is neither an object nor true or false.
    Shape { place: String },
    /// It has more than is read: parts, depth or bytes.
    Large(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unknown { place, keyword } => {
                write!(f, "at {place} it has the keyword \"{keyword}\", which is not known")
            }
            Problem::Value {
                place,
                keyword,
                expected,
            } => write!(f, "at {place} the value of \"{keyword}\" must be {expected}"),
            Problem::Shape { place } => write!(f, "at {place} it is no object"),
            Problem::Large(what) => write!(f, "it has {what}"),
        }
    }
}

impl Schema {
    /// Whether servers that hold a model to a schema take it as it is: each object names all its properties, and has no others.
    pub fn is_strict(&self) -> bool {
        let is_object = self.types.contains(&Type::Object) || !self.properties.is_empty();
        let names_all = !is_object
            || self.others == Others::Nothing
                && self.properties.iter().all(|(name, _)| self.required.contains(name))
                && self.required.len() == self.properties.len();
        names_all
            && self.properties.iter().all(|(_, schema)| schema.is_strict())
            && self.items.as_ref().is_none_or(|schema| schema.is_strict())
            && self.any_of.iter().all(Schema::is_strict)
    }
}

#[cfg(test)]
mod tests;

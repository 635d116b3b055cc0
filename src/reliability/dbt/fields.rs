//! The fields of JSON that dbt has written, read where they lie: a manifest of 50,000 models is not copied to look for a few keys of each.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use crate::pg::compute::serve_interrupts;
use crate::pg::encoding;
use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result};
use crate::pg::jsonb_value::{self, Container, Item};

/// The most characters of a description and other free texts that are kept.
const LONGEST: usize = 2000;
/// The most elements of an array.
const MOST_ELEMENTS: usize = 1_000_000;

/// Lets a cancel in, once in a while: an object or array may have as many entries as the value has room for.
pub fn breathe(place: usize) {
    if place % 1024 == 1023 {
        serve_interrupts();
    }
}

/// An object, and how messages name it.
#[derive(Clone, Copy)]
pub struct Fields<'a, 'n> {
    place: &'n str,
    object: Container<'a>,
}

impl<'a, 'n> Fields<'a, 'n> {
    /// The fields of a value, which has to be an object.
    pub fn of(item: Item<'a>, place: &'n str) -> Result<Fields<'a, 'n>> {
        match item {
            Item::Object(object) => Ok(Fields { place, object }),
            other => Err(Error::new(
                INVALID_PARAMETER,
                format!("{place} is {}, not an object", kind_of(&other)),
            )
            .hint("Give the file as dbt writes it.")),
        }
    }

    /// The value of a key; `None` where it is null or not there.
    fn get(&self, key: &str) -> Result<Option<Item<'a>>> {
        for (place, pair) in self.object.pairs().enumerate() {
            breathe(place);
            let (name, value) = pair.ok_or_else(jsonb_value::damaged)?;
            if name == key.as_bytes() {
                return Ok(Some(value).filter(|value| *value != Item::Null));
            }
        }
        Ok(None)
    }

    /// The value of a key, whatever it is.
    pub fn item(&self, key: &str) -> Result<Option<Item<'a>>> {
        self.get(key)
    }

    pub fn text(&self, key: &str) -> Result<Option<Cow<'a, str>>> {
        match self.get(key)? {
            None => Ok(None),
            Some(Item::Text(bytes)) => Ok(Some(encoding::decode(bytes))),
            Some(other) => Err(self.wrong(key, &other, "a text")),
        }
    }

    pub fn required_text(&self, key: &str) -> Result<Cow<'a, str>> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>> {
        match self.get(key)? {
            None => Ok(None),
            Some(Item::Number(number)) => Ok(Some(number)),
            Some(other) => Err(self.wrong(key, &other, "a number")),
        }
    }

    pub fn object(&self, key: &str) -> Result<Option<Fields<'a, 'n>>> {
        match self.get(key)? {
            None => Ok(None),
            Some(Item::Object(object)) => Ok(Some(Fields {
                place: self.place,
                object,
            })),
            Some(other) => Err(self.wrong(key, &other, "an object")),
        }
    }

    pub fn required_object(&self, key: &str) -> Result<Fields<'a, 'n>> {
        self.object(key)?.ok_or_else(|| self.missing(key))
    }

    /// The elements of an array; none where it is null or not there.
    pub fn elements(&self, key: &str) -> Result<Vec<Item<'a>>> {
        match self.get(key)? {
            None => Ok(Vec::new()),
            Some(Item::Array(array)) if array.count() > MOST_ELEMENTS => Err(Error::new(
                LIMIT_EXCEEDED,
                format!(
                    "key \"{key}\" of {} has {} elements, of at most {MOST_ELEMENTS}",
                    self.place,
                    array.count()
                ),
            )
            .hint("Give the file as dbt writes it.")),
            Some(Item::Array(array)) => {
                let elements = array.elements().enumerate().map(|(place, element)| {
                    breathe(place);
                    element
                });
                let elements: Option<Vec<Item>> = elements.collect();
                elements.ok_or_else(jsonb_value::damaged)
            }
            Some(other) => Err(self.wrong(key, &other, "an array")),
        }
    }

    pub fn required_elements(&self, key: &str) -> Result<Vec<Item<'a>>> {
        match self.get(key)? {
            None => Err(self.missing(key)),
            Some(_) => self.elements(key),
        }
    }

    /// The texts of an array; none where it is null or not there.
    pub fn texts(&self, key: &str) -> Result<Vec<String>> {
        let texts = self.elements(key)?.into_iter().enumerate().map(|(place, element)| {
            breathe(place);
            match element {
                Item::Text(bytes) => Ok(encoding::decode(bytes).into_owned()),
                other => Err(self.wrong(key, &other, "a text")),
            }
        });
        texts.collect()
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.object.count()
    }

    /// The keys with their values.
    pub fn each(&self) -> impl Iterator<Item = Result<(String, Item<'a>)>> + use<'a> {
        self.object.pairs().map(|pair| {
            let (name, value) = pair.ok_or_else(jsonb_value::damaged)?;
            Ok((encoding::decode(name).into_owned(), value))
        })
    }

    /// The texts of these keys that are there and not empty, as an object; long ones are cut.
    pub fn kept(&self, keys: &[&str]) -> Result<Json> {
        let mut kept = serde_json::Map::new();
        for key in keys {
            if let Some(text) = self.text(key)?.filter(|text| !text.is_empty()) {
                kept.insert((*key).into(), json!(cut(&text, LONGEST)));
            }
        }
        Ok(Json::Object(kept))
    }

    fn missing(&self, key: &str) -> Error {
        Error::new(INVALID_PARAMETER, format!("{} has no key \"{key}\"", self.place))
            .hint("Give the file as dbt writes it.")
    }

    fn wrong(&self, key: &str, found: &Item<'_>, expected: &str) -> Error {
        Error::new(
            INVALID_PARAMETER,
            format!("key \"{key}\" of {} is {}, not {expected}", self.place, kind_of(found)),
        )
        .hint("Give the file as dbt writes it.")
    }
}

/// The beginning of a text, and a sign that more follows where more does.
pub fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_string(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

pub fn kind_of(item: &Item<'_>) -> &'static str {
    match item {
        Item::Null => "null",
        Item::Bool(_) => "a boolean",
        Item::Number(_) => "a number",
        Item::Text(_) => "a text",
        Item::Array(_) => "an array",
        Item::Object(_) => "an object",
    }
}

/// Returns an error unless the file is of this schema, as its metadata tell.
pub fn require_schema(metadata: &Fields<'_, '_>, kind: &str, version: &str) -> Result<()> {
    let schema = metadata.required_text("dbt_schema_version")?;
    // https://schemas.getdbt.com/dbt/manifest/v12.json
    let mut parts = schema.trim_end_matches(".json").rsplit('/');
    let (found, of) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if of == kind && found == version {
        return Ok(());
    }
    Err(Error::new(
        INVALID_PARAMETER,
        format!("this is no {kind} of dbt with schema version {version}"),
    )
    .detail(format!("Its schema is \"{}\".", cut(&schema, 200)))
    .hint("dbt 1.8 to 1.11 write manifests of version v12 and run results of version v6."))
}

//! Whether a value is what a schema says.

use serde_json::error::Category;
use serde_json::{Map, Value as Json};

use super::{Others, Schema, Type};
use crate::error::Result;
use crate::monitor::Monitor;

/// Where a value is not what it has to be, and why: words for people, and for the model that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// As `$.items[3].name`.
    pub place: String,
    pub problem: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {}: {}", self.place, self.problem)
    }
}

/// Reads an answer that has to be JSON of a schema, and nothing else.
pub fn read(text: &str, schema: &Schema, monitor: &dyn Monitor) -> Result<std::result::Result<Json, Mismatch>> {
    let value: Json = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let problem = match error.classify() {
                Category::Eof => "it is JSON that ends too early",
                Category::Io | Category::Syntax | Category::Data => "it is no JSON",
            };
            let place = format!("line {}, column {}", error.line(), error.column());
            return Ok(Err(Mismatch {
                place,
                problem: problem.into(),
            }));
        }
    };
    let mut check = Check {
        place: vec!["$".into()],
        monitor,
    };
    Ok(check.value(&value, schema)?.map(|()| value))
}

struct Check<'a> {
    place: Vec<String>,
    monitor: &'a dyn Monitor,
}

type Verdict = Result<std::result::Result<(), Mismatch>>;

impl Check<'_> {
    fn wrong(&self, problem: impl Into<String>) -> Verdict {
        Ok(Err(Mismatch {
            place: self.place.concat(),
            problem: problem.into(),
        }))
    }

    fn value(&mut self, value: &Json, schema: &Schema) -> Verdict {
        self.monitor.check()?;
        if !schema.types.is_empty() && !schema.types.iter().any(|one| one.holds(value)) {
            let names: Vec<&str> = schema.types.iter().map(|one| one.name()).collect();
            return self.wrong(format!("it is not of type {}", names.join(" or ")));
        }
        if let Some(values) = &schema.values
            && !values.iter().any(|one| is_same(one, value))
        {
            return self.wrong("it is none of the values that it may have");
        }
        let inner = match value {
            Json::Null | Json::Bool(_) => Ok(Ok(())),
            Json::Number(number) => self.number(number.as_f64().unwrap_or(f64::NAN), schema),
            Json::String(text) => self.size(text.chars().count(), "characters", schema.min_length, schema.max_length),
            Json::Array(items) => self.array(items, schema),
            Json::Object(object) => self.object(object, schema),
        };
        if let Err(mismatch) = inner? {
            return Ok(Err(mismatch));
        }
        self.any_of(value, schema)
    }

    fn any_of(&mut self, value: &Json, schema: &Schema) -> Verdict {
        if schema.any_of.is_empty() {
            return Ok(Ok(()));
        }
        for one in &schema.any_of {
            if self.value(value, one)?.is_ok() {
                return Ok(Ok(()));
            }
        }
        self.wrong("it is none of the things that it may be")
    }

    fn number(&self, number: f64, schema: &Schema) -> Verdict {
        if let Some(minimum) = schema.minimum
            && number < minimum
        {
            return self.wrong(format!("it is below {minimum}"));
        }
        if let Some(maximum) = schema.maximum
            && number > maximum
        {
            return self.wrong(format!("it is above {maximum}"));
        }
        Ok(Ok(()))
    }

    fn size(&self, size: usize, of: &str, least: Option<u64>, most: Option<u64>) -> Verdict {
        let size = size as u64;
        if let Some(least) = least.filter(|least| size < *least) {
            return self.wrong(format!("it has {size} {of}, and needs {least}"));
        }
        if let Some(most) = most.filter(|most| size > *most) {
            return self.wrong(format!("it has {size} {of}, and may have {most}"));
        }
        Ok(Ok(()))
    }

    fn array(&mut self, items: &[Json], schema: &Schema) -> Verdict {
        if let Err(mismatch) = self.size(items.len(), "items", schema.min_items, schema.max_items)? {
            return Ok(Err(mismatch));
        }
        let Some(of_items) = &schema.items else {
            return Ok(Ok(()));
        };
        for (place, item) in items.iter().enumerate() {
            if let Err(mismatch) = self.below(format!("[{place}]"), item, of_items)? {
                return Ok(Err(mismatch));
            }
        }
        Ok(Ok(()))
    }

    fn object(&mut self, object: &Map<String, Json>, schema: &Schema) -> Verdict {
        if let Some(name) = schema.required.iter().find(|name| !object.contains_key(*name)) {
            return self.wrong(format!("it has no property \"{name}\""));
        }
        for (name, value) in object {
            let known = schema.properties.iter().find(|(known, _)| known == name);
            let of_value = match (known, &schema.others) {
                (Some((_, known)), _) => known,
                (None, Others::Anything) => continue,
                (None, Others::Nothing) => {
                    let name: String = name.chars().take(64).collect();
                    return self.wrong(format!("it may have no property \"{name}\""));
                }
                (None, Others::Of(others)) => others,
            };
            if let Err(mismatch) = self.below(format!(".{name}"), value, of_value)? {
                return Ok(Err(mismatch));
            }
        }
        Ok(Ok(()))
    }

    /// A value within another one.
    fn below(&mut self, place: String, value: &Json, schema: &Schema) -> Verdict {
        self.place.push(place);
        let verdict = self.value(value, schema);
        self.place.pop();
        verdict
    }
}

/// Whether two values are the same: a number is, however it is written.
fn is_same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        (a, b) => a == b,
    }
}

impl Schema {
    /// Whether it asks for an object, as servers that hold a model to a schema want it to.
    pub fn is_object(&self) -> bool {
        self.types == [Type::Object]
    }
}

//! Reading a schema.

use serde_json::{Map, Value as Json};

use super::{ANNOTATIONS, KEYWORDS, Others, Problem, Schema, Type};

/// The most parts of a schema, how deep they may lie, and how many values and names they may list.
const MOST_PARTS: usize = 500;
const MOST_DEPTH: usize = 32;
const MOST_VALUES: usize = 5000;

/// What was read so far.
#[derive(Default)]
struct Count {
    parts: usize,
    values: usize,
}

impl Schema {
    /// Reads a schema.
    pub fn parse(json: &Json) -> Result<Schema, Problem> {
        parse(json, "$", 1, &mut Count::default())
    }

    fn anything() -> Schema {
        Schema {
            types: Vec::new(),
            properties: Vec::new(),
            required: Vec::new(),
            others: Others::Anything,
            items: None,
            values: None,
            any_of: Vec::new(),
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            min_items: None,
            max_items: None,
        }
    }
}

/// Where a part of a schema lies, and how it is read.
struct Part<'a> {
    object: &'a Map<String, Json>,
    place: &'a str,
    depth: usize,
}

fn parse(json: &Json, place: &str, depth: usize, count: &mut Count) -> Result<Schema, Problem> {
    let Json::Object(object) = json else {
        return Err(Problem::Shape { place: place.into() });
    };
    count.parts += 1;
    if count.parts > MOST_PARTS {
        return Err(Problem::Large("more than 500 parts"));
    }
    if depth > MOST_DEPTH {
        return Err(Problem::Large("parts that lie more than 32 deep"));
    }
    let known = |key: &str| KEYWORDS.contains(&key) || ANNOTATIONS.contains(&key);
    if let Some(keyword) = object.keys().find(|key| !known(key)) {
        return Err(Problem::Unknown {
            place: place.into(),
            keyword: keyword.chars().take(64).collect(),
        });
    }
    let part = Part { object, place, depth };
    let mut schema = Schema::anything();
    schema.types = part.types()?;
    schema.properties = part.properties(count)?;
    schema.required = part.required(count)?;
    schema.others = part.others(count)?;
    schema.items = part.below("items", count)?.map(Box::new);
    schema.values = part.values(count)?;
    schema.any_of = part.any_of(count)?;
    (schema.minimum, schema.maximum) = (part.number("minimum")?, part.number("maximum")?);
    (schema.min_length, schema.max_length) = (part.size("minLength")?, part.size("maxLength")?);
    (schema.min_items, schema.max_items) = (part.size("minItems")?, part.size("maxItems")?);
    Ok(schema)
}

impl Part<'_> {
    fn wrong<T>(&self, keyword: &'static str, expected: &'static str) -> Result<T, Problem> {
        Err(Problem::Value {
            place: self.place.into(),
            keyword,
            expected,
        })
    }

    fn types(&self) -> Result<Vec<Type>, Problem> {
        const EXPECTED: &str = "null, boolean, integer, number, string, array or object, or an array of these";
        let named = |name: &Json| name.as_str().and_then(Type::named);
        let types: Option<Vec<Type>> = match self.object.get("type") {
            None => return Ok(Vec::new()),
            Some(Json::Array(names)) if !names.is_empty() && names.len() <= Type::ALL.len() => {
                names.iter().map(named).collect()
            }
            Some(name) => named(name).map(|one| vec![one]),
        };
        types.map_or_else(|| self.wrong("type", EXPECTED), Ok)
    }

    fn properties(&self, count: &mut Count) -> Result<Vec<(String, Schema)>, Problem> {
        let properties = match self.object.get("properties") {
            None => return Ok(Vec::new()),
            Some(Json::Object(properties)) => properties,
            Some(_) => return self.wrong("properties", "an object of schemas"),
        };
        let parsed = properties.iter().map(|(name, json)| {
            let place = format!("{}.{name}", self.place);
            Ok((name.clone(), parse(json, &place, self.depth + 1, count)?))
        });
        parsed.collect()
    }

    fn required(&self, count: &mut Count) -> Result<Vec<String>, Problem> {
        let names: Option<Vec<String>> = match self.object.get("required") {
            None => return Ok(Vec::new()),
            Some(Json::Array(names)) => {
                allow(count, names.len())?;
                names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
            }
            Some(_) => None,
        };
        names.map_or_else(|| self.wrong("required", "an array of names"), Ok)
    }

    fn others(&self, count: &mut Count) -> Result<Others, Problem> {
        match self.object.get("additionalProperties") {
            None | Some(Json::Bool(true)) => Ok(Others::Anything),
            Some(Json::Bool(false)) => Ok(Others::Nothing),
            Some(Json::Object(_)) => {
                let schema = self.below("additionalProperties", count)?;
                Ok(schema.map_or(Others::Anything, |schema| Others::Of(Box::new(schema))))
            }
            Some(_) => self.wrong("additionalProperties", "true, false or a schema"),
        }
    }

    /// The schema that a keyword has.
    fn below(&self, keyword: &str, count: &mut Count) -> Result<Option<Schema>, Problem> {
        let place = format!("{}.{keyword}", self.place);
        let json = self.object.get(keyword);
        json.map(|json| parse(json, &place, self.depth + 1, count)).transpose()
    }

    fn values(&self, count: &mut Count) -> Result<Option<Vec<Json>>, Problem> {
        let listed = match self.object.get("enum") {
            None => None,
            Some(Json::Array(values)) if !values.is_empty() => Some(values.clone()),
            Some(_) => return self.wrong("enum", "an array with a value at least"),
        };
        let values = match (listed, self.object.get("const")) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return self.wrong("const", "left out beside enum"),
            (Some(values), None) => values,
            (None, Some(value)) => vec![value.clone()],
        };
        allow(count, values.len())?;
        Ok(Some(values))
    }

    fn any_of(&self, count: &mut Count) -> Result<Vec<Schema>, Problem> {
        let schemas = match self.object.get("anyOf") {
            None => return Ok(Vec::new()),
            Some(Json::Array(schemas)) if !schemas.is_empty() => schemas,
            Some(_) => return self.wrong("anyOf", "an array with a schema at least"),
        };
        let parsed = schemas.iter().enumerate().map(|(place, json)| {
            let place = format!("{}.anyOf[{place}]", self.place);
            parse(json, &place, self.depth + 1, count)
        });
        parsed.collect()
    }

    fn number(&self, keyword: &'static str) -> Result<Option<f64>, Problem> {
        match self.object.get(keyword) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => self.wrong(keyword, "a number"),
            },
        }
    }

    fn size(&self, keyword: &'static str) -> Result<Option<u64>, Problem> {
        match self.object.get(keyword) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(size) => Ok(Some(size)),
                None => self.wrong(keyword, "a whole number, not below 0"),
            },
        }
    }
}

/// Counts values and names that are listed.
fn allow(count: &mut Count, more: usize) -> Result<(), Problem> {
    count.values += more;
    match count.values > MOST_VALUES {
        true => Err(Problem::Large("more than 5000 values and names")),
        false => Ok(()),
    }
}

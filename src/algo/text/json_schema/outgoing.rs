//! What of a schema may be changed before it leaves, and what may not: a model is told titles and descriptions, but held to names and values.

use serde_json::{Map, Value as Json};

use super::ANNOTATIONS;

/// Why a schema does not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<E> {
    /// A name or a value at this place would be another one.
    Held(String),
    /// The change fails.
    Failed(E),
}

type Change<'c, E> = &'c mut dyn FnMut(&str) -> Result<String, E>;

/// A schema that was read, with its texts for people and models as `change` gives them. Returns the place of a name or a value, numbers included, that `change` would alter:
/// an answer that is held to something else would be another answer.
pub fn changed<E>(schema: &Json, change: Change<'_, E>) -> Result<Json, Stop<E>> {
    let mut schema = schema.clone();
    part(&mut schema, "$", change)?;
    Ok(schema)
}

fn part<E>(json: &mut Json, place: &str, change: Change<'_, E>) -> Result<(), Stop<E>> {
    let Json::Object(object) = json else {
        return keep(json, place, change);
    };
    for (keyword, value) in object.iter_mut() {
        let place = format!("{place}.{keyword}");
        match keyword.as_str() {
            annotation if ANNOTATIONS.contains(&annotation) => alter(value, &place, change)?,
            "properties" => parts(value, &place, change)?,
            "items" | "additionalProperties" => part(value, &place, change)?,
            "anyOf" => {
                for (number, one) in value.as_array_mut().into_iter().flatten().enumerate() {
                    part(one, &format!("{place}[{number}]"), change)?;
                }
            }
            _ => keep(value, &place, change)?,
        }
    }
    Ok(())
}

/// The schemas of properties, by their names.
fn parts<E>(properties: &mut Json, place: &str, change: Change<'_, E>) -> Result<(), Stop<E>> {
    let empty = &mut Map::new();
    for (name, one) in properties.as_object_mut().unwrap_or(empty) {
        let place = format!("{place}.{name}");
        keep_text(name, &place, change)?;
        part(one, &place, change)?;
    }
    Ok(())
}

/// Changes the texts of a value, and keeps its names and numbers.
fn alter<E>(value: &mut Json, place: &str, change: Change<'_, E>) -> Result<(), Stop<E>> {
    match value {
        Json::String(text) => *text = change(text).map_err(Stop::Failed)?,
        Json::Array(values) => {
            for (number, value) in values.iter_mut().enumerate() {
                alter(value, &format!("{place}[{number}]"), change)?;
            }
        }
        Json::Object(object) => {
            for (name, value) in object.iter_mut() {
                let place = format!("{place}.{name}");
                keep_text(name, &place, change)?;
                alter(value, &place, change)?;
            }
        }
        other @ (Json::Null | Json::Bool(_) | Json::Number(_)) => keep(other, place, change)?,
    }
    Ok(())
}

/// Makes sure that nothing of a value would be changed.
fn keep<E>(value: &Json, place: &str, change: Change<'_, E>) -> Result<(), Stop<E>> {
    match value {
        Json::Null | Json::Bool(_) => Ok(()),
        Json::Number(number) => keep_text(&number.to_string(), place, change),
        Json::String(text) => keep_text(text, place, change),
        Json::Array(values) => (0..)
            .zip(values)
            .try_for_each(|(number, value): (usize, &Json)| keep(value, &format!("{place}[{number}]"), change)),
        Json::Object(object) => object.iter().try_for_each(|(name, value)| {
            let place = format!("{place}.{name}");
            keep_text(name, &place, change)?;
            keep(value, &place, change)
        }),
    }
}

fn keep_text<E>(text: &str, place: &str, change: Change<'_, E>) -> Result<(), Stop<E>> {
    match change(text).map_err(Stop::Failed)? == text {
        true => Ok(()),
        // The place ends in what is not to be told.
        false => Err(Stop::Held(match place.strip_suffix(text) {
            Some(above) => above.trim_end_matches('.').to_owned(),
            None => place.to_owned(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(schema: &Json) -> Result<Json, Stop<()>> {
        changed(schema, &mut |text| {
            Ok(text.replace("jane", "***").replace("4711", "***"))
        })
    }

    #[test]
    fn what_is_for_people_is_changed() {
        let schema = json!({
            "title": "of jane", "$comment": "jane", "type": "object", "default": {"a": ["jane", 1]},
            "properties": {"title": {"type": "string", "description": "as jane says", "examples": ["jane", null]}},
            "items": {"anyOf": [{"description": "jane"}, {"additionalProperties": {"title": "jane"}}]},
        });
        let found = masked(&schema).unwrap();
        assert!(!found.to_string().contains("jane"), "{found}");
        assert_eq!(found["properties"]["title"]["description"], "as *** says");
        assert_eq!(found.to_string(), schema.to_string().replace("jane", "***"));
    }

    #[test]
    fn what_an_answer_is_held_to_is_not() {
        for (schema, place) in [
            (json!({"properties": {"jane": {}}}), "$.properties"),
            (
                json!({"properties": {"a": {"enum": ["b", "jane"]}}}),
                "$.properties.a.enum[1]",
            ),
            (json!({"const": {"a": {"jane": 1}}}), "$.const.a"),
            (json!({"required": ["jane"]}), "$.required[0]"),
            (json!({"anyOf": [{}, {"const": 4711}]}), "$.anyOf[1].const"),
            (json!({"default": {"jane": 1}}), "$.default"),
            (json!({"examples": [4711]}), "$.examples[0]"),
            (
                json!({"additionalProperties": {"maximum": 4711}}),
                "$.additionalProperties.maximum",
            ),
        ] {
            assert_eq!(masked(&schema), Err(Stop::Held(place.into())), "{schema}");
        }
        let plain = json!({"type": "object", "properties": {"a": {"enum": ["b", 1]}}, "additionalProperties": false});
        assert_eq!(masked(&plain), Ok(plain.clone()));
    }

    #[test]
    fn a_change_that_fails_stops() {
        let failed = changed(&json!({"title": "x"}), &mut |_| Err("no"));
        assert_eq!(failed, Err(Stop::Failed("no")));
    }
}

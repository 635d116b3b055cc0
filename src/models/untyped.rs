//! Features as applications send them, without SQL types: one object of JSON, or texts in the model's order.

use super::scorer::Scorer;
use crate::pg::encoding;
use crate::pg::error::{Error, FEATURE_TYPE, INVALID_PARAMETER, MISSING_FEATURE, Result};
use crate::pg::jsonb_value::{self, Container, Item};
use crate::pg::text::Text;
use algo::model::Input;

/// Encodes the values of an object, which has a key for each feature, into `row`. Returns ML003 for a key that is missing, 22023 for one that
/// is unknown, ML004 for a value that the model cannot take.
pub fn read_object(scorer: &Scorer, reference: &str, features: Item<'_>, row: &mut [f64]) -> Result<()> {
    let Item::Object(object) = features else {
        return Err(no_object(reference, features));
    };
    let inputs = &scorer.model().inputs;
    let is_utf8 = encoding::is_utf8();
    // Keys come in the order in which PostgreSQL sorts them: that of the model's names is known.
    let mut in_order = scorer.inputs_by_key().iter().copied();
    let mut expected = in_order.next();
    for pair in object.pairs() {
        let (key, item) = pair.ok_or_else(jsonb_value::damaged)?;
        let input = match expected {
            Some(input) if (is_utf8 || key.is_ascii()) && inputs[input].name.as_bytes() == key => {
                expected = in_order.next();
                input
            }
            Some(_) | None => input_of(key, inputs, reference)?,
        };
        let value =
            (scorer.form(input).read_json(item)?).ok_or_else(|| cannot_be(&inputs[input], reference, &shown(item)))?;
        scorer.encode(input, &value, row)?;
    }
    match object.count() == inputs.len() {
        true => Ok(()),
        false => Err(missing_key(object, inputs, reference)),
    }
}

/// Encodes texts, one for each feature in the model's order, into `row`. Returns ML003 unless there are so many, ML004 for a value that
/// the model cannot take.
pub fn read_texts(scorer: &Scorer, reference: &str, features: &[Option<Text>], row: &mut [f64]) -> Result<()> {
    let inputs = &scorer.model().inputs;
    if features.len() != inputs.len() {
        let (expected, found) = (inputs.len(), features.len());
        return Err(Error::new(
            MISSING_FEATURE,
            format!("model \"{reference}\" takes {expected} values, not {found}"),
        )
        .detail(format!("The features are, in order: {}.", names(inputs)))
        .hint("Give one text for each of them, NULL for a value that is not known."));
    }
    for (input, text) in features.iter().enumerate() {
        let value = match text {
            Some(text) => (scorer.form(input).read_text((&**text).into())?)
                .ok_or_else(|| cannot_be(&inputs[input], reference, &format!("'{}'", short(text))))?,
            None => crate::pg::reader::Value::Missing,
        };
        scorer.encode(input, &value, row)?;
    }
    Ok(())
}

fn input_of(key: &[u8], inputs: &[Input], reference: &str) -> Result<usize> {
    let key = encoding::decode(key);
    inputs.iter().position(|input| input.name == key).ok_or_else(|| {
        Error::new(
            INVALID_PARAMETER,
            format!("model \"{reference}\" has no feature \"{}\"", short(&key)),
        )
        .detail(format!("Its features are: {}.", names(inputs)))
        .hint("Leave the key out of the object, or correct it.")
    })
}

fn missing_key(object: Container<'_>, inputs: &[Input], reference: &str) -> Error {
    let keys = object.pairs().flatten().map(|(key, _)| encoding::decode(key));
    let keys: Vec<_> = keys.collect();
    let missing = inputs.iter().filter(|input| !keys.iter().any(|key| *key == input.name));
    let missing: Vec<&str> = missing.map(|input| input.name.as_str()).collect();
    let first = missing.first().copied().unwrap_or_default();
    Error::new(
        MISSING_FEATURE,
        format!("the object lacks key \"{first}\", which model \"{reference}\" needs"),
    )
    .detail(format!("What is missing: {}.", missing.join(", ")))
    .hint("Give every feature a key; null stands for a value that is not known.")
}

fn no_object(reference: &str, found: Item<'_>) -> Error {
    Error::new(
        INVALID_PARAMETER,
        format!("the features of model \"{reference}\" are no JSON object"),
    )
    .detail(format!("What was given is {}.", shown(found)))
    .hint("Give an object with a key for each feature; assay.predict_values takes values in the order of assay.features(model).")
}

/// The error of a feature whose value the model cannot take.
fn cannot_be(input: &Input, reference: &str, found: &str) -> Error {
    Error::new(
        FEATURE_TYPE,
        format!("feature \"{}\" of model \"{reference}\" cannot be {found}", input.name),
    )
    .detail(format!("It was {} in training.", input.type_name))
    .hint(format!("Give what can be cast to {}, or null.", input.type_name))
}

fn names(inputs: &[Input]) -> String {
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    names.join(", ")
}

/// A value for a message.
fn shown(item: Item<'_>) -> String {
    match item {
        Item::Null => "null".into(),
        Item::Bool(value) => format!("the JSON boolean {value}"),
        Item::Number(number) => format!("the JSON number {number}"),
        Item::Text(text) => format!("'{}'", short(&encoding::decode_for_reading(text))),
        Item::Array(_) => "a JSON array".into(),
        Item::Object(_) => "a JSON object".into(),
    }
}

/// The beginning of a text, for a message.
fn short(text: &str) -> String {
    const CHARACTERS: usize = 100;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

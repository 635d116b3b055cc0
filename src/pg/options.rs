//! Arguments that are JSON, and arguments that may not be NULL.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, NULL_ELEMENT, Result};
use crate::pg::json::Jsonb;
use crate::pg::text::Text;

/// An argument that may not be NULL.
pub fn required<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is NULL")).hint("Give it a value."))
}

/// An argument that is a JSON object; NULL is an empty one.
pub fn object(name: &str, value: Option<Jsonb>) -> Result<Json> {
    match value
        .map(|json| json.read(&format!("argument \"{name}\"")))
        .transpose()?
    {
        None => Ok(Json::Object(serde_json::Map::new())),
        Some(object @ Json::Object(_)) => Ok(object),
        Some(other) => Err(
            Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is no JSON object"))
                .detail(format!("It is {other}."))
                .hint(format!("Write it as {name} => '{{\"key\": value}}'.")),
        ),
    }
}

/// An argument that is an array of texts, none of which may be NULL.
pub fn texts(name: &str, value: Option<Vec<Option<Text>>>) -> Result<Option<Vec<String>>> {
    let Some(elements) = value else { return Ok(None) };
    let texts: Option<Vec<String>> = elements.into_iter().map(|text| text.map(String::from)).collect();
    texts.map(Some).ok_or_else(|| {
        Error::new(NULL_ELEMENT, format!("argument \"{name}\" has a NULL element")).hint("Leave it out of the array.")
    })
}

/// Reads an options object. The error of an unknown key lists the known ones.
pub fn parse<T: DeserializeOwned>(name: &str, options: Json) -> Result<T> {
    serde_json::from_value(options).map_err(|error| invalid(name, &error))
}

/// The error of options that do not fit.
pub fn invalid(name: &str, error: &serde_json::Error) -> Error {
    /// Rust's words and JSON's.
    const WORDS: [(&str, &str); 16] = [
        ("`", "\""),
        ("missing field", "missing key"),
        ("duplicate field", "duplicate key"),
        ("unknown field", "unknown key"),
        ("unknown variant", "unknown value"),
        ("invalid type: ", "wrong type: "),
        ("a map", "an object"),
        ("map", "object"),
        ("a sequence", "an array"),
        ("sequence", "array"),
        ("usize", "a whole number"),
        ("u64", "a whole number"),
        ("u32", "a whole number"),
        ("i32", "a whole number"),
        ("i64", "a whole number"),
        ("f64", "a number"),
    ];
    let problem = WORDS
        .iter()
        .fold(error.to_string(), |text, (rust, json)| text.replace(rust, json));
    // What is wrong stands before "expected", what is right after it.
    match problem.split_once(", expected ") {
        Some((found, right)) => Error::new(INVALID_PARAMETER, format!("{name}: {found}"))
            .hint(format!("Expected is {}.", right.replacen("one of ", "one of: ", 1))),
        None => {
            let hint = match problem.starts_with("missing key") {
                true => "Add it to the object.",
                false => "Correct the object.",
            };
            Error::new(INVALID_PARAMETER, format!("{name}: {problem}")).hint(hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[allow(dead_code, reason = "read by nothing but the derived parser")]
        bins: Option<usize>,
        #[allow(dead_code, reason = "read by nothing but the derived parser")]
        columns: Option<Vec<String>>,
    }

    #[derive(Debug, Deserialize)]
    struct Complete {
        #[allow(dead_code, reason = "read by nothing but the derived parser")]
        kind: String,
    }

    #[test]
    fn the_error_of_a_missing_key_names_it() {
        let error = parse::<Complete>("check", json!({})).map(drop).unwrap_err();
        assert_eq!(error.sentences(), "check: missing key \"kind\". Add it to the object.");
    }

    fn problem(options: Json) -> String {
        parse::<Example>("options", options).map(drop).unwrap_err().sentences()
    }

    #[test]
    fn the_error_of_an_unknown_key_lists_the_known_ones() {
        assert_eq!(
            problem(json!({"bin": 3})),
            "options: unknown key \"bin\". Expected is \"bins\" or \"columns\"."
        );
    }

    #[test]
    fn the_error_of_a_wrong_type_speaks_of_json() {
        assert_eq!(
            problem(json!({"bins": "3"})),
            "options: wrong type: string \"3\". Expected is a whole number."
        );
        assert_eq!(
            problem(json!({"columns": 3})),
            "options: wrong type: integer \"3\". Expected is an array."
        );
    }

    #[test]
    fn null_is_no_value_and_no_element() {
        assert!(
            required::<i32>("rows", None)
                .unwrap_err()
                .sentences()
                .contains("\"rows\"")
        );
        assert_eq!(texts("columns", None).unwrap(), None);
        let some = |texts: &[Option<&str>]| Some(texts.iter().map(|text| text.map(Text::from)).collect());
        assert_eq!(texts("columns", some(&[Some("a")])).unwrap(), Some(vec!["a".into()]));
        assert!(texts("columns", some(&[Some("a"), None])).is_err());
    }
}

//! Schemas, and what they say of values.

use algo::monitor::Unwatched;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn schema(json: Json) -> Schema {
    Schema::parse(&json).unwrap()
}

fn problem(json: Json) -> String {
    Schema::parse(&json).unwrap_err().to_string()
}

fn verdict(of: Json, text: &str) -> String {
    match read(text, &schema(of), &Unwatched).unwrap() {
        Ok(_) => "ok".into(),
        Err(mismatch) => mismatch.to_string(),
    }
}

#[test]
fn each_type_holds_its_values() {
    let values = [
        ("null", "null"),
        ("boolean", "true"),
        ("integer", "7"),
        ("number", "1.5"),
        ("string", "\"a\""),
        ("array", "[]"),
        ("object", "{}"),
    ];
    for (name, _) in values {
        for (other, value) in values {
            let is_of = name == other || (name, other) == ("number", "integer");
            assert_eq!(verdict(json!({"type": name}), value) == "ok", is_of, "{name} {value}");
        }
    }
    assert_eq!(verdict(json!({"type": "integer"}), "1e2"), "ok");
    assert_eq!(verdict(json!({"type": ["string", "null"]}), "null"), "ok");
    assert_eq!(
        verdict(json!({"type": ["string", "null"]}), "1"),
        "at $: it is not of type string or null"
    );
}

#[test]
fn properties_are_looked_at_where_they_are() {
    let of = json!({
        "type": "object", "properties": {"items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}},
        "required": ["items"], "additionalProperties": false});
    assert_eq!(verdict(of.clone(), r#"{"items": [{"name": "a", "x": 1}, {}]}"#), "ok");
    assert_eq!(
        verdict(of.clone(), r#"{"items": [{}, {"name": 3}]}"#),
        "at $.items[1].name: it is not of type string"
    );
    assert_eq!(verdict(of.clone(), "{}"), "at $: it has no property \"items\"");
    assert_eq!(
        verdict(of, r#"{"items": [], "more": 1}"#),
        "at $: it may have no property \"more\""
    );
    let others = json!({"additionalProperties": {"type": "integer"}, "properties": {"a": {}}});
    assert_eq!(verdict(others.clone(), r#"{"a": "x", "b": 1}"#), "ok");
    assert_eq!(verdict(others, r#"{"b": "x"}"#), "at $.b: it is not of type integer");
}

#[test]
fn values_and_sizes_are_bounded() {
    for (of, right, wrong) in [
        (json!({"enum": ["a", 1]}), "1.0", "\"b\""),
        (json!({"const": {"a": [1]}}), r#"{"a": [1]}"#, r#"{"a": [2]}"#),
        (json!({"minimum": 2}), "2", "1.9"),
        (json!({"maximum": -2}), "-2", "0"),
        (json!({"minLength": 2}), "\"한국\"", "\"한\""),
        (json!({"maxLength": 2}), "\"한국\"", "\"한국어\""),
        (json!({"minItems": 1}), "[1]", "[]"),
        (json!({"maxItems": 1}), "[1]", "[1, 2]"),
        (json!({"anyOf": [{"type": "null"}, {"minimum": 5}]}), "5", "4"),
    ] {
        assert_eq!(verdict(of.clone(), right), "ok", "{of}");
        assert_ne!(verdict(of.clone(), wrong), "ok", "{of}");
    }
    assert_eq!(
        verdict(json!({"maxItems": 1}), "[1, 2]"),
        "at $: it has 2 items, and may have 1"
    );
}

#[test]
fn an_answer_that_is_no_json_says_where() {
    assert_eq!(
        verdict(json!({}), r#"{"a": [1,"#),
        "at line 1, column 9: it is JSON that ends too early"
    );
    assert_eq!(
        verdict(json!({}), ""),
        "at line 1, column 0: it is JSON that ends too early"
    );
    assert_eq!(verdict(json!({}), "Sure! {}"), "at line 1, column 1: it is no JSON");
    assert_eq!(verdict(json!({}), "{} {}"), "at line 1, column 4: it is no JSON");
}

#[test]
fn what_is_not_known_is_named() {
    for (of, expected) in [
        (
            json!({"properties": {"a": {"pattern": "^(a+)+$"}}}),
            "at $.a it has the keyword \"pattern\", which is not known",
        ),
        (
            json!({"$ref": "#"}),
            "at $ it has the keyword \"$ref\", which is not known",
        ),
        (json!(true), "at $ it is no object"),
        (json!({"items": [{}]}), "at $.items it is no object"),
        (
            json!({"type": "text"}),
            "at $ the value of \"type\" must be null, boolean, integer, number, string, array or object, or an array of these",
        ),
        (
            json!({"required": "a"}),
            "at $ the value of \"required\" must be an array of names",
        ),
        (
            json!({"enum": []}),
            "at $ the value of \"enum\" must be an array with a value at least",
        ),
        (
            json!({"minLength": -1}),
            "at $ the value of \"minLength\" must be a whole number, not below 0",
        ),
        (
            json!({"minimum": "1"}),
            "at $ the value of \"minimum\" must be a number",
        ),
        (
            json!({"anyOf": {}}),
            "at $ the value of \"anyOf\" must be an array with a schema at least",
        ),
    ] {
        assert_eq!(problem(of), expected);
    }
    let annotated =
        json!({"title": "t", "description": "d", "default": 1, "examples": [], "$schema": "s", "$comment": "c"});
    assert_eq!(verdict(annotated, "1"), "ok");
}

#[test]
fn every_keyword_says_something() {
    let loose = schema(json!({}));
    for keyword in KEYWORDS {
        let value = match keyword {
            "type" => json!("null"),
            "properties" | "items" => json!({"a": {}}),
            "required" => json!(["a"]),
            "additionalProperties" => json!(false),
            "enum" => json!([1]),
            "anyOf" => json!([{}]),
            _ => json!(1),
        };
        let value = if keyword == "items" { json!({}) } else { value };
        assert_ne!(schema(json!({keyword: value})), loose, "{keyword}");
    }
    for keyword in ANNOTATIONS {
        assert_eq!(schema(json!({keyword: "x"})), loose, "{keyword}");
    }
}

#[test]
fn a_schema_is_bounded() {
    let deep = (0..40).fold(json!({}), |inner, _| json!({"items": inner}));
    assert_eq!(problem(deep), "it has parts that lie more than 32 deep");
    let wide: serde_json::Map<String, Json> = (0..600).map(|place| (place.to_string(), json!({}))).collect();
    assert_eq!(problem(json!({"properties": wide})), "it has more than 500 parts");
    let values: Vec<usize> = (0..6000).collect();
    assert_eq!(
        problem(json!({"enum": values})),
        "it has more than 5000 values and names"
    );
}

#[test]
fn strict_is_what_leaves_nothing_open() {
    let object = |required: Json, others: bool| {
        schema(
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": required, "additionalProperties": others}),
        )
    };
    assert!(object(json!(["a", "b"]), false).is_strict());
    assert!(!object(json!(["a"]), false).is_strict());
    assert!(!object(json!(["a", "b"]), true).is_strict());
    assert!(schema(json!({"type": "string"})).is_strict());
    assert!(!schema(json!({"type": "array", "items": {"type": "object"}})).is_strict());
    assert!(object(json!([]), true).is_object() && !schema(json!({})).is_object());
}

proptest! {
    #[test]
    fn any_text_is_judged(text in ".{0,60}") {
        let _ = read(&text, &schema(json!({"type": "object", "properties": {"a": {"type": "integer"}}})), &Unwatched).unwrap();
    }

    #[test]
    fn any_json_is_a_schema_or_not(text in r#"[\{\}\[\]":,a-zA-Z0-9]{0,40}"#) {
        if let Ok(json) = serde_json::from_str::<Json>(&text) {
            let _ = Schema::parse(&json);
        }
    }
}

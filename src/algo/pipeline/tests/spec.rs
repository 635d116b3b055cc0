//! What `preprocess` may say, and what it may not.

use super::*;
use crate::error::Error;

fn wrong(json: Json) -> (String, String) {
    let error = Spec::read(json.as_object().unwrap(), &["max_categories"]).err();
    let SpecError { at, error } = error.unwrap_or_else(|| panic!("{json} is read"));
    let known = match &error {
        Error::UnknownParameter { known, .. } => format!("; {}", known.join(", ")),
        _ => String::new(),
    };
    (at, format!("{error}{known}"))
}

#[test]
fn wrong_options_are_named_with_what_is_right() {
    let steps = "impute, scale, encode, clip, log, bucketize, quantile_bucketize, datetime, polynomial, tf_idf";
    for (json, at, error) in [
        (
            json!({"scal": true}),
            "preprocess",
            format!("unknown key \"scal\"; max_categories, columns, types, crosses, {steps}"),
        ),
        (
            json!({"columns": {"age": {"scalee": true}}}),
            "preprocess.columns.\"age\"",
            format!("unknown key \"scalee\"; {steps}"),
        ),
        (
            json!({"types": {"numeric": {}}}),
            "preprocess.types",
            "unknown key \"numeric\"; number, category, time, text".into(),
        ),
        (
            json!({"columns": [1]}),
            "preprocess",
            "parameter \"columns\" is [1], but must be an object".into(),
        ),
        (
            json!({"columns": {"a": 3}}),
            "preprocess.columns.\"a\"",
            "parameter \"preprocess\" is 3, but must be an object of steps".into(),
        ),
        (
            json!({"scale": "normal"}),
            "preprocess.scale",
            "parameter \"method\" is \"normal\", but must be \"standard\", \"min_max\", \"robust\" or \"max_abs\"".into(),
        ),
        (
            json!({"encode": true}),
            "preprocess.encode",
            "parameter \"method\" is null, but must be \"one_hot\", \"ordinal\", \"target\", \"frequency\" or \"hash\"".into(),
        ),
        (
            json!({"encode": {"method": "target", "folds": 1}}),
            "preprocess.encode",
            "parameter \"folds\" is 1, but must be a whole number from 2 to 50".into(),
        ),
        (
            json!({"impute": "constant"}),
            "preprocess.impute",
            "parameter \"value\" is null, but must be the number or text that \"constant\" fills in".into(),
        ),
        (
            json!({"clip": true}),
            "preprocess.clip",
            "parameter \"quantile\" is null, but must be given, such as 0.01, or min or max instead".into(),
        ),
        (
            json!({"bucketize": [3, 2]}),
            "preprocess.bucketize",
            "parameter \"bounds\" is [3.0, 2.0], but must be 1 to 252 numbers, each greater than the one before".into(),
        ),
        (
            json!({"bucketize": [3], "quantile_bucketize": 4}),
            "preprocess",
            "parameter \"bucketize\" is \"given twice\", but must be either bucketize or quantile_bucketize".into(),
        ),
        (
            json!({"crosses": [["a", "a"]]}),
            "preprocess",
            "parameter \"crosses\" is [[\"a\",\"a\"]], but must be a list of pairs of columns, such as [[\"a\", \"b\"]]".into(),
        ),
        (
            json!({"tf_idf": {"ngram_range": [2, 1]}}),
            "preprocess.tf_idf",
            "parameter \"ngram_range\" is [2, 1], but must be two numbers, the second not less than the first".into(),
        ),
    ] {
        assert_eq!(wrong(json.clone()), (at.to_string(), error), "{json}");
    }
}

#[test]
fn a_column_goes_before_its_type_and_that_before_all() {
    let spec = spec(&json!({
        "scale": "standard", "impute": "mean", "max_categories": 5,
        "types": {"number": {"clip": 0.1, "impute": "median"}},
        "columns": {"a": {"scale": null, "log": true}}
    }));
    let keys = |column: &str, own| {
        let steps = spec.steps_of(column, own);
        steps
            .iter()
            .map(|chosen| (chosen.step.key(), chosen.is_meant))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys("a", ColumnType::Number),
        [("impute", false), ("clip", false), ("log", true)]
    );
    assert_eq!(
        keys("b", ColumnType::Number),
        [("impute", false), ("clip", false), ("scale", false)]
    );
    assert_eq!(keys("b", ColumnType::Time), [("impute", false), ("scale", false)]);
    assert!(
        keys("b", ColumnType::Text).is_empty(),
        "what is said for all numbers is not meant for words"
    );
    assert!(Spec::default().is_empty() && !spec.is_empty());
}

#[test]
fn a_step_that_has_nothing_to_do_is_an_error_where_it_is_meant() {
    let refused = |json: Json| {
        let plan = plan(&json, Task::Classification);
        let prepared = prepare(rows(300, true), &plan, Split::None, &Unwatched);
        prepared.err().map(|error| error.to_string())
    };
    assert_eq!(
        refused(json!({"columns": {"c": {"scale": "standard"}}})).as_deref(),
        Some("step scale has nothing to do in column \"c\"")
    );
    assert_eq!(
        refused(json!({"columns": {"c": {"encode": "ordinal", "scale": "standard"}}})),
        None
    );
    assert_eq!(
        refused(json!({"scale": "standard", "types": {"category": {"log": true}}})),
        None
    );
    assert!(
        refused(json!({"crosses": [["x", "c"]]}))
            .is_some_and(|error| error.contains("one is a number, the other a category"))
    );
    assert!(refused(json!({"crosses": [["x", "review"]], "types": {"text": {"tf_idf": true}}})).is_some());
    assert_eq!(
        refused(json!({"crosses": [["z", "c"]], "columns": {"z": {"quantile_bucketize": 3}}})),
        None
    );
}

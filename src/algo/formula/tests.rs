//! Formulas, read back by a small reader of the SQL that they are written in.

use super::*;
use crate::exchange::{Given, lightgbm};
use crate::monitor::Unwatched;

/// A model of two splits, by a number and a category, that sends missing values where `decision` says.
fn model(decision: u8) -> Model {
    let text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=binary sigmoid:1\nfeature_names=a\"b c\n\nTree=0\n\
         num_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=1 1\nthreshold=-0.1 0\ndecision_type={decision} 1\nleft_child=1 -1\nright_child=-3 -2\n\
         leaf_value=1 2 -3\nleaf_count=1 1 2\ncat_boundaries=0 1\ncat_threshold=5\nis_linear=0\n\nend of trees\n\n\
         pandas_categorical:[[\"it's\", \"b\", \"c\"]]\n"
    );
    lightgbm::read(text.as_bytes(), &Given::default(), &Unwatched).unwrap()
}

fn written(model: &Model, alias: Option<&str>) -> String {
    let formula = formula(model, &Unwatched).unwrap();
    sql(&formula, model, alias, &Unwatched).unwrap()
}

#[test]
fn what_is_missing_comes_second_and_names_are_quoted() {
    // 10: missing values go left, 8: right.
    let left = written(&model(10), Some("t"));
    assert!(
        left.contains("CASE WHEN CAST(\"t\".\"a\"\"b\" AS double precision) > (-1e-1) THEN CAST((-3e0) AS"),
        "{left}"
    );
    let right = written(&model(8), None);
    let test =
        "CASE WHEN CAST(\"a\"\"b\" AS double precision) > (-1e-1) OR CAST(\"a\"\"b\" AS double precision) IS NULL THEN";
    assert!(right.contains(test), "{right}");
    assert!(
        right.contains(" WHEN CAST(\"c\" AS text) IN ('c', 'it''s') THEN"),
        "{right}"
    );
    assert!(right.starts_with("(SELECT CASE WHEN s > 7e2 THEN 1e0"), "{right}");
}

#[test]
fn conditions_are_numbers() {
    let mut model = model(8);
    model.inputs[0].type_name = "boolean".into();
    let text = written(&model, None);
    let test = "CASE WHEN CASE WHEN \"a\"\"b\" THEN 1e0 WHEN NOT \"a\"\"b\" THEN 0e0 END > (-1e-1) OR";
    assert!(text.contains(test), "{text}");
}

#[test]
fn what_has_no_formula_says_why() {
    let mut model = model(8);
    model.inputs[0].type_name = "date".into();
    let error = formula(&model, &Unwatched).unwrap_err().to_string();
    assert!(
        error.ends_with("column \"a\"b\" is no number in other databases"),
        "{error}"
    );
    // A chain of splits deeper than databases parse.
    let deep = 200;
    let join =
        |values: &mut dyn Iterator<Item = i64>| values.map(|value| value.to_string()).collect::<Vec<_>>().join(" ");
    let text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\nfeature_names=a\n\nTree=0\nnum_leaves={}\n\
         num_cat=0\nsplit_feature={}\nsplit_gain={}\nthreshold={}\ndecision_type={}\nleft_child={}\nright_child={}\nleaf_value={}\nis_linear=0\n",
        deep + 1,
        join(&mut (0..deep).map(|_| 0)),
        join(&mut (0..deep).map(|_| 1)),
        join(&mut (0..deep)),
        join(&mut (0..deep).map(|_| 8)),
        join(&mut (0..deep).map(|split| -split - 1)),
        join(&mut (0..deep).map(|split| if split + 1 < deep { split + 1 } else { -deep - 1 })),
        join(&mut (0..=deep)),
    );
    let model = lightgbm::read(text.as_bytes(), &Given::default(), &Unwatched).unwrap();
    let error = formula(&model, &Unwatched).unwrap_err().to_string();
    assert!(error.contains("a tree is deeper than 150 splits"), "{error}");
}

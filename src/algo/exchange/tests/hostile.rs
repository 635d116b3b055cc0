//! Files that are wrong are errors, whatever is wrong with them.

use super::*;

/// What is wrong with a file of LightGBM's in which a text is replaced.
fn light(from: &str, to: &str) -> String {
    let fixture = Fixture::load();
    let case = fixture
        .cases
        .iter()
        .find(|case| case.name == "lightgbm binary")
        .unwrap();
    assert!(case.model.contains(from), "{from}");
    let changed = case.model.replacen(from, to, 1);
    case.read(changed.as_bytes()).map(drop).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_with_a_text_is_said() {
    for (from, to, problem) in [
        ("tree\n", "trees\n", "its first line is not \"tree\""),
        (
            "num_tree_per_iteration=1",
            "num_tree_per_iteration=0",
            "the number of its trees is wrong",
        ),
        (
            "num_tree_per_iteration=1",
            "num_tree_per_iteration=4",
            "the number of its trees is wrong",
        ),
        (
            "max_feature_idx=4",
            "max_feature_idx=18446744073709551615",
            "its \"feature_names\" cannot be read",
        ),
        ("feature_names=", "feature_names=\0", "a text contains a zero byte"),
        ("num_leaves=7", "num_leaves=0", "its \"num_leaves\" cannot be read"),
        ("num_leaves=7", "num_leaves=1000000000000", "cannot be read"),
        ("left_child=", "left_child=0 ", "its \"left_child\" cannot be read"),
        ("threshold=", "threshold=NaN ", "its \"threshold\" cannot be read"),
        ("is_linear=0", "is_linear=1", "the LightGBM model has linear trees"),
        (
            "objective=binary",
            "objective=nothing",
            "the objective of the LightGBM model is not known",
        ),
        ("sigmoid:1", "sigmoid:-1", "its \"objective\" cannot be read"),
        ("objective=binary", "objective=multiclass", ""),
    ] {
        let found = light(from, to);
        assert!(found.contains(problem), "{from} {to}: {found}");
    }
}

/// One tree of three leaves.
fn small(left: &str, right: &str, threshold: &str, value: &str) -> Result<Model, Error> {
    let text = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\nfeature_names=x\n\nTree=0\nnum_leaves=3\n\
         num_cat=0\nsplit_feature=0 0\nsplit_gain=1 1\nthreshold={threshold}\ndecision_type=8 8\nleft_child={left}\nright_child={right}\n\
         leaf_value={value}\nis_linear=0\n\nend of trees\n"
    );
    lightgbm::read(text.as_bytes(), &Given::default(), &Unwatched)
}

#[test]
fn nodes_that_are_no_tree_are_refused() {
    let problem = |left: &str, right: &str| small(left, right, "1 2", "1 2 3").map(drop).unwrap_err().to_string();
    assert!(small("1 -1", "-3 -2", "1 2", "1 2 3").is_ok());
    // A split that is its own child, a circle, a leaf with two parents, one that there is not.
    assert!(problem("0 -1", "-3 -2").contains("a node has two parents"));
    assert!(problem("1 0", "-3 -2").contains("a node has two parents"));
    assert!(problem("1 -1", "-1 -2").contains("a node has two parents"));
    assert!(problem("1 -1", "-9 -2").contains("a child is out of range"));
    assert!(problem("1 -1", "7 -2").contains("a child is out of range"));
    assert!(problem("1 -9223372036854775808", "-3 -2").contains("a child is out of range"));
    let numbers = |threshold: &str, value: &str| small("1 -1", "-3 -2", threshold, value).map(drop);
    assert!(
        numbers("NaN 1", "1 2 3")
            .unwrap_err()
            .to_string()
            .contains("a threshold is not finite")
    );
    assert!(
        numbers("1 2", "1 2 inf")
            .unwrap_err()
            .to_string()
            .contains("not finite")
    );
    assert!(numbers("inf -inf", "1 2 3").is_ok());
    // Without counts it is explained against rows only.
    let model = small("1 -1", "-3 -2", "1 2", "1 2 3").unwrap();
    let explained = model.explainer(Baseline::Training, &[], &Unwatched).map(drop);
    assert!(
        explained
            .unwrap_err()
            .to_string()
            .contains("does not say how many rows")
    );
    let explainer = model
        .explainer(Baseline::Background(&[0.0, 5.0]), &[], &Unwatched)
        .unwrap();
    assert_eq!(explainer.base(), [2.0]);
}

/// What is wrong with a file of XGBoost's that is changed.
fn extreme(path: &str, value: &Json) -> String {
    let fixture = Fixture::load();
    let case = fixture.cases.iter().find(|case| case.name == "xgboost binary").unwrap();
    let mut json: Json = serde_json::from_str(&case.model).unwrap();
    *json.pointer_mut(path).unwrap() = value.clone();
    case.read(json.to_string().as_bytes())
        .map(drop)
        .unwrap_err()
        .to_string()
}

#[test]
fn what_is_wrong_with_a_tree_of_xgboost_is_said() {
    let tree = "/learner/gradient_booster/model/trees/0";
    let changes: [(&str, Json, &str); 12] = [
        ("left_children/0", serde_json::json!(0), "a node has two parents"),
        ("right_children/0", serde_json::json!(1), "a node has two parents"),
        (
            "left_children/0",
            serde_json::json!(1_000_000),
            "a child is out of range",
        ),
        ("left_children/0", serde_json::json!(-7), "a child is out of range"),
        (
            "left_children",
            serde_json::json!([]),
            "the lists of a tree are of different lengths",
        ),
        (
            "split_indices/0",
            serde_json::json!(99),
            "a split is by a feature that there is not",
        ),
        (
            "categories_sizes/0",
            serde_json::json!(99_999),
            "a set of categories is out of range",
        ),
        (
            "categories_segments/0",
            serde_json::json!(u64::MAX),
            "a set of categories is out of range",
        ),
        (
            "categories_nodes",
            serde_json::json!([]),
            "the sets of categories of a tree are out of order",
        ),
        (
            "categories/0",
            serde_json::json!(u32::MAX),
            "a category is out of range",
        ),
        (
            "tree_param/size_leaf_vector",
            serde_json::json!("3"),
            "leaves of several numbers",
        ),
        ("split_type/0", serde_json::json!(300), ""),
    ];
    for (path, value, wanted) in changes {
        let found = extreme(&format!("{tree}/{path}"), &value);
        assert!(found.contains(wanted), "{path}: {found}");
    }
}

#[test]
fn what_is_wrong_with_a_file_of_xgboost_is_said() {
    for (path, value, wanted) in [
        (
            "gradient_booster/name",
            serde_json::json!("gblinear"),
            "is not made of trees",
        ),
        ("gradient_booster/name", serde_json::json!("dart"), "it has no trees"),
        (
            "gradient_booster/model/tree_info/0",
            serde_json::json!(1),
            "a tree is of a class that there is not",
        ),
        (
            "objective/name",
            serde_json::json!("binary:nothing"),
            "the objective of the XGBoost model is not known",
        ),
        (
            "learner_model_param/base_score",
            serde_json::json!("[0.5,0.5]"),
            "its base_score cannot be read",
        ),
        (
            "learner_model_param/base_score",
            serde_json::json!("7"),
            "its base_score is out of range",
        ),
        (
            "learner_model_param/num_class",
            serde_json::json!("3"),
            "another number of classes",
        ),
        (
            "learner_model_param/num_target",
            serde_json::json!("2"),
            "predicts several numbers",
        ),
        (
            "learner_model_param/num_feature",
            serde_json::json!("4294967296"),
            "too many features",
        ),
    ] {
        let found = extreme(&format!("/learner/{path}"), &value);
        assert!(found.contains(wanted), "{path}: {found}");
    }
}

#[test]
fn bytes_of_any_kind_are_errors() {
    let fixture = Fixture::load();
    let huge_array = [b"{L\0\0\0\0\0\0\0\x07learner[$U#L".as_slice(), &[0x7f; 8]].concat();
    let flags = [b"{L\0\0\0\0\0\0\0\x07learner[$T#L".as_slice(), &[0x7f; 8]].concat();
    let deep = [b"{U\x07learner".as_slice(), &[b'['; 10_000]].concat();
    for bytes in [
        &b""[..],
        b"{",
        b"{\"",
        b"{}",
        b"[]",
        &huge_array,
        &flags,
        &deep,
        &[b'{'; 1000],
        &[0xff; 100],
    ] {
        assert!(xgboost::read(bytes, &Given::default(), &Unwatched).is_err());
        assert!(lightgbm::read(bytes, &Given::default(), &Unwatched).is_err());
    }
    let deep = format!("{{\"learner\":{}", "[".repeat(10_000));
    assert!(xgboost::read(deep.as_bytes(), &Given::default(), &Unwatched).is_err());
    // Cut or changed anywhere, a file is a model that scores, or an error.
    for case in fixture
        .cases
        .iter()
        .filter(|case| ["lightgbm binary", "xgboost softmax, UBJSON"].contains(&&*case.name))
    {
        let bytes = case.bytes();
        for place in (0..bytes.len()).step_by(211) {
            let _ = case.read(&bytes[..place]);
            let mut changed = bytes.clone();
            changed[place] = changed[place].wrapping_add(1);
            if let Ok(model) = case.read(&changed) {
                model.validate(&Unwatched).unwrap();
                answered(&model, &vec![1.0; model.width()]);
            }
        }
    }
}

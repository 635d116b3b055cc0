"""Writes shapley.json: trees of LightGBM and scikit-learn on the table in boosting.json, and what the shap package says of some rows, for the tests of
src/algo/explain.

Run from this folder: python shapley.py
"""

import json

import lightgbm
import numpy as np
import shap
import sklearn
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

with open("boosting.json") as file:
    table = json.load(file)
split = table["train_rows"]
numbers = np.array([[np.nan if v is None else v for v in column] for column in table["numbers"]]).T
x = np.column_stack([numbers, np.array(table["level"], dtype=float)])
filled = np.where(np.isnan(numbers), 50.0, numbers)
targets = {name: np.array(table[name])[:split] for name in ["number", "binary", "three"]}
ROWS, PAIRS, BACKGROUND = slice(split, split + 12), slice(split, split + 3), slice(0, 400, 20)


def of_lightgbm(model):
    """Its trees, nested."""
    def node(tree):
        if "split_feature" not in tree:
            return {"cover": tree["leaf_count"], "values": [tree["leaf_value"]]}
        by_level = tree["decision_type"] == "=="
        threshold = [int(level) for level in tree["threshold"].split("||")] if by_level else tree["threshold"]
        # A missing level is none of those on the left.
        return {"cover": tree["internal_count"], "column": tree["split_feature"], "levels" if by_level else "threshold": threshold,
                "missing_left": tree["default_left"] and not by_level, "left": node(tree["left_child"]), "right": node(tree["right_child"])}
    return [node(tree["tree_structure"]) for tree in model.booster_.dump_model()["tree_info"]]


def of_scikit_learn(forest):
    """Its trees, nested; leaves with what they add to the mean."""
    def node(tree, at):
        cover = tree.weighted_n_node_samples[at]
        if tree.children_left[at] < 0:
            return {"cover": cover, "values": (tree.value[at][0] / len(forest.estimators_)).tolist()}
        return {"cover": cover, "column": int(tree.feature[at]), "threshold": tree.threshold[at], "missing_left": True,
                "left": node(tree, tree.children_left[at]), "right": node(tree, tree.children_right[at])}
    return [node(estimator.tree_, 0) for estimator in forest.estimators_]


def by_row(values, margins):
    """Attributions by row, margin and feature, or interactions with one dimension more."""
    values = np.asarray(values)
    return (values[:, None] if margins == 1 else np.moveaxis(values, -1, 1)).tolist()


def case(model, trees, rows, margins, background=None, pairs=True):
    against = {} if background is None else {"data": background, "feature_perturbation": "interventional"}
    explainer = shap.TreeExplainer(model, model_output="raw", **against)
    kept = {
        "trees": trees, "margins": margins, "base": np.atleast_1d(explainer.expected_value).tolist(),
        "rows": [[None if np.isnan(v) else v for v in row] for row in rows[ROWS]],
        "attributions": by_row(explainer.shap_values(rows[ROWS], check_additivity=False), margins),
    }
    if background is not None:
        kept["background"] = [[None if np.isnan(v) else v for v in row] for row in background]
    elif pairs:
        kept["interactions"] = by_row(explainer.shap_interaction_values(rows[PAIRS]), margins)
    return kept


common = dict(min_data_in_bin=1, n_jobs=1, verbose=-1, deterministic=True, force_row_wise=True)
categories = dict(categorical_feature=[4])
# shap does not know LightGBM's categories in interactions and against a background: models of the numbers alone there.
regression = lightgbm.LGBMRegressor(n_estimators=8, num_leaves=20, **common).fit(x[:split], targets["number"], **categories)
softmax = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=12, **common).fit(x[:split], targets["three"], **categories)
plain = lightgbm.LGBMRegressor(n_estimators=6, num_leaves=20, **common).fit(numbers[:split], targets["number"])
classifier = RandomForestClassifier(n_estimators=3, max_depth=7, random_state=1).fit(filled[:split], targets["three"])
regressor = RandomForestRegressor(n_estimators=2, max_depth=7, random_state=1).fit(filled[:split], targets["number"])
cases = {
    "lightgbm, missing values and categories": case(regression, of_lightgbm(regression), x, 1, pairs=False),
    "lightgbm, multiclass": case(softmax, of_lightgbm(softmax), x, 3, pairs=False),
    "lightgbm, missing values": case(plain, of_lightgbm(plain), numbers, 1),
    "lightgbm, background": case(plain, of_lightgbm(plain), numbers, 1, numbers[BACKGROUND]),
    "random forest, classes": case(classifier, of_scikit_learn(classifier), filled, 3),
    "random forest, numbers": case(regressor, of_scikit_learn(regressor), filled, 1),
    "random forest, background": case(classifier, of_scikit_learn(classifier), filled, 3, filled[BACKGROUND]),
}
with open("shapley.json", "w") as file:
    made_by = {"shap": shap.__version__, "lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__}
    json.dump({"made_by": made_by, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")

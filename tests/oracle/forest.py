"""Writes forest.json: what scikit-learn's trees and forests make of the table in boosting.json, for the tests of
src/algo/forest.

Run from this folder: python forest.py
"""

import json

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

with open("boosting.json") as file:
    table = json.load(file)
split = table["train_rows"]
numbers = np.array([[np.nan if v is None else v for v in column] for column in table["numbers"]]).T
level = np.array(table["level"])
targets = {name: np.array(table[name]) for name in ["number", "binary", "three"]}
weight = np.array(table["weight"])
# Trees learn from the numbers alone: scikit-learn has no categories. Forests are given them one-hot.
one_hot = np.column_stack([numbers, level[:, None] == np.arange(table["levels"])])


def tree(model, target, weights=None):
    def splits(seed):
        model.set_params(random_state=seed).fit(numbers[:split], targets[target][:split], sample_weight=weights)
        return np.bincount(model.tree_.feature[model.tree_.feature >= 0], minlength=4).tolist()

    # The seed decides between equal splits: there must be none.
    used = splits(0)
    assert all(splits(seed) == used for seed in range(1, 10)), "equal splits"
    scores = model.predict(numbers[:split]) if target == "number" else model.predict_proba(numbers[:split])[:, -1]
    return {"splits": used, "scores": scores.round(9).tolist()}


def forest(model, target):
    model.fit(one_hot[:split], targets[target][:split])
    return model


small = dict(max_depth=5, min_samples_leaf=10)
smaller = dict(max_depth=4, min_samples_leaf=20)
trees = {
    "squared_error": tree(DecisionTreeRegressor(**small), "number"),
    "gini": tree(DecisionTreeClassifier(**small), "binary"),
    "entropy": tree(DecisionTreeClassifier(criterion="entropy", **small), "binary"),
    "weighted": tree(DecisionTreeClassifier(class_weight="balanced", **small), "binary", weight[:split]),
    "weighted_number": tree(DecisionTreeRegressor(**small), "number", weight[:split]),
    "three": tree(DecisionTreeClassifier(**smaller), "three"),
    "three_entropy": tree(DecisionTreeClassifier(criterion="entropy", **smaller), "three"),
    "leaves": tree(DecisionTreeRegressor(max_leaf_nodes=12), "number"),
    "decrease": tree(DecisionTreeRegressor(min_impurity_decrease=0.01), "number"),
}
regression = forest(RandomForestRegressor(oob_score=True, random_state=0), "number")
binary = forest(RandomForestClassifier(oob_score=True, random_state=0), "binary")
three = forest(RandomForestClassifier(min_samples_leaf=3, random_state=0), "three")
test = one_hot[split:]
forests = {
    "r2": r2_score(targets["number"][split:], regression.predict(test)),
    "out_of_bag_r2": regression.oob_score_,
    "auc": roc_auc_score(targets["binary"][split:], binary.predict_proba(test)[:, 1]),
    "out_of_bag_accuracy": binary.oob_score_,
    "three_log_loss": log_loss(targets["three"][split:], three.predict_proba(test)),
}
fixture = {
    "made_by": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "trees": trees,
    "forests": forests,
}
with open("forest.json", "w") as file:
    json.dump(fixture, file, separators=(",", ":"))
    file.write("\n")

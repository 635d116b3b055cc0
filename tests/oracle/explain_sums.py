"""Writes explain_sums.json: attributions of models whose margins are sums over the features.

Linear regression: by shap.LinearExplainer against background rows. Naive Bayes: what defines Shapley values, the mean over all coalitions of the
features, of the classes' log densities by scikit-learn's GaussianNB and CategoricalNB together, each less their mean over the classes.

Run in an environment made from requirements.txt with shap==0.51.0 beside it, after linear.py and naive_bayes.py:  python explain_sums.py
"""

import itertools
import json
import math
import pathlib

import numpy as np
import shap
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import CategoricalNB, GaussianNB

here = pathlib.Path(__file__).parent
fixture = {"versions": {"shap": shap.__version__}}

data = json.loads((here / "linear.json").read_text())["scales"]["data"]
x, y = np.column_stack(data["numbers"]), np.array(data["y"])
# scikit-learn leaves out columns that are small beside others; attributions do not depend on the scale.
x = (x - x.mean(axis=0)) / x.std(axis=0)
background, rows = x[:40], x[100:110]
explainer = shap.LinearExplainer(LinearRegression().fit(x, y), shap.maskers.Independent(background, max_samples=40))
fixture["linear"] = {
    "background": [0, 40],
    "rows": [100, 110],
    "base": [float(explainer.expected_value)],
    "attributions": explainer.shap_values(rows).ravel().tolist(),
}

data = json.loads((here / "naive_bayes.json").read_text())
numbers, codes = np.column_stack(data["numbers"]), np.column_stack(data["codes"]).astype(int)
y = np.array(data["targets"]).astype(int)
gaussian, categorical = GaussianNB().fit(numbers, y), CategoricalNB(alpha=1.0).fit(codes, y)


def margins(features):
    """One row of log densities a row; the classes' shares are in both models, so they are taken out once."""
    logs = gaussian.predict_joint_log_proba(features[:, :3]) + categorical.predict_joint_log_proba(features[:, 3:].astype(int))
    logs -= np.log(np.bincount(y) / len(y))
    return logs - logs.mean(axis=1, keepdims=True)


features = np.hstack([numbers, codes])
background, rows, width = features[:25], features[200:206], features.shape[1]


def value(row, coalition):
    mixed = background.copy()
    mixed[:, list(coalition)] = row[list(coalition)]
    return margins(mixed).mean(axis=0)


attributions = []
for row in rows:
    of_row = np.zeros((width, 3))
    for feature in range(width):
        others = [other for other in range(width) if other != feature]
        for size in range(width):
            share = math.factorial(size) * math.factorial(width - size - 1) / math.factorial(width)
            for coalition in itertools.combinations(others, size):
                of_row[feature] += share * (value(row, coalition + (feature,)) - value(row, coalition))
    attributions.extend(of_row.T.ravel().tolist())
fixture["naive_bayes"] = {
    "background": [0, 25],
    "rows": [200, 206],
    "base": margins(background).mean(axis=0).tolist(),
    "attributions": attributions,
}

(here / "explain_sums.json").write_text(json.dumps(fixture, indent=1) + "\n")

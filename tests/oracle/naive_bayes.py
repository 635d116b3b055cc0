"""Writes naive_bayes.json: probabilities by scikit-learn's GaussianNB and CategoricalNB, and by both together.

Run in an environment made from requirements.txt:  python naive_bayes.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.naive_bayes import CategoricalNB, GaussianNB

rng = np.random.default_rng(7)
rows, classes = 250, 3
y = rng.choice(classes, rows, p=[0.5, 0.3, 0.2])
numbers = np.round(rng.normal(size=(rows, 3)) * [1, 10, 0.01] + y[:, None] * [0.8, -4, 0.005] + [0, 1000, 1], 4)
codes = np.column_stack([(rng.integers(0, 4, rows) + (y == 1)) % 4, (rng.random(rows) < 0.3 + 0.2 * y).astype(int) * 2])
codes[:, 1] += rng.integers(0, 2, rows) * (codes[:, 1] > 0)
codes[:2, 1] = 1

gaussian = GaussianNB().fit(numbers, y)
smooth = GaussianNB(var_smoothing=0.1).fit(numbers, y)
categorical = CategoricalNB(alpha=1.0).fit(codes, y)
strong = CategoricalNB(alpha=7.5).fit(codes, y)


def together(gaussian, categorical):
    """The classes' shares are in both, so they are taken out once."""
    logs = gaussian.predict_joint_log_proba(numbers) + categorical.predict_joint_log_proba(codes)
    logs -= np.log(np.bincount(y) / rows)
    logs -= logs.max(axis=1, keepdims=True)
    p = np.exp(logs)
    return p / p.sum(axis=1, keepdims=True)


weights = rng.integers(0, 13, rows) / 4
# scikit-learn takes the variance that smoothing goes by from rows that all count the same: 0 leaves the weights' own effect.
weighted_gaussian = GaussianNB(var_smoothing=0).fit(numbers, y, sample_weight=weights)
weighted_categorical = CategoricalNB(alpha=1.0).fit(codes, y, sample_weight=weights)


def weighted_together():
    logs = weighted_gaussian.predict_joint_log_proba(numbers) + weighted_categorical.predict_joint_log_proba(codes)
    logs -= np.log(np.bincount(y, weights) / weights.sum())
    logs -= logs.max(axis=1, keepdims=True)
    p = np.exp(logs)
    return p / p.sum(axis=1, keepdims=True)


fixture = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "numbers": numbers.T.tolist(),
    "codes": codes.T.tolist(),
    "levels": [int(c.max()) + 1 for c in codes.T],
    "targets": y.tolist(),
    "gaussian": gaussian.predict_proba(numbers).ravel().tolist(),
    "categorical": categorical.predict_proba(codes).ravel().tolist(),
    "together": together(gaussian, categorical).ravel().tolist(),
    "weights": weights.tolist(),
    "together_weighted": weighted_together().ravel().tolist(),
    "together_smooth": together(smooth, strong).ravel().tolist(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(fixture) + "\n")

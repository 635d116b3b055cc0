"""Writes intervals.json: MAPIE's conformal intervals of predictions that are given, for the tests of src/algo/intervals.

Run from this folder: python intervals.py   (pip install mapie scikit-learn)
"""

import importlib.metadata
import json

import numpy as np
from mapie.regression import ConformalizedQuantileRegressor, SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin

random = np.random.default_rng(41)


class Column(RegressorMixin, BaseEstimator):
    """Predicts a column."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return X[:, self.column]


def split(predicted, targets, test, level):
    model = SplitConformalRegressor(Column().fit(None, None), confidence_level=level, prefit=True)
    model.conformalize(predicted[:, None], targets)
    return model.predict_interval(test[:, None])[1][:, :, 0]


cases = []
for rows, level in [(99, 0.9), (100, 0.9), (57, 0.8), (400, 0.95), (20, 0.5)]:
    predicted = random.normal(0, 2, rows).round(6)
    groups = random.integers(0, 2, rows).astype(float)
    targets = (predicted + random.standard_t(3, rows) * (1 + 3 * groups)).round(6)
    test, test_groups = random.normal(0, 2, 7).round(6), random.integers(0, 2, 7).astype(float)
    mondrian = np.zeros((7, 2))
    for group in (0, 1):
        mondrian[test_groups == group] = split(
            predicted[groups == group], targets[groups == group], test[test_groups == group], level
        )
    cases.append(
        dict(
            level=level,
            predicted=predicted.tolist(),
            targets=targets.tolist(),
            groups=groups.tolist(),
            test=test.tolist(),
            test_groups=test_groups.tolist(),
            split=split(predicted, targets, test, level).tolist(),
            mondrian=mondrian.tolist(),
        )
    )

quantiles = []
for rows, level in [(99, 0.9), (150, 0.8), (60, 0.95)]:
    x = random.uniform(0, 2, rows + 7)
    table = np.column_stack([2 * x - 1 - x, 2 * x + 1 + x, 2 * x + random.normal(0, 0.2 + x)]).round(6)
    learned, test = table[:rows], table[rows:, :2]
    estimators = [Column(0).fit(None, None), Column(1).fit(None, None), Column(0).fit(None, None)]
    model = ConformalizedQuantileRegressor(estimators, confidence_level=level, prefit=True)
    model.conformalize(learned[:, :2], learned[:, 2])
    intervals = model.predict_interval(test, symmetric_correction=True)[1][:, :, 0]
    quantiles.append(dict(level=level, rows=learned.tolist(), test=test.tolist(), intervals=intervals.tolist()))

with open("intervals.json", "w") as file:
    made_by = {name: importlib.metadata.version(name) for name in ("mapie", "scikit-learn", "numpy")}
    json.dump({"made_by": made_by, "cases": cases, "quantiles": quantiles}, file, separators=(",", ":"))
    file.write("\n")

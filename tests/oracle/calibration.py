"""Writes calibration.json: scikit-learn's sigmoid and isotonic calibration, for the tests of src/algo/calibration.

Run from this folder: python calibration.py
"""

import json

import numpy as np
import sklearn
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

random = np.random.default_rng(31)


def fit(method, places, hits, weights=None):
    model = _SigmoidCalibration() if method == "sigmoid" else IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    return model.fit(places, hits, sample_weight=weights)


cases = []
for rows, spread, weighted, rounded in [(400, 1.0, False, 6), (300, 6.0, True, 1), (60, 0.3, False, 2), (25, 20.0, False, 6)]:
    places = np.round(random.normal(0.4, spread, rows), rounded)
    hits = random.random(rows) < expit(0.7 * places / spread * 2 - 0.5)
    weights = np.round(random.uniform(0, 3, rows), 1) if weighted else None
    grid = np.linspace(places.min() - 1, places.max() + 1, 41)
    sigmoid, isotonic = [fit(method, places, hits.astype(int), weights) for method in ("sigmoid", "isotonic")]
    cases.append(
        {
            "places": places.tolist(),
            "hits": hits.tolist(),
            "weights": None if weights is None else weights.tolist(),
            "grid": grid.tolist(),
            "sigmoid": [-sigmoid.a_, -sigmoid.b_],
            "sigmoid_at": sigmoid.predict(grid).tolist(),
            "isotonic_at": isotonic.predict(grid).tolist(),
        }
    )

# Three classes, as scikit-learn's CalibratedClassifierCV of a model without a decision function: one against the rest, then normalised.
scores = random.normal(0, 2, (200, 3))
probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
tempered = np.exp(scores / 3) / np.exp(scores / 3).sum(axis=1, keepdims=True)
classes = (random.random((200, 1)) > tempered.cumsum(axis=1)).sum(axis=1)
multiclass = {"probabilities": probabilities.tolist(), "classes": classes.astype(float).tolist()}
for method in ("isotonic", "sigmoid"):
    columns = [fit(method, probabilities[:, k], (classes == k).astype(int)).predict(probabilities[:, k]) for k in range(3)]
    values = np.column_stack(columns)
    sums = values.sum(axis=1, keepdims=True)
    multiclass[method] = np.where(sums > 0, values / np.where(sums > 0, sums, 1), 1 / 3).tolist()

with open("calibration.json", "w") as file:
    json.dump(
        {
            "made_by": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
            "cases": cases,
            "multiclass": multiclass,
        },
        file,
        separators=(",", ":"),
    )
    file.write("\n")

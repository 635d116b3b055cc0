"""Writes isolation_forest.json: scores by scikit-learn's IsolationForest, the mean over seeds, and how well they tell planted rows.

Run in an environment made from requirements.txt:  python isolation_forest.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import make_blobs
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(23)
SEEDS = 20


def case(points, planted, **params):
    points = np.round(points, 4)
    strange = np.r_[np.zeros(len(points) - planted), np.ones(planted)]
    scores, aucs = [], []
    for seed in range(SEEDS):
        forest = IsolationForest(random_state=seed, **params).fit(points)
        scores.append(-forest.score_samples(points))
        aucs.append(roc_auc_score(strange, scores[-1]))
    return {
        "columns": points.T.tolist(),
        "params": params,
        "planted": planted,
        "scores": np.round(np.mean(scores, axis=0), 6).tolist(),
        "spread": float(np.std(scores, axis=0).mean()),
        "auc": float(np.mean(aucs)),
        "auc_spread": float(np.std(aucs)),
    }


normal = rng.normal(size=(400, 4)) @ rng.normal(size=(4, 4))
blobs, _ = make_blobs(500, 3, centers=4, cluster_std=1.0, random_state=1)
skewed = np.exp(rng.normal(size=(350, 5)))
cases = {
    "one cloud": case(np.vstack([normal, rng.uniform(-6, 6, (20, 4))]), 20),
    "four clouds": case(np.vstack([blobs, rng.uniform(-12, 12, (25, 3))]), 25),
    "skewed": case(np.vstack([skewed, np.exp(rng.normal(1.5, 1.0, (15, 5)))]), 15),
    "few rows": case(np.vstack([rng.normal(size=(60, 2)), rng.normal(4, 0.3, (4, 2))]), 4),
    "small samples": case(np.vstack([normal, rng.uniform(-6, 6, (20, 4))]), 20, max_samples=32, n_estimators=200),
    "half of the columns": case(np.vstack([skewed, np.exp(rng.normal(1.5, 1.0, (15, 5)))]), 15, max_features=0.5),
}
pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}, separators=(",", ":")) + "\n")
for name, c in cases.items():
    print(name, c["auc"], c["auc_spread"], c["spread"])

"""Writes dbscan.json: scikit-learn's labels of points that are dense here and there.

Run in an environment made from requirements.txt:  python dbscan.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs, make_moons

rng = np.random.default_rng(5)


def case(points, eps, min_samples, weights=None):
    points = np.round(points, 5)
    found = DBSCAN(eps=eps, min_samples=min_samples).fit(points, sample_weight=weights)
    core = np.zeros(len(points), bool)
    core[found.core_sample_indices_] = True
    return {
        "columns": points.T.tolist(),
        "epsilon": eps,
        "min_samples": min_samples,
        "weights": None if weights is None else weights.tolist(),
        "labels": found.labels_.tolist(),
        "core": core.tolist(),
    }


def blobs(rows, width, centers, spread, noise):
    points, _ = make_blobs(rows, width, centers=centers, cluster_std=spread, random_state=3)
    return np.vstack([points, rng.uniform(points.min(), points.max(), (noise, width))])


moons = make_moons(400, noise=0.08, random_state=1)[0]
lattice = np.array([[x, y] for x in range(12) for y in range(12) if (x + 2 * y) % 5], float)
# A row between two lines that both reach it, and rows that are the same.
bridge = np.array([[x / 10, 0.0] for x in range(10)] + [[1.15, 0.0]] + [[1.4 + x / 10, 0.0] for x in range(8)])
duplicates = np.repeat(rng.integers(0, 5, (60, 3)).astype(float), rng.integers(1, 4, 60), axis=0)

cases = {
    "blobs": case(blobs(300, 2, 4, 0.7, 40), 0.6, 6),
    "moons": case(moons, 0.12, 5),
    "a lattice whose neighbours are at the distance": case(lattice, 1.0, 4),
    "a row between two clusters": case(bridge, 0.25, 5),
    "equal rows": case(duplicates, 1.0, 6),
    "each row is a cluster": case(blobs(60, 2, 3, 0.5, 10), 0.3, 1),
    "five columns": case(blobs(250, 5, 3, 1.0, 30), 1.8, 8),
    "thirty columns": case(blobs(150, 30, 3, 1.0, 20), 7.5, 5),
    "one column": case(blobs(200, 1, 5, 0.4, 20), 0.05, 4),
    "weights": case(blobs(200, 2, 3, 0.8, 20), 0.5, 6, weights=rng.integers(0, 4, 220)),
    "large epsilon": case(blobs(100, 2, 3, 0.8, 20), 100.0, 50),
}
pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}, separators=(",", ":")) + "\n")
for name, c in cases.items():
    print(name, len(c["labels"]), max(c["labels"]) + 1, c["labels"].count(-1), sum(c["core"]))

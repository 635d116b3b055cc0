"""Writes clustering.json: k-means and Gaussian mixtures of scikit-learn from given centres, silhouettes and Davies-Bouldin.

Run in an environment made from requirements.txt:  python clustering.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.metrics import davies_bouldin_score, silhouette_score
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(11)
rows, width, count = 320, 4, 4
which = rng.integers(0, count, rows)
centres = rng.normal(size=(count, width)) * 3
spread = rng.uniform(0.6, 1.6, size=(count, width))
X = centres[which] + rng.normal(size=(rows, width)) * spread[which]
X[:, 1] += 0.6 * X[:, 0]
X = np.round(X * [1, 2, 0.5, 1] + [0, 10, -3, 100], 3)
weights = rng.integers(0, 9, rows) / 4
codes = (which + (rng.random(rows) < 0.1)) % 3
init = X[[0, 1, 2, 3]]


def quality(X, model):
    return {
        "centres": model.cluster_centers_.tolist(),
        "labels": model.labels_.tolist(),
        "inertia": model.inertia_,
        "silhouette": silhouette_score(X, model.labels_),
        "davies_bouldin": davies_bouldin_score(X, model.labels_),
    }


def k_means(X, init, weights=None, **others):
    return quality(X, KMeans(len(init), init=init, n_init=1, algorithm="lloyd", **others).fit(X, sample_weight=weights))


scaled = (X - X.mean(axis=0)) / X.std(axis=0)
mixed = np.column_stack([scaled, np.eye(3)[codes]])
best = KMeans(count, n_init=50, random_state=0, tol=0).fit(mixed)
# One centre is so far away that no row is nearest to it.
far = np.vstack([init[:3], init[3] + 1000])


class FromCentres(GaussianMixture):
    """Begins with the clusters of k-means from given centres."""

    def _initialize_parameters(self, X, *others, **more):
        labels = KMeans(len(init), init=init, n_init=1, algorithm="lloyd").fit(X).labels_
        self._initialize(X, np.eye(len(init))[labels])


def mixture(kind):
    model = FromCentres(count, covariance_type=kind, tol=1e-6, max_iter=500).fit(X)
    covariances = {
        "full": lambda c: c,
        "tied": lambda c: np.broadcast_to(c, (count, width, width)),
        "diag": lambda c: np.array([np.diag(v) for v in c]),
        "spherical": lambda c: np.array([np.eye(width) * v for v in c]),
    }[kind](model.covariances_)
    assert model.converged_
    return {
        "weights": model.weights_.tolist(),
        "means": model.means_.tolist(),
        "covariances": covariances.tolist(),
        "log_likelihood": model.score(X),
        "bic": model.bic(X),
        "aic": model.aic(X),
        "labels": model.predict(X).tolist(),
        "probabilities": model.predict_proba(X[:20]).tolist(),
        "log_densities": model.score_samples(X[:20]).tolist(),
    }


fixture = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "columns": X.T.tolist(),
    "weights": weights.tolist(),
    "codes": codes.tolist(),
    "init": init.tolist(),
    "far": far.tolist(),
    "k_means": {
        "plain": k_means(X, init),
        "one_iteration": k_means(X, init, max_iter=1),
        "weighted": k_means(X, init, weights),
        "empty": k_means(X, far),
    },
    "mixed": {"inertia": best.inertia_, "labels": best.labels_.tolist(), "silhouette": silhouette_score(mixed, best.labels_)},
    "mixtures": {kind: mixture(kind) for kind in ["full", "tied", "diag", "spherical"]},
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(fixture) + "\n")

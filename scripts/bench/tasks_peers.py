"""Clusters, components, anomalies and margins by scikit-learn, of rows fetched by ADBC. Started by bench.py with the postmaster's process id."""

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from fetching import fetch
from serve import THREADS, serve

NUMBERS = [f"x{i}" for i in range(1, 21)]
# Rows in memory, for what is measured without reading.
kept = {}


def fetched(stages, table, *others):
    frame = fetch([*NUMBERS, *others], table)
    stages.end("fetch")
    return frame[NUMBERS].to_numpy(), *(frame[name] for name in others)


def k_means(stages, table):
    rows, = fetched(stages, table)
    model = KMeans(8, n_init=1, random_state=1).fit(rows)
    stages.end("fit")
    return lambda: model.inertia_


def mixture(stages, table):
    rows, = fetched(stages, table)
    model = GaussianMixture(8, random_state=1).fit(rows)
    stages.end("fit")
    return lambda: model.lower_bound_


def pca(stages, table):
    rows, = fetched(stages, table)
    PCA().fit(rows)
    stages.end("fit")


def naive_bayes(stages, table, target="label"):
    rows, labels = fetched(stages, table, target)
    GaussianNB().fit(rows, labels)
    stages.end("fit")


def naive_bayes_of_8(stages, table):
    naive_bayes(stages, table, "class")


def linear_svm(stages, table):
    rows, labels = fetched(stages, table, "label")
    LinearSVC().fit(rows, labels)
    stages.end("fit")


def isolation_forest(stages, table):
    rows, = fetched(stages, table)
    kept["strange"] = IsolationForest(random_state=1, n_jobs=THREADS).fit(rows), rows
    stages.end("fit")


def before_isolation_scores(table):
    if "strange" not in kept:
        rows = fetch(NUMBERS, table).to_numpy()
        kept["strange"] = IsolationForest(random_state=1, n_jobs=THREADS).fit(rows), rows


def isolation_scores(_stages, table):
    model, rows = kept["strange"]
    model.score_samples(rows)


def many_trees(stages, table):
    rows, labels = fetched(stages, f"{table} WHERE id <= 100000", "class")
    RandomForestClassifier(n_jobs=THREADS).fit(rows, labels)
    stages.end("fit")


def before_density(table):
    if "few" not in kept:
        kept["few"] = np.ascontiguousarray(fetch(NUMBERS[:3], f"{table} WHERE id <= 50000").to_numpy())


def density(_stages, table):
    DBSCAN(eps=0.35, min_samples=10, n_jobs=THREADS).fit(kept["few"])


serve(globals(), {"scikit-learn": sklearn.__version__})

"""Writes pca.json: what scikit-learn's PCA finds in tables of numbers, of levels of categories, with gaps, and weighted.

Run in an environment made from requirements.txt:  python pca.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(11)


def case(columns, points, count, codes=None, levels=0, weights=None, standardize=True):
    """`points` are what scikit-learn sees; `columns` and `codes` what is given to assay."""
    seen = points if weights is None else np.repeat(points, weights, axis=0)
    pca = PCA(n_components=count, svd_solver="full").fit(seen)
    scores = pca.transform(points)
    error = ((points - pca.inverse_transform(scores)) ** 2).mean(axis=1)
    return {
        "columns": [[None if np.isnan(x) else x for x in column] for column in columns.T],
        "codes": None if codes is None else codes.tolist(),
        "levels": levels,
        "weights": None if weights is None else weights.tolist(),
        "standardize": standardize,
        "count": count if isinstance(count, float) else int(pca.n_components_),
        "components": pca.components_.tolist(),
        "variances": pca.explained_variance_.tolist(),
        "ratios": pca.explained_variance_ratio_.tolist(),
        "scores": scores.tolist(),
        "errors": error.tolist(),
    }


def numbers(rows, hidden, width, noise):
    base = rng.normal(size=(rows, hidden)) * np.arange(hidden, 0, -1)
    mixed = base @ rng.normal(size=(hidden, width)) + noise * rng.normal(size=(rows, width))
    return np.round(mixed * 10.0 ** rng.integers(-3, 4, width) + rng.normal(size=width) * 1e4, 6)


def standard(points, weights=None):
    return StandardScaler().fit(points, sample_weight=weights).transform(points)


plain = numbers(80, 3, 6, 0.3)
gaps = plain.copy()
gaps[rng.random(gaps.shape) < 0.1] = np.nan
filled = SimpleImputer().fit_transform(gaps)
weights = rng.integers(0, 4, len(plain))
codes = rng.integers(0, 3, len(plain))
hot = np.eye(3)[codes]
wide = numbers(7, 4, 12, 0.5)
collinear = np.column_stack([plain[:, 0], plain[:, 1], plain[:, 0] * 2 + 5, np.full(len(plain), 3.0)])

cases = {
    "standardized": case(plain, standard(plain), 6),
    "as they are": case(plain, plain, 3, standardize=False),
    "gaps": case(gaps, standard(filled), 4),
    "a share": case(plain, standard(plain), 0.8),
    "levels": case(plain[:, :3], np.column_stack([standard(plain[:, :3]), hot]), 4, codes=codes, levels=3),
    "weights": case(plain, standard(plain, weights), 4, weights=weights),
    "fewer rows than columns": case(wide, standard(wide), 6),
    "collinear": case(collinear, standard(collinear), 2),
}
pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"scikit-learn": sklearn.__version__, "cases": cases}, separators=(",", ":")) + "\n")

"""Writes features.json: what scikit-learn and pyfarmhash 0.5.1 answer where assay's feature functions promise the same, for the tests of src/algo.

Run with the versions of requirements.txt, and pyfarmhash: python features.py
"""

import json
import pathlib

import farmhash
import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.metrics.pairwise import haversine_distances
from sklearn.preprocessing import (KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OrdinalEncoder, PolynomialFeatures, RobustScaler, StandardScaler,
                                   normalize)

random = np.random.default_rng(20261127)


def nullable(values):
    """Floats for JSON; None stands for NaN."""
    return [None if np.isnan(v) else float(v) for v in values]


def scaled(numbers):
    column = np.asarray(numbers, dtype=float).reshape(-1, 1)

    def answer(transformer):
        return nullable(transformer.fit_transform(column)[:, 0])

    known = column[~np.isnan(column)].reshape(-1, 1)
    bins = KBinsDiscretizer(5, encode="ordinal", strategy="quantile", quantile_method="inverted_cdf", subsample=None).fit(known)
    return {
        "numbers": nullable(column[:, 0]),
        "standard_of_population": answer(StandardScaler()),
        "min_max": answer(MinMaxScaler()),
        "max_abs": answer(MaxAbsScaler()),
        # Its quantiles are between values, but for numbers as many as these.
        "robust": answer(RobustScaler()),
        "bins": [int(v) for v in bins.transform(known)[:, 0]],
        "mean": answer(SimpleImputer(strategy="mean")),
        "median": answer(SimpleImputer(strategy="median")),
        "most_frequent": answer(SimpleImputer(strategy="most_frequent")),
    }


def columns():
    # 4 k + 1 numbers that are not missing, so that quartiles and the median are values.
    numbers = list(random.normal(50, 20, 41))
    yield scaled(numbers[:13] + [np.nan] + numbers[13:] + [np.nan])
    yield scaled(random.integers(-20, 20, 101))
    # No large mean or tiny numbers: there scikit-learn loses digits (3e-8 of the standard scale at 1e9) and takes numbers for equal.
    yield scaled(1e4 + random.integers(0, 7, 33))
    yield scaled(random.normal(size=57) * 1e-3)


categories = [f"{a}{b}" for a, b in zip(random.choice(list("xyzäß"), 80), random.integers(0, 4, 80))]
encoder = OrdinalEncoder(min_frequency=4).fit(np.asarray(categories).reshape(-1, 1))
vectors = random.normal(size=(6, 4)).tolist() + [[0.0, 0.0, 0.0, 0.0]]
points = np.column_stack([random.uniform(-90, 90, 20), random.uniform(-180, 180, 20)])
texts = ["".join(random.choice(list("abcö "), size)) for size in [*range(70), 127, 128, 129, 300]]

result = {
    "sklearn": sklearn.__version__,
    "columns": list(columns()),
    "categories": categories,
    "frequent": sorted(set(categories) - set(encoder.infrequent_categories_[0].tolist())),
    "labels": [int(v) for v in encoder.transform(np.asarray(categories).reshape(-1, 1))[:, 0]],
    "vectors": vectors,
    "l1": normalize(vectors, "l1").tolist(),
    "l2": normalize(vectors, "l2").tolist(),
    "max": normalize(vectors, "max").tolist(),
    "polynomial": [PolynomialFeatures(degree, include_bias=False).fit_transform([vectors[0]])[0].tolist() for degree in (1, 2, 3, 4)],
    "points": points.tolist(),
    "radii": haversine_distances(np.radians(points[:1]), np.radians(points))[0].tolist(),
    "texts": texts,
    "fingerprints": [str(farmhash.fingerprint64(text)) for text in texts],
}
pathlib.Path(__file__).with_name("features.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")

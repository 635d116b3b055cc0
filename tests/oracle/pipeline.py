"""Writes pipeline.json: what scikit-learn's transformers make of numbers, categories and texts.

Run in an environment made from requirements.txt:  python pipeline.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

rng = np.random.default_rng(11)
rows = 120
numbers = np.round(np.exp(rng.normal(size=rows) * 1.5) * 10, 1)
numbers[rng.integers(0, rows, 40)] = 12.5
gaps = numbers.copy()
gaps[rng.random(rows) < 0.2] = np.nan
levels = ["a", "b", "c", "d", "e"]
codes = np.minimum(rng.geometric(0.4, rows) - 1, 4)
binary = (rng.random(rows) < 0.2 + 0.15 * codes).astype(int)
classes = (codes + rng.integers(0, 3, rows)) % 3
target = np.round(rng.normal(size=rows) + codes, 3)
texts = [
    "The amount is wrong, the bank charged me twice.",
    "Wrong amount!  I was charged a late fee",
    "a",
    "",
    "Größe und Preis: größe 12 x 12",
    "charged charged CHARGED by the bank",
    "It's the bank's fault, not mine; _id_ 42",
    "late late fee",
]


def column(values):
    return [None if np.isnan(value) else float(value) for value in np.asarray(values, dtype=float).ravel()]


def fitted(transformer, values):
    return column(transformer.fit_transform(values.reshape(-1, 1)))


def encoded(y, **options):
    encoder = TargetEncoder(shuffle=False, **options).fit(codes.reshape(-1, 1), y)
    return np.asarray(encoder.transform(codes.reshape(-1, 1))).tolist()


def terms(**options):
    vectorizer = TfidfVectorizer(**options)
    matrix = vectorizer.fit_transform(texts).toarray()
    return {"terms": vectorizer.get_feature_names_out().tolist(), "values": matrix.tolist()}


fixture = {
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "numbers": column(numbers),
    "gaps": column(gaps),
    "levels": levels,
    "codes": codes.tolist(),
    "binary": binary.tolist(),
    "classes": classes.tolist(),
    "target": target.tolist(),
    "texts": texts,
    "impute": {name: fitted(SimpleImputer(strategy=name), gaps) for name in ["mean", "median", "most_frequent"]},
    "indicator": SimpleImputer(add_indicator=True).fit_transform(gaps.reshape(-1, 1))[:, 1].tolist(),
    "scale": {
        "standard": fitted(StandardScaler(), gaps),
        "min_max": fitted(MinMaxScaler(), gaps),
        "robust": fitted(RobustScaler(), gaps),
        "max_abs": fitted(MaxAbsScaler(), gaps),
    },
    "one_hot": OneHotEncoder(sparse_output=False).fit_transform(codes.reshape(-1, 1)).tolist(),
    "ordinal": OrdinalEncoder().fit_transform(codes.reshape(-1, 1)).ravel().tolist(),
    "target_binary_auto": encoded(binary, smooth="auto"),
    "target_binary_10": encoded(binary, smooth=10.0),
    "target_number_auto": encoded(target, smooth="auto"),
    "target_number_0": encoded(target, smooth=0.0),
    "target_classes_auto": encoded(classes, smooth="auto"),
    "polynomial": PolynomialFeatures(degree=4, include_bias=False).fit_transform(numbers.reshape(-1, 1)).tolist(),
    "quantile_bins": fitted(KBinsDiscretizer(5, encode="ordinal", strategy="quantile", quantile_method="linear"), numbers),
    "words": terms(),
    "word_pairs": terms(ngram_range=(1, 2), sublinear_tf=True, norm="l1"),
    "kept_words": terms(max_features=4, norm=None, lowercase=False),
    "common_words": terms(min_df=2, max_df=0.5, use_idf=False),
    "characters": terms(analyzer="char", ngram_range=(2, 3)),
    "characters_of_words": terms(analyzer="char_wb", ngram_range=(3, 4), max_features=None),
}
pathlib.Path(__file__).with_name("pipeline.json").write_text(json.dumps(fixture) + "\n")

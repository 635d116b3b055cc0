"""Writes linear.json: what scikit-learn and NumPy say of linear, ridge, lasso, elastic net and logistic regression.

Run in an environment made from requirements.txt:  python linear.py
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(20240501)


def mixed(rows):
    """Four numbers, two of them with gaps, and two categories, the second with missing values."""
    x = np.round(rng.normal(size=(rows, 4)) * [1, 20, 0.05, 3] + [0, 100, 1, -7], 4)
    x[rng.random(rows) < 0.1, 0] = np.nan
    x[rng.random(rows) < 0.2, 2] = np.nan
    a = rng.integers(0, 3, rows)
    b = rng.choice([0, 1, 2, 3, -1], rows, p=[0.4, 0.3, 0.15, 0.05, 0.1])
    return x, np.column_stack([a, b])


def encode(x, codes, scale=True):
    """Design columns: numbers, then levels in order of code with missing ones last; and what scales numbers back."""
    steps = [SimpleImputer(strategy="mean", keep_empty_features=True)] + ([StandardScaler()] if scale else [])
    parts = [("numbers", make_pipeline(*steps), list(range(x.shape[1])))]
    codes = np.where(codes < 0, 1000, codes)
    if codes.shape[1]:
        parts.append(("levels", OneHotEncoder(sparse_output=False), list(range(x.shape[1], x.shape[1] + codes.shape[1]))))
    z = ColumnTransformer(parts).fit_transform(np.column_stack([x, codes]))
    filled = SimpleImputer(strategy="mean", keep_empty_features=True).fit_transform(x)
    deviation = filled.std(axis=0)
    constant = deviation <= 1e-13 * np.abs(filled.mean(axis=0))
    factors = np.ones(z.shape[1])
    if scale:
        factors[: x.shape[1]] = np.where(constant, 0, 1 / np.where(constant, 1, deviation))
    offsets = np.zeros(z.shape[1])
    if scale:
        offsets[: x.shape[1]] = filled.mean(axis=0)
    return z, factors, offsets


def encode_weighted(x, codes, weights):
    """As encode, the means and deviations those of weighted rows, so that a weight of 2 is a row twice."""
    known = ~np.isnan(x)
    means = np.array([np.average(column[k], weights=weights[k]) for column, k in zip(x.T, known.T)])
    filled = np.where(known, x, means)
    scaler = StandardScaler().fit(filled, sample_weight=weights)
    levels = OneHotEncoder(sparse_output=False).fit_transform(np.where(codes < 0, 1000, codes))
    z = np.column_stack([scaler.transform(filled), levels])
    factors, offsets = np.ones(z.shape[1]), np.zeros(z.shape[1])
    factors[: x.shape[1]], offsets[: x.shape[1]] = 1 / scaler.scale_, scaler.mean_
    return z, factors, offsets


def weighted(x, codes, target, model, weights):
    """A model of rows that weigh differently. The smallest weights, so that levels' common part is settled where nothing penalises it."""
    z, factors, offsets = encode_weighted(x, codes, weights)
    model.fit(z, target, sample_weight=weights)
    scores = model.predict_proba(z) if hasattr(model, "predict_proba") else model.predict(z)
    one = np.ndim(model.coef_) == 1
    coefficients = model.coef_ if one or len(model.coef_) > 1 else model.coef_[0]
    intercept = model.intercept_ if one or len(model.coef_) > 1 else model.intercept_[0]
    return answer(z, factors, offsets, coefficients, intercept, scores)


def path(fit, strengths):
    """Weights and intercepts along a path of penalties."""
    keep = lambda strength, result: {"strength": strength, "weights": result["weights"], "intercept": result["intercept"]}
    return [keep(float(strength), fit(float(strength))) for strength in strengths]


def values(array):
    return [None if np.isnan(v) else float(v) for v in np.asarray(array, dtype=float).ravel()]


def answer(z, factors, offsets, coefficients, intercept, predictions, errors=None, p_values=None):
    raw = np.asarray(coefficients) * factors
    return {
        "weights": values(raw),
        "intercept": values(np.atleast_1d(intercept - raw @ offsets)),
        "predictions": values(predictions),
        "errors": None if errors is None else values(errors * factors),
        "p_values": None if p_values is None else values(p_values),
    }


def least_squares(x, codes, y, weights=None):
    z, factors, offsets = encode(x, codes)
    model = LinearRegression().fit(z, y, sample_weight=weights)
    centred = z - z.mean(axis=0)
    rank = np.linalg.matrix_rank(centred)
    freedom = len(y) - rank - 1
    errors = p_values = None
    if freedom > 0 and weights is None:
        noise = np.sum((y - model.predict(z)) ** 2) / freedom
        errors = np.sqrt(noise * np.diag(np.linalg.pinv(centred.T @ centred, rcond=1e-11)))
        p_values = 2 * stats.t.sf(np.abs(model.coef_) / np.where(errors > 0, errors, np.nan), freedom)
    return answer(z, factors, offsets, model.coef_, model.intercept_, model.predict(z), errors, p_values)


def ridge(x, codes, y, alpha, scale=True, intercept=True):
    z, factors, offsets = encode(x, codes, scale)
    model = Ridge(alpha=alpha, fit_intercept=intercept, solver="cholesky").fit(z, y)
    return answer(z, factors, offsets, model.coef_, model.intercept_, model.predict(z))


def elastic_net(x, codes, y, alpha, l1_ratio=1.0, scale=True, intercept=True):
    """Lasso is elastic net with an l1_ratio of 1."""
    z, factors, offsets = encode(x, codes, scale)
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=intercept, tol=1e-15, max_iter=10_000_000).fit(z, y)
    return answer(z, factors, offsets, model.coef_, model.intercept_, model.predict(z))


def softmax_errors(z, p, penalty):
    """Standard errors of the classes' weights as deviations from their mean, from the second derivatives of all of them."""
    rows, classes = p.shape
    one = np.column_stack([z, np.ones(rows)])
    size = one.shape[1]
    second = np.zeros((classes * size, classes * size))
    for a in range(classes):
        for b in range(classes):
            weights = p[:, a] * ((a == b) - p[:, b])
            second[a * size : (a + 1) * size, b * size : (b + 1) * size] = one.T @ (one * weights[:, None])
    second += np.diag(np.tile(np.append(np.full(size - 1, penalty), 0), classes))
    deviation = np.kron(np.eye(classes) - 1 / classes, np.eye(size))
    # On deviations the derivatives have full rank; elsewhere any curvature will do.
    inverse = deviation @ np.linalg.inv(deviation @ second @ deviation + np.eye(classes * size) - deviation) @ deviation
    return np.sqrt(np.diag(inverse)).reshape(classes, size)[:, :-1]


def logistic(x, codes, y, scale=True, **options):
    z, factors, offsets = encode(x, codes, scale)
    model = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **options).fit(z, y)
    errors = p_values = None
    if len(model.classes_) == 2 and options.get("class_weight") is None and np.isfinite(options.get("C", 1.0)):
        p = model.predict_proba(z)[:, 1]
        w = p * (1 - p)
        penalty = np.eye(z.shape[1]) / options.get("C", 1.0)
        centred = z - np.average(z, axis=0, weights=w) if options.get("fit_intercept", True) else z
        errors = np.sqrt(np.diag(np.linalg.inv(centred.T @ (centred * w[:, None]) + penalty)))
        p_values = 2 * stats.norm.sf(np.abs(model.coef_[0]) / errors)
    if len(model.classes_) > 2 and options.get("class_weight") is None:
        errors = softmax_errors(z, model.predict_proba(z), 1 / options.get("C", 1.0))
        p_values = 2 * stats.norm.sf(np.abs(model.coef_) / errors)
    one = len(model.classes_) == 2
    coefficients = model.coef_[0] if one else model.coef_
    intercept = model.intercept_[0] if one else model.intercept_
    return answer(z, factors, offsets, coefficients, intercept, model.predict_proba(z), errors, p_values)


def dataset(x, codes, **targets):
    return {
        "numbers": [values(column) for column in x.T],
        "codes": [[int(c) for c in column] for column in codes.T],
        **{name: values(target) for name, target in targets.items()},
    }


none = lambda rows: np.zeros((rows, 0), dtype=int)

x, codes = mixed(300)
filled = np.where(np.isnan(x), [0, 100, 1, -7], x)
score = filled @ [0.8, -0.05, 5, 0.4] + np.array([0.5, -0.5, 0])[codes[:, 0]] + 0.4 * codes[:, 1] + 3
y = np.round(score + rng.normal(size=300), 4)
two = (score + rng.logistic(size=300) > 0).astype(int)
three = np.digitize(score + rng.logistic(size=300), [-1, 1])

wide_scales = np.round(rng.normal(size=(150, 6)), 6) * 10.0 ** np.array([-8, -4, 0, 3, 6, 8]) + [0, 1e-2, 5, 1e5, 0, 1e9]
scales_y = wide_scales @ 10.0 ** -np.array([-8, -4, 0, 3, 6, 8]) + np.round(rng.normal(size=150), 4)

u = np.round(rng.normal(size=(80, 3)), 3)
collinear = np.column_stack([u, u[:, 0] + 2 * u[:, 1], np.full(80, 4.2)])
collinear_y = np.round(u @ [1, 2, 3] + rng.normal(size=80), 3)

short = np.round(rng.normal(size=(20, 35)), 3)
short_y = np.round(rng.normal(size=20), 3)

row_weights = rng.integers(0, 4, 300).astype(float)

# Neighbours are alike: correlations of 0.999 with the next column.
chain = np.round(np.cumsum(rng.normal(size=(100, 24)), axis=1) * 0.05 + rng.normal(size=(100, 1)), 3)
chain_y = np.round(chain[:, ::6] @ [3, -2, 2, -3] + 0.1 * rng.normal(size=100), 3)

fixture = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
    "mixed": {
        "data": dataset(x, codes, y=y, two=two, three=three, row_weights=row_weights),
        "linear": least_squares(x, codes, y),
        "ridge_1": ridge(x, codes, y, 1.0),
        "ridge_30": ridge(x, codes, y, 30.0),
        "ridge_raw": ridge(x, codes, y, 2.5, scale=False),
        "ridge_origin": ridge(x, codes, y, 2.5, scale=False, intercept=False),
        "lasso": elastic_net(x, codes, y, 0.05),
        "lasso_strong": elastic_net(x, codes, y, 1.0),
        "elastic_net": elastic_net(x, codes, y, 0.1, 0.3),
        "elastic_net_raw": elastic_net(x, codes, y, 0.02, 0.5, scale=False),
        "elastic_net_origin": elastic_net(x, codes, y, 0.02, 0.5, scale=False, intercept=False),
        "logistic": logistic(x, codes, two),
        "logistic_strong": logistic(x, codes, two, C=0.05),
        "logistic_none": logistic(x, codes, two, C=np.inf),
        "logistic_balanced": logistic(x, codes, two, class_weight="balanced"),
        "logistic_raw": logistic(x, codes, two, scale=False),
        "logistic_origin": logistic(x, codes, two, scale=False, fit_intercept=False),
        "softmax": logistic(x, codes, three),
        "softmax_balanced": logistic(x, codes, three, class_weight="balanced", C=0.2),
    },
    "scales": {
        "data": dataset(wide_scales, none(150), y=scales_y, two=scales_y > np.median(scales_y)),
        "linear": least_squares(wide_scales, none(150), scales_y),
        "ridge_1": ridge(wide_scales, none(150), scales_y, 1.0),
        "lasso": elastic_net(wide_scales, none(150), scales_y, 0.05),
        "elastic_net": elastic_net(wide_scales, none(150), scales_y, 0.1, 0.3),
        "logistic": logistic(wide_scales, none(150), (scales_y > np.median(scales_y)).astype(int)),
    },
    "collinear": {
        "data": dataset(collinear, none(80), y=collinear_y, two=collinear_y > 0),
        "linear": least_squares(collinear, none(80), collinear_y),
        "ridge_1": ridge(collinear, none(80), collinear_y, 1.0),
        "lasso": elastic_net(collinear, none(80), collinear_y, 0.05),
        "elastic_net": elastic_net(collinear, none(80), collinear_y, 0.1, 0.3),
        "logistic": logistic(collinear, none(80), (collinear_y > 0).astype(int)),
    },
    "chain": {
        "data": dataset(chain, none(100), y=chain_y),
        "lasso": elastic_net(chain, none(100), chain_y, 0.01),
        "elastic_net": elastic_net(chain, none(100), chain_y, 0.01, 0.9),
    },
    "short": {
        "data": dataset(short, none(20), y=short_y, two=short_y > 0),
        "linear": least_squares(short, none(20), short_y),
        "ridge_1": ridge(short, none(20), short_y, 1.0),
        "lasso": elastic_net(short, none(20), short_y, 0.05),
        "elastic_net": elastic_net(short, none(20), short_y, 0.1, 0.3),
        "logistic": logistic(short, none(20), (short_y > 0).astype(int)),
    },
}
mixed_part = fixture["mixed"]
few = dict(tol=1e-15, max_iter=10_000_000)
newton = dict(solver="newton-cholesky", tol=1e-12, max_iter=1000)
for name, target, model in [
    ("linear", y, LinearRegression()),
    ("ridge", y, Ridge(alpha=3.0, solver="cholesky")),
    ("lasso", y, ElasticNet(alpha=0.05, l1_ratio=1.0, **few)),
    ("elastic_net", y, ElasticNet(alpha=0.1, l1_ratio=0.3, **few)),
    ("logistic", two, LogisticRegression(**newton)),
    ("logistic_balanced", two, LogisticRegression(class_weight="balanced", C=0.3, **newton)),
    ("softmax", three, LogisticRegression(**newton)),
]:
    mixed_part[f"weighted_{name}"] = weighted(x, codes, target, model, row_weights)

for name in ["mixed", "scales", "collinear"]:
    rows, levels, target = {
        "mixed": (x, codes, y),
        "scales": (wide_scales, none(150), scales_y),
        "collinear": (collinear, none(80), collinear_y),
    }[name]
    label = two if name == "mixed" else (target > np.median(target)).astype(int)
    fixture[name]["data"]["path_label"] = values(label)
    z = encode(rows, levels)[0]
    greatest = np.abs((z - z.mean(axis=0)).T @ (target - target.mean())).max() / len(target)
    fixture[name]["paths"] = {
        "ridge": path(lambda alpha: ridge(rows, levels, target, alpha), 10.0 ** np.arange(-3, 6)),
        "lasso": path(lambda alpha: elastic_net(rows, levels, target, alpha), greatest * np.array([1.01, 0.7, 0.3, 0.1, 0.03, 0.01, 1e-3])),
        "elastic_net": path(lambda alpha: elastic_net(rows, levels, target, alpha, 0.5), greatest * np.array([2.02, 1, 0.3, 0.1, 0.03, 0.01, 1e-3])),
        "logistic": path(lambda c: logistic(rows, levels, label, C=c), 10.0 ** np.arange(-4, 4)),
    }
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(fixture) + "\n")

"""Writes linear_losses.json: what scikit-learn and statsmodels say of linear support vector machines, quantile, Huber's and Poisson regression, of robust and
clustered standard errors, and of levels as differences from one of reference.

Run in an environment made from requirements.txt:  python linear_losses.py
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import optimize, stats
from sklearn.calibration import _SigmoidCalibration
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

warnings.simplefilter("ignore", ConvergenceWarning)
warnings.simplefilter("ignore", PerfectSeparationWarning)
rng = np.random.default_rng(20261128)
ROWS = 240

x = np.round(rng.normal(size=(ROWS, 3)) * [1, 20, 0.05] + [0, 100, 1], 4)
x[rng.random(ROWS) < 0.1, 0] = np.nan
codes = rng.choice([0, 1, 2, -1], ROWS, p=[0.2, 0.45, 0.25, 0.1])
clusters = rng.integers(0, 30, ROWS)
filled = np.where(np.isnan(x), np.nanmean(x, axis=0), x)
levels = (np.where(codes < 0, 3, codes)[:, None] == np.arange(4)).astype(float)
standard = (filled - filled.mean(axis=0)) / filled.std(axis=0)
line = 1.3 * standard[:, 0] - 0.7 * standard[:, 1] + levels @ [0, 0.8, -0.5, 0.3]
noise = rng.standard_t(2, ROWS) * (1 + 0.5 * np.abs(standard[:, 1])) + rng.normal(size=30)[clusters]
y = np.round(50 + 8 * (line + noise), 4)
two = (line + rng.logistic(size=ROWS) > 0.2).astype(float)
three = np.digitize(line + rng.normal(size=ROWS), [-0.6, 0.9]).astype(float)
counts = rng.poisson(np.exp(0.9 + 0.4 * line)).astype(float)
weights = rng.integers(1, 4, ROWS).astype(float)

# Numbers standardised, a 0/1 column for each level: the design of a penalty.
z = np.column_stack([standard, levels])
# As statsmodels' Treatment has it: an intercept, numbers as they are, all levels but one.
def treatment(reference):
    return np.column_stack([np.ones(ROWS), filled, np.delete(levels, reference, axis=1)])


def values(array):
    return [None if np.isnan(v) else float(v) for v in np.asarray(array, dtype=float).ravel()]


def raw(weights, intercept):
    """Weights of standardised numbers and of levels, on the scale of the numbers themselves."""
    own = np.array(weights, dtype=float)
    own[:3] /= filled.std(axis=0)
    return {"weights": values(own), "intercept": float(intercept - own[:3] @ filled.mean(axis=0))}


def squared(target, weight_of, C, epsilon, intercept=True, row_weights=None):
    """The minimum of a squared loss by Newton's method, the intercept without a penalty."""
    one = np.column_stack([z, np.ones(ROWS)]) if intercept else z
    penalty = np.eye(one.shape[1])
    if intercept:
        penalty[-1, -1] = 0
    v = np.zeros(one.shape[1])
    price = np.ones(ROWS) if row_weights is None else row_weights
    value = lambda v: 0.5 * v @ penalty @ v + C * np.sum(price * weight_of(one @ v)[0])
    for _ in range(200):
        loss, slope, curve = weight_of(one @ v)
        step = np.linalg.solve(penalty + C * (one.T * (price * curve)) @ one + 1e-14 * np.eye(len(v)), penalty @ v + C * one.T @ (price * slope))
        length = 1.0
        while value(v - length * step) > value(v) and length > 1e-12:
            length /= 2
        v = v - length * step
        if np.abs(step).max() < 1e-14:
            break
    return v[:-1] if intercept else v, v[-1] if intercept else 0.0


def squared_hinge(sign):
    def of(score):
        short = np.maximum(1 - sign * score, 0)
        return short**2, -2 * sign * short, 2.0 * (short > 0)
    return of


def squared_insensitive(target, epsilon):
    def of(score):
        error = target - score
        beyond = np.maximum(np.abs(error) - epsilon, 0)
        return beyond**2, -2 * beyond * np.sign(error), 2.0 * (beyond > 0)
    return of


def sigmoid(decisions, hits):
    curve = _SigmoidCalibration().fit(decisions, hits)
    # To more digits than scikit-learn stops at.
    n1, n0 = hits.sum(), (1 - hits).sum()
    t = np.where(hits > 0.5, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    loss = lambda ab: np.sum(np.logaddexp(0, -(ab[0] * decisions + ab[1])) + (1 - t) * (ab[0] * decisions + ab[1]))
    best = optimize.minimize(loss, [-curve.a_, -curve.b_], method="BFGS", options={"gtol": 1e-10}).x
    return 1 / (1 + np.exp(-(best[0] * decisions + best[1])))


def machine(target, C, loss, row_weights=None):
    sign = 2 * target - 1
    if loss == "hinge":
        model = SVC(kernel="linear", C=C, tol=1e-9).fit(z, sign, sample_weight=row_weights)
        w, b = model.coef_[0], model.intercept_[0]
    else:
        w, b = squared(sign, squared_hinge(sign), C, 0, row_weights=row_weights)
        if row_weights is None:
            theirs = LinearSVC(C=C, intercept_scaling=300, tol=1e-12, max_iter=1_000_000, dual=False).fit(z, sign)
            assert np.abs(theirs.coef_[0] - w).max() < 1e-3, (theirs.coef_[0], w)
    return w, b, {**raw(w, b), "probabilities": values(sigmoid(z @ w + b, target))}


svm = {
    "squared_hinge": machine(two, 1.0, "squared_hinge")[2],
    "squared_hinge_strong": machine(two, 0.02, "squared_hinge")[2],
    "hinge": machine(two, 1.0, "hinge")[2],
    "hinge_strong": machine(two, 0.02, "hinge")[2],
    "hinge_weighted": machine(two, 1.0, "hinge", weights)[2]["weights"],
    "squared_hinge_weighted": machine(two, 1.0, "squared_hinge", weights)[2]["weights"],
}
balance = np.where(two > 0.5, ROWS / (2 * two.sum()), ROWS / (2 * (1 - two).sum()))
svm["balanced"] = machine(two, 1.0, "squared_hinge", balance)[2]["weights"]
# Without an intercept numbers are scaled, but not moved.
scaled = np.column_stack([filled / filled.std(axis=0), levels])
origin = LinearSVC(C=0.5, fit_intercept=False, tol=1e-12, max_iter=1_000_000, dual=False).fit(scaled, two).coef_[0].copy()
origin[:3] /= filled.std(axis=0)
svm["squared_hinge_origin"] = values(origin)
for loss in ["hinge", "squared_hinge"]:
    each = [machine((three == k).astype(float), 1.0, loss) for k in range(3)]
    chances = np.column_stack([one[2]["probabilities"] for one in each])
    svm[loss + "_three"] = {
        "weights": sum((one[2]["weights"] for one in each), []),
        "intercept": [one[2]["intercept"] for one in each],
        "probabilities": values(chances / chances.sum(axis=1, keepdims=True)),
    }
for name, C, epsilon in [("insensitive", 1.0, 5.0), ("insensitive_strong", 0.01, 2.0), ("absolute", 0.1, 0.0)]:
    model = SVR(kernel="linear", C=C, epsilon=epsilon, tol=1e-9).fit(z, y)
    svm[name] = raw(model.coef_[0], model.intercept_[0])
w, b = squared(y, squared_insensitive(y, 5.0), 0.1, 5.0)
svm["squared_insensitive"] = raw(w, b)


def fitted(result, rows=slice(None)):
    return {"weights": values(result.params), "errors": values(result.bse), "p_values": values(result.pvalues)}


def quantile(q, vcov):
    """The exact minimum by linear programming (of quantiles for which it is one point), and statsmodels' errors of it."""
    design = treatment(0)
    p = design.shape[1]
    cost = np.concatenate([np.zeros(2 * p), np.full(ROWS, q), np.full(ROWS, 1 - q)])
    equal = np.hstack([design, -design, np.eye(ROWS), -np.eye(ROWS)])
    found = optimize.linprog(cost, A_eq=equal, b_eq=y, bounds=(0, None), method="highs-ds")
    beta = found.x[:p] - found.x[p : 2 * p]
    theirs = sm.QuantReg(y, design).fit(q=q, vcov=vcov, p_tol=1e-9, max_iter=20000)
    assert np.abs(theirs.params - beta).max() < 1e-2 * np.abs(beta).max(), (theirs.params, beta)
    # Their errors once more: rows on the line are on its lower side, where rounding puts them on either.
    e = y - design @ beta
    e[np.abs(e) < 1e-9] = 0
    h = sm.regression.quantile_regression.hall_sheather(ROWS, q)
    iqr = stats.scoreatpercentile(e, 75) - stats.scoreatpercentile(e, 25)
    h = min(np.std(y), iqr / 1.34) * (stats.norm.ppf(q + h) - stats.norm.ppf(q - h))
    density = np.sum(0.75 * (1 - (e / h) ** 2) * (np.abs(e / h) <= 1)) / (ROWS * h)
    bread = np.linalg.inv(design.T @ design)
    if vcov == "robust":
        d = np.where(e > 0, (q / density) ** 2, ((1 - q) / density) ** 2)
        cov = bread @ (design.T * d) @ design @ bread
    else:
        cov = q * (1 - q) / density**2 * bread
    errors = np.sqrt(np.diag(cov))
    assert np.abs(errors / theirs.bse - 1).max() < 0.05, (errors, theirs.bse)
    p_values = 2 * stats.t.sf(np.abs(beta / errors), ROWS - p)
    loss = np.mean(np.where(e >= 0, q * e, (q - 1) * e))
    return {"weights": values(beta), "errors": values(errors), "p_values": values(p_values), "loss": float(loss)}


quantiles = {f"{q}_{vcov}": quantile(q, vcov) for q, vcov in [(0.47, "robust"), (0.1, "robust"), (0.9, "iid")]}

design = treatment(0)
huber = {
    name: fitted(sm.RLM(y, design, M=sm.robust.norms.HuberT(t=t)).fit(tol=1e-13, maxiter=2000, conv="coefs"))
    for name, t in [("1.345", 1.345), ("0.8", 0.8)]
}

poisson = {"classical": fitted(sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14))}
poisson["weighted"] = fitted(sm.GLM(counts, design, family=sm.families.Poisson(), freq_weights=weights).fit(tol=1e-14))
poisson["HC0"] = fitted(sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14, cov_type="HC0"))
poisson["cluster"] = fitted(
    sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14, cov_type="cluster", cov_kwds={"groups": clusters})
)
one = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14)
poisson["predictions"] = values(one.fittedvalues)
poisson["deviance"] = float(one.deviance / ROWS)

linear, logistic = {}, {}
for kind in ["nonrobust", "HC0", "HC1", "HC2", "HC3"]:
    linear[kind] = fitted(sm.OLS(y, design).fit(cov_type=kind))
    linear["weighted_" + kind] = fitted(sm.WLS(y, design, weights=weights).fit(cov_type=kind))
linear["cluster"] = fitted(sm.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": clusters}))
linear["most_frequent"] = fitted(sm.OLS(y, treatment(1)).fit())
linear["adjusted_r2"] = float(sm.OLS(y, design).fit().rsquared_adj)
for kind in ["nonrobust", "HC0"]:
    logistic[kind] = fitted(sm.Logit(two, design).fit(disp=0, cov_type=kind, method="newton", tol=1e-14))
logistic["cluster"] = fitted(sm.Logit(two, design).fit(disp=0, cov_type="cluster", cov_kwds={"groups": clusters}, tol=1e-14))

json.dump(
    {
        "versions": {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
            "statsmodels": statsmodels.__version__,
        },
        "data": {
            "numbers": [values(column) for column in x.T],
            "codes": [[int(code) for code in codes]],
            "clusters": [int(cluster) for cluster in clusters],
            "row_weights": values(weights),
            "y": values(y),
            "two": values(two),
            "three": values(three),
            "counts": values(counts),
        },
        "svm": svm,
        "quantile": quantiles,
        "huber": huber,
        "poisson": poisson,
        "linear": linear,
        "logistic": logistic,
    },
    (pathlib.Path(__file__).parent / "linear_losses.json").open("w"),
)

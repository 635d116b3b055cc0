"""Writes objectives.json: what LightGBM's objectives of numbers make of the table in boosting.json, for the tests of src/algo/boosting.

Run from this folder: python objectives.py
"""

import json

import lightgbm
import numpy as np
from sklearn.metrics import mean_gamma_deviance, mean_pinball_loss, mean_poisson_deviance, mean_tweedie_deviance

with open("boosting.json") as file:
    base = json.load(file)
TRAIN = base["train_rows"]
table = np.array([[np.nan if v is None else v for v in column] for column in base["numbers"]] + [base["level"]]).T
number = np.array(base["number"])
weight = np.array(base["weight"])
train, test = table[:TRAIN], table[TRAIN:]
random = np.random.default_rng(21)
mean = np.exp(number / 3)
outliers = np.where(random.random(len(number)) < 0.05, random.normal(0, 60, len(number)), 0)
targets = {
    "number": number,
    "outliers": np.round(number + outliers, 3),
    "count": random.poisson(mean).astype(float),
    "amount": np.round(random.gamma(2.0, mean / 2), 4) + 0.0001,
    "often_0": np.array([random.gamma(2.0, 0.5, n).sum().round(4) for n in random.poisson(mean / 2)]),
}


def huber(delta):
    def loss(y, predicted):
        error = np.abs(predicted - y)
        return np.where(error <= delta, 0.5 * error**2, delta * (error - 0.5 * delta)).mean()

    return loss


cases = [
    ("quantile_90", "number", dict(objective="quantile", alpha=0.9), lambda y, p: mean_pinball_loss(y, p, alpha=0.9)),
    ("quantile_20", "number", dict(objective="quantile", alpha=0.2), lambda y, p: mean_pinball_loss(y, p, alpha=0.2)),
    ("huber", "outliers", dict(objective="huber", alpha=1.5), huber(1.5)),
    ("poisson", "count", dict(objective="poisson"), mean_poisson_deviance),
    ("poisson_steps", "count", dict(objective="poisson", poisson_max_delta_step=0.1), mean_poisson_deviance),
    ("gamma", "amount", dict(objective="gamma"), mean_gamma_deviance),
    ("tweedie", "often_0", dict(objective="tweedie", tweedie_variance_power=1.3), lambda y, p: mean_tweedie_deviance(y, p, power=1.3)),
]
written = []
for name, target, params, loss in cases:
    y = targets[target]
    for weighted in [False, True]:
        model = lightgbm.LGBMRegressor(
            n_estimators=40, min_data_in_bin=1, n_jobs=1, verbose=-1, deterministic=True, force_row_wise=True, **params
        )
        model.fit(train, y[:TRAIN], categorical_feature=[4], sample_weight=weight[:TRAIN] if weighted else None)
        first = lightgbm.LGBMRegressor(
            n_estimators=1, num_leaves=4, min_data_in_bin=1, n_jobs=1, verbose=-1, deterministic=True, force_row_wise=True, **params
        )
        first.fit(train, y[:TRAIN], categorical_feature=[4], sample_weight=weight[:TRAIN] if weighted else None)
        written.append(
            {
                "name": name,
                "target": target,
                "params": params,
                "weighted": weighted,
                "train_loss": float(loss(y[:TRAIN], model.predict(train))),
                "test_loss": float(loss(y[TRAIN:], model.predict(test))),
                "first_tree": sorted(set(first.predict(train).round(9).tolist())),
            }
        )
with open("objectives.json", "w") as file:
    json.dump(
        {
            "made_by": {"lightgbm": lightgbm.__version__, "numpy": np.__version__},
            "targets": {name: values.tolist() for name, values in targets.items() if name != "number"},
            "cases": written,
        },
        file,
        separators=(",", ":"),
    )
    file.write("\n")

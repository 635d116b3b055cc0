"""Writes boosting.json: what LightGBM makes of a small table, for the tests of src/algo/boosting.

Run from this folder: python boosting.py
"""

import json

import lightgbm
import numpy as np
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

random = np.random.default_rng(20)
TRAIN, TEST = 1500, 1000
ROWS = TRAIN + TEST
LEVELS = 8

# Whole numbers above 0: every value has a bin of its own in both libraries.
x = random.integers(1, 100, size=(ROWS, 4)).astype(float)
x[:, 3] = np.round(x[:, 3] ** 2 / 100) + 1
level = random.integers(0, LEVELS, ROWS)
effect = np.array([-1.5, 0.3, 1.1, -0.4, 0.9, 0.0, 2.0, -2.0])[level]
signal = x[:, 0] / 30 + np.sin(x[:, 1] / 9) + effect + (x[:, 2] > 60) * x[:, 3] / 40
missing = random.random(ROWS) < 0.15
signal[missing] += 1.0
x[missing, 1] = np.nan
number = np.round(signal + random.normal(0, 0.5, ROWS), 3)
binary = (signal + random.logistic(0, 0.7, ROWS) > np.median(signal)).astype(int)
three = np.digitize(signal + random.normal(0, 0.8, ROWS), np.quantile(signal, [0.4, 0.7]))
weight = np.round(random.uniform(0.2, 3.0, ROWS), 2)

table = np.column_stack([x, level])
train, test = table[:TRAIN], table[TRAIN:]
common = dict(min_data_in_bin=1, n_jobs=1, verbose=-1, deterministic=True, force_row_wise=True)


def fit(model, target, **more):
    return model.fit(train, target[:TRAIN], categorical_feature=[4], **more)


regression = fit(lightgbm.LGBMRegressor(n_estimators=30, **common), number)
monotone = fit(lightgbm.LGBMRegressor(n_estimators=30, monotone_constraints=[1, 0, 0, 0, 0], **common), number)
classifier = fit(lightgbm.LGBMClassifier(**common), binary)
weighted = fit(lightgbm.LGBMClassifier(**common), binary, sample_weight=weight[:TRAIN])
weighted_number = fit(lightgbm.LGBMRegressor(n_estimators=30, **common), number, sample_weight=weight[:TRAIN])
weighted_three = fit(lightgbm.LGBMClassifier(**common), three, sample_weight=weight[:TRAIN])
softmax = fit(lightgbm.LGBMClassifier(**common), three)
# Categories of three and of four levels, whose pairs tell. LightGBM counts missing values as one level more, so that it splits only those of three
# one against the rest. In larger trees it does not look again at columns that could not be split in a leaf above.
few = np.column_stack([random.integers(0, levels, TRAIN) for levels in (4, 4, 3)])
few_number = np.round(
    2.0 * ((few[:, 0] < 2) ^ (few[:, 1] % 2 == 0)) + few[:, 2] * (few[:, 0] % 3 == 0) + random.normal(0, 0.5, TRAIN), 3
)
few_levels = lightgbm.LGBMRegressor(n_estimators=30, num_leaves=4, **common).fit(few, few_number, categorical_feature=[0, 1, 2])
expected = {
    "few_levels": few_levels.predict(few).round(9).tolist(),
    "regression_train": regression.predict(train).round(9).tolist(),
    "regression_rmse": mean_squared_error(number[TRAIN:], regression.predict(test)) ** 0.5,
    "regression_splits": regression.feature_importances_.tolist(),
    "monotone_rmse": mean_squared_error(number[TRAIN:], monotone.predict(test)) ** 0.5,
    "binary_auc": roc_auc_score(binary[TRAIN:], classifier.predict_proba(test)[:, 1]),
    "binary_log_loss": log_loss(binary[TRAIN:], classifier.predict_proba(test)[:, 1]),
    "weighted_log_loss": log_loss(
        binary[TRAIN:], weighted.predict_proba(test)[:, 1], sample_weight=weight[TRAIN:]
    ),
    "weighted_regression_rmse": mean_squared_error(
        number[TRAIN:], weighted_number.predict(test), sample_weight=weight[TRAIN:]
    )
    ** 0.5,
    "weighted_multiclass_log_loss": log_loss(
        three[TRAIN:], weighted_three.predict_proba(test), sample_weight=weight[TRAIN:]
    ),
    "multiclass_log_loss": log_loss(three[TRAIN:], softmax.predict_proba(test)),
}
columns = [[None if np.isnan(v) else int(v) for v in column] for column in x.T]
fixture = {
    "made_by": {"lightgbm": lightgbm.__version__, "numpy": np.__version__},
    "train_rows": TRAIN,
    "numbers": columns,
    "levels": LEVELS,
    "level": level.tolist(),
    "number": number.tolist(),
    "binary": binary.tolist(),
    "three": three.tolist(),
    "weight": weight.tolist(),
    "few": few.T.tolist(),
    "few_number": few_number.tolist(),
    "expected": expected,
}
with open("boosting.json", "w") as file:
    json.dump(fixture, file, separators=(",", ":"))
    file.write("\n")

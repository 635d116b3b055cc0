"""Writes exchange_trees.json: models of LightGBM and XGBoost as these write them, and what they score, for the tests of src/algo/exchange.

Run from this folder: python exchange_trees.py (with requirements-exchange.txt)
"""

import base64
import json
import tempfile
import warnings

import lightgbm
import numpy as np
import pandas as pd
import xgboost

warnings.filterwarnings("ignore")
random = np.random.default_rng(19)
TRAIN, TEST = 300, 40
ROWS = TRAIN + TEST
frame = pd.DataFrame(
    {
        "age": random.integers(18, 90, ROWS).astype(float),
        "income": np.round(random.lognormal(3, 1, ROWS), 2),
        "zeros": np.where(random.random(ROWS) < 0.5, 0.0, np.round(random.normal(0, 2, ROWS), 3)),
        "city": pd.Categorical(random.choice(["Ulm", "Bern", "Graz", "Kiel", "Linz"], ROWS)),
        "size": pd.Categorical(random.choice([3, 11, 7], ROWS)),
    }
)
city = frame["city"].map({"Ulm": 1.0, "Bern": -1.0, "Graz": 0.5, "Kiel": -0.5, "Linz": 0.0}).astype(float)
signal = frame["age"] / 30 + np.log(frame["income"]) / 2 + city + (frame["zeros"] > 0) * (frame["size"] == 7)
frame.loc[random.random(ROWS) < 0.15, "income"] = np.nan
frame.loc[random.random(ROWS) < 0.1, "city"] = np.nan
number = np.round(signal + random.normal(0, 0.3, ROWS), 3)
binary = (signal + random.logistic(0, 0.5, ROWS) > signal.median()).astype(int)
three = np.digitize(signal + random.normal(0, 0.4, ROWS), np.quantile(signal, [0.3, 0.7]))
counts = random.poisson(np.exp(signal / 3))
share = 1 / (1 + np.exp(-(signal - signal.median())))
plain = frame[["age", "income", "zeros"]]


def listed(array):
    return [[None if pd.isna(v) else float(v) for v in np.atleast_1d(row)] for row in np.asarray(array, dtype=float)]


cases = []


def add(name, kind, format, model, rows, scores, contributions, given=None):
    cases.append(
        {
            "name": name,
            "features": kind,
            "format": format,
            "model": model,
            "given": given or {},
            "scores": listed(scores),
            "contributions": None if contributions is None else listed(contributions),
        }
    )


# LightGBM.
small = dict(n_estimators=6, num_leaves=7, min_child_samples=5, min_data_per_group=5, cat_smooth=1, max_cat_to_onehot=2, verbose=-1, n_jobs=1)


def light(name, objective, target, data=frame, contributions=True, **more):
    model = lightgbm.LGBMModel(objective=objective, **{**small, **more})
    model.fit(data[:TRAIN], np.asarray(target)[:TRAIN], categorical_feature="auto")
    booster, test = model.booster_, data[TRAIN:]
    kind = "all" if data is frame else "plain"
    contributions = booster.predict(test, pred_contrib=True) if contributions else None
    # Their shortest form loses no bit of what decides.
    text = booster.model_to_string()
    add(f"lightgbm {name}", kind, "lightgbm", text, test, booster.predict(test), contributions)


light("binary", "binary", binary)
light("binary, sigmoid 2", "binary", binary, sigmoid=2.0)
light("regression", "regression", number)
light("regression of square roots", "regression", number, reg_sqrt=True)
light("poisson", "poisson", counts)
light("gamma", "gamma", counts + 1.0)
light("tweedie", "tweedie", counts)
light("cross-entropy", "cross_entropy", share)
light("cross-entropy by lambda", "cross_entropy_lambda", share)
light("huber", "huber", number)
light("quantile", "quantile", number, alpha=0.3)
light("multiclass", "multiclass", three, num_class=3)
light("one against the rest", "multiclassova", three, num_class=3)
light("dart", "binary", binary, boosting_type="dart", drop_rate=0.5)
light("forest", "binary", binary, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.8, contributions=False)
light("missing values are none", "regression", number, data=plain, use_missing=False)
light("zeros are missing", "regression", number, data=plain, zero_as_missing=True)
light("one leaf", "regression", number, data=plain, min_child_samples=400)

# XGBoost.
deep = dict(n_estimators=6, max_depth=3, n_jobs=1)


def extreme(name, objective, target, data=frame, ubjson=False, **more):
    kind = xgboost.XGBClassifier if objective.startswith(("binary", "multi")) and objective != "binary:logitraw" else xgboost.XGBRegressor
    model = kind(objective=objective, enable_categorical=True, **{**deep, **more})
    model.fit(data[:TRAIN], np.asarray(target)[:TRAIN])
    booster, test = model.get_booster(), data[TRAIN:]
    matrix = xgboost.DMatrix(test, enable_categorical=True)
    scores = booster.predict(matrix)
    if objective.startswith("multi"):
        scores = model.predict_proba(test)
    contributions = booster.predict(matrix, pred_contribs=True)
    if contributions.ndim == 3:
        contributions = contributions.reshape(contributions.shape[0], -1)
    with tempfile.NamedTemporaryFile(suffix=".ubj" if ubjson else ".json") as file:
        booster.save_model(file.name)
        written = open(file.name, "rb").read()
    format = "xgboost ubjson" if ubjson else "xgboost"
    text = base64.b64encode(written).decode() if ubjson else json.loads(written)
    if not ubjson:
        # What is passed over anyway.
        for tree in text["learner"]["gradient_booster"].get("gbtree", text["learner"]["gradient_booster"])["model"]["trees"]:
            tree.pop("base_weights"), tree.pop("parents")
        text = json.dumps(text)
    add(f"xgboost {name}", "all" if data is frame else "plain", format, text, test, scores, contributions)


extreme("binary", "binary:logistic", binary, max_cat_to_onehot=1)
extreme("binary, one against the rest", "binary:logistic", binary, max_cat_to_onehot=10)
extreme("binary, UBJSON", "binary:logistic", binary, ubjson=True, max_cat_to_onehot=1)
extreme("margins", "binary:logitraw", binary, data=plain)
extreme("shares", "reg:logistic", share, data=plain)
extreme("regression", "reg:squarederror", number)
extreme("absolute error", "reg:absoluteerror", number, data=plain)
extreme("poisson", "count:poisson", counts, data=plain)
extreme("gamma", "reg:gamma", counts + 1.0, data=plain)
extreme("tweedie", "reg:tweedie", counts, data=plain)
extreme("softmax", "multi:softprob", three)
extreme("softmax, UBJSON", "multi:softprob", three, ubjson=True, data=plain)
extreme("dart", "binary:logistic", binary, booster="dart", rate_drop=0.5)
extreme("forest", "binary:logistic", binary, data=plain, num_parallel_tree=3, n_estimators=2, subsample=0.6)
extreme("softmax of forests", "multi:softprob", three, data=plain, num_parallel_tree=2, n_estimators=2, subsample=0.6)

test = frame[TRAIN:]
table = {name: [None if pd.isna(v) else v for v in test[name].tolist()] for name in frame.columns}
table["size"] = [str(v) for v in table["size"]]
versions = {"lightgbm": lightgbm.__version__, "xgboost": xgboost.__version__, "numpy": np.__version__}
with open("exchange_trees.json", "w") as file:
    json.dump({"versions": versions, "table": table, "cases": cases}, file, ensure_ascii=False)
    file.write("\n")

"""Writes monitoring_errors.json: the errors that NannyML expects of predicted numbers without their truth (direct loss estimation), beside those that
they turn out to have, for the tests of src/algo/monitoring.

Doctor's visits of the RAND health insurance experiment (statsmodels.datasets.randhie), predicted by least squares. The reference are rows that the
regression was not fitted on; later rows come in chunks: one of rows like these, the others of people who are ill, who are not, and who pay for
themselves, of whom the regression is off by more or by less.

Run from this folder, with requirements-monitoring.txt: python monitoring_errors.py
"""

import json
import os

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import numpy as np
import statsmodels.api as sm

random = np.random.default_rng(14)
data = sm.datasets.randhie.load_pandas().data.sample(frac=1, random_state=14).reset_index(drop=True)
features = ["lncoins", "idp", "lpi", "fmde", "physlm", "disea", "hlthg", "hlthf", "hlthp"]
data[features] = data[features].round(4)
model = sm.OLS(data["mdvis"][:6000], sm.add_constant(data[features][:6000])).fit()
data["predicted"] = model.predict(sm.add_constant(data[features])).round(6)

reference, later = data[6000:9000], data[9000:]
SIZE = 600
chunks = {
    "alike": later[:SIZE],
    "ill": later[SIZE:][later["disea"][SIZE:] > 16][:SIZE],
    "healthy": later[SIZE:][later["disea"][SIZE:] < 6][:SIZE],
    "paying": later[SIZE:][later["lncoins"][SIZE:] > 4][:SIZE],
}

estimator = nannyml.DLE(
    feature_column_names=features,
    y_pred="predicted",
    y_true="mdvis",
    metrics=["mae", "mse", "rmse"],
    chunk_size=SIZE,
)
estimator.fit(reference)


def columns(rows):
    return {name: rows[name].tolist() for name in [*features, "predicted", "mdvis"]}


cases = []
for name, rows in chunks.items():
    assert len(rows) == SIZE, name
    found = estimator.estimate(rows).filter(period="analysis").to_df()
    cases.append({"name": name, "rows": columns(rows), "expected": {m: float(found[(m, "value")].iloc[0]) for m in ("mae", "mse", "rmse")}})
    errors = (rows["predicted"] - rows["mdvis"]).abs()
    print(name, cases[-1]["expected"], "realised", {"mae": errors.mean(), "mse": (errors**2).mean(), "rmse": (errors**2).mean() ** 0.5})

with open("monitoring_errors.json", "w") as file:
    json.dump({"made_by": {"nannyml": nannyml.__version__, "numpy": np.__version__}, "features": features, "reference": columns(reference), "cases": cases}, file)

"""Models of LightGBM and XGBoost come in and go out. Prints 'ok - NAME' or 'not ok - NAME' for each promise, with the largest difference."""

import json
import os
import sqlite3
import tempfile
import time
import warnings

import duckdb
import lightgbm
import numpy as np
import pandas as pd
import psycopg
import xgboost

warnings.filterwarnings("ignore")
status = 0


def check(name, difference, most):
    global status
    good = bool(difference <= most)
    status |= not good
    print(f"{'ok' if good else 'not ok'} - {name}: {difference:.2e}")


connection = psycopg.connect("", autocommit=True)
run = connection.execute
random = np.random.default_rng(7)
ROWS = 2000
frame = pd.DataFrame(
    {
        "age": random.integers(18, 90, ROWS).astype(float),
        "income": np.round(random.lognormal(3, 1, ROWS), 2),
        "city": pd.Categorical(random.choice(["Ulm", "Bern", "Graz", "it's"], ROWS)),
    }
)
signal = frame["age"] / 30 + np.log(frame["income"]) + frame["city"].map({"Ulm": 1.0, "Bern": -1.0, "Graz": 0.5, "it's": 0.0}).astype(float)
late = (signal + random.logistic(0, 0.5, ROWS) > signal.median()).astype(int)
hours = np.round(signal + random.normal(0, 0.3, ROWS), 3)
grade = np.digitize(signal, np.quantile(signal, [0.3, 0.7]))
frame.loc[random.random(ROWS) < 0.15, "income"] = np.nan
frame.loc[random.random(ROWS) < 0.1, "city"] = np.nan
run("CREATE TABLE person (id int, age float8, income float8, city text, late boolean, hours float8, grade text)")
with connection.cursor().copy("COPY person FROM STDIN") as copy:
    for i in range(ROWS):
        values = [None if pd.isna(v) else v for v in frame.loc[i]]
        copy.write_row([i, *values, bool(late[i]), hours[i], "abc"[grade[i]]])
FEATURES = "age, income, city"


def scored(model):
    rows = run(f"SELECT assay.predict_proba(%s, {FEATURES}) FROM person ORDER BY id", (model,)).fetchall()
    return np.array([row[0] for row in rows])


def predicted(model):
    return np.array([row[0] for row in run(f"SELECT assay.predict(%s, {FEATURES}) FROM person ORDER BY id", (model,)).fetchall()])


def imported(name, written, format):
    run("SELECT assay.import_model(%s, %s, %s)", (name, written, format))


# In.
boosted = dict(n_estimators=100, num_leaves=31, verbose=-1, n_jobs=1)
light = lightgbm.LGBMClassifier(**boosted).fit(frame, late)
imported("light", light.booster_.model_to_string().encode(), "lightgbm")
check("a classification of LightGBM's scores the same", np.abs(predicted("light") - light.predict_proba(frame)[:, 1]).max(), 1e-12)
several = lightgbm.LGBMClassifier(**{**boosted, "n_estimators": 20}).fit(frame, grade)
imported("several", several.booster_.model_to_string().encode(), "lightgbm")
check("several classes of LightGBM's score the same", np.abs(scored("several") - several.predict_proba(frame)).max(), 1e-12)
for ending in ("json", "ubj"):
    extreme = xgboost.XGBClassifier(n_estimators=100, max_depth=5, enable_categorical=True, n_jobs=1).fit(frame, late)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"model.{ending}")
        extreme.get_booster().save_model(path)
        imported(f"extreme {ending}", open(path, "rb").read(), "xgboost")
    check(f"a classification of XGBoost's scores the same, as {ending}", np.abs(predicted(f"extreme {ending}") - extreme.predict_proba(frame)[:, 1]).max(), 1e-6)


# Out, each with the rows that the file carries, which LightGBM scores, too.
def frame_of(rows):
    data = pd.DataFrame(rows, columns=["age", "income", "city"])
    categories = sorted(row[0] for row in run("SELECT DISTINCT city FROM person WHERE city IS NOT NULL").fetchall())
    for name in ("age", "income"):
        data[name] = data[name].astype(float)
    data["city"] = pd.Categorical(data["city"], categories=categories)
    return data


whole = frame_of(frame[["age", "income", "city"]].astype(object).where(frame.notna(), None).values.tolist())
trained = [("late", "gradient_boosting", {"n_estimators": 100}), ("hours", "gradient_boosting", {"n_estimators": 50}), ("grade", "gradient_boosting", {"n_estimators": 20}), ("hours", "random_forest", {"n_estimators": 20})]
for target, algorithm, params in trained:
    name = f"{target} by {algorithm}"
    run(f"SELECT assay.train(%s, 'SELECT {FEATURES}, {target} FROM person', %s, %s, %s)", (name, target, algorithm, json.dumps(params)))
    text = run("SELECT convert_from(assay.export_model(%s, 'lightgbm'), 'UTF8')", (name,)).fetchone()[0]
    booster = lightgbm.Booster(model_str=text)
    ours = scored(name) if target == "grade" else predicted(name)
    check(f"LightGBM scores {name} the same", np.abs(booster.predict(whole) - ours).max(), 1e-12)
    vectors = json.loads(next(line for line in text.splitlines() if line.startswith("assay_test_vectors:")).partition(":")[2])
    expected = np.array(vectors["scores"])
    expected = expected[:, 1] if expected.shape[1] == 2 else expected if target == "grade" else expected[:, 0]
    check(f"LightGBM scores the rows in the file of {name} the same", np.abs(booster.predict(frame_of(vectors["rows"])) - expected).max(), 1e-12)
    if algorithm == "gradient_boosting" and target != "grade":
        theirs = booster.predict(whole[:200], pred_contrib=True)
        rows = run(f"SELECT assay.attributions(%s, {FEATURES}) FROM person WHERE id < 200 ORDER BY id", (name,)).fetchall()
        base = run("SELECT assay.base_value(%s)", (name,)).fetchone()[0]
        check(f"LightGBM explains {name} the same", max(np.abs(theirs[:, :-1] - np.array([row[0] for row in rows])).max(), np.abs(theirs[:, -1] - base).max()), 1e-9)

# As SQL, in other databases.
rows = run("SELECT id, age, income, city FROM person ORDER BY id").fetchall()
run("SELECT assay.train('linear', 'SELECT age, income, city, late FROM person', 'late', 'logistic_regression')")
sqlite, duck = sqlite3.connect(":memory:"), duckdb.connect()
for other in (sqlite, duck):
    other.execute("CREATE TABLE person (id int, age double precision, income double precision, city text)")
    other.executemany("INSERT INTO person VALUES (?, ?, ?, ?)", rows)
for name in ("hours by random_forest", "late by gradient_boosting", "linear", "light"):
    if name == "hours by random_forest":
        run("SELECT assay.train('shallow', 'SELECT age, income, city, hours FROM person', 'hours', 'random_forest', '{\"n_estimators\": 10, \"max_depth\": 6}')")
        name = "shallow"
    expression = run("SELECT assay.model_as_sql(%s, 'p')", (name,)).fetchone()[0]
    ours = predicted(name)
    for database, other in (("PostgreSQL", connection), ("SQLite", sqlite), ("DuckDB", duck)):
        answers = other.execute(f"SELECT {expression} FROM person AS p ORDER BY id").fetchall()
        check(f"{database} scores {name} the same", np.abs(np.array([row[0] for row in answers], dtype=float) - ours).max(), 1e-9)

# An imported model scores as fast as one of ours: both go through the same scorer.
run("INSERT INTO person SELECT id + i * 2000, age, income, city, late, hours, grade FROM person, generate_series(1, 24) AS i")


def seconds(model):
    best = 1e9
    for _ in range(5):
        start = time.process_time_ns(), time.perf_counter()
        run(f"SELECT sum(assay.predict(%s, {FEATURES})) FROM person", (model,)).fetchone()
        best = min(best, time.perf_counter() - start[1])
    return best


run("SET max_parallel_workers_per_gather = 0")
own, theirs = seconds("late by gradient_boosting"), seconds("light")
print(f"ok - 50,000 rows: {own * 1000:.0f} ms by a model of ours with 100 trees, {theirs * 1000:.0f} ms by an imported one")
raise SystemExit(status)

"""What a data scientist does today with the same rows: fetch them by ADBC into pandas, encode, train or predict, write back by binary COPY.

Started by bench.py with the postmaster's process id. Reads a task a line as JSON, and answers with a line.
"""

import os
import tempfile
import warnings

import adbc_driver_postgresql.dbapi as adbc
import lightgbm
import numpy as np
import pandas as pd
import psycopg
import sklearn
import xgboost
from scipy.stats import loguniform, randint
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fetching import fetch
from serve import THREADS, serve

try:
    # The llvmlite that it needs is not made for every Python.
    import lleaves
except ImportError:
    lleaves = None

warnings.simplefilter("ignore")
TREES = {"n_estimators": 100, "num_leaves": 31, "max_bin": 255}
NUMBERS = [f"x{i}" for i in range(1, 21)]
TEXTS = ["a", "b"]
FEATURES = NUMBERS + TEXTS

# What one task leaves for the next, such as a trained model to score with.
kept = {}


def write(ids, scores):
    """A table of scores by binary COPY, its bytes made by NumPy at once."""
    rows = np.empty(len(ids), dtype=[("fields", ">i2"), ("id_size", ">i4"), ("id", ">i4"), ("size", ">i4"), ("score", ">f8")])
    rows["fields"], rows["id_size"], rows["id"], rows["size"], rows["score"] = 2, 4, ids, 8, scores
    with psycopg.connect(prepare_threshold=None) as connection:
        connection.execute("DROP TABLE IF EXISTS scores_of_peer")
        connection.execute("CREATE TABLE scores_of_peer (id int, score float8)")
        with connection.cursor().copy("COPY scores_of_peer FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            copy.write(rows.tobytes())
            copy.write(b"\xff\xff")


def linear_encoder():
    """Dense, although the default here would be sparse: that is faster."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("texts", OneHotEncoder(handle_unknown="ignore"), TEXTS)], sparse_threshold=0)


def as_categories(frame, levels=None):
    """The features with categories for texts; levels as in training."""
    frame = frame[FEATURES].copy(deep=False)
    for text in TEXTS:
        frame[text] = frame[text].astype("category" if levels is None else levels[text])
    return frame


def divided(frame):
    return frame[~frame["is_test"]], frame[frame["is_test"]]


def logistic_regression(stages, table):
    train, test = divided(fetch([*FEATURES, "label", "is_test"], table))
    stages.end("fetch")
    encoder = linear_encoder()
    encoded = encoder.fit_transform(train)
    stages.end("encode")
    model = LogisticRegression().fit(encoded, train["label"])
    stages.end("train")
    kept["linear"] = encoder, model
    return lambda: roc_auc_score(test["label"], model.predict_proba(encoder.transform(test))[:, 1])


def linear_regression(stages, table):
    frame = fetch([*NUMBERS, "amount"], table)
    stages.end("fetch")
    encoder = SimpleImputer()
    encoded = encoder.fit_transform(frame[NUMBERS])
    stages.end("encode")
    model = LinearRegression(n_jobs=THREADS).fit(encoded, frame["amount"])
    stages.end("train")
    return lambda: r2_score(frame["amount"], model.predict(encoded))


def gradient_boosting(stages, table):
    train, test = divided(fetch([*FEATURES, "label", "is_test"], table))
    stages.end("fetch")
    encoded = as_categories(train)
    stages.end("encode")
    model = lightgbm.LGBMClassifier(**TREES, n_jobs=THREADS, verbose=-1).fit(encoded, train["label"])
    stages.end("train")
    levels = {text: encoded[text].dtype for text in TEXTS}
    kept["boosted"] = levels, model
    return lambda: roc_auc_score(test["label"], model.predict_proba(as_categories(test, levels))[:, 1])


def before_train_lightgbm(table):
    if "encoded" not in kept:
        train = divided(fetch([*FEATURES, "label", "is_test"], table))[0]
        kept["encoded"] = as_categories(train), train["label"]


def train_lightgbm(_stages, table):
    """Its training alone, of rows that are encoded in memory already."""
    lightgbm.LGBMClassifier(**TREES, n_jobs=THREADS, verbose=-1).fit(*kept["encoded"])


def with_categories(features):
    """Texts as categories."""
    return features.assign(**{text: features[text].astype("category") for text in features.select_dtypes(exclude=["number", "bool"])})


def tune(stages, table):
    """Draws 20 candidates of the same ranges, tries each in 5 folds, and trains the best on all rows."""
    with adbc.connect(f"postgresql:///?user={os.environ['PGUSER']}") as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        frame = cursor.fetch_arrow_table().to_pandas()
    stages.end("fetch")
    features = with_categories(frame.drop(columns="income"))
    stages.end("encode")
    ranges = {"learning_rate": loguniform(0.02, 0.3), "num_leaves": randint(8, 65), "n_estimators": randint(50, 201),
              "min_child_samples": loguniform_int(5, 100)}
    model = lightgbm.LGBMClassifier(n_jobs=THREADS, verbose=-1)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    search = RandomizedSearchCV(model, ranges, n_iter=20, cv=folds, scoring="roc_auc", random_state=0).fit(features, frame["income"])
    stages.end("tune")
    return lambda: search.best_score_


def accuracy(stages, table):
    """ROC AUC of LightGBM on each of the splits that the table has columns for."""
    with adbc.connect(f"postgresql:///?user={os.environ['PGUSER']}") as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        frame = cursor.fetch_arrow_table().to_pandas()
    splits = [name for name in frame.columns if name.startswith("split")]
    label = frame["target"] == frame["target"].max()
    features = with_categories(frame.drop(columns=["target", *splits]))
    areas = []
    for split in splits:
        test = frame[split]
        model = lightgbm.LGBMClassifier(**TREES, n_jobs=THREADS, verbose=-1).fit(features[~test], label[~test])
        areas.append(roc_auc_score(label[test], model.predict_proba(features[test])[:, 1]))
    stages.end("train and test")
    return lambda: areas


class loguniform_int:
    """Whole numbers by their magnitude."""

    def __init__(self, low, high):
        self.of = loguniform(low, high)

    def rvs(self, *args, **kwargs):
        return int(round(self.of.rvs(*args, **kwargs)))


def random_forest(stages, table):
    train, test = divided(fetch([*FEATURES, "label", "is_test"], table))
    stages.end("fetch")
    encoder = ColumnTransformer([("numbers", SimpleImputer(), NUMBERS), ("texts", OneHotEncoder(handle_unknown="ignore"), TEXTS)],
                                sparse_threshold=0)
    encoded = encoder.fit_transform(train)
    stages.end("encode")
    model = RandomForestClassifier(n_jobs=THREADS, random_state=0).fit(encoded, train["label"])
    stages.end("train")
    return lambda: roc_auc_score(test["label"], model.predict_proba(encoder.transform(test))[:, 1])


def score_linear(stages, table):
    encoder, model = kept["linear"]
    frame = fetch(["id", *FEATURES], table)
    stages.end("fetch")
    encoded = encoder.transform(frame)
    stages.end("encode")
    scores = model.predict_proba(encoded)[:, 1]
    stages.end("predict")
    write(frame["id"], scores)
    stages.end("write")


def score_boosting(stages, table):
    levels, model = kept["boosted"]
    frame = fetch(["id", *FEATURES], table)
    stages.end("fetch")
    encoded = as_categories(frame, levels)
    stages.end("encode")
    scores = model.predict_proba(encoded, n_jobs=THREADS)[:, 1]
    stages.end("predict")
    write(frame["id"], scores)
    stages.end("write")


def train_xgboost(stages, table):
    """Trains what predict_xgboost scores with. Texts are plain codes: with its own categories XGBoost takes half as long again to predict."""
    frame = fetch([*FEATURES, "label", "is_test"], table)
    stages.end("fetch")
    everything = as_categories(frame)
    for text in TEXTS:
        everything[text] = everything[text].cat.codes.astype("float64")
    stages.end("encode")
    model = xgboost.XGBClassifier(n_estimators=100, grow_policy="lossguide", max_leaves=31, max_depth=0, max_bin=255, learning_rate=0.1,
                                  tree_method="hist", n_jobs=THREADS)
    train = ~frame["is_test"]
    model.fit(everything[train], frame["label"][train])
    stages.end("train")
    booster = model.get_booster()
    booster.set_param({"nthread": 1})
    kept["xgboost"] = booster, everything


def before_predict_xgboost(_table):
    """Rows held as XGBoost likes them best. Anew each time, because it remembers what it predicted for them."""
    kept["matrix"] = xgboost.DMatrix(kept["xgboost"][1], nthread=1)


def predict_xgboost(_stages, table):
    """In memory, by one thread."""
    kept["xgboost"][0].predict(kept["matrix"])


def compile_lleaves(stages, table):
    """Trains LightGBM's model and compiles its trees for predict_lleaves; gives whether there is lleaves."""
    if lleaves is None:
        return lambda: False
    frame = fetch([*FEATURES, "label", "is_test"], table)
    encoded = as_categories(frame)
    columns = [encoded[name].cat.codes if name in TEXTS else encoded[name] for name in FEATURES]
    rows = np.column_stack([column.to_numpy(dtype="float64") for column in columns])
    stages.end("fetch")
    train = ~frame["is_test"].to_numpy()
    texts = [FEATURES.index(name) for name in TEXTS]
    model = lightgbm.LGBMClassifier(**TREES, n_jobs=THREADS, verbose=-1)
    model.fit(rows[train], frame["label"].to_numpy()[train], categorical_feature=texts)
    stages.end("train")
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        model.booster_.save_model(file.name)
        compiled = lleaves.Model(model_file=file.name)
        compiled.compile()
    stages.end("compile")
    kept["lleaves"] = compiled, rows
    return lambda: True


def predict_lleaves(_stages, table):
    """In memory, by one thread."""
    model, rows = kept["lleaves"]
    model.predict(rows, n_jobs=1)


def forget(_stages, table):
    kept.clear()


serve(globals(), {"scikit-learn": sklearn.__version__, "LightGBM": lightgbm.__version__, "XGBoost": xgboost.__version__,
                  "pandas": pd.__version__})

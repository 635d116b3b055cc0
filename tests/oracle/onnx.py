#!/usr/bin/env python3
"""Makes onnx.json: models of scikit-learn, LightGBM and XGBoost as ONNX, rows, and what onnxruntime and their makers say of them.

    python3 -m venv venv && venv/bin/pip install -r tests/oracle/requirements-onnx.txt && venv/bin/python tests/oracle/onnx.py

The models are small: what is tested is each operator and each way to decide, not how large a file may be.
"""

import base64
import json
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore")
# A package of this name lies beside.
sys.path = [path for path in sys.path if pathlib.Path(path or ".").resolve() != pathlib.Path(__file__).resolve().parent]

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
import pandas as pd
import skl2onnx.common._container
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as Floats
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
                              HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (Binarizer, KBinsDiscretizer, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler,
                                   StandardScaler)
from sklearn.tree import DecisionTreeClassifier

make_node = skl2onnx.common._container.make_node


def plain_node(operator, inputs, outputs, name=None, **attributes):
    """The converter hands NumPy's unsigned numbers over, which onnx refuses."""
    plain = {key: np.array(value).tolist() if isinstance(value, (list, np.ndarray, np.generic)) and not isinstance(value[:1], bytes) else value
             for key, value in attributes.items()}
    return make_node(operator, inputs, outputs, name=name, **plain)


skl2onnx.common._container.make_node = plain_node

N, SHOWN = 300, 20
random = np.random.default_rng(7)
X = random.normal(size=(N, 4)).astype(np.float32)
HOLES = X.copy()
HOLES[random.random(X.shape) < 0.15] = np.nan
TWO = (X[:, 0] + X[:, 1] ** 2 - 0.5 + random.normal(size=N) * 0.4 > 0).astype(int)
THREE = np.digitize(X[:, 0] + X[:, 2] + random.normal(size=N) * 0.2, [-0.7, 0.7])
NUMBER = 2 * X[:, 0] - X[:, 1] * X[:, 2] + random.normal(size=N) * 0.1
WORDS = np.array(["no", "yes"])[TWO]
FRAME = pd.DataFrame({"age": HOLES[:, 0] * 10 + 40, "fare": np.exp(HOLES[:, 1]) * 20, "class": random.choice(["first", "second", "third"], N),
                      "port": random.choice(["C", "Q", "S"], N)})
PLAIN = FRAME.assign(age=X[:, 0] * 10 + 40, fare=np.exp(X[:, 1]) * 20)
COLUMNS = [("age", FloatTensorType([None, 1])), ("fare", FloatTensorType([None, 1])), ("class", StringTensorType([None, 1])),
           ("port", StringTensorType([None, 1]))]
CODED = HOLES.copy()
CODED[:, 3] = random.integers(0, 6, N)
CODED_NUMBER = NUMBER + 3 * (CODED[:, 3] == 2) + 3 * (CODED[:, 3] == 4)


def sklearn(model, rows, target, types=None, **options):
    """A model, fitted, as ONNX, with the rows."""
    model.fit(rows, target)
    types = types or [("X", FloatTensorType([None, rows.shape[1]]))]
    options = {"options": {"zipmap": False}, **options} if options.pop("plain", False) else options
    return convert_sklearn(model, initial_types=types, **options), rows, model


def boosted(convert, model, rows, target, **fit):
    model.fit(rows, target, **fit)
    return convert(model, initial_types=[("X", Floats([None, rows.shape[1]]))], target_opset=15), rows, model


def columns(*steps):
    filled = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer([("numbers", filled, ["age", "fare"]), ("words", OneHotEncoder(handle_unknown="ignore"), ["class", "port"])])


def ordinal():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer([("numbers", "passthrough", ["age", "fare"]), ("words", encoder, ["class", "port"])])


LGB, XGB = onnxmltools.convert_lightgbm, onnxmltools.convert_xgboost
CASES = {
    "logistic": lambda: sklearn(LogisticRegression(), X, TWO),
    "logistic of three": lambda: sklearn(LogisticRegression(), X, THREE),
    "logistic of words": lambda: sklearn(LogisticRegression(), X, WORDS, plain=True),
    "logistic of doubles": lambda: sklearn(LogisticRegression(), X.astype(float), TWO, [("X", DoubleTensorType([None, 4]))], plain=True),
    "ridge": lambda: sklearn(Ridge(), X, NUMBER),
    "linear": lambda: sklearn(LinearRegression(), X, NUMBER),
    "poisson": lambda: sklearn(PoissonRegressor(), X, np.abs(NUMBER)),
    "decision tree": lambda: sklearn(DecisionTreeClassifier(max_depth=4, random_state=1), X, TWO),
    "random forest": lambda: sklearn(RandomForestClassifier(6, max_depth=4, random_state=1), X, TWO),
    "random forest of three": lambda: sklearn(RandomForestClassifier(5, max_depth=4, random_state=1), X, THREE),
    "random forest of numbers": lambda: sklearn(RandomForestRegressor(5, max_depth=4, random_state=1), X, NUMBER),
    "extra trees": lambda: sklearn(ExtraTreesClassifier(5, max_depth=4, random_state=1), X, THREE),
    "extra trees of numbers": lambda: sklearn(ExtraTreesRegressor(5, max_depth=4, random_state=1), X, NUMBER),
    "gradient boosting": lambda: sklearn(GradientBoostingClassifier(n_estimators=8, random_state=1), X, TWO),
    "gradient boosting of three": lambda: sklearn(GradientBoostingClassifier(n_estimators=4, random_state=1), X, THREE),
    "gradient boosting of numbers": lambda: sklearn(GradientBoostingRegressor(n_estimators=8, random_state=1), X, NUMBER),
    "hist gradient boosting": lambda: sklearn(HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=8), HOLES, TWO),
    "hist gradient boosting of three": lambda: sklearn(HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=8), HOLES, THREE),
    "hist gradient boosting of numbers": lambda: sklearn(HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=8), HOLES, NUMBER),
    "gaussian naive bayes": lambda: sklearn(GaussianNB(), X, THREE),
    "columns": lambda: sklearn(make_pipeline(columns(), LogisticRegression()), FRAME, WORDS, COLUMNS),
    "columns of trees": lambda: sklearn(make_pipeline(columns(), GradientBoostingClassifier(n_estimators=8, random_state=1)), FRAME, TWO, COLUMNS),
    "ordinal columns of trees": lambda: sklearn(make_pipeline(ordinal(), RandomForestRegressor(5, max_depth=4, random_state=1)), PLAIN, NUMBER, COLUMNS),
    "scaled forest": lambda: sklearn(make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler(), RandomForestRegressor(4, max_depth=4, random_state=1)), HOLES,
                                     NUMBER),
    "normalised": lambda: sklearn(make_pipeline(Normalizer(), LogisticRegression()), X, TWO),
    "bins": lambda: sklearn(make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), LogisticRegression()), X, TWO),
    "ordinal bins": lambda: sklearn(make_pipeline(KBinsDiscretizer(4, encode="ordinal"), Ridge()), X, NUMBER),
    "binary": lambda: sklearn(make_pipeline(Binarizer(threshold=0.1), LogisticRegression()), X, TWO),
    "powers": lambda: sklearn(make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()), X, NUMBER),
    "components": lambda: sklearn(make_pipeline(RobustScaler(), PCA(2), LogisticRegression()), X, TWO),
    "chosen": lambda: sklearn(make_pipeline(SelectKBest(k=2), LogisticRegression()), X, TWO),
    "perceptron": lambda: sklearn(MLPClassifier((8,), max_iter=80, random_state=1), X, THREE),
    "perceptron of numbers": lambda: sklearn(MLPRegressor(hidden_layer_sizes=(8,), max_iter=80, random_state=1), X, NUMBER),
    "adaptive boosting": lambda: sklearn(AdaBoostClassifier(n_estimators=4, random_state=1), X, TWO),
    "lightgbm": lambda: boosted(LGB, lightgbm.LGBMClassifier(n_estimators=8, num_leaves=8, verbose=-1), HOLES, TWO),
    "lightgbm of three": lambda: boosted(LGB, lightgbm.LGBMClassifier(n_estimators=4, num_leaves=6, verbose=-1), HOLES, THREE),
    "lightgbm of numbers": lambda: boosted(LGB, lightgbm.LGBMRegressor(n_estimators=8, num_leaves=8, verbose=-1), HOLES, NUMBER),
    "lightgbm of categories": lambda: boosted(LGB, lightgbm.LGBMRegressor(n_estimators=6, num_leaves=6, max_cat_to_onehot=1, min_data_per_group=5, cat_smooth=1,
                                                                          verbose=-1), CODED, CODED_NUMBER, categorical_feature=[3]),
    "xgboost": lambda: boosted(XGB, xgboost.XGBClassifier(n_estimators=8, max_depth=3), HOLES, TWO),
    "xgboost of three": lambda: boosted(XGB, xgboost.XGBClassifier(n_estimators=4, max_depth=3), HOLES, THREE),
    "xgboost of numbers": lambda: boosted(XGB, xgboost.XGBRegressor(n_estimators=8, max_depth=3), HOLES, NUMBER),
}


def cells(value):
    """A value as JSON has it."""
    if isinstance(value, str):
        return value
    return None if np.isnan(value) else float(value)


def main():
    out = {}
    for name, make in CASES.items():
        graph, rows, model = make()
        graph.doc_string = ""
        session = onnxruntime.InferenceSession(graph.SerializeToString())
        shown = rows[:SHOWN] if not isinstance(rows, pd.DataFrame) else rows.iloc[:SHOWN]
        inputs = session.get_inputs()
        if isinstance(shown, pd.DataFrame):
            feed = {put.name: shown[put.name].to_numpy().reshape(-1, 1).astype(object if "string" in put.type else np.float32) for put in inputs}
            listed = [[cells(value) for value in row] for row in shown.itertuples(index=False)]
        else:
            feed = {inputs[0].name: shown}
            listed = [[cells(value) for value in row] for row in shown]
        answers = session.run(None, feed)
        if hasattr(model, "predict_proba"):
            label, scores = answers
            classes = [label.item() if isinstance(label, np.generic) else label for label in model.classes_]
            scores = [[float(row[label]) for label in classes] for row in scores] if isinstance(scores, list) else scores.tolist()
            makers = model.predict_proba(shown).tolist()
        else:
            classes, label = None, None
            scores = [[float(value)] for value in np.ravel(answers[0])]
            makers = [[float(value)] for value in np.ravel(model.predict(shown))]
        worst = max(abs(a - b) / max(1, abs(b)) for own, other in zip(scores, makers) for a, b in zip(own, other))
        print(f"{name:36} {len(graph.SerializeToString()):7} bytes, onnxruntime and its maker differ by {worst:.1e}", file=sys.stderr)
        out[name] = {
            "file": base64.b64encode(graph.SerializeToString()).decode(),
            "rows": listed,
            "classes": classes,
            "labels": None if label is None else [str(one) for one in label],
            "onnxruntime": scores,
            "maker": makers,
        }
    path = pathlib.Path(__file__).parent / "onnx.json"
    path.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}" for name, case in out.items()) + "\n}\n")
    print(path.stat().st_size, "bytes", file=sys.stderr)


main()

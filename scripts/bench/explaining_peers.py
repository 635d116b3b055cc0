"""What LightGBM and the shap package take to explain the rows that bench.py explains.

Started by bench.py with the postmaster's process id. Reads a task a line as JSON, and answers with a line. Both explain by one thread, and rows are
encoded in memory: their fetching is not counted.
"""

import os

import adbc_driver_postgresql.dbapi as adbc
import lightgbm
import shap
from sklearn.ensemble import HistGradientBoostingClassifier

from serve import serve

TEXTS = ["a", "b"]
FEATURES = [f"x{i}" for i in range(1, 21)] + TEXTS
kept = {}


def before_any(table):
    """Trains both models once, and keeps the rows."""
    if kept:
        return
    with adbc.connect(f"postgresql:///?user={os.environ['PGUSER']}") as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(FEATURES)}, label, is_test FROM {table}")
        frame = cursor.fetch_arrow_table().to_pandas()
    rows = frame[FEATURES].copy()
    for text in TEXTS:
        rows[text] = rows[text].astype("category").cat.codes.astype("float64")
    train = ~frame["is_test"]
    texts = [FEATURES.index(name) for name in TEXTS]
    kept["rows"] = rows.to_numpy()
    kept["lightgbm"] = lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1).fit(
        kept["rows"][train], frame["label"][train], categorical_feature=texts)
    # Of LightGBM's models shap asks LightGBM itself; this is one that it explains by its own code.
    kept["shap"] = shap.TreeExplainer(HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=31, early_stopping=False).fit(
        kept["rows"][train], frame["label"][train]))


before_contributions = before_shap_values = before_any


def contributions(_stages, table):
    kept["lightgbm"].predict(kept["rows"], pred_contrib=True, num_threads=1)


def shap_values(_stages, table):
    kept["shap"].shap_values(kept["rows"], check_additivity=False)


serve(globals(), {"LightGBM": lightgbm.__version__, "shap": shap.__version__})

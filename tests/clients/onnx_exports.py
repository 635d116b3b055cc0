"""Models of every kind that ONNX can say: each is exported, read by onnxruntime, and scores the rows of its own file and those of a table as assay does."""

import json

import numpy as np
import onnx
import onnxruntime
import psycopg

MODELS = {
    "trees": ("sold", "gradient_boosting", '{"n_estimators": 20, "min_child_samples": 5}', "{}"),
    "trees of numbers": ("price", "gradient_boosting", '{"n_estimators": 20, "min_child_samples": 5}', "{}"),
    "trees of counts": ("rooms", "gradient_boosting", '{"n_estimators": 10, "min_child_samples": 5, "objective": "poisson"}', "{}"),
    "trees of regions": ("region", "gradient_boosting", '{"n_estimators": 5, "min_child_samples": 5}', "{}"),
    "forest": ("sold", "random_forest", '{"n_estimators": 10}', "{}"),
    "forest of numbers": ("price", "random_forest", '{"n_estimators": 10}', "{}"),
    "forest of regions": ("region", "random_forest", '{"n_estimators": 5}', "{}"),
    "tree": ("sold", "decision_tree", "{}", "{}"),
    "line": ("price", "linear_regression", "{}", "{}"),
    "ridge": ("price", "ridge", "{}", "{}"),
    "lasso": ("price", "lasso", "{}", "{}"),
    "logit": ("sold", "logistic_regression", "{}", "{}"),
    "logit of regions": ("region", "logistic_regression", "{}", "{}"),
    "poisson": ("rooms", "poisson_regression", "{}", "{}"),
    "steps": ("sold", "logistic_regression", "{}", '{"columns": {"garden": {"impute": "median", "scale": "standard"}, "size": {"log": true, "scale": "robust"},'
              ' "region": {"encode": "one_hot"}}}'),
    "steps of trees": ("price", "gradient_boosting", '{"n_estimators": 10, "min_child_samples": 5}',
                       '{"columns": {"garden": {"impute": {"method": "mean", "indicator": true}, "clip": 0.05}, "region": {"encode": "target"}}}'),
    "ordinal": ("sold", "random_forest", '{"n_estimators": 5}', '{"columns": {"region": {"encode": "ordinal"}, "size": {"scale": "min_max"}}}'),
}


def fed(session, missing, columns, rows):
    """Rows as onnxruntime takes them, by input."""
    feed = {}
    for put in session.get_inputs():
        place = columns.index(put.name)
        values = [row[place] for row in rows]
        if put.type == "tensor(string)":
            values = [missing[put.name] if value is None else value for value in values]
            feed[put.name] = np.array(values, dtype=object).reshape(-1, 1)
        else:
            width = put.shape[1]
            feed[put.name] = np.array([np.full(width, np.nan) if value is None else np.broadcast_to(value, width) for value in values], dtype=float)
    return feed


def differ(ours, theirs):
    ours, theirs = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    return float(np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(ours))))


def main():
    connection = psycopg.connect(autocommit=True)
    connection.execute("""CREATE TABLE onnx_house AS SELECT i AS id, (40 + i * 37 % 160)::float8 AS size, CASE WHEN i % 7 > 0 THEN (i * 13 % 50)::float8 END AS garden,
        CASE WHEN i % 11 > 0 THEN (ARRAY['north', 'south', 'west'])[1 + i % 3] END AS region, 1 + i * 5 % 6 AS rooms FROM generate_series(1, 700) AS i""")
    connection.execute("ALTER TABLE onnx_house ADD price float8, ADD sold boolean")
    connection.execute("""UPDATE onnx_house SET price = size * 2 + coalesce(garden, 10) + 20 * (region = 'south')::int + id % 5,
        sold = size + 30 * coalesce((region = 'west')::int, 0) + id % 17 > 130""")
    worst = 0.0
    for name, (target, algorithm, params, steps) in MODELS.items():
        columns = [column for column in ("size", "garden", "region", "rooms", "price", "sold") if column != target and column not in ("price", "sold")]
        where = " WHERE region IS NOT NULL" if target == "region" else ""
        query = f"SELECT {', '.join(columns)}, {target} FROM onnx_house{where}"
        task = "classification" if target in ("sold", "region") else "regression"
        connection.execute("SELECT assay.train(%s, %s, %s, %s, task => %s, params => %s, preprocess => %s)", (name, query, target, algorithm, task, params, steps))
        file = connection.execute("SELECT assay.export_model(%s, 'onnx')", (name,)).fetchone()[0]
        onnx.checker.check_model(onnx.load_from_string(file))
        session = onnxruntime.InferenceSession(file)
        said = session.get_modelmeta().custom_metadata_map
        names, missing = json.loads(said["assay.inputs"]), json.loads(said["assay.missing_texts"])
        place = 1 if task == "classification" else 0
        own = session.run(None, fed(session, missing, names, json.loads(said["assay.test_rows"])))[place]
        of_file = differ(json.loads(said["assay.test_scores"]), own)
        call = "predict_proba" if task == "classification" else "predict"
        listed = ", ".join(columns)
        rows = connection.execute(f"SELECT {listed}, assay.{call}('{name}', h)"
                                  f"{', assay.predict_label(' + repr(name) + ', h)' if place else ''} FROM onnx_house AS h ORDER BY id").fetchall()
        outputs = session.run(None, fed(session, missing, columns, rows))
        scores = [row[len(columns)] if place else [row[len(columns)]] for row in rows]
        of_table = differ(scores, outputs[place])
        labels = not place or all(str(label).lower() == row[-1].lower() for label, row in zip(outputs[0], rows))
        worst = max(worst, of_file, of_table)
        good = of_file < 1e-12 and of_table < 1e-12 and labels
        print(f"{'ok' if good else 'not ok'} - {name}: onnxruntime scores the file's rows and the table's as assay does"
              + ("" if good else f" ({of_file:.1e}, {of_table:.1e}, {labels})"), flush=True)
    print(f"# largest difference {worst:.1e}")


main()

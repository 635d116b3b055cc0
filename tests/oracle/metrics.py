"""Writes metrics.json: scikit-learn's metrics and numpy's statistics of small cases, for the tests of src/algo.

Run with the versions of requirements.txt: python metrics.py
"""

import json
import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

warnings.simplefilter("ignore")
random = np.random.default_rng(20240601)


def floats(values):
    """Floats for JSON; None stands for infinity."""
    return [None if math.isinf(v) else float(v) for v in values]


def ranking(name, labels, scores):
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=float)
    positive = np.unique(labels)[-1]
    is_positive = labels == positive
    fpr, tpr, roc_thresholds = m.roc_curve(is_positive, scores, drop_intermediate=False)
    precision, recall, pr_thresholds = m.precision_recall_curve(is_positive, scores)
    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": floats(scores),
        "roc_auc": m.roc_auc_score(is_positive, scores),
        "average_precision": m.average_precision_score(is_positive, scores),
        "roc": {"thresholds": floats(roc_thresholds), "fpr": floats(fpr), "tpr": floats(tpr)},
        "pr": {
            "thresholds": floats(pr_thresholds[::-1]),
            "precision": floats(precision[:-1][::-1]),
            "recall": floats(recall[:-1][::-1]),
        },
    }


def rankings():
    yield ranking("textbook", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    yield ranking("perfect", [False, False, True, True], [1, 2, 3, 4])
    yield ranking("reversed", [True, True, False, False], [1, 2, 3, 4])
    yield ranking("all scores equal", [0, 1, 0, 1, 1], [0.5] * 5)
    yield ranking("texts, positive first", ["yes", "no", "no", "yes", "no"], [0.9, 0.9, 0.2, 0.2, 0.1])
    yield ranking("negative labels", [-1, 1, 1, -1, -1, 1], [-3.5, 2, -3.5, 0, 2, 7e10])
    yield ranking("zeros of both signs", [0, 1, 1, 0], [0.0, -0.0, 1.0, -1.0])
    yield ranking("many ties", random.integers(0, 2, 300) == 1, random.integers(0, 12, 300) / 7)
    scores = random.normal(size=200)
    yield ranking("no ties", (scores + random.normal(size=200) > 0.8).astype(int), scores)
    scores = np.round(random.normal(size=250), 1)
    yield ranking("rare class", np.where(random.random(250) < 0.03, "fraud", "ok"), scores)


def probability(name, labels, probabilities):
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=float)
    classes = [False, True] if labels.dtype == bool else np.unique(labels).tolist()
    is_positive = labels == classes[-1]
    return {
        "name": name,
        "labels": labels.tolist(),
        "probabilities": floats(probabilities),
        "log_loss": m.log_loss(is_positive, probabilities, labels=[False, True]),
        "brier_score": m.brier_score_loss(is_positive, probabilities, pos_label=True),
    }


def probabilities():
    yield probability("textbook", [0, 1, 1, 0], [0.1, 0.9, 0.8, 0.35])
    yield probability("certain and right", [False, True], [0, 1])
    yield probability("certain and wrong", [False, True, True], [1, 0, 1])
    yield probability("only true", [True, True], [0.25, 0.5])
    yield probability("only false", [False, False, False], [0.25, 0.5, 1e-17])
    yield probability("texts, positive first", ["good", "bad", "good", "bad"], [0.9, 0.2, 0.5, 0.625])
    yield probability("many", random.integers(1, 3, 300), random.random(300))
    yield probability("small ones", random.integers(0, 2, 300) == 1, 10.0 ** random.uniform(-20, 0, 300))


def agreement(name, actual, predicted):
    actual, predicted = np.asarray(actual), np.asarray(predicted)
    classes = np.unique(np.concatenate([actual, predicted]))
    if actual.dtype == bool:
        how = {"average": "binary", "pos_label": True}
    elif len(classes) == 2:
        how = {"average": "binary", "pos_label": classes[1]}
    else:
        how = {"average": "macro"}
    return {
        "name": name,
        "actual": actual.tolist(),
        "predicted": predicted.tolist(),
        "accuracy": m.accuracy_score(actual, predicted),
        "precision": m.precision_score(actual, predicted, zero_division=0, **how),
        "recall": m.recall_score(actual, predicted, zero_division=0, **how),
        "f1": m.f1_score(actual, predicted, zero_division=0, **how),
        "mcc": m.matthews_corrcoef(actual, predicted),
        "labels": classes.tolist(),
        "confusion": m.confusion_matrix(actual, predicted, labels=classes).tolist(),
    }


def agreements():
    yield agreement("textbook", [1, 0, 1, 1, 0, 1], [0, 0, 1, 1, 1, 1])
    yield agreement("texts", ["spam", "ham", "spam", "ham", "ham"], ["spam", "spam", "ham", "ham", "ham"])
    yield agreement("nothing predicted positive", [0, 1, 1, 0], [0, 0, 0, 0])
    yield agreement("nothing is positive", [0, 0, 0], [0, 1, 1])
    yield agreement("only true", [True, True], [True, True])
    yield agreement("only false", [False, False], [False, False])
    yield agreement("always wrong", [True, False, True], [False, True, False])
    yield agreement("three classes", [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1])
    yield agreement("a class never predicted", ["a", "b", "c", "c"], ["a", "a", "c", "c"])
    yield agreement("a class that is only predicted", ["a", "b", "b", "a"], ["a", "b", "c", "a"])
    many = random.integers(-5, 12, 400)
    yield agreement("many classes", many, np.where(random.random(400) < 0.6, many, random.integers(-5, 12, 400)))
    many = random.random(300) < 0.1
    yield agreement("rare class", many, many ^ (random.random(300) < 0.1))


def regression(name, actual, predicted):
    actual, predicted = np.asarray(actual, dtype=float), np.asarray(predicted, dtype=float)
    return {
        "name": name,
        "actual": floats(actual),
        "predicted": floats(predicted),
        "rmse": m.root_mean_squared_error(actual, predicted),
        "mae": m.mean_absolute_error(actual, predicted),
        "mape": m.mean_absolute_percentage_error(actual, predicted),
        "mse": m.mean_squared_error(actual, predicted),
        "r2": m.r2_score(actual, predicted) if len(actual) > 1 else None,
        "median_absolute_error": m.median_absolute_error(actual, predicted),
    }


def regressions():
    yield regression("textbook", [3, -0.5, 2, 7], [2.5, 0.0, 2, 8])
    yield regression("odd number of rows", [1, 2, 3], [3, 2, 2.5])
    yield regression("one row", [2], [3])
    yield regression("exact", [1, 5, 9], [1, 5, 9])
    yield regression("constant and exact", [4, 4, 4], [4, 4, 4])
    yield regression("constant and wrong", [4, 4, 4], [4, 5, 4])
    yield regression("worse than the mean", [1, 2, 3], [30, -20, 10])
    yield regression("zeros in actual", [0, 1, 0, 2], [0, 1.5, 1e-9, 2])
    actual = random.normal(size=251)
    yield regression("normal", actual, actual + random.normal(size=251) / 3)
    actual = 1e6 + random.normal(size=200)
    yield regression("large mean", actual, actual + random.normal(size=200) / 3)
    actual = 10 ** random.uniform(-8, 8, 200)
    yield regression("many magnitudes", actual, actual * random.uniform(0.5, 2, 200))


def evaluation(name, classes, actual, probabilities, threshold):
    actual, probabilities = np.asarray(actual), np.asarray(probabilities)
    known = list(range(classes))
    if classes == 2:
        predicted, how = (probabilities[:, 1] >= threshold).astype(int), {"average": "binary", "pos_label": 1}
        values = {
            "roc_auc": m.roc_auc_score(actual, probabilities[:, 1]),
            "average_precision": m.average_precision_score(actual, probabilities[:, 1]),
            "log_loss": m.log_loss(actual, probabilities, labels=known),
            "brier_score": m.brier_score_loss(actual, probabilities[:, 1]),
        }
    else:
        predicted, how = probabilities.argmax(axis=1), {"average": "macro"}
        values = {
            "roc_auc": m.roc_auc_score(actual, probabilities, multi_class="ovr", average="macro"),
            "log_loss": m.log_loss(actual, probabilities, labels=known),
        }
    values |= {
        "accuracy": m.accuracy_score(actual, predicted),
        "precision": m.precision_score(actual, predicted, zero_division=0, **how),
        "recall": m.recall_score(actual, predicted, zero_division=0, **how),
        "f1": m.f1_score(actual, predicted, zero_division=0, **how),
        "mcc": m.matthews_corrcoef(actual, predicted),
    }
    if classes == 2:
        values["threshold"] = threshold
    values["rows"] = len(actual)
    return {
        "name": name,
        "actual": actual.tolist(),
        "probabilities": probabilities.tolist(),
        "threshold": threshold,
        "confusion": m.confusion_matrix(actual, predicted, labels=known).tolist(),
        "values": list(values.items()),
    }


def evaluations():
    def softmax(logits):
        # Multiples of 1/64 add up to 1 exactly, and tie often.
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        shares = np.floor(shares * 64) / 64
        shares[:, 0] += 1 - shares.sum(axis=1)
        return shares

    for classes, rows, threshold in [(2, 120, 0.5), (2, 120, 0.28125), (3, 150, 0.5), (6, 150, 0.5)]:
        actual = random.integers(0, classes, rows)
        logits = random.normal(size=(rows, classes))
        logits[np.arange(rows), actual] += 1
        yield evaluation(f"{classes} classes, threshold {threshold}", classes, actual, softmax(logits), threshold)


def summary(name, values):
    values = np.asarray(values, dtype=float)
    present = values[~np.isnan(values)]
    percents = [1, 5, 25, 50, 75, 95, 99]
    return {
        "name": name,
        "values": [None if math.isnan(v) else float(v) for v in values],
        "min": float(present.min()),
        "max": float(present.max()),
        "mean": float(present.mean()),
        "stddev": float(present.std(ddof=1)) if len(present) > 1 else None,
        "quantiles": np.percentile(present, percents).tolist(),
    }


def summaries():
    yield summary("one value", [2.5])
    yield summary("two values", [3, -1])
    yield summary("constant", [0.25] * 9)
    yield summary("with missing", [1, np.nan, 5, 2, np.nan, 4, 8])
    yield summary("bits", random.integers(0, 2, 200))
    yield summary("normal", random.normal(size=501))
    yield summary("skewed", np.exp(random.normal(size=400) * 4))
    yield summary("large mean", 1e9 + random.normal(size=300))


def main():
    fixture = {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "rankings": list(rankings()),
        "probabilities": list(probabilities()),
        "agreements": list(agreements()),
        "regressions": list(regressions()),
        "evaluations": list(evaluations()),
        "summaries": list(summaries()),
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(fixture, separators=(",", ":"), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()

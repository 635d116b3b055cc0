"""Writes monitoring.json: the metrics that NannyML expects of rows without labels (confidence-based performance estimation), for the tests of
src/algo/monitoring.

Run from this folder, with requirements-monitoring.txt: python monitoring.py
"""

import json

import nannyml
import numpy as np
from nannyml.performance_estimation.confidence_based import metrics
from scipy.special import expit, softmax

random = np.random.default_rng(47)


def round_up(values):
    return np.round(values, 12)


def expected(scores, probabilities, predicted):
    """Of one class against the rest."""
    return {
        "roc_auc": float(metrics.estimate_roc_auc(probabilities, scores)),
        "average_precision": float(metrics.estimate_ap(probabilities, scores)),
        "accuracy": float(metrics.estimate_accuracy(predicted, probabilities)),
        "precision": float(metrics.estimate_precision(predicted, probabilities)),
        "recall": float(metrics.estimate_recall(predicted, probabilities)),
        "f1": float(metrics.estimate_f1(predicted, probabilities)),
    }


cases = []
for rows, centre, spread, temper, threshold in [(2000, -1.5, 1.2, 1.0, 0.5), (500, 0.3, 2.5, 1.7, 0.35), (60, -0.2, 1.0, 0.6, 0.5)]:
    margins = random.normal(centre, spread, rows)
    scores, probabilities = round_up(expit(margins)), round_up(expit(margins * temper + 0.2))
    predicted = (scores >= threshold).astype(int)
    cases.append(
        {
            "scores": scores.tolist(),
            "probabilities": probabilities.tolist(),
            "predicted": predicted.tolist(),
            "expected": expected(scores, probabilities, predicted),
        }
    )

# Three classes: the means over one against the rest, but the accuracy, which is that of all.
margins = random.normal(0, 1.5, (800, 3))
scores, probabilities = round_up(softmax(margins, axis=1)), round_up(softmax(margins * 0.7 + [0.3, 0.0, -0.3], axis=1))
predicted = scores.argmax(axis=1)
against_rest = [expected(scores[:, k], probabilities[:, k], (predicted == k).astype(int)) for k in range(3)]
means = {name: float(np.mean([one[name] for one in against_rest])) for name in ("roc_auc", "precision", "recall", "f1")}
means["accuracy"] = float(probabilities[np.arange(800), predicted].mean())
multiclass = {"scores": scores.tolist(), "probabilities": probabilities.tolist(), "predicted": predicted.tolist(), "expected": means}

with open("monitoring.json", "w") as file:
    json.dump({"made_by": {"nannyml": nannyml.__version__, "numpy": np.__version__}, "cases": cases, "multiclass": multiclass}, file)

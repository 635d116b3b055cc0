"""Writes judging.json: scikit-learn's calibration curves and Brier scores, and fairlearn's metrics of groups, for the tests of src/algo/judging.

Run with the versions of requirements.txt and requirements-judging.txt: python judging.py
"""

import json
import pathlib

import fairlearn
import numpy as np
import sklearn
from fairlearn import metrics as f
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, precision_score, roc_auc_score

random = np.random.default_rng(20261127)


def case(name, rows, digits, skew, groups):
    scores = np.round(random.random(rows) ** skew, digits)
    labels = (random.random(rows) < scores * 0.9 + 0.03).astype(int)
    group = random.integers(0, groups, rows)
    called = (scores >= 0.5).astype(int)
    curves = []
    for strategy in ["uniform", "quantile"]:
        for bins in [1, 5, 10]:
            actual, predicted = calibration_curve(labels, scores, n_bins=bins, strategy=strategy)
            curves.append({"strategy": strategy, "bins": bins, "actual": actual.tolist(), "predicted": predicted.tolist()})
    frame = f.MetricFrame(
        metrics={
            "selection_rate": f.selection_rate,
            "true_positive_rate": f.true_positive_rate,
            "false_positive_rate": f.false_positive_rate,
            "precision": precision_score,
            "count": f.count,
        },
        y_true=labels,
        y_pred=called,
        sensitive_features=group,
    )
    areas = [roc_auc_score(labels[group == g], scores[group == g]) for g in range(groups)]
    given = {"y_true": labels, "y_pred": called, "sensitive_features": group}
    apart = {}
    for method in ["between_groups", "to_overall"]:
        apart[method] = {
            "demographic_parity": [f.demographic_parity_difference(**given, method=method), f.demographic_parity_ratio(**given, method=method)],
            "equal_opportunity": [f.equal_opportunity_difference(**given, method=method), f.equal_opportunity_ratio(**given, method=method)],
            "equalized_odds": [f.equalized_odds_difference(**given, method=method), f.equalized_odds_ratio(**given, method=method)],
        }
    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "groups": group.tolist(),
        "curves": curves,
        "brier": brier_score_loss(labels, scores),
        "by_group": {metric: frame.by_group[metric].astype(float).tolist() for metric in frame.by_group} | {"roc_auc": areas},
        "apart": apart,
    }


cases = [
    case("many ties", 400, 1, 1, 3),
    case("few ties", 500, 6, 1, 4),
    case("mostly low", 600, 3, 3, 2),
]
written = {"made_with": {"scikit-learn": sklearn.__version__, "fairlearn": fairlearn.__version__}, "cases": cases}
pathlib.Path(__file__).with_name("judging.json").write_text(json.dumps(written) + "\n")

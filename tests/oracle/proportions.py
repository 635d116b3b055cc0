"""Writes proportions.json: intervals of the difference and the ratio of two shares, for the test of src/algo/stats/mover.rs.

Newcombe's interval of the difference is statsmodels'. No library of Python has that of the ratio (MOVER-R, Donner and Zou 2012): its ends are
found as the ratios for which the interval of `first - ratio * second`, made of Wilson's limits as statsmodels has them, begins or ends at 0.

Run with the versions of requirements.txt and requirements-proportions.txt: python proportions.py
"""

import json
import math
import pathlib

import scipy
import statsmodels
from scipy.optimize import brentq
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint


def ratio(first, second, alpha):
    (x1, n1), (x2, n2) = first, second
    l1, u1 = proportion_confint(x1, n1, alpha=alpha, method="wilson")
    l2, u2 = proportion_confint(x2, n2, alpha=alpha, method="wilson")
    p1, p2 = x1 / n1, x2 / n2
    below = lambda t: p1 - t * p2 - math.hypot(p1 - l1, t * (u2 - p2))
    above = lambda t: p1 - t * p2 + math.hypot(u1 - p1, t * (p2 - l2))
    low = brentq(below, 0, p1 / p2, xtol=1e-16, rtol=1e-14) if x1 > 0 else 0.0
    high = brentq(above, p1 / p2, 1e9, xtol=1e-16, rtol=1e-14)
    return low, high


pairs = [
    ((7, 34), (1, 34)),
    ((1, 34), (7, 34)),
    ((0, 16), (15, 72)),
    ((23, 133), (23, 67)),
    ((14, 37), (15, 27)),
    ((500, 500), (480, 500)),
    ((123456, 1000000), (4000, 30000)),
    ((3, 4), (1, 4)),
]
cases = []
for first, second in pairs:
    for confidence in [0.95, 0.99, 0.9995]:
        alpha = 1 - confidence
        difference = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff", alpha=alpha)
        case = {"first": first, "second": second, "confidence": confidence}
        case["difference"] = [float(end) for end in difference]
        case["ratio"] = list(ratio(first, second, alpha))
        cases.append(case)
written = {"made_with": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__}, "cases": cases}
pathlib.Path(__file__).with_name("proportions.json").write_text(json.dumps(written) + "\n")
